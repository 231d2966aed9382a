/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SIM_MAPTEXT_H
#define SIM_MAPTEXT_H

#include "base/cx.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Elements of maps as text; printed elements can be read back.
 *
 *   [nic:|host:]MAP KEY VALUE      one element; '-' as VALUE: delete it; '#' starts a comment
 *
 * KEY and VALUE are fields joined by commas, which together fill the key or value:
 *
 *   443          a number in the machine's order (little-endian), as wide as the whole, if that is 1 to 8 bytes
 *   443/2        a number of 1, 2, 4 or 8 bytes
 *   443/be2      the same in network order
 *   10.0.0.1, fd00::1, 02:00:00:00:00:01    4, 16, 6 bytes
 *   x0a000001    bytes, two hexadecimal digits each
 *   0            zeroes, as long as the whole may be */

enum sim_maptext_side { SIM_MAPTEXT_BOTH, SIM_MAPTEXT_NIC, SIM_MAPTEXT_HOST };

struct sim_maptext_line {
	enum sim_maptext_side side;
	const char *map, *key, *value; /* value NULL: delete */
};

/* Calls `line` for each element; its result is NULL, or an error that is reported with the line. False: reported. */
typedef const char *sim_maptext_fn(void *priv, const struct sim_maptext_line *line);
bool sim_maptext_read(struct cx *cx, const char *path, sim_maptext_fn *line, void *priv);

/* Returns NULL, or the error. */
const char *sim_maptext_parse(const char *text, uint8_t *bytes, size_t size);
/* Numbers where the size suggests them: of 1, 2, 4, 8 bytes, and values made of such. */
void sim_maptext_print(FILE *out, const uint8_t *bytes, size_t size);

#endif
