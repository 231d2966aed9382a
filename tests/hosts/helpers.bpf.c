/* Helpers that only the host has: every side has to do the same with them. */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} rb SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 8192);
} rb2 SEC(".maps");
struct rec {
	__u8 a;
	__u32 b;
	__u64 c;
	__u8 d[700];
};
SEC("xdp") int ring(struct xdp_md *ctx)
{
	unsigned char *p = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	int got = 0;
	if (p + 34 > end)
		return XDP_DROP;
	for (int i = 0; i < 7; i++) {
		struct rec *r = bpf_ringbuf_reserve(&rb, sizeof(*r), 0);
		if (!r) {
			bpf_ringbuf_output(&rb2, &got, 4, p[10] & 1 ? 99 : 0);
			break;
		}
		r->a = p[i];
		r->c = i * 77 + p[20];
		r->d[p[25] & 255] = p[i + 12];
		if (p[i + 14] & 1)
			bpf_ringbuf_discard(r, 0);
		else
			bpf_ringbuf_submit(r, 0);
		got++;
	}
	{
		__u8 b[32] = {};
		__builtin_memcpy(b, p, 32);
		bpf_ringbuf_output(&rb2, b, 14 + (p[22] & 15), 0);
	}
	return bpf_ringbuf_query(&rb, BPF_RB_AVAIL_DATA) > 2000 ? XDP_PASS : XDP_TX;
}
SEC("tc") int route(struct __sk_buff *ctx)
{
	struct bpf_fib_lookup q = { .family = 2, .ifindex = 1 };
	unsigned char *p = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	__u32 mtu = 0;
	int r;
	if (p + 34 > end)
		return TC_ACT_SHOT;
	if (p[12] != 8) {
		__u8 f = p[1] & 1;
		if (p[12] == 0x86)
			bpf_skb_change_head(ctx, p[3], 0);
		return bpf_redirect_peer(2, f);
	}
	q.ipv4_dst = *(__u32 *)(p + 30);
	q.ipv4_src = *(__u32 *)(p + 26);
	if (bpf_check_mtu(ctx, p[25], &mtu, p[31] * 4, 0))
		return TC_ACT_PIPE + mtu;
	r = bpf_fib_lookup(ctx, &q, sizeof(q), 0);
	if (r)
		return r < 0 ? 1 : 3;
	p = (void *)(long)ctx->data, end = (void *)(long)ctx->data_end;
	if (p + 34 > end)
		return TC_ACT_SHOT;
	__builtin_memcpy(p, q.dmac, 6);
	__builtin_memcpy(p + 6, q.smac, 6);
	return bpf_redirect_neigh(q.ifindex, 0, 0, 0);
}
char license_text[] SEC("license") = "GPL";
