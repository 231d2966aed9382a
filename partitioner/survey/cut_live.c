/* SPDX-License-Identifier: BSD-2-Clause */
#include "partitioner/cut_live.h"

#include "base/bits.h"

/* Values are carried only if the host cannot recompute them: it has its own constants, map addresses, context
 * and packet. */

struct list {
	struct cx *cx;
	const struct vprog *vp;
	VEC(struct part_value) values;
	const char *why_not;
};

static uint8_t number_bytes(const struct vp_reg *r)
{
	if (r->umax <= UINT8_MAX)
		return 1;
	if (r->umax <= UINT16_MAX)
		return 2;
	return r->umax <= UINT32_MAX ? 4 : 8;
}

static bool one_offset(const struct vp_reg *r)
{
	return r->min_off == r->max_off;
}

static bool within(const struct vp_reg *r, int64_t min, int64_t max)
{
	return r->min_off >= min && r->max_off <= max;
}

/* Element 0 has an address that a relocation can name: global data. */
static bool is_single(const struct fe_map *m)
{
	return m->kind != FE_MAP_USER;
}

static const char *packet_value(struct part_value *v, const struct vp_reg *r)
{
	v->kind = PART_VALUE_PKT;
	v->size = one_offset(r) ? 0 : 2;
	return within(r, 0, UINT16_MAX) ? NULL : "a packet pointer with an unknown offset";
}

static const char *map_value(const struct vprog *vp, struct part_value *v, const struct vp_reg *r)
{
	v->kind = PART_VALUE_MAP_VALUE;
	if (r->object >= 0 && (size_t)r->object < vp->obj->n_maps &&
	    is_single(&vp->obj->maps[r->object]) && one_offset(r) && within(r, 0, INT32_MAX))
		return NULL;
	return "a pointer to a map value";
}

/* Fills in kind and size; the why_not, or NULL. */
static const char *classify(const struct vprog *vp, struct part_value *v, const struct vp_reg *r)
{
	v->fact = *r;
	switch (r->kind) {
	case VP_SCALAR:
		v->kind = vp_is_const(r) ? PART_VALUE_CONSTANT : PART_VALUE_SCALAR;
		v->size = vp_is_const(r) ? 0 : number_bytes(r);
		return NULL;
	case VP_CTX: v->kind = PART_VALUE_CTX; return NULL;
	case VP_STACK:
		v->kind = PART_VALUE_STACK;
		return r->object == 0 && one_offset(r) ? NULL
						       : "a stack pointer with an unknown offset";
	case VP_PKT: return packet_value(v, r);
	case VP_PKT_END: v->kind = PART_VALUE_PKT_END; return NULL;
	case VP_MAP_PTR:
		v->kind = PART_VALUE_MAP;
		return r->object >= 0 ? NULL : "one of several maps";
	case VP_MAP_VALUE: return map_value(vp, v, r);
	case VP_MAP_VALUE_OR_NULL: return "the result of a map lookup";
	case VP_ADDRESS:
	case VP_PKT_OR_ADDRESS: return "a scalar derived from an invalidated packet pointer";
	case VP_CONFLICT: return "a value of different kinds on different paths";
	default: return "a kernel object";
	}
}

static struct part_value *add(struct list *l)
{
	struct part_value *v = vec_push(&l->values, l->cx->arena);

	v->reg = -1;
	return v;
}

static void add_reg(struct list *l, unsigned reg, const struct vp_reg *r)
{
	struct part_value *v;
	const char *why_not;

	if (r->kind == VP_NOT_INIT) /* dead */
		return;
	v = add(l);
	v->reg = (int8_t)reg;
	why_not = classify(l->vp, v, r);
	if (why_not)
		l->why_not = arena_printf(l->cx->arena, "r%u holds %s", reg, why_not);
}

/* Bytes of a slot that are not a stored register, in the largest aligned pieces. */
static void add_pieces(struct list *l, int16_t fp_off, uint8_t mask, const struct vp_reg *fact)
{
	for (unsigned b = 0; b < 8;) {
		unsigned size = 8;
		struct part_value *v;

		if (!(mask >> b & 1)) {
			b++;
			continue;
		}
		while (b % size || ((unsigned)mask >> b & bits_mask(size)) != bits_mask(size))
			size /= 2;
		v = add(l);
		*v = (struct part_value){ .kind = PART_VALUE_SCALAR,
					  .reg = -1,
					  .fp_off = (int16_t)(fp_off + (int)b),
					  .fp_bytes = (uint8_t)size,
					  .size = (uint8_t)size,
					  .fact = *fact };
		b += size;
	}
}

static void add_slot(struct list *l, uint32_t i, const struct vp_slot *s)
{
	int16_t fp_off = (int16_t)(-8 * ((int)i + 1));
	const char *why_not = NULL;
	struct part_value *v;

	if (!s->live || !s->bytes)
		return;
	if (s->whole) {
		v = add(l);
		v->fp_off = fp_off;
		v->fp_bytes = 8;
		why_not = classify(l->vp, v, &s->reg);
	} else if (s->reg.kind == VP_ADDRESS) {
		why_not = "a scalar derived from an invalidated packet pointer";
	} else if (s->reg.kind != VP_SCALAR) {
		why_not = "a value of different kinds on different paths";
	} else {
		add_pieces(l, fp_off, s->bytes, &s->reg);
	}
	if (why_not)
		l->why_not = arena_printf(l->cx->arena, "stack at %d holds %s", fp_off, why_not);
}

/* Largest first, so that each is aligned in the payload. */
static uint32_t lay_out(struct list *l)
{
	uint32_t at = 0;

	for (uint8_t size = 8; size; size /= 2)
		for (size_t i = 0; i < l->values.len; i++)
			if (l->values.at[i].size == size) {
				l->values.at[i].at = (uint16_t)at;
				at += size;
			}
	return at;
}

void part_live_at(struct cx *cx, const struct vprog *vp, uint32_t pc, struct part_live *live)
{
	struct list l = { .cx = cx, .vp = vp };
	const struct vp_fact *f = vp_fact_at(vp, 0, pc);
	const struct vp_stack *stack = &vp->main_stack[pc];

	for (unsigned reg = 0; reg < 10; reg++)
		add_reg(&l, reg, &f->regs[reg]);
	for (uint32_t i = 0; i < stack->n; i++)
		add_slot(&l, i, &stack->slots[i]);
	*live = (struct part_live){ .values = l.values.at,
				    .n = (uint32_t)l.values.len,
				    .payload_bytes = lay_out(&l),
				    .why_not = l.why_not };
}

static const char *kind_text(struct arena *a, const struct fe_object *obj,
			     const struct part_value *v)
{
	long long off = (long long)v->fact.min_off;

	switch (v->kind) {
	case PART_VALUE_SCALAR: return arena_printf(a, "scalar, %u bytes", v->size);
	case PART_VALUE_CONSTANT:
		return arena_printf(a, "%lld, recomputed", (long long)v->fact.var.value);
	case PART_VALUE_CTX: return "context of the host";
	case PART_VALUE_STACK: return arena_printf(a, "stack address fp%+lld, recomputed", off);
	case PART_VALUE_PKT:
		return v->size ? "packet pointer, offset carried in 2 bytes"
			       : arena_printf(a, "packet start %+lld, recomputed", off);
	case PART_VALUE_PKT_END: return "packet end, recomputed";
	default: break;
	}
	return arena_printf(a, "%s map '%s', recomputed",
			    v->kind == PART_VALUE_MAP ? "address of" : "value of",
			    obj->maps[v->fact.object].name);
}

const char *part_value_text(struct arena *a, const struct fe_object *obj,
			    const struct part_value *v)
{
	const char *what = kind_text(a, obj, v);

	return v->reg >= 0 ? arena_printf(a, "r%d: %s", v->reg, what)
			   : arena_printf(a, "stack %d: %s", v->fp_off, what);
}
