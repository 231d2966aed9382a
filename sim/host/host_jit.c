/* A host side that runs our own x86-64 code (x86_jit.h). */
#include "sim/host/host_internal.h"

#include "base/bits.h"

#include <stdlib.h>
#include <string.h>

static uint64_t helper_addr(void *priv, int32_t helper)
{
	const struct sim_host *h = priv;

	if (helper < 0 || !sim_host_has_helper(h->prog->type, (uint32_t)helper))
		return 0;
	return helper == BPF_FUNC_loop ? h->gate.bpf_loop : sim_gate_helper_addr((uint32_t)helper);
}

/* Programs that tail calls lead to stand behind the program. */
static bool add_tails(struct sim_host *h, struct sim_jit_layout *layout)
{
	VEC(uint8_t) code = { 0 };

	sim_tails_find(h);
	vec_reserve(&code, h->cx->arena, h->image.len);
	memcpy(code.at, h->image.code, h->image.len);
	code.len = h->image.len;
	for (size_t i = 0; i < h->tails.len; i++) {
		struct sim_jit_image image;

		h->tails.at[i].entry = layout->code_base = GUEST_CODE + code.len;
		if (!sim_x86_jit(h->cx, h->obj, h->tails.at[i].prog, layout, &image))
			return false;
		vec_reserve(&code, h->cx->arena, code.len + image.len);
		memcpy(code.at + code.len, image.code, image.len);
		code.len += image.len;
	}
	h->image.code = code.at;
	h->image.len = code.len;
	return true;
}

static bool compile(struct sim_host *h)
{
	size_t n = h->obj->n_maps;
	uint64_t *handle = ARENA_ARRAY(h->cx->arena, uint64_t, n + 1);
	uint64_t *value = ARENA_ARRAY(h->cx->arena, uint64_t, n + 1);
	struct sim_jit_layout layout = { .code_base = GUEST_CODE,
					 .map_handle = handle,
					 .map_value = value,
					 .n_maps = n,
					 .helper_addr = helper_addr,
					 .skb_load_addr = h->gate.skb_load,
					 .priv = h };

	for (size_t i = 0; i < n; i++) {
		handle[i] = sim_map_handle(h, i);
		value[i] = sim_map_first_value(h, i);
	}
	return sim_x86_jit(h->cx, h->obj, h->prog, &layout, &h->image) && add_tails(h, &layout);
}

static bool map_code(struct sim_host *h)
{
	size_t size = bits_round_up(h->image.len, GUEST_PAGE);

	if (size > GUEST_CODE_MAX)
		return sim_host_setup_failed(h, "the program's machine code is too long");
	h->code = aligned_alloc(GUEST_PAGE, size);
	if (!h->code)
		return sim_host_setup_failed(h, "no memory left");
	memset(h->code, 0xcc, size);
	memcpy(h->code, h->image.code, h->image.len);
	return sim_unicorn_map(h, GUEST_CODE, size, UC_PROT_READ | UC_PROT_EXEC, h->code, false);
}

static bool jit_open(struct sim_host *h)
{
	sim_gate_build(h->cx->scratch, GUEST_CODE, GUEST_CTX, h->pages, &h->gate);
	return compile(h) && sim_unicorn_open(h, true) && map_code(h);
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
