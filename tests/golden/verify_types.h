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
	GOLDEN_OBJECTS, /* array of struct golden_roots; with it, a kernel's types are known */
	GOLDEN_MAPS
};

/* Types for bpf_obj_new(), by their ids:
 *   struct golden_node { u64 key; struct bpf_list_node link; }                          0, 8: 32 bytes
 *   struct golden_item { u64 key; struct bpf_list_node link; struct bpf_rb_node tree;
 *                        struct bpf_refcount count; u32 n; }                  0, 8, 32, 64, 68: 72 bytes
 *   struct golden_cpu { u64 a; u32 b; u32 c; }                                          16 bytes
 *   struct golden_roots { struct bpf_spin_lock lock; u32 n; list of nodes; tree of items;
 *                         struct golden_item __kptr *stash; struct golden_cpu __percpu_kptr *cpu; }
 *                                                                        0, 4, 8, 24, 40, 48: 56 bytes */
enum golden_type { GOLDEN_NODE = 4, GOLDEN_ITEM, GOLDEN_CPU, GOLDEN_ROOTS };

struct golden_types {
	struct btf *btf;
	struct fe_map maps[GOLDEN_MAPS];
};

/* Adds them to a program that rig_init() made. False: libbpf refused. */
bool golden_types_init(struct golden_types *t, struct rig *r);
void golden_types_free(struct golden_types *t, struct rig *r);

#endif
