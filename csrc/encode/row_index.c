/* The row table sorted by slot. */
#include "encode/row_index.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "encode/utf8.h"
#include "ring/region.h"

#define SLOT_LIMIT (1u << 24) /* no ring has so many; a row that says so is not believed */

void pcf_row_index_clear(struct pcf_row_index *index)
{
	free(index->first);
	free(index->entries);
	*index = (struct pcf_row_index){0};
}

static int entry_read(const pcf_region *region, uint32_t row, struct pcf_row_entry *out)
{
	pcf_region_row record;
	int rc = pcf_region_row_read(region, row, &record);
	if (rc)
		return rc;
	if (record.slot >= SLOT_LIMIT || record.key_len > PCF_KEY_BYTES)
		return -EBADMSG;
	*out = (struct pcf_row_entry){
		.row = row,
		.slot = record.slot,
		.generation = record.generation,
		.key_len = record.key_len,
		.born_tick = record.born_tick,
	};
	memcpy(out->key, record.key, record.key_len);
	pcf_utf8_mend(out->key, out->key_len);
	return 0;
}

/* Counting sort by slot; stable, so rows of a slot stay in row order. */
static int sort_by_slot(struct pcf_row_index *index, const struct pcf_row_entry *rows, uint32_t count)
{
	uint32_t slots = 0;
	for (uint32_t i = 0; i < count; i++)
		if (rows[i].slot >= slots)
			slots = rows[i].slot + 1;
	index->first = calloc((size_t)slots + 1, sizeof *index->first);
	index->entries = malloc(((size_t)count + 1) * sizeof *index->entries);
	if (!index->first || !index->entries)
		return -ENOMEM;
	/* first[s] counts, then is the end of slot s, and walks down to its start while it is filled from behind. */
	for (uint32_t i = 0; i < count; i++)
		index->first[rows[i].slot]++;
	for (uint32_t s = 1; s < slots; s++)
		index->first[s] += index->first[s - 1];
	index->first[slots] = count;
	for (uint32_t i = count; i-- > 0;)
		index->entries[--index->first[rows[i].slot]] = rows[i];
	index->slots = slots;
	return 0;
}

int pcf_row_index_refresh(struct pcf_row_index *index, const pcf_region *region)
{
	const pcf_region_header *head = pcf_region_head(region);
	uint64_t seq = __atomic_load_n(&head->rows_seq, __ATOMIC_ACQUIRE);
	if (index->region == region && index->rows_seq == seq && index->writer_start_ns == head->writer_start_ns)
		return 0;

	pcf_row_index_clear(index);
	uint32_t high = __atomic_load_n(&head->row_high, __ATOMIC_ACQUIRE);
	if (high > region->shape.row_capacity)
		high = region->shape.row_capacity;
	struct pcf_row_entry *rows = malloc(((size_t)high + 1) * sizeof *rows);
	uint32_t count = 0;
	for (uint32_t row = 0; rows && row < high; row++)
		if (entry_read(region, row, &rows[count]) == 0)
			count++;
	int rc = rows ? sort_by_slot(index, rows, count) : -ENOMEM;
	free(rows);
	if (rc) {
		pcf_row_index_clear(index);
		return rc;
	}
	index->region = region;
	index->rows_seq = seq;
	index->writer_start_ns = head->writer_start_ns;
	return 0;
}
