/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/report/program_facts.h"

/* Gain without a refusal: the program is placed again as if the device accepted these instructions, with halves and
 * verification, but without translation. So the result accounts for all other
 * refusals. */

#define MAX_TRIED     8u
#define MANY_INSNS    1500u /* programs from here on: */
#define TRIED_OF_MANY 3u

struct pretence {
	const struct rep_facts *f;
	const struct rep_advice *without; /* NULL: without any of f->advice */
	uint64_t *budget;                 /* of all that is tried */
};

static bool is_same(const struct rep_advice *a, enum reason reason, const char *text)
{
	return a->reason == reason && !strcmp(a->text, text);
}

/* offload_options.pretend */
static bool pretend(void *priv, const struct offload_refusal *why)
{
	const struct pretence *p = priv;

	if (p->without)
		return is_same(p->without, why->reason, why->text);
	for (size_t i = 0; i < p->f->advice.len; i++)
		if (is_same(&p->f->advice.at[i], why->reason, why->text))
			return true;
	return false;
}

static void collect(struct rep_facts *f)
{
	const struct split *s = &f->p->result.split;

	for (size_t i = 0; i < s->n_reasons; i++) {
		struct rep_advice *a = NULL;

		for (size_t k = 0; k < f->advice.len && !a; k++)
			if (is_same(&f->advice.at[k], s->reasons[i].reason, s->reasons[i].text))
				a = &f->advice.at[k];
		if (!a) {
			a = vec_push(&f->advice, &f->p->owner->arena);
			*a = (struct rep_advice){ .reason = s->reasons[i].reason,
						  .text = s->reasons[i].text };
		}
		a->refused++;
	}
}

/* Without it, other calls may be inlined: instructions of the placed program. */
static uint32_t on_device(const struct split *s)
{
	const struct fe_prog *prog = s->vp->prog;
	uint32_t n = 0;

	for (size_t pc = 0; pc < prog->n_insns; pc++) {
		n += s->place[pc] == PART_DEVICE || s->place[pc] == PART_BOTH;
		pc += ebpf_is_ld_imm64(&prog->insns[pc]);
	}
	return n;
}

static double going_up(const struct split *s)
{
	double share = 0;

	for (uint32_t i = 0; s->halves && i < s->halves->n_cuts; i++)
		share += s->halves->cuts[i].share;
	return share < 1 ? share : 1;
}

static void note_gain(const struct rep_facts *f, const struct split *split, struct rep_advice *a)
{
	a->gain = (int32_t)on_device(split) - (int32_t)f->on_device;
	/* fewer: the instructions assumed acceptable cannot be part of a half */
	a->tried = a->gain >= 0;
	a->going_up = going_up(split);
	a->device_share = split->halves ? split->halves->device_share : 0;
	a->to = split->placement;
}

static void try_without(const struct rep_facts *f, struct pretence *p, struct rep_advice *a)
{
	struct bpf_offload_object *o = f->p->owner;
	struct offload_options opts = f->p->options;
	struct nfp_target target = f->p->target;
	struct offload_result result;
	struct arena mem;
	struct diags diags;
	struct cx own = { &mem, &o->scratch, &diags };

	arena_init(&mem);
	diags_init(&diags, &mem);
	opts.pretend = pretend;
	opts.pretend_priv = p;
	opts.budget = p->budget;
	target.options.dump = NULL;
	if (offload_compile(&own, &f->p->vprog, &target.base, &opts, &result))
		note_gain(f, &result.split, a);
	arena_reset(&mem);
	arena_reset(&o->scratch);
}

static int by_gain(const void *a, const void *b)
{
	const struct rep_advice *x = a, *y = b;
	int64_t gx = x->tried ? x->gain : INT64_MIN, gy = y->tried ? y->gain : INT64_MIN;

	if (gx != gy)
		return gx < gy ? 1 : -1;
	return (x->refused < y->refused) - (x->refused > y->refused);
}

/* Insertion sort: qsort may exchange what is equal, and the order is printed. */
static void sort(struct rep_advice *a, size_t n)
{
	for (size_t i = 1; i < n; i++)
		for (size_t k = i; k > 0 && by_gain(&a[k - 1], &a[k]) > 0; k--) {
			struct rep_advice swap = a[k];

			a[k] = a[k - 1];
			a[k - 1] = swap;
		}
}

void rep_advise(struct rep_facts *f)
{
	uint32_t limit = f->n_insns < MANY_INSNS ? MAX_TRIED : TRIED_OF_MANY;
	uint64_t budget = offload_budget(&f->p->vprog);

	if (f->advice.len || !f->p->compiled)
		return;
	collect(f);
	sort(f->advice.at, f->advice.len);
	for (uint32_t i = 0; i < f->advice.len && i < limit; i++) {
		struct rep_advice *a = &f->advice.at[i];

		try_without(f, &(struct pretence){ f, a, &budget }, a);
	}
	if (f->advice.len > 1)
		try_without(f, &(struct pretence){ f, NULL, &budget }, &f->all);
	sort(f->advice.at, f->advice.len);
	arena_reset(&f->p->owner->scratch);
}

const char *rep_advice_gain(const struct rep_facts *f, const struct rep_advice *a)
{
	const struct part_halves *now = f->p->result.split.halves;
	struct arena *s = &f->p->owner->scratch;

	if (!a->tried)
		return NULL;
	if (a->to == PART_ALL_DEVICE)
		return "the whole program would run on the device";
	if (!a->gain)
		return "no change: other refusals affect the same instructions";
	return arena_printf(
		s,
		"%d more instructions on the device, about %.0f %% of those that run instead of "
		"%.0f %%; %.0f %% of packets go to the host half instead of %.0f %%",
		a->gain, a->device_share * 100, now ? now->device_share * 100 : 0.0,
		a->going_up * 100, now ? f->going_up * 100 : 100.0);
}
