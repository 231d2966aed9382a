/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_VERIFIER_CASES_H
#define TESTS_VERIFIER_CASES_H

#include "frontend/object.h"

#include <stdio.h>

/* Reads what dump_cases.c prints. */

struct raw_case {
	struct arena *arena; /* owns the rest */
	const char *descr;
	uint32_t type, attach_type;
	bool expect_reject; /* by the kernel that the case comes from */
	const char *needs;  /* what this machine lacks for the case; NULL: nothing */
	struct btf *btf;    /* of the functions, or of the maps; to be freed */
	VEC(struct bpf_insn) insns;
	VEC(struct fe_map) maps;
	VEC(struct fe_map) inner_maps;
	VEC(struct fe_subprog) subprogs;
};

/* False: the end. `c` is zeroed but for the arena. */
bool raw_case_read(FILE *in, struct raw_case *c);

#endif
