/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/verifier/state/state.h"

#include "base/bits.h"

#include <assert.h>
#include <string.h>

/* Storage and copying of verifier states, and small queries on registers. */

struct fe_state *fe_state_new(struct fe_state_pool *p)
{
	struct fe_state *s = p->states;

	p->live++;
	if (!s)
		return ARENA_NEW(p->arena, struct fe_state);
	p->states = s->next;
	memset(s, 0, sizeof(*s));
	return s;
}

static unsigned size_class(uint32_t slots)
{
	unsigned k = 0;

	while ((1u << k) < slots)
		k++;
	return k;
}

static struct fe_stack_slot *slots_new(struct fe_state_pool *p, uint32_t n, uint32_t *cap)
{
	unsigned k = size_class(n);
	void *s = p->slots[k];

	*cap = 1u << k;
	if (!s)
		return ARENA_ARRAY(p->arena, struct fe_stack_slot, *cap);
	memcpy(&p->slots[k], s, sizeof(void *));
	return s;
}

static void slots_free(struct fe_state_pool *p, struct fe_stack_slot *s, uint32_t cap)
{
	unsigned k = size_class(cap);

	if (!s)
		return;
	memcpy(s, &p->slots[k], sizeof(void *));
	p->slots[k] = s;
}

static struct fe_frame *frame_new(struct fe_state_pool *p)
{
	struct fe_frame *f = p->frames;

	if (!f)
		return ARENA_NEW(p->arena, struct fe_frame);
	p->frames = f->next;
	memset(f, 0, sizeof(*f));
	return f;
}

static void frame_free(struct fe_state_pool *p, struct fe_frame *f)
{
	slots_free(p, f->slots, f->cap_slots);
	f->next = p->frames;
	p->frames = f;
}

void fe_frame_grow(struct fe_state_pool *p, struct fe_frame *f, uint32_t n)
{
	struct fe_stack_slot *s;
	uint32_t cap;

	if (n <= f->n_slots)
		return;
	if (n > f->cap_slots) {
		s = slots_new(p, n, &cap);
		if (f->n_slots)
			memcpy(s, f->slots, f->n_slots * sizeof(*s));
		slots_free(p, f->slots, f->cap_slots);
		f->slots = s;
		f->cap_slots = cap;
	}
	memset(&f->slots[f->n_slots], 0, (n - f->n_slots) * sizeof(*f->slots));
	f->n_slots = n;
}

static void frame_copy(struct fe_state_pool *p, struct fe_frame *dst, const struct fe_frame *src)
{
	struct fe_stack_slot *s = dst->slots;
	uint32_t cap = dst->cap_slots;

	if (src->n_slots > cap) {
		slots_free(p, s, cap);
		s = slots_new(p, src->n_slots, &cap);
	}
	*dst = *src;
	dst->slots = s;
	dst->cap_slots = cap;
	if (src->n_slots)
		memcpy(s, src->slots, src->n_slots * sizeof(*s));
}

void fe_state_copy(struct fe_state_pool *p, struct fe_state *dst, const struct fe_state *src)
{
	struct fe_frame *frames[8];
	uint32_t had = dst->n_frames;

	memcpy(frames, dst->frames, sizeof(frames));
	*dst = *src;
	memcpy(dst->frames, frames, sizeof(frames));
	for (uint32_t i = src->n_frames; i < had; i++) {
		frame_free(p, dst->frames[i]);
		dst->frames[i] = NULL;
	}
	for (uint32_t i = 0; i < src->n_frames; i++) {
		if (i >= had)
			dst->frames[i] = frame_new(p);
		frame_copy(p, dst->frames[i], src->frames[i]);
	}
}

void fe_state_free(struct fe_state_pool *p, struct fe_state *s)
{
	for (uint32_t i = 0; i < s->n_frames; i++)
		frame_free(p, s->frames[i]);
	s->n_frames = 0;
	s->next = p->states;
	p->states = s;
	p->live--;
}

struct fe_frame *fe_state_push_frame(struct fe_state_pool *p, struct fe_state *s)
{
	assert(s->n_frames < ARRAY_SIZE(s->frames) && "callers check the depth");
	s->frames[s->n_frames] = frame_new(p);
	return s->frames[s->n_frames++];
}

void fe_state_pop_frame(struct fe_state_pool *p, struct fe_state *s)
{
	frame_free(p, s->frames[--s->n_frames]);
	s->frames[s->n_frames] = NULL;
}

bool fe_state_add_ref(struct fe_state *s, uint32_t id, uint32_t pc)
{
	if (s->n_refs == FE_MAX_REFS)
		return false;
	s->refs[s->n_refs++] =
		(struct fe_ref){ .id = id, .pc = pc, .frame = (uint8_t)(s->n_frames - 1) };
	return true;
}

bool fe_state_drop_ref(struct fe_state *s, uint32_t id)
{
	for (uint32_t i = 0; i < s->n_refs; i++) {
		if (s->refs[i].id == id) {
			s->refs[i] = s->refs[--s->n_refs];
			return true;
		}
	}
	return false;
}

void fe_reg_unknown(struct fe_reg *r)
{
	*r = (struct fe_reg){ .type = FE_SCALAR, .object = -1, .val = fe_val_unknown() };
}

void fe_reg_const(struct fe_reg *r, uint64_t v)
{
	*r = (struct fe_reg){ .type = FE_SCALAR, .object = -1, .val = fe_val_const(v) };
}

void fe_reg_not_init(struct fe_reg *r)
{
	*r = (struct fe_reg){ .type = FE_NOT_INIT, .object = -1, .val = fe_val_unknown() };
}

void fe_reg_pointer(struct fe_reg *r, enum fe_type type, int32_t object)
{
	*r = (struct fe_reg){ .type = (uint16_t)type, .object = object, .val = fe_val_const(0) };
}

unsigned fe_slot_spill_bytes(const struct fe_stack_slot *s)
{
	unsigned n = 0;

	while (n < 8 && s->bytes[n] == FE_BYTE_SPILL)
		n++;
	return n;
}

void fe_state_each_reg(struct fe_state *s, fe_reg_visitor fn, void *arg)
{
	for (uint32_t i = 0; i < s->n_frames; i++) {
		struct fe_frame *f = s->frames[i];

		for (unsigned r = 0; r < 10; r++)
			fn(&f->regs[r], arg);
		for (uint32_t k = 0; k < f->n_slots; k++) {
			if (fe_slot_has_spill(&f->slots[k]))
				fn(&f->slots[k].spill, arg);
		}
	}
}
