#include "frontend/loader.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>

/* All use of libbpf on the image. With gen_loader set, bpf_object__load() relocates the programs
 * and records what a loader would do, but makes no bpf(2): neither root nor a kernel is needed.
 *
 * What libbpf prints is caught and becomes the details of our own message. Its callback is
 * process-wide and takes no context: hence the thread-local pointer, set only while libbpf runs. */

#define LOG_LINES 12 /* kept: the last ones say why */

struct log {
	struct arena *arena;
	const char *warnings[LOG_LINES], *others[LOG_LINES];
	unsigned n_warnings, n_others;
};

static _Thread_local struct log *current_log;

__attribute__((format(printf, 2, 0))) static int catch_line(enum libbpf_print_level level,
							    const char *fmt, va_list ap)
{
	struct log *log = current_log;
	char line[512];

	if (!log)
		return 0;
	vsnprintf(line, sizeof(line), fmt, ap);
	if (level == LIBBPF_WARN)
		log->warnings[log->n_warnings++ % LOG_LINES] = arena_strdup(log->arena, line);
	else if (log->n_others < 4096) /* enough to tell; each costs memory */
		log->others[log->n_others++ % LOG_LINES] = arena_strdup(log->arena, line);
	return 0;
}

static libbpf_print_fn_t log_begin(struct log *log, struct arena *a)
{
	*log = (struct log){ .arena = a };
	current_log = log;
	return libbpf_set_print(catch_line);
}

static void log_end(libbpf_print_fn_t before)
{
	libbpf_set_print(before);
	current_log = NULL;
}

/* Warnings; when there are none, the last thing libbpf did. */
static const char *log_text(const struct log *log, struct arena *a)
{
	const char *const *lines = log->n_warnings ? log->warnings : log->others;
	unsigned n = log->n_warnings ? log->n_warnings : log->n_others;
	unsigned first = n > LOG_LINES ? n - LOG_LINES : 0;
	const char *text = "";

	if (!log->n_warnings && n)
		first = n - 1;
	for (unsigned i = first; i < n; i++)
		text = arena_printf(a, "%s    libbpf: %s", text, lines[i % LOG_LINES]);
	return text;
}

struct bpf_object *fe_libbpf_open(struct cx *cx, const char *path, const char *name,
				  struct fe_bytes image)
{
	struct bpf_object_open_opts opts = { .sz = sizeof(opts),
					     .object_name = name,
					     .relaxed_maps = true };
	struct diag_at at = { .object = path, .insn = -1 };
	libbpf_print_fn_t before;
	struct bpf_object *obj;
	struct log log;
	int err;

	before = log_begin(&log, cx->arena);
	obj = bpf_object__open_mem(image.at, image.len, &opts);
	err = errno;
	log_end(before);
	if (!obj) {
		char text[128];

		libbpf_strerror(err, text, sizeof(text));
		diag_error(cx->diags, &at, REASON_OBJECT_REFUSED, text);
		diag_add_detail(cx->diags, log_text(&log, cx->arena));
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
	libbpf_print_fn_t before;
	struct log log;
	bool ok;

	before = log_begin(&log, cx->arena);
	set_up(obj);
	ok = !bpf_object__gen_loader(obj, &gen) && !bpf_object__load(obj);
	log_end(before);
	if (!ok)
		*log_out = log_text(&log, cx->arena);
	return ok;
}

bool fe_libbpf_section_type(struct cx *cx, const char *section, uint32_t *type, uint32_t *attach)
{
	enum bpf_prog_type prog_type = BPF_PROG_TYPE_UNSPEC;
	enum bpf_attach_type attach_type = 0;
	libbpf_print_fn_t before;
	struct log log;
	int err;

	before = log_begin(&log, cx->scratch);
	err = libbpf_prog_type_by_name(section, &prog_type, &attach_type);
	log_end(before);
	*type = prog_type;
	*attach = attach_type;
	return !err;
}
