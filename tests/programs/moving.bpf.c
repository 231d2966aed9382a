/* Helpers that move the packet's ends, and random numbers. */
#include "common.bpf.h"

SEC("xdp") int head_by_variable(struct xdp_md *ctx)
{
	PACKET(ctx, data, end);
	if (bpf_xdp_adjust_head(ctx, data[30] - 100))
		return XDP_DROP;
	data = (__u8 *)(long)ctx->data;
	end = (__u8 *)(long)ctx->data_end;
	if (data + 14 > end)
		return XDP_ABORTED;
	data[0] = 0x55;
	U16(data + 12) = 0x0102;
	return XDP_TX;
}

SEC("xdp") int head_three_times(struct xdp_md *ctx)
{
	if (bpf_xdp_adjust_head(ctx, -20) || bpf_xdp_adjust_head(ctx, -20) ||
	    bpf_xdp_adjust_head(ctx, 14))
		return XDP_DROP;
	PACKET(ctx, data, end);
	__builtin_memset(data, 0x11, 26);
	return XDP_TX;
}

static __attribute__((noinline)) int push(struct xdp_md *ctx)
{
	return bpf_xdp_adjust_head(ctx, -8);
}

SEC("xdp") int head_in_function(struct xdp_md *ctx)
{
	if (push(ctx) || push(ctx))
		return XDP_DROP;
	PACKET(ctx, data, end);
	U64(data) = 1;
	U64(data + 8) = 2;
	return XDP_TX;
}

SEC("xdp") int tail_by_variable(struct xdp_md *ctx)
{
	PACKET(ctx, data, end);
	if (bpf_xdp_adjust_tail(ctx, -(int)data[30]))
		return XDP_DROP;
	data = (__u8 *)(long)ctx->data;
	end = (__u8 *)(long)ctx->data_end;
	if (data + 1 > end)
		return XDP_ABORTED;
	data[0] ^= 0xff;
	return XDP_TX;
}

SEC("xdp") int random_numbers(struct xdp_md *ctx)
{
	PACKET(ctx, data, end);
	U32(data) = bpf_get_prandom_u32();
	U32(data + 4) = bpf_get_prandom_u32() % 10;
	return XDP_TX;
}

SEC("xdp") int receive_queue(struct xdp_md *ctx)
{
	PACKET(ctx, data, end);
	ctx->rx_queue_index = data[30] & 7;
	return XDP_PASS;
}
