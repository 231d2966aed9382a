/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_CONFORMANCE_TEST_FILE_H
#define TESTS_CONFORMANCE_TEST_FILE_H

#include "ebpf/insn.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A file of the bpf_conformance suite: sections that begin with "-- name".
 *
 *   -- asm      assembly text, one instruction a line ("mov %r0, 1", "jeq %r1, 2, done", "done:")
 *   -- raw      instead of it: instructions as 64-bit numbers
 *   -- mem      hexadecimal bytes; the program gets their address in R1 and their number in R2
 *   -- result   R0 at the end
 *   -- error    instead of it: the program does not run
 * Other sections are comments, and so is the rest of a line behind "#". */

#define TEST_MAX_INSNS 512u
#define TEST_MAX_MEM   1024u
#define TEST_MAX_FUNCS 8u

struct test_file {
	struct bpf_insn insns[TEST_MAX_INSNS];
	uint32_t n_insns;
	uint8_t mem[TEST_MAX_MEM];
	uint32_t mem_len;
	uint64_t result;
	bool has_result, wants_error;
	char error[160]; /* why the file could not be read */
};

/* False: t->error says why. */
bool test_file_read(const char *path, struct test_file *t);

/* assemble.c: the text of an "asm" section. False: `error` says why. */
bool assemble(const char *text, struct bpf_insn *out, uint32_t max, uint32_t *n, char *error,
	      size_t error_size);

#endif
