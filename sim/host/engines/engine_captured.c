/* SPDX-License-Identifier: BSD-2-Clause */
/* A host side that runs a kernel's machine code (captured.h) at its own addresses.
 *
 * - Constants that are addresses of maps are relocated: an array's to where its values are here, less the
 *   header that the inlined lookup skips; others to a number that helpers know.
 * - At the address of each kernel function that the code calls lies a stub that goes to our helper.
 * - The context is a struct xdp_buff or sk_buff with the fields at the captured offsets; helpers
 *   go on working with the uapi context in h->ctx, which sync_ctx() copies over.
 * - gs is 0 and per-CPU variables read as 0, so that a per-CPU pointer is an address. */
#include "sim/host/environment/host_internal.h"

#include "base/bits.h"
#include "sim/host/helpers/host_helpers.h"
#include "sim/captured.h"
#include "sim/host/captured/captured_symbols.h"
#include "sim/host/engines/x86_emit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Guest memory of captured code only. */
#define GUEST_ELEMS  UINT64_C(0x60000000) /* hash elements of per-CPU maps, as far as code looks */
#define GUEST_TABLES UINT64_C(0x70000000) /* pointers of per-CPU arrays */
#define TABLES_MAX   (UINT64_C(64) << 20)
#define ELEM_BYTES   1024u
#define BLOCKS_MAX                                                                                 \
	(1u << 24) /* of machine code a packet; the kernel's verifier stops at a million insns */
#define BLOCKS_A_ROUND 16u
#define ELEMS          64u /* pointers live until the same packet looks up 64 others */

/* In the context's page: the context itself, what it points to (see sim_captured_missing()). */
#define RXQ_OFF    SIM_CAPTURED_CTX_MAX
#define TXQ_OFF    (RXQ_OFF + SIM_CAPTURED_RXQ_MAX)
#define DEV_OFF    (TXQ_OFF + SIM_CAPTURED_RXQ_MAX)
#define TX_DEV_OFF (DEV_OFF + SIM_CAPTURED_DEV_MAX)

_Static_assert(TX_DEV_OFF + SIM_CAPTURED_DEV_MAX <= GUEST_CTX_SIZE, "structures of the context");

/* Ids in the call frame beyond those of helpers. */
enum { CALL_ELEM = 0x1000, CALL_LOAD = 0x1001 /* + bytes */ };

struct page {
	uint64_t addr;
	uint32_t prot;
	uint8_t *mem;
};

struct sim_captured_run {
	const struct sim_captured *img;
	uint8_t *ctx;    /* GUEST_CTX */
	uint8_t *elems;  /* GUEST_ELEMS */
	uint8_t *tables; /* GUEST_TABLES */
	uint8_t *zero;   /* read where a program array has its size */
	unsigned next_elem;
	uint32_t blocks; /* of machine code that the packet has run */
	VEC(struct page) pages;
};

/* ---- pages at the kernel's addresses ----------------------------------------------------------- */

static uint8_t *page_at(struct sim_host *h, uint64_t addr, uint32_t prot)
{
	struct sim_captured_run *c = h->captured;
	struct page *p;

	for (size_t i = 0; i < c->pages.len; i++) {
		if (c->pages.at[i].addr == addr) {
			c->pages.at[i].prot |= prot;
			return c->pages.at[i].mem;
		}
	}
	p = vec_push(&c->pages, h->cx->arena);
	*p = (struct page){ addr, prot, aligned_alloc(GUEST_PAGE, GUEST_PAGE) };
	if (p->mem)
		memset(p->mem, prot & UC_PROT_EXEC ? 0xcc : 0, GUEST_PAGE);
	return p->mem;
}

static bool put(struct sim_host *h, uint64_t addr, const uint8_t *bytes, size_t n, uint32_t prot)
{
	while (n) {
		size_t off = addr % GUEST_PAGE, part = GUEST_PAGE - off < n ? GUEST_PAGE - off : n;
		uint8_t *mem = page_at(h, addr - off, prot);

		if (!mem)
			return sim_host_setup_failed(h, "no memory left");
		memcpy(mem + off, bytes, part);
		addr += part;
		bytes += part;
		n -= part;
	}
	return true;
}

/* ---- maps -------------------------------------------------------------------------------------- */

/* Arrays whose header is followed by pointers: of per-CPU elements, of sockets, of maps. */
static enum sim_captured_field table_field(const struct sim_host *h, size_t map)
{
	switch (h->obj->maps[map].type) {
	case BPF_MAP_TYPE_PERCPU_ARRAY: /* in a union with the pointers */
	case BPF_MAP_TYPE_ARRAY_OF_MAPS: return SIM_FIELD_bpf_array_value;
	case BPF_MAP_TYPE_XSKMAP: return SIM_FIELD_xsk_map_xsk_map;
	default: return SIM_FIELD_COUNT;
	}
}

/* Those that the program does not name may be reached through a map of maps. */
static uint64_t table_bytes(const struct sim_host *h, size_t map)
{
	return table_field(h, map) == SIM_FIELD_COUNT ||
			       h->captured->img->fields[table_field(h, map)] == SIM_FIELD_ABSENT
		       ? 0
		       : (uint64_t)sim_maps_spec(h->maps, map)->max_entries * 8;
}

/* What an element of such an array points to: its value, or the map that it is. */
static uint64_t pointed_to(struct sim_host *h, size_t map, int64_t off)
{
	size_t size;
	uint32_t inner = load_le32(sim_maps_memory(h->maps, &size) + off);

	if (h->obj->maps[map].type != BPF_MAP_TYPE_ARRAY_OF_MAPS)
		return GUEST_VALUES + (uint64_t)off;
	return inner < h->obj->n_maps ? h->handles[inner] : 0;
}

/* Sockets and maps come and go only from user space, so before a run is soon enough. */
static void fill_tables(struct sim_host *h)
{
	uint8_t *table = h->captured->tables;

	for (size_t map = 0; map < h->obj->n_maps; map++) {
		uint32_t n = (uint32_t)(table_bytes(h, map) / 8);

		for (uint32_t i = 0; i < n; i++, table += 8) {
			int64_t off = sim_map_lookup(h->maps, map, &i);

			store_le64(table, off < 0 ? 0 : pointed_to(h, map, off));
		}
	}
}

static bool place_tables(struct sim_host *h)
{
	struct sim_captured_run *c = h->captured;
	uint64_t size = 0, off = 0;

	for (size_t i = 0; i < h->obj->n_maps; i++)
		size += table_bytes(h, i);
	if (!size)
		return true;
	size = bits_round_up(size, GUEST_PAGE);
	c->tables = size > TABLES_MAX ? NULL : aligned_alloc(GUEST_PAGE, size);
	if (!c->tables)
		return sim_host_setup_failed(h, "no memory left for arrays of pointers");
	for (size_t i = 0; i < h->obj->n_maps; i++) {
		if (!table_bytes(h, i))
			continue;
		h->handles[i] = GUEST_TABLES + off - c->img->fields[table_field(h, i)];
		off += table_bytes(h, i);
	}
	return sim_unicorn_map(h, GUEST_TABLES, size, UC_PROT_READ, c->tables, false);
}

static bool place_map(struct sim_host *h, size_t map)
{
	struct sim_captured_run *c = h->captured;
	uint32_t type = h->obj->maps[map].type, value = c->img->fields[SIM_FIELD_bpf_array_value];

	h->handles[map] = GUEST_HANDLE + map * GUEST_PAGE;
	if (type == BPF_MAP_TYPE_ARRAY && value != SIM_FIELD_ABSENT)
		h->handles[map] = sim_map_first_value(h, map) - value;
	if (type == BPF_MAP_TYPE_PROG_ARRAY) /* empty: its size reads as 0 */
		return sim_unicorn_map(h, h->handles[map], GUEST_PAGE, UC_PROT_READ, c->zero,
				       false);
	return true;
}

static bool place_maps(struct sim_host *h)
{
	h->handles = ARENA_ARRAY(h->cx->arena, uint64_t, h->obj->n_maps + 1);
	for (size_t i = 0; i < h->obj->n_maps; i++) {
		if (!place_map(h, i))
			return false;
	}
	return place_tables(h);
}

/* The element that __htab_map_lookup_elem() answers with, so that the value lies where code looks for it. */
static uint64_t lookup_element(struct sim_host *h, const uint64_t *a)
{
	struct sim_captured_run *c = h->captured;
	uint64_t value = sim_helper_map_lookup_elem(h, a), elem;
	size_t map;
	uint32_t back, type;

	if (!value)
		return 0;
	map = sim_guest_map(h, a[0]);
	type = h->obj->maps[map].type;
	back = (uint32_t)(c->img->fields[SIM_FIELD_htab_elem_key] +
			  bits_round_up(h->obj->maps[map].key_size, 8));
	if (type != BPF_MAP_TYPE_PERCPU_HASH && type != BPF_MAP_TYPE_LRU_PERCPU_HASH &&
	    type != BPF_MAP_TYPE_HASH_OF_MAPS)
		return value - back;
	/* such an element has a pointer there */
	elem = (uint64_t)(c->next_elem++ % ELEMS) * ELEM_BYTES;
	if (back > ELEM_BYTES - 8) {
		sim_host_fault(h, "keys of per-CPU hash maps and of hashes of maps are too long");
		return 0;
	}
	store_le64(c->elems + elem + back, value);
	return GUEST_ELEMS + elem;
}

/* ---- calls ------------------------------------------------------------------------------------- */

static void image_call(struct sim_host *h)
{
	struct sim_call_frame *f = h->frame;
	uint64_t failed = 0;

	if (f->helper == CALL_ELEM) {
		f->ret = lookup_element(h, f->arg);
		return;
	}
	f->ret =
		sim_skb_load_abs(h, (int32_t)f->arg[1], (uint32_t)(f->helper - CALL_LOAD), &failed);
	if (failed)
		f->ret = (uint64_t)(int64_t)-EFAULT;
}

static void jump_to(struct x86_buf *b, uint64_t addr)
{
	x86_mov_imm64(b, X86_R11, addr);
	x86_byte(b, 0x41); /* jmp r11 */
	x86_byte(b, 0xff);
	x86_byte(b, 0xe3);
}

static void build_stub(struct sim_host *h, const struct sim_symbol_action *a, struct x86_buf *b)
{
	uint32_t id = 0;

	switch (a->what) {
	case SIM_SYMBOL_RETURN: x86_ret(b); return;
	case SIM_SYMBOL_INDIRECT: /* jmp *reg */
		if (a->arg >= 8)
			x86_byte(b, 0x41);
		x86_byte(b, 0xff);
		x86_byte(b, (uint8_t)(0xe0 | (a->arg & 7)));
		return;
	case SIM_SYMBOL_LOOP: jump_to(b, a->arg ? h->gate.for_each : h->gate.bpf_loop); return;
	case SIM_SYMBOL_HELPER: jump_to(b, sim_gate_helper_addr(a->arg)); return;
	case SIM_SYMBOL_ELEM: id = CALL_ELEM; break;
	case SIM_SYMBOL_LOAD: id = CALL_LOAD + a->arg; break;
	}
	x86_reg_imm(b, X86_MOV_IMM, X86_W32, X86_RAX, (int32_t)id);
	jump_to(b, h->gate.call);
}

static bool place_symbols(struct sim_host *h)
{
	const struct sim_captured *img = h->captured->img;
	const uint32_t rx = UC_PROT_READ | UC_PROT_EXEC;

	for (size_t i = 0; i < img->n_symbols; i++) {
		const struct sim_captured_symbol *s = &img->symbols[i];
		struct x86_buf b = { .arena = h->cx->arena };
		struct sim_symbol_action a;

		if (sim_symbol_action(s->name, &a))
			build_stub(h, &a, &b);
		if (!put(h, s->addr, b.at, b.len, rx))
			return false;
	}
	return true;
}

/* ---- code -------------------------------------------------------------------------------------- */

static void relocate(struct sim_host *h, uint32_t func, uint8_t *code)
{
	const struct sim_captured *img = h->captured->img;

	for (size_t i = 0; i < img->n_relocs; i++) {
		const struct sim_captured_reloc *r = &img->relocs[i];

		if (r->func == func)
			store_le64(code + r->off,
				   r->value ? sim_map_first_value(h, r->map) + r->addend
					    : h->handles[r->map]);
	}
}

static bool place_code(struct sim_host *h)
{
	const struct sim_captured *img = h->captured->img;

	for (uint32_t i = 0; i < img->n_funcs; i++) {
		const struct sim_captured_func *f = &img->funcs[i];
		uint8_t *code = arena_dup(h->cx->arena, f->code, f->len);

		relocate(h, i, code);
		if (!put(h, f->addr, code, f->len, UC_PROT_READ | UC_PROT_EXEC))
			return false;
	}
	return true;
}

static bool place_percpu(struct sim_host *h)
{
	static const uint8_t zero[8];
	const struct sim_captured *img = h->captured->img;

	for (size_t i = 0; i < img->n_percpu; i++) {
		if (!put(h, img->percpu[i].addr, zero, sizeof(zero), UC_PROT_READ))
			return false;
	}
	return true;
}

static bool map_pages(struct sim_host *h)
{
	struct sim_captured_run *c = h->captured;

	for (size_t i = 0; i < c->pages.len; i++) {
		const struct page *p = &c->pages.at[i];

		if (!sim_unicorn_map(h, p->addr, GUEST_PAGE, p->prot, p->mem, false))
			return false;
	}
	return true;
}

/* ---- context ----------------------------------------------------------------------------------- */

static void set64(struct sim_captured_run *c, uint32_t base, enum sim_captured_field f, uint64_t v)
{
	store_le64(c->ctx + base + c->img->fields[f], v);
}

static void set32(struct sim_captured_run *c, uint32_t base, enum sim_captured_field f, uint32_t v)
{
	store_le32(c->ctx + base + c->img->fields[f], v);
}

static void set16(struct sim_captured_run *c, uint32_t base, enum sim_captured_field f, uint32_t v)
{
	uint8_t *p = c->ctx + base + c->img->fields[f];

	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

static void sync_xdp(struct sim_host *h, struct sim_captured_run *c)
{
	const struct xdp_md *xdp = (const struct xdp_md *)(void *)h->ctx;

	set64(c, 0, SIM_FIELD_xdp_buff_data, xdp->data);
	set64(c, 0, SIM_FIELD_xdp_buff_data_end, xdp->data_end);
	set64(c, 0, SIM_FIELD_xdp_buff_data_meta, xdp->data_meta);
	set64(c, 0, SIM_FIELD_xdp_buff_data_hard_start, GUEST_PACKET);
	set64(c, 0, SIM_FIELD_xdp_buff_rxq, GUEST_CTX + RXQ_OFF);
	set64(c, RXQ_OFF, SIM_FIELD_xdp_rxq_info_dev, GUEST_CTX + DEV_OFF);
	set32(c, RXQ_OFF, SIM_FIELD_xdp_rxq_info_queue_index, xdp->rx_queue_index);
	set32(c, DEV_OFF, SIM_FIELD_net_device_ifindex, xdp->ingress_ifindex);
	if (h->prog->attach_type != BPF_XDP_DEVMAP)
		return;
	set64(c, 0, SIM_FIELD_xdp_buff_txq, GUEST_CTX + TXQ_OFF);
	set64(c, TXQ_OFF, SIM_FIELD_xdp_txq_info_dev, GUEST_CTX + TX_DEV_OFF);
	set32(c, TX_DEV_OFF, SIM_FIELD_net_device_ifindex, xdp->egress_ifindex);
}

static void sync_skb(struct sim_host *h, struct sim_captured_run *c)
{
	const struct __sk_buff *skb = (const struct __sk_buff *)(void *)h->ctx;
	uint32_t cb = c->img->fields[SIM_FIELD_sk_buff_cb];

	set64(c, 0, SIM_FIELD_sk_buff_data, skb->data);
	set32(c, 0, SIM_FIELD_sk_buff_len, skb->len);
	set64(c, cb, SIM_FIELD_bpf_skb_data_end_data_end, skb->data_end);
	set64(c, cb, SIM_FIELD_bpf_skb_data_end_data_meta, skb->data_meta);
	set32(c, cb, SIM_FIELD_qdisc_skb_cb_pkt_len, skb->wire_len);
	set16(c, 0, SIM_FIELD_sk_buff_protocol, skb->protocol);
	set32(c, 0, SIM_FIELD_sk_buff_skb_iif, skb->ingress_ifindex);
	set16(c, 0, SIM_FIELD_sk_buff_vlan_tci, skb->vlan_tci);
	set16(c, 0, SIM_FIELD_sk_buff_vlan_proto, skb->vlan_proto);
	set64(c, 0, SIM_FIELD_sk_buff_dev, GUEST_CTX + DEV_OFF);
	set32(c, DEV_OFF, SIM_FIELD_net_device_ifindex, skb->ifindex);
}

static void image_sync_ctx(struct sim_host *h)
{
	if (h->is_skb)
		sync_skb(h, h->captured);
	else
		sync_xdp(h, h->captured);
}

/* What the last program left in its context goes. */
static void image_reset_ctx(struct sim_host *h)
{
	memset(h->captured->ctx, 0, RXQ_OFF);
	h->captured->blocks = 0;
}

/* A file may hold any code. What a kernel's verifier accepted ends by itself. */
static void on_block(uc_engine *uc, uint64_t addr, uint32_t size, void *priv)
{
	struct sim_host *h = priv;

	(void)uc, (void)addr, (void)size;
	if (++h->captured->blocks % BLOCKS_A_ROUND == 0)
		sim_host_round(h);
	if (h->captured->blocks == BLOCKS_MAX)
		sim_host_fault(h, "endless loop");
}

static bool watch_blocks(struct sim_host *h)
{
	uc_hook hook;
	union { /* Unicorn takes callbacks as void *; POSIX lets functions travel so */
		uc_cb_hookcode_t block;
		void *p;
	} cb = { .block = on_block };
	uc_err err = uc_hook_add(h->uc, &hook, UC_HOOK_BLOCK, cb.p, h, 1, 0);

	return err ? sim_host_setup_failed(h, uc_strerror(err)) : true;
}

/* ---- set-up ------------------------------------------------------------------------------------ */

static bool alloc_pages(struct sim_host *h)
{
	struct sim_captured_run *c = h->captured;

	c->ctx = aligned_alloc(GUEST_PAGE, GUEST_CTX_SIZE);
	c->elems = aligned_alloc(GUEST_PAGE, ELEMS * ELEM_BYTES);
	c->zero = aligned_alloc(GUEST_PAGE, GUEST_PAGE);
	if (!c->ctx || !c->elems || !c->zero)
		return sim_host_setup_failed(h, "no memory left");
	memset(c->ctx, 0, GUEST_CTX_SIZE);
	memset(c->elems, 0, ELEMS * ELEM_BYTES);
	memset(c->zero, 0, GUEST_PAGE);
	return true;
}

static bool image_open(struct sim_host *h)
{
	const uint32_t rw = UC_PROT_READ | UC_PROT_WRITE;
	const struct sim_captured *img = h->opts.image;
	struct diag_at at = fe_prog_at(h->obj, h->prog, -1);
	const char *missing;
	struct sim_captured_run *c = ARENA_NEW(h->cx->arena, struct sim_captured_run);

	h->captured = c;
	c->img = img;
	if (!sim_captured_is_of(h->cx, img, h->obj, h->prog))
		return false;
	missing = sim_captured_missing(h->cx->arena, img, h->obj, h->prog);
	if (missing)
		return diag_error(h->cx->diags, &at, REASON_IMAGE_NEEDS, missing);
	sim_gate_build(h->cx->scratch, img->funcs[0].addr, GUEST_CTX, h->pages, &h->gate);
	return alloc_pages(h) && sim_unicorn_open(h, false) &&
	       sim_unicorn_map(h, GUEST_CTX, GUEST_CTX_SIZE, rw, c->ctx, true) &&
	       sim_unicorn_map(h, GUEST_ELEMS, ELEMS * ELEM_BYTES, rw, c->elems, false) &&
	       place_maps(h) && place_percpu(h) && place_code(h) && place_symbols(h) &&
	       watch_blocks(h) && map_pages(h);
}

static void image_close(struct sim_host *h)
{
	struct sim_captured_run *c = h->captured;

	sim_unicorn_close(h);
	if (!c)
		return;
	for (size_t i = 0; i < c->pages.len; i++)
		free(c->pages.at[i].mem);
	free(c->ctx);
	free(c->elems);
	free(c->tables);
	free(c->zero);
}

static void image_loop(struct sim_host *h)
{
	fill_tables(h);
	sim_unicorn_loop(h);
}

const struct sim_engine sim_engine_captured = { .open = image_open,
						.loop = image_loop,
						.close = image_close,
						.reset_ctx = image_reset_ctx,
						.sync_ctx = image_sync_ctx,
						.call = image_call };
