/* SPDX-License-Identifier: BSD-2-Clause */
/* A host side that runs our own x86-64 code (x86_jit.h). */
#include "sim/host/environment/host_internal.h"

#include "base/bits.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define PROG_ALIGN 64u

static uint64_t helper_addr(void *priv, int32_t helper)
{
	const struct sim_host *h = priv;

	if (helper < 0 || !sim_host_has_helper(h->prog->type, (uint32_t)helper))
		return 0;
	if (helper == BPF_FUNC_for_each_map_elem)
		return h->gate.for_each;
	return helper == BPF_FUNC_loop ? h->gate.bpf_loop : sim_gate_helper_addr((uint32_t)helper);
}

static uint32_t kfunc(void *priv, int32_t ext)
{
	return sim_kfunc_id(((const struct sim_host *)priv)->obj, ext);
}

/* The program, and behind it those that it may become; each starts at a multiple of PROG_ALIGN. */
static bool compile(struct sim_host *h, struct sim_jit_image *images, uint64_t *total)
{
	size_t n = h->obj->n_maps;
	uint64_t *handle = ARENA_ARRAY(h->cx->arena, uint64_t, n + 1);
	uint64_t *value = ARENA_ARRAY(h->cx->arena, uint64_t, n + 1);
	struct sim_jit_layout layout = {
		.map_handle = handle,
		.map_value = value,
		.n_maps = n,
		.helper_addr = helper_addr,
		.kfunc = kfunc,
		.kfunc_gate = h->gate.call,
		.skb_load_addr = h->gate.skb_load,
		.may_goto_count = GUEST_FRAME + offsetof(struct sim_call_frame, may_gotos),
		.priv = h
	};

	for (size_t i = 0; i < n; i++) {
		handle[i] = sim_map_handle(h, i);
		value[i] = sim_map_first_value(h, i);
	}
	for (size_t i = 0; i < h->tails.n; i++) {
		layout.code_base = h->tail_entry[i] = GUEST_CODE + *total;
		if (!sim_x86_jit(h->cx, h->obj, h->tails.progs[i], &layout, &images[i]))
			return false;
		*total += bits_round_up(images[i].len, PROG_ALIGN);
	}
	h->image = images[0];
	return true;
}

static bool map_code(struct sim_host *h, const struct sim_jit_image *images, uint64_t total)
{
	size_t size = bits_round_up(total, GUEST_PAGE);

	if (size > GUEST_CODE_MAX)
		return sim_host_setup_failed(h, "the program's machine code is too long");
	h->code = aligned_alloc(GUEST_PAGE, size);
	if (!h->code)
		return sim_host_setup_failed(h, "no memory left");
	memset(h->code, 0xcc, size);
	for (size_t i = 0; i < h->tails.n; i++)
		memcpy(h->code + (h->tail_entry[i] - GUEST_CODE), images[i].code, images[i].len);
	return sim_unicorn_map(h, GUEST_CODE, size, UC_PROT_READ | UC_PROT_EXEC, h->code, false);
}

/* Blocks that something jumps back to. */
static bool watch_loops(struct sim_host *h, const struct sim_jit_image *image, size_t tail)
{
	const struct fe_prog *prog = h->tails.progs[tail];

	for (size_t i = 0; i < prog->n_insns; i++) {
		const struct bpf_insn *in = &prog->insns[i];
		int64_t to;

		if (ebpf_is_ld_imm64(in))
			i++;
		if (!ebpf_is_ja(in) && !ebpf_is_cond_jump(in))
			continue;
		to = ebpf_jump_target(in, (int64_t)i);
		if (to >= 0 && to <= (int64_t)i &&
		    !sim_unicorn_count_rounds(h, h->tail_entry[tail] + image->insn_off[to]))
			return false;
	}
	return true;
}

static bool watch_rounds(struct sim_host *h, const struct sim_jit_image *images)
{
	for (size_t i = 0; h->opts.max_rounds && i < h->tails.n; i++) {
		if (!watch_loops(h, &images[i], i))
			return false;
	}
	return !h->opts.max_rounds || sim_unicorn_count_rounds(h, h->gate.loop_round);
}

static bool jit_open(struct sim_host *h)
{
	struct sim_jit_image images[SIM_TAILS_MAX];
	uint64_t total = 0;

	sim_gate_build(h->cx->scratch, GUEST_CODE, GUEST_CTX, h->pages, &h->gate);
	return compile(h, images, &total) && sim_unicorn_open(h, true) &&
	       map_code(h, images, total) && watch_rounds(h, images);
}

static void jit_close(struct sim_host *h)
{
	sim_unicorn_close(h);
	free(h->code);
	h->code = NULL;
}

const struct sim_engine sim_engine_jit = { .open = jit_open,
					   .loop = sim_unicorn_loop,
					   .close = jit_close };
