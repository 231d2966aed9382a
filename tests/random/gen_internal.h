/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_RANDOM_GEN_INTERNAL_H
#define TESTS_RANDOM_GEN_INTERNAL_H

#include "gen.h"

#include "base/bits.h"
#include "sim/rng.h"

/* What the generator knows while it writes a function: for every register and stack slot a kind,
 * for numbers an upper bound. It knows less than a verifier does, so what it thinks allowed is. */

enum kind {
	K_NONE,   /* must be written before it is read */
	K_SCALAR, /* a number of at most `umax` */
	K_CTX,
	K_PKT,    /* packet + off, of which the first `len` bytes (from off 0) are there */
	K_MAPVAL, /* value of map `map` + off, not NULL */
	K_STACK,  /* memory of a caller: `len` written bytes, aligned to 8 */
	K_END,    /* end of the packet */
	K_OLD,    /* K_PKT or K_END from before move number `map` of the packet, plus any number */
};

struct value {
	uint8_t kind, map;
	int16_t off;
	uint32_t len;
	uint64_t umax;
};

#define STACK_SLOTS 64u /* of 8 bytes; slot i is at R10 - 8 * (i + 1) */
#define MAX_PENDING 8u
#define MAX_ARGS    5u

struct state {
	struct value reg[10];
	uint8_t written[STACK_SLOTS];   /* bit b: byte b of the slot holds data */
	struct value slot[STACK_SLOTS]; /* a spilled pointer; kind NONE: data */
};

struct pending { /* label of forward jumps: state of all of them */
	uint32_t label;
	struct state at;
};

struct func {
	uint32_t label;
	uint32_t n_args;
	struct value arg[MAX_ARGS]; /* R1 … */
	bool moves; /* the packet: its callers' packet pointers are old afterwards */
};

struct gen {
	struct gen_program *p;
	struct asm_buf *b;
	uint64_t rng;
	const uint8_t *choice, *choices_end; /* decide in place of rng while they last */
	struct state s;
	struct pending pending[MAX_PENDING];
	uint32_t n_pending, floor; /* pending[floor] and up may be placed here */
	uint16_t locked;           /* registers that may not be written now */
	const struct state *head;  /* of the loop that is being written; NULL: none */
	bool calls_ok;             /* inside a loop: R0 to R5 were given up at its head */
	uint32_t slots;            /* stack of the function that is being written */
	struct func funcs[GEN_MAX_FUNCS + 1]; /* [0] is the main function */
	uint32_t n_funcs, func;
	uint32_t out; /* label: leave without further ado */
	bool out_used;
	bool xdp;
	bool moves_packet; /* may call adjust_head or adjust_tail */
	bool addresses;    /* may use bits of addresses: gen.h */
	uint8_t n_moves;   /* of the packet, so far */
	bool new_isa;      /* sign extension, signed division, bswap */
	bool offload_only; /* may do what only programs for a card may */
	uint32_t n_loops;
};

static inline uint32_t below(struct gen *g, uint32_t n)
{
	if (g->choice < g->choices_end)
		return (uint32_t)*g->choice++ * n >> 8;
	return sim_rng_below(&g->rng, n);
}

static inline bool percent(struct gen *g, uint32_t p)
{
	return below(g, 100) < p;
}

static inline struct value scalar(uint64_t umax)
{
	return (struct value){ .kind = K_SCALAR, .umax = umax };
}

/* gen_state.c */
/* A register of this kind, any; -1: there is none. */
int find_reg(struct gen *g, enum kind kind);
/* A register to write to: numbers may go anywhere that nobody needs, pointers not into registers that
 * a loop's next round reads as numbers. */
uint8_t pick_dst(struct gen *g, bool pointer);
/* May pick_dst() be asked for `need` registers for pointers? */
bool pointer_room(const struct gen *g, uint32_t need);
/* A number; one is made if there is none. */
uint8_t pick_scalar(struct gen *g);
/* A number of at most `max`: made so with an AND, or a comparison. May be any register. */
uint8_t bounded_scalar(struct gen *g, uint32_t max);
void set_reg(struct gen *g, uint8_t r, struct value v);
void clobber_args(struct gen *g); /* R1 to R5, after a call */
bool calls_allowed(const struct gen *g);

void join(struct state *into, const struct state *from);
/* A label further down that the current state reaches by a jump; false: too many. */
bool pend(struct gen *g, uint32_t *label);
void place_pending(struct gen *g, uint32_t i);
void place_all_pending(struct gen *g, uint32_t from);
/* The jump to g->out. */
void jump_out(struct gen *g, struct bpf_insn jump);

/* n registers for pointers, locked; one more stays free for what is read through them. False: no room. */
bool take_registers(struct gen *g, uint8_t *r, uint32_t n);
void lock_reg(struct gen *g, uint8_t r);

/* Register with the context; loads it from the stack if needed. -1: this function has none. */
int context(struct gen *g);

/* gen_alu.c */
void gen_alu(struct gen *g);
int32_t random_imm(struct gen *g);
void make_constant(struct gen *g, uint8_t dst);

/* gen_mem.c */
uint8_t random_size(struct gen *g); /* BPF_B … BPF_DW */
unsigned size_bytes(uint8_t size);
int packet_pointer(struct gen *g, uint32_t need); /* with at least `need` bytes; -1: cannot */
void load_packet_pointer(struct gen *g, uint32_t len);
void gen_packet_load(struct gen *g);
void gen_packet_store(struct gen *g);
void gen_packet_variable(struct gen *g);
void gen_map_value_access(struct gen *g);
void gen_global_data(struct gen *g);
/* First byte of a value that plain accesses may touch. */
uint32_t first_data_byte(const struct gen *g, uint8_t map);

/* gen_stack.c */
void gen_stack_store(struct gen *g);
void gen_stack_load(struct gen *g);
void gen_stack_variable(struct gen *g);
void gen_spill(struct gen *g);
void gen_fill(struct gen *g);
void gen_caller_stack(struct gen *g);
/* Spills a register; false: no slot is free. */
bool spill_register(struct gen *g, uint8_t r);
/* Offset from R10 of a slot without a pointer that may be written, 0: none; its bytes count as written. */
int32_t scratch_slot(struct gen *g);
/* Offset from R10 of `bytes` written bytes, aligned to 8; they are written if there are none. */
int32_t stack_bytes(struct gen *g, uint32_t bytes);

/* gen_flow.c */
void gen_branch(struct gen *g);
void gen_if_else(struct gen *g);
void gen_loop(struct gen *g);
struct bpf_insn random_condition(struct gen *g);

/* gen_call.c */
void gen_map_lookup(struct gen *g);
void gen_map_update(struct gen *g);
void gen_map_delete(struct gen *g);
void gen_random(struct gen *g);
void gen_event(struct gen *g);
void gen_empty_memory(struct gen *g);
void end_call(struct gen *g, int32_t helper); /* R1 to R5 are unlocked, R0 is a number */
void gen_subprog_call(struct gen *g);

/* gen_move.c */
void gen_move_packet(struct gen *g);
void packet_moved(struct gen *g); /* what is known of its pointers */

/* gen_old.c */
void gen_old_pointers(struct gen *g);

/* gen_legacy.c */
void gen_legacy_load(struct gen *g);
void legacy_context(struct gen *g); /* start of a function: its context argument goes to R6 */

/* gen_view.c */
void gen_pointer_view(struct gen *g);

/* gen_kinds.c */
void gen_either_kind(struct gen *g);

/* gen_atomic.c */
void gen_stack_atomic(struct gen *g);

/* gen_narrow.c */
void gen_narrow_spill(struct gen *g);

/* gen_special.c */
void gen_lock(struct gen *g);

/* gen_count.c */
void gen_counting_loop(struct gen *g);

/* gen_types.c: BTF of maps and functions */
void make_types(struct gen_program *p);
enum { TYPE_KEY = 1, TYPE_FUNC, TYPE_LOCKED, TYPE_TIMED, TYPE_COUNT };
/* Values of these types: whole size, first plain byte. */
#define LOCKED_BYTES   16u
#define LOCKED_DATA_AT 4u
#define TIMED_BYTES    32u
#define TIMED_DATA_AT  16u

/* gen_idiom.c */
void gen_idiom(struct gen *g);

/* gen_pointer.c */
void gen_either_packet(struct gen *g);
void gen_either_stack(struct gen *g);
void gen_either_map(struct gen *g);
void gen_pointer_difference(struct gen *g);
void gen_packet_loop(struct gen *g);
void gen_queue(struct gen *g);

/* gen.c */
void gen_statements(struct gen *g, uint32_t n);

/* Maps of every program. */
enum { MAP_ARRAY, MAP_HASH, MAP_COUNTERS, MAP_DATA, MAP_EVENTS, MAP_SPECIAL };

#endif
