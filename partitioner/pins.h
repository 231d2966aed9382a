/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PARTITIONER_PINS_H
#define PARTITIONER_PINS_H

#include "base/vec.h"
#include "frontend/vprog.h"

/* --pin: "SYMBOL=host|device,…". A symbol is a map, which stands for its users, or a function,
 * which stands for its calls. */

struct part_pin {
	const char *symbol;
	int32_t map;     /* index in the object; -1: none of that name */
	int32_t subprog; /* index in the program; -1 */
	bool device;     /* false: host */
};

struct part_pins {
	struct part_pin *at;
	size_t n;
	bool any_host; /* some instruction of the program is meant for the host */
};

/* False: reported (no such symbol, no such side). NULL: no pins. */
bool part_pins_parse(struct cx *cx, const struct vprog *vp, const char *text,
		     struct part_pins *pins);
/* Calls fn for each instruction of main that a pin means. */
void part_pins_each(const struct vprog *vp, const struct part_pins *pins,
		    void (*fn)(void *priv, uint32_t main_pc, bool device), void *priv);

#endif
