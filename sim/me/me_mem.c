/* SPDX-License-Identifier: BSD-2-Clause */
/* Resolves an address: the packet's buffer in CTM, or a map value in external memory. Any
 * other address is a fault. */
#include "sim/me/me_internal.h"

#include <inttypes.h>

#define CTM_RESIDENT   0x80000000u
#define CTM_PKT_SHIFT  16
#define CTM_PKT_MASK   0x3ffu
#define CTM_OTHER_BITS 0x7c00e000u /* between the fields of nfp.md 4.5 */

uint32_t me_pkt_len(const struct sim_me *me)
{
	return me->lm[me->pv_word] & 0x3fff;
}

uint32_t me_pkt_offset(const struct sim_me *me)
{
	return me->lm[me->pv_word + 2] & (ME_CTM_BYTES - 1);
}

static bool is_read(const struct me_access *a)
{
	return a->in->cmd->effect == ME_MEM_READ || a->in->cmd->effect == ME_MEM_ATOMIC_READ;
}

static bool check_write(struct sim_me *me, struct me_ctx *ctx, uint32_t off, uint32_t bytes)
{
	uint32_t start = me_pkt_offset(me), len = me_pkt_len(me);

	if (off >= start && off - start + bytes <= len && off + bytes <= me->pkt.resident_end)
		return true;
	return me_fault(me, ctx, SIM_ME_FAULT_MEM,
			"writes %" PRIu32 " bytes at packet byte %" PRId64 " of %" PRIu32
			" (%" PRIu32 " in CTM)",
			bytes, (int64_t)off - start, len, me->pkt.resident_end - start);
}

/* Reads may access the whole buffer: bytes around the packet are junk, not a fault. */
static bool check_read(struct sim_me *me, struct me_ctx *ctx, uint32_t off)
{
	if (!me->pkt.rest_len || off < me->pkt.resident_end)
		return true;
	return me_fault(me, ctx, SIM_ME_FAULT_MEM,
			"reads packet byte %" PRIu32 ", but only %" PRIu32 " are in CTM",
			off - me_pkt_offset(me), me->pkt.resident_end - me_pkt_offset(me));
}

static bool resolve_packet(struct sim_me *me, struct me_ctx *ctx, uint32_t addr,
			   struct me_access *a)
{
	uint32_t number = me->pv_at_entry[2] >> CTM_PKT_SHIFT & CTM_PKT_MASK;
	uint32_t off = addr & (ME_CTM_BYTES - 1);

	if (!(addr & CTM_RESIDENT) || (addr & CTM_OTHER_BITS) ||
	    (addr >> CTM_PKT_SHIFT & CTM_PKT_MASK) != number || off >= me->pkt.size ||
	    a->bytes > me->pkt.size - off)
		return me_fault(
			me, ctx, SIM_ME_FAULT_MEM,
			"address 0x%" PRIx32 " (%" PRIu32
			" bytes) is not in the packet's buffer, %" PRIu32 " bytes from 0x%" PRIx32,
			addr, a->bytes, me->pkt.size, me->pv_at_entry[2] & ~(ME_CTM_BYTES - 1));
	a->at = me->pkt.ctm + off;
	a->memory = SIM_ME_CTM;
	a->latency = is_read(a) ? me->timing.ctm_read : me->timing.ctm_write;
	return is_read(a) ? check_read(me, ctx, off) : check_write(me, ctx, off, a->bytes);
}

static uint32_t emem_latency(const struct sim_me *me, const struct me_access *a)
{
	if (is_read(a))
		return me->timing.emem_read;
	return a->in->cmd->effect == ME_MEM_WRITE ? me->timing.emem_write : me->timing.emem_atomic;
}

static bool resolve_map_value(struct sim_me *me, struct me_ctx *ctx, uint64_t addr,
			      struct me_access *a)
{
	uint64_t off = addr - ME_EMEM_BASE;
	size_t room = addr < ME_EMEM_BASE || off >= me->emem_bytes
			      ? 0
			      : sim_maps_room(me->maps, (size_t)off);

	if (room && is_read(a))
		room += 3; /* a byte is loaded as the word that starts there */
	if (a->bytes > room)
		return me_fault(me, ctx, SIM_ME_FAULT_MEM,
				"address 0x%" PRIx64 " (%" PRIu32
				" bytes) is not inside a map value",
				addr, a->bytes);
	a->at = me->emem + off;
	a->memory = SIM_ME_EMEM;
	a->latency = emem_latency(me, a);
	return true;
}

bool me_mem_resolve(struct sim_me *me, struct me_ctx *ctx, uint64_t addr, bool is32,
		    struct me_access *a)
{
	return is32 ? resolve_packet(me, ctx, (uint32_t)addr, a)
		    : resolve_map_value(me, ctx, addr, a);
}
