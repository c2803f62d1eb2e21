/* What threads had used when they were seen last: a thread that has gone leaves its time with its container. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "parse/scan.h"
#include "source/tasks/tasks.h"

static uint32_t place_of(const struct pcf_thread_table *table, uint32_t tid)
{
	uint32_t at = tid * 0x9e3779b1u & table->mask;

	while (table->list[at].tid && table->list[at].tid != tid)
		at = (at + 1) & table->mask;
	return at;
}

void pcf_thread_table_free(struct pcf_thread_table *table)
{
	free(table->list);
	*table = (struct pcf_thread_table){0};
}

/* Into a new list of this size, those of round only; 0: all. */
static int move(struct pcf_thread_table *table, uint32_t size, uint32_t round)
{
	struct pcf_thread_table to = {.list = calloc(size, sizeof *to.list), .mask = size - 1};

	if (!to.list)
		return -ENOMEM;
	for (uint32_t i = 0; table->list && i <= table->mask; i++) {
		const struct pcf_thread_times *from = &table->list[i];

		if (!from->tid || (round && from->round != round))
			continue;
		to.list[place_of(&to, from->tid)] = *from;
		to.count++;
	}
	free(table->list);
	*table = to;
	return 0;
}

int pcf_thread_table_see(struct pcf_thread_table *table, uint32_t tid, uint32_t round, const uint64_t *now,
			 uint64_t *since)
{
	struct pcf_thread_times *times;
	bool is_same = true;

	if (!table->list || 2 * (table->count + 1) > table->mask) {
		int rc = move(table, table->list ? 2 * (table->mask + 1) : 1024, 0);

		if (rc < 0)
			return rc;
	}
	times = &table->list[place_of(table, tid)];
	/* A number that is used again belongs to one that has used less: a thread's own never run backwards. */
	for (int i = 0; i < PCF_SCHEDSTAT_COUNT; i++)
		is_same &= times->tid && now[i] >= times->values[i];
	for (int i = 0; i < PCF_SCHEDSTAT_COUNT; i++)
		since[i] = is_same ? now[i] - times->values[i] : now[i];
	table->count += !times->tid;
	times->tid = tid;
	times->round = round;
	memcpy(times->values, now, sizeof times->values);
	return 0;
}

void pcf_thread_table_purge(struct pcf_thread_table *table, uint32_t round)
{
	uint32_t kept = 0, size = 1024;

	for (uint32_t i = 0; table->list && i <= table->mask; i++)
		kept += table->list[i].tid && table->list[i].round == round;
	if (kept == table->count)
		return;
	while (size < 4 * kept)
		size *= 2;
	(void)move(table, size, round); /* no memory: they stay until the next time */
}

bool pcf_schedstat_scan(const char *text, size_t len, uint64_t *values)
{
	const char *p = text, *end = text + len;

	for (int i = 0; i < PCF_SCHEDSTAT_COUNT; i++) {
		p = pcf_scan_number(pcf_skip_blanks(p, end), end, &values[i]);
		if (!p || !pcf_is_stop(p, end) || values[i] == PCF_ABSENT)
			return false;
	}
	return true;
}
