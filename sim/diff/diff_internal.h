/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SIM_DIFF_DIFF_INTERNAL_H
#define SIM_DIFF_DIFF_INTERNAL_H

#include "sim/diff.h"
#include "sim/host.h"
#include "sim/host/kernel_prog.h"
#include "sim/maps.h"
#include "sim/me.h"
#include "sim/packet.h"

/* Shared by diff.c (the run), diff_maps.c (contents of the maps), diff_hosts.c (further host sides) and
 * diff_text.c (messages). */

struct part_halves;
struct sim_pcap;
struct sim_diff_peer;

struct diff {
	struct cx *cx;
	const struct fe_object *obj;
	const struct fe_prog *prog;
	/* Of a split program's host half: the comparison that it is part of. It counts the differences, has
	 * the packet as it came from the wire, and may use the same elements; NULL: none. */
	struct diff *whole;
	const struct part_halves *halves; /* whose host half this is; NULL: none */
	const struct nfp_firmware *fw;
	const struct sim_diff_device *dev;
	bool host_only; /* `dev` is empty, `fw` may be NULL */
	const struct sim_diff_options *opts;
	struct sim_diff_result *res;

	struct sim_adjust_rule adjust; /* of the simulated host sides */
	bool unfolded_csum;            /* the same: the kernel compared is older than 6.13 */

	/* one set a side, both indexed like the object's maps */
	struct sim_maps *host_maps, *dev_maps;
	const uint8_t **word_use; /* per map; NULL: device and user space agree on byte order */
	bool *on_device;          /* per map: the device has it */
	const uint8_t **special;  /* per map: bytes of a value that are no data; NULL: none */
	bool *summed; /* per map: both halves of a split program add to it; NULL: none */
	bool *direct;             /* per map: the program holds the address of its value */

	struct sim_host *host; /* the one that leads */
	enum sim_diff_host_id lead;
	const struct sim_captured *image;
	struct sim_kernel_prog loaded;
	const char *not_loaded;      /* why not, when that was tried */
	struct sim_diff_peer *peers; /* the others */
	size_t n_peers;
	/* An interpreter that has each packet first and follows what was never written; NULL: not asked for. */
	struct sim_diff_peer *watcher;
	struct sim_host_run watched; /* its outcome of the packet under way */
	bool undef;                  /* … has undefined bits */
	struct sim_event *masked;    /* n_masked: room for events with their masks */
	size_t n_masked;
	uint8_t *peer_value; /* room for the largest value */
	struct sim_me *me;   /* NULL: no device */
	const struct sim_packet_gen *gen;
	struct sim_pcap *pcap;
	uint32_t min_len, max_len;

	bool ready;                   /* set up */
	const char *volatile running; /* which side has the packet: for who looks after a crash */

	/* the packet under way */
	uint64_t index;
	const uint8_t *data;
	uint32_t len;
	const uint8_t *meta; /* of a tc host half: metadata, what the program before it left */
	uint32_t meta_len;
	uint8_t buf[SIM_PACKET_LONGEST];
	uint64_t random_state;    /* the device's */
	bool differs;             /* counted already */
	uint64_t unchecked_since; /* first packet after the last full comparison of maps */
};

/* diff_maps.c */
/* Both sets with the same content; false: reported. */
bool sim_diff_maps_open(struct diff *d);
/* Fills arrays with values, and hashes with keys that this program looks up on such packets. */
bool sim_diff_maps_fill(struct diff *d);
/* Compares what the packet touched; a difference is noted and mended, so that it counts once. */
void sim_diff_maps_check(struct diff *d, const struct sim_host_run *host);
/* Compares everything. */
void sim_diff_maps_check_all(struct diff *d);

/* The object's maps on a host side, empty; NULL: reported. */
struct sim_maps *sim_diff_maps_new(struct diff *d, enum sim_diff_host_id id);

/* btf_fields.c */
/* A byte for each of the map's value: 1 where a helper's or the kernel's own field is. NULL: there is none. */
const uint8_t *sim_special_bytes(struct arena *arena, const struct fe_object *obj,
				 const struct fe_map *m);
void sim_special_clear(const uint8_t *special, uint8_t *value, uint32_t size);
bool sim_special_same(const uint8_t *special, const uint8_t *a, const uint8_t *b, uint32_t size);

/* inner_maps.c */
/* The object with stand-ins for the maps that user space would put into its maps of maps. */
const struct fe_object *sim_diff_object(struct cx *cx, const struct fe_object *obj,
					const struct fe_prog *prog);
bool sim_diff_holds_maps(uint32_t type);
/* An element of a map of maps, 4 bytes; false: nothing to put in. */
bool sim_diff_inner_map(const struct diff *d, size_t map, uint64_t *rng, uint8_t *value);
/* Those of an array of maps, also of a hash with small integers as keys. */
void sim_diff_fill_inner_maps(const struct diff *d, struct sim_maps *to, size_t map, uint64_t rng);

/* diff_hosts.c */
const char *sim_diff_side_name(enum sim_diff_host_id id); /* "host side jit" … */
/* Before the maps: which hosts there are. False: reported. */
bool sim_diff_hosts_load(struct diff *d);
/* After the maps are filled: all of them, with the same contents. False: reported. */
bool sim_diff_hosts_open(struct diff *d);
/* The others' turn with the packet that the leading host has just finished. */
void sim_diff_hosts_check(struct diff *d, const struct sim_host_run *lead);
void sim_diff_hosts_check_all(struct diff *d); /* all maps */
/* Gives an element of all of them a new value; NULL: takes it out. */
void sim_diff_hosts_set(struct diff *d, size_t map, const uint8_t *key, const uint8_t *value);
void sim_diff_hosts_close(struct diff *d);

/* The watcher: it runs the packet under way; its maps are made the leading host's where `run` touched them. */
void sim_diff_watcher_run(struct diff *d, struct sim_host_run *run);
void sim_diff_watcher_sync(struct diff *d, const struct sim_host_run *run);
/* Undefined bits of an element's value after its run; NULL: there are none. */
const uint8_t *sim_diff_watcher_value(struct diff *d, size_t map, const uint8_t *key);

/* mask_unwritten.c */
/* Before the packet under way: true when its outcome depends on memory that was never written in more than some bytes.
 * It is counted then, and for no side. */
bool sim_diff_unwritten_skips(struct diff *d);
/* An outcome of the packet with the masks of what is undefined of it (in `with`, if there is any). */
const struct sim_host_run *sim_diff_unwritten_mask(struct diff *d, const struct sim_host_run *run,
						   struct sim_host_run *with);
/* After the packet. */
void sim_diff_unwritten_end(struct diff *d, const struct sim_host_run *lead);
/* Undefined bits of an element's value; NULL: there are none. */
const uint8_t *sim_diff_undef_value(struct diff *d, size_t map, const uint8_t *key);
/* `other` with the undefined bits of `lead`, in the arena. */
uint8_t *sim_diff_with_undef(struct arena *a, const uint8_t *mask, const uint8_t *lead,
			     const uint8_t *other, size_t n);
/* All bits but the undefined ones are the same; `mask` may be NULL. */
bool sim_diff_same_defined(const uint8_t *mask, const uint8_t *a, const uint8_t *b, size_t n);

/* The run under a guard where the options want one. False: a side crashed; that is in the results, and nothing of `d` but
 * these may be used or freed. */
bool sim_diff_guarded(struct diff *d, void (*run)(void *priv), void *priv);

/* diff.c, in the order of a run */
void sim_diff_prepare(struct diff *d); /* what is known of each map */
/* From the first packet on, those of min_len to max_len bytes; false: reported. */
bool sim_diff_open_packets(struct diff *d);
bool sim_diff_open_device(struct diff *d);                         /* false: reported */
struct sim_host_packet sim_diff_host_packet(const struct diff *d); /* the packet under way */
/* True: the leading host gave up this packet; noted, and the run is to end here. */
bool sim_diff_too_long(struct diff *d, const struct sim_host_run *run);
/* Rounds that a host side may take for a packet. */
uint64_t sim_diff_max_rounds(const struct diff *d, bool leads);
/* True: as many packets as the options want had their turn. */
bool sim_diff_finished(const struct diff *d);
/* True: the caller wants the run to end here. */
bool sim_diff_stopped(struct diff *d);
/* Next packet of the generator or file into d->data, d->len; false: no more. */
bool sim_diff_next_packet(struct diff *d);
uint64_t sim_diff_packet_seed(const struct diff *d); /* of the random numbers of packet d->index */
struct sim_host_options sim_diff_host_options(const struct diff *d);
/* Result byte that the device answers with where the host had this outcome; 0: it never does. */
bool sim_diff_same_event(const struct sim_event *a, const struct sim_event *b);
/* An event of the device as one of a host. */
struct sim_event sim_diff_device_event(const struct diff *d, const struct sim_me_event *v);
uint8_t sim_diff_expected_byte(const struct diff *d, const struct sim_host_run *host);
void sim_diff_count_verdict(struct diff *d, uint32_t verdict);
double sim_diff_now(void); /* seconds */
/* Counts this packet as differing. The result's text is to be filled in; NULL: it was counted
 * already, or enough are kept. */
struct sim_diff_mismatch *sim_diff_note(struct diff *d, const char *what);
void sim_diff_note_device_error(struct diff *d, const struct sim_me_error *e);

/* diff_text.c: texts in the arena of the context, several lines */
const char *sim_diff_text_verdict(struct diff *d, const struct sim_host_run *host,
				  const struct sim_me_result *dev);
const char *sim_diff_text_packet(struct diff *d, const struct sim_host_run *host,
				 const struct sim_me_result *dev);
const char *sim_diff_text_value(struct diff *d, size_t map, const uint8_t *key, const uint8_t *host,
				const uint8_t *dev);
/* Events of the host and of another side, by name; NULL: it has none there. The text is in `a`. */
const char *sim_diff_text_event(struct diff *d, struct arena *a, const char *name, size_t n,
				const struct sim_event *host, const struct sim_event *other);
const char *sim_diff_text_queue(struct diff *d, uint32_t host, const struct sim_me_result *dev);
/* Of two host sides, the second one by name. */
const char *sim_diff_text_hosts_packet(struct diff *d, const char *name,
				       const struct sim_host_run *lead,
				       const struct sim_host_run *peer);
const char *sim_diff_text_hosts_meta(struct diff *d, const char *name,
				     const struct sim_host_run *lead,
				     const struct sim_host_run *peer);
const char *sim_diff_text_hosts_value(struct diff *d, const char *name, size_t map,
				      const uint8_t *key, const uint8_t *lead, const uint8_t *peer);
const char *sim_diff_text_device(struct diff *d, const struct sim_me_error *e);

#endif
