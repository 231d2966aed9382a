/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/firmware/firmware_parse.h"

#include "base/bits.h"

/* The `_abi_bpf_capabilities` run-time symbol: {le32 type, le32 length, value} up to its last byte
 * (nfp.md 4.2). Types that are not known are skipped, as are bytes behind a known value. */

struct tlv {
	struct cx *cx;
	const char *path;
	const uint8_t *value;
	size_t at; /* of the value in the file */
	uint32_t length;
	struct nfp_firmware *fw;
};

static bool bad(const struct tlv *t, const char *why)
{
	return diag_error(t->cx->diags, &DIAG_AT_NOWHERE, REASON_FIRMWARE_BLOB, t->path, t->at,
			  why);
}

static uint32_t word(const struct tlv *t, unsigned n)
{
	return load_le32(t->value + 4 * n);
}

static bool read_func(const struct tlv *t)
{
	uint32_t addr = word(t, 1);

	if (addr > NFP_CODE_STORE_MAX)
		return bad(t, "the helper's address is outside the code store");
	switch (word(t, 0)) {
	case NFP_HELPER_MAP_LOOKUP: t->fw->helper_addr.map_lookup = addr; break;
	case NFP_HELPER_MAP_UPDATE: t->fw->helper_addr.map_update = addr; break;
	case NFP_HELPER_MAP_DELETE: t->fw->helper_addr.map_delete = addr; break;
	case NFP_HELPER_PERF_EVENT: t->fw->helper_addr.perf_event_output = addr; break;
	default: /* an unknown helper: not used */ break;
	}
	return true;
}

static bool read_adjust_head(const struct tlv *t)
{
	t->fw->adjust_head.present = true;
	t->fw->adjust_head.flags = word(t, 0);
	t->fw->adjust_head.off_min = word(t, 1);
	t->fw->adjust_head.off_max = word(t, 2);
	t->fw->adjust_head.guaranteed_sub = word(t, 3);
	t->fw->adjust_head.guaranteed_add = word(t, 4);
	return true;
}

static bool read_maps(const struct tlv *t)
{
	t->fw->maps.present = true;
	t->fw->maps.types = word(t, 0);
	t->fw->maps.max_maps = word(t, 1);
	t->fw->maps.max_elems = word(t, 2);
	t->fw->maps.max_key_bytes = word(t, 3);
	t->fw->maps.max_value_bytes = word(t, 4);
	t->fw->maps.max_elem_bytes = word(t, 5);
	return true;
}

static bool read_random(const struct tlv *t)
{
	t->fw->random = true;
	return true;
}

static bool read_queue_select(const struct tlv *t)
{
	t->fw->queue_select = true;
	return true;
}

static bool read_adjust_tail(const struct tlv *t)
{
	t->fw->adjust_tail = true;
	return true;
}

static bool read_abi_version(const struct tlv *t)
{
	t->fw->abi_version = word(t, 0);
	return true;
}

static bool read_cmsg_multi_ent(const struct tlv *t)
{
	t->fw->cmsg_multi_ent = true;
	return true;
}

static const struct {
	uint32_t words; /* least length of the value */
	bool (*read)(const struct tlv *t);
} types[] = {
	[1] = { 2, read_func },         [2] = { 5, read_adjust_head },
	[3] = { 6, read_maps },         [4] = { 0, read_random },
	[5] = { 0, read_queue_select }, [6] = { 0, read_adjust_tail },
	[7] = { 1, read_abi_version },  [8] = { 0, read_cmsg_multi_ent },
};

static bool read_one(const struct tlv *t, uint32_t type)
{
	if (type >= ARRAY_SIZE(types) || !types[type].read)
		return true;
	if (t->length / 4 < types[type].words)
		return bad(t, "the value is too short for its type");
	return types[type].read(t);
}

bool nfp_firmware_parse_tlv(struct cx *cx, const char *path, const struct file_bytes *file,
			    struct nfp_firmware *fw)
{
	struct tlv t = { .cx = cx, .path = path, .fw = fw };

	nfp_firmware_defaults(path, fw);
	while (t.at < file->size) {
		uint32_t type;

		if (file->size - t.at < 8)
			return bad(&t, "trailing bytes after the last entry");
		type = load_le32(file->data + t.at);
		t.length = load_le32(file->data + t.at + 4);
		t.at += 8;
		if (t.length > file->size - t.at)
			return bad(&t, "the entry exceeds the file");
		t.value = file->data + t.at;
		if (!read_one(&t, type))
			return false;
		t.at += t.length;
	}
	return true;
}
