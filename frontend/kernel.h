/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FRONTEND_KERNEL_H
#define FRONTEND_KERNEL_H

#include "frontend/vprog.h"

/* The verdict of the running kernel: the program is loaded from its file through libbpf and
 * closed again. Nothing is attached, nothing is pinned. */

enum fe_kernel_verdict {
	FE_KERNEL_UNAVAILABLE, /* the program was not verified, see `why` */
	FE_KERNEL_ACCEPTS,
	FE_KERNEL_REJECTS,
};

struct fe_kernel_answer {
	enum fe_kernel_verdict verdict;
	const char
		*why; /* one line: the missing feature, or the kernel's message; "" if accepted */
	const char
		*map; /* the map that could not be created, so that nothing was verified; or NULL */
	const char *log_tail; /* last lines of the verifier's log */
	uint32_t insns_processed;
	uint64_t verify_usecs; /* as measured by the kernel */
};

/* Maps shared by the programs of one object; see kernel_maps.c. {0}: none yet. */
struct fe_kernel_maps {
	int *fds; /* by map; -1: each program has its own */
	size_t n;
};

/* Creates the maps that the program uses and that do not exist yet. */
void fe_kernel_maps_make(struct fe_kernel_maps *maps, const struct fe_object *obj,
			 const struct fe_prog *prog);
void fe_kernel_maps_close(struct fe_kernel_maps *maps);

bool fe_kernel_prog_uses(const struct fe_prog *prog, size_t map);

/* Reports nothing by itself. `obj` was opened by fe_object_open(), which has checked the file.
 * `btf_path`: as in fe_open_options. `maps`: NULL, or the object's, which stay for its next program. */
struct fe_kernel_answer fe_kernel_verify(struct cx *cx, const struct fe_object *obj,
					 const struct fe_prog *prog, const char *btf_path,
					 struct fe_kernel_maps *maps);

/* The same for instructions without a file; see kernel_load.h. */
struct fe_kernel_answer fe_kernel_verify_insns(struct cx *cx, const struct fe_object *obj,
					       const struct fe_prog *prog);

/* Reports the kernel's rejection as an error, its absence as a warning. */
void fe_kernel_report(struct cx *cx, const struct fe_object *obj, const struct fe_prog *prog,
		      const struct fe_kernel_answer *k);

/* Verdict of the embedded verifier, for the comparison. */
struct fe_own_answer {
	const struct vprog *vp; /* NULL: rejected */
	const char *why;        /* rejected: the reason's text */
};

/* NULL: both agree, or there is nothing to compare. Otherwise a description of the difference, with the
 * cause if known; also reported as an error. */
const char *fe_kernel_difference(struct cx *cx, const struct fe_object *obj,
				 const struct fe_prog *prog, const struct fe_own_answer *own,
				 const struct fe_kernel_answer *k);

#endif
