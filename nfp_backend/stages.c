/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/stages.h"

#include "nfp_backend/isel/isel.h"
#include "nfp_backend/lift/lift.h"
#include "nfp_backend/passes.h"

#include "base/bits.h"
#include "base/clock.h"

#include <llvm-c/Core.h>

#include <assert.h>
#include <string.h>

const struct nfp_pass nfp_mir_passes[] = {
#define STAGE(name, needs, leaves, what)
#define PASS(name, run, level, what) { #name, run, NFP_FROM_##level == NFP_FROM_O0, what },
#include "nfp_backend/stages.def"
#undef PASS
#undef STAGE
};

const unsigned nfp_n_mir_passes = ARRAY_SIZE(nfp_mir_passes);

/* ---- what a row runs --------------------------------------------------------------------------- */

static bool run_lift(struct nfp_translation *t)
{
	return nfp_lift(t->cx, t->np, t->llvm, &t->mod, t->why);
}

static bool run_llvm(struct nfp_translation *t)
{
	nfp_llvm_opt(t->mod, t->opts->opt_level);
	return true;
}

static bool run_isel(struct nfp_translation *t)
{
	return nfp_isel(t->cx, t->mod, t->np->fw, (uint8_t)t->np->type, &t->fn);
}

static bool run_emit(struct nfp_translation *t)
{
	return nfp_emit(&t->fn, t->cx, &t->code);
}

#define STAGE(name, needs, leaves, what)
#define PASS(name, run, level, what)                                                               \
	static bool run_##name(struct nfp_translation *t)                                          \
	{                                                                                          \
		return run(&t->fn, t->cx);                                                         \
	}
#include "nfp_backend/stages.def"
#undef PASS
#undef STAGE

const struct nfp_stage_info nfp_stages[] = {
#define STAGE(name, needs, leaves, what)                                                           \
	{ #name, NFP_FORM_##needs, NFP_FORM_##leaves, NFP_FROM_O0, run_##name, what },
#define PASS(name, run, level, what)                                                               \
	{ #name, NFP_FORM_MIR, NFP_FORM_MIR, NFP_FROM_##level, run_##name, what },
#include "nfp_backend/stages.def"
#undef PASS
#undef STAGE
};

const unsigned nfp_n_stages = ARRAY_SIZE(nfp_stages);

/* ---- what the driver does after each ------------------------------------------------------------- */

static void *form_of(struct nfp_translation *t, enum nfp_form form)
{
	switch (form) {
	case NFP_FORM_LLVM: return t->mod;
	case NFP_FORM_MIR: return &t->fn;
	case NFP_FORM_UCODE: return &t->code;
	default: return NULL;
	}
}

static void check(const struct nfp_translation *t, enum nfp_form form)
{
#ifdef NDEBUG
	bool debug = false;
#else
	bool debug = true;
#endif

	if (form == NFP_FORM_MIR && (debug || t->opts->check_each))
		nfp_check(&t->fn);
}

/* Is `name` in a comma-separated list, or the list "all"? */
static bool is_listed(const char *list, const char *name)
{
	size_t len = strlen(name);

	if (!strcmp(list, "all"))
		return true;
	for (const char *p = list; p; p = strchr(p, ',')) {
		p += *p == ',';
		if (!strncmp(p, name, len) && (p[len] == ',' || !p[len]))
			return true;
	}
	return false;
}

static void dump(struct nfp_translation *t, const struct nfp_stage_info *stage)
{
	char *text;

	if (!t->dump || !is_listed(t->opts->dump, stage->name))
		return;
	fprintf(t->dump, "; pass %s of %s\n", stage->name, t->np->vp->prog->name);
	if (stage->leaves == NFP_FORM_LLVM) {
		text = nfp_llvm_text(t->mod);
		fputs(text, t->dump);
		LLVMDisposeMessage(text);
	} else if (stage->leaves == NFP_FORM_MIR) {
		nfp_print(&t->fn, t->dump);
	}
}

static void note_time(struct nfp_translation *t, const char *name, double *start)
{
	double now = clock_seconds();

	if (t->out)
		*vec_push(&t->out->phases, t->cx->arena) =
			(struct offload_phase){ name, now - *start };
	*start = now;
}

static bool stops_after(const struct nfp_translation *t, const char *name)
{
	return t->opts->stop_after && !strcmp(t->opts->stop_after, name);
}

static bool run_from(struct nfp_translation *t, const struct nfp_stage_info *first)
{
	double start = clock_seconds();
	bool stopped = false;

	for (const struct nfp_stage_info *s = first; s < nfp_stages + nfp_n_stages; s++) {
		if (s->level == NFP_FROM_O2 && t->opts->opt_level == 0)
			continue;
		if (!s->run(t))
			return false;
		check(t, s->leaves);
		if (t->opts->probe)
			t->opts->probe(t->opts->probe_priv, s->name, form_of(t, s->leaves));
		if (!stopped)
			dump(t, s);
		stopped |= stops_after(t, s->name);
		note_time(t, s->name, &start);
		if (s->needs != NFP_FORM_LLVM && s->leaves != NFP_FORM_LLVM)
			arena_reset(t->cx->scratch);
	}
	return true;
}

bool nfp_run_stages(struct nfp_translation *t)
{
	bool ok;

	t->llvm = LLVMContextCreate();
	ok = run_from(t, nfp_stages);
	if (t->mod)
		LLVMDisposeModule(t->mod);
	LLVMContextDispose(t->llvm);
	return ok;
}

bool nfp_run_mir_stages(struct nfp_translation *t)
{
	const struct nfp_stage_info *s = nfp_stages;

	while (s->needs != NFP_FORM_MIR)
		s++;
	check(t, NFP_FORM_MIR);
	return run_from(t, s);
}
