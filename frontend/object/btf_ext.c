/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/object/loader.h"

#include "base/bits.h"

#include <bpf/btf.h>
#include <stdlib.h>
#include <string.h>

/* .BTF.ext => sorted tables of functions, source lines and CO-RE relocations. The format is in no
 * uapi header: Documentation/bpf/btf.rst of the kernel, sections 4.2 and 4.3. libbpf never
 * reads this section: its work is done here, in progs.c and in core.c. */

#define BTF_EXT_HEADER_MIN 24  /* bytes, up to and including line_info_len */
#define MAX_RECORD         256 /* bytes: newer compilers may append fields */

struct ext_header {
	uint16_t magic;
	uint8_t version, flags;
	uint32_t hdr_len;
	uint32_t func_off, func_len, line_off, line_len;
	uint32_t core_off, core_len; /* since LLVM 10; else hdr_len is 24 */
};

struct parser {
	struct arena *arena;
	const struct fe_elf *elf;
	const struct btf *btf;
	uint32_t n_types;
	struct fe_btf_ext *ext;
};

/* One record of each kind: words as in the file. False: it refers to something that is not there. */
static bool take_func(struct parser *p, uint32_t section, const uint32_t *w)
{
	if (w[1] >= p->n_types || !btf_is_func(btf__type_by_id(p->btf, w[1])))
		return false;
	p->ext->funcs[p->ext->n_funcs++] = (struct fe_ext_func){ section, w[0] / 8, w[1] };
	return true;
}

static bool take_line(struct parser *p, uint32_t section, const uint32_t *w)
{
	if (!btf__name_by_offset(p->btf, w[1]) || !btf__name_by_offset(p->btf, w[2]))
		return false;
	p->ext->lines[p->ext->n_lines++] = (struct fe_ext_line){
		section, w[0] / 8, w[1], w[2], w[3] >> 10, w[3] & 0x3ff,
	};
	return true;
}

static bool take_core(struct parser *p, uint32_t section, const uint32_t *w)
{
	if (w[1] >= p->n_types || !btf__name_by_offset(p->btf, w[2]))
		return false;
	p->ext->cores[p->ext->n_cores++] =
		(struct fe_ext_core){ section, w[0] / 8, w[1], w[2], w[3] };
	return true;
}

struct part {
	struct fe_bytes data;
	uint32_t words; /* that we read of a record */
	bool (*take)(struct parser *p, uint32_t section, const uint32_t *words);
};

static const char *parse_records(struct parser *p, const struct part *part, uint32_t rec_size,
				 uint32_t section, const uint8_t *rec, uint32_t n)
{
	uint64_t section_bytes = p->elf->secs[section].size;

	for (uint32_t i = 0; i < n; i++, rec += rec_size) {
		uint32_t w[4] = { 0 };

		for (uint32_t k = 0; k < part->words; k++)
			w[k] = load_le32(rec + 4 * k);
		if (!section) /* of a section that a linker dropped */
			continue;
		if (w[0] % 8 || w[0] >= section_bytes)
			return "a record refers to no instruction";
		if (!part->take(p, section, w))
			return "a record refers to a type or string that does not exist";
	}
	return NULL;
}

static const char *parse_part(struct parser *p, const struct part *part)
{
	const uint8_t *at = part->data.at;
	size_t left = part->data.len;
	uint32_t rec_size, n_sections = 0;

	if (!left)
		return NULL;
	if (left < 4)
		return "it is truncated";
	rec_size = load_le32(at);
	if (rec_size < 4 * part->words || rec_size > MAX_RECORD || rec_size % 4)
		return "its records have an impossible size";
	for (at += 4, left -= 4; left;) {
		const char *name, *why;
		uint32_t n, section;

		if (left < 8 || ++n_sections > FE_MAX_SECTIONS)
			return "it is truncated, or has too many sections";
		name = btf__name_by_offset(p->btf, load_le32(at));
		n = load_le32(at + 4);
		if (!name || !n || n > (left - 8) / rec_size)
			return "a section of it has an impossible name or size";
		section = fe_elf_section(p->elf, name);
		if (section && !fe_section_is_code(&p->elf->secs[section]))
			section = 0;
		why = parse_records(p, part, rec_size, section, at + 8, n);
		if (why)
			return why;
		at += 8 + (size_t)n * rec_size;
		left -= 8 + (size_t)n * rec_size;
	}
	return NULL;
}

static bool slice(struct fe_bytes d, const struct ext_header *h, uint32_t off, uint32_t len,
		  struct fe_bytes *out)
{
	if (off % 4 || (uint64_t)off + len > d.len - h->hdr_len)
		return false;
	*out = (struct fe_bytes){ d.at + h->hdr_len + off, len };
	return true;
}

/* section and insn are the first two words of all three kinds of row */
static int by_place(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	if (x[0] != y[0])
		return x[0] < y[0] ? -1 : 1;
	return (x[1] > y[1]) - (x[1] < y[1]);
}

/* One record an instruction. */
static uint32_t drop_repeated(void *rows, uint32_t n, size_t size)
{
	uint8_t *at = rows;
	uint32_t kept = 0;

	for (uint32_t i = 0; i < n; i++) {
		if (kept && !by_place(at + (kept - 1) * size, at + i * size))
			continue;
		if (kept != i)
			memcpy(at + kept * size, at + i * size, size);
		kept++;
	}
	return kept;
}

static const char *parse(struct parser *p, struct fe_bytes d)
{
	struct part func = { .words = 2, .take = take_func };
	struct part line = { .words = 4, .take = take_line };
	struct part core = { .words = 4, .take = take_core };
	struct ext_header h = { 0 };
	const char *why;

	if (d.len < BTF_EXT_HEADER_MIN)
		return "it ends within its header";
	memcpy(&h, d.at, BTF_EXT_HEADER_MIN);
	if (h.magic != BTF_MAGIC || h.version != BTF_VERSION)
		return "it lacks the magic number or has an unknown version";
	if (h.hdr_len < BTF_EXT_HEADER_MIN || h.hdr_len > d.len || h.hdr_len % 4)
		return "its header has an impossible length";
	if (h.hdr_len >= sizeof(h))
		memcpy(&h, d.at, sizeof(h));
	if (!slice(d, &h, h.func_off, h.func_len, &func.data) ||
	    !slice(d, &h, h.line_off, h.line_len, &line.data) ||
	    !slice(d, &h, h.core_off, h.core_len, &core.data))
		return "a part of it exceeds the section";
	p->ext->funcs = ARENA_ARRAY(p->arena, struct fe_ext_func, h.func_len / 8 + 1);
	p->ext->lines = ARENA_ARRAY(p->arena, struct fe_ext_line, h.line_len / 16 + 1);
	p->ext->cores = ARENA_ARRAY(p->arena, struct fe_ext_core, h.core_len / 16 + 1);
	why = parse_part(p, &func);
	if (!why)
		why = parse_part(p, &line);
	if (!why)
		why = parse_part(p, &core);
	return why;
}

const char *fe_btf_ext_parse(struct arena *a, const struct fe_elf *elf, const struct btf *btf,
			     struct fe_bytes data, struct fe_btf_ext *ext)
{
	struct parser p = {
		.arena = a, .elf = elf, .btf = btf, .n_types = btf__type_cnt(btf), .ext = ext
	};
	const char *why;

	*ext = (struct fe_btf_ext){ 0 };
	why = parse(&p, data);
	if (why) {
		*ext = (struct fe_btf_ext){ 0 };
		return why;
	}
	qsort(ext->funcs, ext->n_funcs, sizeof(*ext->funcs), by_place);
	qsort(ext->lines, ext->n_lines, sizeof(*ext->lines), by_place);
	qsort(ext->cores, ext->n_cores, sizeof(*ext->cores), by_place);
	ext->n_funcs = drop_repeated(ext->funcs, ext->n_funcs, sizeof(*ext->funcs));
	ext->n_lines = drop_repeated(ext->lines, ext->n_lines, sizeof(*ext->lines));
	ext->n_cores = drop_repeated(ext->cores, ext->n_cores, sizeof(*ext->cores));
	return NULL;
}

const struct fe_ext_func *fe_btf_ext_func(const struct fe_btf_ext *ext, uint32_t section,
					  uint32_t insn)
{
	struct fe_ext_func key = { section, insn, 0 };

	return ext->n_funcs ? bsearch(&key, ext->funcs, ext->n_funcs, sizeof(key), by_place) : NULL;
}

uint32_t fe_btf_ext_first_line(const struct fe_btf_ext *ext, uint32_t section, uint32_t insn)
{
	uint32_t lo = 0, hi = ext->n_lines;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		const struct fe_ext_line *l = &ext->lines[mid];

		if (l->section < section || (l->section == section && l->insn < insn))
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

const struct fe_ext_line *fe_btf_ext_line(const struct fe_btf_ext *ext, uint32_t section,
					  uint32_t insn)
{
	uint32_t i = fe_btf_ext_first_line(ext, section, insn + 1);

	while (i-- && ext->lines[i].section == section) {
		if (ext->lines[i].line)
			return &ext->lines[i];
	}
	return NULL;
}
