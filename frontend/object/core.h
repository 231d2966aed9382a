/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FRONTEND_OBJECT_CORE_H
#define FRONTEND_OBJECT_CORE_H

#include "frontend/object/loader.h"

#include <bpf/btf.h>

/* CO-RE ("compile once, run everywhere") in steps, one file each:
 *   core_path.c   what an instruction accesses in the program's types, and the same thing in the
 *                 target kernel's types
 *   core_types.c  when two types count as the same
 *   core_value.c  number that the instruction is to contain: offset, size, existence …
 *   core_target.c the target's types by name
 *   core_patch.c  the number into the instruction
 *   core.c        for all relocations: find candidates, agree on one number, patch or poison
 * The rules are libbpf's, so that a program means here what it means when libbpf loads it. */

/* Answer of a comparison: the types may also be too odd to tell. */
enum core_answer { CORE_NO, CORE_YES, CORE_ERROR };

#define CORE_MAX_STEPS 64         /* libbpf's limit of an access string */
#define CORE_MAX_DEPTH 32         /* of nested types that are compared */
#define CORE_MAX_WORK  (1u << 26) /* comparisons for an object: types may nest exponentially */

struct core_step {
	uint32_t type;    /* struct, union or enum; or type of the array element */
	uint32_t index;   /* member, enumerator or array element */
	const char *name; /* of member or enumerator; NULL: array element */
};

/* The program's types and the target's, and the cost of comparing them so far. */
struct core_pair {
	const struct btf *local, *target;
	uint32_t work;
};

struct core_path {
	const struct btf *btf;
	uint32_t root;
	uint32_t kind; /* enum bpf_core_relo_kind */
	struct core_step step[CORE_MAX_STEPS + 1];
	unsigned n;
	uint64_t bit_off;
};

static inline bool core_is_field(uint32_t kind)
{
	return kind <= BPF_CORE_FIELD_RSHIFT_U64;
}

static inline bool core_is_enumval(uint32_t kind)
{
	return kind == BPF_CORE_ENUMVAL_EXISTS || kind == BPF_CORE_ENUMVAL_VALUE;
}

/* core_path.c */
bool core_path_parse(const struct btf *btf, const struct fe_ext_core *relo, struct core_path *p);
/* The same access in the target, starting from type `id`. */
enum core_answer core_path_match(struct core_pair *w, const struct core_path *local, uint32_t id,
				 struct core_path *p);

/* core_types.c */
const struct btf_type *core_strip(const struct btf *btf, uint32_t id, uint32_t *stripped);
size_t core_name_len(const char *name);            /* without the flavour: "task___old" is "task" */
bool core_same_name(const char *a, const char *b); /* flavours aside */
bool core_same_kind(const struct btf_type *a, const struct btf_type *b);
/* `l` is a type of the program, `t` one of the target. */
enum core_answer core_fields_compatible(const struct core_pair *w, uint32_t l, uint32_t t);
enum core_answer core_types_compatible(struct core_pair *w, uint32_t l, uint32_t t);
enum core_answer core_types_match(struct core_pair *w, uint32_t l, uint32_t t);

/* core_value.c */
struct core_value {
	uint64_t number;
	uint32_t field_bytes; /* of a BYTE_OFFSET: size of the field, for the width of the access */
	uint32_t field_type;
	bool exact;   /* the compiler put exactly this number into the instruction */
	bool missing; /* nothing to access: the instruction must not run */
};
/* `p` NULL: the access does not exist. False: no number can be given. */
bool core_value(uint32_t kind, const struct core_path *p, struct core_value *v);

/* core_target.c */
struct core_name {
	uint32_t hash, id;
};

struct core_target {
	const char *path;
	struct btf *btf;         /* NULL: none; the caller frees it */
	struct core_name *names; /* of its named types, by hash */
	uint32_t n_names;
};

/* False (reported): a file that was named cannot be used. No target is fine: then *why tells the
 * reason. */
bool core_target_open(struct cx *cx, const struct fe_open_options *opts, struct core_target *t,
		      const char **why);
/* Types of a name, flavours aside: start with core_target_first(), then call core_target_named()
 * until it gives 0. */
uint32_t core_target_first(const struct core_target *t, const char *name);
uint32_t core_target_named(const struct core_target *t, const char *name, uint32_t *row);

/* Byte offset of a member of a structure; -1: there is none. */
int64_t core_target_member(const struct core_target *t, const char *name, const char *member);

/* core_patch.c */

/* Result for one instruction. */
struct core_decision {
	struct core_value was, now; /* in the program's types, in the target's */
	const char *broken;         /* no decision: why */
	const char *poison;         /* replaced by an invalid call: why; NULL: patched */
};

/* NULL, or why the instruction is not the one that the relocation describes. May set d->poison. */
const char *core_patch(const struct core_pair *types, struct core_decision *d, struct bpf_insn *i,
		       bool has_next);
void core_poison(struct bpf_insn *i, bool has_next);

#endif
