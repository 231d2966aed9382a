/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NFP_BACKEND_UCODE_H
#define NFP_BACKEND_UCODE_H

#include "nfp_backend/firmware.h"

#include <stddef.h>
#include <stdint.h>

/* A program as instruction words that are not bound to a vNIC yet.
 *
 * A word holds only the 45 operation bits [44:0]: no ECC, no relocation code. Fields that
 * must still be filled in are rows of the side table, so a word equals the word that the hardware loads
 * except for these fields. Program-relative targets count from word 0 of the program. */

enum nfp_reloc_kind {
	NFP_RELOC_BR_REL,      /* branch address field: target is a word of this program */
	NFP_RELOC_BR_NEXT_PKT, /* branch address field: the firmware's BPF_DONE */
	NFP_RELOC_BR_HELPER,   /* branch address field: the firmware's routine for `target` */
	NFP_RELOC_IMMED_REL,   /* 16-bit immediate: code-store address of a word of this program */
	NFP_RELOC_IMMED_MAP,   /* 16-bit immediate: table id of map `target` (see nfp_image) */
};

struct nfp_reloc {
	uint32_t word_idx;
	enum nfp_reloc_kind kind;
	uint32_t target; /* word index, helper id or map index, by kind */
};

/* BPF instruction of a word: rows sorted by word_idx; a row covers the words up to
 * the next row. bpf_pc -1: made by the backend (prologue, padding). */
struct nfp_line {
	uint32_t word_idx;
	int32_t bpf_pc;
};

struct nfp_ucode {
	uint64_t *words;
	size_t n_words;
	struct nfp_reloc *relocs;
	size_t n_relocs;
	struct nfp_line *lines;
	size_t n_lines;
};

/* 7 check bits over the 45 operation bits (code-store ECC). */
uint8_t nfp_ecc(uint64_t op);
/* The word with its ECC in [51:45]. */
uint64_t nfp_ecc_apply(uint64_t op);

/* Binds a program to one vNIC: applies the relocations and the ECC into `out` (n_words long).
 * map_tids[i] is the firmware's table id of map i. False: reported (address out of range,
 * helper not offered). */
bool nfp_ucode_relocate(struct cx *cx, const struct nfp_ucode *u, const struct nfp_firmware *fw,
			const uint32_t *map_tids, size_t n_maps, uint64_t *out);

/* One loaded word as text in the syntax of binutils' objdump (4-context mode), without address
 * and newline. ECC and bits above are ignored. Returns false for a word that is not an instruction. */
bool nfp_disasm(uint64_t word, char *buf, size_t size);

/* Flat words as text: one hexadecimal 64-bit word per line, 16 digits; '#' starts a comment line.
 * Write goes through a temporary file and rename. Both report what is wrong. */
bool nfp_words_write(struct cx *cx, const char *path, const uint64_t *words, size_t n);
bool nfp_words_read(struct cx *cx, const char *path, uint64_t **words, size_t *n);

#endif
