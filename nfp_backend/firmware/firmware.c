/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/firmware/firmware_parse.h"

#include "base/bits.h"

#include <ctype.h>
#include <linux/bpf.h>
#include <string.h>

#define MAX_FILE_BYTES (1u << 20)

/* ---- shipped profiles (docs/firmware.md) ---- */

static const struct nfp_firmware shipped[] = {
	{
		/* The public CoreNIC firmware: nfp.md 4.1, 4.2. It publishes the address of its lookup
		 * routine at run time only; 0x200 stands for it, below the programs' part of the store. */
		.name = "corenic",
		.abi_version = 2,
		.helper_addr = { .map_lookup = 0x200 },
		.adjust_head = { .present = true,
				 .flags = NFP_ADJUST_HEAD_NO_META,
				 .off_min = 44,
				 .off_max = 248,
				 .guaranteed_sub = 84,
				 .guaranteed_add = 112 },
		.maps = { .present = true,
			  .types = 1u << BPF_MAP_TYPE_HASH | 1u << BPF_MAP_TYPE_ARRAY,
			  .max_maps = 128,
			  .max_elems = 2048000,
			  .max_key_bytes = 56,
			  .max_value_bytes = 56,
			  .max_elem_bytes = 64 },
		.random = true,
		.queue_select = true,
		.adjust_tail = true,
		.max_len = 2560,
		.start = 3072,
		.done = 1,
		.stack_bytes = 512,
		.inline_mtu = 30 * 64 - 32,
	},
	{
		/* Everything that the driver knows of, with room: what its words in
		 * tests/data/peer-nfp-jit were made for. */
		.name = "generous",
		.abi_version = 3,
		.helper_addr = { .map_lookup = 0x100,
				 .map_update = 0x140,
				 .map_delete = 0x180,
				 .perf_event_output = 0x1c0 },
		.adjust_head = { .present = true,
				 .flags = NFP_ADJUST_HEAD_NO_META,
				 .off_min = 32,
				 .off_max = 248,
				 .guaranteed_sub = 96,
				 .guaranteed_add = 120 },
		.maps = { .present = true,
			  .types = 1u << BPF_MAP_TYPE_HASH | 1u << BPF_MAP_TYPE_ARRAY,
			  .max_maps = 4096,
			  .max_elems = UINT32_MAX,
			  .max_key_bytes = 512,
			  .max_value_bytes = 65536,
			  .max_elem_bytes = 66048 },
		.random = true,
		.queue_select = true,
		.adjust_tail = true,
		.cmsg_multi_ent = true,
		.max_len = 12288,
		.start = 2048,
		.done = 1024,
		.stack_bytes = 512,
		.inline_mtu = 32 * 64 - 32,
	},
};

const char *nfp_firmware_shipped_name(size_t idx)
{
	return idx < ARRAY_SIZE(shipped) ? shipped[idx].name : NULL;
}

const struct nfp_firmware *nfp_firmware_shipped(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(shipped); i++) {
		if (!strcmp(shipped[i].name, name))
			return &shipped[i];
	}
	return NULL;
}

void nfp_firmware_defaults(const char *name, struct nfp_firmware *fw)
{
	*fw = (struct nfp_firmware){
		.name = name,
		.abi_version = 2,
		.max_len = shipped[0].max_len,
		.start = shipped[0].start,
		.done = shipped[0].done,
		.stack_bytes = shipped[0].stack_bytes,
		.inline_mtu = shipped[0].inline_mtu,
	};
}

/* ---- files ---- */

static bool is_text(const struct file_bytes *file)
{
	for (size_t i = 0; i < file->size; i++) {
		if (file->data[i] < ' ' && !isspace(file->data[i]))
			return false;
	}
	return true;
}

static bool unusable(struct cx *cx, const struct nfp_firmware *fw, const char *why)
{
	return diag_error(cx->diags, &DIAG_AT_NOWHERE, REASON_FIRMWARE_UNUSABLE, fw->name, why);
}

/* Values that the driver refuses, and impossible values. Reports the first. */
static bool check(struct cx *cx, struct nfp_firmware *fw)
{
	if (fw->abi_version != 2 && fw->abi_version != 3)
		return unusable(cx, fw, "its ABI version is neither 2 nor 3");
	if (fw->adjust_head.present && fw->adjust_head.off_min > fw->adjust_head.off_max)
		return unusable(cx, fw, "adjust_head.off_min is above adjust_head.off_max");
	if ((uint64_t)fw->start + fw->max_len > NFP_CODE_STORE_MAX + 1)
		return unusable(cx, fw, "start + max_len is beyond the code store");
	if (!fw->max_len)
		return unusable(cx, fw, "max_len is 0");
	if (fw->stack_bytes % 64)
		return unusable(cx, fw, "stack_bytes is not a multiple of 64");
	if (fw->adjust_head.present && fw->adjust_head.off_max > 255) {
		diag_warn(cx->diags, &DIAG_AT_NOWHERE, REASON_FIRMWARE_ADJUST_HEAD, fw->name);
		memset(&fw->adjust_head, 0, sizeof(fw->adjust_head));
	}
	return true;
}

static const char *shipped_names(struct cx *cx)
{
	const char *list = shipped[0].name;

	for (size_t i = 1; i < ARRAY_SIZE(shipped); i++)
		list = arena_printf(cx->arena, "%s, %s", list, shipped[i].name);
	return list;
}

bool nfp_firmware_load(struct cx *cx, const char *spec, struct nfp_firmware *fw)
{
	const struct nfp_firmware *known = spec ? nfp_firmware_shipped(spec) : &shipped[0];
	const char *path;
	struct file_bytes file;

	if (known) {
		*fw = *known;
		return true;
	}
	path = arena_strdup(cx->arena, spec);
	if (!file_read(cx, path, MAX_FILE_BYTES, &file))
		return diag_error(cx->diags, &DIAG_AT_NOWHERE, REASON_FIRMWARE_UNKNOWN, path,
				  shipped_names(cx));
	if (is_text(&file) ? !nfp_firmware_parse_text(cx, path, &file, fw)
			   : !nfp_firmware_parse_tlv(cx, path, &file, fw))
		return false;
	return check(cx, fw);
}

uint32_t nfp_firmware_helper_addr(const struct nfp_firmware *fw, uint32_t bpf_helper_id)
{
	switch (bpf_helper_id) {
	case NFP_HELPER_MAP_LOOKUP: return fw->helper_addr.map_lookup;
	case NFP_HELPER_MAP_UPDATE: return fw->helper_addr.map_update;
	case NFP_HELPER_MAP_DELETE: return fw->helper_addr.map_delete;
	case NFP_HELPER_PERF_EVENT: return fw->helper_addr.perf_event_output;
	default: return 0;
	}
}
