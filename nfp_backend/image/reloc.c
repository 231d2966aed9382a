/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/isa/isa.h"
#include "nfp_backend/ucode.h"

/* Binding a program to one vNIC: fills the fields named by the relocation table with addresses of
 * that vNIC's part of the code store and with map ids, then adds the ECC (nfp.md 4.9). */

struct binding {
	struct cx *cx;
	const struct nfp_ucode *u;
	const struct nfp_firmware *fw;
	const uint32_t *map_tids;
	size_t n_maps;
};

static bool bad(const struct binding *b, const struct nfp_reloc *r, const char *why)
{
	return diag_error(b->cx->diags, &DIAG_AT_NOWHERE, REASON_RELOC_RANGE, r->word_idx, why);
}

static bool set_branch(const struct binding *b, const struct nfp_reloc *r, uint64_t *word,
		       uint64_t addr)
{
	if (addr > UINT32_MAX || !nfp_word_set_branch_addr(word, (uint32_t)addr))
		return bad(b, r, "it is not a branch, or its target is outside the code store");
	return true;
}

static bool set_immed(const struct binding *b, const struct nfp_reloc *r, uint64_t *word,
		      uint64_t value)
{
	if (value > UINT32_MAX || !nfp_word_set_immed(word, (uint32_t)value))
		return bad(b, r, "it is not a plain immed, or its value needs more than 16 bits");
	return true;
}

static bool apply(const struct binding *b, const struct nfp_reloc *r, uint64_t *word)
{
	uint64_t in_program = (uint64_t)b->fw->start + r->target;
	uint32_t helper;

	switch (r->kind) {
	case NFP_RELOC_BR_REL:
	case NFP_RELOC_IMMED_REL:
		if (r->target >= b->u->n_words)
			return bad(b, r, "its target is outside the program");
		return r->kind == NFP_RELOC_BR_REL ? set_branch(b, r, word, in_program)
						   : set_immed(b, r, word, in_program);
	case NFP_RELOC_BR_NEXT_PKT: return set_branch(b, r, word, b->fw->done);
	case NFP_RELOC_BR_HELPER:
		helper = nfp_firmware_helper_addr(b->fw, r->target);
		if (!helper)
			return diag_error(b->cx->diags, &DIAG_AT_NOWHERE, REASON_RELOC_HELPER,
					  b->fw->name, r->target);
		return set_branch(b, r, word, helper);
	case NFP_RELOC_IMMED_MAP:
		if (r->target >= b->n_maps)
			return bad(b, r, "no table id is given for its map");
		return set_immed(b, r, word, b->map_tids[r->target]);
	}
	return bad(b, r, "unknown kind of relocation");
}

bool nfp_ucode_relocate(struct cx *cx, const struct nfp_ucode *u, const struct nfp_firmware *fw,
			const uint32_t *map_tids, size_t n_maps, uint64_t *out)
{
	const struct binding b = {
		.cx = cx, .u = u, .fw = fw, .map_tids = map_tids, .n_maps = n_maps
	};
	bool ok = true;

	for (size_t i = 0; i < u->n_words; i++)
		out[i] = u->words[i] & NFP_OP_MASK;
	for (size_t i = 0; i < u->n_relocs; i++) {
		const struct nfp_reloc *r = &u->relocs[i];

		if (r->word_idx >= u->n_words)
			ok = bad(&b, r, "it is not part of the program");
		else
			ok &= apply(&b, r, &out[r->word_idx]);
	}
	for (size_t i = 0; i < u->n_words; i++)
		out[i] = nfp_ecc_apply(out[i]);
	return ok;
}
