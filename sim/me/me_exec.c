/* SPDX-License-Identifier: BSD-2-Clause */
/* The loop: issues one instruction after the other, with defer slots, branch shadows and the state
 * that survives one instruction (nfp.md 1.5, 1.6, 2.6 to 2.18, 9). */
#include "sim/me/me_internal.h"

#include <inttypes.h>

/* ---- ALU ------------------------------------------------------------------------------------ */

struct flags {
	uint32_t c, v;
};

static inline uint32_t sum(uint32_t x, uint32_t y, uint32_t carry, struct flags *f)
{
	uint64_t wide = (uint64_t)x + y + carry;
	uint32_t res = (uint32_t)wide;

	f->c = (uint32_t)(wide >> 32);
	f->v = ((x ^ res) & (y ^ res)) >> 31;
	return res;
}

static bool carry_in(struct sim_me *me, struct me_ctx *ctx, uint32_t *carry)
{
	*carry = ctx->cc_c & CC_SET;
	if (!(ctx->cc_c & (CC_UNDOCUMENTED | CC_UNKNOWN)))
		return true;
	return me_hazard(me, ctx, SIM_ME_FAULT_HAZARD_CC, "carry in, but no addition left a carry");
}

/* The left operand of the instruction before, i.e. the amount of an indirect shift. */
static inline bool shift_amount(struct sim_me *me, struct me_ctx *ctx, const struct me_op *op,
				unsigned *n)
{
	*n = op->shift;
	if (!(op->flags & OP_INDIRECT))
		return true;
	*n = ctx->prev_left & 31;
	if (ctx->prev_left_for == ctx->insns)
		return true;
	return me_hazard(me, ctx, SIM_ME_FAULT_HAZARD_PREV,
			 "indirect shift, but the instruction before has no left operand");
}

static inline uint32_t shifted(unsigned how, unsigned n, uint32_t a, uint32_t b)
{
	switch (how) {
	case ME_SHIFT_RIGHT: return b >> n;
	case ME_SHIFT_LEFT: return b << n;
	case ME_SHIFT_DOUBLE: return (uint32_t)(((uint64_t)a << 32 | b) >> n);
	default: return n ? b >> n | b << (32 - n) : b;
	}
}

static bool exec_shift(struct sim_me *me, struct me_ctx *ctx, const struct me_op *op, uint32_t *res)
{
	uint32_t a = ctx->r[op->left], b = ctx->r[op->right];
	unsigned n;

	if (!shift_amount(me, ctx, op, &n))
		return false;
	b = shifted(op->sc, n, a, b);
	switch (op->sub) {
	case ME_SHF_NOT_B: *res = ~b; break;
	case ME_SHF_AND: *res = a & b; break;
	case ME_SHF_NOT_A_AND: *res = ~a & b; break;
	case ME_SHF_AND_NOT: *res = a & ~b; break;
	case ME_SHF_OR: *res = a | b; break;
	default: *res = b; break;
	}
	return true;
}

/* The bit shifted in is the sign of the previous result, not that of the operand. */
static bool exec_asr(struct sim_me *me, struct me_ctx *ctx, const struct me_op *op, uint32_t *res)
{
	unsigned n;

	if (!shift_amount(me, ctx, op, &n))
		return false;
	if (ctx->prev_res_for != ctx->insns &&
	    !me_hazard(me, ctx, SIM_ME_FAULT_HAZARD_PREV,
		       "asr, but the instruction before has no result to take the sign from"))
		return false;
	*res = ctx->r[op->right] >> n;
	if (ctx->prev_res >> 31)
		*res |= ~(UINT32_MAX >> n);
	return true;
}

static bool exec_ld_field(struct sim_me *me, struct me_ctx *ctx, const struct me_op *op,
			  uint32_t *res)
{
	unsigned n;

	if (!shift_amount(me, ctx, op, &n))
		return false;
	*res = (ctx->r[op->old] & ~op->mask) |
	       (shifted(op->sc, n, 0, ctx->r[op->right]) & op->mask);
	return true;
}

static uint32_t exec_immed(struct me_ctx *ctx, const struct me_op *op)
{
	uint32_t imm = op->imm;

	if (ctx->csr_read) {
		ctx->csr_read = false;
		imm = ctx->csr_value & op->mask;
	}
	return (ctx->r[op->old] & ~op->mask) | imm;
}

static bool exec_ffs(struct sim_me *me, struct me_ctx *ctx, uint32_t b, uint32_t *res)
{
	*res = b ? (uint32_t)__builtin_ctz(b) : 0;
	return b || me_hazard(me, ctx, SIM_ME_FAULT_UNMODELLED, "ffs of 0 is not documented");
}

/* Whatever has a result, a destination and leaves PREV_RES. */
static inline bool exec_alu(struct sim_me *me, struct me_ctx *ctx, const struct me_op *op)
{
	uint32_t a = ctx->r[op->left], b = ctx->r[op->right], res = 0, carry;
	struct flags f = { CC_UNDOCUMENTED, CC_UNDOCUMENTED };
	bool ok = true;

	switch (op->kind) {
	case K_B: res = b; break;
	case K_NOT_B: res = ~b; break;
	case K_AND: res = a & b; break;
	case K_NOT_A_AND: res = ~a & b; break;
	case K_AND_NOT: res = a & ~b; break;
	case K_OR: res = a | b; break;
	case K_XOR: res = a ^ b; break;
	case K_ADD: res = sum(a, b, 0, &f); break;
	case K_ADD16: res = sum(a, b & 0xffff, 0, &f); break;
	case K_ADD8: res = sum(a, b & 0xff, 0, &f); break;
	case K_SUB: res = sum(a, ~b, 1, &f); break; /* carry means no borrow */
	case K_B_SUB_A: res = sum(b, ~a, 1, &f); break;
	case K_ADD_CARRY:
		ok = carry_in(me, ctx, &carry);
		res = sum(a, b, carry, &f);
		break;
	case K_SUB_CARRY:
		ok = carry_in(me, ctx, &carry);
		res = sum(a, ~b, carry, &f);
		break;
	case K_FFS: ok = exec_ffs(me, ctx, b, &res); break;
	case K_SHIFT: ok = exec_shift(me, ctx, op, &res); break;
	case K_ASR: ok = exec_asr(me, ctx, op, &res); break;
	case K_LD_FIELD: ok = exec_ld_field(me, ctx, op, &res); break;
	default: res = exec_immed(ctx, op); break;
	}
	if (!ok)
		return false;
	ctx->r[op->dst] = res;
	ctx->r[op->dst2] = res;
	ctx->prev_res = res;
	ctx->prev_res_for = ctx->insns + 1;
	if (op->flags & OP_SETS_CC) {
		ctx->cc_res = res;
		ctx->cc_c = f.c;
		ctx->cc_v = f.v;
	}
	if (op->flags & OP_SETS_LEFT) {
		ctx->prev_left = a;
		ctx->prev_left_for = ctx->insns + 1;
	}
	return true;
}

/* ---- multiplier ----------------------------------------------------------------------------- */

/* Operand widths of a type: the product with higher bits set is not documented. */
static const uint32_t mul_left_mask[] = { UINT32_MAX, 0xffffff, 0xffff, UINT32_MAX };
static const uint32_t mul_right_mask[] = { UINT32_MAX, 0xff, 0xffff, UINT32_MAX };

static bool mul_in_order(struct sim_me *me, struct me_ctx *ctx, const struct me_insn *in)
{
	const struct me_mul *m = &me->mul;
	bool ok;

	if (in->mul_type == ME_MUL_START)
		return true;
	ok = m->started && m->next_for == ctx->insns && m->step == in->mul_step &&
	     (m->type == ME_MUL_START || m->type == in->mul_type);
	if (ok && in->mul_step < ME_MUL_LAST)
		ok = m->left == ctx->r[me->ops[ctx->pc].left] &&
		     m->right == ctx->r[me->ops[ctx->pc].right];
	return ok || me_hazard(me, ctx, SIM_ME_FAULT_HAZARD_MUL,
			       "multiplier steps are out of order or not consecutive");
}

static void mul_result(struct sim_me *me, struct me_ctx *ctx, const struct me_insn *in,
		       const struct me_op *op)
{
	struct me_mul *m = &me->mul;
	uint64_t product = (uint64_t)(m->left & mul_left_mask[in->mul_type]) *
			   (m->right & mul_right_mask[in->mul_type]);
	uint32_t res = (uint32_t)(in->mul_step == ME_MUL_LAST2 ? product >> 32 : product);

	ctx->r[op->dst] = res;
	ctx->r[op->dst2] = res;
	m->step = ME_MUL_LAST2;
	m->started = in->mul_step == ME_MUL_LAST && in->mul_type == ME_MUL_32X32;
}

static bool exec_mul(struct sim_me *me, struct me_ctx *ctx, const struct me_op *op)
{
	static const uint8_t steps[] = { 0, 1, 2, 4 }; /* per type */
	const struct me_insn *in = &me->insns[ctx->pc];
	struct me_mul *m = &me->mul;

	if (!mul_in_order(me, ctx, in))
		return false;
	if (in->mul_type == ME_MUL_START) {
		*m = (struct me_mul){ .started = true,
				      .left = ctx->r[op->left],
				      .right = ctx->r[op->right] };
	} else if (in->mul_step < ME_MUL_LAST) {
		bool fits = !(m->left & ~mul_left_mask[in->mul_type]) &&
			    !(m->right & ~mul_right_mask[in->mul_type]);

		if (!fits && !me_hazard(me, ctx, SIM_ME_FAULT_HAZARD_MUL,
					"operands 0x%" PRIx32 " and 0x%" PRIx32
					" are too wide for these steps",
					m->left, m->right))
			return false;
		m->type = in->mul_type;
		m->step = (uint8_t)(in->mul_step + 1);
		if (m->step == steps[m->type])
			m->step = ME_MUL_LAST;
	} else {
		mul_result(me, ctx, in, op);
	}
	m->next_for = ctx->insns + 1;
	if (op->flags & OP_SETS_CC)
		ctx->cc_c = CC_UNKNOWN | CC_UNDOCUMENTED;
	return true;
}

/* ---- control -------------------------------------------------------------------------------- */

bool me_not_in_slot(struct sim_me *me, const struct me_ctx *ctx)
{
	return !ctx->slots ||
	       me_hazard(me, ctx, SIM_ME_FAULT_HAZARD_SLOT, "transfer of control in a defer slot");
}

bool me_transfer(struct sim_me *me, struct me_ctx *ctx, const struct me_op *op, uint32_t target,
		 uint32_t shadow)
{
	if (!me_not_in_slot(me, ctx))
		return false;
	if (ctx->insns > me->max_insns)
		return me_fault(me, ctx, SIM_ME_FAULT_RUNAWAY,
				"still running after %" PRIu64 " instructions", ctx->insns);
	ctx->branch_pc = ctx->pc;
	ctx->after = AFTER_BRANCH;
	ctx->target = target;
	ctx->slots = op->defer + 1u;
	ctx->lost = shadow > op->defer ? shadow - op->defer : 0;
	return true;
}

/* Condition codes as of now: a deferred instruction may change them afterwards. */
static bool condition(struct sim_me *me, struct me_ctx *ctx, unsigned cond, bool *taken)
{
	bool n = ctx->cc_res >> 31, z = !ctx->cc_res, c = ctx->cc_c & CC_SET,
	     v = ctx->cc_v & CC_SET;
	uint32_t doubt = ctx->cc_c & CC_UNKNOWN;

	switch (cond & ~1u) { /* odd conditions are the inverse of the even one before */
	case ME_IF_EQ: *taken = z; break;
	case ME_IF_MI: *taken = n; break;
	case ME_IF_CS:
		*taken = c;
		doubt |= ctx->cc_c & CC_UNDOCUMENTED;
		break;
	case ME_IF_VS:
		*taken = v;
		doubt |= ctx->cc_v & CC_UNDOCUMENTED;
		break;
	case ME_IF_GE:
		*taken = n == v;
		doubt |= ctx->cc_v & CC_UNDOCUMENTED;
		break;
	default: /* ble */
		*taken = z || n != v;
		doubt |= ctx->cc_v & CC_UNDOCUMENTED;
		break;
	}
	if (cond & 1)
		*taken = !*taken;
	return !doubt || me_hazard(me, ctx, SIM_ME_FAULT_HAZARD_CC,
				   "branch on a condition code that no instruction defined");
}

static bool exec_br_if(struct sim_me *me, struct me_ctx *ctx, const struct me_op *op)
{
	bool taken;

	if (!condition(me, ctx, op->sub, &taken))
		return false;
	return taken ? me_transfer(me, ctx, op, op->target, me->timing.bcc_shadow)
		     : me_not_in_slot(me, ctx);
}

static bool exec_br_test(struct sim_me *me, struct me_ctx *ctx, const struct me_op *op)
{
	uint32_t v = ctx->r[op->left];
	bool hit = op->kind == K_BR_BIT ? (v >> op->sub & 1) != 0
					: (v >> 8 * op->sub & 0xff) == op->imm;

	if (hit != !!(op->flags & OP_TAKEN_IF))
		return me_not_in_slot(me, ctx);
	return me_transfer(me, ctx, op, op->target, me->timing.bcc_shadow);
}

static bool exec_br_state(struct sim_me *me, struct me_ctx *ctx, const struct me_op *op)
{
	bool hit;

	if (op->kind == K_BR_CTX) {
		hit = op->imm == ctx->number;
	} else {
		me_cmd_poll(me, ctx);
		hit = ctx->signals >> op->imm & 1;
		ctx->signals &= (uint16_t) ~(1u << op->imm); /* the test consumes it */
	}
	if (op->sub & 1) /* br!=ctx, br_!signal */
		hit = !hit;
	return hit ? me_transfer(me, ctx, op, op->target, me->timing.bcc_shadow)
		   : me_not_in_slot(me, ctx);
}

static bool exec_jump(struct sim_me *me, struct me_ctx *ctx, const struct me_op *op)
{
	uint32_t addr = ctx->r[op->left] + op->imm;
	uint32_t target = me_resolve(me, addr);

	if (me_is_outside(me, target))
		return me_fault(me, ctx, SIM_ME_FAULT_BAD_TARGET,
				"jump to 0x%" PRIx32 ", which is neither program nor firmware",
				addr);
	return me_transfer(me, ctx, op, target, me->timing.jump_shadow);
}

static bool exec_ctx_arb(struct sim_me *me, struct me_ctx *ctx, const struct me_op *op)
{
	const struct me_insn *in = &me->insns[ctx->pc];
	uint32_t next = ctx->pc + 1 + op->defer;

	if (!in->events)
		return me_fault(me, ctx, SIM_ME_FAULT_SIGNAL, "the context ends itself");
	if (next > me->n)
		next = me->n; /* the last defer slots lie behind the program */
	if (!me_transfer(me, ctx, op, in->resume ? op->target : next, me->timing.swap_shadow))
		return false;
	ctx->after = AFTER_ARB;
	ctx->arb_events = in->events;
	ctx->arb_any = in->any;
	return true;
}

/* The value goes into the immed that must follow at once. */
static bool exec_csr_read(struct sim_me *me, struct me_ctx *ctx)
{
	bool last_slot = ctx->slots == 1;
	uint32_t next = last_slot && ctx->after == AFTER_BRANCH ? ctx->target : ctx->next;

	if ((last_slot && ctx->after != AFTER_BRANCH) || me->ops[next].kind != K_IMMED)
		return me_hazard(me, ctx, SIM_ME_FAULT_HAZARD_CSR_RD,
				 "the next instruction is not an immed for the value");
	ctx->csr_read = true;
	return me_csr_read(me, ctx, me->insns[ctx->pc].csr, &ctx->csr_value);
}

static bool exec_other(struct sim_me *me, struct me_ctx *ctx, const struct me_op *op)
{
	switch (op->kind) {
	case K_MUL: return exec_mul(me, ctx, op);
	case K_CSR_READ: return exec_csr_read(me, ctx);
	case K_CSR_WRITE: return me_csr_write(me, ctx, me->insns[ctx->pc].csr, ctx->r[op->left]);
	case K_BRANCH: return me_transfer(me, ctx, op, op->target, me->timing.br_shadow);
	case K_BR_IF: return exec_br_if(me, ctx, op);
	case K_BR_BIT:
	case K_BR_BYTE: return exec_br_test(me, ctx, op);
	case K_BR_CTX:
	case K_BR_SIGNAL: return exec_br_state(me, ctx, op);
	case K_JUMP: return exec_jump(me, ctx, op);
	case K_CTX_ARB: return exec_ctx_arb(me, ctx, op);
	case K_CMD: return me_cmd_issue(me, ctx, op);
	default:
		return me_fault(
			me, ctx, (enum sim_me_fault)op->imm, "%s",
			me_static_fault_text(&me->insns[ctx->pc], (enum sim_me_fault)op->imm));
	}
}

/* Not a word of the program. False at BPF_DONE, too: the loop ends. */
static bool exec_stop(struct sim_me *me, struct me_ctx *ctx, const struct me_op *op)
{
	switch (op->kind) {
	case K_DONE: return false;
	case K_HELPER: return me_helper(me, ctx, op->imm);
	case K_OUTSIDE:
		ctx->pc = ctx->branch_pc;
		return me_fault(me, ctx, SIM_ME_FAULT_BAD_TARGET,
				"branch to an address that is neither program nor firmware");
	default:
		ctx->pc = me->n - 1;
		return me_fault(me, ctx, SIM_ME_FAULT_RAN_OFF, "ran past the last word");
	}
}

static bool after_slots(struct sim_me *me, struct me_ctx *ctx)
{
	enum me_after after = ctx->after;

	ctx->after = AFTER_NOTHING;
	if (after == AFTER_SWAP)
		return me_cmd_swap(me, ctx);
	ctx->next = ctx->target;
	if (after == AFTER_ARB)
		return me_arb(me, ctx);
	ctx->cycle += ctx->lost;
	return true;
}

static inline bool step(struct sim_me *me, struct me_ctx *ctx)
{
	const struct me_op *op = &me->ops[ctx->next];

	ctx->pc = ctx->next++;
	if (op->kind >= K_FIRST_STOP)
		return exec_stop(me, ctx, op);
	ctx->insns++;
	if ((ctx->n_outstanding || ctx->after == AFTER_SWAP) && !me_xfer_ready(me, ctx, op))
		return false;
	if (op->flags & OP_SLOW && !me_slow_load(me, ctx, op))
		return false;
	if (op->kind <= K_LAST_ALU ? !exec_alu(me, ctx, op) : !exec_other(me, ctx, op))
		return false;
	if (op->flags & OP_SLOW && !me_slow_store(me, ctx, op))
		return false;
	ctx->cycle++;
	return !ctx->slots || --ctx->slots || after_slots(me, ctx);
}

static bool step_for_trace(struct sim_me *me, struct me_ctx *ctx)
{
	return step(me, ctx);
}

bool me_exec(struct sim_me *me, struct me_ctx *ctx)
{
	if (me->trace)
		while (me_trace_step(me, ctx, step_for_trace))
			;
	else
		while (step(me, ctx))
			;
	return me->error.fault == SIM_ME_OK;
}
