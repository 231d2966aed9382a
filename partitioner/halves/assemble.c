/* SPDX-License-Identifier: BSD-2-Clause */
#include "partitioner/halves/assemble.h"

#include <assert.h>

uint32_t part_asm_label(struct part_asm *a)
{
	*vec_push(&a->labels, a->arena) = UINT32_MAX;
	return (uint32_t)(a->labels.len - 1);
}

void part_asm_place(struct part_asm *a, uint32_t label)
{
	assert(a->labels.at[label] == UINT32_MAX && "a label is one place");
	a->labels.at[label] = (uint32_t)a->code.len;
}

void part_asm_put(struct part_asm *a, struct bpf_insn insn)
{
	*vec_push(&a->code, a->arena) = insn;
	*vec_push(&a->origins, a->arena) = a->origin;
}

void part_asm_jump(struct part_asm *a, struct bpf_insn insn, uint32_t label)
{
	*vec_push(&a->fixes, a->arena) = (struct part_asm_fix){ (uint32_t)a->code.len, label };
	part_asm_put(a, insn);
}

void part_asm_goto(struct part_asm *a, uint32_t label)
{
	part_asm_jump(a, (struct bpf_insn){ .code = BPF_JMP | BPF_JA }, label);
}

bool part_asm_wanted(const struct part_asm *a, uint32_t label)
{
	for (size_t i = 0; i < a->fixes.len; i++)
		if (a->fixes.at[i].label == label)
			return true;
	return false;
}

bool part_asm_finish(struct part_asm *a)
{
	for (size_t i = 0; i < a->fixes.len; i++) {
		const struct part_asm_fix *f = &a->fixes.at[i];
		struct bpf_insn *insn = &a->code.at[f->at];
		int64_t delta = (int64_t)a->labels.at[f->label] - f->at - 1;

		assert(a->labels.at[f->label] != UINT32_MAX && "every label is placed");
		if (ebpf_is_call(insn) || ebpf_is_ld_imm64(insn) ||
		    insn->code == (BPF_JMP32 | BPF_JA)) {
			insn->imm = (int32_t)delta;
			continue;
		}
		if (delta < INT16_MIN || delta > INT16_MAX)
			return false;
		insn->off = (int16_t)delta;
	}
	return true;
}

/* ---- single instructions ------------------------------------------------------------------------ */

static uint8_t size_code(unsigned size)
{
	switch (size) {
	case 1: return BPF_B;
	case 2: return BPF_H;
	case 4: return BPF_W;
	default: return BPF_DW;
	}
}

void part_asm_mov(struct part_asm *a, uint8_t dst, uint8_t src)
{
	part_asm_alu(a, BPF_MOV, dst, src);
}

void part_asm_wide(struct part_asm *a, uint8_t dst, uint8_t kind, uint64_t v)
{
	part_asm_put(a, (struct bpf_insn){ .code = BPF_LD | BPF_IMM | BPF_DW,
					   .dst_reg = dst & 0xfu,
					   .src_reg = kind & 0xfu,
					   .imm = (int32_t)(uint32_t)v });
	part_asm_put(a, (struct bpf_insn){ .imm = (int32_t)(uint32_t)(v >> 32) });
}

void part_asm_imm(struct part_asm *a, uint8_t dst, uint64_t v)
{
	if ((int64_t)v != (int32_t)v) {
		part_asm_wide(a, dst, EBPF_IMM_VALUE, v);
		return;
	}
	part_asm_put(a, (struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_K,
					   .dst_reg = dst & 0xfu,
					   .imm = (int32_t)v });
}

void part_asm_map(struct part_asm *a, uint8_t dst, int32_t map)
{
	part_asm_wide(a, dst, EBPF_IMM_MAP_IDX, (uint32_t)map);
}

void part_asm_map_value(struct part_asm *a, uint8_t dst, int32_t map, int32_t off)
{
	part_asm_wide(a, dst, EBPF_IMM_MAP_IDX_VALUE,
		      (uint32_t)map | (uint64_t)(uint32_t)off << 32);
}

void part_asm_add_imm(struct part_asm *a, uint8_t dst, int32_t v)
{
	part_asm_put(a, (struct bpf_insn){ .code = BPF_ALU64 | BPF_ADD | BPF_K,
					   .dst_reg = dst & 0xfu,
					   .imm = v });
}

void part_asm_alu(struct part_asm *a, uint8_t op, uint8_t dst, uint8_t src)
{
	part_asm_put(a, (struct bpf_insn){ .code = (uint8_t)(BPF_ALU64 | op | BPF_X),
					   .dst_reg = dst & 0xfu,
					   .src_reg = src & 0xfu });
}

void part_asm_load(struct part_asm *a, unsigned size, uint8_t dst, uint8_t base, int16_t off)
{
	part_asm_put(a, (struct bpf_insn){ .code = (uint8_t)(BPF_LDX | BPF_MEM | size_code(size)),
					   .dst_reg = dst & 0xfu,
					   .src_reg = base & 0xfu,
					   .off = off });
}

void part_asm_store(struct part_asm *a, unsigned size, uint8_t base, int16_t off, uint8_t src)
{
	part_asm_put(a, (struct bpf_insn){ .code = (uint8_t)(BPF_STX | BPF_MEM | size_code(size)),
					   .dst_reg = base & 0xfu,
					   .src_reg = src & 0xfu,
					   .off = off });
}

void part_asm_store_imm(struct part_asm *a, unsigned size, uint8_t base, int16_t off, int32_t v)
{
	part_asm_put(a, (struct bpf_insn){ .code = (uint8_t)(BPF_ST | BPF_MEM | size_code(size)),
					   .dst_reg = base & 0xfu,
					   .off = off,
					   .imm = v });
}

static void put_if(struct part_asm *a, uint8_t code, uint8_t reg, int32_t imm, uint32_t label)
{
	part_asm_jump(a, (struct bpf_insn){ .code = code, .dst_reg = reg & 0xfu, .imm = imm },
		      label);
}

void part_asm_if(struct part_asm *a, uint8_t op, uint8_t reg, int32_t imm, uint32_t label)
{
	put_if(a, (uint8_t)(BPF_JMP | op | BPF_K), reg, imm, label);
}

void part_asm_if32(struct part_asm *a, uint8_t op, uint8_t reg, int32_t imm, uint32_t label)
{
	put_if(a, (uint8_t)(BPF_JMP32 | op | BPF_K), reg, imm, label);
}

void part_asm_if_reg(struct part_asm *a, uint8_t op, uint8_t reg, uint8_t other, uint32_t label)
{
	part_asm_jump(a,
		      (struct bpf_insn){ .code = (uint8_t)(BPF_JMP | op | BPF_X),
					 .dst_reg = reg & 0xfu,
					 .src_reg = other & 0xfu },
		      label);
}

void part_asm_helper(struct part_asm *a, int32_t id)
{
	part_asm_put(a, (struct bpf_insn){ .code = BPF_JMP | BPF_CALL, .imm = id });
}

void part_asm_exit(struct part_asm *a)
{
	part_asm_put(a, (struct bpf_insn){ .code = BPF_JMP | BPF_EXIT });
}
