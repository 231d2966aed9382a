/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/object.h"

#include "base/bits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <bpf/btf.h>

/* fe_object_open() on the objects of data/objects (sources beside them). */

struct fixture {
	struct arena arena, scratch;
	struct diags diags;
	struct cx cx;
	struct fe_object obj;
	bool opened;
};

static bool open_with(struct fixture *f, const char *name, const struct fe_open_options *opts)
{
	arena_init(&f->arena);
	arena_init(&f->scratch);
	diags_init(&f->diags, &f->arena);
	f->cx = (struct cx){ &f->arena, &f->scratch, &f->diags };
	f->opened = fe_object_open(&f->cx, arena_printf(&f->arena, TEST_DATA "/objects/%s", name),
				   opts, &f->obj);
	arena_reset(&f->scratch); /* nothing of the object may live there */
	return f->opened;
}

static bool open_object(struct fixture *f, const char *name)
{
	static const struct fe_open_options opts = { .btf_path =
							     TEST_DATA "/objects/core_target.o" };

	return open_with(f, name, &opts);
}

static void close_object(struct fixture *f)
{
	if (f->opened)
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

static const struct fe_map *map(const struct fixture *f, const char *name, int *index)
{
	for (size_t i = 0; i < f->obj.n_maps; i++) {
		if (strcmp(f->obj.maps[i].name, name))
			continue;
		if (index)
			*index = (int)i;
		return &f->obj.maps[i];
	}
	fail_msg("no map %s", name);
	return NULL;
}

static void programs_have_their_section_s_type(void **state)
{
	static const struct {
		const char *name, *section;
		uint32_t type, attach;
		bool frags;
	} expected[] = {
		{ "main_prog", "xdp", BPF_PROG_TYPE_XDP, BPF_XDP, false },
		{ "hashed", "xdp.frags/cpumap", BPF_PROG_TYPE_XDP, BPF_XDP_CPUMAP, true },
		{ "nested", "classifier/nested", BPF_PROG_TYPE_SCHED_CLS, 0, false },
		{ "probe", "kprobe/nothing", BPF_PROG_TYPE_KPROBE, 0, false },
	};
	struct fixture f;

	(void)state;
	assert_true(open_object(&f, "everything.o"));
	assert_string_equal(f.obj.license, "GPL");
	assert_int_equal(f.obj.n_progs, ARRAY_SIZE(expected));
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		const struct fe_prog *p = prog(&f, expected[i].name);

		assert_false(p->broken);
		assert_string_equal(p->section, expected[i].section);
		assert_int_equal(p->type, expected[i].type);
		assert_int_equal(p->attach_type, expected[i].attach);
		assert_int_equal(p->frags, expected[i].frags);
	}
	close_object(&f);
}

static void maps_have_their_attributes(void **state)
{
	static const struct {
		const char *name;
		enum fe_map_kind kind;
		uint32_t type, key, value, entries;
		bool init;
	} expected[] = {
		{ "flows", FE_MAP_USER, BPF_MAP_TYPE_HASH, 4, 8, 1024, false },
		{ "jumps", FE_MAP_USER, BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 8, false },
		{ "inner_one", FE_MAP_USER, BPF_MAP_TYPE_ARRAY, 4, 4, 4, false },
		{ "outer", FE_MAP_USER, BPF_MAP_TYPE_ARRAY_OF_MAPS, 4, 4, 2, false },
		/* not the number of this machine's CPUs */
		{ "events", FE_MAP_USER, BPF_MAP_TYPE_PERF_EVENT_ARRAY, 4, 4, 0, false },
		{ ".rodata", FE_MAP_RODATA, BPF_MAP_TYPE_ARRAY, 4, 4, 1, true },
		{ ".data", FE_MAP_DATA, BPF_MAP_TYPE_ARRAY, 4, 4, 1, true },
		{ ".bss", FE_MAP_BSS, BPF_MAP_TYPE_ARRAY, 4, 4, 1, true },
		{ ".kconfig", FE_MAP_KCONFIG, BPF_MAP_TYPE_ARRAY, 4, 16, 1, true },
	};
	struct fixture f;

	(void)state;
	assert_true(open_object(&f, "everything.o"));
	assert_int_equal(f.obj.n_maps, ARRAY_SIZE(expected));
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		const struct fe_map *m = map(&f, expected[i].name, NULL);

		assert_int_equal(m->kind, expected[i].kind);
		assert_int_equal(m->type, expected[i].type);
		assert_int_equal(m->key_size, expected[i].key);
		assert_int_equal(m->value_size, expected[i].value);
		assert_int_equal(m->max_entries, expected[i].entries);
		assert_int_equal(m->init != NULL, expected[i].init);
	}
	assert_int_equal(load_le32(map(&f, ".rodata", NULL)->init), 7);
	assert_int_equal(load_le32(map(&f, ".data", NULL)->init), 0x11223344);
	assert_int_equal(load_le32(map(&f, ".bss", NULL)->init), 0);
	assert_int_equal(f.obj.n_inner_maps, 1);
	assert_int_equal(map(&f, "outer", NULL)->inner, 0);
	assert_int_equal(f.obj.inner_maps[0].max_entries, 4);
	close_object(&f);
}

static void maps_of_maps_have_initial_elements(void **state)
{
	const struct fe_map *m;
	struct fixture f;
	int inner;

	(void)state;
	assert_true(open_object(&f, "everything.o"));
	m = map(&f, "outer", NULL);
	map(&f, "inner_one", &inner);
	assert_int_equal(m->n_slots, 1);
	assert_int_equal(m->slots[0].index, 1);
	assert_int_equal(m->slots[0].target, inner);
	m = map(&f, "jumps", NULL);
	assert_int_equal(m->n_slots, 2);
	assert_int_equal(m->slots[0].index, 0);
	assert_string_equal(f.obj.progs[m->slots[0].target].name, "hashed");
	assert_int_equal(m->slots[1].index, 5);
	assert_string_equal(f.obj.progs[m->slots[1].target].name, "main_prog");
	close_object(&f);
}

/* ---- instructions --------------------------------------------------------------------------------- */

static const struct bpf_insn *find_insn(const struct fe_prog *p, uint8_t code, uint8_t src,
					size_t *pc)
{
	for (; *pc < p->n_insns; ++*pc) {
		if (p->insns[*pc].code == code && p->insns[*pc].src_reg == src)
			return &p->insns[*pc];
	}
	fail_msg("no instruction 0x%02x with source %u", code, src);
	return NULL;
}

#define LD_IMM64 (BPF_LD | BPF_IMM | BPF_DW)
#define CALL     (BPF_JMP | BPF_CALL)

static void subprograms_are_appended_and_named(void **state)
{
	static const struct {
		const char *name;
		bool global;
	} expected[] = {
		{ "main_prog", true }, { "count", false }, { "weigh", true }, { "scale", false }
	};
	const struct fe_prog *p;
	struct fixture f;
	size_t pc = 0;

	(void)state;
	assert_true(open_object(&f, "everything.o"));
	p = prog(&f, "main_prog");
	assert_int_equal(p->n_subprogs, ARRAY_SIZE(expected));
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		const struct fe_subprog *s = &p->subprogs[i];
		const struct btf_type *t = btf__type_by_id(f.obj.btf, s->btf_func_id);

		assert_string_equal(s->name, expected[i].name);
		assert_int_equal(s->global, expected[i].global);
		assert_int_equal(s->start, i ? p->subprogs[i - 1].end : 0);
		assert_string_equal(btf__name_by_offset(f.obj.btf, t->name_off), s->name);
	}
	assert_int_equal(p->subprogs[3].end, p->n_insns);
	find_insn(p, LD_IMM64, EBPF_IMM_FUNC, &pc); /* address of count() */
	assert_int_equal(pc + 1 + (size_t)p->insns[pc].imm, p->subprogs[1].start);
	find_insn(p, CALL, EBPF_CALL_SUBPROG, &pc);
	assert_int_equal(pc + 1 + (size_t)p->insns[pc].imm, p->subprogs[2].start);
	close_object(&f);
}

static void references_are_map_indices(void **state)
{
	const struct fe_prog *p;
	const struct bpf_insn *i;
	struct fixture f;
	size_t pc = 0;
	int index;

	(void)state;
	assert_true(open_object(&f, "everything.o"));
	p = prog(&f, "main_prog");
	map(&f, "flows", &index);
	assert_int_equal(find_insn(p, LD_IMM64, EBPF_IMM_MAP_IDX, &pc)->imm, index);
	pc = p->subprogs[2].start;
	map(&f, ".rodata", &index);
	i = find_insn(p, LD_IMM64, EBPF_IMM_MAP_IDX_VALUE, &pc);
	assert_int_equal(i[0].imm, index);
	assert_int_equal(i[1].imm, 0);
	p = prog(&f, "nested");
	pc = 0;
	map(&f, ".kconfig", &index);
	i = find_insn(p, LD_IMM64, EBPF_IMM_MAP_IDX_VALUE, &pc);
	assert_int_equal(i[0].imm, index);
	close_object(&f);
}

static void kernel_functions_are_named(void **state)
{
	const struct bpf_insn *i;
	struct fixture f;
	size_t pc = 0;

	(void)state;
	assert_true(open_object(&f, "everything.o"));
	i = find_insn(prog(&f, "hashed"), CALL, EBPF_CALL_KFUNC, &pc);
	assert_int_equal(f.obj.n_externs, 1);
	assert_int_equal(i->imm, 0);
	assert_string_equal(f.obj.externs[0].name, "bpf_xdp_metadata_rx_hash");
	assert_true(f.obj.externs[0].is_func);
	assert_false(f.obj.externs[0].weak);
	assert_int_not_equal(f.obj.externs[0].btf_id, 0);
	close_object(&f);
}

static void instructions_have_source_lines(void **state)
{
	const struct fe_line *line;
	struct diag_at at;
	struct fixture f;

	(void)state;
	assert_true(open_object(&f, "everything.o"));
	line = fe_prog_line(prog(&f, "main_prog"), 0);
	assert_non_null(strstr(line->file, "everything.bpf.c"));
	assert_string_equal(line->text, "__u32 key = ctx->rx_queue_index;");
	at = fe_prog_at(&f.obj, prog(&f, "main_prog"), 0);
	assert_string_equal(at.section, "xdp");
	assert_string_equal(at.prog, "main_prog");
	assert_int_equal(at.line, line->line);
	at = fe_prog_at(&f.obj, prog(&f, "main_prog"), -1);
	assert_null(at.file);
	close_object(&f);
	assert_true(open_object(&f, "legacy_nobtf.o"));
	assert_null(fe_prog_line(prog(&f, "entry"), 0));
	close_object(&f);
}

/* ---- older forms ---------------------------------------------------------------------------------- */

static void legacy_maps_load(void **state)
{
	static const char *const files[] = { "legacy.o", "legacy_nobtf.o" };
	struct fixture f;
	int index;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		size_t pc = 0;

		assert_true(open_object(&f, files[i]));
		assert_int_equal(f.obj.n_maps, 2);
		assert_int_equal(map(&f, "counters", &index)->type, BPF_MAP_TYPE_PERCPU_ARRAY);
		assert_int_equal(f.obj.maps[index].value_size, 8);
		assert_int_equal(f.obj.maps[index].max_entries, 16);
		assert_int_equal(find_insn(prog(&f, "entry"), LD_IMM64, EBPF_IMM_MAP_IDX, &pc)->imm,
				 index);
		map(&f, "programs", &index);
		pc++;
		assert_int_equal(find_insn(prog(&f, "entry"), LD_IMM64, EBPF_IMM_MAP_IDX, &pc)->imm,
				 index);
		assert_int_equal(prog(&f, "entry")->type, BPF_PROG_TYPE_XDP);    /* "xdp_sample" */
		assert_int_equal(prog(&f, "other")->type, BPF_PROG_TYPE_UNSPEC); /* "prog" */
		assert_false(prog(&f, "other")->broken);
		close_object(&f);
	}
}

static void iproute2_maps_load(void **state)
{
	const struct fe_map *m;
	struct fixture f;

	(void)state;
	assert_true(open_object(&f, "iproute2.o"));
	m = map(&f, "table", NULL);
	assert_int_equal(m->type, BPF_MAP_TYPE_HASH);
	assert_int_equal(m->flags, BPF_F_NO_PREALLOC);
	m = map(&f, "tables", NULL);
	assert_int_equal(m->inner, 0);
	assert_int_equal(f.obj.inner_maps[0].type, BPF_MAP_TYPE_HASH);
	assert_int_equal(f.obj.inner_maps[0].value_size, 8);
	assert_int_equal(prog(&f, "cls")->type, BPF_PROG_TYPE_SCHED_CLS);
	assert_int_equal(prog(&f, "act")->type, BPF_PROG_TYPE_SCHED_ACT);
	close_object(&f);
}

/* ---- broken programs ------------------------------------------------------------------------------- */

static void a_broken_program_leaves_the_others(void **state)
{
	static const struct {
		const char *name, *why; /* NULL: fine */
	} expected[] = {
		{ "is_static", "static" },
		{ "good", NULL },
		{ "calls_program", "its own SEC()" },
		{ "calls_undefined", "'elsewhere' is not defined" },
		{ "uses_odd_section", "section 'oddities'" },
	};
	struct fixture f;
	size_t warning = 0;

	(void)state;
	assert_true(open_object(&f, "broken.o"));
	assert_int_equal(f.obj.n_progs, ARRAY_SIZE(expected));
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		const struct fe_prog *p = &f.obj.progs[i];
		const struct diag *d = &f.diags.list.at[warning];

		assert_string_equal(p->name, expected[i].name);
		assert_int_equal(p->broken, expected[i].why != NULL);
		assert_int_equal(!p->n_insns, p->broken);
		if (!p->broken)
			continue;
		assert_int_equal(d->reason, REASON_PROG_BROKEN);
		assert_int_equal(d->severity, DIAG_WARNING);
		assert_string_equal(d->at.prog, p->name);
		assert_non_null(strstr(d->text, expected[i].why));
		warning++;
	}
	assert_int_equal(f.diags.list.len, warning);
	close_object(&f);
}

/* ---- refusals -------------------------------------------------------------------------------------- */

static void bad_files_are_refused(void **state)
{
	static const struct {
		const char *name;
		enum reason reason;
	} cases[] = {
		{ "no-such-file.o", REASON_FILE_UNREADABLE },
		{ "", REASON_FILE_UNREADABLE }, /* the folder itself */
		{ "legacy.bpf.c", REASON_ELF_INVALID },
		{ "core_target.o", REASON_OBJECT_NO_PROGRAM },
	};
	struct fixture f;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_false(open_object(&f, cases[i].name));
		assert_int_equal(f.diags.errors, 1);
		assert_int_equal(f.diags.list.at[0].reason, cases[i].reason);
		close_object(&f);
	}
}

static void named_kernel_files_must_exist(void **state)
{
	static const struct fe_open_options btf = { .btf_path = TEST_DATA "/objects/none" };
	static const struct fe_open_options config = { .btf_path =
							       TEST_DATA "/objects/core_target.o",
						       .kconfig_path = TEST_DATA "/objects/none" };
	struct fixture f;

	(void)state;
	assert_false(open_with(&f, "core.o", &btf));
	close_object(&f);
	assert_false(open_with(&f, "everything.o", &config));
	close_object(&f);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(programs_have_their_section_s_type),
		cmocka_unit_test(maps_have_their_attributes),
		cmocka_unit_test(maps_of_maps_have_initial_elements),
		cmocka_unit_test(subprograms_are_appended_and_named),
		cmocka_unit_test(references_are_map_indices),
		cmocka_unit_test(kernel_functions_are_named),
		cmocka_unit_test(instructions_have_source_lines),
		cmocka_unit_test(legacy_maps_load),
		cmocka_unit_test(iproute2_maps_load),
		cmocka_unit_test(a_broken_program_leaves_the_others),
		cmocka_unit_test(bad_files_are_refused),
		cmocka_unit_test(named_kernel_files_must_exist),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
