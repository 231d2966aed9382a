/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/isel/isel_lower.h"

/* Addresses as operands: a memory command takes a register and a constant up to 127, or two registers,
 * without arithmetic. */

#define CMD_CONST_MAX 127

bool isel_address(struct isel *is, LLVMValueRef ptr, struct isel_addr *out)
{
	if (isel_decompose(&is->ir, ptr, out))
		return true;
	isel_refuse(is, "a memory that is neither packet, stack nor map value");
	return false;
}

/* ---- in registers ---- */

static bool find_base(struct isel *is, const struct isel_addr *addr, struct nfp_opnd *out)
{
	size_t i;

	for (i = is->cache.bases.len; i-- > 0;) {
		const struct isel_base *b = &is->cache.bases.at[i];

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
	*vec_push(&is->cache.bases, is->cx->scratch) = (struct isel_base){
		.addr = *addr,
		.reg = { reg.reg, is->here.ir_block, is->here.scope },
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

	for (i = 0; i < is->ir.n_insts && n < 2; i++) {
		const struct isel_inst *in = &is->ir.insts[i];
		struct isel_addr other;

		if (in->op != LLVMLoad && in->op != LLVMStore)
			continue;
		if (in->group && in->group->leader != i)
			continue;
		if (isel_decompose(&is->ir, LLVMGetOperand(in->v, in->op == LLVMStore), &other) &&
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

	if (!isel_address(is, v, &addr))
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
