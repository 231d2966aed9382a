/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef EBPF_ASM_H
#define EBPF_ASM_H

#include "ebpf/insn.h"

/* Parses instructions in the syntax of ebpf_disasm(): the text of a legal instruction parses back to the
 * same instruction. */

/* One instruction. 1 or 2: how many of `out` it takes (2: LD_IMM64); 0: no such instruction. */
unsigned ebpf_asm_insn(const char *text, struct bpf_insn out[2]);

/* Lines of instructions. "12: " in front and "; …" behind are left out, so are empty lines. False:
 * *line is the number of the line (from 1) that is none, or for which there was no room. */
bool ebpf_asm(const char *text, struct bpf_insn *out, size_t max, size_t *n, unsigned *line);

#endif
