/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NFP_BACKEND_FIRMWARE_H
#define NFP_BACKEND_FIRMWARE_H

#include "base/cx.h"

#include <stdbool.h>
#include <stdint.h>

/* Helpers, limits and addresses of the device's firmware: an input of the compiler, never a constant.
 * Two profiles ship by name ("corenic", the default, and "generous"); any other is read from a
 * file: text (key = value lines, docs/firmware.md) or the raw `_abi_bpf_capabilities` TLV blob. */

enum nfp_helper_id { /* numbers are eBPF helper ids */
		     NFP_HELPER_MAP_LOOKUP = 1,
		     NFP_HELPER_MAP_UPDATE = 2,
		     NFP_HELPER_MAP_DELETE = 3,
		     NFP_HELPER_PRANDOM = 7,
		     NFP_HELPER_PERF_EVENT = 25,
		     NFP_HELPER_ADJUST_HEAD = 44,
		     NFP_HELPER_ADJUST_TAIL = 65,
};

#define NFP_ADJUST_HEAD_NO_META 1u

struct nfp_firmware {
	const char *name;
	uint32_t abi_version; /* 2 or 3; anything else is unusable */

	/* code-store addresses of the firmware's helper routines; 0: not offered */
	struct {
		uint32_t map_lookup, map_update, map_delete, perf_event_output;
	} helper_addr;

	struct {
		bool present;
		uint32_t flags; /* NFP_ADJUST_HEAD_* */
		uint32_t off_min, off_max;
		uint32_t guaranteed_sub, guaranteed_add;
	} adjust_head;

	struct {
		bool present;
		uint32_t types;               /* bit n: BPF_MAP_TYPE n */
		uint64_t max_maps, max_elems; /* max_elems: over all maps together */
		uint32_t max_key_bytes, max_value_bytes, max_elem_bytes;
	} maps;

	bool random, queue_select, adjust_tail, cmsg_multi_ent;

	/* vNIC BAR values (reference of the control BAR: docs/firmware.md) */
	uint32_t max_len;     /* program length limit, instructions */
	uint32_t start;       /* code-store address of instruction 0 */
	uint32_t done;        /* code-store address to jump to when finished */
	uint32_t stack_bytes; /* local memory stack per context */
	uint32_t inline_mtu;  /* packet bytes resident in CTM */
};

/* `spec`: NULL (default), a shipped name, or a path. False: reported. */
/* NULL: there are fewer shipped profiles. */
const char *nfp_firmware_shipped_name(size_t idx);
bool nfp_firmware_load(struct cx *cx, const char *spec, struct nfp_firmware *fw);
/* Code-store address of a helper; 0 if the firmware does not offer it. */
uint32_t nfp_firmware_helper_addr(const struct nfp_firmware *fw, uint32_t bpf_helper_id);

#endif
