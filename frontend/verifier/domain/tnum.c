/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/verifier/domain/tnum.h"

#include "base/bits.h"

struct vp_tnum fe_tnum_range(uint64_t min, uint64_t max)
{
	uint64_t differ = min ^ max;
	uint64_t unknown;

	if (!differ)
		return fe_tnum_const(min);
	/* From the highest differing bit down, anything may occur in between. */
	unknown = bits_mask(64 - (unsigned)__builtin_clzll(differ));
	return (struct vp_tnum){ min & ~unknown, unknown };
}

struct vp_tnum fe_tnum_add(struct vp_tnum a, struct vp_tnum b)
{
	uint64_t masks = a.mask + b.mask;
	uint64_t low = a.value + b.value; /* sum when every unknown bit is 0 */
	uint64_t high = low + masks;      /* … when every one is 1 */
	uint64_t unknown = (low ^ high) | a.mask | b.mask;

	return (struct vp_tnum){ low & ~unknown, unknown };
}

struct vp_tnum fe_tnum_sub(struct vp_tnum a, struct vp_tnum b)
{
	uint64_t diff = a.value - b.value;
	uint64_t unknown = ((diff + a.mask) ^ (diff - b.mask)) | a.mask | b.mask;

	return (struct vp_tnum){ diff & ~unknown, unknown };
}

/* Long multiplication: an unknown bit of `a` adds b's multiple or nothing. As in the kernel since 6.18, also
 * in which of the two is taken apart: the verdicts are to agree. */
struct vp_tnum fe_tnum_mul(struct vp_tnum a, struct vp_tnum b)
{
	struct vp_tnum product = fe_tnum_const(0);

	for (; a.value || a.mask; a = fe_tnum_rsh(a, 1), b = fe_tnum_lsh(b, 1)) {
		struct vp_tnum sum = fe_tnum_add(product, b);

		if (a.value & 1)
			product = sum;
		else if (a.mask & 1)
			product = fe_tnum_join(product, sum);
	}
	return product;
}

struct vp_tnum fe_tnum_and(struct vp_tnum a, struct vp_tnum b)
{
	uint64_t may = (a.value | a.mask) & (b.value | b.mask);
	uint64_t must = a.value & b.value;

	return (struct vp_tnum){ must, may & ~must };
}

struct vp_tnum fe_tnum_or(struct vp_tnum a, struct vp_tnum b)
{
	uint64_t must = a.value | b.value;

	return (struct vp_tnum){ must, (a.mask | b.mask) & ~must };
}

struct vp_tnum fe_tnum_xor(struct vp_tnum a, struct vp_tnum b)
{
	uint64_t unknown = a.mask | b.mask;

	return (struct vp_tnum){ (a.value ^ b.value) & ~unknown, unknown };
}

struct vp_tnum fe_tnum_lsh(struct vp_tnum a, unsigned shift)
{
	return (struct vp_tnum){ a.value << shift, a.mask << shift };
}

struct vp_tnum fe_tnum_rsh(struct vp_tnum a, unsigned shift)
{
	return (struct vp_tnum){ a.value >> shift, a.mask >> shift };
}

struct vp_tnum fe_tnum_arsh(struct vp_tnum a, unsigned shift, unsigned bits)
{
	if (bits == 32)
		return (struct vp_tnum){ (uint32_t)((int32_t)a.value >> shift),
					 (uint32_t)((int32_t)a.mask >> shift) };
	return (struct vp_tnum){ (uint64_t)((int64_t)a.value >> shift),
				 (uint64_t)((int64_t)a.mask >> shift) };
}

struct vp_tnum fe_tnum_intersect(struct vp_tnum a, struct vp_tnum b)
{
	uint64_t unknown = a.mask & b.mask;

	return (struct vp_tnum){ (a.value | b.value) & ~unknown, unknown };
}

bool fe_tnum_disjoint(struct vp_tnum a, struct vp_tnum b)
{
	return (a.value ^ b.value) & ~a.mask & ~b.mask;
}

struct vp_tnum fe_tnum_join(struct vp_tnum a, struct vp_tnum b)
{
	uint64_t unknown = a.mask | b.mask | (a.value ^ b.value);

	return (struct vp_tnum){ a.value & ~unknown, unknown };
}

struct vp_tnum fe_tnum_cast(struct vp_tnum a, unsigned bytes)
{
	uint64_t keep = bits_mask(bytes * 8);

	return (struct vp_tnum){ a.value & keep, a.mask & keep };
}

struct vp_tnum fe_tnum_bswap(struct vp_tnum a)
{
	return (struct vp_tnum){ __builtin_bswap64(a.value), __builtin_bswap64(a.mask) };
}

struct vp_tnum fe_tnum_with_low32(struct vp_tnum high, struct vp_tnum low)
{
	uint64_t keep = ~bits_mask(32);

	return (struct vp_tnum){ (high.value & keep) | (low.value & ~keep),
				 (high.mask & keep) | (low.mask & ~keep) };
}

bool fe_tnum_covers(struct vp_tnum a, struct vp_tnum b)
{
	return !(b.mask & ~a.mask) && !((a.value ^ b.value) & ~a.mask);
}

bool fe_tnum_aligned(struct vp_tnum a, uint64_t size)
{
	return !size || !((a.value | a.mask) & (size - 1));
}
