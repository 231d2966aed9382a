/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/verifier/contracts/helpers.h"

#include "base/bits.h"

#include <linux/bpf.h>

/* Look-ups in helpers.def and map_rules.def. */

#define FE_PROG_BOTH (FE_PROG_XDP | FE_PROG_TC)

static const struct fe_helper table[] = {
#define HELPER(id, name, progs, ret, flags, a, b, c, d, e)                                         \
	{ #name,        id,    FE_PROG_##progs,                                                    \
	  FE_RET_##ret, flags, { FE_ARG_##a, FE_ARG_##b, FE_ARG_##c, FE_ARG_##d, FE_ARG_##e } },
#include "frontend/verifier/contracts/helpers.def"
#undef HELPER
};

/* First row with an id not below `id`; the table is sorted by id. */
static size_t lower_bound(uint32_t id)
{
	size_t lo = 0, hi = ARRAY_SIZE(table);

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (table[mid].id < id)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

const struct fe_helper *fe_helper(uint32_t id, enum fe_prog_kind kind)
{
	for (size_t i = lower_bound(id); i < ARRAY_SIZE(table) && table[i].id == id; i++) {
		if (table[i].progs & kind)
			return &table[i];
	}
	return NULL;
}

bool fe_helper_known(uint32_t id)
{
	size_t i = lower_bound(id);

	return i < ARRAY_SIZE(table) && table[i].id == id;
}

unsigned fe_helper_n_args(uint32_t id)
{
	unsigned most = 0;

	if (!fe_helper_known(id))
		return 5;
	for (size_t i = lower_bound(id); i < ARRAY_SIZE(table) && table[i].id == id; i++) {
		unsigned n = 0;

		while (n < 5 && table[i].args[n] != FE_ARG__)
			n++;
		most = n > most ? n : most;
	}
	return most;
}

bool fe_helper_takes_map(uint32_t id, uint32_t map_type)
{
	bool map_limited = false, map_ok = false, helper_limited = false, helper_ok = false;

#define MAP_ALLOWS(type, helper)                                                                   \
	if (map_type == BPF_MAP_TYPE_##type) {                                                     \
		map_limited = true;                                                                \
		map_ok |= id == BPF_FUNC_##helper;                                                 \
	}
#define HELPER_NEEDS(helper, type)                                                                 \
	if (id == BPF_FUNC_##helper) {                                                             \
		helper_limited = true;                                                             \
		helper_ok |= map_type == BPF_MAP_TYPE_##type;                                      \
	}
#include "frontend/object/map_rules.def"
#undef MAP_ALLOWS
#undef HELPER_NEEDS
	return (!map_limited || map_ok) && (!helper_limited || helper_ok);
}
