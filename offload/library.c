/* SPDX-License-Identifier: BSD-2-Clause */
#include "offload/library_priv.h"

#include "base/clock.h"
#include "partitioner/host_object.h"

#include <bpf/libbpf.h>

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The public interface (include/bpf_offload.h): thin, over frontend, driver and backend. */

/* Reads a field of an options struct only when the caller's header had it. */
#define OPT(opts, field, fallback)                                                                 \
	((opts) && (opts)->sz >= offsetof(__typeof__(*(opts)), field) + sizeof((opts)->field)      \
		 ? (opts)->field                                                                   \
		 : (fallback))

/* Options that a newer header has and this library does not know must be zero. */
static bool opts_valid(const void *opts, size_t known)
{
	const uint8_t *at = opts;
	size_t sz;

	if (!opts)
		return true;
	memcpy(&sz, opts, sizeof(sz));
	if (sz < sizeof(sz))
		return false;
	for (size_t i = known; i < sz; i++)
		if (at[i])
			return false;
	return true;
}

const char *bpf_offload_version_string(void)
{
#define TEXT_OF(x)    #x
#define VERSION(x, y) TEXT_OF(x) "." TEXT_OF(y)
	return VERSION(BPF_OFFLOAD_MAJOR_VERSION, BPF_OFFLOAD_MINOR_VERSION);
#undef VERSION
#undef TEXT_OF
}

const char *bpf_offload_strerror(int err)
{
	switch (err < 0 ? -err : err) {
	case 0: return "no error";
	case EINVAL: return "an argument or an option is not valid";
	case ENOEXEC: return "not a usable eBPF object file";
	case EACCES: return "the verifier rejects the program";
	case EOPNOTSUPP: return "the program cannot be compiled with these options";
	case EIO: return "the output could not be written";
	case ENOENT: return "the program has no such result";
	case ENOMEM: return "out of memory";
	default: return "unknown error";
	}
}

const char *bpf_offload_firmware_profile(size_t idx)
{
	return nfp_firmware_shipped_name(idx);
}

void inspect_print_messages(struct bpf_offload_object *o)
{
	struct bpf_offload_message m;

	for (; o->printed < o->diags.list.len; o->printed++) {
		const struct diag *d = &o->diags.list.at[o->printed];

		if (d->severity == DIAG_NOTE)
			continue;
		if (o->messages_to)
			diag_print(o->messages_to, d);
		m = library_message(d);
		if (o->message)
			o->message(o->message_priv, &m);
	}
}

void inspect_forget(struct bpf_offload_object *o)
{
	for (size_t i = 0; i < o->obj.n_progs; i++)
		o->progs[i] = (struct bpf_offload_program){ .owner = o, .prog = &o->obj.progs[i] };
	arena_reset(&o->arena);
	arena_reset(&o->scratch);
}

static struct bpf_offload_object *open_object(const char *path, const void *data, size_t size,
					      const struct bpf_offload_open_opts *opts,
					      bool *usable)
{
	struct fe_open_options fe = { .image = data,
				      .image_size = size,
				      .btf_path = OPT(opts, btf_path, NULL),
				      .types = OPT(opts, types, NULL),
				      .n_types = OPT(opts, n_types, (size_t)0),
				      .sets = OPT(opts, sets, NULL),
				      .n_sets = OPT(opts, n_sets, (size_t)0) };
	struct bpf_offload_object *o = calloc(1, sizeof(*o));
	double start = clock_seconds();

	*usable = false;
	if (!o)
		return NULL;
	diags_init(&o->diags, &o->own);
	o->cx = (struct cx){ .arena = &o->own, .scratch = &o->scratch, .diags = &o->diags };
	o->messages_to = OPT(opts, messages_to, NULL);
	o->message = OPT(opts, message, NULL);
	o->message_priv = OPT(opts, message_priv, NULL);
	*usable = fe_object_open(&o->cx, path, &fe, &o->obj);
	arena_reset(&o->scratch);
	inspect_print_messages(o);
	if (!*usable)
		return o;
	o->progs = ARENA_ARRAY(&o->own, struct bpf_offload_program, o->obj.n_progs);
	o->cx.arena = &o->arena;
	inspect_forget(o);
	o->open_seconds = clock_seconds() - start;
	return o;
}

struct bpf_offload_object *inspect_open(const char *path, const struct bpf_offload_open_opts *opts,
					bool *usable)
{
	return open_object(path, NULL, 0, opts, usable);
}

static struct bpf_offload_object *fail_open(int err)
{
	errno = err;
	return NULL;
}

static struct bpf_offload_object *open_usable(const char *path, const void *data, size_t size,
					      const struct bpf_offload_open_opts *opts)
{
	bool usable;
	struct bpf_offload_object *o = open_object(path, data, size, opts, &usable);

	if (!o)
		return fail_open(ENOMEM);
	if (usable)
		return o;
	bpf_offload_object__close(o);
	return fail_open(ENOEXEC);
}

struct bpf_offload_object *bpf_offload_object__open(const char *path,
						    const struct bpf_offload_open_opts *opts)
{
	if (!path || !opts_valid(opts, sizeof(*opts)))
		return fail_open(EINVAL);
	return open_usable(path, NULL, 0, opts);
}

struct bpf_offload_object *bpf_offload_object__open_mem(const void *data, size_t size,
							const struct bpf_offload_open_opts *opts)
{
	const char *name = OPT(opts, object_name, NULL);

	if (!data || !size || !opts_valid(opts, sizeof(*opts)))
		return fail_open(EINVAL);
	return open_usable(name ? name : "memory", data, size, opts);
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
	return obj ? obj->obj.n_progs : 0;
}

struct bpf_offload_program *bpf_offload_object__program(struct bpf_offload_object *obj, size_t idx)
{
	return obj && idx < obj->obj.n_progs ? &obj->progs[idx] : NULL;
}

struct bpf_offload_program *bpf_offload_object__find_program_by_name(struct bpf_offload_object *obj,
								     const char *name)
{
	for (size_t i = 0; name && i < bpf_offload_object__nr_programs(obj); i++)
		if (!strcmp(obj->obj.progs[i].name, name))
			return &obj->progs[i];
	return NULL;
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

int inspect_verify(struct bpf_offload_program *p, const struct fe_verify_options *opts)
{
	struct bpf_offload_object *o = p->owner;
	size_t first = o->diags.list.len;
	double start = clock_seconds();

	if (p->verified)
		return p->accepted || p->host_only ? 0 : -EACCES;
	p->verified = true;
	if (p->prog->broken) {
		library_take_broken_reason(p);
	} else if (!card_type(p->prog)) {
		if (fe_check_destructive(&o->cx, &o->obj, p->prog, opts->allow_destructive))
			library_mark_host_only(p);
	} else {
		p->accepted = fe_maps_check(&o->cx, &o->obj, p->prog) &&
			      fe_verify(&o->cx, &o->obj, p->prog, opts, &p->vprog);
	}
	p->verify_seconds = clock_seconds() - start;
	arena_reset(&o->scratch);
	library_take_reasons(p, first);
	inspect_print_messages(o);
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

	return inspect_verify(p, &opts);
}

static bool load_costs(struct bpf_offload_program *p, const char *path)
{
	p->costs = part_costs_default;
	return !path || part_costs_read(&p->owner->cx, path, &p->costs);
}

static bool load_target(struct bpf_offload_program *p, const struct bpf_offload_compile_opts *opts)
{
	p->target = (struct nfp_target){ .base.ops = &nfp_offload_ops, .fw = &p->fw };
	p->target.options = (struct nfp_options){ .opt_level = OPT(opts, opt_level, 2u),
						  .dump = OPT(opts, dump, NULL),
						  .stop_after = OPT(opts, stop_after, NULL),
						  .check_each = OPT(opts, check_each, false) };
	return nfp_firmware_load(&p->owner->cx, OPT(opts, firmware, NULL), &p->fw);
}

static struct part_options part_options(const struct bpf_offload_program *p,
					const struct bpf_offload_compile_opts *opts)
{
	return (struct part_options){ .cut_seed = OPT(opts, cut_seed, UINT64_C(0)),
				      .max_handoff = OPT(opts, max_handoff, 0u),
				      .untagged = OPT(opts, untagged, false),
				      .keep_tail_calls = OPT(opts, keep_tail_calls, false),
				      .whole_only = OPT(opts, require_device, false),
				      .pins = OPT(opts, pins, NULL),
				      .profiler = OPT(opts, profiler, NULL),
				      .costs = &p->costs };
}

/* A program that was accepted has no reasons before it is compiled. */
static void forget_compilation(struct bpf_offload_program *p)
{
	p->compiled = false;
	p->image = NULL;
	p->reasons.len = 0;
	p->homes.len = 0;
	p->cuts.len = 0;
	p->result = (struct offload_result){ 0 };
}

int bpf_offload_program__compile(struct bpf_offload_program *p,
				 const struct bpf_offload_compile_opts *opts)
{
	struct bpf_offload_object *o = p->owner;
	int err;
	bool ok;

	if (!opts_valid(opts, sizeof(*opts)))
		return -EINVAL;
	err = bpf_offload_program__verify(p, OPT(opts, allow_destructive, false));
	if (err)
		return err;
	if (p->host_only)
		return 0;
	forget_compilation(p);
	p->options = (struct offload_options){ .part = part_options(p, opts),
					       .dump_to = OPT(opts, dump_to, NULL) };
	if (!load_target(p, opts) || !load_costs(p, OPT(opts, costs, NULL))) {
		inspect_print_messages(o);
		return -EINVAL;
	}
	ok = offload_compile(&o->cx, &p->vprog, &p->target.base, &p->options, &p->result);
	arena_reset(&o->scratch);
	inspect_print_messages(o);
	if (!ok)
		return -EOPNOTSUPP;
	p->compiled = true;
	p->image = nfp_image_of(p->result.split.image);
	library_take_split_reasons(p);
	return 0;
}

enum bpf_offload_placement bpf_offload_program__placement(const struct bpf_offload_program *p)
{
	static const enum bpf_offload_placement of[] = { [PART_ALL_DEVICE] = BPF_OFFLOAD_DEVICE,
							 [PART_SPLIT] = BPF_OFFLOAD_SPLIT,
							 [PART_ALL_HOST] = BPF_OFFLOAD_HOST };

	if (!p->accepted)
		return p->host_only ? BPF_OFFLOAD_HOST : BPF_OFFLOAD_REJECTED;
	return p->compiled ? of[p->result.split.placement] : BPF_OFFLOAD_HOST;
}

const char *bpf_offload_placement__name(enum bpf_offload_placement p)
{
	static const char *const names[] = { [BPF_OFFLOAD_DEVICE] = "device",
					     [BPF_OFFLOAD_SPLIT] = "split",
					     [BPF_OFFLOAD_HOST] = "host",
					     [BPF_OFFLOAD_REJECTED] = "rejected" };

	return names[p];
}

const char *bpf_offload_program__host_name(const struct bpf_offload_program *p)
{
	return p->compiled && p->result.split.halves ? p->result.split.halves->host.name : NULL;
}

size_t bpf_offload_program__device_words(const struct bpf_offload_program *p)
{
	return p->image ? p->image->code.n_words : 0;
}

uint32_t inspect_table_id(const struct bpf_offload_program *p, size_t i)
{
	const uint32_t *given = p->owner->map_ids;
	uint32_t map = p->image->maps[i].object_idx;

	assert(i < p->image->n_maps);
	return given && map < p->owner->obj.n_maps && given[map] ? given[map] : (uint32_t)i + 1;
}

bool inspect_relocate(struct bpf_offload_program *p, uint64_t **words, size_t *n)
{
	struct arena *arena = &p->owner->arena;
	uint32_t *tids = ARENA_ARRAY(arena, uint32_t, p->image->n_maps);

	for (size_t i = 0; i < p->image->n_maps; i++)
		tids[i] = inspect_table_id(p, i);
	*n = p->image->code.n_words;
	*words = ARENA_ARRAY(arena, uint64_t, *n);
	return nfp_ucode_relocate(&p->owner->cx, &p->image->code, &p->fw, tids, p->image->n_maps,
				  *words);
}

int bpf_offload_program__handoff(const struct bpf_offload_program *p, uint32_t *bytes,
				 uint32_t *cookie)
{
	const struct part_halves *halves = p->compiled ? p->result.split.halves : NULL;

	if (!halves)
		return -ENOENT;
	*bytes = halves->record_bytes;
	*cookie = halves->cookie;
	return 0;
}

static const void *no_result(int err)
{
	errno = err;
	return NULL;
}

const void *bpf_offload_program__image(struct bpf_offload_program *p, size_t *size)
{
	struct nfp_image_bytes bytes;

	if (!p->image)
		return no_result(ENOENT);
	if (!nfp_image_encode(&p->owner->cx, p->image, &bytes))
		return no_result(EIO);
	*size = bytes.size;
	return bytes.data;
}

const void *bpf_offload_program__host_object(struct bpf_offload_program *p, size_t *size)
{
	struct part_object_bytes bytes;
	bool ok;

	if (!p->compiled || !p->result.split.halves)
		return no_result(ENOENT);
	ok = part_object_encode(&p->owner->cx, &p->owner->obj, p->result.split.halves, &bytes);
	arena_reset(&p->owner->scratch);
	if (!ok)
		return no_result(EIO);
	*size = bytes.size;
	return bytes.data;
}

const uint64_t *bpf_offload_program__words(struct bpf_offload_program *p, size_t *n)
{
	uint64_t *words;

	if (!p->image)
		return no_result(ENOENT);
	return inspect_relocate(p, &words, n) ? words : no_result(EIO);
}

int bpf_offload_program__write_image(struct bpf_offload_program *p, const char *path)
{
	bool ok;

	if (!p->image || !path)
		return -EINVAL;
	ok = nfp_image_write(&p->owner->cx, p->image, path);
	inspect_print_messages(p->owner);
	return ok ? 0 : -EIO;
}

int bpf_offload_program__write_host(struct bpf_offload_program *p, const char *path)
{
	bool ok;

	if (!p->result.split.halves || !path)
		return -EINVAL;
	ok = part_object_write(&p->owner->cx, &p->owner->obj, p->result.split.halves, path);
	arena_reset(&p->owner->scratch);
	inspect_print_messages(p->owner);
	return ok ? 0 : -EIO;
}

int bpf_offload_program__write_words(struct bpf_offload_program *p, const char *path)
{
	uint64_t *words;
	size_t n;
	bool ok;

	if (!p->image || !path)
		return -EINVAL;
	ok = inspect_relocate(p, &words, &n) && nfp_words_write(&p->owner->cx, path, words, n);
	inspect_print_messages(p->owner);
	return ok ? 0 : -EIO;
}
