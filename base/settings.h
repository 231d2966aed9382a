/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef BASE_SETTINGS_H
#define BASE_SETTINGS_H

#include "base/cx.h"

#include <stdbool.h>

/* Small files of the user's: one `key = value` a line, '#' starts a comment, blank lines do not count. */

/* Takes one line; both texts are trimmed and not empty. NULL, or what is wrong with it. */
typedef const char *settings_fn(void *priv, const char *key, const char *value);

/* False: reported as `r`, whose text wants path, line and what is wrong. */
bool settings_read(struct cx *cx, const char *path, enum reason r, settings_fn *set, void *priv);

/* A decimal number up to `highest`. NULL, or what is wrong. */
const char *settings_number(const char *value, unsigned long highest, unsigned long *v);

#endif
