/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/mir/mir_text.h"

/* Machine IR as text (grammar: docs/ir.md). What is printed is the function and nothing else: no
 * pointers, no derived data, so that nfp_parse() gives the same function back. */

const char *const nfp_text_vclass[] = { "gpr", "xin", "xout", NULL };
const char *const nfp_text_bank[] = { "none", "A", "B", "AB", NULL };
const char *const nfp_text_slot[] = { "key", "value", "spill", "stack", NULL };
const char *const nfp_text_stage[] = { "ssa", "vreg", "banked", "phys", NULL };
const char *const nfp_text_prog[] = { "xdp", "tc", NULL };
const char *const nfp_text_mul[] = { "start", "24x8", "16x16", "32x32", NULL };
const char *const nfp_text_step[] = { "start", "step1", "step2", "step3",
				      "step4", "last",  "last2", NULL };

static void print_opnd(const struct nfp_func *fn, const struct nfp_opnd *o, FILE *f)
{
	bool phys = fn->stage == NFP_STAGE_PHYS;

	switch (o->kind) {
	case NFP_O_NONE: fputs("--", f); break;
	case NFP_O_VREG: fprintf(f, "%%%u", o->reg); break;
	case NFP_O_GPR: fprintf(f, "%s%u", nfp_text_bank[o->bank & 3], o->reg); break;
	case NFP_O_XIN:
	case NFP_O_XOUT:
		fprintf(f, "%s%u", o->kind == NFP_O_XIN ? "$in" : "$out", o->reg);
		if (!phys)
			fprintf(f, ".%u", o->sub);
		break;
	case NFP_O_LM:
		fprintf(f, "l%u", o->reg);
		if (o->post)
			fputs(o->post > 0 ? "++" : "--", f);
		else
			fprintf(f, "[%u]", o->sub);
		break;
	case NFP_O_SLOT: fprintf(f, "@%u.%u", o->reg, o->sub); break;
	case NFP_O_IMM: fprintf(f, o->imm > 9 ? "0x%x" : "%u", o->imm); break;
	default: fprintf(f, "?%u", o->kind); break;
	}
}

static void print_shift(const struct nfp_mi *mi, FILE *f)
{
	static const char *const arrow[] = { " >>rot", " >>", " <<", " >>" };

	if (mi->indirect)
		fprintf(f, "%sindirect", arrow[mi->sc & 3]);
	else if (mi->sc != NFP_SC_ROT || mi->shift)
		fprintf(f, "%s%u", arrow[mi->sc & 3], mi->shift);
}

static void print_list(const struct nfp_func *fn, const char *name, const struct nfp_opnd *o,
		       uint32_t n, FILE *f)
{
	uint32_t i;

	if (!n || (n <= 2 && o[0].kind == NFP_O_NONE))
		return;
	fprintf(f, " %s(", name);
	for (i = 0; i < n; i++) {
		fputs(i ? ", " : "", f);
		print_opnd(fn, &o[i], f);
	}
	fputc(')', f);
}

static void print_call(const struct nfp_func *fn, const struct nfp_call *c, FILE *f)
{
	fprintf(f, "map %u", c->map);
	print_list(fn, "key", c->key, c->n_key, f);
	print_list(fn, "value", c->value, c->n_value, f);
	print_list(fn, "flags", c->flags, 2, f);
	print_list(fn, "ptr", c->ptr, 2, f);
	print_list(fn, "size", &c->size, 1, f);
	if (c->ptr_type)
		fprintf(f, " type %u", c->ptr_type);
}

static void print_phi(const struct nfp_func *fn, const struct nfp_mi *mi, FILE *f)
{
	uint32_t i;

	for (i = 0; i < mi->n_phi; i++) {
		fprintf(f, "%s[b%u, ", i ? ", " : "", mi->phi[i].block);
		print_opnd(fn, &mi->phi[i].val, f);
		fputc(']', f);
	}
}

static void print_addr(const struct nfp_func *fn, const struct nfp_mi *mi, FILE *f)
{
	bool wide = mi->cmd.mode == NFP_ADDR_40;

	fputs(wide ? "40(" : "32(", f);
	print_opnd(fn, wide ? &mi->b : &mi->a, f);
	fputs(wide ? " << 8 + " : " + ", f);
	print_opnd(fn, wide ? &mi->a : &mi->b, f);
	fputc(')', f);
}

static void print_immed_width(const struct nfp_mi *mi, FILE *f)
{
	if (mi->width == 1)
		fprintf(f, "_b%u", mi->byte_shift);
	if (mi->width == 2)
		fprintf(f, "_w%u", mi->byte_shift / 2);
}

static void print_immed_value(const struct nfp_mi *mi, FILE *f)
{
	fprintf(f, "%s0x%x", mi->inv ? "~" : "", mi->imm32);
	if (!mi->width && mi->byte_shift)
		fprintf(f, "<<%u", 8 * mi->byte_shift);
}

static void print_small_field(const struct nfp_func *fn, const struct nfp_mi *mi, char field,
			      FILE *f)
{
	unsigned i;

	switch (field) {
	case 'i': fprintf(f, "0x%x", mi->imm32); break;
	case 'n': fprintf(f, "%u", mi->shift); break;
	case 'N':
		if (mi->indirect)
			fputs("indirect", f);
		else
			fprintf(f, "%u", mi->shift);
		break;
	case 'z': fputs(mi->zf ? "_clr" : "", f); break;
	case 'm':
		for (i = 4; i-- > 0;)
			fputc(mi->bmask >> i & 1 ? '1' : '0', f);
		break;
	case 'M':
		if (mi->mul_step != NFP_STEP_START)
			fprintf(f, "%s.", nfp_text_mul[mi->mul_type & 3]);
		fputs(nfp_text_step[mi->mul_step + 1], f);
		break;
	case 'v': fputc(mi->br_set ? '1' : '0', f); break;
	case 'q': fputs(mi->br_set ? "eq" : "ne", f); break;
	case 'h': fprintf(f, "%u", mi->helper); break;
	case 't': fprintf(f, "b%u", mi->target[0]); break;
	case 'x':
		if (mi->const_exit)
			fprintf(f, "byte 0x%x", mi->imm32);
		else
			print_opnd(fn, &mi->a, f);
		break;
	case 'w':
		fprintf(f, "%u%s", mi->cmd.count, mi->cmd.swap ? " swap" : "");
		if (nfp_mem_op_is_imm(mi->cmd.mem))
			fprintf(f, " addend 0x%x", mi->imm32);
		break;
	default: break;
	}
}

static void print_field(const struct nfp_func *fn, const struct nfp_mi *mi, char field, FILE *f)
{
	switch (field) {
	case 'd': print_opnd(fn, &mi->dst, f); break;
	case 'e': print_opnd(fn, &mi->dst2, f); break;
	case 'a': print_opnd(fn, &mi->a, f); break;
	case 'b': print_opnd(fn, &mi->b, f); break;
	case 'X': print_opnd(fn, &mi->cmd.xfer, f); break;
	case 'o': fputs(nfp_alu_op_text(mi->alu), f); break;
	case 's': fputs(nfp_shf_op_text(mi->alu), f); break;
	case 'c': fputs(nfp_cc_text(mi->cc), f); break;
	case 'k': fputs(nfp_mem_op_text(mi->cmd.mem), f); break;
	case 'S': print_shift(mi, f); break;
	case 'W': print_immed_width(mi, f); break;
	case 'I': print_immed_value(mi, f); break;
	case 'A': print_addr(fn, mi, f); break;
	case 'C': print_call(fn, &mi->call, f); break;
	case 'P': print_phi(fn, mi, f); break;
	default: print_small_field(fn, mi, field, f); break;
	}
}

void nfp_print_insn(const struct nfp_func *fn, const struct nfp_mi *mi, FILE *f)
{
	const char *p;

	for (p = nfp_mir_op_infos[mi->op].format; *p; p++) {
		if (*p == '%')
			print_field(fn, mi, *++p, f);
		else
			fputc(*p, f);
	}
	fputs(mi->sets_cc ? " !cc" : "", f);
	fputs(mi->uses_cc ? " !usecc" : "", f);
	fputs(mi->glue ? " !glue" : "", f);
	if (mi->defer)
		fprintf(f, " !defer %u", mi->defer);
	if (mi->bpf_pc >= 0)
		fprintf(f, " ; %d", mi->bpf_pc);
}

static void print_head(const struct nfp_func *fn, FILE *f)
{
	size_t i;

	fprintf(f, "func %s %s %s\n", fn->name ? fn->name : "prog",
		nfp_text_prog[fn->prog_type & 1], nfp_text_stage[fn->stage & 3]);
	fprintf(f, "vregs %zu\n", fn->vregs.len);
	for (i = 0; i < fn->vregs.len && fn->stage != NFP_STAGE_PHYS; i++) {
		const struct nfp_vreg *v = &fn->vregs.at[i];

		if (v->vclass != NFP_V_GPR)
			fprintf(f, "vreg %%%zu %s %u", i, nfp_text_vclass[v->vclass], v->words);
		else if (v->bank != NFP_BANK_NONE)
			fprintf(f, "vreg %%%zu gpr %s", i, nfp_text_bank[v->bank]);
		else
			continue;
		if (v->phys >= 0)
			fprintf(f, " at %d", v->phys);
		fputc('\n', f);
	}
	for (i = 0; i < fn->slots.len; i++) {
		const struct nfp_slot *s = &fn->slots.at[i];

		fprintf(f, "slot @%zu %s %u", i, nfp_text_slot[s->kind], s->words);
		if (s->offset >= 0)
			fprintf(f, " at %d", s->offset);
		fputc('\n', f);
	}
}

void nfp_print(const struct nfp_func *fn, void *file)
{
	FILE *f = file;
	size_t b, i;

	print_head(fn, f);
	for (b = 0; b < fn->blocks.len; b++) {
		const struct nfp_block *blk = &fn->blocks.at[b];

		fprintf(f, "b%zu: freq %u%s\n", b, blk->freq, blk->helper_return ? " return" : "");
		for (i = 0; i < blk->insns.len; i++) {
			fputc('\t', f);
			nfp_print_insn(fn, &blk->insns.at[i], f);
			fputc('\n', f);
		}
	}
}
