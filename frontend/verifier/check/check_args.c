/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/verifier/check/check_call.h"
#include "frontend/verifier/check/check_insn.h"
#include "frontend/verifier/contracts/btf_fields.h"
#include "frontend/verifier/domain/address.h"
#include "frontend/verifier/result/facts.h"
#include "frontend/verifier/state/objects.h"
#include "frontend/verifier/walk/env.h"
#include "frontend/verifier/walk/walk.h"

#include "frontend/verifier/contracts/kfuncs.h"

#include <string.h>

/* Arguments of helper calls against the kinds of their prototype (helpers.h). */

#define MAX_SIZE_ARG (1u << 29)

bool fe_wrong_kind(struct fe_env *env, const struct fe_call_args *c, unsigned regno,
		   const char *wanted)
{
	return FE_REJECT(env, REASON_ARG_KIND, c->h->name, regno,
			 fe_reg_text(env, fe_reg(env, regno)), wanted);
}

bool fe_no_field(struct fe_env *env, const struct fe_call_args *c, unsigned regno,
		 const char *wanted)
{
	const struct fe_reg *r = fe_reg(env, regno);
	const char *refused = r->type == FE_MAP_VALUE ? fe_btf_fields_of(env, r)->refused : NULL;

	if (!refused)
		return fe_wrong_kind(env, c, regno, wanted);
	return FE_REJECT(env, REASON_MAP_NO_SPECIAL, fe_map_of(env, r)->name,
			 ebpf_map_type_name(fe_map_of(env, r)->type), wanted, refused);
}

static bool has_offset(const struct fe_reg *r)
{
	return r->off || !fe_val_is_const(&r->val) || r->val.var.value;
}

/* Keys and values: the kernel does not take slices there. */
static bool is_map_memory(uint8_t kind)
{
	return kind == FE_ARG_KEY || kind == FE_ARG_VALUE || kind == FE_ARG_VALUE_NULLABLE ||
	       kind == FE_ARG_VALUE_OUT;
}

/* Memory of `size` bytes that the helper reads or writes. */
static bool check_memory(struct fe_env *env, const struct fe_call_args *c, unsigned regno,
			 uint64_t size, bool zero_ok, enum fe_access access)
{
	const struct fe_reg *r = fe_reg(env, regno);

	switch (r->type) {
	case FE_STACK:
		if (!size && !zero_ok)
			return FE_REJECT(env, REASON_ACCESS_EMPTY, fe_reg_text(env, r));
		return fe_check_stack_helper(env, regno, 0, size, access);
	case FE_PKT:
	case FE_PKT_META:
		if (!(c->h->flags & FE_H_PKT_ARGS))
			return FE_REJECT(env, REASON_ARG_PACKET, c->h->name, regno);
		return fe_check_region(env, regno, 0, size, zero_ok, access);
	case FE_MEM:
		if ((r->flags & FE_SLICE) && is_map_memory(c->h->args[regno - 1]))
			return fe_wrong_kind(env, c, regno,
					     "memory that is not a slice of a dynptr");
		return fe_check_region(env, regno, 0, size, zero_ok, access);
	case FE_MAP_VALUE:
	case FE_MAP_KEY: return fe_check_region(env, regno, 0, size, zero_ok, access);
	default: return fe_wrong_kind(env, c, regno, "memory");
	}
}

/* The helper itself copes with null, so the pointer counts as what it is when not null. */
static bool check_nullable(struct fe_env *env, const struct fe_call_args *c, unsigned regno,
			   uint64_t size, bool zero_ok, enum fe_access access)
{
	struct fe_reg *r = fe_reg(env, regno);
	uint16_t flags = r->flags;
	bool ok;

	if (fe_reg_is_null(r))
		return size == 0 || fe_wrong_kind(env, c, regno, "memory (null requires size 0)");
	r->flags &= (uint16_t)~FE_MAYBE_NULL;
	ok = check_memory(env, c, regno, size, zero_ok, access);
	r->flags = flags;
	return ok;
}

static bool reads(uint8_t kind)
{
	return kind == FE_ARG_MEM_IN || kind == FE_ARG_MEM_IN_NULL || kind == FE_ARG_MEM_INOUT ||
	       kind == FE_ARG_BUFFER;
}

static bool writes(uint8_t kind)
{
	return kind == FE_ARG_MEM_OUT || kind == FE_ARG_MEM_OUT_NULL || kind == FE_ARG_MEM_INOUT ||
	       kind == FE_ARG_BUFFER;
}

/* The size in `regno` goes with the memory in the register before. */
static bool check_sized_memory(struct fe_env *env, const struct fe_call_args *c, unsigned regno,
			       bool zero_ok)
{
	const struct fe_reg *size = fe_reg(env, regno);
	uint8_t kind = c->h->args[regno - 2];
	bool nullable =
		kind == FE_ARG_MEM_IN_NULL || kind == FE_ARG_MEM_OUT_NULL || kind == FE_ARG_BUFFER;
	uint64_t most = size->val.umax;

	if (size->type != FE_SCALAR)
		return fe_wrong_kind(env, c, regno, "a size");
	if (size->val.smin < 0)
		return FE_REJECT(env, REASON_SIZE_NEGATIVE, c->h->name, regno,
				 fe_reg_text(env, size));
	if (!size->val.umin && !zero_ok)
		return FE_REJECT(env, REASON_SIZE_ZERO, c->h->name, regno, fe_reg_text(env, size));
	if (most >= MAX_SIZE_ARG)
		return FE_REJECT(env, REASON_SIZE_UNBOUNDED, c->h->name, regno,
				 fe_reg_text(env, size));
	for (enum fe_access a = FE_READ; a <= FE_WRITE; a++) {
		if (a == FE_READ ? !reads(kind) : !writes(kind))
			continue;
		if (nullable ? !check_nullable(env, c, regno - 1, most, zero_ok, a)
			     : !check_memory(env, c, regno - 1, most, zero_ok, a))
			return false;
	}
	return true;
}

/* Size of the memory that a slice has, and of its buffer, when there is one. */
static bool check_slice_size(struct fe_env *env, struct fe_call_args *c, unsigned regno)
{
	const struct fe_reg *size = fe_reg(env, regno);

	if (!fe_reg_is_null(fe_reg(env, regno - 1)) && !check_sized_memory(env, c, regno, true))
		return false;
	if (size->type != FE_SCALAR || !fe_val_is_const(&size->val))
		return fe_wrong_kind(env, c, regno, "a constant size");
	c->alloc_size = size->val.var.value;
	return true;
}

static const struct fe_map *arg_map(const struct fe_env *env, const struct fe_call_args *c)
{
	return c->map_inner ? &env->obj->inner_maps[c->map] : &env->obj->maps[c->map];
}

static bool check_map(struct fe_env *env, struct fe_call_args *c, unsigned regno)
{
	const struct fe_reg *r = fe_reg(env, regno);
	const struct fe_map *map;
	uint32_t forbidden = 0;

	if (r->type != FE_MAP_PTR || (r->flags & FE_MAYBE_NULL) || has_offset(r))
		return fe_wrong_kind(env, c, regno, "a map");
	c->map = r->object;
	c->map_inner = r->flags & FE_INNER_MAP;
	c->map_uid = r->map_uid;
	map = arg_map(env, c);
	if ((map->type == BPF_MAP_TYPE_ARRAY_OF_MAPS || map->type == BPF_MAP_TYPE_HASH_OF_MAPS) &&
	    (map->inner < 0 || (size_t)map->inner >= env->obj->n_inner_maps))
		return FE_REJECT(env, REASON_MAP_INNER, map->name);
	if (!fe_helper_takes_map(c->id, map->type))
		return FE_REJECT(env, REASON_MAP_HELPER, c->h->name, map->name,
				 ebpf_map_type_name(map->type));
	if (c->id == BPF_FUNC_map_update_elem || c->id == BPF_FUNC_map_delete_elem ||
	    c->id == BPF_FUNC_map_push_elem || c->id == BPF_FUNC_map_pop_elem)
		forbidden = BPF_F_RDONLY_PROG;
	if (map->flags & forbidden)
		return FE_REJECT(env, REASON_MAP_FORBIDDEN, map->name, "written");
	return true;
}

static bool is_socket(const struct fe_reg *r)
{
	return r->type == FE_SOCK_COMMON || r->type == FE_SOCKET || r->type == FE_TCP_SOCK ||
	       (r->type == FE_BTF_OBJ && !(r->flags & FE_UNTRUSTED) &&
		fe_object_type((enum fe_object_kind)r->object)->socket);
}

static bool check_socket(struct fe_env *env, struct fe_call_args *c, unsigned regno, bool release)
{
	const struct fe_reg *r = fe_reg(env, regno);

	if (!is_socket(r) || (r->flags & FE_MAYBE_NULL) || has_offset(r))
		return fe_wrong_kind(env, c, regno, "a socket that is not null");
	if (release && !r->ref)
		return FE_REJECT(env, REASON_REF_NOT_OWNED, c->h->name, regno);
	c->ref = r->ref;
	if (release)
		c->release_ref = r->ref;
	return true;
}

/* Requests and sockets in time-wait are shorter, and what is only known as a socket may be one. */
static bool check_full_socket(struct fe_env *env, struct fe_call_args *c, unsigned regno)
{
	const struct fe_reg *r = fe_reg(env, regno);

	if (r->type == FE_SOCK_COMMON || (r->type == FE_BTF_OBJ && (r->object == FE_OBJ_TW_SOCK ||
								    r->object == FE_OBJ_REQ_SOCK)))
		return fe_wrong_kind(env, c, regno, "a full socket");
	return check_socket(env, c, regno, false);
}

static bool check_record(struct fe_env *env, struct fe_call_args *c, unsigned regno)
{
	const struct fe_reg *r = fe_reg(env, regno);

	if (r->type != FE_MEM || !(r->flags & FE_RINGBUF) || (r->flags & FE_MAYBE_NULL) ||
	    has_offset(r))
		return fe_wrong_kind(env, c, regno, "the start of a reserved ring buffer record");
	if (!r->ref)
		return FE_REJECT(env, REASON_REF_NOT_OWNED, c->h->name, regno);
	c->release_ref = r->ref;
	return true;
}

/* Objects of kernel functions. What is acquired there is handed on only while it is held. */
static bool check_object(struct fe_env *env, struct fe_call_args *c, unsigned regno, uint8_t kind)
{
	static const struct {
		uint8_t kind, object;
		bool release;
		const char *what;
	} rows[] = {
		{ FE_ARG_CONN, FE_OBJ_CONN, false, "a connection (nf_conn)" },
		{ FE_ARG_CONN_INIT, FE_OBJ_CONN_INIT, false, "a new connection (nf_conn___init)" },
		{ FE_ARG_CONN_RELEASE, FE_OBJ_CONN, true, "a connection (nf_conn)" },
		{ FE_ARG_CONN_INIT_RELEASE, FE_OBJ_CONN_INIT, true,
		  "a new connection (nf_conn___init)" },
		{ FE_ARG_XFRM_RELEASE, FE_OBJ_XFRM_STATE, true, "a state (xfrm_state)" },
		{ FE_ARG_TASK_RELEASE, FE_OBJ_TASK, true, "a task (task_struct)" },
		{ FE_ARG_CGROUP_RELEASE, FE_OBJ_CGROUP, true, "a control group (cgroup)" },
		{ FE_ARG_KEY_RELEASE, FE_OBJ_KEY, true, "a key (bpf_key)" },
	};
	const struct fe_reg *r = fe_reg(env, regno);
	size_t i = 0;

	while (rows[i].kind != kind)
		i++;
	if (r->type != FE_BTF_OBJ || r->object != rows[i].object ||
	    (r->flags & (FE_MAYBE_NULL | FE_UNTRUSTED)) || has_offset(r))
		return fe_wrong_kind(env, c, regno, rows[i].what);
	if (!r->ref)
		return FE_REJECT(env, REASON_REF_NOT_OWNED, c->h->name, regno);
	if (rows[i].release)
		c->release_ref = r->ref;
	return true;
}

/* Objects that are there while the call lasts, whether the program holds a reference or not. */
static bool check_present(struct fe_env *env, const struct fe_call_args *c, unsigned regno,
			  enum fe_object_kind kind)
{
	const struct fe_reg *r = fe_reg(env, regno);

	return (r->type == FE_BTF_OBJ && r->object == (int32_t)kind &&
		!(r->flags & (FE_MAYBE_NULL | FE_UNTRUSTED)) && !has_offset(r)) ||
	       fe_wrong_kind(env, c, regno, fe_object_type(kind)->name);
}

/* A map value pointer to a field of the given type. */
static bool check_special(struct fe_env *env, struct fe_call_args *c, unsigned regno,
			  const char *type)
{
	const struct fe_reg *r = fe_reg(env, regno);

	if (r->type != FE_MAP_VALUE || (r->flags & FE_MAYBE_NULL) || !fe_val_is_const(&r->val))
		return fe_wrong_kind(env, c, regno, type);
	if (fe_btf_field_at(env, r, type))
		return true;
	return fe_no_field(env, c, regno, type);
}

/* An object that is owned has a lock here. */
static bool is_local_lock(const struct fe_env *env, const struct fe_reg *r)
{
	return r->type == FE_LOCAL && !r->flags && r->ref && fe_val_is_const(&r->val) &&
	       !r->val.var.value && fe_btf_field_at(env, r, "bpf_spin_lock");
}

static bool check_lock(struct fe_env *env, struct fe_call_args *c, unsigned regno)
{
	const struct fe_reg *r = fe_reg(env, regno);
	struct fe_state *s = env->walk.cur;
	uint32_t of = r->type == FE_LOCAL ? FE_LOCK_LOCAL : (uint32_t)r->object;

	if (fe_in_graph_callback(s))
		return FE_REJECT(env, REASON_GRAPH_CALLBACK, c->h->name);
	if (!is_local_lock(env, r) && !check_special(env, c, regno, "bpf_spin_lock"))
		return false;
	if (c->id == BPF_FUNC_spin_lock) {
		if (s->locked)
			return FE_REJECT(env, REASON_LOCK_TWICE);
		s->locked = true;
		s->lock_id = r->id;
		s->lock_map = of;
		return true;
	}
	if (!s->locked || s->lock_id != r->id || s->lock_map != of)
		return FE_REJECT(env, REASON_LOCK_NOT_HELD);
	fe_drop_not_owning(env);
	s->locked = false;
	s->lock_id = s->lock_map = 0;
	return true;
}

static bool check_string(struct fe_env *env, struct fe_call_args *c, unsigned regno)
{
	const struct fe_reg *r = fe_reg(env, regno);
	const struct fe_map *map;
	int64_t off;

	if (r->type != FE_MAP_VALUE || (r->flags & FE_MAYBE_NULL) || !fe_val_is_const(&r->val))
		return fe_wrong_kind(env, c, regno, "a constant string");
	map = fe_map_of(env, r);
	off = r->off + (int64_t)r->val.var.value;
	if (map->kind != FE_MAP_RODATA || !map->init || off < 0 || off >= map->value_size ||
	    !memchr(map->init + off, 0, map->value_size - (size_t)off))
		return fe_wrong_kind(env, c, regno, "a constant string");
	return true;
}

static bool check_alloc_size(struct fe_env *env, struct fe_call_args *c, unsigned regno)
{
	const struct fe_reg *r = fe_reg(env, regno);

	if (r->type != FE_SCALAR || !fe_val_is_const(&r->val))
		return fe_wrong_kind(env, c, regno, "a constant size");
	/* As the kernel: more than there can be gives null when run. */
	c->alloc_size = (uint32_t)r->val.var.value;
	return true;
}

static bool check_ctx_arg(struct fe_env *env, const struct fe_call_args *c, unsigned regno)
{
	const struct fe_reg *r = fe_reg(env, regno);

	return (r->type == FE_CTX && !has_offset(r)) || fe_wrong_kind(env, c, regno, "the context");
}

/* Kinds that hand the program's own values through. */
static bool check_plain(struct fe_env *env, struct fe_call_args *c, unsigned regno, uint8_t kind)
{
	const struct fe_reg *r = fe_reg(env, regno);

	switch (kind) {
	case FE_ARG_CTX: return check_ctx_arg(env, c, regno);
	case FE_ARG_CTX_NULL: return fe_reg_is_null(r) || check_ctx_arg(env, c, regno);
	case FE_ARG_MAP: return check_map(env, c, regno);
	case FE_ARG_NUMBER: return r->type == FE_SCALAR || fe_wrong_kind(env, c, regno, "a scalar");
	case FE_ARG_ALLOC_SIZE: return check_alloc_size(env, c, regno);
	case FE_ARG_STRING: return check_string(env, c, regno);
	case FE_ARG_FUNC:
		c->callback = r->object;
		return (r->type == FE_FUNC && !has_offset(r)) ||
		       fe_wrong_kind(env, c, regno, "a function");
	case FE_ARG_CALLBACK_CTX:
		c->callback_arg = regno;
		return fe_reg_is_null(r) || r->type == FE_STACK ||
		       fe_wrong_kind(env, c, regno, "a stack pointer or null");
	default: return true; /* any value; memory waits for its size */
	}
}

/* A number that the helper stores in one go: aligned, wherever it is. */
static bool check_result_memory(struct fe_env *env, const struct fe_call_args *c, unsigned regno,
				unsigned size)
{
	const struct fe_reg *r = fe_reg(env, regno);
	struct vp_tnum at = fe_tnum_add(r->val.var, fe_tnum_const((uint64_t)(int64_t)r->off));

	if (!check_memory(env, c, regno, size, false, FE_WRITE))
		return false;
	if (!fe_tnum_aligned(at, size))
		return FE_REJECT(env, REASON_ARG_ALIGNMENT, c->h->name, regno, size,
				 fe_reg_text(env, r));
	return true;
}

static bool check_inout(struct fe_env *env, const struct fe_call_args *c, unsigned regno,
			unsigned size)
{
	return check_memory(env, c, regno, size, false, FE_READ) &&
	       check_memory(env, c, regno, size, false, FE_WRITE);
}

/* Kinds that point at memory of a size given by the map or by the kind. */
static bool check_fixed_memory(struct fe_env *env, struct fe_call_args *c, unsigned regno,
			       uint8_t kind)
{
	const struct fe_map *map = c->map >= 0 ? arg_map(env, c) : NULL;

	switch (kind) {
	case FE_ARG_KEY: return check_memory(env, c, regno, map->key_size, false, FE_READ);
	case FE_ARG_VALUE:
		if (map->type == BPF_MAP_TYPE_SOCKMAP || map->type == BPF_MAP_TYPE_SOCKHASH)
			return check_socket(env, c, regno, false);
		return check_memory(env, c, regno, map->value_size, false, FE_READ);
	case FE_ARG_VALUE_NULLABLE:
		return fe_reg_is_null(fe_reg(env, regno)) ||
		       check_nullable(env, c, regno, map->value_size, false, FE_READ);
	case FE_ARG_VALUE_OUT: return check_memory(env, c, regno, map->value_size, false, FE_WRITE);
	case FE_ARG_INOUT_2: return check_inout(env, c, regno, 2);
	case FE_ARG_INOUT_4: return check_inout(env, c, regno, 4);
	case FE_ARG_INOUT_8: return check_inout(env, c, regno, 8);
	case FE_ARG_INOUT_16: return check_inout(env, c, regno, 16);
	case FE_ARG_INOUT_64: return check_inout(env, c, regno, 64);
	case FE_ARG_IN_20: return check_memory(env, c, regno, 20, false, FE_READ);
	case FE_ARG_IN_40: return check_memory(env, c, regno, 40, false, FE_READ);
	case FE_ARG_OUT_4: return check_result_memory(env, c, regno, 4);
	default: return check_result_memory(env, c, regno, 8);
	}
}

static bool check_arg(struct fe_env *env, struct fe_call_args *c, unsigned regno)
{
	uint8_t kind = c->h->args[regno - 1];

	if (kind == FE_ARG_IGNORED)
		return true;
	if (!fe_check_readable(env, regno))
		return false;
	if (kind != FE_ARG_ANY && kind != FE_ARG_NUMBER)
		fe_need(env, regno); /* sizes, and null where a pointer could be */
	switch (kind) {
	case FE_ARG_KEY:
	case FE_ARG_VALUE:
	case FE_ARG_VALUE_NULLABLE:
	case FE_ARG_VALUE_OUT:
	case FE_ARG_IN_20:
	case FE_ARG_IN_40:
	case FE_ARG_OUT_4:
	case FE_ARG_OUT_8:
	case FE_ARG_INOUT_2:
	case FE_ARG_INOUT_4:
	case FE_ARG_INOUT_8:
	case FE_ARG_INOUT_16:
	case FE_ARG_INOUT_64: return check_fixed_memory(env, c, regno, kind);
	case FE_ARG_CONN:
	case FE_ARG_CONN_INIT:
	case FE_ARG_CONN_RELEASE:
	case FE_ARG_CONN_INIT_RELEASE:
	case FE_ARG_TASK_RELEASE:
	case FE_ARG_CGROUP_RELEASE:
	case FE_ARG_KEY_RELEASE:
	case FE_ARG_XFRM_RELEASE: return check_object(env, c, regno, kind);
	case FE_ARG_TASK: return check_present(env, c, regno, FE_OBJ_TASK);
	case FE_ARG_CGROUP: return check_present(env, c, regno, FE_OBJ_CGROUP);
	case FE_ARG_CRYPTO: return check_present(env, c, regno, FE_OBJ_CRYPTO);
	case FE_ARG_KPTR: return fe_check_kptr_arg(env, c, regno);
	case FE_ARG_KPTR_NEW: return fe_check_kptr_new(env, c, regno);
	case FE_ARG_SIZE: return check_sized_memory(env, c, regno, false);
	case FE_ARG_SIZE0: return check_sized_memory(env, c, regno, true);
	case FE_ARG_RECORD: return check_record(env, c, regno);
	case FE_ARG_FULL_SOCK: return check_full_socket(env, c, regno);
	case FE_ARG_SOCK: return check_socket(env, c, regno, false);
	case FE_ARG_SOCK_RELEASE: return check_socket(env, c, regno, true);
	case FE_ARG_LOCK: return check_lock(env, c, regno);
	case FE_ARG_TIMER: return check_special(env, c, regno, "bpf_timer");
	case FE_ARG_TYPE: return fe_check_type_arg(env, c, regno);
	case FE_ARG_SIZE_OF_SLICE: return check_slice_size(env, c, regno);
	case FE_ARG_DYNPTR:
	case FE_ARG_DYNPTR_NULL:
	case FE_ARG_DYNPTR_RELEASE:
	case FE_ARG_NEW_LOCAL:
	case FE_ARG_NEW_RINGBUF:
	case FE_ARG_NEW_SKB:
	case FE_ARG_NEW_SKB_META:
	case FE_ARG_NEW_XDP:
	case FE_ARG_NEW_CLONE: return fe_check_dynptr_arg(env, c, regno, kind);
	case FE_ARG_ITER_NEW:
	case FE_ARG_ITER:
	case FE_ARG_ITER_RELEASE:
	case FE_ARG_BITS_NEW:
	case FE_ARG_BITS:
	case FE_ARG_BITS_RELEASE: return fe_check_iter_arg(env, c, regno, kind);
	case FE_ARG_PERCPU: return fe_check_percpu_arg(env, c, regno);
	case FE_ARG_LOCAL_TYPE:
	case FE_ARG_PERCPU_TYPE:
	case FE_ARG_LOCAL_RELEASE:
	case FE_ARG_PERCPU_RELEASE:
	case FE_ARG_COUNTED: return fe_check_local_arg(env, c, regno, kind);
	case FE_ARG_LIST_HEAD:
	case FE_ARG_RB_ROOT:
	case FE_ARG_LIST_NODE:
	case FE_ARG_RB_NODE_NEW:
	case FE_ARG_RB_NODE: return fe_check_graph_arg(env, c, regno, kind);
	default: return check_plain(env, c, regno, kind);
	}
}

bool fe_check_args(struct fe_env *env, struct fe_call_args *c)
{
	for (unsigned regno = 1; regno <= 5; regno++) {
		if (c->h->args[regno - 1] == FE_ARG__)
			break;
		if (!check_arg(env, c, regno))
			return false;
		if (fe_reg(env, regno)->type == FE_SCALAR || c->h->args[regno - 1] == FE_ARG_ANY)
			fe_address_used(env, fe_reg(env, regno));
	}
	return true;
}
