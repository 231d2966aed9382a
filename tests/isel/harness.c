/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/isel/harness.h"

#include "nfp_backend/firmware/calling_convention.h"
#include "nfp_backend/isel/isel.h"
#include "nfp_backend/lift/lift.h"
#include "nfp_backend/stages.h"
#include "partitioner/device_ops.h"
#include "sim/me.h"

#include <linux/bpf.h>
#include <llvm-c/Analysis.h>
#include <llvm-c/Core.h>
#include <llvm-c/ExecutionEngine.h>
#include <llvm-c/IRReader.h>
#include <llvm-c/Target.h>
#include <stdlib.h>
#include <string.h>

struct test_case {
	char *name, *body;
};

struct harness {
	struct test_case cases[HARNESS_BATCH];
	unsigned n, failures, runs;
	unsigned packets;
	uint64_t seed;
	struct nfp_firmware fw;
	struct arena arena;
	struct diags diags;
	struct cx cx;
	struct sim_maps *maps;
};

static const struct sim_map_spec map_spec = {
	.name = "m",
	.type = BPF_MAP_TYPE_ARRAY,
	.key_size = 4,
	.value_size = HARNESS_VAL_LEN,
	.max_entries = 1,
};

/* Operand values at which operations change their mind. */
static const uint64_t edges[] = {
	0,
	1,
	2,
	3,
	5,
	7,
	8,
	15,
	16,
	31,
	32,
	33,
	63,
	64,
	0x7f,
	0x80,
	0xff,
	0x100,
	0x7fff,
	0x8000,
	0xffff,
	0x10000,
	0x7fffffff,
	0x80000000,
	0x80000001,
	0xffffffff,
	0xfffffffe,
	0x100000000,
	0x1ffffffff,
	0x7fffffffffffffff,
	0x8000000000000000,
	0xffffffffffffffff,
	0xfffffffffffffffe,
	0xffffffff00000000,
	0xffffffff80000000,
	0x00ff00ff00ff00ff,
	0x123456789abcdef0,
};

uint64_t harness_random(uint64_t *s)
{
	uint64_t z = (*s += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

struct harness *harness_new(void)
{
	struct harness *h = calloc(1, sizeof(*h));
	const char *why;

	if (!h)
		abort();
	arena_init(&h->arena);
	diags_init(&h->diags, &h->arena);
	h->cx = (struct cx){ &h->arena, &h->arena, &h->diags };
	if (!nfp_firmware_load(&h->cx, "generous", &h->fw))
		abort();
	h->maps = sim_maps_new(&map_spec, 1, &why);
	h->packets = 16;
	h->seed = 1;
	LLVMLinkInMCJIT();
	LLVMInitializeNativeTarget();
	LLVMInitializeNativeAsmPrinter();
	return h;
}

void harness_free(struct harness *h)
{
	sim_maps_free(h->maps);
	arena_reset(&h->arena);
	free(h);
}

void harness_packets(struct harness *h, unsigned n, uint64_t seed)
{
	h->packets = n;
	h->seed = seed;
}

/* ---- text ---- */

static void put_body(FILE *f, const char *body, bool device)
{
	while (*body) {
		if (!strncmp(body, "PKT", 3) || !strncmp(body, "VAL", 3)) {
			fputs(!device        ? "ptr"
			      : *body == 'P' ? "ptr addrspace(1)"
					     : "ptr addrspace(2)",
			      f);
			body += 3;
		} else if (!strncmp(body, "MP", 2) || !strncmp(body, "MV", 2)) {
			fputs(!device ? "p0" : body[1] == 'P' ? "p1" : "p2", f);
			body += 2;
		} else {
			fputc(*body++, f);
		}
	}
}

static char *device_text(const struct test_case *c)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	fputs("target datalayout = \"e-p:32:32-p1:32:32-p2:64:64-i64:32-n32-S32\"\n"
	      "declare ptr addrspace(1) @nfp.pkt.data() memory(inaccessiblemem: read)\n"
	      "declare ptr addrspace(2) @nfp.map.lookup(i32, i32, ...) memory(inaccessiblemem: "
	      "read)\n"
	      "define i32 @prog() {\nentry:\n  %pkt = call ptr addrspace(1) @nfp.pkt.data()\n",
	      f);
	if (strstr(c->body, "%val"))
		fputs("  %val = call ptr addrspace(2) (i32, i32, ...) @nfp.map.lookup(i32 0, i32 "
		      "1, i32 0)\n",
		      f);
	put_body(f, c->body, true);
	fputs("}\n", f);
	fclose(f);
	return text;
}

static char *native_text(const struct harness *h)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	unsigned i;

	for (i = 0; i < h->n; i++) {
		fprintf(f, "define i32 @f%u(ptr %%pkt, ptr %%val) {\nentry:\n", i);
		put_body(f, h->cases[i].body, false);
		fputs("}\n", f);
	}
	fclose(f);
	return text;
}

static LLVMModuleRef parse(LLVMContextRef ctx, const char *text)
{
	LLVMMemoryBufferRef buf =
		LLVMCreateMemoryBufferWithMemoryRangeCopy(text, strlen(text), "case");
	LLVMModuleRef mod = NULL;
	char *message = NULL;

	if (LLVMParseIRInContext(ctx, buf, &mod, &message)) {
		printf("%s\n%s\n", message, text);
		LLVMDisposeMessage(message);
		return NULL;
	}
	return mod;
}

/* ---- one side each ---- */

struct state {
	uint8_t pkt[HARNESS_PKT_LEN], val[HARNESS_VAL_LEN];
	uint8_t verdict;
};

static void make_state(const struct harness *h, unsigned packet, struct state *s)
{
	enum { N_EDGES = sizeof(edges) / sizeof(edges[0]) };
	uint64_t seed = h->seed * 1000 + packet;
	unsigned i;

	memset(s, 0, sizeof(*s));
	for (i = 0; i < HARNESS_PKT_LEN; i++)
		s->pkt[i] = (uint8_t)harness_random(&seed);
	for (i = 0; i < HARNESS_VAL_LEN; i++)
		s->val[i] = (uint8_t)harness_random(&seed);
	for (i = 0; i < 6; i++) /* most operands are at an edge */
		if (harness_random(&seed) % 4)
			memcpy(s->pkt + 8 * i, &edges[harness_random(&seed) % N_EDGES], 8);
	if (harness_random(&seed) % 8 == 0) /* equal operands */
		memcpy(s->pkt + 16, s->pkt, 16);
}

struct device {
	struct arena arena, scratch;
	struct nfp_func fn;
	struct sim_me *me;
	struct diags diags;
	char *mir;
};

static char *mir_text(const struct nfp_func *fn)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	nfp_print(fn, f);
	fclose(f);
	return text;
}

static bool device_words(struct harness *h, struct device *d, struct cx *cx, LLVMModuleRef mod,
			 unsigned opt_level, struct nfp_ucode *u)
{
	struct nfp_options opts = { .opt_level = opt_level, .check_each = true };
	struct nfp_translation t = { .cx = cx, .opts = &opts };
	bool ok;

	if (!nfp_isel(cx, mod, &h->fw, 0, &d->fn))
		return false;
	d->mir = mir_text(&d->fn);
	t.fn = d->fn;
	ok = nfp_run_mir_stages(&t);
	d->fn = t.fn;
	*u = t.code;
	return ok;
}

static bool device_new(struct harness *h, struct device *d, LLVMModuleRef mod, unsigned opt_level)
{
	struct sim_me_map map = { .tid = 1, .map_idx = 0 };
	struct sim_me_config cfg = {
		.fw = &h->fw, .maps = h->maps, .map_table = &map, .n_maps = 1
	};
	uint32_t tid = 1;
	struct nfp_ucode u = { 0 };
	struct sim_me_error err;
	uint64_t *words;
	struct cx cx;

	memset(d, 0, sizeof(*d));
	arena_init(&d->arena);
	arena_init(&d->scratch);
	diags_init(&d->diags, &d->arena);
	cx = (struct cx){ &d->arena, &d->scratch, &d->diags };
	if (!device_words(h, d, &cx, mod, opt_level, &u))
		return false;
	words = ARENA_ARRAY(&d->arena, uint64_t, u.n_words);
	if (!nfp_ucode_relocate(&cx, &u, &h->fw, &tid, 1, words))
		return false;
	cfg.words = words;
	cfg.n_words = u.n_words;
	d->me = sim_me_new(&cfg, &err);
	if (!d->me)
		printf("word %u: %s\n", err.word_idx, err.text);
	return d->me != NULL;
}

static void device_free(struct device *d)
{
	sim_me_free(d->me);
	free(d->mir);
	arena_reset(&d->arena);
	arena_reset(&d->scratch);
}

static bool device_run(struct harness *h, struct device *d, struct state *s)
{
	struct sim_me_packet in = { .data = s->pkt, .len = HARNESS_PKT_LEN };
	struct sim_me_result out;
	size_t size;
	uint8_t *memory = sim_maps_memory(h->maps, &size);
	uint32_t key = 0;
	int64_t off = sim_map_lookup(h->maps, 0, &key);

	memcpy(memory + off, s->val, HARNESS_VAL_LEN);
	if (!sim_me_run(d->me, &in, &out)) {
		printf("fault %s: %s (word %u: %s)\n", sim_me_fault_name(out.error.fault),
		       out.error.text, out.error.word_idx, out.error.insn);
		return false;
	}
	memcpy(s->val, memory + off, HARNESS_VAL_LEN);
	memcpy(s->pkt, out.pkt, HARNESS_PKT_LEN);
	s->verdict = out.byte;
	return true;
}

typedef uint32_t native_fn(uint8_t *pkt, uint8_t *val);

static bool differs(const struct state *want, const struct state *got)
{
	unsigned i;

	for (i = 0; i < HARNESS_PKT_LEN; i++)
		if (want->pkt[i] != got->pkt[i]) {
			printf("packet byte %u: want %02x, got %02x\n", i, want->pkt[i],
			       got->pkt[i]);
			return true;
		}
	for (i = 0; i < HARNESS_VAL_LEN; i++)
		if (want->val[i] != got->val[i]) {
			printf("value byte %u: want %02x, got %02x\n", i, want->val[i],
			       got->val[i]);
			return true;
		}
	if (want->verdict != got->verdict)
		printf("verdict: want %02x, got %02x\n", want->verdict, got->verdict);
	return want->verdict != got->verdict;
}

static void fail(struct harness *h, const struct test_case *c, unsigned opt, const struct device *d,
		 const struct state *in)
{
	size_t i;

	h->failures++;
	printf("FAILED %s at -O%u\n", c->name, opt);
	for (i = 0; i < d->diags.list.len; i++)
		diag_print(stdout, &d->diags.list.at[i]);
	if (in) {
		printf("packet:");
		for (i = 0; i < 64; i++)
			printf("%s%02x", i % 8 ? "" : " ", in->pkt[i]);
		puts("");
	}
	if (h->failures <= 3)
		printf("%s\n%s\n", c->body, d->mir ? d->mir : "");
}

static void run_case(struct harness *h, const struct test_case *c, LLVMModuleRef mod, unsigned opt,
		     native_fn *native)
{
	struct state in, want, got;
	struct device d;
	unsigned i;

	if (!device_new(h, &d, mod, opt)) {
		fail(h, c, opt, &d, NULL);
		device_free(&d);
		return;
	}
	for (i = 0; i < h->packets; i++) {
		make_state(h, i, &in);
		want = got = in;
		want.verdict = nfp_exit_byte(0, native(want.pkt, want.val));
		h->runs++;
		if (!device_run(h, &d, &got) || differs(&want, &got)) {
			fail(h, c, opt, &d, &in);
			break;
		}
	}
	device_free(&d);
}

/* ---- batches ---- */

static LLVMExecutionEngineRef native_engine(struct harness *h, LLVMContextRef ctx)
{
	char *text = native_text(h), *message = NULL;
	LLVMModuleRef mod = parse(ctx, text);
	LLVMExecutionEngineRef engine = NULL;

	free(text);
	if (mod && LLVMVerifyModule(mod, LLVMReturnStatusAction, &message)) {
		printf("%s\n", message);
		abort();
	}
	LLVMDisposeMessage(message);
	message = NULL;
	if (!mod || LLVMCreateMCJITCompilerForModule(&engine, mod, NULL, 0, &message)) {
		printf("%s\n", message ? message : "native code cannot be made");
		abort();
	}
	return engine;
}

static void run_both_levels(struct harness *h, const struct test_case *c, native_fn *native)
{
	LLVMContextRef ctx = LLVMContextCreate();
	char *text = device_text(c);
	LLVMModuleRef mod = parse(ctx, text);

	free(text);
	if (!mod)
		abort();
	run_case(h, c, mod, 0, native);
	nfp_llvm_opt(mod, 2);
	run_case(h, c, mod, 2, native);
	LLVMDisposeModule(mod);
	LLVMContextDispose(ctx);
}

unsigned harness_run(struct harness *h)
{
	LLVMContextRef ctx;
	LLVMExecutionEngineRef engine;
	unsigned i;

	if (!h->n)
		return h->failures;
	ctx = LLVMContextCreate();
	engine = native_engine(h, ctx);
	for (i = 0; i < h->n; i++) {
		char name[16];
		native_fn *native;
		uint64_t address;

		snprintf(name, sizeof(name), "f%u", i);
		address = LLVMGetFunctionAddress(engine, name);
		memcpy(&native, &address, sizeof(native));
		run_both_levels(h, &h->cases[i], native);
		free(h->cases[i].name);
		free(h->cases[i].body);
	}
	h->n = 0;
	LLVMDisposeExecutionEngine(engine);
	LLVMContextDispose(ctx);
	return h->failures;
}

void harness_add(struct harness *h, const char *name, const char *body)
{
	if (h->n == HARNESS_BATCH)
		harness_run(h);
	h->cases[h->n].name = strdup(name);
	h->cases[h->n].body = strdup(body);
	h->n++;
}
