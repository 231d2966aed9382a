/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FRONTEND_VPROG_H
#define FRONTEND_VPROG_H

#include "frontend/object.h"

/* A program that the verifier accepted, with the facts that it proved.
 *
 * The unit of proof is an *instance*: the main program, or a subprogram as called from one
 * call site of one caller instance (a node of the call tree; eBPF has no recursion). Facts of an
 * instruction are kept per instance, joined over all states in which the verifier reached it, so
 * that a function called with a packet pointer at one site and a stack pointer at another stays precise.
 * If the call tree exceeds VP_MAX_INSTANCE_INSNS, each subprogram has one shared instance
 * from then on (facts then join over the callers). */

#define VP_MAX_INSTANCE_INSNS 262144u

enum vp_kind {
	VP_NOT_INIT, /* never written on some path: unusable */
	VP_SCALAR,
	VP_CTX,
	VP_STACK, /* object: frame number, 0 = main's; off/var relative to that frame's top (R10) */
	VP_PKT,   /* relative to xdp data / skb data */
	VP_PKT_META, /* relative to data_meta */
	VP_PKT_END,
	VP_MAP_PTR,           /* object: map index */
	VP_MAP_VALUE,         /* object: map index; offset into the value */
	VP_MAP_VALUE_OR_NULL, /* as above, not yet tested */
	VP_MAP_KEY,           /* key of a callback */
	VP_MEM, /* memory of known size (ringbuf record, dynptr slice, global function argument) */
	VP_MEM_OR_NULL,
	VP_FUNC,    /* callback: subprogram index in `object` */
	VP_OTHER,   /* socket, task, BTF pointer …: host only */
	VP_ADDRESS, /* a scalar derived from a packet pointer: it depends on the packet's address */
	VP_PKT_OR_ADDRESS, /* a packet pointer on some paths, such a scalar on others */
	VP_CONFLICT,       /* different kinds on different paths; not usable as one kind */
};

struct vp_tnum { /* known bits: where mask is 0 the bit equals value's */
	uint64_t value, mask;
};

/* Bounds of a 64-bit register or stack slot. For a scalar, of the value; for a
 * pointer, of the variable part of its offset: address = base(kind, object) + off + var. */
struct vp_reg {
	uint8_t kind;              /* enum vp_kind */
	uint8_t maybe_null_scalar; /* reserved */
	int16_t object;  /* map index, frame or subprogram, by kind; -1 when joined over several */
	int32_t off;     /* pointers: constant part of the offset (joined: off_varies) */
	bool off_varies; /* pointers: `off` differed between paths; use var only via min/max_off */
	int64_t min_off, max_off; /* pointers: bounds of off + var, over all paths */
	uint32_t range; /* packet pointers: bytes from *this pointer* proven inside the packet */
	struct vp_tnum var;
	int64_t smin, smax;
	uint64_t umin, umax;
	int32_t s32_min, s32_max;
	uint32_t u32_min, u32_max;
};

static inline bool vp_is_const(const struct vp_reg *r) /* scalar with one value */
{
	return r->kind == VP_SCALAR && r->var.mask == 0;
}

/* Direction of a conditional jump over all states. */
enum vp_branch { VP_BRANCH_BOTH, VP_BRANCH_ALWAYS, VP_BRANCH_NEVER };

/* Facts of one instruction in one instance. Registers are as *before* it. */
struct vp_fact {
	bool seen;      /* false: unreachable in this instance */
	uint8_t branch; /* enum vp_branch */
	bool zext_needed; /* a 32-bit result whose high half is read later (false: high half is dead) */
	bool packet_changes; /* call after which packet pointers were invalidated */
	uint8_t address; /* enum vp_kind of a pointer: the effect depends on where that points, not only on
			    distances and order within one memory; 0: it does not */
	int32_t child;    /* subprogram call: instance index of the callee; -1 otherwise */
	int32_t callback; /* helper call with a callback: instance of the callback; -1 otherwise */
	struct vp_reg *regs; /* R0 … R10; VP_NOT_INIT throughout when not seen, or not asked for */
};

struct vp_instance {
	uint32_t subprog;      /* index into fe_prog.subprogs */
	int32_t parent;        /* calling instance; -1: main */
	uint32_t call_pc;      /* where in the parent */
	uint32_t depth;        /* frame number; 0 = main */
	uint32_t stack_bytes;  /* deepest byte of this frame that is used, rounded up to 8 */
	struct vp_fact *facts; /* indexed by insn - subprog start */
};

/* Eight bytes of main's stack: slot i covers bytes [-8(i + 1), -8i) from the top (R10). */
struct vp_slot {
	bool live;         /* may be read later */
	bool whole;        /* the bytes are one stored register */
	uint8_t bytes;     /* bit b: byte b (0: lowest address) was written on some path */
	struct vp_reg reg; /* whole: as in vp_fact.regs; else an unknown scalar */
};

struct vp_stack {
	struct vp_slot *slots;
	uint32_t n; /* slots from here on were never written */
};

struct vprog {
	const struct fe_object *obj;
	const struct fe_prog *prog;
	const struct vp_instance *inst; /* [0] is the main program */
	size_t n_inst;
	uint32_t max_pkt_off;                   /* highest packet offset accessed */
	uint32_t insns_processed, states_total; /* the kernel's two figures of effort */
	uint64_t insns_walked;                  /* insns_processed, summed over all attempts */
	bool reads_unwritten; /* stack bytes that were never written, on some path */
	/* Holds objects of types of its own (bpf_obj_new()), or maps with lists, trees or pointers of such: it
	 * goes by the BTF of its object file, and runs with that BTF or not at all. */
	bool local_objects;
	const struct vp_stack
		*main_stack; /* before each instruction of main; NULL: not requested */
};

struct fe_verify_options {
	bool allow_destructive;
	bool log_states; /* attach states per instruction as details */
	uint32_t
		insn_limit; /* instructions walked; 0: 4,000,000 (the kernel's 1,000,000 and a margin) */
	/* Instructions that all attempts together may walk; decreased by those that were walked. NULL: as
	 * many as each attempt's limit allows. */
	uint64_t *budget;
	bool main_stack; /* fill in vprog.main_stack */
	/* Accept nothing that a kernel rejects when it loads the program without a device: neither accesses that
	 * only device-bound programs may do, nor proofs that need better bounds than the kernel's (docs/verifier.md). */
	bool like_kernel;
	bool verdict_only; /* no register facts, which take most of the memory of a large program */
};

/* True: accepted and *vp filled in. False: rejected; the reason (with path and state) reported. */
bool fe_verify(struct cx *cx, const struct fe_object *obj, const struct fe_prog *prog,
	       const struct fe_verify_options *opts, struct vprog *vp);

/* Name of the destructive kernel function (KF_DESTRUCTIVE) that an instruction calls; NULL: none. */
const char *fe_destructive_call(const struct fe_object *obj, const struct bpf_insn *insn);

/* … that the program calls first. Such a program is never loaded into a kernel. */
const char *fe_destructive_prog(const struct fe_object *obj, const struct fe_prog *prog);

/* Name of an extern by its index in a call; "?": no such extern. */
const char *fe_extern_name(const struct fe_object *obj, int32_t index);
/* ebpf_disasm() with the names of kernel functions, for messages. */
void fe_disasm(const struct fe_object *obj, const struct bpf_insn *insn,
	       const struct bpf_insn *next, char *buf, size_t size);

/* For programs that fe_verify() does not accept (neither XDP nor tc): false, and reported, if one calls
 * a destructive kernel function (KF_DESTRUCTIVE) that is not allowed. */
bool fe_check_destructive(struct cx *cx, const struct fe_object *obj, const struct fe_prog *prog,
			  bool allowed);

/* Fact of instruction `insn` (index in the program) in an instance; never NULL. */
static inline const struct vp_fact *vp_fact_at(const struct vprog *vp, size_t inst, size_t insn)
{
	const struct vp_instance *i = &vp->inst[inst];

	return &i->facts[insn - vp->prog->subprogs[i->subprog].start];
}

#endif
