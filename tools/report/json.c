/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/report/json.h"

#include "offload/inspect.h"
#include "tools/report/constants.h"

static void add(struct json_object *o, const char *key, struct json_object *value)
{
	json_object_object_add(o, key, value);
}

static void add_int(struct json_object *o, const char *key, int64_t v)
{
	add(o, key, json_object_new_int64(v));
}

/* Estimates are rounded to significant digits, so that they are equal on every machine. */
static struct json_object *figure(double v)
{
	char text[32];

	snprintf(text, sizeof(text), "%.4f", v);
	return json_object_new_double_s(v, text);
}

static void add_figure(struct json_object *o, const char *key, double v)
{
	add(o, key, figure(v));
}

/* ---- instructions and blocks ------------------------------------------------------------------------ */

static struct json_object *insn_json(const struct rep_facts *f, const struct rep_insn *insn)
{
	const struct rep_line *l = insn->line == REP_NONE ? NULL : &f->lines[insn->line];
	struct json_object *o = json_object_new_object();

	struct part_source at = part_source_of(&f->p->result.split, f->p->prog, insn->pc);

	add_int(o, "insn", insn->pc);
	add_int(o, "source_insn", at.insn);
	add(o, "source_program", at.prog == f->p->prog ? NULL : report_text(at.prog->name));
	add(o, "text", report_text(insn->text));
	add(o, "note", report_text(insn->note));
	add(o, "place", report_text(rep_place_name(insn->place)));
	add(o, "file", l ? report_text(l->file) : NULL);
	add_int(o, "line", l ? l->line : 0);
	add_int(o, "words", insn->words);
	add(o, "block", insn->block == REP_NONE ? NULL : json_object_new_int64(insn->block));
	add(o, "why", report_text(insn->why));
	return o;
}

static struct json_object *ways_json(const struct rep_facts *f, uint32_t block)
{
	struct json_object *ways = json_object_new_array(), *o;

	for (size_t i = 0; i < f->edges.len; i++) {
		const struct rep_edge *e = &f->edges.at[i];

		if (e->from != block)
			continue;
		o = json_object_new_object();
		add_int(o, "block", e->to);
		add_figure(o, "freq", e->freq);
		add(o, "cut", e->cut ? json_object_new_int64(e->cut) : NULL);
		add(o, "call", json_object_new_boolean(e->call));
		json_object_array_add(ways, o);
	}
	return ways;
}

static struct json_object *blocks_json(struct rep_facts *f)
{
	struct json_object *blocks = json_object_new_array(), *o;

	for (uint32_t i = 0; i < f->blocks.len; i++) {
		const struct rep_block *b = &f->blocks.at[i];

		o = json_object_new_object();
		add_int(o, "block", i);
		add_int(o, "first", f->insns[b->first].pc);
		add_int(o, "last", f->insns[b->end - 1].pc);
		add(o, "function", report_text(rep_subprog_name(f, b->subprog)));
		add(o, "place", report_text(rep_place_name(b->place)));
		add_figure(o, "freq", b->freq);
		add(o, "to", ways_json(f, i));
		json_object_array_add(blocks, o);
	}
	return blocks;
}

/* ---- cuts and maps ------------------------------------------------------------------------------------ */

static struct json_object *value_json(struct rep_facts *f, const struct part_value *v)
{
	struct bpf_offload_object *obj = f->p->owner;
	struct json_object *o = json_object_new_object();

	add(o, "text", report_text(part_value_text(&obj->scratch, &obj->obj, v)));
	add(o, "register", v->reg >= 0 ? json_object_new_int64(v->reg) : NULL);
	add(o, "stack", v->reg >= 0 ? NULL : json_object_new_int64(v->fp_off));
	add_int(o, "bytes", v->size);
	add(o, "at", v->size ? json_object_new_int64(PART_HANDOFF_HEADER + v->at) : NULL);
	return o;
}

static struct json_object *edges_json(const struct rep_facts *f, uint8_t cut)
{
	struct json_object *edges = json_object_new_array(), *o;

	for (size_t i = 0; i < f->edges.len; i++) {
		const struct rep_edge *e = &f->edges.at[i];

		if (e->cut != cut)
			continue;
		o = json_object_new_object();
		add_int(o, "insn", f->insns[f->blocks.at[e->from].end - 1].pc);
		add_figure(o, "share", e->freq);
		json_object_array_add(edges, o);
	}
	return edges;
}

static struct json_object *cut_json(struct rep_facts *f, const struct part_cut_point *c)
{
	struct json_object *o = json_object_new_object(), *state = json_object_new_array(),
			   *values = json_object_new_array();
	struct bpf_offload_object *obj = f->p->owner;
	const struct fe_line *l = fe_prog_line(f->prog, c->pc);

	add_int(o, "id", c->id);
	add_int(o, "insn", c->pc);
	add(o, "file", l ? report_text(l->file) : NULL);
	add_int(o, "line", l ? l->line : 0);
	add_figure(o, "share", c->share);
	add_int(o, "payload_bytes", c->live.payload_bytes);
	for (uint32_t i = 0; i < c->live.n; i++) {
		json_object_array_add(state, report_text(part_value_text(&obj->scratch, &obj->obj,
									 &c->live.values[i])));
		json_object_array_add(values, value_json(f, &c->live.values[i]));
	}
	add(o, "state", state);
	add(o, "values", values);
	add(o, "edges", edges_json(f, c->id));
	add(o, "tagged", json_object_new_boolean(rep_is_tagged(f, c)));
	return o;
}

struct json_object *rep_json_cuts(struct rep_facts *f)
{
	const struct part_halves *halves = f->p->result.split.halves;
	struct json_object *cuts = json_object_new_array();

	for (uint32_t i = 0; halves && i < halves->n_cuts; i++)
		json_object_array_add(cuts, cut_json(f, &halves->cuts[i]));
	return cuts;
}

struct json_object *rep_json_constants(const struct bpf_offload_program *p)
{
	struct json_object *list = json_object_new_array(), *o;
	const struct rep_constant *c;
	size_t n;

	c = rep_constants(p, &n);
	for (size_t i = 0; i < n; i++) {
		o = json_object_new_object();
		add(o, "name", report_text(c[i].name));
		add(o, "value", report_text(c[i].value));
		add(o, "map", report_text(c[i].map));
		add(o, "duty", report_text(part_map_placement_duty(PART_MAP_COMPILED_IN)));
		json_object_array_add(list, o);
	}
	return list;
}

struct json_object *rep_json_maps(struct rep_facts *f)
{
	const struct fe_object *obj = &f->p->owner->obj;
	struct json_object *maps = json_object_new_array(), *o;

	for (size_t i = 0; f->p->result.split.maps && i < obj->n_maps; i++) {
		const struct part_map *m = &f->p->result.split.maps[i];

		if (m->home == PART_MAP_NONE)
			continue;
		o = json_object_new_object();
		add(o, "name", report_text(obj->maps[i].name));
		add(o, "home", report_text(part_map_placement_name(m->home)));
		add(o, "why", report_text(m->why));
		add(o, "duty", report_text(part_map_placement_duty(m->home)));
		add(o, "text", report_text(m->duty));
		json_object_array_add(maps, o);
	}
	return maps;
}

static struct json_object *split_json(struct rep_facts *f)
{
	const struct part_halves *halves = f->p->result.split.halves;
	struct json_object *o = json_object_new_object();

	add(o, "host_program", report_text(halves->host.name));
	add(o, "strip_program",
	    halves->xdp_stub.n_insns ? report_text(halves->xdp_stub.name) : NULL);
	add(o, "tagged_to_host", json_object_new_boolean(halves->tagged));
	add_int(o, "record_bytes", halves->record_bytes);
	add_int(o, "cookie", halves->cookie);
	add_figure(o, "device_share", halves->device_share);
	add(o, "cuts", rep_json_cuts(f));
	add(o, "maps", rep_json_maps(f));
	return o;
}

struct json_object *rep_json_program_arrays(const struct bpf_offload_program *p)
{
	const struct part_inlined *inlined = p->compiled ? p->result.split.inlined : NULL;
	struct json_object *arrays = json_object_new_array(), *row;

	for (size_t i = 0; inlined && i < inlined->n_followed; i++) {
		const struct part_followed *a = &inlined->followed[i];

		row = json_object_new_object();
		add(row, "name", report_text(p->owner->obj.maps[a->map].name));
		add(row, "targets", report_text(a->targets));
		add_int(row, "calls", a->calls);
		json_object_array_add(arrays, row);
	}
	return arrays;
}

/* Differences of the placed program to the program as written. */
static struct json_object *shape_json(struct rep_facts *f)
{
	const struct part_inlined *inlined = f->p->result.split.inlined;
	struct json_object *o = json_object_new_object();

	add(o, "program_arrays", rep_json_program_arrays(f->p));
	add_int(o, "replaced_calls", inlined ? inlined->n_inlined : 0);
	return o;
}

/* ---- figures and advice ------------------------------------------------------------------------------- */

static struct json_object *estimate_json(const struct rep_facts *f)
{
	struct json_object *o = json_object_new_object();

	add_int(o, "words", f->n_words);
	add_figure(o, "words_per_packet", f->words_run);
	add_figure(o, "cycles_per_packet", f->cycles);
	add_figure(o, "going_up", f->going_up);
	add_int(o, "measured_packets", (int64_t)f->measured);
	return o;
}

static void add_gain(struct rep_facts *f, struct json_object *o, const struct rep_advice *a)
{
	add(o, "gain", a->tried ? json_object_new_int64(a->gain) : NULL);
	add(o, "placement", a->tried ? report_text(part_placement_name(a->to)) : NULL);
	add(o, "going_up", a->tried ? figure(a->going_up) : NULL);
	add(o, "device_share", a->tried ? figure(a->device_share) : NULL);
	add(o, "gain_text", report_text(rep_advice_gain(f, a)));
}

static struct json_object *advice_json(struct rep_facts *f)
{
	struct json_object *all = json_object_new_array(), *o;

	for (size_t i = 0; i < f->advice.len; i++) {
		const struct rep_advice *a = &f->advice.at[i];

		o = json_object_new_object();
		add(o, "id", report_text(reason_name(a->reason)));
		add(o, "text", report_text(a->text));
		add(o, "advice", report_text(reason_advice(a->reason)));
		add_int(o, "refused", a->refused);
		add_gain(f, o, a);
		json_object_array_add(all, o);
	}
	return all;
}

void rep_json(struct rep_facts *f, struct json_object *row)
{
	struct json_object *insns = json_object_new_array(), *o;

	for (uint32_t i = 0; i < f->n_insns; i++)
		json_object_array_add(insns, insn_json(f, &f->insns[i]));
	add(row, "insns", insns);
	add_int(row, "device_capable", f->p->result.split.device_capable);
	add_int(row, "live_insns", f->p->result.split.live_insns);
	add_int(row, "on_device", f->on_device);
	add_int(row, "on_host", f->on_host);
	add_int(row, "early_reads", rep_packet_reads(f));
	add(row, "no_split_reason", report_text(f->p->result.split.no_split_reason));
	add(row, "inlined", shape_json(f));
	add(row, "estimate", estimate_json(f));
	add(row, "blocks", blocks_json(f));
	add(row, "maps", rep_json_maps(f));
	add(row, "compiled_in", rep_json_constants(f->p));
	add(row, "advice", advice_json(f));
	if (f->all.tried) {
		o = json_object_new_object();
		add_gain(f, o, &f->all);
		add(row, "without_all", o);
	}
	if (f->p->result.split.halves)
		add(row, "split", split_json(f));
	arena_reset(&f->p->owner->scratch);
}
