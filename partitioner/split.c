/* SPDX-License-Identifier: BSD-2-Clause */
#include "partitioner/split.h"

struct part_source part_source_of(const struct split *split, const struct fe_prog *own,
				  uint32_t insn)
{
	const struct fe_object *obj = split->vp->obj;
	struct part_origin at;

	if (!split->inlined)
		return (struct part_source){ own, insn };
	at = split->inlined->origin[insn];
	return (struct part_source){ at.prog == PART_NO_PROG ? own : &obj->progs[at.prog],
				     at.insn };
}

const char *part_placement_name(enum part_placement p)
{
	static const char *const names[] = {
		[PART_ALL_DEVICE] = "device",
		[PART_SPLIT] = "split",
		[PART_ALL_HOST] = "host",
	};

	return names[p];
}
