/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/passes/ssa.h"

#include "base/bits.h"

/* Peepholes over SSA, in rounds until nothing changes: each part does one thing (ssa.h lists them)
 * and leaves what it made useless to dead code removal.
 * Needs: SSA. Leaves: SSA without unreachable blocks. */

enum { MAX_ROUNDS = 50 };

bool nfp_fold(struct nfp_func *fn, struct cx *cx)
{
	static bool (*const parts[])(struct nfp_ssa * s) = {
		nfp_fold_values,   nfp_fold_bits,  nfp_fold_known,
		nfp_fold_branches, nfp_fold_exits, nfp_fold_consts,
	};
	bool changed = true;
	unsigned round;
	size_t i;

	nfp_prune_blocks(fn, cx);
	for (round = 0; changed && round < MAX_ROUNDS; round++) {
		changed = false;
		for (i = 0; i < ARRAY_SIZE(parts); i++) {
			struct nfp_ssa s; /* each part sees the uses as the last one left them */

			nfp_ssa_build(&s, fn, cx);
			changed |= parts[i](&s);
		}
		changed |= nfp_prune_blocks(fn, cx);
		nfp_dead_code(fn, cx);
	}
	return true;
}
