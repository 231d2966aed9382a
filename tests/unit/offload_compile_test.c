/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/bits.h"
#include "offload/compile.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>

/* The order of calls, what becomes of refusals, and the removal of dead code, with a backend that
 * only notes what it is asked. */

#define I(c, d, s, o, i)                                                                           \
	{                                                                                          \
		.code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i)                \
	}
#define MOV64I(d, v)  I(BPF_ALU64 | BPF_MOV | BPF_K, d, 0, 0, v)
#define JEQI(d, v, o) I(BPF_JMP | BPF_JEQ | BPF_K, d, 0, o, v)
#define JA(o)         I(BPF_JMP | BPF_JA, 0, 0, o, 0)
#define LDXW(d, s, o) I(BPF_LDX | BPF_MEM | BPF_W, d, s, o, 0)
#define EXIT          I(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)

/* What the backend was told, as text, and what it shall answer. */
struct script {
	struct offload_target base;
	char log[1024];
	int64_t refuse_insn; /* -1: none */
	bool refuse_whole, refuse_translate, fail_replace;
};

static void note(struct offload_prog *p, const char *fmt, ...)
{
	struct script *s = (struct script *)p->dev_priv;
	size_t at = strlen(s->log);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(s->log + at, sizeof(s->log) - at, fmt, ap);
	va_end(ap);
}

static bool refuse(struct offload_refusal *why, const char *text)
{
	why->reason = REASON_OUTPUT_WRITE; /* any row will do */
	why->text = text;
	return false;
}

static bool op_prepare(struct offload_prog *p)
{
	p->dev_priv = (void *)(uintptr_t)p->target;
	note(p, "prepare ");
	return true;
}

static bool op_insn_hook(struct offload_prog *p, size_t inst, size_t insn,
			 struct offload_refusal *why)
{
	struct script *s = (struct script *)p->dev_priv;

	note(p, "%zu.%zu ", inst, insn);
	return (int64_t)insn != s->refuse_insn || refuse(why, "no");
}

static bool op_finalize(struct offload_prog *p, struct offload_refusal *why)
{
	note(p, "finalize ");
	return !((struct script *)p->dev_priv)->refuse_whole || refuse(why, "not this program");
}

static bool op_replace(struct offload_prog *p, uint32_t off, const struct bpf_insn *insn)
{
	note(p, "replace(%u,+%d) ", off, insn->off);
	return !((struct script *)p->dev_priv)->fail_replace;
}

static bool op_remove(struct offload_prog *p, uint32_t off, uint32_t cnt)
{
	note(p, "remove(%u,%u) ", off, cnt);
	return true;
}

static bool op_translate(struct offload_prog *p, struct offload_refusal *why)
{
	static struct offload_image image;

	note(p, "translate ");
	p->out.image = &image;
	return !((struct script *)p->dev_priv)->refuse_translate || refuse(why, "too long");
}

static void op_destroy(struct offload_prog *p)
{
	note(p, "destroy");
}

static const struct bpf_offload_ops ops = {
	.name = "script",
	.prepare = op_prepare,
	.insn_hook = op_insn_hook,
	.finalize = op_finalize,
	.replace_insn = op_replace,
	.remove_insns = op_remove,
	.translate = op_translate,
	.destroy = op_destroy,
};

struct offload_case {
	const char *rule;
	struct bpf_insn code[12];
	struct script script;
	bool fails;
	const char *log;
	enum part_placement placement;
	const char *places; /* per instruction: d(evice), h(ost), . (dead) */
	size_t n_reasons;
};

static const struct offload_case cases[] = {
	{ .rule = "the kernel's order of calls",
	  .code = { MOV64I(0, 2), EXIT },
	  .script.refuse_insn = -1,
	  .log = "prepare 0.0 0.1 finalize translate destroy",
	  .placement = PART_ALL_DEVICE,
	  .places = "dd" },
	{ .rule = "one refusal keeps the program on the host; the others are still asked for",
	  .code = { MOV64I(0, 1), MOV64I(0, 2), EXIT },
	  .script.refuse_insn = 1,
	  .log = "prepare 0.0 0.1 0.2 finalize destroy",
	  .placement = PART_ALL_HOST,
	  .places = "hhh",
	  .n_reasons = 1 },
	{ .rule = "a refusal of the whole program",
	  .code = { MOV64I(0, 2), EXIT },
	  .script = { .refuse_insn = -1, .refuse_whole = true },
	  .log = "prepare 0.0 0.1 finalize destroy",
	  .placement = PART_ALL_HOST,
	  .places = "hh",
	  .n_reasons = 1 },
	{ .rule = "a refusal by the translation is an answer too",
	  .code = { MOV64I(0, 2), EXIT },
	  .script = { .refuse_insn = -1, .refuse_translate = true },
	  .log = "prepare 0.0 0.1 finalize translate destroy",
	  .placement = PART_ALL_HOST,
	  .places = "hh",
	  .n_reasons = 1 },
	{ .rule = "dead code: branches first, then instructions, then empty jumps",
	  .code = { MOV64I(0, 2), JEQI(0, 2, 1), MOV64I(0, 1), JA(0), EXIT },
	  .script.refuse_insn = -1,
	  .log = "prepare 0.0 0.1 0.3 0.4 finalize replace(1,+1) remove(2,1) remove(1,1) "
		 "remove(1,1) "
		 "translate destroy",
	  .placement = PART_ALL_DEVICE,
	  .places = "dd.dd" },
	{ .rule = "dead code: a branch that is never taken",
	  .code = { MOV64I(0, 2), JEQI(0, 1, 2), LDXW(2, 1, 12), EXIT, MOV64I(0, 1), EXIT },
	  .script.refuse_insn = -1,
	  .log = "prepare 0.0 0.1 0.2 0.3 finalize replace(1,+0) remove(4,2) remove(1,1) translate "
		 "destroy",
	  .placement = PART_ALL_DEVICE,
	  .places = "dddd.." },
	{ .rule = "a failing edit fails the offload",
	  .code = { MOV64I(0, 2), JEQI(0, 2, 1), MOV64I(0, 1), EXIT },
	  .script = { .refuse_insn = -1, .fail_replace = true },
	  .fails = true,
	  .log = "prepare 0.0 0.1 0.3 finalize replace(1,+1) destroy" },
};

struct rig {
	struct arena arena, scratch;
	struct diags diags;
	struct cx cx;
	struct fe_object obj;
	struct fe_subprog sub;
	struct fe_prog prog;
	struct vprog vp;
};

static void verify(struct rig *r, const struct bpf_insn *code)
{
	struct fe_verify_options opts = { .main_stack = true };
	uint32_t n = 12;

	while (!code[n - 1].code)
		n--;
	diags_init(&r->diags, &r->arena);
	r->cx = (struct cx){ &r->arena, &r->scratch, &r->diags };
	r->sub = (struct fe_subprog){ .end = n, .name = "t" };
	r->prog = (struct fe_prog){ .name = "t",
				    .section = "xdp",
				    .type = BPF_PROG_TYPE_XDP,
				    .insns = code,
				    .n_insns = n,
				    .subprogs = &r->sub,
				    .n_subprogs = 1 };
	r->obj = (struct fe_object){
		.path = "t.o", .license = "GPL", .progs = &r->prog, .n_progs = 1
	};
	assert_true(fe_verify(&r->cx, &r->obj, &r->prog, &opts, &r->vp));
}

static void check_places(const struct split *s, const char *places)
{
	for (size_t i = 0; places[i]; i++)
		assert_int_equal(s->place[i], places[i] == 'd'   ? PART_DEVICE
					      : places[i] == 'h' ? PART_HOST
								 : PART_DEAD);
}

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct offload_case *c = &cases[i];
		struct offload_options opts = { 0 };
		struct script script = c->script;
		struct offload_result result;
		const struct split *split = &result.split;
		struct rig r = { 0 };

		script.base.ops = &ops;
		verify(&r, c->code);
		assert_int_equal(offload_compile(&r.cx, &r.vp, &script.base, &opts, &result),
				 !c->fails);
		if (strcmp(script.log, c->log))
			fail_msg("\"%s\":\n%s\nnot\n%s", c->rule, script.log, c->log);
		if (!c->fails) {
			assert_int_equal(split->placement, c->placement);
			assert_int_equal(split->n_reasons, c->n_reasons);
			assert_int_equal(split->image != NULL, c->placement == PART_ALL_DEVICE);
			check_places(split, c->places);
		}
		arena_reset(&r.scratch);
		arena_reset(&r.arena);
	}
}

static void test_counts(void **state)
{
	static const struct bpf_insn code[] = { I(BPF_LD | BPF_IMM | BPF_DW, 2, 0, 0, 1),
						I(0, 0, 0, 0, 1), MOV64I(0, 2), EXIT };
	struct script script = { .refuse_insn = 2 };
	struct offload_options opts = { 0 };
	struct offload_result result;
	const struct split *split = &result.split;
	struct rig r = { 0 };
	struct bpf_insn padded[12] = { 0 };

	(void)state;
	script.base.ops = &ops;
	memcpy(padded, code, sizeof(code));
	verify(&r, padded);
	assert_true(offload_compile(&r.cx, &r.vp, &script.base, &opts, &result));
	assert_int_equal(split->live_insns, 3); /* the constant's second half is no instruction */
	assert_int_equal(split->device_capable, 2);
	assert_int_equal(split->reasons[0].insn, 2);
	assert_string_equal(split->reasons[0].text, "no");
	assert_string_equal(part_placement_name(split->placement), "host");
	arena_reset(&r.scratch);
	arena_reset(&r.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
