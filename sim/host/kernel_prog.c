#include "sim/host/kernel_prog.h"

#include "base/bits.h"
#include "frontend/kernel_load.h"
#include "frontend/vprog.h"
#include "partitioner/hostobj.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOG_BYTES (1u << 20)
#define LOG_PATH  1u /* log_level: the instructions on the way to a rejection, and its message */

/* NULL: bpf(2) loads programs here. */
static const char *why_unusable(struct cx *cx)
{
	const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = XDP_PASS },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int fd = bpf_prog_load(BPF_PROG_TYPE_XDP, NULL, "GPL", insns, ARRAY_SIZE(insns), NULL);

	if (fd == -EPERM || fd == -EACCES)
		return "no CAP_BPF";
	if (fd < 0)
		return arena_printf(cx->arena, "bpf(2) loads no program: %s", strerror(-fd));
	close(fd);
	return NULL;
}

/* The log's last line but for figures. */
static const char *last_message(struct cx *cx, const char *log)
{
	const char *best = "", *at = log;

	while (*at) {
		size_t len = strcspn(at, "\n");

		if (len && strncmp(at, "processed ", 10) && strncmp(at, "verification time ", 18) &&
		    strncmp(at, "stack depth ", 12))
			best = arena_strndup(cx->scratch, at, len);
		at += len + (at[len] == '\n');
	}
	return arena_strdup(cx->arena, best);
}

static const char *rejection(struct cx *cx, struct fe_kernel_load *l)
{
	const char *why = "";
	int err;

	l->log = calloc(1, LOG_BYTES);
	if (l->log) {
		l->log_size = LOG_BYTES;
		l->log_level = LOG_PATH;
		err = fe_kernel_load_insns(l);
		why = err ? last_message(cx, l->log) : "";
	}
	free(l->log);
	return arena_printf(cx->arena, "the kernel rejects the program: %s", why);
}

const char *sim_kernel_load(struct cx *cx, const struct fe_object *obj, const struct fe_prog *prog,
			    struct sim_kernel_prog *k)
{
	int *fds = ARENA_ARRAY(cx->arena, int, obj->n_maps + 1);
	struct fe_kernel_load l = { .obj = obj, .prog = prog, .map_fds = fds };
	const char *destructive = fe_destructive_prog(obj, prog);
	const char *why = why_unusable(cx);
	int err;

	*k = (struct sim_kernel_prog){ 0 };
	if (destructive)
		return arena_printf(cx->arena, "it calls %s, and is never given to a kernel",
				    destructive);
	if (why)
		return why;
	err = fe_kernel_load_insns(&l);
	if (err && l.missing)
		return arena_printf(cx->arena, "the kernel does not have what it needs: %s (%s)",
				    l.missing, strerror(-err));
	if (err) {
		l.map_fds = NULL;
		return rejection(cx, &l);
	}
	*k = (struct sim_kernel_prog){ l.prog_fd, fds, obj->n_maps };
	return NULL;
}

static const char *load_file(struct cx *cx, struct fe_kernel_file *f, const struct part_pair *pair)
{
	int err;

	if (!part_object_write(cx, f->maps_of, pair, f->path))
		return "its object cannot be written";
	err = fe_kernel_load_file(cx->arena, f);
	unlink(f->path);
	return err ? arena_printf(cx->arena, "the kernel rejects the object: %s\n%s",
				  strerror(-err), f->why)
		   : NULL;
}

const char *sim_kernel_load_half(struct cx *cx, const struct fe_object *obj,
				 const struct part_pair *pair, struct sim_kernel_prog *k)
{
	const char *tmp = getenv("TMPDIR"), *why = why_unusable(cx);
	char *dir = arena_printf(cx->arena, "%s/bpf-offload-XXXXXX", tmp ? tmp : "/tmp");
	struct fe_kernel_file f = { .prog_name = pair->host.name,
				    .maps_of = obj,
				    .map_fds = ARENA_ARRAY(cx->arena, int, obj->n_maps + 1) };

	*k = (struct sim_kernel_prog){ 0 };
	if (why)
		return why;
	if (part_object_obstacle(obj, &pair->host)) /* no file to load: its instructions */
		return sim_kernel_load(cx, obj, &pair->host, k);
	if (!mkdtemp(dir))
		return "no directory for temporary files";
	f.path = arena_printf(cx->arena, "%s/half.o", dir);
	why = load_file(cx, &f, pair);
	rmdir(dir);
	if (!why)
		*k = (struct sim_kernel_prog){ f.prog_fd, f.map_fds, obj->n_maps };
	return why;
}

void sim_kernel_unload(struct sim_kernel_prog *k)
{
	for (size_t i = 0; k->fd && i < k->n_maps; i++) {
		if (k->map_fds[i] >= 0)
			close(k->map_fds[i]);
	}
	if (k->fd)
		close(k->fd);
	k->fd = 0;
}
