/* Rows and their tenants: claimed when a container or a key appears, released when it goes. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ring/region.h"

int pcf_region_is_sampled(const pcf_region *region, uint32_t row, uint64_t tick)
{
	uint64_t position = tick / region->stride % region->shape.ring_len;
	const uint8_t *cells =
		region->cells + position * region->shape.tick_bytes + (uint64_t)row * region->shape.row_bytes;

	return pcf_load_plain((const uint32_t *)(const void *)cells) == (uint32_t)tick;
}

/* A tenant's cells begin after any tick its row was sampled in before: that may be the one that is being written. */
static uint64_t birth(const pcf_region *region, uint32_t row, uint64_t tick)
{
	uint64_t newest = pcf_load_plain(&region->writer->newest);

	return newest < tick ? tick : newest + (uint64_t)pcf_region_is_sampled(region, row, newest);
}

static void enter(pcf_region *region, uint32_t row, uint32_t slot, uint32_t generation, const char *key, size_t key_len,
		  uint64_t tick)
{
	pcf_region_row entry = {.slot = slot,
				.generation = generation,
				.key_len = (uint32_t)key_len,
				.born_tick = birth(region, row, tick)};

	memcpy(entry.key, key, key_len);
	pcf_record_replace(&region->rows[row], &entry, sizeof entry);
	pcf_row_book_add(region, row);
	if (row >= region->head->row_high)
		pcf_store(&region->head->row_high, row + 1);
	pcf_store(&region->head->rows_seq, region->head->rows_seq + 1);
}

static void leave(pcf_region *region, uint32_t row, uint64_t tick)
{
	pcf_region_row entry = region->rows[row];

	pcf_row_book_drop(region, row);
	entry.gone_tick = tick > 0 ? tick : 1;
	pcf_record_replace(&region->rows[row], &entry, sizeof entry);
	if (region->shape.key != PCF_KEY_NONE)
		pcf_row_book_push_free(&region->writer->book, row);
	pcf_store(&region->head->rows_seq, region->head->rows_seq + 1);
}

static int is_live(const pcf_region_row *entry)
{
	return entry->generation != 0 && entry->gone_tick == 0;
}

/* A row for a tenant that has none: its slot's own in a scalar group, else the one freed longest ago, else a new one.
 */
static int choose(pcf_region *region, uint32_t slot, uint64_t tick, uint32_t *row)
{
	struct pcf_row_book *book = &region->writer->book;
	uint32_t high = region->head->row_high;
	int result = 0;

	*row = region->shape.key == PCF_KEY_NONE ? slot : book->free_first != PCF_NO_ROW ? book->free_first : high;
	if (*row >= region->shape.row_capacity)
		return -ENOSPC;
	if (*row >= high)
		result = pcf_region_reserve_rows(region, *row + 1);
	else if (region->shape.key == PCF_KEY_NONE && is_live(&region->rows[*row]))
		leave(region, *row, tick); /* its release was missed */
	if (result == 0 && region->shape.key != PCF_KEY_NONE && *row < high)
		pcf_row_book_pop_free(book);
	return result;
}

int pcf_region_row_is(const pcf_region *region, uint32_t row, uint32_t slot, uint32_t generation, const char *key,
		      size_t key_len)
{
	const pcf_region_row *entry = &region->rows[row];

	/* Another thread may release it meanwhile, as it may right after a claim. */
	return row < pcf_load_plain(&region->head->row_high) && pcf_load_plain(&entry->generation) == generation &&
	       pcf_load_plain(&entry->slot) == slot && !pcf_load_plain(&entry->gone_tick) &&
	       entry->key_len == key_len && memcmp(entry->key, key, key_len) == 0;
}

int pcf_region_row_claim(pcf_region *region, uint32_t slot, uint32_t generation, const char *key, size_t key_len,
			 uint64_t tick, uint32_t *row)
{
	int result;

	if (region->writer == NULL || generation == 0 || key_len > PCF_KEY_BYTES ||
	    (key_len > 0) != (region->shape.key != PCF_KEY_NONE))
		return -EINVAL;
	if (key_len == 0)
		key = "";
	pthread_mutex_lock(&region->writer->lock);
	*row = pcf_row_book_find(region, slot, generation, key, key_len);
	result = *row != PCF_NO_ROW ? 1 : pcf_row_book_room(region, slot);
	if (result == 0)
		result = choose(region, slot, tick, row);
	if (result == 0)
		enter(region, *row, slot, generation, key, key_len, tick);
	pthread_mutex_unlock(&region->writer->lock);
	return result > 0 ? 0 : result;
}

void pcf_region_row_release(pcf_region *region, uint32_t row, uint64_t tick)
{
	if (region->writer == NULL)
		return;
	pthread_mutex_lock(&region->writer->lock);
	if (row < region->head->row_high && is_live(&region->rows[row]))
		leave(region, row, tick);
	pthread_mutex_unlock(&region->writer->lock);
}

void pcf_region_slot_release(pcf_region *region, uint32_t slot, uint32_t generation, uint64_t tick)
{
	struct pcf_row_book *book;
	uint32_t row, next;

	if (region->writer == NULL)
		return;
	book = &region->writer->book;
	pthread_mutex_lock(&region->writer->lock);
	for (row = slot < book->slots ? book->slot_first[slot] : PCF_NO_ROW; row != PCF_NO_ROW; row = next) {
		next = book->slot_next[row];
		if (region->rows[row].generation == generation)
			leave(region, row, tick);
	}
	pthread_mutex_unlock(&region->writer->lock);
}

static const pcf_region_row *sorted_rows; /* qsort has no argument; used under start_lock only */
static pthread_mutex_t start_lock = PTHREAD_MUTEX_INITIALIZER;

static int by_gone_tick(const void *a, const void *b)
{
	uint64_t x = sorted_rows[*(const uint32_t *)a].gone_tick, y = sorted_rows[*(const uint32_t *)b].gone_tick;

	return x < y ? -1 : x > y;
}

static void queue_free(pcf_region *region, uint32_t *rows, uint32_t count)
{
	pthread_mutex_lock(&start_lock);
	sorted_rows = region->rows;
	qsort(rows, count, sizeof *rows, by_gone_tick);
	pthread_mutex_unlock(&start_lock);
	for (uint32_t i = 0; i < count; i++)
		pcf_row_book_push_free(&region->writer->book, rows[i]);
}

/* A row whose entry makes no sense (the writer was killed while changing it) has no tenant any more. */
static void mend(pcf_region *region, uint32_t row)
{
	pcf_region_row *entry = &region->rows[row];
	int scalar = region->shape.key == PCF_KEY_NONE;

	if ((entry->seq & 1) != 0 || entry->key_len > PCF_KEY_BYTES || entry->slot >= PCF_MOST_SLOTS ||
	    (scalar && entry->generation != 0 && entry->slot != row) || (!scalar && entry->generation == 0)) {
		pcf_region_row gone = {.gone_tick = 1};

		pcf_record_replace(entry, &gone, sizeof gone);
	}
}

int pcf_region_rows_recover(pcf_region *region)
{
	uint32_t high = region->head->row_high, count = 0;
	uint32_t *idle = malloc(((size_t)high + 1) * sizeof *idle);
	int result = idle == NULL ? -ENOMEM : 0;

	for (uint32_t row = 0; row < high && result == 0; row++) {
		mend(region, row);
		if (!is_live(&region->rows[row]))
			idle[count++] = row;
		else if ((result = pcf_row_book_room(region, region->rows[row].slot)) == 0)
			pcf_row_book_add(region, row);
	}
	if (result == 0 && region->shape.key != PCF_KEY_NONE)
		queue_free(region, idle, count);
	free(idle);
	return result;
}
