/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/object/loader.h"

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>

/* BTF-style maps of other loaders: __uint(pinning, N) with an N of iproute2 (2: PIN_GLOBAL_NS) or Cilium (16: replace
 * what is pinned), which libbpf refuses. All of them pin by name, so such a map counts as pinned by name. */

enum { PIN_BY_NAME = 1 }; /* LIBBPF_PIN_BY_NAME, which only programs get to see */

struct pins {
	struct cx *cx;
	struct fe_elf *elf;
	struct btf *btf;
	int by_name; /* type of "int (*pinning)[PIN_BY_NAME]"; 0: not made yet */
};

static const struct btf_type *definition_of(const struct btf *btf, uint32_t var)
{
	const struct btf_type *t = btf__type_by_id(btf, var);
	int id = t && btf_is_var(t) ? btf__resolve_type(btf, t->type) : 0;

	t = id > 0 ? btf__type_by_id(btf, (uint32_t)id) : NULL;
	return t && btf_is_struct(t) ? t : NULL;
}

/* N of "int (*member)[N]"; 0: not a number. */
static uint32_t number_of(const struct btf *btf, const struct btf_member *m)
{
	const struct btf_type *t = btf__type_by_id(btf, m->type);

	t = t && btf_is_ptr(t) ? btf__type_by_id(btf, t->type) : NULL;
	return t && btf_is_array(t) ? btf_array(t)->nelems : 0;
}

/* Index of the member that pins; -1: none, or one of libbpf's. */
static int foreign_pin(const struct btf *btf, const struct btf_type *def, uint32_t *value)
{
	for (int i = 0; def && i < btf_vlen(def); i++) {
		const struct btf_member *m = &btf_members(def)[i];

		if (strcmp(btf__name_by_offset(btf, m->name_off), "pinning"))
			continue;
		*value = number_of(btf, m);
		return *value > PIN_BY_NAME ? i : -1;
	}
	return -1;
}

static bool make_by_name(struct pins *p)
{
	int id;

	if (p->by_name)
		return true;
	id = btf__add_int(p->btf, "int", 4, BTF_INT_SIGNED);
	if (id > 0)
		id = btf__add_array(p->btf, id, id, PIN_BY_NAME);
	p->by_name = id > 0 ? btf__add_ptr(p->btf, id) : id;
	return p->by_name > 0;
}

static bool settle(struct pins *p, uint32_t var)
{
	struct diag_at at = { .object = p->elf->path, .section = ".maps", .insn = -1 };
	uint32_t value;
	int i = foreign_pin(p->btf, definition_of(p->btf, var), &value);
	const char *name;

	if (i < 0)
		return true;
	if (!make_by_name(p))
		return diag_error(p->cx->diags, &at, REASON_BTF_INVALID, "it cannot be extended");
	name = btf__name_by_offset(p->btf, btf__type_by_id(p->btf, var)->name_off);
	diag_warn(p->cx->diags, &at, REASON_FOREIGN_PIN, name, value);
	/* types moved when more were added */
	btf_members((struct btf_type *)(uintptr_t)definition_of(p->btf, var))[i].type =
		(uint32_t)p->by_name;
	return true;
}

static bool settle_all(struct pins *p)
{
	int maps = btf__find_by_name_kind(p->btf, ".maps", BTF_KIND_DATASEC);

	for (int i = 0; maps > 0; i++) {
		const struct btf_type *sec = btf__type_by_id(p->btf, (uint32_t)maps);

		if (i >= btf_vlen(sec))
			break;
		if (!settle(p, btf_var_secinfos(sec)[i].type))
			return false;
	}
	return true;
}

bool fe_foreign_pins(struct cx *cx, struct fe_elf *elf)
{
	struct fe_section *s = &elf->secs[elf->btf];
	struct pins p = { .cx = cx, .elf = elf };
	uint32_t size = 0;
	const void *raw;
	bool ok;

	if (!elf->btf || !elf->maps)
		return true;
	p.btf = btf__new(s->data, (uint32_t)s->size);
	if (!p.btf)
		return true; /* reported by the next reader */
	ok = settle_all(&p);
	raw = p.by_name > 0 ? btf__raw_data(p.btf, &size) : NULL;
	if (raw) {
		s->data = arena_dup(cx->arena, raw, size);
		s->size = size;
	}
	btf__free(p.btf);
	return ok;
}
