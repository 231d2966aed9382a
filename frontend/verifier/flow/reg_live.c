/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/verifier/flow/cfg.h"

#include "frontend/verifier/contracts/helpers.h"
#include "frontend/verifier/contracts/kfuncs.h"

/* Which registers may be read later, and of which the high half may be (backward dataflow over
 * each subprogram). Dead registers do not keep states apart (prune.c), and a 32-bit result whose
 * high half is dead needs no zero extension. */

#define CALLER_SAVED 0x003f /* R0 to R5 */

/* What one instruction does: bit r for register r. `use64` of these reads are of all 64 bits. */
struct effect {
	uint16_t use, use64, def;
	bool def32; /* the defined register is written as a 32-bit result */
};

static uint16_t bit(unsigned reg)
{
	return (uint16_t)(1u << reg);
}

static struct effect alu_effect(const struct bpf_insn *i)
{
	struct effect e = { .def = bit(i->dst_reg), .def32 = ebpf_class(i) == BPF_ALU };
	uint8_t op = ebpf_op(i);

	if (op != BPF_MOV)
		e.use |= bit(i->dst_reg);
	if (ebpf_src_is_reg(i) && op != BPF_END && op != BPF_NEG)
		e.use |= bit(i->src_reg);
	if (op == BPF_END) {
		e.use64 = i->imm == 64 ? e.use : 0;
		e.def32 = i->imm != 64; /* result fits 32 bits */
	} else if (ebpf_class(i) == BPF_ALU64) {
		/* A sign-extending move reads the low part only. */
		e.use64 = op == BPF_MOV && i->off ? 0 : e.use;
	}
	return e;
}

static struct effect atomic_effect(const struct bpf_insn *i)
{
	struct effect e = { .use = bit(i->dst_reg) | bit(i->src_reg), .use64 = bit(i->dst_reg) };
	bool wide = ebpf_size_bytes(i) == 8;

	if (ebpf_is_load_acquire(i)) {
		e.use = e.use64 = bit(i->src_reg);
		e.def = bit(i->dst_reg);
		e.def32 = !wide;
		return e;
	}
	if (i->imm == BPF_CMPXCHG) {
		e.use |= bit(BPF_REG_0);
		e.def = bit(BPF_REG_0);
	} else if (i->imm & BPF_FETCH) {
		e.def = bit(i->src_reg);
	}
	if (wide)
		e.use64 = e.use;
	e.def32 = !wide && e.def;
	return e;
}

static struct effect memory_effect(const struct bpf_insn *i)
{
	struct effect e = { 0 };

	switch (ebpf_class(i)) {
	case BPF_LDX:
		e.use = e.use64 = bit(i->src_reg);
		e.def = bit(i->dst_reg);
		e.def32 = ebpf_size_bytes(i) < 8 && ebpf_mode(i) == BPF_MEM;
		break;
	case BPF_ST: e.use = e.use64 = bit(i->dst_reg); break;
	case BPF_STX:
		if (ebpf_mode(i) == BPF_ATOMIC)
			return atomic_effect(i);
		e.use = bit(i->dst_reg) | bit(i->src_reg);
		e.use64 = ebpf_size_bytes(i) == 8 ? e.use : bit(i->dst_reg);
		break;
	default: /* BPF_LD */
		if (ebpf_is_ld_imm64(i)) {
			e.def = bit(i->dst_reg);
			break;
		}
		e.use = bit(BPF_REG_6);
		if (ebpf_mode(i) == BPF_IND)
			e.use |= bit(i->src_reg);
		e.use64 = bit(BPF_REG_6);
		e.def = CALLER_SAVED;
	}
	return e;
}

static struct effect jump_effect(const struct fe_object *obj, const struct bpf_insn *i)
{
	struct effect e = { 0 };
	unsigned n_args = 5;

	if (ebpf_is_ja(i))
		return e;
	if (ebpf_is_exit(i)) {
		e.use = e.use64 = bit(BPF_REG_0);
	} else if (ebpf_is_call(i)) {
		if (i->src_reg == EBPF_CALL_HELPER)
			n_args = fe_helper_n_args((uint32_t)i->imm);
		else if (i->src_reg == EBPF_CALL_KFUNC)
			n_args = fe_kfunc_n_args(obj, i->imm);
		e.use = e.use64 = (uint16_t)(((1u << n_args) - 1) << 1);
		e.def = CALLER_SAVED;
	} else if (i->code != EBPF_MAY_GOTO) {
		e.use = bit(i->dst_reg);
		if (ebpf_src_is_reg(i))
			e.use |= bit(i->src_reg);
		e.use64 = ebpf_class(i) == BPF_JMP ? e.use : 0;
	}
	return e;
}

static struct effect effect_of(const struct fe_object *obj, const struct bpf_insn *i)
{
	if (ebpf_is_alu(i))
		return alu_effect(i);
	if (ebpf_is_jump_class(i))
		return jump_effect(obj, i);
	return memory_effect(i);
}

/* Live registers after `pc`: union over the successors. */
static uint16_t after(const struct fe_cfg *cfg, const uint16_t *before, uint32_t pc)
{
	uint32_t succ[2];
	uint16_t live = 0;

	for (unsigned k = fe_cfg_succ(cfg, pc, succ); k-- > 0;)
		live |= before[succ[k]];
	return live;
}

/* Repeats over the program backwards until nothing changes; `high` holds the live high halves. */
static void solve(const struct fe_object *obj, struct fe_cfg *cfg, uint16_t *high)
{
	const struct fe_prog *p = cfg->prog;
	bool changed;

	do {
		changed = false;
		for (uint32_t i = (uint32_t)p->n_insns; i-- > 0;) {
			struct effect e;
			uint16_t l, h;

			if (cfg->flags[i] & FE_CFG_SECOND_HALF)
				continue;
			e = effect_of(obj, &p->insns[i]);
			l = (uint16_t)((after(cfg, cfg->live, i) & ~e.def) | e.use);
			h = (uint16_t)((after(cfg, high, i) & ~e.def) | e.use64);
			changed |= l != cfg->live[i] || h != high[i];
			cfg->live[i] = l;
			high[i] = h;
		}
	} while (changed);
}

void fe_cfg_liveness(struct arena *arena, const struct fe_object *obj, struct fe_cfg *cfg)
{
	const struct fe_prog *p = cfg->prog;
	uint16_t *high = ARENA_ARRAY(arena, uint16_t, p->n_insns);

	cfg->live = ARENA_ARRAY(arena, uint16_t, p->n_insns);
	cfg->zext_needed = ARENA_ARRAY(arena, bool, p->n_insns);
	solve(obj, cfg, high);
	for (uint32_t i = 0; i < p->n_insns; i++) {
		struct effect e;

		if (cfg->flags[i] & FE_CFG_SECOND_HALF)
			continue;
		e = effect_of(obj, &p->insns[i]);
		cfg->zext_needed[i] = e.def32 && (after(cfg, high, i) & e.def);
	}
}
