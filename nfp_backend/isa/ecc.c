/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/isa/isa.h"
#include "nfp_backend/ucode.h"

#include "base/bits.h"

/* Code-store ECC: check bit i is the parity of the operation bits that row i picks (nfp.md 2.1). */
static const uint64_t ecc_rows[] = {
	UINT64_C(0x0ff800007fff), UINT64_C(0x11f801ff801f), UINT64_C(0x1e387e0781e1),
	UINT64_C(0x17cb8e388e22), UINT64_C(0x1af5b2c93244), UINT64_C(0x1f56d5525488),
	UINT64_C(0x0daf69a46910),
};

uint8_t nfp_ecc(uint64_t op)
{
	unsigned ecc = 0;

	op &= NFP_OP_MASK;
	for (unsigned i = 0; i < ARRAY_SIZE(ecc_rows); i++)
		ecc |= (unsigned)__builtin_parityll(op & ecc_rows[i]) << i;
	return (uint8_t)ecc;
}

uint64_t nfp_ecc_apply(uint64_t op)
{
	op &= NFP_OP_MASK;
	return op | (uint64_t)nfp_ecc(op) << NFP_OP_BITS;
}
