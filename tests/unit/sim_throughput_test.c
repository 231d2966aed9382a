/* SPDX-License-Identifier: BSD-2-Clause */
/* Contexts in turn: what an engine gets through when the packets are alike. */
#include "sim/throughput.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct rate_case {
	const char *name;
	uint32_t contexts;
	uint64_t busy;     /* cycles of a packet, the wait in their middle */
	uint32_t wait;     /* cycles */
	double per_packet; /* expected */
	const char *bound_by;
} cases[] = {
	{ "no wait", 4, 100, 0, 100, "issue" },
	{ "waits that the others cover", 4, 100, 150, 100, "issue" },
	{ "in step, all wait for 50 of 450 cycles", 4, 100, 200, 112.5, "external memory" },
	{ "longer than the others have work for", 4, 100, 500, 187.5, "external memory" },
	{ "one context covers nothing", 1, 100, 300, 400, "external memory" },
	{ "eight contexts cover more", 8, 100, 350, 100, "issue" },
};

static void contexts_cover_each_others_waits(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct rate_case *c = &cases[i];
		struct sim_timing timing = sim_timing_default;
		struct sim_me_wait wait = { c->busy / 2, c->wait, SIM_ME_EMEM };
		struct sim_me_result run = { .busy_cycles = c->busy,
					     .cycles = c->busy + c->wait,
					     .waits = &wait,
					     .n_waits = c->wait != 0 };
		struct sim_rate rate;
		struct sim_throughput *e;

		timing.contexts = c->contexts;
		e = sim_throughput_new(&timing);
		assert_non_null(e);
		for (int n = 0; n < 10000; n++)
			sim_throughput_packet(e, &run);
		rate = sim_throughput_rate(e);
		if (rate.cycles_per_packet < c->per_packet * 0.99 ||
		    rate.cycles_per_packet > c->per_packet * 1.01)
			fail_msg("%s: %.1f cycles a packet, expected %.1f", c->name,
				 rate.cycles_per_packet, c->per_packet);
		assert_string_equal(rate.bound_by, c->bound_by);
		sim_throughput_free(e);
	}
}

static void few_packets_and_none(void **state)
{
	struct sim_me_result run = { .busy_cycles = 10, .cycles = 10 };
	struct sim_throughput *e = sim_throughput_new(NULL);

	(void)state;
	assert_non_null(e);
	assert_true(sim_throughput_rate(e).cycles_per_packet <= 0);
	sim_throughput_packet(e, &run);
	assert_true(sim_throughput_rate(e).cycles_per_packet > 9.9);
	sim_throughput_free(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(contexts_cover_each_others_waits),
		cmocka_unit_test(few_packets_and_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
