/* SPDX-License-Identifier: BSD-2-Clause */
#include "partitioner/host_object.h"

#include "base/file.h"

#include <gelf.h>
#include <string.h>

/* Which records an object takes: its two absolute symbols. Any bytes as input. */

#define MAX_BYTES (64u << 20)

static void take_symbol(const GElf_Sym *sym, const char *name, struct part_handoff_id *out)
{
	if (sym->st_shndx != SHN_ABS || !name)
		return;
	if (!strcmp(name, PART_OBJ_COOKIE))
		out->cookie = (uint32_t)sym->st_value;
	else if (!strcmp(name, PART_OBJ_RECORD) && sym->st_value <= UINT16_MAX)
		out->bytes = (uint32_t)sym->st_value;
}

static void take_symbols(Elf *elf, struct part_handoff_id *out)
{
	for (Elf_Scn *scn = NULL; (scn = elf_nextscn(elf, scn));) {
		GElf_Shdr shdr;
		Elf_Data *data;
		GElf_Sym sym;

		if (!gelf_getshdr(scn, &shdr) || shdr.sh_type != SHT_SYMTAB)
			continue;
		data = elf_getdata(scn, NULL);
		for (int i = 0; data && gelf_getsym(data, i, &sym); i++)
			take_symbol(&sym, elf_strptr(elf, shdr.sh_link, sym.st_name), out);
	}
}

bool part_object_handoff_id(struct cx *cx, const char *path, struct part_handoff_id *out)
{
	struct file_bytes file;
	Elf *elf;

	*out = (struct part_handoff_id){ 0 };
	if (!file_read(cx, path, MAX_BYTES, &file))
		return false;
	elf_version(EV_CURRENT);
	elf = elf_memory((char *)file.data, file.size);
	if (!elf || elf_kind(elf) != ELF_K_ELF) {
		elf_end(elf);
		return diag_error(cx->diags, &DIAG_AT_NOWHERE, REASON_ELF_INVALID, path,
				  "it is not an ELF file");
	}
	take_symbols(elf, out);
	elf_end(elf);
	return true;
}
