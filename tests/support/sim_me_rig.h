/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_SUPPORT_SIM_ME_RIG_H
#define TESTS_SUPPORT_SIM_ME_RIG_H

/* A program put together word by word, loaded at address 0 behind the two intro words that every
 * program has, and run step by step with the engine's registers open to the test. Branches that
 * the kernel generator's listing (tests/data/jit-vectors) leaves unresolved as 15000 + n are the
 * exit (n = 0) and the helpers (n = helper id). */

#include "sim/me/me_internal.h"

#include "base/bits.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MAX_WORDS 64
#define EXIT_ADDR 15000 /* where the listing's unresolved `exit` branches go */
#define OP_MASK   ((UINT64_C(1) << 45) - 1)
#define NOP       UINT64_C(0xf0000c0300)

struct rig {
	struct nfp_firmware fw;
	uint64_t words[MAX_WORDS];
	size_t n;
	struct sim_maps *maps;
	struct sim_me *me;
	struct me_ctx *cx;
	bool lenient;
	struct sim_me_error load_error;
};

static const uint8_t packet[64] =
	"\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x8e\x9f\xf0"
	"\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f\x20"
	"\xa1\xa2\xa3\xa4\xa5\xa6\xa7\xa8\xa9\xaa\xab\xac\xad\xae\xaf\xb0";

/* Little-endian, as eBPF loads. */
static inline uint64_t bytes_at(const uint8_t *p, unsigned off, unsigned n)
{
	return load_le64(p + off) & bits_mask(8 * n);
}

static inline void add(struct rig *r, uint64_t op)
{
	assert_true(r->n < MAX_WORDS);
	op &= OP_MASK;
	r->words[r->n++] = op | (uint64_t)sim_me_ecc(op) << 45;
}

static inline void begin(struct rig *r)
{
	*r = (struct rig){
		.fw = { .helper_addr = { EXIT_ADDR + 1, EXIT_ADDR + 2, EXIT_ADDR + 3,
					 EXIT_ADDR + 25 },
			.max_len = 4096,
			.done = EXIT_ADDR,
			.stack_bytes = 512,
			.inline_mtu = 1888 },
	};
	add(r, 0xf003f05bff); /* the intro: packet length into B22 */
	add(r, 0xb441605a20);
}

static inline void load(struct rig *r)
{
	struct sim_me_config cfg = { .fw = &r->fw, .lenient = r->lenient, .junk_seed = 1 };
	struct sim_me_map map = { .tid = 1 };

	add(r, 0x01dea6008038); /* br[.15000] */
	cfg.words = r->words;
	cfg.n_words = r->n;
	if (r->maps) {
		cfg.maps = r->maps;
		cfg.map_table = &map;
		cfg.n_maps = 1;
	}
	r->me = sim_me_new(&cfg, &r->load_error);
	if (!r->me)
		print_error("%s\n", r->load_error.text);
	assert_non_null(r->me);
	r->cx = &r->me->ctx[ME_CTX_SLOT];
}

static inline void enter(struct rig *r)
{
	struct sim_me_packet in = { .data = packet, .len = sizeof(packet) };

	assert_true(me_enter(r->me, r->cx, &in));
}

static inline void set_reg(struct rig *r, unsigned bpf, uint64_t v)
{
	for (unsigned bank = 0; bank <= R_GPR_B; bank += R_GPR_B) {
		r->cx->r[bank + 2 * bpf] = (uint32_t)v;
		r->cx->r[bank + 2 * bpf + 1] = (uint32_t)(v >> 32);
	}
}

static inline uint64_t get_reg(struct rig *r, unsigned bpf)
{
	const uint32_t *a = &r->cx->r[R_GPR_A + 2 * bpf], *b = &r->cx->r[R_GPR_B + 2 * bpf];

	assert_int_equal(a[0], b[0]); /* the generator keeps both banks equal */
	assert_int_equal(a[1], b[1]);
	return a[0] | (uint64_t)a[1] << 32;
}

static inline void run(struct rig *r)
{
	if (!me_exec(r->me, r->cx)) {
		print_error("%s: %s (%s)\n", sim_me_fault_name(r->me->error.fault),
			    r->me->error.text, r->me->error.insn);
		assert_true(false);
	}
}

static inline void expect_fault(struct rig *r, enum sim_me_fault fault)
{
	enter(r);
	assert_false(me_exec(r->me, r->cx));
	if (r->me->error.fault != fault)
		print_error("got %s: %s\n", sim_me_fault_name(r->me->error.fault),
			    r->me->error.text);
	assert_int_equal(r->me->error.fault, fault);
}

static inline void end(struct rig *r)
{
	sim_me_free(r->me);
	sim_maps_free(r->maps);
}

/* Appends the words under "# title" of the listing. */
static inline void add_section(struct rig *r, const char *title)
{
	FILE *f = fopen(TEST_DATA "/jit-vectors/jit-vectors.txt", "r");
	char line[256];
	bool in = false;
	size_t before = r->n;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\r\n")] = '\0';
		if (line[0] == '#')
			in = !strcmp(line + 2, title);
		else if (in && line[0])
			add(r, strtoull(line, NULL, 16));
	}
	fclose(f);
	if (r->n == before)
		print_error("no section '%s'\n", title);
	assert_true(r->n > before);
}

#endif
