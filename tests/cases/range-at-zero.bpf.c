/* SPDX-License-Identifier: BSD-2-Clause
 * "p < data_end" with nothing added to p: the kernel learns of no byte from it.
 *
 * RUN: check --prog first_byte
 * EXIT: 1
 * SAYS: no comparison of this pointer with data_end proves any byte
 *
 * RUN: check --prog count_lines
 * EXIT: 1
 * SAYS: no comparison of this pointer with data_end proves any byte
 *
 * RUN: check --prog second_byte
 * EXIT: 0
 * SAYS: second_byte .*accepted
 *
 * RUN: compile --prog first_byte --out .
 * EXIT: 1
 *
 * SH: ls *.host.o *.nfp
 * EXIT: 2
 *
 * RUN: check --verifier=both
 * NEEDS: bpf
 * EXIT: 1
 * NOT: DIFFER
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

SEC("xdp")
int first_byte(struct xdp_md *ctx)
{
	__u64 r = XDP_PASS;

	asm volatile("r2 = *(u32 *)(%[c] + 0)\n"
		     "r3 = *(u32 *)(%[c] + 4)\n"
		     "if r2 >= r3 goto 1f\n"
		     "%[r] = *(u8 *)(r2 + 0)\n"
		     "1:\n"
		     : [r] "+r"(r)
		     : [c] "r"(ctx)
		     : "r2", "r3");
	return r & 3;
}

SEC("xdp")
int count_lines(struct xdp_md *ctx)
{
	char *d = (void *)(long)ctx->data, *e = (void *)(long)ctx->data_end;
	int n = 0, i;

	for (i = 0; d < e && i < 100; i++) {
		if (*d++ == '\n')
			n++;
	}
	return n > 3 ? XDP_DROP : XDP_PASS;
}

SEC("xdp")
int second_byte(struct xdp_md *ctx)
{
	__u64 r = XDP_PASS;

	asm volatile("r2 = *(u32 *)(%[c] + 0)\n"
		     "r3 = *(u32 *)(%[c] + 4)\n"
		     "r4 = r2\n"
		     "r4 += 1\n"
		     "if r4 >= r3 goto 1f\n"
		     "%[r] = *(u8 *)(r2 + 1)\n"
		     "1:\n"
		     : [r] "+r"(r)
		     : [c] "r"(ctx)
		     : "r2", "r3", "r4");
	return r & 3;
}

char _license[] SEC("license") = "GPL";
