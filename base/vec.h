/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef BASE_VEC_H
#define BASE_VEC_H

#include "base/arena.h"

#include <string.h>

/* Growing array in an arena:  VEC(struct insn) v;  *vec_push(&v, arena) = x;  v.at[i], v.len.
 * A zeroed struct is an empty vector. Growth leaves the old storage to the arena, so pointers
 * into `at` do not survive a push; keep indices. */
#define VEC(type)                                                                                  \
	struct {                                                                                   \
		type *at;                                                                          \
		size_t len, cap;                                                                   \
	}

/* Reserves room for `n` elements in total. */
#define vec_reserve(v, arena, n)                                                                   \
	((v)->cap >= (n) ? (void)0                                                                 \
			 : (void)((v)->at = vec_grow_((arena), (v)->at, (v)->len, &(v)->cap, (n),  \
						      sizeof(*(v)->at))))

/* Appends a zeroed element and returns its address. */
#define vec_push(v, arena) (vec_reserve((v), (arena), (v)->len + 1), &(v)->at[(v)->len++])

static inline void *vec_grow_(struct arena *a, const void *old, size_t len, size_t *cap,
			      size_t need, size_t elem)
{
	size_t n = *cap ? *cap * 2 : 8;
	void *p;

	if (n < need)
		n = need;
	p = arena_array(a, n, elem);
	if (len)
		memcpy(p, old, len * elem);
	*cap = n;
	return p;
}

#endif
