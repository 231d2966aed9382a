/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PARTITIONER_HALVES_HALF_H
#define PARTITIONER_HALVES_HALF_H

#include "partitioner/halves/assemble.h"
#include "partitioner/make_halves.h"
#include "partitioner/split.h"

/* A half is a program of its own: a beginning or an end that deals with the record, and copies of
 * the source program's instructions between (half.c). device_half.c and host_half.c add their parts. */

/* Offsets in a half's own context: struct xdp_md or struct __sk_buff. */
struct part_ctx {
	int16_t data, data_end, data_meta;
};
extern const struct part_ctx part_ctx_xdp, part_ctx_tc;

struct part_half {
	struct cx *cx;
	const struct part_ctx *ctx;
	const struct part_halves *halves;
	const struct vprog *vp; /* source; has main_stack */
	const bool *mine;       /* by instruction of main: copied into this half */
	struct part_asm as;
	uint32_t *label;     /* by instruction: where its copy is */
	uint32_t *elsewhere; /* by instruction of main: where to go when it is not mine */
	uint32_t *sub_label; /* by subprogram of the source */
	bool *sub_wanted, *sub_done;
	int16_t ctx_at;   /* additional stack slot: the context, for the whole run */
	int16_t save_at;  /* lowest byte of the rest of our stack, which starts below ctx_at */
	uint32_t abort;   /* label: something is wrong with the record or the packet */
	uint32_t verdict; /* label, card's half of a tc program: it is decided, as r0 says */
	/* The device's half: branches that only go one way are none, maps that only the host uses have no
	 * address, and an exit of main becomes what this makes of it, given what is proven of R0. */
	void (*exit)(struct part_half *h, const struct vp_reg *r0);
	/* Puts something else in place of an instruction that is neither jump nor exit; false: it is
	 * copied as it is. NULL: all are. */
	bool (*replace)(struct part_half *h, uint32_t pc);
};

/* Stack of the source program, the context's slot, and `bytes` more. False: more than there is. */
bool part_half_begin(struct part_half *h, uint32_t bytes);
/* Main's instructions that are mine, in order. */
void part_half_body(struct part_half *h);
/* Subprograms that are called, then the program. False: a jump is too far. */
bool part_half_finish(struct part_half *h, const char *name, struct fe_prog *prog,
		      const uint32_t **origin);

/* device_half_tc.c: a tc program's instructions for the device's XDP hook. */
bool part_tc_replace(struct part_half *h, uint32_t pc);
/* Frames with a VLAN tag go to `label`; only r1 stays as it was. */
void part_tc_send_tagged(struct part_half *h, uint32_t label);

/* xdp_stub.c: the XDP program in front of a tc host half. */
bool part_make_xdp_stub(struct cx *cx, const struct vprog *vp, struct part_halves *halves);
/* host_half.c: checks that the record at r2, whose length is proven, belongs to this pair of halves. Leaves
 * the cut in r5; clobbers r4. */
void part_check_record(struct part_asm *a, const struct part_halves *halves, uint32_t abort);

#endif
