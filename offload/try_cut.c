/* SPDX-License-Identifier: BSD-2-Clause */
#include "offload/compilation.h"

#include "partitioner/host_object.h"
#include "partitioner/make_halves.h"

/* One choice of the search becomes two programs. What fails is reported back to the search. */

/* Instructions walked to verify a half: half of the kernel's limit, which may need twice ours where paths of
 * several cuts meet. */
#define HALF_LIMIT 500000u

struct attempt {
	const struct compilation *c;
	struct cx *cx;
	const struct vprog *vp;
	struct part_search *search;
	struct part_halves *halves;
	struct diags diags; /* of a half that does not verify: an answer, not a report */
};

/* ---- verification of a half --------------------------------------------------------------------- */

/* `like_kernel`: a kernel is to load it. */
static bool verifies(struct attempt *a, const struct fe_prog *prog, bool like_kernel,
		     struct vprog *vp)
{
	struct fe_verify_options opts = { .insn_limit = HALF_LIMIT,
					  .budget = a->c->budget,
					  .like_kernel = like_kernel };
	struct cx quiet = *a->cx;

	diags_init(&a->diags, a->cx->arena);
	quiet.diags = &a->diags;
	return fe_verify(&quiet, a->vp->obj, prog, &opts, vp);
}

static bool is_too_complex(const struct attempt *a)
{
	const struct diags *d = &a->diags;

	for (size_t i = 0; i < d->list.len; i++)
		if (d->list.at[i].reason == REASON_TOO_COMPLEX)
			return true;
	return false;
}

static int64_t rejected_insn(const struct attempt *a)
{
	const struct diags *d = &a->diags;

	for (size_t i = 0; i < d->list.len; i++)
		if (d->list.at[i].severity == DIAG_ERROR)
			return d->list.at[i].at.insn;
	return -1;
}

/* ---- the host half -------------------------------------------------------------------------------- */

static bool make_host(struct attempt *a, struct part_halves *halves)
{
	halves->on_host = part_search_reached(a->search, a->cx, halves, true);
	return part_make_host(a->cx, a->vp, halves) &&
	       verifies(a, &halves->host, true, &halves->host_vp) &&
	       (!halves->xdp_stub.n_insns ||
		verifies(a, &halves->xdp_stub, true, &halves->xdp_stub_vp));
}

/* Facts are joined over paths: one by one, cuts show which of them lose too much by that. */
static bool forbid_bad_cuts(struct attempt *a)
{
	bool found = false;

	for (uint32_t i = 0; i < a->halves->n_cuts; i++) {
		struct part_halves one = *a->halves;

		one.cuts = &a->halves->cuts[i];
		one.n_cuts = 1;
		if (make_host(a, &one))
			continue;
		part_search_forbid_cut(a->search, a->halves->cuts[i].pc);
		found = true;
	}
	return found;
}

static enum cut_outcome give_up(struct attempt *a, const char *why)
{
	part_search_set_why_not(a->search, why);
	return CUT_GIVE_UP;
}

static enum cut_outcome try_host(struct attempt *a)
{
	const char *why_not;

	if (!make_host(a, a->halves)) {
		if (is_too_complex(a)) /* cut by cut it would take minutes to find another */
			return give_up(a, "verification of the host half takes too many steps");
		part_search_set_why_not(a->search, "no host half verifies");
		return forbid_bad_cuts(a) ? CUT_TRY_NEXT : CUT_GIVE_UP;
	}
	why_not = part_object_unsupported(a->vp->obj, &a->halves->host);
	return why_not ? give_up(a, why_not) : CUT_HOLDS;
}

/* ---- the device half ------------------------------------------------------------------------------- */

static enum cut_outcome try_device(struct attempt *a, struct offload_output *device)
{
	struct part_halves *halves = a->halves;
	struct split whole;

	if (!part_make_device(a->cx, a->vp, halves))
		return give_up(a, "the device half needs more stack than the device has");
	if (!verifies(a, &halves->device, false, &halves->device_vp)) {
		part_search_set_why_not(a->search, "the device half does not verify");
		return part_search_forbid_packing(a->search, halves, rejected_insn(a))
			       ? CUT_TRY_NEXT
			       : CUT_GIVE_UP;
	}
	if (!ask_device(a->c, a->cx, &halves->device_vp, &whole, device))
		return CUT_GIVE_UP;
	if (whole.placement == PART_ALL_DEVICE)
		return CUT_HOLDS;
	if (whole.exceeds_device)
		return part_search_shrink(a->search, halves, &whole) ? CUT_TRY_NEXT : CUT_GIVE_UP;
	return part_search_exclude(a->search, halves, &whole) ? CUT_TRY_NEXT : CUT_GIVE_UP;
}

enum cut_outcome try_cut(const struct compilation *c, struct cx *cx, const struct candidate *k,
			 struct part_search *search, struct part_halves *halves,
			 struct offload_output *device)
{
	struct attempt a = { .c = c, .cx = cx, .vp = k->vp, .search = search, .halves = halves };
	enum cut_outcome outcome = try_host(&a);

	return outcome == CUT_HOLDS ? try_device(&a, device) : outcome;
}
