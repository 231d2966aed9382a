/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/support/fe_rig.h"

#include "base/bits.h"
#include "partitioner/counters.h"
#include "partitioner/map_placement.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>

/* What a program does with a map, where that lets it live, and what is said of it. All about the hash. */

#define KEY ST(BPF_DW, 10, -8, 1)
#define LOOKUP                                                                                     \
	KEY, LD_MAP(1, RIG_HASH), MOV64(2, 10), ALU64I(BPF_ADD, 2, -8),                            \
		CALL(BPF_FUNC_map_lookup_elem), JMPI(BPF_JNE, 0, 0, 2), MOV64I(0, 2), EXIT()
#define N_LOOKUP   9 /* R0: a value of 16 bytes */
#define COUNT(off) LDX(BPF_DW, 1, 0, off), ALU64I(BPF_ADD, 1, 1), STX(BPF_DW, 0, off, 1)
#define END        MOV64I(0, 2), EXIT()

static const struct maps_case {
	const char *rule;
	struct bpf_insn code[32];
	const char *uses; /* l(ooks up) r(eads) w(rites) a(dds) c(hanges elements) */
	uint32_t bound_by;
	bool only_counts;
	uint8_t add_bytes[4]; /* by word of the value */
	uint32_t map_type;    /* 0: hash */
} cases[] = {
#define PROG(...) .code = { __VA_ARGS__ }
	{ "not used", PROG(END), .uses = "", .bound_by = PART_UNBOUND, .only_counts = true },
	{ "looked up only", PROG(LOOKUP, END), .uses = "l", .bound_by = PART_UNBOUND,
	  .only_counts = true },
	{ "read", PROG(LOOKUP, LDX(BPF_W, 1, 0, 4), END), .uses = "lr", .bound_by = PART_UNBOUND },
	{ "written", PROG(LOOKUP, ST(BPF_W, 0, 4, 7), END), .uses = "lw", .bound_by = N_LOOKUP },
	{ "counted in", PROG(LOOKUP, COUNT(8), END), .uses = "la", .bound_by = PART_UNBOUND,
	  .only_counts = true, .add_bytes = { 0, 0, 8 } },
	{ "counted in atomically", PROG(LOOKUP, MOV64I(1, 1), ATOMIC(BPF_W, BPF_ADD, 0, 4, 1), END),
	  .uses = "la", .bound_by = PART_UNBOUND, .only_counts = true, .add_bytes = { 0, 4 } },
	{ "an addition whose result is wanted reads",
	  PROG(LOOKUP, MOV64I(1, 1), ATOMIC(BPF_W, BPF_ADD | BPF_FETCH, 0, 4, 1), END),
	  .uses = "lrw", .bound_by = N_LOOKUP + 1 },
	{ "counted in and read: every change matters",
	  PROG(LOOKUP, COUNT(8), LDX(BPF_DW, 1, 0, 0), END), .uses = "lra",
	  .bound_by = N_LOOKUP + 3, .add_bytes = { 0, 0, 8 } },
	{ "counters of different sizes in one place are no sum",
	  PROG(LOOKUP, COUNT(8), LDX(BPF_W, 1, 0, 12), ALU32I(BPF_ADD, 1, 1), STX(BPF_W, 0, 12, 1),
	       END),
	  .uses = "lwa", .bound_by = N_LOOKUP + 2, .add_bytes = { 0, 0, 8 } },
	{ "one of several counters",
	  PROG(LDX(BPF_W, 6, 1, 16), LOOKUP, ALU64I(BPF_AND, 6, 8), ALU64(BPF_ADD, 0, 6), COUNT(0),
	       END),
	  .uses = "la", .bound_by = PART_UNBOUND, .only_counts = true, .add_bytes = { 8, 0, 8 } },
	{ "elements put in",
	  PROG(KEY, ST(BPF_DW, 10, -24, 0), ST(BPF_DW, 10, -16, 0), LD_MAP(1, RIG_HASH),
	       MOV64(2, 10), ALU64I(BPF_ADD, 2, -8), MOV64(3, 10), ALU64I(BPF_ADD, 3, -24),
	       MOV64I(4, 0), CALL(BPF_FUNC_map_update_elem), END),
	  .uses = "lrwc", .bound_by = 10 },
	{ "a lookup changes what a LRU map forgets", PROG(LOOKUP, END), .uses = "l", .bound_by = 5,
	  .only_counts = true, .map_type = BPF_MAP_TYPE_LRU_HASH },
#undef PROG
};

static size_t length(const struct bpf_insn *code)
{
	size_t n = 32;

	while (n && code[n - 1].code != (BPF_JMP | BPF_EXIT))
		n--;
	return n;
}

static const char *uses(const struct part_map *m, char text[8])
{
	snprintf(text, 8, "%s%s%s%s%s", m->lookup ? "l" : "", m->read ? "r" : "",
		 m->write ? "w" : "", m->add ? "a" : "", m->changes ? "c" : "");
	return text;
}

static void survey(struct rig *r, const struct maps_case *c, struct part_map **maps)
{
	struct part_counters counters;

	rig_init(r, BPF_PROG_TYPE_XDP, c->code, length(c->code));
	r->maps[RIG_HASH].name = "hash";
	if (c->map_type)
		r->maps[RIG_HASH].type = c->map_type;
	if (!rig_verify(r, NULL))
		fail_msg("\"%s\": %s", c->rule, reason_name(rig_reason(r)));
	counters = part_counters_find(&r->cx, &r->vp);
	*maps = part_maps_survey(&r->cx, &r->vp, &counters);
}

static void test_survey(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct maps_case *c = &cases[i];
		struct part_map *maps, *m;
		char text[8];
		struct rig r;

		survey(&r, c, &maps);
		m = &maps[RIG_HASH];
		if (strcmp(uses(m, text), c->uses) || m->bound_by != c->bound_by ||
		    m->loose != (c->bound_by == PART_UNBOUND) ||
		    part_map_only_counts(m) != c->only_counts)
			fail_msg("\"%s\": %s, bound by %u, only counts: %d", c->rule, text,
				 m->bound_by, part_map_only_counts(m));
		assert_memory_equal(m->add_bytes, c->add_bytes, 4);
		rig_free(&r);
	}
}

/* Homes by who has the users; words for people and for programs. */
static void test_homes(void **state)
{
	static const struct {
		const char *rule; /* of cases */
		int device_until; /* instructions before this one are on the device */
		enum part_map_placement home;
		const char *name, *duty, *why;
	} homes[] = {
		{ "not used", 32, PART_MAP_NONE, "none", "none", "no instruction uses it" },
		{ "read", 32, PART_MAP_DEVICE, "device", "use-device",
		  "only instructions of the device use it" },
		{ "read", 0, PART_MAP_HOST, "host", "use-host",
		  "only instructions of the host use it" },
		{ "read", N_LOOKUP, PART_MAP_REPLICATED, "replicated", "write-both",
		  "both sides use it, and the program only reads it" },
		{ "counted in", N_LOOKUP, PART_MAP_SUMMED, "summed", "add-up",
		  "both sides add to it, and the program reads no value" },
		{ "written", 0, PART_MAP_HOST, "host", "use-host",
		  "instruction 9 changes it, so all of its users run on one side: the host" },
		{ "counted in and read: every change matters", 32, PART_MAP_DEVICE, "device",
		  "use-device",
		  "instruction 12 depends on every change, so all of its users run on one side: the "
		  "device" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(homes); i++) {
		bool on_device[32];
		struct part_map *maps, *m;
		struct rig r;

		for (size_t k = 0; k < ARRAY_SIZE(cases); k++)
			if (!strcmp(cases[k].rule, homes[i].rule))
				survey(&r, &cases[k], &maps);
		for (int pc = 0; pc < 32; pc++)
			on_device[pc] = pc < homes[i].device_until;
		m = &maps[RIG_HASH];
		part_maps_settle(&r.vp, on_device, false, maps);
		part_maps_explain(&r.cx, &r.vp, maps);
		assert_int_equal(m->home, homes[i].home);
		assert_string_equal(part_map_placement_name(m->home), homes[i].name);
		assert_string_equal(part_map_placement_duty(m->home), homes[i].duty);
		assert_string_equal(m->why, homes[i].why);
		rig_free(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_survey),
		cmocka_unit_test(test_homes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
