/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/lift/lift_int.h"

#include <llvm-c/DebugInfo.h>
#include <llvm-c/IRReader.h>

#include <assert.h>

/* The module of the lifted function: data layout, declarations of the intrinsics with their memory
 * effects, debug locations that carry instruction numbers through LLVM's passes. */

/* Effects of a call, as LLVM attributes. Map lookups only read state that no load can see, so equal
 * ones merge; a helper that changes packet or map contents orders everything. nomerge: two calls at
 * the ends of two paths stay separate, because a merged call would not have a constant map. */
static const char *const call_attrs[LIFT_N_INTRINSICS] = {
	[LIFT_PKT_DATA] = "nounwind willreturn memory(inaccessiblemem: read)",
	[LIFT_PKT_LEN] = "nounwind willreturn memory(inaccessiblemem: read)",
	[LIFT_ADJUST_HEAD] = "nounwind willreturn",
	[LIFT_ADJUST_HEAD_CONST] = "nounwind willreturn",
	[LIFT_ADJUST_TAIL] = "nounwind willreturn",
	[LIFT_MAP_LOOKUP] = "nounwind nomerge willreturn memory(inaccessiblemem: read)",
	[LIFT_MAP_UPDATE] = "nounwind nomerge willreturn",
	[LIFT_MAP_DELETE] = "nounwind nomerge willreturn",
	[LIFT_PRANDOM] = "nounwind willreturn memory(inaccessiblemem: readwrite)",
	[LIFT_PERF_EVENT] = "nounwind nomerge willreturn",
	[LIFT_QUEUE_SELECT] = "nounwind willreturn memory(inaccessiblemem: readwrite)",
	[LIFT_ABORT] = "nounwind noreturn",
};

/* Range of a result. */
static const char *const result_attrs[LIFT_N_INTRINSICS] = {
	[LIFT_PKT_LEN] = "range(i32 0, 16384) ", /* 14 bits of the packet vector */
};

static const char *const intrinsic_name[LIFT_N_INTRINSICS] = {
#define INTRINSIC(id, name, sig) [LIFT_##id] = name,
#include "nfp_backend/intrinsics.def"
#undef INTRINSIC
};

static const char *const intrinsic_sig[LIFT_N_INTRINSICS] = {
#define INTRINSIC(id, name, sig) [LIFT_##id] = sig,
#include "nfp_backend/intrinsics.def"
#undef INTRINSIC
};

/* "(i32 map, i32 key_words, ...)" without the names, which are for readers. */
static char *param_types(struct arena *a, const char *params)
{
	char *out = arena_strdup(a, params), *to = out;

	for (const char *p = params; *p; p++) {
		if (*p == ' ' && to[-1] != ',')
			p += strcspn(p, ",)");
		*to++ = *p;
	}
	*to = '\0';
	return out;
}

/* "declare RET @NAME(TYPES) ATTRS" from "RET (PARAMS)". */
static char *declaration(struct arena *a, unsigned id)
{
	const char *sig = intrinsic_sig[id], *params = strrchr(sig, '(');

	return arena_printf(a, "declare %s%.*s@%s%s %s\n", result_attrs[id] ? result_attrs[id] : "",
			    (int)(params - sig), sig, intrinsic_name[id], param_types(a, params),
			    call_attrs[id]);
}

static char *prelude(struct arena *a)
{
	char *text = arena_strdup(
		a, "target datalayout = \"e-p:32:32-p1:32:32-p2:64:64-i64:32-n32-S32\"\n");

	for (unsigned id = 0; id < LIFT_N_INTRINSICS; id++)
		text = arena_printf(a, "%s%s", text, declaration(a, id));
	return text;
}

static void make_types(struct lift *l)
{
	l->i1 = LLVMInt1TypeInContext(l->llvm);
	l->i8 = LLVMInt8TypeInContext(l->llvm);
	l->i16 = LLVMInt16TypeInContext(l->llvm);
	l->i32 = LLVMInt32TypeInContext(l->llvm);
	l->i64 = LLVMInt64TypeInContext(l->llvm);
	l->void_type = LLVMVoidTypeInContext(l->llvm);
	l->pkt_ptr = LLVMPointerTypeInContext(l->llvm, SPACE_PKT);
	l->map_ptr = LLVMPointerTypeInContext(l->llvm, SPACE_MAP);
}

/* A list of one alias scope in our domain; strings identify both. */
static LLVMValueRef alias_list(struct lift *l, const char *name)
{
	LLVMMetadataRef domain_name = LLVMMDStringInContext2(l->llvm, "nfp", 3);
	LLVMMetadataRef domain = LLVMMDNodeInContext2(l->llvm, &domain_name, 1);
	LLVMMetadataRef scope_of[2] = { LLVMMDStringInContext2(l->llvm, name, strlen(name)),
					domain };
	LLVMMetadataRef scope = LLVMMDNodeInContext2(l->llvm, scope_of, 2);

	return LLVMMetadataAsValue(l->llvm, LLVMMDNodeInContext2(l->llvm, &scope, 1));
}

static void make_metadata(struct lift *l)
{
	l->kind_alias_scope = LLVMGetMDKindIDInContext(l->llvm, "alias.scope", 11);
	l->kind_noalias = LLVMGetMDKindIDInContext(l->llvm, "noalias", 7);
	l->alias_pkt = alias_list(l, "packet");
	l->alias_map = alias_list(l, "map");
}

void lift_mark_space(struct lift *l, LLVMValueRef mem_insn, enum lift_space space)
{
	bool pkt = space == SPACE_PKT;

	if (space == SPACE_STACK || !LLVMIsAInstruction(mem_insn))
		return;
	LLVMSetMetadata(mem_insn, l->kind_alias_scope, pkt ? l->alias_pkt : l->alias_map);
	LLVMSetMetadata(mem_insn, l->kind_noalias, pkt ? l->alias_map : l->alias_pkt);
}

/* Debug locations survive LLVM's passes far better than metadata of our own would. The "line" is
 * the instruction's index plus 1; llvm_opt.c turns it into !bpf_pc. */
static void make_debug_scope(struct lift *l)
{
	LLVMDIBuilderRef di = LLVMCreateDIBuilder(l->mod);
	LLVMMetadataRef file = LLVMDIBuilderCreateFile(di, "bpf", 3, "", 0);
	LLVMMetadataRef type = LLVMDIBuilderCreateSubroutineType(di, file, NULL, 0, LLVMDIFlagZero);

	LLVMDIBuilderCreateCompileUnit(di, LLVMDWARFSourceLanguageC, file, "", 0, 1, "", 0, 0, "",
				       0, LLVMDWARFEmissionLineTablesOnly, 0, 0, 0, "", 0, "", 0);
	l->scope = LLVMDIBuilderCreateFunction(di, file, "prog", 4, "", 0, file, 1, type, 0, 1, 1,
					       LLVMDIFlagZero, 1);
	LLVMSetSubprogram(l->fn, l->scope);
	LLVMDIBuilderFinalize(di);
	LLVMDisposeDIBuilder(di);
}

void lift_set_pc(struct lift *l, uint32_t pc)
{
	LLVMMetadataRef at = LLVMDIBuilderCreateDebugLocation(l->llvm, pc + 1, 0, l->scope, NULL);

	l->pc = pc;
	LLVMSetCurrentDebugLocation2(l->b, at);
}

bool lift_module_begin(struct lift *l)
{
	const char *text = prelude(l->cx->scratch);
	LLVMMemoryBufferRef buf =
		LLVMCreateMemoryBufferWithMemoryRangeCopy(text, strlen(text), "prelude");
	char *msg = NULL;

	if (LLVMParseIRInContext(l->llvm, buf, &l->mod, &msg)) {
		LLVMDisposeMessage(msg);
		assert(false && "the prelude is ours and parses");
		return false;
	}
	make_types(l);
	make_metadata(l);
	for (unsigned id = 0; id < LIFT_N_INTRINSICS; id++)
		l->intrinsic[id] = LLVMGetNamedFunction(l->mod, intrinsic_name[id]);
	l->fn = LLVMAddFunction(l->mod, "prog", LLVMFunctionType(l->i32, NULL, 0, 0));
	make_debug_scope(l);
	l->b = LLVMCreateBuilderInContext(l->llvm);
	l->entry = LLVMCreateBuilderInContext(l->llvm);
	LLVMPositionBuilderAtEnd(l->entry, LLVMAppendBasicBlockInContext(l->llvm, l->fn, "entry"));
	return true;
}

void lift_module_end(struct lift *l)
{
	LLVMDisposeBuilder(l->b);
	LLVMDisposeBuilder(l->entry);
}

LLVMValueRef lift_call(struct lift *l, enum lift_intrinsic id, LLVMValueRef *args, unsigned n)
{
	LLVMValueRef f = l->intrinsic[id];

	return LLVMBuildCall2(l->b, LLVMGlobalGetValueType(f), f, args, n, "");
}

LLVMValueRef lift_bswap(struct lift *l, LLVMValueRef v)
{
	LLVMTypeRef t = LLVMTypeOf(v);
	unsigned id = LLVMLookupIntrinsicID("llvm.bswap", 10);
	LLVMValueRef f = LLVMGetIntrinsicDeclaration(l->mod, id, &t, 1);

	return LLVMBuildCall2(l->b, LLVMGlobalGetValueType(f), f, &v, 1, "");
}
