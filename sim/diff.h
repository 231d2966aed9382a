/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SIM_DIFF_H
#define SIM_DIFF_H

#include "base/cx.h"
#include "frontend/object.h"
#include "nfp_backend/firmware.h"
#include "nfp_backend/image.h"

/* Runs the device's microcode and the host's machine code on the same packets, maps, random
 * numbers and clock, and compares everything that a user can observe: verdict, packet bytes, receive queue, map
 * contents, events, in order. */

struct sim_diff_device {
	const uint64_t *words; /* relocated, with ECC; from any compiler */
	size_t n_words;
	const struct nfp_image_map *maps; /* table id i + 1 is maps[i]; object_idx names the map */
	size_t n_maps;
	uint32_t first_tid; /* table id of maps[0]; 0 means 1 */
	uint32_t *tids;     /* of each of maps; NULL: consecutive from first_tid on */
	bool tids_guessed;  /* the words do not show which id belongs to which map */
};

/* Host sides. One of them is the primary, which is compared with the device; the others are compared
 * with the primary. */
enum sim_diff_host_id {
	SIM_DIFF_JIT,    /* our x86-64 code under Unicorn */
	SIM_DIFF_INTERP, /* the reference interpreter */
	SIM_DIFF_IMAGE,  /* a kernel's machine code under Unicorn */
	SIM_DIFF_KERNEL, /* the running kernel, by BPF_PROG_TEST_RUN; never the primary */
	SIM_DIFF_N_HOSTS
};

struct sim_captured;
struct sim_timing;

struct sim_diff_options {
	uint64_t packets; /* generated, or read from `pcap` (0: all of it) */
	uint64_t seed;
	const char *pcap;                                            /* NULL: generate */
	void (*progress)(void *priv, uint64_t done, uint64_t total); /* or NULL */
	bool (*stop)(void *priv); /* called between packets: true ends the run; or NULL */
	void *priv;
	/* Called with the path of each side, for one packet that differs; or NULL. The host's path needs
	 * the interpreter among `hosts`. */
	void (*host_step)(void *priv, uint32_t bpf_pc);
	void (*device_step)(void *priv, uint32_t word_idx);
	void *step_priv;
	const struct sim_timing *timing; /* of the device; NULL: the default */
	bool survive; /* a crash of one side ends the run with the results so far (sim/crash.h) */
	/* Bits that come from memory that the program never wrote are not compared. It costs one more run of the
	 * interpreter a packet. */
	bool unwritten;
	uint64_t max_work; /* maximum loop rounds per packet; 0: SIM_DIFF_WORK */
	unsigned hosts;    /* bits 1 << SIM_DIFF_*; 0: our JIT */
	const struct sim_captured *image; /* SIM_DIFF_IMAGE: captured earlier; NULL: captured now */
};

/* A loop of this many rounds takes some milliseconds on each side. */
#define SIM_DIFF_WORK UINT64_C(100000)
/* Instructions that the device may execute for a packet with this many rounds. */
uint64_t sim_diff_device_insns(uint64_t rounds);

struct sim_diff_host { /* result of one host side */
	bool ran, leads;
	const char *skipped; /* requested but not available: the reason */
	uint64_t packets;    /* compared with the primary */
	uint64_t mismatches; /* packets that differed */
	uint64_t
		skipped_packets; /* that it does not accept, or whose outcome depends on the device's limits */
	uint64_t differs_at;     /* last packet counted, + 1 */
};

struct sim_diff_mismatch {
	uint64_t packet_idx;
	const char *what;      /* "verdict", "packet", "map", "event", "queue", "device error",
				   * "host error" */
	const char *text;      /* both sides, as text of several lines */
	const uint8_t *packet; /* input packet */
	uint32_t packet_len;
};

/* What came from memory that the program never wrote. */
struct sim_diff_unwritten {
	uint64_t bytes, packets; /* of results that were not compared, in so many packets */
	uint64_t first;          /* packet in which that happened first */
	const char *where;       /* "the packet", "map 'm'", … */
	struct diag_at at;       /* read of such bytes that got there first */
	uint64_t skipped;        /* packets whose way depends on such bytes: not run at all */
	uint64_t first_skipped;
	const char *decided_by; /* "a branch", … */
	struct diag_at decided_at;
};

#define SIM_DIFF_KEEP 8 /* mismatches kept in detail */

struct sim_diff_result {
	uint64_t packets;    /* compared */
	uint64_t mismatches; /* packets whose outcome differed, or after which a map differed */
	uint64_t skipped;    /* packets that one side cannot accept (too long for CTM, …) */
	uint64_t device_insns, device_cycles; /* sums over all packets */
	uint64_t verdicts
		[8]; /* by host verdict (XDP 0..4, TC 0..7 with -1 counted as 0), rest last */
	uint64_t map_hits, map_misses; /* lookups on the host side: both should occur */
	double seconds;
	/* The packet after the last one needs more work than the options allow: nothing was compared from there
	 * on. NULL: all packets were run. */
	const char *too_long;
	const char *
		crashed; /* a side crashed in the packet after the last: which, and how; NULL: none */
	bool stopped; /* by the options' `stop`, before the last packet */
	struct sim_diff_unwritten unwritten;
	struct sim_diff_mismatch kept[SIM_DIFF_KEEP];
	size_t n_kept;
	struct sim_diff_host hosts[SIM_DIFF_N_HOSTS];
};

const char *sim_diff_host_name(enum sim_diff_host_id id);

struct vprog;

/* How a program uses each word of each map's value: result[map of the object][word] is an enum
 * nfp_map_word_use. An image has it for its own words; for other words it is derived from the proof. */
uint8_t *const *sim_word_use_from_vprog(struct arena *arena, const struct vprog *vp);

/* The device side for words without an image, as the kernel's driver would have loaded them. The ids that
 * they hold depend on the ids that firmware and kernel had assigned before; they are read from the calls in the words, in
 * the order of the object's maps that the program references. Where the calls do not name as many ids as there are
 * maps, ids are taken as consecutive and `tids_guessed` is set. */
void sim_diff_device_from_vprog(struct arena *arena, const struct vprog *vp,
				const struct nfp_firmware *fw, const uint64_t *words,
				size_t n_words, struct sim_diff_device *dev);

/* Table id of maps[i]; of a perf event array the id that calls of perf_event_output have. */
uint32_t sim_diff_device_tid(const struct sim_diff_device *dev, size_t i);

/* `dev` NULL: the program stays on the host, whose sides are compared with each other; `fw` is not
 * looked at then. False: could not run at all (reported). A difference is not a failure: see `mismatches`. */
bool sim_diff_run(struct cx *cx, const struct fe_object *obj, const struct fe_prog *prog,
		  const struct nfp_firmware *fw, const struct sim_diff_device *dev,
		  const struct sim_diff_options *opts, struct sim_diff_result *res);

#endif
