/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_QUIRKS_QUIRKS_H
#define TESTS_QUIRKS_QUIRKS_H

#include "asm.h"
#include "harness.h"

/* Two kinds of cases.
 *
 * An operation: a few instructions that make R0 from two operands in R0 and R1, which are words of the
 * packet (packets.h: mostly edge values). Several are put into one program, each writes its result to a place of its
 * own in the packet; if the program differs, they are run one by one to name the culprit.
 *
 * A program: anything, with the maps of programs.c. */

#define OP_MAX_INSNS 12u
#define OP_MAX       4096u

struct op {
	char name[64];
	struct bpf_insn body[OP_MAX_INSNS];
	uint32_t n;
};

struct op_list {
	struct op at[OP_MAX];
	uint32_t n;
};

/* ops.c: op_add(l, "name %d", 1, …, OP_BODY(insns)) */
void op_add(struct op_list *l, const struct bpf_insn *body, size_t n, const char *name, ...)
	__attribute__((format(printf, 4, 5)));
#define OP(l, name, ...)                                                                           \
	op_add((l), (const struct bpf_insn[]){ __VA_ARGS__ },                                      \
	       sizeof((const struct bpf_insn[]){ __VA_ARGS__ }) / sizeof(struct bpf_insn), name)
#define OPF(l, name, arg, ...)                                                                     \
	op_add((l), (const struct bpf_insn[]){ __VA_ARGS__ },                                      \
	       sizeof((const struct bpf_insn[]){ __VA_ARGS__ }) / sizeof(struct bpf_insn), name,   \
	       arg)
/* A program of `n` operations; how many fit. */
#define OP_BATCH 8u
void op_program(const struct op *ops, uint32_t n, struct asm_buf *b);

/* ops_alu.c, ops_jump.c: a suite each */
void ops_alu(struct op_list *l);
void ops_shift(struct op_list *l);
void ops_divide(struct op_list *l);
void ops_swap(struct op_list *l);
void ops_jump(struct op_list *l);
void ops_quirk(struct op_list *l); /* nfp.md 5.4 */

struct program {
	const char *name;
	void (*write)(struct asm_buf *b);
	uint32_t type; /* 0: XDP */
};

/* programs.c, programs_mem.c, programs_atomic.c: NULL name at the end */
extern const struct program program_cases[];
extern const struct program atomic_cases[];
extern const struct program memory_cases[];

/* Maps of all programs. */
enum { MAP_ARRAY, MAP_HASH, MAP_OTHER, MAP_DATA, MAP_COUNT };
extern const struct fe_map program_maps[MAP_COUNT];

/* R6 = packet of which `len` bytes are there (else leaves with XDP_DROP), R9 = context. R0, R7 are lost. */
void program_start(struct asm_buf *b, uint32_t len);
void program_end(struct asm_buf *b);

#endif
