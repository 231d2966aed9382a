/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/diff/packet_dict.h"

#include "sim/rng.h"

#define DICT_MAX      4096u /* values per width */
#define COMPARE_TIMES 4u    /* a compared constant's weight against any other's */

enum { WIDTH_1, WIDTH_2, WIDTH_4 };

static void add(struct sim_dict *d, unsigned width, uint32_t v)
{
	if (d->words[width].len < DICT_MAX)
		*vec_push(&d->words[width], d->arena) = v;
}

/* `v` in the order that the program sees it: a field loaded as it is on the wire is little-endian
 * there, one that went through a swap is big-endian. Both are tried. */
static void add_both_orders(struct sim_dict *d, uint32_t v)
{
	if (v <= UINT8_MAX)
		add(d, WIDTH_1, v);
	if (v <= UINT16_MAX) {
		add(d, WIDTH_2, v);
		add(d, WIDTH_2, __builtin_bswap16((uint16_t)v));
	}
	add(d, WIDTH_4, v);
	add(d, WIDTH_4, __builtin_bswap32(v));
}

static void add_neighbours(struct sim_dict *d, uint32_t v)
{
	add_both_orders(d, v);
	add_both_orders(d, v + 1);
	add_both_orders(d, v - 1);
}

void sim_dict_from_prog(struct sim_dict *d, struct arena *arena, const struct fe_prog *prog)
{
	*d = (struct sim_dict){ .arena = arena };
	for (size_t i = 0; i < prog->n_insns; i++) {
		const struct bpf_insn *insn = &prog->insns[i];

		if (ebpf_is_ld_imm64(insn)) {
			if (insn->src_reg == EBPF_IMM_VALUE && i + 1 < prog->n_insns) {
				add_neighbours(d, (uint32_t)insn[0].imm);
				add_neighbours(d, (uint32_t)insn[1].imm);
			}
			i++;
		} else if (ebpf_is_cond_jump(insn) && !ebpf_src_is_reg(insn)) {
			for (unsigned n = 0; n < COMPARE_TIMES; n++)
				add_neighbours(d, (uint32_t)insn->imm);
		} else if (ebpf_is_alu(insn) && !ebpf_src_is_reg(insn)) {
			add_neighbours(d, (uint32_t)insn->imm);
			add_neighbours(d, 0 - (uint32_t)insn->imm); /* x + -c == 0 tests x == c */
		}
	}
}

bool sim_dict_draw(const struct sim_dict *d, uint64_t *rng, unsigned bytes, uint32_t *v)
{
	unsigned width = bytes == 1 ? WIDTH_1 : bytes == 2 ? WIDTH_2 : WIDTH_4;

	if (!d->words[width].len)
		return false;
	*v = d->words[width].at[sim_rng_below(rng, (uint32_t)d->words[width].len)];
	return true;
}
