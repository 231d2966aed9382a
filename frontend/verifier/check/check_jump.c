/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/verifier/contracts/kfuncs.h"
#include "frontend/verifier/check/check_insn.h"
#include "frontend/verifier/domain/address.h"
#include "frontend/verifier/result/facts.h"
#include "frontend/verifier/walk/env.h"
#include "frontend/verifier/walk/walk.h"

/* Conditional jumps: which ways are possible, and what each way tells: bounds of numbers and of
 * their copies, packet bytes proven, pointers that are null or not. */

struct sides {
	struct fe_reg *a, *b; /* of one outcome's state; b may be the caller's own constant */
	bool with_constant;   /* … and is: the kernel learns of null from no register */
	bool like_kernel;     /* fe_verify_options.like_kernel */
};

/* ---- numbers ----------------------------------------------------------------------------------- */

struct linked {
	const struct fe_reg *known;
};

static void copy_knowledge(struct fe_reg *r, void *arg)
{
	const struct fe_reg *k = ((struct linked *)arg)->known;
	struct fe_val delta;
	int32_t off = r->off;
	bool plus = r->flags & FE_PLUS_OFF, known_plus = k->flags & FE_PLUS_OFF;

	if (r == k || r->type != FE_SCALAR || r->id != k->id)
		return;
	if (plus == known_plus && (!plus || off == k->off)) {
		r->val = k->val;
		return;
	}
	/* r = k + (off of r − off of k) */
	delta = fe_val_const((uint64_t)((int64_t)(plus ? off : 0) - (known_plus ? k->off : 0)));
	r->val = k->val;
	fe_val_alu(&r->val, &delta, BPF_ADD, true);
}

/* All copies of a number deduce what was learnt of one. */
static void tell_copies(struct fe_state *s, const struct fe_reg *known)
{
	struct linked l = { known };

	if (known->type == FE_SCALAR && known->id)
		fe_state_each_reg(s, copy_knowledge, &l);
}

/* The kernel walks a side that cannot be, with nothing known of its numbers. */
static bool forget_numbers(struct fe_state *s, const struct sides *v)
{
	v->a->val = v->b->val = fe_val_unknown();
	tell_copies(s, v->a);
	tell_copies(s, v->b);
	return true;
}

static bool refine_scalars(struct fe_state *s, const struct sides *v, uint8_t op, bool is32)
{
	if (v->like_kernel && v->a == v->b)
		return forget_numbers(s, v);
	if (v->a == v->b) {
		struct fe_val copy = v->a->val;

		if (!fe_cond_refine(&v->a->val, &copy, op, is32))
			return false;
	} else if (!fe_cond_refine(&v->a->val, &v->b->val, op, is32)) {
		return v->like_kernel && forget_numbers(s, v);
	}
	tell_copies(s, v->a);
	tell_copies(s, v->b);
	return true;
}

/* ---- packet pointers --------------------------------------------------------------------------- */

struct proof {
	const struct fe_reg *tested;
	int32_t range;
};

static void prove_bytes(struct fe_reg *r, void *arg)
{
	const struct proof *p = arg;

	if (r->type == p->tested->type && r->id == p->tested->id && r->range < p->range)
		r->range = p->range;
}

/* `p` <= end (or < end) holds in state s: bytes up to it are there, for all pointers that share
 * its unknown part. At offset 0 the kernel learns nothing, not even from `<`. */
static void packet_below_end(struct fe_state *s, const struct fe_reg *p, bool strictly)
{
	struct fe_reg tested = *p;
	struct proof proof = { &tested, p->off + (strictly ? 1 : 0) };

	if (p->off <= 0)
		return;
	/* A huge offset may wrap around the address space. */
	if (p->val.umax > FE_MAX_PKT_OFF || p->val.umax + (uint64_t)p->off > FE_MAX_PKT_OFF)
		return;
	fe_state_each_reg(s, prove_bytes, &proof);
}

static void packet_beyond_end(struct fe_reg *p, bool strictly)
{
	if (p->type == FE_PKT)
		p->range = strictly ? FE_BEYOND_PKT_END : FE_AT_PKT_END;
}

static bool is_start(const struct fe_reg *r)
{
	return r->type == FE_PKT && !r->off && fe_val_is_const(&r->val) && !r->val.var.value;
}

static bool is_packet_pair(const struct fe_reg *p, const struct fe_reg *end)
{
	return (p->type == FE_PKT && end->type == FE_PKT_END) ||
	       (p->type == FE_PKT_META && is_start(end));
}

/* State in which `p op end` holds. */
static void learn_packet(struct fe_state *s, struct fe_reg *p, uint8_t op)
{
	switch (op) {
	case BPF_JLE: packet_below_end(s, p, false); break;
	case BPF_JLT: packet_below_end(s, p, true); break;
	case BPF_JGT: packet_beyond_end(p, true); break;
	case BPF_JGE: packet_beyond_end(p, false); break;
	default: break;
	}
}

/* Pointers already known to be at or beyond the end decide further tests. */
static int decide_packet(const struct fe_reg *p, uint8_t op)
{
	bool beyond = p->range == FE_BEYOND_PKT_END, at = beyond || p->range == FE_AT_PKT_END;

	if (p->type != FE_PKT)
		return -1;
	switch (op) {
	case BPF_JGT: return beyond ? 1 : -1;
	case BPF_JLE: return beyond ? 0 : -1;
	case BPF_JGE: return at ? 1 : -1;
	case BPF_JLT: return at ? 0 : -1;
	default: return -1;
	}
}

/* ---- null -------------------------------------------------------------------------------------- */

struct null_test {
	uint32_t id;
	bool is_null;
};

static void mark_null(struct fe_reg *r, void *arg)
{
	const struct null_test *t = arg;

	if (!(r->flags & FE_MAYBE_NULL) || r->id != t->id)
		return;
	if (t->is_null) {
		fe_reg_const(r, 0);
		return;
	}
	r->flags &= (uint16_t)~FE_MAYBE_NULL;
	if (r->type != FE_MAP_VALUE && r->type != FE_MEM &&
	    r->type != FE_LOCAL) /* locks go by the id */
		r->id = 0;
}

void fe_mark_null(struct fe_state *s, uint32_t id, bool is_null)
{
	struct null_test t = { id, is_null };

	/* A reference that turned out null need not be released. */
	for (uint32_t f = 0; is_null && f < s->n_frames; f++) {
		for (unsigned r = 0; r < 10; r++) {
			const struct fe_reg *reg = &s->frames[f]->regs[r];

			if ((reg->flags & FE_MAYBE_NULL) && reg->id == id && reg->ref == id)
				fe_state_drop_ref(s, reg->ref);
		}
	}
	fe_state_each_reg(s, mark_null, &t);
}

static bool is_null_test(const struct fe_reg *p, const struct fe_reg *zero, uint8_t op, bool is32)
{
	return fe_reg_is_pointer(p) && fe_reg_is_null(zero) && (op == BPF_JEQ || op == BPF_JNE) &&
	       !is32;
}

/* Objects that the kernel vouches for; those of an RCU section are not among them. */
static bool is_trusted(const struct fe_reg *r)
{
	return !(r->flags & (FE_UNTRUSTED | FE_RCU)) &&
	       (r->ref || r->object == FE_OBJ_TASK || r->object == FE_OBJ_XDP_BUFF ||
		r->object == FE_OBJ_SK_BUFF);
}

static bool is_object(const struct fe_reg *r)
{
	return r->type == FE_BTF_OBJ || r->type == FE_LOCAL;
}

/* No valid pointer is null; the kernel draws conclusions for these types only. */
static bool known_not_null(const struct fe_reg *r)
{
	if (r->flags & FE_MAYBE_NULL)
		return false;
	switch (r->type) {
	case FE_SOCKET:
	case FE_SOCK_COMMON:
	case FE_TCP_SOCK:
	case FE_MAP_VALUE:
	case FE_MAP_KEY:
	case FE_MAP_PTR: return true;
	case FE_MEM: return !(r->flags & FE_UNTRUSTED);
	case FE_BTF_OBJ: return is_trusted(r);
	case FE_LOCAL: return r->ref || !(r->flags & (FE_UNTRUSTED | FE_RCU | FE_PERCPU));
	default: return false;
	}
}

/* ---- the jump ---------------------------------------------------------------------------------- */

static int decide(const struct sides *v, uint8_t op, bool is32)
{
	const struct fe_reg *a = v->a, *b = v->b;

	if (v->like_kernel && a == b && a->type == FE_SCALAR && !fe_val_is_const(&a->val))
		return -1;
	if (a->type == FE_SCALAR && b->type == FE_SCALAR)
		return fe_cond_decide(&a->val, &b->val, op, is32);
	if (is32)
		return -1;
	if (is_null_test(a, b, op, is32) && known_not_null(a))
		return op == BPF_JNE;
	if (is_packet_pair(a, b))
		return decide_packet(a, op);
	if (is_packet_pair(b, a))
		return decide_packet(b, fe_cond_swap(op));
	return -1;
}

/* What holds in state s, where `a op b` is true. False: it cannot be. */
static bool deduce(struct fe_state *s, const struct sides *v, uint8_t op, bool is32)
{
	struct fe_reg *a = v->a, *b = v->b;

	if (a->type == FE_SCALAR && b->type == FE_SCALAR)
		return refine_scalars(s, v, op, is32);
	if (v->with_constant && is_null_test(a, b, op, is32) && (a->flags & FE_MAYBE_NULL)) {
		fe_mark_null(s, a->id, op == BPF_JEQ);
	} else if (!is32 && is_packet_pair(a, b)) {
		learn_packet(s, a, op);
	} else if (!is32 && is_packet_pair(b, a)) {
		learn_packet(s, b, fe_cond_swap(op));
	} else if (!is32 && op == BPF_JEQ && fe_reg_is_pointer(a) && fe_reg_is_pointer(b)) {
		/* Equal to a pointer that is not null: not null either. */
		if ((a->flags & FE_MAYBE_NULL) && !(b->flags & FE_MAYBE_NULL) && !is_object(b))
			fe_mark_null(s, a->id, false);
		else if ((b->flags & FE_MAYBE_NULL) && !(a->flags & FE_MAYBE_NULL) && !is_object(a))
			fe_mark_null(s, b->id, false);
	}
	return true;
}

static struct sides sides_of(const struct fe_env *env, struct fe_state *s,
			     const struct bpf_insn *insn, struct fe_reg *imm)
{
	struct fe_frame *f = fe_top(s);

	return (struct sides){ &f->regs[insn->dst_reg],
			       ebpf_src_is_reg(insn) ? &f->regs[insn->src_reg] : imm,
			       !ebpf_src_is_reg(insn), env->opts.like_kernel };
}

static void add_to_trail(struct fe_env *env, struct fe_state *s, const struct fe_trail *prev,
			 bool taken)
{
	struct fe_trail *t = ARENA_NEW(&env->mem, struct fe_trail);

	*t = (struct fe_trail){ prev, env->walk.pc, taken };
	s->trail = t;
}

static bool check_operands(struct fe_env *env, const struct bpf_insn *insn)
{
	return fe_check_readable(env, insn->dst_reg) &&
	       (!ebpf_src_is_reg(insn) || fe_check_readable(env, insn->src_reg));
}

/* The branch goes one way only, thanks to its numbers. */
static void need_operands(struct fe_env *env, const struct bpf_insn *insn)
{
	fe_need(env, insn->dst_reg);
	if (ebpf_src_is_reg(insn))
		fe_need(env, insn->src_reg);
}

/* Both ways are possible: the taken one waits, the walk falls through. */
static bool walk_both(struct fe_env *env, const struct bpf_insn *insn, const struct fe_reg *imm,
		      uint32_t *next_pc, bool *dead)
{
	bool is32 = ebpf_class(insn) == BPF_JMP32;
	uint32_t target = (uint32_t)ebpf_jump_target(insn, env->walk.pc);
	const struct fe_trail *before = env->walk.cur->trail;
	struct fe_reg imm_taken = *imm, imm_falls = *imm;
	struct fe_state *taken = fe_fork(env, target);
	struct sides v;
	bool may_take, may_fall;

	if (!taken)
		return false;
	v = sides_of(env, taken, insn, &imm_taken);
	may_take = deduce(taken, &v, ebpf_op(insn), is32);
	v = sides_of(env, env->walk.cur, insn, &imm_falls);
	may_fall = deduce(env->walk.cur, &v, fe_cond_negate(ebpf_op(insn)), is32);
	fe_facts_branch(env, may_take, may_fall);
	if (!may_take || !may_fall)
		need_operands(env, insn);
	if (!may_take)
		fe_drop_fork(env);
	else
		add_to_trail(env, taken, before, true);
	if (may_fall) {
		add_to_trail(env, env->walk.cur, before, false);
		return true;
	}
	/* The way through is closed: this path ends, the waiting one (if any) goes on. */
	*dead = true;
	*next_pc = target;
	return true;
}

bool fe_check_cond_jump(struct fe_env *env, const struct bpf_insn *insn, uint32_t *next_pc,
			bool *dead)
{
	bool is32 = ebpf_class(insn) == BPF_JMP32;
	struct fe_reg imm;
	struct sides v;
	int known;

	fe_reg_const(&imm, (uint64_t)(int64_t)insn->imm);
	if (!check_operands(env, insn))
		return false;
	v = sides_of(env, env->walk.cur, insn, &imm);
	if (fe_has_address(v.a) || fe_has_address(v.b))
		fe_address_of_compare(env, ebpf_op(insn), is32, v.a, v.b);
	known = decide(&v, ebpf_op(insn), is32);
	if (known < 0)
		return walk_both(env, insn, &imm, next_pc, dead);
	fe_facts_branch(env, known, !known);
	need_operands(env, insn);
	add_to_trail(env, env->walk.cur, env->walk.cur->trail, known);
	if (known)
		*next_pc = (uint32_t)ebpf_jump_target(insn, env->walk.pc);
	return true;
}

/* Falls through until the program ran for too long, which the kernel sees to. */
bool fe_check_may_goto(struct fe_env *env, const struct bpf_insn *insn, uint32_t *next_pc)
{
	const struct fe_trail *before = env->walk.cur->trail;
	struct fe_state *round = fe_fork(env, fe_cfg_next(&env->cfg, env->walk.pc));

	if (!round)
		return false;
	fe_begin_round(env, round);
	round->rounds++;
	fe_facts_branch(env, true, true);
	add_to_trail(env, round, before, false);
	add_to_trail(env, env->walk.cur, before, true);
	*next_pc = (uint32_t)ebpf_jump_target(insn, env->walk.pc);
	return true;
}
