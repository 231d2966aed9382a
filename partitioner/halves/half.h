#ifndef PARTITIONER_HALVES_HALF_H
#define PARTITIONER_HALVES_HALF_H

#include "partitioner/halves/asm.h"
#include "partitioner/split.h"

/* A half is a program of its own: a beginning or an end that deals with the record, and copies of
 * the source program's instructions between (half.c). devgen.c and hostgen.c add their parts. */

struct part_half {
	struct cx *cx;
	const struct part_pair *pair;
	const struct vprog *vp; /* source; has main_stack */
	const bool *mine;       /* by instruction of main: copied into this half */
	struct part_asm as;
	uint32_t *label;     /* by instruction of main: where its copy is */
	uint32_t *elsewhere; /* by instruction of main: where to go when it is not mine */
	uint32_t *sub_label; /* by subprogram of the source */
	bool *sub_wanted, *sub_done;
	int16_t ctx_at;  /* stack slot of ours: the context, for the whole run */
	int16_t save_at; /* lowest byte of the rest of our stack, which starts below ctx_at */
	uint32_t abort;  /* label: something is wrong with the record or the packet */
	/* The device's half: branches that only go one way are none, maps that only the host uses have no
	 * address, and an exit of main becomes what this makes of it, given what is proven of R0. */
	void (*exit)(struct part_half *h, const struct vp_reg *r0);
};

/* Stack of the source program, the context's slot, and `bytes` more. False: more than there is. */
bool part_half_begin(struct part_half *h, uint32_t bytes);
/* Main's instructions that are mine, in order. */
void part_half_body(struct part_half *h);
/* Subprograms that are called, then the program. False: a jump is too far. */
bool part_half_finish(struct part_half *h, const char *name, struct fe_prog *prog,
		      const uint32_t **origin);

/* devgen.c, hostgen.c. False: it cannot be written. */
bool part_make_device(struct cx *cx, const struct vprog *vp, struct part_pair *pair);
bool part_make_host(struct cx *cx, const struct vprog *vp, struct part_pair *pair);

/* Offsets of struct xdp_md. */
#define PART_CTX_DATA     ((int16_t)offsetof(struct xdp_md, data))
#define PART_CTX_DATA_END ((int16_t)offsetof(struct xdp_md, data_end))

#endif
