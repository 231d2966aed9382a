/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_FAULTS_FAULTS_H
#define TESTS_FAULTS_FAULTS_H

#include "base/cx.h"
#include "nfp_backend/mir.h"
#include "nfp_backend/ucode.h"
#include "sim/diff.h"

#include <llvm-c/Core.h>

/* Faults that a compiler or loader could have, seeded one at a time: each row of faults.def changes
 * what one phase has made, at every place where it applies, and the test suite must notice.
 *
 * A phase's result is changed behind its own check, so the simulator and the comparison have to see
 * it. Each function returns whether it changed anything at the given place. */

typedef bool fault_ir_fn(LLVMValueRef insn);

struct fault_site {
	struct cx *cx;
	struct nfp_func *fn;
	struct nfp_block *b;
	size_t at; /* instruction in b; a function that moves more than it may advance this */
};

typedef bool fault_mir_fn(struct fault_site *s);
typedef bool fault_word_fn(uint64_t *word);
typedef bool fault_code_fn(struct nfp_ucode *u);

struct fault_device {
	struct arena *arena;
	struct sim_diff_device *dev;
	uint64_t *words; /* with ECC, those of dev */
};

typedef bool fault_device_fn(const struct fault_device *d);

#define IR(name, part, phase, what)     fault_ir_fn fault_##name;
#define MIR(name, part, phase, what)    fault_mir_fn fault_##name;
#define WORD(name, part, phase, what)   fault_word_fn fault_##name;
#define CODE(name, part, phase, what)   fault_code_fn fault_##name;
#define DEVICE(name, part, phase, what) fault_device_fn fault_##name;
#include "faults.def"

#endif
