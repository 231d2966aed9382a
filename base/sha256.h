/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef BASE_SHA256_H
#define BASE_SHA256_H

#include <stddef.h>
#include <stdint.h>

/* SHA-256 (FIPS 180-4), to name files and texts by their content. */

#define SHA256_BYTES 32
#define SHA256_HEX   (2 * SHA256_BYTES + 1)

void sha256(const void *data, size_t size, uint8_t digest[SHA256_BYTES]);
/* The same as lower-case hexadecimal text. */
void sha256_hex(const void *data, size_t size, char text[SHA256_HEX]);

#endif
