/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SIM_HOST_ENVIRONMENT_HOST_INTERNAL_H
#define SIM_HOST_ENVIRONMENT_HOST_INTERNAL_H

#include "sim/host.h"
#include "frontend/tail_targets.h"
#include "sim/host/engines/x86_jit.h"

#include <unicorn/unicorn.h>

/* Shared by host.c (environment), unicorn.c, engine_jit.c, engine_interp.c and engine_captured.c (what runs the
 * program in it), guest_gate.c (guest code around the program), helpers*.c. */

/* The guest's address space. Gaps between the regions are unmapped: a stray access is a fault. */
#define GUEST_GATE       UINT64_C(0x00010000) /* loop, helper entries */
#define GUEST_GATE_SIZE  0x4000u
#define GUEST_FRAME      UINT64_C(0x00020000) /* struct sim_call_frame */
#define GUEST_FRAME_SIZE 0x1000u
#define GUEST_CTX        UINT64_C(0x00030000) /* struct xdp_md or struct __sk_buff */
#define GUEST_CTX_SIZE   0x1000u
#define GUEST_STACK      UINT64_C(0x00040000)
#define GUEST_STACK_SIZE 0x30000u             /* SIM_INTERP_STACK at least */
#define GUEST_PACKET     UINT64_C(0x00100000) /* SIM_FRAME_BYTES */
#define GUEST_RING       UINT64_C(0x00200000) /* records of ring buffers, of one packet */
#define GUEST_RING_SIZE  0x20000u
#define GUEST_KEYS       UINT64_C(0x00280000) /* keys that callbacks of for_each_map_elem are given */
#define GUEST_KEYS_SIZE  0x1000u
#define GUEST_CODE       UINT64_C(0x10000000)
#define GUEST_CODE_MAX   UINT64_C(0x20000000)
#define GUEST_HANDLE     UINT64_C(0x40000000)  /* map references: unmapped, one page a map */
#define GUEST_VALUES     UINT64_C(0x100000000) /* sim_maps_memory() */

#define GUEST_PAGE 4096u

/* Where emulation is to end, as Unicorn asks: the gate's last page, which no code is in. Unicorn throws
 * the translation of that place away whenever it leaves, and never reuses the memory. */
#define GUEST_UNTIL (GUEST_GATE + GUEST_GATE_SIZE - GUEST_PAGE)

/* Where h->pages has what lies behind the fixed guest regions. */
#define PAGES_FRAME  GUEST_GATE_SIZE
#define PAGES_CTX    (PAGES_FRAME + GUEST_FRAME_SIZE)
#define PAGES_STACK  (PAGES_CTX + GUEST_CTX_SIZE)
#define PAGES_PACKET (PAGES_STACK + GUEST_STACK_SIZE)
#define PAGES_RING   (PAGES_PACKET + SIM_FRAME_BYTES)
#define PAGES_KEYS   (PAGES_RING + GUEST_RING_SIZE)
#define PAGES_SIZE   (PAGES_KEYS + GUEST_KEYS_SIZE)

/* What guest code and C exchange: guest code stores, leaves through an OUT instruction, and loads. */
struct sim_call_frame {
	uint64_t helper; /* id, or SIM_CALL_SKB_LOAD */
	uint64_t arg[5];
	uint64_t ret, ret2;
	uint64_t stop;      /* loop: no more packets */
	uint64_t r0;        /* loop: the program's result */
	uint64_t may_gotos; /* taken by this packet's program; counted by machine code */
};

/* As struct bpf_redirect_info: what the last helper for redirection said. */
struct sim_redirect {
	bool to_map;        /* the lookup in a map found something */
	bool to_all;        /* BPF_F_BROADCAST */
	uint32_t index;     /* interface, or the key in the map */
	uint32_t map_value; /* to_map: the interface, CPU or socket there */
};

/* Bounds of what one packet may leave behind; more is lost, as on a card whose ring is full. */
#define SIM_EVENTS_MAX 64u
#define SIM_TOUCH_MAX  256u
#define SIM_RUN_MEM    (128u << 10)

#define SIM_CALL_SKB_LOAD 0xfff /* helper id of LD_ABS/LD_IND */

enum { SIM_PORT_NEXT = 0x10, SIM_PORT_HELPER = 0x11 };

/* Guest code written by guest_gate.c. */
struct sim_gate {
	uint64_t loop; /* where uc_emu_start() begins */
	uint64_t skb_load;
	uint64_t call; /* with an id in eax */
	uint64_t bpf_loop;
	uint64_t for_each;
	uint64_t loop_round; /* of bpf_loop: a block that each round but the first enters */
};

#define SIM_EACH_LEVELS  8u
#define SIM_EACH_KEY_MAX 512u /* MAX_BPF_STACK: no key is longer */

struct sim_each { /* a map that is being gone through */
	size_t map;
	uint32_t key_size;
	uint8_t *keys; /* malloc() */
	size_t n, at;
	uint64_t called, error;
};

struct sim_ring_record {
	uint64_t addr;        /* of its data */
	uint32_t size, bytes; /* bytes: in the ring, with header */
	size_t map, event;
};

struct sim_region { /* memory that helpers may be given pointers into */
	uint64_t base, size;
	uint8_t *host;
};

struct sim_captured_run;
struct sim_unwritten;

/* What runs a program in the environment; one row a kind of host. */
struct sim_engine {
	bool (*open)(struct sim_host *h); /* false: reported */
	void (*loop)(struct sim_host *h); /* until sim_host_next() says stop */
	void (*close)(struct sim_host *h);
	/* May be NULL: */
	void (*reset_ctx)(struct sim_host *h); /* a new packet begins */
	void (*sync_ctx)(struct sim_host *h);  /* context fields changed in h->ctx */
	void (*call)(struct sim_host *h);      /* h->frame->helper is no helper's */
};

extern const struct sim_engine sim_engine_jit, sim_engine_interp, sim_engine_captured;

struct sim_host {
	struct cx *cx;
	const struct sim_engine *engine;
	struct sim_unwritten *unwritten;   /* NULL: not followed */
	struct sim_captured_run *captured; /* engine_captured.c */
	const struct fe_object *obj;
	const struct fe_prog *prog;
	struct sim_maps *maps;
	struct sim_host_options opts;
	bool is_skb;

	uc_engine *uc;
	uint8_t *pages; /* gate, frame, context, stack and packet, in that order */
	uint8_t *code;  /* page-aligned image */
	struct sim_call_frame *frame;
	uint8_t *ctx, *packet; /* host addresses of GUEST_CTX and GUEST_PACKET */
	struct sim_region regions[10];
	size_t n_regions;
	uint64_t *handles; /* per map, where an engine wants its own; NULL: GUEST_HANDLE */
	struct sim_jit_image image;
	struct sim_gate gate;

	/* the packet being run; offsets are from the start of the frame */
	uint32_t data, data_end, data_meta;
	uint32_t skb_meta_len;
	uint32_t head;                 /* position by the device's rule, see sim_adjust_rule */
	bool vlan_present;             /* skb: tag outside the data, as the kernel keeps it */
	uint16_t vlan_tci, vlan_proto; /* host order */
	uint64_t random_state, clock_ns;
	struct sim_redirect redirect;
	struct sim_tails tails;
	uint64_t tail_entry[SIM_TAILS_MAX]; /* machine code: addresses */
	uint32_t tail_calls;
	uint8_t *keys; /* GUEST_KEYS */
	struct sim_each each[SIM_EACH_LEVELS];
	size_t n_each;
	uint8_t *ring; /* GUEST_RING */
	struct sim_ring_record ring_records[SIM_EVENTS_MAX];
	size_t n_ring;
	uint32_t ring_used;
	struct sim_event events[SIM_EVENTS_MAX];
	struct sim_touch touched[SIM_TOUCH_MAX];
	size_t n_events, n_touched;
	uint8_t run_mem[SIM_RUN_MEM]; /* keys and records of this packet */
	size_t run_mem_used;
	bool touched_lost, device_rule, environment;
	uint64_t rounds;
	bool too_long;
	char fault[256];
	uint64_t fault_addr;
	bool running; /* the guest is between two SIM_PORT_NEXT */

	struct sim_host_run run;
	bool (*feed)(void *priv, const struct sim_host_run *previous, struct sim_host_packet *next);
	void *feed_priv;
};

/* host.c */
/* Between packets: takes the result of the one before and puts the next in place; false: stop. */
bool sim_host_next(struct sim_host *h);
/* Reports that the host cannot be set up; false. */
bool sim_host_setup_failed(struct sim_host *h, const char *why);
/* Host address of guest memory that a helper was given; NULL: outside (the run then faults). */
void *sim_guest_ptr(struct sim_host *h, uint64_t addr, uint64_t size);
/* As above, without the fault. */
void *sim_guest_find(const struct sim_host *h, uint64_t addr, uint64_t size);
/* Makes the run fail with a message; the first one is kept. */
void sim_host_fault(struct sim_host *h, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A loop goes round once more; false: that was once too often, and the run faults. */
bool sim_host_round(struct sim_host *h);
/* Writes the packet's bounds into the context's fields. */
void sim_ctx_sync(struct sim_host *h);
/* Memory until the next packet; NULL: SIM_RUN_MEM is used up. */
void *sim_run_alloc(struct sim_host *h, size_t size);
/* A map reference as the program holds it; SIZE_MAX: none (the run then faults). */
size_t sim_guest_map(struct sim_host *h, uint64_t handle);
/* What a reference to the map loads, and the address of element 0's value (0: none). */
uint64_t sim_map_handle(const struct sim_host *h, size_t map);
uint64_t sim_map_first_value(const struct sim_host *h, size_t map);

/* unicorn.c */
/* The engine with the regions that every program needs. */
bool sim_unicorn_open(struct sim_host *h, bool ctx_is_guests);
bool sim_unicorn_map(struct sim_host *h, uint64_t base, uint64_t size, uint32_t prot, void *host,
		     bool for_helpers);
/* Counts a round whenever the guest enters the block at `addr`. */
bool sim_unicorn_count_rounds(struct sim_host *h, uint64_t addr);
void sim_unicorn_loop(struct sim_host *h);
void sim_unicorn_close(struct sim_host *h);

/* guest_gate.c: writes GUEST_GATE_SIZE bytes at most */
void sim_gate_build(struct arena *scratch, uint64_t entry, uint64_t ctx, uint8_t *page,
		    struct sim_gate *gate);
uint64_t sim_gate_helper_addr(uint32_t helper);

/* host_helpers.c: runs the helper named in h->frame. */
void sim_helper_call(struct sim_host *h);
/* Lists an element as looked at; the key is copied. */
void sim_note_touch(struct sim_host *h, const struct sim_touch *touch);

/* host_kfuncs.c */
#define SIM_KFUNC_FIRST 0x1200u
/* Number of a kernel function in the call frame, from SIM_KFUNC_FIRST on; 0: it is not modelled. */
uint32_t sim_kfunc_id(const struct fe_object *obj, int32_t ext);
bool sim_kfunc_call(struct sim_host *h, uint64_t id, const uint64_t *a, uint64_t *ret);

/* helpers_each.c */
uint64_t sim_each_step(struct sim_host *h, uint64_t id, const uint64_t *a); /* enum sim_each_step */
void sim_each_reset(struct sim_host *h);

/* helpers_ring.c */
void sim_ring_reset(struct sim_host *h);          /* before a packet */
void sim_ring_drop_discarded(struct sim_host *h); /* after it, from the events */

/* helpers_skb.c */
void sim_skb_fold_vlan(struct sim_host *h); /* puts a tag beside the packet into it */
uint64_t sim_skb_load_abs(struct sim_host *h, int32_t off, uint32_t bytes, uint64_t *failed);

#endif
