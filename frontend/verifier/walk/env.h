/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FRONTEND_VERIFIER_WALK_ENV_H
#define FRONTEND_VERIFIER_WALK_ENV_H

#include "frontend/verifier/contracts/btf_fields.h"
#include "frontend/verifier/contracts/helpers.h"
#include "frontend/verifier/flow/cfg.h"
#include "frontend/verifier/state/state.h"
#include "frontend/vprog.h"

/* Insides of the verifier: one run's data, and what its files offer each other.
 *
 *   verify.c     entry: options, structure, walk, facts, verdict
 *   cfg.c reg_live.c structure and register liveness, before the walk
 *   walk.c       one path after the other: fetch, check, step, fork, prune
 *   prune.c      remembered states: when is a state covered by one already walked
 *   precise.c    which numbers made a difference (for prune.c)
 *   stack_live.c which stack slots later instructions may read (for prune.c)
 *   check_alu.c check_mem.c check_packet.c check_stack.c check_ctx.c check_jump.c check_call.c check_args.c
 *   check_kfunc.c check_func.c one kind of instruction each: is it safe, and what is known afterwards
 *   stack_object.c check_dynptr.c check_iter.c   dynptrs and iterators, which live on the stack
 *   btf_fields.c btf_fields_map.c   fields of map values that only helpers may touch
 *   check_ksym.c exceptions.c fastcall.c   addresses in the kernel, bpf_throw(), calls around which spills do not count
 *   check_kernel.c kernel_type.c check_kptr.c   kernel structures and objects: what the kernel's BTF tells
 *   local_type.c check_local.c check_graph.c owned.c   objects that the program makes (bpf_obj_new()): their types,
 *                accesses, lists and trees of them, references that own one and those that do not
 *   address.c    numbers that are made of addresses
 *   rcu_preempt.c   RCU read sections, preemption
 *   loop_widen.c     loops that end when run: iterators, may_goto, callbacks
 *   state_merge.c       states widened to stand for others that differ in numbers of no consequence
 *   exception_cb.c   programs with an exception callback
 *   global.c     functions that are verified apart from their callers
 *   value.c refine.c tnum.c   arithmetic on what is known of numbers
 *   facts.c      join of all states seen, per instance and instruction
 *   explain.c    what a rejection says: place, values, state, path
 *
 * Every check returns false having reported the rejection. */

/* Limits, as the kernel's but for the first. */
#define FE_INSN_LIMIT 4000000u /* four times the kernel's: prune.c keeps more states apart */
/* States remembered at a place, before the next ones are widened; joins that keep all bounds. */
#define FE_CROWD       16u
#define FE_HULLS       1u
#define FE_MAX_VAR_OFF (1 << 29)
/* Second attempts: rounds of loops that are walked one by one, and instructions in all. */
#define FE_EXACT_ROUNDS 32768u
#define FE_EXACT_LIMIT  1000000u
#define FE_MAX_PKT_OFF  0xffff
#define FE_MAX_PENDING  8192u /* states waiting to be walked */

struct id_pairs;

/* One instruction of the current path, as far as going back over it needs. */
struct fe_step {
	uint32_t pc;
	uint8_t frame : 3,
		slot_frame : 3; /* the innermost before it; the one whose stack it touched */
	bool replaces : 1, ends_callback : 1;
	uint8_t slot, n_slots;
};

struct fe_work {
	struct fe_state *state;
	uint32_t pc;
	struct fe_work *next;
};

/* Bookkeeping of one vprog instance while walking. */
struct fe_inst {
	struct vp_instance pub;
	uint64_t *read, *killed, *live; /* stack slots: [(insn - start) * (depth + 1) + frame] */
	bool *stack_seen;               /* insn was walked: `killed` means something */
	bool callback; /* called from within a helper: returns to the call itself, too */
};

struct fe_stack_todo {
	uint32_t inst, insn;
};

/* Spills around calls that the kernel takes out: fastcall.c. By subprogram. */
struct fe_fastcall {
	int16_t from; /* spills lie below this offset; 0: there are none */
	bool removes,
		keeps; /* some can be taken out; some cannot, or the stack below has another use */
};

/* What is known of the program before it is walked. The walks of its global functions share it. */
struct fe_plan {
	enum fe_prog_kind kind;
	uint32_t *stack_of;           /* by subprogram: deepest byte of stack used */
	struct fe_fastcall *fastcall; /* by subprogram */
	bool *fastcall_insn;          /* by instruction: a spill or fill of that kind */
	uint8_t *moves_packet;        /* by subprogram: see global.c */
	uint16_t *base_type; /* by instruction: what it loads from or stores to (enum fe_type) */
	struct fe_btf_fields *special, *inner_special; /* by map */
	struct fe_local_types local;
};

/* Sums over all walks of one attempt, and how it goes about them. */
struct fe_totals {
	bool strict;           /* an attempt that joins no states */
	uint32_t exact_rounds; /* rounds on a path before scalars are widened */
	bool widened;          /* some scalar was */
	bool joined;           /* some states were */
	bool warned_uninit;
	uint32_t processed, jumps, n_states;
	uint32_t jumps_at_state, processed_at_state; /* when a state was last remembered */
};

/* One walk over the paths from the root (walk.c, prune.c, precise.c). */
struct fe_walk {
	struct fe_state_pool pool;
	struct fe_state *cur;
	uint32_t pc; /* instruction being checked */
	struct fe_work *work, *free_work;
	uint32_t n_work;
	uint32_t id_gen;
	uint32_t *crowd;              /* by pc: states remembered so far */
	VEC(struct fe_step) steps;    /* the current path: precise.c */
	struct fe_state **remembered; /* lists by pc */
	struct id_pairs *ids;         /* scratch of prune.c */
	uint32_t open_loops;          /* remembered states with loop_head */
};

/* Which stack slots a later instruction reads (stack_live.c). */
struct fe_stack_live {
	VEC(struct fe_stack_todo) todo;
	uint64_t visit_read[8], visit_killed[8]; /* slots touched by this visit, by frame */
	bool off;                                /* instances are shared: every slot counts */
};

/* What is handed on: the join of all states seen (facts.c, facts_stack.c). */
struct fe_facts {
	VEC(struct fe_inst) inst;
	int32_t *shared_inst; /* by subprogram, once instances are shared; -1: none yet */
	uint64_t instance_insns;
	struct vp_stack *main_stack;
	struct vp_reg *nothing_known; /* registers of instructions that were not seen */
	bool *main_stack_seen;
	uint32_t max_pkt_off;
};

/* One attempt to verify a program, and in it one walk: of main, or of a global function from its signature. */
struct fe_env {
	struct cx *cx;
	struct arena mem; /* all but the result; reset when the attempt ends */
	const struct fe_object *obj;
	const struct fe_prog *prog;
	struct fe_verify_options opts;
	struct fe_cfg cfg;
	uint32_t root; /* subprogram that the walk starts with: 0, or a global one */
	struct fe_plan plan;
	struct fe_totals totals;
	struct fe_walk walk;
	struct fe_stack_live stack_live;
	struct fe_facts facts;
	VEC(char) log_text; /* states, for opts.log_states */
};

static inline struct fe_frame *fe_frame(const struct fe_env *env)
{
	return fe_top(env->walk.cur);
}
static inline struct fe_reg *fe_reg(const struct fe_env *env, unsigned regno)
{
	return &fe_top(env->walk.cur)->regs[regno];
}

#endif
