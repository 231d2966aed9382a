/* SPDX-License-Identifier: BSD-2-Clause */
#include "partitioner/cost.h"

#include "base/settings.h"

#include <inttypes.h>
#include <string.h>

const struct part_costs part_costs_default = { .of = {
#define COST(id, name, value, unit, what) [PART_COST_##id] = value,
#include "partitioner/cost.def"
#undef COST
					       } };

static const struct {
	const char *name, *unit, *what;
} rows[PART_N_COSTS] = {
#define COST(id, name, value, unit, what) [PART_COST_##id] = { name, unit, what },
#include "partitioner/cost.def"
#undef COST
};

static const char *set(void *priv, const char *name, const char *value)
{
	struct part_costs *costs = priv;
	const char *wrong;
	unsigned long v;

	for (size_t i = 0; i < PART_N_COSTS; i++) {
		if (strcmp(rows[i].name, name))
			continue;
		wrong = settings_number(value, PART_COST_MAX, &v);
		if (!wrong)
			costs->of[i] = (int64_t)v;
		return wrong;
	}
	return "unknown cost (bpf-offload explain --list-costs prints the names)";
}

bool part_costs_read(struct cx *cx, const char *path, struct part_costs *costs)
{
	*costs = part_costs_default;
	return settings_read(cx, path, REASON_COSTS, set, costs);
}

void part_costs_print(FILE *out, const struct part_costs *costs)
{
	for (size_t i = 0; i < PART_N_COSTS; i++)
		fprintf(out, "%-14s = %-4" PRId64 " # %s: %s\n", rows[i].name, costs->of[i],
			rows[i].unit, rows[i].what);
}
