/* SPDX-License-Identifier: BSD-2-Clause */
#include "offload/inspect.h"
#include "tests/fuzz/fuzz.h"

/* Any bytes as an object: opened, verified, compiled. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bpf_offload_object *obj;
	char path[64];

	fuzz_file(data, size, path, sizeof(path));
	obj = bpf_offload_object__open(path, NULL);
	for (size_t i = 0; obj && i < bpf_offload_object__nr_programs(obj); i++)
		bpf_offload_program__compile(bpf_offload_object__program(obj, i), NULL);
	bpf_offload_object__close(obj);
	unlink(path);
	return 0;
}
