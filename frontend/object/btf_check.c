/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/object/loader.h"

#include "base/bits.h"

#include <linux/btf.h>
#include <string.h>

/* Is a .BTF blob one that libbpf can walk without harm? Bounds of all tables, strings and type
 * ids; kinds that references must have; and no type that contains itself other than through a
 * pointer (libbpf follows modifiers and members without a limit). */

#define MAX_NESTING 512 /* types within types; libbpf recurses once per level */

struct checker {
	const uint8_t *types;
	const char *strings;
	uint32_t types_len, strings_len;
	uint32_t n;                    /* types, with 0 = void */
	const struct btf_type **by_id; /* [0] NULL */
	struct arena *arena;
	const char *why;
};

static bool bad(struct checker *c, uint32_t id, const char *why)
{
	c->why = arena_printf(c->arena, "type %u %s", id, why);
	return false;
}

static const char *header_problem(struct fe_bytes b, struct btf_header *h)
{
	if (b.len < sizeof(*h))
		return "it ends within its header";
	memcpy(h, b.at, sizeof(*h));
	if (h->magic != BTF_MAGIC)
		return h->magic == __builtin_bswap16(BTF_MAGIC)
			       ? "its byte order differs from the host's"
			       : "it lacks the magic number";
	if (h->version != BTF_VERSION)
		return "its version is unknown";
	if (h->hdr_len < sizeof(*h) || h->hdr_len > b.len || h->hdr_len % 4)
		return "its header has an impossible length";
	if ((uint64_t)h->str_off + h->str_len > b.len - h->hdr_len)
		return "its strings exceed the section";
	if (h->type_off % 4 || (uint64_t)h->type_off + h->type_len > h->str_off)
		return "its types overlap its strings";
	return NULL;
}

static const char *string_problem(const char *s, uint32_t len)
{
	if (!len || s[0])
		return "its strings do not begin with an empty one";
	if (s[len - 1])
		return "its last string is not terminated";
	return NULL;
}

static uint64_t type_bytes(const struct btf_type *t)
{
	uint64_t n = BTF_INFO_VLEN(t->info);

	switch (BTF_INFO_KIND(t->info)) {
	case BTF_KIND_PTR:
	case BTF_KIND_FWD:
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_CONST:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_FUNC:
	case BTF_KIND_FLOAT:
	case BTF_KIND_TYPE_TAG: return sizeof(*t);
	case BTF_KIND_INT:
	case BTF_KIND_VAR:
	case BTF_KIND_DECL_TAG: return sizeof(*t) + 4;
	case BTF_KIND_ARRAY: return sizeof(*t) + sizeof(struct btf_array);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION: return sizeof(*t) + n * sizeof(struct btf_member);
	case BTF_KIND_ENUM: return sizeof(*t) + n * sizeof(struct btf_enum);
	case BTF_KIND_ENUM64: return sizeof(*t) + n * sizeof(struct btf_enum64);
	case BTF_KIND_FUNC_PROTO: return sizeof(*t) + n * sizeof(struct btf_param);
	case BTF_KIND_DATASEC: return sizeof(*t) + n * sizeof(struct btf_var_secinfo);
	default: return 0;
	}
}

/* ---- pass 1: where each type is ---------------------------------------------------------------- */

static bool index_types(struct checker *c)
{
	uint32_t off = 0, cap = c->types_len / sizeof(struct btf_type) + 2;

	if (cap > FE_MAX_BTF_TYPES + 2)
		cap = FE_MAX_BTF_TYPES + 2;
	c->by_id = ARENA_ARRAY(c->arena, const struct btf_type *, cap);
	c->n = 1;
	while (off < c->types_len) {
		const struct btf_type *t = (const void *)(c->types + off);
		uint64_t size;

		if (c->types_len - off < sizeof(*t))
			return bad(c, c->n, "is truncated");
		size = type_bytes(t);
		if (!size)
			return bad(c, c->n, "has an unknown kind");
		if (size > c->types_len - off)
			return bad(c, c->n, "is truncated");
		if (c->n > FE_MAX_BTF_TYPES)
			return bad(c, c->n, "is one too many");
		c->by_id[c->n++] = t;
		off += (uint32_t)size;
	}
	return true;
}

/* ---- pass 2: names and references -------------------------------------------------------------- */

static bool ref_ok(const struct checker *c, uint32_t id)
{
	return id < c->n;
}

static unsigned kind_of(const struct checker *c, uint32_t id)
{
	return id ? BTF_INFO_KIND(c->by_id[id]->info) : BTF_KIND_UNKN;
}

static bool name_ok(const struct checker *c, uint32_t off)
{
	return off < c->strings_len;
}

static bool is_data_type(const struct checker *c, uint32_t id)
{
	unsigned k = kind_of(c, id);

	return ref_ok(c, id) && k != BTF_KIND_FUNC && k != BTF_KIND_VAR && k != BTF_KIND_DATASEC &&
	       k != BTF_KIND_DECL_TAG;
}

static bool check_vector(struct checker *c, uint32_t id)
{
	const struct btf_type *t = c->by_id[id];
	unsigned n = BTF_INFO_VLEN(t->info);
	const struct btf_member *m = (const void *)(t + 1);
	const struct btf_enum *e = (const void *)(t + 1);
	const struct btf_enum64 *e64 = (const void *)(t + 1);
	const struct btf_param *p = (const void *)(t + 1);
	const struct btf_var_secinfo *v = (const void *)(t + 1);
	unsigned kind = BTF_INFO_KIND(t->info);

	for (unsigned i = 0; i < n; i++) {
		bool ok = true;

		if (kind == BTF_KIND_STRUCT || kind == BTF_KIND_UNION)
			ok = name_ok(c, m[i].name_off) && m[i].type && ref_ok(c, m[i].type) &&
			     is_data_type(c, m[i].type);
		else if (kind == BTF_KIND_ENUM)
			ok = name_ok(c, e[i].name_off);
		else if (kind == BTF_KIND_ENUM64)
			ok = name_ok(c, e64[i].name_off);
		else if (kind == BTF_KIND_FUNC_PROTO)
			ok = name_ok(c, p[i].name_off) && ref_ok(c, p[i].type) &&
			     is_data_type(c, p[i].type);
		else if (kind == BTF_KIND_DATASEC)
			ok = ref_ok(c, v[i].type) && (kind_of(c, v[i].type) == BTF_KIND_VAR ||
						      kind_of(c, v[i].type) == BTF_KIND_FUNC);
		if (!ok)
			return bad(c, id, "has a member with a bad name or type");
	}
	return true;
}

static bool check_single(struct checker *c, uint32_t id)
{
	const struct btf_type *t = c->by_id[id];
	const struct btf_array *a = (const void *)(t + 1);
	bool ok = true;

	switch (BTF_INFO_KIND(t->info)) {
	case BTF_KIND_PTR:
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_CONST:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_TYPE_TAG:
	case BTF_KIND_FUNC_PROTO: ok = ref_ok(c, t->type) && is_data_type(c, t->type); break;
	case BTF_KIND_VAR: ok = ref_ok(c, t->type) && t->type && is_data_type(c, t->type); break;
	case BTF_KIND_FUNC:
		ok = ref_ok(c, t->type) && kind_of(c, t->type) == BTF_KIND_FUNC_PROTO;
		break;
	case BTF_KIND_DECL_TAG: ok = ref_ok(c, t->type) && t->type; break;
	case BTF_KIND_ARRAY:
		ok = ref_ok(c, a->type) && ref_ok(c, a->index_type) && a->type &&
		     is_data_type(c, a->type) && is_data_type(c, a->index_type);
		break;
	case BTF_KIND_INT: ok = t->size && t->size <= 16; break;
	default: break;
	}
	return ok || bad(c, id, "refers to a type of a kind that is not allowed there");
}

static bool check_types(struct checker *c)
{
	for (uint32_t id = 1; id < c->n; id++) {
		if (!name_ok(c, c->by_id[id]->name_off))
			return bad(c, id, "has a name outside the strings");
		if (!check_single(c, id) || !check_vector(c, id))
			return false;
	}
	return true;
}

/* ---- pass 3: nothing contains itself ------------------------------------------------------------ */

/* k-th type that is part of `id` by value; 0: no more. */
static uint32_t part(const struct checker *c, uint32_t id, uint32_t k)
{
	const struct btf_type *t = c->by_id[id];

	switch (BTF_INFO_KIND(t->info)) {
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_CONST:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_TYPE_TAG:
	case BTF_KIND_DECL_TAG:
	case BTF_KIND_VAR: return k ? 0 : t->type;
	case BTF_KIND_ARRAY: return k ? 0 : ((const struct btf_array *)(const void *)(t + 1))->type;
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return k < BTF_INFO_VLEN(t->info)
			       ? ((const struct btf_member *)(const void *)(t + 1))[k].type
			       : 0;
	default: return 0;
	}
}

struct walk {
	uint32_t id, next_part;
};

struct nesting {
	bool *on_path;
	uint16_t *height; /* levels of parts below and including the type; 0: not yet visited */
	struct walk path[MAX_NESTING];
	size_t depth;
};

static void raise_height(uint16_t *height, unsigned at_least)
{
	if (*height < at_least)
		*height = (uint16_t)at_least;
}

static void enter(struct nesting *n, uint32_t id)
{
	n->path[n->depth++] = (struct walk){ id, 0 };
	n->on_path[id] = true;
	n->height[id] = 1;
}

static bool walk_parts(struct checker *c, uint32_t root, struct nesting *n)
{
	enter(n, root);
	while (n->depth) {
		struct walk *w = &n->path[n->depth - 1];
		uint32_t p = part(c, w->id, w->next_part++);

		if (!p) {
			n->on_path[w->id] = false;
			if (--n->depth)
				raise_height(&n->height[w[-1].id], n->height[w->id] + 1u);
		} else if (n->on_path[p]) {
			return bad(c, p, "contains itself");
		} else if (n->height[p]) {
			raise_height(&n->height[w->id], n->height[p] + 1u);
		} else if (n->depth == MAX_NESTING) {
			return bad(c, root, "is nested too deep");
		} else {
			enter(n, p);
		}
		if (n->height[w->id] > MAX_NESTING)
			return bad(c, root, "is nested too deep");
	}
	return true;
}

static bool check_nesting(struct checker *c)
{
	struct nesting n = { .on_path = ARENA_ARRAY(c->arena, bool, c->n),
			     .height = ARENA_ARRAY(c->arena, uint16_t, c->n) };

	for (uint32_t id = 1; id < c->n; id++) {
		if (!n.height[id] && !walk_parts(c, id, &n))
			return false;
	}
	return true;
}

const char *fe_btf_problem(struct arena *a, struct fe_bytes b)
{
	struct checker c = { .arena = a };
	struct btf_header h;
	const char *why = header_problem(b, &h);

	if (why)
		return why;
	c.types = b.at + h.hdr_len + h.type_off;
	c.types_len = h.type_len;
	c.strings = (const char *)b.at + h.hdr_len + h.str_off;
	c.strings_len = h.str_len;
	why = string_problem(c.strings, c.strings_len);
	if (why)
		return why;
	if (!index_types(&c) || !check_types(&c) || !check_nesting(&c))
		return c.why;
	return NULL;
}
