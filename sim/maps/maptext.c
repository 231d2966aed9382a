/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/maptext.h"

#include "base/bits.h"
#include "base/file.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define MAX_FILE   (64u << 20)
#define MAX_FIELD  8192u /* characters: 4096 bytes in hexadecimal */
#define MANY_BYTES 256u  /* longer values are not shown as numbers */

/* ---- fields ------------------------------------------------------------------------------------- */

static bool put_number(uint8_t *at, uint64_t v, size_t size, bool big)
{
	if (size < 8 && v >> 8 * size)
		return false;
	for (size_t i = 0; i < size; i++)
		at[big ? size - 1 - i : i] = (uint8_t)(v >> 8 * i);
	return true;
}

static bool is_width(size_t n)
{
	return n == 1 || n == 2 || n == 4 || n == 8;
}

/* Bytes taken, 0: `why` is set. `alone`: the field is the whole text. */
static size_t number(const char *text, uint8_t *at, size_t room, bool alone, const char **why)
{
	char *end;
	uint64_t v;
	size_t size = room;
	bool big = false;

	errno = 0;
	v = strtoull(text, &end, 0);
	if (errno || !isdigit((unsigned char)*text) || (*end && *end != '/')) {
		*why = "a field is neither a number, an address, nor x followed by hexadecimal "
		       "digits";
		return 0;
	}
	if (*end == '/') {
		big = !strncmp(end + 1, "be", 2);
		size = strtoul(end + (big ? 3 : 1), &end, 10);
		if (*end || !is_width(size)) {
			*why = "the width of a number is /1, /2, /4, /8 or /be2, /be4, /be8";
			return 0;
		}
	} else if (!alone || (size > 8 && v)) {
		*why = "a number among several fields, or in more than 8 bytes, needs a width: "
		       "443/2";
		return 0;
	}
	if (size > room) {
		*why = "it is longer than the map's size";
		return 0;
	}
	if (size > 8)
		memset(at, 0, size);
	else if (!put_number(at, v, size, big)) {
		*why = "a number does not fit its width";
		return 0;
	}
	return size;
}

static int digit(char c)
{
	return isdigit((unsigned char)c)    ? c - '0'
	       : isxdigit((unsigned char)c) ? (c | 0x20) - 'a' + 10
					    : -1;
}

static size_t hexadecimal(const char *text, uint8_t *at, size_t room, const char **why)
{
	size_t n = strlen(text) / 2;

	if (strlen(text) % 2 || !n || n > room) {
		*why = n > room ? "it is longer than the map's size" : "bytes have two digits each";
		return 0;
	}
	for (size_t i = 0; i < n; i++) {
		int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);

		if (high < 0 || low < 0) {
			*why = "x is followed by hexadecimal digits";
			return 0;
		}
		at[i] = (uint8_t)(high << 4 | low);
	}
	return n;
}

/* Bytes of an address, 0: it is none. */
static size_t address(const char *text, uint8_t out[16])
{
	unsigned mac[6];
	int used = 0;

	if (inet_pton(AF_INET, text, out) == 1)
		return 4;
	if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%n", &mac[0], &mac[1], &mac[2], &mac[3], &mac[4],
		   &mac[5], &used) == 6 &&
	    !text[used]) {
		for (int i = 0; i < 6; i++)
			out[i] = (uint8_t)mac[i];
		return 6;
	}
	return inet_pton(AF_INET6, text, out) == 1 ? 16 : 0;
}

static size_t field(const char *text, uint8_t *at, size_t room, bool alone, const char **why)
{
	uint8_t addr[16];
	size_t n = address(text, addr);

	if (!n && *text == 'x')
		return hexadecimal(text + 1, at, room, why);
	if (!n)
		return number(text, at, room, alone, why);
	if (n > room) {
		*why = "it is longer than the map's size";
		return 0;
	}
	memcpy(at, addr, n);
	return n;
}

const char *sim_maptext_parse(const char *text, uint8_t *bytes, size_t size)
{
	bool alone = !strchr(text, ',');
	const char *why = NULL;
	char one[MAX_FIELD + 2];
	size_t at = 0;

	for (;;) {
		size_t len = strcspn(text, ","), n;

		if (!len || len >= sizeof(one))
			return "a field is empty or too long";
		memcpy(one, text, len);
		one[len] = '\0';
		n = field(one, bytes + at, size - at, alone, &why);
		if (!n)
			return why;
		at += n;
		if (!text[len])
			return at == size ? NULL : "it is shorter than the map's size";
		text += len + 1;
	}
}

/* ---- printing ----------------------------------------------------------------------------------- */

static uint64_t get_number(const uint8_t *at, size_t size)
{
	uint64_t v = 0;

	for (size_t i = size; i-- > 0;)
		v = v << 8 | at[i];
	return v;
}

void sim_maptext_print(FILE *out, const uint8_t *bytes, size_t size)
{
	size_t width = size % 8 ? 4 : 8;

	if (is_width(size)) {
		fprintf(out, "%" PRIu64, get_number(bytes, size));
	} else if (size % 4 || size > MANY_BYTES) {
		fputc('x', out);
		for (size_t i = 0; i < size; i++)
			fprintf(out, "%02x", bytes[i]);
	} else {
		for (size_t i = 0; i < size; i += width)
			fprintf(out, "%s%" PRIu64 "/%zu", i ? "," : "",
				get_number(bytes + i, width), width);
	}
}

/* ---- files -------------------------------------------------------------------------------------- */

static char *word(char **at)
{
	char *start = *at + strspn(*at, " \t\r");

	*at = start + strcspn(start, " \t\r");
	if (**at)
		*(*at)++ = '\0';
	return start;
}

static enum sim_maptext_side side_of(const char **map)
{
	static const char *const prefixes[] = {
		[SIM_MAPTEXT_NIC] = "nic:", [SIM_MAPTEXT_HOST] = "host:"
	};

	for (unsigned i = SIM_MAPTEXT_NIC; i <= SIM_MAPTEXT_HOST; i++) {
		size_t n = strlen(prefixes[i]);

		if (!strncmp(*map, prefixes[i], n)) {
			*map += n;
			return (enum sim_maptext_side)i;
		}
	}
	return SIM_MAPTEXT_BOTH;
}

static const char *take(char *text, sim_maptext_fn *line, void *priv)
{
	struct sim_maptext_line l = { 0 };

	text[strcspn(text, "#")] = '\0';
	l.map = word(&text);
	if (!*l.map)
		return NULL;
	l.side = side_of(&l.map);
	l.key = word(&text);
	l.value = word(&text);
	if (!*l.value)
		return "expected MAP KEY VALUE";
	if (*word(&text))
		return "expected MAP KEY VALUE, each without blanks";
	if (!strcmp(l.value, "-"))
		l.value = NULL;
	return line(priv, &l);
}

bool sim_maptext_read(struct cx *cx, const char *path, sim_maptext_fn *line, void *priv)
{
	struct file_bytes file;
	unsigned number_of = 0;
	char *at, *next;

	if (!file_read(cx, path, MAX_FILE, &file))
		return false;
	for (at = (char *)file.data; *at; at = next) {
		const char *why;

		number_of++;
		next = at + strcspn(at, "\n");
		if (*next)
			*next++ = '\0';
		why = take(at, line, priv);
		if (why)
			return diag_error(cx->diags, &DIAG_AT_NOWHERE, REASON_MAP_FILE, path,
					  number_of, why);
	}
	return at == (char *)file.data + file.size ||
	       diag_error(cx->diags, &DIAG_AT_NOWHERE, REASON_MAP_FILE, path, number_of + 1,
			  "a zero byte");
}
