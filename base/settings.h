/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef BASE_SETTINGS_H
#define BASE_SETTINGS_H

#include "base/cx.h"

#include <stdbool.h>

/* Small text files: one `key = value` per line, '#' starts a comment, blank lines are ignored. */

/* Handles one line; both strings are trimmed and not empty. Returns NULL, or the error. */
typedef const char *settings_fn(void *priv, const char *key, const char *value);

/* False: reported as `r`, whose text has path, line and error as values. */
bool settings_read(struct cx *cx, const char *path, enum reason r, settings_fn *set, void *priv);

/* A decimal number up to `highest`. Returns NULL, or the error. */
const char *settings_number(const char *value, unsigned long highest, unsigned long *v);

#endif
