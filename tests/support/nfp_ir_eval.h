/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_NFP_IR_EVAL_H
#define TESTS_NFP_IR_EVAL_H

#include "base/bits.h"

#include <llvm-c/Core.h>

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Evaluates a lifted function, to compare it with what eBPF says. Memories are the ones of
 * intrinsics.def; a call of nfp.* is noted down and answered from the environment. Flags that
 * promise something (nuw, nsw, exact shift counts) are held to it: a value that breaks its promise is
 * poison, and poison that something depends on fails the test. */

#define EVAL_PKT   0x80001000u
#define EVAL_STACK 0x1000u
#define EVAL_MAP   0x0000001200000100u

struct eval {
	uint8_t pkt[256], stack[4096], map[256];
	uint32_t pkt_len;
	bool map_hit;    /* lookups find `map` */
	uint32_t result; /* of helpers that return a number */
	char log[1024];  /* "name(args);" of each call that does something */
	bool aborted;
	uint64_t queue;

	uint32_t stack_used;
	struct eval_val {
		LLVMValueRef v;
		uint64_t x;
		bool poison;
	} vals[4096];
	bool poison; /* the instruction being evaluated has read, or makes, poison */
	unsigned steps;
};

static inline struct eval_val *eval_slot(struct eval *e, LLVMValueRef v)
{
	size_t i = ((uintptr_t)v >> 4) * 2654435761u % ARRAY_SIZE(e->vals);

	while (e->vals[i].v && e->vals[i].v != v)
		i = (i + 1) % ARRAY_SIZE(e->vals);
	e->vals[i].v = v;
	return &e->vals[i];
}

static inline unsigned eval_width(LLVMTypeRef t)
{
	if (LLVMGetTypeKind(t) == LLVMPointerTypeKind)
		return LLVMGetPointerAddressSpace(t) == 2 ? 64 : 32;
	return LLVMGetTypeKind(t) == LLVMIntegerTypeKind ? LLVMGetIntTypeWidth(t) : 64;
}

static inline uint64_t eval_get(struct eval *e, LLVMValueRef v)
{
	uint64_t mask = bits_mask(eval_width(LLVMTypeOf(v)));

	if (LLVMIsAConstantInt(v))
		return LLVMConstIntGetZExtValue(v) & mask;
	if (LLVMIsNull(v) || LLVMIsUndef(v))
		return 0;
	assert_non_null(LLVMIsAInstruction(v));
	e->poison |= eval_slot(e, v)->poison;
	return eval_slot(e, v)->x & mask;
}

static inline uint64_t eval_op(struct eval *e, LLVMValueRef i, unsigned n)
{
	return eval_get(e, LLVMGetOperand(i, n));
}

static inline int64_t eval_signed(uint64_t v, unsigned width)
{
	return width >= 64 ? (int64_t)v : (int64_t)(v << (64 - width)) >> (64 - width);
}

static inline uint8_t *eval_mem(struct eval *e, uint64_t addr, unsigned bytes)
{
	if (addr >= EVAL_PKT && addr + bytes <= EVAL_PKT + sizeof(e->pkt))
		return &e->pkt[addr - EVAL_PKT];
	if (addr >= EVAL_STACK && addr + bytes <= EVAL_STACK + sizeof(e->stack))
		return &e->stack[addr - EVAL_STACK];
	if (addr >= EVAL_MAP && addr + bytes <= EVAL_MAP + sizeof(e->map))
		return &e->map[addr - EVAL_MAP];
	fail_msg("access to no memory: 0x%llx", (unsigned long long)addr);
	return NULL;
}

static inline uint64_t eval_load(struct eval *e, uint64_t addr, unsigned bytes)
{
	const uint8_t *p = eval_mem(e, addr, bytes);
	uint64_t v = 0;

	for (unsigned i = bytes; i-- > 0;)
		v = v << 8 | p[i];
	return v;
}

static inline void eval_store(struct eval *e, uint64_t addr, unsigned bytes, uint64_t v)
{
	uint8_t *p = eval_mem(e, addr, bytes);

	for (unsigned i = 0; i < bytes; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

/* ---- integer operations ------------------------------------------------------------------------ */

static inline uint64_t eval_binary(struct eval *e, LLVMOpcode op, uint64_t a, uint64_t b,
				   unsigned w)
{
	switch (op) {
	case LLVMAdd: return a + b;
	case LLVMSub: return a - b;
	case LLVMMul: return a * b;
	case LLVMAnd: return a & b;
	case LLVMOr: return a | b;
	case LLVMXor: return a ^ b;
	case LLVMUDiv: assert_true(b); return a / b;
	case LLVMURem: assert_true(b); return a % b;
	case LLVMSDiv: assert_true(b); return (uint64_t)(eval_signed(a, w) / eval_signed(b, w));
	case LLVMSRem: assert_true(b); return (uint64_t)(eval_signed(a, w) % eval_signed(b, w));
	case LLVMShl: return b < w ? a << b : (e->poison = true);
	case LLVMLShr: return b < w ? a >> b : (e->poison = true);
	case LLVMAShr: return b < w ? (uint64_t)(eval_signed(a, w) >> b) : (e->poison = true);
	default: fail_msg("operation %d", (int)op); return 0;
	}
}

__extension__ typedef __int128 eval_wide;

/* The promises of nuw and nsw. */
static inline void eval_check_flags(struct eval *e, LLVMValueRef i, LLVMOpcode op, uint64_t a,
				    uint64_t b, unsigned w)
{
	eval_wide u, s, sa = eval_signed(a, w), sb = eval_signed(b, w);

	switch (op) {
	case LLVMAdd:
		u = (eval_wide)a + b;
		s = sa + sb;
		break;
	case LLVMSub:
		u = (eval_wide)a - b;
		s = sa - sb;
		break;
	case LLVMMul:
		u = w <= 32 ? (eval_wide)a * b : 0;
		s = w <= 32 ? sa * sb : 0;
		break;
	case LLVMShl:
		u = w <= 32 ? (eval_wide)a << b : 0;
		s = w <= 32 ? sa * ((eval_wide)1 << b) : 0;
		break;
	default: return;
	}
	if (LLVMGetNUW(i))
		e->poison |= u < 0 || u > (eval_wide)bits_mask(w);
	if (LLVMGetNSW(i))
		e->poison |= s != eval_signed((uint64_t)s & bits_mask(w), w);
}

static inline bool eval_compare(LLVMIntPredicate p, uint64_t a, uint64_t b, unsigned w)
{
	int64_t sa = eval_signed(a, w), sb = eval_signed(b, w);

	switch (p) {
	case LLVMIntEQ: return a == b;
	case LLVMIntNE: return a != b;
	case LLVMIntUGT: return a > b;
	case LLVMIntUGE: return a >= b;
	case LLVMIntULT: return a < b;
	case LLVMIntULE: return a <= b;
	case LLVMIntSGT: return sa > sb;
	case LLVMIntSGE: return sa >= sb;
	case LLVMIntSLT: return sa < sb;
	default: return sa <= sb;
	}
}

/* ---- calls --------------------------------------------------------------------------------------- */

static inline void eval_note(struct eval *e, const char *name, LLVMValueRef call, unsigned n)
{
	size_t at = strlen(e->log);

	at += (size_t)snprintf(e->log + at, sizeof(e->log) - at, "%s(", name);
	for (unsigned i = 0; i < n && at < sizeof(e->log) - 40; i++)
		at += (size_t)snprintf(e->log + at, sizeof(e->log) - at, "%s%llx", i ? "," : "",
				       (unsigned long long)eval_op(e, call, i));
	snprintf(e->log + at, sizeof(e->log) - at, ");");
}

static inline uint64_t eval_bswap(uint64_t v, unsigned w)
{
	uint64_t out = 0;

	for (unsigned i = 0; i < w; i += 8)
		out = out << 8 | (v >> i & 0xff);
	return out;
}

static inline uint64_t eval_llvm_call(struct eval *e, LLVMValueRef c, const char *name)
{
	unsigned w = eval_width(LLVMTypeOf(LLVMGetOperand(c, 0)));
	uint64_t a = eval_op(e, c, 0), b = LLVMGetNumArgOperands(c) > 1 ? eval_op(e, c, 1) : 0;

	if (!strncmp(name, "llvm.bswap.", 11))
		return eval_bswap(a, w);
	if (!strncmp(name, "llvm.umin.", 10))
		return a < b ? a : b;
	if (!strncmp(name, "llvm.umax.", 10))
		return a > b ? a : b;
	if (!strncmp(name, "llvm.smin.", 10))
		return eval_signed(a, w) < eval_signed(b, w) ? a : b;
	if (!strncmp(name, "llvm.smax.", 10))
		return eval_signed(a, w) > eval_signed(b, w) ? a : b;
	if (!strncmp(name, "llvm.abs.", 9))
		return eval_signed(a, w) < 0 ? 0 - a : a;
	if (!strncmp(name, "llvm.fshl.", 10)) {
		unsigned n = (unsigned)(eval_op(e, c, 2) % w);

		return n ? a << n | b >> (w - n) : a;
	}
	if (!strncmp(name, "llvm.usub.sat.", 14))
		return a > b ? a - b : 0;
	if (!strncmp(name, "llvm.memset.", 12)) {
		memset(eval_mem(e, a, (unsigned)eval_op(e, c, 2)), (int)b, eval_op(e, c, 2));
		return 0;
	}
	fail_msg("call of %s", name);
	return 0;
}

static inline uint64_t eval_call(struct eval *e, LLVMValueRef c)
{
	size_t len;
	const char *name = LLVMGetValueName2(LLVMGetCalledValue(c), &len);

	if (!strncmp(name, "llvm.", 5))
		return eval_llvm_call(e, c, name);
	if (!strcmp(name, "nfp.pkt.data"))
		return EVAL_PKT + 64;
	if (!strcmp(name, "nfp.pkt.len"))
		return e->pkt_len;
	eval_note(e, name, c, LLVMGetNumArgOperands(c));
	e->aborted |= !strcmp(name, "nfp.abort");
	if (!strcmp(name, "nfp.map.lookup"))
		return e->map_hit ? EVAL_MAP : 0;
	return e->result;
}

/* The atomic engine: big-endian words, the low one first (nfp.md 3.3). */
static inline void eval_atomic_add(struct eval *e, uint64_t addr, unsigned words, uint64_t v)
{
	uint64_t x = 0;

	for (unsigned w = words; w-- > 0;)
		x = x << 32 | eval_bswap(eval_load(e, addr + 4 * w, 4), 32);
	x += v;
	for (unsigned w = 0; w < words; w++)
		eval_store(e, addr + 4 * w, 4, eval_bswap(x >> 32 * w & 0xffffffff, 32));
}

/* ---- instructions -------------------------------------------------------------------------------- */

static inline uint64_t eval_gep(struct eval *e, LLVMValueRef i)
{
	unsigned last = (unsigned)LLVMGetNumOperands(i) - 1;
	LLVMValueRef idx = LLVMGetOperand(i, last);
	uint64_t off = (uint64_t)eval_signed(eval_get(e, idx), eval_width(LLVMTypeOf(idx)));

	assert_true(last == 1 || (last == 2 && eval_op(e, i, 1) == 0));
	return eval_op(e, i, 0) + off;
}

static inline uint64_t eval_alloca(struct eval *e, LLVMValueRef i)
{
	LLVMTypeRef t = LLVMGetAllocatedType(i);
	uint32_t bytes =
		LLVMGetTypeKind(t) == LLVMArrayTypeKind ? (uint32_t)LLVMGetArrayLength2(t) : 8;

	e->stack_used += (uint32_t)bits_round_up(bytes, 8);
	return EVAL_STACK + e->stack_used - (uint32_t)bits_round_up(bytes, 8);
}

static inline uint64_t eval_inst(struct eval *e, LLVMValueRef i)
{
	LLVMOpcode op = LLVMGetInstructionOpcode(i);
	LLVMTypeRef t = LLVMTypeOf(i);
	unsigned w = eval_width(t);
	uint64_t a, b;

	switch (op) {
	case LLVMAlloca: return eval_alloca(e, i);
	case LLVMLoad: return eval_load(e, eval_op(e, i, 0), (w + 7) / 8);
	case LLVMStore:
		eval_store(e, eval_op(e, i, 1),
			   (eval_width(LLVMTypeOf(LLVMGetOperand(i, 0))) + 7) / 8,
			   eval_op(e, i, 0));
		return 0;
	case LLVMAtomicRMW:
		assert_int_equal(LLVMGetAtomicRMWBinOp(i), LLVMAtomicRMWBinOpAdd);
		eval_atomic_add(e, eval_op(e, i, 0), w / 32, eval_op(e, i, 1));
		return 0;
	case LLVMGetElementPtr: return eval_gep(e, i);
	case LLVMICmp:
		return eval_compare(LLVMGetICmpPredicate(i), eval_op(e, i, 0), eval_op(e, i, 1),
				    eval_width(LLVMTypeOf(LLVMGetOperand(i, 0))));
	case LLVMSelect: return eval_op(e, i, eval_op(e, i, 0) ? 1 : 2);
	case LLVMSExt:
		return (uint64_t)eval_signed(eval_op(e, i, 0),
					     eval_width(LLVMTypeOf(LLVMGetOperand(i, 0))));
	case LLVMZExt:
	case LLVMTrunc:
	case LLVMPtrToInt:
	case LLVMIntToPtr:
	case LLVMBitCast:
	case LLVMFreeze: return eval_op(e, i, 0);
	case LLVMCall: return eval_call(e, i);
	default:
		a = eval_op(e, i, 0);
		b = eval_op(e, i, 1);
		eval_check_flags(e, i, op, a, b, w);
		return eval_binary(e, op, a, b, w);
	}
}

/* Evaluates one instruction and keeps its value. Poison may be computed with, not acted upon. */
static inline void eval_step(struct eval *e, LLVMValueRef i)
{
	LLVMOpcode op = LLVMGetInstructionOpcode(i);
	struct eval_val *to;
	uint64_t x;

	e->poison = false;
	x = eval_inst(e, i);
	if (op == LLVMLoad || op == LLVMStore || op == LLVMAtomicRMW || op == LLVMCall)
		assert_false(e->poison);
	to = eval_slot(e, i);
	to->x = x;
	to->poison = e->poison && op != LLVMFreeze;
}

/* PHIs of a block are read all at once. */
static inline void eval_phis(struct eval *e, LLVMBasicBlockRef from, LLVMBasicBlockRef to)
{
	struct eval_val now[64];
	unsigned n = 0;

	for (LLVMValueRef i = LLVMGetFirstInstruction(to); i && LLVMIsAPHINode(i);
	     i = LLVMGetNextInstruction(i)) {
		assert_true(n < ARRAY_SIZE(now));
		e->poison = false;
		for (unsigned k = 0; k < LLVMCountIncoming(i); k++)
			if (LLVMGetIncomingBlock(i, k) == from)
				now[n].x = eval_get(e, LLVMGetIncomingValue(i, k));
		now[n].v = i;
		now[n++].poison = e->poison;
	}
	while (n--)
		*eval_slot(e, now[n].v) = now[n];
}

static inline LLVMBasicBlockRef eval_target(struct eval *e, LLVMValueRef t)
{
	if (LLVMGetInstructionOpcode(t) == LLVMSwitch) {
		uint64_t v = eval_op(e, t, 0);

		for (unsigned k = 2; k < (unsigned)LLVMGetNumOperands(t); k += 2)
			if (eval_op(e, t, k) == v)
				return LLVMValueAsBasicBlock(LLVMGetOperand(t, k + 1));
		return LLVMGetSwitchDefaultDest(t);
	}
	if (!LLVMIsConditional(t))
		return LLVMGetSuccessor(t, 0);
	return LLVMGetSuccessor(t, eval_get(e, LLVMGetCondition(t)) ? 0 : 1);
}

/* R0's low half; 0 when the packet was given up (e->aborted). */
static inline uint32_t eval_run(struct eval *e, LLVMModuleRef mod)
{
	LLVMBasicBlockRef b = LLVMGetEntryBasicBlock(LLVMGetNamedFunction(mod, "prog")), next;
	LLVMValueRef i;
	uint32_t r0;

	memset(e->vals, 0, sizeof(e->vals));
	e->stack_used = 0;
	e->aborted = false;
	e->log[0] = 0;
	for (e->steps = 0;; e->steps++) {
		assert_true(e->steps < 10000);
		for (i = LLVMGetFirstInstruction(b); !LLVMIsATerminatorInst(i);
		     i = LLVMGetNextInstruction(i))
			if (!LLVMIsAPHINode(i))
				eval_step(e, i);
		if (e->aborted)
			return 0;
		assert_null(LLVMIsAUnreachableInst(i));
		e->poison = false;
		if (LLVMIsAReturnInst(i)) {
			r0 = (uint32_t)eval_op(e, i, 0);
			assert_false(e->poison);
			return r0;
		}
		next = eval_target(e, i);
		assert_false(e->poison);
		eval_phis(e, b, next);
		b = next;
	}
}

#endif
