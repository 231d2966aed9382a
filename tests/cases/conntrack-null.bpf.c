/* SPDX-License-Identifier: BSD-2-Clause
 * The connection tracking functions take null for no argument, not even with a size of 0.
 *
 * RUN: check --prog good
 * EXIT: 0
 *
 * RUN: check --prog no_tuple
 * EXIT: 1
 * SAYS: argument R2 is 0, expected memory
 *
 * RUN: check --prog no_options
 * EXIT: 1
 * SAYS: argument R4 is 0, expected memory
 *
 * RUN: check --prog no_tuple_tc
 * EXIT: 1
 * SAYS: argument R2 is 0, expected memory
 *
 * RUN: check --prog maybe_null
 * EXIT: 1
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct nf_conn;

struct bpf_ct_opts {
	int netns_id, error;
	__u8 l4proto, dir, reserved[2];
};

struct nf_conn *bpf_xdp_ct_lookup(struct xdp_md *, struct bpf_sock_tuple *, __u32,
				  struct bpf_ct_opts *, __u32) __ksym;
struct nf_conn *bpf_skb_ct_lookup(struct __sk_buff *, struct bpf_sock_tuple *, __u32,
				  struct bpf_ct_opts *, __u32) __ksym;
void bpf_ct_release(struct nf_conn *) __ksym;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct bpf_sock_tuple);
} tuples SEC(".maps");

#define LOOK_UP(function, section, context, name, tuple, tuple_size, opts, opts_size)              \
	SEC(section) int name(struct context *ctx)                                                 \
	{                                                                                          \
		struct bpf_sock_tuple t = {};                                                      \
		struct bpf_ct_opts o = { .netns_id = -1 };                                         \
		__u32 key = 0;                                                                     \
		struct bpf_sock_tuple *in_map = bpf_map_lookup_elem(&tuples, &key);                \
		struct nf_conn *conn = function(ctx, tuple, tuple_size, opts, opts_size);          \
                                                                                                   \
		if (conn)                                                                          \
			bpf_ct_release(conn);                                                      \
		return 0;                                                                          \
	}

LOOK_UP(bpf_xdp_ct_lookup, "xdp", xdp_md, good, &t, 12, &o, 12)
LOOK_UP(bpf_xdp_ct_lookup, "xdp", xdp_md, no_tuple, 0, 0, &o, 12)
LOOK_UP(bpf_xdp_ct_lookup, "xdp", xdp_md, no_options, &t, 12, 0, 0)
LOOK_UP(bpf_xdp_ct_lookup, "xdp", xdp_md, maybe_null, in_map, 12, &o, 12)
LOOK_UP(bpf_skb_ct_lookup, "tc", __sk_buff, no_tuple_tc, 0, 0, &o, 12)

char _license[] SEC("license") = "GPL";
