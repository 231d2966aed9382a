/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NFP_BACKEND_FIRMWARE_CALLING_CONVENTION_H
#define NFP_BACKEND_FIRMWARE_CALLING_CONVENTION_H

#include <stdint.h>

/* The firmware's register conventions that more than one pass must know (nfp.md 4.3 - 4.11). */

enum {
	NFP_ABI_GPRS = 23,  /* 0..22 of each bank belong to the program, the rest to the firmware */
	NFP_ABI_STACK = 22, /* A22: local-memory byte address of the frame */
	NFP_ABI_LM0_WORDS = 16, /* frame words that operands reach through LM0 */
	NFP_ABI_XFERS = 32,     /* transfer registers a program may use, in and out */
	NFP_ABI_MAX_DEFER_BR = 2,
	NFP_ABI_LM_SLOTS = 3, /* between a pointer's write and its first use (nfp.md 1.4) */
	NFP_ABI_END_NOPS = 8, /* code-store prefetch window */
};

/* Sets of hardware registers: bit n is A(n), bit 32 + n is B(n). */
typedef uint64_t nfp_regset;

static inline nfp_regset nfp_regs_both(unsigned first, unsigned last)
{
	nfp_regset bits = ((UINT64_C(2) << last) - 1) & ~((UINT64_C(1) << first) - 1);

	return bits | bits << 32;
}

/* Registers whose value does not survive a call of the firmware helper. */
nfp_regset nfp_helper_clobbers(uint32_t helper);
/* Result byte (GPR A0 [23:16]) for the program's return value. */
uint8_t nfp_exit_byte(unsigned prog_type, uint32_t r0);

#endif
