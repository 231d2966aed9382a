/* Dynptrs of packets, memory and ring buffers; iterators of numbers. */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

struct bpf_iter_num {
	__u64 opaque[1];
} __attribute__((aligned(8)));

extern int bpf_dynptr_from_xdp(struct xdp_md *ctx, __u64 flags, struct bpf_dynptr *p) __ksym;
extern void *bpf_dynptr_slice(const struct bpf_dynptr *p, __u32 off, void *buf, __u32 size) __ksym;
extern void *bpf_dynptr_slice_rdwr(const struct bpf_dynptr *p, __u32 off, void *buf,
				   __u32 size) __ksym;
extern int bpf_dynptr_adjust(const struct bpf_dynptr *p, __u32 start, __u32 end) __ksym;
extern __u32 bpf_dynptr_size(const struct bpf_dynptr *p) __ksym;
extern int bpf_iter_num_new(struct bpf_iter_num *it, int start, int end) __ksym;
extern int *bpf_iter_num_next(struct bpf_iter_num *it) __ksym;
extern void bpf_iter_num_destroy(struct bpf_iter_num *it) __ksym;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} ring SEC(".maps");

SEC("xdp") int packet(struct xdp_md *ctx)
{
	unsigned char buf[8] = {}, *p;
	struct bpf_dynptr d;
	struct bpf_iter_num it;
	int *n, sum = 0;

	if (bpf_dynptr_from_xdp(ctx, 0, &d))
		return XDP_ABORTED;
	p = bpf_dynptr_slice(&d, 20, buf, sizeof(buf));
	if (!p)
		return XDP_DROP;
	bpf_iter_num_new(&it, 0, p[3] & 7);
	while ((n = bpf_iter_num_next(&it)))
		sum += *n * p[*n & 7];
	bpf_iter_num_destroy(&it);
	if (bpf_dynptr_adjust(&d, p[1] & 31, bpf_dynptr_size(&d)))
		return XDP_DROP;
	p = bpf_dynptr_slice_rdwr(&d, 0, buf, 4);
	if (!p)
		return XDP_PASS;
	p[0] = sum;
	return XDP_TX;
}

SEC("xdp") int records(struct xdp_md *ctx)
{
	unsigned char *p = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end,
		      buf[16] = {}, *q;
	struct bpf_dynptr d;

	if (p + 34 > end)
		return XDP_DROP;
	__builtin_memcpy(buf, p, sizeof(buf));
	if (!bpf_ringbuf_reserve_dynptr(&ring, 8 + p[24], 0, &d)) {
		bpf_dynptr_write(&d, p[25], buf, sizeof(buf), 0);
		q = bpf_dynptr_data(&d, 4, 4);
		if (q)
			q[1] = p[26];
		bpf_dynptr_read(buf, 8, &d, p[27] & 15, 0);
	}
	if (p[28] & 1)
		bpf_ringbuf_discard_dynptr(&d, 0);
	else
		bpf_ringbuf_submit_dynptr(&d, 0);
	p[0] = buf[1];
	return XDP_TX;
}

char license_text[] SEC("license") = "GPL";
