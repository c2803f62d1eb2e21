/* Memory of the rows: reserved in every tick when a row is claimed, so that a tick never meets a full tmpfs. */
#include <errno.h>

#include "ring/region.h"

/* Asking a full tmpfs costs a system call for each tick of the ring, and a pass may ask for every row it cannot have.
 */
#define FULL_PAUSE_NS 1000000000

/* Header, columns and tick table: what exists before the first row. */
int pcf_region_reserve_head(int fd, const pcf_region_header *shape)
{
	int result = pcf_ring_reserve(fd, 0, shape->rows_offset);

	return result < 0 ? result
			  : pcf_ring_reserve(fd, shape->ticks_offset, shape->cells_offset - shape->ticks_offset);
}

/* The part of each tick from offset to offset + bytes; all or nothing. */
static int reserve_cells(const pcf_region *region, uint64_t offset, uint64_t bytes)
{
	const pcf_region_header *shape = &region->shape;
	uint64_t at = shape->cells_offset + offset;

	for (uint32_t i = 0; i < shape->ring_len; i++) {
		int result = pcf_ring_reserve(region->file.fd, at + i * shape->tick_bytes, bytes);

		if (result == 0)
			continue;
		while (i-- > 0)
			pcf_ring_unreserve(region->file.fd, at + i * shape->tick_bytes, bytes);
		return result;
	}
	return 0;
}

static int reserve(pcf_region *region, uint64_t cell_bytes, uint64_t table_bytes)
{
	struct pcf_region_writer *writer = region->writer;
	uint64_t cells = cell_bytes - writer->cell_bytes, table = table_bytes - writer->table_bytes;
	uint64_t bytes = table + cells * region->shape.ring_len;
	uint64_t table_at = region->shape.rows_offset + writer->table_bytes;
	int result = 0;

	if (!pcf_budget_take(writer->budget, bytes))
		return -EDQUOT;
	if (table > 0)
		result = pcf_ring_reserve(region->file.fd, table_at, table);
	if (result == 0 && cells > 0) {
		result = reserve_cells(region, writer->cell_bytes, cells);
		if (result < 0)
			pcf_ring_unreserve(region->file.fd, table_at, table);
	}
	if (result < 0) {
		pcf_budget_give(writer->budget, bytes);
		return result;
	}
	writer->cell_bytes = cell_bytes;
	writer->table_bytes = table_bytes;
	writer->memory += bytes;
	return 0;
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Grows by a sixteenth at once: a thousand rows of 512 bytes cost some fifty rounds of system calls, and at most a
 * sixteenth is reserved for nothing.  When that much is not left, exactly what the row needs. */
int pcf_region_reserve_rows(pcf_region *region, uint32_t rows)
{
	struct pcf_region_writer *writer = region->writer;
	uint64_t cells = pcf_page_round((uint64_t)rows * region->shape.row_bytes);
	uint64_t table = pcf_page_round((uint64_t)rows * sizeof(pcf_region_row));
	uint64_t more, now;
	int result;

	if (cells < writer->cell_bytes)
		cells = writer->cell_bytes;
	if (table < writer->table_bytes)
		table = writer->table_bytes;
	if (cells == writer->cell_bytes && table == writer->table_bytes)
		return 0;
	now = pcf_now_ns(CLOCK_MONOTONIC);
	if (now < writer->full_until_ns)
		return -ENOSPC;
	more = cells == writer->cell_bytes ? cells : pcf_page_round(cells + writer->cell_bytes / 16);
	result = reserve(region, least(more, region->shape.tick_bytes), table);
	if (result < 0 && more > cells)
		result = reserve(region, cells, table);
	if (result == -EDQUOT) /* refused by the budget, which costs nothing to ask again */
		return -ENOSPC;
	if (result < 0)
		writer->full_until_ns = now + FULL_PAUSE_NS;
	return result;
}

uint64_t pcf_region_memory(const pcf_region *region)
{
	return region->writer == NULL ? 0 : pcf_load_plain(&region->writer->memory);
}
