/* SPDX-License-Identifier: BSD-2-Clause */
/* Images of captured programs as files: lines of words, see docs/capture.md. */
#include "sim/captured.h"

#include "base/bits.h"
#include "base/file.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FORMAT          "bpf-offload-hostjit"
#define VERSION         1u
#define FILE_MAX        (16u << 20)
#define FUNCS_MAX       256u
#define CODE_MAX        (1u << 20) /* bytes of a function */
#define LIST_MAX        65536u     /* maps, relocations */
#define SYMBOLS_MAX     512u
#define OFFSET_MAX      65536u /* in a structure of the kernel */
#define BYTES_A_LINE    32u
#define RELOCATED_BYTES 8u

static const struct {
	const char *type, *member;
} field_names[] = {
#define SIM_FIELD(type, member) { #type, #member },
#include "sim/host/captured/captured_fields.def"
#undef SIM_FIELD
};

uint64_t sim_captured_hash(const struct fe_prog *prog)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325); /* FNV-1a */

	for (size_t i = 0; i < prog->n_insns; i++) {
		const struct bpf_insn *insn = &prog->insns[i];
		const uint32_t words[] = { insn->code, insn->dst_reg, insn->src_reg,
					   (uint16_t)insn->off, (uint32_t)insn->imm };

		for (size_t w = 0; w < ARRAY_SIZE(words); w++)
			h = (h ^ words[w]) * UINT64_C(0x100000001b3);
	}
	return h;
}

bool sim_captured_is_of(struct cx *cx, const struct sim_captured *img, const struct fe_object *obj,
			const struct fe_prog *prog)
{
	struct diag_at at = fe_prog_at(obj, prog, -1);

	if (img->prog_type != prog->type || img->n_insns != prog->n_insns ||
	    img->n_maps > obj->n_maps || img->insns_hash != sim_captured_hash(prog))
		return diag_error(cx->diags, &at, REASON_IMAGE_OTHER_PROGRAM, img->program);
	for (size_t i = 0; i < img->n_maps; i++) {
		const struct sim_captured_map *m = &img->maps[i];

		if (m->used &&
		    (m->type != obj->maps[i].type || m->key_size != obj->maps[i].key_size ||
		     m->value_size != obj->maps[i].value_size))
			return diag_error(cx->diags, &at, REASON_IMAGE_OTHER_PROGRAM, img->program);
	}
	return true;
}

uint32_t sim_captured_gap(const struct sim_captured *img, const struct fe_map *m)
{
	uint32_t key = img->fields[SIM_FIELD_htab_elem_key];

	if (m->type != BPF_MAP_TYPE_LRU_HASH || key == SIM_FIELD_ABSENT)
		return 0;
	return (uint32_t)bits_round_up(key + bits_round_up(m->key_size, 8), 8);
}

/* ---- reading --------------------------------------------------------------------------------- */

struct reader {
	struct cx *cx;
	struct sim_captured *img;
	char *at; /* rest of the current line; a word is ended by a zero byte when taken */
	VEC(struct sim_captured_func) funcs;
	uint8_t *code; /* of the last function */
	uint32_t code_len;
	VEC(struct sim_captured_map) maps;
	VEC(struct sim_captured_reloc) relocs;
	VEC(struct sim_captured_symbol) symbols, percpu;
	bool ended;
};

/* Next word of the line; NULL: none. */
static char *word(struct reader *r)
{
	char *start;

	while (*r->at == ' ')
		r->at++;
	start = r->at;
	while (*r->at && *r->at != ' ')
		r->at++;
	if (start == r->at)
		return NULL;
	if (*r->at)
		*r->at++ = '\0';
	return start;
}

static bool number(struct reader *r, uint64_t max, uint64_t *v)
{
	char *w = word(r), *end;

	if (!w || !isxdigit((unsigned char)*w))
		return false;
	errno = 0;
	*v = strtoull(w, &end, 0);
	return !errno && !*end && *v <= max;
}

static bool number32(struct reader *r, uint32_t *v)
{
	uint64_t n;

	if (!number(r, UINT32_MAX, &n))
		return false;
	*v = (uint32_t)n;
	return true;
}

static bool text(struct reader *r, const char **s)
{
	*s = word(r);
	return *s;
}

static bool read_version(struct reader *r)
{
	uint64_t v;

	return number(r, UINT32_MAX, &v) && v == VERSION;
}

static bool read_kernel(struct reader *r)
{
	return text(r, &r->img->kernel);
}

static bool read_program(struct reader *r)
{
	return number32(r, &r->img->prog_type) && number32(r, &r->img->n_insns) &&
	       number(r, UINT64_MAX, &r->img->insns_hash) && text(r, &r->img->program);
}

static bool read_field(struct reader *r)
{
	char *w = word(r), *dot = w ? strchr(w, '.') : NULL;
	uint32_t off;

	if (!dot || !number32(r, &off) || off > OFFSET_MAX)
		return false;
	*dot = '\0';
	for (size_t i = 0; i < SIM_FIELD_COUNT; i++) {
		if (!strcmp(w, field_names[i].type) && !strcmp(dot + 1, field_names[i].member))
			r->img->fields[i] = off;
	}
	return true; /* one that this version does not know does no harm */
}

static bool read_map(struct reader *r)
{
	struct sim_captured_map m = { .used = true };
	uint32_t index;

	if (!number32(r, &index) || index >= LIST_MAX || !number32(r, &m.type) ||
	    !number32(r, &m.key_size) || !number32(r, &m.value_size) ||
	    !number32(r, &m.max_entries))
		return false;
	while (r->maps.len <= index)
		*vec_push(&r->maps, r->cx->arena) = (struct sim_captured_map){ 0 };
	r->maps.at[index] = m;
	return true;
}

static bool read_maps(struct reader *r)
{
	uint32_t n;

	if (!number32(r, &n) || n > LIST_MAX)
		return false;
	while (r->maps.len < n)
		*vec_push(&r->maps, r->cx->arena) = (struct sim_captured_map){ 0 };
	return true;
}

static bool last_func_is_whole(const struct reader *r)
{
	return !r->funcs.len || r->code_len == r->funcs.at[r->funcs.len - 1].len;
}

static bool read_func(struct reader *r)
{
	struct sim_captured_func f = { 0 };

	if (!last_func_is_whole(r) || r->funcs.len == FUNCS_MAX ||
	    !number(r, UINT64_MAX - CODE_MAX, &f.addr) || !number32(r, &f.len) || !f.len ||
	    f.len > CODE_MAX)
		return false;
	r->code = arena_alloc(r->cx->arena, f.len);
	r->code_len = 0;
	f.code = r->code;
	*vec_push(&r->funcs, r->cx->arena) = f;
	return true;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool read_code(struct reader *r)
{
	const char *w = word(r);

	if (!w || !r->funcs.len)
		return false;
	for (; *w; w += 2) {
		int hi = hex_digit(w[0]), lo = hi < 0 ? -1 : hex_digit(w[1]);

		if (lo < 0 || r->code_len == r->funcs.at[r->funcs.len - 1].len)
			return false;
		r->code[r->code_len++] = (uint8_t)(hi << 4 | lo);
	}
	return true;
}

static bool read_reloc(struct reader *r)
{
	struct sim_captured_reloc l = { 0 };
	const char *kind = word(r);

	if (!kind || (strcmp(kind, "map") && strcmp(kind, "value")) || !number32(r, &l.func) ||
	    !number32(r, &l.off) || !number32(r, &l.map) || !number32(r, &l.addend))
		return false;
	l.value = *kind == 'v';
	if (r->relocs.len == LIST_MAX || l.func >= r->funcs.len || l.map >= r->maps.len ||
	    !r->maps.at[l.map].used || r->funcs.at[l.func].len < RELOCATED_BYTES ||
	    l.off > r->funcs.at[l.func].len - RELOCATED_BYTES)
		return false;
	*vec_push(&r->relocs, r->cx->arena) = l;
	return true;
}

static bool read_symbol(struct reader *r)
{
	struct sim_captured_symbol s;

	if (r->symbols.len == SYMBOLS_MAX || !number(r, UINT64_MAX, &s.addr) || !text(r, &s.name))
		return false;
	*vec_push(&r->symbols, r->cx->arena) = s;
	return true;
}

static bool read_percpu(struct reader *r)
{
	struct sim_captured_symbol s;

	if (r->percpu.len == SYMBOLS_MAX || !number(r, UINT64_MAX, &s.addr) || !text(r, &s.name))
		return false;
	*vec_push(&r->percpu, r->cx->arena) = s;
	return true;
}

static bool read_end(struct reader *r)
{
	r->ended = true;
	return r->funcs.len && last_func_is_whole(r) && r->img->program && r->img->kernel;
}

static const struct {
	const char *name;
	bool (*read)(struct reader *r);
} statements[] = {
	{ FORMAT, read_version },  { "kernel", read_kernel }, { "program", read_program },
	{ "field", read_field },   { "maps", read_maps },     { "map", read_map },
	{ "func", read_func },     { "code", read_code },     { "reloc", read_reloc },
	{ "symbol", read_symbol }, { "percpu", read_percpu }, { "end", read_end },
};

/* Empty lines and those that begin with # say nothing. */
static bool read_line(struct reader *r, bool first)
{
	const char *name = word(r);

	if (!name || *name == '#')
		return !first;
	if (r->ended || first != !strcmp(name, FORMAT))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(statements); i++) {
		if (!strcmp(name, statements[i].name))
			return statements[i].read(r) && !word(r);
	}
	return false;
}

static void take_lists(struct reader *r)
{
	struct sim_captured *img = r->img;

	img->funcs = r->funcs.at;
	img->n_funcs = r->funcs.len;
	img->maps = r->maps.at;
	img->n_maps = r->maps.len;
	img->relocs = r->relocs.at;
	img->n_relocs = r->relocs.len;
	img->symbols = r->symbols.at;
	img->n_symbols = r->symbols.len;
	img->percpu = r->percpu.at;
	img->n_percpu = r->percpu.len;
}

bool sim_captured_read(struct cx *cx, const char *path, struct sim_captured *img)
{
	struct reader r = { .cx = cx, .img = img };
	struct file_bytes f;
	size_t line = 0;
	char *next;

	*img = (struct sim_captured){ 0 };
	for (size_t i = 0; i < SIM_FIELD_COUNT; i++)
		img->fields[i] = SIM_FIELD_ABSENT;
	if (!file_read(cx, path, FILE_MAX, &f))
		return false;
	for (char *at = (char *)f.data; *at; at = next) {
		size_t len = strcspn(at, "\n");

		next = at + len + (at[len] == '\n');
		at[len] = '\0';
		r.at = at;
		if (!read_line(&r, ++line == 1))
			return diag_error(cx->diags, &DIAG_AT_NOWHERE, REASON_IMAGE_FORMAT, path,
					  arena_printf(cx->arena, "line %zu is invalid", line));
	}
	if (!r.ended)
		return diag_error(cx->diags, &DIAG_AT_NOWHERE, REASON_IMAGE_FORMAT, path,
				  "its end is missing");
	take_lists(&r);
	return true;
}

/* ---- writing --------------------------------------------------------------------------------- */

static void write_head(FILE *f, const struct sim_captured *img)
{
	fprintf(f, FORMAT " %u\nkernel %s\nprogram %u %u 0x%016" PRIx64 " %s\n", VERSION,
		img->kernel, img->prog_type, img->n_insns, img->insns_hash, img->program);
	for (size_t i = 0; i < SIM_FIELD_COUNT; i++) {
		if (img->fields[i] != SIM_FIELD_ABSENT)
			fprintf(f, "field %s.%s %u\n", field_names[i].type, field_names[i].member,
				img->fields[i]);
	}
	fprintf(f, "maps %zu\n", img->n_maps);
	for (size_t i = 0; i < img->n_maps; i++) {
		const struct sim_captured_map *m = &img->maps[i];

		if (m->used)
			fprintf(f, "map %zu %u %u %u %u\n", i, m->type, m->key_size, m->value_size,
				m->max_entries);
	}
}

static void write_funcs(FILE *f, const struct sim_captured *img)
{
	for (size_t i = 0; i < img->n_funcs; i++) {
		const struct sim_captured_func *fn = &img->funcs[i];

		fprintf(f, "func 0x%" PRIx64 " %u", fn->addr, fn->len);
		for (uint32_t b = 0; b < fn->len; b++)
			fprintf(f, "%s%02x", b % BYTES_A_LINE ? "" : "\ncode ", fn->code[b]);
		fputc('\n', f);
	}
}

static void write_references(FILE *f, const struct sim_captured *img)
{
	for (size_t i = 0; i < img->n_relocs; i++) {
		const struct sim_captured_reloc *l = &img->relocs[i];

		fprintf(f, "reloc %s %u %u %u %u\n", l->value ? "value" : "map", l->func, l->off,
			l->map, l->addend);
	}
	for (size_t i = 0; i < img->n_symbols; i++)
		fprintf(f, "symbol 0x%" PRIx64 " %s\n", img->symbols[i].addr, img->symbols[i].name);
	for (size_t i = 0; i < img->n_percpu; i++)
		fprintf(f, "percpu 0x%" PRIx64 " %s\n", img->percpu[i].addr, img->percpu[i].name);
	fputs("end\n", f);
}

bool sim_captured_write(struct cx *cx, const char *path, const struct sim_captured *img)
{
	char *text_at = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text_at, &size);
	bool ok;

	if (!f)
		return diag_error(cx->diags, &DIAG_AT_NOWHERE, REASON_OUTPUT_WRITE, path,
				  strerror(errno));
	write_head(f, img);
	write_funcs(f, img);
	write_references(f, img);
	ok = !fclose(f) && file_write(cx, path, text_at, size);
	free(text_at);
	return ok;
}
