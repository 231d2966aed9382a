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

struct survey {
	struct part_map *maps;
	struct firsts { /* instructions; PART_UNBOUND: none */
		uint32_t write, read, lookup;
	} * first; /* by map */
};

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

/* What ties the users of a map together; PART_UNBOUND: nothing. */
static uint32_t bound_by(const struct fe_map *fm, const struct part_map *m, const struct firsts *f)
{
	bool lru = fm->type == BPF_MAP_TYPE_LRU_HASH || fm->type == BPF_MAP_TYPE_LRU_PERCPU_HASH;

	if (m->write || m->changes)
		return f->write;
	if (m->add && m->read)
		return f->read;
	return lru && m->lookup ? f->lookup : PART_UNBOUND; /* it changes what will go next */
}

static bool refers_to(const struct fe_prog *prog, size_t map)
{
	for (size_t i = 0; i < prog->n_insns; i++) {
		const struct bpf_insn *insn = &prog->insns[i];

		if (!ebpf_is_ld_imm64(insn))
			continue;
		if ((insn->src_reg == EBPF_IMM_MAP_IDX ||
		     insn->src_reg == EBPF_IMM_MAP_IDX_VALUE) &&
		    insn->imm >= 0 && (size_t)insn->imm == map)
			return true;
		i++;
	}
	return false;
}

static const char *other_users(struct cx *cx, const struct vprog *vp, size_t map)
{
	const char *all = NULL;

	for (size_t i = 0; i < vp->obj->n_progs; i++) {
		const struct fe_prog *p = &vp->obj->progs[i];

		if (strcmp(p->name, vp->prog->name) && refers_to(p, map))
			all = all ? arena_printf(cx->arena, "%s, %s", all, p->name) : p->name;
	}
	return all;
}

struct part_map *part_maps_survey(struct cx *cx, const struct vprog *vp)
{
	size_t n = vp->obj->n_maps;
	struct survey s = { ARENA_ARRAY(cx->arena, struct part_map, n + 1),
			    ARENA_ARRAY(cx->arena, struct firsts, n + 1) };

	memset(s.first, 0xff, (n + 1) * sizeof(*s.first));
	for (size_t i = 0; i < n; i++)
		s.maps[i].add_bytes =
			ARENA_ARRAY(cx->arena, uint8_t, vp->obj->maps[i].value_size / 4 + 1);
	each_use(vp, note, &s);
	for (size_t i = 0; i < n; i++) {
		struct part_map *m = &s.maps[i];

		m->bound_by = bound_by(&vp->obj->maps[i], m, &s.first[i]);
		m->loose = m->bound_by == PART_UNBOUND;
		m->also_used_by = other_users(cx, vp, i);
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

static enum part_home home_of(const struct part_map *m)
{
	if (m->on_device && m->on_host)
		return m->add ? PART_HOME_SUMMED : PART_HOME_REPLICATED;
	if (m->on_device)
		return PART_HOME_DEVICE;
	return m->on_host ? PART_HOME_HOST : PART_HOME_NONE;
}

/* "instruction 12 (prog.c:34)" */
static const char *where(struct cx *cx, const struct vprog *vp, uint32_t pc)
{
	const struct fe_line *line = fe_prog_line(vp->prog, pc);

	return line ? arena_printf(cx->arena, "instruction %u (%s:%u)", pc, line->file, line->line)
		    : arena_printf(cx->arena, "instruction %u", pc);
}

static const char *why(struct cx *cx, const struct vprog *vp, const struct part_map *m)
{
	const char *side = m->home == PART_HOME_DEVICE ? "the card" : "the host";

	switch (m->home) {
	case PART_HOME_NONE: return "no instruction uses it";
	case PART_HOME_REPLICATED: return "both sides use it, and packets only read it";
	case PART_HOME_SUMMED: return "both sides add to it, and no packet reads a value";
	default: break;
	}
	if (m->bound_by == PART_UNBOUND)
		return arena_printf(cx->arena, "only instructions of %s use it", side);
	return arena_printf(cx->arena, "%s %s, so one side has all of its users: %s",
			    where(cx, vp, m->bound_by),
			    m->write || m->changes ? "changes it" : "depends on every change",
			    side);
}

void part_maps_settle(struct cx *cx, const struct vprog *vp, const bool *on_device,
		      struct part_map *maps)
{
	struct settle s = { on_device, maps };

	for (size_t i = 0; i < vp->obj->n_maps; i++)
		maps[i].on_device = maps[i].on_host = false;
	each_use(vp, note_side, &s);
	for (size_t i = 0; i < vp->obj->n_maps; i++) {
		maps[i].home = home_of(&maps[i]);
		maps[i].why = why(cx, vp, &maps[i]);
	}
}

static const struct {
	const char *name, *duty, *text;
} homes[] = {
#define PART_HOME(id, name, duty, text) [PART_HOME_##id] = { name, duty, text },
#include "partitioner/homes.def"
#undef PART_HOME
};

const char *part_home_name(enum part_home h)
{
	return homes[h].name;
}

const char *part_home_duty(enum part_home h)
{
	return homes[h].duty;
}

const char *part_home_text(enum part_home h)
{
	return homes[h].text;
}
