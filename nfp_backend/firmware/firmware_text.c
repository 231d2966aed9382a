/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/firmware/firmware_parse.h"

#include "base/bits.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

/* Profile files: `key = value` lines, '#' starts a comment (docs/firmware.md). */

enum kind { U32, U64, BOOL, TYPES };

/* A row's kind must be that of its field. */
enum { SIZE_U32 = 4, SIZE_U64 = 8, SIZE_BOOL = sizeof(bool), SIZE_TYPES = 4 };
#define FIRMWARE_KEY(key, field, kind, max)                                                        \
	_Static_assert(sizeof(((struct nfp_firmware *)0)->field) == SIZE_##kind, key);
#include "nfp_backend/firmware/firmware.def"

struct key {
	const char *text;
	size_t offset;
	enum kind kind;
	uint64_t max;
};

static const struct key keys[] = {
#define FIRMWARE_KEY(key, field, kind, max)                                                        \
	{ key, offsetof(struct nfp_firmware, field), kind, max },
#include "nfp_backend/firmware/firmware.def"
};

struct parse {
	struct cx *cx;
	const char *path;
	struct nfp_firmware *fw;
	unsigned line_no;
	unsigned seen[ARRAY_SIZE(keys)]; /* line that gave the key; 0: none yet */
	bool any;                        /* a key has been given */
};

static bool bad(const struct parse *p, const char *why)
{
	return diag_error(p->cx->diags, &DIAG_AT_NOWHERE, REASON_FIRMWARE_TEXT, p->path, p->line_no,
			  why);
}

#define BAD(p, ...) bad((p), arena_printf((p)->cx->arena, __VA_ARGS__))

/* ---- values ---- */

/* Decimal or 0x hexadecimal, nothing behind it. */
static bool parse_number(const char *s, uint64_t *v)
{
	unsigned base = 10;

	if (s[0] == '0' && (s[1] == 'x' || s[1] == 'X')) {
		base = 16;
		s += 2;
	}
	if (!*s)
		return false;
	*v = 0;
	for (; *s; s++) {
		unsigned digit = isdigit((unsigned char)*s) ? (unsigned)(*s - '0')
				 : isxdigit((unsigned char)*s)
					 ? (unsigned)(tolower((unsigned char)*s) - 'a' + 10)
					 : 16;

		if (digit >= base || *v > (UINT64_MAX - digit) / base)
			return false;
		*v = *v * base + digit;
	}
	return true;
}

static bool parse_bool(const char *s, uint64_t *v)
{
	*v = !strcmp(s, "yes");
	return *v || !strcmp(s, "no");
}

static bool map_type_bit(const char *name, size_t len, unsigned *bit)
{
	static const struct {
		unsigned bit;
		const char *name;
	} types[] = {
#define FIRMWARE_MAP_TYPE(bit, name) { bit, name },
#include "nfp_backend/firmware/firmware.def"
	};

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		if (strlen(types[i].name) == len && !memcmp(types[i].name, name, len)) {
			*bit = types[i].bit;
			return true;
		}
	}
	return false;
}

/* "hash, array"; or the bitmap of the TLV as a number. */
static bool parse_types(const char *s, uint64_t *v)
{
	unsigned bit;

	if (parse_number(s, v))
		return true;
	*v = 0;
	while (*s) {
		size_t len = strcspn(s, ", \t");

		if (!map_type_bit(s, len, &bit))
			return false;
		*v |= UINT64_C(1) << bit;
		s += len;
		s += strspn(s, ", \t");
	}
	return *v != 0;
}

static bool parse_value(const struct parse *p, const struct key *k, const char *s, uint64_t *v)
{
	switch (k->kind) {
	case U32:
	case U64:
		if (!parse_number(s, v))
			return BAD(p, "%s: '%s' is not a number", k->text, s);
		break;
	case BOOL:
		if (!parse_bool(s, v))
			return BAD(p, "%s: '%s' is neither yes nor no", k->text, s);
		break;
	case TYPES:
		if (!parse_types(s, v))
			return BAD(p, "%s: '%s' is not a list of map types", k->text, s);
		break;
	}
	if (*v > k->max)
		return BAD(p, "%s: %s is too large; at most %llu", k->text, s,
			   (unsigned long long)k->max);
	return true;
}

static void store(const struct parse *p, const struct key *k, uint64_t v)
{
	char *field = (char *)p->fw + k->offset;
	uint32_t v32 = (uint32_t)v;
	bool flag = v != 0;

	switch (k->kind) {
	case U32:
	case TYPES: memcpy(field, &v32, sizeof(v32)); break;
	case U64: memcpy(field, &v, sizeof(v)); break;
	case BOOL: memcpy(field, &flag, sizeof(flag)); break;
	}
}

/* ---- lines ---- */

/* Starts from a shipped profile instead of from nothing. */
static bool set_base(struct parse *p, const char *value)
{
	const struct nfp_firmware *base = nfp_firmware_shipped(value);
	const char *name = p->fw->name;

	if (p->any)
		return bad(p, "base must be the first key, and only once");
	if (!base)
		return BAD(p, "base: '%s' is not a shipped profile", value);
	*p->fw = *base;
	p->fw->name = name;
	p->any = true;
	return true;
}

static bool set_key(struct parse *p, const char *key, const char *value)
{
	uint64_t v = 0;

	if (!strcmp(key, "base"))
		return set_base(p, value);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (strcmp(keys[i].text, key))
			continue;
		if (p->seen[i])
			return BAD(p, "%s was already given in line %u", key, p->seen[i]);
		if (!parse_value(p, &keys[i], value, &v))
			return false;
		store(p, &keys[i], v);
		p->seen[i] = p->line_no;
		p->any = true;
		return true;
	}
	return BAD(p, "unknown key '%s'", key);
}

static char *trim(char *s)
{
	size_t len;

	s += strspn(s, " \t\r\v\f");
	len = strlen(s);
	while (len && isspace((unsigned char)s[len - 1]))
		s[--len] = 0;
	return s;
}

static bool parse_line(struct parse *p, char *line)
{
	char *equals;

	line[strcspn(line, "#")] = 0;
	line = trim(line);
	if (!*line)
		return true;
	equals = strchr(line, '=');
	if (!equals)
		return bad(p, "expected 'key = value'");
	*equals = 0;
	return set_key(p, trim(line), trim(equals + 1));
}

/* Keys of a capability that is not offered are a slip, not a wish. */
static bool finish(const struct parse *p)
{
	const struct nfp_firmware *fw = p->fw;

	if (!p->any)
		return bad(p, "the file has no key");
	if (!fw->adjust_head.present && (fw->adjust_head.flags || fw->adjust_head.off_max))
		return bad(p, "adjust_head.… is given without adjust_head = yes");
	if (!fw->maps.types && (fw->maps.max_maps || fw->maps.max_elems))
		return bad(p, "maps.… is given without maps.types");
	p->fw->maps.present = fw->maps.types != 0;
	return true;
}

bool nfp_firmware_parse_text(struct cx *cx, const char *path, const struct file_bytes *file,
			     struct nfp_firmware *fw)
{
	struct parse p = { .cx = cx, .path = path, .fw = fw };
	char *line = arena_strndup(cx->arena, (const char *)file->data, file->size);

	nfp_firmware_defaults(path, fw);
	while (line) {
		char *next = strchr(line, '\n');

		if (next)
			*next++ = 0;
		p.line_no++;
		if (!parse_line(&p, line))
			return false;
		line = next;
	}
	return finish(&p);
}
