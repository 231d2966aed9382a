/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef OFFLOAD_COMPILATION_H
#define OFFLOAD_COMPILATION_H

#include "offload/compile.h"
#include "partitioner/cut_search.h"
#include "partitioner/inline.h"
#include "partitioner/pins.h"

/* One compilation, shared by the files of this folder. */

struct compilation {
	struct cx *cx;
	const struct vprog *vp; /* as written */
	const struct offload_target *target;
	const struct offload_options *opts;
	struct part_pins pins; /* of the program as written */
	struct part_inliner *inliner;
	bool tails;       /* tail calls are followed */
	uint64_t *budget; /* instructions that verifications of forms and halves may still walk */
};

/* A form of the program, and what became of it. */
struct candidate {
	const struct part_inlined *inlined; /* NULL: as written */
	const struct vprog *vp;
	struct part_pins pins; /* of this form */
	struct split split;
	struct offload_output device; /* of the translation that made split.image */
};

/* candidates.c: the forms of a program. */
void candidates_open(struct compilation *c);
/* As written, with tail calls followed when there are any. */
void candidate_first(struct compilation *c, struct candidate *k);
/* With the calls replaced that stay on the host in `first`, so that the cut may be within. False: there is
 * no such form, or it does not verify. */
bool candidate_inlined(struct compilation *c, const struct candidate *first, struct candidate *k);
bool candidate_is_better(const struct compilation *c, const struct candidate *a,
			 const struct candidate *b);

/* ask_device.c: the backend's callbacks in the kernel's order. Fills in placement (device or host), refused
 * and reasons of `split`, and its image when the device takes the program whole. False: reported. */
bool ask_device(const struct compilation *c, struct cx *cx, const struct vprog *vp,
		struct split *split, struct offload_output *device);

/* try_cut.c: makes both halves of a choice, verifies them and translates the device half. */
enum cut_outcome { CUT_HOLDS, CUT_TRY_NEXT, CUT_GIVE_UP };
enum cut_outcome try_cut(const struct compilation *c, struct cx *cx, const struct candidate *k,
			 struct part_search *search, struct part_halves *halves,
			 struct offload_output *device);

#endif
