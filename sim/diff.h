#ifndef SIM_DIFF_H
#define SIM_DIFF_H

#include "base/cx.h"
#include "frontend/object.h"
#include "nfp_backend/firmware.h"
#include "nfp_backend/image.h"

/* Runs the device's microcode and the host's machine code on the same packets, maps, random
 * numbers and clock, and compares what a user could see: verdict, packet bytes, receive queue, map
 * contents, events, in order. */

struct sim_diff_device {
	const uint64_t *words; /* relocated, with ECC: ours or anybody's */
	size_t n_words;
	const struct nfp_image_map *maps; /* table id i + 1 is maps[i]; object_idx names the map */
	size_t n_maps;
};

struct sim_diff_options {
	uint64_t packets;      /* generated, or read from `pcap` (0: all of it) */
	uint64_t seed;
	const char *pcap;      /* NULL: generate */
	void (*progress)(void *priv, uint64_t done, uint64_t total); /* or NULL */
	void *priv;
};

struct sim_diff_mismatch {
	uint64_t packet_idx;
	const char *what;	  /* "verdict", "packet", "map", "event", "queue", "device error" */
	const char *text;	  /* both sides, for a person; several lines */
	const uint8_t *packet;	  /* as it went in */
	uint32_t packet_len;
};

#define SIM_DIFF_KEEP 8 /* mismatches kept in detail */

struct sim_diff_result {
	uint64_t packets;    /* compared */
	uint64_t mismatches; /* packets whose outcome differed, or after which a map differed */
	uint64_t skipped;    /* packets that one side cannot take (too long for CTM, …) */
	uint64_t device_insns, device_cycles; /* sums over all packets */
	uint64_t verdicts[8]; /* by host verdict (XDP 0..4, TC 0..7 with -1 counted as 0), rest last */
	uint64_t map_hits, map_misses; /* lookups on the host side: shows that both were reached */
	double seconds;
	struct sim_diff_mismatch kept[SIM_DIFF_KEEP];
	size_t n_kept;
};

/* False: could not run at all (reported). A difference is not a failure: see `mismatches`. */
bool sim_diff_run(struct cx *cx, const struct fe_object *obj, const struct fe_prog *prog,
		  const struct nfp_firmware *fw, const struct sim_diff_device *dev,
		  const struct sim_diff_options *opts, struct sim_diff_result *res);

#endif
