/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PARTITIONER_TC_SPLIT_H
#define PARTITIONER_TC_SPLIT_H

#include "frontend/vprog.h"

/* Two kinds of program are split: XDP, and tc classifiers that return an action (direct-action
 * mode, tcx). The device half of both runs at the device's XDP hook; this file has the consequences for
 * tc (docs/handoff.md). */

/* Largest record that XDP metadata of any kernel holds: a tc host half gets it there. */
#define PART_META_BYTES 32u

static inline bool part_is_tc(const struct fe_prog *prog)
{
	return prog->type == BPF_PROG_TYPE_SCHED_CLS;
}

/* Why the program as a whole is not split; NULL: it may be. */
const char *part_unsplittable(const struct vprog *vp);
/* An instruction of a tc program that the device half could execute at another hook; it stays on the host. */
bool part_tc_needs_skb(const struct vprog *vp, size_t inst, uint32_t pc);
/* The card refuses to end a tc program with most actions; in a split the record carries them. */
bool part_tc_exit_via_record(const struct vprog *vp, size_t inst, uint32_t pc);

/* tc_fields.c: which field of struct __sk_buff an instruction loads. */
enum part_field {
	PART_FIELD_NONE, /* it loads none of those below */
	PART_FIELD_LEN,
	PART_FIELD_DATA,
	PART_FIELD_DATA_END,
	PART_FIELD_DATA_META,
};
enum part_field part_field_at(const struct vprog *vp, uint32_t pc);
/* A register that holds nothing before `pc` and is not its result; -1: none. */
int part_idle_register(const struct vprog *vp, uint32_t pc);
/* LD_ABS, LD_IND. */
bool part_is_packet_load(const struct bpf_insn *insn);

#endif
