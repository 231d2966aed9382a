/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/support/fe_rig.h"

#include "base/bits.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define R0 BPF_REG_0
#define R1 BPF_REG_1
#define R2 BPF_REG_2
#define R3 BPF_REG_3
#define R4 BPF_REG_4
#define R5 BPF_REG_5
#define R6 BPF_REG_6
#define R7 BPF_REG_7
#define R8 BPF_REG_8
#define FP BPF_REG_10

/* Verdicts: what is safe is accepted, what is not gets its reason. A kernel 6.18 decides the same
 * but for two: it lets programs write rx_queue_index only when they are bound to a device, and knows
 * its own types, of which there are none here. */
#define PACKET        LDX(BPF_W, R2, R1, 0), LDX(BPF_W, R3, R1, 4)
#define NEED(n, skip) MOV64(R4, R2), ALU64I(BPF_ADD, R4, n), JMP(BPF_JGT, R4, R3, skip)
#define DONE          MOV64I(R0, 2), EXIT()
/* r0 = value of key 0 of the hash map, or null. */
#define LOOKUP                                                                                     \
	ST(BPF_DW, FP, -8, 0), MOV64(R2, FP), ALU64I(BPF_ADD, R2, -8), LD_MAP(R1, RIG_HASH),       \
		CALL(BPF_FUNC_map_lookup_elem)

#define CASE(rule, reason, ...)                                                                    \
	{                                                                                          \
		rule, REASON_##reason, { __VA_ARGS__ },                                            \
			sizeof((struct bpf_insn[]){ __VA_ARGS__ }) / sizeof(struct bpf_insn)       \
	}

struct verdict {
	const char *rule;
	enum reason reason;
	struct bpf_insn insns[32];
	size_t n;
};

static const struct verdict xdp[] = {
	/* registers */
	CASE("unwritten register", REG_NOT_INIT, MOV64(R0, R2), EXIT()),
	CASE("no result", REG_NOT_INIT, EXIT()),
	CASE("result missing on one path", REG_NOT_INIT, LDX(BPF_W, R2, R1, 12),
	     JMPI(BPF_JEQ, R2, 0, 1), MOV64I(R0, 1), EXIT()),
	CASE("calls clobber R1 to R5", REG_NOT_INIT, CALL(BPF_FUNC_ktime_get_ns), MOV64(R0, R1),
	     EXIT()),
	CASE("frame pointer is read-only", FRAME_POINTER_WRITE, MOV64I(FP, 0), DONE),
	CASE("division by 0", DIV_BY_ZERO, MOV64I(R0, 1), ALU64I(BPF_DIV, R0, 0), EXIT()),
	CASE("shift too wide", SHIFT_RANGE, MOV64I(R0, 1), ALU64I(BPF_LSH, R0, 64), EXIT()),

	/* packet */
	CASE("proven bytes", NONE, PACKET, NEED(14, 1), LDX(BPF_H, R0, R2, 12), DONE),
	CASE("one byte too far", PKT_BOUNDS, PACKET, NEED(13, 1), LDX(BPF_H, R0, R2, 12), DONE),
	CASE("nothing proven", PKT_NOT_COMPARED, PACKET, LDX(BPF_B, R0, R2, 0), DONE),
	CASE("before the packet", PKT_NEGATIVE, PACKET, NEED(14, 1), LDX(BPF_B, R0, R2, -1), DONE),
	CASE("end tested first", NONE, PACKET, MOV64(R4, R2), ALU64I(BPF_ADD, R4, 14),
	     JMP(BPF_JLT, R3, R4, 1), LDX(BPF_B, R0, R2, 13), DONE),
	CASE("not below the end proves one byte less", PKT_BOUNDS, PACKET, MOV64(R4, R2),
	     ALU64I(BPF_ADD, R4, 14), JMP(BPF_JLT, R4, R3, 2), DONE, LDX(BPF_B, R0, R2, 15), DONE),
	CASE("strictly below the end proves one more", NONE, PACKET, MOV64(R4, R2),
	     ALU64I(BPF_ADD, R4, 14), JMP(BPF_JLT, R4, R3, 2), DONE, LDX(BPF_B, R0, R2, 14), DONE),
	CASE("a pointer beyond the end decides the next test", NONE, PACKET, NEED(14, 2), DONE,
	     MOV64I(R0, 0), JMP(BPF_JLE, R4, R3, 1), EXIT(), LDX(BPF_B, R0, R2, 0), EXIT()),
	CASE("variable header", NONE, PACKET, NEED(1, 9), LDX(BPF_B, R5, R2, 0),
	     ALU64I(BPF_AND, R5, 15), ALU64I(BPF_LSH, R5, 2), ALU64(BPF_ADD, R2, R5), MOV64(R4, R2),
	     ALU64I(BPF_ADD, R4, 20), JMP(BPF_JGT, R4, R3, 2), LDX(BPF_H, R0, R2, 18),
	     STX(BPF_B, R2, 0, R0), DONE),
	CASE("variable header, old proof", PKT_NOT_COMPARED, PACKET, NEED(40, 4),
	     LDX(BPF_B, R5, R2, 0), ALU64I(BPF_AND, R5, 15), ALU64(BPF_ADD, R2, R5),
	     LDX(BPF_B, R0, R2, 0), DONE),
	CASE("spilled packet pointer learns, too", NONE, PACKET, STX(BPF_DW, FP, -8, R2),
	     NEED(8, 2), LDX(BPF_DW, R5, FP, -8), LDX(BPF_DW, R0, R5, 0), DONE),
	CASE("meta data", NONE, LDX(BPF_W, R2, R1, 8), LDX(BPF_W, R3, R1, 0), NEED(4, 1),
	     LDX(BPF_W, R0, R2, 0), DONE),
	CASE("meta data against the end of the packet", PKT_NOT_COMPARED, LDX(BPF_W, R2, R1, 8),
	     LDX(BPF_W, R3, R1, 4), NEED(4, 1), LDX(BPF_W, R0, R2, 0), DONE),
	CASE("adjust_head moves the packet", NOT_MEMORY, MOV64(R6, R1), PACKET, MOV64(R7, R2),
	     NEED(14, 4), MOV64I(R2, 0), CALL(BPF_FUNC_xdp_adjust_head), LDX(BPF_B, R0, R7, 0),
	     MOV64I(R0, 0), DONE),
	CASE("atomic on the packet", ATOMIC_TARGET, PACKET, NEED(8, 2), MOV64I(R5, 1),
	     ATOMIC(BPF_DW, BPF_ADD, R2, 0, R5), DONE),
	CASE("offset beyond what can be proven", PKT_NOT_COMPARED, PACKET, MOV64(R4, R2),
	     ALU64I(BPF_ADD, R4, 0x10000), JMP(BPF_JGT, R4, R3, 1), LDX(BPF_B, R0, R2, 0), DONE),

	/* context */
	CASE("ingress_ifindex", NONE, LDX(BPF_W, R0, R1, 12), EXIT()),
	CASE("narrow context load", CTX_ACCESS, LDX(BPF_H, R0, R1, 12), EXIT()),
	CASE("context store", CTX_ACCESS, ST(BPF_W, R1, 12, 0), DONE),
	CASE("store to rx_queue_index", NONE, ST(BPF_W, R1, 16, 0), DONE),
	CASE("egress_ifindex outside of a devmap", CTX_ACCESS, LDX(BPF_W, R0, R1, 20), EXIT()),
	CASE("beyond the context", CTX_ACCESS, LDX(BPF_W, R0, R1, 24), EXIT()),
	CASE("moved context pointer", CTX_MODIFIED, ALU64I(BPF_ADD, R1, 4), LDX(BPF_W, R0, R1, 0),
	     DONE),
	CASE("legacy packet load", LD_ABS_PROG, MOV64(R6, R1), LD_ABS(BPF_B, 0), EXIT()),

	/* stack */
	CASE("spill and fill", NONE, STX(BPF_DW, FP, -8, R1), LDX(BPF_DW, R2, FP, -8),
	     LDX(BPF_W, R0, R2, 12), EXIT()),
	CASE("part of a spilled pointer", FILL_SIZE, STX(BPF_DW, FP, -8, R1),
	     LDX(BPF_W, R0, FP, -8), EXIT()),
	CASE("half a pointer", SPILL_SIZE, STX(BPF_W, FP, -8, R1), DONE),
	CASE("overwritten pointer is a number", NOT_MEMORY, STX(BPF_DW, FP, -8, R1),
	     ST(BPF_B, FP, -8, 0), LDX(BPF_DW, R2, FP, -8), LDX(BPF_W, R0, R2, 12), DONE),
	CASE("above the frame", STACK_BOUNDS, ST(BPF_DW, FP, 0, 0), DONE),
	CASE("below the frame", STACK_BOUNDS, ST(BPF_DW, FP, -520, 0), DONE),
	CASE("last word of the frame", NONE, ST(BPF_DW, FP, -512, 0), DONE),
	CASE("unaligned", STACK_ALIGNMENT, ST(BPF_DW, FP, -12, 0), DONE),
	CASE("bounded index", NONE, ST(BPF_DW, FP, -8, 0), LDX(BPF_W, R2, R1, 12),
	     ALU64I(BPF_AND, R2, 7), MOV64(R3, FP), ALU64(BPF_ADD, R3, R2), LDX(BPF_B, R0, R3, -8),
	     EXIT()),
	CASE("index one too large", STACK_BOUNDS, ST(BPF_DW, FP, -8, 0), LDX(BPF_W, R2, R1, 12),
	     ALU64I(BPF_AND, R2, 15), MOV64(R3, FP), ALU64(BPF_ADD, R3, R2), LDX(BPF_B, R0, R3, -8),
	     EXIT()),
	CASE("unbounded index", STACK_UNBOUNDED, LDX(BPF_W, R2, R1, 12), MOV64(R3, FP),
	     ALU64(BPF_ADD, R3, R2), LDX(BPF_B, R0, R3, -8), EXIT()),
	CASE("subtraction from the frame pointer", POINTER_SUB_STACK, MOV64(R2, FP),
	     ALU64I(BPF_SUB, R2, 8), DONE),

	/* pointers */
	CASE("pointer times two", POINTER_OP, ALU64I(BPF_MUL, R1, 2), DONE),
	CASE("pointer plus pointer", POINTER_POINTER, MOV64(R2, R1), ALU64(BPF_ADD, R2, R1), DONE),
	CASE("32-bit addition", POINTER_32BIT, ALU32I(BPF_ADD, R1, 4), DONE),
	CASE("number minus pointer", POINTER_FROM_NUMBER, MOV64I(R2, 0), ALU64(BPF_SUB, R2, R1),
	     DONE),
	CASE("data_end moves not", POINTER_ARITHMETIC, PACKET, ALU64I(BPF_ADD, R3, 1), DONE),
	CASE("number as address", NOT_MEMORY, MOV64I(R2, 0), LDX(BPF_W, R0, R2, 0), EXIT()),

	/* map values */
	CASE("no null test", MAYBE_NULL, LOOKUP, LDX(BPF_DW, R0, R0, 0), EXIT()),
	CASE("null test", NONE, LOOKUP, JMPI(BPF_JEQ, R0, 0, 1), LDX(BPF_DW, R0, R0, 8), EXIT()),
	CASE("null test of a copy", NONE, LOOKUP, MOV64(R6, R0), JMPI(BPF_JEQ, R0, 0, 1),
	     LDX(BPF_DW, R0, R6, 8), EXIT()),
	CASE("null test the wrong way round", NOT_MEMORY, LOOKUP, JMPI(BPF_JNE, R0, 0, 1),
	     LDX(BPF_DW, R0, R0, 8), MOV64I(R0, 0), EXIT()),
	CASE("behind the value", ACCESS_BOUNDS, LOOKUP, JMPI(BPF_JEQ, R0, 0, 1),
	     LDX(BPF_DW, R0, R0, 9), EXIT()),
	CASE("before the value", ACCESS_NEGATIVE, LOOKUP, JMPI(BPF_JEQ, R0, 0, 1),
	     LDX(BPF_B, R0, R0, -1), EXIT()),
	CASE("bounded index into the value", NONE, LDX(BPF_W, R6, R1, 12), LOOKUP,
	     JMPI(BPF_JEQ, R0, 0, 4), JMPI(BPF_JGT, R6, 15, 3), ALU64(BPF_ADD, R0, R6),
	     LDX(BPF_B, R0, R0, 0), EXIT(), MOV64I(R0, 0), EXIT()),
	CASE("index tested as signed", ACCESS_MIN, LDX(BPF_W, R6, R1, 12), MOVSX64(R6, R6, 8),
	     LOOKUP, JMPI(BPF_JEQ, R0, 0, 4), JMPI(BPF_JSGT, R6, 15, 3), ALU64(BPF_ADD, R0, R6),
	     LDX(BPF_B, R0, R0, 0), EXIT(), MOV64I(R0, 0), EXIT()),
	CASE("test of a copy bounds the index", NONE, LDX(BPF_W, R6, R1, 12), LOOKUP,
	     JMPI(BPF_JEQ, R0, 0, 5), MOV64(R7, R6), JMPI(BPF_JGT, R7, 15, 3),
	     ALU64(BPF_ADD, R0, R6), LDX(BPF_B, R0, R0, 0), EXIT(), MOV64I(R0, 0), EXIT()),
	CASE("test of the index plus one", NONE, LDX(BPF_W, R6, R1, 12), LOOKUP,
	     JMPI(BPF_JEQ, R0, 0, 6), MOV64(R7, R6), ALU64I(BPF_ADD, R7, 1),
	     JMPI(BPF_JGT, R7, 16, 3), ALU64(BPF_ADD, R0, R6), LDX(BPF_B, R0, R0, 0), EXIT(),
	     MOV64I(R0, 0), EXIT()),
	/* The first path is long enough for its state to be remembered where the paths meet. */
	CASE("tested number is another one on the second path", ACCESS_UNBOUNDED,
	     LDX(BPF_W, R6, R1, 12), LDX(BPF_W, R8, R1, 16), LDX(BPF_W, BPF_REG_9, R1, 12), LOOKUP,
	     JMPI(BPF_JEQ, R0, 0, 15), JMPI(BPF_JEQ, R8, 0, 9), MOV64I(R5, 0), MOV64I(R5, 0),
	     MOV64I(R5, 0), MOV64I(R5, 0), MOV64I(R5, 0), MOV64I(R5, 0), MOV64I(R5, 0),
	     MOV64(R7, R6), JA(1), MOV64(R7, BPF_REG_9), JMPI(BPF_JGT, R7, 15, 3),
	     ALU64(BPF_ADD, R0, R6), LDX(BPF_B, R0, R0, 0), EXIT(), MOV64I(R0, 0), EXIT()),
	CASE("arithmetic before the null test", POINTER_MAYBE_NULL, LOOKUP, ALU64I(BPF_ADD, R0, 8),
	     MOV64I(R0, 0), EXIT()),
	CASE("read-only data", NONE, LD_MAP_VALUE(R2, RIG_RODATA, 0), LDX(BPF_W, R0, R2, 0),
	     EXIT()),
	CASE("store to read-only data", MAP_FORBIDDEN, LD_MAP_VALUE(R2, RIG_RODATA, 0),
	     ST(BPF_W, R2, 0, 1), DONE),
	CASE("known data closes a branch", NONE, LD_MAP_VALUE(R2, RIG_RODATA, 0),
	     LDX(BPF_B, R2, R2, 0), JMPI(BPF_JEQ, R2, 5, 1), MOV64(R0, R5), MOV64I(R0, 0), EXIT()),
	CASE("offset behind the data", MAP_DIRECT, LD_MAP_VALUE(R2, RIG_RODATA, 16), DONE),
	CASE("map that does not exist", MAP_INDEX, LD_MAP(R2, 99), DONE),
	CASE("map pointer as memory", KERNEL_TYPES, LD_MAP(R2, RIG_ARRAY), LDX(BPF_DW, R0, R2, 0),
	     EXIT()),
	CASE("key in the array: never null", NONE, ST(BPF_W, FP, -8, 3), MOV64(R2, FP),
	     ALU64I(BPF_ADD, R2, -8), LD_MAP(R1, RIG_ARRAY), CALL(BPF_FUNC_map_lookup_elem),
	     LDX(BPF_DW, R0, R0, 0), EXIT()),
	CASE("key behind the array", MAYBE_NULL, ST(BPF_W, FP, -8, 8), MOV64(R2, FP),
	     ALU64I(BPF_ADD, R2, -8), LD_MAP(R1, RIG_ARRAY), CALL(BPF_FUNC_map_lookup_elem),
	     LDX(BPF_DW, R0, R0, 0), EXIT()),
	CASE("atomic add", NONE, LOOKUP, JMPI(BPF_JEQ, R0, 0, 2), MOV64I(R1, 1),
	     ATOMIC(BPF_DW, BPF_ADD, R0, 0, R1), DONE),
	CASE("atomic add, unaligned", ATOMIC_ALIGNMENT, LOOKUP, JMPI(BPF_JEQ, R0, 0, 2),
	     MOV64I(R1, 1), ATOMIC(BPF_DW, BPF_ADD, R0, 4, R1), DONE),
	CASE("compare and exchange", NONE, LOOKUP, JMPI(BPF_JEQ, R0, 0, 3), MOV64(R6, R0),
	     MOV64I(R0, 1), ATOMIC(BPF_DW, BPF_CMPXCHG, R6, 0, R0), DONE),

	/* helpers */
	CASE("helper of other programs", HELPER_PROG, CALL(BPF_FUNC_skb_vlan_pop), EXIT()),
	CASE("helper that is none", HELPER_UNKNOWN, CALL(9999), EXIT()),
	CASE("number as map", ARG_KIND, MOV64I(R1, 0), MOV64(R2, FP),
	     CALL(BPF_FUNC_map_lookup_elem), EXIT()),
	CASE("key below the stack", STACK_BOUNDS, MOV64(R2, FP), ALU64I(BPF_ADD, R2, -4),
	     LD_MAP(R1, RIG_HASH), CALL(BPF_FUNC_map_lookup_elem), DONE),
	CASE("map of programs in a look-up", MAP_HELPER, ST(BPF_W, FP, -8, 0), MOV64(R2, FP),
	     ALU64I(BPF_ADD, R2, -8), LD_MAP(R1, RIG_PROGS), CALL(BPF_FUNC_map_lookup_elem), DONE),
	CASE("tail call", NONE, LD_MAP(R2, RIG_PROGS), MOV64I(R3, 0), CALL(BPF_FUNC_tail_call),
	     DONE),
	CASE("redirect into an array", MAP_HELPER, LD_MAP(R1, RIG_ARRAY), MOV64I(R2, 0),
	     MOV64I(R3, 0), CALL(BPF_FUNC_redirect_map), EXIT()),
	CASE("redirect", NONE, LD_MAP(R1, RIG_DEVMAP), MOV64I(R2, 0), MOV64I(R3, 0),
	     CALL(BPF_FUNC_redirect_map), EXIT()),
	CASE("key in the packet", NONE, PACKET, NEED(8, 3), LD_MAP(R1, RIG_HASH),
	     CALL(BPF_FUNC_map_lookup_elem), DONE),
	CASE("size that may be negative", SIZE_NEGATIVE, LDX(BPF_W, R2, R1, 12),
	     ALU64I(BPF_SUB, R2, 1), ST(BPF_DW, FP, -8, 0), MOV64(R1, FP), ALU64I(BPF_ADD, R1, -8),
	     CALL(BPF_FUNC_trace_printk), DONE),
	CASE("size without a bound", STACK_BOUNDS, LDX(BPF_W, R2, R1, 12), ALU64I(BPF_AND, R2, 255),
	     ALU64I(BPF_OR, R2, 1), ST(BPF_DW, FP, -8, 0), MOV64(R1, FP), ALU64I(BPF_ADD, R1, -8),
	     CALL(BPF_FUNC_trace_printk), DONE),

	/* references */
	CASE("record submitted", NONE, LD_MAP(R1, RIG_RINGBUF), MOV64I(R2, 8), MOV64I(R3, 0),
	     CALL(BPF_FUNC_ringbuf_reserve), JMPI(BPF_JEQ, R0, 0, 4), ST(BPF_DW, R0, 0, 1),
	     MOV64(R1, R0), MOV64I(R2, 0), CALL(BPF_FUNC_ringbuf_submit), DONE),
	CASE("record leaked", REF_LEAK, LD_MAP(R1, RIG_RINGBUF), MOV64I(R2, 8), MOV64I(R3, 0),
	     CALL(BPF_FUNC_ringbuf_reserve), DONE),
	CASE("record used after submission", NOT_MEMORY, LD_MAP(R1, RIG_RINGBUF), MOV64I(R2, 8),
	     MOV64I(R3, 0), CALL(BPF_FUNC_ringbuf_reserve), JMPI(BPF_JEQ, R0, 0, 5), MOV64(R6, R0),
	     MOV64(R1, R0), MOV64I(R2, 0), CALL(BPF_FUNC_ringbuf_submit), ST(BPF_DW, R6, 0, 1),
	     DONE),
	CASE("behind the record", ACCESS_BOUNDS, LD_MAP(R1, RIG_RINGBUF), MOV64I(R2, 8),
	     MOV64I(R3, 0), CALL(BPF_FUNC_ringbuf_reserve), JMPI(BPF_JEQ, R0, 0, 1),
	     ST(BPF_DW, R0, 8, 1), DONE),

	/* functions and loops */
	CASE("bounded loop", NONE, MOV64I(R0, 0), ALU64I(BPF_ADD, R0, 1),
	     JMPI(BPF_JLT, R0, 100, -2), EXIT()),
	CASE("unbounded loop", TOO_COMPLEX, MOV64I(R0, 0), ALU64I(BPF_ADD, R0, 1),
	     JMPI(BPF_JNE, R0, -1, -2), EXIT()),
	CASE("subprogram reads the caller's stack", NONE, ST(BPF_DW, FP, -8, 7), MOV64(R1, FP),
	     ALU64I(BPF_ADD, R1, -8), CALL_SUB(1), EXIT(), LDX(BPF_DW, R0, R1, 0), EXIT()),
	CASE("subprogram returns its stack", RETURNS_STACK, CALL_SUB(1), EXIT(), MOV64(R0, FP),
	     EXIT()),
	CASE("subprogram leaves no result", REG_NOT_INIT, CALL_SUB(1), EXIT(), EXIT()),
	CASE("stacks of a chain", STACK_TOTAL, ST(BPF_DW, FP, -304, 0), CALL_SUB(2), MOV64I(R0, 0),
	     EXIT(), ST(BPF_DW, FP, -304, 0), MOV64I(R0, 0), EXIT()),
	CASE("stack pointer handed up", STACK_ESCAPES, MOV64(R1, FP), ALU64I(BPF_ADD, R1, -8),
	     CALL_SUB(2), DONE, STX(BPF_DW, R1, 0, FP), MOV64I(R0, 0), EXIT()),
	CASE("bpf_loop", NONE, MOV64I(R1, 100), I(0x18, R2, EBPF_IMM_FUNC, 0, 6), I(0, 0, 0, 0, 0),
	     MOV64I(R3, 0), MOV64I(R4, 0), CALL(BPF_FUNC_loop), MOV64I(R0, 0), EXIT(),
	     MOV64I(R0, 0), EXIT()),
	CASE("callback returns too much", CALLBACK_RESULT, MOV64I(R1, 100),
	     I(0x18, R2, EBPF_IMM_FUNC, 0, 6), I(0, 0, 0, 0, 0), MOV64I(R3, 0), MOV64I(R4, 0),
	     CALL(BPF_FUNC_loop), MOV64I(R0, 0), EXIT(), MOV64I(R0, 2), EXIT()),
	CASE("kernel function", KFUNC, I(0x85, 0, EBPF_CALL_KFUNC, 0, 0), EXIT()),
};

static const struct verdict tc[] = {
	CASE("legacy packet load", NONE, MOV64(R6, R1), LD_ABS(BPF_H, 12), EXIT()),
	CASE("legacy packet load without context", LD_ABS_CTX, MOV64I(R6, 0), LD_ABS(BPF_H, 12),
	     EXIT()),
	CASE("narrow context load", NONE, LDX(BPF_B, R0, R1, 17), EXIT()),
	CASE("context store", NONE, ST(BPF_W, R1, 8, 1), DONE),
	CASE("store to a read-only field", CTX_ACCESS, ST(BPF_W, R1, 0, 1), DONE),
	CASE("control block", NONE, ST(BPF_DW, R1, 48, 1), DONE),
	CASE("padding", CTX_ACCESS, LDX(BPF_B, R0, R1, 182), EXIT()),
	CASE("socket field", NONE, LDX(BPF_DW, R2, R1, 168), JMPI(BPF_JEQ, R2, 0, 1),
	     LDX(BPF_W, R0, R2, 4), DONE),
	CASE("socket without null test", MAYBE_NULL, LDX(BPF_DW, R2, R1, 168),
	     LDX(BPF_W, R0, R2, 4), DONE),
};

/* One case; false, with the messages, when the verdict is another. */
static bool run(const struct verdict *v, uint32_t type)
{
	const struct fe_verify_options opts = { .insn_limit = 20000 };
	struct rig r;
	bool ok;

	rig_init(&r, type, v->insns, v->n);
	ok = rig_verify(&r, &opts);
	if (rig_reason(&r) != v->reason || ok != (v->reason == REASON_NONE)) {
		print_error("%s: expected %s, got %s\n", v->rule, reason_name(v->reason),
			    reason_name(rig_reason(&r)));
		for (size_t i = 0; i < r.diags.list.len; i++)
			diag_print(stderr, &r.diags.list.at[i]);
		ok = false;
	} else {
		ok = true;
	}
	rig_free(&r);
	return ok;
}

static void run_all(const struct verdict *v, size_t n, uint32_t type)
{
	size_t wrong = 0;

	for (size_t i = 0; i < n; i++)
		wrong += !run(&v[i], type);
	assert_int_equal(wrong, 0);
}

static void xdp_verdicts(void **state)
{
	(void)state;
	run_all(xdp, ARRAY_SIZE(xdp), BPF_PROG_TYPE_XDP);
}

static void tc_verdicts(void **state)
{
	(void)state;
	run_all(tc, ARRAY_SIZE(tc), BPF_PROG_TYPE_SCHED_CLS);
}

static void other_types_are_host_only(void **state)
{
	static const struct bpf_insn insns[] = { MOV64I(R0, 0), EXIT() };
	struct rig r;

	(void)state;
	rig_init(&r, BPF_PROG_TYPE_KPROBE, insns, ARRAY_SIZE(insns));
	assert_false(rig_verify(&r, NULL));
	assert_int_equal(rig_reason(&r), REASON_PROG_TYPE);
	rig_free(&r);
}

static void gpl_helpers_need_the_licence(void **state)
{
	static const struct bpf_insn insns[] = { ST(BPF_DW, FP, -8, 0),       MOV64(R1, FP),
						 ALU64I(BPF_ADD, R1, -8),     MOV64I(R2, 8),
						 CALL(BPF_FUNC_trace_printk), EXIT() };
	struct rig r;

	(void)state;
	rig_init(&r, BPF_PROG_TYPE_XDP, insns, ARRAY_SIZE(insns));
	r.obj.license = "MIT";
	assert_false(rig_verify(&r, NULL));
	assert_int_equal(rig_reason(&r), REASON_HELPER_GPL);
	rig_free(&r);
}

/* ---- facts -------------------------------------------------------------------------------------- */

static void facts_join_all_paths(void **state)
{
	static const struct bpf_insn insns[] = {
		PACKET,                  /* 0, 1 */
		LDX(BPF_W, R5, R1, 12),  /* 2 */
		MOV64I(R0, 1),           /* 3 */
		JMPI(BPF_JEQ, R5, 7, 1), /* 4 */
		MOV64I(R0, 3),           /* 5 */
		NEED(20, 2),             /* 6, 7, 8 */
		LDX(BPF_B, R6, R2, 19),  /* 9 */
		ALU64(BPF_ADD, R0, R6),  /* 10 */
		EXIT(),                  /* 11 */
	};
	struct rig r;
	const struct vp_fact *f;

	(void)state;
	rig_init(&r, BPF_PROG_TYPE_XDP, insns, ARRAY_SIZE(insns));
	assert_true(rig_verify(&r, NULL));
	assert_int_equal(r.vp.n_inst, 1);
	assert_int_equal(r.vp.max_pkt_off, 19);
	f = vp_fact_at(&r.vp, 0, 6);
	assert_int_equal(f->regs[R0].kind, VP_SCALAR);
	assert_int_equal(f->regs[R0].umin, 1);
	assert_int_equal(f->regs[R0].umax, 3);
	assert_int_equal(f->regs[R0].var.mask, 2);
	assert_int_equal(f->regs[R5].kind, VP_NOT_INIT); /* dead */
	f = vp_fact_at(&r.vp, 0, 9);
	assert_int_equal(f->regs[R2].kind, VP_PKT);
	assert_int_equal(f->regs[R2].range, 20);
	assert_int_equal(vp_fact_at(&r.vp, 0, 8)->branch, VP_BRANCH_BOTH);
	f = vp_fact_at(&r.vp, 0, 10);
	assert_int_equal(f->regs[R6].umax, 255);
	rig_free(&r);
}

static void facts_are_kept_per_call(void **state)
{
	static const struct bpf_insn insns[] = {
		MOV64(R6, R1),            /* 0 */
		CALL_SUB(7),              /* 1: with the context */
		MOV64(R1, FP),            /* 2 */
		ALU64I(BPF_ADD, R1, -16), /* 3 */
		ST(BPF_DW, R1, 0, 1),     /* 4 */
		ST(BPF_DW, R1, 8, 1),     /* 5 */
		CALL_SUB(2),              /* 6: with the stack */
		MOV64I(R0, 0),            /* 7 */
		EXIT(),                   /* 8 */
		LDX(BPF_W, R0, R1, 12),   /* 9 */
		EXIT(),                   /* 10 */
	};
	struct rig r;
	const struct vp_fact *a, *b;

	(void)state;
	rig_init(&r, BPF_PROG_TYPE_XDP, insns, ARRAY_SIZE(insns));
	/* One load, two kinds of pointer: the kernel refuses it. */
	assert_false(rig_verify(&r, NULL));
	assert_int_equal(rig_reason(&r), REASON_TYPE_CHANGES);
	rig_free(&r);
	rig_init(&r, BPF_PROG_TYPE_XDP,
		 (struct bpf_insn[]){ MOV64I(R1, 5), CALL_SUB(4), MOV64I(R1, 9), CALL_SUB(2),
				      MOV64I(R0, 0), EXIT(), MOV64(R0, R1), EXIT() },
		 8);
	assert_true(rig_verify(&r, NULL));
	assert_int_equal(r.vp.n_inst, 3);
	a = vp_fact_at(&r.vp, (size_t)vp_fact_at(&r.vp, 0, 1)->child, 6);
	b = vp_fact_at(&r.vp, (size_t)vp_fact_at(&r.vp, 0, 3)->child, 6);
	assert_int_equal(a->regs[R1].umax, 5);
	assert_int_equal(b->regs[R1].umin, 9);
	rig_free(&r);
}

static void decided_branches_are_told(void **state)
{
	static const struct bpf_insn insns[] = { MOV64I(R0, 5), JMPI(BPF_JGT, R0, 4, 1),
						 MOV64I(R0, 0), EXIT() };
	struct rig r;

	(void)state;
	rig_init(&r, BPF_PROG_TYPE_XDP, insns, ARRAY_SIZE(insns));
	assert_true(rig_verify(&r, NULL));
	assert_int_equal(vp_fact_at(&r.vp, 0, 1)->branch, VP_BRANCH_ALWAYS);
	assert_false(vp_fact_at(&r.vp, 0, 2)->seen);
	assert_int_equal(vp_fact_at(&r.vp, 0, 3)->regs[R0].umin, 5);
	rig_free(&r);
}

static void rejection_tells_state_and_path(void **state)
{
	static const struct bpf_insn insns[] = { PACKET, NEED(4, 2), LDX(BPF_W, R0, R2, 4), EXIT(),
						 DONE };
	struct rig r;
	const struct diag *d;

	(void)state;
	rig_init(&r, BPF_PROG_TYPE_XDP, insns, ARRAY_SIZE(insns));
	assert_false(rig_verify(&r, NULL));
	assert_int_equal(r.diags.list.len, 1);
	d = &r.diags.list.at[0];
	assert_int_equal(d->at.insn, 5);
	assert_non_null(strstr(
		d->text, "offset 4, 4 bytes, but the comparison with data_end proves only 4"));
	assert_non_null(strstr(d->detail, "R2=pkt(r=4)"));
	assert_non_null(strstr(d->detail, "4: if r4 > r3 goto pc+2: not taken"));
	rig_free(&r);
}

static void stack_use_is_measured(void **state)
{
	static const struct bpf_insn insns[] = { ST(BPF_B, FP, -13, 1), DONE };
	struct rig r;

	(void)state;
	rig_init(&r, BPF_PROG_TYPE_XDP, insns, ARRAY_SIZE(insns));
	assert_true(rig_verify(&r, NULL));
	assert_int_equal(r.vp.inst[0].stack_bytes, 16);
	rig_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(xdp_verdicts),
		cmocka_unit_test(tc_verdicts),
		cmocka_unit_test(other_types_are_host_only),
		cmocka_unit_test(gpl_helpers_need_the_licence),
		cmocka_unit_test(facts_join_all_paths),
		cmocka_unit_test(facts_are_kept_per_call),
		cmocka_unit_test(decided_branches_are_told),
		cmocka_unit_test(rejection_tells_state_and_path),
		cmocka_unit_test(stack_use_is_measured),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
