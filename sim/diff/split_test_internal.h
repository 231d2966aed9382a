#ifndef SIM_DIFF_SPLIT_TEST_INTERNAL_H
#define SIM_DIFF_SPLIT_TEST_INTERNAL_H

#include "sim/diff/diff_internal.h"
#include "sim/split_test.h"

/* Shared by split_test.c (packets) and split_test_maps.c (contents of the maps). */

struct pair {
	struct diff d;    /* the original on all its host sides, and the device's half */
	struct diff half; /* the host half on all of its host sides, with maps of their own */
	struct sim_diff_options opts, half_opts;
	struct sim_diff_result half_res;
	const struct part_pair *halves;
	size_t n_homes; /* maps that the partitioner has placed: those of the object */
	struct sim_pair_result *res;
	uint8_t forged[SIM_PACKET_MAX];
	struct sim_host *strip; /* tc: the program at the XDP hook; else NULL */
	uint8_t stripped[SIM_PACKET_MAX], meta[SIM_META_MAX];
};

/* split_test_tc.c: what a tc pair does otherwise */
static inline bool sim_pair_is_tc(const struct pair *p)
{
	return p->halves->strip.n_insns;
}
/* False: reported. */
bool sim_pair_tc_open(struct pair *p);
/* The packet that the device passed up goes through the program at the XDP hook, into p->half. NULL: it did
 * as it should; else what is wrong. */
const char *sim_pair_tc_strip(struct pair *p, const struct sim_me_result *dev);
/* The host half without the program in front, and with metadata of somebody else's: each has to be shot. NULL:
 * it was. */
const char *sim_pair_tc_foreign(struct pair *p);

/* The host half's maps, empty; false: reported. */
bool sim_pair_maps_open(struct pair *p);
/* The host half starts with what the original has; where both sides add, at zero. */
void sim_pair_maps_fill(struct pair *p);
/* Compares what the original touched. */
void sim_pair_maps_check(struct pair *p, const struct sim_host_run *ref);
/* Compares everything. */
void sim_pair_maps_check_all(struct pair *p);

#endif
