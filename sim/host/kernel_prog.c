/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/host/kernel_prog.h"

#include "base/bits.h"
#include "frontend/kernel_load.h"
#include "frontend/vprog.h"
#include "partitioner/host_object.h"
#include "frontend/tail_targets.h"

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
		return arena_printf(cx->arena, "bpf(2) cannot load programs: %s", strerror(-fd));
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

/* Puts `prog` where the object's program arrays have it; their references keep it loaded. */
static void put_program(const struct fe_object *obj, const struct fe_prog *prog, int fd,
			const struct sim_kernel_prog *k)
{
	for (size_t map = 0; map < obj->n_maps; map++) {
		const struct fe_map *m = &obj->maps[map];

		for (size_t i = 0; m->type == BPF_MAP_TYPE_PROG_ARRAY && i < m->n_slots; i++) {
			if (k->map_fds[map] >= 0 &&
			    sim_tails_target(obj, prog->type, map, m->slots[i].index) == prog)
				bpf_map_update_elem(k->map_fds[map], &m->slots[i].index, &fd, 0);
		}
	}
}

/* Loads what the program may become by tail calls, on the same maps. */
static const char *fill_program_arrays(struct cx *cx, const struct fe_object *obj,
				       const struct fe_prog *prog, struct sim_kernel_prog *k)
{
	const char *why = NULL;
	int fds[SIM_TAILS_MAX] = { k->fd };
	struct sim_tails tails;
	size_t n = 1;

	sim_tails_find(obj, prog, &tails);
	for (; n < tails.n && !why; n++) {
		struct fe_kernel_load l = {
			.obj = obj, .prog = tails.progs[n], .map_fds = k->map_fds, .share = true
		};

		if (fe_kernel_load_insns(&l))
			why = arena_printf(cx->arena, "the kernel rejects %s, which it tail-calls",
					   tails.progs[n]->name);
		else
			fds[n] = l.prog_fd;
	}
	for (size_t i = 0; i < n; i++) {
		if (!why)
			put_program(obj, tails.progs[i], fds[i], k);
		if (i && fds[i])
			close(fds[i]);
	}
	return why;
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
		return arena_printf(cx->arena, "it calls %s, so it is never loaded into a kernel",
				    destructive);
	if (why)
		return why;
	err = fe_kernel_load_insns(&l);
	if (err && l.missing)
		return arena_printf(cx->arena, "the kernel lacks a feature that it needs: %s (%s)",
				    l.missing, strerror(-err));
	if (err) {
		l.map_fds = NULL;
		return rejection(cx, &l);
	}
	*k = (struct sim_kernel_prog){ l.prog_fd, fds, obj->n_maps };
	why = fill_program_arrays(cx, obj, prog, k);
	if (why)
		sim_kernel_unload(k);
	return why;
}

static const char *load_file(struct cx *cx, struct fe_kernel_file *f,
			     const struct part_halves *pair)
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
				 const struct part_halves *pair, struct sim_kernel_prog *k)
{
	const char *tmp = getenv("TMPDIR"), *why = why_unusable(cx);
	char *dir = arena_printf(cx->arena, "%s/bpf-offload-XXXXXX", tmp ? tmp : "/tmp");
	struct fe_kernel_file f = { .prog_name = pair->host.name,
				    .maps_of = obj,
				    .map_fds = ARENA_ARRAY(cx->arena, int, obj->n_maps + 1) };

	*k = (struct sim_kernel_prog){ 0 };
	if (why)
		return why;
	if (part_object_unsupported(obj, &pair->host)) /* no file to load: its instructions */
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
