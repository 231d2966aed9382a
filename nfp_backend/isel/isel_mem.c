/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/isel/isel_lower.h"

#include <assert.h>

/* Packet and map-value accesses: a group's command, bytes out of its transfer registers, atomics, and
 * copies of constant size. */

/* ---- loads ---- */

static void read_command(struct isel *is, const struct isel_addr *addr, bool big_endian,
			 uint32_t xin, uint32_t words)
{
	struct isel_cmd_addr at = isel_cmd_address(is, addr);
	struct nfp_mi *mi = isel_emit(is, NFP_M_CMD);

	assert(words >= 1 && words <= 32);
	mi->a = at.a;
	mi->b = at.b;
	mi->cmd.mode = (uint8_t)at.mode;
	mi->cmd.mem = big_endian ? NFP_MEM_READ32 : NFP_MEM_READ32_SWAP;
	mi->cmd.count = (uint8_t)words;
	mi->cmd.swap = true;
	mi->cmd.xfer = nfp_xin(xin, 0);
}

static struct isel_word tuple_word(const struct isel_group *g, unsigned word)
{
	assert(g->issued && word < g->words);
	return isel_w_reg(nfp_xin(g->xin, word), 32);
}

/* n <= 4 bytes at `at` of a little-endian tuple, as the number that they are in memory order. */
static struct isel_word little_bytes(struct isel *is, const struct isel_group *g, unsigned at,
				     unsigned n)
{
	unsigned q = at / 4, r = at % 4;
	struct isel_word lo = tuple_word(g, q), hi;

	if (r + n <= 4)
		return isel_w_keep(isel_w_lshr(lo, 8 * r), 0, 8 * n);
	hi = tuple_word(g, q + 1);
	if (n == 4)
		return isel_shift_pair(is, hi, lo, 8 * r);
	return isel_w_or(is, isel_w_lshr(lo, 8 * r),
			 isel_w_keep(isel_w_shl(hi, 32 - 8 * r), 0, 8 * n));
}

/* The same of a big-endian tuple, as a big-endian number. */
static struct isel_word big_bytes(struct isel *is, const struct isel_group *g, unsigned at,
				  unsigned n)
{
	unsigned q = at / 4, r = at % 4;
	struct isel_word w;

	if (r + n <= 4)
		return isel_w_keep(isel_w_lshr(tuple_word(g, q), 8 * (4 - r - n)), 0, 8 * n);
	w = isel_shift_pair(is, tuple_word(g, q), tuple_word(g, q + 1), 8 * (8 - r - n));
	return isel_w_keep(w, 0, 8 * n);
}

/* All bytes of a load as a number in the tuple's own order. */
static struct isel_val tuple_value(struct isel *is, const struct isel_group *g, unsigned at,
				   unsigned bytes)
{
	struct isel_val v = { .n = (uint8_t)((bytes + 3) / 4) };
	unsigned i;

	for (i = 0; i < v.n; i++) {
		unsigned n = bytes - 4 * i < 4 ? bytes - 4 * i : 4;

		v.w[i] = g->big_endian ? big_bytes(is, g, at + bytes - 4 * i - n, n)
				       : little_bytes(is, g, at + 4 * i, n);
	}
	return v;
}

static struct isel_val load_in_order(struct isel *is, const struct isel_inst *in)
{
	struct isel_addr addr;

	(void)isel_address(is, LLVMGetOperand(in->v, 0), &addr);
	return tuple_value(is, in->group, (unsigned)(addr.off - in->group->addr.off),
			   (in->width + 7u) / 8);
}

static void issue(struct isel *is, struct isel_group *g)
{
	isel_flush_overlapping(is, &g->addr, 4 * g->words);
	g->issued = true;
	g->xin = nfp_new_vreg(is->fn, is->cx, NFP_V_XIN, g->words);
	read_command(is, &g->addr, g->big_endian, g->xin, g->words);
}

static void into_registers(struct isel *is, struct isel_val *v)
{
	unsigned i;

	for (i = 0; i < v->n; i++)
		if (!isel_w_is_imm(&v->w[i]))
			v->w[i] = isel_w_reg(isel_use_reg(is, v->w[i]), isel_w_bits(&v->w[i]));
}

void isel_select_load(struct isel *is, LLVMValueRef v)
{
	struct isel_inst *in = isel_inst_of(&is->ir, v);
	struct isel_addr addr;
	struct isel_val val;

	if (!in->width) {
		isel_refuse(is, "a load of a type that is neither integer nor pointer");
		return;
	}
	if (!isel_address(is, LLVMGetOperand(v, 0), &addr))
		return;
	if (addr.space == ISEL_STACK) {
		val = isel_stack_read(is, &addr, (in->width + 7u) / 8, LLVMGetAlignment(v));
		isel_set(is, v, val);
		return;
	}
	if (!in->group->issued && in->group->local &&
	    isel_forward(is, &addr, (in->width + 7u) / 8, &val)) {
		in->group = NULL;
	} else {
		if (!in->group->issued)
			issue(is, in->group);
		val = load_in_order(is, in);
		if (in->group->big_endian && in->width > 8)
			val = isel_bswap(is, val, (in->width + 7u) / 8);
	}
	if (in->escapes)
		into_registers(is, &val);
	isel_set(is, v, val);
}

/* A load whose tuple is big-endian and still there. */
static struct isel_inst *big_endian_load(struct isel *is, LLVMValueRef v)
{
	struct isel_inst *in = isel_inst_of(&is->ir, v);

	if (!in || !in->group || !in->group->big_endian || in->width % 16 ||
	    is->ir.insts[is->here.at].xfer_version != in->xfer_version)
		return NULL;
	return in;
}

bool isel_bswap_of_load(struct isel *is, LLVMValueRef v, struct isel_val *out)
{
	struct isel_inst *in = big_endian_load(is, LLVMGetOperand(v, 0));

	if (!in)
		return false;
	*out = load_in_order(is, in);
	return true;
}

struct isel_val isel_eq_view(struct isel *is, LLVMValueRef v, bool *swapped)
{
	struct isel_inst *in = big_endian_load(is, v);

	*swapped = in != NULL;
	return in ? load_in_order(is, in) : isel_get_zext(is, v);
}

/* ---- stores ---- */

void isel_select_store(struct isel *is, LLVMValueRef v)
{
	LLVMValueRef value = LLVMGetOperand(v, 0);
	unsigned width = isel_width(value);
	struct isel_pending_store st = { .value = value, .bytes = (width + 7) / 8 };

	if (!width || width > ISEL_MAX_WIDTH) {
		isel_refuse(is, "a store of a type that is neither integer nor pointer");
		return;
	}
	if (!isel_address(is, LLVMGetOperand(v, 1), &st.addr))
		return;
	if (st.addr.space == ISEL_STACK)
		isel_stack_store(is, &st.addr, isel_get_zext(is, value), st.bytes,
				 LLVMGetAlignment(v));
	else
		isel_store_later(is, &st);
}

/* ---- atomic additions to map values (nfp.md 3.3, 3.4) ---- */

/* LLVM makes "or 0" of an addition of 0, to have one form for all operations that change nothing. */
static bool adds_nothing(LLVMValueRef v)
{
	uint64_t n;

	return LLVMGetAtomicRMWBinOp(v) == LLVMAtomicRMWBinOpOr && !LLVMGetFirstUse(v) &&
	       isel_const_u64(LLVMGetOperand(v, 1), &n) && !n;
}

void isel_select_atomic(struct isel *is, LLVMValueRef v)
{
	LLVMValueRef value = LLVMGetOperand(v, 1);
	unsigned width = isel_width(value), i;
	struct isel_val addend;
	struct isel_cmd_addr at;
	struct isel_addr addr;
	struct nfp_mi *mi;
	uint32_t xout = 0;
	bool imm;

	if (adds_nothing(v))
		return;
	if (LLVMGetAtomicRMWBinOp(v) != LLVMAtomicRMWBinOpAdd || LLVMGetFirstUse(v) ||
	    (width != 32 && width != 64)) {
		isel_refuse(is, "an atomic operation other than addition without result");
		return;
	}
	if (!isel_address(is, LLVMGetOperand(v, 0), &addr))
		return;
	if (addr.space != ISEL_MAP_VALUE) {
		isel_refuse(is, "an atomic operation outside map values");
		return;
	}
	isel_flush_space(is, ISEL_MAP_VALUE);
	addend = isel_get(is, value);
	at = isel_cmd_address(is, &addr);
	imm = isel_w_is_imm(&addend.w[0]) && addend.w[0].o.imm <= 0xffff &&
	      (addend.n == 1 || isel_w_is(&addend.w[1], 0)) &&
	      isel_may_post(&is->ir, is->here.at, &addr, width / 8);
	if (!imm) {
		xout = nfp_new_vreg(is->fn, is->cx, NFP_V_XOUT, addend.n);
		for (i = 0; i < addend.n; i++)
			isel_w_to_xout(is, nfp_xout(xout, i), addend.w[i]);
	}
	mi = isel_emit(is, NFP_M_CMD);
	mi->a = at.a;
	mi->b = at.b;
	mi->cmd.mode = (uint8_t)at.mode;
	mi->cmd.count = 1;
	if (imm) { /* posted: nobody waits for it */
		mi->cmd.mem = addend.n == 2 ? NFP_MEM_ADD64_IMM : NFP_MEM_ADD_IMM;
		nfp_mi_set_addend(mi, addend.w[0].o.imm);
	} else {
		mi->cmd.swap = true;
		mi->cmd.mem = addend.n == 2 ? NFP_MEM_ADD64 : NFP_MEM_ADD;
		mi->cmd.xfer = nfp_xout(xout, 0);
	}
}

/* ---- copies ---- */

#define MAX_COPY 128 /* bytes of one command */

static void read_bytes(struct isel *is, const struct isel_addr *from, uint32_t bytes,
		       struct isel_word w[MAX_COPY / 4])
{
	struct isel_group g = { .addr = *from, .words = (bytes + 3) / 4 };
	uint32_t i;

	if (from->space != ISEL_STACK) {
		issue(is, &g);
		for (i = 0; i < g.words; i++)
			w[i] = tuple_word(&g, i);
		return;
	}
	for (i = 0; i < g.words; i++) {
		struct isel_addr at = *from;

		at.off += 4 * (int64_t)i;
		w[i] = isel_stack_read(is, &at, bytes - 4 * i < 4 ? bytes - 4 * i : 4, 1).w[0];
	}
}

static void write_bytes(struct isel *is, const struct isel_addr *to, uint32_t bytes,
			const struct isel_word w[MAX_COPY / 4])
{
	uint32_t i;

	if (to->space != ISEL_STACK) {
		isel_flush_space(is, to->space);
		isel_write_words(is, to, w, bytes);
		return;
	}
	for (i = 0; 4 * i < bytes; i++) {
		struct isel_addr at = *to;

		at.off += 4 * (int64_t)i;
		isel_stack_store(is, &at, isel_val1(w[i]), bytes - 4 * i < 4 ? bytes - 4 * i : 4,
				 1);
	}
}

void isel_select_memcpy(struct isel *is, LLVMValueRef v)
{
	struct isel_word w[MAX_COPY / 4];
	struct isel_addr to, from;
	uint64_t bytes;

	if (!isel_const_u64(LLVMGetOperand(v, 2), &bytes) || bytes > MAX_COPY) {
		isel_refuse(is, "a memory copy of variable size or over 128 bytes");
		return;
	}
	if (!bytes || !isel_address(is, LLVMGetOperand(v, 0), &to) ||
	    !isel_address(is, LLVMGetOperand(v, 1), &from))
		return;
	read_bytes(is, &from, (uint32_t)bytes, w);
	write_bytes(is, &to, (uint32_t)bytes, w);
}

void isel_select_memset(struct isel *is, LLVMValueRef v)
{
	struct isel_word w[MAX_COPY / 4], fill;
	struct isel_addr to;
	uint64_t bytes;
	unsigned i;

	if (!isel_const_u64(LLVMGetOperand(v, 2), &bytes) || bytes > MAX_COPY * 4) {
		isel_refuse(is, "a memory fill of variable size or over 512 bytes");
		return;
	}
	if (!bytes || !isel_address(is, LLVMGetOperand(v, 0), &to))
		return;
	fill = isel_zext_word(
		is,
		&(struct isel_val){ .n = 1, .w = { isel_get_word(is, LLVMGetOperand(v, 1), 0) } },
		8, 0);
	fill = isel_mul(is, isel_val1(fill), isel_val1(isel_w_imm(0x01010101)), 1).w[0];
	for (i = 0; i < MAX_COPY / 4; i++)
		w[i] = fill;
	while (bytes) {
		uint32_t n = bytes > MAX_COPY ? MAX_COPY : (uint32_t)bytes;

		write_bytes(is, &to, n, w);
		to.off += n;
		bytes -= n;
	}
}
