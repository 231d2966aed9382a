/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/isa/isa_fields.h"

#include "base/bits.h"

/* The opcode tables, and small questions about instructions and words. */

/* ---- facts of opcodes.def ---- */

static const struct nfp_op_info alu_ops[32] = {
#define NFP_ALU_OP(id, code, text_, left_) [code] = { .text = text_, .left = left_ },
#include "nfp_backend/isa/opcodes.def"
};

static const struct nfp_op_info shf_ops[8] = {
#define NFP_SHF_OP(id, code, text_, left_) [code] = { .text = text_, .left = left_ },
#include "nfp_backend/isa/opcodes.def"
};

static const struct nfp_cc_info ccs[32] = {
#define NFP_CC(id, code, text_, ev_pip_, css_)                                                     \
	[code] = { .text = text_, .ev_pip = ev_pip_, .css = css_ },
#include "nfp_backend/isa/opcodes.def"
};

static const struct nfp_mem_info mem_ops[NFP_MEM_OP_COUNT] = {
#define NFP_MEM_OP(id, text_, tgt_cmd_, token_, cnt_mask_, cnt_value_, unit)                       \
	[NFP_MEM_##id] = { .text = text_,                                                          \
			   .tgt_cmd = tgt_cmd_,                                                    \
			   .token = token_,                                                        \
			   .cnt_mask = cnt_mask_,                                                  \
			   .cnt_value = cnt_value_,                                                \
			   .unit_bytes = unit },
#include "nfp_backend/isa/opcodes.def"
};

const struct nfp_op_info *nfp_alu_info(unsigned code)
{
	return code < ARRAY_SIZE(alu_ops) && alu_ops[code].text ? &alu_ops[code] : NULL;
}

const struct nfp_op_info *nfp_shf_info(unsigned code)
{
	return code < ARRAY_SIZE(shf_ops) && shf_ops[code].text ? &shf_ops[code] : NULL;
}

const struct nfp_cc_info *nfp_cc_info(unsigned code)
{
	return code < ARRAY_SIZE(ccs) && ccs[code].text ? &ccs[code] : NULL;
}

const struct nfp_mem_info *nfp_mem_info(enum nfp_mem_op op)
{
	return (unsigned)op < NFP_MEM_OP_COUNT ? &mem_ops[op] : NULL;
}

const char *nfp_alu_op_text(enum nfp_alu_op op)
{
	return nfp_alu_info(op) ? nfp_alu_info(op)->text : NULL;
}

const char *nfp_shf_op_text(enum nfp_shf_op op)
{
	return nfp_shf_info(op) ? nfp_shf_info(op)->text : NULL;
}

const char *nfp_cc_text(enum nfp_cc cc)
{
	return nfp_cc_info(cc) ? nfp_cc_info(cc)->text : NULL;
}

const char *nfp_mem_op_text(enum nfp_mem_op op)
{
	return nfp_mem_info(op) ? nfp_mem_info(op)->text : NULL;
}

unsigned nfp_mem_op_unit_bytes(enum nfp_mem_op op)
{
	return nfp_mem_info(op) ? nfp_mem_info(op)->unit_bytes : 0;
}

const char *nfp_csr_text(unsigned addr_bytes)
{
	static const struct {
		unsigned addr_bytes;
		const char *text;
	} csrs[] = {
#define NFP_CSR(id, addr, text_) { .addr_bytes = addr, .text = text_ },
#include "nfp_backend/isa/opcodes.def"
	};

	for (size_t i = 0; i < ARRAY_SIZE(csrs); i++) {
		if (csrs[i].addr_bytes == addr_bytes)
			return csrs[i].text;
	}
	return NULL;
}

/* ---- instructions ---- */

static bool fits_shifted(uint32_t v, struct nfp_isa_immed *immed)
{
	for (unsigned bytes = 0; bytes <= 2; bytes++) {
		if ((v & ~(UINT32_C(0xffff) << 8 * bytes)) == 0) {
			immed->value = (uint16_t)(v >> 8 * bytes);
			immed->shift_bytes = (uint8_t)bytes;
			return true;
		}
	}
	return false;
}

bool nfp_immed_fits(uint32_t v, struct nfp_isa_immed *immed)
{
	immed->width = NFP_WIDTH_WORD;
	immed->invert = false;
	if (fits_shifted(v, immed))
		return true;
	immed->invert = true;
	return fits_shifted(~v, immed);
}

unsigned nfp_max_defer(const struct nfp_insn *i)
{
	switch (i->class) {
	case NFP_ISA_BRANCH: return i->br.cc == NFP_CC_ALWAYS ? 2 : 3;
	case NFP_ISA_BR_BIT:
	case NFP_ISA_BR_BYTE:
	case NFP_ISA_JUMP: return 3;
	case NFP_ISA_CTX_ARB: return 2;
	case NFP_ISA_CMD: return i->cmd.swap == NFP_SWAP_NONE ? 0 : 2;
	default: return 0;
	}
}

/* ---- fields that relocation fills ---- */

/* All branch classes have their target in the same bits. */
static bool has_branch_addr(uint64_t word)
{
	struct nfp_insn i;

	if (!nfp_decode(word, &i))
		return false;
	return i.class == NFP_ISA_BRANCH || i.class == NFP_ISA_BR_BIT ||
	       i.class == NFP_ISA_BR_BYTE || (i.class == NFP_ISA_CTX_ARB && i.ctx_arb.branch);
}

bool nfp_word_branch_addr(uint64_t word, uint32_t *addr)
{
	struct nfp_raw_branch raw = nfp_unpack_branch(word);

	if (!has_branch_addr(word))
		return false;
	*addr = NFP_ADDR_JOIN(raw);
	return true;
}

bool nfp_word_set_branch_addr(uint64_t *word, uint32_t addr)
{
	const uint64_t field =
		nfp_pack_branch(&(struct nfp_raw_branch){ .addr = 0x1fff, .addr_hi = 1 }) ^
		nfp_pack_branch(&(struct nfp_raw_branch){ 0 });

	if (!has_branch_addr(*word) || addr >= 1u << NFP_ADDR_BITS)
		return false;
	*word = (*word & ~field) |
		(nfp_pack_branch(&(struct nfp_raw_branch){ .addr = NFP_ADDR_LO(addr),
							   .addr_hi = NFP_ADDR_HI(addr) }) &
		 field);
	return true;
}

bool nfp_word_set_immed(uint64_t *word, uint32_t value)
{
	struct nfp_insn i;

	if (!nfp_decode(*word, &i) || i.class != NFP_ISA_IMMED || value > 0xffff ||
	    i.immed.width != NFP_WIDTH_WORD || i.immed.shift_bytes || i.immed.invert)
		return false;
	i.immed.value = (uint16_t)value;
	*word = nfp_encode(&i);
	return true;
}
