/* SPDX-License-Identifier: BSD-2-Clause */
/* Predecodes words for execution: operands become indices into the context's register array,
 * branch targets op indices, and instructions that always fault when executed are marked once.
 *
 * The program's ops are followed by stops: targets of control that are not words. */
#include "sim/me/me_internal.h"

#include "base/bits.h"

#define FIRST_FIRMWARE_GPR 23 /* nfp.md 4.3 */

enum { STOP_RAN_OFF, STOP_DONE, STOP_OUTSIDE, STOP_HELPERS, STOP_COUNT = STOP_HELPERS + 4 };

static const struct {
	uint32_t id;
	size_t addr; /* offset of the code-store address in the profile */
} helpers[] = {
	{ NFP_HELPER_MAP_LOOKUP, offsetof(struct nfp_firmware, helper_addr.map_lookup) },
	{ NFP_HELPER_MAP_UPDATE, offsetof(struct nfp_firmware, helper_addr.map_update) },
	{ NFP_HELPER_MAP_DELETE, offsetof(struct nfp_firmware, helper_addr.map_delete) },
	{ NFP_HELPER_PERF_EVENT, offsetof(struct nfp_firmware, helper_addr.perf_event_output) },
};

static uint32_t helper_addr(const struct sim_me *me, size_t i)
{
	return *(const uint32_t *)(const void *)((const char *)&me->fw + helpers[i].addr);
}

uint32_t me_resolve(const struct sim_me *me, uint32_t addr)
{
	if (addr >= me->fw.start && addr - me->fw.start < me->n)
		return addr - me->fw.start;
	if (addr == me->fw.done)
		return me->n + STOP_DONE;
	for (size_t i = 0; i < ARRAY_SIZE(helpers); i++)
		if (helper_addr(me, i) && addr == helper_addr(me, i))
			return (uint32_t)(me->n + STOP_HELPERS + i);
	return me->n + STOP_OUTSIDE;
}

bool me_is_outside(const struct sim_me *me, uint32_t op_idx)
{
	return op_idx == me->n + STOP_OUTSIDE;
}

/* ---- operands ------------------------------------------------------------------------------- */

static uint16_t source(const struct me_operand *o, uint16_t slow_at, uint8_t slow_flag,
		       struct me_op *op)
{
	switch (o->kind) {
	case ME_NONE: return R_CONST;
	case ME_GPR: return (uint16_t)((o->bank_b ? R_GPR_B : R_GPR_A) + o->n);
	case ME_XFER: return (uint16_t)(R_IN + o->n);
	case ME_CONST: return (uint16_t)(R_CONST + o->value);
	default: op->flags |= slow_flag; return slow_at;
	}
}

static void destination(const struct me_insn *in, struct me_op *op)
{
	const struct me_operand *o = &in->dst;

	op->dst = op->dst2 = R_SINK;
	switch (o->kind) {
	case ME_NONE: break;
	case ME_GPR:
		op->dst = (uint16_t)((o->bank_b ? R_GPR_B : R_GPR_A) + o->n);
		if (in->wr_both)
			op->dst2 = (uint16_t)((o->bank_b ? R_GPR_A : R_GPR_B) + o->n);
		break;
	case ME_XFER: op->dst = (uint16_t)(R_OUT + o->n); break;
	default: op->dst = R_RESULT; op->flags |= OP_SLOW_DST;
	}
}

static void sources(const struct me_insn *in, struct me_op *op)
{
	op->left = source(&in->left, R_LEFT, OP_SLOW_LEFT, op);
	op->right = source(&in->right, R_RIGHT, OP_SLOW_RIGHT, op);
}

/* ---- faults known before running ------------------------------------------------------------ */

static bool is_nn(const struct me_operand *o)
{
	return o->kind == ME_NN || o->kind == ME_NN_INDEX;
}

static bool reads_both(const struct me_insn *in)
{
	switch (in->cls) {
	case ME_ALU: return in->op != ME_ALU_B && in->op != ME_ALU_NOT_B && in->op != ME_ALU_FFS;
	case ME_SHF:
		return in->sc == ME_SHIFT_DOUBLE || (in->op >= ME_SHF_AND && in->op <= ME_SHF_OR);
	case ME_MUL: return in->mul_step < ME_MUL_LAST;
	default: return false;
	}
}

/* Operand kinds that one port serves (nfp.md 2.6). */
static bool share_a_port(const struct me_insn *in)
{
	enum me_operand_kind l = in->left.kind, r = in->right.kind;

	return reads_both(in) && l == r && (l == ME_CONST || l == ME_XFER || l == ME_LM);
}

static bool is_undocumented(const struct me_insn *in)
{
	switch (in->cls) {
	case ME_ALU:
		return in->op == ME_ALU_POP_COUNT1 || in->op == ME_ALU_POP_COUNT2 ||
		       in->op == ME_ALU_POP_COUNT3 || in->op == ME_ALU_CRC ||
		       in->op == ME_ALU_CAM_CLEAR || in->op == ME_ALU_CAM_READ_TAG ||
		       in->op == ME_ALU_CAM_WRITE || in->op == ME_ALU_CAM_LOOKUP ||
		       in->op == ME_ALU_CAM_WRITE_STATE || in->op == ME_ALU_CAM_READ_STATE;
	case ME_SHF:
		return in->op == ME_SHF_BYTE_ALIGN ||
		       (in->op == ME_SHF_ASR && in->sc != ME_SHIFT_RIGHT) ||
		       (in->sc == ME_SHIFT_DOUBLE && in->op != ME_SHF_B);
	case ME_BRANCH: return in->op >= ME_IF_INP_STATE && in->op <= ME_IF_NOT_CLS_STATE;
	case ME_CTX_ARB: return in->arb_other;
	default: return false;
	}
}

static unsigned max_defer(const struct me_insn *in)
{
	bool short_shadow = (in->cls == ME_BRANCH && in->op == ME_IF_ALWAYS) ||
			    in->cls == ME_CTX_ARB || in->cls == ME_CMD;

	return short_shadow ? 2 : 3;
}

static enum sim_me_fault static_fault(const struct me_insn *in, bool lenient)
{
	const struct me_operand *d = &in->dst;

	if (d->kind == ME_GPR_ABS || (d->kind == ME_GPR && d->n >= FIRST_FIRMWARE_GPR))
		return SIM_ME_FAULT_FIRMWARE_REG;
	if (in->predicate || is_nn(&in->left) || is_nn(&in->right) || is_nn(d) ||
	    is_undocumented(in))
		return SIM_ME_FAULT_UNMODELLED;
	if (lenient)
		return SIM_ME_OK;
	if (share_a_port(in))
		return SIM_ME_FAULT_HAZARD_PORTS;
	if (in->defer > max_defer(in))
		return SIM_ME_FAULT_HAZARD_SLOT;
	return SIM_ME_OK;
}

const char *me_static_fault_text(const struct me_insn *in, enum sim_me_fault fault)
{
	switch (fault) {
	case SIM_ME_FAULT_FIRMWARE_REG:
		return in->dst.kind == ME_GPR_ABS
			       ? "writes an absolute register, i.e. one of another context"
			       : "writes a register from 23 on, which belongs to the firmware";
	case SIM_ME_FAULT_UNMODELLED: return "the effect of this form is not documented";
	case SIM_ME_FAULT_HAZARD_PORTS: return "both sources use one port";
	case SIM_ME_FAULT_HAZARD_SLOT: return "more defer slots than the transfer has";
	default: return "";
	}
}

/* ---- classes -------------------------------------------------------------------------------- */

static void lower_shift(const struct me_insn *in, struct me_op *op)
{
	op->sc = (uint8_t)in->sc;
	op->shift = in->shift;
	if (in->shift_indirect)
		op->flags |= OP_INDIRECT;
}

/* The left field of an operation on the right one alone holds no operand, whatever its bits. */
static void only_if_read(const struct me_insn *in, struct me_op *op)
{
	if (reads_both(in)) {
		op->flags |= OP_SETS_LEFT;
		return;
	}
	op->flags &= (uint8_t)~OP_SLOW_LEFT;
	op->left = R_CONST;
}

static void lower_alu(const struct me_insn *in, struct me_op *op)
{
	static const uint8_t kinds[32] = {
#define ALU_OP(code, id, text) [code] = K_##id,
#include "sim/me/me_isa.def"
	};

	op->kind = kinds[in->op];
	sources(in, op);
	destination(in, op);
	if (!in->no_cc)
		op->flags |= OP_SETS_CC;
	only_if_read(in, op);
}

static void lower_shf(const struct me_insn *in, struct me_op *op)
{
	op->kind = in->op == ME_SHF_ASR ? K_ASR : K_SHIFT;
	op->sub = in->op;
	sources(in, op);
	destination(in, op);
	lower_shift(in, op);
	if (!in->no_cc)
		op->flags |= OP_SETS_CC;
	only_if_read(in, op);
}

static void lower_ld_field(const struct me_insn *in, struct me_op *op)
{
	op->kind = K_LD_FIELD;
	op->right = source(&in->right, R_RIGHT, OP_SLOW_RIGHT, op);
	op->left = R_CONST;
	destination(in, op);
	op->old = in->clear ? R_CONST : source(&in->dst, R_OLD, OP_SLOW_OLD, op);
	lower_shift(in, op);
	for (unsigned k = 0; k < 4; k++)
		if (in->byte_mask >> k & 1)
			op->mask |= 0xffu << 8 * k;
	if (in->load_cc)
		op->flags |= OP_SETS_CC;
}

static void lower_immed(const struct me_insn *in, struct me_op *op)
{
	op->kind = K_IMMED;
	op->left = op->right = R_CONST;
	destination(in, op);
	op->old = in->imm_width ? source(&in->dst, R_OLD, OP_SLOW_OLD, op) : R_CONST;
	op->imm = in->imm_result;
	op->mask = in->imm_mask;
}

static void lower_mul(const struct me_insn *in, struct me_op *op)
{
	op->kind = K_MUL;
	sources(in, op);
	destination(in, op);
	if (!in->no_cc)
		op->flags |= OP_SETS_CC;
}

static void lower_branch(const struct sim_me *me, const struct me_insn *in, struct me_op *op)
{
	op->kind = in->op == ME_IF_ALWAYS  ? K_BRANCH
		   : in->op < ME_IF_CTX    ? K_BR_IF
		   : in->op < ME_IF_SIGNAL ? K_BR_CTX
					   : K_BR_SIGNAL;
	op->sub = in->op;
	op->imm = in->state;
	op->target = me_resolve(me, in->addr);
}

static void lower_br_test(const struct sim_me *me, const struct me_insn *in, struct me_op *op)
{
	op->kind = in->cls == ME_BR_BIT ? K_BR_BIT : K_BR_BYTE;
	op->left = source(&in->left, R_LEFT, OP_SLOW_LEFT, op);
	op->sub = in->bit;
	op->imm = in->compare;
	op->target = me_resolve(me, in->addr);
	if (in->taken_if)
		op->flags |= OP_TAKEN_IF;
}

static void lower_one(const struct sim_me *me, const struct me_insn *in, struct me_op *op)
{
	*op = (struct me_op){ .defer = in->defer,
			      .left = R_CONST,
			      .right = R_CONST,
			      .old = R_CONST,
			      .dst = R_SINK,
			      .dst2 = R_SINK };
	switch (in->cls) {
	case ME_ALU: lower_alu(in, op); break;
	case ME_SHF: lower_shf(in, op); break;
	case ME_LD_FIELD: lower_ld_field(in, op); break;
	case ME_IMMED: lower_immed(in, op); break;
	case ME_MUL: lower_mul(in, op); break;
	case ME_BRANCH: lower_branch(me, in, op); break;
	case ME_BR_BIT:
	case ME_BR_BYTE: lower_br_test(me, in, op); break;
	case ME_BR_ALU:
		op->kind = K_JUMP;
		op->left = source(&in->left, R_LEFT, OP_SLOW_LEFT, op);
		op->imm = in->jump_imm;
		break;
	case ME_LOCAL_CSR:
		op->kind = in->csr_write ? K_CSR_WRITE : K_CSR_READ;
		op->left = source(&in->left, R_LEFT, OP_SLOW_LEFT, op);
		break;
	case ME_CTX_ARB:
		op->kind = K_CTX_ARB;
		op->target = me_resolve(me, in->addr);
		break;
	default:
		op->kind = K_CMD;
		sources(in, op);
		break;
	}
}

void me_lower(struct sim_me *me)
{
	struct me_op *stops = me->ops + me->n;

	for (uint32_t i = 0; i < me->n; i++) {
		const struct me_insn *in = &me->insns[i];
		enum sim_me_fault fault = static_fault(in, me->lenient);

		lower_one(me, in, &me->ops[i]);
		if (fault != SIM_ME_OK)
			me->ops[i] = (struct me_op){ .kind = K_FAULT, .imm = (uint32_t)fault };
	}
	stops[STOP_RAN_OFF].kind = K_RAN_OFF;
	stops[STOP_DONE].kind = K_DONE;
	stops[STOP_OUTSIDE].kind = K_OUTSIDE;
	for (size_t i = 0; i < ARRAY_SIZE(helpers); i++) {
		stops[STOP_HELPERS + i].kind = K_HELPER;
		stops[STOP_HELPERS + i].imm = helpers[i].id;
	}
}

_Static_assert(STOP_COUNT - STOP_HELPERS == ARRAY_SIZE(helpers), "a stop for each helper");
_Static_assert(STOP_COUNT == ME_STOPS, "room for the stops");
