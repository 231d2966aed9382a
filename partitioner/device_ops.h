/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PARTITIONER_DEVICE_OPS_H
#define PARTITIONER_DEVICE_OPS_H

#include "frontend/vprog.h"
#include "partitioner/cost.h"
#include "partitioner/profile.h"

/* What a NIC's backend must offer, in the form of the kernel's struct bpf_prog_offload_ops
 * (kernel/bpf/offload.c), so that a backend could stand behind either and a second NIC is a second
 * table. The order of calls is the kernel's:
 *
 *   prepare -> insn_hook for every instruction the verifier reached -> finalize
 *           -> replace_insn / remove_insns while dead code goes -> translate -> destroy
 *
 * Unlike the kernel's, insn_hook does not end the load: a refusal is an answer, with a reason, and
 * the partitioner decides what follows from it. */

struct offload_refusal {
	enum reason reason;
	const char *text; /* formatted from the reason's text; in the arena */
};

struct offload_options {
	unsigned opt_level;     /* 0 or 2 */
	const char *dump;       /* pass names, comma separated, or "all"; NULL: none */
	const char *stop_after; /* pass after which to stop; NULL: run all */
	const char *dump_dir;   /* NULL: dumps go to `dump_to` */
	void *dump_to;          /* FILE *; NULL: standard output */
	bool check_each;        /* run the IR checkers after every pass */
	bool time_passes;       /* fill offload_prog.phase_seconds */
	bool whole_only;        /* do not split */
	bool keep_tail_calls;   /* do not follow them */
	uint64_t cut_seed;      /* not 0: a random legal cut in place of the best, for tests */
	uint32_t max_handoff;   /* bytes of a hand-off record at most; 0: what the device allows */
	bool untagged;          /* tc: the user says that no frame with a VLAN tag arrives */
	const char *pins;       /* "SYMBOL=host|device,…": subprograms and maps; NULL: none */
	const struct part_costs *costs;       /* NULL: part_costs_default */
	const struct part_profiler *profiler; /* how often ways are taken; NULL: guessed */
	uint64_t *budget; /* for verifications of forms and halves; NULL: part_budget() */
	/* Called with what a phase has made, after its check and before its dump; the backend says
	 * of which type. For tests that put a fault between two phases; NULL: nobody. */
	void (*probe)(void *priv, const char *phase, void *made);
	void *probe_priv;
	/* What if: refusals that count as none (explain). Nothing is translated then. NULL: all count. */
	bool (*pretend)(void *priv, const struct offload_refusal *why);
	void *pretend_priv;
};

static inline void offload_probe(const struct offload_options *o, const char *phase, void *made)
{
	if (o->probe)
		o->probe(o->probe_priv, phase, made);
}

struct offload_phase {
	const char *name;
	double seconds;
};

/* One program on its way through a backend. */
struct offload_prog {
	struct cx *cx;
	const struct vprog *vp;
	const void
		*target; /* the backend's own description of the card, e.g. struct nfp_firmware */
	struct offload_options opts;
	void *dev_priv; /* the backend's state between prepare and destroy */
	void *image;    /* result of translate, e.g. struct nfp_image; in cx->arena */
	VEC(struct offload_phase) phases;
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
	/* Makes the image. False: reported, or `why` filled in (program too long …). */
	bool (*translate)(struct offload_prog *p, struct offload_refusal *why);
	void (*destroy)(struct offload_prog *p);
	/* Bytes that the device can always put before a packet it passes up; 0: none. NULL: none. */
	uint32_t (*handoff_room)(const struct offload_prog *p);
};

#endif
