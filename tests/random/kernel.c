/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel.h"

#include "asm.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LOG_BYTES (1u << 20)
#define MAX_MAPS  16u
#define MAX_FUNCS 16u

static int bpf(int cmd, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

static uint64_t address(const void *p)
{
	return (uint64_t)(uintptr_t)p;
}

static int load_btf(const struct harness_case *c)
{
	union bpf_attr attr = { .btf = address(c->btf), .btf_size = c->btf_bytes };

	return c->btf ? bpf(BPF_BTF_LOAD, &attr) : -1;
}

static int create_map(const struct fe_map *m, int btf)
{
	union bpf_attr attr = { .map_type = m->type,
				.key_size = m->key_size,
				.value_size = m->value_size,
				.max_entries = m->max_entries,
				.map_flags = m->flags };

	if (btf >= 0 && m->btf_value_id) {
		attr.btf_fd = (uint32_t)btf;
		attr.btf_key_type_id = m->btf_key_id;
		attr.btf_value_type_id = m->btf_value_id;
	}

	return bpf(BPF_MAP_CREATE, &attr);
}

struct load {
	uint32_t type;
	const struct bpf_insn *insns;
	uint32_t n;
	int btf; /* -1: none */
	const struct bpf_func_info *funcs;
	uint32_t n_funcs;
};

static int load(const struct load *l, char *log)
{
	union bpf_attr attr = { .prog_type = l->type,
				.insns = address(l->insns),
				.insn_cnt = l->n,
				.license = address("GPL"),
				.log_buf = address(log),
				.log_size = log ? LOG_BYTES : 0,
				.log_level = log ? 1 : 0 };

	if (l->btf >= 0) {
		attr.prog_btf_fd = (uint32_t)l->btf;
		attr.func_info_rec_size = sizeof(*l->funcs);
		attr.func_info = address(l->funcs);
		attr.func_info_cnt = l->n_funcs;
	}
	return bpf(BPF_PROG_LOAD, &attr);
}

/* A type for each function: all have the same. */
static uint32_t describe_functions(const struct harness_case *c, struct bpf_func_info *funcs)
{
	for (uint32_t i = 0; i <= c->n_subprogs; i++) {
		funcs[i].insn_off = i ? c->subprog_at[i - 1] : 0;
		funcs[i].type_id = c->func_type;
	}
	return c->n_subprogs + 1;
}

bool kernel_available(void)
{
	const struct bpf_insn insns[] = { MOV64I(0, 2), EXIT() };
	int fd = load(&(struct load){ BPF_PROG_TYPE_XDP, insns, 2, -1, NULL, 0 }, NULL);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* Map indices become descriptors. */
static void bind_maps(struct bpf_insn *insns, uint32_t n, const int *fds)
{
	for (uint32_t i = 0; i < n; i++) {
		if (!ebpf_is_ld_imm64(&insns[i]))
			continue;
		if (insns[i].src_reg == EBPF_IMM_MAP_IDX ||
		    insns[i].src_reg == EBPF_IMM_MAP_IDX_VALUE) {
			insns[i].src_reg = insns[i].src_reg == EBPF_IMM_MAP_IDX
						   ? BPF_PSEUDO_MAP_FD
						   : BPF_PSEUDO_MAP_VALUE;
			insns[i].imm = fds[insns[i].imm];
		}
		i++;
	}
}

/* The last lines of the verifier's log, which say what it did not like. */
static void keep_end(const char *from, char *to, size_t size, unsigned lines)
{
	size_t at = strlen(from);

	while (at && lines) {
		at--;
		lines -= at && from[at - 1] == '\n';
	}
	snprintf(to, size, "%s", from + at);
}

bool kernel_accepts(const struct harness_case *c, char *log, size_t log_size, unsigned lines)
{
	struct bpf_insn *insns = calloc(c->n_insns, sizeof(*insns));
	char *text = calloc(1, LOG_BYTES);
	struct bpf_func_info funcs[MAX_FUNCS];
	struct load l = { c->type, insns, c->n_insns, load_btf(c), funcs, 0 };
	int fds[MAX_MAPS], fd;

	assert(c->n_maps <= MAX_MAPS && c->n_subprogs < MAX_FUNCS && insns && text);
	memcpy(insns, c->insns, c->n_insns * sizeof(*insns));
	l.n_funcs = describe_functions(c, funcs);
	for (uint32_t i = 0; i < c->n_maps; i++)
		fds[i] = create_map(&c->maps[i], l.btf);
	bind_maps(insns, c->n_insns, fds);
	fd = load(&l, NULL);
	if (fd < 0 && load(&l, text) < 0 && !text[0])
		strcpy(text, strerror(errno));
	keep_end(text, log, log_size, lines);
	for (uint32_t i = 0; i < c->n_maps; i++)
		close(fds[i]);
	close(l.btf);
	if (fd >= 0)
		close(fd);
	free(insns);
	free(text);
	return fd >= 0;
}
