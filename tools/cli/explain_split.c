#include "tools/cli/explain_split.h"

#include "tools/cli/report.h"

#include <stdio.h>

static const char *value_text(const struct bpf_offload_program *p, const struct part_value *v)
{
	return part_value_text(&p->owner->scratch, &p->owner->obj, v);
}

static void print_cut(const struct bpf_offload_program *p, const struct part_cut_point *c)
{
	const struct fe_line *line = fe_prog_line(p->prog, c->pc);

	printf("  cut %u before instruction %u", c->id, c->pc);
	if (line)
		printf(" (%s:%u)", line->file, line->line);
	printf(", about %.0f %% of packets\n", c->share * 100);
	for (uint32_t i = 0; i < c->live.n; i++)
		printf("    %s\n", value_text(p, &c->live.values[i]));
	if (!c->live.n)
		printf("    nothing is carried\n");
}

void explain_split_print(const struct bpf_offload_program *p)
{
	const struct part_pair *pair = p->split.pair;

	if (!pair)
		return;
	printf("  hand-off record: %u bytes before each packet that goes up; device: about %.0f %% "
	       "of "
	       "the instructions that run\n",
	       pair->record_bytes, pair->device_share * 100);
	for (uint32_t i = 0; i < pair->n_cuts; i++)
		print_cut(p, &pair->cuts[i]);
	for (size_t i = 0; i < p->owner->obj.n_maps; i++) {
		const struct part_map *m = &pair->maps[i];

		if (m->home != PART_HOME_NONE)
			printf("  map '%s': %s (%s); %s\n", p->owner->obj.maps[i].name,
			       part_home_name(m->home), m->why, part_home_text(m->home));
	}
	arena_reset(&p->owner->scratch);
}

static struct json_object *cut_json(const struct bpf_offload_program *p,
				    const struct part_cut_point *c)
{
	struct json_object *o = json_object_new_object(), *values = json_object_new_array();

	json_object_object_add(o, "id", json_object_new_int64(c->id));
	json_object_object_add(o, "insn", json_object_new_int64(c->pc));
	json_object_object_add(o, "share", json_object_new_double(c->share));
	for (uint32_t i = 0; i < c->live.n; i++)
		json_object_array_add(values, report_text(value_text(p, &c->live.values[i])));
	json_object_object_add(o, "state", values);
	return o;
}

static struct json_object *maps_json(const struct bpf_offload_program *p)
{
	struct json_object *maps = json_object_new_array(), *o;

	for (size_t i = 0; i < p->owner->obj.n_maps; i++) {
		const struct part_map *m = &p->split.pair->maps[i];

		if (m->home == PART_HOME_NONE)
			continue;
		o = json_object_new_object();
		json_object_object_add(o, "name", report_text(p->owner->obj.maps[i].name));
		json_object_object_add(o, "home", report_text(part_home_name(m->home)));
		json_object_object_add(o, "why", report_text(m->why));
		json_object_object_add(o, "duty", report_text(part_home_duty(m->home)));
		json_object_object_add(o, "text", report_text(part_home_text(m->home)));
		json_object_array_add(maps, o);
	}
	return maps;
}

struct json_object *explain_split_json(const struct bpf_offload_program *p)
{
	const struct part_pair *pair = p->split.pair;
	struct json_object *o, *cuts;

	if (!pair)
		return NULL;
	o = json_object_new_object();
	cuts = json_object_new_array();
	json_object_object_add(o, "host_program", report_text(pair->host.name));
	json_object_object_add(o, "record_bytes", json_object_new_int64(pair->record_bytes));
	json_object_object_add(o, "cookie", json_object_new_int64(pair->cookie));
	json_object_object_add(o, "device_share", json_object_new_double(pair->device_share));
	for (uint32_t i = 0; i < pair->n_cuts; i++)
		json_object_array_add(cuts, cut_json(p, &pair->cuts[i]));
	json_object_object_add(o, "cuts", cuts);
	json_object_object_add(o, "maps", maps_json(p));
	arena_reset(&p->owner->scratch);
	return o;
}
