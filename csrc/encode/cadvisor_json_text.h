/* Numbers, times and strings as Go's encoding/json writes them, appended to a growing text. */
#ifndef PCF_ENCODE_CADVISOR_JSON_TEXT_H
#define PCF_ENCODE_CADVISOR_JSON_TEXT_H
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define PCF_JSON_NUMBER_MAX 20 /* digits of 2^64 */
#define PCF_JSON_TIME_MAX   40
#define PCF_JSON_SLACK      64 /* room for a number and for copies in whole words past the end of what is asked for */
#define PCF_JSON_QUOTED_MAX 6  /* bytes that one byte of a string can become */

struct pcf_json_text {
	char *data, *at, *end;
};

/* The text of the second that was written last: samples of one tick share it. */
struct pcf_json_clock {
	uint64_t second;
	char text[24]; /* "2026-11-30T04:10:30; empty: none yet */
	unsigned len;
};

extern const char pcf_json_pairs[201]; /* "000102...99" */

int pcf_json_grow(struct pcf_json_text *text, size_t more);
/* A quoted string: HTML characters and line separators escaped, what is no UTF-8 replaced by \ufffd.  `at` has room for
 * PCF_JSON_QUOTED_MAX * len + 2 bytes. */
char *pcf_json_quote(char *at, const char *string, size_t len);
/* A quoted RFC 3339 time in UTC, fractions without trailing zeros. */
char *pcf_json_time(char *at, uint64_t unix_ns, struct pcf_json_clock *clock);

/* Room for `more` bytes and PCF_JSON_SLACK.  0 or -ENOMEM. */
static inline int pcf_json_room(struct pcf_json_text *text, size_t more)
{
	return (size_t)(text->end - text->at) >= more + PCF_JSON_SLACK ? 0 : pcf_json_grow(text, more);
}

static inline char *pcf_json_pair(char *at, uint32_t below_100)
{
	memcpy(at, pcf_json_pairs + 2 * below_100, 2);
	return at + 2;
}

static inline char *pcf_json_four(char *at, uint32_t below_10000)
{
	return pcf_json_pair(pcf_json_pair(at, below_10000 / 100), below_10000 % 100);
}

static inline char *pcf_json_eight(char *at, uint32_t below_1e8)
{
	return pcf_json_four(pcf_json_four(at, below_1e8 / 10000), below_1e8 % 10000);
}

/* Without leading zeros. */
static inline char *pcf_json_up_to_four(char *at, uint32_t below_10000)
{
	uint32_t high = below_10000 / 100, low = below_10000 % 100;

	if (below_10000 < 100) {
		if (low >= 10)
			return pcf_json_pair(at, low);
		*at = (char)('0' + low);
		return at + 1;
	}
	if (high >= 10)
		return pcf_json_pair(pcf_json_pair(at, high), low);
	*at = (char)('0' + high);
	return pcf_json_pair(at + 1, low);
}

static inline char *pcf_json_up_to_eight(char *at, uint32_t below_1e8)
{
	if (below_1e8 < 10000)
		return pcf_json_up_to_four(at, below_1e8);
	return pcf_json_four(pcf_json_up_to_four(at, below_1e8 / 10000), below_1e8 % 10000);
}

/* At most PCF_JSON_NUMBER_MAX bytes; returns the end. */
static inline char *pcf_json_number(char *at, uint64_t value)
{
	uint64_t high;

	if (value < 100000000)
		return pcf_json_up_to_eight(at, (uint32_t)value);
	high = value / 100000000;
	if (high < 100000000)
		at = pcf_json_up_to_eight(at, (uint32_t)high);
	else
		at = pcf_json_eight(pcf_json_up_to_eight(at, (uint32_t)(high / 100000000)), high % 100000000);
	return pcf_json_eight(at, value % 100000000);
}

/* value / 100 in the fewest digits. */
static inline char *pcf_json_hundredths(char *at, uint64_t value)
{
	uint32_t fraction = value % 100;

	at = pcf_json_number(at, value / 100);
	if (fraction == 0)
		return at;
	*at++ = '.';
	at = pcf_json_pair(at, fraction);
	return fraction % 10 ? at : at - 1;
}

/* `words` is a literal. */
#define PCF_JSON_PUT(at, words) (memcpy(at, words, sizeof(words) - 1), (at) + sizeof(words) - 1)

static inline char *pcf_json_words(char *at, const char *words)
{
	size_t len = strlen(words);

	memcpy(at, words, len);
	return at + len;
}

/* Copies `len` bytes of a text that has 32 readable bytes behind it, to where there is slack. */
static inline char *pcf_json_copy(char *at, const char *text, size_t len)
{
	if (len <= 32)
		memcpy(at, text, 32);
	else
		memcpy(at, text, len);
	return at + len;
}
#endif
