/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SIM_CAPTURED_H
#define SIM_CAPTURED_H

#include "frontend/object.h"

/* A program as a running kernel compiled it: its machine code and the dependencies of that code. Written by
 * `bpf-offload capture` (capture.h), run by sim/host/engines/engine_captured.c. The file is text; docs/capture.md. */

/* Offsets in the kernel's structures that rewritten context accesses and inlined map lookups use.
 * Members of anonymous unions count as the structure's own. */
enum sim_captured_field {
#define SIM_FIELD(type, member) SIM_FIELD_##type##_##member,
#include "sim/host/captured/captured_fields.def"
#undef SIM_FIELD
	SIM_FIELD_COUNT
};

#define SIM_FIELD_ABSENT UINT32_MAX

/* Bytes that the simulator has for xdp_buff or sk_buff, xdp_rxq_info or xdp_txq_info, net_device; fields lie
 * within. */
#define SIM_CAPTURED_CTX_MAX 1024u
#define SIM_CAPTURED_RXQ_MAX 256u
#define SIM_CAPTURED_DEV_MAX 1280u

struct sim_captured_func { /* [0] is the program, others its subprograms */
	uint64_t addr;
	const uint8_t *code;
	uint32_t len;
};

struct sim_captured_map { /* index: that of the object's map */
	bool used;
	uint32_t type, key_size, value_size, max_entries;
};

/* A 64-bit constant in the code that is an address of a map, or of a byte in its first value. */
struct sim_captured_reloc {
	uint32_t func, off;
	uint32_t map;
	bool value;
	uint32_t addend;
};

struct sim_captured_symbol {
	uint64_t addr;
	const char *name;
};

struct sim_captured {
	const char *kernel; /* release */
	const char *program;
	uint32_t prog_type;
	uint32_t n_insns;
	uint64_t insns_hash; /* sim_captured_hash() of the loaded program */
	const struct sim_captured_func *funcs;
	size_t n_funcs;
	const struct sim_captured_map *maps;
	size_t n_maps;
	const struct sim_captured_reloc *relocs;
	size_t n_relocs;
	const struct sim_captured_symbol
		*symbols; /* kernel functions that the code calls or jumps to */
	size_t n_symbols;
	const struct sim_captured_symbol *percpu; /* per-CPU variables that it reads */
	size_t n_percpu;
	uint32_t fields[SIM_FIELD_COUNT];
};

uint64_t sim_captured_hash(const struct fe_prog *prog);

/* Accepts any bytes: invalid files are reported. All results are in the context's arena. */
bool sim_captured_read(struct cx *cx, const char *path, struct sim_captured *img);
bool sim_captured_write(struct cx *cx, const char *path, const struct sim_captured *img);
/* True if the image was made from this program; otherwise reported. */
bool sim_captured_is_of(struct cx *cx, const struct sim_captured *img, const struct fe_object *obj,
			const struct fe_prog *prog);

/* Feature that the simulator lacks to run the image, as text; NULL: none. `img` belongs to the object. */
const char *sim_captured_missing(struct arena *a, const struct sim_captured *img,
				 const struct fe_object *obj, const struct fe_prog *prog);

/* Bytes in front of each value of the map that the image's code accesses: a kernel's hash elements have
 * a header there. For sim_maps_new_gaps(). */
uint32_t sim_captured_gap(const struct sim_captured *img, const struct fe_map *m);

#endif
