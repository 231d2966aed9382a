/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/timing.h"

#include "base/bits.h"
#include "base/settings.h"

#include <stddef.h>
#include <string.h>

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

static const char *set(void *priv, const char *name, const char *value)
{
	unsigned long v;
	const char *wrong;

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (strcmp(keys[i].name, name))
			continue;
		wrong = settings_number(value, keys[i].highest, &v);
		if (!wrong)
			*(uint32_t *)(void *)((char *)priv + keys[i].offset) = (uint32_t)v;
		return wrong;
	}
	return "unknown key (docs/simulator.md lists them)";
}

bool sim_timing_read(struct cx *cx, const char *path, struct sim_timing *t)
{
	*t = sim_timing_default;
	if (!settings_read(cx, path, REASON_SIM_TIMING, set, t))
		return false;
	return (t->clock_mhz && t->engines && t->contexts) ||
	       diag_error(cx->diags, NULL, REASON_SIM_TIMING, path, 0u,
			  "clock_mhz, engines and contexts must not be 0");
}
