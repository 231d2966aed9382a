/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/image.h"
#include "nfp_backend/image/image_format.h"
#include "nfp_backend/isa/isa.h"

#include "base/bits.h"
#include "base/file.h"

#include <gelf.h>
#include <string.h>

/* The inverse of image_write.c for any bytes: nothing is believed before it is checked, and no
 * count allocates more than the file's own bytes account for. */

/* ---- cursor over one section ---- */

struct in {
	struct cx *cx;
	const uint8_t *at;
	size_t left;
	const char *why; /* first thing that went wrong; all later reads give 0 */
};

static bool fail(struct in *in, const char *why)
{
	if (!in->why)
		in->why = why;
	in->left = 0;
	return false;
}

static const uint8_t *get_bytes(struct in *in, size_t size)
{
	const uint8_t *p = in->at;

	if (size > in->left) {
		fail(in, "a section ends too early");
		return NULL;
	}
	in->at += size;
	in->left -= size;
	return p;
}

static uint32_t get_u32(struct in *in)
{
	const uint8_t *p = get_bytes(in, 4);

	return p ? load_le32(p) : 0;
}

static uint64_t get_u64(struct in *in)
{
	const uint8_t *p = get_bytes(in, 8);

	return p ? load_le64(p) : 0;
}

/* Number of rows that are at least row_bytes long each. */
static uint32_t get_count(struct in *in, size_t row_bytes)
{
	uint32_t n = get_u32(in);

	if (n > in->left / row_bytes) {
		fail(in, "a table is longer than its section");
		return 0;
	}
	return n;
}

static const char *get_string(struct in *in)
{
	uint32_t len = get_u32(in);
	const uint8_t *p = get_bytes(in, len);

	if (!p || memchr(p, 0, len)) {
		fail(in, "a string contains a zero byte");
		return "";
	}
	return arena_strndup(in->cx->arena, (const char *)p, len);
}

static bool get_flag(struct in *in)
{
	uint32_t v = get_u32(in);

	if (v > 1)
		fail(in, "a flag is neither 0 nor 1");
	return v == 1;
}

static void get_version(struct in *in)
{
	uint32_t v = get_u32(in);

	if (v != NFP_IMAGE_VERSION)
		fail(in, "it was written by another version");
}

/* ---- sections, in the order of `readers` below ---- */

static bool read_needs(struct in *in, struct nfp_image *img)
{
	uint32_t type, flags;

	get_version(in);
	img->prog_name = get_string(in);
	type = get_u32(in);
	img->stack_bytes = get_u32(in);
	img->max_pkt_off = get_u32(in);
	img->helpers = get_u64(in);
	flags = get_u32(in);
	if (type > NFP_PROG_TC || flags & ~NFP_NEEDS_KNOWN)
		return fail(in, "unknown program type or needs");
	img->type = (enum nfp_prog_type)type;
	img->queue_select = flags & NFP_NEEDS_QUEUE_SELECT;
	img->adjust_tail = flags & NFP_NEEDS_ADJUST_TAIL;
	if (!(flags & NFP_NEEDS_HANDOFF))
		return true;
	img->base.handoff_cookie = get_u32(in);
	img->base.handoff_bytes = get_u32(in);
	if (!img->base.handoff_bytes || img->base.handoff_bytes > UINT16_MAX)
		return fail(in, "hand-off records have an invalid length");
	return true;
}

static bool read_text(struct in *in, struct nfp_image *img)
{
	size_t n = in->left / 8;

	if (in->left % 8 || !n || n > NFP_IMAGE_MAX_WORDS)
		return fail(in, "the code has an invalid length");
	img->code.words = ARENA_ARRAY(in->cx->arena, uint64_t, n);
	img->code.n_words = n;
	for (size_t i = 0; i < n; i++) {
		uint64_t word = get_u64(in);
		struct nfp_insn insn;

		if (nfp_ecc_apply(word) != word)
			return fail(in, "a word of the code has a wrong ECC");
		if (!nfp_decode(word, &insn))
			return fail(in, "a word of the code is not an instruction");
		img->code.words[i] = word & NFP_OP_MASK;
	}
	return true;
}

static bool read_map(struct in *in, struct nfp_image_map *m)
{
	size_t use_bytes;

	m->type = get_u32(in);
	m->key_size = get_u32(in);
	m->value_size = get_u32(in);
	m->max_entries = get_u32(in);
	m->flags = get_u32(in);
	m->object_idx = get_u32(in);
	m->name = get_string(in);
	use_bytes = bits_round_up(m->value_size, 4) / 4;
	if (get_flag(in)) {
		const uint8_t *use = get_bytes(in, use_bytes);

		for (size_t i = 0; use && i < use_bytes; i++) {
			if (use[i] > NFP_WORD_ATOMIC)
				return fail(in, "unknown use of a map's value");
		}
		m->word_use = use ? arena_dup(in->cx->arena, use, use_bytes) : NULL;
	}
	if (get_flag(in)) {
		const uint8_t *init = get_bytes(in, m->value_size);

		m->init = init ? arena_dup(in->cx->arena, init, m->value_size) : NULL;
	}
	return !in->why;
}

static bool read_maps(struct in *in, struct nfp_image *img)
{
	const size_t least_map_bytes = 9 * 4; /* six numbers, name length, two flags */
	uint32_t n;

	get_version(in);
	n = get_count(in, least_map_bytes);
	img->maps = ARENA_ARRAY(in->cx->arena, struct nfp_image_map, n);
	img->n_maps = n;
	for (uint32_t i = 0; i < n; i++) {
		if (!read_map(in, &img->maps[i]))
			return false;
	}
	return true;
}

/* The word must have the field, and the target must exist. */
static bool check_reloc(const struct nfp_image *img, const struct nfp_reloc *r)
{
	uint64_t word;
	uint32_t addr;

	if (r->word_idx >= img->code.n_words)
		return false;
	word = img->code.words[r->word_idx];
	switch (r->kind) {
	case NFP_RELOC_BR_REL:
		return r->target < img->code.n_words && nfp_word_branch_addr(word, &addr);
	case NFP_RELOC_BR_NEXT_PKT:
	case NFP_RELOC_BR_HELPER: return nfp_word_branch_addr(word, &addr);
	case NFP_RELOC_IMMED_REL:
		return r->target < img->code.n_words && nfp_word_set_immed(&word, 0);
	case NFP_RELOC_IMMED_MAP: return r->target < img->n_maps && nfp_word_set_immed(&word, 0);
	}
	return false;
}

static bool read_relocs(struct in *in, struct nfp_image *img)
{
	uint32_t n;

	get_version(in);
	n = get_count(in, 12);
	img->code.relocs = ARENA_ARRAY(in->cx->arena, struct nfp_reloc, n);
	img->code.n_relocs = n;
	for (uint32_t i = 0; i < n; i++) {
		struct nfp_reloc *r = &img->code.relocs[i];
		uint32_t kind;

		r->word_idx = get_u32(in);
		kind = get_u32(in);
		r->target = get_u32(in);
		if (kind > NFP_RELOC_IMMED_MAP)
			return fail(in, "unknown kind of relocation");
		r->kind = (enum nfp_reloc_kind)kind;
		if (!check_reloc(img, r))
			return fail(in, "a relocation does not match its word");
	}
	return true;
}

static bool read_srcs(struct in *in, struct nfp_image *img)
{
	uint32_t n_files = get_count(in, 4);
	const char **files = ARENA_ARRAY(in->cx->arena, const char *, n_files);
	uint32_t n;

	for (uint32_t i = 0; i < n_files; i++)
		files[i] = get_string(in);
	n = get_count(in, 12);
	img->srcs = ARENA_ARRAY(in->cx->arena, struct nfp_image_src, n);
	img->n_srcs = n;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t file;

		img->srcs[i].bpf_pc = get_u32(in);
		file = get_u32(in);
		img->srcs[i].line = get_u32(in);
		if (file > n_files)
			return fail(in, "a source line names no file");
		img->srcs[i].file = file ? files[file - 1] : NULL;
	}
	return true;
}

static bool read_lines(struct in *in, struct nfp_image *img)
{
	uint32_t n;

	get_version(in);
	if (!read_srcs(in, img))
		return false;
	n = get_count(in, 8);
	img->code.lines = ARENA_ARRAY(in->cx->arena, struct nfp_line, n);
	img->code.n_lines = n;
	for (uint32_t i = 0; i < n; i++) {
		struct nfp_line *line = &img->code.lines[i];

		line->word_idx = get_u32(in);
		line->bpf_pc = (int32_t)get_u32(in);
		if (line->word_idx >= img->code.n_words || line->bpf_pc < -1 ||
		    (i && line->word_idx < line[-1].word_idx))
			return fail(in, "the line table is not in order");
	}
	return true;
}

static const struct {
	const char *section;
	bool (*read)(struct in *in, struct nfp_image *img);
} readers[] = {
	{ NFP_SEC_NEEDS, read_needs },  { NFP_SEC_TEXT, read_text },   { NFP_SEC_MAPS, read_maps },
	{ NFP_SEC_RELOC, read_relocs }, { NFP_SEC_LINES, read_lines },
};

/* ---- the file ---- */

static const char *check_header(Elf *elf, const struct file_bytes *file)
{
	GElf_Ehdr ehdr;

	if (file->size < EI_NIDENT || !elf || elf_kind(elf) != ELF_K_ELF)
		return "it is not an ELF file";
	if (file->data[EI_CLASS] != ELFCLASS64 || file->data[EI_DATA] != ELFDATA2LSB)
		return "it is not a 64-bit little-endian ELF file";
	if (!gelf_getehdr(elf, &ehdr) || ehdr.e_machine != NFP_ELF_MACHINE)
		return "it is not for the NFP (machine 250)";
	return NULL;
}

/* The one section of that name, as bytes of the file. NULL: found; else what is wrong.
 * (gelf_getshdr() copies the header: with a lying e_shoff libelf's own pointer is misaligned.) */
static const char *find_section(Elf *elf, const struct file_bytes *file, const char *want,
				struct in *in)
{
	bool found = false;
	size_t names;

	if (elf_getshdrstrndx(elf, &names))
		return "its section names cannot be read";
	for (Elf_Scn *scn = NULL; (scn = elf_nextscn(elf, scn));) {
		GElf_Shdr shdr;
		const char *name =
			gelf_getshdr(scn, &shdr) ? elf_strptr(elf, names, shdr.sh_name) : NULL;

		if (!name || strcmp(name, want))
			continue;
		if (found)
			return "it has a duplicate section";
		if (shdr.sh_type != SHT_PROGBITS || shdr.sh_offset > file->size ||
		    shdr.sh_size > file->size - shdr.sh_offset)
			return "a section lies outside the file";
		in->at = file->data + shdr.sh_offset;
		in->left = shdr.sh_size;
		found = true;
	}
	return found ? NULL : "a section is missing";
}

static const char *read_sections(struct cx *cx, Elf *elf, const struct file_bytes *file,
				 struct nfp_image *img)
{
	for (size_t i = 0; i < ARRAY_SIZE(readers); i++) {
		struct in in = { .cx = cx };
		const char *why = find_section(elf, file, readers[i].section, &in);

		if (why)
			return arena_printf(cx->arena, "%s (%s)", why, readers[i].section);
		if (readers[i].read(&in, img) && in.left)
			fail(&in, "a section has trailing bytes");
		if (in.why)
			return arena_printf(cx->arena, "%s (%s)", in.why, readers[i].section);
	}
	return NULL;
}

bool nfp_image_read(struct cx *cx, const char *path, struct nfp_image *img)
{
	struct file_bytes file;
	const char *why;
	Elf *elf;

	*img = (struct nfp_image){ 0 };
	if (!file_read(cx, path, NFP_IMAGE_MAX_BYTES, &file))
		return false;
	elf_version(EV_CURRENT);
	elf = elf_memory((char *)file.data, file.size);
	why = check_header(elf, &file);
	if (!why)
		why = read_sections(cx, elf, &file, img);
	elf_end(elf);
	if (why)
		return diag_error(cx->diags, &DIAG_AT_NOWHERE, REASON_IMAGE_INVALID, path, why);
	return true;
}
