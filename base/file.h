/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/cx.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Reads and writes whole files. Both directions report errors. */

struct file_bytes {
	uint8_t *data; /* in cx->arena, with a zero byte after the last one */
	size_t size;
};

/* Regular files of 1 to max_bytes bytes; type and size are checked before the first read. */
bool file_read(struct cx *cx, const char *path, size_t max_bytes, struct file_bytes *out);

/* Output that appears under its name complete or not at all: written to a file next to it, which is
 * renamed at the end. An existing file that is not regular (/dev/null, a pipe) is written directly. */
struct file_out {
	int fd;
	const char *path;
	const char *tmp; /* NULL: direct */
};

bool file_create(struct cx *cx, const char *path, struct file_out *out);
/* Both end the output; commit is false if the file could not be completed (nothing is left). */
bool file_commit(struct cx *cx, struct file_out *out);
void file_abandon(struct file_out *out);

/* All of the above, for content in memory. */
bool file_write(struct cx *cx, const char *path, const void *data, size_t size);

#endif
