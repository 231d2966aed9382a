/* SPDX-License-Identifier: BSD-2-Clause */
/* The firmware's helper routines as a program sees them: arguments in, results out, and everything
 * that they do not promise to keep filled with junk (nfp.md 4.11, 4.12). */
#include "sim/me/me_internal.h"

#include "base/bits.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <linux/bpf.h>
#include <string.h>

#define MAX_MAP_BYTES 512u /* keys and values from the stack */

/* Low word of eBPF register Rn; both banks hold it (nfp.md 4.3). */
enum { GPR_R0 = 0, GPR_R2 = 4, GPR_R3 = 6, GPR_R4 = 8, GPR_R5 = 10 };

static bool helper_fault(struct sim_me *me, struct me_ctx *ctx, const char *what, uint32_t value)
{
	ctx->pc = ctx->branch_pc;
	return me_fault(me, ctx, SIM_ME_FAULT_HELPER, "helper call: %s (0x%" PRIx32 ")", what,
			value);
}

/* An argument register: the firmware may read either copy. */
static bool argument(struct sim_me *me, struct me_ctx *ctx, unsigned gpr, uint32_t *value)
{
	*value = ctx->r[R_GPR_A + gpr];
	if (*value == ctx->r[R_GPR_B + gpr])
		return true;
	return helper_fault(me, ctx, "banks A and B differ in an argument register", gpr);
}

/* `n` bytes of stack behind an LM pointer. */
static bool stack_bytes(struct sim_me *me, struct me_ctx *ctx, uint32_t addr, uint32_t n,
			uint8_t *to)
{
	if (!me_lm_is_stack(me, addr, n))
		return helper_fault(me, ctx, "pointer to bytes that are not all stack", addr);
	for (uint32_t i = 0; i < n; i++)
		to[i] = me_lm_byte(me, addr + i);
	return true;
}

static bool pointed(struct sim_me *me, struct me_ctx *ctx, unsigned ptr, uint32_t n, uint8_t *to)
{
	uint32_t addr;

	return me_pointer_get(me, ctx, ptr, &addr) && stack_bytes(me, ctx, addr, n, to);
}

static void set_r0(struct me_ctx *ctx, uint32_t lo, uint32_t hi)
{
	ctx->r[R_GPR_A + GPR_R0] = ctx->r[R_GPR_B + GPR_R0] = lo;
	ctx->r[R_GPR_A + GPR_R0 + 1] = ctx->r[R_GPR_B + GPR_R0 + 1] = hi;
}

static void set_r0_errno(struct me_ctx *ctx, int rc)
{
	set_r0(ctx, (uint32_t)rc, rc < 0 ? UINT32_MAX : 0);
}

/* GPRs [from, to) of both banks. */
static void clobber_gprs(struct sim_me *me, struct me_ctx *ctx, unsigned from, unsigned to)
{
	me_junk_words(me, &ctx->r[R_GPR_A + from], to - from);
	me_junk_words(me, &ctx->r[R_GPR_B + from], to - from);
}

/* Registers that every helper clobbers; only the lookup routine preserves scratch registers 20 and 21, and LM2. */
static void clobber(struct sim_me *me, struct me_ctx *ctx, bool is_lookup)
{
	clobber_gprs(me, ctx, 0, 12);
	clobber_gprs(me, ctx, 23, 32);
	if (!is_lookup) {
		clobber_gprs(me, ctx, 20, 22);
		me_pointer_force(ctx, 2, me_junk(me) & 0xffc);
	}
	me_junk_words(me, &ctx->r[R_IN], 128); /* and R_OUT behind it */
	me_pointer_force(ctx, 3, me_junk(me) & 0xffc);
	me_pointer_force(ctx, ME_T_INDEX, me_junk(me) & 0x3fc);
	ctx->cc_c = CC_UNKNOWN | CC_UNDOCUMENTED;
	ctx->cc_v = CC_UNDOCUMENTED;
	ctx->prev_left_for = ctx->prev_res_for = 0;
	ctx->byte_index = me_junk(me);
	me->mul.started = false;
}

/* ---- maps ----------------------------------------------------------------------------------- */

struct map_call {
	size_t map;
	uint8_t key[MAX_MAP_BYTES];
};

/* Ids of perf event arrays are a kernel's: one of them may be the same number. */
static bool has_tid(const struct sim_me *me, const struct sim_me_map *row, uint32_t tid)
{
	return row->tid == tid &&
	       sim_maps_spec(me->maps, row->map_idx)->type != BPF_MAP_TYPE_PERF_EVENT_ARRAY;
}

static bool map_call(struct sim_me *me, struct me_ctx *ctx, struct map_call *call)
{
	uint32_t tid = ctx->r[R_GPR_A];
	const struct sim_map_spec *spec;
	size_t i = 0;

	while (i < me->n_maps && !has_tid(me, &me->map_table[i], tid))
		i++;
	if (i == me->n_maps)
		return helper_fault(me, ctx, "no map has the table id in A0", tid);
	call->map = me->map_table[i].map_idx;
	spec = sim_maps_spec(me->maps, call->map);
	if (spec->key_size > MAX_MAP_BYTES)
		return helper_fault(me, ctx, "key is larger than any stack", spec->key_size);
	return pointed(me, ctx, 0, spec->key_size, call->key);
}

/* Address as the pair that programs compute with: (hi << 8) + lo. Where the split lies is the
 * firmware's business, so it differs from element to element. */
static void split_address(uint64_t addr, uint32_t *lo, uint32_t *hi)
{
	static const uint32_t lo_masks[] = { 0xff, 0xffff, 0xfff, 0x3ff };
	uint64_t low = addr & lo_masks[addr >> 3 & 3];

	*lo = (uint32_t)low;
	*hi = (uint32_t)((addr - low) >> 8);
}

static bool map_lookup(struct sim_me *me, struct me_ctx *ctx)
{
	struct map_call call;
	uint32_t lo = 0, hi = 0;
	int64_t off;

	if (!map_call(me, ctx, &call))
		return false;
	off = sim_map_lookup(me->maps, call.map, call.key);
	if (off != SIM_MAP_NONE)
		split_address(ME_EMEM_BASE + (uint64_t)off, &lo, &hi);
	clobber(me, ctx, true);
	set_r0(ctx, lo, hi);
	return true;
}

static bool map_update(struct sim_me *me, struct me_ctx *ctx)
{
	struct map_call call;
	uint8_t value[MAX_MAP_BYTES];
	uint32_t flags, size;
	int rc;

	if (!map_call(me, ctx, &call) || !argument(me, ctx, GPR_R4, &flags))
		return false;
	size = sim_maps_spec(me->maps, call.map)->value_size;
	if (size > MAX_MAP_BYTES)
		return helper_fault(me, ctx, "value is larger than any stack", size);
	if (!pointed(me, ctx, 2, size, value))
		return false;
	rc = sim_map_update(me->maps, call.map, call.key, value, flags);
	clobber(me, ctx, false);
	set_r0_errno(ctx, rc);
	return true;
}

static bool map_delete(struct sim_me *me, struct me_ctx *ctx)
{
	struct map_call call;
	int rc;

	if (!map_call(me, ctx, &call))
		return false;
	rc = sim_map_delete(me->maps, call.map, call.key);
	clobber(me, ctx, false);
	set_r0_errno(ctx, rc);
	return true;
}

/* ---- perf events ---------------------------------------------------------------------------- */

enum { PTR_SCALAR = 1, PTR_MAP_VALUE = 4, PTR_STACK = 6, PTR_PACKET = 8 }; /* A1 */

#define EVENT_MAX_BYTES 65535u

/* The event's data, copied from wherever R4 points; NULL: fault. */
static uint8_t *event_data(struct sim_me *me, struct me_ctx *ctx, uint32_t lo, uint32_t hi,
			   uint32_t size)
{
	static const struct me_mem_cmd read8 = { .unit = 1, .effect = ME_MEM_READ };
	static const struct me_insn as_read = { .cmd = &read8 };
	struct me_access a = { .in = &as_read, .bytes = size };
	uint8_t *data = malloc(size ? size : 1);
	bool ok = true;

	if (!data) {
		helper_fault(me, ctx, "no memory for an event of this size", size);
		return NULL;
	}
	ctx->pc = ctx->branch_pc;
	switch (size ? ctx->r[R_GPR_A + 1] : PTR_SCALAR) {
	case PTR_STACK: ok = stack_bytes(me, ctx, lo, size, data); break;
	case PTR_MAP_VALUE:
		ok = me_mem_resolve(me, ctx, ((uint64_t)hi << 8) + lo, false, &a);
		break;
	case PTR_PACKET: ok = me_mem_resolve(me, ctx, lo, true, &a); break;
	default:
		if (size)
			ok = helper_fault(me, ctx, "pointer type in A1", ctx->r[R_GPR_A + 1]);
	}
	if (ok && a.at)
		memcpy(data, a.at, size);
	if (ok)
		return data;
	free(data);
	return NULL;
}

static uint32_t packet_part(const struct sim_me *me, uint8_t **bytes, uint32_t want)
{
	uint32_t off = me_pkt_offset(me), resident = me->pkt.resident_end - off;
	uint32_t n = want < resident ? want : resident;

	*bytes = malloc(want ? want : 1);
	if (!*bytes)
		return 0;
	memcpy(*bytes, me->pkt.ctm + off, n);
	if (want > n)
		memcpy(*bytes + n, me->pkt.rest, want - n);
	return want;
}

static bool push_event(struct me_events *ev, const struct sim_me_event *e)
{
	if (ev->n == ev->cap) {
		ev->lost++;
		return false;
	}
	ev->at[(ev->first + ev->n++) % ev->cap] = *e;
	return true;
}

static void free_event(struct sim_me_event *e)
{
	free((void *)(uintptr_t)e->data);
	free((void *)(uintptr_t)e->pkt);
	*e = (struct sim_me_event){ 0 };
}

static bool perf_event(struct sim_me *me, struct me_ctx *ctx)
{
	struct sim_me_event e = { 0 };
	uint32_t map, flags_lo, flags_hi, lo, hi, size, want;
	uint8_t *pkt = NULL;
	int rc = 0;

	if (!argument(me, ctx, GPR_R2, &map) || !argument(me, ctx, GPR_R3, &flags_lo) ||
	    !argument(me, ctx, GPR_R3 + 1, &flags_hi) || !argument(me, ctx, GPR_R4, &lo) ||
	    !argument(me, ctx, GPR_R4 + 1, &hi) || !argument(me, ctx, GPR_R5, &size))
		return false;
	if (size > EVENT_MAX_BYTES)
		return helper_fault(me, ctx, "event of this size", size);
	want = flags_hi & 0xfffff; /* BPF_F_CTXLEN_MASK */
	if (want > me_pkt_len(me)) {
		rc = -EFAULT;
	} else {
		e.map_id = map;
		e.flags = flags_lo | (uint64_t)flags_hi << 32;
		e.data = event_data(me, ctx, lo, hi, size);
		if (!e.data)
			return false;
		e.data_len = size;
		e.pkt_len = packet_part(me, &pkt, want);
		e.pkt = pkt;
		if (!push_event(&me->events, &e)) {
			free_event(&e);
			rc = -ENOSPC;
		}
	}
	clobber(me, ctx, false);
	set_r0_errno(ctx, rc);
	return true;
}

void me_events_free(struct me_events *ev)
{
	free_event(&ev->taken);
	for (size_t i = 0; i < ev->n; i++)
		free_event(&ev->at[(ev->first + i) % ev->cap]);
	free(ev->at);
}

bool sim_me_event_take(struct sim_me *me, struct sim_me_event *out)
{
	struct me_events *ev = &me->events;

	free_event(&ev->taken);
	if (!ev->n)
		return false;
	ev->taken = ev->at[ev->first];
	ev->first = (ev->first + 1) % ev->cap;
	ev->n--;
	*out = ev->taken;
	return true;
}

uint64_t sim_me_events_lost(const struct sim_me *me)
{
	return me->events.lost;
}

/* ---- the call ------------------------------------------------------------------------------- */

static const struct helper {
	uint32_t id;
	bool (*run)(struct sim_me *me, struct me_ctx *ctx);
	size_t accesses; /* offset in struct sim_timing: dependent EMEM accesses */
} helpers[] = {
	{ NFP_HELPER_MAP_LOOKUP, map_lookup, offsetof(struct sim_timing, lookup_reads) },
	{ NFP_HELPER_MAP_UPDATE, map_update, offsetof(struct sim_timing, update_accesses) },
	{ NFP_HELPER_MAP_DELETE, map_delete, offsetof(struct sim_timing, update_accesses) },
	{ NFP_HELPER_PERF_EVENT, perf_event, offsetof(struct sim_timing, event_accesses) },
};

static void charge(struct sim_me *me, struct me_ctx *ctx, const struct helper *h)
{
	uint32_t n = *(const uint32_t *)(const void *)((const char *)&me->timing + h->accesses);
	uint32_t insns = me->timing.helper_insns;

	for (uint32_t i = 0; i < n; i++) { /* its instructions lie between the accesses */
		ctx->cycle += insns / (n + 1);
		me_wait(me, ctx, me->timing.emem_read, SIM_ME_EMEM);
	}
	ctx->cycle += insns - insns / (n + 1) * n;
}

bool me_helper(struct sim_me *me, struct me_ctx *ctx, uint32_t id)
{
	uint32_t back = ctx->r[R_GPR_B]; /* B0 */
	uint32_t target = me_resolve(me, back);
	const struct helper *h = helpers;

	while (h->id != id)
		h++;
	if (target >= me->n)
		return helper_fault(me, ctx, "return address in B0 is not in the program", back);
	ctx->pc = ctx->branch_pc;
	if (!me_cmd_drain(me, ctx, "calls a helper") || !h->run(me, ctx))
		return false;
	me->helper_calls++;
	charge(me, ctx, h);
	ctx->next = target;
	return true;
}
