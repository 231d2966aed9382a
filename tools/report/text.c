/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/report/text.h"

#include "offload/inspect.h"
#include "tools/report/constants.h"

#include <stdio.h>

#define MAX_WAYS 8u /* into one cut that are listed */

static void print_matter(const char *before, const struct part_reason *r)
{
	printf("%s%s [%s]\n", before, r->text, reason_name(r->reason));
}

/* "about 3 %" when guessed, "2.5 %" when measured */
static const char *share(const struct rep_facts *f, double part)
{
	return arena_printf(&f->p->owner->scratch, f->measured ? "%.1f %%" : "about %.0f %%",
			    part * 100);
}

/* ---- the program as a whole ---------------------------------------------------------------------- */

static void print_figures(const struct rep_facts *f)
{
	const struct split *s = &f->p->result.split;
	const struct part_halves *halves = s->halves;

	for (size_t i = 0; i < s->n_reasons && s->reasons[i].insn == PART_WHOLE; i++) {
		print_matter("  whole program: ", &s->reasons[i]);
		printf("    %s\n", reason_advice(s->reasons[i].reason));
	}
	if (s->no_split_reason)
		printf("  not split: %s\n", s->no_split_reason);
	if (f->n_words)
		printf("  on the device: %u instructions, estimated %.1f instruction words and "
		       "%.0f "
		       "cycles per packet\n",
		       f->on_device, f->words_run, f->cycles);
	if (halves)
		printf("  hand-off record: %u bytes in front of each packet passed up; device: %s "
		       "of "
		       "the executed instructions\n",
		       halves->record_bytes, share(f, halves->device_share));
	if (f->measured)
		printf("  shares are measured on %llu packets of the profile\n",
		       (unsigned long long)f->measured);
}

/* Differences of the placed program to the program as written. */
static void print_shape(const struct rep_facts *f)
{
	const struct part_inlined *inlined = f->p->result.split.inlined;
	const struct fe_object *obj = &f->p->owner->obj;

	for (size_t i = 0; inlined && i < inlined->n_followed; i++)
		printf("  program array '%s' is compiled in (%s): compile again after each change "
		       "at run time, which the device does not see\n",
		       obj->maps[inlined->followed[i].map].name, inlined->followed[i].targets);
	if (inlined && inlined->n_inlined)
		printf("  %u calls are inlined, so that a cut can be inside\n", inlined->n_inlined);
	if (f->p->result.split.inline_note && f->p->result.split.placement != PART_ALL_DEVICE)
		printf("  %s\n", f->p->result.split.inline_note);
}

/* ---- cuts and maps ---------------------------------------------------------------------------------- */

static void print_value(const struct rep_facts *f, const struct part_value *v)
{
	struct bpf_offload_object *o = f->p->owner;
	unsigned at = PART_HANDOFF_HEADER + v->at;

	printf("    %s", part_value_text(&o->scratch, &o->obj, v));
	if (v->size == 1)
		printf(", record byte %u", at);
	else if (v->size)
		printf(", record bytes %u-%u", at, at + v->size - 1);
	putchar('\n');
}

/* Edges of the device that lead to a cut point. */
static void print_ways(const struct rep_facts *f, uint8_t cut)
{
	uint32_t n = 0;

	for (size_t i = 0; i < f->edges.len; i++) {
		const struct rep_edge *e = &f->edges.at[i];

		if (e->cut != cut)
			continue;
		if (n++ < MAX_WAYS)
			printf("%s%u (%.0f %%)", n == 1 ? "    from instruction " : ", ",
			       f->insns[f->blocks.at[e->from].end - 1].pc, e->freq * 100);
	}
	if (n > MAX_WAYS)
		printf(" and %u more", n - MAX_WAYS);
	if (n)
		putchar('\n');
}

static void print_cut(const struct rep_facts *f, const struct part_cut_point *c)
{
	const char *where = rep_where(f, c->pc);

	printf("  cut %u before instruction %u", c->id, c->pc);
	if (*where)
		printf(" (%s)", where);
	printf(", %s of packets, %u bytes handed over\n", share(f, c->share),
	       c->live.payload_bytes);
	print_ways(f, c->id);
	if (rep_is_tagged(f, c))
		printf("    from the entry, frames with a VLAN tag\n");
	for (uint32_t i = 0; i < c->live.n; i++)
		print_value(f, &c->live.values[i]);
	if (!c->live.n)
		printf("    no values\n");
}

/* tc: which programs go where. */
static void print_attach(const struct part_halves *halves)
{
	if (!halves->xdp_stub.n_insns)
		return;
	printf("  attach both programs of the host half: %s as XDP, %s to tc ingress, as its first "
	       "filter\n",
	       halves->xdp_stub.name, halves->host.name);
	printf("  frames with a VLAN tag: %s\n",
	       halves->tagged ? "on the host from the entry on (cut 1), because tc sees them "
				"without the tag"
			      : "none, by --untagged; those that reach a cut are dropped");
}

void rep_text_constants(const struct bpf_offload_program *p)
{
	const struct rep_constant *c;
	size_t n;

	c = rep_constants(p, &n);
	for (size_t i = 0; i < n; i++)
		printf("  compiled in: %s = %s%s\n", c[i].name, c[i].value,
		       c[i].settable ? arena_printf(&p->owner->arena,
						    " (recompile to change it: --set %s=VALUE)",
						    c[i].name)
				     : " (recompile to change it)");
}

static void print_split(const struct rep_facts *f)
{
	const struct part_halves *halves = f->p->result.split.halves;
	const struct part_map *maps = f->p->result.split.maps;
	const struct fe_object *obj = &f->p->owner->obj;

	if (halves)
		print_attach(halves);
	for (uint32_t i = 0; halves && i < halves->n_cuts; i++)
		print_cut(f, &halves->cuts[i]);
	for (size_t i = 0; maps && i < obj->n_maps; i++)
		if (maps[i].home != PART_MAP_NONE)
			printf("  map '%s': %s (%s); %s\n", obj->maps[i].name,
			       part_map_placement_name(maps[i].home), maps[i].why, maps[i].duty);
	rep_text_constants(f->p);
}

/* ---- advice ------------------------------------------------------------------------------------------- */

static void print_advice(const struct rep_facts *f)
{
	if (f->advice.len)
		printf("  to move more to the device:\n");
	for (size_t i = 0; i < f->advice.len; i++) {
		const struct rep_advice *a = &f->advice.at[i];
		const char *gain = rep_advice_gain(f, a);

		printf("    %s (%u×) [%s]\n", a->text, a->refused, reason_name(a->reason));
		if (gain)
			printf("      without it: %s\n", gain);
		printf("      %s\n", reason_advice(a->reason));
	}
	if (f->all.tried)
		printf("    without all of these: %s\n", rep_advice_gain(f, &f->all));
}

/* ---- the listing ---------------------------------------------------------------------------------------- */

static void print_reasons(const struct rep_facts *f, const struct rep_insn *insn)
{
	for (uint32_t i = insn->reason; i < insn->reason + insn->n_reasons; i++) {
		print_matter("                 ^ refused by the device: ",
			     &f->p->result.split.reasons[i]);
		printf("                   %s\n",
		       reason_advice(f->p->result.split.reasons[i].reason));
	}
}

/* A cut before `pc`. */
static void print_mark(const struct rep_facts *f, uint32_t pc)
{
	const struct part_halves *halves = f->p->result.split.halves;

	for (uint32_t i = 0; halves && i < halves->n_cuts; i++)
		if (halves->cuts[i].pc == pc)
			printf("    ---- cut %u: the host continues here, %u bytes handed over, "
			       "%s of packets\n",
			       halves->cuts[i].id, halves->cuts[i].live.payload_bytes,
			       share(f, halves->cuts[i].share));
}

static void print_listing(const struct rep_facts *f)
{
	uint32_t line = REP_NONE;
	const char *why = NULL;

	for (uint32_t i = 0; i < f->n_insns; i++) {
		const struct rep_insn *insn = &f->insns[i];

		if (insn->line != line && insn->line != REP_NONE)
			printf("  %-6s %s:%u: %s\n", rep_place_name(f->lines[insn->line].place),
			       f->lines[insn->line].file, f->lines[insn->line].line,
			       f->lines[insn->line].text);
		line = insn->line;
		print_mark(f, insn->pc);
		printf("    %-6s %5u: %s", rep_place_name(insn->place), insn->pc, insn->text);
		if (insn->note)
			printf("  -> %s", insn->note);
		putchar('\n');
		print_reasons(f, insn);
		if (!insn->why || (why && !strcmp(insn->why, why)))
			continue; /* printed once for equal successive texts */
		printf("                 ^ on the host: %s\n", insn->why);
		why = insn->why;
	}
}

void rep_text(struct rep_facts *f, bool listing)
{
	print_figures(f);
	print_shape(f);
	print_split(f);
	print_advice(f);
	if (listing)
		print_listing(f);
	arena_reset(&f->p->owner->scratch);
}
