/* SPDX-License-Identifier: BSD-2-Clause */
/* What an image needs that engine_captured.c does not have. */
#include "sim/captured.h"
#include "sim/host/captured/captured_symbols.h"

#include "base/bits.h"

#include <string.h>

#define KEY_MAX 512u /* of a hash map's element, with its header */

static const struct field_row {
	enum sim_captured_field field;
	uint32_t max; /* bytes that there are for its structure */
} xdp_fields[] = {
	{ SIM_FIELD_xdp_buff_data, SIM_CAPTURED_CTX_MAX },
	{ SIM_FIELD_xdp_buff_data_end, SIM_CAPTURED_CTX_MAX },
	{ SIM_FIELD_xdp_buff_data_meta, SIM_CAPTURED_CTX_MAX },
	{ SIM_FIELD_xdp_buff_data_hard_start, SIM_CAPTURED_CTX_MAX },
	{ SIM_FIELD_xdp_buff_rxq, SIM_CAPTURED_CTX_MAX },
	{ SIM_FIELD_xdp_rxq_info_dev, SIM_CAPTURED_RXQ_MAX },
	{ SIM_FIELD_xdp_rxq_info_queue_index, SIM_CAPTURED_RXQ_MAX },
	{ SIM_FIELD_net_device_ifindex, SIM_CAPTURED_DEV_MAX },
}, egress_fields[] = {
	{ SIM_FIELD_xdp_buff_txq, SIM_CAPTURED_CTX_MAX },
	{ SIM_FIELD_xdp_txq_info_dev, SIM_CAPTURED_RXQ_MAX },
}, skb_fields[] = {
	{ SIM_FIELD_sk_buff_len, SIM_CAPTURED_CTX_MAX },
	{ SIM_FIELD_sk_buff_data, SIM_CAPTURED_CTX_MAX },
	{ SIM_FIELD_sk_buff_dev, SIM_CAPTURED_CTX_MAX },
	{ SIM_FIELD_sk_buff_protocol, SIM_CAPTURED_CTX_MAX },
	{ SIM_FIELD_sk_buff_skb_iif, SIM_CAPTURED_CTX_MAX },
	{ SIM_FIELD_sk_buff_vlan_tci, SIM_CAPTURED_CTX_MAX },
	{ SIM_FIELD_sk_buff_vlan_proto, SIM_CAPTURED_CTX_MAX },
	{ SIM_FIELD_sk_buff_cb, SIM_CAPTURED_CTX_MAX / 2 }, /* what lies in it adds up to the rest */
	{ SIM_FIELD_bpf_skb_data_end_data_meta, SIM_CAPTURED_CTX_MAX / 2 },
	{ SIM_FIELD_bpf_skb_data_end_data_end, SIM_CAPTURED_CTX_MAX / 2 },
	{ SIM_FIELD_qdisc_skb_cb_pkt_len, SIM_CAPTURED_CTX_MAX / 2 },
	{ SIM_FIELD_net_device_ifindex, SIM_CAPTURED_DEV_MAX },
};

static bool rows_fit(const struct sim_captured *img, const struct field_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (img->fields[rows[i].field] > rows[i].max - sizeof(uint64_t))
			return false;
	}
	return true;
}

static bool fields_fit(const struct sim_captured *img, const struct fe_prog *prog)
{
	if (img->prog_type != BPF_PROG_TYPE_XDP)
		return rows_fit(img, skb_fields, ARRAY_SIZE(skb_fields));
	return rows_fit(img, xdp_fields, ARRAY_SIZE(xdp_fields)) &&
	       (prog->attach_type != BPF_XDP_DEVMAP ||
		rows_fit(img, egress_fields, ARRAY_SIZE(egress_fields)));
}

static bool known(const struct sim_captured *img, enum sim_captured_field f)
{
	return img->fields[f] <= KEY_MAX;
}

static const char *map_needs(const struct sim_captured *img, const struct fe_map *m)
{
	switch (m->type) {
	case BPF_MAP_TYPE_ARRAY:
	case BPF_MAP_TYPE_PERCPU_ARRAY:
	case BPF_MAP_TYPE_ARRAY_OF_MAPS:
		return known(img, SIM_FIELD_bpf_array_value) ? NULL
							     : "the offset of bpf_array.value";
	case BPF_MAP_TYPE_HASH:
	case BPF_MAP_TYPE_LRU_HASH:
	case BPF_MAP_TYPE_PERCPU_HASH:
	case BPF_MAP_TYPE_LRU_PERCPU_HASH:
	case BPF_MAP_TYPE_HASH_OF_MAPS:
		return known(img, SIM_FIELD_htab_elem_key) ? NULL : "the offset of htab_elem.key";
	case BPF_MAP_TYPE_XSKMAP:
		return known(img, SIM_FIELD_xsk_map_xsk_map) ? NULL
							     : "the offset of xsk_map.xsk_map";
	case BPF_MAP_TYPE_PROG_ARRAY: return m->n_slots ? "the programs of a program array" : NULL;
	default: return NULL;
	}
}

const char *sim_captured_missing(struct arena *a, const struct sim_captured *img,
				 const struct fe_object *obj, const struct fe_prog *prog)
{
	struct sim_symbol_action action;
	const char *what;

	if (!fields_fit(img, prog))
		return "the offsets of all fields of the context";
	for (size_t i = 0; i < img->n_maps; i++) {
		what = img->maps[i].used ? map_needs(img, &obj->maps[i]) : NULL;
		if (what)
			return what;
	}
	for (size_t i = 0; i < img->n_symbols; i++) {
		if (!sim_symbol_action(img->symbols[i].name, &action))
			return arena_printf(a, "%s(), which the simulator does not have",
					    img->symbols[i].name);
	}
	return NULL;
}
