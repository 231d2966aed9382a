/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/lift/lift_int.h"

#include "nfp_backend/legal/legal.h"

#include <llvm-c/Analysis.h>

#include <assert.h>
#include <stdarg.h>

/* Control flow of the lifted program: blocks, instances, calls and exits. What single instructions
 * become is in lift_*.c. */

bool lift_refuse(struct lift *l, enum reason r, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, r);
	vsnprintf(text, sizeof(text), reason_text(r), ap);
	va_end(ap);
	l->why->reason = r;
	l->why->text = arena_printf(l->cx->arena, "instruction %u: %s", l->pc, text);
	return false;
}

static const struct nfp_prog_insn *insn_at(const struct lift *l, uint32_t pc)
{
	return &l->np->insns[pc];
}

/* ---- blocks --------------------------------------------------------------------------------------- */

static void mark_leader(struct lift *l, struct lift_frame *f, uint32_t pc)
{
	LLVMBasicBlockRef *b;
	const char *name;

	if (pc < f->start || pc >= f->end)
		return;
	b = &f->block[pc - f->start];
	if (*b)
		return;
	name = f->level ? arena_printf(l->cx->scratch, "i%zu.b%u", f->inst, pc)
			: arena_printf(l->cx->scratch, "b%u", pc);
	*b = LLVMAppendBasicBlockInContext(l->llvm, l->fn, name);
}

static bool ends_block(const struct bpf_insn *insn)
{
	return ebpf_is_ja(insn) || ebpf_is_cond_jump(insn) || ebpf_is_exit(insn);
}

static void find_blocks(struct lift *l, struct lift_frame *f)
{
	f->block = ARENA_ARRAY(l->cx->scratch, LLVMBasicBlockRef, f->end - f->start);
	mark_leader(l, f, f->start);
	for (uint32_t pc = f->start; pc < f->end; pc++) {
		const struct nfp_prog_insn *pi = insn_at(l, pc);

		if (pi->removed)
			continue;
		if (pi->target != NFP_NO_TARGET)
			mark_leader(l, f, pi->target);
		if (ends_block(&pi->insn))
			mark_leader(l, f, pc + 1);
		if (ebpf_is_ld_imm64(&pi->insn))
			pc++;
	}
}

static void branch_to(struct lift *l, uint32_t pc)
{
	LLVMBasicBlockRef b =
		pc >= l->f->start && pc < l->f->end ? l->f->block[pc - l->f->start] : NULL;

	if (b)
		LLVMBuildBr(l->b, b);
	else /* verified programs do not leave a function this way */
		LLVMBuildUnreachable(l->b);
}

static bool lift_cond_jump(struct lift *l)
{
	uint32_t taken = insn_at(l, l->pc)->target, next = l->pc + 1;
	LLVMValueRef cond;

	if (taken == NFP_NO_TARGET || taken < l->f->start || taken >= l->f->end ||
	    next >= l->f->end)
		return lift_refuse(l, REASON_NFP_OPCODE, l->insn->code);
	if (l->fact->branch != VP_BRANCH_BOTH) {
		branch_to(l, l->fact->branch == VP_BRANCH_ALWAYS ? taken : next);
		return true;
	}
	cond = lift_condition(l);
	if (cond)
		LLVMBuildCondBr(l->b, cond, l->f->block[taken - l->f->start],
				l->f->block[next - l->f->start]);
	return cond != NULL;
}

/* ---- calls of subprograms --------------------------------------------------------------------------- */

static bool lift_body(struct lift *l, struct lift_frame *f);

static void make_stack(struct lift *l, struct lift_frame *f)
{
	LLVMValueRef bytes;

	if (!f->stack_bytes)
		return;
	f->stack = lift_alloca(l, LLVMArrayType2(l->i8, f->stack_bytes),
			       arena_printf(l->cx->scratch, "stack%u", f->level));
	LLVMSetAlignment(f->stack, 8);
	/* Memory that the program never wrote reads as 0 rather than as LLVM's undef. */
	bytes = lift_i32(l, f->stack_bytes);
	LLVMBuildMemSet(l->b, f->stack, LLVMConstInt(l->i8, 0, 0), bytes, 8);
}

static struct lift_frame *new_frame(struct lift *l, size_t inst, uint32_t level)
{
	const struct vprog *vp = l->np->vp;
	struct lift_frame *f = ARENA_NEW(l->cx->scratch, struct lift_frame);

	f->vi = &vp->inst[inst];
	f->inst = inst;
	f->level = level;
	f->start = vp->prog->subprogs[f->vi->subprog].start;
	f->end = vp->prog->subprogs[f->vi->subprog].end;
	f->stack_bytes = f->vi->stack_bytes;
	if (f->stack_bytes > EBPF_MAX_STACK)
		f->stack_bytes = EBPF_MAX_STACK;
	make_stack(l, f);
	find_blocks(l, f);
	return f;
}

/* The callee's body goes here, once per call: R1 to R5 in, R0 out. */
static bool lift_subprog_call(struct lift *l)
{
	struct lift_frame *caller = l->f, *callee;
	struct lift_val arg[6];
	uint32_t pc = l->pc;
	bool ok;

	if (l->fact->child < 0 || caller->level + 1 >= EBPF_MAX_FRAMES)
		return lift_refuse(l, REASON_NFP_OPCODE, l->insn->code);
	callee = new_frame(l, (size_t)l->fact->child, caller->level + 1);
	callee->ret = LLVMAppendBasicBlockInContext(l->llvm, l->fn, "ret");
	for (unsigned r = 1; r <= 5; r++)
		arg[r] = lift_read(l, r);
	l->f = callee;
	lift_init_frame_pointer(l);
	for (unsigned r = 1; r <= 5; r++)
		lift_write(l, r, arg[r]);
	l->chain[callee->level] = callee;
	LLVMBuildBr(l->b, callee->block[0]);
	ok = lift_body(l, callee);
	l->f = caller;
	lift_set_pc(l, pc);
	LLVMPositionBuilderAtEnd(l->b, callee->ret);
	lift_copy_result(l, callee);
	return ok;
}

static bool lift_exit(struct lift *l)
{
	if (l->f->ret)
		LLVMBuildBr(l->b, l->f->ret);
	else
		LLVMBuildRet(l->b, lift_read32(l, 0));
	return true;
}

/* ---- instructions ------------------------------------------------------------------------------------ */

static bool lift_jump_class(struct lift *l)
{
	if (ebpf_is_exit(l->insn))
		return lift_exit(l);
	if (ebpf_is_call(l->insn))
		return l->insn->src_reg == EBPF_CALL_SUBPROG ? lift_subprog_call(l)
							     : lift_helper(l);
	if (ebpf_is_ja(l->insn)) {
		branch_to(l, insn_at(l, l->pc)->target);
		return true;
	}
	if (l->insn->code == EBPF_MAY_GOTO)
		return lift_refuse(l, REASON_NFP_OPCODE, l->insn->code);
	return lift_cond_jump(l);
}

static bool lift_insn(struct lift *l)
{
	switch (ebpf_class(l->insn)) {
	case BPF_ALU:
	case BPF_ALU64: return lift_alu(l);
	case BPF_LDX: return lift_load(l);
	case BPF_ST: return lift_store(l);
	case BPF_STX: return ebpf_mode(l->insn) == BPF_ATOMIC ? lift_atomic(l) : lift_store(l);
	case BPF_LD: return ebpf_is_ld_imm64(l->insn) ? lift_ld_imm64(l) : lift_ld_abs(l);
	default: return lift_jump_class(l);
	}
}

static bool block_is_open(const struct lift *l)
{
	return !LLVMGetBasicBlockTerminator(LLVMGetInsertBlock(l->b));
}

/* Moves to the block that starts at `pc`, if one does; control falls into it. */
static void enter_block(struct lift *l, uint32_t pc)
{
	LLVMBasicBlockRef b = l->f->block[pc - l->f->start];

	if (!b)
		return;
	if (block_is_open(l))
		LLVMBuildBr(l->b, b);
	LLVMPositionBuilderAtEnd(l->b, b);
}

static bool lift_one(struct lift *l, uint32_t pc)
{
	lift_set_pc(l, pc);
	l->insn = &insn_at(l, pc)->insn;
	l->fact = vp_fact_at(l->np->vp, l->f->inst, pc);
	if (!l->fact->seen) {
		LLVMBuildUnreachable(l->b);
		return true;
	}
	if (l->insn->dst_reg > 10 || l->insn->src_reg > 10)
		return lift_refuse(l, REASON_NFP_OPCODE, l->insn->code);
	if (++l->n_lifted > LIFT_MAX_INSNS)
		return lift_refuse(l, REASON_NFP_INLINED_SIZE, LIFT_MAX_INSNS);
	return lift_insn(l);
}

static bool lift_body(struct lift *l, struct lift_frame *f)
{
	for (uint32_t pc = f->start; pc < f->end; pc++) {
		enter_block(l, pc);
		if (!insn_at(l, pc)->removed && block_is_open(l) && !lift_one(l, pc))
			return false;
		if (ebpf_is_ld_imm64(&insn_at(l, pc)->insn))
			pc++;
	}
	if (block_is_open(l))
		LLVMBuildUnreachable(l->b);
	return true;
}

/* ---- the whole ----------------------------------------------------------------------------------------- */

/* Facts that concern the program rather than one instruction. */
static void survey(struct lift *l)
{
	for (uint32_t pc = 0; pc < l->np->n_insns; pc++) {
		const struct nfp_prog_insn *pi = insn_at(l, pc);

		if (pi->removed)
			continue;
		l->has_loop |= pi->target <= pc;
		l->n_adjust_head += ebpf_is_call(&pi->insn) && !pi->insn.src_reg &&
				    pi->insn.imm == NFP_HELPER_ADJUST_HEAD;
		if (ebpf_is_ld_imm64(&pi->insn))
			pc++;
	}
	/* A function that is called twice moves the packet twice. */
	if (l->n_adjust_head && l->np->vp->n_inst > l->np->vp->prog->n_subprogs)
		l->n_adjust_head++;
}

static bool is_made_of_address(const struct vp_reg *r)
{
	return r->kind == VP_ADDRESS || r->kind == VP_PKT_OR_ADDRESS;
}

static bool has_addresses(const struct vprog *vp)
{
	for (size_t i = 0; i < vp->n_inst; i++) {
		const struct fe_subprog *sub = &vp->prog->subprogs[vp->inst[i].subprog];

		for (uint32_t k = 0; k < sub->end - sub->start; k++)
			for (unsigned r = 0; r < 10; r++)
				if (is_made_of_address(&vp->inst[i].facts[k].regs[r]))
					return true;
	}
	return false;
}

static bool lift_program(struct lift *l)
{
	struct lift_frame *f;

	LLVMPositionBuilderAtEnd(l->b, LLVMAppendBasicBlockInContext(l->llvm, l->fn, "start"));
	lift_set_pc(l, 0);
	l->data = lift_alloca(l, l->pkt_ptr, "data.var");
	l->plen = lift_alloca(l, l->i32, "plen.var");
	lift_reload_packet(l);
	f = new_frame(l, 0, 0);
	l->f = f;
	l->chain[0] = f;
	lift_init_frame_pointer(l);
	lift_write64(l, 1, lift_i64(l, 1)); /* the context: no number of it is ever used */
	LLVMBuildBr(l->b, f->block[0]);
	if (!lift_body(l, f))
		return false;
	LLVMBuildBr(l->entry, LLVMGetNextBasicBlock(LLVMGetEntryBasicBlock(l->fn)));
	return true;
}

bool nfp_lift(struct cx *cx, const struct nfp_prog *np, LLVMContextRef llvm, LLVMModuleRef *mod,
	      struct offload_refusal *why)
{
	struct lift l = { .cx = cx, .np = np, .llvm = llvm, .why = why };
	bool ok;

	if (!lift_module_begin(&l))
		return false;
	survey(&l);
	l.has_addresses = has_addresses(np->vp);
	ok = lift_program(&l);
	lift_module_end(&l);
	if (!ok) {
		LLVMDisposeModule(l.mod);
		return false;
	}
	assert(!LLVMVerifyModule(l.mod, LLVMPrintMessageAction, NULL));
	*mod = l.mod;
	return true;
}
