/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/libbpf_log.h"
#include "frontend/object/loader.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>

/* All use of libbpf on the image. With gen_loader set, bpf_object__load() relocates the programs
 * and records what a loader would do, but makes no bpf(2): neither root nor a kernel is needed. */

struct bpf_object *fe_libbpf_open(struct cx *cx, const char *path, const char *name,
				  struct fe_bytes image)
{
	struct bpf_object_open_opts opts = { .sz = sizeof(opts),
					     .object_name = name,
					     .relaxed_maps = true };
	struct diag_at at = { .object = path, .insn = -1 };
	struct bpf_object *obj;
	struct fe_libbpf_log log;
	int err;

	fe_libbpf_log_begin(&log, cx->arena);
	obj = bpf_object__open_mem(image.at, image.len, &opts);
	err = errno;
	fe_libbpf_log_end(&log);
	if (!obj) {
		char text[128];

		libbpf_strerror(err, text, sizeof(text));
		diag_error(cx->diags, &at, REASON_OBJECT_REFUSED, text);
		diag_add_detail(cx->diags, fe_libbpf_log_text(&log, cx->arena));
	}
	return obj;
}

static void set_up(struct bpf_object *obj)
{
	struct bpf_program *p;
	struct bpf_map *m;

	bpf_object__for_each_map (m, obj)
		bpf_map__set_pin_path(m, NULL); /* no look into bpffs */
	bpf_object__for_each_program (p, obj) {
		bpf_program__set_autoload(p, true);
		/* any type does: it is not loaded, but libbpf insists on one */
		if (bpf_program__type(p) == BPF_PROG_TYPE_UNSPEC)
			bpf_program__set_type(p, BPF_PROG_TYPE_SOCKET_FILTER);
	}
}

bool fe_libbpf_relocate(struct cx *cx, struct bpf_object *obj, const char **log_out)
{
	struct gen_loader_opts gen = { .sz = sizeof(gen) };
	struct fe_libbpf_log log;
	bool ok;

	fe_libbpf_log_begin(&log, cx->arena);
	set_up(obj);
	ok = !bpf_object__gen_loader(obj, &gen) && !bpf_object__load(obj);
	fe_libbpf_log_end(&log);
	if (!ok)
		*log_out = fe_libbpf_log_text(&log, cx->arena);
	return ok;
}

bool fe_libbpf_section_type(struct cx *cx, const char *section, uint32_t *type, uint32_t *attach)
{
	enum bpf_prog_type prog_type = BPF_PROG_TYPE_UNSPEC;
	enum bpf_attach_type attach_type = 0;
	struct fe_libbpf_log log;
	int err;

	fe_libbpf_log_begin(&log, cx->scratch);
	err = libbpf_prog_type_by_name(section, &prog_type, &attach_type);
	fe_libbpf_log_end(&log);
	*type = prog_type;
	*attach = attach_type;
	return !err;
}
