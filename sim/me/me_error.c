/* SPDX-License-Identifier: BSD-2-Clause */
/* Faults: names, and how one is recorded. */
#include "sim/me/me_internal.h"

#include "base/bits.h"

#include <stdarg.h>
#include <stdio.h>

const char *sim_me_fault_name(enum sim_me_fault fault)
{
	static const char *const names[] = {
		[SIM_ME_OK] = "ok",
#define FAULT(id, name) [SIM_ME_FAULT_##id] = (name),
#include "sim/me/me_fault.def"
#undef FAULT
	};

	return (unsigned)fault < ARRAY_SIZE(names) ? names[fault] : "unknown";
}

uint8_t sim_me_ecc(uint64_t op)
{
	return me_ecc(op);
}

void me_error_at(struct sim_me_error *e, enum sim_me_fault fault, uint32_t word_idx, uint64_t word)
{
	e->fault = fault;
	e->word_idx = word_idx;
	e->word = word;
	e->insn[0] = e->text[0] = '\0';
	if (word_idx != SIM_ME_NOWHERE)
		sim_me_disasm(word, e->insn, sizeof(e->insn));
}

static void record(struct sim_me *me, const struct me_ctx *ctx, enum sim_me_fault fault,
		   const char *fmt, va_list ap)
{
	if (ctx->pc < me->n)
		me_error_at(&me->error, fault, ctx->pc, me->words[ctx->pc]);
	else
		me_error_at(&me->error, fault, SIM_ME_NOWHERE, 0);
	vsnprintf(me->error.text, sizeof(me->error.text), fmt, ap);
}

bool me_fault(struct sim_me *me, const struct me_ctx *ctx, enum sim_me_fault fault, const char *fmt,
	      ...)
{
	va_list ap;

	va_start(ap, fmt);
	record(me, ctx, fault, fmt, ap);
	va_end(ap);
	return false;
}

bool me_hazard(struct sim_me *me, const struct me_ctx *ctx, enum sim_me_fault fault,
	       const char *fmt, ...)
{
	va_list ap;

	if (me->lenient)
		return true;
	va_start(ap, fmt);
	record(me, ctx, fault, fmt, ap);
	va_end(ap);
	return false;
}
