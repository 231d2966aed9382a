/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* Text from files may hold any bytes. */

#define UTF8_REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* Length of the well-formed sequence at the start of the string `s` (0 at its end), *cp its code
 * point (cp may be NULL); 0 if there is none. */
size_t utf8_len(const char *s, uint32_t *cp);

#endif
