/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NFP_BACKEND_ISEL_ISEL_H
#define NFP_BACKEND_ISEL_ISEL_H

#include "nfp_backend/image.h"
#include "nfp_backend/mir.h"

#include <llvm-c/Types.h>

/* Instruction selection: lifted LLVM IR (intrinsics.def) to machine IR in SSA form.
 *
 * `m` holds one defined function; it is not changed. `fn` is filled from scratch (stage SSA, name,
 * fw and prog_type set). False: reported (REASON_ISEL_UNSUPPORTED) and `fn` is not to be used.
 *
 * How it works, file by file. Analyses (isel_ir.h) fill the numbered IR and know nothing of emission:
 *
 *   isel_ir.c       numbers the IR: blocks in reverse postorder, dominators
 *   isel_clobber.c  after which helper call transfer registers and packet vector are other ones
 *   isel_defer.c    which instructions are computed where their single user stands
 *   isel_bits.c     upper bound of the significant bits of every value: words that are 0 are never made
 *   isel_group.c    which packet and map-value loads share one memory command
 *   isel_posted.c   which atomic additions need not be waited for
 *   isel_query.c isel_decompose.c   questions that all files ask (isel_query.h)
 *
 * Emission (isel_cursor.h) and values (isel_value.h):
 *
 *   isel_emit.c     machine instructions; scopes of code that runs on some paths only
 *   isel_word.c isel_value.c   words of values as bit fields of registers; extraction only on demand
 *
 * Lowering, one function per kind of instruction (isel_lower.h):
 *
 *   isel_alu.c isel_shift.c isel_mul.c isel_div.c isel_intrin.c isel_overflow.c   integer operations
 *   isel_cond.c isel_cmp.c isel_eq.c isel_switch.c   conditions become branches
 *   isel_addr.c isel_mem.c isel_store.c isel_stack.c   the three memories
 *   isel_call.c     firmware helpers, and the packet helpers that are emitted inline
 *   isel_exit.c     verdicts
 *   isel.c          the walk over the blocks, terminators, phis
 */
bool nfp_isel(struct cx *cx, LLVMModuleRef m, const struct nfp_firmware *fw,
	      uint8_t prog_type /* enum nfp_prog_type */, struct nfp_func *fn);

#endif
