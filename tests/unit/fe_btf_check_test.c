/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/object/loader.h"

#include "base/bits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include <linux/btf.h>

/* fe_btf_problem() on blobs of a few types. A type is given by its words behind the name. */

#define INFO(kind, n) ((uint32_t)(kind) << 24 | (n))

struct blob {
	struct btf_header header;
	uint32_t words[64];
};

static const char strings[4] = { 0, 'a', 0, 0 };

/* `words`: name, info, size or type, then what the kind asks for; strings go behind. */
static struct blob make(const uint32_t *words, uint32_t n)
{
	struct blob b = { .header = { .magic = BTF_MAGIC,
				      .version = BTF_VERSION,
				      .hdr_len = sizeof(b.header),
				      .type_len = n * 4,
				      .str_off = n * 4,
				      .str_len = sizeof(strings) } };

	memcpy(b.words, words, n * 4);
	memcpy(b.words + n, strings, sizeof(strings));
	return b;
}

/* Of a blob whose types take `type_bytes`, whatever its header says. */
static const char *problem(const struct blob *b, size_t type_bytes)
{
	struct fe_bytes bytes = { (const uint8_t *)b,
				  sizeof(b->header) + type_bytes + sizeof(strings) };
	static char text[128];
	struct arena a;
	const char *why;

	arena_init(&a);
	why = fe_btf_problem(&a, bytes);
	if (why)
		snprintf(text, sizeof(text), "%s", why);
	arena_reset(&a);
	return why ? text : NULL;
}

#define INT 1, INFO(BTF_KIND_INT, 0), 4, 32

static const struct {
	const char *rule;
	uint32_t words[24], n;
	const char *why; /* part of the problem; NULL: fine */
} cases[] = {
	{ "no types", { 0 }, 0, NULL },
	{ "an integer", { INT }, 4, NULL },
	{ "a struct with a member", { INT, 1, INFO(BTF_KIND_STRUCT, 1), 4, 1, 1, 0 }, 10, NULL },
	{ "a pointer to itself is fine", { 0, INFO(BTF_KIND_PTR, 0), 1 }, 3, NULL },
	{ "a list: struct with a pointer to itself",
	  { 1, INFO(BTF_KIND_STRUCT, 1), 8, 1, 2, 0, 0, INFO(BTF_KIND_PTR, 0), 1 },
	  9,
	  NULL },
	{ "a typedef of itself", { 1, INFO(BTF_KIND_TYPEDEF, 0), 1 }, 3, "contains itself" },
	{ "const of volatile of const",
	  { 0, INFO(BTF_KIND_CONST, 0), 2, 0, INFO(BTF_KIND_VOLATILE, 0), 1 },
	  6,
	  "contains itself" },
	{ "a struct within itself",
	  { 1, INFO(BTF_KIND_STRUCT, 1), 4, 1, 1, 0 },
	  6,
	  "contains itself" },
	{ "an array of itself", { 0, INFO(BTF_KIND_ARRAY, 0), 0, 1, 0, 4 }, 6, "contains itself" },
	{ "a reference out of range", { 0, INFO(BTF_KIND_PTR, 0), 2 }, 3, "refers to a type" },
	{ "a member out of range",
	  { 1, INFO(BTF_KIND_STRUCT, 1), 4, 1, 9, 0 },
	  6,
	  "bad name or type" },
	{ "a member of type void",
	  { 1, INFO(BTF_KIND_STRUCT, 1), 4, 1, 0, 0 },
	  6,
	  "bad name or type" },
	{ "a name out of range", { 9, INFO(BTF_KIND_INT, 0), 4, 32 }, 4, "outside the strings" },
	{ "a function of no prototype",
	  { INT, 1, INFO(BTF_KIND_FUNC, 0), 1 },
	  7,
	  "refers to a type" },
	{ "a data section of integers",
	  { INT, 1, INFO(BTF_KIND_DATASEC, 1), 4, 1, 0, 4 },
	  10,
	  "bad name or type" },
	{ "members cut off", { 1, INFO(BTF_KIND_STRUCT, 9), 4, 1, 1, 0 }, 6, "truncated" },
	{ "a type cut off", { 1, INFO(BTF_KIND_INT, 0) }, 2, "truncated" },
	{ "an unknown kind", { 1, INFO(20, 0), 4 }, 3, "unknown kind" },
	{ "an integer of no size", { 1, INFO(BTF_KIND_INT, 0), 0, 0 }, 4, "refers to a type" },
};

static void types_are_checked(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct blob b = make(cases[i].words, cases[i].n);
		const char *why = problem(&b, cases[i].n * 4ul);

		if (!why != !cases[i].why || (why && !strstr(why, cases[i].why)))
			fail_msg("%s: %s", cases[i].rule, why ? why : "accepted");
	}
}

static void headers_are_checked(void **state)
{
	static const uint32_t types[] = { INT };
	static const struct {
		size_t offset;
		uint32_t value;
	} bad[] = {
		{ offsetof(struct btf_header, magic), 0x01009feb }, /* big-endian */
		{ offsetof(struct btf_header, magic), 0 },
		{ offsetof(struct btf_header, hdr_len), 8 },
		{ offsetof(struct btf_header, hdr_len), 1000 },
		{ offsetof(struct btf_header, type_off), 2 },
		{ offsetof(struct btf_header, type_len), UINT32_MAX },
		{ offsetof(struct btf_header, str_off), UINT32_MAX },
		{ offsetof(struct btf_header, str_len), 0 },
		{ offsetof(struct btf_header, str_len), 2 },  /* ends within "a" */
		{ offsetof(struct btf_header, str_off), 17 }, /* begins within "a" */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct blob b = make(types, ARRAY_SIZE(types));

		assert_null(problem(&b, sizeof(types)));
		memcpy((uint8_t *)&b.header + bad[i].offset, &bad[i].value, 4);
		if (!problem(&b, sizeof(types)))
			fail_msg("header case %zu was accepted", i);
	}
}

static void deep_nesting_is_refused(void **state)
{
	enum { DEPTH = 600 };
	struct {
		struct btf_header header;
		uint32_t words[DEPTH * 3 + 4];
		char strings[4];
	} b = { .header = { .magic = BTF_MAGIC,
			    .version = BTF_VERSION,
			    .hdr_len = sizeof(b.header),
			    .type_len = sizeof(b.words),
			    .str_off = sizeof(b.words),
			    .str_len = sizeof(b.strings) } };
	struct fe_bytes bytes = { (const uint8_t *)&b, sizeof(b) };
	struct arena a;

	(void)state;
	for (uint32_t i = 0; i < DEPTH; i++) { /* const of the next, and so on to an int */
		b.words[i * 3 + 1] = INFO(BTF_KIND_CONST, 0);
		b.words[i * 3 + 2] = i + 2;
	}
	memcpy(&b.words[(size_t)DEPTH * 3], (uint32_t[]){ 0, INFO(BTF_KIND_INT, 0), 4, 32 }, 16);
	arena_init(&a);
	assert_non_null(fe_btf_problem(&a, bytes));
	arena_reset(&a);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(types_are_checked),
		cmocka_unit_test(headers_are_checked),
		cmocka_unit_test(deep_nesting_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
