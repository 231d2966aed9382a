/* SPDX-License-Identifier: BSD-2-Clause */
#include "quirks.h"

#include <stdarg.h>
#include <string.h>

#define OPERAND_A 0
#define OPERAND_B 8
#define RESULTS   16
#define NEEDED    128 /* some write beyond the results themselves */

void op_add(struct op_list *l, const struct bpf_insn *body, size_t n, const char *name, ...)
{
	struct op *op = &l->at[l->n++];
	va_list ap;

	assert(l->n <= OP_MAX && n <= OP_MAX_INSNS);
	va_start(ap, name);
	vsnprintf(op->name, sizeof(op->name), name, ap);
	va_end(ap);
	memcpy(op->body, body, n * sizeof(*body));
	op->n = (uint32_t)n;
}

void op_program(const struct op *ops, uint32_t n, struct asm_buf *b)
{
	assert(n <= OP_BATCH);
	program_start(b, NEEDED);
	for (uint32_t i = 0; i < n; i++) {
		asm_emit(b, LDX(BPF_DW, 0, 6, OPERAND_A), LDX(BPF_DW, 1, 6, OPERAND_B));
		asm_put(b, ops[i].body, ops[i].n);
		asm_emit(b, STX(BPF_DW, 6, RESULTS + 8 * i, 0));
	}
	program_end(b);
}
