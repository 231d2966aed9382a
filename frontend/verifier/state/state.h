/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FRONTEND_VERIFIER_STATE_STATE_H
#define FRONTEND_VERIFIER_STATE_STATE_H

#include "frontend/verifier/domain/value.h"

/* The verifier's abstract machine: what is known at one point of one path. */

enum fe_type {
	FE_NOT_INIT,
	FE_SCALAR,
	FE_CTX,
	FE_STACK, /* object: frame number; off/var relative to that frame's top */
	FE_PKT,
	FE_PKT_META,
	FE_PKT_END,
	FE_MAP_PTR,   /* object: map index */
	FE_MAP_VALUE, /* object: map index */
	FE_MAP_KEY,   /* object: map index */
	FE_MEM,       /* mem_size bytes */
	FE_FUNC,      /* object: subprogram */
	FE_SOCK_COMMON,
	FE_SOCKET,
	FE_TCP_SOCK,
	FE_XDP_SOCK,
	FE_BTF_OBJ, /* kernel object: enum fe_object_kind */
	FE_LOCAL, /* object that the program made, of a type of its own: btf_id in the object file's BTF */
	FE_DYNPTR, /* object: enum fe_dynptr_type. On the stack, or one that a callback is given */
	FE_ITER,   /* object: enum fe_iter_kind. On the stack only */
	FE_TYPE_COUNT
};

#define FE_MAYBE_NULL 0x01
#define FE_READ_ONLY  0x02
#define FE_RINGBUF    0x04 /* FE_MEM: a reserved ring buffer record */
#define FE_INNER_MAP  0x08 /* object indexes fe_object.inner_maps, not maps */
#define FE_PLUS_OFF   0x10 /* scalar: `off` more than the number that its id names */
#define FE_SLICE      0x20 /* FE_MEM: what bpf_dynptr_slice() gave; no key or value of a map */
#define FE_PKT_SLICE  0x40 /* FE_MEM: part of the packet; goes when the packet moves */
#define FE_UNTRUSTED  0x80 /* may point anywhere: loads are fault-proof, calls do not take it */
#define FE_PERCPU                                                                                  \
	0x200 /* FE_BTF_OBJ, FE_LOCAL: one of each CPU, to be given to bpf_per_cpu_ptr() alone */
#define FE_RCU 0x100 /* FE_BTF_OBJ, FE_LOCAL: there as long as the RCU section lasts */
#define FE_NOT_OWNING                                                                              \
	0x400 /* FE_LOCAL: a list or tree owns it; there as long as the lock is held */

/* How far a packet pointer is from data_end, beside a byte count (enum fe_pkt_end in `range`). */
#define FE_AT_PKT_END     (-1)
#define FE_BEYOND_PKT_END (-2)

/* A number that is made of where the packet lies: k times that, plus a number that does not depend on it. */
struct fe_address {
	uint64_t k;     /* 0: an ordinary number */
	uint32_t reach; /* the other part is k times a number of at most this size; see address.c */
	bool half;      /* of all that the low 32 bits only */
};

struct fe_reg {
	uint16_t type; /* enum fe_type */
	uint16_t flags;
	int32_t off;  /* pointers: constant part of the offset; scalars: see FE_PLUS_OFF */
	uint32_t id;  /* scalars: copies of one number; pointers: of one object / variable offset */
	uint32_t ref; /* reference that must be released */
	int32_t object; /* see enum fe_type; FE_MEM: id of the dynptr that it is a slice of, or -1 */
	union {
		int32_t range;     /* packet pointers: bytes proven from off 0, or FE_*_PKT_END */
		uint32_t mem_size; /* FE_MEM */
		uint32_t map_uid; /* map pointers and values: which lookup an inner map came from */
		uint32_t
			btf_id; /* FE_BTF_OBJ without a kind: its type in the kernel's BTF; FE_LOCAL */
		uint32_t iter; /* FE_ITER: enum fe_iter_state */
	};
	struct fe_val val;
	struct fe_address address; /* scalars */
};

/* What a dynptr is a window onto. */
enum fe_dynptr_type {
	FE_DYNPTR_LOCAL,   /* memory of the program */
	FE_DYNPTR_RINGBUF, /* a reserved record: a reference */
	FE_DYNPTR_SKB,
	FE_DYNPTR_SKB_META,
	FE_DYNPTR_XDP,
};

enum fe_iter_kind { FE_ITER_NUM, FE_ITER_BITS };
enum fe_iter_state { FE_ITER_ACTIVE, FE_ITER_DRAINED };

enum fe_byte {
	FE_BYTE_INVALID,
	FE_BYTE_SPILL,
	FE_BYTE_MISC,
	FE_BYTE_ZERO,
	FE_BYTE_ADDRESS, /* FE_BYTE_MISC, and part of an address */
	FE_BYTE_OBJECT,  /* of a dynptr or an iterator: only calls look into it */
};

/* Eight bytes of stack; bytes[0] has the lowest address. A spilled register occupies the low
 * `n` bytes (FE_BYTE_SPILL), n < 8 for narrow stores of scalars. A dynptr takes two slots, `off` of
 * the spills tells which (0: lower address, 8), an iterator of bits too, one of numbers a single one; all eight bytes are
 * FE_BYTE_OBJECT. */
struct fe_stack_slot {
	struct fe_reg spill;
	uint8_t bytes[8]; /* enum fe_byte */
};

enum fe_frame_kind {
	FE_FRAME_CALL,     /* main, or called with BPF_CALL */
	FE_FRAME_CALLBACK, /* called by a helper, within the helper's call */
	FE_FRAME_ASYNC,    /* timer: runs later, on a stack of its own */
};

struct fe_frame {
	struct fe_reg regs[11];
	struct fe_frame *next;       /* list of free frames */
	struct fe_stack_slot *slots; /* [i] covers bytes -8(i+1) … -8i-1 from the top */
	uint32_t n_slots, cap_slots;
	uint32_t inst; /* vprog instance */
	uint32_t subprog;
	uint32_t call_pc;         /* in the caller's frame */
	uint8_t kind;             /* enum fe_frame_kind */
	bool compares;            /* FE_FRAME_CALLBACK: two nodes of a tree */
	int32_t helper;           /* FE_FRAME_CALLBACK: id of the calling helper */
	uint32_t rounds;          /* of the bpf_loop() that this frame is in */
	int32_t ret_min, ret_max; /* what a callback may return; min > max: anything */
	uint16_t needed_regs;     /* remembered states: numbers that made a difference, precise.c */
	uint64_t needed_slots;
};

struct fe_ref {
	uint32_t id;
	uint32_t pc; /* where it was acquired */
	uint8_t frame;
};

#define FE_MAX_REFS 32

/* lock_map of a lock in a local object, which its id names. */
#define FE_LOCK_LOCAL UINT32_MAX

/* One conditional branch on the way here, newest first. */
struct fe_trail {
	const struct fe_trail *prev;
	uint32_t pc;
	bool taken;
};

struct fe_state {
	struct fe_frame *frames[8];
	uint32_t n_frames;
	struct fe_ref refs[FE_MAX_REFS];
	uint32_t n_refs;
	bool locked; /* a spin lock is held: on this map value, or local object (FE_LOCK_LOCAL) */
	uint32_t lock_id, lock_map;
	bool rcu;          /* inside bpf_rcu_read_lock() */
	uint32_t preempts; /* bpf_preempt_disable() that wait for their enable */

	/* The tree of states: `parent` is the last remembered state on the way. */
	struct fe_state *parent;
	uint32_t branches; /* paths from here that are not walked to their end */
	uint32_t pc;       /* remembered states: where */
	const struct fe_trail *trail;
	uint32_t rounds;       /* callbacks entered and may_goto passed on the way here */
	uint32_t round;        /* rounds of any loop that ends when run, see loop_widen.c */
	struct fe_state *next; /* list of remembered states of one pc, or the free list */
	uint32_t hits, misses;
	uint32_t
		joins; /* states before it at its place that it was widened for, see state_merge.c */
	size_t n_steps; /* of the path to it, see precise.c; remembered and waiting states */
	bool loop_head; /* unfinished, and paths were cut short against it */
	bool dropped;   /* no longer used for pruning; kept while it has children */
};

/* Where states live: blocks are reused through free lists, all goes with the arena. */
struct fe_state_pool {
	struct arena *arena;
	struct fe_state *states;
	struct fe_frame *frames;
	void *slots[8]; /* [k]: arrays of 1 << k slots */
	uint32_t live;
};

struct fe_state *fe_state_new(struct fe_state_pool *p);
/* Deep copy of registers, stack and references; the tree fields are copied as they are. */
void fe_state_copy(struct fe_state_pool *p, struct fe_state *dst, const struct fe_state *src);
void fe_state_free(struct fe_state_pool *p, struct fe_state *s);

struct fe_frame *fe_state_push_frame(struct fe_state_pool *p, struct fe_state *s);
void fe_state_pop_frame(struct fe_state_pool *p, struct fe_state *s);
/* Makes slots [0, n) exist. n <= 64. */
void fe_frame_grow(struct fe_state_pool *p, struct fe_frame *f, uint32_t n);

static inline struct fe_frame *fe_top(const struct fe_state *s)
{
	return s->frames[s->n_frames - 1];
}

bool fe_state_add_ref(struct fe_state *s, uint32_t id, uint32_t pc);
bool fe_state_drop_ref(struct fe_state *s, uint32_t id);

/* registers */
void fe_reg_unknown(struct fe_reg *r);
void fe_reg_const(struct fe_reg *r, uint64_t v);
void fe_reg_not_init(struct fe_reg *r);
/* Forgets what other copies of the number there are. */
static inline void fe_reg_unlink(struct fe_reg *r)
{
	r->id = 0;
	r->off = 0;
	r->flags &= (uint16_t)~FE_PLUS_OFF;
}
/* A pointer with offset 0 of the given kind. */
void fe_reg_pointer(struct fe_reg *r, enum fe_type type, int32_t object);
static inline bool fe_reg_is_pointer(const struct fe_reg *r)
{
	return r->type != FE_NOT_INIT && r->type != FE_SCALAR;
}
static inline bool fe_reg_is_packet(const struct fe_reg *r)
{
	return r->type == FE_PKT || r->type == FE_PKT_META;
}
static inline bool fe_reg_is_null(const struct fe_reg *r)
{
	return r->type == FE_SCALAR && fe_val_is_const(&r->val) && !r->val.var.value;
}
static inline bool fe_slot_has_spill(const struct fe_stack_slot *s)
{
	return s->bytes[0] == FE_BYTE_SPILL;
}
unsigned fe_slot_spill_bytes(const struct fe_stack_slot *s);
static inline bool fe_slot_has_object(const struct fe_stack_slot *s)
{
	return s->bytes[0] == FE_BYTE_OBJECT;
}
/* A pointer, or a number made of one (address.c). */
static inline bool fe_has_address(const struct fe_reg *r)
{
	return fe_reg_is_pointer(r) || r->address.k;
}
static inline bool fe_slot_has_address(const struct fe_stack_slot *s)
{
	for (unsigned i = 0; i < 8 && !fe_slot_has_spill(s); i++) {
		if (s->bytes[i] == FE_BYTE_ADDRESS)
			return true;
	}
	return fe_slot_has_spill(s) && fe_has_address(&s->spill);
}
/* Numbers, known or not, or nothing at all. */
static inline bool fe_slot_has_number(const struct fe_stack_slot *s)
{
	return !fe_slot_has_object(s) && !fe_slot_has_address(s);
}

/* Calls fn on every register and spilled register of every frame. */
typedef void (*fe_reg_visitor)(struct fe_reg *r, void *arg);
void fe_state_each_reg(struct fe_state *s, fe_reg_visitor fn, void *arg);

/* Text of a register in the kernel log's style: "scalar(umax=255,var_off=(0x0; 0xff))". */
void fe_reg_print(const struct fe_reg *r, char *buf, size_t size);
/* One line with all registers and used slots of the innermost frame. */
char *fe_state_print(struct arena *a, const struct fe_state *s);

#endif
