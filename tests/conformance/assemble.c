/* SPDX-License-Identifier: BSD-2-Clause */
#include "test_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The suite's assembly: "mnemonic operand, operand", labels, numbers. Of its own: not ebpf/asm.h, whose
 * encodings are then looked at from a second side. */

#define MAX_WORDS  6u
#define MAX_LABELS 64u
#define NAME_BYTES 32u

struct row {
	const char *name;
	uint8_t code;
};

static const struct row alu_rows[] = {
	{ "add", BPF_ADD },  { "sub", BPF_SUB },  { "mul", BPF_MUL }, { "div", BPF_DIV },
	{ "or", BPF_OR },    { "and", BPF_AND },  { "lsh", BPF_LSH }, { "rsh", BPF_RSH },
	{ "mod", BPF_MOD },  { "xor", BPF_XOR },  { "mov", BPF_MOV }, { "arsh", BPF_ARSH },
	{ "sdiv", BPF_DIV }, { "smod", BPF_MOD }, { "neg", BPF_NEG },
};

static const struct row jump_rows[] = {
	{ "jeq", BPF_JEQ },   { "jne", BPF_JNE },   { "jgt", BPF_JGT },   { "jge", BPF_JGE },
	{ "jlt", BPF_JLT },   { "jle", BPF_JLE },   { "jset", BPF_JSET }, { "jsgt", BPF_JSGT },
	{ "jsge", BPF_JSGE }, { "jslt", BPF_JSLT }, { "jsle", BPF_JSLE },
};

static const struct row memory_rows[] = {
	{ "ldxb", BPF_LDX | BPF_MEM | BPF_B },     { "ldxh", BPF_LDX | BPF_MEM | BPF_H },
	{ "ldxw", BPF_LDX | BPF_MEM | BPF_W },     { "ldxdw", BPF_LDX | BPF_MEM | BPF_DW },
	{ "ldxsb", BPF_LDX | EBPF_MEMSX | BPF_B }, { "ldxsh", BPF_LDX | EBPF_MEMSX | BPF_H },
	{ "ldxsw", BPF_LDX | EBPF_MEMSX | BPF_W }, { "stb", BPF_ST | BPF_MEM | BPF_B },
	{ "sth", BPF_ST | BPF_MEM | BPF_H },       { "stw", BPF_ST | BPF_MEM | BPF_W },
	{ "stdw", BPF_ST | BPF_MEM | BPF_DW },     { "stxb", BPF_STX | BPF_MEM | BPF_B },
	{ "stxh", BPF_STX | BPF_MEM | BPF_H },     { "stxw", BPF_STX | BPF_MEM | BPF_W },
	{ "stxdw", BPF_STX | BPF_MEM | BPF_DW },
};

static const struct row swap_rows[] = {
	{ "le", BPF_ALU | BPF_END | BPF_TO_LE },
	{ "be", BPF_ALU | BPF_END | BPF_TO_BE },
	{ "swap", BPF_ALU64 | BPF_END },
	{ "bswap", BPF_ALU64 | BPF_END },
};

/* Sign-extending moves name both widths: movsx<from><to>. */
static const struct {
	const char *name;
	uint8_t class;
	int16_t from;
} extend_rows[] = {
	{ "movsx832", BPF_ALU, 8 },     { "movsx1632", BPF_ALU, 16 },
	{ "movsx864", BPF_ALU64, 8 },   { "movsx1664", BPF_ALU64, 16 },
	{ "movsx3264", BPF_ALU64, 32 },
};

static const struct {
	const char *name;
	int32_t imm;
} atomic_rows[] = {
	{ "add", BPF_ADD }, { "or", BPF_OR },     { "and", BPF_AND },
	{ "xor", BPF_XOR }, { "xchg", BPF_XCHG }, { "cmpxchg", BPF_CMPXCHG },
};

struct assembler {
	struct bpf_insn *out;
	uint32_t n, max;
	struct label {
		char name[NAME_BYTES];
		uint32_t at;
	} label[MAX_LABELS], wanted[MAX_LABELS]; /* wanted: by the instruction at `at` */
	uint32_t n_labels, n_wanted;
	char *word[MAX_WORDS]; /* of the line */
	uint32_t n_words;
};

#define FIND(rows, text) find((rows), sizeof(rows) / sizeof((rows)[0]), (text))

static const struct row *find(const struct row *rows, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++) {
		if (!strcmp(rows[i].name, name))
			return &rows[i];
	}
	return NULL;
}

/* "add32" -> "add", 32 bits; "add" and "add64": 64 bits */
static bool cut_width(const char *word, char *name)
{
	size_t n = strlen(word);
	bool is32 = n > 2 && !strcmp(word + n - 2, "32"),
	     is64 = n > 2 && !strcmp(word + n - 2, "64");

	snprintf(name, NAME_BYTES, "%.*s", (int)(is32 || is64 ? n - 2 : n), word);
	return is32;
}

/* ---- operands ----------------------------------------------------------------------------------- */

static bool is_register(const char *word)
{
	return !strncmp(word, "%r", 2);
}

static bool parse_register(const char *word, uint8_t *reg)
{
	char *end;
	unsigned long v = is_register(word) ? strtoul(word + 2, &end, 10) : 16;

	*reg = (uint8_t)(v & 15);
	return v <= 10 && !*end;
}

/* "[%r1+8]" */
static bool parse_memory(char *word, uint8_t *reg, int16_t *off)
{
	size_t n = strlen(word), at = strcspn(word, "+-]");
	char name[NAME_BYTES];

	if (word[0] != '[' || n < 4 || word[n - 1] != ']' || at > 8)
		return false;
	snprintf(name, sizeof(name), "%.*s", (int)at - 1, word + 1);
	*off = word[at] == ']' ? 0 : (int16_t)strtol(word + at, NULL, 0);
	return parse_register(name, reg);
}

/* A number of 32 bits, signed or not. */
static bool parse_imm(const char *word, int32_t *imm)
{
	char *end;
	long long v = strtoll(word, &end, 0);

	*imm = (int32_t)(uint32_t)v;
	return end != word && !*end && v >= INT32_MIN && v <= UINT32_MAX;
}

/* Register or number behind the destination. */
static bool parse_source(const char *word, struct bpf_insn *i)
{
	uint8_t reg = 0;

	if (!is_register(word))
		return parse_imm(word, &i->imm);
	i->code |= BPF_X;
	if (!parse_register(word, &reg))
		return false;
	i->src_reg = reg & 0xfu;
	return true;
}

static bool parse_dst(const char *word, struct bpf_insn *i)
{
	uint8_t reg;

	if (!parse_register(word, &reg))
		return false;
	i->dst_reg = reg & 0xfu;
	return true;
}

/* "+3", or a label that is filled in at the end */
static bool parse_target(struct assembler *a, const char *word, int32_t *distance)
{
	struct label *w = &a->wanted[a->n_wanted];

	if (*word == '+' || *word == '-')
		return parse_imm(word, distance);
	if (a->n_wanted == MAX_LABELS)
		return false;
	snprintf(w->name, sizeof(w->name), "%s", word);
	w->at = a->n;
	a->n_wanted++;
	return true;
}

static bool put(struct assembler *a, struct bpf_insn i)
{
	if (a->n == a->max)
		return false;
	a->out[a->n++] = i;
	return true;
}

/* ---- instructions ------------------------------------------------------------------------------- */

static bool put_alu(struct assembler *a, const struct row *row, bool is32)
{
	struct bpf_insn i = { .code = (uint8_t)((is32 ? BPF_ALU : BPF_ALU64) | row->code),
			      .off = row->name[0] == 's' && strcmp(row->name, "sub") };
	uint32_t need = row->code == BPF_NEG ? 2 : 3;

	return a->n_words == need && parse_dst(a->word[1], &i) &&
	       (need == 2 || parse_source(a->word[2], &i)) && put(a, i);
}

static bool put_extend(struct assembler *a, size_t row)
{
	struct bpf_insn i = { .code = (uint8_t)(extend_rows[row].class | BPF_MOV),
			      .off = extend_rows[row].from };

	return a->n_words == 3 && parse_dst(a->word[1], &i) && parse_source(a->word[2], &i) &&
	       put(a, i);
}

static bool put_swap(struct assembler *a, const struct row *row, int32_t bits)
{
	struct bpf_insn i = { .code = row->code, .imm = bits };

	return a->n_words == 2 && parse_dst(a->word[1], &i) && put(a, i);
}

static bool put_memory(struct assembler *a, const struct row *row)
{
	struct bpf_insn i = { .code = row->code };
	bool load = BPF_CLASS(row->code) == BPF_LDX;
	uint8_t base, value = 0;

	if (a->n_words != 3 || !parse_memory(a->word[load ? 2 : 1], &base, &i.off))
		return false;
	if (BPF_CLASS(row->code) == BPF_ST ? !parse_imm(a->word[2], &i.imm)
					   : !parse_register(a->word[load ? 1 : 2], &value))
		return false;
	i.dst_reg = (load ? value : base) & 0xfu;
	i.src_reg = (load ? base : value) & 0xfu;
	return put(a, i);
}

static bool put_wide(struct assembler *a)
{
	struct bpf_insn i = { .code = BPF_LD | BPF_IMM | BPF_DW }, high = { 0 };
	uint64_t v;

	if (a->n_words != 3 || !parse_dst(a->word[1], &i))
		return false;
	v = strtoull(a->word[2], NULL, 0);
	i.imm = (int32_t)(uint32_t)v;
	high.imm = (int32_t)(uint32_t)(v >> 32);
	return put(a, i) && put(a, high);
}

/* lock [fetch] add [%r10-8], %r1 */
static bool put_atomic(struct assembler *a)
{
	bool fetch = a->n_words > 1 && !strcmp(a->word[1], "fetch"), is32;
	struct bpf_insn i = { 0 };
	uint32_t at = fetch ? 2 : 1;
	uint8_t base, value;
	char name[NAME_BYTES];

	if (a->n_words != at + 3 || !parse_memory(a->word[at + 1], &base, &i.off) ||
	    !parse_register(a->word[at + 2], &value))
		return false;
	is32 = cut_width(a->word[at], name);
	i.code = (uint8_t)(BPF_STX | BPF_ATOMIC | (is32 ? BPF_W : BPF_DW));
	i.dst_reg = base & 0xfu;
	i.src_reg = value & 0xfu;
	for (size_t k = 0; k < sizeof(atomic_rows) / sizeof(atomic_rows[0]); k++) {
		if (!strcmp(atomic_rows[k].name, name)) {
			i.imm = atomic_rows[k].imm | (fetch ? BPF_FETCH : 0);
			return put(a, i);
		}
	}
	return false;
}

static bool put_cond_jump(struct assembler *a, const struct row *row, bool is32)
{
	struct bpf_insn i = { .code = (uint8_t)((is32 ? BPF_JMP32 : BPF_JMP) | row->code) };
	int32_t distance = 0;

	if (a->n_words != 4 || !parse_dst(a->word[1], &i) || !parse_source(a->word[2], &i) ||
	    !parse_target(a, a->word[3], &distance))
		return false;
	i.off = (int16_t)distance;
	return put(a, i);
}

/* ja label; ja32 label: the distance is in imm */
static bool put_jump(struct assembler *a, bool is32)
{
	struct bpf_insn i = { .code = (uint8_t)((is32 ? BPF_JMP32 : BPF_JMP) | BPF_JA) };
	int32_t distance = 0;

	if (a->n_words != 2 || !parse_target(a, a->word[1], &distance))
		return false;
	i.off = is32 ? 0 : (int16_t)distance;
	i.imm = is32 ? distance : 0;
	return put(a, i);
}

/* call 5; call local label; call %r2 */
static bool put_call(struct assembler *a)
{
	struct bpf_insn i = { .code = BPF_JMP | BPF_CALL };

	if (a->n_words == 3 && !strcmp(a->word[1], "local")) {
		i.src_reg = EBPF_CALL_SUBPROG;
		return parse_target(a, a->word[2], &i.imm) && put(a, i);
	}
	if (a->n_words != 2)
		return false;
	if (!is_register(a->word[1]))
		return parse_imm(a->word[1], &i.imm) && put(a, i);
	i.code |= BPF_X;
	return parse_dst(a->word[1], &i) && put(a, i);
}

static bool put_instruction(struct assembler *a)
{
	const char *word = a->word[0];
	char name[NAME_BYTES];
	bool is32 = cut_width(word, name);
	const struct row *row;

	if (!strcmp(word, "exit"))
		return put(a, (struct bpf_insn){ .code = BPF_JMP | BPF_EXIT });
	if (!strcmp(word, "lddw"))
		return put_wide(a);
	if (!strcmp(word, "lock"))
		return put_atomic(a);
	if (!strcmp(word, "call"))
		return put_call(a);
	if (!strcmp(name, "ja"))
		return put_jump(a, is32);
	for (size_t i = 0; i < sizeof(extend_rows) / sizeof(extend_rows[0]); i++) {
		if (!strcmp(word, extend_rows[i].name))
			return put_extend(a, i);
	}
	if ((row = FIND(memory_rows, word)))
		return put_memory(a, row);
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(word, "0123456789"), word);
	if ((row = FIND(swap_rows, name)))
		return put_swap(a, row, (int32_t)strtol(word + strlen(name), NULL, 10));
	cut_width(word, name);
	if ((row = FIND(jump_rows, name)))
		return put_cond_jump(a, row, is32);
	row = FIND(alu_rows, name);
	return row && put_alu(a, row, is32);
}

/* ---- lines and labels --------------------------------------------------------------------------- */

static void split_line(struct assembler *a, char *line)
{
	char *save;

	a->n_words = 0;
	for (char *w = strtok_r(line, " \t,", &save); w && a->n_words < MAX_WORDS;
	     w = strtok_r(NULL, " \t,", &save))
		a->word[a->n_words++] = w;
}

static bool add_label(struct assembler *a, const char *name)
{
	if (a->n_labels == MAX_LABELS)
		return false;
	snprintf(a->label[a->n_labels].name, NAME_BYTES, "%s", name);
	a->label[a->n_labels++].at = a->n;
	return true;
}

static bool knows(const struct assembler *a, const char *name)
{
	for (uint32_t i = 0; i < a->n_labels; i++) {
		if (!strcmp(a->label[i].name, name))
			return true;
	}
	return false;
}

/* The first exit is a label, too. */
static bool put_line(struct assembler *a, char *line)
{
	size_t n;

	split_line(a, line);
	if (!a->n_words)
		return true;
	n = strlen(a->word[0]);
	if (a->n_words == 1 && a->word[0][n - 1] == ':') {
		a->word[0][n - 1] = 0;
		return add_label(a, a->word[0]);
	}
	if (!strcmp(a->word[0], "exit") && !knows(a, "exit") && !add_label(a, "exit"))
		return false;
	return put_instruction(a);
}

static bool resolve(struct assembler *a, const struct label *w)
{
	struct bpf_insn *i = &a->out[w->at];

	for (uint32_t k = 0; k < a->n_labels; k++) {
		int32_t distance = (int32_t)a->label[k].at - (int32_t)w->at - 1;

		if (strcmp(a->label[k].name, w->name))
			continue;
		if (ebpf_is_call(i) || i->code == (BPF_JMP32 | BPF_JA))
			i->imm = distance;
		else
			i->off = (int16_t)distance;
		return true;
	}
	return false;
}

bool assemble(const char *text, struct bpf_insn *out, uint32_t max, uint32_t *n, char *error,
	      size_t error_size)
{
	struct assembler a = { .out = out, .max = max };
	char line[256];

	for (const char *at = text; *at;) {
		size_t len = strcspn(at, "\n");

		snprintf(line, sizeof(line), "%.*s", (int)len, at);
		at += len + (at[len] == '\n');
		if (!put_line(&a, line)) {
			snprintf(error, error_size, "not an instruction: %.100s", a.word[0]);
			return false;
		}
	}
	for (uint32_t i = 0; i < a.n_wanted; i++) {
		if (!resolve(&a, &a.wanted[i])) {
			snprintf(error, error_size, "no such label: %s", a.wanted[i].name);
			return false;
		}
	}
	*n = a.n;
	return true;
}
