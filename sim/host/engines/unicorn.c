/* SPDX-License-Identifier: BSD-2-Clause */
/* Machine code under Unicorn: the regions that every program needs, the way out of the guest, and what
 * a fault is called. Which code runs is the business of engine_jit.c and engine_captured.c. */
#include "sim/host/environment/host_internal.h"

#include "base/bits.h"

#include <inttypes.h>
#include <stdio.h>

/* Index of the BPF instruction whose code holds a guest address; -1: none. */
static int64_t insn_of_address(const struct sim_host *h, uint64_t addr)
{
	size_t lo = 0, hi = h->prog->n_insns;

	if (!h->image.insn_off || addr < GUEST_CODE || addr - GUEST_CODE >= h->image.len)
		return -1;
	addr -= GUEST_CODE;
	while (hi - lo > 1) { /* last instruction that starts at or before addr */
		size_t mid = lo + (hi - lo) / 2;

		if (h->image.insn_off[mid] <= addr)
			lo = mid;
		else
			hi = mid;
	}
	return (int64_t)lo;
}

static bool on_bad_access(uc_engine *uc, uc_mem_type type, uint64_t addr, int size, int64_t value,
			  void *priv)
{
	struct sim_host *h = priv;

	(void)uc, (void)type, (void)size, (void)value;
	h->fault_addr = addr;
	return false; /* not mended: emulation stops */
}

/* Unicorn knows the translated block that it was in, not the instruction. */
static void describe_stop(struct sim_host *h, uc_err err)
{
	char what[64];
	uint64_t rip = 0;
	int64_t insn;

	uc_reg_read(h->uc, UC_X86_REG_RIP, &rip);
	if (err == UC_ERR_READ_UNMAPPED || err == UC_ERR_READ_PROT)
		snprintf(what, sizeof(what), "load at 0x%" PRIx64, h->fault_addr);
	else if (err == UC_ERR_WRITE_UNMAPPED || err == UC_ERR_WRITE_PROT)
		snprintf(what, sizeof(what), "store at 0x%" PRIx64, h->fault_addr);
	else
		snprintf(what, sizeof(what), "%s", uc_strerror(err));
	insn = insn_of_address(h, rip);
	if (insn >= 0)
		sim_host_fault(h, "%s, in the block that starts at insn %" PRId64, what, insn);
	else
		sim_host_fault(h, "%s, at machine code 0x%" PRIx64, what, rip);
}

static void on_round(uc_engine *uc, uint64_t addr, uint32_t size, void *priv)
{
	(void)uc, (void)addr, (void)size;
	sim_host_round(priv);
}

bool sim_unicorn_count_rounds(struct sim_host *h, uint64_t addr)
{
	uc_hook hook;
	union {
		uc_cb_hookcode_t block;
		void *p;
	} cb = { .block = on_round };
	uc_err err = uc_hook_add(h->uc, &hook, UC_HOOK_BLOCK, cb.p, h, addr, addr);

	return err ? sim_host_setup_failed(h, uc_strerror(err)) : true;
}

static void on_out(uc_engine *uc, uint32_t port, int size, uint32_t value, void *priv)
{
	struct sim_host *h = priv;

	(void)size, (void)value;
	if (port != SIM_PORT_NEXT)
		sim_helper_call(h);
	else if (!sim_host_next(h))
		uc_emu_stop(uc);
}

void sim_unicorn_loop(struct sim_host *h)
{
	while (!h->frame->stop) {
		uc_err err = uc_emu_start(h->uc, h->gate.loop, GUEST_UNTIL, 0, 0);

		if (err != UC_ERR_OK)
			describe_stop(h, err);
		/* a packet that faulted is still `running`: the loop's start collects it */
	}
}

bool sim_unicorn_map(struct sim_host *h, uint64_t base, uint64_t size, uint32_t prot, void *host,
		     bool for_helpers)
{
	uc_err err = uc_mem_map_ptr(h->uc, base, size, prot, host);

	if (for_helpers)
		h->regions[h->n_regions++] = (struct sim_region){ base, size, host };
	return err ? sim_host_setup_failed(h, uc_strerror(err)) : true;
}

static bool map_fixed(struct sim_host *h, bool ctx_is_guests)
{
	const uint32_t rw = UC_PROT_READ | UC_PROT_WRITE, rx = UC_PROT_READ | UC_PROT_EXEC;
	size_t values_size;
	uint8_t *values = sim_maps_memory(h->maps, &values_size);

	return sim_unicorn_map(h, GUEST_GATE, GUEST_GATE_SIZE, rx, h->pages, false) &&
	       sim_unicorn_map(h, GUEST_FRAME, GUEST_FRAME_SIZE, rw, h->frame, false) &&
	       (!ctx_is_guests ||
		sim_unicorn_map(h, GUEST_CTX, GUEST_CTX_SIZE, rw, h->ctx, true)) &&
	       sim_unicorn_map(h, GUEST_STACK, GUEST_STACK_SIZE, rw, h->pages + PAGES_STACK,
			       true) &&
	       sim_unicorn_map(h, GUEST_PACKET, SIM_FRAME_BYTES, rw, h->packet, true) &&
	       sim_unicorn_map(h, GUEST_RING, GUEST_RING_SIZE, rw, h->ring, true) &&
	       sim_unicorn_map(h, GUEST_KEYS, GUEST_KEYS_SIZE, rw, h->keys, true) &&
	       sim_unicorn_map(h, GUEST_VALUES, values_size, rw, values, true);
}

bool sim_unicorn_open(struct sim_host *h, bool ctx_is_guests)
{
	uc_hook hook;
	uc_err err = uc_open(UC_ARCH_X86, UC_MODE_64, &h->uc);

	/* Unicorn takes callbacks as void *; POSIX lets functions travel so */
	union {
		uc_cb_insn_out_t out;
		uc_cb_eventmem_t mem;
		void *p;
	} out = { .out = on_out }, mem = { .mem = on_bad_access };

	err = err ? err : uc_hook_add(h->uc, &hook, UC_HOOK_INSN, out.p, h, 1, 0, UC_X86_INS_OUT);
	err = err ? err : uc_hook_add(h->uc, &hook, UC_HOOK_MEM_INVALID, mem.p, h, 1, 0);
	if (err)
		return sim_host_setup_failed(h, uc_strerror(err));
	return map_fixed(h, ctx_is_guests);
}

void sim_unicorn_close(struct sim_host *h)
{
	if (h->uc)
		uc_close(h->uc);
	h->uc = NULL;
}
