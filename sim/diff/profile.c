#include "sim/profile.h"

#include "sim/diff.h"
#include "sim/pcap.h"

#include <string.h>

#define SEED        1u      /* of maps and random numbers */
#define MAX_PACKETS 200000u /* more say nothing new, and take seconds */

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

static void count(struct sim_profile *p, struct cx *cx, const struct vprog *vp)
{
	struct counter c = { vp->prog, &p->counts, NONE };
	struct sim_diff_options opts = { .packets = MAX_PACKETS,
					 .seed = SEED,
					 .pcap = p->path,
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
	p->failed = sim_diff_run(&quiet, vp->obj, vp->prog, NULL, NULL, &opts, &res)
			    ? NULL
			    : first_error(&diags);
	arena_reset(&scratch);
	p->counts.packets = res.packets;
}

static bool is_known(const struct sim_profile *p, const struct fe_prog *prog)
{
	return p->n_insns == prog->n_insns &&
	       !memcmp(p->insns, prog->insns, p->n_insns * sizeof(*p->insns));
}

const char *sim_profile_count(void *priv, struct cx *cx, const struct vprog *vp,
			      struct part_counts *counts)
{
	struct sim_profile *p = priv;
	size_t n = vp->prog->n_insns;

	if (!is_known(p, vp->prog)) {
		p->insns = arena_dup(cx->arena, vp->prog->insns, n * sizeof(*p->insns));
		p->n_insns = n;
		p->counts = (struct part_counts){ 0, ARENA_ARRAY(cx->arena, uint64_t, n),
						  ARENA_ARRAY(cx->arena, uint64_t, n) };
		count(p, cx, vp);
	}
	*counts = p->counts;
	return p->failed;
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
