/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

/* Region allocator. Everything that a compilation allocates lives in one arena and is freed with it; nothing
 * is freed separately. Memory is zeroed and aligned for any type. Out of memory ends the
 * process here, in one place, so that no caller has to check. */

struct arena_block;

struct arena {
	struct arena_block *head;
	size_t used_bytes; /* allocated so far, without block overhead */
};

void arena_init(struct arena *a);
/* Frees every block; the arena may be used again afterwards. */
void arena_reset(struct arena *a);
/* Moves the blocks of `from` to `to`, which frees them from then on; `from` is empty afterwards. */
void arena_move(struct arena *to, struct arena *from);

void *arena_alloc(struct arena *a, size_t size);
/* nmemb * size, with an overflow check. */
void *arena_array(struct arena *a, size_t nmemb, size_t size);
void *arena_dup(struct arena *a, const void *src, size_t size);
char *arena_strdup(struct arena *a, const char *s);
char *arena_strndup(struct arena *a, const char *s, size_t max);
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define ARENA_NEW(a, type)      ((type *)arena_alloc((a), sizeof(type)))
#define ARENA_ARRAY(a, type, n) ((type *)arena_array((a), (n), sizeof(type)))

#endif
