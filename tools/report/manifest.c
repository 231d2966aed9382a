/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/report/manifest.h"

#include "base/bits.h"
#include "base/file.h"
#include "base/sha256.h"
#include "offload/inspect.h"
#include "tools/report/escape.h"
#include "tools/report/json.h"

#include <ctype.h>

#define MAX_FILE (1u << 30)

static void add(struct json_object *o, const char *key, struct json_object *value)
{
	json_object_object_add(o, key, value);
}

static void add_int(struct json_object *o, const char *key, uint64_t v)
{
	add(o, key, json_object_new_int64((int64_t)v));
}

static void add_bool(struct json_object *o, const char *key, bool v)
{
	add(o, key, json_object_new_boolean(v));
}

/* {"file": …, "bytes": …, "sha256": …}; NULL: reported. */
static struct json_object *file_json(struct cx *cx, const char *path, const char *name)
{
	char digest[SHA256_HEX];
	struct file_bytes file;
	struct json_object *o;

	if (!file_read(cx, path, MAX_FILE, &file))
		return NULL;
	sha256_hex(file.data, file.size, digest);
	o = json_object_new_object();
	add(o, "file", report_text(name));
	add_int(o, "bytes", file.size);
	add(o, "sha256", json_object_new_string(digest));
	return o;
}

static const char *name_of(const struct rep_files *files, const char *path)
{
	return files->beside ? rep_basename(path) : path;
}

/* ---- the device's half -------------------------------------------------------------------------------- */

static const struct {
	unsigned bit; /* of nfp_image.helpers */
	const char *name;
} capabilities[] = {
	{ NFP_HELPER_MAP_LOOKUP, "map-lookup" }, { NFP_HELPER_MAP_UPDATE, "map-update" },
	{ NFP_HELPER_MAP_DELETE, "map-delete" }, { NFP_HELPER_PRANDOM, "random" },
	{ NFP_HELPER_PERF_EVENT, "perf-event" }, { NFP_HELPER_ADJUST_HEAD, "adjust-head" },
};

static struct json_object *needs_json(const struct nfp_image *img)
{
	struct json_object *o = json_object_new_object(), *list = json_object_new_array();

	for (size_t i = 0; i < ARRAY_SIZE(capabilities); i++)
		if (img->helpers >> capabilities[i].bit & 1)
			json_object_array_add(list, report_text(capabilities[i].name));
	if (img->adjust_tail)
		json_object_array_add(list, report_text("adjust-tail"));
	if (img->queue_select)
		json_object_array_add(list, report_text("queue-select"));
	add(o, "capabilities", list);
	add_int(o, "instruction_words", img->code.n_words);
	add_int(o, "stack_bytes", img->stack_bytes);
	add_int(o, "packet_bytes", img->max_pkt_off);
	add_int(o, "maps", img->n_maps);
	return o;
}

static struct json_object *device_json(struct cx *cx, const struct bpf_offload_program *p,
				       const struct rep_files *files)
{
	struct json_object *o = json_object_new_object(), *attach = json_object_new_object();

	add(o, "image", file_json(cx, files->image, name_of(files, files->image)));
	add(o, "words",
	    files->words ? file_json(cx, files->words, name_of(files, files->words)) : NULL);
	add(attach, "type", report_text(p->image->type == NFP_PROG_XDP ? "xdp" : "tc"));
	add(attach, "mode", report_text("offload"));
	add(o, "attach", attach);
	add(o, "needs", needs_json(p->image));
	return o;
}

/* ---- the host half -------------------------------------------------------------------------------------- */

static struct json_object *argv_json(const char *const *argv)
{
	struct json_object *list = json_object_new_array();

	for (; *argv; argv++)
		json_object_array_add(list, report_text(*argv));
	return list;
}

/* A file name in bpffs, whatever the program's name holds. */
static const char *file_name(struct cx *cx, const char *name)
{
	char *file = arena_strdup(cx->arena, name);

	for (char *c = file; *c; c++)
		if (!isalnum((unsigned char)*c) && *c != '_')
			*c = '_';
	return file;
}

/* Argument lists, not shell lines: names come from the object and may hold anything. */
static struct json_object *load_json(struct cx *cx, const char *file, const char *dir)
{
	const char *maps = arena_printf(cx->arena, "%s/maps", dir);
	const char *const load[] = {
		"bpftool", "prog", "loadall", file, dir, "pinmaps", maps, NULL
	};

	return argv_json(load);
}

static struct json_object *xdp_attach_json(const char *pin)
{
	const char *const argv[] = { "bpftool", "net", "attach", "xdpdrv", "pinned",
				     pin,       "dev", "IFACE",  NULL };
	struct json_object *o = json_object_new_object(), *commands = json_object_new_array();

	add(o, "type", report_text("xdp"));
	add(o, "mode", report_text("native"));
	json_object_array_add(commands, argv_json(argv));
	add(o, "commands", commands);
	return o;
}

static struct json_object *tc_attach_json(const char *pin)
{
	static const char *const qdisc[] = { "tc", "qdisc", "add", "dev", "IFACE", "clsact", NULL };
	const char *const filter[] = { "tc",  "filter",        "add",    "dev", "IFACE", "ingress",
				       "bpf", "direct-action", "pinned", pin,   NULL };
	struct json_object *o = json_object_new_object(), *commands = json_object_new_array();

	add(o, "type", report_text("tc"));
	add(o, "mode", report_text("ingress"));
	json_object_array_add(commands, argv_json(qdisc));
	json_object_array_add(commands, argv_json(filter));
	add(o, "commands", commands);
	return o;
}

static const char *section_of(const struct fe_prog *prog)
{
	if (prog->type != BPF_PROG_TYPE_XDP)
		return "tc";
	return prog->frags ? "xdp.frags" : "xdp";
}

static void add_host_program(struct json_object *programs, struct cx *cx,
			     const struct fe_prog *prog, const char *role, const char *dir)
{
	struct json_object *o = json_object_new_object();
	const char *pin = arena_printf(cx->arena, "%s/%s", dir, file_name(cx, prog->name));

	add(o, "name", report_text(prog->name));
	add(o, "section", report_text(section_of(prog)));
	add(o, "role", report_text(role));
	add_int(o, "bpf_insns", prog->n_insns);
	add(o, "attach",
	    prog->type == BPF_PROG_TYPE_XDP ? xdp_attach_json(pin) : tc_attach_json(pin));
	json_object_array_add(programs, o);
}

/* The programs of the written object; for tc, the XDP stub comes first. */
static struct json_object *host_programs_json(struct cx *cx, const char *path, const char *name,
					      const char *dir)
{
	struct json_object *programs = json_object_new_array();
	struct fe_open_options opts = { .no_running_kernel = true };
	struct fe_object half;

	if (!fe_object_open(cx, path, &opts, &half))
		return programs;
	for (size_t i = 0; i < half.n_progs; i++)
		if (strcmp(half.progs[i].name, name))
			add_host_program(programs, cx, &half.progs[i], "strip", dir);
	for (size_t i = 0; i < half.n_progs; i++)
		if (!strcmp(half.progs[i].name, name))
			add_host_program(programs, cx, &half.progs[i], "continue", dir);
	fe_object_close(&half);
	return programs;
}

static struct json_object *host_json(struct cx *cx, const struct bpf_offload_program *p,
				     const struct rep_files *files)
{
	const char *name = p->result.split.halves->host.name;
	const char *dir = arena_printf(cx->arena, "/sys/fs/bpf/%s", file_name(cx, name));
	struct json_object *o = json_object_new_object();

	add(o, "object", file_json(cx, files->host, name_of(files, files->host)));
	add(o, "load", load_json(cx, name_of(files, files->host), dir));
	add(o, "programs", host_programs_json(cx, files->host, name, dir));
	return o;
}

static struct json_object *record_json(struct rep_facts *f)
{
	const struct part_halves *halves = f->p->result.split.halves;
	struct json_object *o = json_object_new_object();

	add_int(o, "version", PART_HANDOFF_VERSION);
	add_int(o, "cookie", halves->cookie);
	add_int(o, "bytes", halves->record_bytes);
	add_int(o, "header_bytes", PART_HANDOFF_HEADER);
	add(o, "cuts", rep_json_cuts(f));
	return o;
}

/* ---- maps -------------------------------------------------------------------------------------------------- */

static const struct nfp_image_map *on_card(const struct bpf_offload_program *p, size_t map,
					   uint32_t *id)
{
	for (size_t i = 0; p->image && i < p->image->n_maps; i++)
		if (p->image->maps[i].object_idx == map) {
			*id = inspect_table_id(p, i);
			return &p->image->maps[i];
		}
	return NULL;
}

/* Offsets of 4-byte words that the device's atomics keep big-endian. */
static struct json_object *swapped_json(const struct nfp_image_map *m)
{
	struct json_object *list = json_object_new_array();

	for (uint32_t i = 0; i < (m->value_size + 3) / 4; i++)
		if (m->word_use[i] == NFP_WORD_ATOMIC)
			json_object_array_add(list, json_object_new_int64(4 * (int64_t)i));
	return list;
}

static struct json_object *map_json(const struct bpf_offload_program *p, size_t i)
{
	const struct fe_map *m = &p->owner->obj.maps[i];
	const struct part_map *place = &p->result.split.maps[i];
	struct json_object *o = json_object_new_object();
	uint32_t id = 0;
	const struct nfp_image_map *card = on_card(p, i, &id);

	add(o, "name", report_text(m->name));
	add(o, "type", report_text(ebpf_map_type_name(m->type)));
	add_int(o, "type_id", m->type);
	add_int(o, "key_size", m->key_size);
	add_int(o, "value_size", m->value_size);
	add_int(o, "max_entries", m->max_entries);
	add_int(o, "flags", m->flags);
	add(o, "home", report_text(part_map_placement_name(place->home)));
	add(o, "why", report_text(place->why));
	add(o, "duty", report_text(part_map_placement_duty(place->home)));
	add(o, "text", report_text(place->duty));
	add(o, "also_used_by", report_text(place->also_used_by));
	add(o, "card_type", report_text(card ? ebpf_map_type_name(card->type) : NULL));
	add(o, "table_id", card ? json_object_new_int64(id) : NULL);
	add(o, "big_endian_at", card ? swapped_json(card) : NULL);
	add_bool(o, "initialised", m->init != NULL);
	return o;
}

static struct json_object *maps_json(const struct bpf_offload_program *p)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; p->result.split.maps && i < p->owner->obj.n_maps; i++)
		if (p->result.split.maps[i].home != PART_MAP_NONE)
			json_object_array_add(list, map_json(p, i));
	return list;
}

/* ---- the manifest ---------------------------------------------------------------------------------------- */

struct json_object *rep_manifest_new(struct bpf_offload_object *o)
{
	struct json_object *m, *file = file_json(&o->cx, o->obj.path, rep_basename(o->obj.path));

	inspect_print_messages(o);
	if (!file)
		return NULL;
	m = json_object_new_object();
	add_int(m, "manifest", REP_MANIFEST_VERSION);
	add(m, "compiler", report_text("bpf-offload " BPF_OFFLOAD_VERSION));
	add(m, "object", file);
	add(m, "license", report_text(o->obj.license));
	add(m, "programs", json_object_new_array());
	return m;
}

static struct json_object *reasons_json(const struct bpf_offload_program *p)
{
	struct json_object *list = json_object_new_array(), *o;
	const struct bpf_offload_reason *r;
	size_t n;

	r = bpf_offload_program__reasons(p, &n);
	for (size_t i = 0; i < n; i++) {
		o = json_object_new_object();
		add(o, "insn", json_object_new_int64(r[i].insn));
		add(o, "id", report_text(r[i].id));
		add(o, "text", report_text(r[i].text));
		json_object_array_add(list, o);
	}
	return list;
}

static struct json_object *program_json(struct bpf_offload_program *p,
					const struct rep_files *files)
{
	struct json_object *o = json_object_new_object();
	struct cx *cx = &p->owner->cx;
	bool split = p->compiled && p->result.split.halves && files->host;

	add(o, "name", report_text(bpf_offload_program__name(p)));
	add(o, "section", report_text(bpf_offload_program__section(p)));
	add(o, "type", report_text(bpf_offload_program__type(p)));
	add(o, "placement",
	    report_text(bpf_offload_placement__name(bpf_offload_program__placement(p))));
	add(o, "firmware", report_text(p->compiled ? p->fw.name : NULL));
	add(o, "device", files->image ? device_json(cx, p, files) : NULL);
	add(o, "host", split ? host_json(cx, p, files) : NULL);
	add(o, "record", split ? record_json(rep_gather(p)) : NULL);
	add(o, "maps", maps_json(p));
	add(o, "compiled_in", rep_json_constants(p));
	add(o, "program_arrays", rep_json_program_arrays(p));
	add(o, "reasons", reasons_json(p));
	return o;
}

bool rep_manifest_add(struct json_object *manifest, struct bpf_offload_program *p,
		      const struct rep_files *files)
{
	unsigned errors = p->owner->diags.errors;
	struct json_object *o = program_json(p, files);

	json_object_array_add(json_object_object_get(manifest, "programs"), o);
	arena_reset(&p->owner->scratch);
	inspect_print_messages(p->owner);
	return p->owner->diags.errors == errors;
}

bool rep_manifest_write(struct cx *cx, struct json_object *manifest, const char *path)
{
	const char *text = json_object_to_json_string_ext(
		manifest, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE);
	bool ok = file_write(cx, path, arena_printf(cx->arena, "%s\n", text), strlen(text) + 1);

	json_object_put(manifest);
	return ok;
}
