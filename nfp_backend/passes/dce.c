/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/mir/mir_ops.h"
#include "nfp_backend/passes.h"

/* Removes dead results, memory reads and condition codes.
 * Needs: SSA or VREG. Leaves: the same stage.
 *
 * The unit is a glued group, which is dead if each of its instructions is. A register that is only
 * read by updates of itself is dead. */

struct dce {
	struct nfp_func *fn;
	uint32_t *reads; /* by register */
	const struct nfp_mi *mi;
	bool needed;
};

/* ---- 1. dead condition codes ---- */

static void drop_idle_cc(struct nfp_block *b)
{
	bool wanted = false;
	size_t i;

	for (i = b->insns.len; i-- > 0;) {
		struct nfp_mi *mi = &b->insns.at[i];

		if (mi->sets_cc) {
			mi->sets_cc = wanted;
			wanted = false;
		}
		wanted |= nfp_reads_cc(mi);
	}
}

/* ---- 2. instructions whose results are not read ---- */

static void count_read(struct nfp_opnd *o, bool is_def, void *priv)
{
	struct dce *d = priv;
	bool own = nfp_is_update(d->mi) && nfp_opnd_equal(o, &d->mi->dst);

	if (!is_def && !own && (o->kind == NFP_O_VREG || o->kind == NFP_O_XIN))
		d->reads[o->reg]++;
}

static void check_def(struct nfp_opnd *o, bool is_def, void *priv)
{
	struct dce *d = priv;

	if (!is_def)
		d->needed |= o->kind == NFP_O_LM && o->post;
	else if (o->kind == NFP_O_VREG || o->kind == NFP_O_XIN)
		d->needed |= d->reads[o->reg] != 0;
	else
		d->needed = true;
}

static bool has_no_effect(const struct nfp_mi *mi)
{
	if (mi->sets_cc)
		return false;
	return nfp_op_is(mi, NFP_OF_RESULT) || mi->op == NFP_M_MUL ||
	       (mi->op == NFP_M_CMD && nfp_mem_op_reads(mi->cmd.mem));
}

static bool is_dead(struct dce *d, struct nfp_mi *mi, size_t n)
{
	size_t i;

	d->needed = false;
	for (i = 0; i < n && !d->needed; i++) {
		if (!has_no_effect(&mi[i]))
			return false;
		nfp_visit_opnds(&mi[i], check_def, d);
	}
	return !d->needed;
}

static bool sweep(struct dce *d, struct nfp_block *b)
{
	size_t i, n, kept = 0;
	bool removed;

	for (i = 0; i < b->insns.len; i += n) {
		struct nfp_mi *mi = &b->insns.at[i];

		for (n = 1; mi[n - 1].glue;)
			n++;
		if (is_dead(d, mi, n))
			continue;
		memmove(&b->insns.at[kept], mi, n * sizeof(*mi));
		kept += n;
	}
	removed = kept != b->insns.len;
	b->insns.len = kept;
	return removed;
}

bool nfp_dead_code(struct nfp_func *fn, struct cx *cx)
{
	struct dce d = { .fn = fn };
	bool again;
	uint32_t b;
	size_t i;

	d.reads = ARENA_ARRAY(cx->scratch, uint32_t, fn->vregs.len + 1);
	do {
		again = false;
		memset(d.reads, 0, fn->vregs.len * sizeof(*d.reads));
		for (b = 0; b < fn->blocks.len; b++) {
			struct nfp_block *blk = &fn->blocks.at[b];

			drop_idle_cc(blk);
			for (i = 0; i < blk->insns.len; i++) {
				d.mi = &blk->insns.at[i];
				nfp_visit_opnds(&blk->insns.at[i], count_read, &d);
			}
		}
		for (b = 0; b < fn->blocks.len; b++)
			again |= sweep(&d, &fn->blocks.at[b]);
	} while (again);
	return true;
}
