/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NFP_BACKEND_ISA_ISA_FIELDS_H
#define NFP_BACKEND_ISA_ISA_FIELDS_H

/* Private to the isa_*.c files: per class NAME of fields.def a struct nfp_raw_NAME of its fields,
 * nfp_pack_NAME() and nfp_unpack_NAME(); and the two operand codes. */

#include "nfp_backend/isa/fields.def"
#include "nfp_backend/isa/isa.h"

#include <assert.h>

#define FIELD_MASK(name, lo, width) (((UINT64_C(1) << (width)) - 1) << (lo))

#define OR_MASK(name, lo, width)  | FIELD_MASK(name, lo, width)
#define ADD_MASK(name, lo, width) +FIELD_MASK(name, lo, width)
#define DECLARE(name, lo, width)  uint32_t name;
#define PACK(name, lo, width)                                                                      \
	assert(raw->name < (UINT64_C(1) << (width)) && #name " does not fit its field");           \
	word |= (uint64_t)raw->name << (lo);
#define UNPACK(name, lo, width)                                                                    \
	raw.name = (uint32_t)(word >> (lo)) & (uint32_t)((UINT64_C(1) << (width)) - 1);

#define CLASS(id, name, mask, value)                                                               \
	_Static_assert((UINT64_C(0) NFP_FIELDS_##name(OR_MASK)) ==                                 \
			       (UINT64_C(0) NFP_FIELDS_##name(ADD_MASK)),                          \
		       "fields of " #name " overlap");                                             \
	_Static_assert(((UINT64_C(0) NFP_FIELDS_##name(OR_MASK)) & UINT64_C(mask)) == 0,           \
		       "a field of " #name " overlaps the bits that tell its class");              \
	_Static_assert((UINT64_C(value) & ~UINT64_C(mask)) == 0, "constant bits of " #name);       \
	struct nfp_raw_##name {                                                                    \
		NFP_FIELDS_##name(DECLARE)                                                         \
	};                                                                                         \
	static inline uint64_t nfp_pack_##name(const struct nfp_raw_##name *raw)                   \
	{                                                                                          \
		uint64_t word = UINT64_C(value);                                                   \
                                                                                                   \
		NFP_FIELDS_##name(PACK) return word;                                               \
	}                                                                                          \
	static inline struct nfp_raw_##name nfp_unpack_##name(uint64_t word)                       \
	{                                                                                          \
		struct nfp_raw_##name raw;                                                         \
                                                                                                   \
		NFP_FIELDS_##name(UNPACK) return raw;                                              \
	}
NFP_CLASSES(CLASS)
#undef CLASS
#undef DECLARE
#undef PACK
#undef UNPACK

/* Branch targets are split over two fields. */
#define NFP_ADDR_BITS      14
#define NFP_ADDR_LO(addr)  ((addr)&0x1fffu)
#define NFP_ADDR_HI(addr)  ((addr) >> 13 & 1u)
#define NFP_ADDR_JOIN(raw) ((uint16_t)((raw).addr | (raw).addr_hi << 13))

/* local_csr with this address reads and writes the code store instead. */
#define NFP_CSR_URD_UWR 0x004

/* Operand codes (isa_opnd.c). An operand must satisfy the check before it is encoded. */
enum nfp_form {
	NFP_FORM_10, /* unrestricted, nfp.md 2.4 */
	NFP_FORM_8,  /* restricted, nfp.md 2.5; constants to 255 with the word's I8 bit */
	NFP_FORM_CMD /* restricted, no I8 and no LM extension bit */
};

/* NULL: fine; else the rule that it breaks. NONE is fine. */
const char *nfp_opnd_check_src(const struct nfp_isa_opnd *o, enum nfp_form form);
const char *nfp_opnd_check_dst(const struct nfp_isa_opnd *o, enum nfp_form form);

/* The code; a constant's bit 7 and an LM pointer's bit 1 live elsewhere in the word. */
uint32_t nfp_opnd_code(const struct nfp_isa_opnd *o, enum nfp_form form);
uint32_t nfp_opnd_dst_code(const struct nfp_isa_opnd *o, enum nfp_form form);

struct nfp_opnd_ctx { /* properties of an operand that come from the rest of the word */
	enum nfp_form form;
	bool bank_b; /* GPR numbers mean bank B */
	bool lm_ext; /* LM2/LM3 */
	bool i8;     /* bit 7 of a restricted constant */
};

/* False: no such code. */
bool nfp_opnd_decode(uint32_t code, struct nfp_opnd_ctx ctx, struct nfp_isa_opnd *o);
bool nfp_opnd_decode_dst(uint32_t code, struct nfp_opnd_ctx ctx, struct nfp_isa_opnd *o);

bool nfp_opnd_in_a(const struct nfp_isa_opnd *o); /* names bank A */
bool nfp_opnd_in_b(const struct nfp_isa_opnd *o);

/* Facts of opcodes.def (isa.c). NULL: no such code. */
enum nfp_left { NFP_LEFT_USED, NFP_LEFT_UNUSED, NFP_LEFT_HIDDEN /* unused and not printed */ };
enum nfp_css { NFP_CSS_UNUSED, NFP_CSS_NUMBER, NFP_CSS_INPUT, NFP_CSS_CLS_RING };

struct nfp_op_info {
	const char *text;
	enum nfp_left left;
};
struct nfp_cc_info {
	const char *text;
	uint8_t ev_pip;
	enum nfp_css css;
};
struct nfp_mem_info {
	const char *text;
	uint8_t tgt_cmd, token, cnt_mask, cnt_value, unit_bytes;
};

const struct nfp_op_info *nfp_alu_info(unsigned code);
const struct nfp_op_info *nfp_shf_info(unsigned code);
const struct nfp_cc_info *nfp_cc_info(unsigned code);
const struct nfp_mem_info *nfp_mem_info(enum nfp_mem_op op);

#endif
