/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/host/engines/x86_jit_internal.h"

#include "base/bits.h"

#include <assert.h>
#include <stdlib.h>

/* Assembly is by relaxation: jumps start short, every pass that finds one whose target is too far
 * makes it long for good, and the pass without a change is patched. Lengths only grow, so it ends. */

#define MAY_GOTO_MAX 0x800000 /* BPF_MAX_LOOPS */

const enum x86_reg sim_jit_reg_of[11] = { X86_RAX, X86_RDI, X86_RSI, X86_RDX, X86_RCX, X86_R8,
					  X86_RBX, X86_R13, X86_R14, X86_R15, X86_RBP };

static const enum x86_reg callee_saved[] = { X86_RBX, X86_R13, X86_R14, X86_R15 };

bool sim_jit_refuse(struct jit *j, const char *why)
{
	struct diag_at at = fe_prog_at(j->obj, j->prog, j->pc);
	const struct bpf_insn *insn = &j->prog->insns[j->pc];

	return diag_error(j->cx->diags, &at, REASON_SIM_INSN, insn->code, why);
}

/* ---- functions ------------------------------------------------------------------------------ */

static void emit_prologue(struct jit *j)
{
	x86_push(&j->b, X86_RBP);
	x86_reg_reg(&j->b, X86_MOV, X86_W64, X86_RBP, X86_RSP);
	x86_reg_imm(&j->b, X86_SUB_IMM, X86_W64, X86_RSP, EBPF_MAX_STACK);
	for (size_t i = 0; i < ARRAY_SIZE(callee_saved); i++)
		x86_push(&j->b, callee_saved[i]);
}

static void emit_leave(struct jit *j)
{
	for (size_t i = ARRAY_SIZE(callee_saved); i-- > 0;)
		x86_pop(&j->b, callee_saved[i]);
	x86_reg_reg(&j->b, X86_MOV, X86_W64, X86_RSP, X86_RBP);
	x86_pop(&j->b, X86_RBP);
}

static void emit_epilogue(struct jit *j)
{
	emit_leave(j);
	x86_ret(&j->b);
}

/* ---- memory --------------------------------------------------------------------------------- */

static void emit_load(struct jit *j, const struct bpf_insn *i, enum x86_reg dst, enum x86_reg base)
{
	switch (ebpf_size_bytes(i)) {
	case 1: x86_mem(&j->b, X86_MOVZX8, X86_W32, dst, base, i->off); break;
	case 2: x86_mem(&j->b, X86_MOVZX16, X86_W32, dst, base, i->off); break;
	default: x86_mem(&j->b, X86_MOV_LOAD, mem_width(i), dst, base, i->off); break;
	}
}

static bool emit_ldx(struct jit *j, const struct bpf_insn *i)
{
	enum x86_reg dst = sim_jit_reg_of[i->dst_reg], base = sim_jit_reg_of[i->src_reg];

	if (ebpf_mode(i) == BPF_MEM) {
		emit_load(j, i, dst, base);
		return true;
	}
	if (ebpf_mode(i) != EBPF_MEMSX)
		return sim_jit_refuse(j, "unknown mode of a load");
	switch (ebpf_size_bytes(i)) {
	case 1: x86_mem(&j->b, X86_MOVSX8, X86_W64, dst, base, i->off); return true;
	case 2: x86_mem(&j->b, X86_MOVSX16, X86_W64, dst, base, i->off); return true;
	case 4: x86_mem(&j->b, X86_MOVSXD, X86_W64, dst, base, i->off); return true;
	default: return sim_jit_refuse(j, "sign-extending load of 8 bytes");
	}
}

static bool emit_st(struct jit *j, const struct bpf_insn *i)
{
	enum x86_width w = mem_width(i);

	if (ebpf_mode(i) != BPF_MEM)
		return sim_jit_refuse(j, "unknown mode of a store");
	x86_mem(&j->b, X86_MOV_IMM, w, X86_RAX, sim_jit_reg_of[i->dst_reg], i->off);
	if (w == X86_W8) {
		x86_byte(&j->b, (uint8_t)i->imm);
	} else if (w == X86_W16) {
		x86_byte(&j->b, (uint8_t)i->imm);
		x86_byte(&j->b, (uint8_t)((uint32_t)i->imm >> 8));
	} else {
		x86_imm32(&j->b, i->imm);
	}
	return true;
}

/* and/or/xor that also return the old value: x86 has none, so a compare-and-swap loop. */
static void emit_fetch_loop(struct jit *j, const struct bpf_insn *i, enum x86_op op)
{
	struct x86_buf *b = &j->b;
	enum x86_reg src = sim_jit_reg_of[i->src_reg];
	enum x86_width w = mem_width(i);
	size_t again;

	x86_reg_reg(b, X86_MOV, X86_W64, TMP_BASE, sim_jit_reg_of[i->dst_reg]);
	x86_reg_reg(b, X86_MOV, X86_W64, TMP_SAVE_D, src);
	x86_reg_reg(b, X86_MOV, X86_W64, TMP_SAVE_A, X86_RAX);
	x86_mem(b, X86_MOV_LOAD, w, X86_RAX, TMP_BASE, i->off);
	again = b->len;
	x86_reg_reg(b, X86_MOV, X86_W64, TMP_SRC, X86_RAX);
	x86_reg_reg(b, op, w, TMP_SRC, TMP_SAVE_D);
	x86_lock(b);
	x86_mem(b, X86_CMPXCHG, w, TMP_SRC, TMP_BASE, i->off); /* a failure reloads rax */
	x86_jcc_back(b, X86_CC_NE, again);
	x86_reg_reg(b, X86_MOV, w, TMP_SRC, X86_RAX);
	x86_reg_reg(b, X86_MOV, X86_W64, X86_RAX, TMP_SAVE_A);
	x86_reg_reg(b, X86_MOV, X86_W64, src, TMP_SRC);
}

#define ATOMIC_LOAD_ACQ  0x100 /* in kernels after 6.14; on x86 plain moves */
#define ATOMIC_STORE_REL 0x110

static void emit_locked(struct jit *j, const struct bpf_insn *i, enum x86_op op)
{
	x86_lock(&j->b);
	x86_mem(&j->b, op, mem_width(i), sim_jit_reg_of[i->src_reg], sim_jit_reg_of[i->dst_reg],
		i->off);
}

static bool emit_atomic(struct jit *j, const struct bpf_insn *i)
{
	enum x86_reg dst = sim_jit_reg_of[i->dst_reg], src = sim_jit_reg_of[i->src_reg];
	enum x86_width w = mem_width(i);

	if (i->imm == ATOMIC_LOAD_ACQ) {
		emit_load(j, i, dst, src);
		return true;
	}
	if (i->imm == ATOMIC_STORE_REL) {
		x86_mem(&j->b, X86_MOV, w, src, dst, i->off);
		return true;
	}
	if (w < X86_W32)
		return sim_jit_refuse(j, "atomic on less than 4 bytes");
	switch (i->imm) {
	case BPF_ADD: emit_locked(j, i, X86_ADD); return true;
	case BPF_AND: emit_locked(j, i, X86_AND); return true;
	case BPF_OR: emit_locked(j, i, X86_OR); return true;
	case BPF_XOR: emit_locked(j, i, X86_XOR); return true;
	case BPF_ADD | BPF_FETCH: emit_locked(j, i, X86_XADD); return true;
	case BPF_AND | BPF_FETCH: emit_fetch_loop(j, i, X86_AND); return true;
	case BPF_OR | BPF_FETCH: emit_fetch_loop(j, i, X86_OR); return true;
	case BPF_XOR | BPF_FETCH: emit_fetch_loop(j, i, X86_XOR); return true;
	case BPF_XCHG: x86_mem(&j->b, X86_XCHG, w, src, dst, i->off); return true;
	case BPF_CMPXCHG:
		emit_locked(j, i, X86_CMPXCHG);
		if (w == X86_W32) /* on success x86 leaves rax as it was */
			x86_reg_reg(&j->b, X86_MOV, X86_W32, X86_RAX, X86_RAX);
		return true;
	default: return sim_jit_refuse(j, "unknown atomic operation");
	}
}

static bool emit_stx(struct jit *j, const struct bpf_insn *i)
{
	if (ebpf_mode(i) == BPF_ATOMIC)
		return emit_atomic(j, i);
	if (ebpf_mode(i) != BPF_MEM)
		return sim_jit_refuse(j, "unknown mode of a store");
	x86_mem(&j->b, X86_MOV, mem_width(i), sim_jit_reg_of[i->src_reg],
		sim_jit_reg_of[i->dst_reg], i->off);
	return true;
}

/* ---- constants and legacy packet loads ------------------------------------------------------ */

static bool map_constant(struct jit *j, const struct bpf_insn *i, uint64_t *v)
{
	size_t map = (uint32_t)i[0].imm;

	if (map >= j->layout->n_maps)
		return sim_jit_refuse(j, "reference to a map that the object does not have");
	if (i->src_reg == EBPF_IMM_MAP_IDX) {
		*v = j->layout->map_handle[map];
		return true;
	}
	if (!j->layout->map_value[map])
		return sim_jit_refuse(j, "address of a value in a map without addressable values");
	*v = j->layout->map_value[map] + (uint32_t)i[1].imm;
	return true;
}

/* Address of a subprogram, for a callback: known after layout, so always RIP-relative. */
static bool emit_func_addr(struct jit *j, const struct bpf_insn *i)
{
	int64_t target = (int64_t)j->pc + 1 + i->imm;
	enum x86_reg dst = sim_jit_reg_of[i->dst_reg];
	struct fixup *f;

	if (target < 0 || target >= (int64_t)j->prog->n_insns || !j->is_start[target])
		return sim_jit_refuse(j, "address of something that is not a function");
	x86_byte(&j->b, (uint8_t)(dst >= X86_R8 ? 0x4c : 0x48)); /* lea dst, [rip + disp32] */
	x86_byte(&j->b, 0x8d);
	x86_byte(&j->b, (uint8_t)(0x05 | (dst & 7) << 3));
	f = vec_push(&j->fixups, j->cx->scratch);
	*f = (struct fixup){ j->b.len, (uint32_t)target, j->pc, true };
	x86_imm32(&j->b, 0);
	return true;
}

static bool emit_ld_imm64(struct jit *j, const struct bpf_insn *i)
{
	uint64_t v = (uint32_t)i[0].imm;

	if (j->pc + 1 >= j->prog->n_insns)
		return sim_jit_refuse(j, "second half of a 64-bit constant is missing");
	switch (i->src_reg) {
	case EBPF_IMM_VALUE: v |= (uint64_t)(uint32_t)i[1].imm << 32; break;
	case EBPF_IMM_MAP_IDX:
	case EBPF_IMM_MAP_IDX_VALUE:
		if (!map_constant(j, i, &v))
			return false;
		break;
	case EBPF_IMM_FUNC: return emit_func_addr(j, i);
	case EBPF_IMM_BTF_ID: return sim_jit_refuse(j, "address of a kernel variable");
	default: return sim_jit_refuse(j, "unknown kind of 64-bit constant");
	}
	x86_mov_imm64(&j->b, sim_jit_reg_of[i->dst_reg], v);
	return true;
}

/* A failed load ends the function with 0. R6 holds the context; R1..R5 are lost, as in a call. */
static bool emit_ld_abs_ind(struct jit *j, const struct bpf_insn *i)
{
	struct x86_buf *b = &j->b;
	size_t fine;

	if (ebpf_mode(i) == BPF_IND) {
		x86_reg_reg(b, X86_MOV, X86_W32, X86_RSI, sim_jit_reg_of[i->src_reg]);
		x86_reg_imm(b, X86_ADD_IMM, X86_W32, X86_RSI, i->imm);
	} else {
		x86_mov_imm64(b, X86_RSI, (uint32_t)i->imm);
	}
	x86_reg_reg(b, X86_MOV, X86_W64, X86_RDI, X86_RBX);
	x86_mov_imm64(b, X86_RDX, ebpf_size_bytes(i));
	x86_mov_imm64(b, TMP_SRC, j->layout->skb_load_addr);
	x86_call_reg(b, TMP_SRC);
	x86_reg_reg(b, X86_TEST, X86_W32, X86_RDX, X86_RDX);
	fine = x86_jcc_short(b, X86_CC_E);
	x86_reg_reg(b, X86_XOR, X86_W32, X86_RAX, X86_RAX);
	emit_epilogue(j);
	x86_land(b, fine);
	return true;
}

static bool emit_ld(struct jit *j, const struct bpf_insn *i)
{
	if (ebpf_is_ld_imm64(i))
		return emit_ld_imm64(j, i);
	if ((ebpf_mode(i) == BPF_ABS || ebpf_mode(i) == BPF_IND) && ebpf_size_bytes(i) < 8)
		return emit_ld_abs_ind(j, i);
	return sim_jit_refuse(j, "unknown mode of a load");
}

/* ---- jumps and calls ------------------------------------------------------------------------ */

static const uint8_t jump_cc[16] = {
	/* enum x86_cc by BPF operation nibble; 0: none */
	[BPF_JEQ >> 4] = X86_CC_E,   [BPF_JNE >> 4] = X86_CC_NE,  [BPF_JGT >> 4] = X86_CC_A,
	[BPF_JGE >> 4] = X86_CC_AE,  [BPF_JLT >> 4] = X86_CC_B,   [BPF_JLE >> 4] = X86_CC_BE,
	[BPF_JSGT >> 4] = X86_CC_G,  [BPF_JSGE >> 4] = X86_CC_GE, [BPF_JSLT >> 4] = X86_CC_L,
	[BPF_JSLE >> 4] = X86_CC_LE, [BPF_JSET >> 4] = X86_CC_NE,
};

/* Jcc (cc != 0) or JMP to a BPF instruction. */
static bool emit_jump(struct jit *j, const struct bpf_insn *i, uint8_t cc)
{
	int64_t target = ebpf_jump_target(i, j->pc);
	bool is_long = j->is_long[j->pc];
	struct fixup *f;

	if (target < 0 || target >= (int64_t)j->prog->n_insns)
		return sim_jit_refuse(j, "jump out of the program");
	if (!is_long) {
		x86_byte(&j->b, cc ? (uint8_t)(0x70 | cc) : 0xeb);
	} else if (cc) {
		x86_byte(&j->b, 0x0f);
		x86_byte(&j->b, (uint8_t)(0x80 | cc));
	} else {
		x86_byte(&j->b, 0xe9);
	}
	f = vec_push(&j->fixups, j->cx->scratch);
	*f = (struct fixup){ j->b.len, (uint32_t)target, j->pc, is_long };
	if (is_long)
		x86_imm32(&j->b, 0);
	else
		x86_byte(&j->b, 0);
	return true;
}

static bool emit_cond_jump(struct jit *j, const struct bpf_insn *i)
{
	enum x86_width w = alu_width(i);
	bool test = ebpf_op(i) == BPF_JSET;
	uint8_t cc = jump_cc[ebpf_op(i) >> 4];

	if (!cc)
		return sim_jit_refuse(j, "unknown jump");
	if (ebpf_src_is_reg(i))
		x86_reg_reg(&j->b, test ? X86_TEST : X86_CMP, w, sim_jit_reg_of[i->dst_reg],
			    sim_jit_reg_of[i->src_reg]);
	else
		x86_reg_imm(&j->b, test ? X86_TEST_IMM : X86_CMP_IMM, w, sim_jit_reg_of[i->dst_reg],
			    i->imm);
	return emit_jump(j, i, cc);
}

/* rax: the program that takes this one's place, with its frame and caller; 0: none. */
static void emit_tail_jump(struct jit *j)
{
	size_t none;

	x86_reg_reg(&j->b, X86_TEST, X86_W64, X86_RAX, X86_RAX);
	none = x86_jcc_short(&j->b, X86_CC_E);
	emit_leave(j);
	x86_byte(&j->b, 0xff); /* jmp rax */
	x86_byte(&j->b, 0xe0);
	x86_land(&j->b, none);
}

static bool emit_kfunc(struct jit *j, const struct bpf_insn *i)
{
	uint32_t id = j->layout->kfunc ? j->layout->kfunc(j->layout->priv, i->imm) : 0;

	if (!id)
		return sim_jit_refuse(j, "call of a kernel function");
	x86_reg_imm(&j->b, X86_MOV_IMM, X86_W32, X86_RAX, (int32_t)id);
	x86_mov_imm64(&j->b, TMP_SRC, j->layout->kfunc_gate);
	x86_call_reg(&j->b, TMP_SRC);
	return true;
}

static bool emit_call(struct jit *j, const struct bpf_insn *i)
{
	int64_t target = (int64_t)j->pc + 1 + i->imm;
	struct diag_at at;
	uint64_t addr;

	if (i->src_reg == EBPF_CALL_SUBPROG) {
		if (target < 0 || target >= (int64_t)j->prog->n_insns || !j->is_start[target])
			return sim_jit_refuse(j, "call of something that is not a function");
		x86_byte(&j->b, 0xe8);
		*vec_push(&j->fixups, j->cx->scratch) =
			(struct fixup){ j->b.len, (uint32_t)target, j->pc, true };
		x86_imm32(&j->b, 0);
		return true;
	}
	if (i->src_reg == EBPF_CALL_KFUNC)
		return emit_kfunc(j, i);
	if (i->src_reg != EBPF_CALL_HELPER)
		return sim_jit_refuse(j, "call of an unknown kind");
	addr = j->layout->helper_addr(j->layout->priv, i->imm);
	if (!addr) {
		at = fe_prog_at(j->obj, j->prog, j->pc);
		return diag_error(j->cx->diags, &at, REASON_SIM_HELPER,
				  ebpf_helper_name((uint32_t)i->imm), i->imm);
	}
	x86_mov_imm64(&j->b, TMP_SRC, addr);
	x86_call_reg(&j->b, TMP_SRC);
	if (i->imm == BPF_FUNC_tail_call)
		emit_tail_jump(j);
	return true;
}

/* The kernel's verifier turns it into a counter that runs out in the end. */
static bool emit_may_goto(struct jit *j, const struct bpf_insn *i)
{
	x86_mov_imm64(&j->b, TMP_SRC, j->layout->may_goto_count);
	x86_mem(&j->b, X86_MOV_LOAD, X86_W64, TMP_SAVE_A, TMP_SRC, 0);
	x86_reg_imm(&j->b, X86_ADD_IMM, X86_W64, TMP_SAVE_A, 1);
	x86_mem(&j->b, X86_MOV, X86_W64, TMP_SAVE_A, TMP_SRC, 0);
	x86_reg_imm(&j->b, X86_CMP_IMM, X86_W64, TMP_SAVE_A, MAY_GOTO_MAX);
	return emit_jump(j, i, X86_CC_A);
}

static bool emit_jump_class(struct jit *j, const struct bpf_insn *i)
{
	if (ebpf_is_call(i))
		return emit_call(j, i);
	if (ebpf_is_exit(i)) {
		emit_epilogue(j);
		return true;
	}
	if (ebpf_is_ja(i))
		return emit_jump(j, i, 0);
	if (i->code == EBPF_MAY_GOTO)
		return emit_may_goto(j, i);
	return emit_cond_jump(j, i);
}

/* ---- the whole program ---------------------------------------------------------------------- */

typedef bool emit_fn(struct jit *j, const struct bpf_insn *i);

static emit_fn *const emit_class[8] = {
	[BPF_LD] = emit_ld,
	[BPF_LDX] = emit_ldx,
	[BPF_ST] = emit_st,
	[BPF_STX] = emit_stx,
	[BPF_ALU] = sim_jit_alu,
	[BPF_JMP] = emit_jump_class,
	[BPF_JMP32] = emit_jump_class,
	[BPF_ALU64] = sim_jit_alu,
};

static bool emit_pass(struct jit *j)
{
	const struct fe_prog *prog = j->prog;

	j->b.len = 0;
	j->fixups.len = 0;
	for (j->pc = 0; j->pc < prog->n_insns; j->pc++) {
		const struct bpf_insn *i = &prog->insns[j->pc];

		j->insn_off[j->pc] = (uint32_t)j->b.len;
		if (j->is_start[j->pc])
			emit_prologue(j);
		if (i->dst_reg >= ARRAY_SIZE(sim_jit_reg_of) ||
		    (i->src_reg >= ARRAY_SIZE(sim_jit_reg_of)))
			return sim_jit_refuse(j, "register above r10");
		if (!emit_class[ebpf_class(i)](j, i))
			return false;
		if (ebpf_is_ld_imm64(i))
			j->insn_off[++j->pc] = (uint32_t)j->b.len;
	}
	x86_byte(&j->b, 0xcc); /* a program that runs off its end stops here */
	return true;
}

/* Where a jump to an instruction lands: behind the prologue that a call would run. Only a subprogram's
 * own first instruction is both. */
static int64_t displacement(const struct jit *j, const struct fixup *f, size_t prologue_len,
			    bool is_call)
{
	int64_t target = j->insn_off[f->target];

	if (!is_call && j->is_start[f->target])
		target += (int64_t)prologue_len;
	return target - (int64_t)(f->at + (f->is_long ? 4 : 1));
}

static bool is_call_fixup(const struct jit *j, const struct fixup *f)
{
	const struct bpf_insn *i = &j->prog->insns[f->from];

	return ebpf_is_call(i) || ebpf_is_ld_imm64(i);
}

/* True when every jump reaches; otherwise the short ones that do not are made long. */
static bool patch(struct jit *j, size_t prologue_len)
{
	bool all = true;

	for (size_t n = 0; n < j->fixups.len; n++) {
		const struct fixup *f = &j->fixups.at[n];
		int64_t d = displacement(j, f, prologue_len, is_call_fixup(j, f));

		if (f->is_long) {
			store_le32(j->b.at + f->at, (uint32_t)d);
		} else if (d >= INT8_MIN && d <= INT8_MAX) {
			j->b.at[f->at] = (uint8_t)d;
		} else {
			j->is_long[f->from] = true;
			all = false;
		}
	}
	return all;
}

static size_t measure_prologue(struct jit *j)
{
	size_t len;

	j->b.len = 0;
	emit_prologue(j);
	len = j->b.len;
	j->b.len = 0;
	return len;
}

bool sim_x86_jit(struct cx *cx, const struct fe_object *obj, const struct fe_prog *prog,
		 const struct sim_jit_layout *layout, struct sim_jit_image *out)
{
	struct jit j = { .cx = cx, .obj = obj, .prog = prog, .layout = layout };
	size_t prologue_len;

	assert(prog->n_insns && "the frontend hands over no empty program");
	j.b.arena = cx->scratch;
	j.insn_off = ARENA_ARRAY(cx->arena, uint32_t, prog->n_insns + 1);
	j.is_long = ARENA_ARRAY(cx->scratch, bool, prog->n_insns);
	j.is_start = ARENA_ARRAY(cx->scratch, bool, prog->n_insns);
	j.is_start[0] = true;
	for (size_t s = 0; s < prog->n_subprogs; s++) {
		if (prog->subprogs[s].start < prog->n_insns)
			j.is_start[prog->subprogs[s].start] = true;
	}
	prologue_len = measure_prologue(&j);
	do {
		if (!emit_pass(&j))
			return false;
	} while (!patch(&j, prologue_len));
	out->code = arena_dup(cx->arena, j.b.at, j.b.len);
	out->len = j.b.len;
	out->insn_off = j.insn_off;
	return true;
}
