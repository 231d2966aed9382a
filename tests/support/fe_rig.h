/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_FE_RIG_H
#define TESTS_FE_RIG_H

#include "frontend/vprog.h"
#include "tests/random/asm.h"

#include <string.h>

/* Programs written by hand, for the tests of the verifier: instructions and a fixed set of maps. */

enum rig_map { RIG_ARRAY, RIG_HASH, RIG_RODATA, RIG_PROGS, RIG_RINGBUF, RIG_DEVMAP, RIG_MAPS };

struct rig {
	struct arena arena, scratch;
	struct diags diags;
	struct cx cx;
	struct fe_map maps[RIG_MAPS];
	struct fe_subprog subprogs[16];
	struct fe_object obj;
	struct fe_prog prog;
	struct vprog vp;
};

static const uint8_t rig_rodata[16] = { 5, 0, 0, 0, 'a', 'b', 0, 0xff };

/* Functions start where calls and function addresses lead. */
static inline void rig_find_subprogs(struct rig *r)
{
	bool start[ASM_MAX_INSNS] = { true };
	const struct bpf_insn *in = r->prog.insns;
	uint32_t n = (uint32_t)r->prog.n_insns, count = 0;

	for (uint32_t i = 0; i < n; i++) {
		int64_t to = (int64_t)i + 1 + in[i].imm;
		bool calls = (ebpf_is_call(&in[i]) && in[i].src_reg == EBPF_CALL_SUBPROG) ||
			     (ebpf_is_ld_imm64(&in[i]) && in[i].src_reg == EBPF_IMM_FUNC);

		if (calls && to > 0 && to < n)
			start[to] = true;
	}
	for (uint32_t i = 0; i < n && count < 16; i++) {
		if (!start[i])
			continue;
		if (count)
			r->subprogs[count - 1].end = i;
		r->subprogs[count++] = (struct fe_subprog){ .start = i, .end = n, .name = "f" };
	}
	r->prog.subprogs = r->subprogs;
	r->prog.n_subprogs = count;
}

static inline void rig_init(struct rig *r, uint32_t type, const struct bpf_insn *insns, size_t n)
{
	memset(r, 0, sizeof(*r));
	arena_init(&r->arena);
	arena_init(&r->scratch);
	diags_init(&r->diags, &r->arena);
	r->cx = (struct cx){ &r->arena, &r->scratch, &r->diags };
#define MAP(type_, key, value, entries)                                                            \
	(struct fe_map){ .name = "m",                                                              \
			 .type = BPF_MAP_TYPE_##type_,                                             \
			 .key_size = (key),                                                        \
			 .value_size = (value),                                                    \
			 .max_entries = (entries),                                                 \
			 .inner = -1 }
	r->maps[RIG_ARRAY] = MAP(ARRAY, 4, 64, 8);
	r->maps[RIG_HASH] = MAP(HASH, 8, 16, 100);
	r->maps[RIG_RODATA] = MAP(ARRAY, 4, 16, 1);
	r->maps[RIG_RODATA].kind = FE_MAP_RODATA;
	r->maps[RIG_RODATA].init = rig_rodata;
	r->maps[RIG_PROGS] = MAP(PROG_ARRAY, 4, 4, 4);
	r->maps[RIG_RINGBUF] = MAP(RINGBUF, 0, 0, 4096);
	r->maps[RIG_DEVMAP] = MAP(DEVMAP, 4, 4, 4);
#undef MAP
	r->obj = (struct fe_object){
		.path = "test", .license = "GPL", .maps = r->maps, .n_maps = RIG_MAPS
	};
	r->prog = (struct fe_prog){
		.name = "test", .section = "test", .type = type, .insns = insns, .n_insns = n
	};
	rig_find_subprogs(r);
}

static inline bool rig_verify(struct rig *r, const struct fe_verify_options *opts)
{
	return fe_verify(&r->cx, &r->obj, &r->prog, opts, &r->vp);
}

/* Reason of the first error; REASON_NONE without one. */
static inline enum reason rig_reason(const struct rig *r)
{
	for (size_t i = 0; i < r->diags.list.len; i++) {
		if (r->diags.list.at[i].severity == DIAG_ERROR)
			return r->diags.list.at[i].reason;
	}
	return REASON_NONE;
}

static inline void rig_free(struct rig *r)
{
	arena_reset(&r->arena);
	arena_reset(&r->scratch);
}

#endif
