/* SPDX-License-Identifier: BSD-2-Clause */
/* Dynptrs: 16 bytes on the program's stack that only helpers and kernel functions look into. Here:
 *   bits 0..55 of the first 8 bytes: guest address of the memory; 56..63: enum kind
 *   4 bytes offset, 4 bytes size
 * Packets are linear, so a slice is always a pointer into the packet. */
#include "sim/host/environment/host_internal.h"

#include "base/bits.h"
#include "sim/host/helpers/host_helpers.h"
#include "sim/host/unwritten/unwritten.h"

#include <errno.h>
#include <string.h>

#define ERR(e) ((uint64_t)(int64_t)(-(e)))

#define SIZE_MOST ((1u << 24) - 1) /* DYNPTR_MAX_SIZE */
#define BYTES     16u

enum kind { KIND_NULL, KIND_MEMORY, KIND_RING, KIND_PACKET };

struct dynptr {
	enum kind kind;
	uint64_t base;
	uint32_t off, size;
};

/* False: no memory of the program's (the run faults). */
static bool load(struct sim_host *h, uint64_t addr, struct dynptr *d)
{
	const uint8_t *p = sim_guest_ptr(h, addr, BYTES);
	uint64_t first;

	if (!p)
		return false;
	first = load_le64(p);
	*d = (struct dynptr){ (enum kind)(first >> 56), first & (UINT64_MAX >> 8), load_le32(p + 8),
			      load_le32(p + 12) };
	return true;
}

static void store(struct sim_host *h, uint64_t addr, const struct dynptr *d)
{
	uint8_t *p = sim_guest_ptr(h, addr, BYTES);

	if (!p)
		return;
	store_le64(p, (uint64_t)d->kind << 56 | d->base);
	store_le32(p + 8, d->off);
	store_le32(p + 12, d->size);
	sim_unwritten_written(h, addr, BYTES);
}

static uint64_t set_null(struct sim_host *h, uint64_t addr, uint64_t ret)
{
	store(h, addr, &(struct dynptr){ KIND_NULL, 0, 0, 0 });
	return ret;
}

static bool inside(const struct dynptr *d, uint64_t off, uint64_t len)
{
	return len <= d->size && off <= d->size - len;
}

/* Guest address of a byte of it. */
static uint64_t at(const struct sim_host *h, const struct dynptr *d, uint64_t off)
{
	uint64_t base = d->kind == KIND_PACKET ? GUEST_PACKET + h->data : d->base;

	return base + d->off + off;
}

/* ---- making ----------------------------------------------------------------------------------- */

/* dynptr_from_mem(data, size, flags, dynptr) */
uint64_t sim_helper_dynptr_from_mem(struct sim_host *h, const uint64_t *a)
{
	if ((uint32_t)a[1] > SIZE_MOST)
		return set_null(h, a[3], ERR(E2BIG));
	if (a[2])
		return set_null(h, a[3], ERR(EINVAL));
	store(h, a[3], &(struct dynptr){ KIND_MEMORY, a[0], 0, (uint32_t)a[1] });
	return 0;
}

/* bpf_dynptr_from_xdp(ctx, flags, dynptr), bpf_dynptr_from_skb(ctx, flags, dynptr) */
uint64_t sim_helper_dynptr_from_packet(struct sim_host *h, const uint64_t *a)
{
	if (a[1])
		return set_null(h, a[2], ERR(EINVAL));
	store(h, a[2], &(struct dynptr){ KIND_PACKET, 0, 0, h->data_end - h->data });
	return 0;
}

/* ringbuf_reserve_dynptr(map, size, flags, dynptr) */
uint64_t sim_helper_ringbuf_reserve_dynptr(struct sim_host *h, const uint64_t *a)
{
	uint64_t record;

	if (a[2])
		return set_null(h, a[3], ERR(EINVAL));
	if ((uint32_t)a[1] > SIZE_MOST)
		return set_null(h, a[3], ERR(E2BIG));
	record = sim_helper_ringbuf_reserve(h, (const uint64_t[]){ a[0], (uint32_t)a[1], 0, 0, 0 });
	if (!record)
		return set_null(h, a[3], ERR(EINVAL));
	store(h, a[3], &(struct dynptr){ KIND_RING, record, 0, (uint32_t)a[1] });
	return 0;
}

static uint64_t end_record(struct sim_host *h, const uint64_t *a,
			   uint64_t (*fn)(struct sim_host *h, const uint64_t *a))
{
	struct dynptr d;

	if (!load(h, a[0], &d) || d.kind == KIND_NULL)
		return 0;
	fn(h, (const uint64_t[]){ d.base, a[1], 0, 0, 0 });
	return set_null(h, a[0], 0);
}

uint64_t sim_helper_ringbuf_submit_dynptr(struct sim_host *h, const uint64_t *a)
{
	return end_record(h, a, sim_helper_ringbuf_submit);
}

uint64_t sim_helper_ringbuf_discard_dynptr(struct sim_host *h, const uint64_t *a)
{
	return end_record(h, a, sim_helper_ringbuf_discard);
}

/* ---- reading and writing ---------------------------------------------------------------------- */

static uint64_t copy(struct sim_host *h, uint64_t to, uint64_t from, uint64_t len)
{
	uint8_t *t = len ? sim_guest_ptr(h, to, len) : NULL;
	const uint8_t *f = len ? sim_guest_ptr(h, from, len) : NULL;

	if (t && f)
		memmove(t, f, len);
	sim_unwritten_copy(h, to, from, len);
	return 0;
}

/* dynptr_read(to, len, dynptr, offset, flags) */
uint64_t sim_helper_dynptr_read(struct sim_host *h, const uint64_t *a)
{
	struct dynptr d;

	if (!load(h, a[2], &d))
		return 0;
	if (d.kind == KIND_NULL || a[4])
		return ERR(EINVAL);
	if (!inside(&d, a[3], a[1]))
		return ERR(E2BIG);
	if (d.kind == KIND_RING)
		h->environment = true; /* bytes never written are anything in a kernel */
	return copy(h, a[0], at(h, &d, a[3]), a[1]);
}

/* dynptr_write(dynptr, offset, from, len, flags); of an skb, flags are those of skb_store_bytes */
uint64_t sim_helper_dynptr_write(struct sim_host *h, const uint64_t *a)
{
	const uint64_t of_skb = BPF_F_RECOMPUTE_CSUM | BPF_F_INVALIDATE_HASH;
	struct dynptr d;

	if (!load(h, a[0], &d))
		return 0;
	if (d.kind == KIND_NULL)
		return ERR(EINVAL);
	if (!inside(&d, a[1], a[3]))
		return ERR(E2BIG);
	if (a[4] & ~(d.kind == KIND_PACKET && h->is_skb ? of_skb : 0))
		return ERR(EINVAL);
	return copy(h, at(h, &d, a[1]), a[2], a[3]);
}

/* dynptr_data(dynptr, offset, len) */
uint64_t sim_helper_dynptr_data(struct sim_host *h, const uint64_t *a)
{
	struct dynptr d;

	if (!load(h, a[0], &d) || d.kind == KIND_NULL || d.kind == KIND_PACKET ||
	    !inside(&d, a[1], a[2]))
		return 0;
	return at(h, &d, a[1]);
}

/* bpf_dynptr_slice(dynptr, offset, buffer, size), bpf_dynptr_slice_rdwr() */
uint64_t sim_helper_dynptr_slice(struct sim_host *h, const uint64_t *a)
{
	struct dynptr d;

	if (!load(h, a[0], &d) || d.kind == KIND_NULL || !inside(&d, a[1], (uint32_t)a[3]))
		return 0;
	return at(h, &d, a[1]);
}

/* bpf_dynptr_memset(dynptr, offset, size, value) */
uint64_t sim_helper_dynptr_memset(struct sim_host *h, const uint64_t *a)
{
	struct dynptr d;
	uint8_t *p;

	if (!load(h, a[0], &d))
		return 0;
	if (d.kind == KIND_NULL)
		return ERR(EINVAL);
	if (!inside(&d, a[1], a[2]))
		return ERR(E2BIG);
	p = a[2] ? sim_guest_ptr(h, at(h, &d, a[1]), a[2]) : NULL;
	if (p)
		memset(p, (uint8_t)a[3], a[2]);
	sim_unwritten_written(h, at(h, &d, a[1]), a[2]);
	return 0;
}

/* ---- the dynptr itself ------------------------------------------------------------------------ */

/* bpf_dynptr_adjust(dynptr, start, end) */
uint64_t sim_helper_dynptr_adjust(struct sim_host *h, const uint64_t *a)
{
	uint64_t start = a[1], end = a[2];
	struct dynptr d;

	if (!load(h, a[0], &d))
		return 0;
	if (d.kind == KIND_NULL || start > end)
		return ERR(EINVAL);
	if (start > d.size || end > d.size)
		return ERR(ERANGE);
	d.off += (uint32_t)start;
	d.size = (uint32_t)(end - start);
	store(h, a[0], &d);
	return 0;
}

uint64_t sim_helper_dynptr_is_null(struct sim_host *h, const uint64_t *a)
{
	struct dynptr d;

	return load(h, a[0], &d) && d.kind == KIND_NULL;
}

uint64_t sim_helper_dynptr_size(struct sim_host *h, const uint64_t *a)
{
	struct dynptr d;

	if (!load(h, a[0], &d))
		return 0;
	return d.kind == KIND_NULL ? ERR(EINVAL) : d.size;
}

/* bpf_dynptr_clone(dynptr, to) */
uint64_t sim_helper_dynptr_clone(struct sim_host *h, const uint64_t *a)
{
	struct dynptr d;

	if (!load(h, a[0], &d))
		return 0;
	store(h, a[1], &d);
	return d.kind == KIND_NULL ? ERR(EINVAL) : 0;
}
