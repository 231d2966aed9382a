/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/kernel_load.h"

#include "frontend/libbpf_log.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

/* User's maps have the names that they had; libbpf finds those of data sections by the section's. */
static struct bpf_map *find_map(const struct bpf_object *o, const struct fe_map *m)
{
	const char *name = m->kind == FE_MAP_KCONFIG ? ".rodata.kconfig" : m->name;
	struct bpf_map *found = bpf_object__find_map_by_name(o, name);
	char compiled_in[256];

	if (found || m->kind != FE_MAP_RODATA)
		return found;
	/* of a host half whose device half has the values compiled in (partitioner/host_object.h) */
	snprintf(compiled_in, sizeof(compiled_in), "%s.compiled_in", name);
	return bpf_object__find_map_by_name(o, compiled_in);
}

static int set_sizes(struct bpf_object *o)
{
	struct bpf_map *m;
	int err = 0;

	bpf_object__for_each_map (m, o) {
		uint32_t type = bpf_map__type(m);

		/* libbpf gives these one entry a CPU */
		if (!bpf_map__max_entries(m) && type != BPF_MAP_TYPE_PERF_EVENT_ARRAY)
			err = bpf_map__set_max_entries(m, fe_kernel_map_entries(type, 0));
		if (err)
			return err;
	}
	return 0;
}

static int keep(int fd)
{
	return fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 3);
}

static int load_and_keep(struct bpf_object *o, struct fe_kernel_file *f)
{
	struct bpf_program *p = bpf_object__find_program_by_name(o, f->prog_name);
	int err = p ? set_sizes(o) : -ENOENT;

	if (!err)
		err = bpf_object__load(o);
	if (err)
		return err;
	f->prog_fd = keep(bpf_program__fd(p));
	for (size_t i = 0; i < f->maps_of->n_maps; i++) {
		struct bpf_map *m = find_map(o, &f->maps_of->maps[i]);

		f->map_fds[i] = m ? keep(bpf_map__fd(m)) : -1;
	}
	return f->prog_fd < 0 ? -EMFILE : 0;
}

int fe_kernel_load_file(struct arena *a, struct fe_kernel_file *f)
{
	struct fe_libbpf_log log;
	struct bpf_object *o;
	int err;

	fe_libbpf_log_begin(&log, a);
	o = bpf_object__open_file(f->path, NULL);
	err = o ? load_and_keep(o, f) : -errno;
	bpf_object__close(o);
	fe_libbpf_log_end(&log);
	f->why = err ? fe_libbpf_log_text(&log, a) : NULL;
	return err;
}
