/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/support/fe_rig.h"

#include "base/bits.h"
#include "frontend/kernel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* The running kernel's answer, and what is said where it differs. Skipped without bpf(2). */

static struct fe_kernel_answer ask(struct rig *r)
{
	struct fe_kernel_answer k = fe_kernel_verify_insns(&r->cx, &r->obj, &r->prog);

	if (k.verdict == FE_KERNEL_UNAVAILABLE) {
		assert_true(k.why[0]);
		rig_free(r);
		print_message("skipped: no CAP_BPF\n");
		skip();
	}
	return k;
}

static void accepts_with_its_figures(void **state)
{
	static const struct bpf_insn insns[] = { LD_MAP(1, RIG_ARRAY), MOV64I(0, 1), EXIT() };
	struct fe_kernel_answer k;
	struct rig r;

	(void)state;
	rig_init(&r, BPF_PROG_TYPE_XDP, insns, ARRAY_SIZE(insns));
	k = ask(&r);
	assert_int_equal(k.verdict, FE_KERNEL_ACCEPTS);
	assert_int_equal(k.insns_processed, 3);
	assert_string_equal(k.why, "");
	rig_free(&r);
}

static void rejects_with_its_message(void **state)
{
	static const struct bpf_insn insns[] = { MOV64(0, 5), EXIT() };
	struct fe_kernel_answer k;
	struct rig r;

	(void)state;
	rig_init(&r, BPF_PROG_TYPE_XDP, insns, ARRAY_SIZE(insns));
	k = ask(&r);
	assert_int_equal(k.verdict, FE_KERNEL_REJECTS);
	assert_string_equal(k.why, "R5 !read_ok");
	assert_non_null(strstr(k.log_tail, "r0 = r5"));
	fe_kernel_report(&r.cx, &r.obj, &r.prog, &k);
	assert_int_equal(rig_reason(&r), REASON_KERNEL_REJECTS);
	rig_free(&r);
}

static void no_message_means_errno(void **state)
{
	static const struct bpf_insn insns[] = { MOV64I(0, 2), EXIT() };
	struct fe_kernel_answer k;
	struct rig r;

	(void)state;
	rig_init(&r, BPF_PROG_TYPE_SCHED_CLS, insns, ARRAY_SIZE(insns));
	r.prog.type = BPF_PROG_TYPE_CGROUP_SOCK_ADDR; /* refused before the verifier is asked */
	r.prog.attach_type = 9999;
	k = ask(&r);
	assert_int_equal(k.verdict, FE_KERNEL_REJECTS);
	assert_string_equal(k.why, "no message, only errno 22 (EINVAL)");
	rig_free(&r);
}

static void map_that_cannot_be_created_is_named(void **state)
{
	static const struct bpf_insn insns[] = { LD_MAP(1, RIG_ARRAY), LD_MAP(1, RIG_HASH),
						 MOV64I(0, 1), EXIT() };
	struct fe_kernel_answer k;
	struct rig r;

	(void)state;
	rig_init(&r, BPF_PROG_TYPE_XDP, insns, ARRAY_SIZE(insns));
	k = ask(&r);
	assert_int_equal(k.verdict, FE_KERNEL_ACCEPTS);
	r.maps[RIG_HASH].name = "sessions";
	r.maps[RIG_HASH].key_size = 0;
	k = fe_kernel_verify_insns(&r.cx, &r.obj, &r.prog);
	assert_int_equal(k.verdict, FE_KERNEL_UNAVAILABLE);
	assert_string_equal(k.map, "sessions");
	assert_string_equal(k.why,
			    "map 'sessions' of type hash cannot be created: errno 22 (EINVAL)");
	fe_kernel_report(&r.cx, &r.obj, &r.prog, &k);
	assert_string_equal(reason_name(r.diags.list.at[r.diags.list.len - 1].reason),
			    "kernel-map");
	rig_free(&r);
}

static int fd_of(const struct fe_kernel_maps *maps, size_t map)
{
	return maps->fds[map];
}

static void programs_share_maps_of_data(void **state)
{
	static const struct bpf_insn insns[] = { LD_MAP(1, RIG_ARRAY), LD_MAP(1, RIG_PROGS),
						 LD_MAP(1, RIG_RODATA), MOV64I(0, 1), EXIT() };
	struct fe_kernel_maps maps = { .fds = NULL };
	struct rig r;
	int first;

	(void)state;
	rig_init(&r, BPF_PROG_TYPE_XDP, insns, ARRAY_SIZE(insns));
	ask(&r);
	fe_kernel_maps_make(&maps, &r.obj, &r.prog);
	first = fd_of(&maps, RIG_ARRAY);
	assert_true(first >= 0);
	assert_int_equal(fd_of(&maps, RIG_HASH), -1); /* not used */
	assert_int_equal(fd_of(&maps, RIG_PROGS), -1);
	assert_int_equal(fd_of(&maps, RIG_RODATA), -1);
	fe_kernel_maps_make(&maps, &r.obj, &r.prog);
	assert_int_equal(fd_of(&maps, RIG_ARRAY), first);
	fe_kernel_maps_close(&maps);
	assert_null(maps.fds);
	rig_free(&r);
}

static void difference_of_offloaded_programs_is_explained(void **state)
{
	static const struct bpf_insn insns[] = {
		MOV64I(0, 2), STX(BPF_W, 1, offsetof(struct xdp_md, rx_queue_index), 0), EXIT()
	};
	struct fe_kernel_answer k = { .verdict = FE_KERNEL_REJECTS,
				      .why = "invalid",
				      .log_tail = "" };
	struct fe_own_answer own = { 0 };
	struct rig r;
	const char *text;

	(void)state;
	rig_init(&r, BPF_PROG_TYPE_XDP, insns, ARRAY_SIZE(insns));
	assert_true(rig_verify(&r, NULL));
	own.vp = &r.vp;
	text = fe_kernel_difference(&r.cx, &r.obj, &r.prog, &own, &k);
	assert_non_null(strstr(text, "offloading device"));
	assert_int_equal(rig_reason(&r), REASON_VERIFIERS_DIFFER);
	rig_free(&r);
}

static void no_difference_without_a_verdict(void **state)
{
	static const struct bpf_insn insns[] = { MOV64I(0, 2), EXIT() };
	struct fe_kernel_answer k = { .verdict = FE_KERNEL_UNAVAILABLE,
				      .why = "x",
				      .log_tail = "" };
	struct fe_own_answer own = { .why = "rejected" };
	struct rig r;

	(void)state;
	rig_init(&r, BPF_PROG_TYPE_XDP, insns, ARRAY_SIZE(insns));
	assert_null(fe_kernel_difference(&r.cx, &r.obj, &r.prog, &own, &k));
	k.verdict = FE_KERNEL_REJECTS;
	assert_null(fe_kernel_difference(&r.cx, &r.obj, &r.prog, &own, &k));
	k.verdict = FE_KERNEL_ACCEPTS;
	assert_non_null(fe_kernel_difference(&r.cx, &r.obj, &r.prog, &own, &k));
	rig_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accepts_with_its_figures),
		cmocka_unit_test(rejects_with_its_message),
		cmocka_unit_test(no_message_means_errno),
		cmocka_unit_test(map_that_cannot_be_created_is_named),
		cmocka_unit_test(programs_share_maps_of_data),
		cmocka_unit_test(difference_of_offloaded_programs_is_explained),
		cmocka_unit_test(no_difference_without_a_verdict),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
