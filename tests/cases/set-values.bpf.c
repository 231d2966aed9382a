/* SPDX-License-Identifier: BSD-2-Clause
 * --set gives global variables their values before anything is compiled, as a skeleton does between open and load.
 *
 * RUN: test --prog only_port --packets 500 --set port=443
 * EXIT: 0
 * SAYS: only_port: equal
 *
 * A value that makes a branch dead: the verifier, the microcode and the kernel see it.
 * RUN: explain --prog chosen --set mode=OFF
 * EXIT: 0
 * SAYS: chosen \(xdp\): device
 * RUN: explain --prog chosen --set mode=ON
 * EXIT: 0
 * SAYS: chosen \(xdp\): (host|split)
 * RUN: explain --prog chosen --set mode=1
 * EXIT: 0
 * SAYS: chosen \(xdp\): (host|split)
 *
 * RUN: check --prog bounded
 * EXIT: 0
 * RUN: check --prog bounded --set table.limit=9
 * EXIT: 1
 * SAYS: bounded \(xdp\): rejected
 * RUN: check --prog bounded --set table.limit=9 --verifier=kernel
 * NEEDS: bpf
 * EXIT: 1
 * SAYS: kernel: rejected
 * RUN: check --prog bounded --set table.limit=7 --verifier=both
 * NEEDS: bpf
 * EXIT: 0
 * SAYS: accepted, kernel: accepted
 *
 * All kinds of scalars, the last one for a name counts.
 * RUN: test --prog sums --packets 200 --host=all --set i8=-128 --set u8=255 --set i16=-32768 --set u16=0xffff --set i32=-1 --set u32=4294967295 --set i64=-9223372036854775808 --set u64=18446744073709551615 --set flag=true --set table.pair[1].low=7 --set grid[1][2]=5 --set text=abc --set big=HUGE --set data=9 --set flag=0
 * EXIT: 0
 * SAYS: sums: equal
 * SAYS: verdicts: drop 200
 * RUN: explain -q --prog sums --set i8=-128 --set u8=255 --set i16=-32768 --set u16=0xffff --set i32=-1 --set u32=4294967295 --set i64=-9223372036854775808 --set u64=18446744073709551615 --set flag=true --set table.pair[1].low=7 --set grid[1][2]=5 --set text=abc --set big=HUGE --set data=9 --set flag=0
 * EXIT: 0
 * SAYS: sums \(xdp\): device
 * RUN: explain -q --prog sums
 * EXIT: 0
 * SAYS: sums \(xdp\): (split|host)
 *
 * RUN: compile -o out --prog only_port --set port=0x1bb %o
 * EXIT: 0
 *
 * RUN: check --set prot=1
 * EXIT: 2
 * SAYS: --set prot=1: there is no such variable; the variables are: .*port.*\[set-option\]
 * RUN: check --set port=65536
 * EXIT: 2
 * SAYS: --set port=65536: out of range: it is 16 bits wide
 * RUN: check --set port=-1
 * EXIT: 2
 * SAYS: out of range
 * RUN: check --set i8=128
 * EXIT: 2
 * SAYS: out of range: it is signed, 8 bits wide
 * RUN: check --set i8=-129
 * EXIT: 2
 * SAYS: out of range
 * RUN: check --set u64=18446744073709551616
 * EXIT: 2
 * SAYS: not a number
 * RUN: check --set port=80x
 * EXIT: 2
 * SAYS: not a number
 * RUN: check --set port=
 * EXIT: 2
 * SAYS: not a number
 * RUN: check --set port
 * EXIT: 2
 * SAYS: write NAME=VALUE
 * RUN: check --set flag=2
 * EXIT: 2
 * SAYS: its value is true or false
 * RUN: check --set mode=SIDEWAYS
 * EXIT: 2
 * SAYS: neither one of its names nor a number
 * RUN: check --set table=1
 * EXIT: 2
 * SAYS: set its members
 * RUN: check --set table.none=1
 * EXIT: 2
 * SAYS: there is no member 'none'
 * RUN: check --set grid[2][0]=1
 * EXIT: 2
 * SAYS: there is no element 2
 * RUN: check --set text=abcdefgh
 * EXIT: 2
 * SAYS: a text of up to 7 bytes fits
 * RUN: check --set zeroed=1
 * EXIT: 2
 * SAYS: it is in section '.bss'
 * RUN: check --set port=1 --json
 * BUILD: -g0
 * EXIT: 2
 * SAYS: the object has no BTF
 */
#include <linux/bpf.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>

enum mode { OFF, ON };
enum big { SMALL, HUGE = 0x100000000ull };
struct table {
	__u32 limit;
	struct {
		__u8 low, high;
	} pair[2];
};

const volatile __u16 port = 80;
const volatile enum mode mode;
const volatile struct table table = { 4 };
const volatile __s8 i8 = 1;
const volatile __u8 u8;
const volatile __s16 i16;
const volatile __u16 u16;
const volatile int i32;
static const volatile __u32 u32;
const volatile long i64 SEC(".rodata.wide");
const volatile __u64 u64;
const volatile bool flag;
const volatile __u8 grid[2][3];
const volatile char text[8] = "x";
const volatile enum big big;
int data = 3;
int zeroed;

SEC("xdp")
int only_port(struct xdp_md *ctx)
{
	__u8 *p = (void *)(long)ctx->data;

	if (p + 38 > (__u8 *)(long)ctx->data_end)
		return XDP_PASS;
	return (p[36] << 8 | p[37]) == port ? XDP_DROP : XDP_PASS;
}

SEC("xdp")
int chosen(struct xdp_md *ctx)
{
	return mode == ON ? bpf_redirect(1, 0) : XDP_DROP;
}

SEC("xdp")
int bounded(struct xdp_md *ctx)
{
	__u8 *p = (void *)(long)ctx->data;

	if (p + 8 > (__u8 *)(long)ctx->data_end)
		return XDP_PASS;
	return p[table.limit] ? XDP_DROP : XDP_PASS;
}

SEC("xdp")
int sums(struct xdp_md *ctx)
{
	if (i8 == -128 && u8 == 255 && i16 == -32768 && u16 == 0xffff && i32 == -1 && u32 == ~0u && !flag &&
	    u64 == ~0ull && i64 == (long)(1ull << 63) && table.pair[1].low == 7 && grid[1][2] == 5 &&
	    text[2] == 'c' && !text[3] && big == HUGE)
		return data == 9 ? XDP_DROP : XDP_PASS;
	zeroed++;
	return bpf_redirect(1, 0);
}

char _license[] SEC("license") = "GPL";
