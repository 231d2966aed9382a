/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/isel/isel_priv.h"

/* Addresses as root + variables + constant: what makes two accesses comparable, and what a memory
 * command can take without arithmetic (a register and a constant up to 127, or two registers). */

#define CMD_CONST_MAX 127

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

bool isel_decompose(struct isel *is, LLVMValueRef ptr, struct isel_addr *out)
{
	struct isel_addr a = { 0 };
	unsigned space = LLVMGetPointerAddressSpace(LLVMTypeOf(ptr));

	if (space > ISEL_MAP_VALUE) {
		isel_refuse(is, "a memory that is neither packet, stack nor map value");
		return false;
	}
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
		a.version = isel_inst_of(is, ptr)->pv_version;
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

/* ---- in registers ---- */

static bool find_base(struct isel *is, const struct isel_addr *addr, struct nfp_opnd *out)
{
	size_t i;

	for (i = is->bases.len; i-- > 0;) {
		const struct isel_base *b = &is->bases.at[i];

		if (b->addr.off == addr->off && isel_same_base(&b->addr, addr) &&
		    isel_in_scope(is, b->reg.block, b->reg.scope)) {
			*out = nfp_vreg(b->reg.vreg);
			return true;
		}
	}
	return false;
}

static struct nfp_opnd remember_base(struct isel *is, const struct isel_addr *addr,
				     struct nfp_opnd reg)
{
	*vec_push(&is->bases, is->cx->scratch) = (struct isel_base){
		.addr = *addr,
		.reg = { reg.reg, is->ir_block, is->scope },
	};
	return reg;
}

static struct nfp_opnd add_var(struct isel *is, struct nfp_opnd base, LLVMValueRef var)
{
	struct isel_val v = isel_get_sext(is, var);

	return isel_alu(is, NFP_ALU_ADD, base, isel_use(is, v.w[0]));
}

/* Low word of the address in a register (or, for the bare packet pointer, in the packet vector). */
static struct nfp_opnd low_address(struct isel *is, const struct isel_addr *addr)
{
	struct isel_word root;
	struct nfp_opnd o;
	uint32_t i;

	if (addr->space == ISEL_STACK && isel_is_inst(addr->root, LLVMAlloca))
		return isel_stack_address(is, addr);
	if (!addr->n_var && !addr->off)
		return isel_use(is, isel_get_word(is, addr->root, 0));
	if (find_base(is, addr, &o))
		return o;
	root = isel_get_word(is, addr->root, 0);
	o = isel_use(is, root);
	for (i = 0; i < addr->n_var; i++)
		o = add_var(is, o, addr->var[i]);
	if (addr->off) {
		struct isel_val sum = isel_add(is, isel_val1(isel_w_reg(o, 32)),
					       isel_val1(isel_w_imm((uint32_t)addr->off)), 32);

		o = sum.w[0].o;
	}
	return o.kind == NFP_O_VREG ? remember_base(is, addr, o) : o;
}

/* Accesses of the function with the same base: one that is used once need not be summed up. */
static bool used_once(struct isel *is, const struct isel_addr *addr)
{
	unsigned n = 0;
	uint32_t i;

	for (i = 0; i < is->n_insts && n < 2; i++) {
		const struct isel_inst *in = &is->insts[i];
		struct isel_addr other;

		if (in->op != LLVMLoad && in->op != LLVMStore)
			continue;
		if (in->group && in->group->leader != i)
			continue;
		if (isel_decompose(is, LLVMGetOperand(in->v, in->op == LLVMStore), &other) &&
		    isel_same_base(&other, addr))
			n++;
	}
	return n < 2;
}

static struct isel_cmd_addr packet_address(struct isel *is, const struct isel_addr *addr)
{
	struct isel_cmd_addr c = { .mode = NFP_ADDR_32 };
	struct isel_addr base = *addr;
	struct nfp_opnd known;

	base.off = 0;
	if (addr->n_var == 1 && !addr->off && !find_base(is, addr, &known) && used_once(is, addr)) {
		struct isel_val v = isel_get_sext(is, addr->var[0]);

		c.a = isel_use(is, isel_get_word(is, addr->root, 0));
		c.b = isel_use_reg(is, v.w[0]);
		return c;
	}
	c.a = low_address(is, &base);
	if (addr->off >= 0 && addr->off <= CMD_CONST_MAX)
		c.b = nfp_imm((uint32_t)addr->off);
	else
		c.b = isel_const(is, (uint32_t)addr->off);
	if (c.a.kind == NFP_O_XIN || c.a.kind == NFP_O_IMM)
		c.a = isel_copy(is, c.a);
	return c;
}

struct isel_cmd_addr isel_cmd_address(struct isel *is, const struct isel_addr *addr)
{
	struct isel_cmd_addr c = { .mode = NFP_ADDR_40 };

	if (addr->space == ISEL_PACKET)
		return packet_address(is, addr);
	c.a = isel_use_reg(is, isel_w_reg(low_address(is, addr), 32));
	c.b = isel_use_reg(is, isel_get_word(is, addr->root, 1));
	return c;
}

/* ---- getelementptr, or a frame's address, as a value ---- */

/* One that does not decompose: base + sum of index * scale, on the low word. */
static struct isel_word general_gep(struct isel *is, LLVMValueRef gep)
{
	LLVMTypeRef t = LLVMGetGEPSourceElementType(gep);
	unsigned i, n = (unsigned)LLVMGetNumOperands(gep);
	struct isel_val sum = isel_val1(isel_get_word(is, LLVMGetOperand(gep, 0), 0));

	for (i = 1; i < n; i++) {
		struct isel_val idx = isel_get_sext(is, LLVMGetOperand(gep, i));
		uint64_t scale;

		if (i > 1 && LLVMGetTypeKind(t) == LLVMArrayTypeKind)
			t = LLVMGetElementType(t);
		else if (i > 1)
			t = NULL;
		scale = t ? isel_type_bytes(t) : 0;
		if (!scale) {
			isel_refuse(is, "getelementptr into a structure");
			return isel_w_imm(0);
		}
		idx = isel_mul(is, isel_val1(idx.w[0]), isel_val1(isel_w_imm((uint32_t)scale)), 1);
		sum = isel_add(is, sum, idx, 32);
	}
	return sum.w[0];
}

void isel_select_gep(struct isel *is, LLVMValueRef v)
{
	struct isel_addr addr;
	struct isel_val val = { .n = 1 };

	if (!isel_decompose(is, v, &addr))
		return;
	if (addr.root == v && isel_is_inst(v, LLVMGetElementPtr))
		val.w[0] = general_gep(is, v);
	else
		val.w[0] = isel_w_reg(low_address(is, &addr), 32);
	if (addr.space == ISEL_MAP_VALUE) {
		val.w[1] = isel_get_word(is, addr.root == v ? LLVMGetOperand(v, 0) : addr.root, 1);
		val.n = 2;
	}
	isel_set(is, v, val);
}
