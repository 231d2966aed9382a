/* SPDX-License-Identifier: BSD-2-Clause */
/* Guest code around a program: the packet loop, the way out to C, and an entry per helper.
 *
 *   loop:    out NEXT        C takes the result of the packet before, puts the next one in place
 *            stop? -> end    set the stack, rdi = context, call the program, keep r0, loop
 *   end:     jmp end         C has stopped Unicorn, which leaves between two blocks
 *   helper:  eax = id, jmp gate
 *   gate:    store id and arguments in the call frame, out HELPER, load the result, ret
 *
 * An OUT instruction costs the least of all ways out of Unicorn that keep its translation running. */
#include "sim/host/environment/host_internal.h"

#include "base/bits.h"
#include "sim/host/engines/x86_emit.h"
#include "sim/interp.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#define HELPER_ENTRIES   256u /* ids 0..254, and one for LD_ABS/LD_IND */
#define HELPER_ENTRY_LEN 16u
#define ENTRIES_OFF      0x1000u    /* behind loop, gate and bpf_loop() */
#define LOOP_MAX         (1u << 23) /* BPF_MAX_LOOPS of the kernel */

_Static_assert(ENTRIES_OFF + HELPER_ENTRIES * HELPER_ENTRY_LEN <= GUEST_UNTIL - GUEST_GATE,
	       "gate too small");

static const enum x86_reg arg_regs[5] = { X86_RDI, X86_RSI, X86_RDX, X86_RCX, X86_R8 };

static void frame_addr(struct x86_buf *b, enum x86_reg r)
{
	x86_mov_imm64(b, r, GUEST_FRAME);
}

static void store(struct x86_buf *b, enum x86_reg r, size_t frame_off)
{
	x86_mem(b, X86_MOV, X86_W64, r, X86_R10, (int32_t)frame_off);
}

static void load(struct x86_buf *b, enum x86_reg r, size_t frame_off)
{
	x86_mem(b, X86_MOV_LOAD, X86_W64, r, X86_R10, (int32_t)frame_off);
}

static void build_loop(struct x86_buf *b, uint64_t entry, uint64_t ctx, struct sim_gate *gate)
{
	size_t top = b->len, end;

	gate->loop = GUEST_GATE + top;
	x86_out_al(b, SIM_PORT_NEXT);
	frame_addr(b, X86_R10);
	load(b, X86_RAX, offsetof(struct sim_call_frame, stop));
	x86_reg_reg(b, X86_TEST, X86_W32, X86_RAX, X86_RAX);
	end = x86_jcc_short(b, X86_CC_NE);
	x86_mov_imm64(b, X86_RSP, GUEST_STACK + GUEST_STACK_SIZE - 64);
	x86_mov_imm64(b, X86_RDI, ctx);
	x86_mov_imm64(b, X86_R11, entry);
	x86_call_reg(b, X86_R11);
	frame_addr(b, X86_R10);
	store(b, X86_RAX, offsetof(struct sim_call_frame, r0));
	x86_reg_reg(b, X86_CMP, X86_W64, X86_RAX, X86_RAX);
	x86_jcc_back(b, X86_CC_E, top);
	x86_land(b, end);
	x86_byte(b, 0xeb);
	x86_byte(b, 0xfe);
}

static uint64_t build_gate(struct x86_buf *b)
{
	uint64_t addr = GUEST_GATE + b->len;

	frame_addr(b, X86_R10);
	store(b, X86_RAX, offsetof(struct sim_call_frame, helper));
	for (size_t i = 0; i < ARRAY_SIZE(arg_regs); i++)
		store(b, arg_regs[i], offsetof(struct sim_call_frame, arg) + i * sizeof(uint64_t));
	x86_out_al(b, SIM_PORT_HELPER);
	load(b, X86_RAX, offsetof(struct sim_call_frame, ret));
	load(b, X86_RDX, offsetof(struct sim_call_frame, ret2));
	x86_ret(b);
	return addr;
}

/* bpf_loop(nr, callback, context, flags): it calls back into the program, so it is guest code. */
static void build_bpf_loop(struct x86_buf *b, struct sim_gate *gate)
{
	static const enum x86_reg saved[] = { X86_RBX, X86_R13, X86_R14, X86_R15 };
	size_t bad_flags, too_many, done, again;

	gate->bpf_loop = GUEST_GATE + b->len;
	x86_mov_imm64(b, X86_RAX, (uint64_t)-22); /* -EINVAL */
	x86_reg_reg(b, X86_TEST, X86_W64, X86_RCX, X86_RCX);
	bad_flags = x86_jcc_short(b, X86_CC_NE);
	x86_mov_imm64(b, X86_RAX, (uint64_t)-7); /* -E2BIG */
	x86_reg_imm(b, X86_CMP_IMM, X86_W32, X86_RDI, LOOP_MAX);
	too_many = x86_jcc_short(b, X86_CC_A);
	for (size_t i = 0; i < ARRAY_SIZE(saved); i++)
		x86_push(b, saved[i]);
	x86_mov_imm64(b, X86_RBX, 0);
	x86_reg_reg(b, X86_MOV, X86_W32, X86_R13, X86_RDI);
	x86_reg_reg(b, X86_MOV, X86_W64, X86_R14, X86_RSI);
	x86_reg_reg(b, X86_MOV, X86_W64, X86_R15, X86_RDX);
	again = b->len;
	gate->loop_round = GUEST_GATE + again;
	x86_reg_reg(b, X86_CMP, X86_W64, X86_RBX, X86_R13);
	done = x86_jcc_short(b, X86_CC_AE);
	x86_reg_reg(b, X86_MOV, X86_W64, X86_RDI, X86_RBX);
	x86_reg_reg(b, X86_MOV, X86_W64, X86_RSI, X86_R15);
	x86_call_reg(b, X86_R14);
	x86_reg_imm(b, X86_ADD_IMM, X86_W64, X86_RBX, 1);
	x86_reg_reg(b, X86_TEST, X86_W64, X86_RAX, X86_RAX);
	x86_jcc_back(b, X86_CC_E, again);
	x86_land(b, done);
	x86_reg_reg(b, X86_MOV, X86_W64, X86_RAX, X86_RBX);
	for (size_t i = ARRAY_SIZE(saved); i-- > 0;)
		x86_pop(b, saved[i]);
	x86_land(b, bad_flags);
	x86_land(b, too_many);
	x86_ret(b);
}

static void call_step(struct x86_buf *b, uint64_t gate_addr, enum sim_each_step step)
{
	x86_reg_imm(b, X86_MOV_IMM, X86_W32, X86_RAX, (int32_t)step);
	x86_mov_imm64(b, X86_R11, gate_addr);
	x86_call_reg(b, X86_R11);
}

/* bpf_for_each_map_elem(map, callback, context, flags): callback(map, key, value, context) until it answers
 * with something or there is no more. */
static void build_for_each(struct x86_buf *b, uint64_t gate_addr, struct sim_gate *gate)
{
	static const enum x86_reg saved[] = { X86_RBX, X86_R13, X86_R14, X86_R15 };
	size_t done, again;

	gate->for_each = GUEST_GATE + b->len;
	for (size_t i = 0; i < ARRAY_SIZE(saved); i++)
		x86_push(b, saved[i]);
	x86_reg_reg(b, X86_MOV, X86_W64, X86_RBX, X86_RDI);
	x86_reg_reg(b, X86_MOV, X86_W64, X86_R13, X86_RSI);
	x86_reg_reg(b, X86_MOV, X86_W64, X86_R14, X86_RDX);
	call_step(b, gate_addr, SIM_EACH_START);
	again = b->len;
	call_step(b, gate_addr, SIM_EACH_NEXT);
	x86_reg_reg(b, X86_TEST, X86_W64, X86_RAX, X86_RAX);
	done = x86_jcc_short(b, X86_CC_E);
	x86_reg_reg(b, X86_MOV, X86_W64, X86_R15, X86_RAX);
	call_step(b, gate_addr, SIM_EACH_KEY);
	x86_reg_reg(b, X86_MOV, X86_W64, X86_RDI, X86_RBX);
	x86_reg_reg(b, X86_MOV, X86_W64, X86_RSI, X86_RAX);
	x86_reg_reg(b, X86_MOV, X86_W64, X86_RDX, X86_R15);
	x86_reg_reg(b, X86_MOV, X86_W64, X86_RCX, X86_R14);
	x86_call_reg(b, X86_R13);
	x86_reg_reg(b, X86_TEST, X86_W64, X86_RAX, X86_RAX);
	x86_jcc_back(b, X86_CC_E, again);
	x86_land(b, done);
	call_step(b, gate_addr, SIM_EACH_END);
	for (size_t i = ARRAY_SIZE(saved); i-- > 0;)
		x86_pop(b, saved[i]);
	x86_ret(b);
}

uint64_t sim_gate_helper_addr(uint32_t helper)
{
	uint64_t entry = helper == SIM_CALL_SKB_LOAD ? HELPER_ENTRIES - 1 : helper;

	return entry < HELPER_ENTRIES ? GUEST_GATE + ENTRIES_OFF + entry * HELPER_ENTRY_LEN : 0;
}

static void build_entry(struct x86_buf *b, uint32_t helper, uint64_t gate_addr)
{
	size_t start = b->len;
	uint64_t next;

	x86_reg_imm(b, X86_MOV_IMM, X86_W32, X86_RAX, (int32_t)helper);
	x86_byte(b, 0xe9); /* jmp gate */
	next = GUEST_GATE + b->len + 4;
	x86_imm32(b, (int32_t)(gate_addr - next));
	while (b->len - start < HELPER_ENTRY_LEN)
		x86_byte(b, 0xcc);
}

void sim_gate_build(struct arena *scratch, uint64_t entry, uint64_t ctx, uint8_t *page,
		    struct sim_gate *gate)
{
	struct x86_buf b = { .arena = scratch };
	uint64_t gate_addr;

	build_loop(&b, entry, ctx, gate);
	gate_addr = gate->call = build_gate(&b);
	build_bpf_loop(&b, gate);
	build_for_each(&b, gate_addr, gate);
	assert(b.len <= ENTRIES_OFF && "gate code overlaps the helper entries");
	while (b.len < ENTRIES_OFF)
		x86_byte(&b, 0xcc);
	for (uint32_t i = 0; i + 1 < HELPER_ENTRIES; i++)
		build_entry(&b, i, gate_addr);
	build_entry(&b, SIM_CALL_SKB_LOAD, gate_addr);
	gate->skb_load = sim_gate_helper_addr(SIM_CALL_SKB_LOAD);
	assert(b.len <= GUEST_UNTIL - GUEST_GATE && "gate region");
	memcpy(page, b.at, b.len);
}
