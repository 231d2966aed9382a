/* Every value that a program can answer with. */
#include "common.bpf.h"

SEC("xdp") int any_verdict(struct xdp_md *ctx)
{
	PACKET(ctx, data, end);
	return U8(data + 20) & 1 ? U8(data + 21) & 7 : U8(data + 22);
}

/* Without a helper that says where to: the kernel's xdp_do_redirect() fails, and the packet is dropped. */
SEC("xdp") int redirect_to_nowhere(struct xdp_md *ctx)
{
	PACKET(ctx, data, end);
	return U8(data + 12) & 8 ? XDP_REDIRECT : XDP_PASS;
}
