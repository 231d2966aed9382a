/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/isa/isa.h"
#include "nfp_backend/ucode.h"

#include "base/bits.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define MAX_WORDS 2048

struct fixture {
	struct arena arena, scratch;
	struct diags diags;
	struct cx cx;
	struct nfp_firmware corenic, generous;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	arena_init(&f->arena);
	arena_init(&f->scratch);
	diags_init(&f->diags, &f->arena);
	f->cx = (struct cx){ .arena = &f->arena, .scratch = &f->scratch, .diags = &f->diags };
	assert_true(nfp_firmware_load(&f->cx, "corenic", &f->corenic));
	assert_true(nfp_firmware_load(&f->cx, "generous", &f->generous));
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	arena_reset(&f->arena);
	arena_reset(&f->scratch);
	free(f);
	return 0;
}

/* ---- the driver's words: what it relocates with a code in bits 63:56, we do with a table ---- */

enum { /* the driver's codes, nfp.md 4.9 */
       DRV_BR_REL = 1,
       DRV_GO_OUT = 2,
       DRV_GO_ABORT = 3,
       DRV_PUSH = 4,
       DRV_POP = 5,
       DRV_NEXT_PKT = 6,
       DRV_HELPER = 7,
       DRV_IMMED_REL = 8,
       DRV_UNRESOLVED = 15000,
};

struct targets { /* words that codes 2 to 5 stand for */
	uint32_t of[DRV_POP + 1];
};

static bool driver_reloc(uint64_t word, uint32_t idx, const struct targets *t, struct nfp_reloc *r)
{
	unsigned code = (unsigned)(word >> 56);
	struct nfp_insn insn;
	uint32_t addr = 0;

	if (!code)
		return false;
	nfp_word_branch_addr(word, &addr);
	r->word_idx = idx;
	r->kind = NFP_RELOC_BR_REL;
	switch (code) {
	case DRV_BR_REL: r->target = addr; break;
	case DRV_NEXT_PKT: r->kind = NFP_RELOC_BR_NEXT_PKT; break;
	case DRV_HELPER:
		r->kind = NFP_RELOC_BR_HELPER;
		r->target = addr - DRV_UNRESOLVED;
		break;
	case DRV_IMMED_REL:
		assert_true(nfp_decode(word, &insn));
		r->kind = NFP_RELOC_IMMED_REL;
		r->target = insn.immed.value;
		break;
	default:
		assert_in_range(code, DRV_GO_OUT, DRV_POP);
		r->target = t->of[code];
		break;
	}
	return true;
}

static void check_program(struct fixture *f, const uint64_t *pre, const uint64_t *want, size_t n,
			  const struct targets *t, const struct nfp_firmware *fw)
{
	struct nfp_reloc relocs[MAX_WORDS] = { { 0 } };
	uint64_t words[MAX_WORDS], got[MAX_WORDS];
	struct nfp_ucode u = { .words = words, .n_words = n, .relocs = relocs };

	for (size_t i = 0; i < n; i++) {
		words[i] = pre[i] & NFP_OP_MASK;
		u.n_relocs += driver_reloc(pre[i], (uint32_t)i, t, &relocs[u.n_relocs]);
	}
	assert_true(nfp_ucode_relocate(&f->cx, &u, fw, NULL, 0, got));
	for (size_t i = 0; i < n; i++)
		assert_true(got[i] == want[i]);
}

/* The epilogue's place shows in the result only: take it from the first branch there, check that
 * all others go to the same word. */
static struct targets find_targets(const uint64_t *pre, const uint64_t *rel, size_t n,
				   uint32_t start)
{
	struct targets t = { { 0 } };

	for (size_t i = 0; i < n; i++) {
		unsigned code = (unsigned)(pre[i] >> 56);
		uint32_t addr;

		if (code < DRV_GO_OUT || code > DRV_POP || t.of[code])
			continue;
		assert_true(nfp_word_branch_addr(rel[i], &addr));
		t.of[code] = addr - start;
	}
	return t;
}

static void peer_programs(void **state)
{
	struct fixture *f = *state;
	DIR *dir = opendir(TEST_DATA "/peer-nfp-jit/words");
	unsigned programs = 0;
	struct dirent *e;

	assert_non_null(dir);
	while ((e = readdir(dir))) {
		char pre_path[1024], rel_path[1024];
		uint64_t *pre, *rel;
		size_t n, n_rel;
		struct targets t;

		if (!strstr(e->d_name, ".pre.hex"))
			continue;
		snprintf(pre_path, sizeof(pre_path), TEST_DATA "/peer-nfp-jit/words/%s", e->d_name);
		snprintf(rel_path, sizeof(rel_path), "%.*s.rel.hex",
			 (int)(strlen(pre_path) - strlen(".pre.hex")), pre_path);
		assert_true(nfp_words_read(&f->cx, pre_path, &pre, &n));
		assert_true(nfp_words_read(&f->cx, rel_path, &rel, &n_rel));
		assert_int_equal(n, n_rel);
		assert_in_range(n, 1, MAX_WORDS);
		t = find_targets(pre, rel, n, f->generous.start);
		check_program(f, pre, rel, n, &t, &f->generous);
		programs++;
	}
	closedir(dir);
	assert_int_equal(programs, 24);
}

/* The same program twice in jit-vectors.txt, before and after, with its targets. */
static void vector_program(void **state)
{
	struct fixture *f = *state;
	FILE *file = fopen(TEST_DATA "/jit-vectors/jit-vectors.txt", "r");
	uint64_t pre[64], rel[64];
	size_t n_pre = 0, n_rel = 0;
	struct targets t = { .of = { [DRV_GO_OUT] = 8, [DRV_GO_ABORT] = 5 } };
	char line[256], section[256] = "";

	assert_non_null(file);
	while (fgets(line, sizeof(line), file)) {
		if (line[0] == '#' && line[1] == ' ')
			memcpy(section, line, sizeof(section));
		else if (line[0] == '#')
			continue;
		else if (!strcmp(section, "# full xdp: r0=2;exit\n"))
			pre[n_pre++] = strtoull(line, NULL, 16);
		else if (strstr(section, "relocated+ecc start=3072 done=1"))
			rel[n_rel++] = strtoull(line, NULL, 16);
	}
	fclose(file);
	assert_int_equal(n_pre, 26);
	assert_int_equal(n_rel, 26);
	check_program(f, pre, rel, n_pre, &t, &f->corenic);
}

/* ---- our own kinds and refusals ---- */

static uint64_t immed_word(unsigned reg)
{
	struct nfp_insn insn = { .class = NFP_ISA_IMMED, .immed = { .dst = nfp_r_gpr_b(reg) } };

	return nfp_encode(&insn);
}

static uint64_t br_word(void)
{
	struct nfp_insn insn = { .class = NFP_ISA_BRANCH, .br = { .cc = NFP_CC_ALWAYS } };

	return nfp_encode(&insn);
}

static void map_ids(void **state)
{
	struct fixture *f = *state;
	uint64_t words[] = { immed_word(3), immed_word(4) }, out[2];
	struct nfp_reloc relocs[] = { { 0, NFP_RELOC_IMMED_MAP, 1 },
				      { 1, NFP_RELOC_IMMED_MAP, 0 } };
	struct nfp_ucode u = { .words = words, .n_words = 2, .relocs = relocs, .n_relocs = 2 };
	uint32_t tids[] = { 7, 0xffff };
	struct nfp_insn insn;

	assert_true(nfp_ucode_relocate(&f->cx, &u, &f->corenic, tids, 2, out));
	assert_true(nfp_decode(out[0], &insn));
	assert_int_equal(insn.immed.value, 0xffff);
	assert_true(nfp_decode(out[1], &insn));
	assert_int_equal(insn.immed.value, 7);
	assert_true(words[0] == immed_word(3)); /* the input stays */

	tids[1] = 0x10000;
	assert_false(nfp_ucode_relocate(&f->cx, &u, &f->corenic, tids, 2, out));
	assert_false(nfp_ucode_relocate(&f->cx, &u, &f->corenic, tids, 1, out));
}

static void refusals(void **state)
{
	static const struct {
		struct nfp_reloc reloc;
		enum reason reason;
	} cases[] = {
		{ { 0, NFP_RELOC_BR_HELPER, NFP_HELPER_MAP_UPDATE }, REASON_RELOC_HELPER },
		{ { 0, NFP_RELOC_BR_HELPER, 1000 }, REASON_RELOC_HELPER },
		{ { 0, NFP_RELOC_BR_REL, 2 }, REASON_RELOC_RANGE },
		{ { 2, NFP_RELOC_BR_REL, 0 }, REASON_RELOC_RANGE },
		{ { 1, NFP_RELOC_BR_REL, 0 }, REASON_RELOC_RANGE },    /* no branch */
		{ { 0, NFP_RELOC_IMMED_REL, 0 }, REASON_RELOC_RANGE }, /* no immed */
		{ { 0, NFP_RELOC_IMMED_MAP, 0 }, REASON_RELOC_RANGE }, /* no map */
	};
	struct fixture *f = *state;
	uint64_t words[] = { br_word(), immed_word(0) }, out[2];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct nfp_reloc reloc = cases[i].reloc;
		struct nfp_ucode u = {
			.words = words, .n_words = 2, .relocs = &reloc, .n_relocs = 1
		};

		assert_false(nfp_ucode_relocate(&f->cx, &u, &f->corenic, NULL, 0, out));
		assert_int_equal(f->diags.list.at[f->diags.list.len - 1].reason, cases[i].reason);
	}
}

static void code_store_is_finite(void **state)
{
	struct fixture *f = *state;
	struct nfp_firmware fw = f->corenic;
	uint64_t words[] = { br_word(), NFP_NOP }, out[2];
	struct nfp_reloc reloc = { 0, NFP_RELOC_BR_REL, 1 };
	struct nfp_ucode u = { .words = words, .n_words = 2, .relocs = &reloc, .n_relocs = 1 };
	uint32_t addr;

	fw.start = 16382;
	assert_true(nfp_ucode_relocate(&f->cx, &u, &fw, NULL, 0, out));
	assert_true(nfp_word_branch_addr(out[0], &addr));
	assert_int_equal(addr, 16383);
	fw.start = 16383;
	assert_false(nfp_ucode_relocate(&f->cx, &u, &fw, NULL, 0, out));
	fw.start = UINT32_MAX;
	assert_false(nfp_ucode_relocate(&f->cx, &u, &fw, NULL, 0, out));
}

/* ---- flat words ---- */

static void words_round_trip(void **state)
{
	struct fixture *f = *state;
	const char *path = TEST_BUILD "/nfp-reloc-words.tmp";
	uint64_t words[] = { 0, UINT64_MAX, UINT64_C(0x000f20f003f05bff) }, *back;
	size_t n;

	assert_true(nfp_words_write(&f->cx, path, words, 3));
	assert_true(nfp_words_read(&f->cx, path, &back, &n));
	assert_int_equal(n, 3);
	assert_memory_equal(words, back, sizeof(words));
	unlink(path);
	assert_false(nfp_words_write(&f->cx, TEST_BUILD "/no/such/folder", words, 3));
}

static void words_are_parsed_strictly(void **state)
{
	static const struct {
		const char *text;
		size_t n; /* 0: refused */
	} cases[] = {
		{ "# words\n000f20f003f05bff\r\n\n000F20F003F05BFF", 2 },
		{ "000f20f003f05bf\n", 0 },
		{ "000f20f003f05bfff\n", 0 },
		{ "0x0f20f003f05bff\n", 0 },
		{ " 00f20f003f05bff\n", 0 },
		{ "000f20f003f05bff 1\n", 0 },
		{ "# nothing\n", 0 },
	};
	struct fixture *f = *state;
	const char *path = TEST_BUILD "/nfp-reloc-parse.tmp";

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		FILE *file = fopen(path, "w");
		uint64_t *words;
		size_t n = 0;

		assert_non_null(file);
		fputs(cases[i].text, file);
		fclose(file);
		assert_int_equal(nfp_words_read(&f->cx, path, &words, &n), cases[i].n != 0);
		assert_int_equal(n, cases[i].n);
	}
	unlink(path);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(peer_programs),
		TEST(vector_program),
		TEST(map_ids),
		TEST(refusals),
		TEST(code_store_is_finite),
		TEST(words_round_trip),
		TEST(words_are_parsed_strictly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
