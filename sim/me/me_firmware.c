/* SPDX-License-Identifier: BSD-2-Clause */
/* The firmware's part: the state of a packet at program entry, and the checks when the
 * program jumps to BPF_DONE (nfp.md 4.3 to 4.6). */
#include "sim/me/me_internal.h"

#include "base/bits.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#define GPR_STACK         22 /* bank A */
#define PKT_NUMBER        0x155u
#define PV_LEN_MASK       0x3fffu
#define PV_QUEUE_SELECTED 4u /* bit of word 4 */
#define MAX_PKT_LEN       16383u

/* Junk comes from a pool made once; each packet starts reading it at a place of its own, so that
 * runs differ from packet to packet and still repeat. */
void me_junk_fill_pool(struct sim_me *me, uint64_t seed)
{
	uint64_t x = seed * 2 + UINT64_C(0x9e3779b97f4a7c15); /* odd: never 0 */

	for (size_t i = 0; i < ME_JUNK_WORDS; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		me->junk_pool[i] = (uint32_t)(x >> 32);
	}
}

void me_junk_words(struct sim_me *me, uint32_t *at, size_t n)
{
	if (n > ME_JUNK_WORDS - me->junk_at)
		me->junk_at = 0;
	assert(n <= ME_JUNK_WORDS && "junk pool is larger than any request");
	memcpy(at, &me->junk_pool[me->junk_at], n * sizeof(*at));
	me->junk_at += n;
}

uint32_t me_junk(struct sim_me *me)
{
	uint32_t v;

	me_junk_words(me, &v, 1);
	return v;
}

/* Where in the pool this packet starts: from its length and last bytes. */
static void start_junk(struct sim_me *me, const struct sim_me_packet *in)
{
	uint32_t h = in->len * 2654435761u;

	for (uint32_t i = in->len < 16 ? 0 : in->len - 16; i < in->len; i++)
		h = (h ^ in->data[i]) * 16777619u;
	me->junk_at = h % ME_JUNK_WORDS;
}

uint32_t sim_me_headroom(const struct nfp_firmware *fw)
{
	if (!fw->adjust_head.present)
		return 128;
	return fw->adjust_head.off_min + fw->adjust_head.guaranteed_sub;
}

/* ---- entry ---------------------------------------------------------------------------------- */

static bool packet_fault(struct sim_me *me, const char *what, uint32_t value)
{
	me_error_at(&me->error, SIM_ME_FAULT_PACKET, SIM_ME_NOWHERE, 0);
	snprintf(me->error.text, sizeof(me->error.text), what, value);
	return false;
}

/* Headroom zeroed, the packet's first inline_mtu bytes, then some bytes of junk. */
static bool place_packet(struct sim_me *me, const struct sim_me_packet *in)
{
	struct me_packet *p = &me->pkt;
	uint32_t start = in->headroom ? in->headroom : sim_me_headroom(&me->fw);
	uint32_t behind[16];
	uint32_t resident = in->len < me->fw.inline_mtu ? in->len : me->fw.inline_mtu;

	if (in->len > MAX_PKT_LEN)
		return packet_fault(me, "packet of %" PRIu32 " bytes: pv_len has 14 bits", in->len);
	if (start > ME_CTM_BYTES - 512 || resident > ME_CTM_BYTES - 512 - start)
		return packet_fault(
			me, "packet buffer has no room after %" PRIu32 " bytes of headroom", start);
	p->start = start;
	p->resident_end = start + resident;
	p->size = p->resident_end + (uint32_t)sizeof(behind);
	p->rest = resident < in->len ? in->data + resident : NULL;
	p->rest_len = in->len - resident;
	memset(p->ctm, 0, start);
	if (resident)
		memcpy(p->ctm + start, in->data, resident);
	me_junk_words(me, behind, ARRAY_SIZE(behind));
	memcpy(p->ctm + p->resident_end, behind, sizeof(behind));
	return true;
}

static void fill_packet_vector(struct sim_me *me, const struct sim_me_packet *in)
{
	uint32_t *pv = &me->lm[me->pv_word];

	me_junk_words(me, pv, ME_PV_WORDS);
	pv[0] = 33u << 26 | PKT_NUMBER << 16 | 1u << 14 | in->len;
	pv[2] = 1u << 31 | PKT_NUMBER << 16 | me->pkt.start;
	pv[4] &= ~(1u << PV_QUEUE_SELECTED);
	memcpy(me->pv_at_entry, pv, sizeof(me->pv_at_entry));
}

/* LM0 was written in the last defer slot of the firmware's jump: one lost cycle lies between. */
static void set_pointers(struct sim_me *me, struct me_ctx *ctx)
{
	for (unsigned i = 0; i < ME_POINTERS; i++)
		me_pointer_force(ctx, i, me_junk(me) & 0xffc);
	me_pointer_set_late(ctx, 0, me->stack_word * 4, ctx->cycle - 2 + 1 + me->timing.lm_latency);
	me_pointer_force(ctx, 1, me->pv_word * 4);
	me_pointer_force(ctx, ME_T_INDEX, ctx->number << 7);
}

bool me_enter(struct sim_me *me, struct me_ctx *ctx, const struct sim_me_packet *in)
{
	me_error_at(&me->error, SIM_ME_OK, SIM_ME_NOWHERE, 0);
	start_junk(me, in);
	me->helper_calls = 0;
	me->n_waits = 0;
	me->mul = (struct me_mul){ 0 };
	if (!place_packet(me, in))
		return false;
	fill_packet_vector(me, in);
	me_junk_words(me, &me->lm[me->stack_word], me->fw.stack_bytes / 4);
	me_junk_words(me, ctx->r, R_CONST);
	ctx->r[R_GPR_A + GPR_STACK] = me->stack_word * 4;
	ctx->cc_c = CC_UNKNOWN | CC_UNDOCUMENTED;
	ctx->cc_v = CC_UNDOCUMENTED;
	ctx->prev_left_for = ctx->prev_res_for = 0;
	ctx->insns = 0;
	ctx->cycle = ME_FIRST_CYCLE;
	ctx->waited = 0;
	ctx->slots = 0;
	ctx->after = AFTER_NOTHING;
	ctx->csr_read = false;
	ctx->signals = 0;
	ctx->n_outstanding = 0;
	ctx->byte_index = me_junk(me);
	ctx->next = ctx->pc = ctx->branch_pc = 0;
	set_pointers(me, ctx);
	return true;
}

/* ---- exit ----------------------------------------------------------------------------------- */

static bool exit_fault(struct sim_me *me, struct me_ctx *ctx, const char *what, uint32_t value)
{
	ctx->pc = ctx->branch_pc;
	return me_fault(me, ctx, SIM_ME_FAULT_EXIT, "%s (0x%" PRIx32 ")", what, value);
}

/* Bits of the packet vector that a program may change, per word (nfp.md 4.5). */
static bool check_packet_vector(struct sim_me *me, struct me_ctx *ctx)
{
	static const uint32_t may_change[ME_PV_WORDS] = {
		[0] = PV_LEN_MASK,
		[2] = ME_CTM_BYTES - 1,
		[4] = 1u << PV_QUEUE_SELECTED,
		[6] = 0xff,
	};
	const uint32_t *pv = &me->lm[me->pv_word];

	for (unsigned i = 0; i < ME_PV_WORDS; i++)
		if ((pv[i] ^ me->pv_at_entry[i]) & ~may_change[i])
			return exit_fault(
				me, ctx, "changed the firmware's bits of the packet vector", pv[i]);
	return true;
}

static bool check_pointers(struct sim_me *me, struct me_ctx *ctx)
{
	uint32_t lm1;

	if (!me_pointer_get(me, ctx, 1, &lm1))
		return false;
	return lm1 == me->pv_word * 4 ||
	       exit_fault(me, ctx, "LM1 does not point to the packet vector any more", lm1);
}

/* The outgoing packet: the part in CTM, then the part that was never there. */
static bool take_packet(struct sim_me *me, struct me_ctx *ctx, struct sim_me_result *out)
{
	struct me_packet *p = &me->pkt;
	uint32_t start = me_pkt_offset(me), len = me_pkt_len(me), resident;

	if (start > p->resident_end || len > p->resident_end - start + p->rest_len)
		return exit_fault(me, ctx, "packet length exceeds the buffer", len);
	resident = p->resident_end - start;
	out->pkt = p->ctm + start;
	out->pkt_len = len;
	out->head_moved = (int32_t)start - (int32_t)p->start;
	if (len <= resident)
		return true;
	memcpy(p->out, p->ctm + start, resident);
	memcpy(p->out + resident, p->rest, len - resident);
	out->pkt = p->out;
	return true;
}

bool me_leave(struct sim_me *me, struct me_ctx *ctx, struct sim_me_result *out)
{
	const uint32_t *pv = &me->lm[me->pv_word];
	uint32_t word = ctx->r[R_GPR_A];
	unsigned action = word >> 16 & 0xf;

	ctx->pc = ctx->branch_pc;
	if (!me_cmd_drain(me, ctx, "leaves") || !check_packet_vector(me, ctx) ||
	    !check_pointers(me, ctx))
		return false;
	if (word & ~0xff0000u || !bits_is_pow2(action) || action > SIM_ME_DO_TX)
		return exit_fault(me, ctx, "result in A0 is not a valid code", word);
	out->byte = (uint8_t)(word >> 16);
	out->queue_selected = pv[4] >> PV_QUEUE_SELECTED & 1;
	out->queue = (uint8_t)pv[6];
	out->insns = ctx->insns;
	out->cycles = ctx->cycle - ME_FIRST_CYCLE;
	out->busy_cycles = out->cycles - ctx->waited;
	out->helper_calls = me->helper_calls;
	out->waits = me->waits;
	out->n_waits = me->n_waits;
	return take_packet(me, ctx, out);
}
