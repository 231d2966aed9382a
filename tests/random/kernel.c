#include "kernel.h"

#include "asm.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LOG_BYTES (1u << 20)
#define MAX_MAPS  16u

static int bpf(int cmd, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

static uint64_t address(const void *p)
{
	return (uint64_t)(uintptr_t)p;
}

static int create_map(const struct fe_map *m)
{
	union bpf_attr attr = { .map_type = m->type,
				.key_size = m->key_size,
				.value_size = m->value_size,
				.max_entries = m->max_entries,
				.map_flags = m->flags };

	return bpf(BPF_MAP_CREATE, &attr);
}

static int load(uint32_t type, const struct bpf_insn *insns, uint32_t n, char *log)
{
	union bpf_attr attr = { .prog_type = type,
				.insns = address(insns),
				.insn_cnt = n,
				.license = address("GPL"),
				.log_buf = address(log),
				.log_size = log ? LOG_BYTES : 0,
				.log_level = log ? 1 : 0 };

	return bpf(BPF_PROG_LOAD, &attr);
}

bool kernel_available(void)
{
	const struct bpf_insn insns[] = { MOV64I(0, 2), EXIT() };
	int fd = load(BPF_PROG_TYPE_XDP, insns, 2, NULL);

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
	int fds[MAX_MAPS], fd;

	assert(c->n_maps <= MAX_MAPS && insns && text);
	memcpy(insns, c->insns, c->n_insns * sizeof(*insns));
	for (uint32_t i = 0; i < c->n_maps; i++)
		fds[i] = create_map(&c->maps[i]);
	bind_maps(insns, c->n_insns, fds);
	fd = load(c->type, insns, c->n_insns, NULL);
	if (fd < 0 && load(c->type, insns, c->n_insns, text) < 0 && !text[0])
		strcpy(text, strerror(errno));
	keep_end(text, log, log_size, lines);
	for (uint32_t i = 0; i < c->n_maps; i++)
		close(fds[i]);
	if (fd >= 0)
		close(fd);
	free(insns);
	free(text);
	return fd >= 0;
}
