/* Writing a tick: begin, a store for each row, end.  No allocation, no system call, no lock. */
#include "ring/region.h"

void pcf_region_begin(pcf_region *region, uint64_t tick, uint64_t monotonic_ns, uint64_t realtime_ns)
{
	struct pcf_region_writer *writer = region->writer;
	uint64_t position = tick / region->stride % region->shape.ring_len;
	pcf_region_tick *entry = &region->ticks[position];

	writer->entry = NULL;
	/* A cell that was never written carries stamp 0: the one tick in 2^32 with that stamp is left out. */
	if (tick <= writer->newest || tick % region->stride != 0 || (uint32_t)tick == 0)
		return;
	pcf_store_plain(&writer->newest, tick);
	writer->entry = entry;
	writer->cells = region->cells + position * region->shape.tick_bytes;
	writer->stamp = (uint32_t)tick;
	writer->rows = 0;
	pcf_store_plain(&entry->state, 2 * tick + 1);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	pcf_store_plain(&entry->tick, tick);
	pcf_store_plain(&entry->monotonic_ns, monotonic_ns);
	pcf_store_plain(&entry->realtime_ns, realtime_ns);
}

static void store_wide(uint64_t *cells, const struct pcf_cell_run *run, const int *source, const uint64_t *values)
{
	for (int i = 0; i < run->count; i++)
		pcf_store_plain(&cells[i], values[source[i]]);
}

/* value / unit, its sentinels, or ones (absent) and 1 more in *lost */
static uint64_t narrow(uint64_t value, uint64_t unit, uint64_t ones, int *lost)
{
	if (value >= PCF_UNLIMITED)
		return value == PCF_ABSENT ? ones : ones - 1;
	if (value / unit < ones - 1 && value % unit == 0)
		return value / unit;
	++*lost;
	return ones;
}

static int store_words(uint32_t *cells, const struct pcf_cell_run *run, const int *source, const uint64_t *values)
{
	uint64_t unit = run->cell == PCF_CELL_P32 ? 4096 : run->cell == PCF_CELL_K32 ? 1024 : 1;
	int lost = 0;

	for (int i = 0; i < run->count; i++)
		pcf_store_plain(&cells[i], (uint32_t)narrow(values[source[i]], unit, UINT32_MAX, &lost));
	return lost;
}

static int store_halves(uint16_t *cells, const struct pcf_cell_run *run, const int *source, const uint64_t *values)
{
	int lost = 0;

	for (int i = 0; i < run->count; i++)
		pcf_store_plain(&cells[i], (uint16_t)narrow(values[source[i]], 1, UINT16_MAX, &lost));
	return lost;
}

int pcf_region_store(pcf_region *region, uint32_t row, uint32_t offset_usec, const uint64_t *values)
{
	struct pcf_region_writer *writer = region->writer;
	uint8_t *cells;
	int lost = 0;

	if (writer->entry == NULL || row >= pcf_load_plain(&region->head->row_high))
		return 0;
	cells = writer->cells + (uint64_t)row * region->shape.row_bytes;
	for (int i = 0; i < writer->runs; i++) {
		const struct pcf_cell_run *run = &writer->run[i];
		const int *source = &writer->source[run->from];
		void *to = cells + run->offset;

		if (run->cell == PCF_CELL_U64)
			store_wide(to, run, source, values);
		else if (run->cell == PCF_CELL_C16)
			lost += store_halves(to, run, source, values);
		else
			lost += store_words(to, run, source, values);
	}
	pcf_store_plain((uint32_t *)(void *)(cells + 4), offset_usec);
	pcf_store_plain((uint32_t *)(void *)cells, writer->stamp);
	writer->rows++;
	return lost;
}

void pcf_region_end(pcf_region *region, uint64_t duration_ns, uint64_t cpu_ns)
{
	struct pcf_region_writer *writer = region->writer;
	pcf_region_tick *entry = writer->entry;

	if (entry == NULL)
		return;
	pcf_store_plain(&entry->duration_ns, duration_ns);
	pcf_store_plain(&entry->cpu_ns, cpu_ns);
	pcf_store_plain(&entry->rows, writer->rows);
	pcf_store_plain(&entry->row_high, pcf_load_plain(&region->head->row_high));
	pcf_store(&entry->state, 2 * writer->newest + 2);
	pcf_store(&region->head->latest_tick, writer->newest);
	writer->ended += writer->ended < PCF_IDLE_TICKS;
	writer->entry = NULL;
}
