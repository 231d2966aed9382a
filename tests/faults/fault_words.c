/* SPDX-License-Identifier: BSD-2-Clause */
/* Faults of the encoder and of what comes behind it: changes to finished words (nfp.md 2.2 to 2.17,
 * 3.1), relocations, and what the loader hands over. Written from the reference, like the simulator. */
#include "faults.h"

#include "nfp_backend/isa/isa.h"

/* ---- fields ---------------------------------------------------------------------------------------- */

static unsigned get(uint64_t w, unsigned lo, unsigned bits)
{
	return (unsigned)(w >> lo & ((1u << bits) - 1));
}

static bool set(uint64_t *w, unsigned lo, unsigned bits, unsigned v)
{
	uint64_t mask = (UINT64_C(1) << bits) - 1, old = *w;

	*w = (old & ~(mask << lo)) | ((uint64_t)v & mask) << lo;
	return *w != old;
}

static bool is(uint64_t w, uint64_t mask, uint64_t value)
{
	return (w & mask) == value;
}

static bool is_cmd(uint64_t w)
{
	return is(w, 0x008000000000, 0);
}

static bool is_shf(uint64_t w)
{
	return is(w, 0x00e000000000, 0x008000000000);
}

static bool is_alu(uint64_t w)
{
	return is(w, 0x00e000000000, 0x00a000000000);
}

static bool is_immed(uint64_t w)
{
	return is(w, 0x01f900000000, 0x00f000000000);
}

static bool is_ld_field(uint64_t w)
{
	return is(w, 0x01fa00e00000, 0x00c000000000);
}

static bool is_branch(uint64_t w)
{
	return is(w, 0x00f8000c3ce0, 0x00d800000020);
}

static bool is_br_bit(uint64_t w)
{
	return is(w, 0x00f800080300, 0x00d000000000);
}

static bool is_mul(uint64_t w)
{
	return is(w, 0x00fe3f000000, 0x00f800000000) || is(w, 0x00f800000000, 0x00f800000000);
}

static bool is_br_byte(uint64_t w)
{
	return is(w, 0x00f800000000, 0x00c800000000);
}

/* ---- shifts, operands -------------------------------------------------------------------------------- */

enum { SC_LEFT = 2 };

bool fault_left_shift_plain(uint64_t *w)
{
	unsigned n = get(*w, 28, 5);

	return (is_shf(*w) || is_ld_field(*w)) && get(*w, 8, 2) == SC_LEFT && n &&
	       set(w, 28, 5, 32 - n);
}

bool fault_shift_zero_indirect(uint64_t *w)
{
	return is_shf(*w) && get(*w, 8, 2) && set(w, 28, 5, 0);
}

bool fault_alu_swap_bit(uint64_t *w)
{
	return is_alu(*w) && set(w, 30, 1, 0);
}

bool fault_shift_swap_bit(uint64_t *w)
{
	return (is_shf(*w) || is_ld_field(*w)) && set(w, 19, 1, 0);
}

bool fault_no_cc_lost(uint64_t *w)
{
	return is_alu(*w) && set(w, 40, 1, 0);
}

bool fault_cc_never_set(uint64_t *w)
{
	return is_alu(*w) && set(w, 40, 1, 1);
}

bool fault_both_bit_lost(uint64_t *w)
{
	return (is_alu(*w) || is_shf(*w) || is_immed(*w) || is_ld_field(*w)) && set(w, 41, 1, 0);
}

bool fault_result_bank_bit(uint64_t *w)
{
	return (is_alu(*w) || is_shf(*w)) && set(w, 36, 1, 0);
}

bool fault_constant_bit_7(uint64_t *w)
{
	return (is_shf(*w) || is_ld_field(*w) || is_br_byte(*w)) && set(w, 18, 1, 0);
}

/* Bits 5 and 6 of a restricted constant are bits 6 and 7 of its code. */
static bool lose_high(uint64_t *w, unsigned lo, unsigned bits)
{
	return get(*w, lo + 5, 1) && set(w, lo + 6, 2, get(*w, lo + 6, 2) & ~bits);
}

bool fault_constant_bits_5_6(uint64_t *w)
{
	bool a, b;

	if (!is_shf(*w) && !is_ld_field(*w))
		return false;
	a = lose_high(w, 0, 3);
	b = lose_high(w, 10, 3);
	return a || b;
}

bool fault_offset_64_up(uint64_t *w)
{
	bool a, b;

	if (!is_cmd(*w))
		return false;
	a = lose_high(w, 0, 2);
	b = lose_high(w, 10, 2);
	return a || b;
}

bool fault_bit_number_off(uint64_t *w)
{
	unsigned lo = get(*w, 5, 1) ? 0 : 10, v;

	if (!is_br_bit(*w) || !get(*w, lo + 5, 1))
		return false;
	v = get(*w, lo, 5) | get(*w, lo + 6, 2) << 5;
	if (v < 2)
		return false;
	v--;
	return set(w, lo, 8, 0x20 | (v & 0x1f) | (v & 0x60) << 1);
}

bool fault_source_pointer_bit(uint64_t *w)
{
	return (is_alu(*w) || is_shf(*w) || is_ld_field(*w)) && set(w, 42, 1, 0);
}

bool fault_result_pointer_bit(uint64_t *w)
{
	return (is_alu(*w) || is_shf(*w) || is_ld_field(*w) || is_immed(*w)) && set(w, 43, 1, 0);
}

/* ---- constants ---------------------------------------------------------------------------------------- */

bool fault_immed_invert_lost(uint64_t *w)
{
	return is_immed(*w) && set(w, 31, 1, 0);
}

bool fault_immed_shift_lost(uint64_t *w)
{
	return is_immed(*w) && !get(*w, 29, 2) && set(w, 33, 2, 0);
}

bool fault_immed_half_lost(uint64_t *w)
{
	return is_immed(*w) && set(w, 29, 2, 0);
}

/* ---- operations ---------------------------------------------------------------------------------------- */

static bool change_op(uint64_t *w, unsigned from, unsigned to)
{
	return is_alu(*w) && get(*w, 31, 5) == from && set(w, 31, 5, to);
}

bool fault_minus_reversed(uint64_t *w)
{
	return change_op(w, 0x15, 0x19);
}

bool fault_and_not_reversed(uint64_t *w)
{
	return change_op(w, 0x10, 0x0c) || change_op(w, 0x0c, 0x10);
}

bool fault_borrow_as_carry(uint64_t *w)
{
	return change_op(w, 0x0d, 0x11);
}

bool fault_field_mask_reversed(uint64_t *w)
{
	unsigned m = get(*w, 24, 4);

	return is_ld_field(*w) &&
	       set(w, 24, 4, (m & 1) << 3 | (m & 2) << 1 | (m & 4) >> 1 | (m & 8) >> 3);
}

bool fault_product_type(uint64_t *w)
{
	return is_mul(*w) && get(*w, 31, 2) == 3 && set(w, 31, 2, 2);
}

bool fault_product_word(uint64_t *w)
{
	return is_mul(*w) && get(*w, 31, 2) && get(*w, 20, 3) == 5 && set(w, 20, 3, 4);
}

/* ---- commands ------------------------------------------------------------------------------------------- */

bool fault_count_not_minus_1(uint64_t *w)
{
	return is_cmd(*w) && get(*w, 25, 3) < 7 && set(w, 25, 3, get(*w, 25, 3) + 1);
}

/* immed[--, 0x80 | (n - 1) << 8]; the length's low bits are the immediate's high byte. */
bool fault_override_not_minus_1(uint64_t *w)
{
	return is_immed(*w) && get(*w, 0, 10) == 0x300 && get(*w, 10, 10) == (0x300 | 0x80) &&
	       set(w, 20, 8, get(*w, 20, 8) + 1);
}

bool fault_override_bit_lost(uint64_t *w)
{
	return is_cmd(*w) && set(w, 41, 1, 0);
}

bool fault_address_halves(uint64_t *w)
{
	return is_cmd(*w) && get(*w, 42, 3) < 2 && set(w, 42, 3, get(*w, 42, 3) ^ 1);
}

bool fault_signal_none(uint64_t *w)
{
	return is_cmd(*w) && set(w, 28, 4, 0);
}

/* ---- branches -------------------------------------------------------------------------------------------- */

bool fault_carry_conditions(uint64_t *w)
{
	return is_branch(*w) && get(*w, 0, 5) >> 1 == 2 && set(w, 0, 5, get(*w, 0, 5) ^ 1);
}

bool fault_defer_lost(uint64_t *w)
{
	return (is_branch(*w) || is_br_bit(*w) || is_br_byte(*w)) && set(w, 20, 2, 0);
}

/* ---- relocations ----------------------------------------------------------------------------------------- */

static bool shift_targets(struct nfp_ucode *u, enum nfp_reloc_kind kind)
{
	bool any = false;

	for (size_t i = 0; i < u->n_relocs; i++) {
		if (u->relocs[i].kind != kind || u->relocs[i].target + 1 >= u->n_words)
			continue;
		u->relocs[i].target++;
		any = true;
	}
	return any;
}

bool fault_branch_next_word(struct nfp_ucode *u)
{
	return shift_targets(u, NFP_RELOC_BR_REL);
}

bool fault_return_next_word(struct nfp_ucode *u)
{
	return shift_targets(u, NFP_RELOC_IMMED_REL);
}

bool fault_done_missing(struct nfp_ucode *u)
{
	size_t kept = 0, n = u->n_relocs;

	for (size_t i = 0; i < n; i++) {
		if (u->relocs[i].kind != NFP_RELOC_BR_NEXT_PKT)
			u->relocs[kept++] = u->relocs[i];
	}
	u->n_relocs = kept;
	return kept < n;
}

bool fault_helper_wrong(struct nfp_ucode *u)
{
	bool any = false;

	for (size_t i = 0; i < u->n_relocs; i++) {
		if (u->relocs[i].kind != NFP_RELOC_BR_HELPER ||
		    u->relocs[i].target != NFP_HELPER_MAP_LOOKUP)
			continue;
		u->relocs[i].target = NFP_HELPER_MAP_UPDATE;
		any = true;
	}
	return any;
}

bool fault_map_wrong(struct nfp_ucode *u)
{
	bool any = false;

	for (size_t i = 0; i < u->n_relocs; i++) {
		if (u->relocs[i].kind != NFP_RELOC_IMMED_MAP || !u->relocs[i].target)
			continue;
		u->relocs[i].target = 0;
		any = true;
	}
	return any;
}

/* ---- loading ----------------------------------------------------------------------------------------------- */

bool fault_table_id_off(const struct fault_device *d)
{
	d->dev->first_tid = 2;
	return d->dev->n_maps > 0;
}

bool fault_ecc_stale(const struct fault_device *d)
{
	d->words[d->dev->n_words / 2] ^= UINT64_C(1) << NFP_OP_BITS;
	return true;
}

bool fault_atomic_order(const struct fault_device *d)
{
	struct nfp_image_map *maps = ARENA_ARRAY(d->arena, struct nfp_image_map, d->dev->n_maps);
	bool any = false;

	for (size_t i = 0; i < d->dev->n_maps; i++) {
		maps[i] = d->dev->maps[i];
		for (uint32_t w = 0; maps[i].word_use && w < maps[i].value_size / 4; w++)
			any |= maps[i].word_use[w] == NFP_WORD_ATOMIC;
		maps[i].word_use = NULL;
	}
	d->dev->maps = maps;
	return any;
}
