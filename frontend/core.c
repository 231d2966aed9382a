#include "frontend/core.h"

#include "base/bits.h"
#include "base/file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Applies the CO-RE relocations of an object to the instructions of its sections. Needs: .BTF and
 * .BTF.ext checked. Leaves: instructions patched, or replaced by a call to a helper that does not
 * exist where the target lacks what they access; functions that cannot be patched marked broken.
 * (libbpf leaves this to the kernel when it relocates without one.) */

#define POISON 0xbad2310 /* libbpf's helper number for it; seen in logs as 195896080 */

struct name_row { /* of the target's types, sorted */
	uint32_t hash, id;
};

struct core {
	struct cx *cx;
	struct fe_elf *elf;
	const struct fe_btf_ext *ext;
	const struct fe_func *reported;   /* the last function with a warning */
	const struct btf *local, *target; /* target NULL: none */
	struct core_pair types;
	const char *target_path;
	struct name_row *names;
	uint32_t n_names;
	uint32_t n_without_target;
	struct core_path local_path, path; /* large: kept off the stack */
};

/* What becomes of one instruction. */
struct decision {
	struct core_value was, now;
	const char *broken; /* no decision: why */
	const char *poison; /* replaced by an invalid call: why; NULL: patched */
};

/* ---- target ------------------------------------------------------------------------------------- */

static uint32_t hash_name(const char *s)
{
	uint32_t h = 2166136261u; /* FNV-1a */

	for (size_t n = core_name_len(s); n--; s++)
		h = (h ^ (uint8_t)*s) * 16777619u;
	return h;
}

static int by_hash(const void *a, const void *b)
{
	const struct name_row *x = a, *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return (x->id > y->id) - (x->id < y->id);
}

static void index_names(struct core *c)
{
	uint32_t n = btf__type_cnt(c->target);

	c->names = ARENA_ARRAY(c->cx->scratch, struct name_row, n);
	for (uint32_t id = 1; id < n; id++) {
		const struct btf_type *t = btf__type_by_id(c->target, id);
		const char *name = btf__name_by_offset(c->target, t->name_off);

		if (*name)
			c->names[c->n_names++] = (struct name_row){ hash_name(name), id };
	}
	qsort(c->names, c->n_names, sizeof(*c->names), by_hash);
}

static uint32_t first_with_hash(const struct core *c, uint32_t hash)
{
	uint32_t lo = 0, hi = c->n_names;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (c->names[mid].hash < hash)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* Reads raw BTF, or the .BTF section of an ELF file. NULL: *why. */
static struct btf *open_target(struct cx *cx, const char *path, const char **why)
{
	struct file_bytes file;
	struct fe_bytes blob;
	struct btf *btf;

	if (!file_read(cx, path, FE_MAX_FILE_BYTES, &file)) {
		*why = "it cannot be read";
		return NULL;
	}
	if (!fe_elf_find_raw((struct fe_bytes){ file.data, file.size }, ".BTF", &blob))
		blob = (struct fe_bytes){ file.data, file.size };
	else /* aligned */
		blob.at = arena_dup(cx->scratch, blob.at, blob.len);
	*why = fe_btf_problem(cx->scratch, blob);
	if (*why)
		return NULL;
	btf = btf__new(blob.at, (uint32_t)blob.len);
	if (btf)
		btf__set_pointer_size(btf, 8);
	else
		*why = strerror(errno);
	return btf;
}

/* ---- decision ------------------------------------------------------------------------------------ */

static bool is_abi_type(const char *name)
{
	static const char *const names[] = {
#define FE_ABI_TYPE(name) name,
#include "frontend/core_abi.def"
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (!strcmp(name, names[i]))
			return true;
	}
	return false;
}

static bool same_value(const struct core_value *a, const struct core_value *b)
{
	return a->number == b->number && a->missing == b->missing;
}

/* One candidate; false: *broken says why there is no decision. */
static bool try_candidate(struct core *c, uint32_t id, bool *found, struct decision *d)
{
	const struct core_path *p = &c->local_path;
	struct core_value v;

	switch (core_path_match(&c->types, p, id, &c->path)) {
	case CORE_NO: return true;
	case CORE_YES: break;
	default: d->broken = "the kernel's types are too deep or too many to compare"; return false;
	}
	if (!core_value(p->kind, &c->path, &v)) {
		d->broken = "the kernel's field cannot be accessed that way";
		return false;
	}
	if (*found && !same_value(&v, &d->now)) {
		d->broken = "the kernel has several types of that name, which differ";
		return false;
	}
	if (!*found)
		d->now = v;
	*found = true;
	return true;
}

static void ask_target(struct core *c, const char *name, struct decision *d)
{
	const struct btf_type *lt = btf__type_by_id(c->local, c->local_path.root);
	uint32_t hash = hash_name(name);
	bool found = false;

	for (uint32_t i = first_with_hash(c, hash); i < c->n_names && c->names[i].hash == hash;
	     i++) {
		const struct btf_type *t = btf__type_by_id(c->target, c->names[i].id);

		if (core_same_kind(lt, t) &&
		    core_same_name(name, btf__name_by_offset(c->target, t->name_off)) &&
		    !try_candidate(c, c->names[i].id, &found, d))
			return;
	}
	if (!found && !core_value(c->local_path.kind, NULL, &d->now))
		d->broken = "its kind is unknown";
	else if (d->now.missing)
		d->poison = "the kernel has no such type, field or value";
}

static void decide(struct core *c, const struct fe_ext_core *relo, struct decision *d)
{
	const struct btf_type *t = btf__type_by_id(c->local, relo->type);
	const char *name = btf__name_by_offset(c->local, t->name_off);

	*d = (struct decision){ 0 };
	if (!core_path_parse(c->local, relo, &c->local_path)) {
		d->broken = "its access string does not fit the type";
		return;
	}
	if (!core_value(relo->kind, &c->local_path, &d->was)) {
		d->broken = "its kind is unknown or does not fit the field";
		return;
	}
	d->now = d->was;
	if (relo->kind == BPF_CORE_TYPE_ID_LOCAL)
		return;
	if (!*name) {
		d->broken = "a type without name cannot be found in the kernel";
	} else if (c->target) {
		ask_target(c, name, d);
	} else if (!is_abi_type(name) || !core_is_field(relo->kind)) {
		d->poison = "no kernel BTF";
		c->n_without_target++;
	}
}

/* ---- patching ------------------------------------------------------------------------------------ */

static void poison(struct bpf_insn *i)
{
	*i = (struct bpf_insn){ .code = BPF_JMP | BPF_CALL, .imm = POISON };
}

static bool is_unsigned(const struct btf_type *t)
{
	return btf_is_int(t) && btf_int_encoding(t) != BTF_INT_SIGNED;
}

/* A load may change its width when that changes no value: pointers and unsigned integers. */
static const char *resize(const struct core *c, const struct decision *d, struct bpf_insn *i)
{
	static const uint8_t sizes[9] = { [1] = BPF_B, [2] = BPF_H, [4] = BPF_W, [8] = BPF_DW };
	uint32_t bytes = d->now.field_bytes;
	const struct btf_type *was, *now;
	const struct btf *to = c->target ? c->target : c->local;

	if (bytes == d->was.field_bytes)
		return NULL;
	was = btf__type_by_id(c->local, d->was.field_type);
	now = btf__type_by_id(to, d->now.field_type);
	if (!(btf_is_ptr(was) && btf_is_ptr(now)) && !(is_unsigned(was) && is_unsigned(now)))
		return "the field has another size in the kernel, and is not an unsigned integer";
	if (ebpf_size_bytes(i) != d->was.field_bytes || bytes > 8 || !bits_is_pow2(bytes))
		return "the field has another size in the kernel";
	i->code = (uint8_t)((i->code & ~0x18) | sizes[bytes]);
	return NULL;
}

/* NULL, or why the instruction is not the one that the relocation describes. */
static const char *patch(const struct core *c, struct decision *d, struct bpf_insn *i,
			 bool has_next)
{
	uint64_t was = d->was.number, now = d->now.number;

	switch (ebpf_class(i)) {
	case BPF_ALU:
	case BPF_ALU64:
		if (ebpf_src_is_reg(i) || (d->was.exact && (uint64_t)(int64_t)i->imm != was))
			return "the instruction does not contain the expected number";
		i->imm = (int32_t)now;
		return NULL;
	case BPF_LDX:
	case BPF_ST:
	case BPF_STX:
		if (d->was.exact && (uint64_t)(int64_t)i->off != was)
			return "the instruction does not contain the expected offset";
		if (now > INT16_MAX)
			return "the offset in the kernel is too large for an instruction";
		d->poison = resize(c, d, i);
		i->off = (int16_t)now;
		return NULL;
	default: break;
	}
	if (!ebpf_is_ld_imm64(i) || !has_next || i->src_reg || i[1].code)
		return "the instruction contains no number";
	if (d->was.exact && ((uint32_t)i->imm | (uint64_t)(uint32_t)i[1].imm << 32) != was)
		return "the instruction does not contain the expected number";
	i[0].imm = (int32_t)now;
	i[1].imm = (int32_t)(now >> 32);
	return NULL;
}

/* ---- all ----------------------------------------------------------------------------------------- */

static const char *describe(const struct core *c, const struct fe_ext_core *r)
{
	const struct btf_type *t = btf__type_by_id(c->local, r->type);
	const char *name = btf__name_by_offset(c->local, t->name_off);
	const struct core_path *p = &c->local_path;
	const char *text = arena_printf(c->cx->arena, "%s", *name ? name : "(anonymous)");

	for (unsigned i = 0; i < p->n && p->root == r->type; i++) {
		if (p->step[i].name)
			text = arena_printf(c->cx->arena, "%s.%s", text, p->step[i].name);
		else if (i)
			text = arena_printf(c->cx->arena, "%s[%u]", text, p->step[i].index);
	}
	return text;
}

/* Once a function: what follows from one missing type is seldom one instruction. */
static void report_poison(struct core *c, const struct fe_func *f, const struct fe_ext_core *r,
			  const char *why)
{
	const struct fe_ext_line *line = fe_btf_ext_line(c->ext, r->section, r->insn);
	struct diag_at at = { .object = c->elf->path,
			      .section = c->elf->secs[r->section].name,
			      .prog = f->name,
			      .insn = r->insn - f->start };

	if (c->reported == f)
		return;
	c->reported = f;
	if (line) {
		at.line = line->line;
		at.file = arena_strdup(c->cx->arena, btf__name_by_offset(c->local, line->file_off));
		at.source =
			arena_strdup(c->cx->arena, btf__name_by_offset(c->local, line->text_off));
		at.source += strspn(at.source, " \t");
	}
	diag_warn(c->cx->diags, &at, REASON_CORE_UNRESOLVED, describe(c, r), why);
}

static void apply(struct core *c, struct fe_func *f, const struct fe_ext_core *r)
{
	struct bpf_insn *i = &fe_section_insns(&c->elf->secs[r->section])[r->insn];
	bool has_next = r->insn + 1 < f->start + f->len;
	struct decision d;

	decide(c, r, &d);
	if (!d.broken && !d.poison)
		d.broken = patch(c, &d, i, has_next);
	if (d.broken) {
		f->broken = arena_printf(c->cx->arena, "CO-RE relocation of %s: %s", describe(c, r),
					 d.broken);
		return;
	}
	if (!d.poison)
		return;
	if (c->target)
		report_poison(c, f, r, d.poison);
	if (ebpf_is_ld_imm64(i) && has_next)
		poison(i + 1);
	poison(i);
}

static void report_no_target(const struct core *c, const char *why)
{
	struct diag_at at = { .object = c->elf->path, .insn = -1 };

	if (c->n_without_target)
		diag_warn(c->cx->diags, &at, REASON_CORE_NO_TARGET, c->n_without_target,
			  arena_printf(c->cx->arena, "'%s': %s", c->target_path, why));
}

#define DEFAULT_TARGET "/sys/kernel/btf/vmlinux"

bool fe_core_apply(struct cx *cx, struct fe_elf *elf, const struct btf *btf,
		   const struct fe_btf_ext *ext, const struct fe_open_options *opts)
{
	const char *why = "it is not used, or there is no such file";
	const char *path = opts->btf_path ? opts->btf_path : DEFAULT_TARGET;
	bool wanted = opts->btf_path || (!opts->no_running_kernel && !access(path, R_OK));
	struct btf *target = NULL;
	struct core *c;

	if (!ext->n_cores)
		return true;
	if (wanted)
		target = open_target(cx, path, &why);
	if (wanted && !target)
		return diag_error(cx->diags, &DIAG_AT_NOWHERE, REASON_CORE_TARGET, path, why);
	c = ARENA_NEW(cx->scratch, struct core);
	*c = (struct core){ .cx = cx,
			    .elf = elf,
			    .ext = ext,
			    .local = btf,
			    .target = target,
			    .types = { btf, target, 0 },
			    .target_path = path };
	if (target)
		index_names(c);
	for (uint32_t k = 0; k < ext->n_cores; k++) {
		const struct fe_ext_core *r = &ext->cores[k];
		struct fe_func *f = fe_elf_func_at(elf, r->section, r->insn);

		if (f && !f->broken) /* else of a function that a linker dropped */
			apply(c, f, r);
	}
	report_no_target(c, why);
	btf__free(target);
	return true;
}
