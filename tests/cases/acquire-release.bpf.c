/* SPDX-License-Identifier: BSD-2-Clause
 * Load-acquire and store-release (6.15), every size: verified, run by the host sides, refused by the card by name. clang 19 does
 * not write them: the bytes are given.
 *
 * RUN: check
 * EXIT: 0
 * SAYS: ordered \(xdp\): accepted
 *
 * RUN: compile -o out
 * EXIT: 0
 * SAYS: ordered \(xdp\): host
 * SAYS: device-atomic-op
 *
 * RUN: test --packets 50 --host=interp
 * EXIT: 0
 * NOT: DIFFERS
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

/* r10 -8: from r2, size by size, and back to r0 */
SEC("xdp")
__attribute__((naked)) int ordered(struct xdp_md *ctx)
{
	asm volatile("r2 = 0x102 ll;"
		     ".8byte 0x00000110fff82adb;" /* store_release((u64 *)(r10 - 8), r2) */
		     ".8byte 0x00000110fff82ac3;" /* u32 */
		     ".8byte 0x00000110fff82acb;" /* u16 */
		     ".8byte 0x00000110fff92ad3;" /* u8, at -7 */
		     ".8byte 0x00000100fff8a0db;" /* r0 = load_acquire((u64 *)(r10 - 8)) */
		     ".8byte 0x00000100fff8a3c3;" /* r3, u32 */
		     ".8byte 0x00000100fff8a4cb;" /* r4, u16 */
		     ".8byte 0x00000100fff8a0d3;" /* r0, u8 */
		     "exit;");
}

char _license[] SEC("license") = "GPL";
