/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/isel/isel_lower.h"

#include <assert.h>

/* Values of the IR as words. */

struct isel_val isel_val1(struct isel_word w)
{
	return (struct isel_val){ .n = 1, .w = { w } };
}

bool isel_is_imm(const struct isel_val *v)
{
	unsigned i;

	for (i = 0; i < v->n; i++)
		if (!isel_w_is_imm(&v->w[i]))
			return false;
	return true;
}

static unsigned words_of(unsigned width)
{
	return (width + 31) / 32;
}

static struct isel_val zero(unsigned width)
{
	struct isel_val v = { .n = (uint8_t)words_of(width) };
	unsigned i;

	for (i = 0; i < v.n && i < ISEL_MAX_WORDS; i++)
		v.w[i] = isel_w_imm(0);
	return v;
}

static struct isel_val get_const(struct isel *is, LLVMValueRef v)
{
	unsigned width = isel_width(v), i;
	uint32_t w[ISEL_MAX_WORDS];
	struct isel_val val;

	if (!isel_const_words(v, w)) {
		isel_refuse(is, "a constant that is not an integer");
		return zero(width && width <= ISEL_MAX_WIDTH ? width : 32);
	}
	val = zero(width);
	for (i = 0; i < val.n; i++)
		val.w[i] = isel_w_imm(w[i]);
	return val;
}

static struct isel_made *made_of(struct isel *is, const struct isel_inst *in)
{
	assert(in >= is->ir.insts && in < is->ir.insts + is->ir.n_insts);
	return &is->cache.made[in - is->ir.insts];
}

/* A deferred value is made here, where it is asked for, by the lowering function of its kind, which asks for
 * its operands in turn: the one recursion of instruction selection, isel_get() -> isel_select_inst() ->
 * isel_select_*() -> isel_get(). isel_defer.c bounds its depth. */
struct isel_val isel_get(struct isel *is, LLVMValueRef v)
{
	const struct isel_inst *in = isel_inst_of(&is->ir, v);
	struct isel_made *made;

	if (!in)
		return get_const(is, v);
	if (!in->width) {
		isel_refuse(is, "a value that is neither integer nor pointer, or over 128 bits");
		return zero(32);
	}
	made = made_of(is, in);
	if (!made->have || !isel_in_scope(is, made->block, made->scope)) {
		if (in->deferred)
			isel_select_inst(is, v);
		else
			isel_refuse(is, "a value used before its definition");
	}
	return is->failed ? zero(in->width) : made->val;
}

struct isel_word isel_get_word(struct isel *is, LLVMValueRef v, unsigned word)
{
	struct isel_val val = isel_get(is, v);

	assert(word < ISEL_MAX_WORDS);
	return word < val.n ? val.w[word] : isel_w_imm(0);
}

/* Words that the analysis proves 0 are; the proof also bounds the bits of whole words. */
void isel_set(struct isel *is, LLVMValueRef v, struct isel_val val)
{
	struct isel_inst *in = isel_inst_of(&is->ir, v);
	unsigned i, n = words_of(in->width);

	assert(val.n <= ISEL_MAX_WORDS && n <= ISEL_MAX_WORDS);
	for (i = 0; i < n; i++) {
		unsigned known = in->ubits > 32 * i ? in->ubits - 32 * i : 0;

		if (i >= val.n || !known)
			val.w[i] = isel_w_imm(0);
		else if (in->width >= 32 * (i + 1) && isel_w_plain(&val.w[i]) &&
			 known < val.w[i].bits)
			val.w[i].bits = (uint8_t)known;
	}
	val.n = (uint8_t)n;
	*made_of(is, in) = (struct isel_made){
		.have = true,
		.block = is->here.ir_block,
		.scope = is->here.scope,
		.val = val,
	};
}

struct isel_word isel_zext_word(struct isel *is, struct isel_val *v, unsigned width, unsigned word)
{
	(void)is;
	if (word >= v->n || width <= 32 * word)
		return isel_w_imm(0);
	if (width >= 32 * (word + 1))
		return v->w[word];
	return isel_w_keep(v->w[word], 0, width - 32 * word);
}

struct isel_val isel_get_zext(struct isel *is, LLVMValueRef v)
{
	struct isel_val val = isel_get(is, v);
	unsigned i, width = isel_width(v);

	for (i = 0; i < val.n; i++)
		val.w[i] = isel_zext_word(is, &val, width, i);
	return val;
}

/* Sign of a word as a word of copies of bit 31. */
static struct isel_word sign_word(struct isel *is, struct isel_word w)
{
	if (isel_w_is_imm(&w))
		return isel_w_imm(w.o.imm >> 31 ? UINT32_MAX : 0);
	if (isel_w_bits(&w) < 32)
		return isel_w_imm(0);
	return isel_w_reg(isel_asr(is, isel_use(is, w), 31), 32);
}

/* Low `k` bits of w, k < 32, with bit k - 1 copied upwards. */
static struct isel_word sext_in_word(struct isel *is, struct isel_word w, unsigned k)
{
	uint32_t sign = 1u << (k - 1);

	w = isel_w_keep(w, 0, k);
	if (isel_w_is_imm(&w))
		return isel_w_imm((w.o.imm ^ sign) - sign);
	if (isel_w_bits(&w) < k)
		return w;
	w.hi = 32; /* the left shift drops them */
	w = isel_w_shl(w, 32 - k);
	return isel_w_reg(isel_asr(is, isel_use(is, w), 32 - k), 32);
}

struct isel_val isel_sext(struct isel *is, struct isel_val v, unsigned from, unsigned to)
{
	unsigned top = (from - 1) / 32, n = words_of(to), i;

	assert(from > 0 && from <= to && to <= ISEL_MAX_WIDTH);
	if (from % 32)
		v.w[top] = sext_in_word(is, v.w[top], from % 32);
	for (i = top + 1; i < n; i++)
		v.w[i] = i == top + 1 ? sign_word(is, v.w[top]) : v.w[top + 1];
	v.n = (uint8_t)n;
	return v;
}

struct isel_val isel_get_sext(struct isel *is, LLVMValueRef v)
{
	unsigned width = isel_width(v);

	return isel_sext(is, isel_get(is, v), width, 32 * words_of(width));
}
