/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/object.h"

#include "base/bits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <bpf/libbpf.h>

/* CO-RE: core.bpf.c against the types of core_target.c. libbpf itself, where it may call bpf(2),
 * is the oracle for all instructions. */

#define OBJECT TEST_DATA "/objects/core.o"
#define TARGET TEST_DATA "/objects/core_target.o"
#define POISON "call helper#195896080"

struct fixture {
	struct arena arena, scratch;
	struct diags diags;
	struct cx cx;
	struct fe_object obj;
};

static void open_object(struct fixture *f, const struct fe_open_options *opts)
{
	arena_init(&f->arena);
	arena_init(&f->scratch);
	diags_init(&f->diags, &f->arena);
	f->cx = (struct cx){ &f->arena, &f->scratch, &f->diags };
	assert_true(fe_object_open(&f->cx, OBJECT, opts, &f->obj));
}

static void close_object(struct fixture *f)
{
	fe_object_close(&f->obj);
	arena_reset(&f->arena);
	arena_reset(&f->scratch);
}

static const struct fe_prog *prog(const struct fixture *f, const char *name)
{
	for (size_t i = 0; i < f->obj.n_progs; i++) {
		if (!strcmp(f->obj.progs[i].name, name))
			return &f->obj.progs[i];
	}
	fail_msg("no program %s", name);
	return NULL;
}

static bool contains(const struct fe_prog *p, const char *text)
{
	char line[128];

	for (size_t i = 0; i < p->n_insns; i++) {
		ebpf_disasm(&p->insns[i], i + 1 < p->n_insns ? &p->insns[i + 1] : NULL, line,
			    sizeof(line));
		if (!strcmp(line, text))
			return true;
	}
	return false;
}

static void target_s_layout_is_used(void **state)
{
	static const struct {
		const char *program, *insn;
	} expected[] = {
		{ "fields", "r3 = *(u32 *)(r2 +24)" },  /* thing.a */
		{ "fields", "r1 = *(u32 *)(r2 +20)" },  /* .c, in other anonymous members */
		{ "fields", "r3 = 52" },                /* .list[2] */
		{ "fields", "r3 = *(u32 *)(r2 +132)" }, /* .grown, 16 bits in the program */
		{ "fields", POISON },                   /* ___old.gone, behind its test */
		{ "types", "r2 = 0x4d" },               /* GREEN is 77 */
		{ "types", "r2 = 144" },                /* sizeof(struct thing) */
		{ "unguarded", POISON },
		{ "resized", POISON }, /* a signed field of another size */
	};
	static const struct fe_open_options opts = { .btf_path = TARGET };
	struct fixture f;

	(void)state;
	open_object(&f, &opts);
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		if (!contains(prog(&f, expected[i].program), expected[i].insn))
			fail_msg("%s lacks: %s", expected[i].program, expected[i].insn);
	}
	assert_int_equal(f.diags.errors, 0);
	assert_int_equal(f.diags.list.len, 3); /* one a function */
	for (size_t i = 0; i < f.diags.list.len; i++) {
		assert_int_equal(f.diags.list.at[i].reason, REASON_CORE_UNRESOLVED);
		assert_int_not_equal(f.diags.list.at[i].at.line, 0);
	}
	close_object(&f);
}

static void without_types_accesses_are_poisoned(void **state)
{
	static const struct fe_open_options opts = { .no_running_kernel = true };
	struct fixture f;

	(void)state;
	open_object(&f, &opts);
	assert_true(contains(prog(&f, "fields"), POISON));
	assert_true(contains(prog(&f, "unguarded"), POISON));
	assert_int_equal(f.diags.list.len, 1);
	assert_int_equal(f.diags.list.at[0].reason, REASON_CORE_NO_TARGET);
	close_object(&f);
}

/* ---- libbpf as oracle ------------------------------------------------------------------------------ */

static int silent(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	(void)level;
	(void)fmt;
	(void)ap;
	return 0;
}

static void compare_with_libbpf(const struct fixture *f, struct bpf_object *bpf)
{
	struct bpf_program *p;

	bpf_object__for_each_program (p, bpf) {
		const struct fe_prog *ours = prog(f, bpf_program__name(p));

		assert_int_equal(ours->n_insns, bpf_program__insn_cnt(p));
		assert_memory_equal(ours->insns, bpf_program__insns(p),
				    ours->n_insns * sizeof(*ours->insns));
	}
}

static void libbpf_agrees(void **state)
{
	static const struct fe_open_options opts = { .btf_path = TARGET };
	struct bpf_object_open_opts bpf_opts = { .sz = sizeof(bpf_opts),
						 .btf_custom_path = TARGET };
	libbpf_print_fn_t before = libbpf_set_print(silent);
	struct bpf_object *bpf = bpf_object__open_file(OBJECT, &bpf_opts);
	struct bpf_insn first;
	struct fixture f;
	struct bpf_program *p;

	(void)state;
	assert_non_null(bpf);
	p = bpf_object__find_program_by_name(bpf, "unguarded");
	first = bpf_program__insns(p)[1];
	(void)bpf_object__load(bpf); /* fails: the programs only serve to be relocated */
	libbpf_set_print(before);
	if (!memcmp(&first, &bpf_program__insns(p)[1], sizeof(first))) {
		printf("skipped: no CAP_BPF\n");
		bpf_object__close(bpf);
		skip();
	}
	open_object(&f, &opts);
	compare_with_libbpf(&f, bpf);
	close_object(&f);
	bpf_object__close(bpf);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(target_s_layout_is_used),
		cmocka_unit_test(without_types_accesses_are_poisoned),
		cmocka_unit_test(libbpf_agrees),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
