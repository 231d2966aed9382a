/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/dump.h"
#include "nfp_backend/passes.h"

#include "base/bits.h"

/* The passes over machine IR, a row each, and what runs them: dumps, checks and stops are here
 * and nowhere else. */

const struct nfp_pass nfp_mir_passes[] = {
#define PASS(name, run, always, what) { #name, run, always, what },
#include "nfp_backend/passes.def"
#undef PASS
};

const unsigned nfp_n_mir_passes = ARRAY_SIZE(nfp_mir_passes);

static void dump(const struct nfp_func *fn, struct cx *cx, const struct offload_options *opts,
		 const char *pass)
{
	FILE *f = nfp_dump_begin(cx, opts, fn->name, pass);

	if (!f)
		return;
	nfp_print(fn, f);
	nfp_dump_end(opts, f);
}

static void check(const struct nfp_func *fn, const struct offload_options *opts)
{
#ifdef NDEBUG
	bool debug = false;
#else
	bool debug = true;
#endif

	if (debug || opts->check_each)
		nfp_check(fn);
}

static bool stops_after(const struct offload_options *opts, const char *pass)
{
	return opts->stop_after && !strcmp(opts->stop_after, pass);
}

bool nfp_run_mir_passes(struct nfp_func *fn, struct cx *cx, const struct offload_options *opts,
			struct nfp_ucode *out)
{
	unsigned i;

	*out = (struct nfp_ucode){ 0 };
	check(fn, opts);
	for (i = 0; i < nfp_n_mir_passes; i++) {
		const struct nfp_pass *p = &nfp_mir_passes[i];

		if (!p->always && opts->opt_level == 0)
			continue;
		if (!p->run(fn, cx))
			return false;
		check(fn, opts);
		offload_probe(opts, p->name, fn);
		dump(fn, cx, opts, p->name);
		arena_reset(cx->scratch);
		if (stops_after(opts, p->name))
			return true;
	}
	if (!nfp_emit(fn, cx, out))
		return false;
	offload_probe(opts, "emit", out);
	arena_reset(cx->scratch);
	return true;
}
