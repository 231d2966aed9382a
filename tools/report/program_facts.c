/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/report/program_facts.h"

#include "offload/inspect.h"

#include <stdlib.h>

static const char *const place_names[] = {
	[PART_DEAD] = "dead", [PART_DEVICE] = "device", [PART_HOST] = "host", [PART_BOTH] = "both"
};

const char *rep_place_name(enum part_place place)
{
	return place_names[place];
}

const char *rep_where(const struct rep_facts *f, uint32_t pc)
{
	const struct fe_line *l = fe_prog_line(f->prog, pc);

	return l ? arena_printf(&f->p->owner->scratch, "%s:%u", l->file, l->line) : "";
}

const char *rep_subprog_name(const struct rep_facts *f, uint32_t subprog)
{
	const struct fe_subprog *s = &f->prog->subprogs[subprog];

	if (!subprog)
		return f->prog->name;
	return *s->name ? s->name : arena_printf(&f->p->owner->scratch, "subprogram %u", subprog);
}

const char *rep_percent(const struct rep_facts *f, double share)
{
	double percent = share * 100;
	int digits = percent >= 9.95 || percent <= 0 ? 0 : percent >= 0.995 ? 1 : 2;

	return arena_printf(&f->p->owner->scratch, "%.*f %%", digits, percent);
}

bool rep_is_tagged(const struct rep_facts *f, const struct part_cut_point *c)
{
	return c->pc == 0 && f->prog->type != BPF_PROG_TYPE_XDP;
}

uint32_t rep_insn_at(const struct rep_facts *f, uint32_t pc)
{
	uint32_t lo = 0, hi = f->n_insns;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (f->insns[mid].pc == pc)
			return mid;
		if (f->insns[mid].pc < pc)
			lo = mid + 1;
		else
			hi = mid;
	}
	return REP_NONE;
}

/* ---- source lines ------------------------------------------------------------------------------- */

static int by_position(const void *a, const void *b)
{
	const struct rep_line *x = a, *y = b;
	int d = strcmp(x->file, y->file);

	return d ? d : (x->line > y->line) - (x->line < y->line);
}

static void gather_lines(struct rep_facts *f)
{
	const struct fe_prog *prog = f->prog;
	struct rep_line *lines =
		ARENA_ARRAY(&f->p->owner->arena, struct rep_line, prog->n_lines + 1);
	uint32_t n = 0;

	for (size_t i = 0; i < prog->n_lines; i++)
		lines[i] = (struct rep_line){ prog->lines[i].file, prog->lines[i].text,
					      prog->lines[i].line, PART_DEAD };
	qsort(lines, prog->n_lines, sizeof(*lines), by_position);
	for (size_t i = 0; i < prog->n_lines; i++)
		if (!n || by_position(&lines[n - 1], &lines[i]))
			lines[n++] = lines[i];
	f->lines = lines;
	f->n_lines = n;
}

static uint32_t line_of(const struct rep_facts *f, uint32_t pc)
{
	const struct fe_line *l = fe_prog_line(f->prog, pc);
	const struct rep_line *found;
	struct rep_line key;

	if (!l)
		return REP_NONE;
	key = (struct rep_line){ l->file, l->text, l->line, PART_DEAD };
	found = bsearch(&key, f->lines, f->n_lines, sizeof(key), by_position);
	return found ? (uint32_t)(found - f->lines) : REP_NONE;
}

/* ---- instructions ----------------------------------------------------------------------------------- */

static enum part_place together(enum part_place a, enum part_place b)
{
	if (a == PART_DEAD || a == b)
		return b;
	return b == PART_DEAD ? a : PART_BOTH;
}

static bool in_program(const struct rep_facts *f, int64_t pc)
{
	return pc >= 0 && (size_t)pc < f->prog->n_insns;
}

static const char *subprog_note(const struct rep_facts *f, int64_t pc)
{
	const struct fe_prog *prog = f->prog;

	for (uint32_t i = 0; i < prog->n_subprogs; i++)
		if (prog->subprogs[i].start == pc)
			return arena_strdup(&f->p->owner->arena, rep_subprog_name(f, i));
	return NULL;
}

static const char *note_of(const struct rep_facts *f, uint32_t pc)
{
	const struct fe_object *obj = &f->p->owner->obj;
	const struct bpf_insn *insn = &f->prog->insns[pc];
	bool map = insn->src_reg == EBPF_IMM_MAP_IDX || insn->src_reg == EBPF_IMM_MAP_IDX_VALUE;
	int64_t to = ebpf_jump_target(insn, pc);

	if (ebpf_is_ld_imm64(insn) && map && insn->imm >= 0 && (size_t)insn->imm < obj->n_maps)
		return obj->maps[insn->imm].name;
	if ((ebpf_is_call(insn) && insn->src_reg == EBPF_CALL_SUBPROG) ||
	    (ebpf_is_ld_imm64(insn) && insn->src_reg == EBPF_IMM_FUNC))
		return subprog_note(f, (int64_t)pc + 1 + insn->imm);
	if ((ebpf_is_ja(insn) || ebpf_is_cond_jump(insn)) && in_program(f, to))
		return arena_printf(&f->p->owner->arena, "%u", (unsigned)to);
	return NULL;
}

static void gather_insn(struct rep_facts *f, uint32_t pc, bool wide)
{
	const struct fe_prog *prog = f->prog;
	struct rep_insn *insn = &f->insns[f->n_insns++];
	struct rep_line *line;
	char text[160];

	fe_disasm(&f->p->owner->obj, &prog->insns[pc], wide ? &prog->insns[pc + 1] : NULL, text,
		  sizeof(text));
	*insn = (struct rep_insn){ .pc = pc,
				   .text = arena_strdup(&f->p->owner->arena, text),
				   .note = note_of(f, pc),
				   .place = f->p->result.split.place[pc],
				   .line = line_of(f, pc),
				   .block = REP_NONE };
	f->on_device += insn->place == PART_DEVICE || insn->place == PART_BOTH;
	f->on_host += insn->place == PART_HOST || insn->place == PART_BOTH;
	f->dead += insn->place == PART_DEAD;
	if (insn->line == REP_NONE)
		return;
	line = (struct rep_line *)&f->lines[insn->line];
	line->place = together(line->place, insn->place);
}

static void gather_insns(struct rep_facts *f)
{
	const struct fe_prog *prog = f->prog;

	f->insns = ARENA_ARRAY(&f->p->owner->arena, struct rep_insn, prog->n_insns);
	for (uint32_t pc = 0; pc < prog->n_insns; pc++) {
		bool wide = ebpf_is_ld_imm64(&prog->insns[pc]) && pc + 1 < prog->n_insns;

		gather_insn(f, pc, wide);
		pc += wide;
	}
}

/* Reasons are sorted by instruction; those of the whole program belong to none. */
static void assign_reasons(struct rep_facts *f)
{
	const struct split *s = &f->p->result.split;

	for (uint32_t i = 0; i < s->n_reasons; i++) {
		uint32_t at = s->reasons[i].insn == PART_WHOLE ? REP_NONE
							       : rep_insn_at(f, s->reasons[i].insn);

		if (at == REP_NONE)
			continue;
		if (!f->insns[at].n_reasons++)
			f->insns[at].reason = i;
	}
}

/* ---- microcode -------------------------------------------------------------------------------------- */

/* Lines of a split program's words count in the device's half. */
static uint32_t origin(const struct rep_facts *f, int32_t bpf_pc)
{
	const struct part_halves *halves = f->p->result.split.halves;
	uint32_t pc = (uint32_t)bpf_pc;

	if (bpf_pc < 0)
		return REP_NONE;
	if (halves)
		pc = pc < halves->device.n_insns ? halves->device_origin[pc] : PART_NO_ORIGIN;
	return pc == PART_NO_ORIGIN ? REP_NONE : rep_insn_at(f, pc);
}

static void gather_words(struct rep_facts *f)
{
	struct arena *a = &f->p->owner->arena;
	const struct nfp_ucode *code;
	uint32_t row = 0, insn = REP_NONE;
	int32_t at = -1;
	char text[160];

	if (!f->p->image)
		return;
	code = &f->p->image->code;
	f->n_words = (uint32_t)code->n_words;
	f->words = ARENA_ARRAY(a, struct rep_word, f->n_words);
	for (uint32_t i = 0; i < f->n_words; i++) {
		for (; row < code->n_lines && code->lines[row].word_idx <= i; row++) {
			at = code->lines[row].bpf_pc;
			insn = origin(f, at);
		}
		if (!nfp_disasm(code->words[i], text, sizeof(text)))
			strcpy(text, "<not an instruction>");
		f->words[i] = (struct rep_word){ code->words[i], arena_strdup(a, text), insn, at };
		if (insn == REP_NONE)
			f->words_added++;
		else
			f->insns[insn].words++;
	}
}

struct rep_facts *rep_gather(struct bpf_offload_program *p)
{
	struct rep_facts *f = ARENA_NEW(&p->owner->arena, struct rep_facts);

	f->p = p;
	f->vp = p->result.split.vp;
	f->prog = f->vp->prog;
	gather_lines(f);
	gather_insns(f);
	assign_reasons(f);
	gather_words(f);
	rep_graph(f);
	rep_why(f);
	rep_cycles(f);
	return f;
}
