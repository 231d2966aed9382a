/* SPDX-License-Identifier: BSD-2-Clause */
/* The host side's eBPF helpers that maps, XDP and both program types share. Each takes the five
 * argument registers and answers with R0, as in the kernel; pointers are guest addresses. */
#include "sim/host/environment/host_internal.h"

#include "base/bits.h"
#include "sim/host/helpers/host_helpers.h"
#include "sim/host/unwritten/unwritten.h"
#include "sim/interp.h"
#include "sim/rng.h"

#include <errno.h>
#include <linux/pkt_cls.h>
#include <string.h>

#define ERR(e) ((uint64_t)(int64_t)(-(e)))

/* ---- maps ----------------------------------------------------------------------------------- */

/* Map and key of a map helper; false: bad argument (the run faults). */
static bool map_args(struct sim_host *h, const uint64_t *a, size_t *map, const uint8_t **key)
{
	*map = sim_guest_map(h, a[0]);
	if (*map == SIZE_MAX)
		return false;
	*key = sim_guest_ptr(h, a[1], sim_maps_spec(h->maps, *map)->key_size);
	sim_unwritten_decides(h, a[1], sim_maps_spec(h->maps, *map)->key_size, "a key");
	return *key;
}

void sim_note_touch(struct sim_host *h, const struct sim_touch *touch)
{
	uint32_t size = sim_maps_spec(h->maps, touch->map)->key_size;
	uint8_t *copy = sim_run_alloc(h, size);

	if (!copy || h->n_touched == SIM_TOUCH_MAX) {
		h->touched_lost = true;
		return;
	}
	memcpy(copy, touch->key, size);
	h->touched[h->n_touched] = *touch;
	h->touched[h->n_touched++].key = copy;
}

static bool holds_maps(uint32_t type)
{
	return type == BPF_MAP_TYPE_ARRAY_OF_MAPS || type == BPF_MAP_TYPE_HASH_OF_MAPS;
}

/* Such an element is the index of a map; 0: of none that there is. */
static uint64_t inner_map(struct sim_host *h, int64_t off)
{
	size_t size;
	uint32_t map = load_le32(sim_maps_memory(h->maps, &size) + off);

	return map < h->obj->n_maps ? sim_map_handle(h, map) : 0;
}

uint64_t sim_helper_map_lookup_elem(struct sim_host *h, const uint64_t *a)
{
	const uint8_t *key;
	size_t map;
	int64_t off;

	if (!map_args(h, a, &map, &key))
		return 0;
	off = sim_map_lookup(h->maps, map, key);
	sim_note_touch(h, &(struct sim_touch){ .map = map,
					       .key = key,
					       .lookup = true,
					       .found = off >= 0,
					       .existed = off >= 0 });
	if (off >= 0 && holds_maps(sim_maps_spec(h->maps, map)->type))
		return inner_map(h, off);
	return off < 0 ? 0 : GUEST_VALUES + (uint64_t)off;
}

uint64_t sim_helper_map_lookup_percpu_elem(struct sim_host *h, const uint64_t *a)
{
	return a[2] == 0 ? sim_helper_map_lookup_elem(h, a) : 0; /* CPU 0 is the only one */
}

/* The value came to the element from `from`, with what is undefined of it. */
static void note_undef_value(struct sim_host *h, size_t map, const uint8_t *key, uint64_t from)
{
	int64_t off = h->unwritten ? sim_map_find(h->maps, map, key) : SIM_MAP_NONE;

	if (off >= 0)
		sim_unwritten_copy(h, GUEST_VALUES + (uint64_t)off, from,
				   sim_maps_spec(h->maps, map)->value_size);
}

uint64_t sim_helper_map_update_elem(struct sim_host *h, const uint64_t *a)
{
	const uint8_t *key, *value;
	bool existed;
	size_t map;
	int err;

	if (!map_args(h, a, &map, &key))
		return 0;
	value = sim_guest_ptr(h, a[2], sim_maps_spec(h->maps, map)->value_size);
	if (!value)
		return 0;
	existed = sim_map_find(h->maps, map, key) >= 0;
	err = sim_map_update(h->maps, map, key, value, a[3]);
	if (!err)
		note_undef_value(h, map, key, a[2]);
	sim_note_touch(h, &(struct sim_touch){
				  .map = map, .key = key, .found = !err, .existed = existed });
	return (uint64_t)(int64_t)err;
}

uint64_t sim_helper_map_delete_elem(struct sim_host *h, const uint64_t *a)
{
	const uint8_t *key;
	size_t map;
	int err;

	if (!map_args(h, a, &map, &key))
		return 0;
	err = sim_map_delete(h->maps, map, key);
	sim_note_touch(
		h, &(struct sim_touch){ .map = map, .key = key, .found = !err, .existed = !err });
	return (uint64_t)(int64_t)err;
}

/* ---- environment ---------------------------------------------------------------------------- */

uint64_t sim_helper_ktime_get_ns(struct sim_host *h, const uint64_t *a)
{
	(void)a;
	h->environment = true;
	return h->clock_ns;
}

uint64_t sim_helper_get_prandom_u32(struct sim_host *h, const uint64_t *a)
{
	(void)a;
	h->environment = true;
	return sim_rng_next(&h->random_state) >> 32;
}

uint64_t sim_helper_jiffies64(struct sim_host *h, const uint64_t *a)
{
	(void)a;
	h->environment = true;
	return h->clock_ns / 4000000; /* HZ=250 */
}

/* strncmp(s1, size of s1, s2) */
uint64_t sim_helper_strncmp(struct sim_host *h, const uint64_t *a)
{
	for (uint32_t i = 0; i < (uint32_t)a[1]; i++) {
		const uint8_t *x = sim_guest_ptr(h, a[0] + i, 1),
			      *y = sim_guest_ptr(h, a[2] + i, 1);

		if (!x || !y)
			return 0;
		sim_unwritten_decides(h, a[0] + i, 1, "a text that is compared");
		sim_unwritten_decides(h, a[2] + i, 1, "a text that is compared");
		if (*x != *y)
			return *x < *y ? UINT64_MAX : 1;
		if (!*x)
			return 0;
	}
	return 0;
}

uint64_t sim_helper_get_smp_processor_id(struct sim_host *h, const uint64_t *a)
{
	(void)h, (void)a;
	return 0;
}

uint64_t sim_helper_get_numa_node_id(struct sim_host *h, const uint64_t *a)
{
	(void)h, (void)a;
	return 0;
}

uint64_t sim_helper_trace_printk(struct sim_host *h, const uint64_t *a)
{
	(void)h;
	return a[1]; /* length of the format: as if all of it had been printed */
}

uint64_t sim_helper_spin_lock(struct sim_host *h, const uint64_t *a)
{
	(void)h, (void)a;
	return 0; /* one CPU */
}

uint64_t sim_helper_spin_unlock(struct sim_host *h, const uint64_t *a)
{
	(void)h, (void)a;
	return 0;
}

uint64_t sim_helper_guest_code(struct sim_host *h, const uint64_t *a)
{
	(void)a;
	sim_host_fault(h, "a helper that is guest code was called through the gate");
	return 0;
}

/* tail_call(ctx, map, index): where the machine code goes on; 0: the slot is empty. */
uint64_t sim_helper_tail_call(struct sim_host *h, const uint64_t *a)
{
	size_t map = sim_guest_map(h, a[1]);
	const struct fe_prog *to;

	if (map == SIZE_MAX || h->tail_calls == SIM_TAIL_CALLS_MAX)
		return 0;
	to = sim_tails_target(h->obj, h->prog->type, map, (uint32_t)a[2]);
	for (size_t i = 0; to && i < h->tails.n; i++) {
		if (h->tails.progs[i] != to || !h->tail_entry[i])
			continue;
		h->tail_calls++;
		return h->tail_entry[i];
	}
	return 0;
}

/* ---- output --------------------------------------------------------------------------------- */

uint64_t sim_helper_redirect(struct sim_host *h, const uint64_t *a)
{
	if (h->is_skb ? a[1] & ~UINT64_C(1) /* BPF_F_INGRESS */ : a[1])
		return h->is_skb ? TC_ACT_SHOT : XDP_ABORTED;
	h->redirect = (struct sim_redirect){ .index = (uint32_t)a[0] };
	return h->is_skb ? TC_ACT_REDIRECT : XDP_REDIRECT;
}

/* Flags that a map of this type takes beside the verdict for a lookup in vain. */
static uint64_t redirect_flags(uint32_t map_type)
{
	bool devices = map_type == BPF_MAP_TYPE_DEVMAP || map_type == BPF_MAP_TYPE_DEVMAP_HASH;

	return devices ? BPF_F_BROADCAST | BPF_F_EXCLUDE_INGRESS : 0;
}

/* redirect_map(map, key, flags); a failed lookup leaves the key of the last redirection, as in the kernel. */
uint64_t sim_helper_redirect_map(struct sim_host *h, const uint64_t *a)
{
	size_t map = sim_guest_map(h, a[0]);
	uint32_t key = (uint32_t)a[1];
	bool all = a[2] & BPF_F_BROADCAST;
	int64_t off;
	size_t size;

	if (map == SIZE_MAX || a[2] & ~(redirect_flags(sim_maps_spec(h->maps, map)->type) | 3))
		return XDP_ABORTED;
	off = sim_map_lookup(h->maps, map, &key);
	if (off < 0 && !all) {
		h->redirect = (struct sim_redirect){ .index = h->redirect.index };
		return a[2] & 3;
	}
	h->redirect = (struct sim_redirect){ .to_map = true, .to_all = all, .index = key };
	if (off >= 0)
		h->redirect.map_value = load_le32(sim_maps_memory(h->maps, &size) + off);
	return XDP_REDIRECT;
}

/* perf_event_output(ctx, map, flags, data, size): the record, then packet bytes by flags 51:32. */
uint64_t sim_helper_perf_event_output(struct sim_host *h, const uint64_t *a)
{
	size_t map = sim_guest_map(h, a[1]);
	uint32_t size = (uint32_t)a[4], pkt_len = (uint32_t)((a[2] & BPF_F_CTXLEN_MASK) >> 32);
	const uint8_t *data = size ? sim_guest_ptr(h, a[3], size) : NULL;
	uint8_t *copy;

	if (map == SIZE_MAX || (size && !data))
		return 0;
	if (a[2] & ~(BPF_F_CTXLEN_MASK | BPF_F_INDEX_MASK))
		return ERR(EINVAL);
	if (pkt_len > h->data_end - h->data)
		return ERR(EFAULT);
	copy = sim_run_alloc(h, (size_t)size + pkt_len);
	if (!copy || h->n_events == SIM_EVENTS_MAX)
		return ERR(ENOSPC);
	if (size)
		memcpy(copy, data, size);
	memcpy(copy + size, h->packet + h->data, pkt_len);
	h->events[h->n_events++] =
		(struct sim_event){ .map = map,
				    .flags = a[2],
				    .data = copy,
				    .data_len = size,
				    .packet = copy + size,
				    .packet_len = pkt_len,
				    .undef = sim_unwritten_mask(h, a[3], size),
				    .packet_undef = sim_unwritten_mask(h, GUEST_PACKET + h->data,
								       pkt_len) };
	return 0;
}

/* ---- checksums ------------------------------------------------------------------------------ */

/* Sum of 32-bit words in ones' complement, as csum_partial(): kept in 32 bits with end-around carry. */
static uint32_t sum_words(const uint8_t *p, uint32_t len, uint32_t sum, bool negate)
{
	for (uint32_t i = 0; i < len; i += 4) {
		uint32_t w = load_le32(p + i);
		uint64_t s = (uint64_t)sum + (negate ? ~w : w);

		sum = (uint32_t)s + (uint32_t)(s >> 32);
	}
	return sum;
}

/* Before Linux 6.13: one sum over what is taken away, inverted, and what is put in its place. */
static uint64_t diff_unfolded(const uint8_t *from, uint32_t from_size, const uint8_t *to,
			      uint32_t to_size, uint32_t sum)
{
	if (from_size > EBPF_MAX_STACK || to_size > EBPF_MAX_STACK - from_size)
		return ERR(EINVAL); /* both had to fit the kernel's scratch space */
	if (from)
		sum = sum_words(from, from_size, sum, true);
	return to ? sum_words(to, to_size, sum, false) : sum;
}

static uint32_t add_carry(uint32_t a, uint32_t b)
{
	uint64_t s = (uint64_t)a + b;

	return (uint32_t)s + (uint32_t)(s >> 32);
}

/* Since then: a difference of two sums. The order decides which of the two zeroes of ones' complement comes out. */
static uint32_t diff_words(const uint8_t *from, uint32_t from_size, const uint8_t *to,
			   uint32_t to_size, uint32_t seed)
{
	if (from && to)
		return add_carry(sum_words(to, to_size, seed, false),
				 ~sum_words(from, from_size, 0, false));
	if (to)
		return sum_words(to, to_size, seed, false);
	return from ? ~sum_words(from, from_size, ~seed, false) : seed;
}

static uint32_t fold16(uint32_t sum)
{
	return (sum + (sum >> 16 | sum << 16)) >> 16;
}

/* csum_diff(from, from_size, to, to_size, seed) */
uint64_t sim_helper_csum_diff(struct sim_host *h, const uint64_t *a)
{
	uint32_t from_size = (uint32_t)a[1], to_size = (uint32_t)a[3], sum = (uint32_t)a[4];
	const uint8_t *from = from_size ? sim_guest_ptr(h, a[0], from_size) : NULL;
	const uint8_t *to = to_size ? sim_guest_ptr(h, a[2], to_size) : NULL;

	if ((from_size | to_size) & 3)
		return ERR(EINVAL);
	if ((from_size && !from) || (to_size && !to))
		return 0;
	if (sim_unwritten_any(h, a[0], from_size) || sim_unwritten_any(h, a[2], to_size) ||
	    sim_unwritten_arg(h, 5))
		sim_unwritten_result(h, h->opts.unfolded_csum ? UINT32_MAX : UINT16_MAX);
	return h->opts.unfolded_csum ? diff_unfolded(from, from_size, to, to_size, sum)
				     : fold16(diff_words(from, from_size, to, to_size, sum));
}

/* ---- XDP: the packet's bounds --------------------------------------------------------------- */

#define XDP_FRAME_STRUCT 40u /* sizeof(struct xdp_frame): heads may not grow into it */
#define ETH_HEADER       14u

/* Reference 4.13, the general form; `delta` as the device adds it. */
static bool device_allows_head(const struct sim_host *h, int32_t delta)
{
	const struct sim_adjust_rule *r = &h->opts.adjust;
	uint32_t to = (h->head + (uint32_t)delta) & 0xffff;

	return to >= r->head_min && to <= r->head_max;
}

uint64_t sim_helper_xdp_adjust_head(struct sim_host *h, const uint64_t *a)
{
	int32_t delta = (int32_t)a[1];
	uint32_t meta_len = h->data - h->data_meta;
	int64_t data = (int64_t)h->data + delta;

	if (h->opts.adjust.device && !device_allows_head(h, delta)) {
		h->device_rule = true;
		return ERR(EINVAL);
	}
	if (data < (int64_t)(XDP_FRAME_STRUCT + meta_len) ||
	    data > (int64_t)h->data_end - ETH_HEADER)
		return ERR(EINVAL);
	if (meta_len) {
		memmove(h->packet + h->data_meta + delta, h->packet + h->data_meta, meta_len);
		sim_unwritten_copy(h, GUEST_PACKET + (uint64_t)((int64_t)h->data_meta + delta),
				   GUEST_PACKET + h->data_meta, meta_len);
	}
	h->data = (uint32_t)data;
	h->data_meta = h->data - meta_len;
	h->head += (uint32_t)delta;
	sim_ctx_sync(h);
	return 0;
}

uint64_t sim_helper_xdp_adjust_tail(struct sim_host *h, const uint64_t *a)
{
	int32_t delta = (int32_t)a[1];
	int64_t end = (int64_t)h->data_end + delta;

	if (h->opts.adjust.device && delta >= 0) {
		h->device_rule = true;
		return ERR(EINVAL);
	}
	if (end > (int64_t)(SIM_FRAME_BYTES - SIM_TAILROOM) || end < (int64_t)h->data + ETH_HEADER)
		return ERR(EINVAL);
	if (delta > 0) { /* the kernel clears what it adds */
		memset(h->packet + h->data_end, 0, (size_t)delta);
		sim_unwritten_written(h, GUEST_PACKET + h->data_end, (size_t)delta);
	}
	h->data_end = (uint32_t)end;
	sim_ctx_sync(h);
	return 0;
}

uint64_t sim_helper_xdp_adjust_meta(struct sim_host *h, const uint64_t *a)
{
	int64_t meta = (int64_t)h->data_meta + (int32_t)a[1];

	if (meta < (int64_t)XDP_FRAME_STRUCT || meta > (int64_t)h->data)
		return ERR(EINVAL);
	if ((h->data - meta) % 4 || h->data - meta > SIM_META_MAX)
		return ERR(EACCES);
	h->data_meta = (uint32_t)meta;
	sim_ctx_sync(h);
	return 0;
}

uint64_t sim_helper_xdp_get_buff_len(struct sim_host *h, const uint64_t *a)
{
	(void)a;
	return h->data_end - h->data;
}

/* Bytes [off, off + len) of the packet, and the program's buffer; NULL: out of the packet. */
static uint8_t *packet_span(struct sim_host *h, uint64_t off, uint64_t len)
{
	uint64_t have = h->data_end - h->data;

	return off <= have && len <= have - off ? h->packet + h->data + off : NULL;
}

uint64_t sim_helper_xdp_load_bytes(struct sim_host *h, const uint64_t *a)
{
	uint8_t *p = packet_span(h, (uint32_t)a[1], (uint32_t)a[3]);
	uint8_t *buf = sim_guest_ptr(h, a[2], (uint32_t)a[3]);

	if (!p || !buf)
		return ERR(EINVAL);
	memmove(buf, p, (uint32_t)a[3]);
	sim_unwritten_copy(h, a[2], GUEST_PACKET + h->data + (uint32_t)a[1], (uint32_t)a[3]);
	return 0;
}

uint64_t sim_helper_xdp_store_bytes(struct sim_host *h, const uint64_t *a)
{
	uint8_t *p = packet_span(h, (uint32_t)a[1], (uint32_t)a[3]);
	uint8_t *buf = sim_guest_ptr(h, a[2], (uint32_t)a[3]);

	if (!p || !buf)
		return ERR(EINVAL);
	memmove(p, buf, (uint32_t)a[3]);
	sim_unwritten_copy(h, GUEST_PACKET + h->data + (uint32_t)a[1], a[2], (uint32_t)a[3]);
	return 0;
}

/* ---- dispatch ------------------------------------------------------------------------------- */

struct helper_row {
	uint64_t (*fn)(struct sim_host *h, const uint64_t *a);
	bool xdp, tc;
};

static const struct helper_row helper_rows[] = {
#define SIM_HELPER(id, name, xdp, tc) [id] = { sim_helper_##name, xdp, tc },
#include "sim/host/helpers/host_helpers.def"
#undef SIM_HELPER
};

bool sim_host_has_helper(uint32_t prog_type, uint32_t helper)
{
	if (helper >= ARRAY_SIZE(helper_rows) || !helper_rows[helper].fn)
		return false;
	return prog_type == BPF_PROG_TYPE_XDP ? helper_rows[helper].xdp : helper_rows[helper].tc;
}

void sim_helper_call(struct sim_host *h)
{
	struct sim_call_frame *f = h->frame;

	f->ret2 = 0;
	if (f->helper == SIM_CALL_SKB_LOAD)
		f->ret = sim_skb_load_abs(h, (int32_t)f->arg[1], (uint32_t)f->arg[2], &f->ret2);
	else if (f->helper >= SIM_EACH_START && f->helper <= SIM_EACH_END)
		f->ret = sim_each_step(h, f->helper, f->arg);
	else if (f->helper < ARRAY_SIZE(helper_rows) && helper_rows[f->helper].fn)
		f->ret = helper_rows[f->helper].fn(h, f->arg);
	else if (sim_kfunc_call(h, f->helper, f->arg, &f->ret))
		return;
	else if (h->engine->call)
		h->engine->call(h);
	else
		sim_host_fault(h, "call of helper %llu, which does not exist",
			       (unsigned long long)f->helper);
}
