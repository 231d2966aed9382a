/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/legal/legal.h"

#include "base/bits.h"

/* Maps against what the firmware takes (nfp.md 4.2, 6.4), and the program as a whole. */

/* The device has one value for all engines. That is right for counting, but a value that the program reads
 * would depend on all engines, and a value that it writes would affect them all. */
static bool is_per_cpu(uint32_t type)
{
	return type == BPF_MAP_TYPE_PERCPU_ARRAY || type == BPF_MAP_TYPE_PERCPU_HASH;
}

bool nfp_legal_map(struct cx *cx, const struct nfp_prog *np, size_t map,
		   struct offload_refusal *why)
{
	const struct fe_map *m = &np->vp->obj->maps[map];
	const struct nfp_firmware *fw = np->fw;
	uint32_t type = nfp_map_type(np, map);
	uint64_t elem = bits_round_up(m->key_size, 8) + bits_round_up(m->value_size, 8);

	if (m->type == BPF_MAP_TYPE_PERF_EVENT_ARRAY)
		return true; /* stays on the host: the device only refers to it */
	if (!fw->maps.present)
		return nfp_refuse(cx, why, REASON_NFP_MAPS_NONE, fw->name);
	if (is_per_cpu(type))
		return nfp_refuse(cx, why, REASON_NFP_MAP_PER_CPU, m->name);
	if (type >= 32 || !(fw->maps.types & 1u << type))
		return nfp_refuse(cx, why, REASON_NFP_MAP_TYPE, m->name,
				  ebpf_map_type_name(m->type));
	if (m->kind == FE_MAP_USER && m->flags)
		return nfp_refuse(cx, why, REASON_NFP_MAP_FLAGS, m->name, m->flags);
	if (m->key_size > fw->maps.max_key_bytes)
		return nfp_refuse(cx, why, REASON_NFP_MAP_KEY, m->name, m->key_size,
				  fw->maps.max_key_bytes);
	if (m->value_size > fw->maps.max_value_bytes)
		return nfp_refuse(cx, why, REASON_NFP_MAP_VALUE, m->name, m->value_size,
				  fw->maps.max_value_bytes);
	if (elem > fw->maps.max_elem_bytes)
		return nfp_refuse(cx, why, REASON_NFP_MAP_ELEM, m->name, (unsigned long long)elem,
				  fw->maps.max_elem_bytes);
	return true;
}

static bool check_totals(struct cx *cx, const struct nfp_prog *np, struct offload_refusal *why)
{
	const struct nfp_firmware *fw = np->fw;
	uint64_t elems = 0;
	uint32_t maps = 0;

	for (size_t i = 0; i < np->vp->obj->n_maps; i++) {
		const struct fe_map *m = &np->vp->obj->maps[i];

		if (np->maps[i].image_idx < 0 || m->type == BPF_MAP_TYPE_PERF_EVENT_ARRAY)
			continue;
		maps++;
		elems += m->max_entries;
		/* maps that instructions use were looked at there */
		if (!np->maps[i].accessed && !nfp_legal_map(cx, np, i, why))
			return false;
	}
	if (maps > fw->maps.max_maps)
		return nfp_refuse(cx, why, REASON_NFP_MAP_COUNT, maps,
				  (unsigned long long)fw->maps.max_maps);
	if (elems > fw->maps.max_elems)
		return nfp_refuse(cx, why, REASON_NFP_MAP_ELEMS, (unsigned long long)elems,
				  (unsigned long long)fw->maps.max_elems);
	return true;
}

bool nfp_legal_prog(struct cx *cx, const struct nfp_prog *np, struct offload_refusal *why)
{
	if (!np->type_known)
		return nfp_refuse(cx, why, REASON_NFP_PROG_TYPE);
	return nfp_legal_attach(cx, np, why) && check_totals(cx, np, why);
}
