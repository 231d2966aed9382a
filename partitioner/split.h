#ifndef PARTITIONER_SPLIT_H
#define PARTITIONER_SPLIT_H

#include "partitioner/device.h"

/* Where each instruction runs, and why. */

enum part_place {
	PART_DEAD,   /* no path reaches it */
	PART_DEVICE, /* the device executes it */
	PART_HOST,   /* the host executes it */
};

enum part_placement {
	PART_ALL_DEVICE,
	PART_SPLIT, /* device first, then host */
	PART_ALL_HOST,
};

/* Why the device does not take an instruction (or the whole program: insn == PART_WHOLE). */
#define PART_WHOLE UINT32_MAX
struct part_reason {
	uint32_t insn;
	int32_t inst; /* instance in which it was refused; -1: whole program */
	enum reason reason;
	const char *text;
};

struct split {
	const struct vprog *vp;
	enum part_placement placement;
	enum part_place *place;      /* per instruction of the program, over all instances */
	struct part_reason *reasons; /* sorted by insn; one a distinct (insn, reason) */
	size_t n_reasons;
	/* instructions; second slots of LD_IMM64 are not counted */
	uint32_t device_capable; /* the device could execute them */
	uint32_t live_insns;     /* some path reaches them */
	void *image;             /* what the backend's translate made; NULL unless on the device */
};

/* Takes a verified program through a backend and decides. False: reported; nothing to use. */
bool part_offload(struct cx *cx, const struct vprog *vp, const struct bpf_offload_ops *ops,
		  const void *target, const struct offload_options *opts, struct split *split,
		  struct offload_prog *state);

const char *part_placement_name(enum part_placement p); /* "device", "split", "host" */

#endif
