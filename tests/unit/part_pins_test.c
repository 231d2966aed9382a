/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/support/fe_rig.h"

#include "base/bits.h"
#include "partitioner/cost.h"
#include "partitioner/pins.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

/* What users decide: pins, of which each means the users of a map or the calls of a function; and files of
 * costs. */

/* 0 r0 = 2; 1-2 r1 = value of the data; 3 counts in it; 6 calls; 7 exits; 8 the function, which reads the data */
static const struct bpf_insn code[] = {
	MOV64I(0, 2),
	LD_MAP_VALUE(1, RIG_ARRAY, 0),
	LDX(BPF_DW, 2, 1, 0),
	ALU64I(BPF_ADD, 2, 1),
	STX(BPF_DW, 1, 0, 2),
	CALL_SUB(1),
	EXIT(),
	LD_MAP_VALUE(1, RIG_ARRAY, 0),
	LDX(BPF_DW, 0, 1, 8),
	EXIT(),
};

struct pinned {
	char text[64];
};

static void note(void *priv, uint32_t pc, bool device)
{
	struct pinned *p = priv;
	size_t at = strlen(p->text);

	snprintf(p->text + at, sizeof(p->text) - at, "%u%c ", pc, device ? 'd' : 'h');
}

static void test_pins(void **state)
{
	static const struct {
		const char *text, *means;
		enum reason reason;
		bool any_host;
	} cases[] = {
		{ NULL, "", REASON_NONE, false },
		{ "", "", REASON_NONE, false },
		{ "data=host", "3h 5h 6h ", REASON_NONE, true },
		{ "data=device", "3d 5d 6d ", REASON_NONE, false },
		{ "f=host", "6h ", REASON_NONE, true },
		{ "f=host,data=device", "6h 3d 5d 6d ", REASON_NONE, true },
		{ "data", "", REASON_PIN_SYNTAX, false },
		{ "data=card", "", REASON_PIN_SYNTAX, false },
		{ "=host", "", REASON_PIN_UNKNOWN, false },
		{ "nothing=host", "", REASON_PIN_UNKNOWN, false },
		{ "f=host,,", "", REASON_PIN_SYNTAX, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct pinned p = { "" };
		struct part_pins pins;
		struct rig r;
		bool ok;

		rig_init(&r, BPF_PROG_TYPE_XDP, code, ARRAY_SIZE(code));
		r.maps[RIG_ARRAY].name = "data";
		r.maps[RIG_ARRAY].kind = FE_MAP_BSS;
		r.maps[RIG_ARRAY].max_entries = 1;
		assert_true(rig_verify(&r, NULL));
		ok = part_pins_parse(&r.cx, &r.vp, cases[i].text, &pins);
		if (rig_reason(&r) != cases[i].reason || ok != (cases[i].reason == REASON_NONE))
			fail_msg("'%s': %s", cases[i].text, reason_name(rig_reason(&r)));
		if (ok) {
			part_pins_each(&r.vp, &pins, note, &p);
			assert_string_equal(p.text, cases[i].means);
			assert_int_equal(pins.any_host, cases[i].any_host);
		}
		rig_free(&r);
	}
}

/* ---- costs ----------------------------------------------------------------------------------------------- */

static bool read_costs(struct rig *r, const char *text, struct part_costs *costs)
{
	char path[] = "/tmp/costs-XXXXXX";
	int fd = mkstemp(path);
	FILE *f = fdopen(fd, "w");
	bool ok;

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	ok = part_costs_read(&r->cx, path, costs);
	remove(path);
	return ok;
}

static void test_costs(void **state)
{
	static const struct {
		const char *text;
		bool ok;
		int64_t alu, device;
	} cases[] = {
		{ "# nothing\n", true, 1, 10 },
		{ "alu = 7", true, 7, 10 },
		{ "  alu=7# comment\n\ndevice\t=\t250\r\n", true, 7, 250 },
		{ "alu = 0\nalu = 3\n", true, 3, 10 },
		{ "alu = 10000", true, 10000, 10 },
		{ "alu = 10001", false, 0, 0 },
		{ "alu = -1", false, 0, 0 },
		{ "alu = 1.5", false, 0, 0 },
		{ "alu = 0x10", false, 0, 0 },
		{ "alu =", false, 0, 0 },
		{ "= 3", false, 0, 0 },
		{ "ALU = 3", false, 0, 0 },
		{ "alu 3", false, 0, 0 },
		{ "alu = 99999999999999999999999", false, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct part_costs costs;
		struct rig r;

		rig_init(&r, BPF_PROG_TYPE_XDP, code, ARRAY_SIZE(code));
		if (read_costs(&r, cases[i].text, &costs) != cases[i].ok)
			fail_msg("'%s'", cases[i].text);
		if (cases[i].ok) {
			assert_int_equal(costs.of[PART_COST_ALU], cases[i].alu);
			assert_int_equal(costs.of[PART_COST_DEVICE], cases[i].device);
		} else {
			assert_int_equal(rig_reason(&r), REASON_COSTS);
		}
		rig_free(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pins),
		cmocka_unit_test(test_costs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
