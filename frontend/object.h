/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FRONTEND_OBJECT_H
#define FRONTEND_OBJECT_H

#include "base/cx.h"
#include "ebpf/insn.h"

/* An eBPF object file, opened with libbpf and relocated offline: everything that later stages may
 * use of the file. Owned by the arena of the context that opened it. */

struct btf;
struct fe_kernel_types;

enum fe_map_kind {
	FE_MAP_USER,    /* declared by the program, BTF style (.maps) or legacy ("maps") */
	FE_MAP_DATA,    /* .data*: one element, initialised */
	FE_MAP_BSS,     /* .bss*: one element of zeroes */
	FE_MAP_RODATA,  /* .rodata*: one element, constant when the program runs */
	FE_MAP_KCONFIG, /* .kconfig: values of the kernel's configuration; constant */
};

/* Initial element of a map of programs or maps (".values = { [3] = &prog }"). */
struct fe_slot {
	uint32_t index;
	uint32_t target; /* index into fe_object.progs (prog_array) or .maps (*_of_maps) */
};

struct fe_map {
	const char *name; /* data section: the section's name (".rodata") */
	enum fe_map_kind kind;
	uint32_t type; /* enum bpf_map_type */
	uint32_t key_size, value_size, max_entries, flags;
	const uint8_t *init; /* value_size bytes for data sections; NULL otherwise */
	int inner; /* map-in-map: index of the template in fe_object.inner_maps; -1: none */
	uint32_t btf_key_id, btf_value_id; /* 0: unknown */
	bool pinned;                 /* in the BPF file system by name, shared with other objects */
	const struct fe_slot *slots; /* prog_array and *_of_maps: elements that the object fills */
	size_t n_slots;
};

/* Source line of instructions; sorted by insn, a row covers the instructions up to the next row. */
struct fe_line {
	uint32_t insn;
	const char *file;
	const char *text; /* source line without indentation; "" when absent */
	uint32_t line, column;
};

struct fe_subprog {
	uint32_t start, end;  /* instructions [start, end) */
	const char *name;     /* from BTF; "" when unknown */
	bool global;          /* not static: the kernel verifies it separately from its callers */
	uint32_t btf_func_id; /* 0: unknown */
};

struct fe_prog {
	const char *name;    /* C function */
	const char *section; /* as in the file: "xdp", "xdp.frags/cpumap", "tc", "classifier/x" … */
	uint32_t type;       /* enum bpf_prog_type */
	uint32_t attach_type; /* enum bpf_attach_type */
	bool frags;           /* xdp.frags: packets may have several buffers */
	const struct bpf_insn
		*insns; /* relocated; subprograms appended; maps as EBPF_IMM_MAP_IDX* */
	size_t n_insns;
	const struct fe_subprog *subprogs; /* [0] is the main program; sorted, gap-free */
	size_t n_subprogs;
	const struct fe_line *lines;
	size_t n_lines;
	bool broken; /* could not be relocated: already reported as a warning; no instructions */
};

/* A kernel function or variable that the object uses. EBPF_CALL_KFUNC and EBPF_IMM_BTF_ID have the
 * index into fe_object.externs in imm. */
struct fe_extern {
	const char *name;
	bool is_func;
	bool weak;       /* may be absent in the kernel; its address is then 0 */
	bool typeless;   /* a variable without a type; its address is a scalar */
	uint32_t btf_id; /* FUNC or VAR in the object's BTF; 0: unknown */
};

struct fe_object {
	const char *path;
	const char *license;       /* "" when absent */
	const struct fe_map *maps; /* indexed by EBPF_IMM_MAP_IDX */
	size_t n_maps;
	const struct fe_map *inner_maps;
	size_t n_inner_maps;
	const struct fe_prog *progs;
	size_t n_progs;
	const struct fe_extern *externs;
	size_t n_externs;
	int64_t conn_mark; /* offset of nf_conn.mark in the kernel of --btf, which programs may
			    * write; 0 or less: unknown */
	struct fe_kernel_types *kernel; /* see fe_kernel_btf(); NULL: none */
	const struct btf *btf; /* of the object; NULL when absent; lives as long as the handle */
	bool edited;           /* variables were set (--set), so the file has other values */
	void *handle;          /* libbpf's object; see fe_object_close() */
};

struct fe_open_options {
	const void *image; /* bytes of the file; its path is then only a name. NULL: read the path */
	size_t image_size;
	/* "TYPE": type of programs whose section has none; "SECTION=TYPE": of the section's programs. */
	const char *const *types;
	size_t n_types;
	const char *const *sets; /* "NAME=VALUE": initial values of global variables */
	size_t n_sets;
	const char *btf_path;     /* kernel BTF for CO-RE; NULL: /sys/kernel/btf/vmlinux if there */
	const char *kconfig_path; /* kernel configuration; NULL: /boot/config-<release> if there */
	bool no_running_kernel;   /* ignore the defaults above: same result on every machine */
};

/* Accepts any bytes: a file that is not an eBPF object is reported and false returned. A program that
 * cannot be relocated does not fail the object; see fe_prog.broken. */
bool fe_object_open(struct cx *cx, const char *path, const struct fe_open_options *opts,
		    struct fe_object *obj);
void fe_object_close(struct fe_object *obj);

/* False (reported): the program uses a map that no kernel can create. */
bool fe_maps_check(struct cx *cx, const struct fe_object *obj, const struct fe_prog *prog);

/* BTF of --btf, or of the running kernel; NULL: not available. */
const struct btf *fe_kernel_btf(struct cx *cx, const struct fe_object *obj);

/* Source position of an instruction, for messages; NULL without line information. */
const struct fe_line *fe_prog_line(const struct fe_prog *prog, size_t insn);
/* `insn` -1: the program as a whole. */
struct diag_at fe_prog_at(const struct fe_object *obj, const struct fe_prog *prog, int64_t insn);

#endif
