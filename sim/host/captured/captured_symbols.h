/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SIM_HOST_CAPTURED_CAPTURED_SYMBOLS_H
#define SIM_HOST_CAPTURED_CAPTURED_SYMBOLS_H

#include <stdbool.h>
#include <stdint.h>

/* What stands in for a kernel function that captured code calls: rows of captured_symbols.def. */

enum sim_symbol_what {
	SIM_SYMBOL_HELPER,
	SIM_SYMBOL_ELEM,
	SIM_SYMBOL_LOAD,
	SIM_SYMBOL_LOOP,
	SIM_SYMBOL_RETURN,
	SIM_SYMBOL_INDIRECT, /* arg: number of the x86 register */
};

struct sim_symbol_action {
	enum sim_symbol_what what;
	uint32_t arg;
};

/* False: nothing does. */
bool sim_symbol_action(const char *name, struct sim_symbol_action *a);

#endif
