#include <stdlib.h>
#include <string.h>

#include "schema/bracket.h"
#include "tick/verify.h"

static pcf_verify_row *grow(pcf_verify_rows *rows)
{
	unsigned capacity = rows->capacity ? rows->capacity * 2 : 1;
	pcf_verify_row *more;

	if (rows->count < rows->capacity)
		return &rows->rows[rows->count++];
	more = realloc(rows->rows, capacity * sizeof *more);
	if (!more)
		return NULL;
	rows->rows = more;
	rows->capacity = capacity;
	return &rows->rows[rows->count++];
}

uint64_t *pcf_verify_row_find(void *arg, const char *key, size_t key_len)
{
	pcf_verify_rows *rows = arg;
	pcf_verify_row *row;

	if (key_len > PCF_KEY_BYTES)
		return NULL;
	for (unsigned i = 0; i < rows->count; i++)
		if (strlen(rows->rows[i].key) == key_len && memcmp(rows->rows[i].key, key, key_len) == 0)
			return rows->rows[i].values;
	row = grow(rows);
	if (!row)
		return NULL;
	memset(row, 0, sizeof *row);
	memcpy(row->key, key, key_len);
	memset(row->values, 0xff, sizeof row->values);
	return row->values;
}

const pcf_verify_row *pcf_verify_row_at(const pcf_verify_rows *rows, const char *key)
{
	for (unsigned i = 0; i < rows->count; i++)
		if (strcmp(rows->rows[i].key, key) == 0)
			return &rows->rows[i];
	return NULL;
}

void pcf_verify_rows_clear(pcf_verify_rows *rows)
{
	rows->count = 0;
}

/* Whoever reads procs_running is running, and so may be the thread that waits for it: the tick's reading and the
 * verifier's differ by these two, each time anew, however often one looks. */
static uint64_t own_share(const pcf_column_def *column)
{
	return column->group == PCF_GROUP_HOST && column->index == PCF_HOST_RUNNING ? 2 : 0;
}

int pcf_verify_outside(const pcf_column_def *column, uint64_t before, uint64_t sample, uint64_t after, int cores,
		       uint64_t usage_ns)
{
	return pcf_bracket_outside(column, before, sample, after,
				   own_share(column) + (cores ? pcf_bracket_walk_slack(column, cores, usage_ns)
							      : pcf_bracket_split_slack(column, cores, PCF_ABSENT)));
}
