/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/kernel.h"

#include "base/bits.h"
#include "frontend/kernel_load.h"
#include "frontend/libbpf_log.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* libbpf opens the original file, not the image made from it, so that loading is checked as well. The
 * verdict is read from the verifier's log, because libbpf's return value also covers the steps
 * before (maps) and after (filling of program arrays). If libbpf fails before it loads the program,
 * the frontend's instructions are loaded instead. */

#define LOG_BYTES  (1u << 20)
#define TAIL_LINES 24u

/* Bits of the kernel's log_level. */
#define LOG_PATH  1u /* the instructions on the way to the rejection */
#define LOG_STATS 4u /* messages and figures only */

static const char *error_text(struct cx *cx, int err)
{
	char text[128];

	libbpf_strerror(err, text, sizeof(text));
	return arena_strdup(cx->arena, text);
}

/* "errno 22 (EINVAL)", from a negative errno. */
static const char *errno_text(struct cx *cx, int err)
{
	const char *name = strerrorname_np(-err);

	return arena_printf(cx->arena, "errno %d (%s)", -err, name ? name : "no name");
}

/* NULL: bpf(2) loads programs here. */
static const char *why_unusable(struct cx *cx)
{
	const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = XDP_PASS },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int fd = bpf_prog_load(BPF_PROG_TYPE_XDP, NULL, "GPL", insns, ARRAY_SIZE(insns), NULL);

	if (fd < 0)
		return arena_printf(cx->arena, "bpf(2) cannot load programs here: %s",
				    error_text(cx, -fd));
	close(fd);
	return NULL;
}

/* ---- loading ------------------------------------------------------------------------------------- */

struct attempt {
	const struct fe_object *obj;
	const struct fe_prog *prog;
	const char *btf_path;
	struct fe_kernel_maps *maps; /* shared with other programs; NULL: none are */
	unsigned level;
	char *log;   /* LOG_BYTES */
	bool direct; /* the frontend's instructions, without libbpf */
	int err;     /* of the last load: 0, or a negative errno */
};

/* Index of the object's map of that name; obj->n_maps: none. */
static size_t map_by_name(const struct fe_object *obj, const char *name)
{
	size_t i = 0;

	while (i < obj->n_maps && strcmp(obj->maps[i].name, name) != 0)
		i++;
	return i;
}

static void set_entries(struct bpf_map *m)
{
	uint32_t type = bpf_map__type(m), n = bpf_map__max_entries(m);

	/* libbpf itself sizes the other one that may be without */
	if (type != BPF_MAP_TYPE_PERF_EVENT_ARRAY && fe_kernel_map_entries(type, n) != n)
		bpf_map__set_max_entries(m, fe_kernel_map_entries(type, n));
}

static void set_map(const struct attempt *t, struct bpf_map *m)
{
	size_t map = map_by_name(t->obj, bpf_map__name(m));
	bool used = map < t->obj->n_maps && fe_kernel_prog_uses(t->prog, map);

	bpf_map__set_pin_path(m, NULL);
	set_entries(m);
	/* one that this kernel cannot make matters to its users only */
	bpf_map__set_autocreate(m, bpf_map__is_internal(m) || used);
	/* libbpf makes it itself where this fails */
	if (used && t->maps && t->maps->fds && t->maps->fds[map] >= 0)
		bpf_map__reuse_fd(m, t->maps->fds[map]);
}

/* False: libbpf does not find the program. */
static bool select_program(const struct attempt *t, struct bpf_object *bpf)
{
	struct bpf_program *p;
	struct bpf_map *m;
	bool found = false;

	bpf_object__for_each_map (m, bpf)
		set_map(t, m);
	bpf_object__for_each_program (p, bpf) {
		bool selected = !found && !strcmp(bpf_program__name(p), t->prog->name);

		bpf_program__set_autoload(p, selected);
		if (!selected)
			continue;
		found = true;
		if (bpf_program__type(p) !=
		    t->prog->type) { /* sections that libbpf does not know */
			bpf_program__set_type(p, t->prog->type);
			bpf_program__set_expected_attach_type(p, t->prog->attach_type);
		}
		bpf_program__set_log_level(p, t->level);
		bpf_program__set_log_buf(p, t->log, LOG_BYTES);
	}
	return found;
}

/* NULL, or why the kernel was not asked. */
static const char *load_file(struct cx *cx, struct attempt *t, bool *failed)
{
	struct bpf_object_open_opts opts = { .sz = sizeof(opts),
					     .relaxed_maps = true,
					     .btf_custom_path = t->btf_path };
	struct fe_libbpf_log said;
	const char *why = NULL, *text;
	struct bpf_object *bpf;

	fe_libbpf_log_begin(&said, cx->arena);
	bpf = bpf_object__open_file(t->obj->path, &opts);
	if (!bpf)
		why = "libbpf refuses the file";
	else if (!select_program(t, bpf))
		why = "libbpf does not find the program";
	else
		t->err = bpf_object__load(bpf);
	if (t->err && !t->log[0])
		why = arena_printf(cx->arena, "libbpf failed before loading the program: %s",
				   errno_text(cx, t->err));
	bpf_object__close(bpf);
	fe_libbpf_log_end(&said);
	text = fe_libbpf_log_text(&said, cx->arena);
	text = arena_strndup(cx->arena, text, strlen(text) - (text[0] != '\0')); /* last newline */
	*failed = strstr(text, "BPF program load failed") != NULL;
	return why && !*failed ? arena_printf(cx->arena, "%s\n%s", why, text) : NULL;
}

static const char *load_insns(struct cx *cx, struct attempt *t, bool *failed)
{
	struct fe_kernel_load l = { .obj = t->obj,
				    .prog = t->prog,
				    .lent = t->maps ? t->maps->fds : NULL,
				    .log_level = t->level,
				    .log = t->log,
				    .log_size = LOG_BYTES };

	t->err = fe_kernel_load_insns(&l);
	*failed = t->err != 0;
	if (!l.missing)
		return NULL;
	return arena_printf(cx->arena, "the program cannot be loaded without libbpf: %s (%s, %s)",
			    l.missing, error_text(cx, -t->err), errno_text(cx, t->err));
}

static const char *load(struct cx *cx, struct attempt *t, bool *failed)
{
	memset(t->log, 0, LOG_BYTES);
	t->err = 0;
	return t->direct ? load_insns(cx, t, failed) : load_file(cx, t, failed);
}

/* ---- the log ------------------------------------------------------------------------------------- */

static bool is_figure(const char *line)
{
	static const char *const figures[] = { "processed ", "verification time ", "stack depth " };

	for (size_t i = 0; i < ARRAY_SIZE(figures); i++) {
		if (!strncmp(line, figures[i], strlen(figures[i])))
			return true;
	}
	return false;
}

static void read_figures(const char *log, struct fe_kernel_answer *k)
{
	const char *p = strstr(log, "verification time ");

	if (p)
		k->verify_usecs = strtoull(p + strlen("verification time "), NULL, 10);
	p = strstr(log, "processed ");
	if (p)
		k->insns_processed = (uint32_t)strtoul(p + strlen("processed "), NULL, 10);
}

/* Start of the line before `at`, which starts one; NULL: there is none. */
static const char *line_before(const char *log, const char *at)
{
	if (at == log)
		return NULL;
	for (at--; at > log && at[-1] != '\n'; at--)
		;
	return at;
}

/* The message of a rejection is the last line, except for statistics and source lines. */
static const char *last_message(struct cx *cx, const char *log)
{
	const char *at = log + strlen(log);

	while ((at = line_before(log, at))) {
		if (*at != '\n' && *at != ';' && !is_figure(at))
			return arena_strndup(cx->arena, at, strcspn(at, "\n"));
	}
	return "";
}

static const char *tail(struct cx *cx, const char *log)
{
	const char *at = log + strlen(log), *before;

	for (unsigned n = 0; n < TAIL_LINES && (before = line_before(log, at)); n++)
		at = before;
	return arena_strdup(cx->arena, at);
}

/* ---- the answer ---------------------------------------------------------------------------------- */

/* The verifier is not asked before all maps of the program are there. */
static void name_missing_map(struct cx *cx, const struct attempt *t, struct fe_kernel_answer *k)
{
	for (size_t i = 0; i < t->obj->n_maps; i++) {
		bool lent = t->maps && t->maps->fds && t->maps->fds[i] >= 0;
		int fd;

		if (lent || !fe_kernel_prog_uses(t->prog, i))
			continue;
		fd = fe_kernel_make_map(t->obj, i);
		if (fd < 0) {
			k->map = t->obj->maps[i].name;
			k->why = arena_printf(
				cx->arena, "map '%s' of type %s cannot be created: %s", k->map,
				ebpf_map_type_name(t->obj->maps[i].type), errno_text(cx, fd));
			return;
		}
		close(fd);
	}
}

static void ask(struct cx *cx, struct attempt *t, struct fe_kernel_answer *k)
{
	const char *refusal;
	bool failed;

	if (t->maps)
		fe_kernel_maps_make(t->maps, t->obj, t->prog);
	refusal = load(cx, t, &failed);
	if (refusal && !t->direct) {
		t->direct = true;
		if (load(cx, t, &failed))
			k->why = refusal; /* libbpf's message is more useful */
	} else {
		k->why = refusal;
	}
	if (k->why) {
		name_missing_map(cx, t, k);
		return;
	}
	k->verdict = failed ? FE_KERNEL_REJECTS : FE_KERNEL_ACCEPTS;
	read_figures(t->log, k);
	if (failed) { /* once more, for the path that leads there */
		t->level = LOG_PATH | LOG_STATS;
		load(cx, t, &failed);
		k->why = last_message(cx, t->log);
		if (!k->why[0] && t->err)
			k->why = arena_printf(cx->arena, "no message, only %s",
					      errno_text(cx, t->err));
	}
	k->log_tail = tail(cx, t->log);
}

static struct fe_kernel_answer answer(struct cx *cx, struct attempt *t)
{
	struct fe_kernel_answer k = { .why = why_unusable(cx), .log_tail = "" };
	const char *destructive = fe_destructive_prog(t->obj, t->prog);

	if (!k.why && destructive)
		k.why = arena_printf(cx->arena, "it calls %s, so it is never loaded into a kernel",
				     destructive);
	if (!k.why && t->prog->type == BPF_PROG_TYPE_UNSPEC)
		k.why = "the section has no program type";
	if (k.why)
		return k;
	t->level = LOG_STATS;
	t->log = calloc(1, LOG_BYTES);
	if (t->log)
		ask(cx, t, &k);
	else
		k.why = error_text(cx, ENOMEM);
	if (!k.why)
		k.why = "";
	free(t->log);
	return k;
}

struct fe_kernel_answer fe_kernel_verify(struct cx *cx, const struct fe_object *obj,
					 const struct fe_prog *prog, const char *btf_path,
					 struct fe_kernel_maps *maps)
{
	/* libbpf would read the values that the file has */
	struct attempt t = {
		.obj = obj, .prog = prog, .btf_path = btf_path, .maps = maps, .direct = obj->edited
	};

	return answer(cx, &t);
}

struct fe_kernel_answer fe_kernel_verify_insns(struct cx *cx, const struct fe_object *obj,
					       const struct fe_prog *prog)
{
	struct attempt t = { .obj = obj, .prog = prog, .direct = true };

	return answer(cx, &t);
}

void fe_kernel_report(struct cx *cx, const struct fe_object *obj, const struct fe_prog *prog,
		      const struct fe_kernel_answer *k)
{
	struct diag_at at = fe_prog_at(obj, prog, -1);

	if (k->map) {
		diag_warn(cx->diags, &at, REASON_KERNEL_MAP, k->why);
	} else if (k->verdict == FE_KERNEL_UNAVAILABLE) {
		diag_warn(cx->diags, &at, REASON_KERNEL_UNAVAILABLE, k->why);
	} else if (k->verdict == FE_KERNEL_REJECTS) {
		diag_error(cx->diags, &at, REASON_KERNEL_REJECTS,
			   k->why[0] ? k->why : "no message");
		diag_add_detail(cx->diags, k->log_tail);
	}
}

/* ---- where the two differ ------------------------------------------------------------------------ */

static bool stores_rx_queue(const struct vprog *vp)
{
	const int64_t field = offsetof(struct xdp_md, rx_queue_index);

	for (size_t i = 0; i < vp->n_inst; i++) {
		const struct fe_subprog *s = &vp->prog->subprogs[vp->inst[i].subprog];

		for (uint32_t pc = s->start; pc < s->end; pc++) {
			const struct bpf_insn *in = &vp->prog->insns[pc];
			const struct vp_reg *to = &vp_fact_at(vp, i, pc)->regs[in->dst_reg];
			unsigned cls = BPF_CLASS(in->code);

			if ((cls == BPF_ST || cls == BPF_STX) && to->kind == VP_CTX &&
			    to->min_off + in->off == field)
				return true;
		}
	}
	return false;
}

/* Why the embedded verifier accepts more than a kernel on which the program is not offloaded. */
static const char *known_cause(const struct vprog *vp)
{
	if (vp->prog->type == BPF_PROG_TYPE_XDP && stores_rx_queue(vp))
		return " (a kernel allows stores to rx_queue_index only in programs loaded for an "
		       "offloading device, and none is given here)";
	return "";
}

const char *fe_kernel_difference(struct cx *cx, const struct fe_object *obj,
				 const struct fe_prog *prog, const struct fe_own_answer *own,
				 const struct fe_kernel_answer *k)
{
	struct diag_at at = fe_prog_at(obj, prog, -1);
	const char *text;

	if (k->verdict == FE_KERNEL_UNAVAILABLE || (k->verdict == FE_KERNEL_ACCEPTS) == !!own->vp)
		return NULL;
	if (own->vp)
		text = arena_printf(
			cx->arena,
			"the embedded verifier accepts the program, the kernel rejects it: %s%s",
			k->why, known_cause(own->vp));
	else
		text = arena_printf(
			cx->arena,
			"the kernel accepts the program, the embedded verifier rejects it: %s",
			own->why);
	diag_error(cx->diags, &at, REASON_VERIFIERS_DIFFER, text);
	return text;
}
