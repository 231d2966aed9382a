/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/cli/testing/sim_setup.h"

static bool make_maps(struct cx *cx, const struct nfp_image *img, struct tool_device *dev)
{
	struct sim_map_spec *specs = ARENA_ARRAY(cx->arena, struct sim_map_spec, img->n_maps);
	const char *why = "";

	for (size_t i = 0; i < img->n_maps; i++)
		specs[i] = (struct sim_map_spec){ .name = img->maps[i].name,
						  .type = img->maps[i].type,
						  .key_size = img->maps[i].key_size,
						  .value_size = img->maps[i].value_size,
						  .max_entries = img->maps[i].max_entries,
						  .flags = img->maps[i].flags,
						  .init = img->maps[i].init };
	dev->maps = sim_maps_new(specs, img->n_maps, &why);
	return dev->maps || diag_error(cx->diags, NULL, REASON_SIM_MAP, why);
}

bool tool_device_load(struct cx *cx, const struct nfp_image *img, const struct nfp_firmware *fw,
		      const struct sim_timing *timing, uint64_t max_insns, struct tool_device *dev)
{
	uint32_t *tids = ARENA_ARRAY(cx->arena, uint32_t, img->n_maps);
	struct sim_me_map *table = ARENA_ARRAY(cx->arena, struct sim_me_map, img->n_maps);
	struct sim_me_error err;

	*dev = (struct tool_device){ .n_words = img->code.n_words };
	for (size_t i = 0; i < img->n_maps; i++) {
		tids[i] = (uint32_t)i + 1;
		table[i] = (struct sim_me_map){ .tid = tids[i], .map_idx = i };
	}
	dev->words = ARENA_ARRAY(cx->arena, uint64_t, dev->n_words);
	if (!nfp_image_fits(cx, img, fw) ||
	    !nfp_ucode_relocate(cx, &img->code, fw, tids, img->n_maps, dev->words) ||
	    !make_maps(cx, img, dev))
		return false;
	dev->me = sim_me_new(&(struct sim_me_config){ .fw = fw,
						      .words = dev->words,
						      .n_words = dev->n_words,
						      .maps = dev->maps,
						      .map_table = table,
						      .n_maps = img->n_maps,
						      .timing = timing,
						      .max_insns = max_insns },
			     &err);
	return dev->me || diag_error(cx->diags, NULL, REASON_SIM_LOAD, err.text);
}

void tool_device_free(struct tool_device *dev)
{
	if (dev->me)
		sim_me_free(dev->me);
	if (dev->maps)
		sim_maps_free(dev->maps);
	*dev = (struct tool_device){ 0 };
}
