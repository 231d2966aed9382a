/* SPDX-License-Identifier: BSD-2-Clause */
/* Changes of one instruction, found by comparing the whole state before and after. */
#include "sim/me/me_internal.h"

#include <stdio.h>
#include <string.h>

#define MAX_CHANGES 64

struct snapshot {
	uint32_t r[R_CONST];
	uint32_t lm[ME_LM_WORDS];
	uint32_t ptr[ME_POINTERS];
	uint32_t cc; /* N Z C V, unknown ones as 0 */
};

struct changes {
	struct sim_me_change at[MAX_CHANGES];
	size_t n;
};

static uint32_t flags_of(const struct me_ctx *ctx)
{
	if (ctx->cc_c & CC_UNKNOWN)
		return 0;
	return ctx->cc_res >> 31 << 3 | (ctx->cc_res ? 0u : 4u) | (ctx->cc_c & CC_SET) << 1 |
	       (ctx->cc_v & CC_SET);
}

static void take(const struct sim_me *me, const struct me_ctx *ctx, struct snapshot *s)
{
	memcpy(s->r, ctx->r, sizeof(s->r));
	memcpy(s->lm, me->lm, sizeof(s->lm));
	for (unsigned i = 0; i < ME_POINTERS; i++)
		s->ptr[i] = ctx->ptr[i].now;
	s->cc = flags_of(ctx);
}

static void register_name(unsigned i, char *name, size_t size)
{
	if (i < R_GPR_B)
		snprintf(name, size, "gprA_%u", i);
	else if (i < R_IN)
		snprintf(name, size, "gprB_%u", i - R_GPR_B);
	else if (i < R_OUT)
		snprintf(name, size, "$xfer_%u in", i - R_IN);
	else
		snprintf(name, size, "$xfer_%u out", i - R_OUT);
}

static struct sim_me_change *note(struct changes *c, uint32_t before, uint32_t after)
{
	struct sim_me_change *ch = &c->at[c->n < MAX_CHANGES ? c->n++ : MAX_CHANGES - 1];

	ch->before = before;
	ch->after = after;
	return ch;
}

static void compare(const struct snapshot *a, const struct snapshot *b, struct changes *c)
{
	struct sim_me_change *ch;

	for (unsigned i = 0; i < R_CONST; i++)
		if (a->r[i] != b->r[i]) {
			ch = note(c, a->r[i], b->r[i]);
			register_name(i, ch->name, sizeof(ch->name));
		}
	for (unsigned i = 0; i < ME_LM_WORDS; i++)
		if (a->lm[i] != b->lm[i]) {
			ch = note(c, a->lm[i], b->lm[i]);
			snprintf(ch->name, sizeof(ch->name), "lm[0x%x]", i * 4);
		}
	for (unsigned i = 0; i < ME_POINTERS; i++)
		if (a->ptr[i] != b->ptr[i]) {
			ch = note(c, a->ptr[i], b->ptr[i]);
			snprintf(ch->name, sizeof(ch->name),
				 i == ME_T_INDEX ? "t_index" : "l$index%u", i);
		}
	if (a->cc != b->cc)
		snprintf(note(c, a->cc, b->cc)->name, sizeof(ch->name), "cc");
}

bool me_trace_step(struct sim_me *me, struct me_ctx *ctx,
		   bool (*step)(struct sim_me *me, struct me_ctx *ctx))
{
	struct snapshot before, after;
	struct changes changes = { .n = 0 };
	char text[128];
	uint64_t cycle = ctx->cycle;
	uint32_t at = ctx->next;
	bool more;

	if (at >= me->n)
		return step(me, ctx);
	take(me, ctx, &before);
	more = step(me, ctx);
	take(me, ctx, &after);
	compare(&before, &after, &changes);
	sim_me_disasm(me->words[at], text, sizeof(text));
	me->trace(me->trace_arg, &(struct sim_me_step){ .word_idx = at,
							.word = me->words[at],
							.insn = text,
							.cycle = cycle - ME_FIRST_CYCLE,
							.changes = changes.at,
							.n_changes = changes.n });
	return more;
}
