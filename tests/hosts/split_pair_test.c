/* SPDX-License-Identifier: BSD-2-Clause */
/* A split program whose host half, or whose device half, is not what it should be: the comparison says so,
 * whichever host side runs it, and names the side. */
#include "offload/inspect.h"
#include "sim/split_test.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define HOST_BIT(id) (1u << SIM_DIFF_##id)

struct rig {
	struct bpf_offload_object *o;
	struct bpf_offload_program *p;
	struct sim_diff_device dev;
	struct sim_split_result res;
};

static void open_rig(struct rig *r)
{
	struct bpf_offload_compile_opts opts = { .sz = sizeof(opts),
						 .opt_level = 2,
						 .pins = "public_ports=host" };
	bool usable;
	uint64_t *words;

	memset(r, 0, sizeof(*r));
	r->o = inspect_open(TEST_DATA "/hostjit/portfilter.o", NULL, &usable);
	assert_true(r->o && usable);
	r->p = bpf_offload_object__program(r->o, 0);
	assert_int_equal(bpf_offload_program__compile(r->p, &opts), 0);
	assert_non_null(r->p->result.split.halves);
	assert_true(inspect_relocate(r->p, &words, &r->dev.n_words));
	r->dev.words = words;
	r->dev.maps = r->p->image->maps;
	r->dev.n_maps = r->p->image->n_maps;
}

static void run(struct rig *r, unsigned hosts)
{
	struct sim_diff_options opts = { .packets = 2000, .hosts = hosts };

	assert_true(sim_split_run(&r->o->cx, &r->p->vprog, r->p->result.split.halves, &r->p->fw,
				  &r->dev, &opts, &r->res));
}

static void both_halves_are_the_whole(void **state)
{
	struct rig r;

	(void)state;
	open_rig(&r);
	run(&r, HOST_BIT(JIT) | HOST_BIT(INTERP));
	assert_int_equal(r.res.diff.mismatches, 0);
	assert_int_equal(r.res.diff.packets, 2000);
	assert_int_equal(r.res.diff.hosts[SIM_DIFF_INTERP].packets, 2000);
	assert_true(r.res.half_hosts[SIM_DIFF_INTERP].packets > 1000);
	assert_true(r.res.handed && r.res.decided && r.res.forged);
	assert_true(r.res.diff.map_hits && r.res.diff.map_misses);
	bpf_offload_object__close(r.o);
}

/* What is looked up on the host and not found passes. */
static void wrong_host_half(struct part_halves *halves)
{
	struct bpf_insn *insns = (struct bpf_insn *)halves->host.insns;

	for (size_t i = halves->host.n_insns; i-- > 0;) {
		if (insns[i].code == (BPF_ALU | BPF_MOV | BPF_K) && !insns[i].dst_reg &&
		    insns[i].imm == XDP_DROP) {
			insns[i].imm = XDP_PASS;
			return;
		}
	}
	fail_msg("the host half drops nothing");
}

static void a_wrong_host_half_is_noticed(void **state)
{
	static const unsigned hosts[] = { HOST_BIT(JIT), HOST_BIT(INTERP),
					  HOST_BIT(JIT) | HOST_BIT(INTERP) };

	(void)state;
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		struct rig r;

		open_rig(&r);
		wrong_host_half(r.p->result.split.halves);
		run(&r, hosts[i]);
		assert_true(r.res.diff.mismatches > 10);
		assert_string_equal(r.res.diff.kept[0].what, "verdict");
		assert_non_null(strstr(r.res.diff.kept[0].text, "host half"));
		/* the half is wrong in the same way on all sides */
		assert_int_equal(r.res.half_hosts[SIM_DIFF_INTERP].mismatches, 0);
		bpf_offload_object__close(r.o);
	}
}

/* With another cookie the host half takes nothing that the device passes up. */
static void halves_of_two_builds_do_not_match(void **state)
{
	struct rig r;

	(void)state;
	open_rig(&r);
	for (size_t i = 0; i < r.p->result.split.halves->host.n_insns; i++) {
		struct bpf_insn *in = (struct bpf_insn *)&r.p->result.split.halves->host.insns[i];

		if (BPF_CLASS(in->code) == BPF_JMP32 &&
		    in->imm == (int32_t)r.p->result.split.halves->cookie)
			in->imm ^= 1;
	}
	run(&r, HOST_BIT(JIT));
	assert_true(r.res.diff.mismatches > 1000);
	bpf_offload_object__close(r.o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_halves_are_the_whole),
		cmocka_unit_test(a_wrong_host_half_is_noticed),
		cmocka_unit_test(halves_of_two_builds_do_not_match),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
