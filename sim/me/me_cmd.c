/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory commands from issue to signal (reference chapter 3), context swaps, waiting for signals.
 *
 * A command that swaps transfers its data when the context leaves, i.e. after its defer slots. One
 * that does not is kept as outstanding: a read takes memory at issue and delivers at completion, a
 * write or atomic takes the transfer registers at completion, the latest that hardware may. */
#include "sim/me/me_internal.h"

#include "base/bits.h"

#include <inttypes.h>
#include <string.h>

#define XFERS  64u
#define MASK40 0xffffffffffu

/* ---- atomics -------------------------------------------------------------------------------- */

enum { FORM_PLAIN, FORM_TEST, FORM_IMM, FORM_TEST_IMM }; /* order in enum me_effect */

static bool is_atomic_op(enum me_effect e) /* has the four forms */
{
	return e >= ME_MEM_SET && e <= ME_MEM_TEST_SUBSAT_IMM;
}

static unsigned form_of(enum me_effect e)
{
	return is_atomic_op(e) ? (unsigned)(e - ME_MEM_SET) % 4 : FORM_PLAIN;
}

static enum me_effect base_of(enum me_effect e)
{
	return is_atomic_op(e) ? (enum me_effect)(e - form_of(e)) : e;
}

static bool is_imm(enum me_effect e)
{
	return form_of(e) == FORM_IMM || form_of(e) == FORM_TEST_IMM;
}

static bool is_test(enum me_effect e)
{
	return form_of(e) == FORM_TEST || form_of(e) == FORM_TEST_IMM || e == ME_MEM_SWAP;
}

static bool is_counter(enum me_effect e) /* 32 or 64 bits by bit 2 of the count */
{
	enum me_effect b = base_of(e);

	return b == ME_MEM_ADD || b == ME_MEM_ADDSAT || b == ME_MEM_SUB || b == ME_MEM_SUBSAT;
}

static bool is_atomic(enum me_effect e)
{
	return e != ME_MEM_READ && e != ME_MEM_WRITE;
}

static uint64_t operate(enum me_effect e, uint64_t old, uint64_t x, uint64_t max)
{
	switch (base_of(e)) {
	case ME_MEM_SET: return old | x;
	case ME_MEM_CLR: return old & ~x;
	case ME_MEM_ADD: return (old + x) & max;
	case ME_MEM_ADDSAT: return x > max - old ? max : old + x;
	case ME_MEM_SUB: return (old - x) & max;
	case ME_MEM_SUBSAT: return x > old ? 0 : old - x;
	case ME_MEM_XOR: return old ^ x;
	default: return x; /* atomic_write, swap */
	}
}

/* A 64-bit counter lies in memory low word first, each word big-endian (nfp.md 3.3). */
static void atomic_wide(struct me_ctx *ctx, const struct me_access *a)
{
	enum me_effect e = a->in->cmd->effect;
	uint32_t *out = &ctx->r[R_OUT + a->in->xfer], *in = &ctx->r[R_IN + a->in->xfer];
	uint64_t old = load_be32(a->at) | (uint64_t)load_be32(a->at + 4) << 32;
	uint64_t x = is_imm(e) ? a->imm : out[0] | (uint64_t)out[1] << 32;
	uint64_t now = operate(e, old, x, UINT64_MAX);

	store_be32(a->at, (uint32_t)now);
	store_be32(a->at + 4, (uint32_t)(now >> 32));
	if (is_test(e)) {
		in[0] = (uint32_t)old;
		in[1] = (uint32_t)(old >> 32);
	}
}

static void atomic_words(struct me_ctx *ctx, const struct me_access *a)
{
	enum me_effect e = a->in->cmd->effect;

	for (uint32_t i = 0; i < a->bytes / 4; i++) {
		uint32_t xfer = a->in->xfer + i;
		uint32_t old = load_be32(a->at + 4 * i);
		uint32_t x = is_imm(e) ? a->imm : ctx->r[R_OUT + xfer];

		if (e != ME_MEM_ATOMIC_READ)
			store_be32(a->at + 4 * i, (uint32_t)operate(e, old, x, UINT32_MAX));
		if (e == ME_MEM_ATOMIC_READ || is_test(e))
			ctx->r[R_IN + xfer] = old;
	}
}

/* ---- plain transfers ------------------------------------------------------------------------ */

static void read_words(struct sim_me *me, struct me_ctx *ctx, const struct me_access *a,
		       const uint8_t *from)
{
	uint32_t *in = &ctx->r[R_IN + a->in->xfer];
	bool le = a->in->cmd->order == ME_ORDER_LE;
	uint32_t whole = a->bytes / 4;
	uint8_t last[4];

	for (uint32_t i = 0; i < whole; i++)
		in[i] = le ? load_le32(from + 4 * i) : load_be32(from + 4 * i);
	if (!(a->bytes & 3))
		return;
	store_le32(last, me_junk(me)); /* bytes beyond the count are not defined */
	memcpy(last, from + 4 * whole, a->bytes & 3);
	in[whole] = le ? load_le32(last) : load_be32(last);
}

static void write_words(struct me_ctx *ctx, const struct me_access *a)
{
	const uint32_t *out = &ctx->r[R_OUT + a->in->xfer];
	bool le = a->in->cmd->order == ME_ORDER_LE;

	for (uint32_t j = 0; j < a->bytes; j++)
		a->at[j] = (uint8_t)(out[j / 4] >> 8 * (le ? j & 3 : 3 - (j & 3)));
}

static void transfer(struct sim_me *me, struct me_ctx *ctx, const struct me_access *a,
		     const uint8_t *read_from)
{
	switch (a->in->cmd->effect) {
	case ME_MEM_READ: read_words(me, ctx, a, read_from); break;
	case ME_MEM_WRITE: write_words(ctx, a); break;
	default:
		if (a->wide)
			atomic_wide(ctx, a);
		else
			atomic_words(ctx, a);
	}
}

/* ---- issue ---------------------------------------------------------------------------------- */

/* The override word of nfp.md 3.4: of its parts, length and immediate data are modelled. */
enum {
	OV_MASTERS = 0x0007,
	OV_DATA_SHIFT = 3,
	OV_DATA_IMM = 2,
	OV_BYTE_MASK = 0x0040,
	OV_LEN = 0x0080,
	OV_SIGNAL_TARGET = 0xe000,
};

static bool override(struct sim_me *me, struct me_ctx *ctx, struct me_access *a, uint32_t *count,
		     bool *has_imm)
{
	uint32_t word = ctx->prev_res, data = word >> OV_DATA_SHIFT & 7;

	*has_imm = false;
	if (!a->in->indirect)
		return true;
	if (ctx->prev_res_for != ctx->insns &&
	    !me_hazard(me, ctx, SIM_ME_FAULT_HAZARD_PREV,
		       "indirect reference, but the instruction before has no result"))
		return false;
	if (word & (OV_MASTERS | OV_BYTE_MASK | OV_SIGNAL_TARGET) || (data && data != OV_DATA_IMM))
		return me_fault(me, ctx, SIM_ME_FAULT_CMD,
				"override word 0x%" PRIx32 " requests more than length and data",
				word);
	if (word & OV_LEN)
		*count = word >> 8 & 31;
	*has_imm = data == OV_DATA_IMM;
	a->imm = (uint16_t)(word >> 16);
	return true;
}

static bool bad_length(struct sim_me *me, struct me_ctx *ctx, uint32_t count)
{
	return me_fault(me, ctx, SIM_ME_FAULT_CMD, "%s takes no length code %" PRIu32,
			me->insns[ctx->pc].cmd->name, count);
}

/* Bytes in memory, from the instruction's count or the override's. */
static bool measure(struct sim_me *me, struct me_ctx *ctx, struct me_access *a)
{
	const struct me_mem_cmd *cmd = a->in->cmd;
	uint32_t count = a->in->count;
	bool has_imm;

	if (!override(me, ctx, a, &count, &has_imm))
		return false;
	if (is_imm(cmd->effect) != has_imm)
		return me_fault(me, ctx, SIM_ME_FAULT_CMD, "%s %s immediate data", cmd->name,
				has_imm ? "takes no" : "needs");
	if (has_imm) {
		if ((count & ~4u) != 8) /* bit 3 must be set for 16-bit data */
			return bad_length(me, ctx, count);
		a->wide = count & 4;
		a->bytes = a->wide ? 8 : 4;
	} else if (is_counter(cmd->effect)) {
		if (count & ~4u)
			return bad_length(me, ctx, count);
		a->wide = count & 4;
		a->bytes = a->wide ? 8 : 4;
	} else {
		a->bytes = (count + 1) * cmd->unit;
	}
	if (a->bytes > sizeof(a->data) || a->in->xfer + (a->bytes + 3) / 4 > XFERS)
		return me_fault(me, ctx, SIM_ME_FAULT_CMD,
				"%" PRIu32 " bytes do not fit the transfer registers from %u on",
				a->bytes, a->in->xfer);
	return true;
}

static bool address(struct sim_me *me, struct me_ctx *ctx, const struct me_op *op, uint64_t *addr,
		    bool *is32)
{
	uint64_t a = ctx->r[op->left], b = ctx->r[op->right];

	*is32 = false;
	switch (me->insns[ctx->pc].mode) {
	case 0: *addr = ((a << 8) + b) & MASK40; return true;
	case 1: *addr = ((b << 8) + a) & MASK40; return true;
	case 4:
		*addr = (uint32_t)(a + b);
		*is32 = true;
		return true;
	default:
		return me_fault(me, ctx, SIM_ME_FAULT_CMD, "addressing mode %u is not modelled",
				me->insns[ctx->pc].mode);
	}
}

/* Memory that an earlier command may still change (or read) must be left alone. */
static bool undisturbed(struct sim_me *me, struct me_ctx *ctx, const struct me_access *a)
{
	for (unsigned i = 0; i < ctx->n_outstanding; i++) {
		const struct me_access *o = &ctx->outstanding[i];
		bool both_read =
			a->in->cmd->effect == ME_MEM_READ && o->in->cmd->effect == ME_MEM_READ;
		bool both_count = base_of(a->in->cmd->effect) == ME_MEM_ADD &&
				  base_of(o->in->cmd->effect) == ME_MEM_ADD;

		if (both_read || both_count || a->at + a->bytes <= o->at ||
		    o->at + o->bytes <= a->at)
			continue;
		return me_hazard(me, ctx, SIM_ME_FAULT_HAZARD_POSTED,
				 "%s accesses the memory of the %s at word %" PRIu32
				 ", which may still be pending",
				 a->in->cmd->name, o->in->cmd->name, o->op_idx);
	}
	return true;
}

static bool signal_is_free(struct sim_me *me, struct me_ctx *ctx, unsigned signal)
{
	bool used = ctx->signals >> signal & 1;

	if (!signal)
		return true;
	for (unsigned i = 0; i < ctx->n_outstanding; i++)
		used |= ctx->outstanding[i].in->signal == signal;
	return !used || me_fault(me, ctx, SIM_ME_FAULT_SIGNAL,
				 "signal %u is still that of an earlier command", signal);
}

void me_wait(struct sim_me *me, struct me_ctx *ctx, uint64_t cycles, enum sim_me_memory memory)
{
	if (me->n_waits < SIM_ME_WAITS)
		me->waits[me->n_waits++] =
			(struct sim_me_wait){ .busy = ctx->cycle - ctx->waited - ME_FIRST_CYCLE,
					      .cycles = (uint32_t)cycles,
					      .memory = (uint8_t)memory };
	else
		me->waits[SIM_ME_WAITS - 1].cycles += (uint32_t)cycles;
	ctx->cycle += cycles;
	ctx->waited += cycles;
}

static bool keep_outstanding(struct sim_me *me, struct me_ctx *ctx, struct me_access *a)
{
	uint32_t words = (a->bytes + 3) / 4;

	if (ctx->n_outstanding == ME_OUTSTANDING) { /* the queue is full: the engine stalls */
		uint64_t first = UINT64_MAX;

		for (unsigned i = 0; i < ctx->n_outstanding; i++)
			if (ctx->outstanding[i].done < first)
				first = ctx->outstanding[i].done;
		me_wait(me, ctx, first - ctx->cycle, a->memory);
		me_cmd_poll(me, ctx);
	}
	if (a->in->cmd->effect == ME_MEM_READ) {
		memcpy(a->data, a->at, a->bytes);
		me_junk_words(me, &ctx->r[R_IN + a->in->xfer], words);
	}
	ctx->outstanding[ctx->n_outstanding++] = *a;
	return true;
}

bool me_cmd_issue(struct sim_me *me, struct me_ctx *ctx, const struct me_op *op)
{
	const struct me_insn *in = &me->insns[ctx->pc];
	struct me_access *a = &ctx->swap;
	uint64_t addr = 0;
	bool is32 = false;

	if (in->swap && !me_not_in_slot(me, ctx))
		return false;
	if (!in->cmd || in->cmd->effect == ME_MEM_UNKNOWN)
		return me_fault(me, ctx, SIM_ME_FAULT_CMD, "command is not modelled");
	if (in->swap && !in->signal)
		return me_fault(me, ctx, SIM_ME_FAULT_SIGNAL,
				"swaps out without a signal to wake it");
	if (!in->swap && ctx->after == AFTER_SWAP)
		return me_fault(me, ctx, SIM_ME_FAULT_CMD,
				"command in the defer slot of another is not modelled");
	a->in = in;
	a->op_idx = ctx->pc;
	a->wide = false;
	me_cmd_poll(me, ctx);
	if (!measure(me, ctx, a) || !address(me, ctx, op, &addr, &is32) ||
	    !me_mem_resolve(me, ctx, addr, is32, a))
		return false;
	if (is_atomic(in->cmd->effect) && addr & (a->wide ? 7 : 3))
		return me_fault(me, ctx, SIM_ME_FAULT_MEM_ALIGN,
				"%s of %" PRIu32 " bits at 0x%" PRIx64, in->cmd->name,
				a->wide ? 64u : 32u, addr);
	a->done = ctx->cycle + a->latency;
	if (!undisturbed(me, ctx, a) || !signal_is_free(me, ctx, in->signal))
		return false;
	if (!in->swap)
		return keep_outstanding(me, ctx, a);
	ctx->after = AFTER_SWAP;
	ctx->slots = in->defer + 1u;
	ctx->lost = me->timing.swap_shadow > in->defer ? me->timing.swap_shadow - in->defer : 0;
	return true;
}

/* ---- transfer registers under way ------------------------------------------------------------ */

static bool within(uint16_t reg, uint32_t first, uint32_t n)
{
	return reg >= first && reg - first < n;
}

static bool waits_for_data(const struct me_access *a)
{
	return a->in->cmd->effect == ME_MEM_READ || a->in->cmd->effect == ME_MEM_ATOMIC_READ ||
	       is_test(a->in->cmd->effect);
}

static bool reads_early(const struct me_op *op, const struct me_access *a)
{
	uint32_t first = R_IN + a->in->xfer, n = (a->bytes + 3) / 4;

	return waits_for_data(a) && (within(op->left, first, n) || within(op->right, first, n) ||
				     within(op->old, first, n));
}

/* Data of a command with swap is pulled behind its defer slots, which may fill it. */
static bool overwrites(const struct me_op *op, const struct me_access *a)
{
	enum me_effect e = a->in->cmd->effect;

	return e != ME_MEM_READ && e != ME_MEM_ATOMIC_READ && !is_imm(e) &&
	       within(op->dst, R_OUT + a->in->xfer, (a->bytes + 3) / 4);
}

static bool too_early(struct sim_me *me, struct me_ctx *ctx, const struct me_access *a)
{
	return me_hazard(me, ctx, SIM_ME_FAULT_HAZARD_XFER,
			 "transfer registers from %u on belong to word %" PRIu32
			 " until its signal",
			 a->in->xfer, a->op_idx);
}

bool me_xfer_ready(struct sim_me *me, struct me_ctx *ctx, const struct me_op *op)
{
	me_cmd_poll(me, ctx);
	for (unsigned i = 0; i < ctx->n_outstanding; i++) {
		const struct me_access *a = &ctx->outstanding[i];

		if ((reads_early(op, a) || overwrites(op, a)) && !too_early(me, ctx, a))
			return false;
	}
	return ctx->after != AFTER_SWAP || !reads_early(op, &ctx->swap) ||
	       too_early(me, ctx, &ctx->swap);
}

/* ---- completion ----------------------------------------------------------------------------- */

static void complete(struct sim_me *me, struct me_ctx *ctx, unsigned i)
{
	struct me_access *a = &ctx->outstanding[i];

	transfer(me, ctx, a, a->data);
	if (a->in->signal)
		ctx->signals |= (uint16_t)(1u << a->in->signal);
	memmove(a, a + 1, (ctx->n_outstanding - i - 1) * sizeof(*a));
	ctx->n_outstanding--;
}

void me_cmd_poll(struct sim_me *me, struct me_ctx *ctx)
{
	for (unsigned i = 0; i < ctx->n_outstanding;) {
		if (ctx->outstanding[i].done <= ctx->cycle)
			complete(me, ctx, i);
		else
			i++;
	}
}

static void wait_until(struct sim_me *me, struct me_ctx *ctx, uint64_t cycle,
		       enum sim_me_memory memory)
{
	if (cycle > ctx->cycle)
		me_wait(me, ctx, cycle - ctx->cycle, memory);
}

bool me_cmd_swap(struct sim_me *me, struct me_ctx *ctx)
{
	transfer(me, ctx, &ctx->swap, ctx->swap.at);
	ctx->cycle += ctx->lost;
	wait_until(me, ctx, ctx->swap.done, ctx->swap.memory);
	if (ctx->n_outstanding)
		me_cmd_poll(me, ctx);
	return true;
}

bool me_arb(struct sim_me *me, struct me_ctx *ctx)
{
	ctx->cycle += ctx->lost;
	for (;;) {
		uint64_t next = UINT64_MAX;
		unsigned first = 0;
		uint16_t here;

		me_cmd_poll(me, ctx);
		here = (uint16_t)((ctx->signals | 1) & ctx->arb_events); /* 0: voluntary */
		if (ctx->arb_any ? here != 0 : here == ctx->arb_events) {
			ctx->signals &= (uint16_t)~here;
			return true;
		}
		for (unsigned i = 0; i < ctx->n_outstanding; i++)
			if (ctx->outstanding[i].done < next)
				next = ctx->outstanding[first = i].done;
		if (next == UINT64_MAX)
			return me_fault(me, ctx, SIM_ME_FAULT_SIGNAL,
					"waits for signals 0x%x, which nothing will send",
					ctx->arb_events & ~here);
		wait_until(me, ctx, next, ctx->outstanding[first].memory);
	}
}

bool me_cmd_drain(struct sim_me *me, struct me_ctx *ctx, const char *when)
{
	me_cmd_poll(me, ctx);
	for (unsigned i = 0; i < ctx->n_outstanding; i++)
		if (ctx->outstanding[i].in->signal)
			return me_fault(me, ctx, SIM_ME_FAULT_SIGNAL,
					"%s with signal %u of word %" PRIu32 " still pending", when,
					ctx->outstanding[i].in->signal, ctx->outstanding[i].op_idx);
	if (ctx->signals)
		return me_fault(me, ctx, SIM_ME_FAULT_SIGNAL,
				"%s with signals 0x%x that were not waited for", when,
				ctx->signals);
	while (ctx->n_outstanding)
		complete(me, ctx, 0);
	return true;
}
