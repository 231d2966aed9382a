/* SPDX-License-Identifier: BSD-2-Clause */
#include "reduce.h"

#include "asm.h"

#include <string.h>

static const struct bpf_insn nop = JA(0);

struct job {
	struct harness_case *c;
	struct bpf_insn *insns;
	uint32_t *subprog_at;
	bool (*still)(const struct harness_case *c, void *priv);
	void *priv;
};

static bool is_nop(const struct bpf_insn *i)
{
	return !memcmp(i, &nop, sizeof(nop));
}

static bool try_insn(struct job *j, uint32_t i, struct bpf_insn with)
{
	struct bpf_insn old[2] = { j->insns[i] };
	uint32_t n = ebpf_is_ld_imm64(&old[0]) ? 2 : 1;

	if (n == 2)
		old[1] = j->insns[i + 1];
	if (!memcmp(&old[0], &with, sizeof(with)))
		return false;
	j->insns[i] = with;
	if (n == 2)
		j->insns[i + 1] = nop;
	if (j->still(j->c, j->priv))
		return true;
	memcpy(&j->insns[i], old, n * sizeof(*old));
	return false;
}

/* Where control goes from a jump or call, in instructions after it. */
static int32_t *distance(struct bpf_insn *i, int32_t *tmp)
{
	if (ebpf_is_call(i) && i->src_reg == EBPF_CALL_SUBPROG) {
		*tmp = i->imm;
		return tmp;
	}
	if (ebpf_is_jump_class(i) && !ebpf_is_call(i) && !ebpf_is_exit(i)) {
		*tmp = i->off;
		return tmp;
	}
	return NULL;
}

static void remove_at(struct job *j, uint32_t at)
{
	for (uint32_t i = 0; i < j->c->n_insns; i++) {
		struct bpf_insn *insn = &j->insns[i];
		int32_t tmp, *d = i == at ? NULL : distance(insn, &tmp);
		int32_t target;

		if (d) {
			target = (int32_t)i + 1 + *d;
			*d += (int32_t)i < (int32_t)at && target > (int32_t)at ? -1 : 0;
			*d += (int32_t)i > (int32_t)at && target <= (int32_t)at ? 1 : 0;
			if (ebpf_is_call(insn))
				insn->imm = *d;
			else
				insn->off = (int16_t)*d;
		}
		if (ebpf_is_ld_imm64(insn))
			i++;
	}
	memmove(&j->insns[at], &j->insns[at + 1], (j->c->n_insns - at - 1) * sizeof(*j->insns));
	j->c->n_insns--;
	for (uint32_t f = 0; f < j->c->n_subprogs; f++)
		j->subprog_at[f] -= j->subprog_at[f] > at;
}

static void remove_nops(struct job *j)
{
	struct bpf_insn saved[ASM_MAX_INSNS];
	uint32_t subs[16], n = j->c->n_insns;

	memcpy(saved, j->insns, n * sizeof(*saved));
	memcpy(subs, j->subprog_at, j->c->n_subprogs * sizeof(*subs));
	for (uint32_t i = 0; i < j->c->n_insns;) {
		if (is_nop(&j->insns[i]))
			remove_at(j, i);
		else
			i += ebpf_is_ld_imm64(&j->insns[i]) ? 2 : 1;
	}
	if (j->still(j->c, j->priv))
		return;
	memcpy(j->insns, saved, n * sizeof(*saved));
	memcpy(j->subprog_at, subs, j->c->n_subprogs * sizeof(*subs));
	j->c->n_insns = n;
}

/* Whole stretches first: they go much faster. */
static bool try_stretch(struct job *j, uint32_t at, uint32_t len)
{
	struct bpf_insn saved[256];

	if (at + len > j->c->n_insns || len > 256)
		return false;
	memcpy(saved, &j->insns[at], len * sizeof(*saved));
	for (uint32_t i = at; i < at + len; i++)
		j->insns[i] = nop;
	if (j->still(j->c, j->priv))
		return true;
	memcpy(&j->insns[at], saved, len * sizeof(*saved));
	return false;
}

static bool round_of(struct job *j)
{
	bool any = false;

	for (uint32_t len = 64; len > 1; len /= 2) {
		for (uint32_t at = 0; at + len <= j->c->n_insns; at += len)
			any |= try_stretch(j, at, len);
		if (any)
			remove_nops(j);
	}
	for (uint32_t i = 0; i < j->c->n_insns; i++) {
		struct bpf_insn insn = j->insns[i];
		bool wide = ebpf_is_ld_imm64(&insn);

		if (is_nop(&insn))
			continue;
		any |= try_insn(j, i, nop) ||
		       (ebpf_is_cond_jump(&insn) && try_insn(j, i, (struct bpf_insn)JA(insn.off)));
		i += wide;
	}
	remove_nops(j);
	return any;
}

void reduce_case(struct harness_case *c, struct bpf_insn *insns, uint32_t *subprog_at,
		 bool (*still)(const struct harness_case *c, void *priv), void *priv)
{
	struct job j = { c, insns, subprog_at, still, priv };

	while (round_of(&j))
		;
}
