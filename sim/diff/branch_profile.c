/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/branch_profile.h"

#include "sim/diff.h"
#include "sim/pcap.h"

#include <string.h>

#define SEED        1u      /* of maps and random numbers */
#define MAX_PACKETS 200000u /* more say nothing new, and take seconds */

struct sim_profile_of {
	struct sim_profile_of *next;
	const struct bpf_insn *insns;
	size_t n_insns;
	struct part_counts counts;
	const char *failed;
};

struct counter {
	const struct fe_prog *prog;
	struct part_counts *counts;
	uint32_t before; /* instruction that ran last, when it was a conditional jump; else NONE */
};

#define NONE UINT32_MAX

/* The next instruction tells which way a jump went. */
static void step(void *priv, uint32_t pc)
{
	struct counter *c = priv;
	const struct bpf_insn *insns = c->prog->insns;

	c->counts->runs[pc]++;
	if (c->before != NONE && ebpf_jump_target(&insns[c->before], c->before) == (int64_t)pc)
		c->counts->taken[c->before]++;
	c->before = ebpf_is_cond_jump(&insns[pc]) ? pc : NONE;
}

/* The first error of `d`, for a message. */
static const char *first_error(const struct diags *d)
{
	for (size_t i = 0; i < d->list.len; i++)
		if (d->list.at[i].severity == DIAG_ERROR)
			return d->list.at[i].text;
	return "the simulator cannot run it";
}

static void count(struct sim_profile_of *of, const char *path, struct cx *cx,
		  const struct vprog *vp)
{
	struct counter c = { vp->prog, &of->counts, NONE };
	struct sim_diff_options opts = { .packets = MAX_PACKETS,
					 .seed = SEED,
					 .pcap = path,
					 .host_step = step,
					 .step_priv = &c,
					 .hosts = 1u << SIM_DIFF_INTERP };
	struct sim_diff_result res;
	struct diags diags;
	struct arena scratch; /* the caller's may be in use */
	struct cx quiet = *cx;

	arena_init(&scratch);
	diags_init(&diags, cx->arena);
	quiet.diags = &diags;
	quiet.scratch = &scratch;
	if (!sim_diff_run(&quiet, vp->obj, vp->prog, NULL, NULL, &opts, &res))
		of->failed = first_error(&diags);
	arena_reset(&scratch);
	of->counts.packets = res.packets;
}

static struct sim_profile_of *find(const struct sim_profile *p, const struct fe_prog *prog)
{
	for (struct sim_profile_of *of = p->done; of; of = of->next)
		if (of->n_insns == prog->n_insns &&
		    !memcmp(of->insns, prog->insns, of->n_insns * sizeof(*of->insns)))
			return of;
	return NULL;
}

static struct sim_profile_of *add(struct sim_profile *p, struct cx *cx, const struct fe_prog *prog)
{
	struct sim_profile_of *of = ARENA_NEW(cx->arena, struct sim_profile_of);
	size_t n = prog->n_insns;

	of->insns = arena_dup(cx->arena, prog->insns, n * sizeof(*of->insns));
	of->n_insns = n;
	of->counts.runs = ARENA_ARRAY(cx->arena, uint64_t, n);
	of->counts.taken = ARENA_ARRAY(cx->arena, uint64_t, n);
	of->next = p->done;
	p->done = of;
	return of;
}

const char *sim_profile_count(void *priv, struct cx *cx, const struct vprog *vp,
			      struct part_counts *counts)
{
	struct sim_profile *p = priv;
	struct sim_profile_of *of = find(p, vp->prog);

	if (!of) {
		of = add(p, cx, vp->prog);
		count(of, p->path, cx, vp);
	}
	*counts = of->counts;
	return of->failed;
}

bool sim_profile_check(struct cx *cx, const char *path)
{
	struct sim_pcap *p = sim_pcap_open(cx, path);
	unsigned errors = cx->diags->errors;
	uint64_t n = 0;
	const uint8_t *data;
	uint32_t len;

	if (!p)
		return false;
	while (sim_pcap_next(cx, p, &data, &len))
		n++;
	sim_pcap_close(p);
	if (cx->diags->errors > errors)
		return false;
	return n || diag_error(cx->diags, NULL, REASON_PCAP_OPEN, path, "it holds no packet");
}
