/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/isel/isel_query.h"

/* Addresses as root + variables + constant: what makes two accesses comparable. */

/* Adds index * scale. False: not expressible. */
static bool add_index(struct isel_addr *addr, LLVMValueRef idx, uint64_t scale)
{
	LLVMValueRef rhs;

	if (LLVMIsAConstantInt(idx) && isel_width(idx) <= 64) {
		addr->off += (int64_t)((uint64_t)LLVMConstIntGetSExtValue(idx) * scale);
		return true;
	}
	if (scale != 1 || addr->n_var == ISEL_MAX_VARS || isel_width(idx) > 64)
		return false;
	/* the sum is modulo 2^32, so that a constant may be split off an index of that width or more */
	if (isel_is_inst(idx, LLVMAdd) && isel_width(idx) >= 32) {
		rhs = LLVMGetOperand(idx, 1);
		if (LLVMIsAConstantInt(rhs)) {
			addr->off += (int64_t)LLVMConstIntGetSExtValue(rhs);
			idx = LLVMGetOperand(idx, 0);
		}
	}
	addr->var[addr->n_var++] = idx;
	return true;
}

/* Calls add_index() for each index of a getelementptr. */
static bool add_gep(struct isel_addr *addr, LLVMValueRef gep)
{
	LLVMTypeRef t = LLVMGetGEPSourceElementType(gep);
	unsigned i, n = (unsigned)LLVMGetNumOperands(gep);

	for (i = 1; i < n; i++) {
		uint64_t scale;

		if (i > 1) {
			if (LLVMGetTypeKind(t) != LLVMArrayTypeKind)
				return false;
			t = LLVMGetElementType(t);
		}
		scale = isel_type_bytes(t);
		if (!scale || !add_index(addr, LLVMGetOperand(gep, i), scale))
			return false;
	}
	return true;
}

bool isel_decompose(const struct isel_ir *ir, LLVMValueRef ptr, struct isel_addr *out)
{
	struct isel_addr a = { 0 };
	unsigned space = LLVMGetPointerAddressSpace(LLVMTypeOf(ptr));

	if (space > ISEL_MAP_VALUE)
		return false;
	a.space = (enum isel_space)space;
	while (isel_is_inst(ptr, LLVMGetElementPtr)) {
		struct isel_addr before = a;

		if (!add_gep(&a, ptr)) {
			a = before;
			break;
		}
		ptr = LLVMGetOperand(ptr, 0);
	}
	a.off = (int32_t)a.off;
	a.root = ptr;
	if (isel_calls(ptr, "nfp.pkt.data")) {
		a.pkt_root = true;
		a.version = isel_inst_of(ir, ptr)->pv_version;
	}
	*out = a;
	return true;
}

bool isel_same_base(const struct isel_addr *a, const struct isel_addr *b)
{
	uint32_t i;

	if (a->space != b->space || a->n_var != b->n_var || a->pkt_root != b->pkt_root)
		return false;
	if (a->pkt_root ? a->version != b->version : a->root != b->root)
		return false;
	for (i = 0; i < a->n_var; i++)
		if (a->var[i] != b->var[i])
			return false;
	return true;
}

bool isel_may_overlap(const struct isel_addr *a, uint32_t a_bytes, const struct isel_addr *b,
		      uint32_t b_bytes)
{
	if (a->space != b->space)
		return false;
	if (!isel_same_base(a, b))
		return true;
	return a->off < b->off + b_bytes && b->off < a->off + a_bytes;
}
