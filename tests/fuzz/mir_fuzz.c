/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/mir.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

/* Any text as machine IR. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nfp_firmware fw;
	struct nfp_func fn;
	struct fuzz_cx f;
	struct cx *cx = fuzz_begin(&f);
	char *text = arena_alloc(&f.arena, size + 1);

	memcpy(text, data, size);
	if (nfp_firmware_load(cx, NULL, &fw))
		nfp_parse(cx, text, &fw, &fn);
	fuzz_end(&f);
	return 0;
}
