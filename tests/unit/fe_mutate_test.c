/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/support/fe_gen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* Any bytes as instructions end in a verdict: safe programs with a few bytes changed, and plain
 * noise. AddressSanitizer and UndefinedBehaviorSanitizer watch. FE_MUTATE_PROGRAMS=N for more. */

static uint64_t n_programs(void)
{
	const char *wanted = getenv("FE_MUTATE_PROGRAMS");

	return wanted ? strtoull(wanted, NULL, 0) : 3000;
}

static void flip(struct gen *g, struct bpf_insn *insns, uint32_t n)
{
	struct bpf_insn *i = &insns[below(&g->seed, n)];

	switch (below(&g->seed, 7)) {
	case 0: i->code = (uint8_t)next(&g->seed); break;
	case 1: i->dst_reg = below(&g->seed, 16) & 15; break;
	case 2: i->src_reg = below(&g->seed, 16) & 15; break;
	case 3: i->off = (int16_t)next(&g->seed); break;
	case 4: i->imm = (int32_t)next(&g->seed); break;
	case 5: i->imm = (int32_t)below(&g->seed, 220); break;
	default: *i = insns[below(&g->seed, n)];
	}
}

static void verify(const struct bpf_insn *insns, size_t n, uint64_t seed)
{
	static const uint32_t types[] = { BPF_PROG_TYPE_XDP, BPF_PROG_TYPE_SCHED_CLS };
	struct rig r;
	bool ok;

	rig_init(&r, types[seed & 1], insns, n);
	ok = rig_verify(&r, &(struct fe_verify_options){ .insn_limit = 3000 });
	assert_int_equal(ok, rig_reason(&r) == REASON_NONE);
	rig_free(&r);
}

static void changed_programs_get_a_verdict(void **state)
{
	uint64_t end = n_programs();

	(void)state;
	for (uint64_t n = 0; n < end; n++) {
		static struct gen g;

		memset(&g, 0, sizeof(g));
		gen_program(&g, n + 1);
		for (unsigned k = 1 + below(&g.seed, 4); k-- > 0;)
			flip(&g, g.b.at, g.b.n);
		verify(g.b.at, g.b.n, n);
	}
}

static void noise_gets_a_verdict(void **state)
{
	uint64_t seed = 5, end = n_programs();

	(void)state;
	for (uint64_t n = 0; n < end; n++) {
		struct bpf_insn insns[16];
		uint8_t *p = (uint8_t *)insns;

		for (size_t i = 0; i < sizeof(insns); i++)
			p[i] = (uint8_t)(next(&seed) >> 30);
		verify(insns, 1 + n % 16, n);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(changed_programs_get_a_verdict),
		cmocka_unit_test(noise_gets_a_verdict),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
