/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/verifier/state/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* Storage of states: copies are deep, storage is used again, printing names what is known. */

static void copies_share_nothing(void **state)
{
	struct arena arena;
	struct fe_state_pool pool = { .arena = &arena };
	struct fe_state *a, *b;

	(void)state;
	arena_init(&arena);
	a = fe_state_new(&pool);
	b = fe_state_new(&pool);
	fe_state_push_frame(&pool, a);
	fe_state_push_frame(&pool, a);
	fe_frame_grow(&pool, fe_top(a), 5);
	fe_reg_const(&fe_top(a)->slots[4].spill, 7);
	memset(fe_top(a)->slots[4].bytes, FE_BYTE_SPILL, 8);
	assert_true(fe_state_add_ref(a, 3, 11));
	fe_state_copy(&pool, b, a);
	fe_reg_const(&fe_top(a)->slots[4].spill, 8);
	fe_state_drop_ref(a, 3);
	assert_int_equal(fe_top(b)->slots[4].spill.val.umin, 7);
	assert_int_equal(b->n_refs, 1);
	assert_int_equal(fe_slot_spill_bytes(&fe_top(b)->slots[4]), 8);
	/* Fewer frames and slots: what is left over goes back to the pool. */
	fe_state_pop_frame(&pool, a);
	fe_state_copy(&pool, b, a);
	assert_int_equal(b->n_frames, 1);
	assert_int_equal(fe_top(b)->n_slots, 0);
	arena_reset(&arena);
}

static void storage_is_used_again(void **state)
{
	struct arena arena;
	struct fe_state_pool pool = { .arena = &arena };
	struct fe_state *first = NULL;
	size_t after_first = 0;

	(void)state;
	arena_init(&arena);
	for (unsigned i = 0; i < 1000; i++) {
		struct fe_state *s = fe_state_new(&pool);

		fe_state_push_frame(&pool, s);
		fe_frame_grow(&pool, fe_top(s), 1 + i % 64);
		if (!i)
			first = s;
		assert_ptr_equal(s, first);
		fe_state_free(&pool, s);
		if (i == 64)
			after_first = arena.used_bytes;
	}
	assert_int_equal(arena.used_bytes, after_first);
	assert_int_equal(pool.live, 0);
	arena_reset(&arena);
}

static void grown_stack_starts_unwritten(void **state)
{
	struct arena arena;
	struct fe_state_pool pool = { .arena = &arena };
	struct fe_state *s;

	(void)state;
	arena_init(&arena);
	s = fe_state_new(&pool);
	fe_state_push_frame(&pool, s);
	fe_frame_grow(&pool, fe_top(s), 2);
	memset(fe_top(s)->slots[1].bytes, FE_BYTE_MISC, 8);
	fe_frame_grow(&pool, fe_top(s), 64);
	assert_int_equal(fe_top(s)->slots[1].bytes[0], FE_BYTE_MISC);
	assert_int_equal(fe_top(s)->slots[63].bytes[7], FE_BYTE_INVALID);
	arena_reset(&arena);
}

static void registers_print_what_is_known(void **state)
{
	struct fe_reg r;
	char text[200];

	(void)state;
	fe_reg_const(&r, (uint64_t)-5);
	fe_reg_print(&r, text, sizeof(text));
	assert_string_equal(text, "-5");
	fe_reg_unknown(&r);
	fe_val_truncate(&r.val, 1);
	fe_reg_print(&r, text, sizeof(text));
	assert_string_equal(text, "scalar(umax=255,var_off=(0x0; 0xff))");
	fe_reg_pointer(&r, FE_PKT, -1);
	r.off = 14;
	r.range = 34;
	fe_reg_print(&r, text, sizeof(text));
	assert_string_equal(text, "pkt(off=14 r=34)");
	fe_reg_pointer(&r, FE_MAP_VALUE, 0);
	r.flags = FE_MAYBE_NULL;
	r.id = 3;
	fe_reg_print(&r, text, sizeof(text));
	assert_string_equal(text, "map_value_or_null(id=3)");
	fe_reg_print(&r, text, 4); /* never beyond the buffer */
	assert_int_equal(strlen(text), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(copies_share_nothing),
		cmocka_unit_test(storage_is_used_again),
		cmocka_unit_test(grown_stack_starts_unwritten),
		cmocka_unit_test(registers_print_what_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
