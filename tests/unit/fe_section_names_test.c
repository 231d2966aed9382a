/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/object/loader.h"

#include "base/bits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct {
	const char *section;
	uint32_t type, attach;
	bool frags;
} cases[] = {
	{ "xdp", BPF_PROG_TYPE_XDP, BPF_XDP, false },
	{ "xdp/anything", BPF_PROG_TYPE_XDP, BPF_XDP, false },
	{ "xdp1", BPF_PROG_TYPE_XDP, BPF_XDP, false },
	{ "xdp_sock", BPF_PROG_TYPE_XDP, BPF_XDP, false },
	{ "xdpfilter", BPF_PROG_TYPE_XDP, BPF_XDP, false },
	{ "?xdp", BPF_PROG_TYPE_XDP, BPF_XDP, false },
	{ "xdp.frags", BPF_PROG_TYPE_XDP, BPF_XDP, true },
	{ "xdp.frags/devmap", BPF_PROG_TYPE_XDP, BPF_XDP_DEVMAP, true },
	{ "xdp.frags/cpumap", BPF_PROG_TYPE_XDP, BPF_XDP_CPUMAP, true },
	{ "xdp/devmap", BPF_PROG_TYPE_XDP, BPF_XDP_DEVMAP, false },
	{ "xdp/cpumap", BPF_PROG_TYPE_XDP, BPF_XDP_CPUMAP, false },
	{ "xdp_devmap/egress", BPF_PROG_TYPE_XDP, BPF_XDP_DEVMAP, false },
	{ "tc", BPF_PROG_TYPE_SCHED_CLS, 0, false },
	{ "tc/ingress", BPF_PROG_TYPE_SCHED_CLS, 46, false },
	{ "tcx/egress", BPF_PROG_TYPE_SCHED_CLS, 47, false },
	{ "netkit/peer", BPF_PROG_TYPE_SCHED_CLS, 55, false },
	{ "classifier", BPF_PROG_TYPE_SCHED_CLS, 0, false },
	{ "classifier/1", BPF_PROG_TYPE_SCHED_CLS, 0, false },
	{ "cls_main", BPF_PROG_TYPE_SCHED_CLS, 0, false },
	{ "ingress", BPF_PROG_TYPE_SCHED_CLS, 0, false },
	{ "action", BPF_PROG_TYPE_SCHED_ACT, 0, false },
	{ "kprobe/x", BPF_PROG_TYPE_KPROBE, 0, false },
	{ "tracepoint/a/b", BPF_PROG_TYPE_TRACEPOINT, 0, false },
	{ "socket", BPF_PROG_TYPE_SOCKET_FILTER, 0, false },
	{ "tcp_cc", BPF_PROG_TYPE_UNSPEC, 0, false },
	{ "prog", BPF_PROG_TYPE_UNSPEC, 0, false },
	{ "", BPF_PROG_TYPE_UNSPEC, 0, false },
};

static const struct fe_open_options no_options;

static void section_names_give_types(void **state)
{
	struct arena arena, scratch;
	struct diags diags;
	struct cx cx = { &arena, &scratch, &diags };

	(void)state;
	arena_init(&arena);
	arena_init(&scratch);
	diags_init(&diags, &arena);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fe_section_type t = fe_section_type(&cx, &no_options, cases[i].section);

		if (t.type != cases[i].type || t.attach != cases[i].attach ||
		    t.frags != cases[i].frags)
			fail_msg("'%s': type %u attach %u frags %d", cases[i].section, t.type,
				 t.attach, t.frags);
	}
	assert_int_equal(diags.list.len, 0);
	arena_reset(&arena);
	arena_reset(&scratch);
}

int main(void)
{
	static const struct CMUnitTest tests[] = { cmocka_unit_test(section_names_give_types) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
