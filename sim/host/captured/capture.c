/* SPDX-License-Identifier: BSD-2-Clause */
/* bpf_prog_info, kallsyms and the kernel's BTF, put together as a struct sim_captured. */
#include "sim/capture.h"

#include "base/bits.h"
#include "sim/host/captured/captured_symbols.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#define CODE_MAX  (16u << 20)
#define FUNCS_MAX 256u

/* ---- bpf_prog_info ------------------------------------------------------------------------------ */

struct code {
	uint8_t *jited;
	uint64_t *ksyms;
	uint32_t *func_lens;
	struct bpf_insn *xlated;
	uint32_t jited_len, n_funcs, xlated_len;
};

static uint64_t address(const void *p)
{
	return (uint64_t)(uintptr_t)p;
}

static const char *read_code(struct cx *cx, int fd, struct code *c)
{
	struct bpf_prog_info info = { 0 };
	uint32_t len = sizeof(info);

	if (bpf_obj_get_info_by_fd(fd, &info, &len))
		return "bpf_prog_info cannot be read";
	if (!info.jited_prog_len)
		return "the kernel interprets programs, or hides their code";
	if (info.jited_prog_len > CODE_MAX || info.xlated_prog_len > CODE_MAX ||
	    info.nr_jited_ksyms > FUNCS_MAX || !info.nr_jited_ksyms)
		return "the program is too large";
	c->jited_len = info.jited_prog_len;
	c->xlated_len = info.xlated_prog_len;
	c->n_funcs = info.nr_jited_ksyms;
	c->jited = arena_alloc(cx->arena, c->jited_len);
	c->xlated = arena_alloc(cx->arena, c->xlated_len + sizeof(struct bpf_insn));
	c->ksyms = ARENA_ARRAY(cx->arena, uint64_t, c->n_funcs);
	c->func_lens = ARENA_ARRAY(cx->arena, uint32_t, c->n_funcs);
	info = (struct bpf_prog_info){ .jited_prog_insns = address(c->jited),
				       .jited_prog_len = c->jited_len,
				       .xlated_prog_insns = address(c->xlated),
				       .xlated_prog_len = c->xlated_len,
				       .jited_ksyms = address(c->ksyms),
				       .nr_jited_ksyms = c->n_funcs,
				       .jited_func_lens = address(c->func_lens),
				       .nr_jited_func_lens = c->n_funcs };
	if (bpf_obj_get_info_by_fd(fd, &info, &len))
		return "bpf_prog_info cannot be read";
	return info.jited_prog_insns && info.xlated_prog_insns && info.jited_ksyms &&
			       info.jited_func_lens
		       ? NULL
		       : "the kernel hides the program's code";
}

static const char *split_functions(struct cx *cx, const struct code *code, struct sim_capture *c)
{
	uint32_t off = 0;

	c->funcs = ARENA_ARRAY(cx->arena, struct sim_captured_func, code->n_funcs);
	c->n_funcs = code->n_funcs;
	for (uint32_t i = 0; i < code->n_funcs; i++) {
		if (!code->ksyms[i] || code->func_lens[i] > code->jited_len - off)
			return "the kernel hides where the program's functions are";
		c->funcs[i] = (struct sim_captured_func){ code->ksyms[i], code->jited + off,
							  code->func_lens[i] };
		off += code->func_lens[i];
	}
	return NULL;
}

static uint32_t map_id(int fd)
{
	struct bpf_map_info info = { 0 };
	uint32_t len = sizeof(info);

	return fd >= 0 && !bpf_obj_get_info_by_fd(fd, &info, &len) ? info.id : 0;
}

/* ---- kallsyms ----------------------------------------------------------------------------------- */

struct symbol_search {
	struct cx *cx;
	const uint64_t *calls, *thunks; /* sorted */
	size_t n_calls, n_thunks;
	VEC(struct sim_captured_symbol) found;
};

static int by_value(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static bool contains(const uint64_t *list, size_t n, uint64_t v)
{
	return n && bsearch(&v, list, n, sizeof(*list), by_value);
}

/* Of several names of an address one that the simulator knows is kept. */
static void keep_symbol(struct symbol_search *s, uint64_t addr, const char *name, bool known)
{
	for (size_t i = 0; i < s->found.len; i++) {
		if (s->found.at[i].addr == addr) {
			if (known)
				s->found.at[i].name = arena_strdup(s->cx->arena, name);
			return;
		}
	}
	*vec_push(&s->found, s->cx->arena) =
		(struct sim_captured_symbol){ addr, arena_strdup(s->cx->arena, name) };
}

static void look_at_symbol(struct symbol_search *s, uint64_t addr, const char *name)
{
	struct sim_symbol_action a;
	bool known = sim_symbol_action(name, &a);

	if (contains(s->calls, s->n_calls, addr))
		keep_symbol(s, addr, name, known);
	else if (known && (a.what == SIM_SYMBOL_RETURN || a.what == SIM_SYMBOL_INDIRECT) &&
		 contains(s->thunks, s->n_thunks, addr))
		keep_symbol(s, addr, name, known);
}

/* Calls `symbol` with each function of the kernel; false: the list cannot be read. */
static bool each_symbol(void (*symbol)(void *priv, uint64_t addr, const char *name), void *priv)
{
	FILE *f = fopen("/proc/kallsyms", "re");
	char line[512], name[256];
	uint64_t addr;
	bool any = false;

	if (!f)
		return false;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%" SCNx64 " %*c %255s", &addr, name) != 2 || !addr)
			continue;
		any = true;
		symbol(priv, addr, name);
	}
	fclose(f);
	return any;
}

static void on_call_base(void *priv, uint64_t addr, const char *name)
{
	if (!strcmp(name, "__bpf_call_base"))
		*(uint64_t *)priv = addr;
}

static void on_symbol(void *priv, uint64_t addr, const char *name)
{
	look_at_symbol(priv, addr, name);
}

static const char *find_symbols(struct sim_capture *c, struct sim_captured *img)
{
	struct symbol_search s = { .cx = c->cx,
				   .calls = c->calls.at,
				   .n_calls = c->calls.len,
				   .thunks = c->thunks.at,
				   .n_thunks = c->thunks.len };

	if (c->calls.len)
		qsort(c->calls.at, c->calls.len, sizeof(uint64_t), by_value);
	if (c->thunks.len)
		qsort(c->thunks.at, c->thunks.len, sizeof(uint64_t), by_value);
	each_symbol(on_symbol, &s);
	for (size_t i = 0; i < c->calls.len; i++) {
		bool found = false;

		for (size_t k = 0; k < s.found.len; k++)
			found |= s.found.at[k].addr == c->calls.at[i];
		if (!found)
			return "it calls a kernel function that has no name";
	}
	img->symbols = s.found.at;
	img->n_symbols = s.found.len;
	return NULL;
}

/* ---- BTF ---------------------------------------------------------------------------------------- */

/* Offset in bytes of a member; those of anonymous structures and unions inside count. */
static uint32_t member_offset(const struct btf *btf, const struct btf_type *t, const char *member)
{
	const struct btf_member *m = btf_members(t);

	for (uint16_t i = 0; i < btf_vlen(t); i++, m++) {
		const char *name = btf__name_by_offset(btf, m->name_off);
		uint32_t bits = btf_member_bit_offset(t, i), inner;
		const struct btf_type *in;

		if (name && !strcmp(name, member) && bits % 8 == 0)
			return bits / 8;
		in = btf__type_by_id(btf, m->type);
		if ((name && *name) || !in || !btf_is_composite(in))
			continue;
		inner = member_offset(btf, in, member);
		if (inner != SIM_FIELD_ABSENT)
			return bits / 8 + inner;
	}
	return SIM_FIELD_ABSENT;
}

static uint32_t field_offset(const struct btf *btf, const char *type, const char *member)
{
	int id = btf__find_by_name_kind(btf, type, BTF_KIND_STRUCT);

	return id < 0 ? SIM_FIELD_ABSENT
		      : member_offset(btf, btf__type_by_id(btf, (uint32_t)id), member);
}

static const char *read_fields(struct sim_captured *img)
{
	struct btf *btf = btf__load_vmlinux_btf();

	if (!btf)
		return "the kernel has no BTF";
#define SIM_FIELD(type, member)                                                                    \
	img->fields[SIM_FIELD_##type##_##member] = field_offset(btf, #type, #member);
#include "sim/host/captured/captured_fields.def"
#undef SIM_FIELD
	btf__free(btf);
	return NULL;
}

/* ---- all of it ---------------------------------------------------------------------------------- */

static void describe_maps(struct sim_capture *c, struct sim_captured *img)
{
	struct sim_captured_map *maps =
		ARENA_ARRAY(c->cx->arena, struct sim_captured_map, c->obj->n_maps + 1);

	for (size_t i = 0; i < c->obj->n_maps; i++) {
		const struct fe_map *m = &c->obj->maps[i];

		maps[i] = (struct sim_captured_map){ c->map_ids[i] != 0, m->type, m->key_size,
						     m->value_size, m->max_entries };
	}
	img->maps = maps;
	img->n_maps = c->obj->n_maps;
}

static const char *capture(struct sim_capture *c, int fd, struct sim_captured *img)
{
	struct code code = { 0 };
	const char *why = read_code(c->cx, fd, &code);

	why = why ? why : split_functions(c->cx, &code, c);
	if (!why && (!each_symbol(on_call_base, &c->call_base) || !c->call_base))
		why = "/proc/kallsyms hides addresses";
	if (why)
		return why;
	c->xlated = code.xlated;
	c->n_xlated = code.xlated_len / sizeof(struct bpf_insn);
	why = sim_capture_code(c);
	why = why ? why : find_symbols(c, img);
	return why ? why : read_fields(img);
}

const char *sim_capture(struct cx *cx, const struct fe_object *obj, const struct fe_prog *prog,
			const struct sim_kernel_prog *k, struct sim_captured *img)
{
	uint32_t *ids = ARENA_ARRAY(cx->arena, uint32_t, obj->n_maps + 1);
	struct sim_capture c = { .cx = cx, .obj = obj, .map_ids = ids };
	struct utsname u;
	const char *why;

	uname(&u);
	if (strcmp(u.machine, "x86_64"))
		return "only x86-64 code can be run elsewhere";
	for (size_t i = 0; i < obj->n_maps; i++)
		ids[i] = map_id(k->map_fds[i]);
	*img = (struct sim_captured){ .kernel = arena_strdup(cx->arena, u.release),
				   .program = prog->name,
				   .prog_type = prog->type,
				   .n_insns = (uint32_t)prog->n_insns,
				   .insns_hash = sim_captured_hash(prog) };
	why = capture(&c, k->fd, img);
	if (why)
		return why;
	describe_maps(&c, img);
	img->funcs = c.funcs;
	img->n_funcs = c.n_funcs;
	img->relocs = c.relocs.at;
	img->n_relocs = c.relocs.len;
	img->percpu = c.percpu.at;
	img->n_percpu = c.percpu.len;
	return NULL;
}
