/* SPDX-License-Identifier: BSD-2-Clause */
/* The engine as users of sim/me.h see it: loading words, running packets. */
#include "sim/me/me_internal.h"

#include "base/bits.h"
#include "nfp_backend/image.h" /* enum nfp_map_word_use */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CODE_STORE_MAX 16384u /* addresses that a branch can name */
#define OP_BITS        45
#define ECC_BITS       7
#define DEFAULT_INSNS  1000000u
#define DEFAULT_EVENTS 64u
#define CTX_LM_BYTES   512u /* packet vector and the like, in front of the stack */

/* ---- loading -------------------------------------------------------------------------------- */

static bool load_fault(struct sim_me_error *err, enum sim_me_fault fault, const char *what,
		       uint64_t value)
{
	me_error_at(err, fault, SIM_ME_NOWHERE, 0);
	snprintf(err->text, sizeof(err->text), "%s (%" PRIu64 ")", what, value);
	return false;
}

static bool check_profile(const struct sim_me_config *cfg, struct sim_me_error *err)
{
	const struct nfp_firmware *fw = cfg->fw;

	if (!fw->stack_bytes || fw->stack_bytes % 64 ||
	    fw->stack_bytes > ME_LM_WORDS * 4 - CTX_LM_BYTES)
		return load_fault(err, SIM_ME_FAULT_PROFILE, "stack size in bytes",
				  fw->stack_bytes);
	if (!cfg->n_words || cfg->n_words > fw->max_len)
		return load_fault(err, SIM_ME_FAULT_TOO_LONG, "number of words", cfg->n_words);
	if (fw->start >= CODE_STORE_MAX || cfg->n_words > CODE_STORE_MAX - fw->start)
		return load_fault(err, SIM_ME_FAULT_TOO_LONG,
				  "words do not fit the code store from BPF_START", fw->start);
	if (fw->done >= fw->start && fw->done - fw->start < cfg->n_words)
		return load_fault(err, SIM_ME_FAULT_PROFILE, "BPF_DONE lies in the program",
				  fw->done);
	if (cfg->n_maps && !cfg->maps)
		return load_fault(err, SIM_ME_FAULT_PROFILE, "map table without maps", cfg->n_maps);
	for (size_t i = 0; i < cfg->n_maps; i++)
		if (cfg->map_table[i].map_idx >= sim_maps_count(cfg->maps))
			return load_fault(err, SIM_ME_FAULT_PROFILE, "map table names no map", i);
	return true;
}

static bool load_words(struct sim_me *me, struct sim_me_error *err)
{
	for (uint32_t i = 0; i < me->n; i++) {
		uint64_t word = me->words[i], op = word & bits_mask(OP_BITS);

		if (word >> OP_BITS != me_ecc(op)) {
			me_error_at(err, SIM_ME_FAULT_ECC, i, word);
			snprintf(err->text, sizeof(err->text),
				 "word %" PRIu32 " is %016" PRIx64 ": bits 63:45 are 0x%" PRIx64
				 ", the check bits 0x%x",
				 i, word, word >> OP_BITS, me_ecc(op));
			return false;
		}
		if (!me_decode(word, &me->insns[i])) {
			me_error_at(err, SIM_ME_FAULT_UNKNOWN_WORD, i, word);
			snprintf(err->text, sizeof(err->text),
				 "word %" PRIu32 " is %016" PRIx64 ": no instruction", i, word);
			return false;
		}
	}
	return true;
}

static void *copy_of(const void *from, size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size);

	if (p && n)
		memcpy(p, from, n * size);
	return p;
}

static void set_up(struct sim_me *me, const struct sim_me_config *cfg)
{
	me->fw = *cfg->fw;
	me->timing = cfg->timing ? *cfg->timing : sim_timing_default;
	me->maps = cfg->maps;
	me->n_maps = cfg->n_maps;
	if (me->maps)
		me->emem = sim_maps_memory(me->maps, &me->emem_bytes);
	me->random = cfg->random;
	me->random_arg = cfg->random_arg;
	me->random_state = 42;
	me_junk_fill_pool(me, cfg->junk_seed);
	me->max_insns = cfg->max_insns ? cfg->max_insns : DEFAULT_INSNS;
	me->lenient = cfg->lenient;
	me->events.cap = cfg->event_slots ? cfg->event_slots : DEFAULT_EVENTS;
	me->stack_word = CTX_LM_BYTES / 4;
	me->pv_word = 128 / 4;
	me_junk_words(me, me->lm, ME_LM_WORDS);
	for (unsigned i = 0; i < ME_CONTEXTS; i++) {
		me->ctx[i].number = i * 2;
		me_junk_words(me, me->ctx[i].r, R_CONST);
		for (uint32_t v = 0; v < 256; v++)
			me->ctx[i].r[R_CONST + v] = v;
	}
}

struct sim_me *sim_me_new(const struct sim_me_config *cfg, struct sim_me_error *err)
{
	struct sim_me *me;

	me_error_at(err, SIM_ME_OK, SIM_ME_NOWHERE, 0);
	if (!check_profile(cfg, err))
		return NULL;
	me = calloc(1, sizeof(*me));
	if (!me) {
		load_fault(err, SIM_ME_FAULT_TOO_LONG, "no memory for words", cfg->n_words);
		return NULL;
	}
	set_up(me, cfg);
	me->n = (uint32_t)cfg->n_words;
	me->words = copy_of(cfg->words, me->n, sizeof(*me->words));
	me->insns = calloc(me->n, sizeof(*me->insns));
	me->ops = calloc(me->n + ME_STOPS, sizeof(*me->ops));
	me->map_table = copy_of(cfg->map_table, cfg->n_maps, sizeof(*me->map_table));
	me->events.at = calloc(me->events.cap, sizeof(*me->events.at));
	if (!me->words || !me->insns || !me->ops || !me->map_table || !me->events.at) {
		load_fault(err, SIM_ME_FAULT_TOO_LONG, "no memory for words", cfg->n_words);
		sim_me_free(me);
		return NULL;
	}
	if (!load_words(me, err)) {
		sim_me_free(me);
		return NULL;
	}
	me_lower(me);
	return me;
}

void sim_me_free(struct sim_me *me)
{
	if (!me)
		return;
	if (me->events.at)
		me_events_free(&me->events);
	free(me->map_table);
	free(me->ops);
	free(me->insns);
	free(me->words);
	free(me);
}

/* ---- running -------------------------------------------------------------------------------- */

bool sim_me_run(struct sim_me *me, const struct sim_me_packet *in, struct sim_me_result *out)
{
	struct me_ctx *ctx = &me->ctx[ME_CTX_SLOT];
	bool ok;

	memset(out, 0, sizeof(*out));
	ok = me_enter(me, ctx, in) && me_exec(me, ctx) && me_leave(me, ctx, out);
	out->error = me->error;
	return ok;
}

void sim_me_trace(struct sim_me *me, void (*step)(void *arg, const struct sim_me_step *s),
		  void *arg)
{
	me->trace = step;
	me->trace_arg = arg;
}

void sim_me_swap_atomic(uint8_t *value, size_t value_bytes, const uint8_t *word_use)
{
	if (!word_use)
		return;
	for (size_t i = 0; i < value_bytes / 4; i++)
		if (word_use[i] == NFP_WORD_ATOMIC)
			store_be32(value + 4 * i, load_le32(value + 4 * i));
}
