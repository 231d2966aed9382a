/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/isel/isel_lower.h"

/* nfp.* calls (intrinsics.def): firmware helpers become CALL, which pass `abi` lowers; the packet vector is
 * read directly, and packet helpers are emitted inline (nfp.md 4.5, 4.13). */

/* Packet vector words, behind LM1 (nfp.md 4.5). */
enum { PV_LEN = 0, PV_DATA = 2, PV_FLAGS = 4, PV_QUEUE = 6 };
#define PV_LEN_BITS        14
#define PV_FLAG_QUEUE      4 /* bit: a queue has been selected */
#define QUEUE_OUT_OF_RANGE 64
#define ETH_HEADER_BYTES   14
#define E_INVAL            22

static struct nfp_opnd pv(unsigned word)
{
	return nfp_lm(1, word);
}

/* ---- firmware helpers ---- */

static uint32_t const_arg(struct isel *is, LLVMValueRef call, unsigned i)
{
	uint64_t v = 0;

	if (i >= LLVMGetNumArgOperands(call) || !isel_const_u64(LLVMGetOperand(call, i), &v)) {
		isel_refuse(is, "a helper call whose map or size is not constant");
		v = 0;
	}
	return (uint32_t)v;
}

static struct nfp_opnd arg(struct isel *is, LLVMValueRef call, unsigned i)
{
	if (i >= LLVMGetNumArgOperands(call)) {
		isel_refuse(is, "a helper call with too few operands");
		return nfp_imm(0);
	}
	return isel_use_any_imm(is, isel_get_word(is, LLVMGetOperand(call, i), 0));
}

static struct nfp_opnd *args(struct isel *is, LLVMValueRef call, unsigned first, unsigned n)
{
	struct nfp_opnd *o;
	unsigned i;

	if (first > LLVMGetNumArgOperands(call) || n > LLVMGetNumArgOperands(call) - first) {
		isel_refuse(is, "a helper call with too few operands");
		n = 0;
	}
	o = ARENA_ARRAY(is->cx->arena, struct nfp_opnd, n + 1);
	for (i = 0; i < n; i++)
		o[i] = arg(is, call, first + i);
	return o;
}

static void finish_call(struct isel *is, LLVMValueRef v, uint32_t helper, const struct nfp_call *c)
{
	struct isel_val val = { 0 };
	unsigned words = (isel_width(v) + 31) / 32;
	struct nfp_opnd r[2] = { nfp_none(), nfp_none() };
	struct nfp_mi *mi;

	if (is->failed)
		return;
	if (!LLVMGetFirstUse(v))
		words = 0;
	for (val.n = 0; val.n < words && val.n < 2; val.n++) {
		r[val.n] = isel_new_reg(is);
		val.w[val.n] = isel_w_reg(r[val.n], 32);
	}
	mi = isel_emit(is, NFP_M_CALL);
	mi->helper = helper;
	mi->dst = r[0];
	mi->dst2 = r[1];
	mi->call = *c;
	if (words)
		isel_set(is, v, val);
}

static void map_call(struct isel *is, LLVMValueRef v, uint32_t helper)
{
	bool update = helper == NFP_HELPER_MAP_UPDATE;
	unsigned key_at = update ? 3 : 2;
	struct nfp_call c = { .map = const_arg(is, v, 0), .n_key = const_arg(is, v, key_at - 1) };

	c.key = args(is, v, key_at, c.n_key);
	if (update) {
		c.flags[0] = arg(is, v, 1);
		c.flags[1] = nfp_imm(0);
		c.n_value = is->failed ? 0 : LLVMGetNumArgOperands(v) - key_at - c.n_key;
		c.value = args(is, v, key_at + c.n_key, c.n_value);
	}
	finish_call(is, v, helper, &c);
}

enum { PERF_PTR_STACK = 6, PERF_PTR_NONE = 1 }; /* nfp.md 4.11 */

static void perf_call(struct isel *is, LLVMValueRef v)
{
	struct nfp_call c = {
		.map = const_arg(is, v, 0),
		.flags = { arg(is, v, 1), arg(is, v, 2) },
		.ptr_type = const_arg(is, v, 3),
		.size = arg(is, v, 4),
	};

	if (c.ptr_type == PERF_PTR_STACK && !is->failed) {
		c.n_value = LLVMGetNumArgOperands(v) - 5;
		c.value = args(is, v, 5, c.n_value);
	} else if (c.ptr_type != PERF_PTR_NONE) {
		c.ptr[0] = arg(is, v, 5);
		c.ptr[1] = arg(is, v, 6);
	}
	finish_call(is, v, NFP_HELPER_PERF_EVENT, &c);
}

/* ---- the packet vector ---- */

static void packet_data(struct isel *is, LLVMValueRef v)
{
	struct nfp_opnd o = pv(PV_DATA);

	/* read where it is used, unless something may move the packet before */
	if (isel_inst_of(&is->ir, v)->escapes)
		o = isel_copy(is, o);
	isel_set(is, v, isel_val1(isel_w_reg(o, 32)));
}

static struct isel_word packet_length(struct isel *is)
{
	struct nfp_opnd mask = isel_const(is, (uint32_t)bits_mask(PV_LEN_BITS));

	return isel_w_reg(isel_alu(is, NFP_ALU_AND, mask, pv(PV_LEN)), PV_LEN_BITS);
}

static void queue_select(struct isel *is, LLVMValueRef v)
{
	struct isel_word q = isel_get_word(is, LLVMGetOperand(v, 0), 0);
	bool fits = isel_w_bits(&q) <= 8;
	struct nfp_opnd o =
		isel_w_is_imm(&q) && !fits ? nfp_imm(QUEUE_OUT_OF_RANGE) : isel_use(is, q);
	uint32_t done, scope = is->here.scope;

	isel_shf_to(is, pv(PV_FLAGS), NFP_SHF_OR, pv(PV_FLAGS), nfp_imm(1), -PV_FLAG_QUEUE);
	isel_ldf_to(is, pv(PV_QUEUE), 1, o, 0, false);
	if (fits || isel_w_is_imm(&q))
		return;
	done = isel_new_block(is);
	isel_test(is, NFP_ALU_AND_NOTB, o, nfp_imm(255));
	isel_bcc(is, NFP_CC_EQ, done);
	isel_ldf_to(is, pv(PV_QUEUE), 1, nfp_imm(QUEUE_OUT_OF_RANGE), 0, false);
	isel_goto(is, done);
	is->here.scope = scope;
}

/* word += delta or -= delta, with the sign that makes a constant short */
static void move_pv(struct isel *is, unsigned word, struct isel_word delta, bool add)
{
	if (isel_w_is_imm(&delta) &&
	    isel_const_cost(0u - delta.o.imm) < isel_const_cost(delta.o.imm)) {
		delta = isel_w_imm(0u - delta.o.imm);
		add = !add;
	}
	isel_alu_to(is, pv(word), add ? NFP_ALU_ADD : NFP_ALU_SUB, pv(word), isel_use(is, delta));
}

/* Goes to `bad` unless the new start lies in the packet's buffer and 14 bytes remain. */
static void adjust_head(struct isel *is, struct isel_word delta, uint32_t bad)
{
	const struct nfp_firmware *fw = is->fn->fw;
	struct nfp_opnd d = isel_use_reg(is, delta), t, len;

	/* only the low 16 bits of the address count */
	t = isel_alu(is, NFP_ALU_ADD16, d, pv(PV_DATA));
	isel_test(is, NFP_ALU_SUB, t, isel_use(is, isel_w_imm(fw->adjust_head.off_min)));
	isel_bcc(is, NFP_CC_LO, bad);
	isel_test(is, NFP_ALU_SUB, isel_use(is, isel_w_imm(fw->adjust_head.off_max)), t);
	isel_bcc(is, NFP_CC_LO, bad);
	len = isel_alu(is, NFP_ALU_SUB, isel_use(is, packet_length(is)), d);
	isel_test(is, NFP_ALU_SUB, len, nfp_imm(ETH_HEADER_BYTES));
	isel_bcc(is, NFP_CC_MI, bad);
	isel_ldf_to(is, pv(PV_DATA), 3, t, 0, false);
	isel_alu_to(is, pv(PV_LEN), NFP_ALU_SUB, pv(PV_LEN), d);
}

/* The same for the end: delta must not be positive (the firmware cannot grow the tail). */
static void adjust_tail(struct isel *is, struct isel_word delta, uint32_t bad)
{
	struct nfp_opnd d = isel_use_reg(is, delta), len = isel_use(is, packet_length(is)), t;

	t = isel_new_reg(is);
	isel_alu_to(is, t, NFP_ALU_ADD, len, d)->sets_cc = true;
	isel_bcc(is, NFP_CC_LO, bad); /* no carry: not shrinking */
	isel_test(is, NFP_ALU_SUB, t, nfp_imm(ETH_HEADER_BYTES));
	isel_bcc(is, NFP_CC_MI, bad);
	isel_alu_to(is, pv(PV_LEN), NFP_ALU_ADD, pv(PV_LEN), d);
}

static void adjust(struct isel *is, LLVMValueRef v, uint32_t bad)
{
	struct isel_word delta = isel_get_word(is, LLVMGetOperand(v, 0), 0);

	if (isel_call_of(isel_callee(v)) == ISEL_CALL_ADJUST_HEAD)
		adjust_head(is, delta, bad);
	else
		adjust_tail(is, delta, bad);
}

static void adjust_call(struct isel *is, LLVMValueRef v)
{
	uint32_t bad, done, good, scope = is->here.scope;

	if (isel_call_is_fused(&is->ir, v))
		return;
	bad = isel_new_block(is);
	done = isel_new_block(is);
	adjust(is, v, bad);
	good = is->here.block;
	isel_br(is, done);
	isel_begin(is, bad);
	isel_goto(is, done);
	is->here.scope = scope;
	isel_set(is, v,
		 isel_val1(isel_w_reg(isel_join_phi(is, good, nfp_imm(0), nfp_imm(0u - E_INVAL)),
				      32)));
}

void isel_jump_call_failed(struct isel *is, LLVMValueRef call, bool failed, uint32_t target)
{
	uint32_t bad = failed ? target : isel_new_block(is), scope = is->here.scope;

	adjust(is, call, bad);
	if (!failed) {
		isel_br(is, target);
		isel_begin_arm(is, bad, scope);
	}
}

/* ---- selection ---- */

void isel_select_nfp_call(struct isel *is, LLVMValueRef v, const char *name)
{
	struct isel_word delta;
	struct nfp_opnd o;
	struct nfp_mi *mi;

	switch (isel_call_of(name)) {
	case ISEL_CALL_PKT_DATA: packet_data(is, v); break;
	case ISEL_CALL_PKT_LEN: isel_set(is, v, isel_val1(packet_length(is))); break;
	case ISEL_CALL_ADJUST_HEAD:
	case ISEL_CALL_ADJUST_TAIL: adjust_call(is, v); break;
	case ISEL_CALL_ADJUST_HEAD_CONST:
		delta = isel_get_word(is, LLVMGetOperand(v, 0), 0);
		move_pv(is, PV_DATA, delta, true);
		move_pv(is, PV_LEN, delta, false);
		break;
	case ISEL_CALL_MAP_LOOKUP: map_call(is, v, NFP_HELPER_MAP_LOOKUP); break;
	case ISEL_CALL_MAP_UPDATE: map_call(is, v, NFP_HELPER_MAP_UPDATE); break;
	case ISEL_CALL_MAP_DELETE: map_call(is, v, NFP_HELPER_MAP_DELETE); break;
	case ISEL_CALL_PRANDOM:
		o = isel_new_reg(is);
		mi = isel_emit(is, NFP_M_CSRRD);
		mi->dst = o;
		nfp_mi_set_csr(mi, NFP_CSR_PSEUDO_RANDOM);
		isel_set(is, v, isel_val1(isel_w_reg(o, 32)));
		break;
	case ISEL_CALL_PERF_EVENT: perf_call(is, v); break;
	case ISEL_CALL_QUEUE_SELECT: queue_select(is, v); break;
	case ISEL_CALL_ABORT: isel_abort(is); break;
	case ISEL_CALL_COUNT: isel_refuse(is, name); break;
	}
}
