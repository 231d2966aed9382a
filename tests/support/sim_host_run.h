/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_SUPPORT_SIM_HOST_RUN_H
#define TESTS_SUPPORT_SIM_HOST_RUN_H

#include "sim/host.h"

#include <linux/if_ether.h>
#include <string.h>

/* A program given as instructions, on the host simulator, for the sim_* tests. */

/* Initialisers of struct bpf_insn; LD64 and LD_MAP* are two of them. */
#define I(code_, dst, src, off_, imm_)                                                             \
	{                                                                                          \
		.code = (code_), .dst_reg = (dst)&0xfu, .src_reg = (src)&0xfu, .off = (off_),      \
		.imm = (imm_)                                                                      \
	}
#define MOV64(d, s)             I(BPF_ALU64 | BPF_MOV | BPF_X, d, s, 0, 0)
#define MOV64I(d, v)            I(BPF_ALU64 | BPF_MOV | BPF_K, d, 0, 0, v)
#define MOV32I(d, v)            I(BPF_ALU | BPF_MOV | BPF_K, d, 0, 0, v)
#define ALU64(op, d, s)         I(BPF_ALU64 | (op) | BPF_X, d, s, 0, 0)
#define ALU64I(op, d, v)        I(BPF_ALU64 | (op) | BPF_K, d, 0, 0, v)
#define ALU32(op, d, s)         I(BPF_ALU | (op) | BPF_X, d, s, 0, 0)
#define ALU32I(op, d, v)        I(BPF_ALU | (op) | BPF_K, d, 0, 0, v)
#define LDX(sz, d, s, o)        I(BPF_LDX | BPF_MEM | (sz), d, s, o, 0)
#define STX(sz, d, o, s)        I(BPF_STX | BPF_MEM | (sz), d, s, o, 0)
#define ST(sz, d, o, v)         I(BPF_ST | BPF_MEM | (sz), d, 0, o, v)
#define ATOMIC(sz, op, d, o, s) I(BPF_STX | BPF_ATOMIC | (sz), d, s, o, op)
#define JMP(op, d, s, o)        I(BPF_JMP | (op) | BPF_X, d, s, o, 0)
#define JMPI(op, d, v, o)       I(BPF_JMP | (op) | BPF_K, d, 0, o, v)
#define JA(o)                   I(BPF_JMP | BPF_JA, 0, 0, o, 0)
#define CALL(id)                I(BPF_JMP | BPF_CALL, 0, 0, 0, id)
#define CALL_SUB(o)             I(BPF_JMP | BPF_CALL, 0, EBPF_CALL_SUBPROG, 0, o)
#define EXIT()                  I(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)
#define LD64(d, v)                                                                                 \
	I(BPF_LD | BPF_IMM | BPF_DW, d, 0, 0, (int32_t)(uint32_t)(v)),                             \
		I(0, 0, 0, 0, (int32_t)(uint32_t)((uint64_t)(v) >> 32))
#define LD_MAP(d, idx) I(BPF_LD | BPF_IMM | BPF_DW, d, EBPF_IMM_MAP_IDX, 0, idx), I(0, 0, 0, 0, 0)
#define LD_MAP_VALUE(d, idx, off)                                                                  \
	I(BPF_LD | BPF_IMM | BPF_DW, d, EBPF_IMM_MAP_IDX_VALUE, 0, idx), I(0, 0, 0, 0, off)

struct host_fixture {
	struct arena arena, scratch;
	struct diags diags;
	struct cx cx;
	struct fe_object obj;
	struct fe_prog prog;
	struct fe_subprog subprogs[4];
	struct sim_maps *maps;
	struct sim_host *host;
};

static inline void fixture_open(struct host_fixture *f, uint32_t type)
{
	memset(f, 0, sizeof(*f));
	arena_init(&f->arena);
	arena_init(&f->scratch);
	diags_init(&f->diags, &f->arena);
	f->cx = (struct cx){ &f->arena, &f->scratch, &f->diags };
	f->obj = (struct fe_object){ .path = "test.o", .license = "GPL" };
	f->prog = (struct fe_prog){ .name = "test", .section = "xdp", .type = type };
}

static inline void fixture_set_maps(struct host_fixture *f, const struct fe_map *maps, size_t n)
{
	struct sim_map_spec specs[8] = { 0 };

	f->obj.maps = maps;
	f->obj.n_maps = n;
	for (size_t i = 0; i < n; i++)
		specs[i] = (struct sim_map_spec){ maps[i].name,        maps[i].type,
						  maps[i].key_size,    maps[i].value_size,
						  maps[i].max_entries, maps[i].flags,
						  maps[i].init };
	f->maps = sim_maps_new(specs, n, &(const char *){ NULL });
}

/* `subprog_at`: start of a second function, 0: none. False: refused (see f->diags). */
static inline bool fixture_load_with(struct host_fixture *f, const struct bpf_insn *insns, size_t n,
				     uint32_t subprog_at, const struct sim_host_options *opts)
{
	uint32_t end = (uint32_t)n;

	f->prog.insns = insns;
	f->prog.n_insns = n;
	f->subprogs[0] = (struct fe_subprog){ .start = 0, .end = subprog_at ? subprog_at : end };
	f->subprogs[1] = (struct fe_subprog){ .start = subprog_at, .end = end };
	f->prog.subprogs = f->subprogs;
	f->prog.n_subprogs = subprog_at ? 2 : 1;
	if (!f->maps)
		fixture_set_maps(f, NULL, 0);
	f->host = sim_host_new(&f->cx, &f->obj, &f->prog, f->maps, opts);
	return f->host;
}

static inline bool fixture_load(struct host_fixture *f, const struct bpf_insn *insns, size_t n,
				uint32_t subprog_at)
{
	return fixture_load_with(f, insns, n, subprog_at, &(struct sim_host_options){ 0 });
}

static inline bool fixture_load_limited(struct host_fixture *f, const struct bpf_insn *insns,
					size_t n, const struct sim_adjust_rule *rule)
{
	return fixture_load_with(f, insns, n, 0, &(struct sim_host_options){ .adjust = *rule });
}

static inline struct sim_host_run fixture_run(struct host_fixture *f, const void *data,
					      uint32_t len)
{
	static const uint8_t blank[64];
	struct sim_host_run run;

	sim_host_run_one(f->host,
			 &(struct sim_host_packet){ .data = data ? data : blank,
						    .len = data ? len : sizeof(blank),
						    .random_seed = 1,
						    .clock_ns = 1000 },
			 &run);
	return run;
}

static inline void fixture_close(struct host_fixture *f)
{
	sim_host_free(f->host);
	sim_maps_free(f->maps);
	arena_reset(&f->arena);
	arena_reset(&f->scratch);
}

#endif
