/* SPDX-License-Identifier: BSD-2-Clause */
/* The firmware's side: what a program finds at entry, what helpers take, give and destroy, and what
 * a program must leave behind. */
#include "tests/support/sim_me_rig.h"

#include <errno.h>
#include <linux/bpf.h>

#define KEY_AT   0 /* bytes of the frame where the listing's calls have key and value */
#define VALUE_AT 16

static const struct sim_map_spec small_hash = { "m", BPF_MAP_TYPE_HASH, 8, 8, 2, 0, NULL };

static void begin_with_map(struct rig *r, const struct sim_map_spec *spec)
{
	const char *why;

	begin(r);
	r->maps = sim_maps_new(spec, 1, &why);
	assert_non_null(r->maps);
}

static void set_stack(struct rig *r, unsigned at, const void *bytes, unsigned n)
{
	memcpy((uint8_t *)&r->me->lm[r->me->stack_word] + at, bytes, n);
}

/* ---- helpers -------------------------------------------------------------------------------- */

static void lookup_gives_the_address_as_a_pair(void **state)
{
	static const struct sim_map_spec spec = { "m", BPF_MAP_TYPE_ARRAY, 4, 24, 2000, 0, NULL };
	unsigned low_is_large = 0, low_is_small = 0;
	struct rig r;

	(void)state;
	begin_with_map(&r, &spec);
	add_section(&r, "map_lookup key at r10-8, depth 8 (no LM0 reload)");
	load(&r);
	for (uint32_t key = 0; key < 2001; key += 23) {
		uint64_t r0;

		enter(&r);
		set_reg(&r, 1, 1);
		set_stack(&r, KEY_AT, &key, 4);
		run(&r);
		r0 = get_reg(&r, 0);
		if (key >= 2000) {
			assert_int_equal(r0, 0);
			continue;
		}
		assert_int_equal((r0 >> 32 << 8) + (uint32_t)r0, ME_EMEM_BASE + key * 24);
		low_is_large += (uint32_t)r0 >= 256;
		low_is_small += (uint32_t)r0 < 256;
	}
	assert_true(low_is_large > 10 && low_is_small > 10);
	end(&r);
}

static void lookup_of_a_missing_key_gives_null(void **state)
{
	struct rig r;

	(void)state;
	begin_with_map(&r, &small_hash);
	add_section(&r, "map_lookup key at r10-8, depth 8 (no LM0 reload)");
	load(&r);
	enter(&r);
	set_reg(&r, 1, 1);
	set_stack(&r, KEY_AT, "absentee", 8);
	run(&r);
	assert_int_equal(get_reg(&r, 0), 0);
	assert_int_equal(r.me->helper_calls, 1);
	end(&r);
}

/* GPRs [from, to) in both banks: the same as before, or all changed. */
static void check_gprs(const struct rig *r, const uint32_t *before, unsigned from, unsigned to,
		       bool kept)
{
	for (unsigned bank = 0; bank <= R_GPR_B; bank += R_GPR_B)
		for (unsigned i = from; i < to; i++)
			assert_int_equal(r->cx->r[bank + i] == before[bank + i], kept);
}

static void helpers_keep_only_what_they_promise(void **state)
{
	static const struct {
		const char *section;
		unsigned kept_to;
	} cases[] = { { "map_lookup key at r10-8, depth 8 (no LM0 reload)", 23 },
		      { "map_update key r10-16, depth 24", 20 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint32_t before[64], stack;
		struct rig r;

		begin_with_map(&r, &small_hash);
		add_section(&r, cases[i].section);
		load(&r);
		enter(&r);
		stack = r.me->stack_word * 4;
		set_reg(&r, 1, 1);
		set_reg(&r, 2, stack + KEY_AT);
		set_reg(&r, 3, stack + VALUE_AT);
		set_reg(&r, 4, BPF_ANY);
		r.cx->r[R_GPR_B + 22] = sizeof(packet); /* what the intro computes */
		memcpy(before, r.cx->r, sizeof(before));
		run(&r);
		check_gprs(&r, before, 12, cases[i].kept_to, true);
		check_gprs(&r, before, 22, 23, true);
		check_gprs(&r, before, 2, 12, false);
		if (cases[i].kept_to < 22)
			check_gprs(&r, before, 20, 22, false);
		assert_true(r.cx->cc_c & CC_UNKNOWN);
		assert_int_equal(r.cx->ptr[0].now, stack);
		end(&r);
	}
}

static int64_t update(struct rig *r, const char *key, uint64_t value, uint64_t flags)
{
	uint32_t stack = r->me->stack_word * 4;

	enter(r);
	set_reg(r, 1, 1);
	set_reg(r, 2, stack + KEY_AT);
	set_reg(r, 3, stack + VALUE_AT);
	set_reg(r, 4, flags);
	set_stack(r, KEY_AT, key, 8);
	set_stack(r, VALUE_AT, &value, 8);
	run(r);
	return (int64_t)get_reg(r, 0);
}

static void update_answers_like_the_kernel(void **state)
{
	struct rig r;
	size_t size;

	(void)state;
	begin_with_map(&r, &small_hash);
	add_section(&r, "map_update key r10-16, depth 24");
	load(&r);
	assert_int_equal(update(&r, "11111111", 7, BPF_ANY), 0);
	assert_int_equal(update(&r, "11111111", 8, BPF_NOEXIST), -EEXIST);
	assert_int_equal(update(&r, "22222222", 9, BPF_EXIST), -ENOENT);
	assert_int_equal(update(&r, "22222222", 9, BPF_NOEXIST), 0);
	assert_int_equal(update(&r, "33333333", 9, BPF_ANY), -E2BIG);
	assert_int_equal(update(&r, "11111111", 10, BPF_EXIST), 0);
	assert_int_equal(
		load_le64(sim_maps_memory(r.maps, &size) + sim_map_lookup(r.maps, 0, "11111111")),
		10);
	end(&r);
}

static void helper_arguments_are_checked(void **state)
{
	static const struct {
		uint32_t tid, key_at;
	} cases[] = { { 9, 0 }, { 1, 512 }, { 1, 508 }, { 1, UINT32_MAX - 600 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct rig r;

		begin_with_map(&r, &small_hash);
		add_section(&r, "map_update key r10-16, depth 24");
		load(&r);
		enter(&r);
		set_reg(&r, 1, cases[i].tid);
		set_reg(&r, 2, r.me->stack_word * 4 + cases[i].key_at);
		set_reg(&r, 3, r.me->stack_word * 4);
		set_reg(&r, 4, 0);
		assert_false(me_exec(r.me, r.cx));
		assert_int_equal(r.me->error.fault, SIM_ME_FAULT_HELPER);
		end(&r);
	}
}

/* ---- perf events ---------------------------------------------------------------------------- */

#define CURRENT_CPU UINT64_C(0xffffffff)

static void prepare_event(struct rig *r, uint64_t flags, uint64_t data, uint64_t size)
{
	enter(r);
	set_reg(r, 2, 77);
	set_reg(r, 3, flags);
	set_reg(r, 4, data);
	set_reg(r, 5, size);
}

static void events_carry_data_and_packet(void **state)
{
	struct sim_me_event ev;
	struct rig r;

	(void)state;
	begin(&r);
	add_section(&r, "perf_event_output ptr=pkt(8)");
	load(&r);
	prepare_event(&r, CURRENT_CPU | UINT64_C(20) << 32, 0, 12);
	set_reg(&r, 4, r.me->pv_at_entry[2] + 3);
	run(&r);
	assert_int_equal(get_reg(&r, 0), 0);
	assert_true(sim_me_event_take(r.me, &ev));
	assert_int_equal(ev.map_id, 77);
	assert_int_equal(ev.data_len, 12);
	assert_memory_equal(ev.data, packet + 3, 12);
	assert_int_equal(ev.pkt_len, 20);
	assert_memory_equal(ev.pkt, packet, 20);
	assert_false(sim_me_event_take(r.me, &ev));
	end(&r);
}

static void event_data_from_the_stack(void **state)
{
	struct sim_me_event ev;
	struct rig r;

	(void)state;
	begin(&r);
	add(&r, 0x01deac608038); /* br[.15025], defer[2] */
	add(&r, 0x00a0001c1800); /* alu[gprA_1, --, B, 0x6]: the data is stack */
	add(&r, 0x00f000000305); /* immed[gprB_0, 0x5] */
	load(&r);
	prepare_event(&r, CURRENT_CPU, 0, 7);
	set_reg(&r, 4, r.me->stack_word * 4 + 5);
	set_stack(&r, 5, "abcdefg", 7);
	run(&r);
	assert_true(sim_me_event_take(r.me, &ev));
	assert_int_equal(ev.data_len, 7);
	assert_memory_equal(ev.data, "abcdefg", 7);
	end(&r);
}

static void full_ring_counts_what_it_loses(void **state)
{
	struct sim_me_event ev;
	unsigned taken = 0;
	struct rig r;

	(void)state;
	begin(&r);
	add_section(&r, "perf_event_output ptr=pkt(8)");
	load(&r);
	for (unsigned i = 0; i < 70; i++) {
		prepare_event(&r, CURRENT_CPU, 0, 4);
		set_reg(&r, 4, r.me->pv_at_entry[2] + i % 50);
		run(&r);
		assert_int_equal((int64_t)get_reg(&r, 0), i < 64 ? 0 : -ENOSPC);
	}
	assert_int_equal(sim_me_events_lost(r.me), 6);
	while (sim_me_event_take(r.me, &ev))
		assert_memory_equal(ev.data, packet + taken++ % 50, 4);
	assert_int_equal(taken, 64);
	end(&r);
}

static void event_asks_for_more_packet_than_there_is(void **state)
{
	struct rig r;

	(void)state;
	begin(&r);
	add_section(&r, "perf_event_output ptr=pkt(8)");
	load(&r);
	prepare_event(&r, CURRENT_CPU | UINT64_C(65) << 32, 0, 4);
	set_reg(&r, 4, r.me->pv_at_entry[2]);
	run(&r);
	assert_int_equal((int64_t)get_reg(&r, 0), -EFAULT);
	end(&r);
}

/* ---- entry and exit ------------------------------------------------------------------------- */

static void result_byte_and_packet_come_back(void **state)
{
	struct sim_me_packet in = { .data = packet, .len = sizeof(packet) };
	struct sim_me_result out;
	struct rig r;

	(void)state;
	begin(&r);
	add_section(&r, "adjust_head const"); /* R2 */
	add(&r, UINT64_C(0xf400000000) | UINT64_C(0x344) << 10);
	load(&r);
	enter(&r);
	/* through the whole of sim_me_run(): R2 is junk there, so only the faults of exit can tell */
	if (!sim_me_run(r.me, &in, &out))
		assert_int_equal(out.error.fault, SIM_ME_FAULT_EXIT);
	enter(&r);
	set_reg(&r, 2, (uint64_t)-INT64_C(6));
	run(&r);
	assert_true(me_leave(r.me, r.cx, &out));
	assert_int_equal(out.byte, SIM_ME_RESULT_TX);
	assert_int_equal(out.pkt_len, sizeof(packet) + 6);
	assert_int_equal(out.head_moved, -6);
	assert_memory_equal(out.pkt, "\0\0\0\0\0\0", 6);
	assert_memory_equal(out.pkt + 6, packet, sizeof(packet));
	assert_false(out.queue_selected);
	end(&r);
}

static const struct exit_case {
	enum sim_me_fault fault;
	uint64_t words[6];
} exit_cases[] = {
	{ SIM_ME_OK, { UINT64_C(0xf400000000) | UINT64_C(0x311) << 10 } },
	{ SIM_ME_FAULT_EXIT,
	  { UINT64_C(0xf400000000) | UINT64_C(0x313) << 10 } }, /* pass and drop */
	{ SIM_ME_FAULT_EXIT,
	  { UINT64_C(0xf000000000) | UINT64_C(0x311) << 10 } }, /* skb mark bit */
	{ SIM_ME_FAULT_EXIT, /* *l$index1[1] = 0: the firmware's word */
	  { UINT64_C(0xa000000000) | UINT64_C(0x300) << 10 | UINT64_C(0x221) << 20,
	    UINT64_C(0xf400000000) | UINT64_C(0x311) << 10 } },
	{ SIM_ME_FAULT_EXIT, /* LM1 = A22, the stack */
	  { 0xfc00200000 | 22 | UINT64_C(0x300) << 10 | UINT64_C(0x6c / 4) << 22,
	    UINT64_C(0xf400000000) | UINT64_C(0x311) << 10, NOP, NOP, NOP } },
	{ SIM_ME_FAULT_EXIT, /* pv_len += 1: a byte that there isn't */
	  { UINT64_C(0xa080000000) | 0x220 | UINT64_C(0x301) << 10 | UINT64_C(0x220) << 20,
	    UINT64_C(0xf400000000) | UINT64_C(0x311) << 10 } },
	{ SIM_ME_FAULT_SIGNAL, /* read without waiting for its signal */
	  { UINT64_C(0x105c1008835a), UINT64_C(0xf400000000) | UINT64_C(0x311) << 10 } },
	{ SIM_ME_FAULT_SIGNAL, /* the signal came, nobody took it */
	  { UINT64_C(0x105c1008835a), 0x105c2008805a,
	    UINT64_C(0xf400000000) | UINT64_C(0x311) << 10 } },
};

static void what_is_left_behind_is_checked(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(exit_cases); i++) {
		struct sim_me_packet in = { .data = packet, .len = sizeof(packet) };
		struct sim_me_result out;
		struct rig r;

		begin(&r);
		for (size_t w = 0; w < 6 && exit_cases[i].words[w]; w++)
			add(&r, exit_cases[i].words[w]);
		load(&r);
		sim_me_run(r.me, &in, &out);
		if (out.error.fault != exit_cases[i].fault)
			print_error("case %zu: %s, %s\n", i, sim_me_fault_name(out.error.fault),
				    out.error.text);
		assert_int_equal(out.error.fault, exit_cases[i].fault);
		end(&r);
	}
}

/* LM0 settles during the first two instructions: nothing earlier may use it (nfp.md 4.4). */
static void lm0_is_ready_for_the_third_instruction(void **state)
{
	static const uint64_t load_lm0 = UINT64_C(0xa000000000) | UINT64_C(0x200) << 10 | 1 << 20;

	(void)state;
	for (unsigned at = 0; at < 4; at++) {
		struct rig r;

		begin(&r);
		r.n = 0;
		for (unsigned i = 0; i < at; i++)
			add(&r, NOP);
		add(&r, load_lm0);
		load(&r);
		enter(&r);
		assert_int_equal(me_exec(r.me, r.cx), at >= 2);
		if (at < 2)
			assert_int_equal(r.me->error.fault, SIM_ME_FAULT_HAZARD_LM);
		else
			assert_int_equal(r.cx->r[R_GPR_A + 1], r.me->lm[r.me->stack_word]);
		end(&r);
	}
}

static void registers_start_as_junk_that_repeats(void **state)
{
	uint32_t first[64], other[64];
	struct rig r;
	unsigned differ = 0;

	(void)state;
	begin(&r);
	load(&r);
	enter(&r);
	memcpy(first, r.cx->r, sizeof(first));
	assert_true(me_enter(r.me, r.cx, &(struct sim_me_packet){ .data = packet, .len = 40 }));
	memcpy(other, r.cx->r, sizeof(other));
	enter(&r);
	assert_memory_equal(first, r.cx->r, sizeof(first));
	for (unsigned i = 0; i < 64; i++)
		differ += first[i] != other[i];
	assert_true(differ >= 63); /* all but STACK */
	end(&r);
}

/* ---- packets -------------------------------------------------------------------------------- */

static void only_the_first_bytes_are_in_ctm(void **state)
{
	static uint8_t big[4000];
	struct sim_me_packet in = { .data = big, .len = sizeof(big) };
	struct sim_me_result out;
	struct rig r;

	(void)state;
	for (unsigned i = 0; i < sizeof(big); i++)
		big[i] = (uint8_t)(i * 7);
	begin(&r);
	add(&r, UINT64_C(0xf400000000) | UINT64_C(0x311) << 10);
	load(&r);
	assert_true(sim_me_run(r.me, &in, &out));
	assert_int_equal(out.pkt_len, sizeof(big));
	assert_memory_equal(out.pkt, big, sizeof(big));
	end(&r);

	for (unsigned off = 1884; off <= 1888; off += 4) {
		begin(&r);
		add_section(&r, "ldxw pkt"); /* R4 + 12 */
		load(&r);
		assert_true(me_enter(r.me, r.cx, &in));
		set_reg(&r, 4, r.me->pv_at_entry[2] + off - 12);
		assert_int_equal(me_exec(r.me, r.cx), off < 1888);
		if (off < 1888)
			assert_int_equal(get_reg(&r, 3), load_le32(big + off));
		else
			assert_int_equal(r.me->error.fault, SIM_ME_FAULT_MEM);
		end(&r);
	}
}

/* Reads may go past the end (and find junk), writes may not. */
static void packet_bounds(void **state)
{
	static const struct {
		const char *section;
		int32_t at; /* where the access starts in the packet */
		bool ok;
	} cases[] = { { "ldxw pkt", 62, true },
		      { "ldxw pkt", 200, false },
		      { "ldxw pkt", -4, true },
		      { "stxdw pkt [r4+6]=r3", 56, true },
		      { "stxdw pkt [r4+6]=r3", 57, false },
		      { "stxdw pkt [r4+6]=r3", -1, false } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int32_t offset = cases[i].section[0] == 'l' ? 12 : 6;
		struct rig r;

		begin(&r);
		add_section(&r, cases[i].section);
		load(&r);
		enter(&r);
		set_reg(&r, 4, r.me->pv_at_entry[2] + (uint32_t)(cases[i].at - offset));
		assert_int_equal(me_exec(r.me, r.cx), cases[i].ok);
		if (!cases[i].ok)
			assert_int_equal(r.me->error.fault, SIM_ME_FAULT_MEM);
		end(&r);
	}
}

static void packets_that_do_not_fit(void **state)
{
	static uint8_t big[20000];
	static const struct sim_me_packet cases[] = { { big, 16384, 0 }, { big, 64, 8000 } };
	struct sim_me_result out;
	struct rig r;

	(void)state;
	begin(&r);
	load(&r);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_false(sim_me_run(r.me, &cases[i], &out));
		assert_int_equal(out.error.fault, SIM_ME_FAULT_PACKET);
	}
	end(&r);
}

/* ---- the rest of sim/me.h ------------------------------------------------------------------- */

static void atomic_words_are_swapped_one_by_one(void **state)
{
	static const uint8_t use[4] = { 1, 3, 3, 0 };
	uint8_t v[15] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14 };
	static const uint8_t want[15] = { 0, 1, 2, 3, 7, 6, 5, 4, 11, 10, 9, 8, 12, 13, 14 };

	(void)state;
	sim_me_swap_atomic(v, sizeof(v), use);
	assert_memory_equal(v, want, sizeof(v));
	sim_me_swap_atomic(v, sizeof(v), NULL);
	assert_memory_equal(v, want, sizeof(v));
}

static void profiles_that_cannot_be_simulated(void **state)
{
	static const struct nfp_firmware cases[] = {
		{ .max_len = 10, .done = 99, .stack_bytes = 0 },
		{ .max_len = 10, .done = 99, .stack_bytes = 100 },
		{ .max_len = 10, .done = 99, .stack_bytes = 8192 },
		{ .max_len = 10, .done = 0, .stack_bytes = 512 },
		{ .max_len = 0, .done = 99, .stack_bytes = 512 },
		{ .max_len = 10, .done = 99, .stack_bytes = 512, .start = 16384 },
	};
	uint64_t word = 0x000f20f003f05bff;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct sim_me_config cfg = { .fw = &cases[i], .words = &word, .n_words = 1 };
		struct sim_me_error err;

		assert_null(sim_me_new(&cfg, &err));
		assert_int_not_equal(err.fault, SIM_ME_OK);
		assert_true(err.text[0]);
	}
}

struct traced {
	unsigned steps, b22;
	char last[64];
};

static void on_step(void *arg, const struct sim_me_step *s)
{
	struct traced *t = arg;

	t->steps++;
	for (size_t i = 0; i < s->n_changes; i++)
		if (!strcmp(s->changes[i].name, "gprB_22"))
			t->b22 = s->changes[i].after;
	snprintf(t->last, sizeof(t->last), "%s", s->insn);
}

static void trace_names_what_changed(void **state)
{
	struct sim_me_packet in = { .data = packet, .len = sizeof(packet) };
	struct sim_me_result out;
	struct traced t = { 0 };
	struct rig r;

	(void)state;
	begin(&r);
	add(&r, UINT64_C(0xf400000000) | UINT64_C(0x311) << 10);
	load(&r);
	sim_me_trace(r.me, on_step, &t);
	assert_true(sim_me_run(r.me, &in, &out));
	assert_int_equal(t.steps, out.insns);
	assert_int_equal(t.b22, sizeof(packet));
	assert_string_equal(t.last, "br[.15000]");
	end(&r);
}

static void headroom_leaves_what_is_guaranteed(void **state)
{
	struct nfp_firmware fw = { .adjust_head = { true, 1, 44, 248, 84, 112 } };

	(void)state;
	assert_int_equal(sim_me_headroom(&fw), 128);
	fw.adjust_head.present = false;
	assert_int_equal(sim_me_headroom(&fw), 128);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lookup_gives_the_address_as_a_pair),
		cmocka_unit_test(lookup_of_a_missing_key_gives_null),
		cmocka_unit_test(helpers_keep_only_what_they_promise),
		cmocka_unit_test(update_answers_like_the_kernel),
		cmocka_unit_test(helper_arguments_are_checked),
		cmocka_unit_test(events_carry_data_and_packet),
		cmocka_unit_test(event_data_from_the_stack),
		cmocka_unit_test(full_ring_counts_what_it_loses),
		cmocka_unit_test(event_asks_for_more_packet_than_there_is),
		cmocka_unit_test(result_byte_and_packet_come_back),
		cmocka_unit_test(what_is_left_behind_is_checked),
		cmocka_unit_test(lm0_is_ready_for_the_third_instruction),
		cmocka_unit_test(registers_start_as_junk_that_repeats),
		cmocka_unit_test(only_the_first_bytes_are_in_ctm),
		cmocka_unit_test(packet_bounds),
		cmocka_unit_test(packets_that_do_not_fit),
		cmocka_unit_test(atomic_words_are_swapped_one_by_one),
		cmocka_unit_test(profiles_that_cannot_be_simulated),
		cmocka_unit_test(trace_names_what_changed),
		cmocka_unit_test(headroom_leaves_what_is_guaranteed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
