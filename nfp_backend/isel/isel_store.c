/* SPDX-License-Identifier: BSD-2-Clause */
#include "nfp_backend/isel/isel_lower.h"

#include <assert.h>

/* Stores to the packet and to map values wait until something might see them: a load of bytes that
 * may be theirs, a call, the end of the block. What has gathered by then is written as runs of bytes, one
 * command each, the words put together in transfer-out registers. */

#define MAX_WINDOW 256 /* bytes between the first and the last that wait */
#define MAX_RUN    128 /* bytes of one command */

void isel_flush_overlapping(struct isel *is, const struct isel_addr *addr, uint32_t bytes)
{
	size_t i;

	if (addr->space == ISEL_STACK)
		return;
	for (i = 0; i < is->stores[addr->space].len; i++) {
		const struct isel_pending_store *st = &is->stores[addr->space].at[i];

		if (isel_may_overlap(&st->addr, st->bytes, addr, bytes)) {
			isel_flush_space(is, addr->space);
			return;
		}
	}
}

void isel_store_later(struct isel *is, const struct isel_pending_store *st)
{
	enum isel_space space = st->addr.space;
	size_t i;

	for (i = 0; i < is->stores[space].len; i++) {
		const struct isel_pending_store *old = &is->stores[space].at[i];
		int64_t min = old->addr.off < st->addr.off ? old->addr.off : st->addr.off;
		int64_t end = old->addr.off + old->bytes, my_end = st->addr.off + st->bytes;

		if (!isel_same_base(&old->addr, &st->addr) ||
		    (end > my_end ? end : my_end) - min > MAX_WINDOW) {
			isel_flush_space(is, space);
			break;
		}
	}
	*vec_push(&is->stores[space], is->cx->scratch) = *st;
}

/* ---- putting a run together ---- */

struct window {
	const struct isel_pending_store *st;
	int64_t off;            /* of byte 0 */
	uint32_t bytes;         /* length of the window */
	int16_t by[MAX_WINDOW]; /* store that writes the byte last; -1: none */
};

/* A piece of a word: `n` bytes of store `by` from its byte `from`, to byte `pos` of the word. */
static struct isel_word piece(struct isel *is, const struct isel_pending_store *st, unsigned from,
			      unsigned n, unsigned pos, bool last)
{
	bool whole = isel_width(st->value) % 8 == 0; /* else the last byte is filled up with 0 */
	struct isel_val v = whole ? isel_get(is, st->value) : isel_get_zext(is, st->value);
	struct isel_word w = v.w[from / 4];

	assert(n >= 1 && pos + n <= 4 && from + n <= st->bytes);
	w = isel_w_lshr(w, 8 * (from % 4));
	if (!last || pos + n == 4)
		w = isel_w_keep(w, 0,
				8 * n); /* what stands above the end of the run is not written */
	return isel_w_shl(w, 8 * pos);
}

/* Word of the run at window byte `at`, of which `n` bytes count, as parts that are ORed. */
static unsigned word_parts(struct isel *is, const struct window *win, unsigned at, unsigned n,
			   bool last, struct isel_word parts[5])
{
	struct isel_word imm = isel_w_imm(0);
	unsigned i = 0, n_parts = 0;

	while (i < n) {
		int by = win->by[at + i];
		const struct isel_pending_store *st = &win->st[by];
		unsigned from = (unsigned)(win->off + at + i - st->addr.off), len = 1;
		struct isel_word w;

		while (i + len < n && win->by[at + i + len] == by && (from + len) % 4)
			len++;
		w = piece(is, st, from, len, i, last && i + len == n);
		if (isel_w_is_imm(&w))
			imm.o.imm |= w.o.imm;
		else if (!n_parts || !isel_w_union(&parts[n_parts - 1], &w, &parts[n_parts - 1]))
			parts[n_parts++] = w;
		i += len;
	}
	if (imm.o.imm || !n_parts)
		parts[n_parts++] = imm;
	return n_parts;
}

static void fill_word(struct isel *is, struct nfp_opnd xout, struct isel_word *parts, unsigned n)
{
	unsigned i;

	if (n == 1) {
		isel_w_to_xout(is, xout, parts[0]);
		return;
	}
	for (i = 1; i + 1 < n; i++)
		parts[0] = isel_w_or(is, parts[0], parts[i]);
	isel_w_or_to_xout(is, xout, parts[0], parts[n - 1]);
}

static void write_command(struct isel *is, const struct isel_cmd_addr *at, uint32_t xout,
			  uint32_t bytes)
{
	struct nfp_mi *mi = isel_emit(is, NFP_M_CMD);

	assert(bytes >= 1 && bytes <= MAX_RUN);
	mi->a = at->a;
	mi->b = at->b;
	mi->cmd.mode = (uint8_t)at->mode;
	mi->cmd.mem = bytes % 4 ? NFP_MEM_WRITE8_SWAP : NFP_MEM_WRITE32_SWAP;
	mi->cmd.count = (uint8_t)(bytes % 4 ? bytes : bytes / 4);
	mi->cmd.swap = true;
	mi->cmd.xfer = nfp_xout(xout, 0);
}

/* Bytes that the next command for `bytes` writes: whole words, or up to 32 single bytes. */
static uint32_t next_chunk(uint32_t bytes)
{
	if (bytes % 4 && bytes <= 32)
		return bytes;
	bytes &= ~3u;
	return bytes < MAX_RUN ? bytes : MAX_RUN;
}

static void write_run(struct isel *is, const struct window *win, unsigned at, unsigned bytes)
{
	struct isel_addr addr = win->st[0].addr;
	struct isel_word parts[5];

	while (bytes) {
		uint32_t n = next_chunk(bytes), i;
		uint32_t xout = nfp_new_vreg(is->fn, is->cx, NFP_V_XOUT, (n + 3) / 4);
		struct isel_cmd_addr cmd;

		addr.off = win->off + at;
		cmd = isel_cmd_address(is, &addr);
		for (i = 0; 4 * i < n; i++) {
			unsigned len = n - 4 * i < 4 ? n - 4 * i : 4;
			unsigned n_parts =
				word_parts(is, win, at + 4 * i, len, 4 * i + len == n, parts);

			fill_word(is, nfp_xout(xout, i), parts, n_parts);
		}
		write_command(is, &cmd, xout, n);
		at += n;
		bytes -= n;
	}
}

/* Which store writes each byte last. */
static void map_bytes(struct isel *is, enum isel_space space, struct window *win)
{
	size_t n = is->stores[space].len, k;
	int64_t end = 0;
	uint32_t i;

	win->st = is->stores[space].at;
	for (k = 0; k < n; k++) {
		const struct isel_pending_store *st = &win->st[k];

		win->off = !k || st->addr.off < win->off ? st->addr.off : win->off;
		end = !k || st->addr.off + st->bytes > end ? st->addr.off + st->bytes : end;
	}
	win->bytes = n ? (uint32_t)(end - win->off) : 0;
	memset(win->by, 0xff, sizeof(win->by));
	for (k = 0; k < n; k++)
		for (i = 0; i < win->st[k].bytes; i++)
			win->by[win->st[k].addr.off - win->off + i] = (int16_t)k;
}

void isel_flush_space(struct isel *is, enum isel_space space)
{
	struct window win = { 0 };
	unsigned i, j;
	size_t k;

	map_bytes(is, space, &win);
	/* selection may open blocks, which must not happen while a tuple is being filled */
	for (k = 0; k < is->stores[space].len; k++)
		(void)isel_get(is, win.st[k].value);
	is->stores[space].len = 0; /* the array stays until the next store comes */
	for (i = 0; i < win.bytes; i = j) {
		for (j = i; j < win.bytes && win.by[j] >= 0; j++)
			;
		if (j > i)
			write_run(is, &win, i, j - i);
		else
			j++;
	}
}

bool isel_forward(struct isel *is, const struct isel_addr *addr, uint32_t bytes,
		  struct isel_val *out)
{
	struct window win = { 0 };
	struct isel_word parts[5];
	int64_t at;
	uint32_t i, k, n;

	if (!is->stores[addr->space].len ||
	    !isel_same_base(&is->stores[addr->space].at[0].addr, addr))
		return false;
	map_bytes(is, addr->space, &win);
	at = addr->off - win.off;
	if (at < 0 || at + bytes > win.bytes)
		return false;
	for (i = 0; i < bytes; i++)
		if (win.by[at + i] < 0)
			return false;
	out->n = (uint8_t)((bytes + 3) / 4);
	for (i = 0; i < out->n; i++) {
		uint32_t len = bytes - 4 * i < 4 ? bytes - 4 * i : 4;

		n = word_parts(is, &win, (unsigned)at + 4 * i, len, false, parts);
		out->w[i] = parts[0];
		for (k = 1; k < n; k++)
			out->w[i] = isel_w_or(is, out->w[i], parts[k]);
	}
	return true;
}

void isel_flush_stores(struct isel *is)
{
	isel_flush_space(is, ISEL_PACKET);
	isel_flush_space(is, ISEL_MAP_VALUE);
}

void isel_write_words(struct isel *is, const struct isel_addr *addr, const struct isel_word *words,
		      uint32_t bytes)
{
	struct isel_addr at = *addr;

	while (bytes) {
		uint32_t n = next_chunk(bytes), i;
		uint32_t xout = nfp_new_vreg(is->fn, is->cx, NFP_V_XOUT, (n + 3) / 4);
		struct isel_cmd_addr cmd = isel_cmd_address(is, &at);

		for (i = 0; 4 * i < n; i++)
			isel_w_to_xout(is, nfp_xout(xout, i), *words++);
		write_command(is, &cmd, xout, n);
		at.off += n;
		bytes -= n;
	}
}
