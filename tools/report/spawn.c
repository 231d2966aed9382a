/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/report/spawn.h"

#include <errno.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

#define MAX_OUTPUT  (256u << 20)
#define MAX_MESSAGE 2000u

/* Files rather than pipes, to avoid deadlocks. */
struct streams {
	FILE *in, *out, *err;
};

static bool open_streams(struct streams *s, const struct spawn_job *job)
{
	*s = (struct streams){ tmpfile(), tmpfile(), tmpfile() };
	if (!s->in || !s->out || !s->err)
		return false;
	if (job->input_size && fwrite(job->input, 1, job->input_size, s->in) != job->input_size)
		return false;
	return !fflush(s->in) && !fseek(s->in, 0, SEEK_SET);
}

static void close_streams(struct streams *s)
{
	if (s->in)
		fclose(s->in);
	if (s->out)
		fclose(s->out);
	if (s->err)
		fclose(s->err);
}

static int start_as(const char *file, const struct streams *s, char **argv, pid_t *pid)
{
	posix_spawn_file_actions_t fa;
	int err = posix_spawn_file_actions_init(&fa);

	if (err)
		return err;
	posix_spawn_file_actions_adddup2(&fa, fileno(s->in), STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&fa, fileno(s->out), STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&fa, fileno(s->err), STDERR_FILENO);
	err = posix_spawnp(pid, file, &fa, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&fa);
	return err;
}

/* posix_spawnp() takes writable arguments but does not change them. */
static char **writable(struct cx *cx, const char *const *argv)
{
	size_t n = 0;
	char **copy;

	while (argv[n])
		n++;
	copy = ARENA_ARRAY(cx->arena, char *, n + 1);
	for (size_t i = 0; i < n; i++)
		copy[i] = arena_strdup(cx->arena, argv[i]);
	return copy;
}

/* 0, or an errno. */
static int start(struct cx *cx, const struct spawn_job *job, const struct streams *s, pid_t *pid)
{
	char **argv = writable(cx, job->argv);
	int err = start_as(argv[0], s, argv, pid);

	if (err == ENOENT) /* /usr/sbin is in few people's PATH */
		err = start_as(arena_printf(cx->arena, "/usr/sbin/%s", argv[0]), s, argv, pid);
	return err;
}

/* Whole content, a zero byte behind it. */
static bool slurp(struct cx *cx, FILE *f, size_t max, struct spawn_output *out)
{
	long size;
	char *text;

	if (fseek(f, 0, SEEK_END) || (size = ftell(f)) < 0 || fseek(f, 0, SEEK_SET))
		return false;
	out->size = (size_t)size < max ? (size_t)size : max;
	text = arena_alloc(cx->arena, out->size + 1);
	out->text = text;
	return fread(text, 1, out->size, f) == out->size;
}

static bool failed(struct cx *cx, const struct spawn_job *job, struct streams *s, const char *how)
{
	struct spawn_output said = { .text = "" };

	if (s->err)
		slurp(cx, s->err, MAX_MESSAGE, &said);
	return diag_error(cx->diags, &DIAG_AT_NOWHERE, REASON_TOOL_FAILED, job->argv[0],
			  job->what_for, *said.text ? said.text : how);
}

bool spawn_run(struct cx *cx, const struct spawn_job *job, struct spawn_output *out)
{
	struct streams s;
	int err = 0, status = 0;
	bool ok = false;
	pid_t pid;

	if (!open_streams(&s, job)) {
		failed(cx, job, &s, "no temporary file");
	} else if ((err = start(cx, job, &s, &pid)) == ENOENT) {
		diag_error(cx->diags, &DIAG_AT_NOWHERE, REASON_TOOL_MISSING, job->what_for,
			   job->argv[0]);
	} else if (err) {
		failed(cx, job, &s, strerror(err));
	} else {
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			continue;
		ok = WIFEXITED(status) && !WEXITSTATUS(status) && slurp(cx, s.out, MAX_OUTPUT, out);
		if (!ok)
			failed(cx, job, &s, "it ended with an error");
	}
	close_streams(&s);
	return ok;
}
