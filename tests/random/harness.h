/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_RANDOM_HARNESS_H
#define TESTS_RANDOM_HARNESS_H

#include "frontend/object.h"
#include "sim/diff.h"

#include <stdio.h>

/* One program through the whole pipeline, in memory: verifier, placement, compilation, relocation,
 * simulator against the host's machine code. */

struct harness_case {
	const char *name;
	uint32_t type; /* BPF_PROG_TYPE_XDP or _SCHED_CLS */
	const struct bpf_insn *insns;
	uint32_t n_insns;
	const uint32_t *subprog_at; /* where the second function starts, the third …; sorted */
	uint32_t n_subprogs;        /* entries of subprog_at */
	const struct fe_map *maps;
	uint32_t n_maps;
	const void *btf; /* NULL: none */
	uint32_t btf_bytes;
	uint32_t func_type; /* of every function, in the BTF */
};

struct harness_options {
	uint64_t packets, seed;
	const char *pcap; /* file of operands (packets.h); NULL: the simulator's own generator */
	const char *firmware; /* NULL: "generous" */
	const char *dump;     /* passes to dump, as --dump has it; NULL: none */
	unsigned level;       /* 0 or 2 */
	unsigned hosts;       /* sim_diff_options.hosts */
	uint64_t cut_seed;    /* not 0: split at a random cut, both halves against the whole */
	/* nfp_options.probe: what stands between two phases, for tests/faults. */
	void (*probe)(void *priv, const char *phase, void *made);
	/* The device as it is about to be run, words relocated. False: it need not run. */
	bool (*probe_device)(void *priv, struct sim_diff_device *dev, uint64_t *words);
	void *probe_priv;
	FILE *log; /* where a mismatch, a refusal or an error is told; NULL: nowhere */
};

enum harness_outcome {
	HARNESS_EQUAL,
	HARNESS_REJECTED, /* by the verifier */
	HARNESS_REFUSED,  /* by the device's rules: stays on the host */
	HARNESS_DIFFERS,
	HARNESS_FAILED, /* the pipeline reported an error */
};

struct harness_result {
	enum harness_outcome outcome;
	enum reason reason;          /* rejected, refused, failed: the first one */
	struct sim_diff_result diff; /* equal, differs; its texts are gone */
	const char *what;            /* differs: of the first mismatch */
	uint32_t warnings;           /* of the verifier */
	uint32_t words;              /* of microcode */
	bool split, reshaped;        /* in two halves; with calls replaced */
};

void harness_run(const struct harness_case *c, const struct harness_options *o,
		 struct harness_result *r);
/* On the host sides alone: `equal` or `differs`, by the one that leads. */
void harness_run_hosts(const struct harness_case *c, const struct harness_options *o,
		       struct harness_result *r);
/* A program of an object file. */
void harness_run_prog(const struct fe_object *obj, const struct fe_prog *prog,
		      const struct harness_options *o, struct harness_result *r);
/* The verifier alone. */
bool harness_verifies(const struct harness_case *c, FILE *log, enum reason *reason);

const char *harness_outcome_name(enum harness_outcome o);
void harness_disasm(const struct harness_case *c, FILE *out);

#endif
