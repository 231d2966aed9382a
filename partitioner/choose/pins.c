/* SPDX-License-Identifier: BSD-2-Clause */
#include "partitioner/pins.h"

#include "partitioner/map_placement.h"
#include "partitioner/flow.h"

static int32_t map_named(const struct vprog *vp, const char *name)
{
	for (size_t i = 0; i < vp->obj->n_maps; i++)
		if (!strcmp(vp->obj->maps[i].name, name))
			return (int32_t)i;
	return -1;
}

static int32_t subprog_named(const struct vprog *vp, const char *name)
{
	for (size_t i = 1; i < vp->prog->n_subprogs; i++)
		if (!strcmp(vp->prog->subprogs[i].name, name))
			return (int32_t)i;
	return -1;
}

static bool parse_one(struct cx *cx, const struct vprog *vp, const char *text, struct part_pin *pin)
{
	const char *side = strchr(text, '=');
	struct diag_at at = fe_prog_at(vp->obj, vp->prog, -1);

	if (!side || (strcmp(side, "=host") && strcmp(side, "=device")))
		return diag_error(cx->diags, &at, REASON_PIN_SYNTAX, text);
	pin->symbol = arena_strndup(cx->arena, text, (size_t)(side - text));
	pin->device = !strcmp(side, "=device");
	pin->map = map_named(vp, pin->symbol);
	pin->subprog = subprog_named(vp, pin->symbol);
	return pin->map >= 0 || pin->subprog >= 0 ||
	       diag_error(cx->diags, &at, REASON_PIN_UNKNOWN, pin->symbol);
}

struct each {
	const struct part_pin *pin;
	void (*fn)(void *priv, uint32_t main_pc, bool device);
	void *priv;
};

static void map_use(void *priv, uint32_t pc, size_t map)
{
	const struct each *e = priv;

	if ((int32_t)map == e->pin->map)
		e->fn(e->priv, pc, e->pin->device);
}

static void calls(const struct vprog *vp, const struct each *e)
{
	for (size_t inst = 1; inst < vp->n_inst; inst++)
		if ((int32_t)vp->inst[inst].subprog == e->pin->subprog &&
		    vp->inst[inst].parent >= 0)
			e->fn(e->priv,
			      part_main_pc(vp, (size_t)vp->inst[inst].parent,
					   vp->inst[inst].call_pc),
			      e->pin->device);
}

void part_pins_each(const struct vprog *vp, const struct part_pins *pins,
		    void (*fn)(void *priv, uint32_t main_pc, bool device), void *priv)
{
	for (size_t i = 0; i < pins->n; i++) {
		struct each e = { &pins->at[i], fn, priv };

		if (pins->at[i].map >= 0)
			part_maps_each_use(vp, map_use, &e);
		if (pins->at[i].subprog >= 0)
			calls(vp, &e);
	}
}

static void note_side(void *priv, uint32_t pc, bool device)
{
	struct part_pins *pins = priv;

	(void)pc;
	pins->any_host |= !device;
}

bool part_pins_parse(struct cx *cx, const struct vprog *vp, const char *text,
		     struct part_pins *pins)
{
	VEC(struct part_pin) all = { 0 };

	*pins = (struct part_pins){ 0 };
	while (text && *text) {
		size_t len = strcspn(text, ",");
		struct part_pin *pin = vec_push(&all, cx->arena);

		if (!parse_one(cx, vp, arena_strndup(cx->arena, text, len), pin))
			return false;
		text += len + (text[len] == ',');
	}
	pins->at = all.at;
	pins->n = all.len;
	part_pins_each(vp, pins, note_side, pins);
	return true;
}
