/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/bits.h"
#include "nfp_backend/isel/isel.h"
#include "nfp_backend/passes.h"

#include <llvm-c/Core.h>
#include <llvm-c/IRReader.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* What instruction selection makes of small functions: which instructions and how many, before any
 * pass over machine IR but dead code. That they compute the right values is shown in tests/isel. */

#define PRELUDE                                                                                    \
	"target datalayout = \"e-p:32:32-p1:32:32-p2:64:64-i64:32-n32-S32\"\n"                     \
	"declare ptr addrspace(1) @nfp.pkt.data() memory(inaccessiblemem: read)\n"                 \
	"declare i32 @nfp.pkt.len() memory(inaccessiblemem: read)\n"                               \
	"declare i32 @nfp.adjust.head(i32)\n"                                                      \
	"declare void @nfp.adjust.head.const(i32)\n"                                               \
	"declare ptr addrspace(2) @nfp.map.lookup(i32, i32, ...)\n"                                \
	"declare i32 @nfp.map.update(i32, i32, i32, ...)\n"                                        \
	"declare i32 @nfp.perf.event(i32, i32, i32, i32, i32, ...)\n"                              \
	"declare i32 @nfp.prandom()\n"                                                             \
	"declare void @nfp.queue.select(i32)\n"                                                    \
	"declare void @nfp.abort()\n"                                                              \
	"declare void @unknown(i32)\n"                                                             \
	"define i32 @prog() {\nentry:\n"

#define PKT           "%p = call ptr addrspace(1) @nfp.pkt.data()\n"
#define AT(name, off) "%" name " = getelementptr inbounds i8, ptr addrspace(1) %p, i32 " #off "\n"
#define LOAD(name, type, off)                                                                      \
	AT(name ".p", off) "%" name " = load " type ", ptr addrspace(1) %" name ".p, align 1\n"
#define STORE(value, type, id, off)                                                                \
	AT("s" id, off) "store " type " " value ", ptr addrspace(1) %s" id ", align 1\n"
#define VAL "%v = call ptr addrspace(2) (i32, i32, ...) @nfp.map.lookup(i32 0, i32 1, i32 7)\n"

struct count {
	const char *text; /* in the function's text form */
	int times;        /* -1: any number but 0 */
};

struct row {
	const char *name, *body;
	struct count counts[5];
};

static const struct row rows[] = {
	{ "constant verdict", "ret i32 2\n", { { "exit byte 0x11", 1 }, { " = ", 0 } } },
	{ "verdict by branch",
	  LOAD("a", "i8",
	       23) "%c = icmp eq i8 %a, 6\n%r = select i1 %c, i32 1, i32 2\nret i32 %r\n",
	  { { "bbyte $in", 1 }, { "alu", 0 }, { "exit byte", 2 } } },
	{ "three fields, one command",
	  LOAD("a", "i16", 12) LOAD("b", "i8", 23)
		  LOAD("c", "i32",
		       26) "%x = icmp eq i16 %a, 8\n%y = icmp eq i8 %b, 6\n%z = icmp eq i32 %c, 1\n"
			   "%u = and i1 %x, %y\n%w = and i1 %u, %z\n%r = select i1 %w, i32 1, i32 "
			   "2\nret i32 %r\n",
	  { { "cmd read32_swap", 1 }, { "bbyte", 3 }, { "bcc", 1 }, { "ldf", 0 } } },
	{ "a call between makes two commands",
	  LOAD("a", "i32", 0)
		  VAL LOAD("b", "i32", 4) "%n = icmp eq ptr addrspace(2) %v, null\n%x = icmp eq "
					  "i32 %b, %a\n%c = and i1 %n, %x\n"
					  "%r = select i1 %c, i32 1, i32 2\nret i32 %r\n",
	  { { "cmd read32_swap", 2 }, { "call 1", 1 } } },
	{ "all users swap: big-endian command",
	  LOAD("a", "i32", 26)
		  LOAD("b", "i16", 36) "%x = call i32 @llvm.bswap.i32(i32 %a)\n%y = call i16 "
				       "@llvm.bswap.i16(i16 %b)\n%z = zext i16 %y to i32\n"
				       "%s = add i32 %x, %z\n%r = and i32 %s, 3\nret i32 %r\n",
	  { { "cmd read32 ", 1 }, { ">>rot", 0 } } },
	{ "bytes of a 16-bit field come together",
	  LOAD("a", "i8", 12)
		  LOAD("b", "i8",
		       13) "%x = zext i8 %a to i32\n%y = zext i8 %b to i32\n%z = shl i32 %y, 8\n%w "
			   "= or i32 %z, %x\n"
			   "%c = icmp eq i32 %w, 8\n%r = select i1 %c, i32 1, i32 2\nret i32 %r\n",
	  { { "bbyte", 2 }, { "shf", 0 }, { "ldf", 0 } } },
	{ "copy of a MAC address by bytes",
	  LOAD("a", "i8", 6) LOAD("b", "i8", 7) LOAD("c", "i8", 8) LOAD("d", "i8", 9)
		  STORE("%a", "i8", "0", 20) STORE("%b", "i8", "1", 21) STORE("%c", "i8", "2", 22)
			  STORE("%d", "i8", "3", 23) "ret i32 3\n",
	  { { "cmd read32_swap", 1 },
	    { "cmd write32_swap", 1 },
	    { "copy $in", 1 },
	    { "ldf", 0 },
	    { "alu", 0 } } },
	{ "constant stores are one command",
	  STORE("1", "i8", "0", 14) STORE("2", "i8", "1", 15)
		  STORE("772", "i16", "2", 16) "ret i32 3\n",
	  { { "cmd write32_swap", 1 }, { "const 0x3040201", 1 } } },
	{ "a load of what is stored comes after",
	  STORE("1", "i8", "0", 14) LOAD("a", "i32", 12) "%r = and i32 %a, 3\nret i32 %r\n",
	  { { "cmd write8_swap", 1 }, { "cmd read32_swap", 1 } } },
	{ "one bit",
	  LOAD("a", "i8", 47) "%b = and i8 %a, 16\n%c = icmp eq i8 %b, 0\n%r = select i1 %c, i32 "
			      "1, i32 2\nret i32 %r\n",
	  { { "bbit $in", 1 }, { "alu", 0 }, { "shf", 0 } } },
	{ "sign",
	  LOAD("a", "i64",
	       0) "%c = icmp slt i64 %a, 0\n%r = select i1 %c, i32 1, i32 2\nret i32 %r\n",
	  { { "bbit $in", 1 }, { "alu", 0 } } },
	{ "two flags",
	  LOAD("a", "i16", 46) "%b = and i16 %a, 4608\n%c = icmp eq i16 %b, 512\n%r = select i1 "
			       "%c, i32 1, i32 2\nret i32 %r\n",
	  { { "shf 9, AND", 1 }, { "bbyte", 1 }, { "const", 0 } } },
	{ "high words that are 0 are not added",
	  LOAD("a", "i32", 0)
		  LOAD("b", "i16", 4) "%x = zext i32 %a to i64\n%y = zext i16 %b to i64\n%s = and "
				      "i64 %x, %y\n%t = trunc i64 %s to i32\nret i32 %t\n",
	  { { "+carry", 0 }, { "alu", 1 } } },
	{ "64-bit addition",
	  LOAD("a", "i64", 0) LOAD("b", "i64", 8) "%s = add i64 %a, %b\n" STORE("%s", "i64", "0",
										16) "ret i32 1\n",
	  { { ", +, ", 1 }, { "+carry", 1 } } },
	{ "64-bit order has no gt",
	  LOAD("a", "i64", 0)
		  LOAD("b", "i64",
		       8) "%c = icmp ugt i64 %a, %b\n%r = select i1 %c, i32 1, i32 2\nret i32 %r\n",
	  { { ", -, ", 1 }, { "-carry", 1 }, { "bcc bcc", 1 } } },
	{ "carry added at once",
	  LOAD("a", "i32", 0) LOAD("b", "i32", 4) "%c = icmp uge i32 %a, %b\n%z = zext i1 %c to "
						  "i32\n%s = add i32 %a, %z\nret i32 %s\n",
	  { { "+carry", 1 }, { "bcc", 0 }, { "phi", 0 } } },
	{ "division by a constant",
	  LOAD("a", "i32", 0) "%q = udiv i32 %a, 10\nret i32 %q\n",
	  { { "mul", 7 }, { "phi", 0 } } },
	{ "division by a variable is a loop",
	  LOAD("a", "i32", 0)
		  LOAD("b", "i32", 4) "%d = or i32 %b, 1\n%q = udiv i32 %a, %d\nret i32 %q\n",
	  { { "mul", 0 }, { "phi", -1 } } },
	{ "times 5 is a shift and an addition",
	  LOAD("a", "i32", 0) "%m = mul i32 %a, 5\nret i32 %m\n",
	  { { "mul", 0 }, { "shf", 1 }, { "alu", 1 } } },
	{ "16-bit product",
	  LOAD("a", "i16", 0) LOAD("b", "i16", 2) "%x = zext i16 %a to i32\n%y = zext i16 %b to "
						  "i32\n%m = mul i32 %x, %y\nret i32 %m\n",
	  { { "mul 16x16", 3 }, { "mul", 4 } } },
	{ "packet pointers compare as offsets",
	  PKT "%n = call i32 @nfp.pkt.len()\n%e = getelementptr i8, ptr addrspace(1) %p, i32 %n\n"
	      "%q = getelementptr i8, ptr addrspace(1) %p, i32 34\n%c = icmp ugt ptr addrspace(1) "
	      "%q, %e\n"
	      "%r = select i1 %c, i32 1, i32 2\nret i32 %r\n",
	  { { "l1[2]", 0 }, { "alu", 2 } } },
	{ "posted counter",
	  VAL "%o = atomicrmw add ptr addrspace(2) %v, i64 1 monotonic\nret i32 2\n",
	  { { "cmd add64_imm", 1 } } },
	{ "counter with a variable addend",
	  PKT LOAD("a", "i32", 0) VAL
	  "%o = atomicrmw add ptr addrspace(2) %v, i32 %a monotonic\nret i32 2\n",
	  { { "cmd add ", 1 }, { "$out", -1 } } },
	{ "stack by constant offset is a slot operand",
	  "%s = alloca [16 x i8], align 4\n" PKT LOAD(
		  "a", "i32",
		  0) "store i32 %a, ptr %s, align 4\n%b = load i32, ptr %s, align 4\nret i32 %b\n",
	  { { "@0.0", -1 }, { "newlm", 0 } } },
	{ "stack by variable offset goes through LM3",
	  "%s = alloca [16 x i8], align 4\n" PKT LOAD(
		  "a", "i32", 0) "%i = and i32 %a, 12\n%q = getelementptr i8, ptr %s, i32 "
				 "%i\nstore i32 %a, ptr %q, align 4\n"
				 "%b = load i32, ptr %s, align 4\nret i32 %b\n",
	  { { "newlm 0x3", 1 }, { "slot_addr", 1 } } },
	{ "random number",
	  "%a = call i32 @nfp.prandom()\nret i32 %a\n",
	  { { "csr_rd 0x148", 1 } } },
	{ "queue that fits",
	  PKT LOAD("a", "i8",
		   0) "%q = zext i8 %a to i32\ncall void @nfp.queue.select(i32 %q)\nret i32 2\n",
	  { { "l1[4]", -1 }, { "l1[6]", -1 }, { "bcc", 0 } } },
	{ "start moved by a constant",
	  "call void @nfp.adjust.head.const(i32 -20)\nret i32 2\n",
	  { { "l1[2] = alu l1[2], -, 0x14", 1 }, { "l1[0] = alu l1[0], +, 0x14", 1 } } },
	{ "abort ends the program",
	  "call void @nfp.abort()\nunreachable\n",
	  { { "exit byte 0x82", 1 } } },
	{ "bpf_pc",
	  LOAD("a", "i32",
	       0) "%b = add i32 %a, 1, !bpf_pc !{i32 41}\nret i32 %b, !bpf_pc !{i32 42}\n",
	  { { "; 41", 1 }, { "; 42", 1 } } },
};

/* Constructs without a rule: a reason, no assertion. */
static const struct row refused[] = {
	{ "floating point",
	  "%a = fadd float 1.0, 2.0\n%b = fptoui float %a to i32\nret i32 %b\n",
	  { { 0 } } },
	{ "256 bits",
	  PKT
	  "%a = load i256, ptr addrspace(1) %p, align 1\n%b = trunc i256 %a to i32\nret i32 %b\n",
	  { { 0 } } },
	{ "vector",
	  PKT "%a = load <2 x i32>, ptr addrspace(1) %p, align 1\n%b = extractelement <2 x i32> "
	      "%a, i32 0\nret i32 %b\n",
	  { { 0 } } },
	{ "cmpxchg",
	  VAL "%a = cmpxchg ptr addrspace(2) %v, i32 1, i32 2 monotonic monotonic\nret i32 1\n",
	  { { 0 } } },
	{ "atomic exchange",
	  VAL "%a = atomicrmw xchg ptr addrspace(2) %v, i32 1 monotonic\nret i32 %a\n",
	  { { 0 } } },
	{ "fetch and add",
	  VAL "%a = atomicrmw add ptr addrspace(2) %v, i32 1 monotonic\nret i32 %a\n",
	  { { 0 } } },
	{ "unknown function", "call void @unknown(i32 1)\nret i32 1\n", { { 0 } } },
	{ "function pointer", "call void inttoptr (i32 16 to ptr)(i32 1)\nret i32 1\n", { { 0 } } },
	{ "unknown memory",
	  PKT LOAD("a", "i32", 0) "%q = inttoptr i32 %a to ptr addrspace(7)\n%b = load i32, ptr "
				  "addrspace(7) %q\nret i32 %b\n",
	  { { 0 } } },
	{ "variable copy",
	  PKT LOAD("a", "i32", 0) "call void @llvm.memcpy.p1.p1.i32(ptr addrspace(1) %p, ptr "
				  "addrspace(1) %a.p, i32 %a, i1 false)\nret i32 1\n",
	  { { 0 } } },
	{ "huge stack variable",
	  "%s = alloca [100000 x i8]\nstore volatile i8 1, ptr %s\nret i32 1\n",
	  { { 0 } } },
	{ "stack out of bounds",
	  "%s = alloca [16 x i8]\n%q = getelementptr i8, ptr %s, i32 64\nstore volatile i8 1, ptr "
	  "%q\nret i32 1\n",
	  { { 0 } } },
	{ "constant expression", "ret i32 ptrtoint (ptr @unknown to i32)\n", { { 0 } } },
	{ "struct",
	  PKT "%a = load { i32, i32 }, ptr addrspace(1) %p, align 1\n%b = extractvalue { i32, i32 "
	      "} %a, 0\nret i32 %b\n",
	  { { 0 } } },
	{ "128-bit division",
	  PKT "%a = load i128, ptr addrspace(1) %p, align 1\n%b = udiv i128 %a, 10\n%c = trunc "
	      "i128 %b to i32\nret i32 %c\n",
	  { { 0 } } },
	{ "map number in a register",
	  PKT LOAD("a", "i32",
		   0) "%v = call ptr addrspace(2) (i32, i32, ...) @nfp.map.lookup(i32 %a, i32 1, "
		      "i32 7)\n%b = ptrtoint ptr addrspace(2) %v to i32\nret i32 %b\n",
	  { { 0 } } },
	{ "key shorter than said",
	  "%v = call ptr addrspace(2) (i32, i32, ...) @nfp.map.lookup(i32 0, i32 9, i32 7)\n%b = "
	  "ptrtoint ptr addrspace(2) %v to i32\nret i32 %b\n",
	  { { 0 } } },
	{ "perf event without pointer",
	  "%b = call i32 (i32, i32, i32, i32, i32, ...) @nfp.perf.event(i32 0, i32 -1, i32 0, i32 "
	  "8, i32 4)\nret i32 %b\n",
	  { { 0 } } },
};

struct rig {
	struct arena arena, scratch;
	struct diags diags;
	struct cx cx;
	struct nfp_firmware fw;
	struct nfp_func fn;
	LLVMContextRef llvm;
	LLVMModuleRef mod;
};

static void rig_open(struct rig *r, const struct row *row)
{
	char *text = NULL, *message = NULL;
	LLVMMemoryBufferRef buf;

	memset(r, 0, sizeof(*r));
	arena_init(&r->arena);
	arena_init(&r->scratch);
	diags_init(&r->diags, &r->arena);
	r->cx = (struct cx){ &r->arena, &r->scratch, &r->diags };
	assert_true(nfp_firmware_load(&r->cx, "generous", &r->fw));
	r->llvm = LLVMContextCreate();
	/* rows that load without saying where from mean the packet */
	text = arena_printf(&r->arena, "%s%s%s}\n", PRELUDE,
			    strstr(row->body, "%p,") && !strstr(row->body, PKT) ? PKT : "",
			    row->body);
	buf = LLVMCreateMemoryBufferWithMemoryRangeCopy(text, strlen(text), row->name);
	if (LLVMParseIRInContext(r->llvm, buf, &r->mod, &message))
		fail_msg("%s: %s", row->name, message);
}

static void rig_close(struct rig *r)
{
	LLVMDisposeModule(r->mod);
	LLVMContextDispose(r->llvm);
	arena_reset(&r->arena);
	arena_reset(&r->scratch);
}

static char *text_of(const struct nfp_func *fn)
{
	char *text = NULL, *copy;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	nfp_print(fn, f);
	fclose(f);
	copy = strdup(text);
	free(text);
	return copy;
}

static int occurrences(const char *text, const char *what)
{
	int n = 0;

	for (const char *at = strstr(text, what); at; at = strstr(at + 1, what))
		n++;
	return n;
}

static void selects(void **state)
{
	size_t i, k;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct rig r;
		char *text;

		rig_open(&r, &rows[i]);
		if (!nfp_isel(&r.cx, r.mod, &r.fw, NFP_PROG_XDP, &r.fn))
			fail_msg("%s: %s", rows[i].name, r.diags.list.at[0].text);
		nfp_check(&r.fn);
		assert_true(nfp_dead_code(&r.fn, &r.cx));
		text = text_of(&r.fn);
		for (k = 0; k < ARRAY_SIZE(rows[i].counts) && rows[i].counts[k].text; k++) {
			const struct count *c = &rows[i].counts[k];
			int n = occurrences(text, c->text);

			if (c->times < 0 ? !n : n != c->times)
				fail_msg("%s: \"%s\" %d times, not %d, in\n%s", rows[i].name,
					 c->text, n, c->times, text);
		}
		free(text);
		rig_close(&r);
	}
}

static void refuses(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(refused); i++) {
		struct rig r;

		rig_open(&r, &refused[i]);
		if (nfp_isel(&r.cx, r.mod, &r.fw, NFP_PROG_XDP, &r.fn))
			fail_msg("%s was selected", refused[i].name);
		assert_int_equal(r.diags.list.len, 1);
		assert_int_equal(r.diags.list.at[0].reason, REASON_ISEL_UNSUPPORTED);
		rig_close(&r);
	}
}

/* The module is not changed, so a second run gives the same text. */
static void repeats(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct nfp_func again;
		char *a, *b;
		struct rig r;

		rig_open(&r, &rows[i]);
		assert_true(nfp_isel(&r.cx, r.mod, &r.fw, NFP_PROG_XDP, &r.fn));
		assert_true(nfp_isel(&r.cx, r.mod, &r.fw, NFP_PROG_XDP, &again));
		a = text_of(&r.fn);
		b = text_of(&again);
		assert_string_equal(a, b);
		free(a);
		free(b);
		rig_close(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(selects),
		cmocka_unit_test(refuses),
		cmocka_unit_test(repeats),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
