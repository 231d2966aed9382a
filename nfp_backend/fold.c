#include "nfp_backend/ssa.h"

/* Peepholes over SSA, in rounds until nothing changes: each part does one thing (ssa.h lists them)
 * and leaves what it made useless to dead code removal.
 * Needs: SSA. Leaves: SSA without unreachable blocks. */

enum { MAX_ROUNDS = 20 };

bool nfp_fold(struct nfp_func *fn, struct cx *cx)
{
	bool changed = true;
	unsigned round;

	for (round = 0; changed && round < MAX_ROUNDS; round++) {
		struct nfp_ssa s;

		nfp_prune_blocks(fn, cx);
		nfp_ssa_build(&s, fn, cx);
		changed = nfp_fold_values(&s);
		changed |= nfp_fold_branches(&s);
		changed |= nfp_fold_exits(&s);
		changed |= nfp_prune_blocks(fn, cx);
		nfp_dead_code(fn, cx);
	}
	return true;
}
