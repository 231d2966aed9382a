/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/firmware.h"
#include "tests/fuzz/fuzz.h"

/* Any bytes as a firmware profile, text or TLV. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nfp_firmware fw;
	struct fuzz_cx f;
	char path[64];

	fuzz_file(data, size, path, sizeof(path));
	nfp_firmware_load(fuzz_begin(&f), path, &fw);
	unlink(path);
	fuzz_end(&f);
	return 0;
}
