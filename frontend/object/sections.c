#include "frontend/object/loader.h"

#include "base/bits.h"

#include <ctype.h>
#include <string.h>

/* Section name => program type: our own rows for XDP and tc, with the free-form names of older
 * loaders; libbpf's list for all else. */

static const struct {
	const char *name;
	struct fe_section_type type;
} sections[] = {
#define FE_SECTION(name, prog_type, attach, frags)                                                 \
	{ name, { BPF_PROG_TYPE_##prog_type, attach, frags } },
#include "frontend/object/sections.def"
};

static bool matches(const char *section, const char *name)
{
	size_t n = strlen(name);

	return !strncmp(section, name, n) && !isalpha((unsigned char)section[n]);
}

struct fe_section_type fe_section_type(struct cx *cx, const char *section)
{
	struct fe_section_type t = { 0 };

	if (*section == '?') /* libbpf: "do not load unless asked" */
		section++;
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
