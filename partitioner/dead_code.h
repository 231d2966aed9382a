/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PARTITIONER_DEAD_CODE_H
#define PARTITIONER_DEAD_CODE_H

#include "partitioner/split.h"

/* The partitioner's working copy of a program while dead code goes, as the verifier keeps one:
 * jump and call offsets follow the removals. */
struct part_code {
	struct bpf_insn *insns;
	bool *live;
	uint32_t n;
};

void part_code_init(struct part_code *c, struct cx *cx, const struct vprog *vp,
		    const enum part_place *place);
/* A conditional jump with one dead direction: *ja is the equivalent jump. */
bool part_code_hardwired(const struct part_code *c, uint32_t i, struct bpf_insn *ja);
/* Length of the run of dead instructions that starts at i. */
uint32_t part_code_dead_run(const struct part_code *c, uint32_t i);
bool part_code_is_nop(const struct part_code *c, uint32_t i);
void part_code_remove(struct part_code *c, uint32_t off, uint32_t cnt);

#endif
