/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/legal/legal.h"

#include "base/bits.h"

#include <stdarg.h>

/* Legality of one instruction, by class, from the verifier's facts before it. Calls and exits have
 * files of their own. What is accepted here, lift*.c lifts and isel*.c selects. */

bool nfp_refuse(struct cx *cx, struct offload_refusal *why, enum reason r, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, r);
	vsnprintf(text, sizeof(text), reason_text(r), ap);
	va_end(ap);
	why->reason = r;
	why->text = arena_strdup(cx->arena, text);
	return false;
}

/* One instruction under examination. */
struct legal {
	struct cx *cx;
	const struct nfp_prog *np;
	size_t inst;
	uint32_t pc;
	const struct bpf_insn *insn;
	const struct vp_reg *dst,
		*src; /* facts; src is that of dst if there is no source register */
	struct offload_refusal *why;
};

static bool is_pointer(const struct vp_reg *r)
{
	return r->kind != VP_SCALAR && r->kind != VP_ADDRESS;
}

static const struct vp_reg *fact_of(const struct legal *l, uint32_t pc, unsigned reg)
{
	return &vp_fact_at(l->np->vp, l->inst, pc)->regs[reg];
}

/* ---- arithmetic ------------------------------------------------------------------------------------ */

static bool moves_within_memory(const struct vp_reg *ptr)
{
	return ptr->kind == VP_PKT || ptr->kind == VP_MAP_VALUE || ptr->kind == VP_STACK;
}

static bool is_packet(const struct vp_reg *r)
{
	return r->kind == VP_PKT || r->kind == VP_PKT_END || r->kind == VP_PKT_OR_ADDRESS;
}

/* A packet pointer on some paths, a number on others: both views of it are moved, one pointer at a time. */
static bool moves_both_views(const struct vp_reg *d, const struct vp_reg *s, bool src_is_pointer,
			     uint8_t op)
{
	if (d->kind == VP_PKT_OR_ADDRESS && !src_is_pointer)
		return op == BPF_ADD || op == BPF_SUB;
	return src_is_pointer && s->kind == VP_PKT_OR_ADDRESS && !is_pointer(d) &&
	       (op == BPF_ADD || op == BPF_SUB);
}

static bool check_pointer_alu(struct legal *l, bool src_is_pointer)
{
	uint8_t op = ebpf_op(l->insn);
	const struct vp_reg *d = l->dst, *s = l->src;

	if (moves_both_views(d, s, src_is_pointer, op))
		return true;
	if (op == BPF_SUB && src_is_pointer &&
	    ((is_packet(d) && is_packet(s)) || (d->kind == s->kind && d->object == s->object &&
						d->object >= 0 && moves_within_memory(d))))
		return true;
	if (op == BPF_ADD && src_is_pointer && !is_pointer(d) && moves_within_memory(s))
		return true;
	if ((op == BPF_ADD || op == BPF_SUB) && !src_is_pointer && moves_within_memory(d))
		return true;
	return nfp_refuse(l->cx, l->why,
			  d->kind == VP_CONFLICT ? REASON_NFP_POINTER_CONFLICT
						 : REASON_NFP_POINTER_MATH,
			  is_pointer(d) ? l->insn->dst_reg : l->insn->src_reg);
}

/* A number of which only some paths know that it is one. */
static bool check_mixed(struct legal *l)
{
	bool is_move = ebpf_op(l->insn) == BPF_MOV;
	unsigned reg = l->insn->dst_reg;

	if (is_move && ebpf_class(l->insn) == BPF_ALU64 && !l->insn->off)
		return true;
	if (ebpf_src_is_reg(l->insn) && l->src->kind == VP_CONFLICT)
		reg = l->insn->src_reg;
	else if (is_move || l->dst->kind != VP_CONFLICT)
		return true;
	return nfp_refuse(l->cx, l->why, REASON_NFP_POINTER_CONFLICT, reg);
}

static bool check_alu(struct legal *l)
{
	bool is64 = ebpf_class(l->insn) == BPF_ALU64;
	bool src_is_pointer = ebpf_src_is_reg(l->insn) && is_pointer(l->src);

	if (!check_mixed(l))
		return false;
	switch (ebpf_op(l->insn)) {
	case BPF_MOV:
		/* other widths than those of MOVSX are casts between address spaces */
		return !(l->insn->off & ~(8 | 16 | 32)) ||
		       nfp_refuse(l->cx, l->why, REASON_NFP_OPCODE, l->insn->code);
	case BPF_END:
	case BPF_NEG: return true;
	case BPF_ADD:
	case BPF_SUB:
	case BPF_MUL:
	case BPF_DIV:
	case BPF_MOD:
	case BPF_OR:
	case BPF_AND:
	case BPF_XOR:
	case BPF_LSH:
	case BPF_RSH:
	case BPF_ARSH:
		return !is64 || (!is_pointer(l->dst) && !src_is_pointer) ||
		       check_pointer_alu(l, src_is_pointer);
	default: return nfp_refuse(l->cx, l->why, REASON_NFP_OPCODE, l->insn->code);
	}
}

/* ---- memory ----------------------------------------------------------------------------------------- */

static bool check_map_value(struct legal *l, const struct vp_reg *r, unsigned size)
{
	return nfp_map_swap(l->np, r, l->insn->off, size) != NFP_SWAP_IMPOSSIBLE ||
	       nfp_refuse(l->cx, l->why, REASON_NFP_COUNTER_PART, nfp_map_name_of(l->np, r));
}

/* Loads and stores of anything but the context. */
static bool check_memory(struct legal *l, const struct vp_reg *r, unsigned reg, unsigned size)
{
	switch (r->kind) {
	case VP_PKT: return true;
	case VP_MAP_VALUE: return check_map_value(l, r, size);
	case VP_STACK:
		if (r->object >= 0)
			return true;
		return nfp_refuse(l->cx, l->why, REASON_NFP_STACK_POINTER, reg);
	case VP_PKT_OR_ADDRESS:
	case VP_CONFLICT: return nfp_refuse(l->cx, l->why, REASON_NFP_POINTER_CONFLICT, reg);
	default: return nfp_refuse(l->cx, l->why, REASON_NFP_POINTER_KIND, reg);
	}
}

static bool check_load(struct legal *l)
{
	uint8_t mode = ebpf_mode(l->insn);
	unsigned size = ebpf_size_bytes(l->insn);
	enum nfp_ctx_field f;

	if (mode != BPF_MEM && mode != EBPF_MEMSX)
		return nfp_refuse(l->cx, l->why, REASON_NFP_OPCODE, l->insn->code);
	if (l->src->kind != VP_CTX)
		return check_memory(l, l->src, l->insn->src_reg, size);
	f = nfp_ctx_field(l->np->type, l->insn->off, size);
	if (mode == BPF_MEM && (f == NFP_CTX_DATA || f == NFP_CTX_DATA_END || f == NFP_CTX_LEN))
		return true;
	return nfp_refuse(l->cx, l->why, REASON_NFP_CTX_READ,
			  nfp_ctx_field_name(l->np->type, l->insn->off), (int)l->insn->off);
}

static bool check_ctx_store(struct legal *l, unsigned size)
{
	if (nfp_ctx_field(l->np->type, l->insn->off, size) != NFP_CTX_QUEUE)
		return nfp_refuse(l->cx, l->why, REASON_NFP_CTX_WRITE,
				  nfp_ctx_field_name(l->np->type, l->insn->off), (int)l->insn->off);
	if (!l->np->fw->queue_select)
		return nfp_refuse(l->cx, l->why, REASON_NFP_HELPER_FIRMWARE, l->np->fw->name,
				  "choice of the receive queue");
	return true;
}

static bool check_store(struct legal *l)
{
	unsigned size = ebpf_size_bytes(l->insn);
	bool reg = ebpf_class(l->insn) == BPF_STX;

	if (ebpf_mode(l->insn) != BPF_MEM)
		return nfp_refuse(l->cx, l->why, REASON_NFP_OPCODE, l->insn->code);
	if (l->dst->kind == VP_CTX)
		return check_ctx_store(l, size);
	if (reg && is_pointer(l->src) && l->dst->kind != VP_STACK)
		return nfp_refuse(l->cx, l->why, REASON_NFP_POINTER_LEAK, l->insn->src_reg);
	return check_memory(l, l->dst, l->insn->dst_reg, size);
}

/* Every byte offset that the pointer may have is a multiple of `size`. */
static bool is_aligned(const struct vp_reg *r, int16_t off, unsigned size)
{
	if (r->min_off == r->max_off)
		return (r->min_off + off) % (int64_t)size == 0;
	return !r->off_varies && !((r->var.value | r->var.mask) & (size - 1)) &&
	       (r->off + off) % (int)size == 0;
}

/* The register that gets the old value; -1: none does. */
static int old_value_register(const struct bpf_insn *insn)
{
	if (!(insn->imm & BPF_FETCH))
		return -1;
	return insn->imm == BPF_CMPXCHG ? BPF_REG_0 : insn->src_reg;
}

/* A frame is the context's own, so every operation is plain arithmetic; with numbers, as elsewhere. */
static bool check_stack_atomic(struct legal *l)
{
	int old = old_value_register(l->insn);

	if (l->dst->object < 0)
		return nfp_refuse(l->cx, l->why, REASON_NFP_STACK_POINTER, l->insn->dst_reg);
	if (ebpf_size_bytes(l->insn) < 4)
		return nfp_refuse(l->cx, l->why, REASON_NFP_ATOMIC_OP, (uint32_t)l->insn->imm);
	if (is_pointer(l->src) ||
	    (l->insn->imm == BPF_CMPXCHG && is_pointer(fact_of(l, l->pc, BPF_REG_0))) ||
	    (old >= 0 && fact_of(l, l->pc + 1, (unsigned)old)->kind != VP_NOT_INIT && /* not read */
	     is_pointer(fact_of(l, l->pc + 1, (unsigned)old))))
		return nfp_refuse(l->cx, l->why, REASON_NFP_ATOMIC_TARGET, l->insn->dst_reg);
	return true;
}

static bool check_atomic(struct legal *l)
{
	unsigned size = ebpf_size_bytes(l->insn);

	/* The card knows no order among its memories. */
	if (l->insn->imm == EBPF_LOAD_ACQ || l->insn->imm == EBPF_STORE_REL)
		return nfp_refuse(l->cx, l->why, REASON_NFP_ATOMIC_OP, (uint32_t)l->insn->imm);
	if (l->dst->kind == VP_STACK)
		return check_stack_atomic(l);
	if (l->insn->imm != BPF_ADD || size < 4)
		return nfp_refuse(l->cx, l->why, REASON_NFP_ATOMIC_OP, (uint32_t)l->insn->imm);
	if (l->dst->kind != VP_MAP_VALUE || is_pointer(l->src))
		return nfp_refuse(l->cx, l->why, REASON_NFP_ATOMIC_TARGET, l->insn->dst_reg);
	if (!is_aligned(l->dst, l->insn->off, size))
		return nfp_refuse(l->cx, l->why, REASON_NFP_ATOMIC_ALIGN,
				  nfp_map_name_of(l->np, l->dst), size);
	return true;
}

static bool check_stx(struct legal *l)
{
	return ebpf_mode(l->insn) == BPF_ATOMIC ? check_atomic(l) : check_store(l);
}

/* ---- constants and legacy packet loads ---------------------------------------------------------------- */

static bool check_ld_imm64(struct legal *l)
{
	int32_t map = nfp_ld_imm_map(l->np, l->insn);

	if (l->insn->src_reg == EBPF_IMM_VALUE)
		return true;
	if (l->insn->src_reg == EBPF_IMM_FUNC)
		return nfp_refuse(l->cx, l->why, REASON_NFP_CALLBACK);
	if (map < 0)
		return nfp_refuse(l->cx, l->why, REASON_NFP_LD_IMM, (unsigned)l->insn->src_reg);
	if (l->insn->src_reg == EBPF_IMM_MAP_IDX_VALUE && l->np->maps[map].accessed)
		return nfp_legal_map(l->cx, l->np, (size_t)map, l->why);
	return true;
}

static bool check_ld(struct legal *l)
{
	uint8_t mode = ebpf_mode(l->insn);

	if (ebpf_is_ld_imm64(l->insn))
		return check_ld_imm64(l);
	if ((mode != BPF_ABS && mode != BPF_IND) || ebpf_size_bytes(l->insn) == 8)
		return nfp_refuse(l->cx, l->why, REASON_NFP_OPCODE, l->insn->code);
	if (l->np->type != NFP_PROG_TC)
		return nfp_refuse(l->cx, l->why, REASON_NFP_LD_ABS_TYPE);
	if (mode == BPF_ABS && l->insn->imm < 0)
		return nfp_refuse(l->cx, l->why, REASON_NFP_LD_ABS_NEGATIVE, l->insn->imm);
	return true;
}

/* ---- jumps ----------------------------------------------------------------------------------------------- */

static bool is_zero(const struct vp_reg *r)
{
	return vp_is_const(r) && r->var.value == 0;
}

static bool comparable(const struct vp_reg *a, const struct vp_reg *b)
{
	bool a_address = is_packet(a) || a->kind == VP_ADDRESS;
	bool b_address = is_packet(b) || b->kind == VP_ADDRESS;

	if (a_address && b_address)
		return true;
	return a->kind == b->kind && a->object == b->object && a->object >= 0 &&
	       moves_within_memory(a);
}

/* Addresses differ between card and host: only questions whose answer does not are asked. */
static bool check_cond_jump(struct legal *l)
{
	struct vp_reg imm = { .kind = VP_SCALAR };
	bool reg = ebpf_src_is_reg(l->insn), equality;
	const struct vp_reg *s = reg ? l->src : &imm;
	uint8_t op = ebpf_op(l->insn);

	imm.var.value = (uint64_t)(int64_t)l->insn->imm;
	if (op == BPF_CALL || op == BPF_EXIT || op > BPF_JSLE)
		return nfp_refuse(l->cx, l->why, REASON_NFP_OPCODE, l->insn->code);
	/* The low half of a map value's address may be 0 on the device, that of a packet is never 0. clang tests
	 * that half for NULL because the context's fields are 32 bits wide. */
	equality = (op == BPF_JEQ || op == BPF_JNE) &&
		   (ebpf_class(l->insn) == BPF_JMP || is_packet(l->dst) || is_packet(s));
	if ((!is_pointer(l->dst) && !is_pointer(s)) || comparable(l->dst, s) ||
	    (equality && (is_zero(l->dst) || is_zero(s))) ||
	    vp_fact_at(l->np->vp, l->inst, l->pc)->branch != VP_BRANCH_BOTH)
		return true;
	return nfp_refuse(l->cx, l->why, REASON_NFP_POINTER_COMPARE,
			  is_pointer(l->dst) ? l->insn->dst_reg : l->insn->src_reg);
}

static bool check_jump(struct legal *l)
{
	if (ebpf_is_ja(l->insn))
		return true;
	if (ebpf_is_exit(l->insn))
		return nfp_legal_exit(l->cx, l->np, l->inst, l->pc, l->why);
	if (ebpf_is_call(l->insn))
		return nfp_legal_call(l->cx, l->np, l->inst, l->pc, l->why);
	return check_cond_jump(l);
}

/* ---- all ----------------------------------------------------------------------------------------------------- */

static bool (*const by_class[8])(struct legal *) = {
	[BPF_LD] = check_ld,      [BPF_LDX] = check_load,  [BPF_ST] = check_store,
	[BPF_STX] = check_stx,    [BPF_ALU] = check_alu,   [BPF_JMP] = check_jump,
	[BPF_JMP32] = check_jump, [BPF_ALU64] = check_alu,
};

static const char *place_name(uint8_t kind)
{
	switch (kind) {
	case VP_PKT: return "the packet";
	case VP_CTX: return "the context";
	case VP_STACK: return "the stack";
	case VP_MAP_VALUE:
	case VP_MAP_VALUE_OR_NULL: return "a map value";
	case VP_MAP_PTR: return "a map";
	default: return "kernel memory";
	}
}

/* A jump that goes one way only is not evaluated. */
static bool check_address(struct legal *l, const struct vp_fact *f)
{
	if (!f->address || (ebpf_is_cond_jump(l->insn) && f->branch != VP_BRANCH_BOTH))
		return true;
	return nfp_refuse(l->cx, l->why, REASON_NFP_ADDRESS, place_name(f->address));
}

bool nfp_legal_insn(struct cx *cx, const struct nfp_prog *np, size_t inst, uint32_t pc,
		    struct offload_refusal *why)
{
	const struct bpf_insn *insn = &np->insns[pc].insn;
	const struct vp_fact *f = vp_fact_at(np->vp, inst, pc);
	struct legal l = { .cx = cx, .np = np, .inst = inst, .pc = pc, .insn = insn, .why = why };

	if (insn->dst_reg > 10 || (insn->src_reg > 10 && !ebpf_is_ld_imm64(insn)))
		return nfp_refuse(cx, why, REASON_NFP_OPCODE, insn->code);
	l.dst = &f->regs[insn->dst_reg];
	l.src = insn->src_reg <= 10 ? &f->regs[insn->src_reg] : l.dst;
	return by_class[ebpf_class(insn)](&l) && check_address(&l, f);
}
