/* SPDX-License-Identifier: BSD-2-Clause */
/* Finds what a JIT image depends on. The x86-64 JIT writes the constants of the rewritten program (xlated)
 * in the program's order, so walking both side by side tells which eight bytes are a map's address, without
 * decoding machine code. Calls are known from the program, too; only thunks have to be looked for. */
#include "sim/capture.h"

#include "base/bits.h"

#define PERCPU_MOV_OFF (-1) /* BPF_ADDR_PERCPU: a move that adds this CPU's offset */

/* mov r64, imm64 as the JIT writes it: REX.W, B8 + register. */
static void mov_opcode(unsigned bpf_reg, uint8_t op[2])
{
	/* x86 numbers of R0..R10 and AX in the kernel's JIT */
	static const uint8_t number[] = { 0, 7, 6, 2, 1, 8, 3, 13, 14, 15, 5, 10, 0, 0, 0, 0 };
	uint8_t n = number[bpf_reg];

	op[0] = n >= 8 ? 0x49 : 0x48;
	op[1] = (uint8_t)(0xb8 | (n & 7));
}

static bool fits_short(uint64_t v) /* written as mov r32, imm32 or sign-extended */
{
	return v == (uint32_t)v || v == (uint64_t)(int64_t)(int32_t)v;
}

static bool is_kernel_memory(uint64_t v)
{
	return v >> 47 == 0x1ffff && !fits_short(v);
}

struct place {
	uint32_t func, off;
};

/* The next such move from *at on, whose constant is `want` or, when that is 0, an address of kernel memory. */
static bool find_mov(const struct sim_capture *c, struct place *at, unsigned bpf_reg, uint64_t want,
		     uint64_t *got)
{
	uint8_t op[2];

	mov_opcode(bpf_reg, op);
	for (; at->func < c->n_funcs; at->func++, at->off = 0) {
		const struct sim_captured_func *f = &c->funcs[at->func];

		for (; at->off + 10 <= f->len; at->off++) {
			const uint8_t *p = f->code + at->off;

			*got = load_le64(p + 2);
			if (p[0] != op[0] || p[1] != op[1])
				continue;
			if (want ? *got == want : is_kernel_memory(*got)) {
				at->off += 2;
				return true;
			}
		}
	}
	return false;
}

static bool map_of_id(const struct sim_capture *c, uint32_t id, uint32_t *map)
{
	for (size_t i = 0; i < c->obj->n_maps; i++) {
		if (id && c->map_ids[i] == id) {
			*map = (uint32_t)i;
			return true;
		}
	}
	return false;
}

static const char *take_imm64(struct sim_capture *c, const struct bpf_insn *i, struct place *at)
{
	uint64_t v = (uint32_t)i[0].imm | (uint64_t)(uint32_t)i[1].imm << 32;
	struct sim_captured_reloc r = { .value = i->src_reg == BPF_PSEUDO_MAP_VALUE };

	switch (i->src_reg) {
	case 0:
		if (!fits_short(v) && !find_mov(c, at, i->dst_reg, v, &v))
			return "its 64-bit constants are not at the expected places";
		return NULL;
	case BPF_PSEUDO_FUNC: return NULL; /* of the image itself, which stays where it was */
	case BPF_PSEUDO_MAP_FD:
	case BPF_PSEUDO_MAP_VALUE: break;
	default: return "it uses a variable of the kernel";
	}
	if (!map_of_id(c, (uint32_t)i->imm, &r.map))
		return "it uses a map that is not in the object";
	if (!find_mov(c, at, i->dst_reg, 0, &v))
		return "the addresses of its maps are not at the expected places";
	r.func = at->func;
	r.off = at->off;
	r.addend = r.value ? (uint32_t)i[1].imm : 0;
	at->off += 8;
	*vec_push(&c->relocs, c->cx->arena) = r;
	return NULL;
}

/* The same map has one address. */
static bool addresses_agree(const struct sim_capture *c)
{
	for (size_t i = 0; i < c->relocs.len; i++) {
		const struct sim_captured_reloc *a = &c->relocs.at[i];

		for (size_t k = i + 1; k < c->relocs.len; k++) {
			const struct sim_captured_reloc *b = &c->relocs.at[k];
			uint64_t va = load_le64(c->funcs[a->func].code + a->off);
			uint64_t vb = load_le64(c->funcs[b->func].code + b->off);

			if (a->map == b->map && a->value == b->value &&
			    va - a->addend != vb - b->addend)
				return false;
		}
	}
	return true;
}

static void add_percpu(struct sim_capture *c, uint64_t addr, const char *name)
{
	for (size_t i = 0; i < c->percpu.len; i++) {
		if (c->percpu.at[i].addr == addr)
			return;
	}
	*vec_push(&c->percpu, c->cx->arena) = (struct sim_captured_symbol){ addr, name };
}

/* An inlined bpf_get_smp_processor_id(): address of the variable, this CPU's offset added, a load. */
static void look_for_cpu_number(struct sim_capture *c, size_t at)
{
	const struct bpf_insn *i = &c->xlated[at];

	if (at + 2 < c->n_xlated && i[0].code == (BPF_ALU64 | BPF_MOV | BPF_K) &&
	    i[1].code == (BPF_ALU64 | BPF_MOV | BPF_X) && i[1].off == PERCPU_MOV_OFF &&
	    i[1].src_reg == i[0].dst_reg)
		add_percpu(c, (uint64_t)(int64_t)i[0].imm, "cpu_number");
	if (at + 2 < c->n_xlated && i[0].code == (BPF_ALU | BPF_MOV | BPF_K) &&
	    i[1].code == (BPF_ALU64 | BPF_MOV | BPF_X) && i[1].off == PERCPU_MOV_OFF &&
	    i[1].src_reg == i[0].dst_reg)
		add_percpu(c, (uint32_t)i[0].imm, "cpu_number");
}

static const char *walk_program(struct sim_capture *c)
{
	struct place at = { 0, 0 };

	for (size_t n = 0; n < c->n_xlated; n++) {
		const struct bpf_insn *i = &c->xlated[n];
		const char *why;

		look_for_cpu_number(c, n);
		if (ebpf_is_ld_imm64(i) && n + 1 < c->n_xlated) {
			why = take_imm64(c, i, &at);
			if (why)
				return why;
			n++;
		} else if (ebpf_is_call(i) && i->src_reg == EBPF_CALL_KFUNC) {
			return "it calls a kernel function (kfunc)";
		} else if (ebpf_is_call(i) && i->src_reg == EBPF_CALL_HELPER &&
			   i->imm != BPF_FUNC_tail_call) { /* that one is written out */
			*vec_push(&c->calls, c->cx->arena) =
				c->call_base + (uint64_t)(int64_t)i->imm;
		}
	}
	return addresses_agree(c) ? NULL
				  : "the addresses of its maps are not at the expected places";
}

static bool inside(const struct sim_capture *c, uint64_t addr)
{
	for (size_t i = 0; i < c->n_funcs; i++) {
		if (addr >= c->funcs[i].addr && addr - c->funcs[i].addr < c->funcs[i].len)
			return true;
	}
	return false;
}

/* jmp and call with a 32-bit displacement, conditional ones too, and whatever else looks like that. */
static void look_for_thunks(struct sim_capture *c, const struct sim_captured_func *f)
{
	for (uint32_t off = 0; off + 5 <= f->len; off++) {
		const uint8_t *p = f->code + off;
		uint64_t target = f->addr + off + 5 + (uint64_t)(int64_t)(int32_t)load_le32(p + 1);

		if ((p[0] == 0xe8 || p[0] == 0xe9 || (p[0] & 0xf0) == 0x80) && !inside(c, target))
			*vec_push(&c->thunks, c->cx->arena) = target;
	}
}

/* add reg, gs:[disp32]: the variable that holds this CPU's offset. */
static void look_for_this_cpu_off(struct sim_capture *c, const struct sim_captured_func *f)
{
	for (uint32_t off = 0; off + 9 <= f->len; off++) {
		const uint8_t *p = f->code + off;

		if (p[0] == 0x65 && (p[1] & 0xfb) == 0x48 && p[2] == 0x03 &&
		    (p[3] & 0xc7) == 0x04 && p[4] == 0x25)
			add_percpu(c, (uint64_t)(int64_t)(int32_t)load_le32(p + 5), "this_cpu_off");
	}
}

const char *sim_capture_code(struct sim_capture *c)
{
	const char *why = walk_program(c);

	for (size_t i = 0; i < c->n_funcs; i++) {
		look_for_thunks(c, &c->funcs[i]);
		look_for_this_cpu_off(c, &c->funcs[i]);
	}
	return why;
}
