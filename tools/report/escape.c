/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/report/escape.h"

#include "base/utf8.h"

#include <stdbool.h>
#include <string.h>

/* Direction marks, embeddings, overrides and isolates make code read other than it is ("Trojan
 * Source"); U+FFFE and U+FFFF are no XML characters. */
static bool is_shown(uint32_t cp)
{
	static const struct {
		uint32_t from, to;
	} hidden[] = { { 0x00, 0x1f },     { 0x7f, 0x9f },     { 0x200e, 0x200f },
		       { 0x2028, 0x202e }, { 0x2066, 0x2069 }, { 0xfffe, 0xffff } };

	for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
		if (cp >= hidden[i].from && cp <= hidden[i].to)
			return false;
	return true;
}

static void put(FILE *out, const char *s, size_t len, uint32_t cp)
{
	switch (cp) {
	case '<': fputs("&lt;", out); return;
	case '>': fputs("&gt;", out); return;
	case '&': fputs("&amp;", out); return;
	case '"': fputs("&quot;", out); return;
	case '\'': fputs("&#39;", out); return;
	case '\t': fputc(' ', out); return;
	default: break;
	}
	if (len && is_shown(cp))
		fwrite(s, 1, len, out);
	else
		fputs(UTF8_REPLACEMENT, out);
}

void rep_escape_some(FILE *out, const char *text, size_t max)
{
	for (size_t n = 0; *text; n++) {
		uint32_t cp = 0;
		size_t len = utf8_len(text, &cp);

		if (n == max) {
			fputs("\xe2\x80\xa6", out);
			return;
		}
		put(out, text, len, cp);
		text += len ? len : 1;
	}
}

void rep_escape(FILE *out, const char *text)
{
	rep_escape_some(out, text, SIZE_MAX);
}

const char *rep_basename(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}
