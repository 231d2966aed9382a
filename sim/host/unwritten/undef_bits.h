/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SIM_HOST_UNWRITTEN_UNDEF_BITS_H
#define SIM_HOST_UNWRITTEN_UNDEF_BITS_H

#include "ebpf/insn.h"

/* Numbers of which some bits are undefined: they come from memory that was never written. Of an instruction's result
 * those bits are undefined that another choice of the operands' undefined bits could change; where that is not worth
 * working out (division, shifts by an undefined amount) all of them are. */

struct sim_bits {
	uint64_t value;
	uint64_t undef; /* 1: this bit of `value` might as well be the other */
};

/* Undefined bits of what an instruction of class ALU or ALU64 makes of its operands (`b` of BPF_NEG and BPF_END is not
 * looked at). */
uint64_t sim_undef_alu(const struct bpf_insn *insn, struct sim_bits a, struct sim_bits b);
/* Does it hang on undefined bits whether a conditional jump is taken? */
bool sim_undef_decides(const struct bpf_insn *insn, struct sim_bits a, struct sim_bits b);

#endif
