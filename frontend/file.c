#include "frontend/loader.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Reads a whole file that a user named. What it is gets checked before a byte is read: a FIFO
 * must not block and a sparse 2 GB file must not cost memory. */

static bool check_kind(struct cx *cx, const char *path, const struct stat *st)
{
	struct diag_at at = { .object = path, .insn = -1 };

	if (!S_ISREG(st->st_mode))
		return diag_error(cx->diags, &at, REASON_FILE_NOT_REGULAR, path);
	if (!st->st_size)
		return diag_error(cx->diags, &at, REASON_FILE_EMPTY, path);
	if ((uint64_t)st->st_size > FE_MAX_FILE_BYTES)
		return diag_error(cx->diags, &at, REASON_FILE_TOO_LARGE, path,
				  (unsigned long long)st->st_size, FE_MAX_FILE_BYTES);
	return true;
}

static bool read_all(int fd, uint8_t *buf, size_t size, size_t *got)
{
	*got = 0;
	while (*got < size) {
		ssize_t n = read(fd, buf + *got, size - *got);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		if (!n)
			break; /* shrank since fstat(): later checks see a truncated file */
		*got += (size_t)n;
	}
	return true;
}

bool fe_read_file(struct cx *cx, const char *path, struct fe_bytes *out)
{
	struct diag_at at = { .object = path, .insn = -1 };
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	uint8_t *buf;
	size_t got;
	bool ok;

	if (fd < 0)
		return diag_error(cx->diags, &at, REASON_FILE_OPEN, path, strerror(errno));
	if (fstat(fd, &st)) {
		ok = diag_error(cx->diags, &at, REASON_FILE_OPEN, path, strerror(errno));
		goto out;
	}
	ok = check_kind(cx, path, &st);
	if (!ok)
		goto out;
	buf = arena_alloc(cx->arena, (size_t)st.st_size);
	if (!read_all(fd, buf, (size_t)st.st_size, &got))
		ok = diag_error(cx->diags, &at, REASON_FILE_OPEN, path, strerror(errno));
	*out = (struct fe_bytes){ buf, got };
out:
	close(fd);
	return ok;
}
