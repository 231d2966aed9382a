/* SPDX-License-Identifier: BSD-2-Clause */
#include "ebpf/asm.h"

#include "base/bits.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* The inverse of ebpf_disasm.c. A form is a pattern of the text with the meaning of its parts; the first form
 * that matches is the instruction. Patterns hold literal characters, and
 * after a percent sign:
 *   D S  64-bit register   d s  32-bit register, into dst or src      c C  dst once more   R  src
 *   O    signed offset or target   I   immediate   L   64-bit immediate   T   type: u8 … s64
 *   A J X  sign of an operation of ops.def: arithmetic, jump, atomic      F   name of a fetching atomic
 *   N    width of a swap or extension: 8, 16, 32, 64                      H   name of a helper, or #id
 * One blank in a pattern is any number of blanks. */

struct parts {
	unsigned dst, src, again, result; /* of D, S, C, R */
	bool has_again, has_result, sign_extends, has_type, has_op;
	int64_t off, imm;
	uint64_t wide;
	uint8_t op;   /* of A or J, as in the opcode */
	bool divides; /* A: the signed form of a division */
	uint8_t size; /* of T: BPF_B … */
	int32_t atomic, width;
};

struct form {
	const char *pattern;
	uint8_t code; /* with the operation, size and sign of the text ORed in */
	uint8_t src;  /* pseudo source register */
	enum { OFF_ZERO, OFF_TEXT, OFF_WIDTH, OFF_SIGN } off;
	enum { IMM_ZERO, IMM_TEXT, IMM_WIDTH, IMM_ATOMIC, IMM_ACQUIRE, IMM_RELEASE, IMM_OFF } imm;
	enum { HIGH_NONE, HIGH_LONG, HIGH_OFF, HIGH_ZERO } high; /* second half of a LD_IMM64 */
};

#define W64   BPF_ALU64
#define W32   BPF_ALU
#define IMM64 (BPF_LD | BPF_IMM | BPF_DW)
#define FORM(text, ...)                                                                            \
	{                                                                                          \
		.pattern = text, .code = __VA_ARGS__                                               \
	}

static const struct form forms[] = {
	FORM("exit", BPF_JMP | BPF_EXIT),
	FORM("goto pc%O", BPF_JMP | BPF_JA, .off = OFF_TEXT),
	FORM("gotol pc%O", BPF_JMP32 | BPF_JA, .imm = IMM_OFF),
	FORM("may_goto pc%O", EBPF_MAY_GOTO, .off = OFF_TEXT),
	FORM("call pc%O", BPF_JMP | BPF_CALL, .src = EBPF_CALL_SUBPROG, .imm = IMM_OFF),
	FORM("call kfunc#%I", BPF_JMP | BPF_CALL, .src = EBPF_CALL_KFUNC, .imm = IMM_TEXT),
	FORM("call %H", BPF_JMP | BPF_CALL, .imm = IMM_TEXT),
	FORM("if %D %J %S goto pc%O", BPF_JMP | BPF_X, .off = OFF_TEXT),
	FORM("if %D %J %I goto pc%O", BPF_JMP | BPF_K, .off = OFF_TEXT, .imm = IMM_TEXT),
	FORM("if %d %J %s goto pc%O", BPF_JMP32 | BPF_X, .off = OFF_TEXT),
	FORM("if %d %J %I goto pc%O", BPF_JMP32 | BPF_K, .off = OFF_TEXT, .imm = IMM_TEXT),

	FORM("%D = map[idx:%I][0]%O", IMM64, .src = EBPF_IMM_MAP_IDX_VALUE, .imm = IMM_TEXT,
	     .high = HIGH_OFF),
	FORM("%D = map[idx:%I]", IMM64, .src = EBPF_IMM_MAP_IDX, .imm = IMM_TEXT,
	     .high = HIGH_ZERO),
	FORM("%D = map[fd:%I][0]%O", IMM64, .src = EBPF_IMM_MAP_VALUE_FD, .imm = IMM_TEXT,
	     .high = HIGH_OFF),
	FORM("%D = map[fd:%I]", IMM64, .src = EBPF_IMM_MAP_FD, .imm = IMM_TEXT, .high = HIGH_ZERO),
	FORM("%D = ksym[%I]", IMM64, .src = EBPF_IMM_BTF_ID, .imm = IMM_TEXT, .high = HIGH_ZERO),
	FORM("%D = subprog[%O]", IMM64, .src = EBPF_IMM_FUNC, .imm = IMM_OFF, .high = HIGH_ZERO),
	FORM("r0 = *(%T *)skb[%S + %I]", BPF_LD | BPF_IND, .imm = IMM_TEXT),
	FORM("r0 = *(%T *)skb[%I]", BPF_LD | BPF_ABS, .imm = IMM_TEXT),

	FORM("r0 = atomic64_%F((%T *)(%D %O), r0, %S)", BPF_STX | BPF_ATOMIC, .off = OFF_TEXT,
	     .imm = IMM_ATOMIC),
	FORM("r0 = atomic_%F((%T *)(%D %O), r0, %S)", BPF_STX | BPF_ATOMIC, .off = OFF_TEXT,
	     .imm = IMM_ATOMIC),
	FORM("%R = atomic64_%F((%T *)(%D %O), %S)", BPF_STX | BPF_ATOMIC, .off = OFF_TEXT,
	     .imm = IMM_ATOMIC),
	FORM("%R = atomic_%F((%T *)(%D %O), %S)", BPF_STX | BPF_ATOMIC, .off = OFF_TEXT,
	     .imm = IMM_ATOMIC),
	FORM("%D = load_acquire((%T *)(%S %O))", BPF_STX | BPF_ATOMIC, .off = OFF_TEXT,
	     .imm = IMM_ACQUIRE),
	FORM("store_release((%T *)(%D %O), %S)", BPF_STX | BPF_ATOMIC, .off = OFF_TEXT,
	     .imm = IMM_RELEASE),
	FORM("lock *(%T *)(%D %O) %X %S", BPF_STX | BPF_ATOMIC, .off = OFF_TEXT, .imm = IMM_ATOMIC),
	FORM("%D = *(%T *)(%S %O)", BPF_LDX, .off = OFF_TEXT),
	FORM("*(%T *)(%D %O) = %S", BPF_STX, .off = OFF_TEXT),
	FORM("*(%T *)(%D %O) = %I", BPF_ST, .off = OFF_TEXT, .imm = IMM_TEXT),

	FORM("%D = bswap%N %C", W64 | BPF_END, .imm = IMM_WIDTH),
	FORM("%D = be%N %C", W32 | BPF_END | BPF_TO_BE, .imm = IMM_WIDTH),
	FORM("%D = le%N %C", W32 | BPF_END | BPF_TO_LE, .imm = IMM_WIDTH),
	FORM("%D = -%C", W64 | BPF_NEG),
	FORM("%d = -%c", W32 | BPF_NEG),
	FORM("%D = (s%N)%S", W64 | BPF_MOV | BPF_X, .off = OFF_WIDTH),
	FORM("%d = (s%N)%s", W32 | BPF_MOV | BPF_X, .off = OFF_WIDTH),
	FORM("%D %A %S", W64 | BPF_X, .off = OFF_SIGN),
	FORM("%d %A %s", W32 | BPF_X, .off = OFF_SIGN),
	FORM("%D = 0x%L", IMM64, .high = HIGH_LONG),
	FORM("%D %A %I", W64 | BPF_K, .off = OFF_SIGN, .imm = IMM_TEXT),
	FORM("%d %A %I", W32 | BPF_K, .off = OFF_SIGN, .imm = IMM_TEXT),
};

/* ---- parts of the text -------------------------------------------------------------------------- */

static bool take_char(const char **at, char c)
{
	if (**at != c)
		return false;
	++*at;
	return true;
}

static bool take_register(const char **at, char letter, unsigned *reg)
{
	char *end;
	unsigned long n;

	if (!take_char(at, letter) || !isdigit((unsigned char)**at))
		return false;
	n = strtoul(*at, &end, 10);
	*at = end;
	*reg = (unsigned)n;
	return n <= BPF_REG_10;
}

static bool take_number(const char **at, int64_t *v)
{
	char *end;
	long long n = strtoll(*at, &end, 0);

	if (end == *at || isspace((unsigned char)**at))
		return false;
	*at = end;
	*v = n;
	return true;
}

/* The longest of some names at the text wins. */
struct longest {
	const char *at;
	size_t len;
	int found; /* index; -1: none */
};

static void try_name(struct longest *l, const char *name, int index)
{
	size_t n = name ? strlen(name) : 0;

	if (n > l->len && !strncmp(l->at, name, n)) {
		l->len = n;
		l->found = index;
	}
}

static bool take_longest(const char **at, const struct longest *l)
{
	*at += l->len;
	return l->found >= 0;
}

static bool take_alu(const char **at, struct parts *p)
{
	struct longest l = { *at, 0, -1 };

#define EBPF_ALU_OP(name, sign, signed_sign)                                                       \
	try_name(&l, sign, BPF_##name);                                                            \
	try_name(&l, signed_sign, BPF_##name | 0x100);
#include "ebpf/ops.def"
	p->op = (uint8_t)(l.found & 0xff);
	p->divides = l.found >= 0x100;
	p->has_op = true;
	return take_longest(at, &l);
}

static bool take_jump(const char **at, struct parts *p)
{
	struct longest l = { *at, 0, -1 };

#define EBPF_JUMP_OP(name, code, sign) try_name(&l, sign, code);
#include "ebpf/ops.def"
	p->op = (uint8_t)l.found;
	p->has_op = true;
	return take_longest(at, &l);
}

static bool take_atomic(const char **at, struct parts *p, bool fetches)
{
	struct longest l = { *at, 0, -1 };

#define EBPF_ATOMIC_OP(imm, sign, fetch_name) try_name(&l, fetches ? fetch_name : sign, imm);
#include "ebpf/ops.def"
	p->atomic = l.found;
	return take_longest(at, &l);
}

static bool take_type(const char **at, struct parts *p)
{
	static const struct {
		const char *name;
		uint8_t size;
		bool is_signed;
	} types[] = { { "u8", BPF_B, false },   { "u16", BPF_H, false }, { "u32", BPF_W, false },
		      { "u64", BPF_DW, false }, { "s8", BPF_B, true },   { "s16", BPF_H, true },
		      { "s32", BPF_W, true },   { "s64", BPF_DW, true } };
	struct longest l = { *at, 0, -1 };

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		try_name(&l, types[i].name, (int)i);
	if (!take_longest(at, &l))
		return false;
	p->size = types[l.found].size;
	p->sign_extends = types[l.found].is_signed;
	p->has_type = true;
	return true;
}

#define MAX_HELPER 1024

/* bpf_NAME#ID, helper#ID, or the name alone. */
static bool take_helper(const char **at, struct parts *p)
{
	struct longest l = { *at, 0, -1 };

	if (!strncmp(*at, "bpf_", 4)) {
		l.at += 4;
		for (uint32_t id = 1; id < MAX_HELPER; id++)
			try_name(&l, ebpf_helper_name(id), (int)id);
		if (l.found < 0)
			return false;
		*at += 4 + l.len;
		p->imm = l.found;
		return !take_char(at, '#') || take_number(at, &p->imm);
	}
	if (strncmp(*at, "helper#", 7) != 0)
		return false;
	*at += 7;
	return take_number(at, &p->imm);
}

static bool take_wide(const char **at, struct parts *p)
{
	char *end;

	if (!isxdigit((unsigned char)**at))
		return false;
	p->wide = strtoull(*at, &end, 16);
	*at = end;
	return true;
}

static bool take_width(const char **at, struct parts *p)
{
	int64_t n;

	if (!isdigit((unsigned char)**at) || !take_number(at, &n))
		return false;
	p->width = (int32_t)n;
	return n == 8 || n == 16 || n == 32 || n == 64;
}

static bool take_part(const char **at, char what, struct parts *p)
{
	switch (what) {
	case 'D': return take_register(at, 'r', &p->dst);
	case 'd': return take_register(at, 'w', &p->dst);
	case 'S': return take_register(at, 'r', &p->src);
	case 's': return take_register(at, 'w', &p->src);
	case 'C': return p->has_again = take_register(at, 'r', &p->again);
	case 'c': return p->has_again = take_register(at, 'w', &p->again);
	case 'R': return p->has_result = take_register(at, 'r', &p->result);
	case 'O': return (**at == '+' || **at == '-') && take_number(at, &p->off);
	case 'I': return take_number(at, &p->imm);
	case 'L': return take_wide(at, p);
	case 'T': return take_type(at, p);
	case 'A': return take_alu(at, p);
	case 'J': return take_jump(at, p);
	case 'X': return take_atomic(at, p, false);
	case 'F': return take_atomic(at, p, true);
	case 'N': return take_width(at, p);
	default: return take_helper(at, p);
	}
}

/* ---- forms --------------------------------------------------------------------------------------- */

static void skip_blanks(const char **at)
{
	while (**at == ' ' || **at == '\t')
		++*at;
}

static bool match(const char *pattern, const char *text, struct parts *p)
{
	*p = (struct parts){ 0 };
	skip_blanks(&text);
	for (; *pattern; pattern++) {
		if (*pattern == ' ') {
			skip_blanks(&text);
		} else if (*pattern == '%') {
			if (!take_part(&text, *++pattern, p))
				return false;
		} else if (!take_char(&text, *pattern)) {
			return false;
		}
	}
	skip_blanks(&text);
	return !*text && (!p->has_again || p->again == p->dst) &&
	       (!p->has_result || p->result == p->src);
}

static bool fits(int64_t v, int64_t min, int64_t max)
{
	return v >= min && v <= max;
}

/* Offsets are of 16 bits, immediates of 32, signed or not. */
static bool in_range(const struct form *f, const struct parts *p)
{
	bool wide_off = f->imm == IMM_OFF || f->high == HIGH_OFF;

	return fits(p->off, wide_off ? INT32_MIN : INT16_MIN, wide_off ? INT32_MAX : INT16_MAX) &&
	       fits(p->imm, INT32_MIN, UINT32_MAX);
}

static uint8_t mode_of(const struct form *f, const struct parts *p)
{
	uint8_t class = f->code & 7;

	if (class == BPF_LDX)
		return p->sign_extends ? EBPF_MEMSX : BPF_MEM;
	return class >= BPF_ST && class <= BPF_STX && !(f->code & 0xe0) ? BPF_MEM : 0;
}

static unsigned build(const struct form *f, const struct parts *p, struct bpf_insn out[2])
{
	out[0] = (struct bpf_insn){
		.code = (uint8_t)(f->code | (p->has_op ? p->op : 0) |
				  (p->has_type ? p->size | mode_of(f, p) : 0)),
		.dst_reg = p->dst & 0xfu,
		.src_reg = (f->src ? f->src : p->src) & 0xfu,
	};
	switch (f->off) {
	case OFF_TEXT: out->off = (int16_t)p->off; break;
	case OFF_WIDTH: out->off = (int16_t)p->width; break;
	case OFF_SIGN: out->off = p->divides; break;
	default: break;
	}
	switch (f->imm) {
	case IMM_TEXT: out->imm = (int32_t)p->imm; break;
	case IMM_WIDTH: out->imm = p->width; break;
	case IMM_ATOMIC: out->imm = p->atomic; break;
	case IMM_ACQUIRE: out->imm = EBPF_LOAD_ACQ; break;
	case IMM_RELEASE: out->imm = EBPF_STORE_REL; break;
	case IMM_OFF: out->imm = (int32_t)p->off; break;
	default: break;
	}
	if (f->high == HIGH_NONE)
		return 1;
	out[1] = (struct bpf_insn){ 0 };
	if (f->high == HIGH_LONG) {
		out[0].imm = (int32_t)(uint32_t)p->wide;
		out[1].imm = (int32_t)(uint32_t)(p->wide >> 32);
	} else if (f->high == HIGH_OFF) {
		out[1].imm = (int32_t)p->off;
	}
	return 2;
}

unsigned ebpf_asm_insn(const char *text, struct bpf_insn out[2])
{
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		struct parts p;

		if (match(forms[i].pattern, text, &p) && in_range(&forms[i], &p))
			return build(&forms[i], &p, out);
	}
	return 0;
}

/* ---- lines --------------------------------------------------------------------------------------- */

#define MAX_LINE 128

/* The instruction in a line, without what is around it; false: too long to be one. */
static bool isolate(const char *from, size_t len, char *to)
{
	const char *comment = memchr(from, ';', len);
	size_t n = 0;

	if (comment)
		len = (size_t)(comment - from);
	while (n < len && (isdigit((unsigned char)from[n]) || from[n] == ' ' || from[n] == '\t'))
		n++;
	if (n && n < len && from[n] == ':') {
		from += n + 1;
		len -= n + 1;
	}
	if (len >= MAX_LINE)
		return false;
	memcpy(to, from, len);
	to[len] = '\0';
	return true;
}

bool ebpf_asm(const char *text, struct bpf_insn *out, size_t max, size_t *n, unsigned *line)
{
	*n = 0;
	for (*line = 1; *text; ++*line) {
		size_t len = strcspn(text, "\n");
		char buf[MAX_LINE];
		struct bpf_insn insn[2];
		unsigned slots;

		if (!isolate(text, len, buf))
			return false;
		text += len + (text[len] == '\n');
		if (!buf[strspn(buf, " \t\r")])
			continue;
		slots = ebpf_asm_insn(buf, insn);
		if (!slots || *n + slots > max)
			return false;
		for (unsigned i = 0; i < slots; i++)
			out[(*n)++] = insn[i];
	}
	return true;
}
