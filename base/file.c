/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool unreadable(struct cx *cx, const char *path, const char *why)
{
	return diag_error(cx->diags, &DIAG_AT_NOWHERE, REASON_FILE_UNREADABLE, path, why);
}

static bool unwritable(struct cx *cx, const char *path)
{
	return diag_error(cx->diags, &DIAG_AT_NOWHERE, REASON_OUTPUT_WRITE, path, strerror(errno));
}

/* ---- reading ---- */

static bool check_kind(struct cx *cx, const char *path, int fd, size_t max_bytes, size_t *size)
{
	struct stat st;

	if (fstat(fd, &st))
		return unreadable(cx, path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return unreadable(cx, path, "it is not a regular file");
	if (st.st_size <= 0)
		return unreadable(cx, path, "it is empty");
	if ((uint64_t)st.st_size > max_bytes)
		return unreadable(cx, path,
				  arena_printf(cx->arena, "it has %lld bytes; the limit is %zu",
					       (long long)st.st_size, max_bytes));
	*size = (size_t)st.st_size;
	return true;
}

static bool read_all(int fd, struct file_bytes *out, size_t size)
{
	while (out->size < size) {
		ssize_t n = read(fd, out->data + out->size, size - out->size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		if (!n)
			break; /* shrank since fstat(): the content's own checks see it */
		out->size += (size_t)n;
	}
	return true;
}

bool file_read(struct cx *cx, const char *path, size_t max_bytes, struct file_bytes *out)
{
	/* O_NONBLOCK: opening a FIFO must not wait for a writer. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	size_t size = 0;
	bool ok;

	if (fd < 0)
		return unreadable(cx, path, strerror(errno));
	ok = check_kind(cx, path, fd, max_bytes, &size);
	if (ok) {
		*out = (struct file_bytes){ .data = arena_alloc(cx->arena, size + 1) };
		ok = read_all(fd, out, size) || unreadable(cx, path, strerror(errno));
	}
	close(fd);
	return ok;
}

/* ---- writing ---- */

bool file_create(struct cx *cx, const char *path, struct file_out *out)
{
	struct stat st;

	*out = (struct file_out){ .fd = -1, .path = path };
	if (!stat(path, &st) && !S_ISREG(st.st_mode)) {
		out->fd = open(path, O_WRONLY | O_CLOEXEC);
		return out->fd >= 0 || unwritable(cx, path);
	}
	out->tmp = arena_printf(cx->arena, "%s.%ld.tmp", path, (long)getpid());
	/* A file of that name is the rest of a run that was killed. */
	if (unlink(out->tmp) && errno != ENOENT)
		return unwritable(cx, path);
	out->fd = open(out->tmp, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	return out->fd >= 0 || unwritable(cx, path);
}

bool file_commit(struct cx *cx, struct file_out *out)
{
	int fd = out->fd;

	out->fd = -1;
	if (close(fd) || (out->tmp && rename(out->tmp, out->path))) {
		unwritable(cx, out->path);
		file_abandon(out);
		return false;
	}
	return true;
}

void file_abandon(struct file_out *out)
{
	if (out->fd >= 0)
		close(out->fd);
	if (out->tmp)
		unlink(out->tmp);
	out->fd = -1;
}

static bool write_all(int fd, const uint8_t *data, size_t size)
{
	while (size) {
		ssize_t n = write(fd, data, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		data += n;
		size -= (size_t)n;
	}
	return true;
}

bool file_write(struct cx *cx, const char *path, const void *data, size_t size)
{
	struct file_out out;

	if (!file_create(cx, path, &out))
		return false;
	if (!write_all(out.fd, data, size)) {
		unwritable(cx, path);
		file_abandon(&out);
		return false;
	}
	return file_commit(cx, &out);
}
