/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PARTITIONER_CUT_LIVE_H
#define PARTITIONER_CUT_LIVE_H

#include "frontend/vprog.h"

/* Live state at an instruction of main, where the host continues: values that the record carries, and
 * values that the host recomputes. */

enum part_value_kind {
	PART_VALUE_SCALAR,   /* carried */
	PART_VALUE_CONSTANT, /* fact.var.value */
	PART_VALUE_CTX,
	PART_VALUE_STACK, /* r10 + fact.min_off */
	PART_VALUE_PKT,   /* data + fact.min_off, or + a carried offset when size > 0 */
	PART_VALUE_PKT_END,
	PART_VALUE_MAP,       /* address of map fact.object */
	PART_VALUE_MAP_VALUE, /* element 0 of map fact.object + fact.min_off */
};

struct part_value {
	uint8_t kind;       /* enum part_value_kind */
	int8_t reg;         /* where it goes: register; -1: stack */
	int16_t fp_off;     /* stack: from R10 */
	uint8_t fp_bytes;   /* stack: 8, or less for a piece of a slot */
	uint8_t size;       /* bytes in the record; 0: not carried */
	uint16_t at;        /* offset in the record's payload */
	struct vp_reg fact; /* proven of it */
};

struct part_live {
	struct part_value *values;
	uint32_t n;
	uint32_t payload_bytes;
	const char *why_not; /* NULL: a cut is possible here; else what stands against it */
};

/* State before `pc`; needs vprog.main_stack. */
void part_live_at(struct cx *cx, const struct vprog *vp, uint32_t pc, struct part_live *live);
/* "r3: scalar, 4 bytes" */
const char *part_value_text(struct arena *a, const struct fe_object *obj,
			    const struct part_value *v);

#endif
