/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/interp.h"

#include "base/bits.h"

#include <string.h>

/* Every exec_* runs the instruction at m->pc and leaves m->pc behind it; false ends the run (m->res
 * then says why). Calls are kept in a stack of frames; a callback of bpf_loop() runs in a nested
 * execute(), as the helper that calls it would. */

#define LOOP_MAX         (1u << 23) /* BPF_MAX_LOOPS of the kernel */
#define TAIL_CALL_MAX    33u
#define MAY_GOTO_MAX     0x800000u /* BPF_MAX_LOOPS: what the kernel's counter starts with */
#define ATOMIC_LOAD_ACQ  0x100
#define ATOMIC_STORE_REL 0x110

struct frame { /* of a caller */
	const struct fe_prog *prog;
	uint32_t ret;
	uint64_t saved[4]; /* R6..R9 */
	uint64_t fp;
};

struct machine {
	const struct sim_interp_env *env;
	const struct fe_prog *prog;
	struct sim_interp_result *res;
	uint64_t r[11];
	uint32_t pc;
	struct frame frames[SIM_INTERP_FRAMES];
	uint32_t depth;
	uint32_t tail_calls, may_gotos;
	uint64_t steps;
};

static bool execute(struct machine *m, int64_t until);

static bool fault(struct machine *m, const char *why)
{
	if (!m->res->fault) {
		m->res->fault = why;
		m->res->fault_pc = m->pc;
	}
	return false;
}

static bool stopped(struct machine *m)
{
	return m->env->stopped && m->env->stopped(m->env->priv);
}

/* ---- memory ------------------------------------------------------------------------------------ */

static void *memory(struct machine *m, uint64_t addr, uint32_t size, bool write)
{
	void *p = m->env->memory(m->env->priv, addr, size, write);

	if (!p) {
		m->res->fault_addr = addr;
		fault(m, write ? "store outside memory" : "load outside memory");
	}
	return p;
}

static uint64_t load_le(const uint8_t *p, uint32_t size)
{
	uint64_t v = 0;

	for (uint32_t i = size; i-- > 0;)
		v = v << 8 | p[i];
	return v;
}

static void store_le(uint8_t *p, uint32_t size, uint64_t v)
{
	for (uint32_t i = 0; i < size; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

static uint64_t sign_extend(uint64_t v, unsigned bits)
{
	uint64_t sign = UINT64_C(1) << (bits - 1);

	return ((v & bits_mask(bits)) ^ sign) - sign;
}

static bool exec_ldx(struct machine *m, const struct bpf_insn *i)
{
	uint32_t size = ebpf_size_bytes(i);
	const uint8_t *p;
	uint64_t v;

	if (ebpf_mode(i) != BPF_MEM && (ebpf_mode(i) != EBPF_MEMSX || size == 8))
		return fault(m, "unknown mode of a load");
	p = memory(m, m->r[i->src_reg] + (uint64_t)(int64_t)i->off, size, false);
	if (!p)
		return false;
	v = load_le(p, size);
	m->r[i->dst_reg] = ebpf_mode(i) == EBPF_MEMSX ? sign_extend(v, 8 * size) : v;
	m->pc++;
	return true;
}

static bool exec_atomic(struct machine *m, const struct bpf_insn *i)
{
	uint32_t size = ebpf_size_bytes(i);
	bool acquire = i->imm == ATOMIC_LOAD_ACQ;
	unsigned base = acquire ? i->src_reg : i->dst_reg;
	uint64_t *src = &m->r[i->src_reg], old, new;
	uint8_t *p = memory(m, m->r[base] + (uint64_t)(int64_t)i->off, size, !acquire);

	if (!p)
		return false;
	old = load_le(p, size);
	if (size < 4 && i->imm != ATOMIC_LOAD_ACQ && i->imm != ATOMIC_STORE_REL)
		return fault(m, "atomic on less than 4 bytes");
	switch (i->imm & ~BPF_FETCH) {
	case BPF_ADD: new = old + *src; break;
	case BPF_AND: new = old &*src; break;
	case BPF_OR: new = old | *src; break;
	case BPF_XOR: new = old ^ *src; break;
	case BPF_XCHG & ~BPF_FETCH:
	case ATOMIC_STORE_REL: new = *src; break;
	case BPF_CMPXCHG & ~BPF_FETCH:
		new = old == (m->r[0] & bits_mask(8 * size)) ? *src : old;
		break;
	case ATOMIC_LOAD_ACQ: new = old; break;
	default: return fault(m, "unknown atomic operation");
	}
	if (!acquire)
		store_le(p, size, new);
	if (acquire)
		m->r[i->dst_reg] = old;
	else if (i->imm == BPF_CMPXCHG)
		m->r[0] = old;
	else if (i->imm & BPF_FETCH)
		*src = old;
	m->pc++;
	return true;
}

static bool exec_store(struct machine *m, const struct bpf_insn *i)
{
	bool by_reg = ebpf_class(i) == BPF_STX;
	uint32_t size = ebpf_size_bytes(i);
	uint8_t *p;

	if (by_reg && ebpf_mode(i) == BPF_ATOMIC)
		return exec_atomic(m, i);
	if (ebpf_mode(i) != BPF_MEM)
		return fault(m, "unknown mode of a store");
	p = memory(m, m->r[i->dst_reg] + (uint64_t)(int64_t)i->off, size, true);
	if (!p)
		return false;
	store_le(p, size, by_reg ? m->r[i->src_reg] : (uint64_t)(int64_t)i->imm);
	m->pc++;
	return true;
}

/* ---- constants and legacy packet loads --------------------------------------------------------- */

static bool function_exit(struct machine *m, bool *end);

static bool exec_ld_imm64(struct machine *m, const struct bpf_insn *i)
{
	uint64_t v = (uint32_t)i[0].imm | (uint64_t)(uint32_t)i[1].imm << 32;

	switch (i->src_reg) {
	case EBPF_IMM_VALUE: break;
	case EBPF_IMM_MAP_IDX: v = m->env->map(m->env->priv, (uint32_t)i->imm, false); break;
	case EBPF_IMM_MAP_IDX_VALUE:
		v = m->env->map(m->env->priv, (uint32_t)i->imm, true);
		if (!v)
			return fault(m, "address of a value in a map without addressable values");
		v += (uint32_t)i[1].imm;
		break;
	case EBPF_IMM_FUNC: v = m->pc + 1 + (uint64_t)(int64_t)i->imm; break; /* see call_loop() */
	default: return fault(m, "unknown kind of 64-bit constant");
	}
	m->r[i->dst_reg] = v;
	m->pc += 2;
	return true;
}

/* A failed load ends the function with 0. */
static bool exec_ld(struct machine *m, const struct bpf_insn *i, bool *end)
{
	int32_t off = i->imm;
	uint64_t v;

	if (ebpf_is_ld_imm64(i))
		return m->pc + 1 < m->prog->n_insns ? exec_ld_imm64(m, i)
						    : fault(m, "half a 64-bit constant");
	if ((ebpf_mode(i) != BPF_ABS && ebpf_mode(i) != BPF_IND) || ebpf_size_bytes(i) == 8)
		return fault(m, "unknown mode of a load");
	if (ebpf_mode(i) == BPF_IND)
		off = (int32_t)((uint32_t)off + (uint32_t)m->r[i->src_reg]);
	if (!m->env->packet_load(m->env->priv, off, ebpf_size_bytes(i), &v)) {
		m->r[0] = 0;
		return function_exit(m, end);
	}
	m->r[0] = v;
	m->pc++;
	return true;
}

/* ---- arithmetic -------------------------------------------------------------------------------- */

static uint64_t divide(uint64_t a, uint64_t b, bool mod)
{
	if (!b)
		return mod ? a : 0;
	return mod ? a % b : a / b;
}

/* MIN / -1 = MIN, MIN % -1 = 0: negation in place of the division that overflows. */
static uint64_t divide_signed(int64_t a, int64_t b, bool mod)
{
	if (!b)
		return mod ? (uint64_t)a : 0;
	if (b == -1)
		return mod ? 0 : -(uint64_t)a;
	return (uint64_t)(mod ? a % b : a / b);
}

static uint64_t swap_bytes(uint64_t v, int32_t bits)
{
	switch (bits) {
	case 16: return __builtin_bswap16((uint16_t)v);
	case 32: return __builtin_bswap32((uint32_t)v);
	default: return __builtin_bswap64(v);
	}
}

static bool exec_byte_order(struct machine *m, const struct bpf_insn *i)
{
	uint64_t *dst = &m->r[i->dst_reg];
	bool swap = ebpf_class(i) == BPF_ALU64 || (i->code & BPF_TO_BE);

	if (i->imm != 16 && i->imm != 32 && i->imm != 64)
		return fault(m, "unknown width of a byte swap");
	*dst = swap ? swap_bytes(*dst, i->imm) : *dst & bits_mask((unsigned)i->imm);
	m->pc++;
	return true;
}

static bool exec_mov(struct machine *m, const struct bpf_insn *i, uint64_t src, bool is64)
{
	if (i->off == 8 || i->off == 16 || (i->off == 32 && is64))
		src = sign_extend(src, (unsigned)i->off);
	else if (i->off)
		return fault(m, "unknown width of a sign-extending move");
	m->r[i->dst_reg] = is64 ? src : (uint32_t)src;
	m->pc++;
	return true;
}

static bool exec_alu(struct machine *m, const struct bpf_insn *i)
{
	bool is64 = ebpf_class(i) == BPF_ALU64, mod = ebpf_op(i) == BPF_MOD;
	unsigned bits = is64 ? 64 : 32;
	uint64_t b = ebpf_src_is_reg(i) ? m->r[i->src_reg] : (uint64_t)(int64_t)i->imm;
	uint64_t a = m->r[i->dst_reg];

	if (ebpf_op(i) == BPF_END)
		return exec_byte_order(m, i);
	if (ebpf_op(i) == BPF_MOV)
		return exec_mov(m, i, b, is64);
	a &= bits_mask(bits);
	b &= bits_mask(bits);
	switch (ebpf_op(i)) {
	case BPF_ADD: a += b; break;
	case BPF_SUB: a -= b; break;
	case BPF_MUL: a *= b; break;
	case BPF_OR: a |= b; break;
	case BPF_AND: a &= b; break;
	case BPF_XOR: a ^= b; break;
	case BPF_NEG: a = -a; break;
	case BPF_LSH: a <<= b & (bits - 1); break;
	case BPF_RSH: a >>= b & (bits - 1); break;
	case BPF_ARSH: a = (uint64_t)((int64_t)sign_extend(a, bits) >> (b & (bits - 1))); break;
	case BPF_DIV:
	case BPF_MOD:
		a = i->off == 1 ? divide_signed((int64_t)sign_extend(a, bits),
						(int64_t)sign_extend(b, bits), mod)
				: divide(a, b, mod);
		break;
	default: return fault(m, "unknown arithmetic operation");
	}
	m->r[i->dst_reg] = a & bits_mask(bits);
	m->pc++;
	return true;
}

/* ---- jumps ------------------------------------------------------------------------------------- */

static bool next_round(struct machine *m)
{
	return !m->env->round || m->env->round(m->env->priv) || fault(m, "too many loop rounds");
}

static bool go(struct machine *m, int64_t target)
{
	if (target < 0 || target >= (int64_t)m->prog->n_insns)
		return fault(m, "jump out of the program");
	m->pc = (uint32_t)target;
	return true;
}

/* A jump back ends a round of a loop. */
static bool jump(struct machine *m, int64_t target)
{
	return (target > (int64_t)m->pc || next_round(m)) && go(m, target);
}

static bool exec_cond_jump(struct machine *m, const struct bpf_insn *i)
{
	unsigned bits = ebpf_class(i) == BPF_JMP ? 64 : 32;
	uint64_t a = m->r[i->dst_reg] & bits_mask(bits);
	uint64_t b = (ebpf_src_is_reg(i) ? m->r[i->src_reg] : (uint64_t)(int64_t)i->imm) &
		     bits_mask(bits);
	int64_t sa = (int64_t)sign_extend(a, bits), sb = (int64_t)sign_extend(b, bits);
	bool taken;

	switch (ebpf_op(i)) {
	case BPF_JEQ: taken = a == b; break;
	case BPF_JNE: taken = a != b; break;
	case BPF_JGT: taken = a > b; break;
	case BPF_JGE: taken = a >= b; break;
	case BPF_JLT: taken = a < b; break;
	case BPF_JLE: taken = a <= b; break;
	case BPF_JSET: taken = a & b; break;
	case BPF_JSGT: taken = sa > sb; break;
	case BPF_JSGE: taken = sa >= sb; break;
	case BPF_JSLT: taken = sa < sb; break;
	case BPF_JSLE: taken = sa <= sb; break;
	default: return fault(m, "unknown jump");
	}
	return jump(m, taken ? ebpf_jump_target(i, m->pc) : (int64_t)m->pc + 1);
}

/* ---- calls ------------------------------------------------------------------------------------- */

static bool enter(struct machine *m, int64_t target, uint32_t ret)
{
	struct frame *f;

	if (m->depth + 1 >= SIM_INTERP_FRAMES)
		return fault(m, "calls nest too deep");
	f = &m->frames[m->depth++];
	f->prog = m->prog;
	f->ret = ret;
	f->fp = m->r[BPF_REG_10];
	memcpy(f->saved, &m->r[BPF_REG_6], sizeof(f->saved));
	m->r[BPF_REG_10] += EBPF_MAX_STACK;
	return go(m, target);
}

/* `end`: it was the last frame of this execute(). */
static bool function_exit(struct machine *m, bool *end)
{
	const struct frame *f;

	if (!m->depth) {
		*end = true;
		return true;
	}
	f = &m->frames[--m->depth];
	m->r[BPF_REG_10] = f->fp;
	memcpy(&m->r[BPF_REG_6], f->saved, sizeof(f->saved));
	m->prog = f->prog;
	m->pc = f->ret;
	return true;
}

/* bpf_loop(nr, callback, context, flags). A function's address is its instruction's index here. */
static bool call_loop(struct machine *m)
{
	uint64_t callback = m->r[2], context = m->r[3], n = 0;
	uint32_t nr = (uint32_t)m->r[1], here = m->pc, depth = m->depth;

	if (m->r[4] || nr > LOOP_MAX) {
		m->r[0] = (uint64_t)(int64_t)(m->r[4] ? -22 : -7); /* -EINVAL, -E2BIG */
		m->pc++;
		return true;
	}
	while (n < nr) {
		if (n && !next_round(m))
			return false;
		m->r[1] = n++;
		m->r[2] = context;
		if (callback >= m->prog->n_insns || !enter(m, (int64_t)callback, here))
			return fault(m, "callback is not a function");
		if (!execute(m, depth))
			return false;
		if (m->r[0])
			break;
	}
	m->r[0] = n;
	m->pc = here + 1;
	return true;
}

static uint64_t each_step(struct machine *m, enum sim_each_step step)
{
	return m->env->helper(m->env->priv, step, &m->r[1]);
}

/* bpf_for_each_map_elem(map, callback, context, flags): callback(map, key, value, context) */
static bool call_each(struct machine *m)
{
	uint64_t map = m->r[1], callback = m->r[2], context = m->r[3], value;
	uint32_t here = m->pc, depth = m->depth;

	each_step(m, SIM_EACH_START);
	while (!stopped(m) && (value = each_step(m, SIM_EACH_NEXT))) {
		m->r[2] = each_step(m, SIM_EACH_KEY);
		m->r[1] = map;
		m->r[3] = value;
		m->r[4] = context;
		if (callback >= m->prog->n_insns || !enter(m, (int64_t)callback, here))
			return fault(m, "callback is not a function");
		if (!execute(m, depth))
			return false;
		if (m->r[0])
			break;
	}
	m->r[0] = each_step(m, SIM_EACH_END);
	if (stopped(m))
		return fault(m, "a helper was used wrongly");
	m->pc = here + 1;
	return true;
}

static bool call_tail(struct machine *m)
{
	const struct fe_prog *target = NULL;

	if (m->env->tail_target && m->tail_calls < TAIL_CALL_MAX)
		target = m->env->tail_target(m->env->priv, m->r[2], (uint32_t)m->r[3]);
	if (!target) {
		m->pc++;
		return true;
	}
	m->tail_calls++; /* from a subprogram: the target returns to the subprogram's caller */
	m->prog = target;
	m->pc = 0;
	return true;
}

static bool exec_call(struct machine *m, const struct bpf_insn *i)
{
	uint32_t id = (uint32_t)i->imm;

	if (i->src_reg == EBPF_CALL_SUBPROG)
		return enter(m, (int64_t)m->pc + 1 + i->imm, m->pc + 1);
	if (i->src_reg == EBPF_CALL_KFUNC && m->env->kfunc)
		id = m->env->kfunc(m->env->priv, i->imm);
	else if (i->src_reg != EBPF_CALL_HELPER)
		id = 0;
	if (!id)
		return fault(m, "call of a kernel function");
	if (id == BPF_FUNC_loop)
		return call_loop(m);
	if (id == BPF_FUNC_for_each_map_elem)
		return call_each(m);
	if (id == BPF_FUNC_tail_call)
		return call_tail(m);
	m->r[0] = m->env->helper(m->env->priv, id, &m->r[1]);
	if (stopped(m))
		return fault(m, "a helper was used wrongly");
	m->pc++;
	return true;
}

static bool exec_jump_class(struct machine *m, const struct bpf_insn *i, bool *end)
{
	if (ebpf_is_call(i))
		return exec_call(m, i);
	if (ebpf_is_exit(i))
		return function_exit(m, end);
	if (ebpf_is_ja(i))
		return jump(m, ebpf_jump_target(i, m->pc));
	if (i->code == EBPF_MAY_GOTO)
		return go(m, m->may_gotos++ < MAY_GOTO_MAX ? (int64_t)m->pc + 1
							   : (int64_t)m->pc + 1 + i->off);
	return exec_cond_jump(m, i);
}

/* ---- the run ----------------------------------------------------------------------------------- */

static bool exec_insn(struct machine *m, const struct bpf_insn *i, bool *end)
{
	if (i->dst_reg > BPF_REG_10 || i->src_reg > BPF_REG_10)
		return fault(m, "register above r10");
	switch (ebpf_class(i)) {
	case BPF_LD: return exec_ld(m, i, end);
	case BPF_LDX: return exec_ldx(m, i);
	case BPF_ST:
	case BPF_STX: return exec_store(m, i);
	case BPF_ALU:
	case BPF_ALU64: return exec_alu(m, i);
	default: return exec_jump_class(m, i, end);
	}
}

static bool step(struct machine *m)
{
	struct sim_interp_state s = { m->prog, m->pc, m->depth, m->r };

	if (m->pc >= m->prog->n_insns)
		return fault(m, "ran past the program's end");
	if (m->env->steps_max && m->steps++ >= m->env->steps_max)
		return fault(m, "endless loop");
	if (m->env->step && !m->env->step(m->env->priv, &s))
		return fault(m, "stopped");
	return true;
}

/* Runs until the call depth is back to `until`, or the program ends. */
static bool execute(struct machine *m, int64_t until)
{
	bool end = false;

	do {
		if (!step(m) || !exec_insn(m, &m->prog->insns[m->pc], &end))
			return false;
	} while (!end && (int64_t)m->depth > until);
	return true;
}

void sim_interp_run(const struct sim_interp_env *env, const struct fe_prog *prog, uint64_t ctx,
		    struct sim_interp_result *res)
{
	struct machine m = { .env = env, .prog = prog, .res = res };

	*res = (struct sim_interp_result){ 0 };
	m.r[BPF_REG_1] = ctx;
	m.r[BPF_REG_10] = env->stack + EBPF_MAX_STACK;
	execute(&m, -1);
	res->r0 = m.r[0];
}
