/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/isel/isel_lower.h"

/* llvm.{s,u}{add,sub,mul}.with.overflow: result and overflow flag are made where they are extracted.
 * The flag: the exact result, in enough words, is not what its low bits extend to. */

struct overflow_op {
	char sign, op; /* 's' or 'u'; 'a', 's' or 'm' */
	LLVMValueRef a, b;
	unsigned width;
	bool flag; /* the part extracted */
};

static bool parse(struct isel *is, LLVMValueRef v, struct overflow_op *o)
{
	LLVMValueRef call = LLVMGetOperand(v, 0);
	const char *name;

	if (!isel_is_inst(call, LLVMCall) || LLVMGetNumIndices(v) != 1)
		goto no;
	name = isel_callee(call); /* llvm.uadd.with… */
	if (strncmp(name, "llvm.", 5) || !strstr(name, ".with.overflow."))
		goto no;
	*o = (struct overflow_op){
		.sign = name[5],
		.op = name[6],
		.a = LLVMGetOperand(call, 0),
		.b = LLVMGetOperand(call, 1),
		.flag = *LLVMGetIndices(v) == 1,
	};
	o->width = isel_width(o->a);
	if (o->width && o->width <= 64)
		return true;
no:
	isel_refuse(is, "extractvalue of anything but an overflow check of up to 64 bits");
	return false;
}

static struct isel_val apply(struct isel *is, const struct overflow_op *o, struct isel_val a,
			     struct isel_val b)
{
	if (o->op == 'a')
		return isel_add(is, a, b, 32u * a.n);
	if (o->op == 's')
		return isel_sub(is, a, b, 32u * a.n);
	return isel_mul(is, a, b, a.n);
}

void isel_select_extract(struct isel *is, LLVMValueRef v)
{
	struct overflow_op o;

	if (!parse(is, v, &o))
		return;
	if (o.flag)
		isel_set(is, v, isel_val1(isel_bool(is, v)));
	else
		isel_set(is, v, apply(is, &o, isel_get(is, o.a), isel_get(is, o.b)));
}

static struct isel_val extend(struct isel *is, LLVMValueRef v, bool is_signed, unsigned words)
{
	struct isel_val val = is_signed ? isel_get_sext(is, v) : isel_get_zext(is, v);

	if (is_signed)
		return isel_sext(is, val, 32u * val.n, 32 * words);
	while (val.n < words)
		val.w[val.n++] = isel_w_imm(0);
	return val;
}

void isel_jump_overflow(struct isel *is, LLVMValueRef extract, bool sense, uint32_t target)
{
	struct overflow_op o;
	struct isel_val exact, again;
	unsigned words, i;

	if (!parse(is, extract, &o))
		return;
	words = (o.width + 31) / 32 * 2;
	if (o.sign == 'u' && o.op == 's') {
		isel_jump_cmp(is, sense ? LLVMIntULT : LLVMIntUGE, isel_get_zext(is, o.a),
			      isel_get_zext(is, o.b), target);
		return;
	}
	exact = apply(is, &o, extend(is, o.a, o.sign == 's', words),
		      extend(is, o.b, o.sign == 's', words));
	again = exact;
	if (o.sign == 's') {
		again.n = (uint8_t)((o.width + 31) / 32);
		again = isel_sext(is, again, o.width, 32 * words);
	} else {
		for (i = 0; i < words; i++)
			again.w[i] = isel_zext_word(is, &again, o.width, i);
	}
	isel_jump_cmp(is, sense ? LLVMIntNE : LLVMIntEQ, exact, again, target);
}
