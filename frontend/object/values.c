/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/object/loader.h"

#include <bpf/btf.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* --set NAME=VALUE: initial values of global variables, written to the data sections before they are read, as
 * a skeleton does between open and load. NAME may be followed by .member and [index]. */

struct target {
	const char *rest; /* of NAME, not looked at yet */
	uint32_t section;
	uint64_t offset;
	uint32_t type; /* resolved */
};

struct setter {
	struct cx *cx;
	struct fe_elf *elf;
	const struct btf *btf;
	const char *rule, *value; /* "NAME=VALUE"; behind its '=' */
};

static bool refuse(const struct setter *s, const char *why)
{
	struct diag_at at = { .object = s->elf->path, .insn = -1 };

	return diag_error(s->cx->diags, &at, REASON_SET_OPTION, s->rule, why);
}

static void warn_folded(const struct setter *s)
{
	struct diag_at at = { .object = s->elf->path, .insn = -1 };

	diag_warn(s->cx->diags, &at, REASON_SET_FOLDED, s->rule);
}

/* ---- which variable ---------------------------------------------------------------------------------- */

static size_t word_length(const char *text)
{
	return strcspn(text, ".[=");
}

static bool has_values(const struct fe_section *s)
{
	return s->type == SHT_PROGBITS && fe_section_is_data(s);
}

static const struct fe_symbol *variable_symbol(const struct setter *s, const char *name, size_t n)
{
	for (uint32_t i = 1; i < s->elf->n_syms; i++) {
		const struct fe_symbol *sym = &s->elf->syms[i];

		if (sym->section && sym->section < s->elf->n_secs && sym->type == STT_OBJECT &&
		    strlen(sym->name) == n && !strncmp(sym->name, name, n))
			return sym;
	}
	return NULL;
}

/* Type of the variable; 0: unknown. */
static uint32_t variable_type(const struct btf *btf, const char *name, size_t n)
{
	for (uint32_t id = 1; id < btf__type_cnt(btf); id++) {
		const struct btf_type *t = btf__type_by_id(btf, id);
		const char *is = btf_is_var(t) ? btf__name_by_offset(btf, t->name_off) : NULL;

		if (is && strlen(is) == n && !strncmp(is, name, n))
			return t->type;
	}
	return 0;
}

/* const without volatile: a compiler may use the value that it sees. Of an array the elements carry the words. */
static bool may_be_folded(const struct btf *btf, uint32_t id)
{
	const struct btf_type *t = btf__type_by_id(btf, id);
	bool is_const = false;

	for (unsigned depth = 0; t && depth < 32; depth++) {
		if (btf_is_volatile(t))
			return false;
		is_const |= btf_is_const(t);
		if (btf_is_array(t))
			t = btf__type_by_id(btf, btf_array(t)->type);
		else if (btf_is_mod(t) || btf_is_typedef(t))
			t = btf__type_by_id(btf, t->type);
		else
			break;
	}
	return is_const;
}

static const char *variable_list(const struct setter *s)
{
	const char *all = NULL;

	for (uint32_t i = 1; i < s->elf->n_syms; i++) {
		const struct fe_symbol *sym = &s->elf->syms[i];

		if (!sym->section || sym->section >= s->elf->n_secs || sym->type != STT_OBJECT ||
		    !has_values(&s->elf->secs[sym->section]))
			continue;
		if (all && strlen(all) > 400)
			return arena_printf(s->cx->arena, "%s, …", all);
		all = all ? arena_printf(s->cx->arena, "%s, %s", all, sym->name) : sym->name;
	}
	return all ? all : "none";
}

static bool find_variable(const struct setter *s, struct target *t)
{
	size_t n = word_length(s->rule);
	const struct fe_symbol *sym = variable_symbol(s, s->rule, n);
	const char *section = sym ? s->elf->secs[sym->section].name : "";
	int type;

	if (!sym)
		return refuse(s, arena_printf(s->cx->arena,
					      "there is no such variable; the variables are: %s",
					      variable_list(s)));
	if (!has_values(&s->elf->secs[sym->section]))
		return refuse(s,
			      arena_printf(s->cx->arena,
					   "it is in section '%s', which holds no values: give it "
					   "one in the source, if it is to be set",
					   section));
	type = btf__resolve_type(s->btf, variable_type(s->btf, s->rule, n));
	if (type <= 0)
		return refuse(s, "its type is not in the object's BTF");
	if (may_be_folded(s->btf, variable_type(s->btf, s->rule, n)))
		warn_folded(s);
	*t = (struct target){ s->rule + n, sym->section, sym->value, (uint32_t)type };
	return true;
}

/* ---- members and elements ---------------------------------------------------------------------------- */

static bool enter_type(const struct setter *s, struct target *t, uint32_t type, uint64_t offset)
{
	int id = btf__resolve_type(s->btf, type);

	if (id < 0)
		return refuse(s, "its type is not in the object's BTF");
	t->type = (uint32_t)id;
	t->offset += offset;
	return true;
}

static bool enter_member(const struct setter *s, struct target *t)
{
	const struct btf_type *type = btf__type_by_id(s->btf, t->type);
	const char *name = t->rest + 1;
	size_t n = word_length(name);

	for (int i = 0; btf_is_composite(type) && i < btf_vlen(type); i++) {
		const struct btf_member *m = &btf_members(type)[i];
		const char *is = btf__name_by_offset(s->btf, m->name_off);

		if (strlen(is) != n || strncmp(is, name, n))
			continue;
		if (btf_member_bitfield_size(type, (uint32_t)i) ||
		    btf_member_bit_offset(type, (uint32_t)i) % 8)
			return refuse(s, "a bit field cannot be set");
		t->rest = name + n;
		return enter_type(s, t, m->type, btf_member_bit_offset(type, (uint32_t)i) / 8);
	}
	return refuse(s, arena_printf(s->cx->arena, "there is no member '%.*s'", (int)n, name));
}

static bool enter_element(const struct setter *s, struct target *t)
{
	const struct btf_type *type = btf__type_by_id(s->btf, t->type);
	char *end;
	unsigned long long i = strtoull(t->rest + 1, &end, 0);
	int64_t size;

	if (!isdigit((unsigned char)t->rest[1]) || *end != ']')
		return refuse(s, "an index is a number in brackets");
	if (!btf_is_array(type) || i >= btf_array(type)->nelems)
		return refuse(s, arena_printf(s->cx->arena, "there is no element %llu", i));
	size = btf__resolve_size(s->btf, btf_array(type)->type);
	if (size <= 0)
		return refuse(s, "its elements have no size");
	t->rest = end + 1;
	return enter_type(s, t, btf_array(type)->type, (uint64_t)size * i);
}

static bool find_place(const struct setter *s, struct target *t)
{
	if (!find_variable(s, t))
		return false;
	while (*t->rest != '=') {
		if (*t->rest == '.' ? !enter_member(s, t)
		    : *t->rest == '['
			    ? !enter_element(s, t)
			    : !refuse(s,
				      "write NAME=VALUE, NAME.MEMBER=VALUE or NAME[INDEX]=VALUE"))
			return false;
	}
	return true;
}

/* ---- values ------------------------------------------------------------------------------------------ */

static bool write_bytes(const struct setter *s, const struct target *t, const void *bytes, size_t n)
{
	struct fe_section *sec = &s->elf->secs[t->section];
	uint8_t *copy;

	if (t->offset > sec->size || n > sec->size - t->offset)
		return refuse(s, "it lies outside of its section");
	copy = arena_dup(s->cx->arena, sec->data, sec->size);
	memcpy(copy + t->offset, bytes, n);
	sec->data = copy;
	return true;
}

/* A number of up to 64 bits with its sign. */
struct number {
	uint64_t magnitude;
	bool negative;
};

static bool read_number(const char *text, struct number *v)
{
	char *end;

	v->negative = *text == '-';
	text += v->negative;
	errno = 0;
	v->magnitude = strtoull(text, &end, 0);
	return isdigit((unsigned char)*text) && !*end && !errno;
}

static bool fits(const struct number *v, uint32_t size, bool is_signed)
{
	uint64_t top = size >= 8 ? UINT64_MAX : (UINT64_C(1) << (8 * size)) - 1;

	if (v->negative)
		return !v->magnitude || (is_signed && v->magnitude <= top / 2 + 1);
	return v->magnitude <= (is_signed ? top / 2 : top);
}

static bool write_number(const struct setter *s, const struct target *t, const struct number *v,
			 uint32_t size, bool is_signed)
{
	uint64_t bits =
		v->negative ? -v->magnitude : v->magnitude; /* little-endian, as this machine */

	if (size > sizeof(bits))
		return refuse(
			s, arena_printf(s->cx->arena, "a number of %u bytes cannot be set", size));
	if (!fits(v, size, is_signed))
		return refuse(s, arena_printf(s->cx->arena, "out of range: it is %s%u bits wide",
					      is_signed ? "signed, " : "", 8 * size));
	return write_bytes(s, t, &bits, size);
}

static bool set_int(const struct setter *s, const struct target *t, const struct btf_type *type)
{
	struct number v = { 0 };
	bool truth = btf_int_encoding(type) & BTF_INT_BOOL;

	if (truth && (!strcmp(s->value, "true") || !strcmp(s->value, "false")))
		v.magnitude = !strcmp(s->value, "true");
	else if (!read_number(s->value, &v))
		return refuse(s, truth ? "its value is true or false" : "not a number");
	if (truth && (v.negative || v.magnitude > 1))
		return refuse(s, "its value is true or false");
	return write_number(s, t, &v, type->size, btf_int_encoding(type) & BTF_INT_SIGNED);
}

static bool set_enum(const struct setter *s, const struct target *t, const struct btf_type *type)
{
	bool wide = btf_is_enum64(type), is_signed = btf_kflag(type);
	struct number v = { 0 };

	for (int i = 0; i < btf_vlen(type); i++) {
		uint32_t name = wide ? btf_enum64(type)[i].name_off : btf_enum(type)[i].name_off;
		int64_t is = wide        ? (int64_t)btf_enum64_value(&btf_enum64(type)[i])
			     : is_signed ? btf_enum(type)[i].val
					 : (int64_t)(uint32_t)btf_enum(type)[i].val;

		if (strcmp(btf__name_by_offset(s->btf, name), s->value))
			continue;
		v.negative = is < 0 && is_signed;
		v.magnitude = v.negative ? -(uint64_t)is : (uint64_t)is;
		return write_number(s, t, &v, type->size, is_signed);
	}
	if (!read_number(s->value, &v))
		return refuse(s, "neither one of its names nor a number");
	return write_number(s, t, &v, type->size, is_signed);
}

/* An array of characters takes the text, ended and filled up with zeroes. */
static bool set_text(const struct setter *s, const struct target *t, const struct btf_type *type)
{
	uint32_t n = btf_array(type)->nelems;
	char *text;

	if (btf__resolve_size(s->btf, btf_array(type)->type) != 1)
		return refuse(s, "it is an array: set its elements, NAME[INDEX]=VALUE");
	if (strlen(s->value) >= n)
		return refuse(s, arena_printf(s->cx->arena, "a text of up to %u bytes fits",
					      n ? n - 1 : 0));
	text = arena_alloc(s->cx->scratch, n);
	memcpy(text, s->value, strlen(s->value));
	return write_bytes(s, t, text, n);
}

static bool set_value(const struct setter *s)
{
	const struct btf_type *type;
	struct target t = { 0 };

	if (!find_place(s, &t))
		return false;
	type = btf__type_by_id(s->btf, t.type);
	if (btf_is_int(type))
		return set_int(s, &t, type);
	if (btf_is_any_enum(type))
		return set_enum(s, &t, type);
	if (btf_is_array(type))
		return set_text(s, &t, type);
	if (btf_is_composite(type))
		return refuse(s, "it is a structure: set its members, NAME.MEMBER=VALUE");
	return refuse(s, "it is neither a number, a truth value, an enumeration nor a text");
}

bool fe_values_set(struct cx *cx, struct fe_elf *elf, const struct fe_open_options *opts)
{
	const struct fe_section *sec = &elf->secs[elf->btf];
	struct setter s = { .cx = cx, .elf = elf };
	struct btf *btf = NULL;
	bool ok = true;

	if (opts->n_sets && elf->btf)
		btf = btf__new(sec->data, (uint32_t)sec->size);
	s.btf = btf;
	for (size_t i = 0; ok && i < opts->n_sets; i++) {
		s.rule = opts->sets[i];
		s.value = strchr(s.rule, '=');
		if (!s.value++)
			ok = refuse(&s, "write NAME=VALUE");
		else if (!btf)
			ok = refuse(&s, "the object has no BTF, which says what its variables are "
					"(clang -g)");
		else
			ok = set_value(&s);
	}
	btf__free(btf);
	return ok;
}
