#include "sim/timing.h"

#include "base/bits.h"
#include "base/file.h"

#include <ctype.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define MAX_FILE 65536u

const struct sim_timing sim_timing_default = {
#define TIMING(field, value, highest, what) .field = value,
#include "sim/me/timing.def"
#undef TIMING
};

static const struct key {
	const char *name;
	size_t offset;
	unsigned long highest;
} keys[] = {
#define TIMING(field, value, highest, what) { #field, offsetof(struct sim_timing, field), highest },
#include "sim/me/timing.def"
#undef TIMING
};

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

/* NULL: fine, or nothing on the line; else what is wrong with it. */
static const char *set(char *line, struct sim_timing *t)
{
	char *comment = strchr(line, '#'), *equals, *end, *key, *text;
	unsigned long v;

	if (comment)
		*comment = '\0';
	if (!*trim(line))
		return NULL;
	equals = strchr(line, '=');
	if (!equals)
		return "expected key = value";
	*equals = '\0';
	key = trim(line);
	text = trim(equals + 1);
	v = strtoul(text, &end, 10);
	if (!isdigit((unsigned char)*text) || *end)
		return "the value is no number";
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (strcmp(keys[i].name, key))
			continue;
		if (v > keys[i].highest)
			return "the value is too large";
		*(uint32_t *)(void *)((char *)t + keys[i].offset) = (uint32_t)v;
		return NULL;
	}
	return "unknown key (docs/simulator.md lists them)";
}

static bool bad(struct cx *cx, const char *path, unsigned line, const char *why)
{
	return diag_error(cx->diags, NULL, REASON_SIM_TIMING, path, line, why);
}

bool sim_timing_read(struct cx *cx, const char *path, struct sim_timing *t)
{
	struct file_bytes file;
	char *text, *next;

	*t = sim_timing_default;
	if (!file_read(cx, path, MAX_FILE, &file))
		return false;
	text = arena_alloc(cx->arena, file.size + 1);
	memcpy(text, file.data, file.size);
	text[file.size] = '\0';
	for (unsigned line = 1; text; line++, text = next) {
		const char *why;

		next = strchr(text, '\n');
		if (next)
			*next++ = '\0';
		why = set(text, t);
		if (why)
			return bad(cx, path, line, why);
	}
	if (t->clock_mhz && t->engines && t->contexts)
		return true;
	return bad(cx, path, 0, "clock_mhz, engines and contexts must not be 0");
}
