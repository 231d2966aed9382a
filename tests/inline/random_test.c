/* SPDX-License-Identifier: BSD-2-Clause */
/* Random programs with some of their calls replaced (partitioner/inline.h) behave as before: same verdict,
 * packet, events and maps under the reference interpreter, and the verifier takes them. */
#include "gen.h"

#include "partitioner/inline.h"
#include "sim/host.h"
#include "sim/packet.h"
#include "sim/rng.h"

#include <bpf/btf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_FUNCS  (GEN_MAX_FUNCS + 1)
#define INSN_LIMIT 200000u
#define PACKETS    24u

struct test {
	struct arena arena, scratch;
	struct diags diags;
	struct cx cx;
	struct gen_program gen;
	struct btf *btf;
	struct fe_subprog subs[MAX_FUNCS];
	struct fe_prog prog;
	struct fe_object obj;
	struct vprog vp;
};

struct totals {
	unsigned programs, inlined_verifies, replaced, refused;
};

static void open_test(struct test *t, uint64_t seed)
{
	struct harness_case c;
	uint32_t n;

	*t = (struct test){ 0 };
	arena_init(&t->arena);
	arena_init(&t->scratch);
	diags_init(&t->diags, &t->arena);
	t->cx = (struct cx){ &t->arena, &t->scratch, &t->diags };
	gen_program(&t->gen, seed, 20 + (uint32_t)(seed % 40));
	gen_case(&t->gen, "random", &c);
	t->btf = btf__new(c.btf, c.btf_bytes);
	n = t->gen.n_subprogs;
	for (uint32_t i = 0; i <= n; i++)
		t->subs[i] = (struct fe_subprog){
			.start = i ? t->gen.subprog_at[i - 1] : 0,
			.end = i < n ? t->gen.subprog_at[i] : t->gen.code.n,
			.name = arena_printf(&t->arena, "f%u", i),
			.btf_func_id = c.func_type,
		};
	t->prog = (struct fe_prog){ .name = "random",
				    .section = "xdp",
				    .type = t->gen.type,
				    .insns = t->gen.code.at,
				    .n_insns = t->gen.code.n,
				    .subprogs = t->subs,
				    .n_subprogs = n + 1 };
	t->obj = (struct fe_object){ .path = "random",
				     .license = "GPL",
				     .maps = t->gen.maps,
				     .n_maps = GEN_MAPS,
				     .progs = &t->prog,
				     .n_progs = 1,
				     .btf = t->btf };
}

static void close_test(struct test *t)
{
	btf__free(t->btf);
	arena_reset(&t->arena);
	arena_reset(&t->scratch);
}

static bool verify(struct test *t, const struct fe_prog *prog, struct vprog *vp)
{
	struct fe_verify_options opts = { .insn_limit = INSN_LIMIT };

	return fe_verify(&t->cx, &t->obj, prog, &opts, vp);
}

/* ---- both over the same packets ---------------------------------------------------------------------- */

struct side {
	struct sim_maps *maps;
	struct sim_host *host;
	struct sim_host_run run;
};

static bool open_side(struct test *t, const struct fe_prog *prog, struct side *s)
{
	struct sim_map_spec specs[GEN_MAPS];
	struct sim_host_options opts = { .kind = SIM_HOST_INTERP };
	const char *why;

	for (size_t i = 0; i < GEN_MAPS; i++) {
		const struct fe_map *m = &t->gen.maps[i];

		specs[i] = (struct sim_map_spec){ .name = m->name,
						  .type = m->type,
						  .key_size = m->key_size,
						  .value_size = m->value_size,
						  .max_entries = m->max_entries,
						  .flags = m->flags,
						  .init = m->init };
	}
	s->maps = sim_maps_new(specs, GEN_MAPS, &why);
	s->host = s->maps ? sim_host_new(&t->cx, &t->obj, prog, s->maps, &opts) : NULL;
	return s->host;
}

static void close_side(struct side *s)
{
	sim_host_free(s->host);
	sim_maps_free(s->maps);
}

static bool same_maps(struct side *a, struct side *b)
{
	size_t size;

	for (size_t map = 0; map < GEN_MAPS; map++) {
		const struct sim_map_spec *spec = sim_maps_spec(a->maps, map);
		size_t iter = 0, n = 0;
		const uint8_t *key;
		int64_t off, other;

		while (sim_map_next(a->maps, map, &iter, &key, &off)) {
			other = sim_map_lookup(b->maps, map, key);
			if (other < 0 ||
			    memcmp(sim_maps_memory(a->maps, &size) + off,
				   sim_maps_memory(b->maps, &size) + other, spec->value_size))
				return false;
			n++;
		}
		iter = 0;
		while (sim_map_next(b->maps, map, &iter, &key, &off))
			n--;
		if (n)
			return false;
	}
	return true;
}

static const char *difference(const struct sim_host_run *a, const struct sim_host_run *b)
{
	if (a->fault || b->fault)
		return a->fault ? a->fault : b->fault;
	if (a->verdict != b->verdict)
		return "verdict";
	if (a->packet_len != b->packet_len || memcmp(a->packet, b->packet, a->packet_len))
		return "packet";
	if (a->n_events != b->n_events)
		return "events";
	for (size_t i = 0; i < a->n_events; i++)
		if (a->events[i].data_len != b->events[i].data_len ||
		    memcmp(a->events[i].data, b->events[i].data, a->events[i].data_len))
			return "event";
	return NULL;
}

static const char *compare(struct test *t, const struct fe_prog *inlined_verifies, uint64_t seed)
{
	struct sim_packet_gen *gen = sim_packet_gen_new(&t->arena, &t->prog, seed, 64);
	struct side a = { 0 }, b = { 0 };
	const char *what = NULL;
	uint8_t data[SIM_PACKET_LONGEST];

	if (!open_side(t, &t->prog, &a) || !open_side(t, inlined_verifies, &b))
		what = "no host";
	for (uint64_t i = 0; i < PACKETS && !what; i++) {
		struct sim_host_packet in = { .data = data,
					      .len = sim_packet_make(gen, i, data),
					      .random_seed = seed + i,
					      .clock_ns = i };

		sim_host_run_one(a.host, &in, &a.run);
		sim_host_run_one(b.host, &in, &b.run);
		what = difference(&a.run, &b.run);
	}
	if (!what && !same_maps(&a, &b))
		what = "map";
	close_side(&a);
	close_side(&b);
	return what;
}

/* ---- one program ----------------------------------------------------------------------------------------- */

static void print_insns(const struct fe_prog *p)
{
	char text[160];

	for (uint32_t i = 0; i < p->n_insns; i++) {
		bool wide = ebpf_is_ld_imm64(&p->insns[i]);

		ebpf_disasm(&p->insns[i], wide ? &p->insns[i + 1] : NULL, text, sizeof(text));
		fprintf(stderr, "%5u: %s\n", i, text);
		i += wide;
	}
}

static bool one(uint64_t seed, struct totals *n)
{
	const char *why = NULL, *what = NULL;
	uint64_t rng = sim_rng_fork(seed, 1);
	struct part_inliner *inliner;
	struct part_inlined inlined;
	struct vprog vp;
	struct test t;
	bool **set;

	open_test(&t, seed);
	if (!t.gen.n_subprogs || t.gen.addresses || !verify(&t, &t.prog, &t.vp))
		goto out;
	n->programs++;
	inliner = part_inliner_new(&t.cx, &t.vp, NULL);
	set = part_inliner_callset(inliner);
	for (uint32_t k = 1; k < t.prog.n_subprogs; k++)
		set[0][k] = sim_rng_next(&rng) & 3;
	if (!part_inliner_closure(inliner, false, set) ||
	    !part_inline_program(inliner, false, set, &inlined, &why)) {
		if (why)
			fprintf(stderr, "seed %llu: %s\n", (unsigned long long)seed, why);
		goto out;
	}
	n->inlined_verifies++;
	n->replaced += inlined.n_inlined;
	if (!verify(&t, &inlined.prog, &vp)) {
		n->refused++;
		for (size_t i = 0; i < t.diags.list.len; i++)
			diag_print(stderr, &t.diags.list.at[i]);
		goto out;
	}
	what = compare(&t, &inlined.prog, seed);
	if (what) {
		fprintf(stderr, "seed %llu: %s differs; with calls replaced:\n",
			(unsigned long long)seed, what);
		print_insns(&inlined.prog);
	}
out:
	close_test(&t);
	return !what;
}

int main(int argc, char **argv)
{
	uint64_t first = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
	uint64_t count = argc > 1 ? strtoull(argv[1], NULL, 0) : 300;
	struct totals n = { 0 };
	bool ok = true;

	for (uint64_t seed = first; seed < first + count; seed++)
		ok &= one(seed, &n);
	printf("%u programs with calls, %u inlined_verifies, %u calls replaced, %u not verified\n",
	       n.programs, n.inlined_verifies, n.replaced, n.refused);
	return !ok || n.refused || !n.inlined_verifies;
}
