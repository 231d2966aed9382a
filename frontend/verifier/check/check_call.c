/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/verifier/check/check_call.h"
#include "frontend/verifier/check/check_insn.h"
#include "frontend/verifier/domain/address.h"
#include "frontend/verifier/result/facts.h"
#include "frontend/verifier/state/objects.h"
#include "frontend/verifier/walk/env.h"
#include "frontend/verifier/walk/walk.h"

#include "base/bits.h"
#include "frontend/verifier/contracts/kfuncs.h"

#include <string.h>

/* Calls of helpers: may this program call it, are the arguments right, and what is known of the
 * result and of everything the call may have changed. */

void fe_forget_packet(struct fe_reg *r, void *arg)
{
	(void)arg;
	if (fe_reg_is_packet(r) || r->type == FE_PKT_END) {
		struct fe_address a = fe_packet_address(r);

		fe_reg_unknown(r);
		r->address = a;
	} else if (r->type == FE_MEM && (r->flags & FE_PKT_SLICE)) {
		fe_reg_unknown(r);
	}
}

void fe_clear_packet_pointers(struct fe_env *env)
{
	fe_state_each_reg(env->walk.cur, fe_forget_packet, NULL);
	fe_facts_packet_changes(env);
}

static void forget_ref(struct fe_reg *r, void *arg)
{
	if (fe_reg_is_pointer(r) && r->ref == *(const uint32_t *)arg)
		fe_reg_unknown(r);
}

bool fe_release_ref(struct fe_env *env, uint32_t ref)
{
	if (!fe_state_drop_ref(env->walk.cur, ref))
		return FE_REJECT(env, REASON_REF_UNKNOWN);
	fe_state_each_reg(env->walk.cur, forget_ref, &ref);
	fe_objects_release(env, ref);
	return true;
}

bool fe_licence_is_gpl(const char *l)
{
	static const char *const gpl[] = {
		"GPL",          "GPL v2",       "GPL and additional rights",
		"Dual BSD/GPL", "Dual MIT/GPL", "Dual MPL/GPL"
	};

	for (unsigned i = 0; l && i < ARRAY_SIZE(gpl); i++) {
		if (!strcmp(l, gpl[i]))
			return true;
	}
	return false;
}

static bool may_call(struct fe_env *env, uint32_t id, const struct fe_helper *h)
{
	if (!h)
		return FE_REJECT(env,
				 fe_helper_known(id) ? REASON_HELPER_PROG : REASON_HELPER_UNKNOWN,
				 ebpf_helper_name(id), id);
	if ((h->flags & FE_H_GPL) && !fe_licence_is_gpl(env->obj->license))
		return FE_REJECT(env, REASON_HELPER_GPL, h->name,
				 env->obj->license ? env->obj->license : "");
	if (env->walk.cur->locked && id != BPF_FUNC_spin_unlock)
		return FE_REJECT(env, REASON_LOCK_CALL, h->name);
	return id != BPF_FUNC_tail_call || fe_check_nothing_held(env);
}

/* What a look-up in a map gives. */
static void value_result(struct fe_env *env, const struct fe_call_args *c, struct fe_reg *r0)
{
	const struct fe_map *map =
		c->map_inner ? &env->obj->inner_maps[c->map] : &env->obj->maps[c->map];

	if (map->type == BPF_MAP_TYPE_ARRAY_OF_MAPS || map->type == BPF_MAP_TYPE_HASH_OF_MAPS) {
		fe_reg_pointer(r0, FE_MAP_PTR, map->inner);
		r0->flags = FE_INNER_MAP;
		r0->map_uid = env->walk.id_gen + 1; /* this look-up's map, whichever it is */
	} else if (map->type == BPF_MAP_TYPE_XSKMAP) {
		fe_reg_pointer(r0, FE_XDP_SOCK, -1);
	} else if (map->type == BPF_MAP_TYPE_SOCKMAP || map->type == BPF_MAP_TYPE_SOCKHASH) {
		fe_reg_pointer(r0, FE_SOCKET, -1);
	} else {
		fe_reg_pointer(r0, FE_MAP_VALUE, c->map);
		r0->flags = c->map_inner ? FE_INNER_MAP : 0;
		r0->map_uid = c->map_uid;
	}
}

static void pointer_result(struct fe_env *env, const struct fe_call_args *c, struct fe_reg *r0)
{
	switch (c->h->ret) {
	case FE_RET_VALUE_NULL: value_result(env, c, r0); break;
	case FE_RET_SOCKET_NULL: fe_reg_pointer(r0, FE_SOCKET, -1); break;
	case FE_RET_SOCK_COMMON_NULL: fe_reg_pointer(r0, FE_SOCK_COMMON, -1); break;
	case FE_RET_TCP_SOCK_NULL: fe_reg_pointer(r0, FE_TCP_SOCK, -1); break;
	case FE_RET_RECORD_NULL:
		fe_reg_pointer(r0, FE_MEM, -1);
		r0->mem_size = (uint32_t)c->alloc_size;
		r0->flags = FE_RINGBUF;
		break;
	case FE_RET_MEM_NULL:
	case FE_RET_SLICE_NULL:
	case FE_RET_SLICE_RW_NULL: fe_dynptr_slice(c, r0); break;
	case FE_RET_PERCPU:
	case FE_RET_PERCPU_NULL: fe_percpu_result(env, c, r0); break;
	case FE_RET_CAST_MEMORY:
	case FE_RET_CAST_CTX: fe_cast_result(env, c, r0); return;
	case FE_RET_LOCAL: fe_local_result(env, c, r0); return;
	case FE_RET_BTF_NULL:
		if (c->local.type) {
			fe_local_result(env, c, r0);
			return;
		}
		/* fall through */
	default: fe_reg_pointer(r0, FE_BTF_OBJ, c->gives ? c->gives : (int)fe_helper_gives(c->id));
	}
	if (c->h->ret != FE_RET_BTF && c->h->ret != FE_RET_PERCPU)
		r0->flags |= FE_MAYBE_NULL;
	r0->id = ++env->walk.id_gen;
}

static bool acquires(const struct fe_env *env, const struct fe_call_args *c)
{
	uint32_t type = c->map >= 0 && !c->map_inner ? env->obj->maps[c->map].type : 0;

	return (c->h->flags & FE_H_ACQUIRES) ||
	       (c->id == BPF_FUNC_map_lookup_elem &&
		(type == BPF_MAP_TYPE_SOCKMAP || type == BPF_MAP_TYPE_SOCKHASH));
}

static bool set_result(struct fe_env *env, const struct fe_call_args *c)
{
	struct fe_reg *r0 = fe_reg(env, BPF_REG_0);

	switch (c->h->ret) {
	case FE_RET_NEXT:
	case FE_RET_INT: fe_reg_unknown(r0); return true;
	case FE_RET_VOID: fe_reg_not_init(r0); return true;
	default: pointer_result(env, c, r0);
	}
	if (acquires(env, c)) {
		r0->ref = r0->id;
		if (!fe_state_add_ref(env->walk.cur, r0->id, env->walk.pc))
			return FE_REJECT(env, REASON_REF_TOO_MANY, FE_MAX_REFS);
	} else if (c->h->flags & FE_H_CASTS) {
		r0->ref = c->ref; /* another view of the same socket */
	}
	return true;
}

static unsigned bytes_of_kind(const struct fe_stack_slot *slot, uint32_t first, enum fe_byte kind)
{
	unsigned n = 0;

	while (first + n < 8 && slot->bytes[first + n] == kind)
		n++;
	return n;
}

/* The four bytes of a key on the stack, where they are known: zeroes, or a spilled constant up to its
 * last byte, as the kernel wants it. Of the upper half of a spill of eight bytes that tells the whole
 * constant, too; the key is 0 when that is small. */
static bool constant_key(const struct fe_env *env, const struct fe_reg *key, uint64_t *value)
{
	const struct fe_frame *f = env->walk.cur->frames[key->object];
	uint32_t i = (uint32_t)((-key->off - 1) / 8), first = (uint32_t)key->off & 7;
	const struct fe_stack_slot *slot;

	if (i >= f->n_slots)
		return false;
	slot = &f->slots[i];
	*value = 0;
	if (bytes_of_kind(slot, first, FE_BYTE_ZERO) >= 4)
		return true;
	if (bytes_of_kind(slot, first, FE_BYTE_SPILL) != 4 || slot->spill.type != FE_SCALAR ||
	    !fe_val_is_const(&slot->spill.val))
		return false;
	*value = slot->spill.val.var.value;
	return true;
}

/* The constant key of an array look-up, where it is known to be inside: the result is not null. */
static bool key_in_array(struct fe_env *env, const struct fe_call_args *c)
{
	const struct fe_map *map = c->map >= 0 ? &env->obj->maps[c->map] : NULL;
	const struct fe_reg *key = fe_reg(env, BPF_REG_2);
	uint64_t value;

	if (c->id != BPF_FUNC_map_lookup_elem || c->map_inner || !map ||
	    (map->type != BPF_MAP_TYPE_ARRAY && map->type != BPF_MAP_TYPE_PERCPU_ARRAY) ||
	    map->key_size != 4 || key->type != FE_STACK || !fe_val_is_const(&key->val) ||
	    key->val.var.value || key->off >= 0)
		return false;
	if (!constant_key(env, key, &value) || value >= map->max_entries)
		return false;
	fe_need_slot(env, (uint32_t)key->object, (uint32_t)((-key->off - 1) / 8));
	return true;
}

/* R1 to R5 are gone, R0 is the result. */
bool fe_finish_call(struct fe_env *env, const struct fe_call_args *c)
{
	if (c->release_ref && !fe_release_ref(env, c->release_ref))
		return false;
	for (unsigned r = BPF_REG_1; r <= BPF_REG_5; r++)
		fe_reg_not_init(fe_reg(env, r));
	return set_result(env, c);
}

/* A timer is made for the map that it lies in. */
static bool check_timer_map(struct fe_env *env, const struct fe_call_args *c)
{
	const struct fe_reg *timer = fe_reg(env, BPF_REG_1), *map = fe_reg(env, BPF_REG_2);

	if (timer->object == map->object && timer->map_uid == map->map_uid &&
	    (timer->flags & FE_INNER_MAP) == (map->flags & FE_INNER_MAP))
		return true;
	return FE_REJECT(env, REASON_ARG_KIND, c->h->name, BPF_REG_2, fe_reg_text(env, map),
			 "the map that contains the timer");
}

bool fe_check_call(struct fe_env *env, const struct bpf_insn *insn)
{
	struct fe_call_args c = { .id = (uint32_t)insn->imm, .map = -1, .callback = -1 };
	bool inside;

	if (insn->src_reg == EBPF_CALL_KFUNC)
		return fe_check_kfunc(env, insn);
	c.h = fe_helper(c.id, env->plan.kind);
	if (!may_call(env, c.id, c.h) || !fe_check_args(env, &c))
		return false;
	if (c.id == BPF_FUNC_timer_init && !check_timer_map(env, &c))
		return false;
	if (c.id == BPF_FUNC_tail_call && !fe_check_tail_call(env))
		return false;
	if (c.id == BPF_FUNC_tail_call)
		fe_need(env, BPF_REG_3); /* a known index leads to a known program */
	inside = key_in_array(env, &c);
	if ((c.callback >= 0 && !fe_check_callback(env, &c)) || !fe_finish_call(env, &c))
		return false;
	if (inside)
		fe_reg(env, BPF_REG_0)->flags &= (uint16_t)~FE_MAYBE_NULL;
	if ((c.h->flags & FE_H_MOVES_PKT) || fe_dynptr_moves_packet(&c))
		fe_clear_packet_pointers(env);
	return true;
}
