/* Reading ticks and rows.  Nothing read before pcf_region_check says 0 may be believed. */
#include <errno.h>
#include <string.h>

#include "ring/region.h"

static const pcf_region_tick *entry_of(const pcf_region *region, uint64_t tick)
{
	if (tick == 0 || tick % region->stride != 0)
		return NULL;
	return &region->ticks[tick / region->stride % region->shape.ring_len];
}

static uint32_t row_high(const pcf_region *region)
{
	uint32_t high = pcf_load(&region->head->row_high);

	return high < region->shape.row_capacity ? high : region->shape.row_capacity;
}

uint64_t pcf_region_latest(const pcf_region *region)
{
	return pcf_load(&region->head->latest_tick);
}

static int is_complete(const pcf_region *region, uint64_t tick)
{
	const pcf_region_tick *entry = entry_of(region, tick);

	return entry != NULL && pcf_load(&entry->state) == 2 * tick + 2;
}

/* The first complete tick from start to the latest; ring positions older than one round are gone anyway. */
static uint64_t first_complete(const pcf_region *region, uint64_t start)
{
	uint64_t latest = pcf_region_latest(region), stride = region->stride;
	uint64_t round = (region->shape.ring_len - 1) * stride;
	uint64_t floor = latest > round ? latest - round : stride;
	uint64_t tick = start > floor ? start : floor;

	if (latest == 0 || tick > latest)
		return 0;
	tick += (stride - tick % stride) % stride;
	for (uint64_t left = region->shape.ring_len; left > 0 && tick <= latest; left--, tick += stride)
		if (is_complete(region, tick))
			return tick;
	return 0;
}

uint64_t pcf_region_oldest(const pcf_region *region)
{
	return first_complete(region, 0);
}

uint64_t pcf_region_next(const pcf_region *region, uint64_t tick)
{
	return tick == UINT64_MAX ? 0 : first_complete(region, tick + 1);
}

int pcf_region_check(const pcf_region *region, uint64_t tick)
{
	const pcf_region_tick *entry = entry_of(region, tick);

	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return entry != NULL && pcf_load_plain(&entry->state) == 2 * tick + 2 ? 0 : -ESTALE;
}

int pcf_region_tick_read(const pcf_region *region, uint64_t tick, pcf_region_tick *out)
{
	if (!is_complete(region, tick))
		return -ENOENT;
	pcf_words_read(out, entry_of(region, tick), sizeof *out);
	if (out->row_high > region->shape.row_capacity)
		out->row_high = region->shape.row_capacity;
	return pcf_region_check(region, tick) == 0 ? 0 : -ENOENT;
}

const void *pcf_region_cells(const pcf_region *region, uint64_t tick)
{
	if (entry_of(region, tick) == NULL)
		return NULL;
	return region->cells + tick / region->stride % region->shape.ring_len * region->shape.tick_bytes;
}

int pcf_region_row_read(const pcf_region *region, uint32_t row, pcf_region_row *out)
{
	int result;

	if (row >= row_high(region))
		return -ENOENT;
	result = pcf_record_copy(out, &region->rows[row], sizeof *out);
	if (result == 0 && (out->generation == 0 || out->key_len > PCF_KEY_BYTES))
		return -ENOENT;
	return result;
}

void pcf_region_rows_read(const pcf_region *region, uint32_t first, uint32_t count, pcf_region_row *out)
{
	for (uint32_t i = 0; i < count; i++)
		if (pcf_region_row_read(region, first + i, &out[i]) < 0)
			out[i] = (pcf_region_row){0};
}

static uint64_t widen(uint64_t cell, uint64_t ones, uint64_t unit)
{
	if (cell >= ones - 1)
		return cell == ones ? PCF_ABSENT : PCF_UNLIMITED;
	return cell * unit;
}

uint64_t pcf_cell_load(const void *cell_row, const pcf_region_column *column)
{
	const uint8_t *at = (const uint8_t *)cell_row + column->offset;

	switch (column->cell) {
	case PCF_CELL_U64:
		return pcf_load_plain((const uint64_t *)(const void *)at);
	case PCF_CELL_U32:
		return widen(pcf_load_plain((const uint32_t *)(const void *)at), UINT32_MAX, 1);
	case PCF_CELL_P32:
		return widen(pcf_load_plain((const uint32_t *)(const void *)at), UINT32_MAX, 4096);
	case PCF_CELL_K32:
		return widen(pcf_load_plain((const uint32_t *)(const void *)at), UINT32_MAX, 1024);
	case PCF_CELL_C16:
		return widen(pcf_load_plain((const uint16_t *)(const void *)at), UINT16_MAX, 1);
	default:
		return PCF_ABSENT;
	}
}

int pcf_region_values(const pcf_region *region, uint64_t tick, uint32_t row, uint64_t *values, uint32_t *offset_usec)
{
	const uint8_t *cells = pcf_region_cells(region, tick);
	pcf_region_row owner;
	uint32_t stamp;

	if (cells == NULL || row >= row_high(region))
		return -ENOENT;
	if (!is_complete(region, tick))
		return -ESTALE;
	cells += (uint64_t)row * region->shape.row_bytes;
	stamp = pcf_load_plain((const uint32_t *)(const void *)cells);
	if (offset_usec != NULL)
		*offset_usec = pcf_load_plain((const uint32_t *)(const void *)(cells + 4));
	for (uint32_t i = 0; i < region->shape.column_count; i++)
		values[i] = pcf_cell_load(cells, &region->columns[i]);
	if (pcf_region_check(region, tick) < 0)
		return -ESTALE;
	if (stamp != (uint32_t)tick || pcf_region_row_read(region, row, &owner) < 0 || tick < owner.born_tick)
		return -ENOENT;
	return 0;
}
