/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FRONTEND_VERIFIER_WALK_VERIFY_H
#define FRONTEND_VERIFIER_WALK_VERIFY_H

#include "frontend/verifier/flow/cfg.h"
#include "frontend/verifier/contracts/helpers.h"
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

/* Kinds of special fields by the map types that may hold them (btf_fields.def). */
enum fe_special_family {
	FE_SPECIAL_LOCK,
	FE_SPECIAL_TIMER,
	FE_SPECIAL_ROOT,
	FE_SPECIAL_NODE,
	FE_SPECIAL_OBJECT,
	FE_SPECIAL_USER_PAGE,
};

/* Where a kind of field counts as special: in map values, in objects that the program makes. */
enum fe_special_where { FE_IN_VALUE = 1, FE_IN_OBJECT = 2, FE_IN_BOTH = 3 };

/* Fields of a map's value, or of an object, that only helpers may touch. */
struct fe_btf_field {
	uint32_t off, size;
	const char *name; /* type: "bpf_spin_lock" … */
	enum fe_special_family family;
	uint8_t kptr;      /* enum fe_kptr */
	uint8_t object;    /* … of what it points to: enum fe_object_kind */
	const char *to;    /* … its structure; roots: the structure of the nodes */
	uint32_t to_id;    /* … in the object file's BTF */
	uint32_t node_off; /* roots: where in it the node lies */
};

enum fe_kptr { FE_KPTR_NOT, FE_KPTR_UNTRUSTED, FE_KPTR_OWNED, FE_KPTR_PERCPU };

struct fe_btf_fields {
	struct fe_btf_field field[11]; /* as many as the kernel takes */
	unsigned n;
	const char *refused; /* why the fields of the value are plain bytes; NULL: they are not */
};

/* Structures of the object file's BTF that have special fields: local_type.c. */
struct fe_local_types {
	struct fe_btf_fields **of; /* by type; NULL: it has none */
	uint32_t n;
	const char *refused; /* why the kernel refuses the BTF as a whole; NULL: it does not */
	const char *culprit; /* … for which structure */
	bool used;           /* vprog.local_objects */
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

/* explain.c: reports with the current place, state and path; false. */
#define FE_REJECT(env, ...)                                                                        \
	(diag_error((env)->cx->diags, fe_here_(&(struct diag_at){ 0 }, (env)), __VA_ARGS__),       \
	 fe_explain((env)))
const struct diag_at *fe_here_(struct diag_at *at, const struct fe_env *env);
bool fe_explain(struct fe_env *env);
const char *fe_reg_name(const struct fe_reg *r);                     /* "map_value" … */
const char *fe_reg_text(struct fe_env *env, const struct fe_reg *r); /* with values */
void fe_log_state(struct fe_env *env);

/* walk.c */
bool fe_walk(struct fe_env *env);
static inline struct fe_frame *fe_frame(const struct fe_env *env)
{
	return fe_top(env->walk.cur);
}
static inline struct fe_reg *fe_reg(const struct fe_env *env, unsigned regno)
{
	return &fe_top(env->walk.cur)->regs[regno];
}
/* A copy of the current state, to be walked later from `pc`; NULL: too many wait (reported). */
struct fe_state *fe_fork(struct fe_env *env, uint32_t pc);
void fe_drop_fork(struct fe_env *env);                      /* takes the last fork back */
bool fe_check_readable(struct fe_env *env, unsigned regno); /* initialised */
bool fe_check_writable(struct fe_env *env, unsigned regno); /* not R10 */

/* prune.c */
enum fe_visit { FE_VISIT_GO_ON, FE_VISIT_COVERED, FE_VISIT_FAILED };
void fe_prune_init(struct fe_env *env);
enum fe_visit fe_visit(struct fe_env *env);
void fe_branch_done(struct fe_env *env, struct fe_state *s);

/* stack_live.c */
void fe_stack_note_read(struct fe_env *env, uint32_t frame, uint32_t slot);
void fe_stack_note_kill(struct fe_env *env, uint32_t frame, uint32_t slot);
void fe_stack_commit(struct fe_env *env, uint32_t inst, uint32_t pc); /* end of a visit */
uint64_t fe_stack_live(struct fe_env *env, uint32_t inst, uint32_t pc, uint32_t frame);

/* facts.c */
void fe_facts_init(struct fe_env *env);
void fe_facts_visit(struct fe_env *env);
void fe_facts_branch(struct fe_env *env, bool taken, bool not_taken);
void fe_facts_packet_changes(struct fe_env *env);
void fe_facts_address(struct fe_env *env, uint8_t kind);
/* Instance of `subprog` called from here; made on first use. */
uint32_t fe_facts_child(struct fe_env *env, uint32_t subprog, enum fe_frame_kind kind);
void fe_facts_finish(struct fe_env *env, struct vprog *vp);
struct vp_reg fe_fact_of(const struct fe_reg *r);
void fe_fact_join(struct vp_reg *a, const struct vp_reg *b);
/* Joining what is known of `r` would change nothing: asked of every register of every state. */
bool fe_fact_covers(const struct vp_reg *a, const struct fe_reg *r);

/* facts_stack.c: vprog.main_stack, when asked for */
void fe_facts_stack_init(struct fe_env *env);
void fe_facts_stack_visit(struct fe_env *env);
void fe_facts_stack_finish(struct fe_env *env);

/* check_alu.c */
void fe_link_scalar(struct fe_env *env,
		    struct fe_reg *r); /* give the number a name for its copies */
bool fe_check_alu(struct fe_env *env, const struct bpf_insn *insn);
/* Limits on a pointer's offset after arithmetic. */
bool fe_check_sane_offset(struct fe_env *env, const struct fe_reg *r);

/* address.c: numbers that are made of addresses */
struct fe_address fe_packet_address(const struct fe_reg *r); /* of a packet pointer */
bool fe_alu_has_address(const struct fe_env *env, const struct bpf_insn *insn);
/* After the instruction was checked; the operands as they were before. */
void fe_address_of_alu(struct fe_env *env, const struct bpf_insn *insn, const struct fe_reg *dst,
		       const struct fe_reg *src);
void fe_address_of_compare(struct fe_env *env, uint8_t op, bool is32, const struct fe_reg *a,
			   const struct fe_reg *b);
/* The number goes where its value counts. */
void fe_address_used(struct fe_env *env, const struct fe_reg *r);
/* `size` bytes of the number are kept. */
void fe_address_cut(struct fe_env *env, struct fe_reg *r, unsigned size, bool sign_extend);
bool fe_byte_has_address(const struct fe_stack_slot *s, uint8_t byte);
/* Whatever was found of `old` holds of `cur`. */
bool fe_same_address(const struct fe_reg *old, const struct fe_reg *cur);

/* check_mem.c */
enum fe_access { FE_READ, FE_WRITE };
struct fe_mem_access {
	unsigned base; /* register with the address */
	int32_t off;   /* instruction's offset */
	unsigned size; /* bytes */
	enum fe_access access;
	int value; /* register loaded or stored; -1: an immediate or a helper's */
	bool sign_extend;
	bool atomic;
	bool is_imm; /* ST: store of `imm` */
	int32_t imm;
};
bool fe_check_mem(struct fe_env *env, const struct fe_mem_access *m);
bool fe_check_load_store(struct fe_env *env, const struct bpf_insn *insn);
bool fe_check_atomic(struct fe_env *env, const struct bpf_insn *insn);
bool fe_check_ld_imm64(struct fe_env *env, const struct bpf_insn *insn);
bool fe_check_ld_abs(struct fe_env *env, const struct bpf_insn *insn);
/* [off, off + size) from the register lies inside what it points to (not the stack). */
bool fe_check_region(struct fe_env *env, unsigned regno, int64_t off, uint64_t size,
		     bool zero_size_ok, enum fe_access access);
/* What a load of that size may give, when nothing is known of the memory. */
void fe_loaded_scalar(struct fe_reg *dst, const struct fe_mem_access *m);
const struct fe_map *fe_map_of(const struct fe_env *env, const struct fe_reg *r);

/* btf_fields.c: the fields of a value or an object of this type */
void fe_special_find(struct fe_btf_fields *s, const struct btf *btf, uint32_t type_id,
		     enum fe_special_where where);
/* Is the type a pointer with a tag (__kptr …) that the kernel takes? */
bool fe_is_kernel_pointer(const struct btf *btf, uint32_t id);
/* The first of that name; NULL: none. */
const struct fe_btf_field *fe_btf_field_named(const struct fe_btf_fields *s, const char *name);

/* btf_fields_map.c: which maps may have them */
void fe_btf_fields_init(struct fe_env *env);
/* Of what a map value or a local object has; never NULL. */
const struct fe_btf_fields *fe_btf_fields_of(const struct fe_env *env, const struct fe_reg *r);
/* The one that lies at the register's offset; NULL: none. */
const struct fe_btf_field *fe_btf_field_at(const struct fe_env *env, const struct fe_reg *r,
					   const char *name);

/* local_type.c */
void fe_local_init(struct fe_env *env);
/* The fields of a structure; never NULL. */
const struct fe_btf_fields *fe_local_fields(const struct fe_env *env, uint32_t type);
/* Is the structure that a kernel pointer names one of the program's own? */
enum fe_home { FE_HOME_KERNEL, FE_HOME_LOCAL, FE_HOME_UNKNOWN };
enum fe_home fe_home_of(const struct fe_env *env, const struct fe_btf_field *f);
/* The program uses the map: a value may hold objects of the program's own. */
void fe_local_note_map(struct fe_env *env, int32_t map);
/* Reports that the kernel takes no types from this object file; false. */
bool fe_reject_types(struct fe_env *env);

/* check_packet.c */
bool fe_check_packet(struct fe_env *env, const struct fe_reg *r, int64_t off, uint64_t size,
		     bool zero_size_ok);

/* check_stack.c */
bool fe_check_stack_access(struct fe_env *env, const struct fe_mem_access *m);
/* A helper reads and/or writes [off, off + size) through the register. */
bool fe_check_stack_helper(struct fe_env *env, unsigned regno, int64_t off, uint64_t size,
			   enum fe_access access);

/* check_ctx.c */
bool fe_check_ctx(struct fe_env *env, const struct fe_mem_access *m);

/* check_jump.c */
bool fe_check_cond_jump(struct fe_env *env, const struct bpf_insn *insn, uint32_t *next_pc,
			bool *dead);
/* Tests of pointers that may be null, by id, in all frames. */
void fe_mark_null(struct fe_state *s, uint32_t id, bool is_null);

/* Falls through for a number of times that is not known here. */
bool fe_check_may_goto(struct fe_env *env, const struct bpf_insn *insn, uint32_t *next_pc);

/* loop_widen.c */
/* `round`: the state that enters one more round of the loop whose test is the current instruction. */
void fe_begin_round(struct fe_env *env, struct fe_state *round);
/* The current state came back from a callback to the call at `call_pc`. */
void fe_end_round(struct fe_env *env, uint32_t call_pc);

/* state_merge.c */
/* Widens what is live in `cur` to stand for `old`, too, which covers it but for numbers that made
 * no difference. */
void fe_join_frame(const struct fe_frame *old, struct fe_frame *cur, uint16_t regs, uint64_t slots,
		   uint32_t joins);

/* precise.c */
void fe_step_begin(struct fe_env *env); /* the current instruction */
/* … touches `n` slots, the topmost `slot`. `replaces`: what was in them is gone. */
void fe_step_stack(struct fe_env *env, uint32_t frame, uint32_t slot, uint32_t n, bool replaces);
void fe_step_ends_callback(struct fe_env *env);
/* The current instruction is safe, or goes one way only, thanks to what is known of the number. */
void fe_need(struct fe_env *env, unsigned regno);
void fe_need_slot(struct fe_env *env, uint32_t frame_no, uint32_t slot);
/* The path ends here since `old` covers it: what made a difference from there does so here. */
void fe_need_as(struct fe_env *env, const struct fe_state *old);

/* check_call.c */
bool fe_check_call(struct fe_env *env, const struct bpf_insn *insn);
/* All packet pointers lose their meaning: the packet may have moved. */
void fe_forget_packet(struct fe_reg *r, void *arg);
void fe_clear_packet_pointers(struct fe_env *env);
bool fe_release_ref(struct fe_env *env, uint32_t ref);
bool fe_licence_is_gpl(const char *licence);
struct fe_call_args;
/* After all checks: gives up what the call releases, clobbers R1 to R5, sets R0. */
bool fe_finish_call(struct fe_env *env, const struct fe_call_args *c);

/* check_kfunc.c */
bool fe_check_kfunc(struct fe_env *env, const struct bpf_insn *insn);

/* What a call makes of objects of the program's own: check_local.c, check_graph.c. */
struct fe_local_args {
	uint32_t type; /* of the object that the call gives; 0: it gives none */
	uint32_t off;  /* the result points to a node that lies there */
	bool percpu;
	bool never_null;                 /* what was given was owned */
	const struct fe_btf_field *root; /* list or tree argument */
	uint32_t node_ref;               /* reference of a node that goes into it */
};

/* check_args.c */
struct fe_call_args {
	uint32_t id;
	const struct fe_helper *h;
	int32_t map;    /* index of the map argument; -1: none */
	bool map_inner; /* an inner map: `map` indexes inner_maps */
	uint32_t map_uid;
	uint32_t release_ref;  /* reference given up; 0: none */
	int32_t callback;      /* subprogram; -1: none */
	unsigned callback_arg; /* register with the callback's context */
	uint64_t alloc_size;   /* ARG_ALLOC_SIZE */
	uint32_t ref;          /* reference of a socket argument */
	uint8_t gives;         /* kernel functions: enum fe_object_kind of the result */
	uint8_t dynptr_type;   /* of the last dynptr argument: enum fe_dynptr_type */
	uint32_t dynptr_id, dynptr_ref;
	uint32_t iter_ref; /* of the iterator argument */
	uint32_t type;     /* ARG_TYPE */
	struct fe_local_args local;
};
bool fe_check_args(struct fe_env *env, struct fe_call_args *call);
/* Reports that an argument is not what is wanted; false. */
bool fe_wrong_kind(struct fe_env *env, const struct fe_call_args *c, unsigned regno,
		   const char *wanted);
/* … a special field, or why the map has none. */
bool fe_no_field(struct fe_env *env, const struct fe_call_args *c, unsigned regno,
		 const char *wanted);

/* stack_object.c */
struct fe_place {
	struct fe_frame *frame;
	uint32_t frame_no, slot, n; /* slots [slot], [slot - 1] … of rising addresses */
};
/* `bytes` of stack at a known, aligned place that the register points to. False: not so (not reported). */
bool fe_object_place(struct fe_env *env, unsigned regno, unsigned bytes, struct fe_place *p);
bool fe_object_put(struct fe_env *env, unsigned regno, unsigned bytes, const struct fe_reg *r);
/* The object that is at the place, whole; NULL: none. */
struct fe_reg *fe_object_at(struct fe_env *env, const struct fe_place *p, enum fe_type type);
/* The slot is stored to. False: reported. */
bool fe_object_overwrite(struct fe_env *env, struct fe_frame *f, uint32_t slot);
/* Ends all objects that hold the reference. */
void fe_objects_release(struct fe_env *env, uint32_t ref);

/* check_dynptr.c */
bool fe_check_dynptr_arg(struct fe_env *env, struct fe_call_args *c, unsigned regno, uint8_t kind);
bool fe_dynptr_moves_packet(const struct fe_call_args *c);
void fe_dynptr_slice(const struct fe_call_args *c, struct fe_reg *r0);

/* check_kernel.c */
bool fe_check_kernel_load(struct fe_env *env, const struct fe_mem_access *m);
bool fe_check_type_arg(struct fe_env *env, struct fe_call_args *c, unsigned regno);
void fe_cast_result(struct fe_env *env, const struct fe_call_args *c, struct fe_reg *r0);

/* check_kptr.c: fields of map values that hold pointers to kernel objects */
const struct fe_btf_field *fe_kptr_field(const struct fe_env *env, const struct fe_reg *r,
					 int64_t off, uint64_t size);
bool fe_check_kptr_access(struct fe_env *env, const struct fe_mem_access *m,
			  const struct fe_btf_field *f);
bool fe_check_kptr_arg(struct fe_env *env, struct fe_call_args *c, unsigned regno);
bool fe_check_kptr_new(struct fe_env *env, struct fe_call_args *c, unsigned regno);

/* check_local.c: objects that the program makes */
bool fe_check_local_access(struct fe_env *env, const struct fe_mem_access *m);
bool fe_check_local_arg(struct fe_env *env, struct fe_call_args *c, unsigned regno, uint8_t kind);
void fe_local_result(struct fe_env *env, const struct fe_call_args *c, struct fe_reg *r0);

/* check_graph.c: lists and trees of them */
bool fe_check_graph_arg(struct fe_env *env, struct fe_call_args *c, unsigned regno, uint8_t kind);
/* What the function that compares two nodes is given. */
void fe_graph_callback_args(struct fe_env *env, const struct fe_call_args *c, struct fe_frame *f);
bool fe_in_graph_callback(const struct fe_state *s);

/* owned.c: references that own an object, and those that do not */
void fe_set_not_owning(const struct fe_env *env, struct fe_reg *r);
/* The object with the reference goes to a list or tree: what points to it owns it no more. */
bool fe_give_away(struct fe_env *env, uint32_t ref);
/* … into a field of a map's value, memory of each CPU: it stays as long as the section. */
void fe_give_percpu(struct fe_env *env, uint32_t ref);
/* The lock is given up: other CPUs may free what is not owned. */
void fe_drop_not_owning(struct fe_env *env);

/* check_ksym.c: kernel functions and variables by address */
bool fe_check_ksym(struct fe_env *env, const struct bpf_insn *insn);
/* Declared weak, and the kernel has none. */
bool fe_ksym_absent(struct fe_env *env, int32_t index);
bool fe_check_percpu_arg(struct fe_env *env, struct fe_call_args *c, unsigned regno);
void fe_percpu_result(struct fe_env *env, const struct fe_call_args *c, struct fe_reg *r0);

/* exceptions.c: bpf_throw() */
bool fe_check_exceptions(struct fe_env *env);
/* After a call was checked. `done`: it does not return. */
bool fe_check_throw(struct fe_env *env, const struct bpf_insn *insn, bool *done);

/* fastcall.c */
void fe_fastcall_init(struct fe_env *env);
/* The current instruction touches stack of a function, from `off` on. */
void fe_fastcall_note_access(struct fe_env *env, uint32_t subprog, int64_t off);
/* Bytes of stack that count. */
uint32_t fe_fastcall_stack(const struct fe_env *env, uint32_t subprog);

/* rcu_preempt.c */
bool fe_check_section(struct fe_env *env, const char *name);
/* The program ends, or goes elsewhere: nothing may be held. */
bool fe_check_nothing_held(struct fe_env *env);

/* exception_cb.c: the program names no function for bpf_throw() to run */
bool fe_check_exception_callback(const struct fe_env *env);

/* check_iter.c */
bool fe_check_iter_arg(struct fe_env *env, struct fe_call_args *c, unsigned regno, uint8_t kind);
/* After all else of the call: one state goes round, one is done. */
bool fe_iter_next(struct fe_env *env, const struct fe_call_args *c);
bool fe_iter_is_next(const struct fe_env *env, uint32_t pc);
/* At such a call: the iterator was not seen to be drained. */
bool fe_iter_goes_on(struct fe_env *env);
/* Some iterator is not at the same round in both. */
bool fe_iter_rounds_differ(const struct fe_state *a, const struct fe_state *b);

/* global.c */
/* Functions that a packet load or a tail call may end: they must return a number. */
bool fe_check_early_exits(struct fe_env *env);
bool fe_is_global(const struct fe_env *env, uint32_t subprog);
/* First frame of a walk that verifies a global function apart. */
bool fe_global_start(struct fe_env *env, uint32_t subprog, struct fe_frame *f);
bool fe_global_check_call(struct fe_env *env, uint32_t subprog);
bool fe_global_moves_packet(struct fe_env *env, uint32_t subprog);

/* check_func.c */
bool fe_check_call_subprog(struct fe_env *env, const struct bpf_insn *insn, uint32_t *next_pc);
/* Walks the callback as often as the helper may call it; then goes on as after the call. */
bool fe_check_callback(struct fe_env *env, const struct fe_call_args *call);
/* In a called function: a path waits on which another program returned in its place. */
bool fe_check_tail_call(struct fe_env *env);
/* A packet load that fails: the function returns 0. */
bool fe_check_failed_load(struct fe_env *env);
/* `done`: the path ends here (exit of main). */
bool fe_check_exit(struct fe_env *env, uint32_t *next_pc, bool *done);
bool fe_check_stack_depth(struct fe_env *env);

#endif
