#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

char license_text[] SEC("license") = "GPL";

/* Packet as bytes; every program first makes sure of 54 bytes (Ethernet, IPv4, TCP). */
#define PACKET(ctx, data, end)                                                                     \
	__u8 *data = (__u8 *)(long)(ctx)->data, *end = (__u8 *)(long)(ctx)->data_end;              \
	if (data + 54 > end)                                                                       \
	return XDP_PASS

#define U8(p)  (*(__u8 *)(p))
#define U16(p) (*(__u16 *)(p))
#define U32(p) (*(__u32 *)(p))
#define U64(p) (*(__u64 *)(p))
