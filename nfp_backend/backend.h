/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NFP_BACKEND_BACKEND_H
#define NFP_BACKEND_BACKEND_H

#include "nfp_backend/firmware.h"
#include "nfp_backend/image.h"
#include "partitioner/device_ops.h"

/* eBPF to NFP microcode.
 *
 *        +-------+   +------+   +------+   +------+   +-----------+   +------+   +-------+
 * vprog->| legal |-->| lift |-->| llvm |-->| isel |-->| dce … haz.|-->| emit |-->| image |
 *        +-------+   +------+   +------+   +------+   +-----------+   +------+   +-------+
 *         refusals        LLVM IR               machine IR             ucode
 *
 *   prog*.c     the backend's copy of the program, and its use of maps
 *   legal/      which instructions the device can execute: every refusal with its reason
 *   stages.def  the translation, a row per stage; stages.c drives them
 *   lift/       the program as one LLVM function: subprograms inlined by instance, the verifier's
 *               facts as narrow operations, memories as address spaces, helpers as nfp.* calls
 *   isel/       LLVM IR to machine IR: 64-bit values become pairs of 32-bit registers here
 *   passes/     machine IR to machine IR
 *   image/      machine IR to words and relocations; the image file
 *   firmware/   profiles of the firmware, its calling convention
 *
 * Names: "word" = 32 bits, "instruction word" = 64-bit container; A, B = the two register banks. */

/* How to translate. All zero: -O0 without dumps. */
struct nfp_options {
	unsigned opt_level;     /* 0 or 2 */
	const char *dump;       /* stages to dump, comma separated, or "all"; NULL: none */
	const char *stop_after; /* stage: no dumps after it and no image; NULL: none */
	bool check_each;        /* check machine IR after every stage, also in release builds */
	/* Called with what a stage has made, after its check and before its dump: an LLVMModuleRef, a
	 * struct nfp_func * or a struct nfp_ucode *. For tests that put a fault between two stages. */
	void (*probe)(void *priv, const char *stage, void *made);
	void *probe_priv;
};

/* What struct offload_target is for this backend. */
struct nfp_target {
	struct offload_target base;
	const struct nfp_firmware *fw;
	struct nfp_options options;
};

/* Takes a struct nfp_target, makes a struct nfp_image. */
extern const struct bpf_offload_ops nfp_offload_ops;

/* ---- stages.def as a table ------------------------------------------------------------------ */

enum nfp_form { NFP_FORM_VPROG, NFP_FORM_LLVM, NFP_FORM_MIR, NFP_FORM_UCODE };
enum nfp_level { NFP_FROM_O0, NFP_FROM_O2 };

struct nfp_translation;
struct nfp_stage_info {
	const char *name;
	enum nfp_form needs, leaves;
	enum nfp_level level; /* of optimisation, from which on it runs */
	bool (*run)(struct nfp_translation *t);
	const char *what;
};
extern const struct nfp_stage_info nfp_stages[];
extern const unsigned nfp_n_stages;

#endif
