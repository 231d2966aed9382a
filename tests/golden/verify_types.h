/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_GOLDEN_VERIFY_TYPES_H
#define TESTS_GOLDEN_VERIFY_TYPES_H

#include "tests/support/fe_rig.h"

/* What instructions alone do not tell: BTF for functions (the kernel wants to know callbacks) and maps whose
 * values hold a spin lock or a timer. */

enum golden_map {
	GOLDEN_LOCKS = RIG_MAPS, /* array of { struct bpf_spin_lock; u32; u64 } */
	GOLDEN_TIMERS,           /* array of { struct bpf_timer; u64 } */
	GOLDEN_LOCKED_HASH,      /* hash of the first */
	GOLDEN_MAPS
};

struct golden_types {
	struct btf *btf;
	struct fe_map maps[GOLDEN_MAPS];
};

/* Adds them to a program that rig_init() made. False: libbpf refused. */
bool golden_types_init(struct golden_types *t, struct rig *r);
void golden_types_free(struct golden_types *t);

#endif
