/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/image.h"
#include "nfp_backend/isa/isa.h"

#include "base/bits.h"

#include <dirent.h>
#include <linux/bpf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define PATH TEST_BUILD "/nfp-image-test.nfp"

struct fixture {
	struct arena arena, scratch;
	struct diags diags;
	struct cx cx;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	arena_init(&f->arena);
	arena_init(&f->scratch);
	diags_init(&f->diags, &f->arena);
	f->cx = (struct cx){ .arena = &f->arena, .scratch = &f->scratch, .diags = &f->diags };
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	unlink(PATH);
	arena_reset(&f->arena);
	arena_reset(&f->scratch);
	free(f);
	return 0;
}

/* ---- an image with one of everything ---- */

static uint64_t immed_word(void)
{
	struct nfp_insn insn = { .class = NFP_ISA_IMMED, .immed = { .dst = nfp_r_gpr_a(1) } };

	return nfp_encode(&insn);
}

static uint64_t br_word(void)
{
	struct nfp_insn insn = { .class = NFP_ISA_BRANCH, .br = { .cc = NFP_CC_ALWAYS } };

	return nfp_encode(&insn);
}

struct sample {
	uint64_t words[6];
	struct nfp_reloc relocs[5];
	struct nfp_line lines[3];
	struct nfp_image_map maps[2];
	struct nfp_image_src srcs[3];
	struct nfp_image img;
};

static void make_sample(struct sample *s)
{
	static const uint8_t use[2] = { NFP_WORD_READ, NFP_WORD_ATOMIC };
	static const uint8_t init[4] = { 1, 2, 3, 4 };

	*s = (struct sample){
		.words = { immed_word(), immed_word(), br_word(), br_word(), br_word(), NFP_NOP },
		.relocs = { { 0, NFP_RELOC_IMMED_MAP, 1 },
			    { 1, NFP_RELOC_IMMED_REL, 3 },
			    { 2, NFP_RELOC_BR_HELPER, 1 },
			    { 3, NFP_RELOC_BR_REL, 5 },
			    { 4, NFP_RELOC_BR_NEXT_PKT, 0 } },
		.lines = { { 0, -1 }, { 2, 0 }, { 4, 7 } },
		.maps = { { .name = "counters",
			    .type = BPF_MAP_TYPE_HASH,
			    .key_size = 3,
			    .value_size = 7,
			    .max_entries = 100,
			    .word_use = use },
			  { .name = ".data",
			    .type = BPF_MAP_TYPE_ARRAY,
			    .key_size = 4,
			    .value_size = 4,
			    .max_entries = 1,
			    .flags = BPF_F_MMAPABLE,
			    .object_idx = 5,
			    .init = init } },
		.srcs = { { 0, "a.c", 10 }, { 1, "b.h", 11 }, { 7, "a.c", 12 } },
	};
	s->img = (struct nfp_image){
		.prog_name = "filter",
		.type = NFP_PROG_TC,
		.code = { s->words, 6, s->relocs, 5, s->lines, 3 },
		.maps = s->maps,
		.n_maps = 2,
		.srcs = s->srcs,
		.n_srcs = 3,
		.stack_bytes = 64,
		.max_pkt_off = 54,
		.helpers = 1ull << NFP_HELPER_MAP_LOOKUP | 1ull << 44,
		.queue_select = true,
		.adjust_tail = true,
		.base.handoff_cookie = 0xc0ffee00,
		.base.handoff_bytes = 24,
	};
}

static void same_code(const struct nfp_ucode *a, const struct nfp_ucode *b)
{
	assert_int_equal(a->n_words, b->n_words);
	assert_memory_equal(a->words, b->words, a->n_words * sizeof(*a->words));
	assert_int_equal(a->n_relocs, b->n_relocs);
	for (size_t i = 0; i < a->n_relocs; i++) {
		assert_int_equal(a->relocs[i].word_idx, b->relocs[i].word_idx);
		assert_int_equal(a->relocs[i].kind, b->relocs[i].kind);
		assert_int_equal(a->relocs[i].target, b->relocs[i].target);
	}
	assert_int_equal(a->n_lines, b->n_lines);
	for (size_t i = 0; i < a->n_lines; i++) {
		assert_int_equal(a->lines[i].word_idx, b->lines[i].word_idx);
		assert_int_equal(a->lines[i].bpf_pc, b->lines[i].bpf_pc);
	}
}

static void same_map(const struct nfp_image_map *a, const struct nfp_image_map *b)
{
	assert_string_equal(a->name, b->name);
	assert_int_equal(a->type, b->type);
	assert_int_equal(a->key_size, b->key_size);
	assert_int_equal(a->value_size, b->value_size);
	assert_int_equal(a->max_entries, b->max_entries);
	assert_int_equal(a->flags, b->flags);
	assert_int_equal(a->object_idx, b->object_idx);
	assert_int_equal(!a->word_use, !b->word_use);
	if (a->word_use)
		assert_memory_equal(a->word_use, b->word_use, (a->value_size + 3) / 4);
	assert_int_equal(!a->init, !b->init);
	if (a->init)
		assert_memory_equal(a->init, b->init, a->value_size);
}

static void round_trip(void **state)
{
	struct fixture *f = *state;
	struct sample s;
	struct nfp_image back;

	make_sample(&s);
	assert_true(nfp_image_write(&f->cx, &s.img, PATH));
	assert_true(nfp_image_read(&f->cx, PATH, &back));
	same_code(&s.img.code, &back.code);
	assert_string_equal(back.prog_name, "filter");
	assert_int_equal(back.type, NFP_PROG_TC);
	assert_int_equal(back.n_maps, 2);
	for (size_t i = 0; i < back.n_maps; i++)
		same_map(&s.maps[i], &back.maps[i]);
	assert_int_equal(back.n_srcs, 3);
	for (size_t i = 0; i < back.n_srcs; i++) {
		assert_int_equal(back.srcs[i].bpf_pc, s.srcs[i].bpf_pc);
		assert_string_equal(back.srcs[i].file, s.srcs[i].file);
		assert_int_equal(back.srcs[i].line, s.srcs[i].line);
	}
	assert_int_equal(back.stack_bytes, 64);
	assert_int_equal(back.max_pkt_off, 54);
	assert_true(back.helpers == s.img.helpers);
	assert_true(back.queue_select && back.adjust_tail);
	assert_int_equal(back.base.handoff_cookie, 0xc0ffee00);
	assert_int_equal(back.base.handoff_bytes, 24);
	assert_int_equal(f->diags.list.len, 0);
}

static size_t slurp(const char *path, uint8_t *buf, size_t max)
{
	FILE *file = fopen(path, "r");
	size_t n;

	assert_non_null(file);
	n = fread(buf, 1, max, file);
	fclose(file);
	assert_true(n < max);
	return n;
}

static void spill(const char *path, const uint8_t *buf, size_t n)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(buf, 1, n, file), n);
	fclose(file);
}

static void same_input_same_bytes(void **state)
{
	struct fixture *f = *state;
	static uint8_t a[8192], b[8192];
	struct sample s;
	size_t n;

	make_sample(&s);
	assert_true(nfp_image_write(&f->cx, &s.img, PATH));
	n = slurp(PATH, a, sizeof(a));
	assert_true(nfp_image_write(&f->cx, &s.img, PATH));
	assert_int_equal(slurp(PATH, b, sizeof(b)), n);
	assert_memory_equal(a, b, n);
}

static void nothing_left_behind_on_failure(void **state)
{
	struct fixture *f = *state;
	struct sample s;
	struct nfp_image back;

	make_sample(&s);
	assert_false(nfp_image_write(&f->cx, &s.img, TEST_BUILD "/no/such/folder/x.nfp"));
	assert_int_equal(f->diags.list.at[0].reason, REASON_OUTPUT_WRITE);
	assert_false(nfp_image_write(&f->cx, &s.img, TEST_BUILD));
	assert_false(nfp_image_read(&f->cx, TEST_BUILD, &back));
	assert_false(nfp_image_read(&f->cx, TEST_BUILD "/no-such-file.nfp", &back));
}

static void foreign_files_are_refused(void **state)
{
	struct fixture *f = *state;
	static uint8_t buf[8192];
	struct sample s;
	struct nfp_image back;
	size_t n;

	spill(PATH, (const uint8_t *)"hello", 5);
	assert_false(nfp_image_read(&f->cx, PATH, &back));
	make_sample(&s);
	assert_true(nfp_image_write(&f->cx, &s.img, PATH));
	n = slurp(PATH, buf, sizeof(buf));
	buf[18] = 247; /* e_machine: eBPF */
	spill(PATH, buf, n);
	assert_false(nfp_image_read(&f->cx, PATH, &back));
	assert_non_null(strstr(f->diags.list.at[1].text, "machine 250"));
	buf[18] = 250;
	buf[4] = 1; /* ELFCLASS32 */
	spill(PATH, buf, n);
	assert_false(nfp_image_read(&f->cx, PATH, &back));
}

/* Every cut and some 3,000 mutations: an answer each time, and never one that breaks relocation. */
static void use(struct fixture *f)
{
	static const uint32_t tids[16] = { 1, 2, 3 };
	struct nfp_firmware fw;
	struct nfp_image back;

	if (nfp_image_read(&f->cx, PATH, &back)) {
		uint64_t *out = ARENA_ARRAY(&f->arena, uint64_t, back.code.n_words);

		assert_true(nfp_firmware_load(&f->cx, NULL, &fw));
		nfp_image_fits(&f->cx, &back, &fw);
		nfp_ucode_relocate(&f->cx, &back.code, &fw, tids, ARRAY_SIZE(tids), out);
	} else {
		assert_true(f->diags.errors > 0);
	}
	arena_reset(&f->arena);
	arena_reset(&f->scratch);
	diags_init(&f->diags, &f->arena);
}

static void mutated_images(void **state)
{
	struct fixture *f = *state;
	static uint8_t good[8192], bad[8192];
	struct sample s;
	uint32_t seed = 12345;
	size_t n;

	make_sample(&s);
	assert_true(nfp_image_write(&f->cx, &s.img, PATH));
	n = slurp(PATH, good, sizeof(good));
	for (size_t cut = 1; cut < n; cut += 7) {
		spill(PATH, good, cut);
		use(f);
	}
	for (unsigned round = 0; round < 3000; round++) {
		static const uint8_t interesting[] = { 0, 1, 0x7f, 0x80, 0xff };

		memcpy(bad, good, n);
		for (unsigned k = 0; k <= round % 4; k++) {
			seed = seed * 1664525u + 1013904223u;
			bad[(seed >> 4) % n] =
				round & 1 ? interesting[seed >> 28 & 3] : (uint8_t)(seed >> 24);
		}
		spill(PATH, bad, n);
		use(f);
	}
}

/* ---- does a firmware fit? ---- */

static void fits(void **state)
{
	struct fixture *f = *state;
	struct nfp_firmware corenic, generous;
	struct sample s;

	assert_true(nfp_firmware_load(&f->cx, "corenic", &corenic));
	assert_true(nfp_firmware_load(&f->cx, "generous", &generous));
	make_sample(&s);
	assert_true(nfp_image_fits(&f->cx, &s.img, &corenic));
	assert_int_equal(f->diags.list.len, 0);

	s.img.max_pkt_off = 9000; /* the interface's MTU decides */
	assert_true(nfp_image_fits(&f->cx, &s.img, &corenic));
	assert_int_equal(f->diags.list.len, 1);
	assert_int_equal(f->diags.list.at[0].reason, REASON_IMAGE_MTU);
}

enum lack { NONE, STACK, HELPER, QUEUE, TAIL, MAP_TYPE, MAP_FLAGS, KEY, VALUE, ELEM, ENTRIES };

static void make_lacking(struct sample *s, enum lack lack)
{
	make_sample(s);
	if (lack == STACK)
		s->img.stack_bytes = 576;
	if (lack == HELPER)
		s->img.helpers |= 1ull << NFP_HELPER_MAP_UPDATE;
	if (lack == MAP_TYPE)
		s->maps[0].type = BPF_MAP_TYPE_LPM_TRIE;
	if (lack == MAP_FLAGS)
		s->maps[0].flags = BPF_F_ZERO_SEED;
	if (lack == KEY)
		s->maps[0].key_size = 57;
	if (lack == VALUE)
		s->maps[0].value_size = 57;
	if (lack == ELEM)
		s->maps[0].key_size = 56, s->maps[0].value_size = 9;
	if (lack == ENTRIES)
		s->maps[0].max_entries = 2048000;
}

static void lacks_are_reported(void **state)
{
	static const struct {
		enum lack lack;
		enum reason reason;
	} cases[] = {
		{ STACK, REASON_IMAGE_STACK },  { HELPER, REASON_IMAGE_HELPER },
		{ QUEUE, REASON_IMAGE_HELPER }, { TAIL, REASON_IMAGE_HELPER },
		{ MAP_TYPE, REASON_IMAGE_MAP }, { MAP_FLAGS, REASON_IMAGE_MAP },
		{ KEY, REASON_IMAGE_MAP },      { VALUE, REASON_IMAGE_MAP },
		{ ELEM, REASON_IMAGE_MAP },     { ENTRIES, REASON_IMAGE_MAPS },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct nfp_firmware fw;
		struct sample s;

		assert_true(nfp_firmware_load(&f->cx, NULL, &fw));
		fw.queue_select = cases[i].lack != QUEUE;
		fw.adjust_tail = cases[i].lack != TAIL;
		make_lacking(&s, cases[i].lack);
		assert_false(nfp_image_fits(&f->cx, &s.img, &fw));
		assert_int_equal(f->diags.list.len, i + 1);
		assert_int_equal(f->diags.list.at[i].reason, cases[i].reason);
	}
}

static void limits_of_number_and_length(void **state)
{
	struct fixture *f = *state;
	struct nfp_firmware fw;
	struct sample s;

	make_sample(&s);
	assert_true(nfp_firmware_load(&f->cx, NULL, &fw));
	fw.max_len = 5;
	fw.maps.max_maps = 1;
	assert_false(nfp_image_fits(&f->cx, &s.img, &fw));
	assert_int_equal(f->diags.list.len, 2); /* every lack is named */

	fw = (struct nfp_firmware){
		.name = "bare", .max_len = 100, .stack_bytes = 64, .inline_mtu = 2000
	};
	s.img.helpers = 0;
	s.img.queue_select = s.img.adjust_tail = false;
	assert_false(nfp_image_fits(&f->cx, &s.img, &fw));
	s.maps[0].type = s.maps[1].type = BPF_MAP_TYPE_PERF_EVENT_ARRAY; /* not the firmware's */
	assert_true(nfp_image_fits(&f->cx, &s.img, &fw));
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(round_trip),
		TEST(same_input_same_bytes),
		TEST(nothing_left_behind_on_failure),
		TEST(foreign_files_are_refused),
		TEST(mutated_images),
		TEST(fits),
		TEST(lacks_are_reported),
		TEST(limits_of_number_and_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
