/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SIM_ME_ME_INTERNAL_H
#define SIM_ME_ME_INTERNAL_H

#include "sim/me.h"
#include "sim/me/me_decode.h"

/* State of the engine and the contracts between its files:
 *
 *   me_predecode.c     decoded words -> struct me_op, the form that runs; targets resolved
 *   me_exec.c      the loop: issue, ALU, defer slots, branches
 *   me_indirect.c      operands behind a pointer: local memory, absolute and indexed registers
 *   me_csr.c       local CSRs and the delay of pointer writes
 *   me_cmd.c       memory commands, signals, context swaps
 *   me_mem.c       what an address means
 *   me_firmware.c  entry and exit of a program
 *   me_helpers.c   the firmware's routines
 *   me_trace.c     what an instruction changed
 *
 * A function that can fault returns false, having recorded the fault: callers just return. */

/* Every register that an operand can name directly sits in one array of the context, constants
 * included, so that the loop fetches any operand with one index. */
enum {
	R_GPR_A = 0,
	R_GPR_B = 32,
	R_IN = 64,     /* transfer registers as read */
	R_OUT = 128,   /* transfer registers as written */
	R_CONST = 192, /* 0..255 */
	R_LEFT = 448,  /* operands fetched by me_indirect.c */
	R_RIGHT,
	R_OLD,    /* destination's old value, for read-modify-write */
	R_RESULT, /* destination stored by me_indirect.c */
	R_SINK,   /* written by instructions without destination */
	R_COUNT
};

enum me_kind {
#define ALU_OP(code, id, text) K_##id,
#include "sim/me/me_isa.def"
	K_SHIFT,
	K_ASR,
	K_LD_FIELD,
	K_IMMED,
	K_LAST_ALU = K_IMMED,
	K_MUL,
	K_CSR_READ,
	K_CSR_WRITE,
	K_BRANCH,
	K_BR_IF,
	K_BR_BIT,
	K_BR_BYTE,
	K_BR_CTX,
	K_BR_SIGNAL,
	K_JUMP,
	K_CTX_ARB,
	K_CMD,
	K_FAULT,               /* faults when reached: `imm` says which */
	K_FIRST_STOP,          /* not instructions: */
	K_DONE = K_FIRST_STOP, /* BPF_DONE */
	K_HELPER,              /* `imm`: helper id */
	K_OUTSIDE,
	K_RAN_OFF,
};

enum {
	OP_SLOW_LEFT = 1,
	OP_SLOW_RIGHT = 2,
	OP_SLOW_OLD = 4,
	OP_SLOW_DST = 8,
	OP_SLOW = 15,
	OP_SETS_CC = 16,
	OP_SETS_LEFT = 32, /* leaves PREV_A for the next instruction */
	OP_INDIRECT = 64,  /* shift amount is PREV_A */
	OP_TAKEN_IF = 128,
};

/* One instruction, ready to run. What is needed rarely stays in the decoded form (me->insns). */
struct me_op {
	uint8_t kind, flags;
	uint8_t sc, shift, sub; /* sub: ALU operation of a shift, condition, bit, signal */
	uint8_t defer;
	uint16_t left, right, old, dst, dst2; /* indices into r[] */
	uint32_t imm;                         /* constant, comparison, helper id, fault */
	uint32_t mask;                        /* bits that immed and ld_field replace */
	uint32_t target;                      /* op index of a branch */
};

/* Register whose writes take effect late (nfp.md 1.4): LM pointers 0..3, then T_INDEX. */
#define ME_POINTERS 5
#define ME_T_INDEX  4
#define ME_LATE     4 /* pending writes: one per slot, complete after four slots */
#define ME_STOPS    7 /* ops behind the program, see me_predecode.c */

struct me_pointer {
	uint32_t now;
	struct {
		uint32_t value;
		uint64_t ready; /* first cycle that sees it */
	} late[ME_LATE];
	unsigned n_late;
};

/* A memory command from issue to completion. */
struct me_access {
	const struct me_insn *in;
	uint32_t op_idx;
	uint8_t *at;    /* simulated memory */
	uint32_t bytes; /* touched in memory */
	bool wide;      /* 64-bit atomic */
	uint16_t imm;   /* of the _imm atomics */
	uint32_t latency;
	uint8_t memory;    /* enum sim_me_memory */
	uint64_t done;     /* cycle of the signal */
	uint8_t data[128]; /* reads without swap: sampled at issue */
};

#define ME_OUTSTANDING 16

enum me_after { AFTER_NOTHING, AFTER_BRANCH, AFTER_SWAP, AFTER_ARB };

struct me_ctx {
	uint32_t r[R_COUNT];
	unsigned number; /* as hardware counts: 0, 2, 4, 6 */

	/* condition codes: N and Z from cc_res; bits of cc_c and cc_v below */
	uint32_t cc_res, cc_c, cc_v;

	/* previous-instruction state with the instruction number that it is for */
	uint32_t prev_left, prev_res;
	uint64_t prev_left_for, prev_res_for;

	uint32_t pc, next;      /* op indices: in execution, following */
	uint32_t branch_pc;     /* last branch taken */
	uint64_t insns;         /* number of the instruction in execution, from 1 */
	uint64_t cycle, waited; /* waited: of the cycles, those without issue or branch shadow */

	unsigned slots; /* instructions until `after`, this one included; 0: nothing pending */
	enum me_after after;
	uint32_t target;
	uint32_t lost; /* cycles that the transfer costs beyond its defer slots */
	struct me_access swap;
	uint16_t arb_events;
	bool arb_any;

	struct me_pointer ptr[ME_POINTERS];
	unsigned n_late; /* of all pointers */
	uint32_t byte_index, cmd_indirect_ref[2];
	bool csr_read; /* the next instruction is the immed that takes csr_value */
	uint32_t csr_value;

	uint16_t signals;                             /* arrived, not consumed */
	struct me_access outstanding[ME_OUTSTANDING]; /* without swap, in order of issue */
	unsigned n_outstanding;
};

enum {
	CC_SET = 1,
	CC_UNDOCUMENTED = 2, /* the flag after a logical operation */
	CC_UNKNOWN = 4,      /* in cc_c: all four flags */
};

#define ME_CONTEXTS    4
#define ME_CTX_SLOT    1 /* the context that runs: number 2, so that offsets by context show */
#define ME_LM_WORDS    1024
#define ME_CTM_BYTES   8192u /* offsets have 13 bits */
#define ME_JUNK_WORDS  8192
#define ME_PV_WORDS    8
#define ME_FIRST_CYCLE 16

struct me_packet {
	uint8_t ctm[ME_CTM_BYTES];
	uint32_t size;         /* bytes of ctm[] that belong to the packet's buffer */
	uint32_t start;        /* offset where the packet came in */
	uint32_t resident_end; /* end of the part that is in CTM */
	const uint8_t *rest;   /* the part that is not */
	uint32_t rest_len;
	uint8_t out[ME_CTM_BYTES + 16384];
};

struct me_mul {
	uint64_t next_for;  /* instruction number that may continue */
	uint8_t type, step; /* next step: 0..3, ME_MUL_LAST.. */
	uint32_t left, right;
	bool started;
};

struct me_events {
	struct sim_me_event *at;
	size_t cap, first, n;
	uint64_t lost;
	struct sim_me_event taken;
};

struct sim_me {
	struct nfp_firmware fw;
	struct sim_timing timing;
	uint64_t *words;
	struct me_insn *insns; /* per word */
	struct me_op *ops;     /* per word, then the stops */
	uint32_t n;            /* words */

	struct sim_maps *maps;
	struct sim_me_map *map_table;
	size_t n_maps;
	uint8_t *emem; /* the maps' values, at ME_EMEM_BASE */
	size_t emem_bytes;

	uint32_t (*random)(void *arg);
	void *random_arg;
	uint32_t random_state;
	uint32_t junk_pool[ME_JUNK_WORDS];
	size_t junk_at;
	uint64_t max_insns;
	bool lenient;

	struct me_ctx ctx[ME_CONTEXTS];
	uint32_t lm[ME_LM_WORDS];
	uint32_t stack_word, pv_word; /* where they are in lm[] */
	uint32_t pv_at_entry[ME_PV_WORDS];
	struct me_mul mul;
	struct me_packet pkt;
	struct me_events events;
	uint64_t helper_calls;
	struct sim_me_wait waits[SIM_ME_WAITS]; /* of the packet in execution */
	uint32_t n_waits;

	struct sim_me_error error;
	void (*trace)(void *arg, const struct sim_me_step *s);
	void *trace_arg;
};

/* ---- faults (me_error.c) ---------------------------------------------------------------------- */
/* Records a fault at the instruction in execution; returns false. */
bool me_fault(struct sim_me *me, const struct me_ctx *ctx, enum sim_me_fault fault, const char *fmt,
	      ...) __attribute__((format(printf, 4, 5)));
/* A fault unless lenient; then true, and the caller continues. */
bool me_hazard(struct sim_me *me, const struct me_ctx *ctx, enum sim_me_fault fault,
	       const char *fmt, ...) __attribute__((format(printf, 4, 5)));
void me_error_at(struct sim_me_error *e, enum sim_me_fault fault, uint32_t word_idx, uint64_t word);

/* me_predecode.c: fills me->ops; me->insns is decoded. */
void me_lower(struct sim_me *me);
/* Op index of a code-store address: a word, a helper, BPF_DONE, or the stop that faults. */
uint32_t me_resolve(const struct sim_me *me, uint32_t addr);
bool me_is_outside(const struct sim_me *me, uint32_t op_idx);
const char *me_static_fault_text(const struct me_insn *in, enum sim_me_fault fault);

/* me_exec.c: runs until BPF_DONE (true) or a fault. */
bool me_exec(struct sim_me *me, struct me_ctx *ctx);
/* Control goes to op `target` after `defer` more instructions, `shadow` cycles from now. */
bool me_transfer(struct sim_me *me, struct me_ctx *ctx, const struct me_op *op, uint32_t target,
		 uint32_t shadow);
/* False: a control transfer where a defer slot is. */
bool me_not_in_slot(struct sim_me *me, const struct me_ctx *ctx);

/* me_indirect.c */
bool me_slow_load(struct sim_me *me, struct me_ctx *ctx, const struct me_op *op);
bool me_slow_store(struct sim_me *me, struct me_ctx *ctx, const struct me_op *op);
/* Word index in lm[] of pointer | offset; false: outside stack and packet vector. */
bool me_lm_index(struct sim_me *me, struct me_ctx *ctx, unsigned ptr, unsigned offset,
		 uint32_t *word);
/* True when `bytes` at LM byte address `addr` are stack. */
bool me_lm_is_stack(const struct sim_me *me, uint32_t addr, uint32_t bytes);
uint8_t me_lm_byte(const struct sim_me *me, uint32_t addr);

/* me_csr.c */
bool me_csr_read(struct sim_me *me, struct me_ctx *ctx, uint16_t csr, uint32_t *value);
bool me_csr_write(struct sim_me *me, struct me_ctx *ctx, uint16_t csr, uint32_t value);
/* The value that an access in this cycle sees; false: hazard. */
bool me_pointer_get(struct sim_me *me, struct me_ctx *ctx, unsigned which, uint32_t *value);
void me_pointer_set_late(struct me_ctx *ctx, unsigned which, uint32_t value, uint64_t ready);
/* Immediately, dropping pending writes: used for the firmware's writes before it returns. */
void me_pointer_force(struct me_ctx *ctx, unsigned which, uint32_t value);

/* me_cmd.c */
bool me_cmd_issue(struct sim_me *me, struct me_ctx *ctx, const struct me_op *op);
bool me_cmd_swap(struct sim_me *me, struct me_ctx *ctx); /* the swap of ctx->swap happens now */
bool me_arb(struct sim_me *me, struct me_ctx *ctx);      /* waits for ctx->arb_events */
/* False: `op` reads transfer registers whose data has not come, or fills some that are still pulled. */
bool me_xfer_ready(struct sim_me *me, struct me_ctx *ctx, const struct me_op *op);
/* The context yields the engine for that time. */
void me_wait(struct sim_me *me, struct me_ctx *ctx, uint64_t cycles, enum sim_me_memory memory);
void me_cmd_poll(struct sim_me *me, struct me_ctx *ctx); /* completes what is due by now */
/* Nothing may be in flight when control goes to the firmware; posted commands are completed. */
bool me_cmd_drain(struct sim_me *me, struct me_ctx *ctx, const char *when);

/* me_mem.c */
#define ME_EMEM_BASE UINT64_C(0x2040000000) /* 40-bit address of the map values */
/* 40-bit address, or 32-bit with the packet in CTM: where a->bytes of it are, and the latency. */
bool me_mem_resolve(struct sim_me *me, struct me_ctx *ctx, uint64_t addr, bool is32,
		    struct me_access *a);
uint32_t me_pkt_len(const struct sim_me *me);
uint32_t me_pkt_offset(const struct sim_me *me); /* of the packet's first byte in CTM, by now */

/* me_firmware.c */
bool me_enter(struct sim_me *me, struct me_ctx *ctx, const struct sim_me_packet *in);
bool me_leave(struct sim_me *me, struct me_ctx *ctx, struct sim_me_result *out);
void me_junk_fill_pool(struct sim_me *me, uint64_t seed);
uint32_t me_junk(struct sim_me *me);
void me_junk_words(struct sim_me *me, uint32_t *at, size_t n);

/* me_helpers.c */
bool me_helper(struct sim_me *me, struct me_ctx *ctx, uint32_t id);
void me_events_free(struct me_events *ev);

/* me_trace.c: one instruction with me->trace called after it. */
bool me_trace_step(struct sim_me *me, struct me_ctx *ctx,
		   bool (*step)(struct sim_me *me, struct me_ctx *ctx));

#endif
