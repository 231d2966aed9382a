/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/isa/isa.h"
#include "nfp_backend/ucode.h"

#include "base/bits.h"
#include "base/file.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Flat words as text: one hexadecimal 64-bit word per line. */

#define MAX_FILE_BYTES (1u << 20) /* some 60,000 words; a code store has 8192 */
#define WORD_DIGITS    16
#define LINE_BYTES     (WORD_DIGITS + 1)

bool nfp_words_write(struct cx *cx, const char *path, const uint64_t *words, size_t n)
{
	/* one byte more: snprintf() ends the last line, too */
	char *text = arena_array(cx->scratch, n + 1, LINE_BYTES);

	for (size_t i = 0; i < n; i++)
		snprintf(text + i * LINE_BYTES, LINE_BYTES + 1, "%016" PRIx64 "\n", words[i]);
	return file_write(cx, path, text, n * LINE_BYTES);
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* NULL: fine. */
static const char *parse_word(const char *line, size_t len, uint64_t *word)
{
	*word = 0;
	if (len != WORD_DIGITS)
		return "expected 16 hexadecimal digits";
	for (size_t i = 0; i < len; i++) {
		int digit = hex_digit(line[i]);

		if (digit < 0)
			return "expected 16 hexadecimal digits";
		*word = *word << 4 | (uint64_t)digit;
	}
	return NULL;
}

bool nfp_words_read(struct cx *cx, const char *path, uint64_t **words, size_t *n)
{
	VEC(uint64_t) v = { 0 };
	struct file_bytes file;
	unsigned line_no = 0;

	if (!file_read(cx, path, MAX_FILE_BYTES, &file))
		return false;
	for (size_t at = 0; at < file.size;) {
		const char *line = (const char *)file.data + at;
		const char *newline = memchr(line, '\n', file.size - at);
		size_t len = newline ? (size_t)(newline - line) : file.size - at;
		const char *why;
		uint64_t word;

		line_no++;
		at += len + 1;
		if (len && line[len - 1] == '\r')
			len--;
		if (!len || line[0] == '#')
			continue;
		why = parse_word(line, len, &word);
		if (why)
			return diag_error(cx->diags, &DIAG_AT_NOWHERE, REASON_WORDS_INVALID, path,
					  line_no, why);
		*vec_push(&v, cx->arena) = word;
	}
	if (!v.len)
		return diag_error(cx->diags, &DIAG_AT_NOWHERE, REASON_WORDS_INVALID, path, line_no,
				  "the file has no word");
	*words = v.at;
	*n = v.len;
	return true;
}
