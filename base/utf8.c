/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/utf8.h"

/* mask: bits of the lead byte that say how long the sequence is; smaller code points than `least`
 * are overlong. */
static const struct {
	uint8_t mask, lead, len;
	uint32_t least;
} forms[] = { { 0x80, 0x00, 1, 1 },
	      { 0xe0, 0xc0, 2, 0x80 },
	      { 0xf0, 0xe0, 3, 0x800 },
	      { 0xf8, 0xf0, 4, 0x10000 } };

static size_t checked(const uint8_t *s, size_t form, uint32_t *cp)
{
	*cp = s[0] & (uint8_t)~forms[form].mask;
	for (size_t k = 1; k < forms[form].len; k++) {
		if ((s[k] & 0xc0) != 0x80)
			return 0;
		*cp = *cp << 6 | (s[k] & 0x3f);
	}
	return *cp >= forms[form].least && *cp <= 0x10ffff && (*cp < 0xd800 || *cp > 0xdfff)
		       ? forms[form].len
		       : 0;
}

size_t utf8_len(const char *s, uint32_t *cp)
{
	const uint8_t *b = (const uint8_t *)s;
	uint32_t ignored;

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		if ((b[0] & forms[i].mask) == forms[i].lead)
			return checked(b, i, cp ? cp : &ignored);
	return 0;
}
