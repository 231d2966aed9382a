/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/kernel_load.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct session {
	struct fe_kernel_load *l;
	int btf_fd;         /* -1: none */
	struct btf *kernel; /* the running kernel's types, once a kernel function is met */
	int *fds;           /* by map */
	struct bpf_insn *insns;
	struct bpf_func_info *funcs;
};

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

/* ---- maps ---------------------------------------------------------------------------------------- */

enum { MAP_TYPE_CGRP_STORAGE = 32 }; /* newer than Debian 12's headers */

uint32_t fe_kernel_map_entries(uint32_t type, uint32_t max_entries)
{
	if (max_entries)
		return max_entries;
	switch (type) {
	case BPF_MAP_TYPE_SK_STORAGE:
	case BPF_MAP_TYPE_INODE_STORAGE:
	case BPF_MAP_TYPE_TASK_STORAGE:
	case MAP_TYPE_CGRP_STORAGE:
	case BPF_MAP_TYPE_CGROUP_STORAGE:
	case BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE:
	case BPF_MAP_TYPE_STRUCT_OPS: return 0; /* no size of their own */
	case BPF_MAP_TYPE_RINGBUF:
	case BPF_MAP_TYPE_USER_RINGBUF: return (uint32_t)sysconf(_SC_PAGESIZE);
	default: return 1;
	}
}

/* NULL: a name that the kernel would refuse. libbpf requires the name when it reuses a map. */
static const char *name_for_kernel(const struct fe_map *m)
{
	for (const char *c = m->name; *c; c++) {
		if (!isalnum((unsigned char)*c) && *c != '_' && *c != '.')
			return NULL;
	}
	return m->name;
}

static int create_typed(const struct session *s, const struct fe_map *m, int inner_fd, bool typed)
{
	struct bpf_map_create_opts opts = {
		.sz = sizeof(opts),
		.map_flags = m->flags,
		.inner_map_fd = inner_fd >= 0 ? (uint32_t)inner_fd : 0,
		.btf_fd = typed ? (uint32_t)s->btf_fd : 0,
		.btf_key_type_id = typed ? m->btf_key_id : 0,
		.btf_value_type_id = typed ? m->btf_value_id : 0,
	};

	return bpf_map_create((enum bpf_map_type)m->type, name_for_kernel(m), m->key_size,
			      m->value_size, fe_kernel_map_entries(m->type, m->max_entries), &opts);
}

/* Map types that accept no BTF types, or other ones, are created without, as in libbpf. */
static int create_map(const struct session *s, const struct fe_map *m, int inner_fd)
{
	bool typed = s->btf_fd >= 0 && m->btf_value_id;
	int fd = create_typed(s, m, inner_fd, typed);

	return fd < 0 && typed ? create_typed(s, m, inner_fd, false) : fd;
}

/* 0, or a negative errno. */
static int make_map(struct session *s, size_t i)
{
	const struct fe_object *obj = s->l->obj;
	const struct fe_map *m = &obj->maps[i];
	const uint32_t first = 0;
	int inner = -1, err = 0;

	if (m->inner >= 0) {
		inner = create_map(s, &obj->inner_maps[m->inner], -1);
		if (inner < 0)
			return inner;
	}
	s->fds[i] = create_map(s, m, inner);
	close_fd(inner);
	if (s->fds[i] < 0)
		return s->fds[i];
	if (m->init)
		err = bpf_map_update_elem(s->fds[i], &first, m->init, 0);
	if (!err && (m->kind == FE_MAP_RODATA || m->kind == FE_MAP_KCONFIG))
		err = bpf_map_freeze(s->fds[i]);
	return err;
}

/* ---- instructions -------------------------------------------------------------------------------- */

/* Without its types the kernel would take a map's locks and pointers for plain numbers. */
static bool lacks_types(const struct session *s, size_t map)
{
	return s->btf_fd < 0 && s->l->obj->maps[map].btf_value_id;
}

static const struct fe_extern *extern_of(const struct session *s, int32_t index)
{
	const struct fe_object *obj = s->l->obj;

	return index >= 0 && (size_t)index < obj->n_externs ? &obj->externs[index] : NULL;
}

/* 0: the kernel has none. */
static uint32_t kernel_id(struct session *s, const char *name, bool is_func)
{
	int id = -1;

	if (!s->kernel)
		s->kernel = btf__load_vmlinux_btf();
	if (s->kernel)
		id = btf__find_by_name_kind(s->kernel, name,
					    is_func ? BTF_KIND_FUNC : BTF_KIND_VAR);
	return id > 0 ? (uint32_t)id : 0;
}

static uint64_t kernel_symbol(const char *name)
{
	FILE *f = fopen("/proc/kallsyms", "re");
	unsigned long long address = 0, found = 0;
	char symbol[512];

	while (f && !found && fscanf(f, "%llx %*c %511s%*[^\n]", &address, symbol) == 2) {
		if (!strcmp(symbol, name))
			found = address;
	}
	if (f)
		fclose(f);
	return found;
}

/* Address of a kernel function or variable, as in libbpf: an absent weak symbol is 0. */
static int bind_address(struct session *s, struct bpf_insn *in)
{
	const struct fe_extern *x = extern_of(s, in->imm);
	uint64_t value = x && x->typeless ? kernel_symbol(x->name) : 0;
	uint32_t id = x && !x->typeless ? kernel_id(s, x->name, x->is_func) : 0;

	if (!x || (!id && !value && !x->weak)) {
		s->l->missing = x ? x->name : "?";
		return -EOPNOTSUPP;
	}
	in[0].src_reg = id ? EBPF_IMM_BTF_ID : EBPF_IMM_VALUE;
	in[0].imm = (int32_t)(id ? id : (uint32_t)value);
	in[1].imm = (int32_t)(uint32_t)(value >> 32);
	return 0;
}

/* Map indices become descriptors; maps are made when the first reference is met. */
static int bind_insn(struct session *s, struct bpf_insn *in)
{
	bool address = in->src_reg == EBPF_IMM_MAP_IDX;
	size_t map = (size_t)in->imm;
	int err;

	if (in->src_reg == EBPF_IMM_BTF_ID)
		return bind_address(s, in);
	if (!address && in->src_reg != EBPF_IMM_MAP_IDX_VALUE)
		return 0;
	if (map >= s->l->obj->n_maps)
		return -EINVAL;
	if (s->fds[map] < 0) {
		err = lacks_types(s, map) ? -EINVAL : make_map(s, map);
		if (err) {
			s->l->missing = lacks_types(s, map) ? "its BTF" : s->l->obj->maps[map].name;
			return err;
		}
	}
	in->src_reg = address ? BPF_PSEUDO_MAP_FD : BPF_PSEUDO_MAP_VALUE;
	in->imm = s->fds[map];
	return 0;
}

/* The kernel names its functions by their types; those of modules would need more than a number. */
static int bind_kfunc(struct session *s, struct bpf_insn *in)
{
	const struct fe_extern *x = extern_of(s, in->imm);
	uint32_t id = x ? kernel_id(s, x->name, true) : 0;

	if (!id && !(x && x->weak)) {
		s->l->missing = x ? x->name : "?";
		return -EOPNOTSUPP;
	}
	in->imm = (int32_t)id; /* 0: the kernel refuses it where it is reached */
	return 0;
}

static int bind_insns(struct session *s)
{
	size_t n = s->l->prog->n_insns;

	for (size_t i = 0; i < n; i++) {
		struct bpf_insn *in = &s->insns[i];
		int err = 0;

		if (ebpf_is_ld_imm64(in)) {
			err = bind_insn(s, in);
			i++;
		} else if (ebpf_is_call(in) && in->src_reg == EBPF_CALL_KFUNC) {
			err = bind_kfunc(s, in);
		}
		if (err)
			return err;
	}
	return 0;
}

/* func_info is passed only if all functions are known. */
static uint32_t describe_funcs(struct session *s)
{
	const struct fe_prog *prog = s->l->prog;

	if (s->btf_fd < 0)
		return 0;
	for (size_t i = 0; i < prog->n_subprogs; i++) {
		if (!prog->subprogs[i].btf_func_id)
			return 0;
		s->funcs[i] = (struct bpf_func_info){ prog->subprogs[i].start,
						      prog->subprogs[i].btf_func_id };
	}
	return (uint32_t)prog->n_subprogs;
}

static int load(struct session *s)
{
	const struct fe_prog *prog = s->l->prog;
	uint32_t n_funcs = describe_funcs(s);
	struct bpf_prog_load_opts opts = {
		.sz = sizeof(opts),
		.expected_attach_type = (enum bpf_attach_type)prog->attach_type,
		.prog_flags = prog->frags ? BPF_F_XDP_HAS_FRAGS : 0,
		.prog_btf_fd = n_funcs ? (uint32_t)s->btf_fd : 0,
		.func_info = n_funcs ? s->funcs : NULL,
		.func_info_cnt = n_funcs,
		.func_info_rec_size = n_funcs ? sizeof(*s->funcs) : 0,
		.log_level = s->l->log_level,
		.log_buf = s->l->log,
		.log_size = s->l->log_size,
	};

	return bpf_prog_load((enum bpf_prog_type)prog->type, NULL, s->l->obj->license, s->insns,
			     prog->n_insns, &opts);
}

/* ---- one program --------------------------------------------------------------------------------- */

static int load_btf(const struct btf *btf)
{
	const void *data;
	uint32_t size;

	data = btf ? btf__raw_data(btf, &size) : NULL;
	return data ? bpf_btf_load(data, size, NULL) : -1;
}

int fe_kernel_load_insns(struct fe_kernel_load *l)
{
	struct session s = { .l = l, .btf_fd = load_btf(l->obj->btf) };
	size_t n_maps = l->obj->n_maps;
	int err = -ENOMEM;

	l->missing = NULL;
	s.fds = malloc((n_maps + 1) * sizeof(*s.fds));
	s.insns = malloc((l->prog->n_insns + 1) * sizeof(*s.insns));
	s.funcs = calloc(l->prog->n_subprogs + 1, sizeof(*s.funcs));
	for (size_t i = 0; s.fds && i < n_maps; i++)
		s.fds[i] = l->share ? l->map_fds[i] : l->lent ? l->lent[i] : -1;
	if (s.fds && s.insns && s.funcs) {
		memcpy(s.insns, l->prog->insns, l->prog->n_insns * sizeof(*s.insns));
		err = bind_insns(&s);
		if (!err)
			err = load(&s);
	}
	if (err >= 0 && l->map_fds) {
		l->prog_fd = err;
		memcpy(l->map_fds, s.fds, n_maps * sizeof(*s.fds));
	} else {
		for (size_t i = 0; s.fds && i < n_maps; i++) {
			if ((!l->share || s.fds[i] != l->map_fds[i]) &&
			    (!l->lent || s.fds[i] != l->lent[i]))
				close_fd(s.fds[i]);
		}
		close_fd(err);
	}
	close_fd(s.btf_fd);
	btf__free(s.kernel);
	free(s.fds);
	free(s.insns);
	free(s.funcs);
	return err < 0 ? err : 0;
}

int fe_kernel_make_map(const struct fe_object *obj, size_t map)
{
	struct fe_kernel_load l = { .obj = obj };
	struct session s = { .l = &l, .btf_fd = load_btf(obj->btf) };
	int err = -ENOMEM, fd = -1;

	s.fds = malloc((obj->n_maps + 1) * sizeof(*s.fds));
	if (s.fds) {
		s.fds[map] = -1;
		err = make_map(&s, map);
		fd = s.fds[map];
	}
	if (err)
		close_fd(fd);
	close_fd(s.btf_fd);
	free(s.fds);
	return err ? err : fd;
}
