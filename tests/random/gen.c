/* SPDX-License-Identifier: BSD-2-Clause */
#include "gen_internal.h"

#include <string.h>

/* Programs and functions as a whole: prologue, statements, and the results put where they show. */

#define MIN_PACKET   96u
#define RESULT_BYTES 80u /* ten registers */

/* ---- statements ------------------------------------------------------------------------------ */

static const struct statement {
	void (*write)(struct gen *g);
	uint32_t weight;
} statements[] = {
	{ gen_alu, 100 },           { gen_packet_load, 22 },  { gen_packet_store, 12 },
	{ gen_packet_variable, 3 }, { gen_stack_store, 10 },  { gen_stack_load, 12 },
	{ gen_stack_variable, 2 },  { gen_spill, 6 },         { gen_fill, 6 },
	{ gen_caller_stack, 4 },    { gen_map_lookup, 6 },    { gen_map_value_access, 8 },
	{ gen_map_update, 2 },      { gen_map_delete, 1 },    { gen_global_data, 3 },
	{ gen_random, 1 },          { gen_event, 1 },         { gen_move_packet, 4 },
	{ gen_old_pointers, 8 },    { gen_legacy_load, 6 },   { gen_branch, 14 },
	{ gen_if_else, 6 },         { gen_loop, 3 },          { gen_counting_loop, 2 },
	{ gen_subprog_call, 4 },    { gen_either_packet, 3 }, { gen_either_stack, 2 },
	{ gen_either_map, 2 },      { gen_either_kind, 1 },   { gen_pointer_difference, 2 },
	{ gen_pointer_view, 3 },    { gen_stack_atomic, 4 },  { gen_narrow_spill, 3 },
	{ gen_empty_memory, 1 },    { gen_lock, 1 },          { gen_packet_loop, 2 },
	{ gen_queue, 2 },
};

static void one_statement(struct gen *g)
{
	uint32_t total = 0, pick;

	for (size_t i = 0; i < ARRAY_SIZE(statements); i++)
		total += statements[i].weight;
	pick = below(g, total);
	for (size_t i = 0; i < ARRAY_SIZE(statements); i++) {
		if (pick < statements[i].weight) {
			statements[i].write(g);
			return;
		}
		pick -= statements[i].weight;
	}
}

void gen_statements(struct gen *g, uint32_t n)
{
	while (n--) {
		if (g->n_pending > g->floor && percent(g, 25))
			place_pending(g, g->floor + below(g, g->n_pending - g->floor));
		one_statement(g);
	}
}

/* ---- functions ------------------------------------------------------------------------------- */

static void start_function(struct gen *g, uint32_t f)
{
	memset(&g->s, 0, sizeof(g->s));
	g->func = f;
	g->n_loops = 0;
	g->out = asm_label(g->b);
	g->out_used = false;
	for (uint32_t i = 0; i < g->funcs[f].n_args; i++)
		g->s.reg[i + 1] = g->funcs[f].arg[i];
}

/* What jumps to `out` gets its verdict here. */
static void finish_out(struct gen *g)
{
	static const uint8_t tc[] = { 2, 4, 5 };

	if (!g->out_used)
		return;
	asm_place(g->b, g->out);
	if (g->func)
		asm_emit(g->b, MOV64I(0, random_imm(g)), EXIT());
	else if (g->xdp)
		asm_emit(g->b, MOV64I(0, below(g, 4)), EXIT());
	else
		asm_emit(g->b, MOV64I(0, percent(g, 50) ? -1 : tc[below(g, 3)]), EXIT());
}

/* Every number that is left goes into the packet, which is looked up again for it: through the stack,
 * as two registers are needed. */
static void write_results(struct gen *g)
{
	uint32_t n = 0, len = g->moves_packet ? 48 : RESULT_BYTES;
	int32_t off;
	int ptr = find_reg(g, K_PKT);

	if (ptr >= 0 && g->s.reg[ptr].len >= RESULT_BYTES && percent(g, 60)) {
		for (uint8_t r = 0; r < 10; r++) {
			if (g->s.reg[r].kind == K_SCALAR)
				asm_emit(g->b,
					 STX(BPF_DW, ptr, 8 * (int)n++ - g->s.reg[ptr].off, r));
		}
		return;
	}
	off = -8 * (int32_t)g->slots;
	for (uint8_t r = 0; r < 10; r++) {
		if (g->s.reg[r].kind == K_SCALAR)
			asm_emit(g->b, STX(BPF_DW, 10, off - 8 * (int32_t)++n, r));
	}
	memset(g->s.reg, 0, sizeof(g->s.reg));
	load_packet_pointer(g, len);
	ptr = find_reg(g, K_PKT);
	if (ptr < 0)
		return;
	g->locked = (uint16_t)(1u << ptr);
	for (uint32_t i = 0; i < n && 8 * i + 8 <= len; i++) {
		uint8_t tmp = pick_dst(g, false);

		asm_emit(g->b, LDX(BPF_DW, tmp, 10, off - 8 * (int32_t)(i + 1)),
			 STX(BPF_DW, ptr, 8 * i, tmp));
	}
	g->locked = 0;
}

static void write_main(struct gen *g, uint32_t size)
{
	uint8_t ctx = 6 + (uint8_t)(g->xdp ? below(g, 4) : 0), ptr;
	uint32_t loads = 2 + below(g, 5);

	start_function(g, 0);
	g->slots = percent(g, 80) ? 8 + below(g, 8) : 20 + below(g, 16);
	g->s.reg[1] = (struct value){ .kind = K_CTX };
	asm_emit(g->b, MOV64(ctx, 1), STX(BPF_DW, 10, -8, 1));
	set_reg(g, ctx, g->s.reg[1]);
	g->s.slot[0] = g->s.reg[1];
	load_packet_pointer(g, MIN_PACKET);
	ptr = (uint8_t)find_reg(g, K_PKT);
	g->locked = (uint16_t)(1u << ptr);
	while (loads--) {
		uint8_t dst = pick_dst(g, false);

		asm_emit(g->b, LDX(BPF_DW, dst, ptr, 8 * below(g, 12)));
		set_reg(g, dst, scalar(UINT64_MAX));
	}
	g->locked = 0;
	gen_statements(g, size);
	place_all_pending(g, 0);
	if (g->xdp && percent(g, 15)) { /* a verdict that was computed */
		asm_emit(g->b, MOV64(0, pick_scalar(g)), ALU64I(BPF_AND, 0, 3));
		g->s.reg[0] = scalar(3);
		asm_emit(g->b, STX(BPF_DW, 10, -8 * (int32_t)(g->slots + 12), 0));
		write_results(g);
		asm_emit(g->b, LDX(BPF_DW, 0, 10, -8 * (int32_t)(g->slots + 12)), EXIT());
	} else {
		write_results(g);
		asm_emit(g->b, MOV64I(0, g->xdp ? 2 + (int)below(g, 2) : -1), EXIT());
	}
	finish_out(g);
}

static void write_function(struct gen *g, uint32_t f)
{
	uint8_t r;

	start_function(g, f);
	asm_place(g->b, g->funcs[f].label);
	g->p->subprog_at[g->p->n_subprogs++] = g->b->n;
	g->slots = 2 + below(g, 5);
	legacy_context(g);
	if (g->funcs[f].moves)
		gen_move_packet(g);
	gen_statements(g, 3 + below(g, 8));
	place_all_pending(g, 0);
	r = pick_scalar(g);
	if (r)
		asm_emit(g->b, MOV64(0, r));
	asm_emit(g->b, EXIT());
	finish_out(g);
}

/* ---- programs -------------------------------------------------------------------------------- */

static struct fe_map map(const char *name, uint32_t type, uint32_t key, uint32_t value, uint32_t n)
{
	return (struct fe_map){ .name = name,
				.type = type,
				.key_size = key,
				.value_size = value,
				.max_entries = n,
				.inner = -1 };
}

static void make_maps(struct gen *g)
{
	static const uint8_t keys[] = { 4, 4, 8, 6, 12, 16, 3, 20 };
	static const uint8_t values[] = { 8, 16, 32, 40, 4, 20, 9, 64 };
	struct fe_map *m = g->p->maps;
	bool timed = percent(g, 50);

	m[MAP_ARRAY] = map("array", BPF_MAP_TYPE_ARRAY, 4, values[below(g, 8)], 8);
	m[MAP_HASH] = map("hash", BPF_MAP_TYPE_HASH, keys[below(g, 8)], values[below(g, 8)], 64);
	m[MAP_COUNTERS] =
		map("counters", percent(g, 70) ? BPF_MAP_TYPE_ARRAY : BPF_MAP_TYPE_HASH, 4, 32, 8);
	m[MAP_DATA] = map(".data", BPF_MAP_TYPE_ARRAY, 4, 24 + 8 * below(g, 3), 1);
	m[MAP_DATA].kind = FE_MAP_DATA;
	for (size_t i = 0; i < sizeof(g->p->init); i++)
		g->p->init[i] = (uint8_t)sim_rng_next(&g->rng);
	m[MAP_DATA].init = g->p->init;
	m[MAP_EVENTS] = map("events", BPF_MAP_TYPE_PERF_EVENT_ARRAY, 4, 4, 1);
	m[MAP_SPECIAL] = map("special", percent(g, 50) ? BPF_MAP_TYPE_ARRAY : BPF_MAP_TYPE_HASH, 4,
			     timed ? TIMED_BYTES : LOCKED_BYTES, 8);
	m[MAP_SPECIAL].btf_key_id = TYPE_KEY;
	m[MAP_SPECIAL].btf_value_id = timed ? TYPE_TIMED : TYPE_LOCKED;
}

static void write_program(struct gen *g, uint32_t size)
{
	struct gen_program *p = g->p;

	memset(p, 0, sizeof(*p));
	g->xdp = percent(g, 75);
	g->new_isa = percent(g, 50);
	g->offload_only = g->xdp && percent(g, 10);
	g->moves_packet = g->xdp && percent(g, 25);
	g->addresses = percent(g, 4);
	p->offload_only = g->offload_only;
	p->addresses = g->addresses;
	p->type = g->xdp ? BPF_PROG_TYPE_XDP : BPF_PROG_TYPE_SCHED_CLS;
	make_types(p);
	make_maps(g);
	g->n_funcs = 1;
	write_main(g, size / 2 + below(g, size));
	for (uint32_t f = 1; f < g->n_funcs; f++)
		write_function(g, f);
	asm_finish(g->b);
}

void gen_program(struct gen_program *p, uint64_t seed, uint32_t size)
{
	struct gen g = { .p = p, .b = &p->code, .rng = sim_rng_fork(seed, 0) };

	write_program(&g, size);
}

void gen_program_by_choices(struct gen_program *p, const uint8_t *choices, size_t n, uint32_t size)
{
	struct gen g = { .p = p, .b = &p->code, .choice = choices, .choices_end = choices + n };

	write_program(&g, size);
}

void gen_case(const struct gen_program *p, const char *name, struct harness_case *c)
{
	*c = (struct harness_case){ .name = name,
				    .type = p->type,
				    .insns = p->code.at,
				    .n_insns = p->code.n,
				    .subprog_at = p->subprog_at,
				    .n_subprogs = p->n_subprogs,
				    .maps = p->maps,
				    .n_maps = GEN_MAPS,
				    .btf = p->btf,
				    .btf_bytes = p->btf_bytes,
				    .func_type = TYPE_FUNC };
}
