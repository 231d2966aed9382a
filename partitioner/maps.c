#include "partitioner/maps.h"

#include "partitioner/region.h"

/* A use is an access through a pointer to a value, or a helper's call with the map. Loading a map's
 * address is none. */

enum { READS = 1, WRITES = 2, ADDS = 4, LOOKS_UP = 8, CHANGES = 16, STATELESS = 32 };

struct use {
	size_t inst;
	uint32_t pc;
	int map;
	unsigned how;
	const struct vp_reg *at; /* ADDS: where to */
};

typedef void use_fn(void *priv, const struct vprog *vp, const struct use *u);

/* A pointer into one of several maps may be into any. */
static void tell(const struct vprog *vp, use_fn *fn, void *priv, struct use u,
		 const struct vp_reg *r)
{
	u.at = r;
	for (size_t i = 0; i < vp->obj->n_maps; i++) {
		if (r->object >= 0 && (size_t)r->object != i)
			continue;
		u.map = (int)i;
		fn(priv, vp, &u);
	}
}

static bool is_value(const struct vp_reg *r)
{
	return r->kind == VP_MAP_VALUE || r->kind == VP_MAP_VALUE_OR_NULL;
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

static void call_uses(const struct vprog *vp, use_fn *fn, void *priv, struct use u,
		      const struct bpf_insn *insn, const struct vp_fact *f)
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
		else if (is_value(r))
			u.how = reads_only ? READS : READS | WRITES;
		else
			continue;
		tell(vp, fn, priv, u, r);
	}
}

static void insn_uses(const struct vprog *vp, use_fn *fn, void *priv, struct use u)
{
	const struct bpf_insn *insn = &vp->prog->insns[u.pc];
	const struct vp_fact *f = vp_fact_at(vp, u.inst, u.pc);
	const struct vp_reg *r = &f->regs[insn->dst_reg];
	uint8_t class = ebpf_class(insn);

	if (ebpf_is_call(insn)) {
		call_uses(vp, fn, priv, u, insn, f);
	} else if (class == BPF_LDX && is_value(&f->regs[insn->src_reg])) {
		u.how = READS;
		tell(vp, fn, priv, u, &f->regs[insn->src_reg]);
	} else if ((class == BPF_ST || class == BPF_STX) && is_value(r)) {
		u.how = WRITES;
		if (class == BPF_STX && ebpf_mode(insn) == BPF_ATOMIC)
			u.how = insn->imm == BPF_ADD ? ADDS : READS | WRITES;
		tell(vp, fn, priv, u, r);
	}
}

static void each_use(const struct vprog *vp, use_fn *fn, void *priv)
{
	for (size_t inst = 0; inst < vp->n_inst; inst++) {
		const struct fe_subprog *sub = &vp->prog->subprogs[vp->inst[inst].subprog];

		for (uint32_t pc = sub->start; pc < sub->end; pc++)
			if (vp_fact_at(vp, inst, pc)->seen && !part_second_slot(vp, pc))
				insn_uses(vp, fn, priv, (struct use){ .inst = inst, .pc = pc });
	}
}

static void note_addition(const struct vprog *vp, const struct use *u, struct part_map *m)
{
	unsigned size = ebpf_size_bytes(&vp->prog->insns[u->pc]);
	int64_t off = u->at->min_off + vp->prog->insns[u->pc].off;

	if (u->at->min_off != u->at->max_off || off < 0 || off % size)
		m->write = true; /* at places that are not known: not to be summed */
	else
		m->add_bytes[off / 4] = (uint8_t)size;
	m->add = true;
}

static void note(void *priv, const struct vprog *vp, const struct use *u)
{
	struct part_map *m = &((struct part_map *)priv)[u->map];

	m->lookup |= u->how & LOOKS_UP;
	m->read |= u->how & READS;
	m->write |= u->how & WRITES;
	m->changes |= u->how & CHANGES;
	if (u->how & ADDS)
		note_addition(vp, u, m);
}

struct part_map *part_maps_survey(struct cx *cx, const struct vprog *vp)
{
	struct part_map *maps = ARENA_ARRAY(cx->arena, struct part_map, vp->obj->n_maps + 1);

	for (size_t i = 0; i < vp->obj->n_maps; i++)
		maps[i].add_bytes =
			ARENA_ARRAY(cx->arena, uint8_t, vp->obj->maps[i].value_size / 4 + 1);
	each_use(vp, note, maps);
	for (size_t i = 0; i < vp->obj->n_maps; i++) {
		struct part_map *m = &maps[i];
		bool lru = vp->obj->maps[i].type == BPF_MAP_TYPE_LRU_HASH ||
			   vp->obj->maps[i].type == BPF_MAP_TYPE_LRU_PERCPU_HASH;

		/* a lookup in a LRU map changes what will go next */
		m->loose = !m->write && !m->changes && !(m->add && m->read) && !(lru && m->lookup);
	}
	return maps;
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

	each_use(vp, pass_on, &v);
}

struct settle {
	const bool *on_device;
	struct part_map *maps;
};

static void note_side(void *priv, const struct vprog *vp, const struct use *u)
{
	const struct settle *s = priv;
	bool on_device = s->on_device[part_main_pc(vp, u->inst, u->pc)];

	s->maps[u->map].on_device |= on_device;
	s->maps[u->map].on_host |= !on_device;
}

void part_maps_settle(const struct vprog *vp, const bool *on_device, struct part_map *maps)
{
	struct settle s = { on_device, maps };

	for (size_t i = 0; i < vp->obj->n_maps; i++)
		maps[i].on_device = maps[i].on_host = false;
	each_use(vp, note_side, &s);
	for (size_t i = 0; i < vp->obj->n_maps; i++) {
		struct part_map *m = &maps[i];

		if (m->on_device && m->on_host)
			m->home = m->add ? PART_HOME_SUMMED : PART_HOME_REPLICATED;
		else if (m->on_device)
			m->home = PART_HOME_DEVICE;
		else
			m->home = m->on_host ? PART_HOME_HOST : PART_HOME_NONE;
	}
}

const char *part_home_name(enum part_home h)
{
	static const char *const names[] = {
		[PART_HOME_NONE] = "none",     [PART_HOME_DEVICE] = "device",
		[PART_HOME_HOST] = "host",     [PART_HOME_REPLICATED] = "replicated",
		[PART_HOME_SUMMED] = "summed",
	};

	return names[h];
}

const char *part_home_text(const struct part_map *m)
{
	switch (m->home) {
	case PART_HOME_DEVICE:
		return "only the device's half uses it; user space works on the device's map";
	case PART_HOME_HOST: return "only the host half uses it";
	case PART_HOME_REPLICATED:
		return "packets only read it, on both sides; user space writes both copies";
	case PART_HOME_SUMMED:
		return "both sides add and nobody reads; the value is the sum of both copies";
	default: return "packets leave it alone";
	}
}
