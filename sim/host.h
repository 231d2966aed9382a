/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SIM_HOST_H
#define SIM_HOST_H

#include "base/cx.h"
#include "frontend/object.h"
#include "sim/maps.h"

/* Runs a program with the context, packet frame, stack, maps and helpers that the kernel provides,
 * as x86-64 machine code under Unicorn (our own, sim/host/engines/x86_jit.h, or a kernel's), or interpreted.
 *
 * Everything that a 32-bit context field can point at lies below 4 GiB in the guest, so that the
 * program may use struct xdp_md and struct __sk_buff as they are in <linux/bpf.h>: no context
 * access is rewritten, and the JIT needs no fact of the verifier. Map values lie above. */

#define SIM_HEADROOM    256u  /* XDP_PACKET_HEADROOM */
#define SIM_FRAME_BYTES 4096u /* one page, as drivers give XDP */
#define SIM_TAILROOM    320u  /* struct skb_shared_info */
#define SIM_PACKET_MAX  (SIM_FRAME_BYTES - SIM_HEADROOM - SIM_TAILROOM)
#define SIM_META_MAX    32u
#define SIM_PACKET_MIN  14u /* ETH_HLEN: less never reaches a program */

/* xdp_adjust_head/tail on the device have limits that the kernel's do not have. With `device` set
 * the host's helpers fail exactly where the firmware's fail (nfp.md 4.13), so that a difference
 * of environment is not reported as a fault of the program: tails never grow (nor stay: a delta of 0
 * is -EINVAL there), heads stay within [head_min, head_max] of the packet buffer. */
struct sim_adjust_rule {
	bool device;
	uint32_t head_start; /* offset of the packet's first byte when it arrives */
	uint32_t head_min, head_max;
};

/* Engines. All provide the same context, maps and helpers. */
enum sim_host_kind {
	SIM_HOST_JIT,      /* our x86-64 code under Unicorn */
	SIM_HOST_INTERP,   /* the reference interpreter (sim/interp.h) */
	SIM_HOST_CAPTURED, /* a kernel's machine code (sim/captured.h) under Unicorn */
};

struct sim_captured;
struct vprog;

struct sim_host_options {
	struct sim_adjust_rule adjust;
	enum sim_host_kind kind;
	const struct sim_captured *image; /* SIM_HOST_CAPTURED */
	/* Rounds of loops (of machine code of a kernel: blocks, 16 a round) before a packet's run counts as
	 * too long; 0: as many as a kernel would run. */
	uint64_t max_rounds;
	bool unfolded_csum; /* bpf_csum_diff as before Linux 6.13: a sum of 32 bits */
	bool unwritten;     /* SIM_HOST_INTERP: follow bits that come from memory never written */
	/* SIM_HOST_INTERP: called before every instruction of the program itself; NULL: not. */
	void (*step)(void *priv, uint32_t pc);
	void *step_priv;
};

struct sim_host_packet {
	const uint8_t *data;
	uint32_t len;         /* SIM_PACKET_MIN .. SIM_PACKET_MAX */
	const uint8_t *meta;  /* before it: metadata that an earlier program left */
	uint32_t meta_len;    /* <= SIM_META_MAX */
	uint64_t random_seed; /* of bpf_get_prandom_u32: sim_rng_next(), high 32 bits */
	uint64_t clock_ns;    /* result of bpf_ktime_get_ns */
};

struct sim_event { /* bpf_perf_event_output, or a record of a ring buffer */
	size_t map;
	uint64_t flags;
	const uint8_t *data; /* the program's record */
	uint32_t data_len;
	const uint8_t *packet; /* bytes of the packet appended by BPF_F_CTXLEN_MASK */
	uint32_t packet_len;
	const uint8_t *undef, *packet_undef; /* undefined bits of both, or NULL; see sim_host_run */
	bool partly;  /* reserved by the program, which may not have written all bytes */
	bool dropped; /* discarded, or not submitted yet; not in a run's outcome */
};

struct sim_touch { /* an element that a packet looked up, updated or deleted */
	size_t map;
	const uint8_t *key;
	bool lookup;  /* by map_lookup_elem */
	bool found;   /* was there at that time; update and delete: succeeded */
	bool existed; /* was there before */
};

struct sim_place { /* an instruction; prog NULL: none */
	const struct fe_prog *prog;
	uint32_t pc;
};

/* Result for one packet; pointers are valid until the next packet. */
struct sim_host_run {
	const char *fault; /* the program faulted (access, trap); NULL: it ended */
	uint32_t verdict;  /* low half of R0 */
	const uint8_t *packet;
	uint32_t packet_len;
	const uint8_t *meta; /* where metadata in front of the packet begins */
	uint32_t meta_len;   /* XDP: its bytes */
	bool tag_beside; /* tc: the outermost VLAN tag in `packet` was in the skb's own fields */
	uint32_t rx_queue_index; /* the context's field afterwards (XDP) */
	/* Where the helpers for redirection would send the packet. Without such a place the kernel drops a
	 * packet whose verdict is XDP_REDIRECT (xdp_do_redirect() fails). */
	bool redirects;
	uint32_t redirect_ifindex; /* interface, CPU or socket; UINT32_MAX: all of a map */
	const struct sim_event *events;
	size_t n_events;
	const struct sim_touch *touched;
	size_t n_touched;
	bool touched_lost; /* more elements than are listed */
	bool too_long;     /* ended by the options' max_rounds, with a fault */
	bool device_rule;  /* a helper failed that would have succeeded in the kernel */
	bool environment; /* a helper answered what this environment has: clock, random numbers, routes */

	/* With the option `unwritten`: bits that come from memory which the program never wrote, and that may
	 * be anything therefore. A mask has a bit for each bit of what it is of; NULL: all are defined. Values
	 * of maps: sim_host_unwritten_value(). */
	uint32_t undef_verdict;
	const uint8_t *undef_packet, *undef_meta;
	bool undef_values;
	struct sim_place undef_from; /* the first read of such bits that got into this outcome */
	/* The way that the program took depends on such bits: nothing of this outcome is certain. NULL: it does
	 * not. "a branch", "a key", … */
	const char *decided_by;
	struct sim_place decided_at;
};

struct sim_host;

/* `maps` are the program's, in the object's order, and stay the caller's. NULL: reported. */
struct sim_host *sim_host_new(struct cx *cx, const struct fe_object *obj,
			      const struct fe_prog *prog, struct sim_maps *maps,
			      const struct sim_host_options *opts);
void sim_host_free(struct sim_host *h);

/* Runs packets until `feed` ends the run. It is called between packets, with the result of the
 * previous one (NULL at first), and fills in the next. The guest loops by itself, so that many packets cost
 * one entry into Unicorn; one entry per packet, as in sim_host_run_one(), is equivalent and slower. */
void sim_host_loop(struct sim_host *h,
		   bool (*feed)(void *priv, const struct sim_host_run *previous,
				struct sim_host_packet *next),
		   void *priv);
/* One packet; `run` as above. */
void sim_host_run_one(struct sim_host *h, const struct sim_host_packet *pkt,
		      struct sim_host_run *run);

/* Undefined bits of an element's value after the packet that was run last; NULL: there are none. */
const uint8_t *sim_host_unwritten_value(struct sim_host *h, size_t map, const uint8_t *key);
/* The program, or one that it may become by tail calls, may read memory that a helper left as it was, or that no
 * verifier of its own looks at: worth following. */
bool sim_host_may_be_unwritten(const struct fe_object *obj, const struct fe_prog *prog);

/* True when the host side has this helper for programs of this type. */
bool sim_host_has_helper(uint32_t prog_type, uint32_t helper);
/* First helper, kernel function or map type of the program that no host engine implements ("helper clone_redirect
 * (13)"), in the arena; NULL: none. */
const char *sim_host_unsupported(struct arena *a, const struct fe_object *obj,
				 const struct fe_prog *prog);
/* The same, plus features that only the facts of an accepted program show. */
const char *sim_host_unsupported_proof(struct arena *a, const struct vprog *vp);
/* The program names this map, or one does that it may become by tail calls. */
bool sim_host_uses_map(const struct fe_object *obj, const struct fe_prog *prog, size_t map);

#endif
