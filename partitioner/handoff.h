/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PARTITIONER_HANDOFF_H
#define PARTITIONER_HANDOFF_H

#include <stdint.h>

/* The record that the device puts in front of a packet for the host half; docs/handoff.md describes
 * it in detail, with the threats that it protects against. All fields are little-endian.
 *
 *   0  u32 cookie   identifies the pair of halves; both have the same value
 *   4  u8  version  PART_HANDOFF_VERSION
 *   5  u8  cut      0: decided, the verdict is PASS; else the cut point where the host continues
 *   6  u16 bytes    length of the record, this header included: the same in all records of a program
 *   8  live values of the cut point, packed by size; unused bytes are zero
 *
 * A tc program's record becomes XDP metadata on its way to the tc hook, so it is at most PART_META_BYTES long;
 * with cut 0 it has the action, a u32, at 8. */

#define PART_HANDOFF_VERSION 1u
#define PART_HANDOFF_HEADER  8u

enum part_handoff_field {
	PART_HANDOFF_OFF_COOKIE = 0,
	PART_HANDOFF_OFF_VERSION = 4,
	PART_HANDOFF_OFF_CUT = 5,
	PART_HANDOFF_OFF_BYTES = 6,
};

/* Offset after the header, with cut 0 of a tc program. */
#define PART_HANDOFF_ACTION 0u

#define PART_HANDOFF_DECIDED  0u
#define PART_HANDOFF_MAX_CUTS 255u

#endif
