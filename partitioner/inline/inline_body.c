/* SPDX-License-Identifier: BSD-2-Clause */
#include "partitioner/inline/inline_body.h"

/* Instructions in their new order. A body may stand in another's frame: its own begins `base` bytes
 * further down. Tail calls of a body become jumps to bodies that are put behind it, in the same
 * frame; they leave by the same way. */

#define NO_LABEL      UINT32_MAX
#define MAX_INSNS     16384u /* of the result: jumps reach 32,767 */
#define COUNTER_BYTES 8u

struct target { /* of tail calls, within one context */
	const struct part_inline_source *src;
	uint32_t label;
};

/* State shared by all inlined bodies. */
struct context {
	uint32_t exit; /* label; NO_LABEL: the function ends */
	uint32_t base; /* bytes of the frame above it */
	uint32_t own;  /* bytes of the largest body's frame */
	bool main;     /* tail calls are followed */
	VEC(struct target) targets;
};

struct body {
	struct context *c;
	const struct part_inline_source *src;
	uint32_t sub, start, end;
	uint32_t *label; /* by instruction from start */
	bool *reached;
};

static void fail(struct part_inline_body *e, const char *why)
{
	if (!e->why)
		e->why = why;
}

static const struct part_inline_tail *tail_at(const struct part_inline_body *e,
					      const struct body *b, uint32_t pc)
{
	return e->tails && b->c->main ? b->src->tails[pc] : NULL;
}

static bool replaces(const struct part_inline_body *e, const struct part_inline_source *src,
		     int32_t sub)
{
	uint32_t at = part_inline_slot_of(e->s, src);

	return sub > 0 && e->set && e->set[at] && e->set[at][sub];
}

/* ---- which instructions of a body are reached ---------------------------------------------------- */

static bool falls_through(const struct part_inline_body *e, const struct body *b, uint32_t pc)
{
	const struct bpf_insn *insn = &b->src->prog->insns[pc];
	const struct part_inline_tail *t = tail_at(e, b, pc);
	size_t at = 0;

	if (t && !t->any_index && !e->counts && part_inline_choice(e->s->obj, t, &at))
		return false;
	return !ebpf_is_exit(insn) && !ebpf_is_ja(insn);
}

static void reach(const struct part_inline_body *e, struct body *b)
{
	VEC(uint32_t) todo = { 0 };

	*vec_push(&todo, e->cx->arena) = b->start;
	while (todo.len) {
		uint32_t pc = todo.at[--todo.len];
		const struct bpf_insn *insn = &b->src->prog->insns[pc];

		if (pc >= b->end || b->reached[pc - b->start])
			continue;
		b->reached[pc - b->start] = true;
		if (ebpf_is_ja(insn) || ebpf_is_cond_jump(insn))
			*vec_push(&todo, e->cx->arena) = (uint32_t)ebpf_jump_target(insn, pc);
		if (falls_through(e, b, pc))
			*vec_push(&todo, e->cx->arena) = part_inline_next(b->src->prog, pc);
	}
}

/* ---- plain instructions ------------------------------------------------------------------------------ */

/* In a frame that begins `base` bytes further down. */
static void put_moved(struct part_inline_body *e, struct bpf_insn insn, uint32_t base)
{
	uint8_t class = ebpf_class(&insn);
	bool pointer = base && ebpf_is_alu(&insn) && ebpf_src_is_reg(&insn) &&
		       ebpf_op(&insn) != BPF_END && insn.src_reg == BPF_REG_10;

	if ((ebpf_is_load(&insn) && insn.src_reg == BPF_REG_10) ||
	    ((class == BPF_ST || class == BPF_STX) && insn.dst_reg == BPF_REG_10))
		insn.off = (int16_t)(insn.off - (int)base);
	part_asm_put(&e->as, insn);
	if (pointer)
		part_asm_add_imm(&e->as, insn.dst_reg, -(int32_t)base);
}

static uint32_t unit_label(struct part_inline_body *e, const struct part_inline_source *src,
			   uint32_t sub)
{
	for (size_t i = 0; i < e->units.len; i++)
		if (e->units.at[i].src == src && e->units.at[i].sub == sub)
			return e->units.at[i].label;
	*vec_push(&e->units, e->cx->arena) =
		(struct part_inline_unit){ src, sub, part_asm_label(&e->as), 0, 0 };
	return e->units.at[e->units.len - 1].label;
}

static void put_wide(struct part_inline_body *e, const struct body *b, uint32_t pc)
{
	const struct fe_prog *p = b->src->prog;
	struct bpf_insn insn = p->insns[pc];

	if (insn.src_reg == EBPF_IMM_FUNC) {
		int32_t sub = part_inline_sub_at(p, (int64_t)pc + 1 + insn.imm);

		part_asm_jump(&e->as, insn, unit_label(e, b->src, (uint32_t)sub));
		part_asm_put(&e->as, p->insns[pc + 1]);
	} else if (e->tails && b->c->main && insn.src_reg == EBPF_IMM_MAP_IDX &&
		   e->s->obj->maps[insn.imm].type == BPF_MAP_TYPE_PROG_ARRAY &&
		   !b->src->keeps[insn.imm]) {
		part_asm_wide(&e->as, insn.dst_reg, EBPF_IMM_VALUE, 1); /* dead */
	} else {
		part_asm_put(&e->as, insn);
		part_asm_put(&e->as, p->insns[pc + 1]);
	}
}

/* ---- tail calls ----------------------------------------------------------------------------------------- */

static uint32_t target_label(struct part_inline_body *e, struct context *c, uint32_t prog)
{
	const struct part_inline_source *src = part_inline_target(e->s, prog);

	for (size_t i = 0; i < c->targets.len; i++)
		if (c->targets.at[i].src == src)
			return c->targets.at[i].label;
	if (c->base && src->subs[0].why_not)
		fail(e, src->subs[0].why_not);
	*vec_push(&c->targets, e->cx->arena) = (struct target){ src, part_asm_label(&e->as) };
	return c->targets.at[c->targets.len - 1].label;
}

/* To the target, unless too many went before. R0 is free: a tail call leaves nothing in it. */
static void take_slot(struct part_inline_body *e, struct context *c, const struct fe_slot *slot,
		      uint32_t fall)
{
	if (e->counts) {
		part_asm_load(&e->as, 8, 0, 10, e->count_at);
		part_asm_if(&e->as, BPF_JGE, 0, PART_INLINE_TAIL_CALLS, fall);
		part_asm_add_imm(&e->as, 0, 1);
		part_asm_store(&e->as, 8, 10, e->count_at, 0);
	}
	part_asm_goto(&e->as, target_label(e, c, slot->target));
}

static void put_tail(struct part_inline_body *e, struct context *c,
		     const struct part_inline_tail *t)
{
	uint32_t fall = part_asm_label(&e->as);
	const struct fe_slot *slot;

	e->calls[t->map]++;
	for (size_t i = 0; (slot = part_inline_choice(e->s->obj, t, &i));) {
		uint32_t next = part_asm_label(&e->as);

		if (t->any_index)
			part_asm_if32(&e->as, BPF_JNE, 3, (int32_t)slot->index, next);
		take_slot(e, c, slot, fall);
		part_asm_place(&e->as, next);
	}
	part_asm_place(&e->as, fall);
}

/* ---- calls that are replaced ----------------------------------------------------------------------------- */

static void put_context(struct part_inline_body *e, struct context *c,
			const struct part_inline_source *src, uint32_t sub);

/* Registers 6 to 9 that a body writes, including bodies inlined into it. */
static uint8_t writes(const struct part_inline_body *e, const struct part_inline_source *src,
		      uint32_t sub)
{
	const struct fe_subprog *s = &src->prog->subprogs[sub];
	uint8_t regs = src->subs[sub].writes;

	for (uint32_t pc = s->start; pc < s->end && regs != 0xf;
	     pc = part_inline_next(src->prog, pc)) {
		int32_t callee = part_inline_callee(src->prog, pc);

		if (e->tails && src->tails[pc])
			return 0xf;
		if (replaces(e, src, callee))
			regs |= writes(e, src, (uint32_t)callee);
	}
	return regs;
}

/* A register that some path leaves without a value cannot be saved. */
static bool has_value(const struct body *b, uint32_t pc, unsigned reg)
{
	const struct vprog *vp = b->src->vp;

	for (size_t inst = 0; inst < vp->n_inst; inst++) {
		const struct vp_fact *f;

		if (vp->inst[inst].subprog != b->sub)
			continue;
		f = vp_fact_at(vp, inst, pc);
		if (f->seen && f->regs[reg].kind == VP_NOT_INIT)
			return false;
	}
	return true;
}

static void save(struct part_inline_body *e, uint8_t regs, uint32_t base, bool back)
{
	int16_t at = (int16_t)(-(int)base);

	for (uint8_t r = 0; r < 4; r++) {
		uint8_t reg = (uint8_t)(PART_INLINE_FIRST_SAVED + r);

		if (!(regs >> r & 1))
			continue;
		at = (int16_t)(at - 8);
		if (back)
			part_asm_load(&e->as, 8, reg, 10, at);
		else
			part_asm_store(&e->as, 8, 10, at, reg);
	}
}

static void put_replaced(struct part_inline_body *e, const struct body *b, uint32_t pc,
			 uint32_t callee)
{
	uint8_t regs = writes(e, b->src, callee) & b->src->live[part_inline_next(b->src->prog, pc)];
	uint32_t base = b->c->base + b->c->own, origin = e->as.origin;
	struct context c = { .exit = part_asm_label(&e->as), .main = b->c->main };

	c.base = base + 8 * (uint32_t)__builtin_popcount(regs);
	for (unsigned r = 0; r < 4; r++)
		if ((regs >> r & 1) && !has_value(b, pc, PART_INLINE_FIRST_SAVED + r))
			fail(e, "a register around a call has a value on some paths only");
	save(e, regs, base, false);
	put_context(e, &c, b->src, callee);
	e->as.origin = origin;
	part_asm_place(&e->as, c.exit);
	save(e, regs, base, true);
	e->n_inlined++;
}

/* ---- bodies ------------------------------------------------------------------------------------------------ */

static void put_insn(struct part_inline_body *e, const struct body *b, uint32_t pc)
{
	const struct bpf_insn *insn = &b->src->prog->insns[pc];
	const struct part_inline_tail *t = tail_at(e, b, pc);
	int32_t callee = part_inline_callee(b->src->prog, pc);

	if (t)
		put_tail(e, b->c, t);
	else if (ebpf_is_ja(insn) || ebpf_is_cond_jump(insn))
		part_asm_jump(&e->as, *insn,
			      b->label[(uint32_t)ebpf_jump_target(insn, pc) - b->start]);
	else if (ebpf_is_exit(insn) && b->c->exit != NO_LABEL)
		part_asm_goto(&e->as, b->c->exit);
	else if (replaces(e, b->src, callee))
		put_replaced(e, b, pc, (uint32_t)callee);
	else if (callee > 0)
		part_asm_jump(&e->as, *insn, unit_label(e, b->src, (uint32_t)callee));
	else if (ebpf_is_ld_imm64(insn))
		put_wide(e, b, pc);
	else
		put_moved(e, *insn, b->c->base);
}

static void put_body(struct part_inline_body *e, struct context *c,
		     const struct part_inline_source *src, uint32_t sub)
{
	const struct fe_subprog *s = &src->prog->subprogs[sub];
	struct body b = { .c = c, .src = src, .sub = sub, .start = s->start, .end = s->end };

	b.label = ARENA_ARRAY(e->cx->arena, uint32_t, s->end - s->start);
	b.reached = ARENA_ARRAY(e->cx->arena, bool, s->end - s->start);
	reach(e, &b);
	for (uint32_t i = 0; i < s->end - s->start; i++)
		b.label[i] = part_asm_label(&e->as);
	for (uint32_t pc = s->start; pc < s->end && !e->why; pc = part_inline_next(src->prog, pc)) {
		if (!b.reached[pc - s->start])
			continue;
		e->as.origin = src->number + pc;
		part_asm_place(&e->as, b.label[pc - s->start]);
		put_insn(e, &b, pc);
		if (e->as.code.len > MAX_INSNS)
			fail(e, "the result has more than 16384 instructions");
	}
}

/* Bytes of frame that a body and those that its tail calls lead to may use. */
static uint32_t frame_of(struct part_inline_body *e, const struct part_inline_source *src,
			 uint32_t sub, bool *seen)
{
	const struct fe_subprog *s = &src->prog->subprogs[sub];
	uint32_t most = src->subs[sub].own;
	const struct fe_slot *slot;

	for (uint32_t pc = s->start; e->tails && pc < s->end; pc++)
		for (size_t i = 0; src->tails[pc] &&
				   (slot = part_inline_choice(e->s->obj, src->tails[pc], &i));) {
			uint32_t own;

			if (seen[slot->target])
				continue;
			seen[slot->target] = true;
			own = frame_of(e, part_inline_target(e->s, slot->target), 0, seen);
			most = own > most ? own : most;
		}
	return most;
}

/* The jump out of the last body would target the next instruction. */
static void drop_last_jump(struct part_inline_body *e, uint32_t exit)
{
	struct part_asm *a = &e->as;

	if (!a->fixes.len || a->fixes.at[a->fixes.len - 1].at != a->code.len - 1 ||
	    a->fixes.at[a->fixes.len - 1].label != exit ||
	    !ebpf_is_ja(&a->code.at[a->code.len - 1]))
		return;
	a->fixes.len--;
	a->code.len--;
	a->origins.len--;
}

static void put_context(struct part_inline_body *e, struct context *c,
			const struct part_inline_source *src, uint32_t sub)
{
	bool *seen = ARENA_ARRAY(e->cx->arena, bool, e->s->obj->n_progs + 1);

	c->own = c->main ? frame_of(e, src, sub, seen) : src->subs[sub].own;
	if (c->base + c->own > EBPF_MAX_STACK)
		fail(e, "the frames together exceed 512 bytes");
	put_body(e, c, src, sub);
	for (size_t i = 0; i < c->targets.len && !e->why; i++) {
		part_asm_place(&e->as, c->targets.at[i].label);
		put_body(e, c, c->targets.at[i].src, 0);
	}
	if (c->exit != NO_LABEL)
		drop_last_jump(e, c->exit);
}

/* Main, with the count of tail calls in front where they are counted: at the top of the frame, so that
 * everything else moves down. */
static void put_main(struct part_inline_body *e)
{
	const struct part_inline_source *first = e->s->all.at[0];
	struct context c = { .exit = NO_LABEL, .main = true };

	e->as.origin = first->number;
	if (e->counts) {
		e->count_at = -(int16_t)COUNTER_BYTES;
		c.base = COUNTER_BYTES;
		if (first->subs[0].why_not)
			fail(e, first->subs[0].why_not);
		part_asm_store_imm(&e->as, 8, 10, e->count_at, 0);
	}
	put_context(e, &c, first, 0);
}

/* Functions that are still called; each may call others. */
static void put_units(struct part_inline_body *e)
{
	for (size_t i = 0; i < e->units.len && !e->why; i++) {
		struct context c = { .exit = NO_LABEL };
		struct part_inline_unit *u = &e->units.at[i];
		const struct part_inline_source *src = u->src;
		uint32_t start = (uint32_t)e->as.code.len;

		part_asm_place(&e->as, u->label);
		put_context(e, &c, src, u->sub);
		e->units.at[i].start = start;
		e->units.at[i].end = (uint32_t)e->as.code.len;
	}
}

bool part_inline_bodies(struct part_inline_body *e)
{
	e->as = (struct part_asm){ .arena = e->cx->arena };
	e->calls = ARENA_ARRAY(e->cx->arena, uint32_t, e->s->obj->n_maps + 1);
	put_main(e);
	e->main_end = (uint32_t)e->as.code.len;
	put_units(e);
	if (!e->why && !part_asm_finish(&e->as))
		fail(e, "a jump exceeds its range");
	return !e->why;
}
