/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PARTITIONER_HALVES_ASSEMBLE_H
#define PARTITIONER_HALVES_ASSEMBLE_H

#include "partitioner/split.h"
#include "base/arena.h"
#include "base/vec.h"
#include "ebpf/insn.h"

/* Puts programs together: instructions in order, jumps to labels that may come later. */

struct part_asm_fix {
	uint32_t at, label;
};

struct part_asm {
	struct arena *arena;
	uint32_t
		origin; /* origin of the emitted instructions: instruction of the source program, or none */
	VEC(struct bpf_insn) code;
	VEC(uint32_t) origins; /* by instruction of code */
	VEC(uint32_t) labels;  /* position; UINT32_MAX: not yet placed */
	VEC(struct part_asm_fix) fixes;
};

uint32_t part_asm_label(struct part_asm *a);
void part_asm_place(struct part_asm *a, uint32_t label);
void part_asm_put(struct part_asm *a, struct bpf_insn insn);
/* `insn` is a JA, a conditional jump, a call of a subprogram or the address of one. */
void part_asm_jump(struct part_asm *a, struct bpf_insn insn, uint32_t label);
void part_asm_goto(struct part_asm *a, uint32_t label);
/* Does anything jump there? */
bool part_asm_wanted(const struct part_asm *a, uint32_t label);
/* Fills in the jumps. False: one is too far. */
bool part_asm_finish(struct part_asm *a);

/* Emits the instructions of halves that are not in the program itself. */
void part_asm_mov(struct part_asm *a, uint8_t dst, uint8_t src);
void part_asm_imm(struct part_asm *a, uint8_t dst, uint64_t v);
/* LD_IMM64 of a kind (enum ebpf_pseudo_imm). */
void part_asm_wide(struct part_asm *a, uint8_t dst, uint8_t kind, uint64_t v);
void part_asm_map(struct part_asm *a, uint8_t dst, int32_t map);
void part_asm_map_value(struct part_asm *a, uint8_t dst, int32_t map, int32_t off);
void part_asm_add_imm(struct part_asm *a, uint8_t dst, int32_t v);
void part_asm_alu(struct part_asm *a, uint8_t op, uint8_t dst, uint8_t src);
void part_asm_load(struct part_asm *a, unsigned size, uint8_t dst, uint8_t base, int16_t off);
void part_asm_store(struct part_asm *a, unsigned size, uint8_t base, int16_t off, uint8_t src);
void part_asm_store_imm(struct part_asm *a, unsigned size, uint8_t base, int16_t off, int32_t v);
void part_asm_if(struct part_asm *a, uint8_t op, uint8_t reg, int32_t imm, uint32_t label);
void part_asm_if32(struct part_asm *a, uint8_t op, uint8_t reg, int32_t imm, uint32_t label);
void part_asm_if_reg(struct part_asm *a, uint8_t op, uint8_t reg, uint8_t other, uint32_t label);
void part_asm_helper(struct part_asm *a, int32_t id);
void part_asm_exit(struct part_asm *a);

#endif
