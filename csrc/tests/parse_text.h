/* Short ways to say "this text, read by that parser, gives these numbers". */
#ifndef PCF_TESTS_PARSE_TEXT_H
#define PCF_TESTS_PARSE_TEXT_H
#include "check.h"
#include "keyed_rows.h"
#include "schema/enums.h"

static keyed_rows parsed;
static int parsed_set; /* what the parser returned */

/* Parses len bytes from memory of exactly that size, so that a sanitizer sees a read past the end. */
static inline void parse_bytes(const char *file, int version, int group, const char *text, size_t len)
{
	const pcf_parser *parser = pcf_parser_find(file, version, group);
	char *exact = malloc(len ? len : 1);

	if (!parser)
		fprintf(stderr, "no parser for %s, version %d, group %d\n", file, version, group);
	CHECK_OR_DIE(parser);
	memcpy(exact, text, len);
	parsed_set = keyed_rows_parse(&parsed, parser, exact, len);
	free(exact);
}

static inline void parse(const char *file, int version, int group, const char *text)
{
	parse_bytes(file, version, group, text, strlen(text));
}

/* The value of a column in the row of a key; "" for files without keys. */
static inline uint64_t value(const char *key, int column)
{
	const uint64_t *row = keyed_rows_find(&parsed, key);

	return row ? row[column] : PCF_ABSENT;
}

/* A file of one number: what it reads as. */
static inline uint64_t single(const char *file, int version, int group, int column, const char *text)
{
	parse(file, version, group, text);
	return value("", column);
}
#endif
