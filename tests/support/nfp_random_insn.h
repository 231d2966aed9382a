/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_NFP_RANDOM_INSN_H
#define TESTS_NFP_RANDOM_INSN_H

/* Random instructions of every class that the encoder accepts; the same ones each time. Operands are
 * drawn from all kinds and then put to nfp_encodable(), so that its rules are not repeated here. */

#include "nfp_backend/isa/isa.h"

#include "base/bits.h"

struct rnd {
	uint64_t state; /* not 0 */
};

static inline uint32_t rnd_u32(struct rnd *r) /* xorshift64* */
{
	r->state ^= r->state >> 12;
	r->state ^= r->state << 25;
	r->state ^= r->state >> 27;
	return (uint32_t)(r->state * UINT64_C(0x2545f4914f6cdd1d) >> 32);
}

static inline uint32_t rnd_below(struct rnd *r, uint32_t n)
{
	return rnd_u32(r) % n;
}

static inline bool rnd_bool(struct rnd *r)
{
	return rnd_u32(r) >> 31;
}

/* Never GPR_BOTH: decoding cannot give it back. */
static inline struct nfp_isa_opnd rnd_opnd(struct rnd *r)
{
	struct nfp_isa_opnd o = NFP_R_NOTHING;

	switch (rnd_below(r, 12)) {
	case 0: return NFP_R_NOTHING;
	case 1:
	case 2: return nfp_r_gpr_a(rnd_below(r, NFP_GPR_COUNT));
	case 3:
	case 4: return nfp_r_gpr_b(rnd_below(r, NFP_GPR_COUNT));
	case 5:
		o.kind = rnd_bool(r) ? NFP_R_GPR_ABS_A : NFP_R_GPR_ABS_B;
		o.n = rnd_below(r, 128);
		return o;
	case 6: return nfp_r_xfer(rnd_below(r, NFP_XFER_COUNT));
	case 7:
		o.kind = rnd_bool(r) ? NFP_R_XFER_INDEX : NFP_R_NN_INDEX;
		o.post = rnd_below(r, 3);
		return o;
	case 8: return (struct nfp_isa_opnd){ .kind = NFP_R_NN, .n = rnd_below(r, 32) };
	case 9: return nfp_r_lm(rnd_below(r, 4), rnd_below(r, 16));
	case 10: return nfp_r_lm_post(rnd_below(r, 4), rnd_below(r, 3));
	default: return nfp_r_const(rnd_below(r, 256));
	}
}

static inline struct nfp_isa_mods rnd_mods(struct rnd *r)
{
	return (struct nfp_isa_mods){ .wr_both = rnd_bool(r),
				      .no_cc = rnd_bool(r),
				      .pred_cc = rnd_below(r, 8) == 0 };
}

static inline struct nfp_isa_shift rnd_shift(struct rnd *r)
{
	bool indirect = rnd_below(r, 4) == 0;

	return (struct nfp_isa_shift){ .sc = rnd_below(r, 4),
				       .amount = (uint8_t)(indirect ? 0 : rnd_below(r, 32)),
				       .indirect = indirect };
}

static inline void rnd_draw_alu(struct rnd *r, struct nfp_insn *i)
{
	switch (i->class) {
	case NFP_ISA_ALU_SHF:
		i->shf = (struct nfp_isa_alu_shf){ .op = rnd_below(r, 8),
						   .dst = rnd_opnd(r),
						   .left = rnd_opnd(r),
						   .right = rnd_opnd(r),
						   .shift = rnd_shift(r),
						   .mods = rnd_mods(r) };
		break;
	case NFP_ISA_ALU:
		i->alu = (struct nfp_isa_alu){ .op = rnd_below(r, 32),
					       .dst = rnd_opnd(r),
					       .left = rnd_opnd(r),
					       .right = rnd_opnd(r),
					       .mods = rnd_mods(r) };
		break;
	case NFP_ISA_IMMED:
		i->immed = (struct nfp_isa_immed){ .dst = rnd_opnd(r),
						   .value = (uint16_t)rnd_u32(r),
						   .width = rnd_below(r, 3),
						   .shift_bytes = (uint8_t)rnd_below(r, 4),
						   .invert = rnd_bool(r),
						   .mods = rnd_mods(r) };
		if (i->immed.width == NFP_WIDTH_BYTE)
			i->immed.value &= 0xff;
		break;
	case NFP_ISA_LD_FIELD:
		i->ld_field = (struct nfp_isa_ld_field){ .dst = rnd_opnd(r),
							 .src = rnd_opnd(r),
							 .byte_mask = (uint8_t)rnd_below(r, 16),
							 .shift = rnd_shift(r),
							 .clear = rnd_bool(r),
							 .load_cc = rnd_bool(r),
							 .mods = rnd_mods(r) };
		break;
	default:
		i->mul = (struct nfp_isa_mul){ .step = (enum nfp_mul_step)rnd_below(r, 7) - 1,
					       .type = rnd_below(r, 4),
					       .dst = rnd_opnd(r),
					       .left = rnd_opnd(r),
					       .right = rnd_opnd(r),
					       .mods = rnd_mods(r) };
		break;
	}
}

static inline void rnd_draw_branch(struct rnd *r, struct nfp_insn *i)
{
	uint16_t addr = (uint16_t)rnd_below(r, 1 << 14);
	uint8_t defer = (uint8_t)rnd_below(r, 4);

	switch (i->class) {
	case NFP_ISA_CTX_ARB:
		i->ctx_arb = (struct nfp_isa_ctx_arb){ .events = (uint16_t)rnd_u32(r),
						       .any = rnd_bool(r),
						       .bpt = rnd_below(r, 8) == 0,
						       .no_load = rnd_bool(r),
						       .branch = rnd_bool(r),
						       .addr = addr,
						       .defer = defer };
		break;
	case NFP_ISA_BRANCH:
		i->br = (struct nfp_isa_branch){ .cc = rnd_below(r, 32),
						 .number = (uint8_t)rnd_below(r, 16),
						 .addr = addr,
						 .defer = defer };
		if (i->br.cc < NFP_CC_CTX_EQ || i->br.cc == NFP_CC_ALWAYS)
			i->br.number = 0;
		break;
	case NFP_ISA_BR_BYTE:
		i->br_byte = (struct nfp_isa_br_byte){ .reg = rnd_opnd(r),
						       .byte = (uint8_t)rnd_below(r, 4),
						       .value = (uint8_t)rnd_u32(r),
						       .equal = rnd_bool(r),
						       .addr = addr,
						       .defer = defer };
		break;
	case NFP_ISA_BR_BIT:
		i->br_bit = (struct nfp_isa_br_bit){ .reg = rnd_opnd(r),
						     .bit = (uint8_t)rnd_below(r, 32),
						     .set = rnd_bool(r),
						     .addr = addr,
						     .defer = defer };
		break;
	default:
		i->jump = (struct nfp_isa_jump){ .reg = rnd_opnd(r),
						 .imm = rnd_bool(r) ? rnd_below(r, 1 << 17) : 0,
						 .defer = defer };
		break;
	}
}

static inline void rnd_draw_io(struct rnd *r, struct nfp_insn *i)
{
	if (i->class == NFP_ISA_LOCAL_CSR)
		i->csr = (struct nfp_isa_local_csr){ .csr = (uint16_t)(4 * rnd_below(r, 128)),
						     .write = rnd_bool(r),
						     .src = rnd_opnd(r) };
	else
		i->cmd = (struct nfp_isa_cmd){ .op = rnd_below(r, NFP_MEM_OP_COUNT),
					       .addr40 = rnd_bool(r),
					       .base = rnd_opnd(r),
					       .off = rnd_opnd(r),
					       .xfer = (uint8_t)rnd_below(r, NFP_XFER_COUNT),
					       .count = (uint8_t)(1 + rnd_below(r, 8)),
					       .sig = (uint8_t)rnd_below(r, 16),
					       .swap = rnd_below(r, 4),
					       .indirect = rnd_bool(r) };
}

static inline struct nfp_insn rnd_insn(struct rnd *r, enum nfp_isa_class class)
{
	struct nfp_insn i;

	do {
		i = (struct nfp_insn){ .class = class };
		switch (class) {
		case NFP_ISA_ALU_SHF:
		case NFP_ISA_ALU:
		case NFP_ISA_IMMED:
		case NFP_ISA_LD_FIELD:
		case NFP_ISA_MUL: rnd_draw_alu(r, &i); break;
		case NFP_ISA_CMD:
		case NFP_ISA_LOCAL_CSR: rnd_draw_io(r, &i); break;
		default: rnd_draw_branch(r, &i); break;
		}
	} while (!nfp_encodable(&i, NULL));
	return i;
}

#endif
