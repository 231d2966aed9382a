/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/support/fe_rig.h"

#include "base/bits.h"
#include "partitioner/flow.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>

/* How often each way is taken: guessed, and measured by a profiler that the test plays; and what
 * instructions cost with what they call. */

#define ONE (double)PART_FREQ_ONE

/* 0 r1 = queue; 1 if equal 5 goto 4; 2 r0 = 1; 3 goto 5; 4 r0 = 2; 5 exit */
static const struct bpf_insn branch[] = { LDX(BPF_W, 1, 1, 16), JMPI(BPF_JEQ, 1, 5, 2),
					  MOV64I(0, 1),         JA(1),
					  MOV64I(0, 2),         EXIT() };

static void region_of(struct rig *r, struct part_flow *flow, const struct bpf_insn *code, size_t n)
{
	rig_init(r, BPF_PROG_TYPE_XDP, code, n);
	assert_true(rig_verify(r, NULL));
	part_flow_build(&r->cx, &r->vp, flow);
	part_flow_guess(&r->cx, flow);
}

static const struct part_edge *edge(const struct part_flow *r, uint32_t from, uint32_t to)
{
	const struct part_edge *found = NULL;

	for (size_t i = 0; i < r->edges.len; i++)
		if (r->edges.at[i].from == from && r->edges.at[i].to == to) {
			assert_null(found); /* each way once */
			found = &r->edges.at[i];
		}
	assert_non_null(found);
	return found;
}

static void test_guess(void **state)
{
	struct part_flow flow;
	struct rig r;

	(void)state;
	region_of(&r, &flow, branch, ARRAY_SIZE(branch));
	assert_int_equal(flow.freq[0], PART_FREQ_ONE);
	assert_true(edge(&flow, 1, 4)->freq < edge(&flow, 1, 2)->freq);
	assert_int_equal(edge(&flow, 1, 4)->freq + edge(&flow, 1, 2)->freq, PART_FREQ_ONE);
	assert_int_equal(flow.freq[5], PART_FREQ_ONE);
	rig_free(&r);
}

/* A jump to the next instruction is one way, not two. */
static void test_empty_jump(void **state)
{
	static const struct bpf_insn code[] = { LDX(BPF_W, 1, 1, 16), JMPI(BPF_JEQ, 1, 5, 0),
						MOV64I(0, 1), EXIT() };
	struct part_flow flow;
	struct rig r;

	(void)state;
	region_of(&r, &flow, code, ARRAY_SIZE(code));
	assert_int_equal(edge(&flow, 1, 2)->freq, PART_FREQ_ONE);
	rig_free(&r);
}

static void test_loop(void **state)
{
	static const struct bpf_insn code[] = { MOV64I(0, 0), ALU64I(BPF_ADD, 0, 1),
						JMPI(BPF_JLT, 0, 20, -2), EXIT() };
	struct part_flow flow;
	struct rig r;

	(void)state;
	region_of(&r, &flow, code, ARRAY_SIZE(code));
	assert_true(flow.freq[1] > 4 * PART_FREQ_ONE);
	assert_int_equal(flow.freq[0], PART_FREQ_ONE);
	rig_free(&r);
}

/* ---- measured ------------------------------------------------------------------------------------------- */

struct script {
	uint64_t packets, runs[16], taken[16];
	const char *why;
};

static const char *count(void *priv, struct cx *cx, const struct vprog *vp,
			 struct part_counts *counts)
{
	struct script *s = priv;

	(void)cx;
	(void)vp;
	*counts = (struct part_counts){ s->packets, s->runs, s->taken };
	return s->why;
}

static void test_measured(void **state)
{
	/* of 9 packets 3 are equal */
	struct script s = { 9, { 9, 9, 6, 6, 3, 9 }, { 0, 3 }, NULL };
	const struct part_profiler profiler = { &s, count };
	struct part_flow flow;
	uint32_t guess;
	struct rig r;

	(void)state;
	region_of(&r, &flow, branch, ARRAY_SIZE(branch));
	guess = flow.freq[4];
	assert_null(part_flow_measure(&r.cx, &flow, &profiler));
	/* the guess is one packet more */
	assert_int_equal(flow.freq[4], (uint32_t)((3 * ONE + guess) / 10));
	assert_int_equal(edge(&flow, 1, 4)->freq, flow.freq[4]);
	/* what is told is what was measured */
	assert_true(part_node_share(&flow, 4) == 3.0 / 9);
	assert_true(part_edge_share(&flow, edge(&flow, 1, 2)) == 6.0 / 9);
	rig_free(&r);
}

static void test_not_measured(void **state)
{
	struct script s = { .why = "no" };
	const struct part_profiler profiler = { &s, count };
	struct part_flow flow;
	uint32_t guess;
	struct rig r;

	(void)state;
	region_of(&r, &flow, branch, ARRAY_SIZE(branch));
	guess = flow.freq[4];
	assert_string_equal(part_flow_measure(&r.cx, &flow, &profiler), "no");
	s.why = NULL; /* but no packet */
	assert_non_null(part_flow_measure(&r.cx, &flow, &profiler));
	assert_int_equal(flow.freq[4], guess);
	assert_true(part_node_share(&flow, 0) == 1);
	rig_free(&r);
}

/* ---- cycles ---------------------------------------------------------------------------------------------- */

static void test_cycles(void **state)
{
	static const struct bpf_insn code[] = {
		MOV64I(1, 3),
		CALL_SUB(1),
		EXIT(),
		MOV64I(0, 0), /* the function: a loop of 3 */
		ALU64I(BPF_ADD, 0, 7),
		ALU64I(BPF_SUB, 1, 1),
		JMPI(BPF_JNE, 1, 0, -3),
		EXIT(),
	};
	struct script s = { 10, { 10, 10, 10, 10, 30, 30, 30, 10 }, { [6] = 20 }, NULL };
	const struct part_profiler profiler = { &s, count };
	struct part_costs costs = part_costs_default;
	struct part_flow flow;
	int64_t *cycles;
	struct rig r;

	(void)state;
	costs.of[PART_COST_ALU] = 2;
	costs.of[PART_COST_JUMP] = 5;
	costs.of[PART_COST_CALL] = 100;
	region_of(&r, &flow, code, ARRAY_SIZE(code));
	cycles = part_flow_cycles(&r.cx, &flow, &costs);
	assert_int_equal(cycles[0], 2);
	assert_int_equal(cycles[1], 100 + 3 * 2 + 2 * 5); /* each once */
	assert_null(part_flow_measure(&r.cx, &flow, &profiler));
	cycles = part_flow_cycles(&r.cx, &flow, &costs);
	assert_int_equal(cycles[1], 100 + 2 + 3 * (2 + 2 + 5) + 5);
	rig_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_guess),        cmocka_unit_test(test_empty_jump),
		cmocka_unit_test(test_loop),         cmocka_unit_test(test_measured),
		cmocka_unit_test(test_not_measured), cmocka_unit_test(test_cycles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
