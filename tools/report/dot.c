/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/report/dot.h"

#include "tools/report/escape.h"

/* Labels are graphviz' HTML-like tables; all text in them goes through rep_escape(). */

#define MAX_ROWS 7u  /* source lines or instructions of a block that are shown */
#define MAX_TEXT 56u /* characters of each */

static const struct {
	const char *fill, *line, *what;
} sides[] = {
	[PART_DEAD] = { "#eeeeee", "#888888", "never reached" },
	[PART_DEVICE] = { "#dbeafe", "#1d4ed8", "device" },
	[PART_HOST] = { "#ffedd5", "#c2410c", "host" },
	[PART_BOTH] = { "#ede9fe", "#6d28d9", "both" },
};

/* ---- blocks ------------------------------------------------------------------------------------------ */

static void row_begin(FILE *out)
{
	fputs("<TR><TD ALIGN=\"LEFT\">", out);
}

static void row_end(FILE *out)
{
	fputs("</TD></TR>", out);
}

static void source_row(FILE *out, const struct rep_line *l)
{
	row_begin(out);
	fputs("<FONT COLOR=\"#6b7280\">", out);
	rep_escape_some(out, rep_basename(l->file), 24);
	fprintf(out, ":%u</FONT> ", l->line);
	rep_escape_some(out, l->text, MAX_TEXT);
	row_end(out);
}

static void insn_row(FILE *out, const struct rep_insn *insn)
{
	row_begin(out);
	fprintf(out, "<FONT COLOR=\"#6b7280\">%u:</FONT> ", insn->pc);
	rep_escape_some(out, insn->text, MAX_TEXT);
	if (insn->note) {
		fputs(" \xe2\x86\x92 ", out);
		rep_escape_some(out, insn->note, MAX_TEXT / 2);
	}
	row_end(out);
}

static void more_row(FILE *out, uint32_t left)
{
	row_begin(out);
	fprintf(out, "<FONT COLOR=\"#6b7280\">\xe2\x80\xa6 %u more</FONT>", left);
	row_end(out);
}

/* Each source line once, where it has text; else the instructions. */
static void block_rows(FILE *out, const struct rep_facts *f, const struct rep_block *b)
{
	uint32_t shown = 0, left = 0, last = REP_NONE;

	for (uint32_t i = b->first; i < b->end; i++) {
		const struct rep_insn *insn = &f->insns[i];
		bool source = insn->line != REP_NONE && *f->lines[insn->line].text;

		if (source && insn->line == last)
			continue;
		last = insn->line;
		if (shown >= MAX_ROWS) {
			left++;
			continue;
		}
		shown++;
		if (source)
			source_row(out, &f->lines[insn->line]);
		else
			insn_row(out, insn);
	}
	if (left)
		more_row(out, left);
}

static void refusal_rows(FILE *out, const struct rep_facts *f, const struct rep_block *b)
{
	for (uint32_t i = b->first; i < b->end; i++)
		for (uint32_t r = 0; r < f->insns[i].n_reasons; r++) {
			row_begin(out);
			fprintf(out, "<FONT COLOR=\"#b91c1c\">%u: ", f->insns[i].pc);
			rep_escape_some(out,
					f->p->result.split.reasons[f->insns[i].reason + r].text,
					MAX_TEXT + 30);
			fputs("</FONT>", out);
			row_end(out);
		}
}

static void put_block(FILE *out, const struct rep_facts *f, unsigned number, uint32_t at)
{
	const struct rep_block *b = &f->blocks.at[at];
	uint32_t first = f->insns[b->first].pc, last = f->insns[b->end - 1].pc;

	fprintf(out,
		"    p%u_b%u [color=\"%s\" fillcolor=\"%s\" label=<<TABLE BORDER=\"0\" "
		"CELLBORDER=\"0\" "
		"CELLSPACING=\"0\" CELLPADDING=\"1\"><TR><TD ALIGN=\"LEFT\"><B>",
		number, at, sides[b->place].line, sides[b->place].fill);
	if (first == last)
		fprintf(out, "%s %u", sides[b->place].what, first);
	else
		fprintf(out, "%s %u\xe2\x80\x93%u", sides[b->place].what, first, last);
	fprintf(out, "</B>   %s</TD></TR>", rep_percent(f, b->freq));
	block_rows(out, f, b);
	refusal_rows(out, f, b);
	fputs("</TABLE>>]\n", out);
}

/* ---- cuts ----------------------------------------------------------------------------------------------- */

static void put_cut(FILE *out, const struct rep_facts *f, unsigned number,
		    const struct part_cut_point *c)
{
	struct bpf_offload_object *o = f->p->owner;

	fprintf(out,
		"    p%u_c%u [shape=note color=\"#b91c1c\" fillcolor=\"#fff1f2\" label=<<TABLE "
		"BORDER=\"0\" CELLBORDER=\"0\" CELLSPACING=\"0\" CELLPADDING=\"1\"><TR><TD "
		"ALIGN=\"LEFT\"><B>cut %u</B>   %s of packets, %u bytes</TD></TR>",
		number, c->id, c->id, rep_percent(f, c->share), c->live.payload_bytes);
	if (rep_is_tagged(f, c)) {
		row_begin(out);
		fputs("frames with a VLAN tag, from the entry", out);
		row_end(out);
	}
	for (uint32_t i = 0; i < c->live.n; i++) {
		row_begin(out);
		rep_escape_some(out, part_value_text(&o->scratch, &o->obj, &c->live.values[i]),
				MAX_TEXT);
		row_end(out);
	}
	fputs("</TABLE>>]\n", out);
	fprintf(out, "    p%u_c%u -> p%u_b%u [color=\"#b91c1c\" style=dashed penwidth=2]\n", number,
		c->id, number, f->insns[rep_insn_at(f, c->pc)].block);
}

/* ---- edges ---------------------------------------------------------------------------------------------- */

static void put_edge(FILE *out, const struct rep_facts *f, unsigned number,
		     const struct rep_edge *e)
{
	const struct rep_block *from = &f->blocks.at[e->from];
	double width = 0.6 + 2.4 * (e->freq < 1 ? e->freq : 1);

	fprintf(out, "    p%u_b%u -> ", number, e->from);
	if (e->cut)
		fprintf(out,
			"p%u_c%u [color=\"#b91c1c\" fontcolor=\"#b91c1c\" style=dashed penwidth=2 "
			"label=\" %s\"]\n",
			number, e->cut, rep_percent(f, e->freq));
	else if (e->call)
		fprintf(out, "p%u_b%u [style=dotted color=\"#6b7280\" constraint=false]\n", number,
			e->to);
	else if (from->freq > 0 && e->freq < from->freq * 0.999)
		fprintf(out, "p%u_b%u [penwidth=%.2f label=\" %s\"]\n", number, e->to, width,
			rep_percent(f, e->freq));
	else
		fprintf(out, "p%u_b%u [penwidth=%.2f]\n", number, e->to, width);
}

/* ---- the file --------------------------------------------------------------------------------------------- */

void rep_dot_begin(FILE *out, const char *title)
{
	fputs("digraph placement {\n"
	      "  graph [fontname=\"Helvetica\" fontsize=12 labelloc=t labeljust=l style=rounded "
	      "color=\"#9ca3af\" ranksep=0.4 nodesep=0.3 label=<",
	      out);
	rep_escape(out, rep_basename(title));
	for (size_t i = PART_DEVICE; i < sizeof(sides) / sizeof(sides[0]); i++)
		fprintf(out, "   <FONT COLOR=\"%s\"><B>%s</B></FONT>", sides[i].line,
			sides[i].what);
	fputs("   <FONT COLOR=\"#b91c1c\"><B>hand-off</B></FONT>>]\n"
	      "  node [shape=box style=filled fontname=\"Courier\" fontsize=9 "
	      "margin=\"0.08,0.04\"]\n"
	      "  edge [fontname=\"Helvetica\" fontsize=8 color=\"#4b5563\" arrowsize=0.6]\n",
	      out);
}

static void put_subprogram(FILE *out, struct rep_facts *f, unsigned number, uint32_t sub)
{
	fprintf(out, "  subgraph cluster_p%u_s%u {\n    label=<", number, sub);
	rep_escape(out, rep_subprog_name(f, sub));
	if (!sub)
		fprintf(out, ": %s, %u instructions on the device, %u on the host",
			part_placement_name(f->p->result.split.placement), f->on_device,
			f->on_host);
	fputs(">\n", out);
	for (uint32_t b = 0; b < f->blocks.len; b++)
		if (f->blocks.at[b].subprog == sub)
			put_block(out, f, number, b);
	for (uint32_t i = 0;
	     !sub && f->p->result.split.halves && i < f->p->result.split.halves->n_cuts; i++)
		put_cut(out, f, number, &f->p->result.split.halves->cuts[i]);
	fputs("  }\n", out);
}

void rep_dot_program(FILE *out, struct rep_facts *f, unsigned number)
{
	for (uint32_t sub = 0; sub < f->prog->n_subprogs; sub++)
		put_subprogram(out, f, number, sub);
	for (size_t i = 0; i < f->edges.len; i++)
		put_edge(out, f, number, &f->edges.at[i]);
	arena_reset(&f->p->owner->scratch);
}

void rep_dot_end(FILE *out)
{
	fputs("}\n", out);
}
