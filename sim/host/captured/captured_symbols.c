/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/host/captured/captured_symbols.h"

#include "base/bits.h"

#include <string.h>

static const struct {
	const char *name;
	struct sim_symbol_action action;
} rows[] = {
#define SIM_SYMBOL(name, what, arg) { #name, { SIM_SYMBOL_##what, arg } },
#include "sim/host/captured/captured_symbols.def"
#undef SIM_SYMBOL
};

/* __x86_indirect_thunk_rax and its relatives: a jump to where the register points. */
static bool indirect_thunk(const char *name, uint32_t *reg)
{
	static const char *const regs[] = {
		"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
		"r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15"
	};
	const char *end = strrchr(name, '_');

	if (strncmp(name, "__x86_indirect_", 15) || !strstr(name, "_thunk_"))
		return false;
	for (*reg = 0; *reg < ARRAY_SIZE(regs); ++*reg) {
		if (!strcmp(end + 1, regs[*reg]))
			return true;
	}
	return false;
}

bool sim_symbol_action(const char *name, struct sim_symbol_action *a)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (!strcmp(rows[i].name, name)) {
			*a = rows[i].action;
			return true;
		}
	}
	a->what = SIM_SYMBOL_INDIRECT;
	return indirect_thunk(name, &a->arg);
}
