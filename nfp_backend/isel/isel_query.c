/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/isel/isel_query.h"

#include <stdlib.h>

/* Questions about one value or call of the IR. Analyses and lowering ask them; nothing here emits. */

/* ---- types and constants ---- */

/* ---- types and constants ---- */

unsigned isel_type_width(LLVMTypeRef t)
{
	switch (LLVMGetTypeKind(t)) {
	case LLVMIntegerTypeKind: return LLVMGetIntTypeWidth(t);
	case LLVMPointerTypeKind: return LLVMGetPointerAddressSpace(t) == ISEL_MAP_VALUE ? 64 : 32;
	default: return 0;
	}
}

/* The IR numbered: reachable blocks in reverse postorder with edges and dominators, instructions
 * in block order, and small questions about values. */

uint64_t isel_type_bytes(LLVMTypeRef t)
{
	switch (LLVMGetTypeKind(t)) {
	case LLVMIntegerTypeKind:
	case LLVMPointerTypeKind: return (isel_type_width(t) + 7) / 8;
	case LLVMArrayTypeKind: {
		uint64_t elem = isel_type_bytes(LLVMGetElementType(t));
		uint64_t n = LLVMGetArrayLength(t);

		return elem && n < (UINT64_C(1) << 32) ? elem * n : 0;
	}
	default: return 0;
	}
}

/* Decimal digits, with sign, into words: constants over 64 bits have no other way out of the C API. */
static void parse_decimal(const char *s, uint32_t w[ISEL_MAX_WORDS])
{
	bool neg = *s == '-';
	uint64_t carry;
	unsigned i;

	for (s += neg; *s >= '0' && *s <= '9'; s++) {
		carry = (uint64_t)(*s - '0');
		for (i = 0; i < ISEL_MAX_WORDS; i++) {
			carry += (uint64_t)w[i] * 10;
			w[i] = (uint32_t)carry;
			carry >>= 32;
		}
	}
	for (i = 0, carry = 1; neg && i < ISEL_MAX_WORDS; i++) {
		carry += ~w[i];
		w[i] = (uint32_t)carry;
		carry >>= 32;
	}
}

static void clear_above(uint32_t w[ISEL_MAX_WORDS], unsigned width)
{
	unsigned i;

	for (i = 0; i < ISEL_MAX_WORDS; i++)
		if (width < 32 * (i + 1))
			w[i] &= width <= 32 * i ? 0 : (uint32_t)bits_mask(width - 32 * i);
}

/* The number in `inttoptr (i64 N to ptr)`: what LLVM makes of NULL and an offset where it proves that
 * control never comes. NULL: v is something else. */
static LLVMValueRef int_of_pointer(LLVMValueRef v)
{
	if (!LLVMIsAConstantExpr(v) || LLVMGetConstOpcode(v) != LLVMIntToPtr)
		return NULL;
	return LLVMIsAConstantInt(LLVMGetOperand(v, 0));
}

bool isel_const_words(LLVMValueRef v, uint32_t w[ISEL_MAX_WORDS])
{
	unsigned width = isel_width(v);

	memset(w, 0, ISEL_MAX_WORDS * sizeof(w[0]));
	if (!width || width > ISEL_MAX_WIDTH)
		return false;
	if (LLVMIsUndef(v) || LLVMIsPoison(v) || LLVMIsAConstantPointerNull(v))
		return true;
	if (int_of_pointer(v))
		v = int_of_pointer(v);
	if (!LLVMIsAConstantInt(v))
		return false;
	if (width <= 64) {
		uint64_t x = LLVMConstIntGetZExtValue(v);

		w[0] = (uint32_t)x;
		w[1] = (uint32_t)(x >> 32);
	} else {
		char *text = LLVMPrintValueToString(v); /* "i128 -5" */
		const char *digits = strchr(text, ' ');

		if (digits)
			parse_decimal(digits + 1, w);
		LLVMDisposeMessage(text);
	}
	clear_above(w, width);
	return true;
}

bool isel_const_u64(LLVMValueRef v, uint64_t *out)
{
	uint32_t w[ISEL_MAX_WORDS];

	if (!isel_const_words(v, w) || w[2] || w[3])
		return false;
	*out = w[0] | (uint64_t)w[1] << 32;
	return true;
}

/* ---- instructions ---- */

/* ---- instructions ---- */

bool isel_is_inst(LLVMValueRef v, LLVMOpcode op)
{
	return LLVMIsAInstruction(v) && LLVMGetInstructionOpcode(v) == op;
}

LLVMValueRef isel_single_user(LLVMValueRef v)
{
	LLVMUseRef u = LLVMGetFirstUse(v);

	return u && !LLVMGetNextUse(u) ? LLVMGetUser(u) : NULL;
}

bool isel_is_cond(LLVMValueRef v)
{
	if (!LLVMIsAInstruction(v) || isel_width(v) != 1)
		return false;
	switch (LLVMGetInstructionOpcode(v)) {
	case LLVMICmp:
	case LLVMAnd:
	case LLVMOr:
	case LLVMXor:
	case LLVMSelect:
	case LLVMFreeze:
	case LLVMExtractValue: return true;
	default: return false;
	}
}

/* ---- calls ---- */

const char *isel_callee(LLVMValueRef call)
{
	LLVMValueRef f = LLVMGetCalledValue(call);
	size_t len;

	return f && LLVMIsAFunction(f) ? LLVMGetValueName2(f, &len) : "";
}

bool isel_calls(LLVMValueRef v, const char *name)
{
	return isel_is_inst(v, LLVMCall) && !strcmp(isel_callee(v), name);
}

static const struct {
	const char *name;
	unsigned clobbers; /* enum isel_clobber */
} calls[ISEL_CALL_COUNT] = {
#define INTRINSIC(id, text, type)  [ISEL_CALL_##id] = { .name = text, .clobbers = CLOBBERS_##id },
#define CLOBBERS_PKT_DATA          0
#define CLOBBERS_PKT_LEN           0
#define CLOBBERS_ADJUST_HEAD       ISEL_CLOBBERS_PV
#define CLOBBERS_ADJUST_HEAD_CONST ISEL_CLOBBERS_PV
#define CLOBBERS_ADJUST_TAIL       ISEL_CLOBBERS_PV
#define CLOBBERS_MAP_LOOKUP        ISEL_CLOBBERS_XFER
#define CLOBBERS_MAP_UPDATE        ISEL_CLOBBERS_XFER
#define CLOBBERS_MAP_DELETE        ISEL_CLOBBERS_XFER
#define CLOBBERS_PRANDOM           0
#define CLOBBERS_PERF_EVENT        ISEL_CLOBBERS_XFER
#define CLOBBERS_QUEUE_SELECT      0
#define CLOBBERS_ABORT             0
#include "nfp_backend/intrinsics.def"
#undef INTRINSIC
};

enum isel_call isel_call_of(const char *name)
{
	unsigned i;

	for (i = 0; i < ISEL_CALL_COUNT && strcmp(calls[i].name, name); i++)
		;
	return (enum isel_call)i;
}

bool isel_is_nfp_call(const char *name, unsigned *clobbers)
{
	enum isel_call id = isel_call_of(name);

	if (id == ISEL_CALL_COUNT)
		return false;
	*clobbers = calls[id].clobbers;
	return true;
}

bool isel_call_is_fused(const struct isel_ir *ir, LLVMValueRef call)
{
	const struct isel_inst *in = isel_inst_of(ir, call), *cmp, *br;
	LLVMValueRef user;
	enum isel_call id;
	uint64_t zero;

	if (!in || in->op != LLVMCall)
		return false;
	id = isel_call_of(isel_callee(call));
	if (id != ISEL_CALL_ADJUST_HEAD && id != ISEL_CALL_ADJUST_TAIL)
		return false;
	user = isel_single_user(call);
	cmp = user ? isel_inst_of(ir, user) : NULL;
	br = cmp ? isel_inst_of(ir, isel_single_user(user)) : NULL;
	/* call, comparison, branch, one after the other */
	return br && cmp == in + 1 && br == in + 2 && cmp->op == LLVMICmp && br->op == LLVMBr &&
	       LLVMGetICmpPredicate(user) <= LLVMIntNE && cmp->deferred &&
	       isel_const_u64(LLVMGetOperand(user, 1), &zero) && !zero;
}

/* ---- LLVM's own intrinsics, which its passes make out of ordinary code ---- */

static const char *const pure_prefixes[] = {
	"llvm.bswap.",
	"llvm.bitreverse.",
	"llvm.ctpop.",
	"llvm.ctlz.",
	"llvm.cttz.",
	"llvm.fshl.",
	"llvm.fshr.",
	"llvm.umin.",
	"llvm.umax.",
	"llvm.smin.",
	"llvm.smax.",
	"llvm.abs.",
	"llvm.usub.sat.",
	"llvm.uadd.sat.",
	"llvm.uadd.with.overflow.",
	"llvm.usub.with.overflow.",
	"llvm.sadd.with.overflow.",
	"llvm.ssub.with.overflow.",
	"llvm.umul.with.overflow.",
	"llvm.smul.with.overflow.",
	"llvm.ucmp.",
	"llvm.scmp.",
	"llvm.sadd.sat.",
	"llvm.ssub.sat.",
	NULL,
};

static const char *const ignored_prefixes[] = {
	"llvm.assume",
	"llvm.lifetime.",
	"llvm.dbg.",
	"llvm.donothing",
	"llvm.experimental.noalias.scope.decl",
	"llvm.invariant.",
	"llvm.sideeffect",
	NULL,
};

static bool has_prefix(const char *name, const char *const *list)
{
	for (; *list; list++)
		if (!strncmp(name, *list, strlen(*list)))
			return true;
	return false;
}

bool isel_intrinsic_is_pure(const char *name)
{
	return has_prefix(name, pure_prefixes);
}

bool isel_intrinsic_is_ignored(const char *name)
{
	return has_prefix(name, ignored_prefixes);
}

bool isel_is_pure(LLVMValueRef v)
{
	switch (LLVMGetInstructionOpcode(v)) {
	case LLVMAdd:
	case LLVMSub:
	case LLVMMul:
	case LLVMUDiv:
	case LLVMSDiv:
	case LLVMURem:
	case LLVMSRem:
	case LLVMShl:
	case LLVMLShr:
	case LLVMAShr:
	case LLVMAnd:
	case LLVMOr:
	case LLVMXor:
	case LLVMICmp:
	case LLVMSelect:
	case LLVMZExt:
	case LLVMSExt:
	case LLVMTrunc:
	case LLVMBitCast:
	case LLVMFreeze:
	case LLVMPtrToInt:
	case LLVMIntToPtr:
	case LLVMGetElementPtr:
	case LLVMExtractValue: return true;
	case LLVMCall: return isel_intrinsic_is_pure(isel_callee(v));
	default: return false;
	}
}
