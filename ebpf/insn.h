/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef EBPF_INSN_H
#define EBPF_INSN_H

#include <linux/bpf.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Facts of the eBPF instruction set (RFC 9669, ISA v1 to v4) that frontend, partitioner, backend
 * and simulator share. `struct bpf_insn` itself comes from <linux/bpf.h>; names that the 6.1 header
 * lacks are defined here. */

#define EBPF_MEMSX    0x80 /* sign-extending load (mode) */
#define EBPF_MAY_GOTO 0xe5 /* JMP|JCOND: falls through, or jumps when its loop ran too long */

/* imm of STX|ATOMIC, any size: loads src_reg's memory into dst_reg, stores src_reg to dst_reg's memory; in
 * order with other processors (6.15). */
#define EBPF_LOAD_ACQ  0x100
#define EBPF_STORE_REL 0x110

/* Values of src_reg in a LD_IMM64's first half after frontend relocation. */
enum ebpf_pseudo_imm {
	EBPF_IMM_VALUE = 0,         /* a plain 64-bit constant */
	EBPF_IMM_MAP_FD = 1,        /* never after relocation */
	EBPF_IMM_MAP_VALUE_FD = 2,  /* never after relocation */
	EBPF_IMM_BTF_ID = 3,        /* ksym: address of a kernel variable */
	EBPF_IMM_FUNC = 4,          /* imm: offset to the subprogram, for callbacks */
	EBPF_IMM_MAP_IDX = 5,       /* imm: index into fe_object.maps */
	EBPF_IMM_MAP_IDX_VALUE = 6, /* imm: map index; next imm: byte offset in element 0 */
};

/* Values of src_reg in a CALL. */
enum ebpf_call_kind { EBPF_CALL_HELPER = 0, EBPF_CALL_SUBPROG = 1, EBPF_CALL_KFUNC = 2 };

#define EBPF_MAX_STACK  512 /* bytes a frame */
#define EBPF_MAX_FRAMES 8

static inline uint8_t ebpf_class(const struct bpf_insn *i)
{
	return i->code & 0x07;
}

static inline uint8_t ebpf_op(const struct bpf_insn *i) /* ALU and JMP classes */
{
	return i->code & 0xf0;
}

static inline bool ebpf_src_is_reg(const struct bpf_insn *i) /* ALU and JMP classes */
{
	return i->code & BPF_X;
}

static inline uint8_t ebpf_mode(const struct bpf_insn *i) /* LD, LDX, ST, STX */
{
	return i->code & 0xe0;
}

static inline unsigned ebpf_size_bytes(const struct bpf_insn *i) /* LD, LDX, ST, STX */
{
	switch (i->code & 0x18) {
	case BPF_B: return 1;
	case BPF_H: return 2;
	case BPF_W: return 4;
	default: return 8;
	}
}

static inline bool ebpf_is_load_acquire(const struct bpf_insn *i)
{
	return ebpf_class(i) == BPF_STX && ebpf_mode(i) == BPF_ATOMIC && i->imm == EBPF_LOAD_ACQ;
}

/* A load into dst_reg from where src_reg points. */
static inline bool ebpf_is_load(const struct bpf_insn *i)
{
	return ebpf_class(i) == BPF_LDX || ebpf_is_load_acquire(i);
}

static inline bool ebpf_is_ld_imm64(const struct bpf_insn *i)
{
	return i->code == (BPF_LD | BPF_IMM | BPF_DW);
}

/* LD_ABS, LD_IND. */
static inline bool ebpf_is_packet_load(const struct bpf_insn *i)
{
	return ebpf_class(i) == BPF_LD && (ebpf_mode(i) == BPF_ABS || ebpf_mode(i) == BPF_IND);
}

static inline bool ebpf_is_alu(const struct bpf_insn *i)
{
	return ebpf_class(i) == BPF_ALU || ebpf_class(i) == BPF_ALU64;
}

static inline bool ebpf_is_jump_class(const struct bpf_insn *i)
{
	return ebpf_class(i) == BPF_JMP || ebpf_class(i) == BPF_JMP32;
}

static inline bool ebpf_is_call(const struct bpf_insn *i)
{
	return i->code == (BPF_JMP | BPF_CALL);
}

static inline bool ebpf_is_exit(const struct bpf_insn *i)
{
	return i->code == (BPF_JMP | BPF_EXIT);
}

/* JA in either form (JMP32|JA has its offset in imm: ISA v4). */
static inline bool ebpf_is_ja(const struct bpf_insn *i)
{
	return i->code == (BPF_JMP | BPF_JA) || i->code == (BPF_JMP32 | BPF_JA);
}

static inline bool ebpf_is_cond_jump(const struct bpf_insn *i)
{
	return ebpf_is_jump_class(i) && !ebpf_is_call(i) && !ebpf_is_exit(i) && !ebpf_is_ja(i);
}

/* Index that a jump (JA or conditional) at `pc` goes to when taken. */
static inline int64_t ebpf_jump_target(const struct bpf_insn *i, int64_t pc)
{
	return pc + 1 + (i->code == (BPF_JMP32 | BPF_JA) ? i->imm : i->off);
}

/* One instruction as text in the kernel verifier's and bpftool's syntax: "r1 = *(u32 *)(r2 +4)",
 * "if r1 > 0x2a goto pc+3". A LD_IMM64 prints its 64-bit value from both halves (`next` is the
 * following slot, or NULL). Any bytes give some text. */
void ebpf_disasm(const struct bpf_insn *i, const struct bpf_insn *next, char *buf, size_t size);

/* True when opcode and unused fields are legal (RFC 9669); `why` names the offending field. Does
 * not look at jump targets or register state. */
bool ebpf_insn_legal(const struct bpf_insn *i, const struct bpf_insn *next, const char **why);

/* Name of a helper ("map_lookup_elem"), "helper#N" for unknown ids (static text, no N then: "?"). */
const char *ebpf_helper_name(uint32_t id);
/* "array", "hash", …; "?" for unknown types. */
const char *ebpf_map_type_name(uint32_t type);

#endif
