/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/lift/lift_int.h"

/* Loads and stores through a register: stack, packet or map value by the verifier's kind.
 *
 * Stack accesses at a known offset go straight to the frame's alloca, whatever the register holds,
 * so that SROA dissolves the frame. Words of map values that the atomic engine adds to are
 * big-endian in memory (nfp.md 4.12): they are swapped here, word by word. */

struct place {
	enum lift_space space;
	LLVMValueRef ptr;
	struct lift_frame *frame; /* stack */
	int64_t off; /* stack, map value: from the frame's lowest byte / the value's start */
	bool off_known;
	const struct fe_map *map; /* map value; NULL: one of several */
};

static LLVMTypeRef int_type(struct lift *l, unsigned size)
{
	return LLVMIntTypeInContext(l->llvm, size * 8);
}

/* The activation that a frame pointer points into; NULL: unknown. */
static struct lift_frame *frame_of(const struct lift *l, const struct vp_reg *r)
{
	if (r->object < 0)
		return NULL;
	if ((uint32_t)r->object == l->f->vi->depth)
		return l->f;
	return (uint32_t)r->object < l->f->level ? l->chain[r->object] : NULL;
}

static bool stack_place(struct lift *l, unsigned reg, int32_t off, unsigned size, struct place *p)
{
	const struct vp_reg *r = lift_reg(l, reg);
	LLVMValueRef idx;

	p->frame = frame_of(l, r);
	if (!p->frame || !p->frame->stack)
		return lift_refuse(l, REASON_NFP_STACK_POINTER, reg);
	p->off_known = r->min_off == r->max_off;
	p->off = (int64_t)p->frame->stack_bytes + r->min_off + off;
	if (p->off < 0 || p->off + size > p->frame->stack_bytes)
		return lift_refuse(l, REASON_NFP_STACK_POINTER, reg);
	if (p->off_known)
		idx = lift_i32(l, (uint32_t)p->off);
	else
		idx = LLVMBuildAdd(
			l->b, lift_read32(l, reg),
			lift_i32(l, p->frame->stack_bytes + (uint32_t)off - LIFT_STACK_BIAS), "");
	p->ptr = LLVMBuildInBoundsGEP2(l->b, l->i8, p->frame->stack, &idx, 1, "");
	return true;
}

static bool map_place(struct lift *l, unsigned reg, int32_t off, struct place *p)
{
	const struct vp_reg *r = lift_reg(l, reg);
	LLVMValueRef idx = lift_i64(l, (uint64_t)(int64_t)off);

	p->map = nfp_map_of(l->np, r);
	p->off_known = r->min_off == r->max_off;
	p->off = r->min_off + off;
	p->ptr = LLVMBuildInBoundsGEP2(l->b, l->i8, lift_read_ptr(l, reg), &idx, 1, "");
	return true;
}

static bool find_place(struct lift *l, unsigned reg, int32_t off, unsigned size, struct place *p)
{
	LLVMValueRef idx = lift_i32(l, (uint32_t)off);

	*p = (struct place){ 0 };
	switch (lift_reg(l, reg)->kind) {
	case VP_STACK: p->space = SPACE_STACK; return stack_place(l, reg, off, size, p);
	case VP_MAP_VALUE: p->space = SPACE_MAP; return map_place(l, reg, off, p);
	case VP_PKT:
		p->space = SPACE_PKT;
		p->ptr = LLVMBuildInBoundsGEP2(l->b, l->i8, lift_read_ptr(l, reg), &idx, 1, "");
		return true;
	case VP_CONFLICT: return lift_refuse(l, REASON_NFP_POINTER_CONFLICT, reg);
	default: return lift_refuse(l, REASON_NFP_POINTER_KIND, reg);
	}
}

static LLVMValueRef raw_load(struct lift *l, const struct place *p, LLVMTypeRef t)
{
	LLVMValueRef v = LLVMBuildLoad2(l->b, t, p->ptr, "");

	LLVMSetAlignment(v, 1);
	lift_mark_space(l, v, p->space);
	return v;
}

static void raw_store(struct lift *l, const struct place *p, LLVMValueRef v)
{
	LLVMValueRef st = LLVMBuildStore(l->b, v, p->ptr);

	LLVMSetAlignment(st, 1);
	lift_mark_space(l, st, p->space);
}

/* ---- counters in map values --------------------------------------------------------------------- */

/* False: refused. */
static bool swap_of(struct lift *l, const struct place *p, unsigned reg, int32_t off, unsigned size,
		    bool *swap)
{
	enum nfp_swap s = NFP_SWAP_NO;

	if (p->space == SPACE_MAP)
		s = nfp_map_swap(l->np, lift_reg(l, reg), off, size);
	*swap = s == NFP_SWAP_YES;
	return s != NFP_SWAP_IMPOSSIBLE ||
	       lift_refuse(l, REASON_NFP_COUNTER_PART, nfp_map_name_of(l->np, lift_reg(l, reg)));
}

/* Each 32-bit word of an i64 swapped on its own; the low word stays first in memory. */
static LLVMValueRef swap_words(struct lift *l, LLVMValueRef v)
{
	LLVMValueRef lo, hi;

	if (LLVMTypeOf(v) == l->i32)
		return lift_bswap(l, v);
	lo = lift_bswap(l, LLVMBuildTrunc(l->b, v, l->i32, ""));
	hi = LLVMBuildLShr(l->b, v, lift_i64(l, 32), "");
	hi = lift_bswap(l, LLVMBuildTrunc(l->b, hi, l->i32, ""));
	lo = LLVMBuildZExt(l->b, lo, l->i64, "");
	hi = LLVMBuildShl(l->b, LLVMBuildZExt(l->b, hi, l->i64, ""), lift_i64(l, 32), "");
	return LLVMBuildOr(l->b, lo, hi, "");
}

/* ---- constant data -------------------------------------------------------------------------------- */

static LLVMValueRef folded_load(struct lift *l, const struct place *p, unsigned size)
{
	uint64_t v = 0;

	if (!p->map || !p->off_known || !nfp_map_folds(p->map, p->off, size))
		return NULL;
	for (unsigned i = size; i-- > 0;)
		v = v << 8 | p->map->init[p->off + i];
	return LLVMConstInt(int_type(l, size), v, 0);
}

/* ---- loads and stores of scalars -------------------------------------------------------------------- */

LLVMValueRef lift_mem_load(struct lift *l, unsigned reg, int32_t off, unsigned size)
{
	struct place p;
	LLVMValueRef v;
	bool swap;

	if (!find_place(l, reg, off, size, &p))
		return NULL;
	v = folded_load(l, &p, size);
	if (v)
		return v;
	if (!swap_of(l, &p, reg, off, size, &swap))
		return NULL;
	v = raw_load(l, &p, int_type(l, size));
	return swap ? swap_words(l, v) : v;
}

bool lift_mem_store(struct lift *l, unsigned reg, int32_t off, unsigned size, LLVMValueRef v)
{
	struct place p;
	bool swap;

	if (!find_place(l, reg, off, size, &p) || !swap_of(l, &p, reg, off, size, &swap))
		return false;
	raw_store(l, &p, swap ? swap_words(l, v) : v);
	return true;
}

bool lift_mem_add(struct lift *l, unsigned reg, int32_t off, unsigned size, LLVMValueRef v)
{
	struct place p;
	LLVMValueRef rmw;

	if (!find_place(l, reg, off, size, &p))
		return false;
	rmw = LLVMBuildAtomicRMW(l->b, LLVMAtomicRMWBinOpAdd, p.ptr, v, LLVMAtomicOrderingMonotonic,
				 0);
	lift_mark_space(l, rmw, SPACE_MAP);
	return true;
}

/* The 1 to 3 bytes after the last whole word, as a zero-padded word. */
static LLVMValueRef tail_word(struct lift *l, unsigned reg, uint32_t off, unsigned bytes)
{
	LLVMValueRef word = lift_i32(l, 0);

	for (unsigned i = 0; i < bytes;) {
		unsigned size = bytes - i >= 2 ? 2 : 1;
		LLVMValueRef v = lift_mem_load(l, reg, (int32_t)(off + i), size);

		if (!v)
			return NULL;
		v = LLVMBuildZExt(l->b, v, l->i32, "");
		v = LLVMBuildShl(l->b, v, lift_i32(l, 8 * i), "");
		word = LLVMBuildOr(l->b, word, v, "");
		i += size;
	}
	return word;
}

bool lift_mem_words(struct lift *l, unsigned reg, uint32_t bytes, LLVMValueRef *words)
{
	uint32_t n = 0;

	for (; n < bytes / 4; n++) {
		words[n] = lift_mem_load(l, reg, (int32_t)(n * 4), 4);
		if (!words[n])
			return false;
	}
	if (bytes % 4)
		words[n] = tail_word(l, reg, n * 4, bytes % 4);
	return !(bytes % 4) || words[n];
}

/* ---- pointers spilled to the stack ------------------------------------------------------------------ */

static LLVMValueRef spill_view(struct lift *l, const struct place *p, enum lift_view view)
{
	LLVMValueRef *v = &p->frame->spill[p->off / 8][view];

	if (!*v)
		*v = lift_alloca(l, lift_view_type(l, view), "spill");
	return *v;
}

static bool is_slot(const struct place *p)
{
	return p->space == SPACE_STACK && p->off_known && p->off % 8 == 0;
}

/* An 8-byte store to the stack: the bytes, and the pointer views of a possible pointer. */
static bool spill(struct lift *l, struct lift_val val)
{
	struct place p;

	if (!find_place(l, l->insn->dst_reg, l->insn->off, 8, &p))
		return false;
	if (val.kind == VP_SCALAR && LLVMIsAConstantInt(val.v[VIEW_INT]) &&
	    LLVMIsNull(val.v[VIEW_INT])) {
		val.v[VIEW_PKT] = LLVMConstNull(l->pkt_ptr);
		val.v[VIEW_MAP] = LLVMConstNull(l->map_ptr);
	}
	raw_store(l, &p, val.v[VIEW_INT]);
	for (unsigned v = VIEW_PKT; is_slot(&p) && v < N_VIEWS; v++)
		if (val.v[v])
			LLVMBuildStore(l->b, val.v[v], spill_view(l, &p, v));
	return true;
}

/* The verifier's kind after the load tells whether the slot held a pointer. */
static bool fill(struct lift *l)
{
	const struct vp_reg *after = lift_after(l, l->insn->dst_reg);
	struct lift_val val = { .kind = after ? after->kind : VP_SCALAR };
	struct place p;

	if (!find_place(l, l->insn->src_reg, l->insn->off, 8, &p))
		return false;
	val.v[VIEW_INT] = raw_load(l, &p, l->i64);
	for (unsigned v = VIEW_PKT; is_slot(&p) && v < N_VIEWS; v++)
		if (!vp_is_number(&(struct vp_reg){ .kind = val.kind }))
			val.v[v] = LLVMBuildLoad2(l->b, lift_view_type(l, v), spill_view(l, &p, v),
						  "");
	lift_write(l, l->insn->dst_reg, val);
	return true;
}

/* ---- instructions ------------------------------------------------------------------------------------ */

bool lift_load(struct lift *l)
{
	unsigned size = ebpf_size_bytes(l->insn), src = l->insn->src_reg;
	bool sext = ebpf_mode(l->insn) == EBPF_MEMSX;
	LLVMValueRef v;

	if (ebpf_mode(l->insn) != BPF_MEM && !sext)
		return lift_refuse(l, REASON_NFP_OPCODE, l->insn->code);
	if (lift_reg(l, src)->kind == VP_CTX)
		return lift_ctx_load(l);
	if (size == 8 && lift_reg(l, src)->kind == VP_STACK)
		return fill(l);
	v = lift_mem_load(l, src, l->insn->off, size);
	if (!v)
		return false;
	if (size < 8)
		v = sext ? LLVMBuildSExt(l->b, v, l->i64, "") : LLVMBuildZExt(l->b, v, l->i64, "");
	lift_write64(l, l->insn->dst_reg, v);
	return true;
}

bool lift_store(struct lift *l)
{
	unsigned size = ebpf_size_bytes(l->insn), dst = l->insn->dst_reg, src = l->insn->src_reg;
	bool imm = ebpf_class(l->insn) == BPF_ST;
	struct lift_val val;

	if (lift_reg(l, dst)->kind == VP_CTX)
		return lift_ctx_store(l);
	val = imm ? lift_scalar(lift_i64(l, (uint64_t)(int64_t)l->insn->imm)) : lift_read(l, src);
	if (size == 8 && lift_reg(l, dst)->kind == VP_STACK)
		return spill(l, val);
	if (val.kind != VP_SCALAR && val.kind != VP_ADDRESS)
		return lift_refuse(l, REASON_NFP_POINTER_LEAK, src);
	return lift_mem_store(
		l, dst, l->insn->off, size,
		LLVMBuildTruncOrBitCast(l->b, val.v[VIEW_INT], int_type(l, size), ""));
}
