#include "sim/host_internal.h"

#include "base/bits.h"
#include "sim/rng.h"

#include <assert.h>
#include <inttypes.h>
#include <linux/if_ether.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* Host addresses behind the fixed guest regions, all in one allocation. */
#define PAGES_FRAME  GUEST_GATE_SIZE
#define PAGES_CTX    (PAGES_FRAME + GUEST_FRAME_SIZE)
#define PAGES_STACK  (PAGES_CTX + GUEST_CTX_SIZE)
#define PAGES_PACKET (PAGES_STACK + GUEST_STACK_SIZE)
#define PAGES_SIZE   (PAGES_PACKET + SIM_FRAME_BYTES)

#define IFINDEX 1u /* of the interface that packets seem to come from */

/* ---- faults and addresses ------------------------------------------------------------------- */

void sim_host_fault(struct sim_host *h, const char *fmt, ...)
{
	va_list ap;

	if (h->fault[0])
		return;
	va_start(ap, fmt);
	vsnprintf(h->fault, sizeof(h->fault), fmt, ap);
	va_end(ap);
	uc_emu_stop(h->uc);
}

void *sim_guest_ptr(struct sim_host *h, uint64_t addr, uint64_t size)
{
	for (size_t i = 0; i < h->n_regions; i++) {
		const struct sim_region *r = &h->regions[i];

		if (addr >= r->base && size <= r->size && addr - r->base <= r->size - size)
			return r->host + (addr - r->base);
	}
	sim_host_fault(h,
		       "a helper was given %" PRIu64 " bytes at 0x%" PRIx64 ", which is no memory",
		       size, addr);
	return NULL;
}

size_t sim_guest_map(struct sim_host *h, uint64_t handle)
{
	uint64_t map = (handle - GUEST_HANDLE) / GUEST_PAGE;

	if (handle >= GUEST_HANDLE && handle % GUEST_PAGE == 0 && map < h->obj->n_maps)
		return (size_t)map;
	sim_host_fault(h, "a helper was given 0x%" PRIx64 " as a map", handle);
	return SIZE_MAX;
}

void *sim_run_alloc(struct sim_host *h, size_t size)
{
	void *p = h->run_mem + h->run_mem_used;

	size = bits_round_up(size, 8);
	if (size > sizeof(h->run_mem) - h->run_mem_used)
		return NULL;
	h->run_mem_used += size;
	return p;
}

/* Index of the BPF instruction whose code holds a guest address; -1: none. */
static int64_t insn_of_address(const struct sim_host *h, uint64_t addr)
{
	size_t lo = 0, hi = h->prog->n_insns;

	if (addr < GUEST_CODE || addr - GUEST_CODE >= h->image.len)
		return -1;
	addr -= GUEST_CODE;
	while (hi - lo > 1) { /* last instruction that starts at or before addr */
		size_t mid = lo + (hi - lo) / 2;

		if (h->image.insn_off[mid] <= addr)
			lo = mid;
		else
			hi = mid;
	}
	return (int64_t)lo;
}

static bool on_bad_access(uc_engine *uc, uc_mem_type type, uint64_t addr, int size, int64_t value,
			  void *priv)
{
	struct sim_host *h = priv;

	(void)uc, (void)type, (void)size, (void)value;
	h->fault_addr = addr;
	return false; /* not mended: emulation stops */
}

/* Unicorn knows the translated block that it was in, not the instruction. */
static void describe_stop(struct sim_host *h, uc_err err)
{
	const char *what = uc_strerror(err);
	uint64_t rip = 0;

	uc_reg_read(h->uc, UC_X86_REG_RIP, &rip);
	if (err == UC_ERR_READ_UNMAPPED || err == UC_ERR_READ_PROT)
		what = arena_printf(h->cx->arena, "load at 0x%" PRIx64, h->fault_addr);
	else if (err == UC_ERR_WRITE_UNMAPPED || err == UC_ERR_WRITE_PROT)
		what = arena_printf(h->cx->arena, "store at 0x%" PRIx64, h->fault_addr);
	sim_host_fault(h, "%s, in the block that starts at insn %" PRId64, what,
		       insn_of_address(h, rip));
}

/* ---- one packet ----------------------------------------------------------------------------- */

void sim_ctx_sync(struct sim_host *h)
{
	uint32_t data = (uint32_t)GUEST_PACKET + h->data,
		 end = (uint32_t)GUEST_PACKET + h->data_end;
	uint32_t meta = (uint32_t)GUEST_PACKET + h->data_meta;

	if (h->is_skb) {
		struct __sk_buff *skb = (struct __sk_buff *)(void *)h->ctx;

		skb->data = data;
		skb->data_end = end;
		skb->data_meta = meta;
		skb->len = h->data_end - h->data;
		skb->wire_len = skb->len;
		skb->vlan_present = h->vlan_present;
		skb->vlan_tci = h->vlan_tci;
		skb->vlan_proto = __builtin_bswap16(h->vlan_proto);
	} else {
		struct xdp_md *xdp = (struct xdp_md *)(void *)h->ctx;

		xdp->data = data;
		xdp->data_end = end;
		xdp->data_meta = meta;
	}
}

/* skb->protocol, in network order: frames with a length instead of a type have types of their own. */
static uint16_t ethernet_protocol(const uint8_t *p, uint32_t len)
{
	uint16_t type = (uint16_t)(p[12] << 8 | p[13]);

	if (type < ETH_P_802_3_MIN)
		type = len >= 16 && p[14] == 0xff && p[15] == 0xff ? ETH_P_802_3 : ETH_P_802_2;
	return __builtin_bswap16(type);
}

static void fill_ctx(struct sim_host *h)
{
	if (h->is_skb) {
		struct __sk_buff *skb = (struct __sk_buff *)(void *)h->ctx;

		memset(skb, 0, sizeof(*skb));
		skb->protocol = ethernet_protocol(h->packet + h->data, h->data_end - h->data);
		skb->ifindex = IFINDEX;
		skb->ingress_ifindex = IFINDEX;
	} else {
		struct xdp_md *xdp = (struct xdp_md *)(void *)h->ctx;

		memset(xdp, 0, sizeof(*xdp));
		xdp->ingress_ifindex = IFINDEX;
	}
	sim_ctx_sync(h);
}

static void place_packet(struct sim_host *h, const struct sim_host_packet *pkt)
{
	assert(pkt->len >= SIM_PACKET_MIN && pkt->len <= SIM_PACKET_MAX &&
	       "caller filters lengths");
	memset(h->packet, 0, SIM_FRAME_BYTES);
	memcpy(h->packet + SIM_HEADROOM, pkt->data, pkt->len);
	h->data = h->data_meta = SIM_HEADROOM;
	h->data_end = SIM_HEADROOM + pkt->len;
	h->head = h->opts.adjust.head_start;
	h->vlan_present = false;
	h->vlan_tci = h->vlan_proto = 0;
	h->random_state = pkt->random_seed;
	h->clock_ns = pkt->clock_ns;
	h->redirect_ifindex = 0;
	h->frame->r0 = 0;
	h->fault[0] = 0;
	h->n_events = h->n_touched = 0;
	h->run_mem_used = 0;
	h->touched_lost = false;
	fill_ctx(h);
}

static const struct sim_host_run *collect(struct sim_host *h)
{
	struct sim_host_run *r = &h->run;

	bool tag_beside = h->vlan_present;

	sim_skb_fold_vlan(h);
	*r = (struct sim_host_run){
		.fault = h->fault[0] ? h->fault : NULL,
		.verdict = (uint32_t)h->frame->r0,
		.packet = h->packet + h->data,
		.packet_len = h->data_end - h->data,
		.tag_beside = tag_beside,
		.redirect_ifindex = h->redirect_ifindex,
		.events = h->events,
		.n_events = h->n_events,
		.touched = h->touched,
		.n_touched = h->n_touched,
		.touched_lost = h->touched_lost,
	};
	if (!h->is_skb)
		r->rx_queue_index = ((struct xdp_md *)(void *)h->ctx)->rx_queue_index;
	h->running = false;
	return r;
}

/* Between packets, from inside the guest's loop. */
static void next_packet(struct sim_host *h)
{
	struct sim_host_packet pkt = { 0 };
	const struct sim_host_run *previous = h->running ? collect(h) : NULL;

	h->frame->stop = !h->feed(h->feed_priv, previous, &pkt);
	if (h->frame->stop)
		return;
	place_packet(h, &pkt);
	h->running = true;
}

static void on_out(uc_engine *uc, uint32_t port, int size, uint32_t value, void *priv)
{
	struct sim_host *h = priv;

	(void)uc, (void)size, (void)value;
	if (port == SIM_PORT_NEXT)
		next_packet(h);
	else
		sim_helper_call(h);
}

void sim_host_loop(struct sim_host *h,
		   bool (*feed)(void *priv, const struct sim_host_run *previous,
				struct sim_host_packet *next),
		   void *priv)
{
	h->feed = feed;
	h->feed_priv = priv;
	h->running = false;
	h->frame->stop = 0;
	while (!h->frame->stop) {
		uc_err err = uc_emu_start(h->uc, h->gate.loop, h->gate.loop_end, 0, 0);

		if (err != UC_ERR_OK)
			describe_stop(h, err);
		/* a packet that faulted is still `running`: the loop's start collects it */
	}
}

struct one_packet {
	const struct sim_host_packet *pkt;
	struct sim_host_run *run;
};

static bool feed_one(void *priv, const struct sim_host_run *previous, struct sim_host_packet *next)
{
	struct one_packet *one = priv;

	if (previous) {
		*one->run = *previous;
		return false;
	}
	*next = *one->pkt;
	return true;
}

void sim_host_run_one(struct sim_host *h, const struct sim_host_packet *pkt,
		      struct sim_host_run *run)
{
	struct one_packet one = { pkt, run };

	sim_host_loop(h, feed_one, &one);
}

/* ---- set-up --------------------------------------------------------------------------------- */

static bool is_data_section(const struct fe_map *m)
{
	return m->kind != FE_MAP_USER;
}

static uint64_t helper_addr(void *priv, int32_t helper)
{
	const struct sim_host *h = priv;

	if (helper < 0 || !sim_host_has_helper(h->prog->type, (uint32_t)helper))
		return 0;
	return helper == BPF_FUNC_loop ? h->gate.bpf_loop : sim_gate_helper_addr((uint32_t)helper);
}

static bool compile(struct sim_host *h)
{
	size_t n = h->obj->n_maps;
	uint64_t *handle = ARENA_ARRAY(h->cx->arena, uint64_t, n + 1);
	uint64_t *value = ARENA_ARRAY(h->cx->arena, uint64_t, n + 1);
	struct sim_jit_layout layout = { .code_base = GUEST_CODE,
					 .map_handle = handle,
					 .map_value = value,
					 .n_maps = n,
					 .helper_addr = helper_addr,
					 .skb_load_addr = h->gate.skb_load,
					 .priv = h };
	uint32_t zero = 0;

	for (size_t i = 0; i < n; i++) {
		int64_t off = -1;

		handle[i] = GUEST_HANDLE + i * GUEST_PAGE;
		if (h->obj->maps[i].type == BPF_MAP_TYPE_ARRAY || is_data_section(&h->obj->maps[i]))
			off = sim_map_lookup(h->maps, i, &zero);
		value[i] = off < 0 ? 0 : GUEST_VALUES + (uint64_t)off;
	}
	return sim_x86_jit(h->cx, h->obj, h->prog, &layout, &h->image);
}

static bool setup_failed(struct sim_host *h, const char *why)
{
	struct diag_at at = fe_prog_at(h->obj, h->prog, -1);

	return diag_error(h->cx->diags, &at, REASON_SIM_SETUP, why);
}

static uc_err map_region(struct sim_host *h, uint64_t base, uint64_t size, uint32_t prot,
			 void *host, bool for_helpers)
{
	if (for_helpers)
		h->regions[h->n_regions++] = (struct sim_region){ base, size, host };
	return uc_mem_map_ptr(h->uc, base, size, prot, host);
}

static bool map_memory(struct sim_host *h)
{
	const uint32_t rw = UC_PROT_READ | UC_PROT_WRITE, rx = UC_PROT_READ | UC_PROT_EXEC;
	size_t code_size = bits_round_up(h->image.len, GUEST_PAGE), values_size;
	uint8_t *values = sim_maps_memory(h->maps, &values_size);
	uc_err err;

	if (code_size > GUEST_CODE_MAX)
		return setup_failed(h, "the program's machine code is too long");
	h->code = aligned_alloc(GUEST_PAGE, code_size);
	if (!h->code)
		return setup_failed(h, "no memory left");
	memset(h->code, 0xcc, code_size);
	memcpy(h->code, h->image.code, h->image.len);
	err = map_region(h, GUEST_GATE, GUEST_GATE_SIZE, rx, h->pages, false);
	err = err ? err : map_region(h, GUEST_CODE, code_size, rx, h->code, false);
	err = err ? err : map_region(h, GUEST_FRAME, GUEST_FRAME_SIZE, rw, h->frame, false);
	err = err ? err : map_region(h, GUEST_CTX, GUEST_CTX_SIZE, rw, h->ctx, true);
	err = err ? err
		  : map_region(h, GUEST_STACK, GUEST_STACK_SIZE, rw, h->pages + PAGES_STACK, true);
	err = err ? err : map_region(h, GUEST_PACKET, SIM_FRAME_BYTES, rw, h->packet, true);
	err = err ? err : map_region(h, GUEST_VALUES, values_size, rw, values, true);
	return err ? setup_failed(h, uc_strerror(err)) : true;
}

static bool open_engine(struct sim_host *h)
{
	uc_hook hook;
	uc_err err = uc_open(UC_ARCH_X86, UC_MODE_64, &h->uc);

	/* Unicorn takes callbacks as void *; POSIX lets functions travel so */
	union {
		uc_cb_insn_out_t out;
		uc_cb_eventmem_t mem;
		void *p;
	} out = { .out = on_out }, mem = { .mem = on_bad_access };

	err = err ? err : uc_hook_add(h->uc, &hook, UC_HOOK_INSN, out.p, h, 1, 0, UC_X86_INS_OUT);
	err = err ? err : uc_hook_add(h->uc, &hook, UC_HOOK_MEM_INVALID, mem.p, h, 1, 0);
	return err ? setup_failed(h, uc_strerror(err)) : true;
}

static bool is_xdp(uint32_t type)
{
	return type == BPF_PROG_TYPE_XDP;
}

static bool is_tc(uint32_t type)
{
	return type == BPF_PROG_TYPE_SCHED_CLS || type == BPF_PROG_TYPE_SCHED_ACT;
}

static bool set_up(struct sim_host *h)
{
	struct diag_at at = fe_prog_at(h->obj, h->prog, -1);

	if (!is_xdp(h->prog->type) && !is_tc(h->prog->type))
		return diag_error(h->cx->diags, &at, REASON_SIM_PROG_TYPE, h->prog->type);
	h->is_skb = is_tc(h->prog->type);
	h->pages = aligned_alloc(GUEST_PAGE, PAGES_SIZE);
	if (!h->pages)
		return setup_failed(h, "no memory left");
	memset(h->pages, 0, PAGES_SIZE);
	h->frame = (struct sim_call_frame *)(void *)(h->pages + PAGES_FRAME);
	h->ctx = h->pages + PAGES_CTX;
	h->packet = h->pages + PAGES_PACKET;
	sim_gate_build(h->cx->scratch, GUEST_CODE, h->pages, &h->gate);
	return compile(h) && open_engine(h) && map_memory(h);
}

struct sim_host *sim_host_new(struct cx *cx, const struct fe_object *obj,
			      const struct fe_prog *prog, struct sim_maps *maps,
			      const struct sim_host_options *opts)
{
	struct sim_host *h = ARENA_NEW(cx->arena, struct sim_host);

	assert(sim_maps_count(maps) == obj->n_maps && "one simulated map per map of the object");
	*h = (struct sim_host){ .cx = cx, .obj = obj, .prog = prog, .maps = maps, .opts = *opts };
	if (set_up(h))
		return h;
	sim_host_free(h);
	return NULL;
}

void sim_host_free(struct sim_host *h)
{
	if (!h)
		return;
	if (h->uc)
		uc_close(h->uc);
	free(h->pages);
	free(h->code);
	h->uc = NULL;
	h->pages = h->code = NULL;
}
