/* Any bytes to any parser.  A first byte from 0x80 picks one parser for the rest; otherwise the whole input goes to
 * all of them, so that kernel text as it is (tests/fixtures) is a useful seed.
 *
 * Short run: make fuzz.  Long run, 8 hours here, best with clang (libFuzzer):
 *	make fuzz FUZZ_SECONDS=28800
 *
 * Besides what the sanitizers see it checks what parse.h promises: results in range, no cell beyond the row, keys
 * that are not empty, and the same answer for the same bytes. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "parse/parse.h"

#define PROMISED(cond)                                                                                                 \
	do {                                                                                                           \
		if (!(cond))                                                                                           \
			abort();                                                                                       \
	} while (0)

typedef struct {
	uint64_t *row; /* of exactly the group's columns, so that a write past it is seen */
	size_t columns;
	uint64_t digest; /* of all keys and the rows they left, in order */
	int is_refusing; /* every second key is skipped, as the source does when a ring is full */
	unsigned keys;
} fuzz_sink;

static void row_clear(fuzz_sink *sink)
{
	memset(sink->row, 0xff, sink->columns * sizeof *sink->row);
}

static void digest_add(fuzz_sink *sink, uint64_t value)
{
	sink->digest = (sink->digest ^ value) * 0x100000001b3u;
}

static void digest_row(fuzz_sink *sink)
{
	for (size_t i = 0; i < sink->columns; i++)
		digest_add(sink, sink->row[i]);
}

static uint64_t *sink_row(void *arg, const char *key, size_t key_len)
{
	fuzz_sink *sink = arg;

	PROMISED(key_len > 0);
	digest_row(sink);
	row_clear(sink);
	for (size_t i = 0; i < key_len; i++)
		digest_add(sink, (unsigned char)key[i]);
	return sink->is_refusing && ++sink->keys % 2 ? NULL : sink->row;
}

/* One parse: what it returned, and a digest of everything it stored. */
static int parse_once(const pcf_parser *parser, const char *text, size_t size, fuzz_sink *sink)
{
	int set;

	sink->digest = 0xcbf29ce484222325u;
	sink->keys = 0;
	row_clear(sink);
	if (parser->is_keyed)
		set = pcf_rows_parse(parser, text, size, sink_row, sink);
	else
		set = pcf_row_parse(parser, text, size, sink->row);
	digest_row(sink);
	PROMISED(set == -EINVAL || (set >= 0 && (size_t)set <= size));
	return set;
}

static void parse_check(const pcf_parser *parser, const char *text, size_t size)
{
	fuzz_sink sink = {.columns = (size_t)pcf_group_at(parser->group)->columns};
	uint64_t digest;
	int set;

	sink.row = malloc(sink.columns * sizeof *sink.row);
	PROMISED(sink.row);
	set = parse_once(parser, text, size, &sink);
	digest = sink.digest;
	PROMISED(parse_once(parser, text, size, &sink) == set && sink.digest == digest);
	sink.is_refusing = 1;
	if (parser->is_keyed)
		parse_once(parser, text, size, &sink);
	free(sink.row);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int picked = size && data[0] >= 0x80 ? (data[0] & 0x7f) % pcf_parser_count() : -1;
	size_t skip = picked >= 0, len = size - skip;
	char *text = malloc(len ? len : 1); /* of the exact size: a byte read past it is seen */

	PROMISED(text);
	if (len)
		memcpy(text, data + skip, len);
	for (int i = 0; i < pcf_parser_count(); i++)
		if (picked < 0 || i == picked)
			parse_check(pcf_parser_at(i), text, len);
	free(text);
	return 0;
}
