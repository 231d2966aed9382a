/* SPDX-License-Identifier: BSD-2-Clause */
/* A host side that interprets (interp.h). Addresses are the guest's, as under Unicorn, so that helpers
 * and contexts need not know. */
#include "sim/host/environment/host_internal.h"

#include "sim/host/unwritten/unwritten.h"
#include "sim/interp.h"

#include <inttypes.h>

_Static_assert(SIM_INTERP_STACK <= GUEST_STACK_SIZE, "a frame for every call");

#define STEPS_MAX (UINT64_C(1) << 26) /* of one packet */

static void *interp_memory(void *priv, uint64_t addr, uint32_t size, bool write)
{
	struct sim_host *h = priv;

	(void)write; /* nothing that a program can address is read-only */
	return sim_guest_find(h, addr, size);
}

static uint64_t interp_helper(void *priv, uint32_t id, const uint64_t args[5])
{
	struct sim_host *h = priv;

	h->frame->helper = id;
	for (size_t i = 0; i < 5; i++)
		h->frame->arg[i] = args[i];
	sim_helper_call(h);
	return h->frame->ret;
}

static uint32_t interp_kfunc(void *priv, int32_t ext)
{
	return sim_kfunc_id(((struct sim_host *)priv)->obj, ext);
}

static uint64_t interp_map(void *priv, size_t map, bool value)
{
	struct sim_host *h = priv;

	if (map >= h->obj->n_maps)
		return 0;
	return value ? sim_map_first_value(h, map) : sim_map_handle(h, map);
}

static bool interp_packet_load(void *priv, int32_t off, uint32_t bytes, uint64_t *value)
{
	uint64_t failed = 0;

	*value = sim_skb_load_abs(priv, off, bytes, &failed);
	return !failed;
}

static const struct fe_prog *interp_tail_target(void *priv, uint64_t handle, uint32_t index)
{
	struct sim_host *h = priv;
	size_t map = sim_guest_map(h, handle);

	return map == SIZE_MAX ? NULL : sim_tails_target(h->obj, h->prog->type, map, index);
}

static bool interp_stopped(void *priv)
{
	return ((struct sim_host *)priv)->fault[0];
}

/* A program that a tail call went to counts other instructions: it is not told of. */
static bool interp_step(void *priv, const struct sim_interp_state *s)
{
	struct sim_host *h = priv;

	if (h->unwritten)
		sim_unwritten_step(h, s);
	if (h->opts.step && s->prog == h->prog)
		h->opts.step(h->opts.step_priv, s->pc);
	return true;
}

static bool interp_round(void *priv)
{
	return sim_host_round(priv);
}

static void run_packet(struct sim_host *h)
{
	const struct sim_interp_env env = { .priv = h,
					    .stack = GUEST_STACK,
					    .steps_max = STEPS_MAX,
					    .memory = interp_memory,
					    .helper = interp_helper,
					    .kfunc = interp_kfunc,
					    .map = interp_map,
					    .packet_load = interp_packet_load,
					    .tail_target = interp_tail_target,
					    .round = interp_round,
					    .step = h->opts.step || h->unwritten ? interp_step
										 : NULL,
					    .stopped = interp_stopped };
	struct sim_interp_result res;

	sim_interp_run(&env, h->prog, GUEST_CTX, &res);
	h->frame->r0 = res.r0;
	if (res.fault)
		sim_host_fault(h, "%s, address 0x%" PRIx64 ", at insn %" PRIu32, res.fault,
			       res.fault_addr, res.fault_pc);
}

static void interp_loop(struct sim_host *h)
{
	while (sim_host_next(h))
		run_packet(h);
}

/* What the program calls is known beforehand, so that it is refused before anything runs. */
static bool check_calls(struct sim_host *h, const struct fe_prog *prog)
{
	for (size_t i = 0; i < prog->n_insns; i++) {
		const struct bpf_insn *insn = &prog->insns[i];
		struct diag_at at = fe_prog_at(h->obj, prog, (int64_t)i);

		if (ebpf_is_ld_imm64(insn))
			i++;
		if (!ebpf_is_call(insn) || insn->src_reg == EBPF_CALL_SUBPROG)
			continue;
		if (insn->src_reg == EBPF_CALL_KFUNC && sim_kfunc_id(h->obj, insn->imm))
			continue;
		if (insn->src_reg != EBPF_CALL_HELPER)
			return diag_error(h->cx->diags, &at, REASON_SIM_INSN, insn->code,
					  "call of a kernel function");
		if (insn->imm < 0 || !sim_host_has_helper(h->prog->type, (uint32_t)insn->imm))
			return diag_error(h->cx->diags, &at, REASON_SIM_HELPER,
					  ebpf_helper_name((uint32_t)insn->imm), insn->imm);
	}
	return true;
}

static bool interp_open(struct sim_host *h)
{
	size_t values_size;
	uint8_t *values = sim_maps_memory(h->maps, &values_size);

	h->regions[h->n_regions++] =
		(struct sim_region){ GUEST_PACKET, SIM_FRAME_BYTES, h->packet };
	h->regions[h->n_regions++] =
		(struct sim_region){ GUEST_STACK, GUEST_STACK_SIZE, h->pages + PAGES_STACK };
	h->regions[h->n_regions++] = (struct sim_region){ GUEST_RING, GUEST_RING_SIZE, h->ring };
	h->regions[h->n_regions++] = (struct sim_region){ GUEST_KEYS, GUEST_KEYS_SIZE, h->keys };
	h->regions[h->n_regions++] = (struct sim_region){ GUEST_VALUES, values_size, values };
	h->regions[h->n_regions++] = (struct sim_region){ GUEST_CTX, GUEST_CTX_SIZE, h->ctx };
	for (size_t i = 0; i < h->tails.n; i++) {
		if (!check_calls(h, h->tails.progs[i]))
			return false;
	}
	return sim_unwritten_open(h) || sim_host_setup_failed(h, "no memory left");
}

static void interp_close(struct sim_host *h)
{
	(void)h;
}

const struct sim_engine sim_engine_interp = { .open = interp_open,
					      .loop = interp_loop,
					      .close = interp_close };
