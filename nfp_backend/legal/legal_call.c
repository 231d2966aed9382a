/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/legal/legal.h"

#include "base/bits.h"

/* Legality of calls: helpers that the firmware or generated code implements, and their
 * arguments. */

struct call {
	struct cx *cx;
	const struct nfp_prog *np;
	const struct vp_fact *f;
	struct offload_refusal *why;
};

static const struct fe_map *map_of(const struct call *c, unsigned reg)
{
	const struct vp_reg *r = &c->f->regs[reg];

	if (r->kind != VP_MAP_PTR || r->object < 0 || (size_t)r->object >= c->np->vp->obj->n_maps)
		return NULL;
	return &c->np->vp->obj->maps[r->object];
}

/* Counters in a value that is passed on are swapped: whole words only. */
static bool check_words(const struct call *c, const struct vp_reg *r, uint32_t bytes)
{
	for (uint32_t at = 0; at < bytes; at += 4) {
		uint32_t size = bytes - at < 4 ? bytes - at : 4;

		if (nfp_map_swap(c->np, r, at, size) == NFP_SWAP_IMPOSSIBLE)
			return nfp_refuse(c->cx, c->why, REASON_NFP_COUNTER_PART,
					  nfp_map_name_of(c->np, r));
	}
	return true;
}

/* Memory that is read by value, word by word. */
static bool check_bytes(const struct call *c, unsigned reg, uint32_t bytes)
{
	const struct vp_reg *r = &c->f->regs[reg];

	if (bytes > NFP_MAX_ARG_BYTES)
		return nfp_refuse(c->cx, c->why, REASON_NFP_ARG_SIZE, bytes, NFP_MAX_ARG_BYTES);
	switch (r->kind) {
	case VP_PKT: return true;
	case VP_STACK:
		return r->object >= 0 || nfp_refuse(c->cx, c->why, REASON_NFP_STACK_POINTER, reg);
	case VP_MAP_VALUE: return check_words(c, r, bytes);
	case VP_CONFLICT: return nfp_refuse(c->cx, c->why, REASON_NFP_POINTER_CONFLICT, reg);
	default: return nfp_refuse(c->cx, c->why, REASON_NFP_POINTER_KIND, reg);
	}
}

static bool check_key(const struct call *c)
{
	const struct fe_map *map = map_of(c, 1);

	if (!map)
		return nfp_refuse(c->cx, c->why, REASON_NFP_MAP_ARG, 1u);
	if (map->type == BPF_MAP_TYPE_PERF_EVENT_ARRAY)
		return nfp_refuse(c->cx, c->why, REASON_NFP_MAP_TYPE, map->name,
				  ebpf_map_type_name(map->type));
	return nfp_legal_map(c->cx, c->np, (size_t)c->f->regs[1].object, c->why) &&
	       check_bytes(c, 2, map->key_size);
}

static bool check_update(const struct call *c)
{
	return check_key(c) && check_bytes(c, 3, map_of(c, 1)->value_size);
}

static bool check_nothing(const struct call *c)
{
	(void)c;
	return true;
}

/* The firmware moves the packet but no metadata before it. */
static bool check_adjust_head(const struct call *c)
{
	if (c->np->fw->adjust_head.flags & NFP_ADJUST_HEAD_NO_META)
		return true;
	return nfp_refuse(c->cx, c->why, REASON_NFP_HELPER_FIRMWARE, c->np->fw->name,
			  "adjust_head without metadata");
}

/* Only shrinks: the device has no room after a packet. */
static bool check_adjust_tail(const struct call *c)
{
	const struct vp_reg *delta = &c->f->regs[2];

	if (delta->s32_min > 0)
		return nfp_refuse(c->cx, c->why, REASON_NFP_TAIL_GROWS);
	return true;
}

static uint32_t perf_bytes(const struct vp_reg *size)
{
	return size->umax > UINT32_MAX ? UINT32_MAX : (uint32_t)size->umax;
}

static bool check_perf_event(const struct call *c)
{
	const struct vp_reg *flags = &c->f->regs[3], *data = &c->f->regs[4], *size = &c->f->regs[5];
	const struct fe_map *map = map_of(c, 2);

	if (!map)
		return nfp_refuse(c->cx, c->why, REASON_NFP_MAP_ARG, 2u);
	if (c->f->regs[1].kind != VP_CTX || map->type != BPF_MAP_TYPE_PERF_EVENT_ARRAY)
		return nfp_refuse(c->cx, c->why, REASON_NFP_PERF_DATA);
	if ((uint32_t)flags->var.mask || (uint32_t)flags->var.value != (uint32_t)BPF_F_CURRENT_CPU)
		return nfp_refuse(c->cx, c->why, REASON_NFP_PERF_FLAGS);
	if (data->kind == VP_STACK && !vp_is_const(size))
		return nfp_refuse(c->cx, c->why, REASON_NFP_PERF_SIZE);
	if (data->kind == VP_SCALAR && vp_is_const(data) && data->var.value == 0)
		return true;
	if (data->kind == VP_PKT)
		return true;
	if (data->kind == VP_MAP_VALUE) /* the firmware reads it as it is */
		return nfp_map_swap(c->np, data, 0, perf_bytes(size)) == NFP_SWAP_NO ||
		       nfp_refuse(c->cx, c->why, REASON_NFP_COUNTER_PART,
				  nfp_map_name_of(c->np, data));
	if (data->kind == VP_STACK)
		return check_bytes(c, 4, perf_bytes(size));
	return nfp_refuse(c->cx, c->why, REASON_NFP_PERF_DATA);
}

/* ---- what the firmware offers -------------------------------------------------------------------------- */

static bool has_lookup(const struct nfp_firmware *fw)
{
	return fw->helper_addr.map_lookup;
}

static bool has_update(const struct nfp_firmware *fw)
{
	return fw->helper_addr.map_update;
}

static bool has_delete(const struct nfp_firmware *fw)
{
	return fw->helper_addr.map_delete;
}

static bool has_perf_event(const struct nfp_firmware *fw)
{
	return fw->helper_addr.perf_event_output;
}

static bool has_random(const struct nfp_firmware *fw)
{
	return fw->random;
}

static bool has_adjust_head(const struct nfp_firmware *fw)
{
	return fw->adjust_head.present;
}

static bool has_adjust_tail(const struct nfp_firmware *fw)
{
	return fw->adjust_tail;
}

static const struct helper {
	uint32_t id;
	bool (*offered)(const struct nfp_firmware *);
	bool (*check)(const struct call *);
} helpers[] = {
	{ NFP_HELPER_MAP_LOOKUP, has_lookup, check_key },
	{ NFP_HELPER_MAP_UPDATE, has_update, check_update },
	{ NFP_HELPER_MAP_DELETE, has_delete, check_key },
	{ NFP_HELPER_PRANDOM, has_random, check_nothing },
	{ NFP_HELPER_PERF_EVENT, has_perf_event, check_perf_event },
	{ NFP_HELPER_ADJUST_HEAD, has_adjust_head, check_adjust_head },
	{ NFP_HELPER_ADJUST_TAIL, has_adjust_tail, check_adjust_tail },
};

static bool check_helper(const struct call *c, uint32_t id)
{
	for (size_t i = 0; i < ARRAY_SIZE(helpers); i++) {
		if (helpers[i].id != id)
			continue;
		if (!helpers[i].offered(c->np->fw))
			return nfp_refuse(c->cx, c->why, REASON_NFP_HELPER_FIRMWARE,
					  c->np->fw->name, ebpf_helper_name(id));
		return helpers[i].check(c);
	}
	if (id == BPF_FUNC_tail_call)
		return nfp_refuse(c->cx, c->why, REASON_NFP_TAIL_CALL);
	return nfp_refuse(c->cx, c->why, REASON_NFP_HELPER, ebpf_helper_name(id), id);
}

static bool refuse_kfunc(const struct call *c, const struct bpf_insn *insn)
{
	const char *destructive = fe_destructive_call(c->np->vp->obj, insn);

	if (destructive)
		return nfp_refuse(c->cx, c->why, REASON_NFP_DESTRUCTIVE, destructive);
	return nfp_refuse(c->cx, c->why, REASON_NFP_KFUNC,
			  fe_extern_name(c->np->vp->obj, insn->imm));
}

bool nfp_legal_call(struct cx *cx, const struct nfp_prog *np, size_t inst, uint32_t pc,
		    struct offload_refusal *why)
{
	const struct bpf_insn *insn = &np->insns[pc].insn;
	struct call c = { cx, np, vp_fact_at(np->vp, inst, pc), why };

	switch (insn->src_reg) {
	case EBPF_CALL_HELPER: return check_helper(&c, (uint32_t)insn->imm);
	case EBPF_CALL_SUBPROG: return c.f->child >= 0 || nfp_refuse(cx, why, REASON_NFP_CALLBACK);
	case EBPF_CALL_KFUNC: return refuse_kfunc(&c, insn);
	default: return nfp_refuse(cx, why, REASON_NFP_OPCODE, insn->code);
	}
}
