/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/api.h"

#include "nfp_backend/isa/isa.h"
#include "partitioner/host_object.h"

#include <bpf/libbpf.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The public interface: thin, over frontend, partitioner and backend. It sits in the last folder
 * of the compiler's chain because it uses all of them. */

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Reads a field of an options struct only when the caller's header had it. */
#define OPT(opts, field, fallback)                                                                 \
	((opts) && (opts)->sz >= offsetof(__typeof__(*(opts)), field) + sizeof((opts)->field)      \
		 ? (opts)->field                                                                   \
		 : (fallback))

void api_print_messages(struct bpf_offload_object *o)
{
	for (; o->printed < o->diags.list.len; o->printed++) {
		const struct diag *d = &o->diags.list.at[o->printed];

		if (o->messages_to && d->severity != DIAG_NOTE)
			diag_print(o->messages_to, d);
	}
}

static struct bpf_offload_reason reason_of_diag(const struct diag *d)
{
	return (struct bpf_offload_reason){ .insn = d->at.insn,
					    .file = d->at.file,
					    .line = d->at.line,
					    .source = d->at.source,
					    .id = reason_name(d->reason),
					    .text = d->text,
					    .advice = reason_advice(d->reason),
					    .detail = d->detail };
}

void api_forget(struct bpf_offload_object *o)
{
	for (size_t i = 0; i < o->obj.n_progs; i++)
		o->progs[i] = (struct bpf_offload_program){ .owner = o, .prog = &o->obj.progs[i] };
	arena_reset(&o->arena);
	arena_reset(&o->scratch);
}

struct bpf_offload_object *api_open(const char *path, const struct bpf_offload_open_opts *opts,
				    bool *usable)
{
	struct fe_open_options fe = { .btf_path = OPT(opts, btf_path, NULL),
				      .types = OPT(opts, types, NULL),
				      .n_types = OPT(opts, n_types, (size_t)0),
				      .sets = OPT(opts, sets, NULL),
				      .n_sets = OPT(opts, n_sets, (size_t)0) };
	struct bpf_offload_object *o = calloc(1, sizeof(*o));
	double start = now();

	*usable = false;
	if (!o)
		return NULL;
	diags_init(&o->diags, &o->own);
	o->cx = (struct cx){ .arena = &o->own, .scratch = &o->scratch, .diags = &o->diags };
	o->messages_to = OPT(opts, messages_to, NULL);
	*usable = fe_object_open(&o->cx, path, &fe, &o->obj);
	arena_reset(&o->scratch);
	api_print_messages(o);
	if (!*usable)
		return o;
	o->progs = ARENA_ARRAY(&o->own, struct bpf_offload_program, o->obj.n_progs);
	o->cx.arena = &o->arena;
	api_forget(o);
	o->open_seconds = now() - start;
	return o;
}

struct bpf_offload_object *bpf_offload_object__open(const char *path,
						    const struct bpf_offload_open_opts *opts)
{
	struct bpf_offload_object *o;
	bool usable;

	if (!path) {
		errno = EINVAL;
		return NULL;
	}
	o = api_open(path, opts, &usable);
	if (o && !usable) {
		bpf_offload_object__close(o);
		errno = ENOEXEC;
		return NULL;
	}
	return o;
}

void bpf_offload_object__close(struct bpf_offload_object *obj)
{
	if (!obj)
		return;
	fe_kernel_maps_close(&obj->kernel_maps);
	if (obj->progs)
		fe_object_close(&obj->obj);
	arena_reset(&obj->scratch);
	arena_reset(&obj->arena);
	arena_reset(&obj->own);
	free(obj);
}

size_t bpf_offload_object__nr_programs(const struct bpf_offload_object *obj)
{
	return obj->obj.n_progs;
}

struct bpf_offload_program *bpf_offload_object__program(struct bpf_offload_object *obj, size_t idx)
{
	return obj && idx < obj->obj.n_progs ? &obj->progs[idx] : NULL;
}

const struct bpf_offload_message *bpf_offload_object__messages(struct bpf_offload_object *obj,
							       size_t *n)
{
	for (; obj->listed < obj->diags.list.len; obj->listed++) {
		const struct diag *d = &obj->diags.list.at[obj->listed];

		if (d->severity == DIAG_NOTE)
			continue;
		*vec_push(&obj->messages, &obj->own) =
			(struct bpf_offload_message){ .error = d->severity == DIAG_ERROR,
						      .program = d->at.prog,
						      .what = reason_of_diag(d) };
	}
	*n = obj->messages.len;
	return obj->messages.at;
}

const char *bpf_offload_program__name(const struct bpf_offload_program *prog)
{
	return prog->prog->name;
}

const char *bpf_offload_program__section(const struct bpf_offload_program *prog)
{
	return prog->prog->section;
}

const char *bpf_offload_program__type(const struct bpf_offload_program *prog)
{
	const char *name;

	switch (prog->prog->type) {
	case BPF_PROG_TYPE_XDP: return "xdp";
	case BPF_PROG_TYPE_SCHED_CLS:
	case BPF_PROG_TYPE_SCHED_ACT: return "tc";
	default: break;
	}
	name = libbpf_bpf_prog_type_str((enum bpf_prog_type)prog->prog->type);
	return name ? name : "unknown";
}

size_t bpf_offload_program__insn_cnt(const struct bpf_offload_program *prog)
{
	return prog->prog->n_insns;
}

static bool card_type(const struct fe_prog *prog)
{
	return prog->type == BPF_PROG_TYPE_XDP || prog->type == BPF_PROG_TYPE_SCHED_CLS ||
	       prog->type == BPF_PROG_TYPE_SCHED_ACT;
}

/* A type may be missing because the section has a name of another loader: the user can tell it. */
static void mark_untyped(struct bpf_offload_program *p)
{
	struct bpf_offload_object *o = p->owner;
	struct diag_at at = fe_prog_at(&o->obj, p->prog, -1);

	p->host_only = true;
	diag_warn(&o->diags, &at, REASON_PROG_NO_TYPE, p->prog->section);
	*vec_push(&p->reasons, &o->arena) =
		reason_of_diag(&o->diags.list.at[o->diags.list.len - 1]);
}

/* Programs of other types belong to the host whole: there is nothing for us to verify or place. */
static void mark_host_only(struct bpf_offload_program *p)
{
	struct diag_at at = fe_prog_at(&p->owner->obj, p->prog, -1);
	struct bpf_offload_reason *r;

	if (p->prog->type == BPF_PROG_TYPE_UNSPEC) {
		mark_untyped(p);
		return;
	}
	r = vec_push(&p->reasons, &p->owner->arena);
	p->host_only = true;
	*r = (struct bpf_offload_reason){
		.insn = -1,
		.file = at.file,
		.line = at.line,
		.id = reason_name(REASON_PROG_TYPE),
		.text = arena_printf(&p->owner->arena, "programs of type %s run on the host only",
				     bpf_offload_program__type(p)),
		.advice = reason_advice(REASON_PROG_TYPE),
	};
}

/* The diagnostics from index `first` on that are errors become the program's reasons. */
static void take_reasons(struct bpf_offload_program *p, size_t first)
{
	struct bpf_offload_object *o = p->owner;

	for (size_t i = first; i < o->diags.list.len; i++) {
		if (o->diags.list.at[i].severity == DIAG_ERROR)
			*vec_push(&p->reasons, &o->arena) = reason_of_diag(&o->diags.list.at[i]);
	}
}

/* Why a program has no instructions was said as a warning when the object was opened. */
static void take_broken_reason(struct bpf_offload_program *p)
{
	struct bpf_offload_object *o = p->owner;

	for (size_t i = 0; i < o->diags.list.len; i++) {
		const struct diag *d = &o->diags.list.at[i];

		if (d->reason == REASON_PROG_BROKEN && d->at.prog &&
		    !strcmp(d->at.prog, p->prog->name))
			*vec_push(&p->reasons, &o->arena) = reason_of_diag(d);
	}
}

int api_verify(struct bpf_offload_program *p, const struct fe_verify_options *opts)
{
	struct bpf_offload_object *o = p->owner;
	size_t first = o->diags.list.len;
	double start = now();

	if (p->verified)
		return p->accepted || p->host_only ? 0 : -EACCES;
	p->verified = true;
	if (p->prog->broken) {
		take_broken_reason(p);
	} else if (!card_type(p->prog)) {
		if (fe_check_destructive(&o->cx, &o->obj, p->prog, opts->allow_destructive))
			mark_host_only(p);
	} else {
		p->accepted = fe_maps_check(&o->cx, &o->obj, p->prog) &&
			      fe_verify(&o->cx, &o->obj, p->prog, opts, &p->vprog);
	}
	p->verify_seconds = now() - start;
	arena_reset(&o->scratch);
	take_reasons(p, first);
	api_print_messages(o);
	return p->accepted || p->host_only ? 0 : -EACCES;
}

bool bpf_offload_program__host_only(const struct bpf_offload_program *p)
{
	return p->host_only;
}

int bpf_offload_program__verify(struct bpf_offload_program *p, bool allow_destructive)
{
	struct fe_verify_options opts = { .allow_destructive = allow_destructive,
					  .main_stack = true };

	return api_verify(p, &opts);
}

/* Those of a program that tail calls lead to are reasons of the whole here. */
static struct bpf_offload_reason reason_of_split(struct bpf_offload_program *p,
						 const struct part_reason *r)
{
	struct part_source at = { p->prog, r->insn };
	const char *text = r->text;
	struct diag_at where;

	if (r->insn != PART_WHOLE)
		at = part_source_of(&p->split, p->prog, r->insn);
	where = fe_prog_at(&p->owner->obj, at.prog, r->insn == PART_WHOLE ? -1 : (int64_t)at.insn);
	if (at.prog != p->prog)
		text = arena_printf(&p->owner->arena, "in '%s', instruction %u: %s", at.prog->name,
				    at.insn, r->text);
	return (struct bpf_offload_reason){ .insn = at.prog == p->prog ? where.insn : -1,
					    .file = where.file,
					    .line = where.line,
					    .source = where.source,
					    .id = reason_name(r->reason),
					    .text = text,
					    .advice = reason_advice(r->reason) };
}

static bool is_known(const struct bpf_offload_program *p, const struct bpf_offload_reason *r)
{
	for (size_t i = 0; i < p->reasons.len; i++)
		if (p->reasons.at[i].insn == r->insn && p->reasons.at[i].id == r->id &&
		    !strcmp(p->reasons.at[i].text, r->text))
			return true;
	return false;
}

static int by_insn(const void *a, const void *b)
{
	const struct bpf_offload_reason *x = a, *y = b;

	if (x->insn != y->insn)
		return x->insn < y->insn ? -1 : 1;
	return strcmp(x->id, y->id);
}

/* An instruction may have been placed several times, in copies. */
static void take_split_reasons(struct bpf_offload_program *p)
{
	for (size_t i = 0; i < p->split.n_reasons; i++) {
		struct bpf_offload_reason r = reason_of_split(p, &p->split.reasons[i]);

		if (!p->split.inlined || !is_known(p, &r))
			*vec_push(&p->reasons, &p->owner->arena) = r;
	}
	if (p->split.inlined && p->reasons.len)
		qsort(p->reasons.at, p->reasons.len, sizeof(*p->reasons.at), by_insn);
}

/* So that a loader can tell which host half belongs to the image. */
static void name_records(struct split *split)
{
	struct nfp_image *img = split->image;

	if (!split->halves || !img)
		return;
	img->handoff_cookie = split->halves->cookie;
	img->handoff_bytes = split->halves->record_bytes;
}

static bool load_costs(struct bpf_offload_program *p, const char *path)
{
	p->costs = part_costs_default;
	return !path || part_costs_read(&p->owner->cx, path, &p->costs);
}

int bpf_offload_program__compile(struct bpf_offload_program *p,
				 const struct bpf_offload_compile_opts *opts)
{
	struct bpf_offload_object *o = p->owner;
	struct offload_options oo = { .opt_level = OPT(opts, opt_level, 2u),
				      .dump = OPT(opts, dump, NULL),
				      .stop_after = OPT(opts, stop_after, NULL),
				      .dump_to = OPT(opts, dump_to, NULL),
				      .check_each = OPT(opts, check_each, false),
				      .time_passes = true,
				      .cut_seed = OPT(opts, cut_seed, UINT64_C(0)),
				      .max_handoff = OPT(opts, max_handoff, 0u),
				      .untagged = OPT(opts, untagged, false),
				      .keep_tail_calls = OPT(opts, keep_tail_calls, false),
				      .whole_only = OPT(opts, require_device, false),
				      .pins = OPT(opts, pins, NULL),
				      .profiler = OPT(opts, profiler, NULL),
				      .costs = &p->costs };
	int err = bpf_offload_program__verify(p, OPT(opts, allow_destructive, false));
	bool ok;

	if (err)
		return err;
	if (p->compiled || p->host_only)
		return 0;
	if (!nfp_firmware_load(&o->cx, OPT(opts, firmware, NULL), &p->fw) ||
	    !load_costs(p, OPT(opts, costs, NULL))) {
		api_print_messages(o);
		return -EINVAL;
	}
	ok = part_offload(&o->cx, &p->vprog, &nfp_offload_ops, &p->fw, &oo, &p->split, &p->state);
	arena_reset(&o->scratch);
	api_print_messages(o);
	if (!ok)
		return -EOPNOTSUPP;
	p->compiled = true;
	name_records(&p->split);
	p->image = p->split.image;
	take_split_reasons(p);
	return 0;
}

enum bpf_offload_placement bpf_offload_program__placement(const struct bpf_offload_program *p)
{
	static const enum bpf_offload_placement of[] = { [PART_ALL_DEVICE] = BPF_OFFLOAD_DEVICE,
							 [PART_SPLIT] = BPF_OFFLOAD_SPLIT,
							 [PART_ALL_HOST] = BPF_OFFLOAD_HOST };

	if (!p->accepted)
		return p->host_only ? BPF_OFFLOAD_HOST : BPF_OFFLOAD_REJECTED;
	return p->compiled ? of[p->split.placement] : BPF_OFFLOAD_HOST;
}

const char *bpf_offload_placement__name(enum bpf_offload_placement p)
{
	static const char *const names[] = { [BPF_OFFLOAD_DEVICE] = "device",
					     [BPF_OFFLOAD_SPLIT] = "split",
					     [BPF_OFFLOAD_HOST] = "host",
					     [BPF_OFFLOAD_REJECTED] = "rejected" };

	return names[p];
}

const struct bpf_offload_reason *bpf_offload_program__reasons(const struct bpf_offload_program *p,
							      size_t *n)
{
	*n = p->reasons.len;
	return p->reasons.at;
}

const struct bpf_offload_map_home *bpf_offload_program__map_homes(struct bpf_offload_program *p,
								  size_t *n)
{
	const struct part_map *maps = p->compiled && !p->homes.len ? p->split.maps : NULL;

	for (size_t i = 0; maps && i < p->owner->obj.n_maps; i++) {
		if (maps[i].home == PART_MAP_NONE)
			continue;
		*vec_push(&p->homes, &p->owner->arena) = (struct bpf_offload_map_home){
			.map = p->owner->obj.maps[i].name,
			.home = part_map_placement_name(maps[i].home),
			.why = maps[i].why,
			.duty = part_map_placement_duty(maps[i].home),
			.text = maps[i].duty
		};
	}
	*n = p->homes.len;
	return p->homes.at;
}

const char *bpf_offload_program__host_name(const struct bpf_offload_program *p)
{
	return p->compiled && p->split.halves ? p->split.halves->host.name : NULL;
}

size_t bpf_offload_program__device_words(const struct bpf_offload_program *p)
{
	return p->image ? p->image->code.n_words : 0;
}

uint32_t api_table_id(const struct bpf_offload_program *p, size_t i)
{
	const uint32_t *given = p->owner->map_ids;
	uint32_t map = p->image->maps[i].object_idx;

	return given && map < p->owner->obj.n_maps && given[map] ? given[map] : (uint32_t)i + 1;
}

bool api_relocate(struct bpf_offload_program *p, uint64_t **words, size_t *n)
{
	struct arena *arena = &p->owner->arena;
	uint32_t *tids = ARENA_ARRAY(arena, uint32_t, p->image->n_maps);

	for (size_t i = 0; i < p->image->n_maps; i++)
		tids[i] = api_table_id(p, i);
	*n = p->image->code.n_words;
	*words = ARENA_ARRAY(arena, uint64_t, *n);
	return nfp_ucode_relocate(&p->owner->cx, &p->image->code, &p->fw, tids, p->image->n_maps,
				  *words);
}

int bpf_offload_program__write_image(struct bpf_offload_program *p, const char *path)
{
	bool ok;

	if (!p->image || !path)
		return -EINVAL;
	ok = nfp_image_write(&p->owner->cx, p->image, path);
	api_print_messages(p->owner);
	return ok ? 0 : -EIO;
}

int bpf_offload_program__write_host(struct bpf_offload_program *p, const char *path)
{
	bool ok;

	if (!p->split.halves || !path)
		return -EINVAL;
	ok = part_object_write(&p->owner->cx, &p->owner->obj, p->split.halves, path);
	arena_reset(&p->owner->scratch);
	api_print_messages(p->owner);
	return ok ? 0 : -EIO;
}

int bpf_offload_program__write_words(struct bpf_offload_program *p, const char *path)
{
	uint64_t *words;
	size_t n;
	bool ok;

	if (!p->image || !path)
		return -EINVAL;
	ok = api_relocate(p, &words, &n) && nfp_words_write(&p->owner->cx, path, words, n);
	api_print_messages(p->owner);
	return ok ? 0 : -EIO;
}
