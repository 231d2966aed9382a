/* SPDX-License-Identifier: BSD-2-Clause */
#include "partitioner/map_placement.h"

/* The reason of a map's placement, and the task of user space. */

static const struct {
	const char *name, *duty, *text;
} homes[] = {
#define PART_MAP_PLACEMENT(id, name, duty, text) [PART_MAP_##id] = { name, duty, text },
#include "partitioner/map_placement.def"
#undef PART_MAP_PLACEMENT
};

const char *part_map_placement_name(enum part_map_placement h)
{
	return homes[h].name;
}

const char *part_map_placement_duty(enum part_map_placement h)
{
	return homes[h].duty;
}

/* ---- other programs ---------------------------------------------------------------------------------- */

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

/* ---- sentences ---------------------------------------------------------------------------------------- */

/* "instruction 12 (prog.c:34)" */
static const char *where(struct cx *cx, const struct vprog *vp, uint32_t pc)
{
	const struct fe_line *line = fe_prog_line(vp->prog, pc);

	return line ? arena_printf(cx->arena, "instruction %u (%s:%u)", pc, line->file, line->line)
		    : arena_printf(cx->arena, "instruction %u", pc);
}

static const char *why(struct cx *cx, const struct vprog *vp, const struct part_map *m)
{
	const char *side = m->home == PART_MAP_DEVICE ? "the device" : "the host";

	switch (m->home) {
	case PART_MAP_NONE: return "no instruction uses it";
	case PART_MAP_REPLICATED: return "both sides use it, and the program only reads it";
	case PART_MAP_COMPILED_IN: return "it is constant: loads and branches are folded";
	case PART_MAP_SUMMED: return "both sides add to it, and the program reads no value";
	default: break;
	}
	if (m->bound_by == PART_UNBOUND)
		return arena_printf(cx->arena, "only instructions of %s use it", side);
	return arena_printf(cx->arena, "%s %s, so all of its users run on one side: %s",
			    where(cx, vp, m->bound_by),
			    m->write || m->changes ? "changes it" : "depends on every change",
			    side);
}

static bool is_per_cpu(uint32_t type)
{
	return type == BPF_MAP_TYPE_PERCPU_ARRAY || type == BPF_MAP_TYPE_PERCPU_HASH ||
	       type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
}

static const char *duty(struct cx *cx, const struct fe_map *fm, const struct part_map *m)
{
	const char *text = homes[m->home].text;

	if (m->on_device && is_per_cpu(fm->type))
		text = arena_printf(cx->arena,
				    "%s; the device has one value, the host one "
				    "per CPU",
				    text);
	if (m->on_device && m->also_used_by)
		text = arena_printf(cx->arena, "%s; on the host, %s use%s only the host's map",
				    text, m->also_used_by, strchr(m->also_used_by, ',') ? "" : "s");
	return text;
}

void part_maps_explain(struct cx *cx, const struct vprog *vp, struct part_map *maps)
{
	for (size_t i = 0; i < vp->obj->n_maps; i++) {
		maps[i].also_used_by = other_users(cx, vp, i);
		maps[i].why = why(cx, vp, &maps[i]);
		maps[i].duty = duty(cx, &vp->obj->maps[i], &maps[i]);
	}
}
