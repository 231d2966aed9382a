/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/firmware.h"

#include "base/bits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
	struct arena arena, scratch;
	struct diags diags;
	struct cx cx;
	char path[1024];
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	int fd;

	arena_init(&f->arena);
	arena_init(&f->scratch);
	diags_init(&f->diags, &f->arena);
	f->cx = (struct cx){ .arena = &f->arena, .scratch = &f->scratch, .diags = &f->diags };
	snprintf(f->path, sizeof(f->path), TEST_BUILD "/nfp-firmware-XXXXXX");
	fd = mkstemp(f->path);
	close(fd);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	unlink(f->path);
	arena_reset(&f->arena);
	arena_reset(&f->scratch);
	free(f);
	return 0;
}

static bool load_bytes(struct fixture *f, const void *data, size_t size, struct nfp_firmware *fw)
{
	FILE *file = fopen(f->path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, size, file), size);
	fclose(file);
	return nfp_firmware_load(&f->cx, f->path, fw);
}

static const struct diag *last(const struct fixture *f)
{
	assert_true(f->diags.list.len > 0);
	return &f->diags.list.at[f->diags.list.len - 1];
}

/* ---- shipped profiles ---- */

static void shipped(void **state)
{
	struct fixture *f = *state;
	struct nfp_firmware fw;

	assert_true(nfp_firmware_load(&f->cx, NULL, &fw));
	assert_string_equal(fw.name, "corenic");
	assert_int_equal(fw.start, 3072);
	assert_int_equal(fw.max_len, 2560);
	assert_int_equal(fw.inline_mtu, 1888);
	assert_int_equal(nfp_firmware_helper_addr(&fw, NFP_HELPER_MAP_LOOKUP), 0x200);
	assert_int_equal(nfp_firmware_helper_addr(&fw, NFP_HELPER_MAP_UPDATE), 0);
	assert_int_equal(nfp_firmware_helper_addr(&fw, 12345), 0);

	assert_true(nfp_firmware_load(&f->cx, "generous", &fw));
	assert_int_equal(fw.abi_version, 3);
	assert_int_equal(nfp_firmware_helper_addr(&fw, NFP_HELPER_PERF_EVENT), 0x1c0);
	assert_int_equal(fw.maps.max_elem_bytes, 66048);
	assert_int_equal(f->diags.list.len, 0);
}

static void unknown_names_list_the_shipped_ones(void **state)
{
	struct fixture *f = *state;
	struct nfp_firmware fw;

	assert_false(nfp_firmware_load(&f->cx, "corenick", &fw));
	assert_int_equal(last(f)->reason, REASON_FIRMWARE_UNKNOWN);
	assert_non_null(strstr(last(f)->text, "corenic, generous"));
	assert_false(nfp_firmware_load(&f->cx, "/", &fw));
}

/* ---- text ---- */

static void text_profile(void **state)
{
	static const char text[] = "# a comment\n"
				   "abi_version = 3\r\n"
				   "\n"
				   "helper.map_lookup=0x123   # trailing comment\n"
				   "adjust_head = yes\n"
				   "adjust_head.off_min = 10\n"
				   "adjust_head.off_max = 20\n"
				   "maps.types = hash, array,lpm_trie\n"
				   "maps.max_elems = 8589934592\n"
				   "random = yes\n"
				   "queue_select = no\n"
				   "start = 100";
	struct fixture *f = *state;
	struct nfp_firmware fw;

	assert_true(load_bytes(f, text, sizeof(text) - 1, &fw));
	assert_string_equal(fw.name, f->path);
	assert_int_equal(fw.abi_version, 3);
	assert_int_equal(fw.helper_addr.map_lookup, 0x123);
	assert_int_equal(fw.helper_addr.map_update, 0);
	assert_true(fw.adjust_head.present);
	assert_int_equal(fw.adjust_head.off_max, 20);
	assert_true(fw.maps.present);
	assert_int_equal(fw.maps.types, 1 << 1 | 1 << 2 | 1 << 11);
	assert_true(fw.maps.max_elems == UINT64_C(8589934592));
	assert_true(fw.random);
	assert_false(fw.queue_select);
	assert_int_equal(fw.start, 100);
	assert_int_equal(fw.max_len, 2560); /* left out: as corenic */
}

static void text_may_build_on_a_shipped_profile(void **state)
{
	static const char text[] = "base = generous\nmax_len = 100\n";
	struct fixture *f = *state;
	struct nfp_firmware fw;

	assert_true(load_bytes(f, text, sizeof(text) - 1, &fw));
	assert_int_equal(fw.max_len, 100);
	assert_int_equal(fw.helper_addr.map_delete, 0x180);
	assert_string_equal(fw.name, f->path);
}

static const struct {
	const char *text, *message; /* NULL: any */
	enum reason reason;
} bad_texts[] = {
	{ "start", "line 1: expected 'key = value'", REASON_FIRMWARE_TEXT },
	{ "start = 1\nstart = 2\n", "line 2: start was already given in line 1",
	  REASON_FIRMWARE_TEXT },
	{ "\n\nstarts = 1\n", "line 3: unknown key 'starts'", REASON_FIRMWARE_TEXT },
	{ "start = ten\n", "'ten' is not a number", REASON_FIRMWARE_TEXT },
	{ "start = 1 2\n", "not a number", REASON_FIRMWARE_TEXT },
	{ "start = -1\n", "not a number", REASON_FIRMWARE_TEXT },
	{ "start = 0x\n", "not a number", REASON_FIRMWARE_TEXT },
	{ "start =\n", "not a number", REASON_FIRMWARE_TEXT },
	{ "start = 18446744073709551616\n", "not a number", REASON_FIRMWARE_TEXT },
	{ "start = 16384\n", "too large", REASON_FIRMWARE_TEXT },
	{ "random = 1\n", "neither yes nor no", REASON_FIRMWARE_TEXT },
	{ "maps.types = hash, list\n", "not a list of map types", REASON_FIRMWARE_TEXT },
	{ "maps.types =\n", "not a list of map types", REASON_FIRMWARE_TEXT },
	{ "maps.max_maps = 3\n", "without maps.types", REASON_FIRMWARE_TEXT },
	{ "adjust_head.off_max = 3\n", "without adjust_head = yes", REASON_FIRMWARE_TEXT },
	{ "start = 3\nbase = corenic\n", "first key", REASON_FIRMWARE_TEXT },
	{ "base = corenic\nbase = corenic\n", "only once", REASON_FIRMWARE_TEXT },
	{ "base = other\n", "not a shipped profile", REASON_FIRMWARE_TEXT },
	{ "# nothing\n", "the file has no key", REASON_FIRMWARE_TEXT },
	{ "abi_version = 4\n", "neither 2 nor 3", REASON_FIRMWARE_UNUSABLE },
	{ "start = 16000\nmax_len = 1000\n", "beyond the code store", REASON_FIRMWARE_UNUSABLE },
	{ "max_len = 0\n", "max_len is 0", REASON_FIRMWARE_UNUSABLE },
	{ "stack_bytes = 100\n", "multiple of 64", REASON_FIRMWARE_UNUSABLE },
	{ "adjust_head = yes\nadjust_head.off_min = 9\n", "off_min", REASON_FIRMWARE_UNUSABLE },
	{ "", "empty", REASON_FIRMWARE_UNKNOWN },
};

static void bad_text_is_refused(void **state)
{
	struct fixture *f = *state;
	struct nfp_firmware fw;

	for (size_t i = 0; i < ARRAY_SIZE(bad_texts); i++) {
		size_t before = f->diags.list.len;
		bool found = false;

		assert_false(load_bytes(f, bad_texts[i].text, strlen(bad_texts[i].text), &fw));
		assert_int_equal(last(f)->reason, bad_texts[i].reason);
		for (size_t d = before; d < f->diags.list.len; d++)
			found |= strstr(f->diags.list.at[d].text, bad_texts[i].message) != NULL;
		if (!found)
			print_error("case %zu: %s\n", i, last(f)->text);
		assert_true(found);
	}
}

/* The profiles that docs/firmware.md prints are the shipped ones: its two fenced blocks. */
static void documented_profiles(void **state)
{
	static const char *const names[] = { "corenic", "generous" };
	struct fixture *f = *state;
	FILE *doc = fopen(TEST_SOURCE "/../docs/firmware.md", "r");
	char text[2][4096] = { "", "" }, line[512];
	unsigned fences = 0;

	assert_non_null(doc);
	while (fgets(line, sizeof(line), doc)) {
		if (!strncmp(line, "```", 3))
			fences++;
		else if (fences == 1 || fences == 3)
			strncat(text[fences / 2], line,
				sizeof(text[0]) - strlen(text[fences / 2]) - 1);
	}
	fclose(doc);
	assert_int_equal(fences, 4);
	for (unsigned i = 0; i < 2; i++) {
		struct nfp_firmware a, b;

		assert_true(load_bytes(f, text[i], strlen(text[i]), &a));
		assert_true(nfp_firmware_load(&f->cx, names[i], &b));
#define FIRMWARE_KEY(key, field, kind, max) assert_true(a.field == b.field);
#include "nfp_backend/firmware/firmware.def"
	}
}

/* ---- the capability symbol ---- */

struct blob {
	uint8_t bytes[256];
	size_t size;
};

static void add(struct blob *b, uint32_t type, unsigned n, const uint32_t *values)
{
	store_le32(b->bytes + b->size, type);
	store_le32(b->bytes + b->size + 4, 4 * n);
	b->size += 8;
	for (unsigned i = 0; i < n; i++, b->size += 4)
		store_le32(b->bytes + b->size, values[i]);
}

#define ADD(b, type, ...)                                                                          \
	add((b), (type), sizeof((const uint32_t[]){ __VA_ARGS__ }) / 4,                            \
	    (const uint32_t[]){ __VA_ARGS__ })

static struct blob corenic_blob(void)
{
	struct blob b = { .size = 0 };

	ADD(&b, 1, 1, 0x200);
	ADD(&b, 2, 1, 44, 248, 84, 112);
	ADD(&b, 3, 6, 128, 2048000, 56, 56, 64);
	add(&b, 4, 0, NULL);
	add(&b, 5, 0, NULL);
	add(&b, 6, 0, NULL);
	return b;
}

static void blob_of_the_public_firmware(void **state)
{
	struct fixture *f = *state;
	struct blob b = corenic_blob();
	struct nfp_firmware fw, shipped_fw;

	assert_true(load_bytes(f, b.bytes, b.size, &fw));
	assert_true(nfp_firmware_load(&f->cx, "corenic", &shipped_fw));
	assert_int_equal(fw.abi_version, 2);
	assert_memory_equal(&fw.helper_addr, &shipped_fw.helper_addr, sizeof(fw.helper_addr));
	assert_int_equal(fw.adjust_head.guaranteed_add, shipped_fw.adjust_head.guaranteed_add);
	assert_int_equal(fw.maps.types, shipped_fw.maps.types);
	assert_int_equal(fw.maps.max_elem_bytes, shipped_fw.maps.max_elem_bytes);
	assert_true(fw.random && fw.queue_select && fw.adjust_tail && !fw.cmsg_multi_ent);
	assert_int_equal(fw.start, shipped_fw.start);
}

static void blob_details(void **state)
{
	struct fixture *f = *state;
	struct blob b = corenic_blob();
	struct nfp_firmware fw;

	ADD(&b, 99, 1, 2, 3);       /* unknown type */
	ADD(&b, 1, 77, 0x300);      /* unknown helper */
	ADD(&b, 7, 3, 0xffffffffu); /* longer than needed */
	add(&b, 8, 0, NULL);
	assert_true(load_bytes(f, b.bytes, b.size, &fw));
	assert_int_equal(fw.abi_version, 3);
	assert_true(fw.cmsg_multi_ent);

	b = corenic_blob();
	ADD(&b, 2, 1, 44, 256, 84, 112); /* limits over 8 bits: as if absent */
	assert_true(load_bytes(f, b.bytes, b.size, &fw));
	assert_false(fw.adjust_head.present);
	assert_int_equal(last(f)->reason, REASON_FIRMWARE_ADJUST_HEAD);
}

static void bad_blobs_are_refused(void **state)
{
	struct fixture *f = *state;
	struct nfp_firmware fw;
	struct blob b = corenic_blob();

	assert_false(load_bytes(f, b.bytes, b.size - 5, &fw)); /* 3 bytes of a header */
	assert_int_equal(last(f)->reason, REASON_FIRMWARE_BLOB);
	store_le32(b.bytes + b.size - 4, 1); /* runs over the end */
	assert_false(load_bytes(f, b.bytes, b.size, &fw));
	assert_int_equal(last(f)->reason, REASON_FIRMWARE_BLOB);

	b = (struct blob){ .size = 0 };
	ADD(&b, 3, 6, 128, 2048000, 56, 56);
	assert_false(load_bytes(f, b.bytes, b.size, &fw));
	assert_non_null(strstr(last(f)->text, "too short"));

	b = (struct blob){ .size = 0 };
	ADD(&b, 1, 1, 16384);
	assert_false(load_bytes(f, b.bytes, b.size, &fw));

	b = (struct blob){ .size = 0 };
	ADD(&b, 7, 1);
	assert_false(load_bytes(f, b.bytes, b.size, &fw));
	assert_int_equal(last(f)->reason, REASON_FIRMWARE_UNUSABLE);

	b = (struct blob){ .size = 0 };
	ADD(&b, 2, 1, 45, 44, 84, 112);
	assert_false(load_bytes(f, b.bytes, b.size, &fw));
	assert_int_equal(last(f)->reason, REASON_FIRMWARE_UNUSABLE);
}

static void too_large_a_file(void **state)
{
	struct fixture *f = *state;
	struct nfp_firmware fw;

	assert_int_equal(truncate(f->path, (1 << 20) + 1), 0);
	assert_false(nfp_firmware_load(&f->cx, f->path, &fw));
	assert_int_equal(f->diags.list.at[0].reason, REASON_FILE_UNREADABLE);
	assert_int_equal(truncate(f->path, 1 << 20), 0); /* one MiB of zeros: entries of type 0 */
	assert_true(nfp_firmware_load(&f->cx, f->path, &fw));
}

/* Mutations of good files: whatever comes out, it is an answer. */
static void mutated_files(void **state)
{
	static const char text[] =
		"base = generous\nmaps.types = hash\nrandom = no # x\nstart = 0x800\n";
	struct fixture *f = *state;
	struct blob b = corenic_blob();
	uint32_t seed = 1;

	for (unsigned round = 0; round < 600; round++) {
		const uint8_t *from = round & 1 ? b.bytes : (const uint8_t *)text;
		size_t size = round & 1 ? b.size : sizeof(text) - 1;
		uint8_t copy[256];
		struct nfp_firmware fw;

		memcpy(copy, from, size);
		for (unsigned k = 0; k < 1 + round % 4; k++) {
			seed = seed * 1664525u + 1013904223u;
			copy[(seed >> 8) % size] = (uint8_t)(seed >> 24);
		}
		if (!load_bytes(f, copy, size, &fw))
			assert_true(f->diags.errors > 0);
		arena_reset(&f->arena);
		diags_init(&f->diags, &f->arena);
	}
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(shipped),
		TEST(unknown_names_list_the_shipped_ones),
		TEST(text_profile),
		TEST(text_may_build_on_a_shipped_profile),
		TEST(bad_text_is_refused),
		TEST(documented_profiles),
		TEST(blob_of_the_public_firmware),
		TEST(blob_details),
		TEST(bad_blobs_are_refused),
		TEST(too_large_a_file),
		TEST(mutated_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
