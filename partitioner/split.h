/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PARTITIONER_SPLIT_H
#define PARTITIONER_SPLIT_H

#include "partitioner/device_ops.h"
#include "partitioner/survey/cut_live.h"
#include "partitioner/map_placement.h"
#include "partitioner/inline.h"

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
	const uint32_t *device_origin; /* by instruction: of the source; UINT32_MAX: ours */
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
	uint32_t device_capable; /* the device could execute them */
	uint32_t live_insns;     /* some path reaches them */
	void *image; /* what the backend's translate made; NULL when nothing is on the device */
	struct part_halves *halves; /* PART_SPLIT only */
	struct part_map *maps; /* by map of the object: where it lives, whatever the placement */
	const char *
		no_split_reason; /* why a program that stays on the host was not split; NULL: not tried */
};

/* reshape.c: takes a verified program (with main_stack) through a backend and decides. False: reported;
 * nothing to use. */
bool part_offload(struct cx *cx, const struct vprog *vp, const struct bpf_offload_ops *ops,
		  const void *target, const struct offload_options *opts, struct split *split,
		  struct offload_prog *state);

/* reshape.c: instructions that all verifications of a program's forms and halves may walk. */
uint64_t part_budget(const struct vprog *vp);

/* offload.c: the same without thought of splitting. */
bool part_offload_whole(struct cx *cx, const struct vprog *vp, const struct bpf_offload_ops *ops,
			const void *target, const struct offload_options *opts, struct split *split,
			struct offload_prog *state);

/* split.c: a program of which the device refuses the instructions in `refused` (by instruction, over
 * all instances). Makes two halves of it, or says in split->no_split_reason why not. */
struct part_pins;
struct part_task {
	struct cx *cx;
	const struct vprog *vp;
	const struct bpf_offload_ops *ops;
	const void *target;
	const struct offload_options *opts;
	const bool *refused;
	const struct part_pins *pins;
	uint64_t *budget; /* instructions that verifications may still walk */
};
void part_split(const struct part_task *task, uint32_t room, struct split *split,
		struct offload_prog *state);

/* Where an instruction of split.vp is in the program as written (`own`, in the object) or in one that its
 * tail calls lead to. */
struct part_source {
	const struct fe_prog *prog;
	uint32_t insn;
};
struct part_source part_source_of(const struct split *split, const struct fe_prog *own,
				  uint32_t insn);

/* cut_points.c: fills in cuts, record_bytes and cookie of the halves from their on_device and tagged; `live` is by
 * instruction. False: it has none, or too many. */
struct part_flow;
bool part_collect_cut_points(struct cx *cx, const struct part_flow *r, const struct part_live *live,
			     uint32_t min_payload, struct part_halves *halves);

const char *part_placement_name(enum part_placement p); /* "device", "split", "host" */

#endif
