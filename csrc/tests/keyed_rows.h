/* A row sink for tests: keeps every row a parser asks for, by key. */
#ifndef PCF_TESTS_KEYED_ROWS_H
#define PCF_TESTS_KEYED_ROWS_H
#include <string.h>

#include "parse/parse.h"

#define KEYED_ROWS_MAX 64

typedef struct {
	int count;
	char keys[KEYED_ROWS_MAX][32];
	uint64_t rows[KEYED_ROWS_MAX][PCF_MAX_GROUP_COLUMNS];
} keyed_rows;

static inline uint64_t *keyed_rows_find(keyed_rows *rows, const char *key)
{
	for (int i = 0; i < rows->count; i++)
		if (strcmp(rows->keys[i], key) == 0)
			return rows->rows[i];
	return NULL;
}

static inline uint64_t *keyed_rows_sink(void *arg, const char *key, size_t key_len)
{
	keyed_rows *rows = arg;
	char text[32] = "";
	uint64_t *row;

	memcpy(text, key, key_len < 31 ? key_len : 31);
	row = keyed_rows_find(rows, text);
	if (row || rows->count == KEYED_ROWS_MAX)
		return row;
	memcpy(rows->keys[rows->count], text, sizeof text);
	memset(rows->rows[rows->count], 0xff, sizeof rows->rows[0]);
	return rows->rows[rows->count++];
}

/* Parses a text into rows; a scalar file has the one row "". */
static inline int keyed_rows_parse(keyed_rows *rows, const pcf_parser *parser, const char *text, size_t len)
{
	rows->count = 0;
	if (parser->is_keyed)
		return pcf_rows_parse(parser, text, len, keyed_rows_sink, rows);
	return pcf_row_parse(parser, text, len, keyed_rows_sink(rows, "", 0));
}
#endif
