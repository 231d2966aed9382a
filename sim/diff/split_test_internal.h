/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SIM_DIFF_SPLIT_TEST_INTERNAL_H
#define SIM_DIFF_SPLIT_TEST_INTERNAL_H

#include "sim/diff/diff_internal.h"
#include "sim/split_test.h"

/* Shared by split_test.c (packets) and split_test_maps.c (contents of the maps). */

struct split_test {
	struct diff d;    /* the original on all its host sides, and the device's half */
	struct diff half; /* the host half on all of its host sides, with maps of their own */
	struct sim_diff_options opts, half_opts;
	struct sim_diff_result half_res;
	const struct part_halves *halves;
	size_t n_homes; /* maps that the partitioner has placed: those of the object */
	struct sim_split_result *res;
	uint8_t forged[SIM_PACKET_MAX];
	struct sim_host *xdp_stub; /* tc: the program at the XDP hook; else NULL */
	uint8_t stripped[SIM_PACKET_MAX], meta[SIM_META_MAX];
};

/* split_test_tc.c: what a tc pair does otherwise */
static inline bool split_test_is_tc(const struct split_test *p)
{
	return p->halves->xdp_stub.n_insns;
}
/* False: reported. */
bool split_test_tc_open(struct split_test *p);
/* The packet that the device passed up goes through the program at the XDP hook, into p->half. NULL: it did
 * as it should; else what is wrong. */
const char *split_test_tc_stub(struct split_test *p, const struct sim_me_result *dev);
/* The host half without the program in front, and with metadata of somebody else's: each has to be shot. NULL:
 * it was. */
const char *split_test_tc_foreign(struct split_test *p);

/* The host half's maps, empty; false: reported. */
bool split_test_maps_open(struct split_test *p);
/* The host half starts with what the original has; where both sides add, at zero. */
void split_test_maps_fill(struct split_test *p);
/* Compares what the original touched. */
void split_test_maps_check(struct split_test *p, const struct sim_host_run *ref);
/* Compares everything. */
void split_test_maps_check_all(struct split_test *p);

#endif
