/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FRONTEND_OBJECT_LOADER_H
#define FRONTEND_OBJECT_LOADER_H

#include "frontend/object.h"

#include <elf.h>

/* Inside of the object-loading half of the frontend: file => struct fe_object.
 *
 *   bytes --elf.c--> struct fe_elf --+ btf_check.c, btf_ext.c   what we believe of the file
 *                                    | relocs.c core.c legacy.c  rewrites that libbpf cannot do offline
 *         <--elf_write.c-- image ----+
 *   image --libbpf.c--> struct bpf_object --maps.c progs.c--> struct fe_object
 *
 * libbpf 1.1 trusts its input in many places, so it never sees the file: it sees an image that
 * elf_write.c makes from the parts that we checked and that it needs. */

/* Limits that keep hostile files from costing more than their size (libbpf is quadratic in some
 * of these). Real objects stay two orders of magnitude below. */
#define FE_MAX_FILE_BYTES   ((size_t)256 << 20)
#define FE_MAX_SECTIONS     4096u
#define FE_MAX_SYMBOLS      131072u
#define FE_MAX_FUNCTIONS    4096u /* libbpf recurses once per nested subprogram */
#define FE_MAX_RELOCS       262144u
#define FE_MAX_EXTERNS      512u
#define FE_MAX_MAPS         1024u
#define FE_MAX_LINKED_INSNS 8000000u      /* of all programs, each with a copy of .text */
#define FE_MAX_OBJECT_INSNS 1000000u      /* of all functions: the kernel's limit of one program */
#define FE_MAX_ZEROED_BYTES (64ull << 20) /* .bss sections together */
#define FE_MAX_BTF_TYPES    (1u << 20)

#define FE_EXTRA_SECTIONS 2 /* that the loader itself may add */

struct fe_bytes {
	const uint8_t *at;
	size_t len;
};

struct fe_section {
	const char *name;
	uint32_t type, link, info;
	uint64_t flags;
	const uint8_t *data; /* NULL: SHT_NOBITS or empty */
	uint64_t size;
};

struct fe_symbol {
	const char *name; /* of a section symbol: the section's */
	uint32_t name_off;
	uint64_t value, size;
	uint16_t section; /* index, or SHN_* */
	uint8_t type, bind, other;
};

/* A function: a program or a subprogram. Sorted by section and start, never overlapping. */
struct fe_func {
	const char *name;
	uint32_t section;
	uint32_t symbol;
	uint32_t start, len; /* instructions, within the section */
	bool is_global;
	const char *broken; /* why it cannot be relocated; NULL: it can */
};

/* Relocation of one instruction. */
struct fe_reloc {
	uint32_t section, insn; /* relocated instruction: index within the section */
	uint32_t symbol;
	uint32_t type;
	bool dropped; /* not handed to libbpf: done by ourselves, or impossible */
};

struct fe_elf {
	const char *path;
	struct fe_section *secs; /* [0] is the null section */
	uint32_t n_secs;
	uint32_t symtab, strtab;
	struct fe_symbol *syms;
	uint32_t n_syms;
	struct fe_func *funcs;
	uint32_t n_funcs;
	struct fe_reloc *relocs; /* of executable sections; sorted by section, insn */
	uint32_t n_relocs;
	uint32_t text, btf, btf_ext, maps, license; /* sections with a role of their own; 0: none */
	uint32_t kconfig; /* made by externs.c: values of __kconfig variables */
};

/* elf.c: false (reported) unless every table that later stages use lies within the file */
bool fe_elf_parse(struct cx *cx, const char *path, struct fe_bytes file, struct fe_elf *elf);
uint32_t fe_elf_section(const struct fe_elf *elf, const char *name); /* 0: none */
bool fe_section_has_role(const char *name); /* libbpf treats the name specially */
bool fe_section_is_code(const struct fe_section *s);
/* .data*, .rodata* and .bss* become maps of their own */
bool fe_section_is_data(const struct fe_section *s);
/* Appends a PROGBITS section; at most FE_EXTRA_SECTIONS of them. */
uint32_t fe_elf_add_section(struct fe_elf *elf, const char *name, struct fe_bytes data);
/* Finds one section in any 64-bit little-endian ELF file (kernel images with BTF). */
bool fe_elf_find_raw(struct fe_bytes file, const char *name, struct fe_bytes *out);

/* elf_untyped.c: gives functions without symbol type (old clang) type and size, with a warning */
void fe_elf_type_functions(struct cx *cx, struct fe_elf *elf);

/* elf_code.c: functions and relocations of the executable sections */
bool fe_elf_collect_code(struct cx *cx, struct fe_elf *elf);
/* Function that contains an instruction of a section; NULL: none. */
struct fe_func *fe_elf_func_at(const struct fe_elf *elf, uint32_t section, uint32_t insn);
/* Hides a function: images written from then on do not contain it as a program. */
void fe_elf_hide_func(struct fe_elf *elf, const struct fe_func *f, bool hidden);
struct fe_reloc *fe_elf_reloc_at(const struct fe_elf *elf, uint32_t section, uint32_t insn);
/* Instructions of an executable section; writable: they are the loader's own copy. */
struct bpf_insn *fe_section_insns(const struct fe_section *s);

/* btf_check.c: NULL when libbpf may walk the .BTF blob; else what is wrong with it */
const char *fe_btf_problem(struct arena *a, struct fe_bytes btf);

/* btf_ext.c: .BTF.ext, with section names resolved; sorted by section, insn */
struct fe_ext_line {
	uint32_t section, insn;
	uint32_t file_off, text_off; /* into the strings of .BTF */
	uint32_t line, column;
};

struct fe_ext_func {
	uint32_t section, insn;
	uint32_t type; /* BTF_KIND_FUNC */
};

struct fe_ext_core {
	uint32_t section, insn;
	uint32_t type, access_off; /* root type; access string in the strings of .BTF */
	uint32_t kind;             /* enum bpf_core_relo_kind */
};

struct fe_btf_ext {
	struct fe_ext_line *lines;
	struct fe_ext_func *funcs;
	struct fe_ext_core *cores;
	uint32_t n_lines, n_funcs, n_cores;
};

/* Returns NULL, or the error (then *ext is empty). `btf` is the checked .BTF. */
const char *fe_btf_ext_parse(struct arena *a, const struct fe_elf *elf, const struct btf *btf,
			     struct fe_bytes data, struct fe_btf_ext *ext);

/* Record of the function that starts at an instruction of a section; NULL: none. */
const struct fe_ext_func *fe_btf_ext_func(const struct fe_btf_ext *ext, uint32_t section,
					  uint32_t insn);
/* Index of the first line record at or behind an instruction of a section. */
uint32_t fe_btf_ext_first_line(const struct fe_btf_ext *ext, uint32_t section, uint32_t insn);
/* Line that an instruction belongs to; NULL: unknown. */
const struct fe_ext_line *fe_btf_ext_line(const struct fe_btf_ext *ext, uint32_t section,
					  uint32_t insn);

/* legacy.c: turns a "maps" section (struct bpf_map_def, iproute2's bpf_elf_map) into ".maps" */
bool fe_legacy_maps(struct cx *cx, struct fe_elf *elf);

/* pinning.c: BTF-style maps with other loaders' pinning values are pinned by name, with a warning */
bool fe_foreign_pins(struct cx *cx, struct fe_elf *elf);

/* values.c: puts the values of `opts` into the data sections */
bool fe_values_set(struct cx *cx, struct fe_elf *elf, const struct fe_open_options *opts);

/* externs.c: kernel functions and variables, __kconfig values; `btf` may be NULL */
bool fe_externs_resolve(struct cx *cx, struct fe_elf *elf, const struct btf *btf,
			const struct fe_open_options *opts, struct fe_object *obj);

/* kconfig.c: value of a __kconfig variable of the running kernel; false: not known */
struct fe_kconfig {
	const char *text; /* lines NAME=value, or NULL */
	bool no_running_kernel;
};
/* False (reported): a file was named and cannot be read. */
bool fe_kconfig_read(struct cx *cx, const struct fe_open_options *opts, struct fe_kconfig *k);
bool fe_kconfig_number(const struct fe_kconfig *k, const char *name, uint64_t *value);
bool fe_kconfig_string(const struct fe_kconfig *k, const char *name, char *buf, size_t size);

/* core.c: patches the instructions of the sections for the target kernel's types; an access that does not
 * fit is replaced by a call that fails verification, as in libbpf, with a warning. */
bool fe_core_apply(struct cx *cx, struct fe_elf *elf, const struct btf *btf,
		   const struct fe_btf_ext *ext, const struct fe_open_options *opts,
		   struct fe_object *obj);

/* relocs.c: marks functions that libbpf could not relocate, so that the others still load */
void fe_relocs_check(struct cx *cx, struct fe_elf *elf);

/* elf_write.c */
struct fe_bytes fe_elf_image(struct cx *cx, const struct fe_elf *elf);

/* libbpf.c: the only file that calls libbpf on the image */
struct bpf_object;
struct bpf_program;

/* Reports when libbpf refuses: NULL then. `path` is for messages; `name` is the prefix that libbpf
 * gives to the names of data maps. */
struct bpf_object *fe_libbpf_open(struct cx *cx, const char *path, const char *name,
				  struct fe_bytes image);
/* Relocates all programs without bpf(2). False: *log has libbpf's output; not reported. */
bool fe_libbpf_relocate(struct cx *cx, struct bpf_object *obj, const char **log);
/* Type that libbpf derives from a section name; false: none. */
bool fe_libbpf_section_type(struct cx *cx, const char *section, uint32_t *type, uint32_t *attach);

/* rcu_preempt.c */
struct fe_section_type {
	uint32_t type, attach;
	bool frags;
};
struct fe_section_type fe_section_type(struct cx *cx, const struct fe_open_options *opts,
				       const char *section);
/* False (reported): a type that the user gave is none, or of a section that holds no program. */
bool fe_section_types_check(struct cx *cx, const struct fe_elf *elf,
			    const struct fe_open_options *opts);

/* map_defs.c */
bool fe_maps_collect(struct cx *cx, const struct fe_elf *elf, struct bpf_object *bpf,
		     struct fe_object *obj);

/* map_limits.c */
/* Sets what a kernel cannot do without and the declaration leaves to its loader; NULL: nothing, else what was set. */
const char *fe_map_complete(struct fe_map *m);
/* NULL, or why no kernel makes the map. */
const char *fe_map_problem(struct arena *a, const struct fe_map *m);

/* slots.c: needs maps and programs */
void fe_slots_collect(struct cx *cx, const struct fe_elf *elf, struct fe_object *obj);

/* progs.c */
bool fe_progs_collect(struct cx *cx, struct fe_elf *elf, const struct fe_btf_ext *ext,
		      const struct fe_open_options *opts, struct bpf_object *bpf,
		      struct fe_object *obj);
/* Main programs in libbpf's order, which is that of elf->funcs. */
bool fe_func_is_main(const struct fe_elf *elf, const struct fe_func *f);

/* kernel_types.c */
void fe_kernel_types_init(struct cx *cx, const struct fe_open_options *opts, struct fe_object *obj);
/* Sets the result of fe_kernel_btf() to `btf` (NULL: none); the object owns it. */
void fe_kernel_types_keep(struct fe_object *obj, struct btf *btf);
void fe_kernel_types_free(struct fe_object *obj);

#endif
