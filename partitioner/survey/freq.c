/* SPDX-License-Identifier: BSD-2-Clause */
#include "partitioner/flow.h"

/* How often each way is taken. Guessed as compilers do: checks succeed, loops go round, map entries
 * are mostly there, equality is the rarer case. Or counted, on packets of the user's. */

/* ---- guessed ------------------------------------------------------------------------------------------- */

#define ROUNDS   16u
#define ALL      256u /* probabilities are parts of this */
#define FREQ_MAX (UINT32_MAX / 4)

enum { RARELY = 12, SELDOM = 64, HARDLY_EQUAL = 96, EVENLY = 128, LOOPS = 224 };

static bool is_packet(uint8_t kind)
{
	return kind == VP_PKT || kind == VP_PKT_META;
}

/* "pointer > end" and its like: the packet is rarely too short. */
static uint32_t bounds_check(uint8_t op, bool end_first)
{
	bool taken_when_short = op == BPF_JGT || op == BPF_JGE;

	return taken_when_short != end_first ? RARELY : ALL - RARELY;
}

static uint32_t taken(const struct part_flow *r, uint32_t pc)
{
	const struct bpf_insn *insn = &r->vp->prog->insns[pc];
	const struct vp_fact *f = vp_fact_at(r->vp, 0, pc);
	uint8_t op = ebpf_op(insn), dst = f->regs[insn->dst_reg].kind;
	uint8_t src = ebpf_src_is_reg(insn) ? f->regs[insn->src_reg].kind : VP_SCALAR;

	if (ebpf_jump_target(insn, pc) <= pc)
		return LOOPS;
	if (is_packet(dst) && src == VP_PKT_END)
		return bounds_check(op, false);
	if (dst == VP_PKT_END && is_packet(src))
		return bounds_check(op, true);
	if (dst == VP_MAP_VALUE_OR_NULL)
		return op == BPF_JEQ ? SELDOM : ALL - SELDOM;
	if (op == BPF_JEQ)
		return HARDLY_EQUAL;
	return op == BPF_JNE ? ALL - HARDLY_EQUAL : EVENLY;
}

/* Parts of `from`'s frequency that go along an edge. */
static uint32_t share(const struct part_flow *r, const struct part_edge *e)
{
	const struct bpf_insn *insn = &r->vp->prog->insns[e->from];
	uint32_t p;

	if (!ebpf_is_cond_jump(insn) || part_is_empty_jump(r->vp, e->from) ||
	    vp_fact_at(r->vp, 0, e->from)->branch != VP_BRANCH_BOTH)
		return ALL;
	p = taken(r, e->from);
	return e->to == part_next(r->vp, e->from) ? ALL - p : p;
}

static uint32_t part_of(uint64_t freq, uint32_t p)
{
	freq = freq * p / ALL;
	return freq > FREQ_MAX ? FREQ_MAX : (uint32_t)freq;
}

void part_flow_guess(struct cx *cx, struct part_flow *r)
{
	uint32_t *in = ARENA_ARRAY(cx->scratch, uint32_t, r->n);

	for (unsigned round = 0; round < ROUNDS; round++) {
		memset(in, 0, r->n * sizeof(*in));
		in[0] = PART_FREQ_ONE;
		for (size_t i = 0; i < r->edges.len; i++) /* backwards: as of the last round */
			if (r->edges.at[i].from >= r->edges.at[i].to)
				in[r->edges.at[i].to] += r->edges.at[i].freq;
		/* in program order: forward jumps arrive within the round */
		for (size_t i = 0; i < r->edges.len; i++) {
			struct part_edge *e = &r->edges.at[i];

			e->freq = part_of(in[e->from], share(r, e));
			if (e->from < e->to)
				in[e->to] += e->freq;
		}
	}
	memcpy(r->freq, in, r->n * sizeof(*in));
}

/* ---- measured ------------------------------------------------------------------------------------------ */

/* `count` over all packets, and one packet more that does as was guessed. */
static uint32_t blend(uint64_t count, uint64_t packets, uint32_t guess)
{
	double f = ((double)count * PART_FREQ_ONE + guess) / ((double)packets + 1);

	return f < FREQ_MAX ? (uint32_t)f : FREQ_MAX;
}

static uint64_t times_along(const struct part_flow *r, const struct part_edge *e)
{
	const struct part_counts *c = &r->counts;
	const struct bpf_insn *insn = &r->vp->prog->insns[e->from];
	uint64_t runs = c->runs[e->from], taken = c->taken[e->from];

	if (!ebpf_is_cond_jump(insn) || part_is_empty_jump(r->vp, e->from))
		return runs;
	if (e->to != part_next(r->vp, e->from))
		return taken;
	return runs > taken ? runs - taken : 0;
}

const char *part_flow_measure(struct cx *cx, struct part_flow *r,
			      const struct part_profiler *profiler)
{
	struct part_counts counts = { 0 };
	const char *why = profiler->count(profiler->priv, cx, r->vp, &counts);

	if (why)
		return why;
	if (!counts.packets)
		return "none of these packets reaches the program";
	r->counts = counts;
	for (uint32_t pc = 0; pc < r->n; pc++)
		r->freq[pc] = blend(counts.runs[pc], counts.packets, r->freq[pc]);
	for (size_t i = 0; i < r->edges.len; i++) {
		struct part_edge *e = &r->edges.at[i];

		e->count = times_along(r, e);
		e->freq = blend(e->count, counts.packets, e->freq);
	}
	return NULL;
}

static double share_of(const struct part_flow *r, uint64_t count, uint32_t freq)
{
	return r->counts.packets ? (double)count / (double)r->counts.packets
				 : (double)freq / PART_FREQ_ONE;
}

double part_edge_share(const struct part_flow *r, const struct part_edge *e)
{
	return share_of(r, e->count, e->freq);
}

double part_node_share(const struct part_flow *r, uint32_t pc)
{
	return share_of(r, r->counts.packets ? r->counts.runs[pc] : 0, r->freq[pc]);
}
