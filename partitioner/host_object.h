/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PARTITIONER_HOST_OBJECT_H
#define PARTITIONER_HOST_OBJECT_H

#include "partitioner/split.h"

/* The host half as an eBPF object file that stock libbpf opens and loads: program, subprograms, maps,
 * global data, licence, BTF with the user's types, function and line information that points to
 * the user's source. */

/* Why the program cannot be expressed as a host object, or NULL if it can. */
const char *part_object_unsupported(const struct fe_object *obj, const struct fe_prog *prog);
/* The object file of the host half as bytes, in cx->arena. False: reported. */
struct part_object_bytes {
	const uint8_t *data;
	size_t size;
};
bool part_object_encode(struct cx *cx, const struct fe_object *obj,
			const struct part_halves *halves, struct part_object_bytes *out);
/* Writes `path`: the host half, for tc with the XDP stub that strips the record. False: reported,
 * and no file remains. */
bool part_object_write(struct cx *cx, const struct fe_object *obj, const struct part_halves *halves,
		       const char *path);

/* Absolute symbols of the object that identify the records it accepts. */
#define PART_OBJ_COOKIE "bpf_offload_cookie"
#define PART_OBJ_RECORD "bpf_offload_record_bytes"

/* handoff_symbols.c: reads them from any object; bytes 0: not a host half. False: unreadable (reported). */
struct part_handoff_id {
	uint32_t cookie, bytes;
};
bool part_object_handoff_id(struct cx *cx, const char *path, struct part_handoff_id *out);

/* host_btf.c */
struct part_bytes {
	const void *data;
	size_t size;
};
struct part_obj_map {
	uint32_t map;          /* index in the object */
	uint32_t offset, size; /* in section ".maps": the definition, then its initial elements */
};
struct part_obj_uses {                   /* parts of the object that the program uses */
	const struct part_obj_map *maps; /* declared ones, in the order of ".maps" */
	size_t n_maps;
	const bool *any;             /* by map of the object */
	const bool *externs;         /* by extern of the object */
	const char *const *sections; /* by map of the object that is global data: of its section */
};
/* Constants that are compiled into the device half: a section with another name, so that a loader that sets them
 * as before does not compile, instead of changing one half only. */
#define PART_OBJ_COMPILED_IN ".compiled_in"
struct part_obj_var { /* libbpf requires a symbol for each */
	const char *name;
	uint32_t map; /* index in the object: the section */
	uint32_t offset, size;
};
struct part_obj_btf {
	struct part_bytes btf, ext;
	const struct part_obj_var
		*vars; /* global variables of the sections that the BTF describes */
	size_t n_vars;
};
struct part_obj_progs {
	const struct fe_prog *prog;
	const char *section;         /* of prog's main */
	const struct fe_prog *first; /* one function in a separate section; NULL: none */
};
#define PART_OBJ_MAP_BYTES 40u /* of a definition in ".maps": five members, each a pointer */
/* False: libbpf has no memory (reported as the output's failure). */
bool part_object_btf(struct cx *cx, const struct fe_object *obj, const struct part_obj_progs *progs,
		     const struct part_obj_uses *uses, struct part_obj_btf *out);

#endif
