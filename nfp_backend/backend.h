/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NFP_BACKEND_BACKEND_H
#define NFP_BACKEND_BACKEND_H

#include "nfp_backend/image.h"
#include "partitioner/device_ops.h"

/* eBPF to NFP microcode.
 *
 *   vprog --lift--> LLVM IR --llvm passes--> LLVM IR --isel--> MIR (SSA, virtual registers)
 *         --passes.def--> MIR (hardware registers) --emit--> ucode --> image
 *
 *   prog*.c     the backend's copy of the program, and which maps it needs how
 *   legal*.c    what the card can do, instruction by instruction: every refusal with its reason
 *   lift*.c     the program as one LLVM function: subprograms inlined by instance, the verifier's
 *               facts as narrow operations, memories as address spaces, helpers as nfp.* calls
 *   llvm_opt.c  the chosen list of LLVM passes; llvm_exit.c one of our own
 *   isel*.c     LLVM IR to MIR: 64-bit values become pairs of 32-bit registers here
 *   passes.def  the passes over MIR, a row each
 *   emit.c      MIR to words and relocations
 *
 * Names: "word" = 32 bits, "instruction word" = 64-bit container; A, B = the two register banks. */

/* struct offload_prog: target is a const struct nfp_firmware *, image a struct nfp_image *. */
extern const struct bpf_offload_ops nfp_offload_ops;

/* offload_options.probe gets an LLVMModuleRef after "lift", a struct nfp_func * after "isel" and each
 * pass over MIR, and a struct nfp_ucode * after "emit". */

/* Names of the dump points in order, NULL at the end: for --dump, --stop-after, golden sections. */
extern const char *const nfp_pass_names[];

#endif
