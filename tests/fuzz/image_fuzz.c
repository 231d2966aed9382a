/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/image.h"
#include "tests/fuzz/fuzz.h"

/* Any bytes as an image: read, and held against a firmware. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nfp_firmware fw;
	struct nfp_image img;
	struct fuzz_cx f;
	struct cx *cx = fuzz_begin(&f);
	char path[64];

	fuzz_file(data, size, path, sizeof(path));
	if (nfp_image_read(cx, path, &img) && nfp_firmware_load(cx, NULL, &fw))
		nfp_image_fits(cx, &img, &fw);
	unlink(path);
	fuzz_end(&f);
	return 0;
}
