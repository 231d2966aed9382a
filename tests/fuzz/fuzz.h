/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include "base/cx.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* A context for one input; diagnostics are collected and thrown away. */
struct fuzz_cx {
	struct arena arena, scratch;
	struct diags diags;
	struct cx cx;
};

static inline struct cx *fuzz_begin(struct fuzz_cx *f)
{
	*f = (struct fuzz_cx){ 0 };
	diags_init(&f->diags, &f->arena);
	f->cx = (struct cx){ .arena = &f->arena, .scratch = &f->scratch, .diags = &f->diags };
	return &f->cx;
}

static inline void fuzz_end(struct fuzz_cx *f)
{
	arena_reset(&f->scratch);
	arena_reset(&f->arena);
}

/* The input as a file, since that is what the readers take; removed by the caller. */
static inline void fuzz_file(const uint8_t *data, size_t size, char *path, size_t path_size)
{
	int fd;

	snprintf(path, path_size, "%s", "/tmp/bpf-offload-fuzz-XXXXXX");
	fd = mkstemp(path);
	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
