/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/image.h"
#include "nfp_backend/image/image_format.h"
#include "nfp_backend/isa/isa.h"

#include "base/bits.h"
#include "base/file.h"

#include <assert.h>
#include <errno.h>
#include <libelf.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* A program as an ELF file. The .bpf_offload sections are sequences of little-endian u32, u64 and
 * strings (u32 length, bytes), written here and read by image_read.c in the same order. */

/* ---- section contents ---- */

struct buffer {
	struct arena *arena;
	VEC(uint8_t) bytes;
};

static void put_bytes(struct buffer *b, const void *data, size_t size)
{
	vec_reserve(&b->bytes, b->arena, b->bytes.len + size);
	if (size)
		memcpy(b->bytes.at + b->bytes.len, data, size);
	b->bytes.len += size;
}

static void put_u32(struct buffer *b, uint32_t v)
{
	uint8_t raw[4];

	store_le32(raw, v);
	put_bytes(b, raw, sizeof(raw));
}

static void put_u64(struct buffer *b, uint64_t v)
{
	put_u32(b, (uint32_t)v);
	put_u32(b, (uint32_t)(v >> 32));
}

static void put_string(struct buffer *b, const char *s)
{
	size_t len = s ? strlen(s) : 0;

	put_u32(b, (uint32_t)len);
	put_bytes(b, s, len);
}

static void put_text(struct buffer *b, const struct nfp_image *img)
{
	for (size_t i = 0; i < img->code.n_words; i++) {
		assert(img->code.words[i] <= NFP_OP_MASK && "a word holds operation bits only");
		put_u64(b, nfp_ecc_apply(img->code.words[i]));
	}
}

static void put_mecsr(struct buffer *b, const struct nfp_image *img)
{
	(void)img;
	put_u32(b, NFP_INITREG_W0);
	put_u32(b, NFP_INITREG_OFF);
	put_u32(b, NFP_INITREG_VALUE);
	put_u32(b, UINT32_MAX); /* mask: the whole register */
}

static void put_relocs(struct buffer *b, const struct nfp_image *img)
{
	put_u32(b, NFP_IMAGE_VERSION);
	put_u32(b, (uint32_t)img->code.n_relocs);
	for (size_t i = 0; i < img->code.n_relocs; i++) {
		put_u32(b, img->code.relocs[i].word_idx);
		put_u32(b, img->code.relocs[i].kind);
		put_u32(b, img->code.relocs[i].target);
	}
}

/* Behind the numbers: name, use of each word of the value, initial content (a u32 says if any). */
static void put_map(struct buffer *b, const struct nfp_image_map *m)
{
	put_u32(b, m->type);
	put_u32(b, m->key_size);
	put_u32(b, m->value_size);
	put_u32(b, m->max_entries);
	put_u32(b, m->flags);
	put_u32(b, m->object_idx);
	put_string(b, m->name);
	put_u32(b, m->word_use != NULL);
	if (m->word_use)
		put_bytes(b, m->word_use, bits_round_up(m->value_size, 4) / 4);
	put_u32(b, m->init != NULL);
	if (m->init)
		put_bytes(b, m->init, m->value_size);
}

static void put_maps(struct buffer *b, const struct nfp_image *img)
{
	put_u32(b, NFP_IMAGE_VERSION);
	put_u32(b, (uint32_t)img->n_maps);
	for (size_t i = 0; i < img->n_maps; i++)
		put_map(b, &img->maps[i]);
}

/* File names are stored once each: rows have an index + 1, 0 for no file. */
static void put_lines(struct buffer *b, const struct nfp_image *img)
{
	VEC(const char *) files = { 0 };
	uint32_t *file_of = ARENA_ARRAY(b->arena, uint32_t, img->n_srcs);

	for (size_t i = 0; i < img->n_srcs; i++) {
		const char *file = img->srcs[i].file;
		uint32_t f = 0;

		if (!file)
			continue;
		while (f < files.len && strcmp(files.at[f], file))
			f++;
		if (f == files.len)
			*vec_push(&files, b->arena) = file;
		file_of[i] = f + 1;
	}
	put_u32(b, NFP_IMAGE_VERSION);
	put_u32(b, (uint32_t)files.len);
	for (size_t i = 0; i < files.len; i++)
		put_string(b, files.at[i]);
	put_u32(b, (uint32_t)img->n_srcs);
	for (size_t i = 0; i < img->n_srcs; i++) {
		put_u32(b, img->srcs[i].bpf_pc);
		put_u32(b, file_of[i]);
		put_u32(b, img->srcs[i].line);
	}
	put_u32(b, (uint32_t)img->code.n_lines);
	for (size_t i = 0; i < img->code.n_lines; i++) {
		put_u32(b, img->code.lines[i].word_idx);
		put_u32(b, (uint32_t)img->code.lines[i].bpf_pc);
	}
}

static void put_needs(struct buffer *b, const struct nfp_image *img)
{
	put_u32(b, NFP_IMAGE_VERSION);
	put_string(b, img->prog_name);
	put_u32(b, img->type);
	put_u32(b, img->stack_bytes);
	put_u32(b, img->max_pkt_off);
	put_u64(b, img->helpers);
	put_u32(b, (img->queue_select ? NFP_NEEDS_QUEUE_SELECT : 0) |
			   (img->adjust_tail ? NFP_NEEDS_ADJUST_TAIL : 0) |
			   (img->base.handoff_bytes ? NFP_NEEDS_HANDOFF : 0));
	if (!img->base.handoff_bytes)
		return;
	put_u32(b, img->base.handoff_cookie);
	put_u32(b, img->base.handoff_bytes);
}

/* ---- the file ---- */

static const struct section {
	const char *name;
	uint32_t type, info;
	uint64_t flags, entsize;
	void (*put)(struct buffer *b, const struct nfp_image *img);
} sections[] = {
	{ NFP_SEC_TEXT, SHT_PROGBITS, NFP_SH_INFO_TEXT, SHF_ALLOC | SHF_EXECINSTR, 8, put_text },
	{ NFP_SEC_MECSR, NFP_SHT_INITREG, NFP_SH_INFO_MECSR, 0, NFP_INITREG_BYTES, put_mecsr },
	{ NFP_SEC_RELOC, SHT_PROGBITS, 0, 0, 0, put_relocs },
	{ NFP_SEC_MAPS, SHT_PROGBITS, 0, 0, 0, put_maps },
	{ NFP_SEC_LINES, SHT_PROGBITS, 0, 0, 0, put_lines },
	{ NFP_SEC_NEEDS, SHT_PROGBITS, 0, 0, 0, put_needs },
};

static bool add_section(Elf *elf, const struct section *s, struct buffer *content, size_t name_off)
{
	Elf_Scn *scn = elf_newscn(elf);
	Elf_Data *data = scn ? elf_newdata(scn) : NULL;
	Elf64_Shdr *shdr = scn ? elf64_getshdr(scn) : NULL;

	if (!data || !shdr)
		return false;
	*data = (Elf_Data){ .d_buf = content->bytes.at,
			    .d_size = content->bytes.len,
			    .d_type = ELF_T_BYTE,
			    .d_align = 8,
			    .d_version = EV_CURRENT };
	shdr->sh_name = (Elf64_Word)name_off;
	shdr->sh_type = s->type;
	shdr->sh_flags = s->flags;
	shdr->sh_info = s->info;
	shdr->sh_entsize = s->entsize;
	return true;
}

static bool add_header(Elf *elf)
{
	Elf64_Ehdr *ehdr = elf64_newehdr(elf);

	if (!ehdr)
		return false;
	ehdr->e_ident[EI_DATA] = ELFDATA2LSB;
	ehdr->e_type = ET_REL;
	ehdr->e_machine = NFP_ELF_MACHINE;
	ehdr->e_flags = NFP_ELF_FLAGS;
	ehdr->e_version = EV_CURRENT;
	ehdr->e_shstrndx = ARRAY_SIZE(sections) + 1;
	return true;
}

static bool build_elf(struct cx *cx, Elf *elf, const struct nfp_image *img)
{
	static const struct section names_section = { .name = ".shstrtab", .type = SHT_STRTAB };
	struct buffer names = { .arena = cx->scratch };
	size_t name_off;

	if (!add_header(elf))
		return false;
	put_bytes(&names, "", 1);
	for (size_t i = 0; i < ARRAY_SIZE(sections); i++) {
		struct buffer content = { .arena = cx->scratch };

		sections[i].put(&content, img);
		name_off = names.bytes.len;
		put_bytes(&names, sections[i].name, strlen(sections[i].name) + 1);
		if (!add_section(elf, &sections[i], &content, name_off))
			return false;
	}
	name_off = names.bytes.len;
	put_bytes(&names, names_section.name, strlen(names_section.name) + 1);
	return add_section(elf, &names_section, &names, name_off);
}

/* libelf writes to a file descriptor only: a file in memory serves. */
static bool write_elf(struct cx *cx, const struct nfp_image *img, int fd)
{
	Elf *elf;
	bool ok;

	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_WRITE, NULL);
	ok = elf && build_elf(cx, elf, img) && elf_update(elf, ELF_C_WRITE) >= 0;
	elf_end(elf);
	return ok;
}

static bool read_back(struct cx *cx, int fd, struct nfp_image_bytes *out)
{
	off_t size = lseek(fd, 0, SEEK_END);

	if (size <= 0)
		return false;
	out->size = (size_t)size;
	out->data = arena_alloc(cx->arena, out->size);
	return pread(fd, out->data, out->size, 0) == size;
}

bool nfp_image_encode(struct cx *cx, const struct nfp_image *img, struct nfp_image_bytes *out)
{
	int fd = memfd_create("image", MFD_CLOEXEC);
	bool ok = fd >= 0 && write_elf(cx, img, fd) && read_back(cx, fd, out);

	if (!ok)
		diag_error(cx->diags, &DIAG_AT_NOWHERE, REASON_OUTPUT_WRITE, "the image",
			   fd < 0 ? strerror(errno) : elf_errmsg(-1));
	if (fd >= 0)
		close(fd);
	return ok;
}

bool nfp_image_write(struct cx *cx, const struct nfp_image *img, const char *path)
{
	struct nfp_image_bytes bytes;

	return nfp_image_encode(cx, img, &bytes) && file_write(cx, path, bytes.data, bytes.size);
}
