/* SPDX-License-Identifier: BSD-2-Clause */
/* Random machine IR through the passes and the encoder, run on the simulated microengine, against
 * the interpreter of tests/mir/interp.c. Each seed is a program; it is compiled without and with
 * optimisation, and with few registers so that spilling gets its share.
 *
 *   mir_random_test [FIRST_SEED [COUNT [DUMP_PASSES]]] */

#include "tests/mir/gen.h"
#include "tests/mir/interp.h"

#include "nfp_backend/passes.h"
#include "nfp_backend/passes/regalloc.h"
#include "partitioner/device_ops.h"
#include "sim/me.h"

#include "base/bits.h"

#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PKT_LEN = 160, RUNS = 3, FEW_MIN = 5 };

struct config {
	const char *name;
	unsigned opt_level;
	unsigned gprs; /* 0: all */
};

static const struct config configs[] = {
	{ "O0", 0, 0 },
	{ "O2", 2, 0 },
	{ "O2, few registers", 2, 8 },
	{ "O0, few registers", 0, FEW_MIN },
};

struct test {
	struct arena arena, scratch;
	struct diags diags;
	struct cx cx;
	struct nfp_firmware fw;
	const char *dump;
	uint64_t seed;
	unsigned failures;
};

static void make_packet(uint8_t *p, uint64_t seed)
{
	unsigned i;

	for (i = 0; i < PKT_LEN; i++)
		p[i] = (uint8_t)gen_next(&seed);
}

static struct sim_maps *make_maps(void)
{
	static const struct sim_map_spec spec = { .name = "m",
						  .type = BPF_MAP_TYPE_HASH,
						  .key_size = 4 * GEN_KEY_WORDS,
						  .value_size = 4 * GEN_VALUE_WORDS,
						  .max_entries = 3 };
	const char *why;

	return sim_maps_new(&spec, 1, &why);
}

static void report(struct test *t, const struct config *c, const char *what)
{
	size_t i;

	printf("seed %llu, %s: %s\n", (unsigned long long)t->seed, c->name, what);
	for (i = 0; i < t->diags.list.len; i++)
		diag_print(stdout, &t->diags.list.at[i]);
	t->failures++;
}

/* nfp_run_mir_passes() with a limit on registers. */
static bool compile(struct test *t, struct nfp_func *fn, const struct config *c,
		    struct nfp_ucode *u)
{
	unsigned i;

	for (i = 0; i < nfp_n_mir_passes; i++) {
		const struct nfp_pass *p = &nfp_mir_passes[i];

		if (!p->always && !c->opt_level)
			continue;
		if (!(p->run == nfp_allocate && c->gprs ? nfp_allocate_few(fn, &t->cx, c->gprs)
							: p->run(fn, &t->cx)))
			return false;
		nfp_check(fn);
		if (t->dump && (!strcmp(t->dump, "all") || !strcmp(t->dump, p->name))) {
			printf("; %s after %s\n", c->name, p->name);
			nfp_print(fn, stdout);
		}
		arena_reset(&t->scratch);
	}
	return nfp_emit(fn, &t->cx, u);
}

static char *to_text(struct test *t, const struct nfp_func *fn)
{
	char *text = NULL, *copy;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	nfp_print(fn, f);
	fclose(f);
	copy = arena_strdup(&t->arena, text);
	free(text);
	return copy;
}

static bool same_maps(struct sim_maps *a, struct sim_maps *b)
{
	size_t i = 0, n = 0, m = 0, size;
	const uint8_t *key;
	int64_t at, bt;

	while (sim_map_next(a, 0, &i, &key, &at)) {
		bt = sim_map_lookup(b, 0, key);
		if (bt == SIM_MAP_NONE ||
		    memcmp(sim_maps_memory(a, &size) + at, sim_maps_memory(b, &size) + bt,
			   4 * GEN_VALUE_WORDS) != 0)
			return false;
		n++;
	}
	for (i = 0; sim_map_next(b, 0, &i, &key, &bt);)
		m++;
	return n == m;
}

static void compare(struct test *t, const struct config *c, const struct nfp_func *ssa,
		    struct sim_me *me, struct sim_maps *device)
{
	struct sim_maps *host = make_maps();
	unsigned run;

	for (run = 0; run < RUNS; run++) {
		uint8_t want[PKT_LEN], in[PKT_LEN];
		struct sim_me_packet pkt = { .data = in, .len = PKT_LEN };
		struct sim_me_result got;
		struct interp_result r;

		make_packet(in, t->seed * 7 + run);
		memcpy(want, in, sizeof(in));
		r = interp_run(ssa, host, want, PKT_LEN);
		if (r.stuck) {
			report(t, c, r.stuck);
			break;
		}
		if (!sim_me_run(me, &pkt, &got)) {
			printf("word %u %s: ", got.error.word_idx, got.error.insn);
			report(t, c, got.error.text);
			break;
		}
		if (got.byte != r.byte || got.pkt_len != PKT_LEN ||
		    memcmp(got.pkt, want, PKT_LEN) != 0 || !same_maps(host, device)) {
			printf("run %u: byte 0x%02x, expected 0x%02x: ", run, got.byte, r.byte);
			report(t, c, "results differ");
			break;
		}
	}
	sim_maps_free(host);
}

static void test_config(struct test *t, const struct config *c, const struct nfp_func *ssa,
			const char *text)
{
	static const uint32_t tid = 1;
	struct sim_me_map map = { .tid = tid };
	struct nfp_func fn;
	struct nfp_ucode u;
	struct sim_me_config cfg = { .fw = &t->fw, .map_table = &map, .n_maps = 1, .junk_seed = 3 };
	struct sim_me_error err;
	struct sim_me *me;
	uint64_t *words;

	if (!nfp_parse(&t->cx, text, &t->fw, &fn)) {
		report(t, c, "does not parse");
		return;
	}
	if (strcmp(to_text(t, &fn), text) != 0) {
		report(t, c, "text changes when parsed and printed");
		return;
	}
	if (!compile(t, &fn, c, &u)) {
		report(t, c, "does not compile");
		return;
	}
	words = ARENA_ARRAY(&t->arena, uint64_t, u.n_words);
	if (!nfp_ucode_relocate(&t->cx, &u, &t->fw, &tid, 1, words)) {
		report(t, c, "does not relocate");
		return;
	}
	cfg.words = words;
	cfg.n_words = u.n_words;
	cfg.maps = make_maps();
	me = sim_me_new(&cfg, &err);
	if (me)
		compare(t, c, ssa, me, cfg.maps);
	else
		report(t, c, err.text);
	sim_me_free(me);
	sim_maps_free(cfg.maps);
}

static void test_seed(struct test *t)
{
	uint64_t rng = t->seed * 11 + 5;
	struct gen_options opts = { .size = 3 + gen_next(&rng) % 60,
				    .stack = gen_next(&rng) % 4 ? 6 : 30,
				    .calls = gen_next(&rng) % 3 != 0,
				    .keep_all = gen_next(&rng) % 3 == 0 };
	struct nfp_func fn;
	const char *text;
	size_t i;

	diags_init(&t->diags, &t->arena);
	gen_program(&fn, &t->cx, &t->fw, t->seed, &opts);
	text = to_text(t, &fn);
	if (t->dump)
		fputs(text, stdout);
	nfp_check(&fn);
	for (i = 0; i < ARRAY_SIZE(configs); i++)
		test_config(t, &configs[i], &fn, text);
	arena_reset(&t->arena);
	arena_reset(&t->scratch);
}

int main(int argc, char **argv)
{
	struct test t = { .dump = argc > 3 ? argv[3] : NULL };
	uint64_t first = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
	uint64_t count = argc > 2 ? strtoull(argv[2], NULL, 10) : 1, i;

	arena_init(&t.arena);
	arena_init(&t.scratch);
	t.cx = (struct cx){ &t.arena, &t.scratch, &t.diags };
	diags_init(&t.diags, &t.arena);
	if (!nfp_firmware_load(&t.cx, "generous", &t.fw))
		return 1;
	t.fw.name = "generous";
	for (i = 0; i < count && t.failures < 10; i++) {
		t.seed = first + i;
		test_seed(&t);
	}
	printf("%llu programs, %u failures\n", (unsigned long long)i, t.failures);
	return t.failures != 0;
}
