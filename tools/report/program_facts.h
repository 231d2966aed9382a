/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TOOLS_REPORT_PROGRAM_FACTS_H
#define TOOLS_REPORT_PROGRAM_FACTS_H

#include "offload/inspect.h"

/* Facts of a compiled program, collected once. The writers in this folder (text, JSON,
 * graph, HTML) print them and decide nothing.
 *
 *   program_facts.c   source lines, instructions, the microcode's words
 *   graph.c   basic blocks, edges, frequencies
 *   why.c     why an instruction is on the host although the device could execute it
 *   advice.c  the gain without each refusal: the program is placed again without it
 *   cycles.c  estimated cost of the microcode per packet */

#define REP_NONE UINT32_MAX

struct rep_line {
	const char *file, *text;
	uint32_t line;
	enum part_place place; /* of its instructions together; DEAD: no path reaches one */
};

struct rep_insn { /* the second slot of a LD_IMM64 belongs to the first */
	uint32_t pc;
	const char *text;
	const char *note; /* note: name of a map, target of a jump; NULL: none */
	enum part_place place;
	uint32_t line;              /* index of lines; REP_NONE: unknown */
	uint32_t block;             /* index of blocks; REP_NONE: dead */
	uint32_t words;             /* of the microcode that came of it */
	uint32_t reason, n_reasons; /* rows of split.reasons: refusals of the device */
	const char *why;            /* on the host without reasons: the cause */
};

struct rep_block {
	uint32_t first, end; /* instructions [first, end) of insns */
	uint32_t subprog;    /* index in the program */
	enum part_place place;
	double freq; /* times per packet, estimated or measured */
};

struct rep_edge {
	uint32_t from, to; /* blocks */
	double freq;
	uint8_t cut; /* id of the cut that it crosses; 0: none */
	bool call;   /* of a subprogram: its end comes back */
};

/* Refusals that are one matter: same reason, same text. */
struct rep_advice {
	enum reason reason;
	const char *text;
	uint32_t refused;       /* instructions */
	bool tried;             /* the rest is known */
	int32_t gain;           /* additional instructions on the device without it */
	double going_up;        /* packets that would still go to a host half, of all */
	double device_share;    /* share of executed instructions on the device */
	enum part_placement to; /* placement without it */
};

/* A word of microcode and the instruction of the program that it came of; REP_NONE: the compiler's own. */
struct rep_word {
	uint64_t word;
	const char *text;
	uint32_t insn; /* index of insns */
	int32_t at; /* instruction of what was compiled: the program, or its device half; -1: none */
};

struct rep_facts {
	struct bpf_offload_program *p;
	/* The placed program: the program as written, or an inlined form of it (split.inlined) */
	const struct vprog *vp;
	const struct fe_prog *prog;
	const struct rep_line *lines; /* sorted by file and line */
	uint32_t n_lines;
	struct rep_insn *insns;
	uint32_t n_insns;
	VEC(struct rep_block) blocks;
	VEC(struct rep_edge) edges;
	VEC(struct rep_advice) advice;
	struct rep_advice all; /* without any of the refusals in `advice` */
	struct rep_word *words;
	uint32_t n_words, words_added;     /* the latter: the compiler's own */
	uint32_t on_device, on_host, dead; /* instructions; those on both sides count twice */
	uint64_t measured; /* packets of the profile that frequencies come from; 0: guessed */
	double going_up;   /* share of packets that continue on the host half */
	double words_run, cycles; /* a packet, as estimated; 0: no microcode */
};

/* Of a program that bpf_offload_program__compile() took. All in the object's arena. */
struct rep_facts *rep_gather(struct bpf_offload_program *p);
/* Fills in `advice` and `all`: the program is placed again for each refusal, so this is apart. */
void rep_advise(struct rep_facts *f);

uint32_t rep_insn_at(const struct rep_facts *f,
		     uint32_t pc);                 /* index of insns; REP_NONE: none there */
const char *rep_place_name(enum part_place place); /* "device", "host", "both", "dead" */
/* "a.bpf.c:12"; "" when unknown. In the object's scratch arena. */
const char *rep_where(const struct rep_facts *f, uint32_t pc);
/* "95 %", "1.9 %", "0.04 %": as many digits as a guess may have. In the scratch arena. */
const char *rep_percent(const struct rep_facts *f, double share);
/* tc: the cut that frames with a VLAN tag take; no edge leads there. */
bool rep_is_tagged(const struct rep_facts *f, const struct part_cut_point *c);
/* "set_counter": the subprogram's name, or one made of its number. */
const char *rep_subprog_name(const struct rep_facts *f, uint32_t subprog);
/* One sentence: the gain without the refusal; NULL: unknown. In the scratch arena. */
const char *rep_advice_gain(const struct rep_facts *f, const struct rep_advice *a);

/* packet_reads.c: instructions that read the packet before the first refused instruction. */
uint32_t rep_packet_reads(const struct rep_facts *f);

/* graph.c, why.c, cycles.c: steps of rep_gather(). */
void rep_graph(struct rep_facts *f);
void rep_why(struct rep_facts *f);
void rep_cycles(struct rep_facts *f);

#endif
