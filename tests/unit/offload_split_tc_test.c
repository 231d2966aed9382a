/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/bits.h"
#include "partitioner/handoff.h"
#include "partitioner/tc_split.h"
#include "offload/compile.h"
#include "sim/host.h"

#include <linux/pkt_cls.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

/* The host's two programs of a tc split, with records and metadata as they come, and as they should not. The device
 * refuses one instruction; what it makes of the rest is not looked at. */

#define I(c, d, s, o, i)                                                                           \
	{                                                                                          \
		.code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i)                \
	}
#define MOV64(d, s)     I(BPF_ALU64 | BPF_MOV | BPF_X, d, s, 0, 0)
#define MOV64I(d, v)    I(BPF_ALU64 | BPF_MOV | BPF_K, d, 0, 0, v)
#define ADD64I(d, v)    I(BPF_ALU64 | BPF_ADD | BPF_K, d, 0, 0, v)
#define JEQI(d, v, o)   I(BPF_JMP | BPF_JEQ | BPF_K, d, 0, o, v)
#define JGT(d, s, o)    I(BPF_JMP | BPF_JGT | BPF_X, d, s, o, 0)
#define LDXB(d, s, o)   I(BPF_LDX | BPF_MEM | BPF_B, d, s, o, 0)
#define LDXW(d, s, o)   I(BPF_LDX | BPF_MEM | BPF_W, d, s, o, 0)
#define STXW(d, o, s)   I(BPF_STX | BPF_MEM | BPF_W, d, s, o, 0)
#define EXIT            I(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)
#define SKB(field)      ((int16_t)offsetof(struct __sk_buff, field))
#define MARKING         11
#define RECORD_MAX_ROOM 84u

/* Byte 14 of the packet: 1 is shot, 2 is fine, all else is marked with it. */
static const struct bpf_insn program[] = {
	MOV64(6, 1),
	LDXW(2, 1, SKB(data)),
	LDXW(3, 1, SKB(data_end)),
	MOV64(4, 2),
	ADD64I(4, 15),
	JGT(4, 3, 8), /* to the last two */
	LDXB(7, 2, 14),
	MOV64I(0, TC_ACT_SHOT),
	JEQI(7, 1, 4),
	MOV64I(0, TC_ACT_OK),
	JEQI(7, 2, 2),
	STXW(6, SKB(mark), 7),
	MOV64I(0, TC_ACT_PIPE),
	EXIT,
	MOV64I(0, TC_ACT_OK),
	EXIT,
};

static const struct bpf_insn reads_meta[] = { LDXW(2, 1, SKB(data_meta)), STXW(1, SKB(mark), 2),
					      MOV64I(0, 0), EXIT };

/* ---- a device that refuses one instruction -------------------------------------------------------------- */

static bool op_prepare(struct offload_prog *p)
{
	(void)p;
	return true;
}

static bool op_insn_hook(struct offload_prog *p, size_t inst, size_t insn,
			 struct offload_refusal *why)
{
	const struct bpf_insn *i = &p->vp->prog->insns[insn];

	(void)inst;
	why->reason = REASON_OUTPUT_WRITE; /* any row will do */
	why->text = "no";
	return !(i->code == (BPF_STX | BPF_MEM | BPF_W) && i->off == SKB(mark) && i->src_reg == 7);
}

static bool op_finalize(struct offload_prog *p, struct offload_refusal *why)
{
	(void)p, (void)why;
	return true;
}

static bool op_replace(struct offload_prog *p, uint32_t off, const struct bpf_insn *insn)
{
	(void)p, (void)off, (void)insn;
	return true;
}

static bool op_remove(struct offload_prog *p, uint32_t off, uint32_t cnt)
{
	(void)p, (void)off, (void)cnt;
	return true;
}

static bool op_translate(struct offload_prog *p, struct offload_refusal *why)
{
	static struct offload_image image;

	(void)why;
	p->out.image = &image;
	return true;
}

static void op_destroy(struct offload_prog *p)
{
	(void)p;
}

static uint32_t op_room(const struct offload_target *target)
{
	(void)target;
	return RECORD_MAX_ROOM;
}

static const struct bpf_offload_ops ops = {
	.name = "all but one",
	.prepare = op_prepare,
	.insn_hook = op_insn_hook,
	.finalize = op_finalize,
	.replace_insn = op_replace,
	.remove_insns = op_remove,
	.translate = op_translate,
	.destroy = op_destroy,
	.handoff_room = op_room,
};

/* ---- the split ------------------------------------------------------------------------------------------- */

struct rig {
	struct arena arena, scratch;
	struct diags diags;
	struct cx cx;
	struct fe_object obj;
	struct fe_subprog sub;
	struct fe_prog prog;
	struct vprog vp;
	struct split split;
	struct sim_maps *maps;
	struct sim_host *xdp_stub, *half;
	uint8_t packet[64];
};

static void split_it(struct rig *r, const struct bpf_insn *code, uint32_t n, const char *section,
		     bool untagged)
{
	struct fe_verify_options verify = { .main_stack = true };
	struct offload_options opts = { .part.untagged = untagged };
	struct offload_target target = { &ops };
	struct offload_result result;

	diags_init(&r->diags, &r->arena);
	r->cx = (struct cx){ &r->arena, &r->scratch, &r->diags };
	r->sub = (struct fe_subprog){ .end = n, .name = "t" };
	r->prog = (struct fe_prog){ .name = "t",
				    .section = section,
				    .type = BPF_PROG_TYPE_SCHED_CLS,
				    .insns = code,
				    .n_insns = n,
				    .subprogs = &r->sub,
				    .n_subprogs = 1 };
	r->obj = (struct fe_object){
		.path = "t.o", .license = "GPL", .progs = &r->prog, .n_progs = 1
	};
	assert_true(fe_verify(&r->cx, &r->obj, &r->prog, &verify, &r->vp));
	assert_true(offload_compile(&r->cx, &r->vp, &target, &opts, &result));
	r->split = result.split;
}

static void open_pair(struct rig *r)
{
	struct sim_host_options opts = { 0 };
	const char *why;

	split_it(r, program, ARRAY_SIZE(program), "tc", false);
	assert_int_equal(r->split.placement, PART_SPLIT);
	r->maps = sim_maps_new(NULL, 0, &why);
	r->xdp_stub = sim_host_new(&r->cx, &r->obj, &r->split.halves->xdp_stub, r->maps, &opts);
	r->half = sim_host_new(&r->cx, &r->obj, &r->split.halves->host, r->maps, &opts);
	assert_non_null(r->xdp_stub);
	assert_non_null(r->half);
	for (size_t i = 0; i < sizeof(r->packet); i++)
		r->packet[i] = (uint8_t)(i + 3);
}

static void close_rig(struct rig *r)
{
	sim_host_free(r->xdp_stub);
	sim_host_free(r->half);
	sim_maps_free(r->maps);
	arena_reset(&r->scratch);
	arena_reset(&r->arena);
}

static void make_record(const struct rig *r, uint8_t cut, uint32_t action, uint8_t *record)
{
	const struct part_halves *halves = r->split.halves;

	memset(record, 0, halves->record_bytes);
	store_le32(record + PART_HANDOFF_OFF_COOKIE, halves->cookie);
	record[PART_HANDOFF_OFF_VERSION] = PART_HANDOFF_VERSION;
	record[PART_HANDOFF_OFF_CUT] = cut;
	record[PART_HANDOFF_OFF_BYTES] = (uint8_t)halves->record_bytes;
	store_le32(record + PART_HANDOFF_HEADER + PART_HANDOFF_ACTION, action);
}

static struct sim_host_run run(struct rig *r, struct sim_host *h, const uint8_t *meta, uint32_t n)
{
	struct sim_host_packet in = {
		.data = r->packet, .len = sizeof(r->packet), .meta = meta, .meta_len = n
	};
	struct sim_host_run out;

	sim_host_run_one(h, &in, &out);
	assert_null(out.fault);
	return out;
}

/* ---- tests ------------------------------------------------------------------------------------------------ */

static void test_halves(void **state)
{
	struct rig r = { 0 };
	const struct part_halves *halves;

	(void)state;
	open_pair(&r);
	halves = r.split.halves;
	assert_true(halves->tagged);
	assert_int_equal(halves->cuts[0].pc, 0);
	assert_int_equal(halves->n_cuts, 2);
	assert_int_equal(halves->cuts[1].pc, MARKING);
	assert_in_range(halves->record_bytes, PART_HANDOFF_HEADER + 4, PART_META_BYTES);
	assert_int_equal(halves->device.type, BPF_PROG_TYPE_XDP);
	assert_int_equal(halves->xdp_stub.type, BPF_PROG_TYPE_XDP);
	assert_int_equal(halves->host.type, BPF_PROG_TYPE_SCHED_CLS);
	assert_string_equal(halves->xdp_stub.name, "t_strip");
	assert_string_equal(halves->host.name, "t_host");
	close_rig(&r);
}

/* Whatever the action: the stack knows what it means. */
static void test_decided(void **state)
{
	static const uint32_t actions[] = { TC_ACT_OK,     TC_ACT_PIPE, TC_ACT_STOLEN,
					    TC_ACT_QUEUED, 8,           (uint32_t)TC_ACT_UNSPEC };
	uint8_t record[PART_META_BYTES], zero[PART_META_BYTES] = { 0 };
	struct rig r = { 0 };

	(void)state;
	open_pair(&r);
	for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
		uint32_t n = r.split.halves->record_bytes;
		struct sim_host_run out;

		make_record(&r, PART_HANDOFF_DECIDED, actions[i], record);
		out = run(&r, r.half, record, n);
		assert_int_equal(out.verdict, actions[i]);
		assert_memory_equal(out.packet, r.packet, sizeof(r.packet));
		assert_memory_equal(out.packet - n, zero, n); /* nothing is left of it */
		assert_int_equal(run(&r, r.half, zero, n).verdict,
				 TC_ACT_SHOT); /* nor decided twice */
	}
	close_rig(&r);
}

static void test_goes_on(void **state)
{
	uint8_t record[PART_META_BYTES];
	struct rig r = { 0 };

	(void)state;
	open_pair(&r);
	make_record(&r, 2, 77, record);
	assert_int_equal(run(&r, r.half, record, r.split.halves->record_bytes).verdict,
			 TC_ACT_PIPE);
	make_record(&r, 1, 0, record); /* a tagged frame, from the beginning */
	assert_int_equal(run(&r, r.half, record, r.split.halves->record_bytes).verdict,
			 TC_ACT_PIPE);
	r.packet[14] = 1;
	assert_int_equal(run(&r, r.half, record, r.split.halves->record_bytes).verdict,
			 TC_ACT_SHOT);
	r.packet[14] = 2;
	assert_int_equal(run(&r, r.half, record, r.split.halves->record_bytes).verdict, TC_ACT_OK);
	close_rig(&r);
}

static void test_foreign_metadata(void **state)
{
	uint8_t record[PART_META_BYTES], changed[PART_META_BYTES];
	struct rig r = { 0 };
	uint32_t n;

	(void)state;
	open_pair(&r);
	n = r.split.halves->record_bytes;
	make_record(&r, PART_HANDOFF_DECIDED, TC_ACT_OK, record);
	assert_int_equal(run(&r, r.half, NULL, 0).verdict, TC_ACT_SHOT);
	assert_int_equal(run(&r, r.half, record, n - 4).verdict, TC_ACT_SHOT);
	for (unsigned bit = 0; bit < 8 * PART_HANDOFF_HEADER; bit++) {
		memcpy(changed, record, n);
		changed[bit / 8] ^= (uint8_t)(1u << bit % 8);
		if (bit / 8 == PART_HANDOFF_OFF_CUT && changed[bit / 8] <= r.split.halves->n_cuts)
			continue; /* one of its own cuts */
		assert_int_equal(run(&r, r.half, changed, n).verdict, TC_ACT_SHOT);
	}
	close_rig(&r);
}

static void test_xdp_stub(void **state)
{
	struct rig r = { 0 };
	uint8_t wire[PART_META_BYTES + sizeof(r.packet)];
	struct sim_host_packet in = { .data = wire };
	struct sim_host_run out;
	uint32_t n;

	(void)state;
	open_pair(&r);
	n = r.split.halves->record_bytes;
	make_record(&r, 2, 77, wire);
	memcpy(wire + n, r.packet, sizeof(r.packet));
	in.len = n + (uint32_t)sizeof(r.packet);
	sim_host_run_one(r.xdp_stub, &in, &out);
	assert_int_equal(out.verdict, XDP_PASS);
	assert_int_equal(out.meta_len, n);
	assert_memory_equal(out.meta, wire, n);
	assert_int_equal(out.packet_len, sizeof(r.packet));
	assert_memory_equal(out.packet, r.packet, sizeof(r.packet));
	assert_int_equal(run(&r, r.xdp_stub, NULL, 0).verdict, XDP_ABORTED);
	wire[PART_HANDOFF_OFF_COOKIE] ^= 1;
	sim_host_run_one(r.xdp_stub, &in, &out);
	assert_int_equal(out.verdict, XDP_ABORTED);
	close_rig(&r);
}

static void test_what_is_split(void **state)
{
	static const struct {
		const struct bpf_insn *code;
		uint32_t n;
		const char *section;
		bool untagged, split;
	} cases[] = {
		{ program, ARRAY_SIZE(program), "classifier", false, true },
		{ program, ARRAY_SIZE(program), "tc", true, true },
		{ program, ARRAY_SIZE(program), "classifier/egress", false, false },
		{ reads_meta, ARRAY_SIZE(reads_meta), "tc", false, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct rig r = { 0 };

		split_it(&r, cases[i].code, cases[i].n, cases[i].section, cases[i].untagged);
		assert_int_equal(r.split.halves != NULL, cases[i].split);
		if (r.split.halves)
			assert_int_equal(r.split.halves->tagged, !cases[i].untagged);
		close_rig(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_halves),   cmocka_unit_test(test_decided),
		cmocka_unit_test(test_goes_on),  cmocka_unit_test(test_foreign_metadata),
		cmocka_unit_test(test_xdp_stub), cmocka_unit_test(test_what_is_split),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
