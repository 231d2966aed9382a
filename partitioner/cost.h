/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PARTITIONER_COST_H
#define PARTITIONER_COST_H

#include "base/cx.h"

#include <stdint.h>
#include <stdio.h>

/* Costs for the choice of a cut: rows of cost.def, explained in docs/costs.md. */

enum part_cost {
#define COST(id, name, value, unit, what) PART_COST_##id,
#include "partitioner/cost.def"
#undef COST
	PART_N_COSTS
};

struct part_costs {
	int64_t of[PART_N_COSTS];
};

/* cost_table.c */
#define PART_COST_MAX 10000u /* no sum over a program overflows */
extern const struct part_costs part_costs_default;
/* A file of `name = number` lines; names that it omits keep their default. False: reported. */
bool part_costs_read(struct cx *cx, const char *path, struct part_costs *costs);
/* Prints the table in that format, with units and meanings as comments. */
void part_costs_print(FILE *out, const struct part_costs *costs);

#endif
