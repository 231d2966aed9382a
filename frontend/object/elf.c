/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/object/loader.h"

#include "base/bits.h"

#include <stdlib.h>
#include <string.h>

/* ELF file => struct fe_elf. Every offset, size, index and string that anything later follows is
 * checked here. */

struct reader {
	struct cx *cx;
	struct fe_bytes file;
	const char *path;
	const Elf64_Shdr *shdrs; /* copied: aligned */
};

static bool invalid(const struct reader *r, const char *why)
{
	struct diag_at at = { .object = r->path, .insn = -1 };

	return diag_error(r->cx->diags, &at, REASON_ELF_INVALID, r->path, why);
}

static bool invalid_section(const struct reader *r, uint32_t i, const char *why)
{
	return invalid(r, arena_printf(r->cx->arena, "section %u %s", i, why));
}

static bool inside(struct fe_bytes file, uint64_t off, uint64_t size)
{
	return off <= file.len && size <= file.len - off;
}

/* ---- header ------------------------------------------------------------------------------------ */

static const char *ident_problem(struct fe_bytes file)
{
	if (file.len < EI_NIDENT || memcmp(file.at, ELFMAG, SELFMAG))
		return "it does not start with the ELF magic number";
	if (file.at[EI_CLASS] != ELFCLASS64)
		return "it is a 32-bit ELF file";
	if (file.at[EI_DATA] == ELFDATA2MSB)
		return "it is big-endian (-target bpfeb); this machine and its loader are "
		       "little-endian";
	if (file.at[EI_DATA] != ELFDATA2LSB)
		return "its byte order is not given";
	if (file.len < sizeof(Elf64_Ehdr))
		return "it ends within the ELF header";
	return NULL;
}

static bool check_header(const struct reader *r, const Elf64_Ehdr *h)
{
	struct diag_at at = { .object = r->path, .insn = -1 };

	/* clang before 3.7 wrote EM_NONE */
	if (h->e_machine != EM_BPF && h->e_machine != EM_NONE)
		return diag_error(r->cx->diags, &at, REASON_ELF_MACHINE, r->path, h->e_machine);
	if (h->e_type != ET_REL)
		return invalid(r, "it is not a relocatable object (clang -c makes one)");
	if (!h->e_shnum)
		return invalid(r, "it has no section headers");
	if (h->e_shentsize != sizeof(Elf64_Shdr))
		return invalid(r, "its section headers have an unknown size");
	if (h->e_shnum > FE_MAX_SECTIONS)
		return invalid(r, arena_printf(r->cx->arena, "it has %u sections; the limit is %u",
					       h->e_shnum, FE_MAX_SECTIONS));
	if (!inside(r->file, h->e_shoff, (uint64_t)h->e_shnum * sizeof(Elf64_Shdr)))
		return invalid(r, "the section headers lie outside the file (truncated?)");
	if (h->e_shstrndx >= h->e_shnum)
		return invalid(r, "the index of the section name table is out of range");
	return true;
}

/* ---- sections ----------------------------------------------------------------------------------- */

static bool has_bytes(const Elf64_Shdr *s)
{
	return s->sh_type != SHT_NOBITS && s->sh_type != SHT_NULL && s->sh_size;
}

static int by_offset(const void *a, const void *b)
{
	const Elf64_Shdr *x = *(const Elf64_Shdr *const *)a, *y = *(const Elf64_Shdr *const *)b;

	return (x->sh_offset > y->sh_offset) - (x->sh_offset < y->sh_offset);
}

/* All zeroed data together, for libbpf makes a map of each section of it. */
static bool check_zeroed(const struct reader *r, uint32_t n)
{
	uint64_t sum = 0;

	for (uint32_t i = 1; i < n; i++) {
		const Elf64_Shdr *s = &r->shdrs[i];

		if (s->sh_type != SHT_NOBITS)
			continue;
		if (s->sh_size > FE_MAX_ZEROED_BYTES - sum)
			return invalid_section(r, i,
					       "declares more zeroed data than maps may hold");
		sum += s->sh_size;
	}
	return true;
}

/* Sections that share bytes would let a small file stand for a huge one. */
static bool check_overlap(const struct reader *r, uint32_t n)
{
	const Elf64_Shdr **order = ARENA_ARRAY(r->cx->arena, const Elf64_Shdr *, n);
	uint32_t n_order = 0;

	for (uint32_t i = 1; i < n; i++) {
		if (has_bytes(&r->shdrs[i]))
			order[n_order++] = &r->shdrs[i];
	}
	if (n_order)
		qsort(order, n_order, sizeof(*order), by_offset);
	for (uint32_t i = 1; i < n_order; i++) {
		if (order[i - 1]->sh_offset + order[i - 1]->sh_size > order[i]->sh_offset)
			return invalid_section(r, (uint32_t)(order[i] - r->shdrs),
					       "overlaps another section");
	}
	return true;
}

static bool check_section(const struct reader *r, uint32_t i, uint32_t n)
{
	const Elf64_Shdr *s = &r->shdrs[i];

	if (has_bytes(s) && !inside(r->file, s->sh_offset, s->sh_size))
		return invalid_section(r, i, "lies outside the file (truncated?)");
	if ((s->sh_type == SHT_SYMTAB || s->sh_type == SHT_REL) && s->sh_link >= n)
		return invalid_section(r, i, "is linked to a section that does not exist");
	if (s->sh_type == SHT_SYMTAB &&
	    (s->sh_entsize != sizeof(Elf64_Sym) || s->sh_size % sizeof(Elf64_Sym)))
		return invalid_section(r, i, "is a symbol table with entries of a wrong size");
	if (s->sh_type == SHT_REL &&
	    (s->sh_entsize != sizeof(Elf64_Rel) || s->sh_size % sizeof(Elf64_Rel)))
		return invalid_section(r, i, "is a relocation table with entries of a wrong size");
	if (s->sh_type == SHT_REL && s->sh_info >= n)
		return invalid_section(r, i, "relocates a section that does not exist");
	return true;
}

/* NULL unless the table is a terminated string table that covers `off`. */
static const char *string_at(const struct fe_section *table, uint64_t off)
{
	if (!table->data || off >= table->size || table->data[table->size - 1])
		return NULL;
	return (const char *)table->data + off;
}

/* Code gets patched; it and BTF are read as structs and need alignment. The rest stays in place. */
static void copy_if_needed(const struct reader *r, struct fe_section *s)
{
	if (s->data && (fe_section_is_code(s) || !strncmp(s->name, ".BTF", 4)))
		s->data = arena_dup(r->cx->arena, s->data, s->size);
}

static bool read_sections(const struct reader *r, const Elf64_Ehdr *h, struct fe_elf *elf)
{
	uint32_t n = h->e_shnum;

	for (uint32_t i = 1; i < n; i++) {
		if (!check_section(r, i, n))
			return false;
	}
	if (!check_overlap(r, n) || !check_zeroed(r, n))
		return false;
	elf->secs = ARENA_ARRAY(r->cx->arena, struct fe_section, n + FE_EXTRA_SECTIONS);
	elf->n_secs = n;
	elf->secs[0].name = "";
	for (uint32_t i = 1; i < n; i++) {
		const Elf64_Shdr *s = &r->shdrs[i];

		elf->secs[i] =
			(struct fe_section){ .type = s->sh_type,
					     .flags = s->sh_flags,
					     .link = s->sh_link,
					     .info = s->sh_info,
					     .size = s->sh_type == SHT_NULL ? 0 : s->sh_size };
		if (has_bytes(s))
			elf->secs[i].data = r->file.at + s->sh_offset;
	}
	for (uint32_t i = 1; i < n; i++) {
		elf->secs[i].name = string_at(&elf->secs[h->e_shstrndx], r->shdrs[i].sh_name);
		if (!elf->secs[i].name)
			return invalid_section(r, i, "has a name outside the section name table");
		copy_if_needed(r, &elf->secs[i]);
	}
	return true;
}

/* ---- symbols ------------------------------------------------------------------------------------ */

static bool find_symtab(const struct reader *r, struct fe_elf *elf)
{
	for (uint32_t i = 1; i < elf->n_secs; i++) {
		if (elf->secs[i].type != SHT_SYMTAB)
			continue;
		if (elf->symtab)
			return invalid(r, "it has more than one symbol table");
		elf->symtab = i;
		elf->strtab = elf->secs[i].link;
	}
	if (!elf->symtab || !elf->secs[elf->symtab].size)
		return invalid(r, "it has no symbol table (stripped?)");
	if (!elf->strtab || elf->secs[elf->strtab].type != SHT_STRTAB)
		return invalid(r, "its symbol table has no string table");
	if (elf->secs[elf->symtab].size / sizeof(Elf64_Sym) > FE_MAX_SYMBOLS)
		return invalid(r, "it has too many symbols");
	return true;
}

static bool read_symbols(const struct reader *r, struct fe_elf *elf)
{
	const struct fe_section *table = &elf->secs[elf->symtab];

	elf->n_syms = (uint32_t)(table->size / sizeof(Elf64_Sym));
	elf->syms = ARENA_ARRAY(r->cx->arena, struct fe_symbol, elf->n_syms);
	for (uint32_t i = 0; i < elf->n_syms; i++) {
		Elf64_Sym s;

		memcpy(&s, table->data + i * sizeof(s), sizeof(s));
		if (s.st_shndx >= elf->n_secs && s.st_shndx < SHN_LORESERVE)
			return invalid(r,
				       arena_printf(r->cx->arena,
						    "symbol %u is in a section that does not exist",
						    i));
		elf->syms[i] =
			(struct fe_symbol){ .name = string_at(&elf->secs[elf->strtab], s.st_name),
					    .name_off = s.st_name,
					    .value = s.st_value,
					    .size = s.st_size,
					    .section = s.st_shndx,
					    .type = ELF64_ST_TYPE(s.st_info),
					    .bind = ELF64_ST_BIND(s.st_info),
					    .other = s.st_other };
		if (!elf->syms[i].name)
			return invalid(r, arena_printf(r->cx->arena,
						       "the name of symbol %u is outside its table",
						       i));
		if (elf->syms[i].type == STT_SECTION && !s.st_name && s.st_shndx < elf->n_secs)
			elf->syms[i].name = elf->secs[s.st_shndx].name;
	}
	return true;
}

/* ---- entry points ------------------------------------------------------------------------------- */

bool fe_section_has_role(const char *name)
{
	static const char *const names[] = { ".BTF",    ".BTF.ext", ".maps",      "maps",
					     "license", "version",  ".struct_ops" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (!strcmp(name, names[i]))
			return true;
	}
	return false;
}

bool fe_section_is_code(const struct fe_section *s)
{
	return s->type == SHT_PROGBITS && (s->flags & SHF_EXECINSTR) && s->size &&
	       !fe_section_has_role(s->name);
}

/* libbpf may take another of two equal names than we do. */
static bool check_one_text(const struct reader *r, const struct fe_elf *elf)
{
	unsigned n = 0;

	for (uint32_t i = 1; i < elf->n_secs; i++)
		n += !strcmp(elf->secs[i].name, ".text");
	return n <= 1 || invalid(r, "it has more than one section '.text'");
}

static void find_roles(struct fe_elf *elf)
{
	const struct {
		const char *name;
		uint32_t *index;
	} roles[] = {
		{ ".BTF", &elf->btf },   { ".BTF.ext", &elf->btf_ext },
		{ ".maps", &elf->maps }, { "license", &elf->license },
		{ ".text", &elf->text },
	};

	for (size_t i = 0; i < ARRAY_SIZE(roles); i++) {
		*roles[i].index = fe_elf_section(elf, roles[i].name);
		if (!elf->secs[*roles[i].index].data ||
		    elf->secs[*roles[i].index].type != SHT_PROGBITS)
			*roles[i].index = 0;
	}
	if (!fe_section_is_code(&elf->secs[elf->text]))
		elf->text = 0;
}

static bool named(const struct fe_section *s, const char *stem)
{
	size_t n = strlen(stem);

	return !strncmp(s->name, stem, n) && (!s->name[n] || s->name[n] == '.');
}

bool fe_section_is_data(const struct fe_section *s)
{
	if (!s->size || fe_section_is_code(s))
		return false;
	return (s->type == SHT_PROGBITS && (named(s, ".data") || named(s, ".rodata"))) ||
	       (s->type == SHT_NOBITS && named(s, ".bss"));
}

uint32_t fe_elf_section(const struct fe_elf *elf, const char *name)
{
	for (uint32_t i = 1; i < elf->n_secs; i++) {
		if (!strcmp(elf->secs[i].name, name))
			return i;
	}
	return 0;
}

static const Elf64_Shdr *copy_headers(struct arena *a, struct fe_bytes file, const Elf64_Ehdr *h)
{
	return arena_dup(a, file.at + h->e_shoff, h->e_shnum * sizeof(Elf64_Shdr));
}

bool fe_elf_parse(struct cx *cx, const char *path, struct fe_bytes file, struct fe_elf *elf)
{
	struct reader r = { .cx = cx, .file = file, .path = path };
	const char *problem = ident_problem(file);
	Elf64_Ehdr h;

	*elf = (struct fe_elf){ .path = path };
	if (problem)
		return invalid(&r, problem);
	memcpy(&h, file.at, sizeof(h));
	if (!check_header(&r, &h))
		return false;
	r.shdrs = copy_headers(cx->arena, file, &h);
	if (!read_sections(&r, &h, elf) || !find_symtab(&r, elf) || !read_symbols(&r, elf))
		return false;
	find_roles(elf);
	return check_one_text(&r, elf);
}

uint32_t fe_elf_add_section(struct fe_elf *elf, const char *name, struct fe_bytes data)
{
	elf->secs[elf->n_secs] = (struct fe_section){
		.name = name, .type = SHT_PROGBITS, .data = data.at, .size = data.len
	};
	return elf->n_secs++;
}

bool fe_elf_find_raw(struct fe_bytes file, const char *name, struct fe_bytes *out)
{
	Elf64_Shdr names, s;
	Elf64_Ehdr h;

	if (ident_problem(file))
		return false;
	memcpy(&h, file.at, sizeof(h));
	if (h.e_shentsize != sizeof(s) || h.e_shstrndx >= h.e_shnum ||
	    !inside(file, h.e_shoff, (uint64_t)h.e_shnum * sizeof(s)))
		return false;
	memcpy(&names, file.at + h.e_shoff + h.e_shstrndx * sizeof(s), sizeof(s));
	if (!names.sh_size || !inside(file, names.sh_offset, names.sh_size) ||
	    file.at[names.sh_offset + names.sh_size - 1])
		return false;
	for (uint32_t i = 1; i < h.e_shnum; i++) {
		memcpy(&s, file.at + h.e_shoff + i * sizeof(s), sizeof(s));
		if (s.sh_name >= names.sh_size || !has_bytes(&s) ||
		    !inside(file, s.sh_offset, s.sh_size))
			continue;
		if (!strcmp((const char *)file.at + names.sh_offset + s.sh_name, name)) {
			*out = (struct fe_bytes){ file.at + s.sh_offset, s.sh_size };
			return true;
		}
	}
	return false;
}
