/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SIM_ME_H
#define SIM_ME_H

#include "nfp_backend/firmware.h"
#include "sim/maps.h"
#include "sim/timing.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A microengine that runs loaded NFP microcode of any compiler, with the firmware's side of the
 * BPF ABI (nfp.md chapters 1-4 and 9).
 *
 *   words --sim_me_new()--> decoded program            (once)
 *   packet --sim_me_run()--> verdict, packet, events   (per packet)
 *
 * Nothing here is shared with the encoder in nfp_backend: instruction fields, ECC and printing
 * have separate tables (me_isa.def), so that an encoder mistake cannot cancel out.
 *
 * State that the hardware leaves undefined (registers at entry and after a helper, bytes past
 * the end of the packet) holds seeded junk, so that code that relies on it fails visibly. Junk
 * depends on the seed and the packet, not on the packets before: a run repeats exactly.
 *
 * A program stops at a fault (me_fault.def): operations that the hardware cannot do or that the ABI
 * forbids, and hazards, i.e. code that reads a value too early or in an undocumented
 * state. docs/simulator.md lists the model and its assumptions. */

enum sim_me_fault {
	SIM_ME_OK,
#define FAULT(id, name) SIM_ME_FAULT_##id,
#include "sim/me/me_fault.def"
#undef FAULT
	SIM_ME_FAULT_COUNT
};

#define SIM_ME_NOWHERE UINT32_MAX

struct sim_me_error {
	enum sim_me_fault fault;
	uint32_t word_idx; /* word of the program, from 0; SIM_ME_NOWHERE: none */
	uint64_t word;     /* that word, as loaded */
	char insn[96];     /* the same disassembled, or empty */
	char text[160];    /* description with values; no newline */
};

const char *sim_me_fault_name(enum sim_me_fault fault); /* "ok" or the kebab name */

/* A map that the program may name: the firmware's table id and the map behind it. Perf event arrays
 * have a row as well (tid = the kernel map id that the program was relocated with). */
struct sim_me_map {
	uint32_t tid;
	size_t map_idx; /* in sim_me_config.maps */
};

struct sim_me_config {
	const struct nfp_firmware *fw;
	const uint64_t *words; /* relocated for fw->start, with ECC */
	size_t n_words;

	/* The device's own map contents; values are in device order, see sim_me_swap_atomic(). */
	struct sim_maps *maps;
	const struct sim_me_map *map_table;
	size_t n_maps;

	const struct sim_timing *timing; /* NULL: sim_timing_default */
	uint32_t (*random)(void *arg);   /* source of CSR 0x148; NULL: a generator seeded with 42 */
	void *random_arg;
	uint64_t junk_seed;
	uint64_t max_insns; /* per packet; 0: one million */
	size_t event_slots; /* events kept until taken, the rest is lost; 0: 64 */
	bool lenient;       /* hazards run as the hardware probably would instead of being faults */
};

/* NULL: `err` says which word and why. All that the config points to is copied, except maps
 * (and random_arg), which must outlive the engine. */
struct sim_me;
struct sim_me *sim_me_new(const struct sim_me_config *cfg, struct sim_me_error *err);
void sim_me_free(struct sim_me *me);

struct sim_me_packet {
	const uint8_t *data;
	uint32_t len;      /* up to 16383: pv_len has 14 bits */
	uint32_t headroom; /* bytes of CTM before the packet, zeroed; 0: sim_me_headroom() */
};

/* Where the firmware puts packets: off_min + guaranteed_sub of the profile, which leaves
 * guaranteed_sub bytes for xdp_adjust_head(); 128 without adjust_head. */
uint32_t sim_me_headroom(const struct nfp_firmware *fw);

/* Result byte = GPR A0 [23:16] (nfp.md 4.6): low nibble what to do, high nibble what to count. */
enum { SIM_ME_DO_PASS = 0x1, SIM_ME_DO_DROP = 0x2, SIM_ME_DO_TX = 0x4 };
enum {
	SIM_ME_COUNT_PASS = 0x1,
	SIM_ME_COUNT_DROP = 0x2,
	SIM_ME_COUNT_TX = 0x4,
	SIM_ME_COUNT_ABORT = 0x8
};
#define SIM_ME_RESULT_PASS  0x11u
#define SIM_ME_RESULT_DROP  0x22u
#define SIM_ME_RESULT_TX    0x44u
#define SIM_ME_RESULT_ABORT 0x82u /* XDP */

/* A stretch in which the context waits and others of its engine may run. */
enum sim_me_memory { SIM_ME_CTM, SIM_ME_EMEM, SIM_ME_MEMORIES };

struct sim_me_wait {
	uint64_t busy;   /* cycles that the packet had used of the engine by then */
	uint32_t cycles; /* how long */
	uint8_t memory;  /* enum sim_me_memory: the memory it waits for */
};

#define SIM_ME_WAITS 64 /* recorded for a packet; further ones lengthen the last */

struct sim_me_result {
	struct sim_me_error error; /* error.fault == SIM_ME_OK: the rest is valid */
	uint8_t byte;              /* result byte, see above */
	bool queue_selected;
	uint8_t queue;      /* when selected */
	const uint8_t *pkt; /* the packet as it leaves, valid until the next run */
	uint32_t pkt_len;
	int32_t head_moved;   /* bytes that the start moved: < 0 grew, > 0 shrank */
	uint64_t insns;       /* issued, the firmware's helpers not included */
	uint64_t cycles;      /* from entry to BPF_DONE, waits and helpers included */
	uint64_t busy_cycles; /* of those: issue slots used or lost, i.e. not waiting for memory */
	uint64_t helper_calls;
	const struct sim_me_wait *waits; /* n_waits of them in order, valid until the next run */
	uint32_t n_waits;
};

/* Runs the program on one packet. False: out->error says why; maps keep what was written before. */
bool sim_me_run(struct sim_me *me, const struct sim_me_packet *in, struct sim_me_result *out);

/* bpf_perf_event_output() records in order; taken by the reader, lost when event_slots are full. */
struct sim_me_event {
	uint64_t map_id; /* R2 of the call: the id that the program was relocated with */
	uint64_t flags;
	const uint8_t *data; /* valid until the next call of sim_me_event_take() or sim_me_run() */
	uint32_t data_len;
	const uint8_t *pkt; /* first bytes of the packet that the flags ask for */
	uint32_t pkt_len;
};

bool sim_me_event_take(struct sim_me *me, struct sim_me_event *ev); /* false: none left */
uint64_t sim_me_events_lost(const struct sim_me *me);

/* A map value between user space's order and the device's: each 32-bit word that `word_use` (enum
 * nfp_map_word_use, one per 4 bytes) marks as atomic is byte-swapped, the rest is unchanged
 * (nfp.md 4.12). The same call goes both ways. NULL word_use: nothing to do. */
void sim_me_swap_atomic(uint8_t *value, size_t value_bytes, const uint8_t *word_use);

/* Trace: called after each instruction of the program when set (slow). */
struct sim_me_change {
	char name[16]; /* "gprA_6", "$xfer_0", "lm[0x204]", "l$index0", "cc" */
	uint32_t before, after;
};

struct sim_me_step {
	uint32_t word_idx;
	uint64_t word;
	const char *insn; /* disassembled */
	uint64_t cycle;   /* at issue */
	const struct sim_me_change *changes;
	size_t n_changes;
};

void sim_me_trace(struct sim_me *me, void (*step)(void *arg, const struct sim_me_step *s),
		  void *arg);

/* One word as the simulator's decoder sees it, in objdump's syntax (4-context mode); bits [63:45]
 * are ignored. False: no instruction. */
bool sim_me_disasm(uint64_t word, char *buf, size_t size);
/* Check bits of nfp.md 2.1 over bits [44:0]. */
uint8_t sim_me_ecc(uint64_t op);

#endif
