/* SPDX-License-Identifier: BSD-2-Clause */
#include "partitioner/inline/inline_source.h"

#include "base/bits.h"

#define MAX_SOURCES  64u /* programs that one is made from */
#define VERIFY_LIMIT 500000u

/* ---- the program's text ------------------------------------------------------------------------- */

int32_t part_inline_sub_at(const struct fe_prog *prog, int64_t pc)
{
	for (size_t i = 0; i < prog->n_subprogs; i++)
		if (prog->subprogs[i].start == pc)
			return (int32_t)i;
	return -1;
}

int32_t part_inline_callee(const struct fe_prog *prog, uint32_t pc)
{
	const struct bpf_insn *insn = &prog->insns[pc];

	if (!ebpf_is_call(insn) || insn->src_reg != EBPF_CALL_SUBPROG)
		return -1;
	return part_inline_sub_at(prog, (int64_t)pc + 1 + insn->imm);
}

uint32_t part_inline_next(const struct fe_prog *prog, uint32_t pc)
{
	return pc + (ebpf_is_ld_imm64(&prog->insns[pc]) ? 2 : 1);
}

/* ---- what stands against a body in place of a call -------------------------------------------------- */

/* The frame's address moves when a body is put elsewhere: uses that cannot be corrected by a constant
 * in the instruction or behind it. */
static bool strange_frame_use(const struct bpf_insn *insn)
{
	bool src = insn->src_reg == BPF_REG_10, dst = insn->dst_reg == BPF_REG_10;

	if (ebpf_is_ld_imm64(insn) || ebpf_is_call(insn))
		return false;
	if (ebpf_is_alu(insn) && ebpf_src_is_reg(insn) && src)
		return ebpf_class(insn) != BPF_ALU64 || insn->off ||
		       (ebpf_op(insn) != BPF_MOV && ebpf_op(insn) != BPF_ADD);
	if (ebpf_is_cond_jump(insn))
		return dst || (ebpf_src_is_reg(insn) && src);
	return ebpf_class(insn) == BPF_STX && src;
}

static const char *why_not(const struct fe_prog *p, const struct fe_subprog *sub)
{
	for (uint32_t pc = sub->start; pc < sub->end; pc = part_inline_next(p, pc)) {
		const struct bpf_insn *insn = &p->insns[pc];

		if (ebpf_class(insn) == BPF_LD && !ebpf_is_ld_imm64(insn))
			return "it may end with a packet load";
		if (strange_frame_use(insn))
			return "it computes with the address of its frame";
	}
	return NULL;
}

static void look_at_subs(struct part_inline_source *src)
{
	for (size_t k = 0; k < src->prog->n_subprogs; k++)
		src->subs[k].why_not = why_not(src->prog, &src->prog->subprogs[k]);
	for (size_t i = 0; i < src->vp->n_inst; i++) {
		const struct vp_instance *inst = &src->vp->inst[i];
		uint32_t own = (uint32_t)bits_round_up(inst->stack_bytes, 8);

		if (own > src->subs[inst->subprog].own)
			src->subs[inst->subprog].own = own;
	}
}

/* ---- sources ------------------------------------------------------------------------------------ */

struct part_inline_source *part_inline_source_new(struct part_inliner *s, uint32_t index,
						  const struct vprog *vp)
{
	struct part_inline_source *src = ARENA_NEW(s->cx->arena, struct part_inline_source);

	*src = (struct part_inline_source){
		.index = index, .number = s->n_insns, .vp = vp, .prog = vp->prog
	};
	src->subs = ARENA_ARRAY(s->cx->arena, struct part_inline_sub, vp->prog->n_subprogs);
	s->n_insns += (uint32_t)vp->prog->n_insns;
	*vec_push(&s->all, s->cx->arena) = src;
	if (index != PART_NO_PROG)
		s->by_prog[index] = src;
	look_at_subs(src);
	part_inline_registers(s->cx, src);
	part_inline_find_tails(s, src);
	return src;
}

const struct part_inline_source *part_inline_numbered(const struct part_inliner *s, uint32_t number)
{
	size_t i = s->all.len - 1;

	while (s->all.at[i]->number > number)
		i--;
	return s->all.at[i];
}

/* The kernel holds only programs of one kind in an array. */
static bool same_kind(const struct fe_prog *a, const struct fe_prog *b)
{
	return !b->broken && a->type == b->type && a->attach_type == b->attach_type &&
	       a->frags == b->frags;
}

static const struct vprog *verified(struct part_inliner *s, const struct fe_prog *prog)
{
	struct fe_verify_options opts = { .allow_destructive = true,
					  .insn_limit = VERIFY_LIMIT,
					  .budget = s->budget };
	struct vprog *vp = ARENA_NEW(s->cx->arena, struct vprog);
	struct cx quiet = *s->cx;
	struct diags diags;

	diags_init(&diags, s->cx->arena);
	quiet.diags = &diags;
	return fe_verify(&quiet, s->obj, prog, &opts, vp) ? vp : NULL;
}

struct part_inline_source *part_inline_target(struct part_inliner *s, uint32_t prog)
{
	const struct fe_prog *p = &s->obj->progs[prog];
	const struct vprog *vp;

	if (s->by_prog[prog] || s->hopeless[prog])
		return s->by_prog[prog];
	s->hopeless[prog] = true;
	if (s->all.len == MAX_SOURCES || !same_kind(s->all.at[0]->prog, p))
		return NULL;
	vp = verified(s, p);
	if (!vp)
		return NULL;
	s->hopeless[prog] = false;
	return part_inline_source_new(s, prog, vp);
}

static uint32_t index_of(const struct fe_object *obj, const struct fe_prog *prog)
{
	for (size_t i = 0; i < obj->n_progs; i++)
		if (&obj->progs[i] == prog)
			return (uint32_t)i;
	return PART_NO_PROG;
}

struct part_inliner *part_inliner_new(struct cx *cx, const struct vprog *vp, uint64_t *budget)
{
	struct part_inliner *s = ARENA_NEW(cx->arena, struct part_inliner);
	size_t n = vp->obj->n_progs + 1;

	*s = (struct part_inliner){ .cx = cx, .obj = vp->obj, .budget = budget };
	s->by_prog = ARENA_ARRAY(cx->arena, struct part_inline_source *, n);
	s->hopeless = ARENA_ARRAY(cx->arena, bool, n);
	part_inline_source_new(s, index_of(vp->obj, vp->prog), vp);
	return s;
}
