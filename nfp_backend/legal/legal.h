/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NFP_BACKEND_LEGAL_LEGAL_H
#define NFP_BACKEND_LEGAL_LEGAL_H

#include "nfp_backend/prog.h"

/* The device's limits, per instruction (nfp.md 5.1, wider where the microengine
 * supports more). All results are reasons, never errors. */

/* Fields of the context that exist on the device. */
enum nfp_ctx_field {
	NFP_CTX_NONE,
	NFP_CTX_DATA,
	NFP_CTX_DATA_END,
	NFP_CTX_LEN,   /* skb->len */
	NFP_CTX_QUEUE, /* xdp_md.rx_queue_index; write only */
};

/* Field at a byte offset of struct xdp_md or struct __sk_buff when accessed with `size` bytes. */
enum nfp_ctx_field nfp_ctx_field(enum nfp_prog_type type, int32_t off, unsigned size);
/* "rx_queue_index", …; "offset 12" style names are the caller's: "?" for unknown offsets. */
const char *nfp_ctx_field_name(enum nfp_prog_type type, int32_t off);

/* One instruction of one instance, given its facts. False: `why` filled in. */
bool nfp_legal_insn(struct cx *cx, const struct nfp_prog *np, size_t inst, uint32_t pc,
		    struct offload_refusal *why);
/* The program as a whole: type, maps against the firmware's limits. */
bool nfp_legal_prog(struct cx *cx, const struct nfp_prog *np, struct offload_refusal *why);

/* Fills in `why` from a row of reasons.def; returns false. */
bool nfp_refuse(struct cx *cx, struct offload_refusal *why, enum reason r, ...);

/* legal_exit.c: can every value of R0 at this exit be expressed as a result byte (nfp.md 4.6)? */
bool nfp_legal_exit(struct cx *cx, const struct nfp_prog *np, size_t inst, uint32_t pc,
		    struct offload_refusal *why);

/* legal_maps.c: one map of the object against the firmware's limits. */
bool nfp_legal_map(struct cx *cx, const struct nfp_prog *np, size_t map,
		   struct offload_refusal *why);

/* legal_attach.c: a program of another place than the wire's end */
bool nfp_legal_attach(struct cx *cx, const struct nfp_prog *np, struct offload_refusal *why);

/* legal_call.c */
#define NFP_MAX_ARG_BYTES 256u /* keys, values and records are passed word by word */
bool nfp_legal_call(struct cx *cx, const struct nfp_prog *np, size_t inst, uint32_t pc,
		    struct offload_refusal *why);

#endif
