/* SPDX-License-Identifier: BSD-2-Clause */
#include "partitioner/map_placement.h"

#include "partitioner/counters.h"
#include "partitioner/flow.h"

/* A use is an access through a pointer to a value, or a helper's call with the map. Loading a map's
 * address is none. */

enum { READS = 1, WRITES = 2, ADDS = 4, LOOKS_UP = 8, CHANGES = 16, STATELESS = 32, COUNTS = 64 };

struct use {
	size_t inst;
	uint32_t pc;
	int map;
	unsigned how;
	const struct vp_reg *at; /* ADDS: where to */
};

typedef void use_fn(void *priv, const struct vprog *vp, const struct use *u);

struct telling {
	const struct vprog *vp;
	const struct part_counters *counters; /* NULL: loads are loads and stores are stores */
	use_fn *fn;
	void *priv;
};

/* A pointer into one of several maps may be into any. */
static void tell(const struct telling *t, struct use u, const struct vp_reg *r)
{
	u.at = r;
	for (size_t i = 0; i < t->vp->obj->n_maps; i++) {
		if (r->object >= 0 && (size_t)r->object != i)
			continue;
		u.map = (int)i;
		t->fn(t->priv, t->vp, &u);
	}
}

/* A pointer into different kinds of memory on different paths may be one. */
static bool may_be_value(const struct vp_reg *r)
{
	return r->kind == VP_MAP_VALUE || r->kind == VP_MAP_VALUE_OR_NULL || r->kind == VP_CONFLICT;
}

static unsigned call_use(const struct bpf_insn *insn)
{
	switch (insn->imm) {
	case BPF_FUNC_map_lookup_elem: return LOOKS_UP;
	case BPF_FUNC_perf_event_output: return STATELESS;
	case BPF_FUNC_redirect_map: return READS;
	default: return LOOKS_UP | READS | WRITES | CHANGES;
	}
}

static void call_uses(const struct telling *t, struct use u, const struct bpf_insn *insn,
		      const struct vp_fact *f)
{
	if (insn->src_reg == EBPF_CALL_SUBPROG)
		return; /* its own instructions tell */
	for (unsigned reg = 1; reg <= 5; reg++) {
		const struct vp_reg *r = &f->regs[reg];
		bool reads_only = insn->imm == BPF_FUNC_map_lookup_elem ||
				  insn->imm == BPF_FUNC_map_update_elem ||
				  insn->imm == BPF_FUNC_map_delete_elem ||
				  insn->imm == BPF_FUNC_perf_event_output;

		if (r->kind == VP_MAP_PTR)
			u.how = call_use(insn);
		else if (may_be_value(r))
			u.how = reads_only ? READS : READS | WRITES;
		else
			continue;
		tell(t, u, r);
	}
}

static unsigned store_use(const struct bpf_insn *insn, const struct vp_reg *at,
			  enum part_counter role)
{
	if (ebpf_class(insn) == BPF_STX && ebpf_mode(insn) == BPF_ATOMIC)
		return insn->imm == BPF_ADD && at->kind != VP_CONFLICT ? ADDS : READS | WRITES;
	return role == PART_COUNTER_STORE ? ADDS : WRITES;
}

static void insn_uses(const struct telling *t, struct use u)
{
	const struct bpf_insn *insn = &t->vp->prog->insns[u.pc];
	const struct vp_fact *f = vp_fact_at(t->vp, u.inst, u.pc);
	enum part_counter role = t->counters ? t->counters->role[u.pc] : PART_COUNTER_NONE;
	uint8_t class = ebpf_class(insn);

	if (ebpf_is_call(insn)) {
		call_uses(t, u, insn, f);
	} else if (ebpf_is_load(insn) && may_be_value(&f->regs[insn->src_reg])) {
		u.how = role == PART_COUNTER_LOAD ? COUNTS : READS;
		tell(t, u, &f->regs[insn->src_reg]);
	} else if ((class == BPF_ST || class == BPF_STX) && may_be_value(&f->regs[insn->dst_reg])) {
		u.how = store_use(insn, &f->regs[insn->dst_reg], role);
		tell(t, u, &f->regs[insn->dst_reg]);
	}
}

static void each_use(const struct vprog *vp, const struct part_counters *counters, use_fn *fn,
		     void *priv)
{
	const struct telling t = { vp, counters, fn, priv };

	for (size_t inst = 0; inst < vp->n_inst; inst++) {
		const struct fe_subprog *sub = &vp->prog->subprogs[vp->inst[inst].subprog];

		for (uint32_t pc = sub->start; pc < sub->end; pc++)
			if (vp_fact_at(vp, inst, pc)->seen && !part_second_slot(vp, pc))
				insn_uses(&t, (struct use){ .inst = inst, .pc = pc });
	}
}

struct survey {
	struct part_map *maps;
	struct firsts { /* instructions; PART_UNBOUND: none */
		uint32_t write, read, lookup;
	} * first; /* by map */
};

/* An addition of `size` bytes begins at word w. False: one of another size is in its way. */
static bool mark_addition(struct part_map *m, uint32_t value_size, int64_t w, unsigned size)
{
	uint8_t *add = m->add_bytes;

	if (w < 0 || (w + size / 4) * 4 > value_size)
		return true; /* the verifier does not let it get there */
	if ((add[w] && add[w] != size) || (w && add[w - 1] == 8) || (size == 8 && add[w + 1]))
		return false;
	add[w] = (uint8_t)size;
	return true;
}

/* Where it may go to, in steps of its size. Anything else is not to be summed. */
static void note_addition(const struct vprog *vp, const struct use *u, struct part_map *m)
{
	const struct vp_reg *r = u->at;
	const struct bpf_insn *insn = &vp->prog->insns[u->pc];
	unsigned size = ebpf_size_bytes(insn);
	int64_t from = r->min_off + insn->off, to = r->max_off + insn->off;
	uint64_t bits = r->min_off == r->max_off ? 0 : r->var.value | r->var.mask;
	uint32_t value_size = vp->obj->maps[u->map].value_size;

	m->add = true;
	if (size < 4 || from < 0 || from % size || (bits && r->off_varies) || bits % size) {
		m->write = true;
		return;
	}
	for (; from <= to && from < value_size; from += size)
		m->write |= !mark_addition(m, value_size, from / 4, size);
}

static void note_first(uint32_t *first, bool is_one, uint32_t pc)
{
	if (is_one && pc < *first)
		*first = pc;
}

static void note(void *priv, const struct vprog *vp, const struct use *u)
{
	struct survey *s = priv;
	struct part_map *m = &s->maps[u->map];
	struct firsts *f = &s->first[u->map];

	m->lookup |= u->how & LOOKS_UP;
	m->read |= u->how & READS;
	m->write |= u->how & WRITES;
	m->changes |= u->how & CHANGES;
	if (u->how & ADDS)
		note_addition(vp, u, m);
	note_first(&f->write, u->how & (WRITES | CHANGES | ADDS), u->pc);
	note_first(&f->read, u->how & READS, u->pc);
	note_first(&f->lookup, u->how & LOOKS_UP, u->pc);
}

/* The instruction that ties the users of a map together; PART_UNBOUND: none. */
static uint32_t bound_by(const struct fe_map *fm, const struct part_map *m, const struct firsts *f)
{
	bool lru = fm->type == BPF_MAP_TYPE_LRU_HASH || fm->type == BPF_MAP_TYPE_LRU_PERCPU_HASH;

	if (m->write || m->changes)
		return f->write;
	if (m->add && m->read)
		return f->read;
	return lru && m->lookup ? f->lookup : PART_UNBOUND; /* it changes what will go next */
}

bool part_map_only_counts(const struct part_map *m)
{
	return !m->read && !m->write && !m->changes;
}

struct part_map *part_maps_survey(struct cx *cx, const struct vprog *vp,
				  const struct part_counters *counters)
{
	size_t n = vp->obj->n_maps;
	struct survey s = { ARENA_ARRAY(cx->arena, struct part_map, n + 1),
			    ARENA_ARRAY(cx->arena, struct firsts, n + 1) };

	memset(s.first, 0xff, (n + 1) * sizeof(*s.first));
	for (size_t i = 0; i < n; i++)
		s.maps[i].add_bytes =
			ARENA_ARRAY(cx->arena, uint8_t, vp->obj->maps[i].value_size / 4 + 1);
	each_use(vp, counters, note, &s);
	for (size_t i = 0; i < n; i++) {
		struct part_map *m = &s.maps[i];

		m->bound_by = bound_by(&vp->obj->maps[i], m, &s.first[i]);
		m->loose = m->bound_by == PART_UNBOUND;
	}
	return s.maps;
}

struct visit {
	part_map_visitor *fn;
	void *priv;
};

static void pass_on(void *priv, const struct vprog *vp, const struct use *u)
{
	const struct visit *v = priv;

	if (u->how != STATELESS)
		v->fn(v->priv, part_main_pc(vp, u->inst, u->pc), (size_t)u->map);
}

void part_maps_each_use(const struct vprog *vp, part_map_visitor *fn, void *priv)
{
	struct visit v = { fn, priv };

	each_use(vp, NULL, pass_on, &v);
}

struct settle {
	const bool *on_device;
	bool host_has_all;
	struct part_map *maps;
};

static void note_side(void *priv, const struct vprog *vp, const struct use *u)
{
	const struct settle *s = priv;
	bool on_device = s->on_device[part_main_pc(vp, u->inst, u->pc)];

	s->maps[u->map].on_device |= on_device;
	s->maps[u->map].on_host |= !on_device || s->host_has_all;
}

/* Branches are decided, code is left out and loads are folded by constants, on both sides of a cut. */
static bool is_compiled_in(const struct fe_map *fm, const struct part_map *m)
{
	return (fm->kind == FE_MAP_RODATA || fm->kind == FE_MAP_KCONFIG) && fm->init &&
	       (m->on_device || m->on_host);
}

static bool any_on_device(const struct vprog *vp, const bool *on_device)
{
	for (uint32_t pc = 0; pc < vp->prog->subprogs[0].end; pc++) {
		if (on_device[pc])
			return true;
	}
	return false;
}

static enum part_map_placement home_of(const struct part_map *m)
{
	if (m->on_device && m->on_host)
		return m->add ? PART_MAP_SUMMED : PART_MAP_REPLICATED;
	if (m->on_device)
		return PART_MAP_DEVICE;
	return m->on_host ? PART_MAP_HOST : PART_MAP_NONE;
}

void part_maps_settle(const struct vprog *vp, const bool *on_device, bool host_has_all,
		      struct part_map *maps)
{
	struct settle s = { on_device, host_has_all, maps };
	bool any = any_on_device(vp, on_device);

	for (size_t i = 0; i < vp->obj->n_maps; i++)
		maps[i].on_device = maps[i].on_host = false;
	each_use(vp, NULL, note_side, &s);
	for (size_t i = 0; i < vp->obj->n_maps; i++)
		maps[i].home = any && is_compiled_in(&vp->obj->maps[i], &maps[i])
				       ? PART_MAP_COMPILED_IN
				       : home_of(&maps[i]);
}

struct part_map *part_maps_of_whole(struct cx *cx, const struct vprog *vp, bool device)
{
	bool *on_device = ARENA_ARRAY(cx->scratch, bool, vp->prog->n_insns);
	struct part_counters counters = part_counters_find(cx, vp);
	struct part_map *maps = part_maps_survey(cx, vp, &counters);

	for (size_t pc = 0; pc < vp->prog->n_insns; pc++)
		on_device[pc] = device;
	part_maps_settle(vp, on_device, false, maps);
	part_maps_explain(cx, vp, maps);
	return maps;
}
