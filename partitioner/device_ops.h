/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PARTITIONER_DEVICE_OPS_H
#define PARTITIONER_DEVICE_OPS_H

#include "frontend/vprog.h"

/* What the backend of a NIC offers, in the form of the kernel's struct bpf_prog_offload_ops
 * (kernel/bpf/offload.c), so that a backend could stand behind either and a second NIC is a second
 * table. The order of calls is the kernel's:
 *
 *   prepare -> insn_hook for every instruction the verifier reached -> finalize
 *           -> replace_insn / remove_insns while dead code goes -> translate -> destroy
 *
 * Unlike the kernel's, insn_hook does not end the load: a refusal is an answer, with a reason, and
 * the driver (offload/compile.c) decides what follows from it. */

struct bpf_offload_ops;

/* The device that a program is compiled for. A backend's own description (profile of the firmware,
 * options of the translation) begins with this. */
struct offload_target {
	const struct bpf_offload_ops *ops;
};

/* Result of a translation. A backend's own image begins with this. */
struct offload_image {
	/* The device half of a split program: which host half takes its packets (docs/handoff.md). 0: none. */
	uint32_t handoff_cookie, handoff_bytes;
};

struct offload_refusal {
	enum reason reason;
	const char *text; /* formatted from the reason's text; in the arena */
};

struct offload_phase {
	const char *name;
	double seconds;
};

/* What a translation leaves, in cx->arena. */
struct offload_output {
	struct offload_image *image; /* NULL: stopped before it */
	const char *dump;            /* text of the dumps that the target asks for; NULL: none */
	VEC(struct offload_phase) phases;
};

/* One program on its way through a backend. */
struct offload_prog {
	struct cx *cx;
	const struct vprog *vp;
	const struct offload_target *target;
	void *dev_priv; /* the backend's, from prepare to destroy; named as the kernel's */
	struct offload_output out;
};

struct bpf_offload_ops {
	const char *name;
	/* False: reported. Copies what it needs of the program. */
	bool (*prepare)(struct offload_prog *p);
	/* Can the device execute instruction `insn` of instance `inst`, given its proven facts? */
	bool (*insn_hook)(struct offload_prog *p, size_t inst, size_t insn,
			  struct offload_refusal *why);
	/* Checks that concern the program as a whole (stack, maps, packet size). `why` as above. */
	bool (*finalize)(struct offload_prog *p, struct offload_refusal *why);
	/* `off` counts in the program as already changed, as in the kernel. */
	bool (*replace_insn)(struct offload_prog *p, uint32_t off, const struct bpf_insn *insn);
	bool (*remove_insns)(struct offload_prog *p, uint32_t off, uint32_t cnt);
	/* Fills in `out`. False: reported, or `why` filled in (program too long …). */
	bool (*translate)(struct offload_prog *p, struct offload_refusal *why);
	void (*destroy)(struct offload_prog *p);
	/* Bytes that the device can always put before a packet it passes up; 0: none. NULL: none. */
	uint32_t (*handoff_room)(const struct offload_target *target);
};

#endif
