/* SPDX-License-Identifier: BSD-2-Clause */
#include "gen.h"
#include "packets.h"
#include "tests/fuzz/fuzz.h"

/* Programs that the verifier accepts, made by the input's decisions: device and host must agree on each.
 * The generator and its tests are tests/random. */

enum { PACKETS = 8, SIZE = 40 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct gen_program p;
	struct harness_options o = { .packets = PACKETS, .seed = 1, .level = 2, .log = stderr };
	struct packet_file packets;
	struct harness_result r;
	struct harness_case c;
	struct fuzz_cx f;
	struct cx *cx = fuzz_begin(&f);

	gen_program_by_choices(&p, data, size, SIZE);
	gen_case(&p, "fuzzed", &c);
	if (!packets_make(cx, o.seed, o.packets, &packets))
		abort();
	o.pcap = packets.path;
	harness_run(&c, &o, &r);
	if (r.outcome == HARNESS_DIFFERS || r.outcome == HARNESS_FAILED) {
		harness_disasm(&c, stderr);
		abort();
	}
	packets_free(&packets);
	fuzz_end(&f);
	return 0;
}
