/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/lift/lift_int.h"

/* Registers and their views; see lift_int.h. */

LLVMTypeRef lift_view_type(const struct lift *l, enum lift_view view)
{
	switch (view) {
	case VIEW_PKT: return l->pkt_ptr;
	case VIEW_MAP: return l->map_ptr;
	default: return l->i64;
	}
}

LLVMValueRef lift_alloca(struct lift *l, LLVMTypeRef type, const char *name)
{
	return LLVMBuildAlloca(l->entry, type, name);
}

static LLVMValueRef variable(struct lift *l, struct lift_frame *f, unsigned reg,
			     enum lift_view view)
{
	static const char *const suffix[N_VIEWS] = { "", ".pkt", ".map" };
	LLVMValueRef *v = &f->reg[reg][view];

	if (!*v)
		*v = lift_alloca(l, lift_view_type(l, view),
				 arena_printf(l->cx->scratch, "r%u%s", reg, suffix[view]));
	return *v;
}

void lift_init_frame_pointer(struct lift *l)
{
	LLVMBuildStore(l->b, lift_i64(l, LIFT_STACK_BIAS), variable(l, l->f, 10, VIEW_INT));
}

void lift_copy_result(struct lift *l, struct lift_frame *callee)
{
	for (unsigned v = 0; v < N_VIEWS; v++)
		if (callee->reg[0][v])
			LLVMBuildStore(
				l->b,
				LLVMBuildLoad2(l->b, lift_view_type(l, v), callee->reg[0][v], ""),
				variable(l, l->f, 0, v));
}

static bool is_pkt(uint8_t kind)
{
	return kind == VP_PKT || kind == VP_PKT_END;
}

static bool is_map_value(uint8_t kind)
{
	return kind == VP_MAP_VALUE || kind == VP_MAP_VALUE_OR_NULL;
}

static LLVMValueRef load_view(struct lift *l, unsigned reg, enum lift_view view)
{
	return LLVMBuildLoad2(l->b, lift_view_type(l, view), variable(l, l->f, reg, view), "");
}

/* A frame pointer with one known offset is a constant. */
static bool is_const_stack(const struct vp_reg *r)
{
	return r->kind == VP_STACK && r->min_off == r->max_off;
}

LLVMValueRef lift_read64(struct lift *l, unsigned reg)
{
	const struct vp_reg *r = lift_reg(l, reg);

	if (vp_is_const(r))
		return lift_i64(l, r->var.value);
	if (is_const_stack(r))
		return lift_i64(l, (uint64_t)(LIFT_STACK_BIAS + r->min_off));
	if (vp_fits32(r))
		return LLVMBuildZExt(l->b, lift_read32(l, reg), l->i64, "");
	return load_view(l, reg, VIEW_INT);
}

LLVMValueRef lift_read32(struct lift *l, unsigned reg)
{
	const struct vp_reg *r = lift_reg(l, reg);

	if (vp_is_const(r))
		return lift_i32(l, (uint32_t)r->var.value);
	if (is_pkt(r->kind)) /* differences of packet pointers: LLVM sees through ptrtoint */
		return LLVMBuildPtrToInt(l->b, load_view(l, reg, VIEW_PKT), l->i32, "");
	if (is_map_value(r->kind))
		return LLVMBuildTrunc(l->b, lift_address(l, reg), l->i32, "");
	return LLVMBuildTrunc(l->b, load_view(l, reg, VIEW_INT), l->i32, "");
}

LLVMValueRef lift_read_ptr(struct lift *l, unsigned reg)
{
	return load_view(l, reg, is_pkt(lift_reg(l, reg)->kind) ? VIEW_PKT : VIEW_MAP);
}

LLVMValueRef lift_address(struct lift *l, unsigned reg)
{
	uint8_t kind = lift_reg(l, reg)->kind;

	if (is_pkt(kind))
		return LLVMBuildZExt(l->b, lift_read32(l, reg), l->i64, "");
	if (is_map_value(kind))
		return LLVMBuildPtrToInt(l->b, load_view(l, reg, VIEW_MAP), l->i64, "");
	return lift_read64(l, reg);
}

struct lift_val lift_read(struct lift *l, unsigned reg)
{
	uint8_t kind = lift_reg(l, reg)->kind;
	struct lift_val val = { .kind = kind };

	if (is_pkt(kind) || is_map_value(kind))
		return lift_pointer(l, kind, lift_read_ptr(l, reg));
	val.v[VIEW_INT] = lift_read64(l, reg);
	if (kind == VP_CONFLICT || kind == VP_PKT_OR_ADDRESS) {
		val.v[VIEW_PKT] = load_view(l, reg, VIEW_PKT);
		val.v[VIEW_MAP] = load_view(l, reg, VIEW_MAP);
	}
	return val;
}

struct lift_val lift_scalar(LLVMValueRef v64)
{
	return (struct lift_val){ .kind = VP_SCALAR, .v[VIEW_INT] = v64 };
}

struct lift_val lift_pointer(struct lift *l, enum vp_kind kind, LLVMValueRef ptr)
{
	struct lift_val val = { .kind = (uint8_t)kind };

	val.v[is_pkt(val.kind) ? VIEW_PKT : VIEW_MAP] = ptr;
	if (kind == VP_MAP_VALUE_OR_NULL || l->has_addresses)
		val.v[VIEW_INT] = LLVMBuildPtrToInt(l->b, ptr, l->i64, "");
	else
		val.v[VIEW_INT] = lift_i64(l, LIFT_NOT_NULL);
	return val;
}

static bool is_zero(LLVMValueRef v)
{
	return LLVMIsAConstantInt(v) && LLVMIsNull(v);
}

/* The constant 0 may meet a pointer of any kind at a join. */
static void add_null_views(struct lift *l, struct lift_val *val)
{
	if (val->kind != VP_SCALAR || !is_zero(val->v[VIEW_INT]))
		return;
	val->v[VIEW_PKT] = LLVMConstNull(l->pkt_ptr);
	val->v[VIEW_MAP] = LLVMConstNull(l->map_ptr);
}

void lift_write(struct lift *l, unsigned reg, struct lift_val val)
{
	add_null_views(l, &val);
	for (unsigned v = 0; v < N_VIEWS; v++)
		if (val.v[v])
			LLVMBuildStore(l->b, val.v[v], variable(l, l->f, reg, v));
}

void lift_write64(struct lift *l, unsigned reg, LLVMValueRef v)
{
	lift_write(l, reg, lift_scalar(v));
}

void lift_write32(struct lift *l, unsigned reg, LLVMValueRef v)
{
	lift_write64(l, reg, LLVMBuildZExt(l->b, v, l->i64, ""));
}

const struct vp_reg *lift_after(const struct lift *l, unsigned reg)
{
	uint32_t next = l->pc + (ebpf_is_ld_imm64(l->insn) ? 2 : 1);
	const struct vp_fact *fact;

	if (next >= l->f->end)
		return NULL;
	fact = vp_fact_at(l->np->vp, l->f->inst, next);
	return fact->seen ? &fact->regs[reg] : NULL;
}
