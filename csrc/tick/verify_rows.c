#include <stdlib.h>
#include <string.h>

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

/* As a cell keeps it: cells of pages and KiB drop what is below their unit. */
static uint64_t as_cell(const pcf_column_def *column, uint64_t value)
{
	if (value >= PCF_UNLIMITED)
		return value;
	if (column->cell == PCF_CELL_P32)
		return value / 4096 * 4096;
	return column->cell == PCF_CELL_K32 ? value / 1024 * 1024 : value;
}

/* Whoever reads procs_running is running, and so may be the thread that waits for it: the tick's reading and the
 * verifier's differ by these two, each time anew, however often one looks. */
static uint64_t own_share(const pcf_column_def *column)
{
	return column->group == PCF_GROUP_HOST && column->index == PCF_HOST_RUNNING ? 2 : 0;
}

int pcf_verify_outside(const pcf_column_def *column, uint64_t before, uint64_t sample, uint64_t after)
{
	uint64_t low, high;

	if (before == PCF_ABSENT && after == PCF_ABSENT)
		return sample == PCF_ABSENT ? -1 : 1;
	/* It came or went in between. */
	if (before == PCF_ABSENT || after == PCF_ABSENT)
		return -1;
	if (sample == PCF_ABSENT)
		return 1;
	before = as_cell(column, before);
	after = as_cell(column, after);
	if (column->kind == PCF_KIND_LIMIT)
		return sample != before && sample != after;
	low = before < after ? before : after;
	high = before < after ? after : before;
	return sample + own_share(column) < low || sample > high + own_share(column);
}
