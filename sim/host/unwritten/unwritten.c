/* SPDX-License-Identifier: BSD-2-Clause
 * Undefined bits beside the interpreter. Each region of the guest's memory that a program may write has a shadow: a bit
 * for each of its bits, 1 where it is undefined. Shadows of stack frames are set when a frame begins, those of packet,
 * values and keys are clear when a packet begins. */
#include "sim/host/unwritten/unwritten.h"

#include "base/bits.h"
#include "sim/host/environment/host_internal.h"
#include "sim/host/unwritten/undef_bits.h"

#include <stdlib.h>
#include <string.h>

#define DIRTY_MAX 256u /* places in map values that got undefined bits from one packet */

struct dirty {
	uint64_t addr, size;
};

struct saved {             /* of a caller */
	bool by_helper;    /* it called a helper, which called back */
	uint64_t undef[4]; /* R6..R9 */
	struct sim_place from[4];
};

struct sim_unwritten {
	uint8_t *shadow; /* of all regions, one behind the other */
	size_t shadow_size;
	uint64_t undef[11]; /* R0..R10 */
	struct sim_place from[11];
	struct saved frames[SIM_INTERP_FRAMES];
	uint32_t depth;
	struct sim_place here; /* instruction under way */
	bool tail_call;        /* … is one of those */
	struct dirty dirty[DIRTY_MAX];
	size_t n_dirty;
	bool packet_dirty;
	struct sim_place reached; /* where undefined bits got into results first */
	struct sim_place decided_at;
	const char *decided_by;
};

/* ---- shadows ----------------------------------------------------------------------------------- */

/* NULL: no such memory, or none that can be undefined. */
static uint8_t *shadow_of(const struct sim_host *h, uint64_t addr, uint64_t size)
{
	uint8_t *at = h->unwritten->shadow;

	for (size_t i = 0; i < h->n_regions; i++) {
		const struct sim_region *r = &h->regions[i];

		if (addr >= r->base && size <= r->size && addr - r->base <= r->size - size)
			return at + (addr - r->base);
		at += r->size;
	}
	return NULL;
}

static bool any_set(const uint8_t *p, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++) {
		if (p[i])
			return true;
	}
	return false;
}

static void decides(struct sim_unwritten *u, struct sim_place at, const char *what)
{
	if (u->decided_by)
		return;
	u->decided_by = what;
	u->decided_at = at;
}

static void reach(struct sim_unwritten *u, struct sim_place from)
{
	if (!u->reached.prog)
		u->reached = from;
}

static bool is_stack(uint64_t addr)
{
	return addr >= GUEST_STACK && addr < GUEST_STACK + GUEST_STACK_SIZE;
}

/* Memory outside the stack got undefined bits: it is a result, and to be cleaned up. */
static void note_dirty(struct sim_host *h, uint64_t addr, uint64_t size, struct sim_place from)
{
	struct sim_unwritten *u = h->unwritten;

	if (is_stack(addr))
		return;
	reach(u, from);
	if (addr >= GUEST_PACKET && addr < GUEST_PACKET + SIM_FRAME_BYTES)
		u->packet_dirty = true;
	else if (addr >= GUEST_CTX && addr < GUEST_CTX + GUEST_CTX_SIZE)
		decides(u, from, "a field of the context");
	else if (u->n_dirty < DIRTY_MAX)
		u->dirty[u->n_dirty++] = (struct dirty){ addr, size };
	else
		decides(u, from, "more than the simulator follows");
}

static uint64_t load_undef(const struct sim_host *h, uint64_t addr, uint32_t size)
{
	const uint8_t *p = shadow_of(h, addr, size);
	uint64_t v = 0;

	for (uint32_t i = size; p && i-- > 0;)
		v = v << 8 | p[i];
	return v;
}

static void store_undef(struct sim_host *h, uint64_t addr, uint32_t size, uint64_t undef,
			struct sim_place from)
{
	uint8_t *p = shadow_of(h, addr, size);

	for (uint32_t i = 0; p && i < size; i++)
		p[i] = (uint8_t)(undef >> 8 * i);
	if (p && undef & bits_mask(8 * size))
		note_dirty(h, addr, size, from);
}

/* ---- for helpers ------------------------------------------------------------------------------- */

static void fill(struct sim_host *h, uint64_t addr, uint64_t size, uint8_t undef)
{
	uint8_t *p = h->unwritten && size ? shadow_of(h, addr, size) : NULL;

	if (p)
		memset(p, undef, size);
}

void sim_unwritten_written(struct sim_host *h, uint64_t addr, uint64_t size)
{
	fill(h, addr, size, 0);
}

/* Not a result before it is submitted. */
void sim_unwritten_reserved(struct sim_host *h, uint64_t addr, uint64_t size)
{
	fill(h, addr, size, 0xff);
}

void sim_unwritten_undefine(struct sim_host *h, uint64_t addr, uint64_t size)
{
	fill(h, addr, size, 0xff);
	if (h->unwritten && size)
		note_dirty(h, addr, size, h->unwritten->here);
}

bool sim_unwritten_any(const struct sim_host *h, uint64_t addr, uint64_t size)
{
	const uint8_t *p = h->unwritten && size ? shadow_of(h, addr, size) : NULL;

	return p && any_set(p, size);
}

void sim_unwritten_copy(struct sim_host *h, uint64_t to, uint64_t from, uint64_t size)
{
	uint8_t *t = h->unwritten && size ? shadow_of(h, to, size) : NULL;
	const uint8_t *f = t ? shadow_of(h, from, size) : NULL;

	if (!t)
		return;
	if (f)
		memmove(t, f, size);
	else
		memset(t, 0, size);
	if (any_set(t, size))
		note_dirty(h, to, size, h->unwritten->here);
}

void sim_unwritten_decides(struct sim_host *h, uint64_t addr, uint64_t size, const char *what)
{
	if (sim_unwritten_any(h, addr, size))
		decides(h->unwritten, h->unwritten->here, what);
}

bool sim_unwritten_arg(const struct sim_host *h, unsigned arg)
{
	return h->unwritten && h->unwritten->undef[arg];
}

void sim_unwritten_result(struct sim_host *h, uint64_t undef)
{
	if (!h->unwritten)
		return;
	h->unwritten->undef[0] = undef;
	h->unwritten->from[0] = h->unwritten->here;
}

const uint8_t *sim_unwritten_mask(struct sim_host *h, uint64_t addr, uint64_t size)
{
	uint8_t *copy;

	if (!sim_unwritten_any(h, addr, size))
		return NULL;
	reach(h->unwritten, h->unwritten->here);
	copy = sim_run_alloc(h, size);
	if (copy)
		memcpy(copy, shadow_of(h, addr, size), size);
	else
		decides(h->unwritten, h->unwritten->here, "more than the simulator follows");
	return copy;
}

const uint8_t *sim_host_unwritten_value(struct sim_host *h, size_t map, const uint8_t *key)
{
	int64_t off = sim_map_find(h->maps, map, key);
	uint64_t size = sim_maps_spec(h->maps, map)->value_size;

	if (off < 0 || !h->unwritten->n_dirty ||
	    !sim_unwritten_any(h, GUEST_VALUES + (uint64_t)off, size))
		return NULL;
	return shadow_of(h, GUEST_VALUES + (uint64_t)off, size);
}

/* ---- frames ------------------------------------------------------------------------------------ */

static void new_frame(struct sim_host *h, uint64_t top)
{
	fill(h, top - EBPF_MAX_STACK, EBPF_MAX_STACK, 0xff);
}

/* Was it a helper that called? Then the arguments are its own. */
static bool is_callback(const struct sim_unwritten *u)
{
	const struct bpf_insn *i = &u->here.prog->insns[u->here.pc];

	return !ebpf_is_call(i) || i->src_reg != EBPF_CALL_SUBPROG;
}

static void push(struct sim_unwritten *u)
{
	struct saved *s = &u->frames[u->depth++];

	s->by_helper = is_callback(u);
	if (s->by_helper)
		memset(&u->undef[BPF_REG_1], 0, 5 * sizeof(u->undef[0]));
	memcpy(s->undef, &u->undef[BPF_REG_6], sizeof(s->undef));
	memcpy(s->from, &u->from[BPF_REG_6], sizeof(s->from));
}

static void pop(struct sim_unwritten *u)
{
	const struct saved *s = &u->frames[--u->depth];

	if (s->by_helper && u->undef[0])
		decides(u, u->from[0], "what a callback returns");
	if (s->by_helper)
		u->undef[0] = 0;
	memcpy(&u->undef[BPF_REG_6], s->undef, sizeof(s->undef));
	memcpy(&u->from[BPF_REG_6], s->from, sizeof(s->from));
}

/* What helpers, callbacks and loads that failed did to the frames since the instruction before. */
static void follow_frames(struct sim_host *h, const struct sim_interp_state *s)
{
	struct sim_unwritten *u = h->unwritten;

	while (u->depth > s->depth)
		pop(u);
	if (u->depth < s->depth && u->depth < SIM_INTERP_FRAMES) {
		push(u);
		new_frame(h, s->regs[BPF_REG_10]);
	}
	if (u->tail_call && (s->prog != u->here.prog || s->pc == 0))
		new_frame(h,
			  s->regs[BPF_REG_10]); /* the target finds what the program left there */
	u->tail_call = false;
}

/* ---- instructions ------------------------------------------------------------------------------ */

static struct sim_bits bits_of(const struct sim_host *h, const struct sim_interp_state *s,
			       unsigned reg)
{
	return (struct sim_bits){ s->regs[reg], h->unwritten->undef[reg] };
}

static struct sim_bits source(const struct sim_host *h, const struct sim_interp_state *s,
			      const struct bpf_insn *i)
{
	if (ebpf_src_is_reg(i))
		return bits_of(h, s, i->src_reg);
	return (struct sim_bits){ (uint64_t)(int64_t)i->imm, 0 };
}

/* A register gets a value; the place is that of the read that its undefined bits come from. */
static void set(struct sim_unwritten *u, unsigned reg, uint64_t undef, struct sim_place from)
{
	u->undef[reg] = undef;
	u->from[reg] = from;
}

static uint64_t address(struct sim_host *h, const struct sim_interp_state *s, unsigned base,
			int16_t off)
{
	struct sim_unwritten *u = h->unwritten;

	if (u->undef[base])
		decides(u, u->from[base], "an address");
	return s->regs[base] + (uint64_t)(int64_t)off;
}

static void step_load(struct sim_host *h, const struct sim_interp_state *s,
		      const struct bpf_insn *i)
{
	struct sim_unwritten *u = h->unwritten;
	uint32_t size = ebpf_size_bytes(i);
	uint64_t undef = load_undef(h, address(h, s, i->src_reg, i->off), size);

	if (ebpf_mode(i) == EBPF_MEMSX && undef >> (8 * size - 1))
		undef |= ~bits_mask(8 * size);
	set(u, i->dst_reg, undef, u->here);
}

/* A comparison that is certain: does the exchange happen? */
static bool exchanges(const struct sim_host *h, const struct sim_interp_state *s, uint64_t at,
		      uint32_t size)
{
	const uint8_t *p = sim_guest_find(h, at, size);

	return p && (size == 8 ? load_le64(p) : load_le32(p)) == (s->regs[0] & bits_mask(8 * size));
}

/* Undefined bits of memory after the operation; carries are not followed. */
static uint64_t after_atomic(const struct bpf_insn *i, uint64_t old, uint64_t given, uint64_t all)
{
	switch (i->imm) {
	case BPF_XCHG:
	case EBPF_STORE_REL: return given;
	default: return old | given ? all : 0;
	}
}

static void step_atomic(struct sim_host *h, const struct sim_interp_state *s,
			const struct bpf_insn *i)
{
	struct sim_unwritten *u = h->unwritten;
	bool acquire = ebpf_is_load_acquire(i);
	uint32_t size = ebpf_size_bytes(i);
	uint64_t at = address(h, s, acquire ? i->src_reg : i->dst_reg, i->off);
	uint64_t all = bits_mask(8 * size), old = load_undef(h, at, size);
	uint64_t given = u->undef[i->src_reg] & all;

	if (acquire) {
		set(u, i->dst_reg, old, u->here);
	} else if (i->imm == BPF_CMPXCHG) {
		if ((u->undef[0] & all) | old)
			decides(u, u->here, "a comparison with memory");
		else if (exchanges(h, s, at, size))
			store_undef(h, at, size, given, u->from[i->src_reg]);
		set(u, 0, 0, u->here);
	} else {
		store_undef(h, at, size, after_atomic(i, old, given, all),
			    given ? u->from[i->src_reg] : u->here);
		if (i->imm & BPF_FETCH && i->imm != EBPF_STORE_REL)
			set(u, i->src_reg, old, u->here);
	}
}

static void step_store(struct sim_host *h, const struct sim_interp_state *s,
		       const struct bpf_insn *i)
{
	struct sim_unwritten *u = h->unwritten;
	bool by_reg = ebpf_class(i) == BPF_STX;

	if (by_reg && ebpf_mode(i) == BPF_ATOMIC) {
		step_atomic(h, s, i);
		return;
	}
	store_undef(h, address(h, s, i->dst_reg, i->off), ebpf_size_bytes(i),
		    by_reg ? u->undef[i->src_reg] : 0, u->from[i->src_reg]);
}

static void step_ld(struct sim_host *h, const struct bpf_insn *i)
{
	struct sim_unwritten *u = h->unwritten;

	if (ebpf_is_ld_imm64(i)) {
		set(u, i->dst_reg, 0, u->here);
		return;
	}
	if (ebpf_mode(i) == BPF_IND && u->undef[i->src_reg])
		decides(u, u->from[i->src_reg], "an offset in the packet");
	set(u, 0, 0, u->here); /* sim_skb_load_abs() knows better */
}

static void step_alu(struct sim_host *h, const struct sim_interp_state *s, const struct bpf_insn *i)
{
	struct sim_unwritten *u = h->unwritten;
	struct sim_bits a = bits_of(h, s, i->dst_reg), b = source(h, s, i);
	bool from_b = b.undef && (ebpf_op(i) == BPF_MOV || !a.undef);

	set(u, i->dst_reg, sim_undef_alu(i, a, b),
	    from_b ? u->from[i->src_reg] : u->from[i->dst_reg]);
}

static const char *deciding_args(uint32_t helper)
{
	static const char *const rows[] = {
#define UNWRITTEN(id, args) [id] = (args),
#include "sim/host/unwritten/unwritten.def"
#undef UNWRITTEN
	};

	return helper < ARRAY_SIZE(rows) && rows[helper] ? rows[helper] : ".....";
}

static void step_call(struct sim_host *h, const struct bpf_insn *i)
{
	struct sim_unwritten *u = h->unwritten;
	const char *args;

	if (i->src_reg == EBPF_CALL_SUBPROG)
		return; /* its first instruction shows the frame */
	args = i->src_reg == EBPF_CALL_HELPER ? deciding_args((uint32_t)i->imm) : ".....";
	for (unsigned a = 1; a <= 5; a++) {
		if (args[a - 1] == 'd' && u->undef[a])
			decides(u, u->from[a], "an argument of a helper");
	}
	u->tail_call = i->src_reg == EBPF_CALL_HELPER && i->imm == BPF_FUNC_tail_call;
	set(u, 0, 0, u->here);
}

static void step_exit(struct sim_host *h)
{
	struct sim_unwritten *u = h->unwritten;

	if (u->depth)
		pop(u);
}

static void step_jump(struct sim_host *h, const struct sim_interp_state *s,
		      const struct bpf_insn *i)
{
	struct sim_unwritten *u = h->unwritten;

	if (ebpf_is_call(i))
		step_call(h, i);
	else if (ebpf_is_exit(i))
		step_exit(h);
	else if (ebpf_is_cond_jump(i) &&
		 sim_undef_decides(i, bits_of(h, s, i->dst_reg), source(h, s, i)))
		decides(u, u->undef[i->dst_reg] ? u->from[i->dst_reg] : u->from[i->src_reg],
			"a branch");
}

void sim_unwritten_step(struct sim_host *h, const struct sim_interp_state *s)
{
	const struct bpf_insn *i = &s->prog->insns[s->pc];

	follow_frames(h, s);
	h->unwritten->here = (struct sim_place){ s->prog, s->pc };
	if (i->dst_reg > BPF_REG_10 || i->src_reg > BPF_REG_10)
		return; /* the interpreter refuses it */
	switch (ebpf_class(i)) {
	case BPF_LD: step_ld(h, i); break;
	case BPF_LDX: step_load(h, s, i); break;
	case BPF_ST:
	case BPF_STX: step_store(h, s, i); break;
	case BPF_ALU:
	case BPF_ALU64: step_alu(h, s, i); break;
	default: step_jump(h, s, i);
	}
}

/* ---- a packet ---------------------------------------------------------------------------------- */

void sim_unwritten_begin(struct sim_host *h)
{
	struct sim_unwritten *u = h->unwritten;

	if (!u)
		return;
	if (u->packet_dirty)
		fill(h, GUEST_PACKET, SIM_FRAME_BYTES, 0);
	for (size_t i = 0; i < u->n_dirty; i++)
		fill(h, u->dirty[i].addr, u->dirty[i].size, 0);
	memset(u->undef, 0, sizeof(u->undef));
	u->n_dirty = 0;
	u->depth = 0;
	u->packet_dirty = u->tail_call = false;
	u->reached = u->decided_at = (struct sim_place){ NULL, 0 };
	u->decided_by = NULL;
	new_frame(h, GUEST_STACK + EBPF_MAX_STACK);
}

/* NULL: none of them is undefined. */
static const uint8_t *packet_mask(const struct sim_host *h, uint32_t from, uint32_t to)
{
	const uint8_t *p = shadow_of(h, GUEST_PACKET + from, to - from);

	return h->unwritten->packet_dirty && p && any_set(p, to - from) ? p : NULL;
}

void sim_unwritten_end(struct sim_host *h)
{
	struct sim_unwritten *u = h->unwritten;
	struct sim_host_run *r = &h->run;

	if (!u)
		return;
	r->undef_verdict = (uint32_t)u->undef[0];
	if (r->undef_verdict)
		reach(u, u->from[0]);
	r->undef_packet = packet_mask(h, h->data, h->data_end);
	if (!h->is_skb)
		r->undef_meta = packet_mask(h, h->data_meta, h->data);
	r->undef_values = u->n_dirty;
	r->undef_from = u->reached;
	r->decided_by = u->decided_by;
	r->decided_at = u->decided_at;
}

/* Helpers that may leave their buffer as it was, or hand out memory that nothing was written to. */
static bool may_leave(uint32_t helper)
{
	switch (helper) {
	case BPF_FUNC_fib_lookup:
	case BPF_FUNC_ringbuf_reserve:
	case BPF_FUNC_xdp_load_bytes:
	case BPF_FUNC_ringbuf_reserve_dynptr:
	case BPF_FUNC_dynptr_read: return true;
	default: return false;
	}
}

bool sim_host_may_be_unwritten(const struct fe_object *obj, const struct fe_prog *prog)
{
	struct sim_tails tails;

	sim_tails_find(obj, prog, &tails);
	for (size_t i = 0; tails.n == 1 && i < prog->n_insns; i++) {
		const struct bpf_insn *insn = &prog->insns[i];

		if (ebpf_is_call(insn) && insn->src_reg == EBPF_CALL_HELPER &&
		    may_leave((uint32_t)insn->imm))
			return true;
	}
	return tails.n > 1; /* the targets were not verified with it */
}

bool sim_unwritten_open(struct sim_host *h)
{
	struct sim_unwritten *u;

	if (!h->opts.unwritten)
		return true;
	u = calloc(1, sizeof(*u));
	h->unwritten = u;
	if (!u)
		return false;
	for (size_t i = 0; i < h->n_regions; i++)
		u->shadow_size += h->regions[i].size;
	/* pages that are never set stay the kernel's zero page */
	u->shadow = calloc(1, u->shadow_size);
	return u->shadow;
}

void sim_unwritten_close(struct sim_host *h)
{
	if (h->unwritten)
		free(h->unwritten->shadow);
	free(h->unwritten);
	h->unwritten = NULL;
}
