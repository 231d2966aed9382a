/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NFP_BACKEND_IMAGE_IMAGE_FORMAT_H
#define NFP_BACKEND_IMAGE_IMAGE_FORMAT_H

/* Private to image_write.c and image_read.c: the ELF facts of nfp.md 7.1 and 7.4. */

#define NFP_ELF_MACHINE  250         /* EM_NFP */
#define NFP_ELF_FLAGS    0x00600000u /* chip family 0x6000 in bits 23:8 */
#define NFP_SHT_INITREG  0x70000002u /* SHT_LOPROC + 2 */
#define NFP_SH_INFO_TEXT 0x20000001u /* island 32, engine 0, code store */

/* Register initialisation of island 32's engines: CPP target 14, read action 2 token 1, write
 * action 3 token 1. One entry: CTX_ENABLES (CSR byte address 0x18) of engine 0, a constant, 4-context
 * mode with contexts 0, 2, 4, 6 enabled. */
#define NFP_SH_INFO_MECSR (32u << 26 | 14u << 22 | 2u << 17 | 1u << 15 | 3u << 10 | 1u << 8)
#define NFP_INITREG_BYTES 16u
#define NFP_INITREG_W0    (1u << 25)
#define NFP_INITREG_OFF   (1u << 16 | 4u << 10 | 0x18u)
#define NFP_INITREG_VALUE 0x80005500u

#define NFP_SEC_TEXT  ".text.i32.me0"
#define NFP_SEC_MECSR ".regt.mecsr.i32"
#define NFP_SEC_RELOC ".bpf_offload.reloc"
#define NFP_SEC_MAPS  ".bpf_offload.maps"
#define NFP_SEC_LINES ".bpf_offload.lines"
#define NFP_SEC_NEEDS ".bpf_offload.needs"

#define NFP_IMAGE_MAX_BYTES (64u << 20) /* global data is the only part that can grow large */
#define NFP_IMAGE_MAX_WORDS 16384u      /* range of a branch */

/* Flags of .bpf_offload.needs. */
#define NFP_NEEDS_QUEUE_SELECT 1u
#define NFP_NEEDS_ADJUST_TAIL  2u
#define NFP_NEEDS_HANDOFF      4u /* a host half: cookie and length of records follow */
#define NFP_NEEDS_KNOWN        7u

#endif
