/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/report/html.h"

#include "base/sha256.h"
#include "offload/inspect.h"
#include "tools/report/escape.h"

/* ---- the document ------------------------------------------------------------------------------------- */

static void put_base64(FILE *out, const uint8_t *data, size_t size)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < size; i += 3) {
		uint32_t v = (uint32_t)data[i] << 16;

		v |= i + 1 < size ? (uint32_t)data[i + 1] << 8 : 0;
		v |= i + 2 < size ? data[i + 2] : 0;
		fputc(digits[v >> 18 & 63], out);
		fputc(digits[v >> 12 & 63], out);
		fputc(i + 1 < size ? digits[v >> 6 & 63] : '=', out);
		fputc(i + 2 < size ? digits[v & 63] : '=', out);
	}
}

void rep_html_begin(FILE *out, const char *title)
{
	uint8_t digest[SHA256_BYTES];

	sha256(rep_html_js, strlen(rep_html_js), digest);
	fputs("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
	      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
	      "style-src 'unsafe-inline'; script-src 'sha256-",
	      out);
	put_base64(out, digest, sizeof(digest));
	fputs("'; base-uri 'none'; form-action 'none'\">\n"
	      "<meta name=\"viewport\" content=\"width=device-width\">\n<title>",
	      out);
	rep_escape(out, rep_basename(title));
	fprintf(out, ": placement</title>\n<style>\n%s</style></head><body>\n<h1>", rep_html_css);
	rep_escape(out, rep_basename(title));
	fputs("</h1>\n<p class=\"legend\"><span><i class=\"nic\"></i>device</span><span><i "
	      "class=\"host\"></i>"
	      "host</span><span><i class=\"both\"></i>both</span><span><i "
	      "class=\"dead\"></i>unreachable</span><span><i "
	      "class=\"cut\"></i>hand-off</span><span class=\"dim\">Point at "
	      "a row to "
	      "see related rows; click to scroll to them, press Escape to deselect.</span></p>\n",
	      out);
}

void rep_html_end(FILE *out)
{
	fprintf(out, "<script>%s</script>\n</body></html>\n", rep_html_js);
}

static void heading(FILE *out, struct bpf_offload_program *p)
{
	const char *placement = bpf_offload_placement__name(bpf_offload_program__placement(p));

	fputs("<h2>", out);
	rep_escape(out, bpf_offload_program__name(p));
	fprintf(out, " <span class=\"badge %s\">%s</span> <small class=\"dim\">section ", placement,
		placement);
	rep_escape(out, bpf_offload_program__section(p));
	fputs("</small></h2>\n", out);
}

void rep_html_link(FILE *out, struct bpf_offload_program *p, unsigned number)
{
	fprintf(out, "<a href=\"#p%u\">", number);
	rep_escape(out, bpf_offload_program__name(p));
	fprintf(out, "</a> <small class=\"dim\">%s</small> ",
		bpf_offload_placement__name(bpf_offload_program__placement(p)));
}

void rep_html_other(FILE *out, struct bpf_offload_program *p, unsigned number)
{
	const struct bpf_offload_reason *r;
	size_t n;

	fprintf(out, "<section id=\"p%u\">\n", number);
	heading(out, p);
	r = bpf_offload_program__reasons(p, &n);
	for (size_t i = 0; i < n; i++) {
		fputs("<p>", out);
		if (r[i].insn >= 0)
			fprintf(out, "instruction %lld: ", (long long)r[i].insn);
		rep_escape(out, r[i].text);
		fprintf(out, " <small class=\"dim\">[%s] ", r[i].id);
		rep_escape(out, r[i].advice);
		fputs("</small></p>\n", out);
	}
	fputs("</section>\n", out);
}

/* ---- figures -------------------------------------------------------------------------------------------- */

static void figure(FILE *out, const char *value, const char *what)
{
	fprintf(out, "<div><b>%s</b><span>%s</span></div>\n", value, what);
}

static void bar(FILE *out, const struct rep_facts *f)
{
	static const char *const names[] = { [PART_DEAD] = NULL,
					     [PART_DEVICE] = "nic",
					     [PART_HOST] = "host",
					     [PART_BOTH] = "both" };
	uint32_t n[4] = { 0 }, live = f->n_insns - f->dead;

	for (uint32_t i = 0; i < f->n_insns; i++)
		n[f->insns[i].place]++;
	fputs("<div class=\"bar\">", out);
	for (unsigned place = PART_DEVICE; live && place <= PART_BOTH; place++) {
		enum part_place at = place == PART_HOST   ? PART_BOTH
				     : place == PART_BOTH ? PART_HOST
							  : PART_DEVICE;

		fprintf(out, "<i class=\"%s\" style=\"width:%.2f%%\"></i>", names[at],
			100.0 * n[at] / live);
	}
	fputs("</div>\n", out);
}

static void figures(FILE *out, struct rep_facts *f)
{
	const struct part_halves *halves = f->p->result.split.halves;
	struct arena *s = &f->p->owner->scratch;

	fputs("<div class=\"figures\">\n", out);
	figure(out, arena_printf(s, "%u", f->n_insns - f->dead), "live instructions");
	figure(out, arena_printf(s, "%u", f->on_device), "on the device");
	figure(out, arena_printf(s, "%u", f->on_host), "on the host");
	if (f->n_words) {
		figure(out, arena_printf(s, "%u", f->n_words), "instruction words");
		figure(out, arena_printf(s, "%.1f", f->words_run), "words per packet, estimated");
		figure(out, arena_printf(s, "%.0f", f->cycles), "cycles per packet, estimated");
	}
	if (halves) {
		figure(out, arena_printf(s, "%.0f %%", halves->device_share * 100),
		       "of executed instructions on the device");
		figure(out, rep_percent(f, f->going_up), "of packets continue on the host");
		figure(out, arena_printf(s, "%u", halves->record_bytes),
		       "bytes of hand-off record");
	}
	fputs("</div>\n", out);
	bar(out, f);
}

/* ---- tables ---------------------------------------------------------------------------------------------- */

static void table_begin(FILE *out, const char *title, const char *heads)
{
	fprintf(out, "<h3>%s</h3>\n<div class=\"tw\"><table><tr>%s</tr>\n", title, heads);
}

static void table_end(FILE *out)
{
	fputs("</table></div>\n", out);
}

static void cell(FILE *out, const char *text)
{
	fputs("<td>", out);
	rep_escape(out, text);
	fputs("</td>", out);
}

static void value_item(FILE *out, struct rep_facts *f, const struct part_value *v)
{
	struct bpf_offload_object *o = f->p->owner;
	unsigned at = PART_HANDOFF_HEADER + v->at;

	fputs("<li>", out);
	rep_escape(out, part_value_text(&o->scratch, &o->obj, v));
	if (v->size)
		fprintf(out, " <span class=\"dim\">record byte%s %u%s</span>",
			v->size > 1 ? "s" : "", at,
			v->size > 1 ? arena_printf(&o->scratch, "\xe2\x80\x93%u", at + v->size - 1)
				    : "");
	fputs("</li>", out);
}

static void cuts(FILE *out, struct rep_facts *f)
{
	const struct part_halves *halves = f->p->result.split.halves;

	table_begin(out, "Hand-offs",
		    "<th>cut</th><th>before instruction</th><th>packets</th><th>bytes</th>"
		    "<th>live state</th><th>from</th>");
	for (uint32_t i = 0; i < halves->n_cuts; i++) {
		const struct part_cut_point *c = &halves->cuts[i];

		fprintf(out, "<tr><td>%u</td><td>%u <span class=\"dim\">", c->id, c->pc);
		rep_escape(out, rep_where(f, c->pc));
		fprintf(out, "</span></td><td>%s</td><td>%u</td><td><ul>", rep_percent(f, c->share),
			c->live.payload_bytes);
		for (uint32_t v = 0; v < c->live.n; v++)
			value_item(out, f, &c->live.values[v]);
		fputs("</ul></td><td>", out);
		for (size_t e = 0; e < f->edges.len; e++)
			if (f->edges.at[e].cut == c->id)
				fprintf(out, "%u <span class=\"dim\">(%s)</span> ",
					f->insns[f->blocks.at[f->edges.at[e].from].end - 1].pc,
					rep_percent(f, f->edges.at[e].freq));
		if (rep_is_tagged(f, c))
			fputs("the entry, frames with a VLAN tag", out);
		fputs("</td></tr>\n", out);
	}
	table_end(out);
}

static void maps(FILE *out, struct rep_facts *f)
{
	const struct fe_object *obj = &f->p->owner->obj;
	const struct part_map *m = f->p->result.split.maps;
	bool any = false;

	for (size_t i = 0; m && i < obj->n_maps; i++) {
		if (m[i].home == PART_MAP_NONE)
			continue;
		if (!any)
			table_begin(out, "Maps",
				    "<th>map</th><th>type</th><th>placement</th><th>reason</th>"
				    "<th>user space</th>");
		any = true;
		fputs("<tr>", out);
		cell(out, obj->maps[i].name);
		cell(out, ebpf_map_type_name(obj->maps[i].type));
		cell(out, part_map_placement_name(m[i].home));
		cell(out, m[i].why ? m[i].why : "");
		cell(out, m[i].duty ? m[i].duty : "");
		fputs("</tr>\n", out);
	}
	if (any)
		table_end(out);
}

static void advice(FILE *out, struct rep_facts *f)
{
	if (!f->advice.len)
		return;
	table_begin(out, "To move more to the device",
		    "<th>refusal</th><th>instructions</th><th>without it</th>"
		    "<th>advice</th>");
	for (size_t i = 0; i < f->advice.len; i++) {
		const struct rep_advice *a = &f->advice.at[i];
		const char *gain = rep_advice_gain(f, a);

		fputs("<tr><td>", out);
		rep_escape(out, a->text);
		fprintf(out, " <small class=\"dim\">[%s]</small></td><td>%u</td>",
			reason_name(a->reason), a->refused);
		cell(out, gain ? gain : "not tried");
		cell(out, reason_advice(a->reason));
		fputs("</tr>\n", out);
	}
	if (f->all.tried) {
		fputs("<tr><td>all of these</td><td></td>", out);
		cell(out, rep_advice_gain(f, &f->all));
		fputs("<td></td></tr>\n", out);
	}
	table_end(out);
}

/* Differences of the placed program to the program as written. */
static void inlined(FILE *out, const struct rep_facts *f)
{
	const struct part_inlined *s = f->p->result.split.inlined;

	for (size_t i = 0; s && i < s->n_followed; i++) {
		fputs("<p>Program array <code>", out);
		rep_escape(out, f->p->owner->obj.maps[s->followed[i].map].name);
		fputs("</code> is compiled in and must not be changed by user space: ", out);
		rep_escape(out, s->followed[i].targets);
		fputs("</p>\n", out);
	}
	if (s && s->n_inlined)
		fprintf(out, "<p>Inlined calls: %u</p>\n", s->n_inlined);
	if (f->p->result.split.inline_note && f->p->result.split.placement != PART_ALL_DEVICE) {
		fputs("<p>", out);
		rep_escape(out, f->p->result.split.inline_note);
		fputs("</p>\n", out);
	}
}

void rep_html_program(FILE *out, struct rep_facts *f, unsigned number)
{
	fprintf(out, "<section id=\"p%u\">\n", number);
	heading(out, f->p);
	if (f->p->result.split.no_split_reason) {
		fputs("<p>Not split: ", out);
		rep_escape(out, f->p->result.split.no_split_reason);
		fputs(".</p>\n", out);
	}
	inlined(out, f);
	figures(out, f);
	rep_html_panes(out, f);
	if (f->p->result.split.halves)
		cuts(out, f);
	maps(out, f);
	advice(out, f);
	if (f->p->result.split.halves)
		rep_html_host_half(out, f);
	fputs("</section>\n", out);
	arena_reset(&f->p->owner->scratch);
}
