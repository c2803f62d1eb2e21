/* Strings, times and the text they go to. */
#include "encode/cadvisor_json_text.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "encode/utf8.h"

#define FIRST_BYTES 65536

const char pcf_json_pairs[201] = "00010203040506070809101112131415161718192021222324"
				 "25262728293031323334353637383940414243444546474849"
				 "50515253545556575859606162636465666768697071727374"
				 "75767778798081828384858687888990919293949596979899";

int pcf_json_grow(struct pcf_json_text *text, size_t more)
{
	size_t used = (size_t)(text->at - text->data), need = used + more + PCF_JSON_SLACK;
	size_t capacity = text->data ? (size_t)(text->end - text->data) : FIRST_BYTES;
	char *data;

	while (capacity < need)
		capacity *= 2;
	data = realloc(text->data, capacity);
	if (data == NULL)
		return -ENOMEM;
	*text = (struct pcf_json_text){.data = data, .at = data + used, .end = data + capacity};
	return 0;
}

static char *unicode_put(char *at, unsigned code)
{
	static const char digits[] = "0123456789abcdef";

	memcpy(at, "\\u", 2);
	for (int i = 0; i < 4; i++)
		at[2 + i] = digits[code >> (12 - 4 * i) & 15];
	return at + 6;
}

static char *ascii_put(char *at, char byte)
{
	static const char named[] = "\"\"\\\\\bb\ff\nn\rr\tt"; /* byte, and what stands behind the backslash */

	for (const char *name = named; *name; name += 2)
		if (*name == byte) {
			*at++ = '\\';
			*at++ = name[1];
			return at;
		}
	if ((unsigned char)byte < 0x20 || byte == '<' || byte == '>' || byte == '&')
		return unicode_put(at, (unsigned char)byte);
	*at++ = byte;
	return at;
}

/* U+2028 and U+2029 end a line in JavaScript: e2 80 a8, e2 80 a9. */
static int is_line_end(const char *string, size_t len)
{
	return len == 3 && memcmp(string, "\xe2\x80", 2) == 0 && ((unsigned char)string[2] & 0xfe) == 0xa8;
}

char *pcf_json_quote(char *at, const char *string, size_t len)
{
	*at++ = '"';
	for (size_t i = 0; i < len;) {
		size_t good = pcf_utf8_length(string + i, len - i);

		if (good == 0) {
			at = unicode_put(at, 0xfffd);
			i++;
			continue;
		}
		if (good == 1) {
			at = ascii_put(at, string[i]);
		} else if (is_line_end(string + i, good)) {
			at = unicode_put(at, 0x2000u | ((unsigned char)string[i + 2] - 0x80u));
		} else {
			memcpy(at, string + i, good);
			at += good;
		}
		i += good;
	}
	*at++ = '"';
	return at;
}

static void second_write(struct pcf_json_clock *clock, uint64_t second)
{
	time_t seconds = (time_t)second;
	struct tm parts;

	gmtime_r(&seconds, &parts);
	clock->second = second;
	clock->len = (unsigned)strftime(clock->text, sizeof clock->text, "\"%Y-%m-%dT%H:%M:%S", &parts);
}

char *pcf_json_time(char *at, uint64_t unix_ns, struct pcf_json_clock *clock)
{
	uint32_t fraction = unix_ns % 1000000000;

	if (clock->len == 0 || clock->second != unix_ns / 1000000000)
		second_write(clock, unix_ns / 1000000000);
	memcpy(at, clock->text, sizeof clock->text);
	at += clock->len;
	if (fraction) {
		*at++ = '.';
		*at++ = (char)('0' + fraction / 100000000);
		at = pcf_json_eight(at, fraction % 100000000);
		while (at[-1] == '0')
			at--;
	}
	memcpy(at, "Z\"", 2);
	return at + 2;
}
