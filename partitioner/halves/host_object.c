/* SPDX-License-Identifier: BSD-2-Clause */
#include "partitioner/host_object.h"

#include "base/bits.h"
#include "base/file.h"

#include <elf.h>

/* Layout: header, contents of sections (8-byte aligned), section headers. Instructions of the
 * program refer to maps by index; here they become relocations against symbols. */

#define EM_OF_BPF      247
#define R_BPF_64_64    1
#define R_BPF_64_ABS64 2
#define R_BPF_64_32    10
#define MAX_SECTIONS   64u

struct object {
	struct cx *cx;
	const struct fe_object *obj;
	const struct fe_prog *prog;
	const struct part_halves *halves;
	const struct fe_prog *first; /* a program to attach before it, in "xdp"; NULL: none */
	const char *section;         /* of main */
	struct bpf_insn *code;
	VEC(uint8_t) bytes;
	VEC(uint8_t) names; /* of sections and symbols */
	Elf64_Shdr sec[MAX_SECTIONS];
	uint32_t n_secs;
	VEC(Elf64_Sym) locals, globals;
	VEC(struct part_obj_map) maps;
	const char **sections;   /* by map of the object that is global data: name of its section */
	uint16_t *data_sec;      /* by map of the object that is global data: its section */
	bool *used;              /* by map of the object */
	bool *used_externs;      /* by extern of the object */
	uint32_t *extern_symbol; /* by extern: index among globals */
	uint32_t *
		symbol; /* by map of the object: index among globals (user) or locals (data), + 1 */
	uint32_t *sub_symbol; /* by subprogram: index among locals */
	uint32_t text_symbol; /* index among locals */
};

static const char *data_section(struct cx *cx, const struct fe_map *m, enum part_map_placement home)
{
	if (m->kind == FE_MAP_RODATA && home == PART_MAP_COMPILED_IN)
		return arena_printf(cx->arena, "%s" PART_OBJ_COMPILED_IN, m->name);
	/* libbpf would fill .kconfig from symbols that no longer exist, but the values are known */
	return m->kind == FE_MAP_KCONFIG ? arena_strdup(cx->arena, ".rodata.kconfig") : m->name;
}

/* ---- what it cannot say ------------------------------------------------------------------------------------- */

static const char *unsupported_map(const struct fe_object *obj, const struct bpf_insn *insn)
{
	const struct fe_map *m = &obj->maps[insn->imm];

	if (m->n_slots && m->type == BPF_MAP_TYPE_PROG_ARRAY)
		return "a program array that the object fills, whose programs are not in the host "
		       "half";
	if ((m->kind == FE_MAP_USER) != (insn->src_reg == EBPF_IMM_MAP_IDX))
		return "the address of a map that has no symbol";
	return NULL;
}

static bool names_extern(const struct bpf_insn *insn)
{
	return (ebpf_is_call(insn) && insn->src_reg == EBPF_CALL_KFUNC) ||
	       (ebpf_is_ld_imm64(insn) && insn->src_reg == EBPF_IMM_BTF_ID);
}

static bool names_map(const struct bpf_insn *insn)
{
	return ebpf_is_ld_imm64(insn) &&
	       (insn->src_reg == EBPF_IMM_MAP_IDX || insn->src_reg == EBPF_IMM_MAP_IDX_VALUE);
}

/* libbpf finds kernel functions and variables by the types that the object declares for them. */
static const char *unsupported_extern(const struct fe_object *obj, const struct bpf_insn *insn)
{
	if (insn->imm < 0 || (size_t)insn->imm >= obj->n_externs)
		return "a kernel function that the object does not declare";
	return obj->btf && obj->externs[insn->imm].btf_id
		       ? NULL
		       : "a kernel function or variable without a type";
}

const char *part_object_unsupported(const struct fe_object *obj, const struct fe_prog *prog)
{
	const char *what = NULL;

	for (size_t i = 0; i < prog->n_insns && !what; i++) {
		const struct bpf_insn *insn = &prog->insns[i];

		if (names_extern(insn))
			what = unsupported_extern(obj, insn);
		else if (names_map(insn))
			what = unsupported_map(obj, insn);
		i += ebpf_is_ld_imm64(insn);
	}
	return what;
}

/* ---- bytes ---------------------------------------------------------------------------------------------------- */

static uint32_t name(struct object *o, const char *s)
{
	size_t at = o->names.len, n = strlen(s) + 1;

	vec_reserve(&o->names, o->cx->arena, at + n);
	memcpy(o->names.at + at, s, n);
	o->names.len += n;
	return (uint32_t)at;
}

static uint64_t put(struct object *o, const void *data, size_t size)
{
	uint64_t at = bits_round_up(o->bytes.len, 8);

	vec_reserve(&o->bytes, o->cx->arena, at + size + 8);
	memset(o->bytes.at + o->bytes.len, 0, at - o->bytes.len);
	if (size)
		memcpy(o->bytes.at + at, data, size);
	o->bytes.len = at + size;
	return at;
}

/* Index of the new section; 0 when there are too many. */
static uint16_t section(struct object *o, const char *n, uint32_t type, uint64_t flags,
			struct part_bytes b)
{
	if (o->n_secs == MAX_SECTIONS)
		return 0;
	o->sec[o->n_secs] = (Elf64_Shdr){ .sh_name = name(o, n),
					  .sh_type = type,
					  .sh_flags = flags,
					  .sh_size = b.size,
					  .sh_addralign = 8 };
	o->sec[o->n_secs].sh_offset = put(o, b.data, type == SHT_NOBITS ? 0 : b.size);
	return (uint16_t)o->n_secs++;
}

static uint32_t local(struct object *o, const char *n, unsigned type, uint16_t sec, uint64_t value,
		      uint64_t size)
{
	*vec_push(&o->locals, o->cx->arena) =
		(Elf64_Sym){ .st_name = name(o, n),
			     .st_info = (uint8_t)ELF64_ST_INFO(STB_LOCAL, type),
			     .st_shndx = sec,
			     .st_value = value,
			     .st_size = size };
	return (uint32_t)o->locals.len - 1;
}

static uint32_t global(struct object *o, const char *n, unsigned type, uint16_t sec, uint64_t value,
		       uint64_t size)
{
	*vec_push(&o->globals, o->cx->arena) =
		(Elf64_Sym){ .st_name = name(o, n),
			     .st_info = (uint8_t)ELF64_ST_INFO(STB_GLOBAL, type),
			     .st_shndx = sec,
			     .st_value = value,
			     .st_size = size };
	return (uint32_t)o->globals.len - 1;
}

/* ---- sections --------------------------------------------------------------------------------------------------- */

/* Maps and externs that instructions refer to, and the initial elements of maps of maps. */
static void find_used(struct object *o)
{
	o->sections = ARENA_ARRAY(o->cx->arena, const char *, o->obj->n_maps + 1);
	o->data_sec = ARENA_ARRAY(o->cx->arena, uint16_t, o->obj->n_maps + 1);
	o->used = ARENA_ARRAY(o->cx->arena, bool, o->obj->n_maps + 1);
	o->used_externs = ARENA_ARRAY(o->cx->arena, bool, o->obj->n_externs + 1);
	for (size_t i = 0; i < o->prog->n_insns; i++) {
		const struct bpf_insn *insn = &o->prog->insns[i];

		if (names_map(insn))
			o->used[insn->imm] = true;
		if (names_extern(insn))
			o->used_externs[insn->imm] = true;
		i += ebpf_is_ld_imm64(insn);
	}
	for (size_t i = 0; i < o->obj->n_maps; i++) {
		const struct fe_map *m = &o->obj->maps[i];

		for (size_t k = 0; o->used[i] && m->inner >= 0 && k < m->n_slots; k++)
			o->used[m->slots[k].target] = true;
	}
}

static void add_data(struct object *o, size_t i)
{
	const struct fe_map *m = &o->obj->maps[i];
	const char *n = data_section(o->cx, m, o->halves->maps[i].home);
	bool bss = m->kind == FE_MAP_BSS || !m->init;
	bool constant = m->kind == FE_MAP_RODATA || m->kind == FE_MAP_KCONFIG;
	uint16_t sec = section(o, n, bss ? SHT_NOBITS : SHT_PROGBITS,
			       SHF_ALLOC | (constant ? 0u : SHF_WRITE),
			       (struct part_bytes){ m->init, m->value_size });

	o->data_sec[i] = sec;
	o->sections[i] = n;
	o->symbol[i] = local(o, n, STT_SECTION, sec, 0, 0) + 1;
}

#define POINTER_BYTES 8u

/* Bytes of a map's definition with the pointers to its initial elements. */
static uint32_t definition_bytes(const struct fe_map *m)
{
	uint32_t n = 0;

	for (size_t i = 0; m->inner >= 0 && i < m->n_slots; i++)
		n = m->slots[i].index + 1 > n ? m->slots[i].index + 1 : n;
	return PART_OBJ_MAP_BYTES + n * POINTER_BYTES;
}

static void add_initial_maps(struct object *o, uint16_t maps_sec)
{
	VEC(Elf64_Rel) rels = { 0 };
	uint32_t first_global = 1 + (uint32_t)o->locals.len;
	uint16_t rel;

	for (size_t i = 0; i < o->maps.len; i++) {
		const struct fe_map *m = &o->obj->maps[o->maps.at[i].map];

		for (size_t k = 0; m->inner >= 0 && k < m->n_slots; k++) {
			uint64_t sym = first_global + o->symbol[m->slots[k].target] - 1;

			*vec_push(&rels, o->cx->arena) =
				(Elf64_Rel){ o->maps.at[i].offset + PART_OBJ_MAP_BYTES +
						     m->slots[k].index * POINTER_BYTES,
					     ELF64_R_INFO(sym, R_BPF_64_ABS64) };
		}
	}
	if (!rels.len)
		return;
	rel = section(o, ".rel.maps", SHT_REL, SHF_INFO_LINK,
		      (struct part_bytes){ rels.at, rels.len * sizeof(*rels.at) });
	o->sec[rel].sh_info = maps_sec;
	o->sec[rel].sh_entsize = sizeof(Elf64_Rel);
}

/* Index of ".maps"; 0: there are none. */
static uint16_t add_maps(struct object *o)
{
	const void *zeroes;
	uint32_t at = 0;
	uint16_t sec = 0;

	for (size_t i = 0; i < o->obj->n_maps; i++) {
		uint32_t size = definition_bytes(&o->obj->maps[i]);

		if (!o->used[i])
			continue;
		if (o->obj->maps[i].kind != FE_MAP_USER) {
			add_data(o, i);
			continue;
		}
		*vec_push(&o->maps, o->cx->arena) = (struct part_obj_map){ (uint32_t)i, at, size };
		at += size;
	}
	zeroes = arena_array(o->cx->arena, at + 1, 1);
	if (at)
		sec = section(o, ".maps", SHT_PROGBITS, SHF_ALLOC | SHF_WRITE,
			      (struct part_bytes){ zeroes, at });
	for (size_t i = 0; i < o->maps.len; i++)
		o->symbol[o->maps.at[i].map] =
			global(o, o->obj->maps[o->maps.at[i].map].name, STT_OBJECT, sec,
			       o->maps.at[i].offset, o->maps.at[i].size) +
			1;
	return sec;
}

static void add_externs(struct object *o)
{
	o->extern_symbol = ARENA_ARRAY(o->cx->arena, uint32_t, o->obj->n_externs + 1);
	for (size_t i = 0; i < o->obj->n_externs; i++) {
		const struct fe_extern *e = &o->obj->externs[i];

		if (!o->used_externs[i])
			continue;
		o->extern_symbol[i] = global(o, e->name, STT_NOTYPE, SHN_UNDEF, 0, 0);
		if (e->weak)
			o->globals.at[o->extern_symbol[i]].st_info =
				(uint8_t)ELF64_ST_INFO(STB_WEAK, STT_NOTYPE);
	}
}

/* Main, and behind it the subprograms in .text, both without what relocations will fill in. */
static void add_code(struct object *o, uint16_t sec[2])
{
	uint32_t end = o->prog->subprogs[0].end, n = (uint32_t)o->prog->n_insns;
	const struct fe_subprog *subs = o->prog->subprogs;

	o->code = arena_dup(o->cx->arena, o->prog->insns, n * sizeof(*o->code));
	for (uint32_t i = 0; i < n; i++) {
		struct bpf_insn *insn = &o->code[i];

		if (ebpf_is_call(insn) && insn->src_reg != EBPF_CALL_HELPER) {
			insn->imm = -1;
			insn->src_reg =
				EBPF_CALL_SUBPROG; /* of the kernel's, too: the symbol tells */
		}
		if (!ebpf_is_ld_imm64(insn))
			continue;
		if (insn->src_reg ==
		    EBPF_IMM_FUNC) { /* libbpf expects bytes from the start of .text */
			insn->imm = (int32_t)((i + 1 + (uint32_t)insn->imm - end) * sizeof(*insn));
		} else if (insn->src_reg != EBPF_IMM_VALUE) {
			insn->imm = insn->src_reg == EBPF_IMM_MAP_IDX_VALUE ? insn[1].imm : 0;
			insn->src_reg = 0;
			insn[1].imm = 0;
		}
		i++;
	}
	sec[0] = section(o, o->section, SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR,
			 (struct part_bytes){ o->code, end * sizeof(*o->code) });
	sec[1] = 0;
	if (n > end)
		sec[1] =
			section(o, ".text", SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR,
				(struct part_bytes){ o->code + end, (n - end) * sizeof(*o->code) });
	if (sec[1])
		o->text_symbol = local(o, ".text", STT_SECTION, sec[1], 0, 0);
	global(o, o->prog->name, STT_FUNC, sec[0], 0, end * sizeof(*o->code));
	for (size_t i = 1; i < o->prog->n_subprogs; i++)
		o->sub_symbol[i] = local(o, *subs[i].name ? subs[i].name : "subprog", STT_FUNC,
					 sec[1], (subs[i].start - end) * sizeof(*o->code),
					 (subs[i].end - subs[i].start) * sizeof(*o->code));
}

/* Of one function, with nothing to relocate. */
static void add_first(struct object *o)
{
	size_t size = o->first->n_insns * sizeof(struct bpf_insn);
	uint16_t sec = section(o, o->first->section, SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR,
			       (struct part_bytes){ o->first->insns, size });

	global(o, o->first->name, STT_FUNC, sec, 0, size);
}

/* ---- relocations --------------------------------------------------------------------------------------------- */

static uint32_t sub_at(const struct object *o, int64_t start)
{
	for (size_t i = 1; i < o->prog->n_subprogs; i++)
		if (o->prog->subprogs[i].start == start)
			return (uint32_t)i;
	return 0;
}

/* Index in the symbol table: the empty one, locals, globals. 0: no relocation. */
static uint32_t symbol_of(const struct object *o, uint32_t pc, uint32_t *type)
{
	const struct bpf_insn *insn = &o->prog->insns[pc];
	uint32_t first_global = 1 + (uint32_t)o->locals.len;

	*type = R_BPF_64_64;
	if (ebpf_is_call(insn) && insn->src_reg == EBPF_CALL_SUBPROG) {
		*type = R_BPF_64_32;
		return 1 + o->sub_symbol[sub_at(o, (int64_t)pc + 1 + insn->imm)];
	}
	if (names_extern(insn)) {
		*type = ebpf_is_call(insn) ? R_BPF_64_32 : R_BPF_64_64;
		return first_global + o->extern_symbol[insn->imm];
	}
	if (!ebpf_is_ld_imm64(insn))
		return 0;
	switch (insn->src_reg) {
	case EBPF_IMM_FUNC: return 1 + o->text_symbol;
	case EBPF_IMM_MAP_IDX: return first_global + o->symbol[insn->imm] - 1;
	case EBPF_IMM_MAP_IDX_VALUE: return o->symbol[insn->imm];
	default: return 0;
	}
}

static void add_relocs(struct object *o, uint16_t sec, uint32_t from, uint32_t to, const char *of)
{
	VEC(Elf64_Rel) rels = { 0 };
	uint32_t type, sym;
	uint16_t rel;

	for (uint32_t pc = from; pc < to; pc++) {
		sym = symbol_of(o, pc, &type);
		if (sym)
			*vec_push(&rels, o->cx->arena) =
				(Elf64_Rel){ (pc - from) * sizeof(struct bpf_insn),
					     ELF64_R_INFO((uint64_t)sym, type) };
		pc += ebpf_is_ld_imm64(&o->prog->insns[pc]);
	}
	if (!rels.len)
		return;
	rel = section(o, arena_printf(o->cx->arena, ".rel%s", of), SHT_REL, SHF_INFO_LINK,
		      (struct part_bytes){ rels.at, rels.len * sizeof(*rels.at) });
	o->sec[rel].sh_info = sec;
	o->sec[rel].sh_entsize = sizeof(Elf64_Rel);
}

/* ---- the file --------------------------------------------------------------------------------------------------- */

static void add_symbols(struct object *o)
{
	VEC(Elf64_Sym) all = { 0 };
	uint16_t symtab;

	vec_push(&all, o->cx->arena);
	for (size_t i = 0; i < o->locals.len; i++)
		*vec_push(&all, o->cx->arena) = o->locals.at[i];
	for (size_t i = 0; i < o->globals.len; i++)
		*vec_push(&all, o->cx->arena) = o->globals.at[i];
	symtab = section(o, ".symtab", SHT_SYMTAB, 0,
			 (struct part_bytes){ all.at, all.len * sizeof(*all.at) });
	o->sec[symtab].sh_info = 1 + (uint32_t)o->locals.len;
	o->sec[symtab].sh_entsize = sizeof(Elf64_Sym);
	o->sec[symtab].sh_link = symtab + 1u;
	for (uint32_t i = 1; i < symtab; i++)
		if (o->sec[i].sh_type == SHT_REL)
			o->sec[i].sh_link = symtab;
}

static void finish(struct object *o)
{
	Elf64_Ehdr h = { .e_ident = ELFMAG,
			 .e_type = ET_REL,
			 .e_machine = EM_OF_BPF,
			 .e_version = EV_CURRENT,
			 .e_ehsize = sizeof(h),
			 .e_shentsize = sizeof(Elf64_Shdr) };
	uint32_t strtab = o->n_secs++;

	h.e_ident[EI_CLASS] = ELFCLASS64;
	h.e_ident[EI_DATA] = ELFDATA2LSB;
	h.e_ident[EI_VERSION] = EV_CURRENT;
	o->sec[strtab] = (Elf64_Shdr){ .sh_name = name(o, ".strtab"),
				       .sh_type = SHT_STRTAB,
				       .sh_size = o->names.len,
				       .sh_addralign = 1 };
	o->sec[strtab].sh_offset = put(o, o->names.at, o->names.len);
	h.e_shstrndx = (Elf64_Half)strtab;
	h.e_shnum = (Elf64_Half)o->n_secs;
	h.e_shoff = put(o, o->sec, o->n_secs * sizeof(*o->sec));
	memcpy(o->bytes.at, &h, sizeof(h));
}

static bool build(struct object *o)
{
	const struct fe_prog *p = o->prog;
	uint32_t end = p->subprogs[0].end;
	struct part_obj_uses uses;
	const struct part_obj_progs progs = { p, o->section, o->first };
	struct part_obj_btf btf;
	uint16_t code[2], maps_sec;

	name(o, "");
	put(o, &(Elf64_Ehdr){ 0 }, sizeof(Elf64_Ehdr));
	o->n_secs = 1;
	add_code(o, code);
	if (o->first)
		add_first(o);
	find_used(o);
	maps_sec = add_maps(o);
	add_externs(o);
	section(o, "license", SHT_PROGBITS, SHF_ALLOC | SHF_WRITE,
		(struct part_bytes){ o->obj->license, strlen(o->obj->license) + 1 });
	uses = (struct part_obj_uses){ o->maps.at, o->maps.len, o->used, o->used_externs,
				       o->sections };
	if (!part_object_btf(o->cx, o->obj, &progs, &uses, &btf))
		return false;
	for (size_t i = 0; i < btf.n_vars; i++)
		global(o, btf.vars[i].name, STT_OBJECT, o->data_sec[btf.vars[i].map],
		       btf.vars[i].offset, btf.vars[i].size);
	section(o, ".BTF", SHT_PROGBITS, 0, btf.btf);
	section(o, ".BTF.ext", SHT_PROGBITS, 0, btf.ext);
	add_relocs(o, code[0], 0, end, o->section);
	if (code[1])
		add_relocs(o, code[1], end, (uint32_t)p->n_insns, ".text");
	add_initial_maps(o, maps_sec);
	if (o->n_secs + 2 > MAX_SECTIONS)
		return false;
	global(o, PART_OBJ_COOKIE, STT_NOTYPE, SHN_ABS, o->halves->cookie, 0);
	global(o, PART_OBJ_RECORD, STT_NOTYPE, SHN_ABS, o->halves->record_bytes, 0);
	add_symbols(o);
	finish(o);
	return true;
}

static const char *section_of(const struct fe_prog *prog)
{
	if (prog->type == BPF_PROG_TYPE_SCHED_CLS)
		return "tc";
	return prog->frags ? "xdp.frags" : "xdp";
}

bool part_object_encode(struct cx *cx, const struct fe_object *obj,
			const struct part_halves *halves, struct part_object_bytes *out)
{
	struct object *o = ARENA_NEW(cx->arena, struct object);

	o->cx = cx;
	o->obj = obj;
	o->halves = halves;
	o->prog = &halves->host;
	o->first = halves->xdp_stub.n_insns ? &halves->xdp_stub : NULL;
	o->section = section_of(&halves->host);
	o->symbol = ARENA_ARRAY(cx->arena, uint32_t, obj->n_maps + 1);
	o->sub_symbol = ARENA_ARRAY(cx->arena, uint32_t, halves->host.n_subprogs);
	if (!build(o))
		return diag_error(cx->diags, &DIAG_AT_NOWHERE, REASON_OUTPUT_WRITE,
				  "the host object", "it is too large");
	out->data = o->bytes.at;
	out->size = o->bytes.len;
	return true;
}

bool part_object_write(struct cx *cx, const struct fe_object *obj, const struct part_halves *halves,
		       const char *path)
{
	struct part_object_bytes bytes;

	return part_object_encode(cx, obj, halves, &bytes) &&
	       file_write(cx, path, bytes.data, bytes.size);
}
