/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/report/json_text.h"

#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

struct json_object *report_text(const char *s)
{
	struct json_object *o;
	size_t n = 0, len;
	char *clean;

	if (!s)
		return NULL;
	clean = malloc(strlen(s) * 3 + 1);
	if (!clean)
		return json_object_new_string("");
	while (*s) {
		len = utf8_len(s, NULL);
		memcpy(clean + n, len ? s : UTF8_REPLACEMENT, len ? len : 3);
		n += len ? len : 3;
		s += len ? len : 1;
	}
	o = json_object_new_string_len(clean, (int)n);
	free(clean);
	return o;
}
