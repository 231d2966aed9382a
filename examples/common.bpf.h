/* What every example needs: kernel types, libbpf's helper declarations, a packet cursor. */
#ifndef EXAMPLES_COMMON_BPF_H
#define EXAMPLES_COMMON_BPF_H

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/pkt_cls.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <stdbool.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

struct vlan_tag {
	__be16 tci;
	__be16 proto; /* of what follows */
};

/* The packet between `at` and `end`. */
struct cursor {
	void *at, *end;
};

static __always_inline struct cursor packet(struct xdp_md *ctx)
{
	return (struct cursor){ (void *)(long)ctx->data, (void *)(long)ctx->data_end };
}

/* The next `size` bytes, or NULL when the packet ends before. */
static __always_inline void *take(struct cursor *c, __u64 size)
{
	void *p = c->at;

	if (p + size > c->end)
		return NULL;
	c->at = p + size;
	return p;
}

/* One's-complement sum folded to 16 bits. */
static __always_inline __u16 fold(__u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (__u16)sum;
}

#endif
