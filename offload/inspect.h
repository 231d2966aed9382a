/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef OFFLOAD_INSPECT_H
#define OFFLOAD_INSPECT_H

#include "bpf_offload.h"
#include "frontend/kernel.h"
#include "frontend/object.h"
#include "nfp_backend/backend.h"
#include "nfp_backend/image.h"
#include "nfp_backend/ucode.h"
#include "offload/compile.h"
#include "partitioner/flow.h"
#include "partitioner/handoff.h"
#include "partitioner/host_object.h"
#include "partitioner/pins.h"
#include "partitioner/tc_split.h"

/* What is behind the opaque handles of include/bpf_offload.h, for the command line's test, explain, bench
 * and nic, and for tests. Not a stable interface. It is the only header of the compiler that tools/ includes
 * beside the public one, so what it includes is all that the command line may know. */

struct bpf_offload_program {
	struct bpf_offload_object *owner;
	const struct fe_prog *prog;
	bool verified, accepted; /* verified: fe_verify() was asked */
	bool host_only;          /* of a type that no card runs: neither verified nor placed */
	bool compiled;
	struct vprog vprog; /* when accepted */
	/* when compiled: what it was compiled for, and how */
	struct nfp_firmware fw;
	struct nfp_target target;
	struct part_costs costs;
	struct offload_options options;
	struct offload_result result;
	const struct nfp_image *image; /* NULL: no microcode */
	double verify_seconds;
	VEC(struct bpf_offload_reason) reasons;
	VEC(struct bpf_offload_map_home) homes; /* filled in when asked for */
	VEC(struct bpf_offload_cut) cuts;       /* filled in when asked for */
};

struct bpf_offload_object {
	struct arena own;   /* the object, its messages */
	struct arena arena; /* what was found out about its programs */
	struct arena scratch;
	struct diags diags;
	struct cx cx;
	FILE *messages_to;
	void (*message)(void *priv, const struct bpf_offload_message *m);
	void *message_priv;
	size_t printed; /* diagnostics already printed */
	size_t listed;  /* diagnostics already in messages; notes are left out of both */
	struct fe_object obj;
	struct fe_kernel_maps kernel_maps; /* of check's kernel */
	/* By map: the table id that the device's words have for it, where it is given; 0: not. NULL: none is. */
	uint32_t *map_ids;
	struct bpf_offload_program *progs;
	double open_seconds;
	VEC(struct bpf_offload_message) messages;
};

/* As bpf_offload_object__open(), but an unusable file still gives an object, whose messages say why
 * (no programs, nothing else). NULL: out of memory. */
struct bpf_offload_object *inspect_open(const char *path, const struct bpf_offload_open_opts *opts,
					bool *usable);
/* Prints the diagnostics that came since the last call, when the object's opener asked for that. */
void inspect_print_messages(struct bpf_offload_object *o);
/* Frees all that was found out about the object's programs, but for messages. So a walk over many
 * programs needs the memory of one. */
void inspect_forget(struct bpf_offload_object *o);
/* bpf_offload_program__verify() with all options. */
int inspect_verify(struct bpf_offload_program *prog, const struct fe_verify_options *opts);
/* Id that the program's relocated words have for the i-th map of its image: i + 1, if none is given. */
uint32_t inspect_table_id(const struct bpf_offload_program *prog, size_t i);
/* Relocates the program's words for its firmware's vNIC. False: reported. */
bool inspect_relocate(struct bpf_offload_program *prog, uint64_t **words, size_t *n);

#endif
