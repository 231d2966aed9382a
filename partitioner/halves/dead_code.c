/* SPDX-License-Identifier: BSD-2-Clause */
#include "partitioner/dead_code.h"

void part_code_init(struct part_code *c, struct cx *cx, const struct vprog *vp,
		    const enum part_place *place)
{
	c->n = (uint32_t)vp->prog->n_insns;
	c->insns = arena_dup(cx->arena, vp->prog->insns, c->n * sizeof(c->insns[0]));
	c->live = ARENA_ARRAY(cx->arena, bool, c->n);
	for (uint32_t i = 0; i < c->n; i++)
		c->live[i] = place[i] != PART_DEAD;
}

static bool is_live(const struct part_code *c, int64_t i)
{
	return i >= 0 && i < (int64_t)c->n && c->live[i];
}

bool part_code_hardwired(const struct part_code *c, uint32_t i, struct bpf_insn *ja)
{
	const struct bpf_insn *insn = &c->insns[i];

	if (!c->live[i] || !ebpf_is_cond_jump(insn) || insn->code == EBPF_MAY_GOTO ||
	    (i && ebpf_is_ld_imm64(&c->insns[i - 1])))
		return false;
	*ja = (struct bpf_insn){ .code = BPF_JMP | BPF_JA };
	if (!is_live(c, (int64_t)i + 1))
		ja->off = insn->off;
	else if (is_live(c, ebpf_jump_target(insn, i)))
		return false;
	return true;
}

uint32_t part_code_dead_run(const struct part_code *c, uint32_t i)
{
	uint32_t n = 0;

	while (i + n < c->n && !c->live[i + n])
		n++;
	return n;
}

bool part_code_is_nop(const struct part_code *c, uint32_t i)
{
	const struct bpf_insn *insn = &c->insns[i];

	return ebpf_is_ja(insn) && ebpf_jump_target(insn, i) == (int64_t)i + 1;
}

/* Where instruction `i` is after `cnt` instructions at `off` went. */
static int64_t moved(int64_t i, uint32_t off, uint32_t cnt)
{
	if (i <= off)
		return i;
	return i >= (int64_t)off + cnt ? i - cnt : off;
}

static void adjust(struct bpf_insn *insn, int64_t pc, uint32_t off, uint32_t cnt)
{
	int64_t delta;

	if (ebpf_is_call(insn) && insn->src_reg == EBPF_CALL_SUBPROG) {
		delta = moved(pc + 1 + insn->imm, off, cnt) - moved(pc, off, cnt) - 1;
		insn->imm = (int32_t)delta;
	} else if (ebpf_is_ja(insn) || ebpf_is_cond_jump(insn)) {
		delta = moved(ebpf_jump_target(insn, pc), off, cnt) - moved(pc, off, cnt) - 1;
		if (insn->code == (BPF_JMP32 | BPF_JA))
			insn->imm = (int32_t)delta;
		else
			insn->off = (int16_t)delta;
	}
}

void part_code_remove(struct part_code *c, uint32_t off, uint32_t cnt)
{
	uint32_t rest = c->n - off - cnt;

	if (!cnt)
		return;
	for (uint32_t i = 0; i < c->n; i++) {
		adjust(&c->insns[i], i, off, cnt);
		if (ebpf_is_ld_imm64(&c->insns[i]))
			i++;
	}
	memmove(&c->insns[off], &c->insns[off + cnt], rest * sizeof(c->insns[0]));
	memmove(&c->live[off], &c->live[off + cnt], rest * sizeof(c->live[0]));
	c->n -= cnt;
}
