/* A kernel whose memory.stat is known to the last item, for tests of learning it: random orders of items, random units,
 * random numbers of which most are 0, and the text it would print. */
#ifndef PCF_TESTS_MADE_UP_KERNEL_H
#define PCF_TESTS_MADE_UP_KERNEL_H
#include <stdint.h>
#include <string.h>

#include "schema/enums.h"
#include "source/bpf/memory_stat.h"

typedef struct {
	int version;
	unsigned states, events;
	uint8_t columns[PCF_MAX_GROUP_COLUMNS]; /* lines it prints */
	int item[PCF_MAX_GROUP_COLUMNS];        /* of state, or PCF_WALK_ITEMS + item of events; -1: in neither */
	uint64_t unit[PCF_MAX_GROUP_COLUMNS];
	uint8_t is_local[PCF_MAX_GROUP_COLUMNS];
} made_up_kernel;

static uint64_t made_up_state = 88172645463325252ULL;

static inline uint64_t made_up_below(uint64_t bound)
{
	made_up_state ^= made_up_state << 13;
	made_up_state ^= made_up_state >> 7;
	made_up_state ^= made_up_state << 17;
	return (made_up_state >> 11) % bound;
}

static inline const int *made_up_parts(int column)
{
	static const int scan[] = {PCF_MEMORY_STAT_PGSCAN_KSWAPD, PCF_MEMORY_STAT_PGSCAN_DIRECT,
				   PCF_MEMORY_STAT_PGSCAN_KHUGEPAGED, PCF_MEMORY_STAT_PGSCAN_PROACTIVE},
			 steal[] = {PCF_MEMORY_STAT_PGSTEAL_KSWAPD, PCF_MEMORY_STAT_PGSTEAL_DIRECT,
				    PCF_MEMORY_STAT_PGSTEAL_KHUGEPAGED, PCF_MEMORY_STAT_PGSTEAL_PROACTIVE};

	return column == PCF_MEMORY_STAT_PGSCAN ? scan : column == PCF_MEMORY_STAT_PGSTEAL ? steal : NULL;
}

/* An item that no line of the same array has yet. */
static inline int made_up_item(made_up_kernel *kernel, uint8_t *taken, int is_event)
{
	unsigned count = is_event ? kernel->events : kernel->states;
	int item;

	do
		item = (int)made_up_below(count) + (is_event ? PCF_WALK_ITEMS : 0);
	while (taken[item]);
	taken[item] = 1;
	return item;
}

/* Every line of that version: gauges in one array, counters in either. */
static inline void made_up_kernel_make(made_up_kernel *kernel, int version)
{
	static const uint64_t units[] = {1, 1024, 4096};
	const pcf_group_def *group = pcf_group_at(PCF_GROUP_MEMORY_STAT);
	uint8_t taken[PCF_WALK_ITEMS * 2] = {0};

	memset(kernel, 0, sizeof *kernel);
	kernel->version = version;
	kernel->states = 46 + (unsigned)made_up_below(19);
	kernel->events = 50 + (unsigned)made_up_below(15);
	for (int c = 0; c < group->columns; c++) {
		const pcf_column_def *column = pcf_column_at(group->first + c);
		const char *where = version == 1 ? column->v1 : column->v2;
		int is_event = column->kind == PCF_KIND_COUNTER && made_up_below(4);

		kernel->item[c] = -1;
		kernel->unit[c] = 1;
		kernel->columns[c] = *where != '\0';
		kernel->is_local[c] = version == 1 && *where && !strstr(where, ":total_");
		if (!kernel->columns[c] || made_up_parts(c))
			continue;
		kernel->item[c] = made_up_item(kernel, taken, is_event || kernel->is_local[c]);
		if (!is_event && !kernel->is_local[c])
			kernel->unit[c] = units[made_up_below(3)];
	}
}

static inline void made_up_record(const made_up_kernel *kernel, struct pcf_walk_stat *record, unsigned of_ten_zero)
{
	memset(record, 0, sizeof *record);
	for (unsigned i = 0; i < kernel->states; i++) {
		int64_t value = made_up_below(10) < of_ten_zero ? 0 : (int64_t)made_up_below(i % 3 ? 50 : 1000000);

		record->state[i] = made_up_below(50) ? value : -value;
	}
	for (unsigned i = 0; i < kernel->events; i++) {
		record->events[i] = made_up_below(10) < of_ten_zero ? 0 : made_up_below(i % 3 ? 50 : 1000000);
		record->events_local[i] = made_up_below(2) ? record->events[i] : record->events[i] / 2;
	}
}

static inline uint64_t made_up_value(const made_up_kernel *kernel, const struct pcf_walk_stat *record, int column)
{
	int item = kernel->item[column];
	int64_t value;

	if (item >= PCF_WALK_ITEMS)
		value = (int64_t)(kernel->is_local[column] ? record->events_local
							   : record->events)[item - PCF_WALK_ITEMS];
	else
		value = record->state[item];
	return value < 0 ? 0 : (uint64_t)value * kernel->unit[column];
}

/* The text as a row. */
static inline void made_up_text(const made_up_kernel *kernel, const struct pcf_walk_stat *record, uint64_t *row)
{
	memset(row, 0xff, PCF_MAX_GROUP_COLUMNS * sizeof *row);
	for (int c = 0; c < PCF_MAX_GROUP_COLUMNS; c++) {
		const int *parts = made_up_parts(c);

		if (!kernel->columns[c])
			continue;
		if (!parts) {
			row[c] = made_up_value(kernel, record, c);
			continue;
		}
		row[c] = 0;
		for (int i = 0; i < 4; i++)
			row[c] += kernel->columns[parts[i]] ? made_up_value(kernel, record, parts[i]) : 0;
	}
}

static inline void made_up_begin(const made_up_kernel *kernel, pcf_memory_stat *stat)
{
	pcf_memory_stat_begin(stat, kernel->columns, kernel->version, kernel->states, kernel->events, 1);
}
#endif
