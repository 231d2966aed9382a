/* 64-bit arithmetic on numbers of unknown size, and division by what is not known before. */
#include "common.bpf.h"

SEC("xdp") int divide(struct xdp_md *ctx)
{
	PACKET(ctx, data, end);
	__u64 a = U64(data + 14), b = U64(data + 22);
	__u32 c = U32(data + 30);

	U64(data + 34) = a / (b | 1) + b % 1000000007;
	U32(data + 42) = c / (data[20] | 1) + (__u32)a % (c | 1);
	U64(data) = a / 28 + b / 12345678901ULL;
	return XDP_TX;
}

SEC("xdp") int multiply_and_shift(struct xdp_md *ctx)
{
	PACKET(ctx, data, end);
	__u64 a = U64(data + 14), b = U64(data + 22);

	U64(data + 34) = a * b + (a << (b & 63)) + (b >> (a & 63));
	U64(data) = (__u64)((__s64)a >> (b & 63)) ^ __builtin_bswap64(b);
	U32(data + 42) = (__s32)a >> (b & 31) | (a < b) << 4 | ((__s64)a < (__s64)b) << 5;
	return XDP_TX;
}

SEC("xdp") int checksum(struct xdp_md *ctx)
{
	PACKET(ctx, data, end);
	__u64 sum = 0;

	for (int i = 0; i < 20; i += 4)
		sum += U32(data + 14 + i);
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	U16(data + 24) = ~sum;
	return XDP_TX;
}
