/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/image.h"

#include "base/bits.h"

#include <linux/bpf.h>

/* Does a firmware offer what an image needs? The driver's own checks: nfp.md 5.1 rows 11, 16, 17
 * and 19, and 6.4 for the maps. Every lack is reported, not only the first. */

struct fit {
	struct cx *cx;
	const struct nfp_image *img;
	const struct nfp_firmware *fw;
	bool ok;
};

#define LACK(f, ...) ((f)->ok = diag_error((f)->cx->diags, &DIAG_AT_NOWHERE, __VA_ARGS__))

static void check_size(struct fit *f)
{
	if (f->img->code.n_words > f->fw->max_len)
		LACK(f, REASON_IMAGE_TOO_LONG, f->img->code.n_words, f->fw->name, f->fw->max_len);
	if (f->img->stack_bytes > f->fw->stack_bytes)
		LACK(f, REASON_IMAGE_STACK, f->img->stack_bytes, f->fw->name, f->fw->stack_bytes);
	/* The interface's MTU decides when the program is attached: nothing to refuse here. */
	if (f->img->max_pkt_off > f->fw->inline_mtu)
		diag_warn(f->cx->diags, &DIAG_AT_NOWHERE, REASON_IMAGE_MTU, f->img->max_pkt_off,
			  f->fw->name, f->fw->inline_mtu);
}

static void check_helpers(struct fit *f)
{
	const struct {
		bool needed, offered;
		const char *what;
	} helpers[] = {
#define HELPER(id, offered, what) { f->img->helpers >> (id)&1, offered, what }
		HELPER(NFP_HELPER_MAP_LOOKUP, f->fw->helper_addr.map_lookup, "map lookup"),
		HELPER(NFP_HELPER_MAP_UPDATE, f->fw->helper_addr.map_update, "map update"),
		HELPER(NFP_HELPER_MAP_DELETE, f->fw->helper_addr.map_delete, "map delete"),
		HELPER(NFP_HELPER_PERF_EVENT, f->fw->helper_addr.perf_event_output,
		       "perf event output"),
		HELPER(NFP_HELPER_PRANDOM, f->fw->random, "random numbers"),
		HELPER(NFP_HELPER_ADJUST_HEAD,
		       f->fw->adjust_head.present &&
			       (f->fw->adjust_head.flags & NFP_ADJUST_HEAD_NO_META),
		       "adjust_head without metadata"),
#undef HELPER
		{ f->img->adjust_tail, f->fw->adjust_tail, "adjust_tail" },
		{ f->img->queue_select, f->fw->queue_select, "queue select" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(helpers); i++) {
		if (helpers[i].needed && !helpers[i].offered)
			LACK(f, REASON_IMAGE_HELPER, f->fw->name, helpers[i].what);
	}
}

/* Flags that say how the host keeps or maps the memory: whoever makes the device's map leaves them
 * out. */
#define HOST_MAP_FLAGS                                                                             \
	(BPF_F_NO_PREALLOC | BPF_F_MMAPABLE | BPF_F_RDONLY | BPF_F_WRONLY | BPF_F_RDONLY_PROG |    \
	 BPF_F_WRONLY_PROG)

static uint64_t elem_bytes(const struct nfp_image_map *m)
{
	return bits_round_up(m->key_size, 8) + bits_round_up(m->value_size, 8);
}

static void check_map(struct fit *f, const struct nfp_image_map *m)
{
	const char *why = NULL;

	if (m->type > 31 || !(f->fw->maps.types >> m->type & 1))
		why = "its type is not offered";
	else if (m->flags & ~(uint32_t)HOST_MAP_FLAGS)
		why = "its flags are not supported";
	else if (m->key_size > f->fw->maps.max_key_bytes)
		why = "its key is too long";
	else if (m->value_size > f->fw->maps.max_value_bytes)
		why = "its value is too long";
	else if (elem_bytes(m) > f->fw->maps.max_elem_bytes)
		why = "its key and value together are too long";
	if (why)
		LACK(f, REASON_IMAGE_MAP, f->fw->name, m->name, why);
}

/* Perf event arrays stay with the host: the firmware only passes their id on (nfp.md 6.3). */
static void check_maps(struct fit *f)
{
	uint64_t maps = 0, elems = 0;

	for (size_t i = 0; i < f->img->n_maps; i++) {
		const struct nfp_image_map *m = &f->img->maps[i];

		if (m->type == BPF_MAP_TYPE_PERF_EVENT_ARRAY)
			continue;
		maps++;
		elems += m->max_entries;
		if (f->fw->maps.present)
			check_map(f, m);
	}
	if (maps && !f->fw->maps.present)
		LACK(f, REASON_IMAGE_MAPS, f->fw->name, "it offers no maps");
	else if (maps > f->fw->maps.max_maps)
		LACK(f, REASON_IMAGE_MAPS, f->fw->name, "they are too many");
	else if (elems > f->fw->maps.max_elems)
		LACK(f, REASON_IMAGE_MAPS, f->fw->name, "they have too many entries together");
}

bool nfp_image_fits(struct cx *cx, const struct nfp_image *img, const struct nfp_firmware *fw)
{
	struct fit f = { .cx = cx, .img = img, .fw = fw, .ok = true };

	check_size(&f);
	check_helpers(&f);
	check_maps(&f);
	return f.ok;
}
