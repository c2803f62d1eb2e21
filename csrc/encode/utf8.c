/* UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF. */
#include "encode/utf8.h"

#include <stdint.h>

static int is_continuation(uint8_t byte)
{
	return (byte & 0xc0) == 0x80;
}

size_t pcf_utf8_length(const char *text, size_t left)
{
	const uint8_t *at = (const uint8_t *)text;

	if (at[0] < 0x80)
		return 1;
	size_t need = at[0] >= 0xf0 ? 4 : at[0] >= 0xe0 ? 3 : 2;
	if (at[0] < 0xc2 || at[0] > 0xf4 || need > left)
		return 0;
	for (size_t i = 1; i < need; i++)
		if (!is_continuation(at[i]))
			return 0;
	if ((at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] > 0x9f))
		return 0;
	if ((at[0] == 0xf0 && at[1] < 0x90) || (at[0] == 0xf4 && at[1] > 0x8f))
		return 0;
	return need;
}

void pcf_utf8_mend(char *text, size_t len)
{
	for (size_t i = 0; i < len;) {
		size_t good = pcf_utf8_length(text + i, len - i);
		if (!good)
			text[i] = '?';
		i += good ? good : 1;
	}
}
