/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/isel/isel_lower.h"

#include <assert.h>

/* The walk: blocks in reverse postorder, instructions in order, deferred ones where they are used;
 * then the operands of the phis, when every value has its register. */

/* ---- instructions ---- */

static void set_bpf_pc(struct isel *is, LLVMValueRef v)
{
	LLVMValueRef node = LLVMHasMetadata(v) ? LLVMGetMetadata(v, is->md_bpf_pc) : NULL, pc;

	is->here.bpf_pc = -1;
	if (!node || LLVMGetMDNodeNumOperands(node) != 1)
		return;
	LLVMGetMDNodeOperands(node, &pc);
	if (pc && LLVMIsAConstantInt(pc))
		is->here.bpf_pc = (int32_t)LLVMConstIntGetZExtValue(pc);
}

static void select_call(struct isel *is, LLVMValueRef v)
{
	const char *name = isel_callee(v);
	unsigned clobbers;

	if (isel_is_nfp_call(name, &clobbers)) {
		if (clobbers)
			isel_flush_stores(is);
		isel_select_nfp_call(is, v, name);
	} else if (!isel_select_intrinsic(is, v, name)) {
		isel_refuse(is, *name ? name : "an indirect call");
	}
}

static void select_by_opcode(struct isel *is, LLVMValueRef v)
{
	if (isel_is_cond(v) && LLVMGetInstructionOpcode(v) != LLVMExtractValue) {
		isel_set(is, v, isel_val1(isel_bool(is, v)));
		return;
	}
	switch (LLVMGetInstructionOpcode(v)) {
	case LLVMAdd:
	case LLVMSub:
	case LLVMAnd:
	case LLVMOr:
	case LLVMXor: isel_select_binary(is, v); break;
	case LLVMShl:
	case LLVMLShr:
	case LLVMAShr: isel_select_shift(is, v); break;
	case LLVMMul: isel_select_mul(is, v); break;
	case LLVMUDiv:
	case LLVMSDiv:
	case LLVMURem:
	case LLVMSRem: isel_select_div(is, v); break;
	case LLVMZExt:
	case LLVMSExt:
	case LLVMTrunc:
	case LLVMBitCast:
	case LLVMFreeze:
	case LLVMPtrToInt:
	case LLVMIntToPtr: isel_select_cast(is, v); break;
	case LLVMSelect: isel_select_select(is, v); break;
	case LLVMGetElementPtr: isel_select_gep(is, v); break;
	case LLVMExtractValue: isel_select_extract(is, v); break;
	case LLVMLoad: isel_select_load(is, v); break;
	case LLVMStore: isel_select_store(is, v); break;
	case LLVMAtomicRMW: isel_select_atomic(is, v); break;
	case LLVMCall: select_call(is, v); break;
	case LLVMAlloca: isel_select_gep(is, v); break;
	case LLVMFence: break;
	default: isel_refuse(is, "an LLVM instruction without selection rule"); break;
	}
}

/* Deferred instructions keep their own place in the source. */
void isel_select_inst(struct isel *is, LLVMValueRef v)
{
	int32_t before = is->here.bpf_pc;

	set_bpf_pc(is, v);
	select_by_opcode(is, v);
	is->here.bpf_pc = before;
}

/* ---- phis ---- */

static void open_phi(struct isel *is, const struct isel_inst *in)
{
	struct isel_val val = { .n = (uint8_t)((in->width + 31) / 32) };
	unsigned i;

	for (i = 0; i < val.n; i++) {
		struct nfp_opnd dst;

		val.w[i] = isel_w_imm(0);
		if (in->ubits <= 32 * i)
			continue;
		dst = isel_new_reg(is);
		isel_emit(is, NFP_M_PHI)->dst = dst;
		*vec_push(&is->phis.fixups, is->cx->scratch) = (struct isel_phi_fixup){
			.block = is->here.block,
			.insn = (uint32_t)is->fn->blocks.at[is->here.block].insns.len - 1,
			.phi = in->v,
			.word = (uint8_t)i,
		};
		val.w[i] = isel_w_reg(dst, in->ubits - 32 * i);
	}
	isel_set(is, in->v, val);
}

static uint64_t phi_arg_key(struct isel *is, LLVMValueRef phi, uint32_t from)
{
	return ((uint64_t)isel_inst_index(&is->ir, phi) + 1) << 32 | from;
}

static void make_phi_arg(struct isel *is, LLVMValueRef phi, LLVMValueRef value)
{
	struct isel_val v = isel_get_zext(is, value);
	uint32_t *idx =
		isel_map_at(&is->phis.arg_of, is->cx, phi_arg_key(is, phi, is->here.ir_block));
	struct isel_phi_arg arg = { 0 };
	unsigned i;

	for (i = 0; i < v.n; i++)
		arg.w[i] = isel_use_phi(is, v.w[i]);
	*idx = (uint32_t)is->phis.args.len;
	*vec_push(&is->phis.args, is->cx->scratch) = arg;
}

/* What the successors' phis take from this block, in registers before the block branches. */
static void make_phi_args(struct isel *is)
{
	const struct isel_block *blk = &is->ir.blocks[is->here.ir_block];
	size_t s;

	for (s = 0; s < blk->succs.len; s++) {
		const struct isel_block *to = &is->ir.blocks[blk->succs.at[s]];
		uint32_t i;

		if (isel_edge(is, is->here.ir_block, blk->succs.at[s]) !=
		    is->here.head[blk->succs.at[s]])
			continue;
		for (i = to->first; i < to->first + to->n && is->ir.insts[i].op == LLVMPHI; i++) {
			LLVMValueRef phi = is->ir.insts[i].v;
			unsigned k, n = LLVMCountIncoming(phi);

			for (k = 0; k < n && LLVMGetIncomingBlock(phi, k) != blk->bb; k++)
				;
			if (k < n && is->ir.insts[i].width)
				make_phi_arg(is, phi, LLVMGetIncomingValue(phi, k));
		}
	}
}

static struct nfp_opnd phi_operand(struct isel *is, const struct isel_phi_fixup *f, uint32_t pred)
{
	uint32_t arg;
	size_t i;

	if (f->phi) {
		arg = isel_map_find(&is->phis.arg_of,
				    phi_arg_key(is, f->phi, is->here.owner.at[pred]));
		assert(arg != UINT32_MAX && "a phi without value for one of its predecessors");
		return is->phis.args.at[arg].w[f->word];
	}
	for (i = 0; i < f->special.len; i++)
		if (f->special.at[i].pred == pred)
			return f->special.at[i].val;
	return f->usual;
}

static void fill_phis(struct isel *is)
{
	size_t k;
	uint32_t i;

	nfp_cfg_build(is->fn, is->cx);
	for (k = 0; k < is->phis.fixups.len; k++) {
		const struct isel_phi_fixup *f = &is->phis.fixups.at[k];
		const struct nfp_block *b;
		struct nfp_mi *mi;

		if (f->block == UINT32_MAX)
			continue;
		b = &is->fn->blocks.at[f->block];
		mi = &b->insns.at[f->insn];
		mi->phi = ARENA_ARRAY(is->cx->arena, struct nfp_phi, b->n_preds + 1);
		mi->n_phi = b->n_preds;
		for (i = 0; i < b->n_preds; i++)
			mi->phi[i] =
				(struct nfp_phi){ b->preds[i], phi_operand(is, f, b->preds[i]) };
	}
}

/* ---- blocks that nothing leads to ---- */

static bool names_block(const struct nfp_mi *mi)
{
	return mi->op == NFP_M_BR || mi->op == NFP_M_BCC || mi->op == NFP_M_BBIT ||
	       mi->op == NFP_M_BBYTE;
}

static uint32_t *reachable_numbers(struct isel *is)
{
	size_t n = is->fn->blocks.len, depth = 0, i;
	uint32_t *number = ARENA_ARRAY(is->cx->scratch, uint32_t, n);
	uint32_t *stack = ARENA_ARRAY(is->cx->scratch, uint32_t, n), next = 0;

	memset(number, 0xff, n * sizeof(*number));
	number[0] = 0;
	stack[depth++] = 0;
	while (depth) {
		const struct nfp_block *b = &is->fn->blocks.at[stack[--depth]];

		for (i = 0; i < b->insns.len; i++) {
			uint32_t t = b->insns.at[i].target[0];

			if (!names_block(&b->insns.at[i]) || number[t] != UINT32_MAX)
				continue;
			number[t] = 0;
			stack[depth++] = t;
		}
	}
	for (i = 0; i < n; i++)
		if (number[i] != UINT32_MAX)
			number[i] = next++;
	return number;
}

static void drop_unreachable(struct isel *is)
{
	uint32_t *number = reachable_numbers(is);
	size_t b, i, k;

	for (b = 0; b < is->fn->blocks.len; b++) {
		struct nfp_block *blk = &is->fn->blocks.at[b];

		if (number[b] == UINT32_MAX)
			continue;
		for (i = 0; i < blk->insns.len; i++)
			if (names_block(&blk->insns.at[i]))
				blk->insns.at[i].target[0] = number[blk->insns.at[i].target[0]];
		is->here.owner.at[number[b]] = is->here.owner.at[b];
		is->fn->blocks.at[number[b]] = *blk;
	}
	for (b = is->fn->blocks.len; b-- > 0 && number[b] == UINT32_MAX;)
		;
	is->fn->blocks.len = number[b] + 1;
	for (k = 0; k < is->phis.fixups.len; k++) {
		struct isel_phi_fixup *f = &is->phis.fixups.at[k];

		f->block = number[f->block];
		for (i = 0; i < f->special.len; i++)
			f->special.at[i].pred = number[f->special.at[i].pred];
	}
}

/* ---- blocks ---- */

static void select_branch(struct isel *is, LLVMValueRef br)
{
	LLVMValueRef cond;
	uint32_t to[2], yes, no;
	bool sense;
	unsigned i;

	for (i = 0; i < LLVMGetNumSuccessors(br); i++)
		to[i] = isel_block_index(&is->ir, LLVMGetSuccessor(br, i));
	yes = isel_edge(is, is->here.ir_block, to[0]);
	if (!LLVMIsConditional(br)) {
		isel_br(is, yes);
		return;
	}
	no = isel_edge(is, is->here.ir_block, to[1]);
	cond = LLVMGetCondition(br);
	sense = isel_natural_sense(is, cond);
	if (yes != no)
		isel_jump_if(is, cond, sense, sense ? yes : no);
	isel_br(is, sense ? no : yes);
}

static void select_terminator(struct isel *is, LLVMValueRef v)
{
	isel_flush_stores(is);
	make_phi_args(is);
	switch (LLVMGetInstructionOpcode(v)) {
	case LLVMBr: select_branch(is, v); break;
	case LLVMSwitch: isel_select_switch(is, v); break;
	case LLVMRet:
		if (LLVMGetNumOperands(v) == 1)
			isel_return(is, LLVMGetOperand(v, 0));
		else
			isel_refuse(is, "a return without value");
		break;
	case LLVMUnreachable: isel_abort(is); break;
	default: isel_refuse(is, "an LLVM terminator without selection rule"); break;
	}
}

static void select_block(struct isel *is, uint32_t b)
{
	const struct isel_block *blk = &is->ir.blocks[b];
	uint32_t i;

	is->here.ir_block = b;
	is->here.scope = 0;
	isel_begin(is, is->here.head[b]);
	for (i = blk->first; i < blk->first + blk->n && !is->failed; i++) {
		const struct isel_inst *in = &is->ir.insts[i];

		is->here.at = i;
		set_bpf_pc(is, in->v);
		if (in->op == LLVMPHI) {
			if (!in->width)
				isel_refuse(is,
					    "a phi of a type that is neither integer nor pointer");
			else
				open_phi(is, in);
		} else if (LLVMIsATerminatorInst(in->v)) {
			select_terminator(is, in->v);
		} else if (!in->deferred && !(isel_is_pure(in->v) && !LLVMGetFirstUse(in->v))) {
			isel_select_inst(is, in->v);
		}
	}
}

static void find_ret_only(struct isel_ir *ir)
{
	uint32_t b, i;

	for (b = 0; b < ir->n_blocks; b++) {
		struct isel_block *blk = &ir->blocks[b];
		const struct isel_inst *last = &ir->insts[blk->first + blk->n - 1];

		blk->ret_only = last->op == LLVMRet && LLVMGetNumOperands(last->v) == 1;
		for (i = blk->first; i + 1 < blk->first + blk->n; i++)
			if (ir->insts[i].op != LLVMPHI && !isel_is_pure(ir->insts[i].v))
				blk->ret_only = false;
	}
}

static LLVMValueRef find_program(LLVMModuleRef m)
{
	LLVMValueRef f = LLVMGetFirstFunction(m);

	while (f && LLVMIsDeclaration(f))
		f = LLVMGetNextFunction(f);
	return f;
}

static void init_func(struct nfp_func *fn, const struct nfp_firmware *fw, uint8_t prog_type)
{
	memset(fn, 0, sizeof(*fn));
	fn->name = "prog";
	fn->stage = NFP_STAGE_SSA;
	fn->fw = fw;
	fn->prog_type = prog_type;
}

static void analyse(struct isel_ir *ir)
{
	isel_number(ir);
	isel_find_clobbers(ir);
	isel_find_deferred(ir);
	isel_find_escapes(ir);
	isel_find_bits(ir);
	find_ret_only(ir);
	isel_find_groups(ir);
}

static void select_blocks(struct isel *is)
{
	uint32_t n = is->ir.n_blocks, b;

	is->cache.made = ARENA_ARRAY(is->cx->scratch, struct isel_made, is->ir.n_insts);
	is->here.head = ARENA_ARRAY(is->cx->scratch, uint32_t, n);
	for (b = 0; b < n; b++) {
		is->here.ir_block = b;
		is->here.head[b] = isel_new_block(is);
	}
	for (b = 0; b < n && !is->failed; b++)
		select_block(is, b);
}

bool nfp_isel(struct cx *cx, LLVMModuleRef m, const struct nfp_firmware *fw, uint8_t prog_type,
	      struct nfp_func *fn)
{
	struct isel is = { .cx = cx, .fn = fn, .ir.cx = cx, .here.bpf_pc = -1 };

	init_func(fn, fw, prog_type);
	is.ir.llfn = find_program(m);
	is.md_bpf_pc = LLVMGetMDKindIDInContext(LLVMGetModuleContext(m), "bpf_pc", 6);
	if (!is.ir.llfn) {
		isel_refuse(&is, "a module without function");
		return false;
	}
	analyse(&is.ir);
	select_blocks(&is);
	if (is.failed)
		return false;
	drop_unreachable(&is);
	fill_phis(&is);
	return true;
}
