#include "schema/bracket.h"

#include "schema/enums.h"

#define TICK_NS         10000000ULL
#define PSI_PERIOD_USEC 2000000ULL

/* Cells of pages and KiB drop what is below their unit. */
static uint64_t as_cell(const pcf_column_def *column, uint64_t value)
{
	if (value >= PCF_UNLIMITED)
		return value;
	if (column->cell == PCF_CELL_P32)
		return value / 4096 * 4096;
	return column->cell == PCF_CELL_K32 ? value / 1024 * 1024 : value;
}

int pcf_bracket_outside(const pcf_column_def *column, uint64_t before, uint64_t sample, uint64_t after, uint64_t slack)
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
	sample = as_cell(column, sample);
	if (column->kind == PCF_KIND_LIMIT)
		return sample != before && sample != after;
	low = before < after ? before : after;
	high = before < after ? after : before;
	return sample + slack < low || sample > high + slack;
}

uint64_t pcf_bracket_split_slack(const pcf_column_def *column, int cores, uint64_t usage_ns)
{
	if (column->group != PCF_GROUP_CPU || (column->index != PCF_CPU_USER_NS && column->index != PCF_CPU_SYSTEM_NS))
		return 0;
	return 2 * TICK_NS * (uint64_t)(cores > 0 ? cores : 1) + (usage_ns < PCF_UNLIMITED ? usage_ns / 50 : 0);
}

uint64_t pcf_bracket_walk_slack(const pcf_column_def *column, int cores, uint64_t usage_ns)
{
	if (column->group == PCF_GROUP_PRESSURE && column->kind == PCF_KIND_COUNTER)
		return PSI_PERIOD_USEC;
	return pcf_bracket_split_slack(column, cores, usage_ns);
}
