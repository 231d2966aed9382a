/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NFP_BACKEND_PROG_H
#define NFP_BACKEND_PROG_H

#include "nfp_backend/image.h"
#include "partitioner/device_ops.h"

/* The backend's own copy of a program, from prepare to destroy (struct offload_prog.dev_priv).
 *
 * Instructions keep the index that they had when the verifier saw them, so facts stay
 * addressable by it; the verifier's edits (replace_insn, remove_insns) only mark them. `live` maps
 * the program as edited so far to those indices. */

#define NFP_NO_TARGET UINT32_MAX

struct nfp_prog_insn {
	struct bpf_insn insn;
	uint32_t target; /* JA, conditional jump: instruction that it goes to when taken */
	bool removed;    /* dead, or an empty jump */
};

/* A map of the object as this program uses it. */
struct nfp_prog_map {
	int32_t image_idx; /* index in nfp_image.maps; -1: not needed when the program runs */
	bool referenced;   /* some instruction loads its address */
	bool accessed;     /* needed at run time: not only constants that are folded */
	bool only_counts;  /* the program only adds to its values */
	uint8_t *word_use; /* enum nfp_map_word_use, a byte per 4 bytes of value */
	uint32_t words;
};

struct nfp_prog {
	const struct vprog *vp;
	const struct nfp_firmware *fw;
	enum nfp_prog_type type;
	bool type_known; /* false: neither xdp nor tc */
	struct nfp_prog_insn *insns;
	size_t n_insns;
	uint32_t *live;
	size_t n_live;
	struct nfp_prog_map *maps; /* one per map of the object */
	uint32_t n_image_maps;
};

/* prog.c */
struct nfp_prog *nfp_prog_new(struct cx *cx, const struct vprog *vp, const struct nfp_firmware *fw);
bool nfp_prog_replace(struct nfp_prog *np, uint32_t off, const struct bpf_insn *insn);
bool nfp_prog_remove(struct nfp_prog *np, uint32_t off, uint32_t cnt);

/* prog_counters.c: additions to maps that are only counters become atomic. */
void nfp_prog_use_counters(struct nfp_prog *np, struct cx *cx);
/* Type of a map on the device: a per-CPU map that is only a counter has one value for all engines there. */
uint32_t nfp_map_type(const struct nfp_prog *np, size_t map);

/* prog_maps.c: which maps the program needs, how it uses their words (nfp.md 4.12), and their
 * numbers in the image. */
void nfp_prog_plan_maps(struct nfp_prog *np, struct cx *cx);
/* True when a load of `size` bytes at a constant offset of a map can be replaced by its value. */
bool nfp_map_folds(const struct fe_map *map, int64_t off, unsigned size);

/* Do `size` bytes through a map value pointer hold big-endian counters? */
enum nfp_swap {
	NFP_SWAP_NO,
	NFP_SWAP_YES,        /* each 32-bit word */
	NFP_SWAP_IMPOSSIBLE, /* only a part, or it depends on the path */
};
enum nfp_swap nfp_map_swap(const struct nfp_prog *np, const struct vp_reg *r, int64_t off,
			   uint32_t size);
/* The map that a map value pointer points into; NULL: one of several. */
const struct fe_map *nfp_map_of(const struct nfp_prog *np, const struct vp_reg *r);
/* Its name, or "one of several". */
const char *nfp_map_name_of(const struct nfp_prog *np, const struct vp_reg *r);

/* Index of a map of the object that a LD_IMM64 refers to; -1: none, or out of range. */
static inline int32_t nfp_ld_imm_map(const struct nfp_prog *np, const struct bpf_insn *insn)
{
	if (!ebpf_is_ld_imm64(insn) ||
	    (insn->src_reg != EBPF_IMM_MAP_IDX && insn->src_reg != EBPF_IMM_MAP_IDX_VALUE))
		return -1;
	return insn->imm >= 0 && (size_t)insn->imm < np->vp->obj->n_maps ? insn->imm : -1;
}

#endif
