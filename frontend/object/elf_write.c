/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/object/loader.h"

#include "base/bits.h"

#include <string.h>

/* struct fe_elf => bytes of an ELF object for libbpf. Section indices stay as they are, for the
 * symbols refer to them; a section that libbpf must not see becomes an empty string table, which
 * libbpf skips whatever its name. Layout: header, contents (8-byte aligned), section headers. */

struct out {
	struct arena *arena;
	VEC(uint8_t) bytes;
};

static uint64_t put(struct out *o, const void *data, size_t size)
{
	uint64_t at = bits_round_up(o->bytes.len, 8);

	vec_reserve(&o->bytes, o->arena, at + size + 8);
	memset(o->bytes.at + o->bytes.len, 0, at - o->bytes.len);
	if (size)
		memcpy(o->bytes.at + at, data, size);
	o->bytes.len = at + size;
	return at;
}

/* Data sections with unknown names stay: .BTF may describe them, and libbpf then needs their size. */
static bool visible(const struct fe_elf *elf, uint32_t i)
{
	const struct fe_section *s = &elf->secs[i];

	if (!s->size || !strncmp(s->name, ".debug", 6))
		return false;
	if (!strcmp(s->name, "version")) /* libbpf insists on its size */
		return s->data && s->size == sizeof(uint32_t);
	if (fe_section_has_role(s->name))
		return i == elf->btf || i == elf->maps || i == elf->license;
	return i == elf->symtab || i == elf->strtab || s->type == SHT_PROGBITS ||
	       s->type == SHT_NOBITS;
}

static uint64_t put_symbols(struct out *o, const struct fe_elf *elf)
{
	Elf64_Sym *table = ARENA_ARRAY(o->arena, Elf64_Sym, elf->n_syms);

	for (uint32_t i = 0; i < elf->n_syms; i++) {
		const struct fe_symbol *s = &elf->syms[i];

		table[i] = (Elf64_Sym){ .st_name = s->name_off,
					.st_info = (uint8_t)ELF64_ST_INFO(s->bind, s->type),
					.st_other = s->other,
					.st_shndx = s->section,
					.st_value = s->value,
					.st_size = s->size };
	}
	return put(o, table, elf->n_syms * sizeof(*table));
}

/* Relocations of section `target` that are left to libbpf; returns their size. `*next` walks the
 * relocations, which are sorted by section. */
static uint64_t put_relocs(struct out *o, const struct fe_elf *elf, uint32_t target, uint32_t *next,
			   uint64_t *at)
{
	*at = put(o, NULL, 0);
	while (*next < elf->n_relocs && elf->relocs[*next].section < target)
		++*next;
	for (; *next < elf->n_relocs && elf->relocs[*next].section == target; ++*next) {
		const struct fe_reloc *r = &elf->relocs[*next];
		Elf64_Rel rel = {
			.r_offset = r->insn * sizeof(struct bpf_insn),
			.r_info = ELF64_R_INFO((uint64_t)r->symbol, r->type),
		};

		if (!r->dropped)
			put(o, &rel, sizeof(rel));
	}
	return o->bytes.len - *at;
}

static uint32_t put_name(struct out *names, const char *name)
{
	size_t at = names->bytes.len, size = strlen(name) + 1;

	vec_reserve(&names->bytes, names->arena, at + size);
	memcpy(names->bytes.at + at, name, size);
	names->bytes.len += size;
	return (uint32_t)at;
}

static void put_section(struct out *o, const struct fe_elf *elf, uint32_t i, Elf64_Shdr *h)
{
	const struct fe_section *s = &elf->secs[i];

	h->sh_type = SHT_STRTAB;
	h->sh_addralign = 8;
	if (!visible(elf, i)) {
		h->sh_offset = put(o, NULL, 0);
		return;
	}
	h->sh_type = s->type;
	h->sh_flags = s->flags & (SHF_EXECINSTR | SHF_ALLOC | SHF_WRITE);
	h->sh_size = s->size;
	if (i == elf->symtab) {
		h->sh_link = elf->strtab;
		h->sh_entsize = sizeof(Elf64_Sym);
		h->sh_offset = put_symbols(o, elf);
	} else {
		h->sh_offset = put(o, s->data, s->type == SHT_NOBITS ? 0 : s->size);
	}
}

/* One relocation section per code section, behind all others: the file's own are left out. */
static uint32_t put_reloc_sections(struct out *o, const struct fe_elf *elf, struct out *names,
				   Elf64_Shdr *shdrs, uint32_t n)
{
	uint32_t next = 0;

	for (uint32_t i = 1; i < elf->n_secs; i++) {
		uint64_t at, size;

		if (!visible(elf, i) || !fe_section_is_code(&elf->secs[i]))
			continue;
		size = put_relocs(o, elf, i, &next, &at);
		if (!size)
			continue;
		shdrs[n++] = (Elf64_Shdr){
			.sh_name = put_name(names, arena_printf(o->arena, ".rel%u", i)),
			.sh_type = SHT_REL,
			.sh_link = elf->symtab,
			.sh_info = i,
			.sh_offset = at,
			.sh_size = size,
			.sh_entsize = sizeof(Elf64_Rel),
			.sh_addralign = 8,
		};
	}
	return n;
}

/* Enough for the contents; headers and names may make it grow once more. */
static size_t size_bound(const struct fe_elf *elf)
{
	size_t n = 4096 + elf->n_syms * sizeof(Elf64_Sym) + elf->n_relocs * sizeof(Elf64_Rel) +
		   elf->n_secs * 4ull * sizeof(Elf64_Shdr);

	for (uint32_t i = 1; i < elf->n_secs; i++) {
		if (visible(elf, i) && elf->secs[i].data)
			n += elf->secs[i].size + 8;
	}
	return n;
}

/* libbpf derives the attach target from the section name and looks it up in the kernel. That fails if the
 * target is given at run time or is missing in this kernel. No program of the image is loaded, so
 * programs of other types get a neutral section name. */
static const char *name_for_libbpf(struct cx *cx, const struct fe_elf *elf, uint32_t i)
{
	static const struct fe_open_options by_name = { 0 };
	const struct fe_section *s = &elf->secs[i];

	if (i == elf->text || !visible(elf, i) || !fe_section_is_code(s))
		return s->name;
	switch (fe_section_type(cx, &by_name, s->name).type) {
	case BPF_PROG_TYPE_UNSPEC:
	case BPF_PROG_TYPE_XDP:
	case BPF_PROG_TYPE_SCHED_CLS:
	case BPF_PROG_TYPE_SCHED_ACT: return s->name;
	default: return arena_printf(cx->scratch, "of-the-host-%u", i);
	}
}

struct fe_bytes fe_elf_image(struct cx *cx, const struct fe_elf *elf)
{
	struct arena *a = cx->scratch;
	struct out o = { .arena = a }, names = { .arena = a };
	Elf64_Shdr *shdrs = ARENA_ARRAY(a, Elf64_Shdr, elf->n_secs * 2ull + 1);
	Elf64_Ehdr h = { .e_ident = ELFMAG,
			 .e_type = ET_REL,
			 .e_machine = EM_BPF,
			 .e_version = EV_CURRENT,
			 .e_ehsize = sizeof(h),
			 .e_shentsize = sizeof(Elf64_Shdr) };
	uint32_t n = elf->n_secs;

	vec_reserve(&o.bytes, a, size_bound(elf));
	h.e_ident[EI_CLASS] = ELFCLASS64;
	h.e_ident[EI_DATA] = ELFDATA2LSB;
	h.e_ident[EI_VERSION] = EV_CURRENT;
	put(&o, &h, sizeof(h));
	put_name(&names, "");
	for (uint32_t i = 1; i < elf->n_secs; i++) {
		put_section(&o, elf, i, &shdrs[i]);
		shdrs[i].sh_name = put_name(&names, name_for_libbpf(cx, elf, i));
	}
	n = put_reloc_sections(&o, elf, &names, shdrs, n);
	shdrs[n].sh_name = put_name(&names, ".shstrtab");
	shdrs[n].sh_type = SHT_STRTAB;
	shdrs[n].sh_size = names.bytes.len;
	shdrs[n].sh_offset = put(&o, names.bytes.at, names.bytes.len);
	h.e_shstrndx = (Elf64_Half)n++;
	h.e_shnum = (Elf64_Half)n;
	h.e_shoff = put(&o, shdrs, n * sizeof(*shdrs));
	memcpy(o.bytes.at, &h, sizeof(h));
	return (struct fe_bytes){ o.bytes.at, o.bytes.len };
}
