/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/bits.h"
#include "nfp_backend/ucode.h"
#include "sim/me.h"
#include "tests/fuzz/fuzz.h"

/* Any words: what decodes must encode to itself; the simulator must stop by itself whatever runs. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t frame[64] = { 0 };
	size_t n = size / 8 < 512 ? size / 8 : 512;
	struct sim_me_config cfg = { .n_words = n, .max_insns = 10000 };
	struct nfp_firmware fw;
	struct sim_me_result res;
	struct sim_me_error err;
	struct fuzz_cx f;
	struct cx *cx = fuzz_begin(&f);
	uint64_t *words = ARENA_ARRAY(&f.arena, uint64_t, n + 1);
	struct sim_me *me;
	char text[160];

	if (!nfp_firmware_load(cx, NULL, &fw))
		abort();
	for (size_t i = 0; i < n; i++) {
		words[i] = nfp_ecc_apply(load_le64(data + 8 * i) & bits_mask(45));
		nfp_disasm(words[i], text, sizeof(text));
	}
	cfg.fw = &fw;
	cfg.words = words;
	me = n ? sim_me_new(&cfg, &err) : NULL;
	if (me)
		sim_me_run(me, &(struct sim_me_packet){ .data = frame, .len = sizeof(frame) },
			   &res);
	sim_me_free(me);
	fuzz_end(&f);
	return 0;
}
