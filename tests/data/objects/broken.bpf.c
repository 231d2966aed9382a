/* Programs that cannot be relocated, each for a reason of its own, beside one that can. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

extern int elsewhere(int x);
int odd SEC("oddities") = 4;

static __attribute__((used)) SEC("xdp") int is_static(struct xdp_md *ctx)
{
	return XDP_PASS;
}

__attribute__((noinline)) SEC("xdp") int good(struct xdp_md *ctx)
{
	return (int)ctx->rx_queue_index;
}

SEC("xdp") int calls_program(struct xdp_md *ctx)
{
	return good(ctx);
}

SEC("xdp") int calls_undefined(struct xdp_md *ctx)
{
	return elsewhere((int)ctx->rx_queue_index);
}

SEC("xdp") int uses_odd_section(struct xdp_md *ctx)
{
	return odd;
}

char _license[] SEC("license") = "GPL";
