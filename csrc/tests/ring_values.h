/* One value of the newest tick, for tests of whole collectors. */
#ifndef PCF_TESTS_RING_VALUES_H
#define PCF_TESTS_RING_VALUES_H
#include <errno.h>
#include <string.h>

#include "pcf.h"

/* The row's cells in the newest tick. A machine that stood still between asking for it and reading has a newer one. */
static inline int latest_values(const pcf_region *region, uint32_t row, uint64_t *values)
{
	int code;

	do
		code = pcf_region_values(region, pcf_region_latest(region), row, values, NULL);
	while (code == -ESTALE);
	return code;
}

static inline uint64_t row_value(pcf_region *region, uint32_t row, int column)
{
	const pcf_region_column *columns = pcf_region_columns(region);
	uint64_t values[PCF_MAX_GROUP_COLUMNS];

	if (latest_values(region, row, values) < 0)
		return PCF_ABSENT;
	for (uint32_t c = 0; c < pcf_region_head(region)->column_count; c++)
		if (columns[c].index == column)
			return values[c];
	return PCF_ABSENT;
}

static inline uint64_t keyed_value(pcf_region *region, uint32_t slot, const char *key, int column)
{
	pcf_region_row entry;

	for (uint32_t row = 0; row < pcf_region_head(region)->row_high; row++)
		if (pcf_region_row_read(region, row, &entry) == 0 && !entry.gone_tick && entry.slot == slot &&
		    entry.key_len == strlen(key) && memcmp(entry.key, key, entry.key_len) == 0)
			return row_value(region, row, column);
	return PCF_ABSENT;
}
#endif
