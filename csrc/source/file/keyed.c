/* Rows of one container in a keyed group while its files are parsed. */
#include <string.h>

#include "source/file/file_source.h"

void pcf_keyed_reset(pcf_keyed_rows *rows, int once)
{
	rows->once = once;
	rows->count = rows->last = rows->dropped = 0;
}

static int is_row(const pcf_keyed_row *row, const char *key, size_t key_len)
{
	return row->key_len == key_len && memcmp(row->key, key, key_len) == 0;
}

/* Files list the same keys in the same order: the one asked for is mostly the last one again, or the one after.
 * Cores come once each and there may be hundreds: the search ends there. */
static pcf_keyed_row *find(pcf_keyed_rows *rows, const char *key, size_t key_len)
{
	unsigned most = rows->once && rows->count > 2 ? 2 : rows->count;

	for (unsigned i = 0; i < most; i++) {
		unsigned at = (rows->last + i) % rows->count;

		if (is_row(&rows->rows[at], key, key_len)) {
			rows->last = at;
			return &rows->rows[at];
		}
	}
	return NULL;
}

static const pcf_keyed_row *look_up(pcf_keyed_rows *rows, const pcf_keyed_row *like)
{
	for (unsigned i = 0; i < rows->count; i++) {
		unsigned at = (rows->last + i) % rows->count;

		if (is_row(&rows->rows[at], like->key, like->key_len)) {
			rows->last = at;
			return &rows->rows[at];
		}
	}
	return NULL;
}

int pcf_keyed_row_has(pcf_keyed_rows *rows, const pcf_keyed_row *like)
{
	return look_up(rows, like) != NULL;
}

const uint64_t *pcf_keyed_row_get(pcf_keyed_rows *rows, const pcf_keyed_row *like)
{
	static uint64_t absent[PCF_KEYED_COLUMNS];
	const pcf_keyed_row *row = look_up(rows, like);

	if (!absent[0])
		memset(absent, 0xff, sizeof absent);
	return row ? row->values : absent;
}

uint64_t *pcf_keyed_row_find(void *arg, const char *key, size_t key_len)
{
	pcf_keyed_rows *rows = arg;
	pcf_keyed_row *row;

	if (key_len > PCF_KEY_BYTES)
		return NULL;
	row = find(rows, key, key_len);
	if (row)
		return row->values;
	if (rows->count == PCF_KEYED_ROWS) {
		rows->dropped++;
		return NULL;
	}
	rows->last = rows->count;
	row = &rows->rows[rows->count++];
	memcpy(row->key, key, key_len);
	row->key_len = key_len;
	memset(row->values, 0xff, sizeof row->values);
	return row->values;
}
