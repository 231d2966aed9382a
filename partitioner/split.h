/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PARTITIONER_SPLIT_H
#define PARTITIONER_SPLIT_H

#include "partitioner/cut_live.h"
#include "partitioner/map_placement.h"
#include "partitioner/inline.h"

struct offload_image;

/* Where each instruction runs, and why. */

enum part_place {
	PART_DEAD,   /* no path reaches it */
	PART_DEVICE, /* the device executes it */
	PART_HOST,   /* the host executes it */
	PART_BOTH,   /* of a subprogram that both halves call */
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

/* Where control passes from device to host: before instruction `pc` of main. */
struct part_cut_point {
	uint32_t pc;
	uint8_t id; /* in the record, from 1 */
	struct part_live live;
	double share;       /* of all packets, as guessed or measured */
	uint32_t device_at; /* instruction of the device's half where its packing starts */
};

/* Of an instruction that the compiler added. */
#define PART_NO_ORIGIN UINT32_MAX

/* A program in two halves, each a program of its own (docs/handoff.md). */
struct part_halves {
	const struct vprog *of; /* what was split: the user's program, or an inlined form of it */
	const bool *on_device, *on_host; /* by instruction of its main */
	struct part_cut_point *cuts;     /* sorted by pc */
	uint32_t n_cuts;
	uint32_t record_bytes, cookie;
	struct part_map *maps; /* by map of the object: as split.maps */
	struct fe_prog device, host;
	struct fe_prog xdp_stub; /* tc: the host's program at the XDP hook; else no instructions */
	bool tagged; /* tc: frames with a VLAN tag are the host's from instruction 0 on: cuts[0] */
	const uint32_t *device_origin; /* by instruction: of the source, or PART_NO_ORIGIN */
	const uint32_t *host_origin;
	struct vprog device_vp, host_vp, xdp_stub_vp;
	double device_share; /* of the instructions that run, those that the device takes over */
	uint64_t measured;   /* packets of the profile that shares come from; 0: guessed */
	int64_t benefit;     /* of the placement (part_cut_benefit) */
};

struct split {
	/* What was placed: the program as its user wrote it, or an inlined form of it. All else is in its terms. */
	const struct vprog *vp;
	const struct part_inlined *inlined; /* NULL: as written */
	const char *inline_note; /* why no more calls were replaced; NULL: nothing to say */
	enum part_placement placement;
	enum part_place *place;      /* per instruction of the program, over all instances */
	const bool *refused;         /* as place: by the device */
	struct part_reason *reasons; /* sorted by insn; one a distinct (insn, reason) */
	size_t n_reasons;
	bool exceeds_device; /* the device takes each instruction, but not all of them in one program */
	/* instructions; second slots of LD_IMM64 are not counted */
	uint32_t device_capable;     /* the device could execute them */
	uint32_t live_insns;         /* some path reaches them */
	struct offload_image *image; /* NULL when nothing is on the device */
	struct part_halves *halves;  /* PART_SPLIT only */
	struct part_map *maps; /* by map of the object: where it lives, whatever the placement */
	const char *
		no_split_reason; /* why a program that stays on the host was not split; NULL: not tried */
};

/* Where an instruction of split.vp is in the program as written (`own`, in the object) or in one that its
 * tail calls lead to. */
struct part_source {
	const struct fe_prog *prog;
	uint32_t insn;
};
struct part_source part_source_of(const struct split *split, const struct fe_prog *own,
				  uint32_t insn);

const char *part_placement_name(enum part_placement p); /* "device", "split", "host" */

#endif
