/* SPDX-License-Identifier: BSD-2-Clause
 * --set of a variable that is const but not volatile: the compiler has used its value already, so the new one may reach
 * nothing. That is said; a const volatile one is set without a word.
 *
 * RUN: check --set limit=5
 * EXIT: 0
 * SAYS: warning: --set limit=5: the variable is const but not volatile.*\[set-folded\]
 * RUN: check --set table[1]=5 --json
 * EXIT: 0
 * SAYS: "id":"set-folded"
 * RUN: check --set both.port=5
 * EXIT: 0
 * SAYS: set-folded
 * RUN: test --packets 100 --set limit=5
 * EXIT: 0
 * SAYS: set-folded
 * SAYS: f: equal
 * RUN: check --set port=5 --set counter=7 --set ports[1]=3
 * EXIT: 0
 * NOT: set-folded
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct both {
	__u16 port, other;
};
typedef const __u32 constant;

constant limit = 60;
const __u32 table[4] = { 1, 2, 3, 4 };
const struct both both = { 80, 81 };
const volatile __u16 port = 80;
const volatile __u16 ports[2] = { 80, 81 };
__u32 counter = 1;

SEC("xdp") int f(struct xdp_md *ctx)
{
	__u8 *p = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	__u32 at;

	if (p + 40 > end || end - p < limit)
		return XDP_PASS;
	counter += table[p[23] & 3];
	at = p[36] & 1;
	return *(__u16 *)(p + 36) == port || p[37] == ports[at] || p[38] == both.port ? XDP_DROP : XDP_PASS;
}

char _license[] SEC("license") = "GPL";
