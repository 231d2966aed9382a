/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/support/fe_rig.h"

#include "base/bits.h"
#include "partitioner/cut_live.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>

/* What a cut before an instruction hands over, what the host makes anew, and where no cut may be. */

#define PACKET                                                                                     \
	MOV64(9, 1), LDX(BPF_W, 2, 1, 0), LDX(BPF_W, 3, 1, 4), MOV64(4, 2),                        \
		ALU64I(BPF_ADD, 4, 60), JMP(BPF_JLE, 4, 3, 2), MOV64I(0, 1), EXIT()
#define N_PACKET 8 /* R2: the packet, 60 bytes of it; R3: its end; R9: the context */

static const struct live_case {
	const char *rule;
	struct bpf_insn code[24];
	uint32_t pc; /* the cut */
	const char *values, *why_not;
	uint32_t payload;
} cases[] = {
#define PROG(...) .code = { __VA_ARGS__ }
	{ "nothing is needed", PROG(PACKET, MOV64I(0, 2), EXIT()), .pc = N_PACKET, .values = "" },
	{ "numbers, as wide as they may get",
	  PROG(PACKET, LDX(BPF_B, 5, 2, 0), LDX(BPF_H, 6, 2, 2), LDX(BPF_W, 7, 2, 4),
	       LDX(BPF_DW, 8, 2, 8), MOV64(0, 5), ALU64(BPF_ADD, 0, 6), ALU64(BPF_ADD, 0, 7),
	       ALU64(BPF_ADD, 0, 8), EXIT()),
	  .pc = N_PACKET + 4,
	  .values = "r5: scalar, 1 bytes @14; r6: scalar, 2 bytes @12; r7: scalar, 4 bytes @8; "
		    "r8: scalar, 8 bytes @0; ",
	  .payload = 15 },
	{ "constants and the packet's ends are recomputed",
	  PROG(PACKET, MOV64I(5, 7), MOV64(0, 3), ALU64(BPF_SUB, 0, 2), ALU64(BPF_ADD, 0, 5),
	       EXIT()),
	  .pc = N_PACKET + 1,
	  .values = "r2: packet start +0, recomputed; r3: packet end, recomputed; r5: 7, "
		    "recomputed; " },
	{ "the context, and a place in the packet",
	  PROG(PACKET, ALU64I(BPF_ADD, 2, 14), LDX(BPF_B, 0, 2, 0), LDX(BPF_W, 1, 9, 16),
	       ALU64(BPF_ADD, 0, 1), EXIT()),
	  .pc = N_PACKET + 1,
	  .values = "r2: packet start +14, recomputed; r9: context of the host; " },
	{ "an offset into the packet is carried",
	  PROG(PACKET, LDX(BPF_B, 5, 2, 0), ALU64I(BPF_AND, 5, 15), ALU64(BPF_ADD, 2, 5),
	       MOV64(4, 2), ALU64I(BPF_ADD, 4, 1), JMP(BPF_JGT, 4, 3, 1), LDX(BPF_B, 0, 2, 0),
	       MOV64I(0, 2), EXIT()),
	  .pc = N_PACKET + 3,
	  .values = "r2: packet pointer, offset carried in 2 bytes @0; r3: packet end, "
		    "recomputed; ",
	  .payload = 2 },
	{ "the stack, and its address",
	  PROG(PACKET, LDX(BPF_DW, 5, 2, 0), STX(BPF_DW, 10, -8, 5), ST(BPF_DW, 10, -16, 3),
	       MOV64(6, 10), ALU64I(BPF_ADD, 6, -16), LDX(BPF_DW, 0, 6, 0), LDX(BPF_DW, 1, 10, -8),
	       ALU64(BPF_ADD, 0, 1), EXIT()),
	  .pc = N_PACKET + 5,
	  .values = "r6: stack address fp-16, recomputed; stack -8: scalar, 8 bytes @0; stack "
		    "-16: 3, recomputed; ",
	  .payload = 8 },
	{ "maps and global data have addresses of the host's",
	  PROG(PACKET, LD_MAP(1, RIG_HASH), LD_MAP_VALUE(6, RIG_RODATA, 4), LDX(BPF_W, 0, 6, 0),
	       ST(BPF_DW, 10, -8, 0), MOV64(2, 10), ALU64I(BPF_ADD, 2, -8),
	       CALL(BPF_FUNC_map_lookup_elem), MOV64I(0, 2), EXIT()),
	  .pc = N_PACKET + 4,
	  .values = "r1: address of map 'm', recomputed; r6: value of map 'm', recomputed; " },
	{ "no cut with a map's value at hand",
	  PROG(ST(BPF_DW, 10, -8, 0), LD_MAP(1, RIG_HASH), MOV64(2, 10), ALU64I(BPF_ADD, 2, -8),
	       CALL(BPF_FUNC_map_lookup_elem), JMPI(BPF_JEQ, 0, 0, 1), LDX(BPF_DW, 0, 0, 0),
	       MOV64I(0, 2), EXIT()),
	  .pc = 7, .why_not = "r0 holds a pointer to a map value" },
	{ "nor before its test",
	  PROG(ST(BPF_DW, 10, -8, 0), LD_MAP(1, RIG_HASH), MOV64(2, 10), ALU64I(BPF_ADD, 2, -8),
	       CALL(BPF_FUNC_map_lookup_elem), JMPI(BPF_JEQ, 0, 0, 1), LDX(BPF_DW, 0, 0, 0),
	       MOV64I(0, 2), EXIT()),
	  .pc = 6, .why_not = "r0 holds the result of a map lookup" },
#undef PROG
};

static size_t length(const struct bpf_insn *code)
{
	size_t n = 24;

	while (n && code[n - 1].code != (BPF_JMP | BPF_EXIT))
		n--;
	return n;
}

static const char *values(struct rig *r, const struct part_live *live)
{
	const char *all = "";

	for (uint32_t i = 0; i < live->n; i++) {
		const struct part_value *v = &live->values[i];
		const char *text = part_value_text(&r->arena, &r->obj, v);

		all = v->size ? arena_printf(&r->arena, "%s%s @%u; ", all, text, v->at)
			      : arena_printf(&r->arena, "%s%s; ", all, text);
	}
	return all;
}

static void test_cases(void **state)
{
	struct fe_verify_options opts = { .main_stack = true };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct live_case *c = &cases[i];
		struct part_live live;
		struct rig r;

		rig_init(&r, BPF_PROG_TYPE_XDP, c->code, length(c->code));
		if (!rig_verify(&r, &opts))
			fail_msg("\"%s\": %s", c->rule, reason_name(rig_reason(&r)));
		part_live_at(&r.cx, &r.vp, c->pc, &live);
		if (c->why_not ? !live.why_not || strcmp(live.why_not, c->why_not)
			       : live.why_not || strcmp(values(&r, &live), c->values) ||
					 live.payload_bytes != c->payload)
			fail_msg("\"%s\": %s (%u bytes), why_not: %s", c->rule, values(&r, &live),
				 live.payload_bytes, live.why_not ? live.why_not : "none");
		rig_free(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_cases) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
