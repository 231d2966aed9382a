/* SPDX-License-Identifier: BSD-2-Clause
 * Sections with the free names of older loaders. What begins like xdp or tc tells its type; of the others the
 * user says it. A program that no verifier looked at is no success.
 *
 * RUN: check --prog a
 * EXIT: 1
 * SAYS: a \(prog\): host only, not verified
 * SAYS: warning: section 'prog' has no known program type.* \[prog-no-type\]
 * SAYS: --type xdp, --type tc
 *
 * RUN: check --prog a --json
 * EXIT: 1
 * SAYS: "accepted":null
 * SAYS: "severity":"warning"
 * SAYS: "id":"prog-no-type"
 *
 * RUN: check --prog a --allow-unverified
 * EXIT: 0
 * SAYS: a \(prog\): host only, not verified
 *
 * RUN: check
 * EXIT: 1
 * SAYS: b \(from-netdev\): host only, not verified
 * SAYS: k \(2/1\): host only, not verified
 * SAYS: c \(xdp_fw\): accepted
 * SAYS: d \(xdp/tail\): accepted
 * SAYS: e \(filter\): host only, not verified
 * SAYS: g \(tc_x\): accepted
 * SAYS: h \(classifier/x\): accepted
 * SAYS: i \(action\): accepted
 * SAYS: j \(ingress\): accepted
 *
 * RUN: check --type tc --type prog=xdp
 * EXIT: 0
 * SAYS: a \(prog\): accepted
 * SAYS: b \(from-netdev\): accepted
 * SAYS: k \(2/1\): accepted
 * NOT: not verified
 *
 * RUN: check --type tc --type prog=xdp --verifier=both
 * NEEDS: bpf
 * EXIT: 0
 * SAYS: a \(prog\): accepted, kernel: accepted
 * SAYS: b \(from-netdev\): accepted, kernel: accepted
 *
 * The wrong type is a rejection like any other.
 * RUN: check --type xdp --prog e
 * EXIT: 1
 * SAYS: e \(filter\): rejected
 *
 * RUN: test --type tc --type prog=xdp --packets 500
 * EXIT: 0
 * SAYS: a: equal
 * SAYS: (c|d): equal
 *
 * RUN: explain --type prog=xdp --prog a -q
 * EXIT: 0
 * SAYS: a \(prog\): device
 *
 * A split writes host halves in sections that libbpf knows.
 * RUN: compile -o out --type prog=xdp --type from-netdev=tc --cut-seed 3 %o
 * EXIT: 0
 * SAYS: a \(prog\): (device|split)
 * SAYS: b \(from-netdev\): (device|split|host)
 * RUN: compile -o out --type prog=xdp --prog split %o
 * EXIT: 0
 * SAYS: split \(prog\): split
 * SH: "$tool" check out/split.host.o --prog split_host
 * EXIT: 0
 * SAYS: split_host \(xdp\): accepted
 *
 * RUN: compile --type prog
 * EXIT: 2
 * SAYS: --type prog: types are xdp, xdp.frags, tc and action
 * RUN: compile --type nosuch=xdp
 * EXIT: 2
 * SAYS: program sections are prog, from-netdev
 * RUN: check --type xdp --type prog=tc --type prog=xdp --prog a
 * EXIT: 0
 * SAYS: a \(prog\): accepted
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("prog")
int a(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;

	return data + 14 > end ? XDP_DROP : XDP_PASS;
}

SEC("prog")
int split(struct xdp_md *ctx)
{
	__u8 *p = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;

	if (p + 34 > end || p[12] != 8)
		return XDP_PASS;
	if (p[23] == 17)
		return XDP_DROP;
	return bpf_redirect(p[30] & 7, 0);
}

SEC("from-netdev")
int b(struct __sk_buff *s)
{
	return s->len > 99 ? 2 : -1;
}

SEC("2/1")
int k(struct __sk_buff *s)
{
	return s->len > 60 ? 2 : -1;
}

SEC("xdp_fw")
int c(struct xdp_md *ctx)
{
	return XDP_PASS;
}

SEC("xdp/tail")
int d(struct xdp_md *ctx)
{
	return XDP_PASS;
}

SEC("filter")
int e(struct __sk_buff *s)
{
	return s->ingress_ifindex > 80 ? 2 : -1;
}

SEC("tc_x")
int g(struct __sk_buff *s)
{
	return 0;
}

SEC("classifier/x")
int h(struct __sk_buff *s)
{
	return 0;
}

SEC("action")
int i(struct __sk_buff *s)
{
	return 0;
}

SEC("ingress")
int j(struct __sk_buff *s)
{
	return 0;
}

char _license[] SEC("license") = "GPL";
