/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/object/core.h"

/* The number that a relocation asks for, of one path. Computed for the program's own types (what
 * the compiler must have put into the instruction) and for the target's (what to put there). */

struct field {
	uint32_t type; /* stripped */
	uint64_t bit_off;
	uint32_t bits;            /* of the field */
	uint32_t byte_off, bytes; /* of the load that covers it */
	bool is_bitfield;
};

/* Smallest aligned load of 1 to 8 bytes that covers a bitfield, beginning with its type's size. */
static bool cover_bitfield(struct field *f, uint32_t type_bytes)
{
	f->bytes = type_bytes;
	if (!f->bytes || f->bytes > 8)
		return false;
	for (;;) {
		f->byte_off = (uint32_t)(f->bit_off / 8 / f->bytes * f->bytes);
		if (f->bit_off + f->bits - f->byte_off * 8ull <= f->bytes * 8ull)
			return true;
		if (f->bytes >= 8)
			return false;
		f->bytes *= 2;
	}
}

static bool describe(const struct core_path *p, struct field *f)
{
	const struct core_step *last = &p->step[p->n - 1];
	const struct btf_type *t = btf__type_by_id(p->btf, last->type), *ft;
	int64_t size;

	*f = (struct field){ .bit_off = p->bit_off };
	if (last->name) {
		ft = core_strip(p->btf, btf_members(t)[last->index].type, &f->type);
		f->bits = btf_member_bitfield_size(t, last->index);
		f->is_bitfield = f->bits != 0;
		if (f->is_bitfield)
			return (btf_is_int(ft) || btf_is_any_enum(ft)) &&
			       cover_bitfield(f, ft->size);
	} else {
		f->type = last->type;
	}
	size = btf__resolve_size(p->btf, f->type);
	if (size < 0 || size > INT32_MAX)
		return false;
	f->bytes = (uint32_t)size;
	f->byte_off = (uint32_t)(f->bit_off / 8);
	f->bits = f->bytes * 8;
	return true;
}

static bool is_signed(const struct btf_type *t)
{
	if (btf_is_any_enum(t))
		return btf_kflag(t);
	return btf_is_int(t) && (btf_int_encoding(t) & BTF_INT_SIGNED);
}

static bool field_value(uint32_t kind, const struct core_path *p, struct core_value *v)
{
	struct field f;

	if (kind == BPF_CORE_FIELD_EXISTS) {
		v->number = p != NULL;
		return true;
	}
	v->missing = !p;
	if (!p)
		return true;
	if (!describe(p, &f))
		return false;
	/* Which load covers a bitfield is the compiler's choice: only sign and right shift are not. */
	v->exact = !f.is_bitfield;
	switch (kind) {
	case BPF_CORE_FIELD_BYTE_OFFSET:
		v->number = f.byte_off;
		v->field_bytes = f.is_bitfield ? 0 : f.bytes;
		v->field_type = f.type;
		return true;
	case BPF_CORE_FIELD_BYTE_SIZE: v->number = f.bytes; return true;
	default: break;
	}
	if (!p->step[p->n - 1].name) /* not of an array element */
		return false;
	switch (kind) {
	case BPF_CORE_FIELD_SIGNED:
		v->number = is_signed(btf__type_by_id(p->btf, f.type));
		v->exact = true;
		return true;
	case BPF_CORE_FIELD_LSHIFT_U64:
		v->number = 64 - (f.bit_off + f.bits - f.byte_off * 8ull);
		return true;
	default: /* BPF_CORE_FIELD_RSHIFT_U64 */
		v->number = 64 - (uint64_t)f.bits;
		v->exact = true;
		return true;
	}
}

static bool type_value(uint32_t kind, const struct core_path *p, struct core_value *v)
{
	int64_t size;

	if (!p) /* number stays 0 */
		return true;
	switch (kind) {
	case BPF_CORE_TYPE_ID_LOCAL:
	case BPF_CORE_TYPE_ID_TARGET:
		v->number = p->root;
		v->exact = false; /* linkers renumber types */
		return true;
	case BPF_CORE_TYPE_EXISTS:
	case BPF_CORE_TYPE_MATCHES: v->number = 1; return true;
	case BPF_CORE_TYPE_SIZE:
		size = btf__resolve_size(p->btf, p->root);
		v->number = (uint64_t)size;
		return size >= 0;
	default: return false; /* a kind that is newer than this program */
	}
}

static bool enum_value(uint32_t kind, const struct core_path *p, struct core_value *v)
{
	const struct btf_type *t;
	uint32_t i;

	if (kind == BPF_CORE_ENUMVAL_EXISTS) {
		v->number = p != NULL;
		return true;
	}
	v->missing = !p;
	if (!p)
		return true;
	t = btf__type_by_id(p->btf, p->step[0].type);
	i = p->step[0].index;
	if (btf_is_enum(t))
		v->number = (uint64_t)(int64_t)btf_enum(t)[i].val;
	else
		v->number = btf_enum64_value(&btf_enum64(t)[i]);
	return true;
}

bool core_value(uint32_t kind, const struct core_path *p, struct core_value *v)
{
	*v = (struct core_value){ .exact = true };
	if (core_is_field(kind))
		return field_value(kind, p, v);
	if (core_is_enumval(kind))
		return enum_value(kind, p, v);
	return type_value(kind, p, v);
}
