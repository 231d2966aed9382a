/* SPDX-License-Identifier: BSD-2-Clause */
/* The host side gives a program what the kernel gives it: context, maps, helpers with their errors,
 * faults that say where. Helpers that change packets are held against the running kernel too. */
#include "tests/support/sim_host_run.h"

#include "base/bits.h"

#include <errno.h>
#include <linux/pkt_cls.h>
#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/sim_kernel_run.h"

/* ---- maps ----------------------------------------------------------------------------------- */

static const struct fe_map test_maps[] = {
	{ .name = "counts",
	  .type = BPF_MAP_TYPE_ARRAY,
	  .key_size = 4,
	  .value_size = 8,
	  .max_entries = 4 },
	{ .name = "seen",
	  .type = BPF_MAP_TYPE_HASH,
	  .key_size = 4,
	  .value_size = 8,
	  .max_entries = 2 },
	{ .name = ".rodata",
	  .kind = FE_MAP_RODATA,
	  .type = BPF_MAP_TYPE_ARRAY,
	  .key_size = 4,
	  .value_size = 8,
	  .max_entries = 1,
	  .init = (const uint8_t[]){ 1, 2, 3, 4, 5, 6, 7, 8 } },
	{ .name = "events",
	  .type = BPF_MAP_TYPE_PERF_EVENT_ARRAY,
	  .key_size = 4,
	  .value_size = 4,
	  .max_entries = 1 },
};

static void a_lookup_gives_the_value_itself(void **state)
{
	/* counts[2] += 5 through the pointer; r0 = was it there */
	static const struct bpf_insn insns[] = {
		ST(BPF_W, 10, -4, 2),
		LD_MAP(1, 0),
		MOV64(2, 10),
		ALU64I(BPF_ADD, 2, -4),
		CALL(BPF_FUNC_map_lookup_elem),
		JMPI(BPF_JEQ, 0, 0, 3),
		MOV64I(1, 5),
		ATOMIC(BPF_DW, BPF_ADD, 0, 0, 1),
		MOV64I(0, 1),
		EXIT(),
	};
	struct host_fixture f;
	struct sim_host_run run;
	size_t size;

	(void)state;
	fixture_open(&f, BPF_PROG_TYPE_XDP);
	fixture_set_maps(&f, test_maps, ARRAY_SIZE(test_maps));
	assert_true(fixture_load(&f, insns, ARRAY_SIZE(insns), 0));
	for (unsigned i = 1; i <= 3; i++) {
		uint32_t key = 2;

		run = fixture_run(&f, NULL, 0);
		assert_null(run.fault);
		assert_int_equal(run.verdict, 1);
		assert_int_equal(
			load_le64(sim_maps_memory(f.maps, &size) + sim_map_lookup(f.maps, 0, &key)),
			5 * i);
		assert_int_equal(run.n_touched, 1);
		assert_int_equal(run.touched[0].map, 0);
		assert_memory_equal(run.touched[0].key, &key, 4);
		assert_true(run.touched[0].lookup && run.touched[0].found);
	}
	fixture_close(&f);
}

static void update_and_delete_answer_with_errno(void **state)
{
	/* seen[packet byte 0] = 7, flags from packet byte 1 */
	static const struct bpf_insn update[] = {
		LDX(BPF_W, 6, 1, 0),
		LDX(BPF_B, 2, 6, 0),
		STX(BPF_W, 10, -4, 2),
		ST(BPF_DW, 10, -16, 7),
		LD_MAP(1, 1),
		MOV64(2, 10),
		ALU64I(BPF_ADD, 2, -4),
		MOV64(3, 10),
		ALU64I(BPF_ADD, 3, -16),
		LDX(BPF_B, 4, 6, 1),
		CALL(BPF_FUNC_map_update_elem),
		EXIT(),
	};
	static const struct {
		uint8_t key, flags;
		int want;
	} steps[] = { { 1, BPF_EXIST, -ENOENT },   { 1, BPF_ANY, 0 },
		      { 1, BPF_NOEXIST, -EEXIST }, { 2, BPF_ANY, 0 },
		      { 3, BPF_ANY, -E2BIG },      { 2, 9, -EINVAL } };
	static const struct bpf_insn delete[] = {
		ST(BPF_W, 10, -4, 1),           LD_MAP(1, 1), MOV64(2, 10), ALU64I(BPF_ADD, 2, -4),
		CALL(BPF_FUNC_map_delete_elem), EXIT(),
	};
	struct host_fixture f;

	(void)state;
	fixture_open(&f, BPF_PROG_TYPE_XDP);
	fixture_set_maps(&f, test_maps, ARRAY_SIZE(test_maps));
	assert_true(fixture_load(&f, update, ARRAY_SIZE(update), 0));
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		uint8_t packet[64] = { steps[i].key, steps[i].flags };

		assert_int_equal((int32_t)fixture_run(&f, packet, sizeof(packet)).verdict,
				 steps[i].want);
	}
	sim_host_free(f.host);
	assert_true(fixture_load(&f, delete, ARRAY_SIZE(delete), 0));
	assert_int_equal(fixture_run(&f, NULL, 0).verdict, 0);
	assert_int_equal((int32_t)fixture_run(&f, NULL, 0).verdict, -ENOENT);
	fixture_close(&f);
}

static void global_data_is_addressed_directly(void **state)
{
	static const struct bpf_insn insns[] = { LD_MAP_VALUE(1, 2, 4), LDX(BPF_W, 0, 1, 0),
						 EXIT() };
	struct host_fixture f;

	(void)state;
	fixture_open(&f, BPF_PROG_TYPE_XDP);
	fixture_set_maps(&f, test_maps, ARRAY_SIZE(test_maps));
	assert_true(fixture_load(&f, insns, ARRAY_SIZE(insns), 0));
	assert_int_equal(fixture_run(&f, NULL, 0).verdict, 0x08070605);
	fixture_close(&f);
}

static void events_carry_record_and_packet(void **state)
{
	static const struct bpf_insn insns[] = {
		ST(BPF_DW, 10, -8, 0x1234),
		LD_MAP(2, 3),
		LD64(3, (UINT64_C(5) << 32) | BPF_F_CURRENT_CPU),
		MOV64(4, 10),
		ALU64I(BPF_ADD, 4, -8),
		MOV64I(5, 8),
		CALL(BPF_FUNC_perf_event_output),
		EXIT(),
	};
	static const uint8_t packet[20] = "packet's first bytes";
	struct host_fixture f;
	struct sim_host_run run;

	(void)state;
	fixture_open(&f, BPF_PROG_TYPE_XDP);
	fixture_set_maps(&f, test_maps, ARRAY_SIZE(test_maps));
	assert_true(fixture_load(&f, insns, ARRAY_SIZE(insns), 0));
	run = fixture_run(&f, packet, sizeof(packet));
	assert_int_equal(run.verdict, 0);
	assert_int_equal(run.n_events, 1);
	assert_int_equal(run.events[0].map, 3);
	assert_int_equal(run.events[0].data_len, 8);
	assert_int_equal(load_le64(run.events[0].data), 0x1234);
	assert_int_equal(run.events[0].packet_len, 5);
	assert_memory_equal(run.events[0].packet, packet, 5);
	fixture_close(&f);
}

/* ---- one start of the guest, many packets ----------------------------------------------------- */

struct feeder {
	unsigned sent, seen;
	uint8_t packet[64];
};

static bool feed_counting(void *priv, const struct sim_host_run *previous,
			  struct sim_host_packet *next)
{
	struct feeder *f = priv;

	if (previous) {
		bool faulty = ++f->seen % 50 == 10;

		assert_int_equal(previous->fault != NULL, faulty);
		assert_int_equal(previous->verdict, faulty ? 0 : (f->seen - 1) & 0xff);
	}
	if (f->sent == 1000)
		return false;
	f->packet[0] = (uint8_t)f->sent++;
	f->packet[1] = f->sent % 50 == 10;
	*next = (struct sim_host_packet){ .data = f->packet, .len = sizeof(f->packet) };
	return true;
}

static void a_fault_does_not_end_the_loop(void **state)
{
	static const struct bpf_insn insns[] = {
		LDX(BPF_W, 6, 1, 0),    LDX(BPF_B, 0, 6, 0),       LDX(BPF_B, 1, 6, 1),
		JMPI(BPF_JEQ, 1, 0, 1), LDX(BPF_B, 2, 10, 0x4000), EXIT(),
	};
	struct host_fixture f;
	struct feeder feeder = { 0 };

	(void)state;
	fixture_open(&f, BPF_PROG_TYPE_XDP);
	assert_true(fixture_load(&f, insns, ARRAY_SIZE(insns), 0));
	sim_host_loop(f.host, feed_counting, &feeder);
	assert_int_equal(feeder.seen, 1000);
	fixture_close(&f);
}

static void faults_say_where(void **state)
{
	static const struct {
		const char *name, *want;
		struct bpf_insn insns[4];
	} cases[] = {
		{ "load of address 0",
		  "load at 0x8, in the block that starts at insn 0",
		  { MOV64I(1, 0), LDX(BPF_W, 0, 1, 8), EXIT() } },
		{ "store beside the packet",
		  "store at 0x102140, in the block that starts at insn 0",
		  { LDX(BPF_W, 1, 1, 4), STX(BPF_W, 1, 8192, 1), EXIT() } },
		{ "end without exit", "CPU exception", { MOV64I(0, 0) } },
		{ "helper with a bad map",
		  "was given 0x5 as a map",
		  { MOV64I(1, 5), CALL(BPF_FUNC_map_lookup_elem), EXIT() } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct host_fixture f;
		struct sim_host_run run;
		size_t n = cases[i].insns[1].code ? 3 : 1;

		fixture_open(&f, BPF_PROG_TYPE_XDP);
		assert_true(fixture_load(&f, cases[i].insns, n, 0));
		run = fixture_run(&f, NULL, 0);
		if (!run.fault || !strstr(run.fault, cases[i].want))
			fail_msg("%s: '%s'", cases[i].name, run.fault ? run.fault : "no fault");
		fixture_close(&f);
	}
}

/* ---- packets and helpers, here and in the kernel ---------------------------------------------- */

#define MAX_BODY 24

struct packet_case {
	const char *name;
	uint32_t type;
	struct bpf_insn body[MAX_BODY]; /* r6 = context, r7 = 0; result in r0 */
	uint32_t verdict;
	uint32_t len; /* afterwards */
};

#define XDP_CASE BPF_PROG_TYPE_XDP
#define TC_CASE  BPF_PROG_TYPE_SCHED_CLS

/* Result of a helper that may fail: the verdict is 2 for 0 and 3 for an error. */
#define OK_OR_ERROR MOV64(1, 0), MOV64I(0, 2), JMPI(BPF_JEQ, 1, 0, 1), MOV64I(0, 3), EXIT()
#define XDP_DELTA(helper, delta)                                                                   \
	{                                                                                          \
		MOV64(1, 6), MOV64I(2, delta), CALL(helper), OK_OR_ERROR                           \
	}
#define CSUM(helper, off, from, to, flags)                                                         \
	{                                                                                          \
		MOV64(1, 6), MOV64I(2, off), MOV64I(3, from), MOV64I(4, to), MOV64I(5, flags),     \
			CALL(helper), OK_OR_ERROR                                                  \
	}

/* The packet: Ethernet, one VLAN tag, IPv4, TCP; 100 bytes. */
static const struct packet_case packet_cases[] = {
	{ "pass", XDP_CASE, { MOV64I(0, 2), EXIT() }, 2, 100 },
	{ "xdp data_end - data",
	  XDP_CASE,
	  { LDX(BPF_W, 0, 6, 4), LDX(BPF_W, 1, 6, 0), ALU64(BPF_SUB, 0, 1), EXIT() },
	  100,
	  100 },
	{ "head grows", XDP_CASE, XDP_DELTA(BPF_FUNC_xdp_adjust_head, -20), 2, 120 },
	{ "head grows too far", XDP_CASE, XDP_DELTA(BPF_FUNC_xdp_adjust_head, -250), 3, 100 },
	{ "head shrinks", XDP_CASE, XDP_DELTA(BPF_FUNC_xdp_adjust_head, 40), 2, 60 },
	{ "head may leave 14 bytes", XDP_CASE, XDP_DELTA(BPF_FUNC_xdp_adjust_head, 86), 2, 14 },
	{ "head may not leave 13", XDP_CASE, XDP_DELTA(BPF_FUNC_xdp_adjust_head, 87), 3, 100 },
	{ "tail shrinks", XDP_CASE, XDP_DELTA(BPF_FUNC_xdp_adjust_tail, -36), 2, 64 },
	{ "tail to 14", XDP_CASE, XDP_DELTA(BPF_FUNC_xdp_adjust_tail, -86), 2, 14 },
	{ "tail to 13", XDP_CASE, XDP_DELTA(BPF_FUNC_xdp_adjust_tail, -87), 3, 100 },
	{ "tail by 0", XDP_CASE, XDP_DELTA(BPF_FUNC_xdp_adjust_tail, 0), 2, 100 },
	{ "tail grows and is cleared", XDP_CASE, XDP_DELTA(BPF_FUNC_xdp_adjust_tail, 50), 2, 150 },
	{ "meta of 8 bytes and back",
	  XDP_CASE,
	  { MOV64(1, 6), MOV64I(2, -8), CALL(BPF_FUNC_xdp_adjust_meta), JMPI(BPF_JNE, 0, 0, 6),
	    LDX(BPF_W, 7, 6, 0), LDX(BPF_W, 1, 6, 8), ALU64(BPF_SUB, 7, 1), MOV64(1, 6),
	    MOV64I(2, 8), CALL(BPF_FUNC_xdp_adjust_meta), ALU64(BPF_ADD, 0, 7), EXIT() },
	  8,
	  100 },
	{ "meta must be aligned", XDP_CASE, XDP_DELTA(BPF_FUNC_xdp_adjust_meta, -6), 3, 100 },
	{ "meta behind the data", XDP_CASE, XDP_DELTA(BPF_FUNC_xdp_adjust_meta, 4), 3, 100 },
	{ "csum_diff of 8 bytes",
	  XDP_CASE,
	  { LD64(1, 0x1122334455667788),
	    STX(BPF_DW, 10, -8, 1),
	    LD64(1, 0xfedcba9876543210),
	    STX(BPF_DW, 10, -16, 1),
	    MOV64(1, 10),
	    ALU64I(BPF_ADD, 1, -8),
	    MOV64I(2, 8),
	    MOV64(3, 10),
	    ALU64I(BPF_ADD, 3, -16),
	    MOV64I(4, 8),
	    MOV64I(5, 0x1234),
	    CALL(BPF_FUNC_csum_diff),
	    MOV64(1, 0),
	    ALU64I(BPF_RSH, 1, 16),
	    ALU64I(BPF_AND, 0, 0xffff),
	    ALU64(BPF_ADD, 0, 1),
	    MOV64(1, 0),
	    ALU64I(BPF_RSH, 1, 16),
	    ALU64(BPF_ADD, 0, 1),
	    ALU64I(BPF_AND, 0, 0xffff),
	    EXIT() },
	  0,
	  100 },
	{ "skb len", TC_CASE, { LDX(BPF_W, 0, 6, 0), EXIT() }, 100, 100 },
	{ "skb protocol", TC_CASE, { LDX(BPF_W, 0, 6, 16), EXIT() }, 0x81, 100 },
	{ "ld_abs of a word",
	  TC_CASE,
	  { I(BPF_LD | BPF_ABS | BPF_W, 0, 0, 0, 12), EXIT() },
	  0x81000123,
	  100 },
	{ "ld_ind of a half-word",
	  TC_CASE,
	  { MOV64I(2, 4), I(BPF_LD | BPF_IND | BPF_H, 0, 2, 0, 10), EXIT() },
	  0x0123,
	  100 },
	{ "ld_abs past the end leaves with 0",
	  TC_CASE,
	  { I(BPF_LD | BPF_ABS | BPF_B, 0, 0, 0, 100), MOV64I(0, 2), EXIT() },
	  0,
	  100 },
	{ "ld_abs from the network header",
	  TC_CASE,
	  { I(BPF_LD | BPF_ABS | BPF_H, 0, 0, 0, -0x100000 + 2), EXIT() },
	  0x0800,
	  100 },
	{ "ld_abs from the link header",
	  TC_CASE,
	  { I(BPF_LD | BPF_ABS | BPF_H, 0, 0, 0, -0x200000 + 12), EXIT() },
	  0x8100,
	  100 },
	{ "vlan push on an untagged skb",
	  TC_CASE,
	  { MOV64(1, 6), MOV64I(2, 0xa888), MOV64I(3, 0x2345), CALL(BPF_FUNC_skb_vlan_push),
	    OK_OR_ERROR },
	  2,
	  104 },
	{ "vlan push twice",
	  TC_CASE,
	  { MOV64(1, 6), MOV64I(2, 0x0081), MOV64I(3, 7), CALL(BPF_FUNC_skb_vlan_push), MOV64(1, 6),
	    MOV64I(2, 0xa888), MOV64I(3, 8), CALL(BPF_FUNC_skb_vlan_push), OK_OR_ERROR },
	  2,
	  108 },
	{ "vlan pop", TC_CASE, { MOV64(1, 6), CALL(BPF_FUNC_skb_vlan_pop), OK_OR_ERROR }, 2, 96 },
	{ "vlan pop, then protocol",
	  TC_CASE,
	  { MOV64(1, 6), CALL(BPF_FUNC_skb_vlan_pop), LDX(BPF_W, 0, 6, 16), EXIT() },
	  0x8,
	  96 },
	{ "load_bytes",
	  TC_CASE,
	  { MOV64(1, 6), MOV64I(2, 14), MOV64(3, 10), ALU64I(BPF_ADD, 3, -8), MOV64I(4, 4),
	    CALL(BPF_FUNC_skb_load_bytes), LDX(BPF_W, 0, 10, -8), EXIT() },
	  0x00082301,
	  100 },
	{ "load_bytes past the end clears",
	  TC_CASE,
	  { ST(BPF_DW, 10, -8, -1), MOV64(1, 6), MOV64I(2, 98), MOV64(3, 10),
	    ALU64I(BPF_ADD, 3, -8), MOV64I(4, 4), CALL(BPF_FUNC_skb_load_bytes),
	    LDX(BPF_W, 1, 10, -8), ALU64(BPF_ADD, 0, 1), EXIT() },
	  (uint32_t)-EFAULT,
	  100 },
	{ "store_bytes",
	  TC_CASE,
	  { ST(BPF_DW, 10, -8, 0x11223344), MOV64(1, 6), MOV64I(2, 30), MOV64(3, 10),
	    ALU64I(BPF_ADD, 3, -8), MOV64I(4, 3), MOV64I(5, 0), CALL(BPF_FUNC_skb_store_bytes),
	    OK_OR_ERROR },
	  2,
	  100 },
	{ "store_bytes past the end",
	  TC_CASE,
	  { ST(BPF_DW, 10, -8, 0), MOV64(1, 6), MOV64I(2, 97), MOV64(3, 10), ALU64I(BPF_ADD, 3, -8),
	    MOV64I(4, 4), MOV64I(5, 0), CALL(BPF_FUNC_skb_store_bytes), OK_OR_ERROR },
	  3,
	  100 },
	{ "l3 csum, 2 bytes", TC_CASE, CSUM(BPF_FUNC_l3_csum_replace, 28, 0x0640, 0x063f, 2), 2,
	  100 },
	{ "l3 csum, 4 bytes", TC_CASE,
	  CSUM(BPF_FUNC_l3_csum_replace, 28, 0x0100000a, 0x7b00a8c0, 4), 2, 100 },
	{ "l3 csum, sum", TC_CASE, CSUM(BPF_FUNC_l3_csum_replace, 28, 0, 0x12345678, 0), 2, 100 },
	{ "l3 csum at an odd offset", TC_CASE, CSUM(BPF_FUNC_l3_csum_replace, 29, 0, 0, 2), 3,
	  100 },
	{ "l3 csum of 3 bytes", TC_CASE, CSUM(BPF_FUNC_l3_csum_replace, 28, 0, 0, 3), 3, 100 },
	{ "l4 csum, 2 bytes", TC_CASE, CSUM(BPF_FUNC_l4_csum_replace, 54, 0x5000, 0xbb01, 2), 2,
	  100 },
	{ "l4 csum, 4 bytes, pseudo header", TC_CASE,
	  CSUM(BPF_FUNC_l4_csum_replace, 54, 0x0100000a, 0x0200000a, BPF_F_PSEUDO_HDR | 4), 2,
	  100 },
	{ "l4 csum of UDP without one", TC_CASE,
	  CSUM(BPF_FUNC_l4_csum_replace, 58, 1, 2, BPF_F_MARK_MANGLED_0 | 2), 2, 100 },
	{ "l4 csum past the end", TC_CASE, CSUM(BPF_FUNC_l4_csum_replace, 100, 1, 2, 2), 3, 100 },
};

static void make_packet(uint8_t p[100])
{
	static const uint8_t headers[] = {
		2,    0,    0,    0,    0,  1,    2,  0,    0,    0,    0,    2,  0x81, 0x00, 0x01,
		0x23, 0x08, 0x00, 0x45, 0,  0,    82, 0x12, 0x34, 0x40, 0,    64, 6,    0xbe, 0xef,
		10,   0,    0,    1,    10, 0,    0,  2,    0x9c, 0x40, 0,    80, 1,    2,    3,
		4,    5,    6,    7,    8,  0x50, 2,  0x10, 0,    0xca, 0xfe, 0,  0,    0,    0,
	};

	for (unsigned i = 0; i < 100; i++)
		p[i] = (uint8_t)(i * 7);
	memcpy(p, headers, sizeof(headers));
}

static size_t case_program(const struct packet_case *c, struct bpf_insn *p)
{
	static const struct bpf_insn none;
	size_t n = MAX_BODY;

	p[0] = (struct bpf_insn)MOV64(6, 1);
	p[1] = (struct bpf_insn)MOV64I(7, 0);
	while (!memcmp(&c->body[n - 1], &none, sizeof(none)))
		n--;
	memcpy(p + 2, c->body, n * sizeof(*p));
	return n + 2;
}

static void packets_change_as_they_should(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(packet_cases); i++) {
		const struct packet_case *c = &packet_cases[i];
		struct bpf_insn p[MAX_BODY + 2];
		struct host_fixture f;
		struct sim_host_run run;
		uint8_t packet[100];

		make_packet(packet);
		fixture_open(&f, c->type);
		assert_true(fixture_load(&f, p, case_program(c, p), 0));
		run = fixture_run(&f, packet, sizeof(packet));
		if (run.fault || run.packet_len != c->len ||
		    (c->verdict && run.verdict != c->verdict))
			fail_msg("%s: %s, verdict 0x%x (want 0x%x), %u bytes (want %u)", c->name,
				 run.fault ? run.fault : "no fault", run.verdict, c->verdict,
				 run.packet_len, c->len);
		fixture_close(&f);
	}
}

/* Kernels from 6.13 on take any size. */
static void csum_diff_wants_whole_words(void **state)
{
	static const struct bpf_insn insns[] = {
		ST(BPF_DW, 10, -8, 0),
		MOV64I(1, 0),
		MOV64I(2, 0),
		MOV64(3, 10),
		ALU64I(BPF_ADD, 3, -8),
		MOV64I(4, 6),
		MOV64I(5, 0),
		CALL(BPF_FUNC_csum_diff),
		EXIT(),
	};
	struct host_fixture f;

	(void)state;
	fixture_open(&f, BPF_PROG_TYPE_XDP);
	assert_true(fixture_load(&f, insns, ARRAY_SIZE(insns), 0));
	assert_int_equal((int32_t)fixture_run(&f, NULL, 0).verdict, -EINVAL);
	fixture_close(&f);
}

/* BPF_PROG_TEST_RUN gives the packet without the tag that the skb keeps beside it. */
static void take_tag_out(struct sim_host_run *run, uint8_t *copy)
{
	memcpy(copy, run->packet, 12);
	memcpy(copy + 12, run->packet + 16, run->packet_len - 16);
	run->packet = copy;
	run->packet_len -= 4;
}

static void packets_change_as_in_the_kernel(void **state)
{
	unsigned ran = 0;

	(void)state;
	skip_without_bpf();
	for (size_t i = 0; i < ARRAY_SIZE(packet_cases); i++) {
		const struct packet_case *c = &packet_cases[i];
		struct bpf_insn p[MAX_BODY + 2];
		size_t n = case_program(c, p);
		struct host_fixture f;
		struct sim_host_run run;
		struct kernel_run k;
		uint8_t packet[100], copy[200];

		make_packet(packet);
		if (!run_in_kernel(c->type, p, n, packet, sizeof(packet), &k))
			continue;
		fixture_open(&f, c->type);
		assert_true(fixture_load(&f, p, n, 0));
		run = fixture_run(&f, packet, sizeof(packet));
		if (run.tag_beside)
			take_tag_out(&run, copy);
		if (run.verdict != k.verdict || run.packet_len != k.packet_len)
			fail_msg("%s: verdict 0x%x, kernel 0x%x; %u bytes, kernel %u", c->name,
				 run.verdict, k.verdict, run.packet_len, k.packet_len);
		for (uint32_t b = 0; b < k.packet_len && b < run.packet_len; b++) {
			if (run.packet[b] != k.packet[b])
				fail_msg("%s: byte %u is 0x%02x, kernel 0x%02x", c->name, b,
					 run.packet[b], k.packet[b]);
		}
		fixture_close(&f);
		ran++;
	}
	print_message("%u of %zu cases agree with the kernel\n", ran, ARRAY_SIZE(packet_cases));
	assert_true(ran > 0);
}

/* ---- limits of the device -------------------------------------------------------------------- */

static void the_devices_limits_replace_the_kernels(void **state)
{
	static const struct {
		int32_t helper, delta;
		bool ok;
	} cases[] = {
		{ BPF_FUNC_xdp_adjust_head, -96, true }, { BPF_FUNC_xdp_adjust_head, -97, false },
		{ BPF_FUNC_xdp_adjust_head, 120, true }, { BPF_FUNC_xdp_adjust_head, 121, false },
		{ BPF_FUNC_xdp_adjust_tail, -1, true },  { BPF_FUNC_xdp_adjust_tail, 0, false },
		{ BPF_FUNC_xdp_adjust_tail, 1, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct bpf_insn insns[] = { MOV64I(2, cases[i].delta), CALL(cases[i].helper),
					    EXIT() };
		uint8_t packet[200] = { 0 };
		struct host_fixture f;

		fixture_open(&f, BPF_PROG_TYPE_XDP);
		assert_true(fixture_load_limited(&f, insns, ARRAY_SIZE(insns),
						 &(struct sim_adjust_rule){ true, .head_start = 128,
									    .head_min = 32,
									    .head_max = 248 }));
		assert_int_equal((int32_t)fixture_run(&f, packet, sizeof(packet)).verdict,
				 cases[i].ok ? 0 : -EINVAL);
		fixture_close(&f);
	}
}

static void what_is_not_modelled_has_a_name(void **state)
{
	static const struct bpf_insn helper[] = { CALL(BPF_FUNC_skb_set_tunnel_key), EXIT() };
	static const struct bpf_insn fine[] = { CALL(BPF_FUNC_csum_diff), LD_MAP(1, 0), EXIT() };
	static const struct bpf_insn endless[] = { { .code = EBPF_MAY_GOTO },
						   LD_MAP(1, 0),
						   EXIT() };
	static const struct fe_map sockets = { .name = "socks", .type = BPF_MAP_TYPE_SOCKMAP };
	static const struct fe_map array = { .name = "a", .type = BPF_MAP_TYPE_ARRAY };
	struct fe_prog prog = { .type = BPF_PROG_TYPE_SCHED_CLS };
	struct fe_object obj = { .maps = &array, .n_maps = 1 };
	struct arena a;

	(void)state;
	arena_init(&a);
	prog.insns = helper;
	prog.n_insns = ARRAY_SIZE(helper);
	assert_string_equal(sim_host_unsupported(&a, &obj, &prog),
			    "helper skb_set_tunnel_key (21)");
	prog.insns = fine;
	prog.n_insns = ARRAY_SIZE(fine);
	assert_null(sim_host_unsupported(&a, &obj, &prog));
	prog.insns = endless;
	assert_non_null(strstr(sim_host_unsupported(&a, &obj, &prog), "may_goto"));
	prog.insns = fine;
	obj.maps = &sockets;
	assert_string_equal(sim_host_unsupported(&a, &obj, &prog), "map socks of type sockmap");
	prog.type = BPF_PROG_TYPE_KPROBE;
	assert_non_null(strstr(sim_host_unsupported(&a, &obj, &prog), "neither"));
	arena_reset(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_lookup_gives_the_value_itself),
		cmocka_unit_test(update_and_delete_answer_with_errno),
		cmocka_unit_test(global_data_is_addressed_directly),
		cmocka_unit_test(events_carry_record_and_packet),
		cmocka_unit_test(a_fault_does_not_end_the_loop),
		cmocka_unit_test(faults_say_where),
		cmocka_unit_test(packets_change_as_they_should),
		cmocka_unit_test(csum_diff_wants_whole_words),
		cmocka_unit_test(packets_change_as_in_the_kernel),
		cmocka_unit_test(the_devices_limits_replace_the_kernels),
		cmocka_unit_test(what_is_not_modelled_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
