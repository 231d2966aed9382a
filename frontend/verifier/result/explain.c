/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/verifier/result/facts.h"
#include "frontend/verifier/walk/env.h"

#include "base/bits.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

/* What a rejection says beside its reason: the registers and stack of the failing state, and the
 * last branches on the way there. Registers print in the style of the kernel's log. */

static const char *const names[FE_TYPE_COUNT] = {
	[FE_NOT_INIT] = "?",
	[FE_SCALAR] = "scalar",
	[FE_CTX] = "ctx",
	[FE_STACK] = "fp",
	[FE_PKT] = "pkt",
	[FE_PKT_META] = "pkt_meta",
	[FE_PKT_END] = "pkt_end",
	[FE_MAP_PTR] = "map_ptr",
	[FE_MAP_VALUE] = "map_value",
	[FE_MAP_KEY] = "map_key",
	[FE_MEM] = "mem",
	[FE_FUNC] = "func",
	[FE_SOCK_COMMON] = "sock_common",
	[FE_SOCKET] = "sock",
	[FE_TCP_SOCK] = "tcp_sock",
	[FE_XDP_SOCK] = "xdp_sock",
	[FE_BTF_OBJ] = "kernel_object",
	[FE_LOCAL] = "object",
	[FE_DYNPTR] = "dynptr",
	[FE_ITER] = "iterator",
};

/* Bounded text under construction. */
struct text {
	char *buf;
	size_t size, len;
};

static void put(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void put(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (t->len >= t->size)
		return;
	va_start(ap, fmt);
	n = vsnprintf(t->buf + t->len, t->size - t->len, fmt, ap);
	va_end(ap);
	if (n > 0)
		t->len += (size_t)n;
	if (t->len > t->size)
		t->len = t->size;
}

static void put_number(struct text *t, const struct fe_val *v)
{
	const char *sep = "";

#define ITEM(shown, ...)                                                                           \
	if (shown) {                                                                               \
		put(t, "%s", sep);                                                                 \
		put(t, __VA_ARGS__);                                                               \
		sep = ",";                                                                         \
	}
	ITEM(v->smin != INT64_MIN && v->smin != (int64_t)v->umin, "smin=%" PRId64, v->smin)
	ITEM(v->smax != INT64_MAX && v->smax != (int64_t)v->umax, "smax=%" PRId64, v->smax)
	ITEM(v->umin != 0, "umin=%" PRIu64, v->umin)
	ITEM(v->umax != UINT64_MAX, "umax=%" PRIu64, v->umax)
	ITEM(v->s32_min != INT32_MIN && v->s32_min != v->smin, "smin32=%" PRId32, v->s32_min)
	ITEM(v->s32_max != INT32_MAX && v->s32_max != v->smax, "smax32=%" PRId32, v->s32_max)
	ITEM(v->u32_min != 0 && v->u32_min != v->umin, "umin32=%" PRIu32, v->u32_min)
	ITEM(v->u32_max != UINT32_MAX && v->u32_max != v->umax, "umax32=%" PRIu32, v->u32_max)
	ITEM(v->var.mask != UINT64_MAX, "var_off=(0x%" PRIx64 "; 0x%" PRIx64 ")", v->var.value,
	     v->var.mask)
#undef ITEM
}

static void put_reg(struct text *t, const struct fe_reg *r)
{
	if (r->type == FE_SCALAR && fe_val_is_const(&r->val)) {
		put(t, "%" PRId64, (int64_t)r->val.var.value);
		return;
	}
	put(t, "%s%s", names[r->type], r->flags & FE_MAYBE_NULL ? "_or_null" : "");
	if (r->type == FE_NOT_INIT)
		return;
	if (r->type == FE_STACK) {
		put(t, "%+" PRId32, r->off);
		if (!fe_val_is_const(&r->val)) {
			put(t, "+(");
			put_number(t, &r->val);
			put(t, ")");
		}
		return;
	}
	put(t, "(");
	if (r->type != FE_SCALAR && r->off)
		put(t, "off=%" PRId32 " ", r->off);
	if (fe_reg_is_packet(r))
		put(t, "r=%" PRId32 " ", r->range > 0 ? r->range : 0);
	if (r->id)
		put(t, "id=%" PRIu32 " ", r->id);
	if (r->ref)
		put(t, "ref=%" PRIu32 " ", r->ref);
	if (r->type == FE_SCALAR || !fe_val_is_const(&r->val))
		put_number(t, &r->val);
	else if (t->len && t->buf[t->len - 1] == ' ')
		t->buf[--t->len] = '\0';
	put(t, ")");
}

void fe_reg_print(const struct fe_reg *r, char *buf, size_t size)
{
	struct text t = { buf, size, 0 };

	put_reg(&t, r);
}

static void put_slot(struct text *t, uint32_t i, const struct fe_stack_slot *s)
{
	static const char letters[] = { '?', 'r', 'm', '0', 'o' };
	static const uint8_t nothing[8];

	if (!memcmp(s->bytes, nothing, sizeof(nothing)))
		return;
	put(t, " fp-%u=", (i + 1) * 8);
	if (fe_slot_has_spill(s) || fe_slot_has_object(s)) {
		put_reg(t, &s->spill);
		return;
	}
	for (unsigned b = 8; b-- > 0;)
		put(t, "%c", letters[s->bytes[b]]);
}

char *fe_state_print(struct arena *a, const struct fe_state *s)
{
	const struct fe_frame *f = fe_top(s);
	char *buf = arena_alloc(a, 8192);
	struct text t = { buf, 8192, 0 };

	if (s->n_frames > 1)
		put(&t, " frame%u:", s->n_frames - 1);
	for (unsigned r = 0; r <= 10; r++) {
		if (f->regs[r].type == FE_NOT_INIT)
			continue;
		put(&t, " R%u=", r);
		put_reg(&t, &f->regs[r]);
	}
	for (uint32_t i = 0; i < f->n_slots; i++)
		put_slot(&t, i, &f->slots[i]);
	for (uint32_t i = 0; i < s->n_refs; i++)
		put(&t, "%s%u", i ? "," : " refs=", s->refs[i].id);
	return buf;
}

const char *fe_reg_name(const struct fe_reg *r)
{
	return names[r->type];
}

const char *fe_reg_text(struct fe_env *env, const struct fe_reg *r)
{
	char *buf = arena_alloc(env->cx->diags->arena, 400);

	fe_reg_print(r, buf, 400);
	return buf;
}

const struct diag_at *fe_here_(struct diag_at *at, const struct fe_env *env)
{
	*at = fe_prog_at(env->obj, env->prog, env->walk.pc);
	return at;
}

/* "12: if r1 > r2 goto pc+3 (main.c:20: if (p + 1 > end))": one decision on the path. */
static void explain_step(struct fe_env *env, const struct fe_trail *step)
{
	const struct fe_line *line = fe_prog_line(env->prog, step->pc);
	struct arena *a = env->cx->diags->arena;
	char text[96];

	fe_disasm(env->obj, &env->prog->insns[step->pc], NULL, text, sizeof(text));
	diag_add_detail(env->cx->diags, arena_printf(a, "      %u: %s: %s", step->pc, text,
						     step->taken ? "taken" : "not taken"));
	if (line && line->text && line->text[0])
		diag_add_detail(env->cx->diags,
				arena_printf(a, "   ; %s:%u %s", line->file ? line->file : "?",
					     line->line, line->text));
	diag_add_detail(env->cx->diags, "\n");
}

bool fe_explain(struct fe_env *env)
{
	const struct fe_trail *steps[10], *t = env->walk.cur->trail;
	struct arena *a = env->cx->diags->arena;
	size_t n = 0;
	char text[96];

	fe_disasm(env->obj, &env->prog->insns[env->walk.pc],
		  env->walk.pc + 1 < env->prog->n_insns ? &env->prog->insns[env->walk.pc + 1]
							: NULL,
		  text, sizeof(text));
	diag_add_detail(env->cx->diags, arena_printf(a, "    at %u: %s\n", env->walk.pc, text));
	diag_add_detail(env->cx->diags,
			arena_printf(a, "    state:%s\n", fe_state_print(a, env->walk.cur)));
	for (; t && n < ARRAY_SIZE(steps); t = t->prev)
		steps[n++] = t;
	if (n)
		diag_add_detail(env->cx->diags, t ? "    path (last branches):\n" : "    path:\n");
	while (n)
		explain_step(env, steps[--n]);
	return false;
}

void fe_log_state(struct fe_env *env)
{
	const char *line = arena_printf(&env->mem, "%u:%s\n", env->walk.pc,
					fe_state_print(&env->mem, env->walk.cur));
	size_t n = strlen(line);

	/* A log that nobody can read to the end helps nobody. */
	if (env->log_text.len > 4u << 20)
		return;
	vec_reserve(&env->log_text, &env->mem, env->log_text.len + n + 1);
	memcpy(env->log_text.at + env->log_text.len, line, n + 1);
	env->log_text.len += n;
}
