/* SPDX-License-Identifier: BSD-2-Clause */
/* Helpers that ask the machine's network: routes, neighbours, MTUs. A kernel answers from what is configured
 * around it; here the answer is made of the question, so that every outcome comes up and each simulated
 * side gets the same one. The packet is then no kernel's (sim_host_run.environment). */
#include "sim/host/environment/host_internal.h"

#include "base/bits.h"
#include "sim/host/helpers/host_helpers.h"
#include "sim/host/unwritten/unwritten.h"
#include "sim/rng.h"

#include <errno.h>
#include <stddef.h>
#include <linux/pkt_cls.h>
#include <string.h>
#include <sys/socket.h>

#define ERR(e) ((uint64_t)(int64_t)(-(e)))

#define LOOKUP_FLAGS 0x3fu /* BPF_FIB_LOOKUP_*: those that kernels up to 6.18 know */
#define INTERFACES   8u
#define MTU          1500u
#define ETH_HEADER   14u

static uint64_t hash_of(const struct bpf_fib_lookup *q)
{
	const uint8_t *dst = (const uint8_t *)q->ipv6_dst;
	uint32_t n = q->family == AF_INET ? 4 : 16;
	uint64_t h = q->family;

	for (uint32_t i = 0; i < n; i++)
		h = (h ^ dst[i]) * UINT64_C(0x100000001b3);
	return sim_rng_fork(h, n);
}

#define FIELD(h, addr, name)                                                                       \
	sim_unwritten_written(h, (addr) + offsetof(struct bpf_fib_lookup, name),                   \
			      sizeof(((struct bpf_fib_lookup *)0)->name))

/* The fields that an answer fills in. */
static void note_route(struct sim_host *h, uint64_t addr)
{
	FIELD(h, addr, ifindex);
	FIELD(h, addr, rt_metric);
	FIELD(h, addr, h_vlan_proto);
	FIELD(h, addr, h_vlan_TCI);
	FIELD(h, addr, smac);
	FIELD(h, addr, dmac);
}

/* What the answer is made of. */
static void note_question(struct sim_host *h, uint64_t addr, const struct bpf_fib_lookup *q)
{
	sim_unwritten_decides(h, addr, 1, "a question for a route");
	sim_unwritten_decides(h, addr + offsetof(struct bpf_fib_lookup, ipv6_dst),
			      q->family == AF_INET ? 4 : 16, "a question for a route");
}

static void fill_route(struct bpf_fib_lookup *q, uint64_t *rng)
{
	q->ifindex = 1 + sim_rng_below(rng, INTERFACES);
	q->rt_metric = sim_rng_below(rng, 4);
	q->h_vlan_proto = q->h_vlan_TCI = 0;
	for (size_t i = 0; i < sizeof(q->smac); i++) {
		q->smac[i] = (uint8_t)sim_rng_next(rng);
		q->dmac[i] = (uint8_t)sim_rng_next(rng);
	}
	q->smac[0] &= 0xfe; /* no multicast */
	q->dmac[0] &= 0xfe;
	if (q->family == AF_INET && sim_rng_below(rng, 2)) /* by way of a gateway */
		q->ipv4_dst ^= 0x01000000;
}

/* fib_lookup(ctx, params, size, flags) */
uint64_t sim_helper_fib_lookup(struct sim_host *h, const uint64_t *a)
{
	struct bpf_fib_lookup q, *guest = sim_guest_ptr(h, a[1], sizeof(q));
	uint64_t rng;
	uint32_t ret;

	if ((uint32_t)a[2] < sizeof(q) || (uint32_t)a[3] & ~LOOKUP_FLAGS)
		return ERR(EINVAL);
	if (!guest)
		return 0;
	memcpy(&q, guest, sizeof(q));
	if (q.family != AF_INET && q.family != AF_INET6)
		return ERR(EAFNOSUPPORT);
	note_question(h, a[1], &q);
	h->environment = true;
	rng = hash_of(&q);
	ret = sim_rng_below(&rng, 2) ? BPF_FIB_LKUP_RET_SUCCESS
				     : sim_rng_below(&rng, BPF_FIB_LKUP_RET_FRAG_NEEDED + 1);
	if (ret == BPF_FIB_LKUP_RET_SUCCESS)
		fill_route(&q, &rng);
	else if (ret == BPF_FIB_LKUP_RET_FRAG_NEEDED)
		q.mtu_result = MTU;
	memcpy(guest, &q, sizeof(q));
	if (ret == BPF_FIB_LKUP_RET_SUCCESS)
		note_route(h, a[1]);
	else if (ret == BPF_FIB_LKUP_RET_FRAG_NEEDED)
		FIELD(h, a[1], mtu_result);
	return ret;
}

/* check_mtu(ctx, ifindex, mtu_len, len_diff, flags); interface 0 is the packet's own. */
uint64_t sim_helper_check_mtu(struct sim_host *h, const uint64_t *a)
{
	uint8_t *mtu_len = sim_guest_ptr(h, a[2], 4);
	bool segments = h->is_skb && a[4] == BPF_MTU_CHK_SEGS;
	int64_t len = h->data_end - h->data;
	uint32_t given;

	if (!mtu_len)
		return 0;
	sim_unwritten_decides(h, a[2], 4, "a length");
	given = load_le32(mtu_len);
	if ((a[4] && !segments) || (segments && ((int32_t)a[3] || given)))
		return ERR(EINVAL);
	h->environment = true;
	if ((uint32_t)a[1] > INTERFACES)
		return ERR(ENODEV);
	if (given)
		len = (int64_t)given + ETH_HEADER;
	store_le32(mtu_len, MTU);
	return len + (int32_t)a[3] <= MTU + ETH_HEADER ? BPF_MTU_CHK_RET_SUCCESS
						       : BPF_MTU_CHK_RET_FRAG_NEEDED;
}

static uint64_t redirect_to(struct sim_host *h, uint64_t ifindex)
{
	h->redirect = (struct sim_redirect){ .index = (uint32_t)ifindex };
	return TC_ACT_REDIRECT;
}

/* redirect_neigh(ifindex, params, size, flags) */
uint64_t sim_helper_redirect_neigh(struct sim_host *h, const uint64_t *a)
{
	uint32_t size = (uint32_t)a[2];

	if ((size && size < sizeof(struct bpf_redir_neigh)) || a[3])
		return TC_ACT_SHOT;
	return redirect_to(h, a[0]);
}

/* redirect_peer(ifindex, flags) */
uint64_t sim_helper_redirect_peer(struct sim_host *h, const uint64_t *a)
{
	return a[1] ? TC_ACT_SHOT : redirect_to(h, a[0]);
}
