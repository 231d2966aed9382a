/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/mir/mir_text.h"

#include <ctype.h>
#include <limits.h>

/* Machine IR from text (grammar: docs/ir.md). Takes any bytes: the first thing that is wrong is
 * reported with its line and column, and what is read is checked (nfp_check_error) before it is
 * handed on, so passes may assume a well-formed function. */

enum {
	MAX_VREGS = 1 << 16,
	MAX_SLOTS = 256,
	MAX_SLOT_WORDS = 1024,
	MAX_BLOCKS = 1 << 16,
	MAX_LIST = 1024,
};

struct parser {
	struct cx *cx;
	struct nfp_func *fn;
	const char *at, *line_start;
	unsigned line;
	bool failed;
};

static bool fail(struct parser *p, const char *what)
{
	if (!p->failed)
		diag_error(p->cx->diags, &DIAG_AT_NOWHERE, REASON_MIR_SYNTAX, p->line,
			   (unsigned)(p->at - p->line_start) + 1, what);
	p->failed = true;
	return false;
}

/* ---- words ---- */

static void skip_blanks(struct parser *p)
{
	while (*p->at == ' ' || *p->at == '\t' || *p->at == '\r')
		p->at++;
}

/* Takes `word` if it comes next; letters at its end must not go on. */
static bool accept(struct parser *p, const char *word)
{
	size_t n = strlen(word);

	skip_blanks(p);
	if (strncmp(p->at, word, n) != 0)
		return false;
	if (isalnum((unsigned char)word[n - 1]) &&
	    (isalnum((unsigned char)p->at[n]) || p->at[n] == '_'))
		return false;
	p->at += n;
	return true;
}

static bool expect(struct parser *p, const char *word, const char *what)
{
	return accept(p, word) || fail(p, what);
}

static bool number(struct parser *p, uint32_t max, uint32_t *v)
{
	unsigned base = 10;
	uint64_t n = 0;
	const char *start;

	skip_blanks(p);
	start = p->at;
	if (p->at[0] == '0' && p->at[1] == 'x') {
		base = 16;
		start = p->at += 2;
	}
	for (; isxdigit((unsigned char)*p->at); p->at++) {
		int c = tolower((unsigned char)*p->at);
		unsigned digit = (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);

		if (digit >= base)
			break;
		n = n * base + digit;
		if (n > max)
			return fail(p, "number too large");
	}
	if (p->at == start)
		return fail(p, "expected a number");
	*v = (uint32_t)n;
	return true;
}

static bool number8(struct parser *p, uint32_t max, uint8_t *v)
{
	uint32_t n = 0;
	bool ok = number(p, max, &n);

	*v = (uint8_t)n;
	return ok;
}

/* One word of a NULL-ended table. */
static bool one_of(struct parser *p, const char *const *words, const char *what, uint8_t *v)
{
	unsigned i;

	for (i = 0; words[i]; i++)
		if (accept(p, words[i])) {
			*v = (uint8_t)i;
			return true;
		}
	return fail(p, what);
}

/* A word of text up to blank, comma or end: names of operations have any characters. */
static size_t token(struct parser *p)
{
	skip_blanks(p);
	return strcspn(p->at, " \t\r\n,");
}

static bool named(struct parser *p, const char *(*text)(unsigned), unsigned n, const char *what,
		  uint8_t *v)
{
	size_t len = token(p);
	unsigned i;

	for (i = 0; i < n; i++) {
		const char *s = text(i);

		if (s && strlen(s) == len && !strncmp(s, p->at, len)) {
			p->at += len;
			*v = (uint8_t)i;
			return true;
		}
	}
	return fail(p, what);
}

static const char *alu_text(unsigned i)
{
	return nfp_alu_op_text((enum nfp_alu_op)i);
}

static const char *shf_text(unsigned i)
{
	return nfp_shf_op_text((enum nfp_shf_op)i);
}

static const char *cc_text(unsigned i)
{
	return nfp_cc_text((enum nfp_cc)i);
}

static const char *mem_text(unsigned i)
{
	return nfp_mem_op_text((enum nfp_mem_op)i);
}

/* ---- operands ---- */

/* Like accept(), for prefixes that digits follow. */
static bool prefix(struct parser *p, const char *s)
{
	size_t n = strlen(s);

	skip_blanks(p);
	if (strncmp(p->at, s, n) != 0)
		return false;
	p->at += n;
	return true;
}

static bool block_ref(struct parser *p, uint32_t *b)
{
	return (prefix(p, "b") || fail(p, "expected a block (b0, b1 …)")) &&
	       number(p, MAX_BLOCKS, b);
}

static bool parse_lm(struct parser *p, struct nfp_opnd *o)
{
	o->kind = NFP_O_LM;
	if (!number(p, 3, &o->reg))
		return false;
	if (accept(p, "++"))
		o->post = 1;
	else if (accept(p, "--"))
		o->post = -1;
	else
		return expect(p, "[", "expected [offset]") && number8(p, 15, &o->sub) &&
		       expect(p, "]", "expected ']'");
	return true;
}

static bool parse_xfer(struct parser *p, enum nfp_opnd_kind kind, struct nfp_opnd *o)
{
	o->kind = (uint8_t)kind;
	if (p->fn->stage == NFP_STAGE_PHYS)
		return number(p, 31, &o->reg);
	return number(p, MAX_VREGS, &o->reg) && expect(p, ".", "expected '.word'") &&
	       number8(p, 31, &o->sub);
}

static bool parse_gpr(struct parser *p, enum nfp_bank bank, struct nfp_opnd *o)
{
	o->kind = NFP_O_GPR;
	o->bank = (uint8_t)bank;
	return number(p, 31, &o->reg);
}

static bool opnd(struct parser *p, struct nfp_opnd *o)
{
	*o = nfp_none();
	if (prefix(p, "--"))
		return true;
	if (prefix(p, "%")) {
		o->kind = NFP_O_VREG;
		return number(p, MAX_VREGS, &o->reg);
	}
	if (prefix(p, "AB"))
		return parse_gpr(p, NFP_BANK_BOTH, o);
	if (prefix(p, "A"))
		return parse_gpr(p, NFP_BANK_A, o);
	if (prefix(p, "B"))
		return parse_gpr(p, NFP_BANK_B, o);
	if (prefix(p, "$in"))
		return parse_xfer(p, NFP_O_XIN, o);
	if (prefix(p, "$out"))
		return parse_xfer(p, NFP_O_XOUT, o);
	if (prefix(p, "l"))
		return parse_lm(p, o);
	if (prefix(p, "@")) {
		o->kind = NFP_O_SLOT;
		return number(p, MAX_SLOTS, &o->reg) && expect(p, ".", "expected '.word'") &&
		       number8(p, 255, &o->sub);
	}
	o->kind = NFP_O_IMM;
	return number(p, UINT32_MAX, &o->imm);
}

/* ---- fields ---- */

static bool parse_shift(struct parser *p, struct nfp_mi *mi)
{
	if (prefix(p, ">>rot"))
		mi->sc = NFP_SC_ROT;
	else if (prefix(p, ">>"))
		mi->sc = NFP_SC_RIGHT;
	else if (prefix(p, "<<"))
		mi->sc = NFP_SC_LEFT;
	else
		return true;
	if (mi->sc != NFP_SC_ROT && accept(p, "indirect")) {
		mi->indirect = true;
		return true;
	}
	return number8(p, 31, &mi->shift);
}

static bool parse_list(struct parser *p, struct nfp_opnd **list, uint32_t *n)
{
	VEC(struct nfp_opnd) v = { 0 };

	if (!expect(p, "(", "expected '('"))
		return false;
	do {
		if (v.len >= MAX_LIST)
			return fail(p, "list too long");
		if (!opnd(p, vec_push(&v, p->cx->arena)))
			return false;
	} while (accept(p, ","));
	*list = v.at;
	*n = (uint32_t)v.len;
	return expect(p, ")", "expected ')'");
}

/* A list of exactly `n` operands into an array. */
static bool parse_few(struct parser *p, struct nfp_opnd *out, uint32_t n)
{
	struct nfp_opnd *list;
	uint32_t got;

	if (!parse_list(p, &list, &got))
		return false;
	if (got != n)
		return fail(p, "wrong number of operands in the list");
	memcpy(out, list, n * sizeof(*out));
	return true;
}

static bool parse_call(struct parser *p, struct nfp_call *c)
{
	if (!expect(p, "map", "expected 'map'") || !number(p, UINT16_MAX, &c->map))
		return false;
	if (accept(p, "key") && !parse_list(p, &c->key, &c->n_key))
		return false;
	if (accept(p, "value") && !parse_list(p, &c->value, &c->n_value))
		return false;
	if (accept(p, "flags") && !parse_few(p, c->flags, 2))
		return false;
	if (accept(p, "ptr") && !parse_few(p, c->ptr, 2))
		return false;
	if (accept(p, "size") && !parse_few(p, &c->size, 1))
		return false;
	return !accept(p, "type") || number(p, 255, &c->ptr_type);
}

static bool parse_phi(struct parser *p, struct nfp_mi *mi)
{
	VEC(struct nfp_phi) v = { 0 };

	do {
		struct nfp_phi *phi = vec_push(&v, p->cx->arena);

		if (!expect(p, "[", "expected '['") || !block_ref(p, &phi->block) ||
		    !expect(p, ",", "expected ','") || !opnd(p, &phi->val) ||
		    !expect(p, "]", "expected ']'"))
			return false;
	} while (accept(p, ","));
	mi->phi = v.at;
	mi->n_phi = (uint32_t)v.len;
	return true;
}

static bool parse_addr(struct parser *p, struct nfp_mi *mi)
{
	if (prefix(p, "40(")) {
		mi->cmd.mode = NFP_ADDR_40;
		return opnd(p, &mi->b) && expect(p, "<<", "expected '<< 8'") &&
		       expect(p, "8", "expected '8'") && expect(p, "+", "expected '+'") &&
		       opnd(p, &mi->a) && expect(p, ")", "expected ')'");
	}
	mi->cmd.mode = NFP_ADDR_32;
	return expect(p, "32(", "expected an address, 32(…) or 40(…)") && opnd(p, &mi->a) &&
	       expect(p, "+", "expected '+'") && opnd(p, &mi->b) && expect(p, ")", "expected ')'");
}

static bool parse_mul(struct parser *p, struct nfp_mi *mi)
{
	uint8_t step = 0;

	if (!one_of(p, nfp_text_mul, "expected start, 24x8., 16x16. or 32x32.", &mi->mul_type))
		return false;
	mi->mul_step = NFP_STEP_START;
	if (!mi->mul_type)
		return true;
	if (!expect(p, ".", "expected '.step'") ||
	    !one_of(p, nfp_text_step, "expected a multiplication step", &step))
		return false;
	mi->mul_step = (int8_t)(step - 1);
	return mi->mul_step != NFP_STEP_START || fail(p, "the start step has no type");
}

static bool parse_immed_width(struct parser *p, struct nfp_mi *mi)
{
	if (prefix(p, "_b")) {
		mi->width = 1;
		return number8(p, 3, &mi->byte_shift);
	}
	if (prefix(p, "_w")) {
		mi->width = 2;
		if (!number8(p, 1, &mi->byte_shift))
			return false;
		mi->byte_shift = (uint8_t)(2 * mi->byte_shift);
	}
	return true;
}

static bool parse_immed_value(struct parser *p, struct nfp_mi *mi)
{
	uint32_t shift = 0;

	mi->inv = accept(p, "~");
	if (!number(p, UINT16_MAX, &mi->imm32))
		return false;
	if (!accept(p, "<<"))
		return true;
	if (!number(p, 16, &shift) || shift % 8 || mi->width)
		return fail(p, "shift by 8 or 16, whole registers only");
	mi->byte_shift = (uint8_t)(shift / 8);
	return true;
}

static bool parse_mask(struct parser *p, struct nfp_mi *mi)
{
	unsigned i;

	skip_blanks(p);
	for (i = 0; i < 4; i++, p->at++) {
		if (*p->at != '0' && *p->at != '1')
			return fail(p, "expected a byte mask of four binary digits");
		mi->bmask = (uint8_t)(mi->bmask << 1 | (*p->at - '0'));
	}
	return true;
}

static bool small_field(struct parser *p, struct nfp_mi *mi, char field)
{
	uint8_t flag = 0;

	switch (field) {
	case 'i': return number(p, UINT32_MAX, &mi->imm32);
	case 'n': return number8(p, 31, &mi->shift);
	case 'N':
		mi->indirect = accept(p, "indirect");
		return mi->indirect || number8(p, 31, &mi->shift);
	case 'z': mi->zf = prefix(p, "_clr"); return true;
	case 'v':
		if (!number8(p, 1, &flag))
			return false;
		mi->br_set = flag != 0;
		return true;
	case 'q':
		mi->br_set = accept(p, "eq");
		return mi->br_set || expect(p, "ne", "expected eq or ne");
	case 'h': return number(p, UINT16_MAX, &mi->helper);
	case 't': return block_ref(p, &mi->target[0]);
	case 'x':
		mi->const_exit = accept(p, "byte");
		return mi->const_exit ? number(p, 255, &mi->imm32) : opnd(p, &mi->a);
	case 'w':
		if (!number8(p, 32, &mi->cmd.count))
			return false;
		mi->cmd.swap = accept(p, "swap");
		return !accept(p, "addend") || number(p, UINT16_MAX, &mi->imm32);
	default: return fail(p, "unknown field");
	}
}

static bool field(struct parser *p, struct nfp_mi *mi, char c)
{
	switch (c) {
	case 'd': return opnd(p, &mi->dst);
	case 'e': return opnd(p, &mi->dst2);
	case 'a': return opnd(p, &mi->a);
	case 'b': return opnd(p, &mi->b);
	case 'X': return opnd(p, &mi->cmd.xfer);
	case 'o': return named(p, alu_text, 32, "no such ALU operation", &mi->alu);
	case 's': return named(p, shf_text, 8, "no such shift operation", &mi->alu);
	case 'c': return named(p, cc_text, NFP_CC_GT + 1, "no such condition", &mi->cc);
	case 'k':
		return named(p, mem_text, NFP_MEM_OP_COUNT, "no such memory command", &mi->cmd.mem);
	case 'S': return parse_shift(p, mi);
	case 'W': return parse_immed_width(p, mi);
	case 'I': return parse_immed_value(p, mi);
	case 'A': return parse_addr(p, mi);
	case 'C': return parse_call(p, &mi->call);
	case 'P': return parse_phi(p, mi);
	case 'M': return parse_mul(p, mi);
	case 'm': return parse_mask(p, mi);
	default: return small_field(p, mi, c);
	}
}

/* ---- instructions ---- */

/* Finds the opcode of the line: the word after '=', or the first one. */
static bool find_op(struct parser *p, uint8_t *op)
{
	const char *save = p->at, *eol = p->at + strcspn(p->at, "\n;"), *eq;
	unsigned i;

	eq = memchr(p->at, '=', (size_t)(eol - p->at));
	if (eq)
		p->at = eq + 1;
	for (i = 0; i < NFP_M_COUNT; i++) {
		const char *name = nfp_mir_op_infos[i].name;
		const char *next;

		skip_blanks(p);
		next = p->at + strlen(name);
		if (!strncmp(p->at, name, strlen(name)) &&
		    (!isalnum((unsigned char)*next) &&
		     (*next != '_' || i == NFP_M_LDF || i == NFP_M_IMMED))) {
			*op = (uint8_t)i;
			p->at = save;
			return true;
		}
	}
	return fail(p, "no such instruction");
}

static bool parse_flags(struct parser *p, struct nfp_mi *mi)
{
	uint32_t pc;

	for (;;) {
		if (accept(p, "!cc"))
			mi->sets_cc = true;
		else if (accept(p, "!usecc"))
			mi->uses_cc = true;
		else if (accept(p, "!glue"))
			mi->glue = true;
		else if (accept(p, "!defer")) {
			if (!number8(p, 3, &mi->defer))
				return false;
		} else
			break;
	}
	if (accept(p, ";")) {
		if (!number(p, INT32_MAX, &pc))
			return false;
		mi->bpf_pc = (int32_t)pc;
	}
	return true;
}

static bool parse_insn(struct parser *p, struct nfp_mi *mi)
{
	const char *f;

	mi->bpf_pc = -1;
	if (!find_op(p, &mi->op))
		return false;
	for (f = nfp_mir_op_infos[mi->op].format; *f; f++) {
		if (*f == ' ')
			skip_blanks(p);
		else if (*f == '%' ? !field(p, mi, *++f)
				   : !prefix(p, (char[]){ *f, 0 }) &&
					     !fail(p, "malformed instruction"))
			return false;
	}
	return parse_flags(p, mi);
}

/* ---- the function ---- */

static bool parse_vreg(struct parser *p)
{
	uint32_t i, words, phys;
	struct nfp_vreg *v;
	uint8_t vclass = 0;

	if (!expect(p, "%", "expected a register (%0, %1 …)") || !number(p, MAX_VREGS, &i) ||
	    !one_of(p, nfp_text_vclass, "expected gpr, xin or xout", &vclass))
		return false;
	if (i >= p->fn->vregs.len)
		return fail(p, "register number beyond 'vregs'");
	v = &p->fn->vregs.at[i];
	v->vclass = vclass;
	if (vclass == NFP_V_GPR) {
		if (!one_of(p, nfp_text_bank, "expected A, B or AB", &v->bank))
			return false;
	} else {
		if (!number(p, 32, &words) || !words)
			return fail(p, "a tuple has 1 to 32 words");
		v->words = (uint8_t)words;
	}
	if (accept(p, "at")) {
		if (!number(p, 31, &phys))
			return false;
		v->phys = (int8_t)phys;
	}
	return true;
}

static bool parse_slot(struct parser *p)
{
	uint32_t i, words, at, slot;
	uint8_t kind = 0;

	if (!expect(p, "@", "expected a slot (@0, @1 …)") || !number(p, MAX_SLOTS, &i) ||
	    !one_of(p, nfp_text_slot, "expected key, value, spill or stack", &kind) ||
	    !number(p, MAX_SLOT_WORDS, &words))
		return false;
	if (i != p->fn->slots.len)
		return fail(p, "slots come in order");
	slot = nfp_new_slot(p->fn, p->cx, kind, words);
	if (accept(p, "at")) {
		if (!number(p, MAX_SLOT_WORDS, &at))
			return false;
		p->fn->slots.at[slot].offset = (int32_t)at;
	}
	return true;
}

static bool parse_block(struct parser *p)
{
	uint32_t i;

	if (!number(p, MAX_BLOCKS, &i) || !expect(p, ":", "expected ':'"))
		return false;
	if (i != p->fn->blocks.len)
		return fail(p, "blocks come in order");
	(void)nfp_new_block(p->fn, p->cx);
	if (accept(p, "freq") && !number(p, 1 << 16, &p->fn->blocks.at[i].freq))
		return false;
	p->fn->blocks.at[i].helper_return = accept(p, "return");
	return true;
}

static bool parse_vregs(struct parser *p)
{
	uint32_t n;

	if (!number(p, MAX_VREGS, &n))
		return false;
	while (p->fn->vregs.len < n)
		(void)nfp_new_vreg(p->fn, p->cx, NFP_V_GPR, 1);
	return true;
}

static bool parse_func(struct parser *p)
{
	size_t len = token(p);

	p->fn->name = arena_strndup(p->cx->arena, p->at, len);
	p->at += len;
	return one_of(p, nfp_text_prog, "expected xdp or tc", &p->fn->prog_type) &&
	       one_of(p, nfp_text_stage, "expected ssa, vreg, banked or phys", &p->fn->stage);
}

static bool parse_line(struct parser *p)
{
	if (accept(p, "func"))
		return parse_func(p);
	if (accept(p, "vregs"))
		return parse_vregs(p);
	if (accept(p, "vreg"))
		return parse_vreg(p);
	if (accept(p, "slot"))
		return parse_slot(p);
	if (p->at[0] == 'b' && isdigit((unsigned char)p->at[1])) {
		p->at++;
		return parse_block(p);
	}
	if (!p->fn->blocks.len)
		return fail(p, "instruction outside a block");
	return parse_insn(p,
			  vec_push(&p->fn->blocks.at[p->fn->blocks.len - 1].insns, p->cx->arena));
}

bool nfp_parse(struct cx *cx, const char *text, const struct nfp_firmware *fw, struct nfp_func *fn)
{
	struct parser p = { .cx = cx, .fn = fn, .at = text, .line_start = text, .line = 1 };
	const char *wrong;

	memset(fn, 0, sizeof(*fn));
	fn->fw = fw;
	for (;; p.line++, p.line_start = p.at) {
		skip_blanks(&p);
		if (*p.at && *p.at != '\n' && *p.at != '#' && *p.at != ';' && !parse_line(&p))
			return false;
		skip_blanks(&p);
		if (*p.at == '#' || *p.at == ';')
			p.at += strcspn(p.at, "\n");
		if (*p.at && *p.at != '\n')
			return fail(&p, "expected end of line");
		if (!*p.at)
			break;
		p.at++;
	}
	wrong = nfp_check_error(fn, cx);
	return !wrong || fail(&p, wrong);
}
