/* SPDX-License-Identifier: BSD-2-Clause
 * `run` has a limit of work a packet like `test`: a packet that takes more is given up, counted and said, and the others
 * are run.
 *
 * RUN: compile
 * EXIT: 0
 * SAYS: rounds.*device
 *
 * Three frames whose bytes 12 and 13 are the number of rounds: 1, 4,095, 2.
 * SH: sh %s/make-pcap in.pcap 0000000000000000000000000001 0000000000000000000000000fff 0000000000000000000000000002
 * EXIT: 0
 * SH: $tool run --pcap in.pcap --max-work 100 rounds.nfp
 * EXIT: 0
 * SAYS: 3 packets: pass 2
 * SAYS: abandoned after 100 loop rounds \(--max-work\): 1
 * SAYS: packet 1 takes more than 100 loop rounds.*\[sim-work\]
 * NOT: first fault
 * SH: $tool run --pcap in.pcap --max-work 100 --json rounds.nfp
 * EXIT: 0
 * SAYS: "given_up":1
 * SAYS: "skipped":1
 * SAYS: "errors":0
 * SAYS: "id":"sim-work"
 * SH: $tool run --pcap in.pcap --max-work 1000000 rounds.nfp
 * EXIT: 0
 * SAYS: 3 packets: pass 3
 * NOT: abandoned
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("xdp") int rounds(struct xdp_md *ctx)
{
	__u8 *p = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	__u32 n, sum;

	if (p + 14 > end)
		return XDP_PASS;
	sum = *(__u32 *)p;
	n = (p[12] << 8 | p[13]) & 0xfff;
	for (__u32 i = 0; i < n; i++) {
#pragma unroll
		for (__u32 k = 0; k < 64; k++)
			sum = sum * 33 ^ (sum >> 7) ^ i;
	}
	return sum == 12345 ? XDP_DROP : XDP_PASS;
}

char _license[] SEC("license") = "GPL";
