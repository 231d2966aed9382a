/* SPDX-License-Identifier: BSD-2-Clause
 * Configuration constants are compiled into the microcode: said with their values by explain, compile and the manifest,
 * with the duty to compile again. No loader can set them in the host half alone without noticing.
 *
 * RUN: test --prog only_port --packets 1000
 * EXIT: 0
 * SAYS: only_port: equal
 *
 * RUN: explain -q --prog only_port
 * EXIT: 0
 * SAYS: map '.rodata': compiled-in
 * SAYS: compiled in: port = 80 \(recompile to change it: --set port=VALUE\)
 * NOT: device's map
 * NOT: compiled in: (other|way|net)
 * RUN: explain -q --prog only_port --set port=443
 * EXIT: 0
 * SAYS: compiled in: port = 443
 * RUN: compile -o set --prog only_port --set port=443
 * EXIT: 0
 * SAYS: compiled in: port = 443
 * SH: grep -A3 '"compiled_in"' set/only_port.manifest.json | tr -d ' \n' && grep '"duty"' set/only_port.manifest.json
 * EXIT: 0
 * SAYS: "name":"port","value":"443"
 * SAYS: "duty":"recompile"
 * NOT: use-device
 * RUN: explain --json --prog only_port
 * EXIT: 0
 * SAYS: "home":"compiled-in"
 * SAYS: "duty":"recompile"
 *
 * Enumerators, truth values, signed numbers, members and elements, each by its own name; at every width.
 * RUN: explain -q --prog kinds
 * EXIT: 0
 * SAYS: compiled in: way = AWAY
 * SAYS: compiled in: strict = true
 * SAYS: compiled in: shift = -3
 * SAYS: compiled in: net.pair\[1\].low = 9
 * SAYS: compiled in: wide = 1099511627776
 * NOT: net.limit
 * RUN: test --prog kinds --packets 500
 * BUILD: -mcpu=v1 -O1
 * EXIT: 0
 * SAYS: kinds: equal
 *
 * A static constant, one in a section of its own, and the tc hook.
 * RUN: explain -q --prog classify
 * EXIT: 0
 * SAYS: compiled in: hidden = 14
 * SAYS: compiled in: apart = 7
 *
 * An index that is not known: the variable as a whole.
 * RUN: explain -q --prog indexed
 * EXIT: 0
 * SAYS: compiled in: list = bytes 01 02 03 04 05 06 07 08
 * RUN: test --prog indexed --packets 500
 * EXIT: 0
 * SAYS: indexed: equal
 *
 * Split programs: the host half's section has another name, its values are those of the microcode.
 * RUN: compile -o out --prog both --set port=443 %o
 * EXIT: 0
 * SAYS: both \(xdp\): split
 * SAYS: compiled in: other = 81
 * SAYS: compiled in: port = 443
 * SH: llvm-readelf-19 -S out/both.host.o
 * NEEDS: llvm-readelf-19
 * EXIT: 0
 * SAYS: \.rodata\.compiled_in
 * NOT: \.rodata +PROGBITS
 * SH: "$tool" check out/both.host.o
 * EXIT: 0
 * SH: "$tool" check --verifier=kernel out/both.host.o
 * NEEDS: bpf
 * EXIT: 0
 * SH: bpftool gen skeleton out/both.host.o
 * NEEDS: bpftool
 * EXIT: 0
 * SAYS: rodata_compiled_in
 * NOT: \*rodata;
 * RUN: test --prog both --host=all --packets 1000 --set port=443
 * EXIT: 0
 * SAYS: both: equal
 *
 * Whole on the host: the program's own object, whose loader sets what it likes.
 * RUN: explain -q --prog stays
 * EXIT: 0
 * SAYS: map '.rodata': host
 * NOT: compiled in
 *
 * Without BTF the place stands for the name.
 * RUN: explain -q --prog only_port
 * BUILD: -g0
 * EXIT: 0
 * SAYS: compiled in: .rodata\+[0-9]+ = bytes 50 00
 */
#include <linux/bpf.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>

enum way { HOME, AWAY };
struct net {
	__u32 limit;
	struct {
		__u8 high, low;
	} pair[2];
};

const volatile __u16 port = 80;
const volatile __u16 other = 81;
const volatile enum way way = AWAY;
const volatile bool strict = true;
const volatile __s8 shift = -3;
const volatile __u64 wide = 1ull << 40;
const volatile struct net net = { 4, { { 1, 2 }, { 3, 9 } } };
const volatile __u8 list[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
static const volatile __u32 hidden = 14;
const volatile __u32 apart SEC(".rodata.more") = 7;

#define BEGIN(ctx, n)                                                                              \
	__u8 *p = (void *)(long)(ctx)->data;                                                       \
	if (p + (n) > (__u8 *)(long)(ctx)->data_end)                                               \
		return XDP_PASS

SEC("xdp")
int only_port(struct xdp_md *ctx)
{
	BEGIN(ctx, 38);
	return (p[36] << 8 | p[37]) == port ? XDP_DROP : XDP_PASS;
}

SEC("xdp")
int kinds(struct xdp_md *ctx)
{
	BEGIN(ctx, 38);
	if (way == AWAY && strict && p[20] + shift == net.pair[1].low)
		return XDP_DROP;
	return *(__u64 *)(p + 8) > wide ? XDP_TX : XDP_PASS;
}

SEC("xdp")
int indexed(struct xdp_md *ctx)
{
	BEGIN(ctx, 38);
	return list[p[20] & 7] > 4 ? XDP_DROP : XDP_PASS;
}

SEC("xdp")
int both(struct xdp_md *ctx)
{
	BEGIN(ctx, 38);
	if (p[12] != 8 || p[23] != 17)
		return XDP_PASS;
	if ((p[36] << 8 | p[37]) == port)
		return XDP_DROP;
	return bpf_redirect(1, 0) == XDP_REDIRECT && list[p[20] & 7] < other ? XDP_REDIRECT : XDP_DROP;
}

SEC("xdp")
int stays(struct xdp_md *ctx)
{
	return bpf_redirect(port, 0);
}

SEC("tc")
int classify(struct __sk_buff *ctx)
{
	__u8 *p = (void *)(long)ctx->data;

	if (p + 38 > (__u8 *)(long)ctx->data_end)
		return -1;
	return p[12] == hidden || p[13] == apart ? 2 : -1;
}

char _license[] SEC("license") = "GPL";
