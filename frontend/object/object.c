/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/object/loader.h"

#include "base/file.h"

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>

/* fe_object_open(): the steps from file to struct fe_object, see loader.h. */

struct opening {
	struct cx *cx;
	const char *path;
	const struct fe_open_options *opts;
	struct fe_elf elf;
	struct fe_btf_ext ext;
};

static void read_license(const struct fe_elf *elf, struct arena *a, struct fe_object *obj)
{
	const struct fe_section *s = &elf->secs[elf->license];

	obj->license = s->data ? arena_strndup(a, (const char *)s->data, s->size) : "";
}

static struct fe_bytes section_bytes(const struct fe_elf *elf, uint32_t i)
{
	return (struct fe_bytes){ elf->secs[i].data, elf->secs[i].size };
}

/* A broken .BTF is fatal only when maps are declared in it. */
static bool check_btf(struct opening *o)
{
	struct diag_at at = { .object = o->path, .insn = -1 };
	const char *why;

	if (!o->elf.btf && !o->elf.maps)
		return true;
	if (!o->elf.btf)
		return diag_error(o->cx->diags, &at, REASON_BTF_MISSING);
	why = fe_btf_problem(o->cx->scratch, section_bytes(&o->elf, o->elf.btf));
	if (!why)
		return true;
	if (o->elf.maps)
		return diag_error(o->cx->diags, &at, REASON_BTF_INVALID, why);
	diag_warn(o->cx->diags, &at, REASON_BTF_IGNORED, ".BTF", why);
	o->elf.btf = 0;
	return true;
}

#define MAX_LOOKUPS (1ull << 27) /* libbpf's string comparisons, variables x symbols */

static bool check_variables(struct opening *o, const struct btf *btf)
{
	struct diag_at at = { .object = o->path, .insn = -1 };
	uint64_t declared_maps = 0, sections = 0, n = 0;

	for (uint32_t id = 1; id < btf__type_cnt(btf); id++) {
		const struct btf_type *t = btf__type_by_id(btf, id);

		if (!btf_is_datasec(t))
			continue;
		sections++;
		n += btf_vlen(t);
		if (!strcmp(btf__name_by_offset(btf, t->name_off), ".maps"))
			declared_maps += btf_vlen(t);
	}
	if (n * o->elf.n_syms > MAX_LOOKUPS || declared_maps > FE_MAX_MAPS ||
	    sections > FE_MAX_SECTIONS)
		return diag_error(o->cx->diags, &at, REASON_BTF_INVALID,
				  "it has too many variables");
	return true;
}

static void read_btf_ext(struct opening *o, const struct btf *btf)
{
	struct diag_at at = { .object = o->path, .insn = -1 };
	const char *why;

	if (!o->elf.btf_ext || !btf)
		return;
	why = fe_btf_ext_parse(o->cx->arena, &o->elf, btf, section_bytes(&o->elf, o->elf.btf_ext),
			       &o->ext);
	if (why)
		diag_warn(o->cx->diags, &at, REASON_BTF_IGNORED, ".BTF.ext", why);
}

/* Everything that needs the object's types, before libbpf sees them. */
static bool use_btf(struct opening *o, struct fe_object *obj)
{
	const struct fe_section *s = &o->elf.secs[o->elf.btf];
	struct diag_at at = { .object = o->path, .insn = -1 };
	struct btf *btf = NULL;
	bool ok;

	if (o->elf.btf) {
		btf = btf__new(s->data, (uint32_t)s->size);
		if (!btf)
			return diag_error(o->cx->diags, &at, REASON_BTF_INVALID, strerror(errno));
	}
	ok = !btf || check_variables(o, btf);
	if (ok) {
		read_btf_ext(o, btf);
		ok = fe_externs_resolve(o->cx, &o->elf, btf, o->opts, obj);
	}
	if (ok && btf)
		ok = fe_core_apply(o->cx, &o->elf, btf, &o->ext, o->opts, obj);
	btf__free(btf);
	return ok;
}

/* As libbpf makes it of a path: up to the first dot of the file name. */
static const char *object_name(struct arena *a, const char *path)
{
	const char *base = strrchr(path, '/');

	base = base ? base + 1 : path;
	return arena_strndup(a, base, strcspn(base, "."));
}

/* The file's bytes, in memory of ours: the loader edits them. */
static bool read_bytes(struct opening *o, struct file_bytes *file)
{
	if (!o->opts->image)
		return file_read(o->cx, o->path, FE_MAX_FILE_BYTES, file);
	file->size = o->opts->image_size;
	if (!file->size || file->size > FE_MAX_FILE_BYTES)
		return diag_error(o->cx->diags, &DIAG_AT_NOWHERE, REASON_ELF_INVALID, o->path,
				  file->size ? "it is too large" : "it is empty");
	file->data = arena_dup(o->cx->arena, o->opts->image, file->size);
	return true;
}

/* Checks the file and turns it into what libbpf can open. */
static bool prepare(struct opening *o, struct fe_object *obj)
{
	struct file_bytes file;

	if (!read_bytes(o, &file) ||
	    !fe_elf_parse(o->cx, o->path, (struct fe_bytes){ file.data, file.size }, &o->elf) ||
	    !fe_elf_collect_code(o->cx, &o->elf) ||
	    !fe_section_types_check(o->cx, &o->elf, o->opts) || !check_btf(o) ||
	    !fe_values_set(o->cx, &o->elf, o->opts) || !fe_legacy_maps(o->cx, &o->elf) ||
	    !fe_foreign_pins(o->cx, &o->elf) || !use_btf(o, obj))
		return false;
	fe_relocs_check(o->cx, &o->elf);
	return true;
}

bool fe_object_open(struct cx *cx, const char *path, const struct fe_open_options *opts,
		    struct fe_object *obj)
{
	static const struct fe_open_options defaults = { 0 };
	struct opening o = { .cx = cx, .path = path, .opts = opts ? opts : &defaults };
	struct bpf_object *bpf;

	*obj = (struct fe_object){ .path = arena_strdup(cx->arena, path) };
	o.path = obj->path;
	fe_kernel_types_init(cx, o.opts, obj);
	if (!prepare(&o, obj))
		goto fail;
	bpf = fe_libbpf_open(cx, obj->path, object_name(cx->arena, path), fe_elf_image(cx, &o.elf));
	if (!bpf)
		goto fail;
	obj->handle = bpf;
	obj->btf = bpf_object__btf(bpf);
	obj->edited = o.opts->n_sets;
	read_license(&o.elf, cx->arena, obj);
	/* maps first: relocation gives some of them the number of this machine's CPUs */
	if (fe_maps_collect(cx, &o.elf, bpf, obj) &&
	    fe_progs_collect(cx, &o.elf, &o.ext, o.opts, bpf, obj)) {
		fe_slots_collect(cx, &o.elf, obj);
		return true;
	}
	bpf_object__close(bpf);
fail:
	fe_kernel_types_free(obj);
	*obj = (struct fe_object){ .path = o.path };
	return false;
}

void fe_object_close(struct fe_object *obj)
{
	bpf_object__close(obj->handle);
	fe_kernel_types_free(obj);
	obj->handle = NULL;
	obj->btf = NULL;
}

const struct fe_line *fe_prog_line(const struct fe_prog *prog, size_t insn)
{
	size_t lo = 0, hi = prog->n_lines;

	while (lo < hi) { /* first line behind the instruction */
		size_t mid = lo + (hi - lo) / 2;

		if (prog->lines[mid].insn <= insn)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo ? &prog->lines[lo - 1] : NULL;
}

struct diag_at fe_prog_at(const struct fe_object *obj, const struct fe_prog *prog, int64_t insn)
{
	const struct fe_line *line = insn >= 0 ? fe_prog_line(prog, (size_t)insn) : NULL;
	struct diag_at at = {
		.object = obj->path, .section = prog->section, .prog = prog->name, .insn = insn
	};

	if (line) {
		at.file = line->file;
		at.line = line->line;
		at.source = line->text[0] ? line->text : NULL;
	}
	return at;
}
