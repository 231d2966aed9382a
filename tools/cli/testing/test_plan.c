/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/cli/testing/test_plan.h"

#include <stdio.h>
#include <time.h>

/* Shards start far from one another, so that their further rounds do not meet. */
#define SHARD_STRIDE 1000003u

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static bool bad(const char *what)
{
	fprintf(stderr, "bpf-offload test: %s\n", what);
	return false;
}

static bool take_shard(const struct cli_args *args, struct test_plan *plan)
{
	unsigned i, n;
	char rest;

	if (sscanf(args->run.shard, "%u/%u%c", &i, &n, &rest) != 2 || !i || i > n)
		return bad("--shard takes I/N with 1 <= I <= N");
	if (args->run.pcap)
		return bad("--shard divides generated packets, not those of --pcap");
	plan->packets = (plan->packets + n - 1) / n;
	plan->seed += (uint64_t)(i - 1) * SHARD_STRIDE;
	return true;
}

bool test_plan(const struct cli_args *args, struct test_plan *plan)
{
	*plan = (struct test_plan){
		.seed = args->run.seed,
		.packets = args->run.pcap && !args->run.packets_given ? 0 : args->run.packets,
		.step = 1,
		.until = args->run.time ? now() + (double)args->run.time : 0,
	};
	return !args->run.shard || take_shard(args, plan);
}

bool test_plan_next(struct test_plan *plan, const struct sim_diff_result *total)
{
	if (total->mismatches || total->stopped || total->too_long || now() >= plan->until)
		return false;
	plan->seed += plan->step;
	return true;
}

static void add_hosts(struct sim_diff_host *sum, const struct sim_diff_host *more)
{
	for (size_t i = 0; i < SIM_DIFF_N_HOSTS; i++) {
		sum[i].packets += more[i].packets;
		sum[i].mismatches += more[i].mismatches;
		sum[i].skipped_packets += more[i].skipped_packets;
	}
}

/* The first of its kind is what is told. */
static void add_unwritten(struct sim_diff_unwritten *sum, const struct sim_diff_unwritten *before)
{
	struct sim_diff_unwritten all = *sum;

	if (before->packets) {
		all.first = before->first;
		all.where = before->where;
		all.at = before->at;
	}
	if (before->skipped) {
		all.first_skipped = before->first_skipped;
		all.decided_by = before->decided_by;
		all.decided_at = before->decided_at;
	}
	all.bytes += before->bytes;
	all.packets += before->packets;
	all.skipped += before->skipped;
	*sum = all;
}

static void add_diff(struct sim_diff_result *sum, const struct sim_diff_result *more)
{
	sum->packets += more->packets;
	sum->mismatches += more->mismatches;
	sum->skipped += more->skipped;
	sum->device_insns += more->device_insns;
	sum->device_cycles += more->device_cycles;
	sum->map_hits += more->map_hits;
	sum->map_misses += more->map_misses;
	sum->seconds += more->seconds;
	for (size_t i = 0; i < sizeof(sum->verdicts) / sizeof(sum->verdicts[0]); i++)
		sum->verdicts[i] += more->verdicts[i];
	add_unwritten(&sum->unwritten, &more->unwritten);
	add_hosts(sum->hosts, more->hosts);
}

void test_plan_add(struct sim_split_result *total, const struct sim_split_result *round)
{
	struct sim_split_result sum = *round; /* the last round's differences and sides */

	add_diff(&sum.diff, &total->diff);
	add_hosts(sum.half_hosts, total->half_hosts);
	sum.decided += total->decided;
	sum.handed += total->handed;
	sum.forged += total->forged;
	*total = sum;
}
