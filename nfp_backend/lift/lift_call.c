/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/lift/lift_int.h"

#include "nfp_backend/legal/legal.h"

/* Helper calls as calls of nfp.*: keys, values and records are passed by value, word by word, so
 * that no address of the stack escapes. */

#define MAX_ARG_WORDS (NFP_MAX_ARG_BYTES / 4)

struct args {
	LLVMValueRef v[8 + 2 * MAX_ARG_WORDS];
	unsigned n;
};

static void add(struct args *a, LLVMValueRef v)
{
	a->v[a->n++] = v;
}

static const struct fe_map *map_arg(const struct lift *l, unsigned reg, int32_t *image_idx)
{
	const struct vp_reg *r = lift_reg(l, reg);

	if (r->kind != VP_MAP_PTR || r->object < 0 || (size_t)r->object >= l->np->vp->obj->n_maps)
		return NULL;
	*image_idx = l->np->maps[r->object].image_idx;
	return *image_idx < 0 ? NULL : &l->np->vp->obj->maps[r->object];
}

static bool add_words(struct lift *l, struct args *a, unsigned reg, uint32_t bytes)
{
	if (bytes > NFP_MAX_ARG_BYTES)
		return lift_refuse(l, REASON_NFP_ARG_SIZE, bytes, NFP_MAX_ARG_BYTES);
	if (!lift_mem_words(l, reg, bytes, &a->v[a->n]))
		return false;
	a->n += (bytes + 3) / 4;
	return true;
}

/* Flags above 32 bits are as invalid as any other unknown flag. */
static LLVMValueRef low_flags(struct lift *l, unsigned reg)
{
	LLVMValueRef v, small;

	if (vp_fits32(lift_reg(l, reg)))
		return lift_read32(l, reg);
	v = lift_read64(l, reg);
	small = LLVMBuildICmp(l->b, LLVMIntULE, v, lift_i64(l, UINT32_MAX), "");
	return LLVMBuildSelect(l->b, small, LLVMBuildTrunc(l->b, v, l->i32, ""),
			       lift_i32(l, UINT32_MAX), "");
}

/* R0 of a helper that returns an int. */
static void write_result(struct lift *l, LLVMValueRef r0)
{
	lift_write64(l, 0, LLVMBuildSExt(l->b, r0, l->i64, ""));
}

static bool map_lookup(struct lift *l)
{
	struct args a = { .n = 0 };
	int32_t idx;
	const struct fe_map *map = map_arg(l, 1, &idx);

	if (!map)
		return lift_refuse(l, REASON_NFP_MAP_ARG, 1u);
	add(&a, lift_i32(l, (uint32_t)idx));
	add(&a, lift_i32(l, (map->key_size + 3) / 4));
	if (!add_words(l, &a, 2, map->key_size))
		return false;
	lift_write(l, 0,
		   lift_pointer(l, VP_MAP_VALUE_OR_NULL, lift_call(l, LIFT_MAP_LOOKUP, a.v, a.n)));
	return true;
}

/* Counters go to memory as big-endian words, so values from the program are swapped (4.12). */
static void swap_counters(struct lift *l, const struct nfp_prog_map *pm, LLVMValueRef *words)
{
	for (uint32_t w = 0; w < pm->words; w++)
		if (pm->word_use[w] == NFP_WORD_ATOMIC)
			words[w] = lift_bswap(l, words[w]);
}

static bool map_update(struct lift *l)
{
	struct args a = { .n = 0 };
	int32_t idx;
	const struct fe_map *map = map_arg(l, 1, &idx);
	unsigned value;

	if (!map)
		return lift_refuse(l, REASON_NFP_MAP_ARG, 1u);
	add(&a, lift_i32(l, (uint32_t)idx));
	add(&a, low_flags(l, 4));
	add(&a, lift_i32(l, (map->key_size + 3) / 4));
	if (!add_words(l, &a, 2, map->key_size))
		return false;
	value = a.n;
	if (!add_words(l, &a, 3, map->value_size))
		return false;
	swap_counters(l, &l->np->maps[lift_reg(l, 1)->object], &a.v[value]);
	write_result(l, lift_call(l, LIFT_MAP_UPDATE, a.v, a.n));
	return true;
}

static bool map_delete(struct lift *l)
{
	struct args a = { .n = 0 };
	int32_t idx;
	const struct fe_map *map = map_arg(l, 1, &idx);

	if (!map)
		return lift_refuse(l, REASON_NFP_MAP_ARG, 1u);
	add(&a, lift_i32(l, (uint32_t)idx));
	add(&a, lift_i32(l, (map->key_size + 3) / 4));
	if (!add_words(l, &a, 2, map->key_size))
		return false;
	write_result(l, lift_call(l, LIFT_MAP_DELETE, a.v, a.n));
	return true;
}

static bool prandom(struct lift *l)
{
	lift_write32(l, 0, lift_call(l, LIFT_PRANDOM, NULL, 0));
	return true;
}

/* The short form needs no checks: one call in the whole program, by a constant that the firmware
 * guarantees room for (nfp.md 4.13). */
static bool head_room_is_sure(const struct lift *l)
{
	const struct vp_reg *delta = lift_reg(l, 2);
	int32_t d = (int32_t)delta->var.value;

	return vp_is_const(delta) && l->n_adjust_head == 1 && !l->has_loop && d <= 46 &&
	       d >= -(int64_t)l->np->fw->adjust_head.guaranteed_sub &&
	       d <= (int64_t)l->np->fw->adjust_head.guaranteed_add;
}

static bool adjust_head(struct lift *l)
{
	LLVMValueRef delta = lift_read32(l, 2);

	if (head_room_is_sure(l)) {
		lift_call(l, LIFT_ADJUST_HEAD_CONST, &delta, 1);
		lift_write64(l, 0, lift_i64(l, 0));
	} else {
		write_result(l, lift_call(l, LIFT_ADJUST_HEAD, &delta, 1));
	}
	lift_reload_packet(l);
	return true;
}

static bool adjust_tail(struct lift *l)
{
	LLVMValueRef delta = lift_read32(l, 2);

	write_result(l, lift_call(l, LIFT_ADJUST_TAIL, &delta, 1));
	lift_reload_packet(l);
	return true;
}

/* ---- perf_event_output ---------------------------------------------------------------------------- */

/* Pointer types as the firmware knows them (nfp.md 4.11). */
enum perf_ptr { PERF_NONE = 1, PERF_MAP_VALUE = 4, PERF_STACK = 6, PERF_PACKET = 8 };

static enum perf_ptr perf_type(const struct vp_reg *r)
{
	switch (r->kind) {
	case VP_MAP_VALUE: return PERF_MAP_VALUE;
	case VP_STACK: return PERF_STACK;
	case VP_PKT: return PERF_PACKET;
	default: return PERF_NONE;
	}
}

static void add_pair(struct lift *l, struct args *a, LLVMValueRef v64)
{
	LLVMValueRef hi = LLVMBuildLShr(l->b, v64, lift_i64(l, 32), "");

	add(a, LLVMBuildTrunc(l->b, v64, l->i32, ""));
	add(a, LLVMBuildTrunc(l->b, hi, l->i32, ""));
}

static bool add_record(struct lift *l, struct args *a, enum perf_ptr type)
{
	const struct vp_reg *size = lift_reg(l, 5);

	if (type == PERF_STACK && !vp_is_const(size))
		return lift_refuse(l, REASON_NFP_PERF_SIZE);
	if (type == PERF_STACK)
		return size->umax <= UINT32_MAX && add_words(l, a, 4, (uint32_t)size->umax);
	if (type != PERF_NONE)
		add_pair(l, a, lift_address(l, 4));
	return true;
}

static bool perf_event(struct lift *l)
{
	struct args a = { .n = 0 };
	enum perf_ptr type = perf_type(lift_reg(l, 4));
	int32_t idx;

	if (!map_arg(l, 2, &idx))
		return lift_refuse(l, REASON_NFP_MAP_ARG, 2u);
	add(&a, lift_i32(l, (uint32_t)idx));
	add_pair(l, &a, lift_read64(l, 3));
	add(&a, lift_i32(l, type));
	add(&a, lift_read32(l, 5));
	if (!add_record(l, &a, type))
		return false;
	write_result(l, lift_call(l, LIFT_PERF_EVENT, a.v, a.n));
	return true;
}

bool lift_helper(struct lift *l)
{
	if (l->insn->src_reg != EBPF_CALL_HELPER)
		return lift_refuse(l, REASON_NFP_KFUNC,
				   fe_extern_name(l->np->vp->obj, l->insn->imm));
	switch (l->insn->imm) {
	case NFP_HELPER_MAP_LOOKUP: return map_lookup(l);
	case NFP_HELPER_MAP_UPDATE: return map_update(l);
	case NFP_HELPER_MAP_DELETE: return map_delete(l);
	case NFP_HELPER_PRANDOM: return prandom(l);
	case NFP_HELPER_PERF_EVENT: return perf_event(l);
	case NFP_HELPER_ADJUST_HEAD: return adjust_head(l);
	case NFP_HELPER_ADJUST_TAIL: return adjust_tail(l);
	default:
		return lift_refuse(l, REASON_NFP_HELPER, ebpf_helper_name((uint32_t)l->insn->imm),
				   (uint32_t)l->insn->imm);
	}
}
