/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/verifier/check/check_call.h"
#include "frontend/verifier/check/check_insn.h"
#include "frontend/verifier/contracts/btf_fields.h"
#include "frontend/verifier/domain/address.h"
#include "frontend/verifier/result/facts.h"
#include "frontend/verifier/walk/env.h"
#include "frontend/verifier/walk/walk.h"

#include "base/bits.h"
#include "frontend/verifier/contracts/kfuncs.h"

#include <string.h>

/* Loads and stores: the address must point inside something, whatever the unknown parts of offsets
 * are. The stack and structures with fields have files of their own. */

const struct fe_map *fe_map_of(const struct fe_env *env, const struct fe_reg *r)
{
	return r->flags & FE_INNER_MAP ? &env->obj->inner_maps[r->object]
				       : &env->obj->maps[r->object];
}

/* Smallest and largest first byte, checked against what the unknown part may add. */
static bool offsets(struct fe_env *env, const struct fe_reg *r, int64_t off, uint64_t size,
		    uint64_t limit, bool zero_size_ok)
{
	int64_t base = (int64_t)r->off + off;

	if (!size && !zero_size_ok)
		return FE_REJECT(env, REASON_ACCESS_EMPTY, fe_reg_text(env, r));
	/* Arithmetic keeps off and smin within ±2^29, so the sums fit. */
	if (r->val.smin == INT64_MIN || base + r->val.smin < 0)
		return FE_REJECT(env, r->val.smin < 0 ? REASON_ACCESS_MIN : REASON_ACCESS_NEGATIVE,
				 fe_reg_text(env, r), (long long)base);
	if (r->val.umax >= FE_MAX_VAR_OFF)
		return FE_REJECT(env, REASON_ACCESS_UNBOUNDED, fe_reg_text(env, r));
	if ((uint64_t)(base + (int64_t)r->val.umax) + size > limit)
		return FE_REJECT(env, REASON_ACCESS_BOUNDS, fe_reg_text(env, r),
				 (long long)(base + (int64_t)r->val.smin), (unsigned long long)size,
				 (unsigned long long)limit);
	return true;
}

/* A field that only helpers may touch: a spin lock or a timer. */
static bool check_special_fields(struct fe_env *env, const struct fe_reg *r, int64_t off,
				 uint64_t size)
{
	const struct fe_btf_fields *s = fe_btf_fields_of(env, r);
	int64_t lo = r->off + off + r->val.smin, hi = r->off + off + (int64_t)r->val.umax;

	for (unsigned i = 0; i < s->n; i++) {
		if (lo < s->field[i].off + s->field[i].size && s->field[i].off < hi + (int64_t)size)
			return FE_REJECT(env, REASON_MAP_SPECIAL, fe_map_of(env, r)->name,
					 s->field[i].name, (long long)lo);
	}
	return true;
}

static bool check_map_value(struct fe_env *env, const struct fe_reg *r, int64_t off, uint64_t size,
			    bool zero_size_ok, enum fe_access access)
{
	const struct fe_map *map = fe_map_of(env, r);
	uint32_t forbidden = access == FE_WRITE ? BPF_F_RDONLY_PROG : BPF_F_WRONLY_PROG;

	if ((map->flags & forbidden) ||
	    (access == FE_WRITE && (map->kind == FE_MAP_RODATA || map->kind == FE_MAP_KCONFIG)))
		return FE_REJECT(env, REASON_MAP_FORBIDDEN, map->name,
				 access == FE_WRITE ? "written" : "read");
	return offsets(env, r, off, size, map->value_size, zero_size_ok) &&
	       check_special_fields(env, r, off, size);
}

static bool is_untrusted_memory(const struct fe_reg *r)
{
	return r->type == FE_MEM && (r->flags & FE_UNTRUSTED);
}

bool fe_check_region(struct fe_env *env, unsigned regno, int64_t off, uint64_t size,
		     bool zero_size_ok, enum fe_access access)
{
	const struct fe_reg *r = fe_reg(env, regno);

	if (r->flags & FE_MAYBE_NULL)
		return FE_REJECT(env, REASON_MAYBE_NULL, regno, fe_reg_name(r));
	if (access == FE_WRITE && (r->flags & FE_READ_ONLY))
		return FE_REJECT(env, REASON_READ_ONLY, regno, fe_reg_name(r));
	if (is_untrusted_memory(r))
		return FE_REJECT(env, REASON_NOT_MEMORY, regno, fe_reg_text(env, r));
	switch (r->type) {
	case FE_PKT:
	case FE_PKT_META: return fe_check_packet(env, r, off, size, zero_size_ok);
	case FE_MAP_VALUE: return check_map_value(env, r, off, size, zero_size_ok, access);
	case FE_MAP_KEY:
		if (access == FE_WRITE)
			return FE_REJECT(env, REASON_READ_ONLY, regno, fe_reg_name(r));
		return offsets(env, r, off, size, fe_map_of(env, r)->key_size, zero_size_ok);
	case FE_MEM: return offsets(env, r, off, size, r->mem_size, zero_size_ok);
	default: return FE_REJECT(env, REASON_NOT_MEMORY, regno, fe_reg_text(env, r));
	}
}

/* ---- what is loaded ----------------------------------------------------------------------------- */

/* Read-only data is known when the program is loaded. */
static bool load_constant(struct fe_env *env, const struct fe_reg *base,
			  const struct fe_mem_access *m, uint64_t *v)
{
	const struct fe_map *map;
	int64_t off = (int64_t)base->off + m->off;
	const uint8_t *p;

	if (base->type != FE_MAP_VALUE || !fe_val_is_const(&base->val))
		return false;
	map = fe_map_of(env, base);
	if ((map->kind != FE_MAP_RODATA && map->kind != FE_MAP_KCONFIG) || !map->init)
		return false;
	p = map->init + off + base->val.var.value;
	switch (m->size) {
	case 1: *v = m->sign_extend ? (uint64_t)(int8_t)p[0] : p[0]; break;
	case 2: *v = m->sign_extend ? (uint64_t)(int16_t)load_le16(p) : load_le16(p); break;
	case 4: *v = m->sign_extend ? (uint64_t)(int32_t)load_le32(p) : load_le32(p); break;
	default: *v = load_le64(p);
	}
	return true;
}

void fe_loaded_scalar(struct fe_reg *dst, const struct fe_mem_access *m)
{
	fe_reg_unknown(dst);
	if (m->sign_extend)
		fe_val_sign_extend(&dst->val, m->size, true);
	else
		fe_val_truncate(&dst->val, m->size);
}

static bool is_structure(const struct fe_reg *r)
{
	return r->type == FE_CTX || r->type == FE_SOCKET || r->type == FE_SOCK_COMMON ||
	       r->type == FE_TCP_SOCK || r->type == FE_XDP_SOCK;
}

/* The kernel rewrites accesses of structures, so such an instruction sees one type on all paths. */
static bool check_same_type(struct fe_env *env, const struct fe_reg *base)
{
	uint16_t *seen = &env->plan.base_type[env->walk.pc];
	bool fixed = is_structure(base) || base->type == FE_BTF_OBJ;
	bool fault_proof = is_untrusted_memory(base) ||
			   (base->type == FE_LOCAL && (base->flags & FE_UNTRUSTED));
	uint16_t now = fault_proof ? FE_BTF_OBJ : base->type;
	struct fe_reg other = { .type = *seen };

	if (*seen != FE_NOT_INIT && *seen != now &&
	    (fixed || now == FE_BTF_OBJ || is_structure(&other) || other.type == FE_BTF_OBJ))
		return FE_REJECT(env, REASON_TYPE_CHANGES, fe_reg_name(base), fe_reg_name(&other));
	*seen = now;
	return true;
}

/* The one field of a kernel object that packet programs may write. */
static bool is_connection_mark(const struct fe_env *env, const struct fe_reg *base,
			       const struct fe_mem_access *m)
{
	return base->type == FE_BTF_OBJ &&
	       (base->object == FE_OBJ_CONN || base->object == FE_OBJ_CONN_INIT) && base->ref &&
	       env->obj->conn_mark > 0 && m->size == 4 && fe_val_is_const(&base->val) &&
	       base->off + (int64_t)base->val.var.value + m->off == env->obj->conn_mark;
}

bool fe_check_mem(struct fe_env *env, const struct fe_mem_access *m)
{
	const struct fe_reg *base = fe_reg(env, m->base);
	const struct fe_btf_field *f;
	struct fe_reg dst;
	uint64_t v;

	if (base->flags & FE_MAYBE_NULL)
		return FE_REJECT(env, REASON_MAYBE_NULL, m->base, fe_reg_name(base));
	if (!check_same_type(env, base))
		return false;
	if (base->type == FE_STACK)
		return fe_check_stack_access(env, m);
	if (m->access == FE_WRITE && m->value >= 0)
		fe_address_used(env, fe_reg(env, (unsigned)m->value));
	if (is_structure(base)) {
		if (!fe_check_ctx(env, m))
			return false;
		if (m->value >= 0 && m->access == FE_READ &&
		    fe_reg(env, (unsigned)m->value)->type == FE_SCALAR)
			fe_loaded_scalar(fe_reg(env, (unsigned)m->value), m);
		return true;
	}
	if ((base->type == FE_BTF_OBJ || base->type == FE_MAP_PTR || is_untrusted_memory(base)) &&
	    m->access == FE_READ)
		return fe_check_kernel_load(env, m);
	if (base->type == FE_LOCAL)
		return fe_check_local_access(env, m);
	f = base->type == FE_MAP_VALUE ? fe_kptr_field(env, base, m->off, m->size) : NULL;
	if (f)
		return fe_check_kptr_access(env, m, f);
	if (is_connection_mark(env, base, m))
		return true;
	if (!fe_check_region(env, m->base, m->off, m->size, false, m->access))
		return false;
	if (m->access == FE_WRITE || m->value < 0)
		return true;
	if (load_constant(env, base, m, &v))
		fe_reg_const(&dst, v);
	else
		fe_loaded_scalar(&dst, m);
	*fe_reg(env, (unsigned)m->value) = dst;
	return true;
}

bool fe_check_load_store(struct fe_env *env, const struct bpf_insn *insn)
{
	bool load = ebpf_class(insn) == BPF_LDX, imm = ebpf_class(insn) == BPF_ST;
	struct fe_mem_access m = {
		.base = load ? insn->src_reg : insn->dst_reg,
		.off = insn->off,
		.size = ebpf_size_bytes(insn),
		.access = load ? FE_READ : FE_WRITE,
		.value = load  ? insn->dst_reg
			 : imm ? -1
			       : insn->src_reg,
		.sign_extend = load && ebpf_mode(insn) == EBPF_MEMSX,
		.is_imm = imm,
		.imm = insn->imm,
	};

	if (!fe_check_readable(env, m.base))
		return false;
	if (load ? !fe_check_writable(env, insn->dst_reg)
		 : !imm && !fe_check_readable(env, insn->src_reg))
		return false;
	return fe_check_mem(env, &m);
}

/* ---- atomics ------------------------------------------------------------------------------------ */

/* What is read and written in one go. */
static bool check_atomic_place(struct fe_env *env, const struct fe_mem_access *m)
{
	const struct fe_reg *base = fe_reg(env, m->base);
	struct vp_tnum at =
		fe_tnum_add(base->val.var, fe_tnum_const((uint64_t)((int64_t)base->off + m->off)));

	if (fe_reg_is_packet(base) || is_structure(base))
		return FE_REJECT(env, REASON_ATOMIC_TARGET, fe_reg_name(base));
	return base->type == FE_STACK || fe_tnum_aligned(at, m->size) ||
	       FE_REJECT(env, REASON_ATOMIC_ALIGNMENT, fe_reg_text(env, base), m->size);
}

/* Load-acquire and store-release: plain accesses of memory that is aligned. */
static bool check_ordered(struct fe_env *env, const struct bpf_insn *insn)
{
	bool load = insn->imm == EBPF_LOAD_ACQ;
	struct fe_mem_access m = {
		.base = load ? insn->src_reg : insn->dst_reg,
		.off = insn->off,
		.size = ebpf_size_bytes(insn),
		.access = load ? FE_READ : FE_WRITE,
		.value = load ? insn->dst_reg : insn->src_reg,
		.atomic = true,
	};

	return fe_check_readable(env, m.base) &&
	       (load ? fe_check_writable(env, insn->dst_reg)
		     : fe_check_readable(env, insn->src_reg)) &&
	       check_atomic_place(env, &m) && fe_check_mem(env, &m);
}

bool fe_check_atomic(struct fe_env *env, const struct bpf_insn *insn)
{
	const struct fe_reg *base = fe_reg(env, insn->dst_reg);
	bool fetch = insn->imm & BPF_FETCH; /* XCHG and CMPXCHG include the flag */
	int into = !fetch ? -1 : insn->imm == BPF_CMPXCHG ? BPF_REG_0 : insn->src_reg;
	struct fe_mem_access m = {
		.base = insn->dst_reg,
		.off = insn->off,
		.size = ebpf_size_bytes(insn),
		.access = FE_READ,
		.value = -1,
		.atomic = true,
	};

	if (insn->imm == EBPF_LOAD_ACQ || insn->imm == EBPF_STORE_REL)
		return check_ordered(env, insn);
	if (m.size < 4)
		return FE_REJECT(env, REASON_ATOMIC_SIZE, m.size);
	fe_address_used(env, fe_reg(env, insn->src_reg));
	if (insn->imm == BPF_CMPXCHG)
		fe_address_used(env, fe_reg(env, BPF_REG_0));
	if (!fe_check_readable(env, insn->dst_reg) || !fe_check_readable(env, insn->src_reg) ||
	    (insn->imm == BPF_CMPXCHG && !fe_check_readable(env, BPF_REG_0)) ||
	    (into >= 0 && !fe_check_writable(env, (unsigned)into)))
		return false;
	if (base->type == FE_STACK && !fe_val_is_const(&base->val))
		return FE_REJECT(env, REASON_ATOMIC_STACK_OFFSET, fe_reg_text(env, base));
	if (!check_atomic_place(env, &m) || !fe_check_mem(env, &m))
		return false;
	m.value = into;
	if (into >= 0 && !fe_check_mem(env, &m))
		return false;
	m.access = FE_WRITE;
	m.value = -1;
	return fe_check_mem(env, &m);
}

/* ---- constants and packet loads ------------------------------------------------------------------ */

/* The kernel wants to know of a callback, by its BTF, that it is static. */
static bool check_function(struct fe_env *env, const struct bpf_insn *insn)
{
	int32_t subprog = fe_cfg_subprog_at(env->prog, (int64_t)env->walk.pc + 1 + insn->imm);

	if (env->plan.local.refused)
		return fe_reject_types(env);
	return !fe_is_global(env, (uint32_t)subprog) ||
	       FE_REJECT(env, REASON_CALLBACK_GLOBAL, env->prog->subprogs[subprog].name);
}

bool fe_check_ld_imm64(struct fe_env *env, const struct bpf_insn *insn)
{
	struct fe_reg *dst = fe_reg(env, insn->dst_reg);
	uint64_t high = (uint32_t)insn[1].imm;

	if (!fe_check_writable(env, insn->dst_reg))
		return false;
	switch (insn->src_reg) {
	case EBPF_IMM_VALUE: fe_reg_const(dst, high << 32 | (uint32_t)insn->imm); return true;
	case EBPF_IMM_MAP_IDX:
		fe_local_note_map(env, insn->imm);
		fe_reg_pointer(dst, FE_MAP_PTR, insn->imm);
		return true;
	case EBPF_IMM_MAP_IDX_VALUE:
		fe_local_note_map(env, insn->imm);
		fe_reg_pointer(dst, FE_MAP_VALUE, insn->imm);
		dst->off = (int32_t)high;
		return true;
	case EBPF_IMM_FUNC:
		if (!check_function(env, insn))
			return false;
		fe_reg_pointer(dst, FE_FUNC,
			       fe_cfg_subprog_at(env->prog, (int64_t)env->walk.pc + 1 + insn->imm));
		return true;
	case EBPF_IMM_BTF_ID: return fe_check_ksym(env, insn);
	default: return FE_REJECT(env, REASON_IMM_KIND, insn->src_reg);
	}
}

static bool in_callback(const struct fe_state *s)
{
	for (uint32_t k = 0; k < s->n_frames; k++) {
		if (s->frames[k]->kind != FE_FRAME_CALL)
			return true;
	}
	return false;
}

/* Legacy packet loads: R6 is the context, R0 the result in host order; a short packet ends the
 * function with 0, in main the program. */
bool fe_check_ld_abs(struct fe_env *env, const struct bpf_insn *insn)
{
	const struct fe_reg *ctx = fe_reg(env, BPF_REG_6);

	if (env->plan.kind == FE_PROG_XDP)
		return FE_REJECT(env, REASON_LD_ABS_PROG);
	if (in_callback(env->walk.cur))
		return FE_REJECT(env, REASON_LD_ABS_CALLBACK);
	if (env->opts.like_kernel && env->walk.cur->n_frames > 1)
		return FE_REJECT(env, REASON_LD_ABS_FUNCTION);
	if (ctx->type != FE_CTX || ctx->off || !fe_val_is_const(&ctx->val) || ctx->val.var.value)
		return FE_REJECT(env, REASON_LD_ABS_CTX, fe_reg_text(env, ctx));
	if (env->walk.cur->n_refs || env->walk.cur->locked)
		return FE_REJECT(env, REASON_LD_ABS_REF);
	if (!fe_check_nothing_held(env))
		return false;
	if (ebpf_mode(insn) == BPF_IND && !fe_check_readable(env, insn->src_reg))
		return false;
	if (ebpf_mode(insn) == BPF_IND)
		fe_address_used(env, fe_reg(env, insn->src_reg));
	if (!fe_check_failed_load(env))
		return false;
	for (unsigned r = BPF_REG_1; r <= BPF_REG_5; r++)
		fe_reg_not_init(fe_reg(env, r));
	fe_reg_unknown(fe_reg(env, BPF_REG_0));
	return true;
}
