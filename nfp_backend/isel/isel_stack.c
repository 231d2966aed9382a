/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/isel/isel_lower.h"

/* What SROA leaves of the eBPF stack: frame slots in local memory. Constant offsets are slot operands;
 * variable ones go through LM3, whose pointer sees word addresses only (nfp.md 1.4), so bytes are shifted
 * out of and into words. */

#define LM_VAR 3

static bool is_slot_access(const struct isel_addr *addr)
{
	return !addr->n_var && isel_is_inst(addr->root, LLVMAlloca);
}

/* Does a load at a variable place read a word more than its bytes may lie in? */
static bool has_crossing_load(const struct isel_ir *ir)
{
	uint32_t i;

	for (i = 0; i < ir->n_insts; i++) {
		const struct isel_inst *in = &ir->insts[i];
		struct isel_addr addr;
		unsigned align;

		if (in->op != LLVMLoad)
			continue;
		align = LLVMGetAlignment(in->v);
		if (align < 4 && 8 * align < in->width &&
		    isel_decompose(ir, LLVMGetOperand(in->v, 0), &addr) &&
		    addr.space == ISEL_STACK && !is_slot_access(&addr))
			return true;
	}
	return false;
}

/* The slot of an alloca, made at its first use. One word more for accesses that may read past the end. */
static uint32_t slot_of(struct isel *is, LLVMValueRef alloca_inst)
{
	uint32_t *slot = isel_map_at(&is->cache.slots, is->cx, (uint64_t)(uintptr_t)alloca_inst);
	uint64_t n = 1, bytes = isel_type_bytes(LLVMGetAllocatedType(alloca_inst));

	if (*slot != UINT32_MAX)
		return *slot;
	if (!isel_const_u64(LLVMGetOperand(alloca_inst, 0), &n) || !bytes || bytes > 1024 ||
	    n > 1024 || n * bytes > 1024) {
		isel_refuse(is, "a stack variable of unknown size or over 1024 bytes");
		n = bytes = 1;
	}
	*slot = nfp_new_slot(is->fn, is->cx, NFP_SLOT_STACK,
			     (uint32_t)(n * bytes + 3) / 4 + has_crossing_load(&is->ir));
	return *slot;
}

static bool in_slot(struct isel *is, uint32_t slot, int64_t off, uint32_t bytes)
{
	if (off >= 0 && off + bytes <= 4 * (int64_t)is->fn->slots.at[slot].words)
		return true;
	isel_refuse(is, "a stack access outside the frame");
	return false;
}

/* ---- constant offsets ---- */

/* Words first .. first + n - 1 of a slot, in registers. */
static void slot_words(struct isel *is, uint32_t slot, uint32_t first, uint32_t n,
		       struct isel_word *out)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		out[i] = isel_w_reg(isel_copy(is, nfp_slot(slot, first + i)), 32);
}

/* `bytes` from byte r of the words on. */
static struct isel_val cut_bytes(struct isel *is, const struct isel_word *w, unsigned r,
				 uint32_t bytes)
{
	struct isel_val v = { .n = (uint8_t)((bytes + 3) / 4) };
	unsigned i;

	for (i = 0; i < v.n; i++) {
		unsigned n = bytes - 4 * i < 4 ? bytes - 4 * i : 4;

		v.w[i] = r + n <= 4 ? isel_w_lshr(w[i], 8 * r)
				    : isel_shift_pair(is, w[i + 1], w[i], 8 * r);
		v.w[i] = isel_w_keep(v.w[i], 0, 8 * n);
	}
	return v;
}

static struct isel_val slot_read(struct isel *is, const struct isel_addr *addr, uint32_t bytes)
{
	uint32_t slot = slot_of(is, addr->root), r = (uint32_t)addr->off & 3;
	struct isel_word w[ISEL_MAX_WORDS + 1];

	if (!in_slot(is, slot, addr->off, bytes)) {
		w[0] = isel_w_imm(0);
		return isel_val1(w[0]);
	}
	slot_words(is, slot, (uint32_t)addr->off / 4, (r + bytes + 3) / 4, w);
	return cut_bytes(is, w, r, bytes);
}

/* Bytes first .. first + n - 1 of a slot's word from the low bytes of w. */
static void slot_write_part(struct isel *is, struct nfp_opnd word, unsigned first, unsigned n,
			    struct isel_word w)
{
	unsigned mask = ((1u << n) - 1) << first;

	if (n == 4) {
		struct nfp_opnd o = isel_use(is, w);

		isel_copy_to(is, word, o);
		return;
	}
	if (isel_w_is_imm(&w) || w.lo || w.hi < 8 * n)
		w = isel_w_reg(isel_use(is, isel_w_keep(w, 0, 8 * n)), 32);
	if (isel_w_is_imm(&w) || w.shift - 8 * (int)first < -31)
		w = isel_w_reg(isel_use_reg(is, w), 32);
	isel_ldf_to(is, word, mask, w.o, w.shift - 8 * (int)first, false);
}

static void slot_write(struct isel *is, const struct isel_addr *addr, struct isel_val val,
		       uint32_t bytes)
{
	uint32_t slot = slot_of(is, addr->root), done = 0;

	if (!in_slot(is, slot, addr->off, bytes))
		return;
	while (done < bytes) {
		uint32_t at = (uint32_t)addr->off + done, room = 4 - at % 4, n = bytes - done;
		uint32_t left = 4 - done % 4;
		struct isel_word w = isel_w_lshr(val.w[done / 4], 8 * (done % 4));

		if (room == 4 && n >= 4 && left < 4) { /* a whole word out of two */
			w = isel_shift_pair(is, val.w[done / 4 + 1], val.w[done / 4],
					    8 * (done % 4));
			left = 4;
		}
		n = n > room ? room : n;
		n = n > left ? left : n;
		slot_write_part(is, nfp_slot(slot, at / 4), at % 4, n, w);
		done += n;
	}
}

/* ---- variable offsets ---- */

struct nfp_opnd isel_stack_address(struct isel *is, const struct isel_addr *addr)
{
	struct nfp_opnd o;
	struct isel_val sum;
	struct nfp_mi *mi;
	uint32_t i, slot;

	if (isel_is_inst(addr->root, LLVMAlloca)) {
		slot = slot_of(is, addr->root);
		o = isel_new_reg(is);
		mi = isel_emit(is, NFP_M_SLOT_ADDR);
		mi->dst = o;
		mi->b = nfp_slot(slot, 0);
	} else {
		o = isel_use(is, isel_get_word(is, addr->root, 0));
	}
	sum = isel_val1(isel_w_reg(o, 32));
	for (i = 0; i < addr->n_var; i++) {
		struct isel_val var = isel_get_sext(is, addr->var[i]);

		sum = isel_add(is, sum, isel_val1(var.w[0]), 32);
	}
	sum = isel_add(is, sum, isel_val1(isel_w_imm((uint32_t)addr->off)), 32);
	return isel_use_reg(is, sum.w[0]);
}

static void point_at(struct isel *is, struct nfp_opnd address)
{
	struct nfp_mi *mi = isel_emit(is, NFP_M_NEWLM);

	nfp_mi_set_pointer(mi, LM_VAR);
	mi->a = address;
}

static struct nfp_opnd through_pointer(bool step)
{
	struct nfp_opnd o = nfp_lm(LM_VAR, 0);

	o.post = step;
	return o;
}

/* 8 * (address & 3) */
static struct isel_word bit_offset(struct nfp_opnd address)
{
	return isel_w_keep(isel_w_shl(isel_w_reg(address, 32), 3), 3, 5);
}

static struct isel_val var_read(struct isel *is, const struct isel_addr *addr, uint32_t bytes,
				unsigned align)
{
	struct nfp_opnd address = isel_stack_address(is, addr);
	bool whole = align >= 4, crosses = align < bytes && align < 4;
	struct isel_word w[ISEL_MAX_WORDS + 1], sh;
	struct isel_val v = { .n = (uint8_t)((bytes + 3) / 4) }, r = v;
	unsigned i, n = (bytes + 3) / 4 + (crosses ? 1 : 0);

	point_at(is, address);
	for (i = 0; i < n; i++)
		w[i] = isel_w_reg(isel_copy(is, through_pointer(i + 1 < n)), 32);
	if (whole)
		return cut_bytes(is, w, 0, bytes);
	sh = bit_offset(address);
	for (i = 0; i < v.n; i++) {
		struct isel_val pair = { .n = 2,
					 .w = { w[i], crosses ? w[i + 1] : isel_w_imm(0) } };
		unsigned len = bytes - 4 * i < 4 ? bytes - 4 * i : 4;

		pair = isel_shift_var(is, LLVMLShr, pair, crosses ? 64 : 32, sh);
		r.w[i] = isel_w_keep(pair.w[0], 0, 8 * len);
	}
	return r;
}

/* One to four bytes that do not cross a word. */
static void var_write_part(struct isel *is, struct nfp_opnd address, struct isel_word w,
			   unsigned bytes)
{
	struct isel_word sh = bit_offset(address);
	struct isel_val mask = isel_val1(isel_w_imm((uint32_t)bits_mask(8 * bytes))), val;
	struct nfp_opnd old, keep, put;

	mask = isel_shift_var(is, LLVMShl, mask, 32, sh);
	val = isel_shift_var(is, LLVMShl, isel_val1(isel_w_keep(w, 0, 8 * bytes)), 32, sh);
	put = isel_use(is, val.w[0]);
	point_at(is, address);
	old = isel_copy(is, through_pointer(false));
	keep = isel_alu(is, NFP_ALU_AND_NOTB, old, isel_use(is, mask.w[0]));
	isel_copy_to(is, through_pointer(false), isel_alu(is, NFP_ALU_OR, keep, put));
}

static void var_write(struct isel *is, const struct isel_addr *addr, struct isel_val val,
		      uint32_t bytes, unsigned align)
{
	struct nfp_opnd address = isel_stack_address(is, addr), o[ISEL_MAX_WORDS];
	unsigned step = align < 4 ? align : 4, i, words = bytes / 4;

	if (align >= 4 && words) {
		for (i = 0; i < words; i++)
			o[i] = isel_use_reg(is, val.w[i]);
		point_at(is, address);
		for (i = 0; i < words; i++)
			isel_copy_to(is, through_pointer(i + 1 < words), o[i]);
		if (bytes == 4 * words)
			return;
	} else {
		words = 0;
	}
	for (i = 4 * words; i < bytes; i += step) {
		struct nfp_opnd at = address;
		struct isel_word w = isel_w_lshr(val.w[i / 4], 8 * (i % 4));

		if (i)
			at = isel_alu(is, NFP_ALU_ADD, address, nfp_imm(i));
		var_write_part(is, at, w, bytes - i < step ? bytes - i : step);
	}
}

/* ---- either ---- */

struct isel_val isel_stack_read(struct isel *is, const struct isel_addr *addr, uint32_t bytes,
				unsigned align)
{
	return is_slot_access(addr) ? slot_read(is, addr, bytes) : var_read(is, addr, bytes, align);
}

void isel_stack_store(struct isel *is, const struct isel_addr *addr, struct isel_val val,
		      uint32_t bytes, unsigned align)
{
	if (is_slot_access(addr))
		slot_write(is, addr, val, bytes);
	else
		var_write(is, addr, val, bytes, align ? align : 1);
}
