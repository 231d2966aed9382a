/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/verifier/contracts/kernel_type.h"

#include "base/bits.h"
#include "tests/support/fe_rig.h"
#include "frontend/object/loader.h"

#include <bpf/btf.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* What lies where in kernel structures, on types made here:
 *
 *   struct inner { int a; char text[8]; };                     12 bytes
 *   union either { int i; long l; };                           8
 *   struct outer { int x; <4 bytes of nothing>; struct inner *p; struct inner in[2]; void *mem;
 *                  int flag:3, rest:5; union either u; struct inner tail[]; }  */

struct types {
	struct btf *btf;
	uint32_t outer;
};

static struct types make_types(void)
{
	struct btf *b = btf__new_empty();
	int i32 = btf__add_int(b, "int", 4, BTF_INT_SIGNED), i64 = btf__add_int(b, "long", 8, 0);
	int i8 = btf__add_int(b, "char", 1, 0), text = btf__add_array(b, i32, i8, 8), inner, ptr;
	int two, mem, either, tail, outer;

	inner = btf__add_struct(b, "inner", 12);
	btf__add_field(b, "a", i32, 0, 0);
	btf__add_field(b, "text", text, 32, 0);
	ptr = btf__add_ptr(b, inner);
	two = btf__add_array(b, i32, inner, 2);
	mem = btf__add_ptr(b, 0);
	either = btf__add_union(b, "either", 8);
	btf__add_field(b, "i", i32, 0, 0);
	btf__add_field(b, "l", i64, 0, 0);
	tail = btf__add_array(b, i32, inner, 0);
	outer = btf__add_struct(b, "outer", 64);
	btf__add_field(b, "x", i32, 0, 0);
	btf__add_field(b, "p", ptr, 64, 0);
	btf__add_field(b, "in", two, 128, 0);
	btf__add_field(b, "mem", mem, 40 * 8, 0);
	btf__add_field(b, "flag", i32, 48 * 8, 3);
	btf__add_field(b, "rest", i32, 48 * 8 + 3, 5);
	btf__add_field(b, "u", either, 56 * 8, 0);
	btf__add_field(b, "tail", tail, 64 * 8, 0);
	return (struct types){ b, (uint32_t)outer };
}

static void members(void **state)
{
	static const struct {
		int64_t off;
		unsigned size;
		enum fe_member_kind kind;
	} cases[] = {
		{ 0, 4, FE_MEMBER_NUMBER },
		{ 0, 1, FE_MEMBER_NUMBER },
		{ 0, 8, FE_MEMBER_NONE }, /* beyond the member */
		{ 4, 4, FE_MEMBER_NONE }, /* nothing there */
		{ 8, 8, FE_MEMBER_POINTER },
		{ 8, 4, FE_MEMBER_NONE },
		{ 16, 4, FE_MEMBER_NUMBER },
		{ 20, 8, FE_MEMBER_NUMBER },
		{ 22, 2, FE_MEMBER_NUMBER },
		{ 28, 4, FE_MEMBER_NUMBER }, /* the second one */
		{ 26, 4, FE_MEMBER_NONE },
		{ 40, 8, FE_MEMBER_MEMORY },
		{ 48, 1, FE_MEMBER_NUMBER },
		{ 56, 8, FE_MEMBER_NUMBER },
		{ 60, 4, FE_MEMBER_NUMBER },
		{ 64, 4, FE_MEMBER_NUMBER },
		{ 64 + 12 * 1000, 4, FE_MEMBER_NUMBER },
		{ -1, 1, FE_MEMBER_NONE },
	};
	struct types t = make_types();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fe_member m = fe_kernel_member(t.btf, t.outer, cases[i].off, cases[i].size);

		if (m.kind != cases[i].kind)
			print_message("%lld, %u bytes: %d (%s)\n", (long long)cases[i].off,
				      cases[i].size, (int)m.kind, m.why ? m.why : "");
		assert_int_equal(m.kind, cases[i].kind);
		assert_true((m.kind == FE_MEMBER_NONE) == (m.why != NULL));
	}
	assert_int_equal(fe_kernel_struct(t.btf, "outer"), t.outer);
	assert_int_equal(fe_kernel_struct(t.btf, "nothing"), 0);
	assert_int_equal(fe_kernel_struct(NULL, "outer"), 0);
	btf__free(t.btf);
}

/* A structure that contains itself, as no compiler makes it, ends in an answer. */
static void cycles_end(void **state)
{
	struct btf *b = btf__new_empty();
	int self, typedef_of_itself;

	(void)state;
	self = btf__add_struct(b, "self", 8);
	btf__add_field(b, "self", self, 0, 0);
	typedef_of_itself = btf__add_typedef(b, "loop", self + 1);
	assert_int_equal(fe_kernel_member(b, (uint32_t)self, 0, 4).kind, FE_MEMBER_NONE);
	assert_int_equal(fe_kernel_member(b, (uint32_t)typedef_of_itself, 0, 4).kind,
			 FE_MEMBER_NONE);
	btf__free(b);
}

/* r0 = a member of the map that a program has the address of. */
static enum reason load_from_map(int16_t off, uint8_t size)
{
	const struct bpf_insn insns[] = { LD_MAP(BPF_REG_1, RIG_ARRAY),
					  LDX(size, BPF_REG_0, BPF_REG_1, off), EXIT() };
	struct fe_open_options none = { .no_running_kernel = true };
	struct btf *b = btf__new_empty();
	int i32 = btf__add_int(b, "unsigned int", 4, 0);
	enum reason reason;
	struct rig r;

	btf__add_struct(b, "bpf_array", 8);
	btf__add_field(b, "elem_size", i32, 0, 0);
	btf__add_field(b, "index_mask", i32, 32, 0);
	rig_init(&r, BPF_PROG_TYPE_XDP, insns, ARRAY_SIZE(insns));
	fe_kernel_types_init(&r.cx, &none, &r.obj);
	fe_kernel_types_keep(&r.obj, b);
	rig_verify(&r, NULL);
	reason = rig_reason(&r);
	fe_kernel_types_free(&r.obj);
	rig_free(&r);
	return reason;
}

static void maps_are_structures(void **state)
{
	(void)state;
	assert_int_equal(load_from_map(4, BPF_W), REASON_NONE);
	assert_int_equal(load_from_map(4, BPF_DW), REASON_KERNEL_MEMBER);
	assert_int_equal(load_from_map(8, BPF_W), REASON_KERNEL_MEMBER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members),
		cmocka_unit_test(cycles_end),
		cmocka_unit_test(maps_are_structures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
