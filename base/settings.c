/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/settings.h"

#include "base/file.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAX_FILE 65536u

static char *trim(char *s)
{
	char *end;

	while (isspace((unsigned char)*s))
		s++;
	end = s + strlen(s);
	while (end > s && isspace((unsigned char)end[-1]))
		*--end = '\0';
	return s;
}

const char *settings_number(const char *value, unsigned long highest, unsigned long *v)
{
	char *end;

	errno = 0;
	*v = strtoul(value, &end, 10);
	if (!isdigit((unsigned char)*value) || *end)
		return "the value is not a number";
	return errno || *v > highest ? "the value is too large" : NULL;
}

static const char *take_line(char *line, settings_fn *set, void *priv)
{
	char *equals, *key, *value;

	line[strcspn(line, "#")] = '\0';
	line = trim(line);
	if (!*line)
		return NULL;
	equals = strchr(line, '=');
	if (!equals)
		return "expected key = value";
	*equals = '\0';
	key = trim(line);
	value = trim(equals + 1);
	return *key && *value ? set(priv, key, value) : "expected key = value";
}

bool settings_read(struct cx *cx, const char *path, enum reason r, settings_fn *set, void *priv)
{
	struct file_bytes file;
	const char *why;
	char *line, *next;

	if (!file_read(cx, path, MAX_FILE, &file))
		return false;
	if (memchr(file.data, '\0', file.size))
		return diag_error(cx->diags, NULL, r, path, 1u, "it is not a text file");
	line = arena_strndup(cx->arena, (const char *)file.data, file.size);
	for (unsigned n = 1; line; n++, line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		why = take_line(line, set, priv);
		if (why)
			return diag_error(cx->diags, NULL, r, path, n, why);
	}
	return true;
}
