/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/report/html.h"

#include "offload/inspect.h"
#include "tools/report/escape.h"

#include <inttypes.h>

/* Rows carry two keys: data-k names what lights up together (l: source line, i: instruction without one),
 * data-i the very instruction. */

static const char *const classes[] = {
	[PART_DEAD] = "dead", [PART_DEVICE] = "nic", [PART_HOST] = "host", [PART_BOTH] = "both"
};

static void row_begin(FILE *out, const char *class)
{
	fprintf(out, "<div class=\"r %s\"", class);
}

static void line_key(FILE *out, uint32_t line)
{
	fprintf(out, " data-k=\"l%u\"", line);
}

static void insn_key(FILE *out, const struct rep_facts *f, uint32_t i)
{
	if (f->insns[i].line != REP_NONE)
		line_key(out, f->insns[i].line);
	else
		fprintf(out, " data-k=\"i%u\"", f->insns[i].pc);
	fprintf(out, " data-i=\"%u\"", f->insns[i].pc);
}

/* Number and text; the row may hold more. */
static void row_text(FILE *out, uint32_t number, const char *text)
{
	fprintf(out, "><span class=\"n\">%u</span><span class=\"t\">", number);
	rep_escape(out, *text ? text : " ");
	fputs("</span>", out);
}

static void row_end(FILE *out)
{
	fputs("</div>\n", out);
}

static void pane_begin(FILE *out, const char *title)
{
	fprintf(out, "<div class=\"pane\"><h3>%s</h3><div class=\"rows\">\n", title);
}

static void pane_end(FILE *out)
{
	fputs("</div></div>\n", out);
}

/* ---- source ----------------------------------------------------------------------------------------- */

/* The file in which main ends; its first line may belong to an inlined function of a header. */
static const char *main_file(const struct rep_facts *f)
{
	const struct fe_line *l = fe_prog_line(f->prog, f->prog->subprogs[0].end - 1);

	return l ? l->file : "";
}

static void source_line(FILE *out, const struct rep_facts *f, uint32_t i)
{
	const struct rep_line *l = &f->lines[i];

	if (!i || strcmp(l[-1].file, l->file)) {
		fputs("<div class=\"head\">", out);
		rep_escape(out, l->file);
		fputs(*l->text ? "</div>\n"
			       : " <small>(its text is not in the object)</small></div>\n",
		      out);
	} else if (l->line > l[-1].line + 1) {
		fputs("<div class=\"gap\">\xe2\x8b\xae</div>\n", out);
	}
	row_begin(out, classes[l->place]);
	line_key(out, i);
	row_text(out, l->line, l->text);
	row_end(out);
}

static void source_pane(FILE *out, const struct rep_facts *f)
{
	const char *first = main_file(f);

	pane_begin(out, "Source");
	if (!f->n_lines)
		fputs("<div class=\"gap\">The object has no line information: compile with clang "
		      "-g.</div>\n",
		      out);
	for (uint32_t i = 0; i < f->n_lines; i++)
		if (!strcmp(f->lines[i].file, first))
			source_line(out, f, i);
	for (uint32_t i = 0; i < f->n_lines; i++)
		if (strcmp(f->lines[i].file, first))
			source_line(out, f, i);
	pane_end(out);
}

/* ---- BPF ---------------------------------------------------------------------------------------------- */

static void function_head(FILE *out, const struct rep_facts *f, uint32_t pc)
{
	const struct fe_prog *prog = f->prog;

	for (uint32_t s = 0; s < prog->n_subprogs; s++) {
		if (prog->subprogs[s].start != pc)
			continue;
		fputs("<div class=\"head\">", out);
		rep_escape(out, rep_subprog_name(f, s));
		fputs("()</div>\n", out);
	}
}

static void cut_mark(FILE *out, const struct rep_facts *f, uint32_t pc)
{
	const struct part_halves *halves = f->p->result.split.halves;

	for (uint32_t i = 0; halves && i < halves->n_cuts; i++)
		if (halves->cuts[i].pc == pc)
			fprintf(out,
				"<div class=\"cutmark\">cut %u: the host continues here "
				"\xe2\x80\x94 "
				"%u bytes "
				"handed over, about %s of packets</div>\n",
				halves->cuts[i].id, halves->cuts[i].live.payload_bytes,
				rep_percent(f, halves->cuts[i].share));
}

static void reasons(FILE *out, const struct rep_facts *f, const struct rep_insn *insn)
{
	for (uint32_t i = insn->reason; i < insn->reason + insn->n_reasons; i++) {
		const struct part_reason *r = &f->p->result.split.reasons[i];

		fputs("<div class=\"why\">refused by the device: ", out);
		rep_escape(out, r->text);
		fprintf(out, " <small>[%s] ", reason_name(r->reason));
		rep_escape(out, reason_advice(r->reason));
		fputs("</small></div>\n", out);
	}
}

/* Printed once for equal successive texts: *said is the last one printed. */
static void why(FILE *out, const char *text, const char **said)
{
	if (!text || (*said && !strcmp(text, *said)))
		return;
	*said = text;
	fputs("<div class=\"why\"><small>on the host: ", out);
	rep_escape(out, text);
	fputs("</small></div>\n", out);
}

static void bpf_row(FILE *out, const struct rep_facts *f, uint32_t i)
{
	const struct rep_insn *insn = &f->insns[i];
	const struct rep_block *b = insn->block == REP_NONE ? NULL : &f->blocks.at[insn->block];

	row_begin(out, classes[insn->place]);
	insn_key(out, f, i);
	row_text(out, insn->pc, insn->text);
	if (insn->note) {
		fputs("<span class=\"o\">\xe2\x86\x92 ", out);
		rep_escape(out, insn->note);
		fputs("</span>", out);
	}
	if (b && b->first == i)
		fprintf(out, "<span class=\"f\">%s</span>", rep_percent(f, b->freq));
	row_end(out);
}

static void bpf_pane(FILE *out, const struct rep_facts *f)
{
	const char *said = NULL;

	pane_begin(out, f->measured ? "BPF <small class=\"dim\">blocks with measured frequencies"
				      "</small>"
				    : "BPF <small class=\"dim\">blocks with estimated frequencies"
				      "</small>");
	for (uint32_t i = 0; i < f->n_insns; i++) {
		function_head(out, f, f->insns[i].pc);
		cut_mark(out, f, f->insns[i].pc);
		bpf_row(out, f, i);
		reasons(out, f, &f->insns[i]);
		why(out, f->insns[i].why, &said);
	}
	pane_end(out);
}

/* ---- microcode ------------------------------------------------------------------------------------------ */

static void word_head(FILE *out, const struct rep_facts *f, const struct rep_word *w)
{
	fputs("<div class=\"gap\">", out);
	if (w->insn != REP_NONE)
		fprintf(out, "\xe2\x86\x90 %u", f->insns[w->insn].pc);
	else
		fputs(f->p->result.split.halves ? "hand-off and entry" : "added by the compiler",
		      out);
	fputs("</div>\n", out);
}

static void words_pane(FILE *out, const struct rep_facts *f)
{
	pane_begin(out, "Microcode <small class=\"dim\">\xe2\x86\x90 BPF instruction</small>");
	if (!f->n_words)
		fputs("<div class=\"gap\">None: no part of the program runs on the device.</div>\n",
		      out);
	for (uint32_t i = 0; i < f->n_words; i++) {
		const struct rep_word *w = &f->words[i];

		if (!i || w->insn != w[-1].insn)
			word_head(out, f, w);
		row_begin(out, w->insn == REP_NONE ? "dead" : "nic");
		if (w->insn != REP_NONE)
			insn_key(out, f, w->insn);
		fprintf(out, " title=\"%016" PRIx64 "\"", w->word);
		row_text(out, i, w->text);
		row_end(out);
	}
	pane_end(out);
}

void rep_html_panes(FILE *out, struct rep_facts *f)
{
	fputs("<div class=\"panes\">\n", out);
	source_pane(out, f);
	bpf_pane(out, f);
	words_pane(out, f);
	fputs("</div>\n", out);
}

/* ---- the host half -------------------------------------------------------------------------------------- */

static void half_row(FILE *out, const struct rep_facts *f, uint32_t pc, bool wide)
{
	const struct part_halves *halves = f->p->result.split.halves;
	const struct bpf_insn *insn = &halves->host.insns[pc];
	uint32_t from = halves->host_origin[pc] == PART_NO_ORIGIN
				? REP_NONE
				: rep_insn_at(f, halves->host_origin[pc]);
	char text[160];

	fe_disasm(&f->p->owner->obj, insn, wide ? insn + 1 : NULL, text, sizeof(text));
	row_begin(out, from == REP_NONE ? "dead" : "host");
	if (from != REP_NONE)
		insn_key(out, f, from);
	row_text(out, pc, text);
	if (from != REP_NONE)
		fprintf(out, "<span class=\"f\">\xe2\x86\x90 %u</span>", f->insns[from].pc);
	row_end(out);
}

void rep_html_host_half(FILE *out, struct rep_facts *f)
{
	const struct fe_prog *host = &f->p->result.split.halves->host;

	fputs("<details><summary>Host half: program ", out);
	rep_escape(out, host->name);
	fprintf(out,
		", %zu instructions <small class=\"dim\">grey: reads, checks and strips the "
		"hand-off "
		"record</small></summary>\n<div class=\"pane\"><div class=\"rows\">\n",
		host->n_insns);
	for (uint32_t pc = 0; pc < host->n_insns; pc++) {
		bool wide = ebpf_is_ld_imm64(&host->insns[pc]) && pc + 1 < host->n_insns;

		half_row(out, f, pc, wide);
		pc += wide;
	}
	fputs("</div></div></details>\n", out);
}
