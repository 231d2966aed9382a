/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/object/loader.h"

#include "base/bits.h"

#include <ctype.h>
#include <string.h>

/* Section name => program type: the user's word, our own rows for XDP and tc, with the free-form
 * names of older loaders, libbpf's list for all else. */

static const struct {
	const char *name;
	struct fe_section_type type;
} sections[] = {
#define FE_SECTION(name, prog_type, attach, frags)                                                 \
	{ name, { BPF_PROG_TYPE_##prog_type, attach, frags } },
#include "frontend/object/section_names.def"
};

static bool matches(const char *section, const char *name)
{
	size_t n = strlen(name);

	return !strncmp(section, name, n) && !isalpha((unsigned char)section[n]);
}

static const char *without_mark(const char *section)
{
	return section + (*section == '?'); /* libbpf: "do not load unless asked" */
}

/* ---- what the user says -------------------------------------------------------------------------- */

static const struct {
	const char *word;
	struct fe_section_type type;
} words[] = {
	{ "xdp", { BPF_PROG_TYPE_XDP, BPF_XDP, false } },
	{ "xdp.frags", { BPF_PROG_TYPE_XDP, BPF_XDP, true } },
	{ "tc", { BPF_PROG_TYPE_SCHED_CLS, 0, false } },
	{ "action", { BPF_PROG_TYPE_SCHED_ACT, 0, false } },
};

/* "SECTION=TYPE" or "TYPE": a section's name may hold '=', a type's does not. */
static const char *type_word(const char *rule)
{
	const char *equals = strrchr(rule, '=');

	return equals ? equals + 1 : rule;
}

static const struct fe_section_type *type_of_word(const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (!strcmp(word, words[i].word))
			return &words[i].type;
	}
	return NULL;
}

static bool rule_names(const char *rule, const char *section)
{
	size_t n = (size_t)(type_word(rule) - rule);

	return n && strlen(section) == n - 1 && !strncmp(rule, section, n - 1);
}

/* The last word counts; NULL: there is none for the section. */
static const struct fe_section_type *asked_type(const struct fe_open_options *opts,
						const char *section)
{
	for (size_t i = opts->n_types; i-- > 0;) {
		if (*section ? rule_names(opts->types[i], section)
			     : type_word(opts->types[i]) == opts->types[i])
			return type_of_word(type_word(opts->types[i]));
	}
	return NULL;
}

static const char *code_sections(struct cx *cx, const struct fe_elf *elf)
{
	const char *all = NULL;

	for (uint32_t i = 1; i < elf->n_secs; i++) {
		const char *name = without_mark(elf->secs[i].name);

		if (fe_section_is_code(&elf->secs[i]))
			all = all ? arena_printf(cx->arena, "%s, %s", all, name) : name;
	}
	return all ? all : "none";
}

static bool is_code_section(const struct fe_elf *elf, const char *rule)
{
	for (uint32_t i = 1; i < elf->n_secs; i++) {
		if (fe_section_is_code(&elf->secs[i]) &&
		    rule_names(rule, without_mark(elf->secs[i].name)))
			return true;
	}
	return false;
}

bool fe_section_types_check(struct cx *cx, const struct fe_elf *elf,
			    const struct fe_open_options *opts)
{
	struct diag_at at = { .object = elf->path, .insn = -1 };

	for (size_t i = 0; i < opts->n_types; i++) {
		const char *rule = opts->types[i], *why = NULL;

		if (!type_of_word(type_word(rule)))
			why = "types are xdp, xdp.frags, tc and action";
		else if (type_word(rule) != rule && !is_code_section(elf, rule))
			why = arena_printf(cx->arena, "the object's program sections are %s",
					   code_sections(cx, elf));
		if (why)
			return diag_error(cx->diags, &at, REASON_TYPE_OPTION, rule, why);
	}
	return true;
}

/* ---- what the name says -------------------------------------------------------------------------- */

static struct fe_section_type type_of_name(struct cx *cx, const char *section)
{
	struct fe_section_type t = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(sections); i++) {
		if (matches(section, sections[i].name))
			return sections[i].type;
	}
	if (fe_libbpf_section_type(cx, section, &t.type, &t.attach))
		return t;
	if (!strncmp(section, "xdp", 3)) /* "xdp1", "xdp_sock", "xdpfilter" … */
		return (struct fe_section_type){ BPF_PROG_TYPE_XDP, BPF_XDP, false };
	return (struct fe_section_type){ BPF_PROG_TYPE_UNSPEC, 0, false };
}

struct fe_section_type fe_section_type(struct cx *cx, const struct fe_open_options *opts,
				       const char *section)
{
	const char *name = without_mark(section);
	const struct fe_section_type *asked = *name ? asked_type(opts, name) : NULL;
	struct fe_section_type t;

	if (asked)
		return *asked;
	t = type_of_name(cx, name);
	if (t.type == BPF_PROG_TYPE_UNSPEC)
		asked = asked_type(opts, "");
	return asked ? *asked : t;
}
