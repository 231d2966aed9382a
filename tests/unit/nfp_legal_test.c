/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/support/nfp_lift_rig.h"

#include "nfp_backend/legal/legal.h"

/* What the card refuses, by which rule and at which instruction; and that it takes the rest. */

enum { HASH, PERCPU, COUNTERS, EVENTS, BIG_KEY, TRIE };

static const struct fe_map maps[] = {
	[HASH] = { .name = "hash",
		   .type = BPF_MAP_TYPE_HASH,
		   .key_size = 4,
		   .value_size = 8,
		   .max_entries = 16,
		   .inner = -1 },
	[PERCPU] = { .name = "percpu",
		     .type = BPF_MAP_TYPE_PERCPU_ARRAY,
		     .key_size = 4,
		     .value_size = 8,
		     .max_entries = 4,
		     .inner = -1 },
	[COUNTERS] = { .name = "counters",
		       .type = BPF_MAP_TYPE_ARRAY,
		       .key_size = 4,
		       .value_size = 16,
		       .max_entries = 4,
		       .inner = -1 },
	[EVENTS] = { .name = "events",
		     .type = BPF_MAP_TYPE_PERF_EVENT_ARRAY,
		     .key_size = 4,
		     .value_size = 4,
		     .max_entries = 4,
		     .inner = -1 },
	[TRIE] = { .name = "trie",
		   .type = BPF_MAP_TYPE_LPM_TRIE,
		   .key_size = 4,
		   .value_size = 8,
		   .max_entries = 4,
		   .flags = BPF_F_NO_PREALLOC,
		   .inner = -1 },
	[BIG_KEY] = { .name = "big_key",
		      .type = BPF_MAP_TYPE_HASH,
		      .key_size = 100,
		      .value_size = 8,
		      .max_entries = 16,
		      .inner = -1 },
};

#define LOOKUP(map)                                                                                \
	ST(BPF_W, 10, -4, 1), LD_MAP(1, map), MOV64(2, 10), ALU64I(BPF_ADD, 2, -4),                \
		CALL(BPF_FUNC_map_lookup_elem) /* 6 instructions; R0 */

struct legal_case {
	const char *rule;
	struct bpf_insn code[32];
	enum reason want;     /* REASON_NONE: accepted */
	uint32_t pc;          /* where */
	uint32_t type;        /* 0: XDP */
	const char *firmware; /* NULL: generous */
};

static const struct legal_case cases[] = {
	{ "packet pointers, context and constants",
	  { XDP_PACKET(14, 2), LDX(BPF_B, 5, 2, 0), MOV64I(0, 1), EXIT },
	  .want = REASON_NONE },
	{ "helpers that only the host has",
	  { CALL(BPF_FUNC_ktime_get_ns), MOV64I(0, 2), EXIT },
	  .want = REASON_NFP_HELPER,
	  .pc = 0 },
	{ "helpers that the firmware lacks",
	  { LOOKUP(HASH), ST(BPF_W, 10, -4, 1), LD_MAP(1, HASH), MOV64(2, 10),
	    ALU64I(BPF_ADD, 2, -4), CALL(BPF_FUNC_map_delete_elem), MOV64I(0, 2), EXIT },
	  .want = REASON_NFP_HELPER_FIRMWARE,
	  .pc = 11,
	  .firmware = "corenic" },
	{ "context fields that the packet vector lacks",
	  { LDX(BPF_W, 0, 1, 12), EXIT },
	  .want = REASON_NFP_CTX_READ,
	  .pc = 0 },
	{ "the receive queue can be written",
	  { ST(BPF_W, 1, 16, 3), MOV64I(0, 2), EXIT },
	  .want = REASON_NONE },
	{ "but not read",
	  { LDX(BPF_W, 0, 1, 16), MOV64I(0, 2), EXIT },
	  .want = REASON_NFP_CTX_READ,
	  .pc = 0 },
	{ "map types", { LOOKUP(TRIE), MOV64I(0, 2), EXIT }, .want = REASON_NFP_MAP_TYPE, .pc = 5 },
	{ "per-CPU values that are counted in",
	  { LOOKUP(PERCPU), JMPI(BPF_JEQ, 0, 0, 3), LDX(BPF_DW, 1, 0, 0), ALU64I(BPF_ADD, 1, 1),
	    STX(BPF_DW, 0, 1, 0), MOV64I(0, 2), EXIT },
	  .want = REASON_NONE },
	{ "per-CPU values that are read",
	  { LOOKUP(PERCPU), JMPI(BPF_JEQ, 0, 0, 1), LDX(BPF_DW, 0, 0, 0), MOV64I(0, 2), EXIT },
	  .want = REASON_NFP_MAP_PER_CPU,
	  .pc = 5 },
	{ "per-CPU values that are written",
	  { LOOKUP(PERCPU), JMPI(BPF_JEQ, 0, 0, 1), ST(BPF_DW, 0, 0, 7), MOV64I(0, 2), EXIT },
	  .want = REASON_NFP_MAP_PER_CPU,
	  .pc = 5 },
	{ "keys that are too long for the firmware",
	  { ST(BPF_DW, 10, -104, 0), ST(BPF_DW, 10, -96, 0), ST(BPF_DW, 10, -88, 0),
	    ST(BPF_DW, 10, -80, 0), ST(BPF_DW, 10, -72, 0), ST(BPF_DW, 10, -64, 0),
	    ST(BPF_DW, 10, -56, 0), ST(BPF_DW, 10, -48, 0), ST(BPF_DW, 10, -40, 0),
	    ST(BPF_DW, 10, -32, 0), ST(BPF_DW, 10, -24, 0), ST(BPF_DW, 10, -16, 0),
	    ST(BPF_DW, 10, -8, 0), LD_MAP(1, BIG_KEY), MOV64(2, 10), ALU64I(BPF_ADD, 2, -104),
	    CALL(BPF_FUNC_map_lookup_elem), MOV64I(0, 2), EXIT },
	  .want = REASON_NFP_MAP_KEY,
	  .pc = 17,
	  .firmware = "corenic" },
	{ "stores to map values are wider than the driver",
	  { LOOKUP(HASH), JMPI(BPF_JEQ, 0, 0, 1), ST(BPF_DW, 0, 0, 7), MOV64I(0, 2), EXIT },
	  .want = REASON_NONE },
	{ "division by a register",
	  { XDP_PACKET(14, 4), LDX(BPF_B, 5, 2, 0), LDX(BPF_B, 6, 2, 1), ALU64(BPF_DIV, 5, 6),
	    MOV64I(0, 1), EXIT },
	  .want = REASON_NONE },
	{ "atomic operations other than addition",
	  { LOOKUP(COUNTERS), JMPI(BPF_JEQ, 0, 0, 2), MOV64I(1, 1),
	    I(BPF_STX | BPF_ATOMIC | BPF_W, 0, 1, 0, BPF_OR), MOV64I(0, 2), EXIT },
	  .want = REASON_NFP_ATOMIC_OP,
	  .pc = 8 },
	{ "atomic addition whose old value is wanted",
	  { LOOKUP(COUNTERS), JMPI(BPF_JEQ, 0, 0, 2), MOV64I(1, 1),
	    I(BPF_STX | BPF_ATOMIC | BPF_W, 0, 1, 0, BPF_ADD | BPF_FETCH), MOV64I(0, 2), EXIT },
	  .want = REASON_NFP_ATOMIC_OP,
	  .pc = 8 },
	{ "the stack takes every atomic operation",
	  { ST(BPF_DW, 10, -8, 0), MOV64I(1, 1), MOV64I(0, 2),
	    I(BPF_STX | BPF_ATOMIC | BPF_DW, 10, 1, -8, BPF_ADD),
	    I(BPF_STX | BPF_ATOMIC | BPF_W, 10, 1, -4, BPF_XOR | BPF_FETCH),
	    I(BPF_STX | BPF_ATOMIC | BPF_DW, 10, 1, -8, BPF_XCHG),
	    I(BPF_STX | BPF_ATOMIC | BPF_W, 10, 1, -8, BPF_CMPXCHG), MOV64I(0, 2), EXIT },
	  .want = REASON_NONE },
	{ "but of numbers: exchange of a spilled pointer",
	  { STX(BPF_DW, 10, 1, -8), MOV64I(2, 1),
	    I(BPF_STX | BPF_ATOMIC | BPF_DW, 10, 2, -8, BPF_XCHG), JMPI(BPF_JEQ, 2, 0, 0),
	    MOV64I(0, 2), EXIT },
	  .want = REASON_NFP_ATOMIC_TARGET,
	  .pc = 2 },
	{ "counters may be read whole",
	  { LOOKUP(COUNTERS), JMPI(BPF_JEQ, 0, 0, 3), MOV64I(1, 1),
	    I(BPF_STX | BPF_ATOMIC | BPF_DW, 0, 1, 8, BPF_ADD), LDX(BPF_DW, 1, 0, 8), MOV64I(0, 2),
	    EXIT },
	  .want = REASON_NONE },
	{ "but not in part",
	  { LOOKUP(COUNTERS), JMPI(BPF_JEQ, 0, 0, 3), MOV64I(1, 1),
	    I(BPF_STX | BPF_ATOMIC | BPF_DW, 0, 1, 8, BPF_ADD), LDX(BPF_H, 1, 0, 8), MOV64I(0, 2),
	    EXIT },
	  .want = REASON_NFP_COUNTER_PART,
	  .pc = 9 },
	{ "events from the stack",
	  { ST(BPF_DW, 10, -8, 0), LD_MAP(2, EVENTS), I(BPF_ALU | BPF_MOV | BPF_K, 3, 0, 0, -1),
	    MOV64(4, 10), ALU64I(BPF_ADD, 4, -8), MOV64I(5, 8), CALL(BPF_FUNC_perf_event_output),
	    MOV64I(0, 2), EXIT },
	  .want = REASON_NONE },
	{ "events to a chosen processor",
	  { ST(BPF_DW, 10, -8, 0), LD_MAP(2, EVENTS), MOV64I(3, 1), MOV64(4, 10),
	    ALU64I(BPF_ADD, 4, -8), MOV64I(5, 8), CALL(BPF_FUNC_perf_event_output), MOV64I(0, 2),
	    EXIT },
	  .want = REASON_NFP_PERF_FLAGS,
	  .pc = 7 },
	{ "packets only shrink",
	  { MOV64I(2, 10), CALL(BPF_FUNC_xdp_adjust_tail), MOV64I(0, 2), EXIT },
	  .want = REASON_NFP_TAIL_GROWS,
	  .pc = 1 },
	{ "packet pointers compared with numbers",
	  { LDX(BPF_W, 2, 1, 0), MOV64I(0, 2), JMPI(BPF_JGT, 2, 100, 1), MOV64I(0, 1), EXIT },
	  .want = REASON_NFP_POINTER_COMPARE,
	  .pc = 2 },
	{ "tc: a code for each path",
	  { LDX(BPF_W, 2, 1, 0), MOV64I(0, 2), JMPI(BPF_JGT, 2, 100, 1), MOV64I(0, -1), EXIT },
	  .want = REASON_NONE,
	  .pc = 0,
	  .type = BPF_PROG_TYPE_SCHED_CLS },
	{ "tc: moved from another register",
	  { LDX(BPF_W, 2, 1, 0), MOV64I(6, 2), JMPI(BPF_JGT, 2, 100, 1), MOV64I(6, -1), MOV64(0, 6),
	    EXIT },
	  .want = REASON_NONE,
	  .pc = 0,
	  .type = BPF_PROG_TYPE_SCHED_CLS },
	{ "tc: the device cannot express TC_ACT_OK",
	  { LDX(BPF_W, 2, 1, 0), MOV64I(0, 2), JMPI(BPF_JGT, 2, 100, 1), MOV64I(0, 0), EXIT },
	  .want = REASON_NFP_TC_EXIT,
	  .pc = 4,
	  .type = BPF_PROG_TYPE_SCHED_CLS },
	{ "tc: codes computed at run time",
	  { LDX(BPF_W, 0, 1, 0), EXIT },
	  .want = REASON_NFP_TC_EXIT,
	  .pc = 1,
	  .type = BPF_PROG_TYPE_SCHED_CLS },
	{ "xdp: any code",
	  { LDX(BPF_W, 2, 1, 0), LDX(BPF_W, 3, 1, 4), ALU64(BPF_SUB, 3, 2), MOV64(0, 3), EXIT },
	  .want = REASON_NONE },
	{ "legacy loads at kernel offsets",
	  { MOV64(6, 1), I(BPF_LD | BPF_ABS | BPF_B, 0, 0, 0, -4096), MOV64I(0, 2), EXIT },
	  .want = REASON_NFP_LD_ABS_NEGATIVE,
	  .pc = 1,
	  .type = BPF_PROG_TYPE_SCHED_CLS },
};

static size_t code_len(const struct bpf_insn *code)
{
	size_t n = 32;

	while (n && !code[n - 1].code)
		n--;
	return n;
}

/* First refusal in program order. */
static enum reason first_refusal(struct rig *r, const struct nfp_prog *np, uint32_t *pc,
				 const char **text)
{
	struct offload_refusal why = { 0 };

	for (*pc = 0; *pc < np->n_insns; ++*pc) {
		if (vp_fact_at(&r->vp, 0, *pc)->seen && !nfp_legal_insn(&r->cx, np, 0, *pc, &why)) {
			*text = why.text;
			return why.reason;
		}
		*pc += ebpf_is_ld_imm64(&np->insns[*pc].insn);
	}
	return REASON_NONE;
}

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct legal_case *c = &cases[i];
		const char *text = "";
		enum reason got;
		struct rig r;
		uint32_t pc;

		rig_open(&r);
		assert_true(
			nfp_firmware_load(&r.cx, c->firmware ? c->firmware : "generous", &r.fw));
		r.obj.maps = maps;
		r.obj.n_maps = ARRAY_SIZE(maps);
		got = first_refusal(&r,
				    rig_verify(&r, c->type ? c->type : BPF_PROG_TYPE_XDP, c->code,
					       code_len(c->code)),
				    &pc, &text);
		if (got != c->want || (got != REASON_NONE && pc != c->pc))
			fail_msg("\"%s\": %s at %u (%s), not %s at %u", c->rule, reason_name(got),
				 pc, text, reason_name(c->want), c->pc);
		rig_close(&r);
	}
}

/* Limits that hold for all maps together. */
static void test_totals(void **state)
{
	static const struct bpf_insn code[] = { LOOKUP(HASH), LOOKUP(COUNTERS), MOV64I(0, 2),
						EXIT };
	struct offload_refusal why = { 0 };
	struct nfp_prog *np;
	struct rig r;

	(void)state;
	rig_open(&r);
	r.obj.maps = maps;
	r.obj.n_maps = ARRAY_SIZE(maps);
	np = rig_verify(&r, BPF_PROG_TYPE_XDP, code, ARRAY_SIZE(code));
	assert_true(nfp_legal_prog(&r.cx, np, &why));
	r.fw.maps.max_maps = 1;
	assert_false(nfp_legal_prog(&r.cx, np, &why));
	assert_int_equal(why.reason, REASON_NFP_MAP_COUNT);
	r.fw.maps.max_maps = 2;
	r.fw.maps.max_elems = 19;
	assert_false(nfp_legal_prog(&r.cx, np, &why));
	assert_int_equal(why.reason, REASON_NFP_MAP_ELEMS);
	np->type_known = false;
	assert_false(nfp_legal_prog(&r.cx, np, &why));
	assert_int_equal(why.reason, REASON_NFP_PROG_TYPE);
	rig_close(&r);
}

/* Programs of other places than the wire's end; sections name what attach types cannot. */
static void test_attach(void **state)
{
	static const struct bpf_insn code[] = { MOV64I(0, 2), EXIT };
	static const struct {
		const char *section;
		uint32_t type, attach_type;
		bool taken;
	} places[] = {
		{ "xdp", BPF_PROG_TYPE_XDP, BPF_XDP, true },
		{ "xdp.frags", BPF_PROG_TYPE_XDP, BPF_XDP, true },
		{ "xdp_egress_counter", BPF_PROG_TYPE_XDP, BPF_XDP, true },
		{ "xdp/devmap", BPF_PROG_TYPE_XDP, BPF_XDP_DEVMAP, false },
		{ "xdp.frags/cpumap", BPF_PROG_TYPE_XDP, BPF_XDP_CPUMAP, false },
		{ "tc", BPF_PROG_TYPE_SCHED_CLS, 0, true },
		{ "tcx/ingress", BPF_PROG_TYPE_SCHED_CLS, 46, true },
		{ "tcx/egress", BPF_PROG_TYPE_SCHED_CLS, 47, false },
		{ "classifier/egress", BPF_PROG_TYPE_SCHED_CLS, 0, false },
		{ "netkit/primary", BPF_PROG_TYPE_SCHED_CLS, 54, false },
		{ "netkit/peer", BPF_PROG_TYPE_SCHED_CLS, 55, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		struct offload_refusal why = { 0 };
		struct nfp_prog *np;
		struct vprog vp;
		struct fe_prog prog;
		struct rig r;

		rig_open(&r);
		np = rig_verify(&r, places[i].type, code, ARRAY_SIZE(code));
		vp = *np->vp;
		prog = *vp.prog;
		prog.section = places[i].section;
		prog.attach_type = places[i].attach_type;
		vp.prog = &prog;
		np->vp = &vp;
		if (nfp_legal_prog(&r.cx, np, &why) != places[i].taken ||
		    (!places[i].taken && why.reason != REASON_NFP_ATTACH))
			fail_msg("section %s: %s", places[i].section, reason_name(why.reason));
		rig_close(&r);
	}
}

/* Table ids follow the order of the object's maps; counters are marked word by word (4.12). */
static void test_map_plan(void **state)
{
	static const struct bpf_insn code[] = { LOOKUP(COUNTERS),
						JMPI(BPF_JEQ, 0, 0, 4),
						MOV64I(1, 1),
						I(BPF_STX | BPF_ATOMIC | BPF_DW, 0, 1, 0, BPF_ADD),
						LDX(BPF_W, 1, 0, 8),
						ST(BPF_W, 0, 12, 1),
						LOOKUP(HASH),
						MOV64I(0, 2),
						EXIT };
	static const uint8_t want[] = { NFP_WORD_ATOMIC, NFP_WORD_ATOMIC, NFP_WORD_READ,
					NFP_WORD_WRITE };
	const struct nfp_prog *np;
	struct rig r;

	(void)state;
	rig_open(&r);
	r.obj.maps = maps;
	r.obj.n_maps = ARRAY_SIZE(maps);
	np = rig_verify(&r, BPF_PROG_TYPE_XDP, code, ARRAY_SIZE(code));
	assert_int_equal(np->n_image_maps, 2);
	assert_int_equal(np->maps[HASH].image_idx, 0);
	assert_int_equal(np->maps[COUNTERS].image_idx, 1);
	assert_int_equal(np->maps[PERCPU].image_idx, -1);
	assert_memory_equal(np->maps[COUNTERS].word_use, want, sizeof(want));
	rig_close(&r);
}

/* The verifier's edits only mark instructions; facts stay where they were. */
static void test_edits(void **state)
{
	static const struct bpf_insn code[] = { MOV64I(0, 2), JMPI(BPF_JEQ, 0, 2, 1), MOV64I(0, 1),
						JA(0), EXIT };
	static const struct bpf_insn ja = JA(1);
	struct nfp_prog *np;
	struct rig r;

	(void)state;
	rig_open(&r);
	np = rig_verify(&r, BPF_PROG_TYPE_XDP, code, ARRAY_SIZE(code));
	assert_true(nfp_prog_replace(np, 1, &ja));
	assert_int_equal(np->insns[1].target, 3);
	assert_true(nfp_prog_remove(np, 2, 1)); /* the dead MOV */
	assert_true(nfp_prog_remove(np, 2, 1)); /* the empty jump, which was at 3 */
	assert_true(np->insns[2].removed && np->insns[3].removed && !np->insns[4].removed);
	assert_int_equal(np->n_live, 3);
	assert_int_equal(np->live[2], 4);
	assert_false(nfp_prog_remove(np, 2, 2));
	assert_false(nfp_prog_replace(np, 3, &ja));
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),  cmocka_unit_test(test_totals),
		cmocka_unit_test(test_attach), cmocka_unit_test(test_map_plan),
		cmocka_unit_test(test_edits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
