/* SPDX-License-Identifier: BSD-2-Clause
 * A number that some rounds of a bounded loop change, and that is only stored or returned: its values do not
 * keep states apart, so the walk is short, and what the microcode is made of holds for all of them.
 *
 * NEEDS: bpf
 * RUN: check --verifier=both
 * EXIT: 0
 * NOT: rejected
 *
 * RUN: test --packets 300
 * EXIT: 0
 * NOT: DIFFERS
 *
 * BUILD: -mcpu=v1
 * RUN: check --verifier=both
 * EXIT: 0
 * NOT: rejected
 *
 * RUN: test --packets 100
 * BUILD: -O1 -mcpu=v4
 * EXIT: 0
 * NOT: DIFFERS
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define DATA(ctx)     ((void *)(long)(ctx)->data)
#define DATA_END(ctx) ((void *)(long)(ctx)->data_end)
#define MAP(name, t, k, v, n)                                                                      \
	struct {                                                                                   \
		__uint(type, t);                                                                   \
		__uint(max_entries, n);                                                            \
		__type(key, k);                                                                    \
		__type(value, v);                                                                  \
	} name SEC(".maps")

MAP(lines, BPF_MAP_TYPE_ARRAY, __u32, __u64, 16);
MAP(seen, BPF_MAP_TYPE_HASH, __u32, __u64, 16);

#define ROLLED _Pragma("clang loop unroll(disable)")
/* Keeps the change a branch. */
#define BRANCH(n) asm volatile("" : "+r"(n))

#define COUNT(rounds)                                                                              \
	SEC("xdp") int count_##rounds(struct xdp_md *ctx)                                          \
	{                                                                                          \
		char *d = DATA(ctx), *e = DATA_END(ctx);                                           \
		int n = 0;                                                                         \
		ROLLED for (int i = 0; i < rounds && d + i + 1 <= e; i++) if (d[i] & 1)            \
		{                                                                                  \
			n++;                                                                       \
			BRANCH(n);                                                                 \
		}                                                                                  \
		return n;                                                                          \
	}
COUNT(32)
COUNT(64)
COUNT(256)

#define MASK(bits, unroll)                                                                         \
	SEC("xdp") int mask_##bits##_##unroll(struct xdp_md *ctx)                                  \
	{                                                                                          \
		volatile char *d = DATA(ctx), *e = DATA_END(ctx);                                  \
		__u32 m = 0;                                                                       \
		if (d + bits > e)                                                                  \
			return 0;                                                                  \
		UNROLL_##unroll for (int i = 0; i < bits; i++) if (d[i] & 1)                       \
		{                                                                                  \
			m |= 1u << i;                                                              \
			BRANCH(m);                                                                 \
		}                                                                                  \
		return m;                                                                          \
	}
#define UNROLL_full    _Pragma("clang loop unroll(full)")
#define UNROLL_disable ROLLED
MASK(20, full)
MASK(20, disable)
MASK(32, full)
MASK(32, disable)

SEC("xdp") int crc32(struct xdp_md *ctx)
{
	unsigned char *d = DATA(ctx), *e = DATA_END(ctx);
	__u32 c = ~0u;

	if (d + 60 > e)
		return 0;
	ROLLED for (int i = 0; i < 60; i++)
	{
		c ^= d[i];
		ROLLED for (int k = 0; k < 8; k++)
		{
			if (c & 1) {
				c = (c >> 1) ^ 0xedb88320;
				BRANCH(c);
			} else {
				c >>= 1;
			}
		}
	}
	return (int)~c;
}

SEC("xdp") int into_packet(struct xdp_md *ctx)
{
	unsigned char *d = DATA(ctx), *e = DATA_END(ctx);
	__u32 c = 0;

	if (d + 64 > e)
		return 0;
	ROLLED for (int i = 0; i < 64; i++) if (d[i] > 9)
	{
		c++;
		BRANCH(c);
	}
	d[0] = (unsigned char)c;
	*(__u16 *)(d + 2) = (__u16)c;
	return XDP_TX;
}

SEC("xdp") int into_map(struct xdp_md *ctx)
{
	unsigned char *d = DATA(ctx), *e = DATA_END(ctx);
	__u32 zero = 0;
	__u64 *v = bpf_map_lookup_elem(&lines, &zero), n = 0;

	if (!v)
		return XDP_ABORTED;
	for (int i = 0; i < 64; i++) {
		if (d + i + 1 > e)
			break;
		if (d[i] == '\n')
			n++;
	}
	*v += n;
	return XDP_PASS;
}

SEC("xdp") int on_stack(struct xdp_md *ctx)
{
	unsigned char *d = DATA(ctx), *e = DATA_END(ctx);
	volatile __u32 c = 0;
	volatile __u64 w = 0;

	if (d + 64 > e)
		return 0;
	ROLLED for (int i = 0; i < 64; i++)
	{
		if (d[i] > 9)
			c++;
		if (d[i] > 20)
			w++;
	}
	return (int)(c + w);
}

static __attribute__((noinline)) void bump(__u32 *c, unsigned char v)
{
	if (v > 9)
		(*c)++;
}

SEC("xdp") int in_subprogram(struct xdp_md *ctx)
{
	unsigned char *d = DATA(ctx), *e = DATA_END(ctx);
	__u32 c = 0;

	if (d + 64 > e)
		return 0;
	ROLLED for (int i = 0; i < 64; i++) bump(&c, d[i]);
	return (int)c;
}

struct sums {
	__u32 n, m;
	struct xdp_md *ctx;
};

static long round(__u32 i, void *p)
{
	struct sums *c = p;
	char *d = DATA(c->ctx), *e = DATA_END(c->ctx);

	if (d + 64 > e)
		return 1;
	if (d[7] & 1)
		c->n++;
	else
		c->m += 2;
	ROLLED for (int k = 0; k < 64; k++) if (d[k] & 2) c->m++;
	return 0;
}

SEC("xdp") int in_callback(struct xdp_md *ctx)
{
	struct sums c = { 0, 0, ctx };

	bpf_loop(32, round, &c, 0);
	return (int)(c.n + c.m);
}

SEC("tc") int several(struct __sk_buff *ctx)
{
	unsigned char *d = DATA(ctx), *e = DATA_END(ctx);
	__u64 a = 0, b = 0, c = 0, s = 0;
	__u8 max = 0;

	if (d + 64 > e)
		return 0;
	ROLLED for (int i = 0; i < 64; i++)
	{
		if (d[i] > 9) {
			a++;
			BRANCH(a);
		}
		if (d[i] & 4) {
			b += 3;
			BRANCH(b);
		}
		if (d[i] == 3) {
			c ^= b;
			BRANCH(c);
		}
		s += d[i];
		if (d[i] > max)
			max = d[i];
	}
	return (int)(a + b * c + s + max);
}

SEC("xdp") int as_key(struct xdp_md *ctx)
{
	unsigned char *d = DATA(ctx), *e = DATA_END(ctx);
	__u32 c = 0;
	__u64 *v;

	if (d + 64 > e)
		return 0;
	ROLLED for (int i = 0; i < 64; i++) if (d[i] > 9)
	{
		c++;
		BRANCH(c);
	}
	v = bpf_map_lookup_elem(&seen, &c);
	if (v)
		(*v)++;
	c &= 15;
	v = bpf_map_lookup_elem(&lines, &c);
	if (v)
		(*v)++;
	return XDP_PASS;
}

/* Here the value does matter: each is walked. */
SEC("xdp") int as_offset(struct xdp_md *ctx)
{
	unsigned char *d = DATA(ctx), *e = DATA_END(ctx);
	__u32 zero = 0, c = 0;
	__u8 *v = bpf_map_lookup_elem(&lines, &zero);

	if (!v || d + 12 > e)
		return 0;
	ROLLED for (int i = 0; i < 12; i++) if (d[i] > 9)
	{
		c++;
		BRANCH(c);
	}
	v[c & 7] = 1;
	return v[3] + v[7];
}

char _license[] SEC("license") = "GPL";
