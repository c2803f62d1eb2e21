/* The writer's book of rows: (slot, generation, key) -> row, rows of a slot, free rows in the order they were freed.
 * Private memory; the row table in the file says the same in a form that readers can check. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ring/region.h"

static uint32_t *fresh_links(uint32_t count)
{
	uint32_t *links = malloc((size_t)count * sizeof *links);

	if (links != NULL)
		memset(links, 0xff, (size_t)count * sizeof *links); /* PCF_NO_ROW */
	return links;
}

/* Links by row are written before they are read: untouched capacity stays untouched memory. */
int pcf_row_book_open(struct pcf_row_book *book, uint32_t capacity)
{
	book->buckets = 64;
	book->bucket = fresh_links(book->buckets);
	book->hash_next = malloc((size_t)capacity * sizeof(uint32_t));
	book->slot_next = malloc((size_t)capacity * sizeof(uint32_t));
	book->free_next = malloc((size_t)capacity * sizeof(uint32_t));
	book->free_first = book->free_last = PCF_NO_ROW;
	return book->bucket && book->hash_next && book->slot_next && book->free_next ? 0 : -ENOMEM;
}

void pcf_row_book_close(struct pcf_row_book *book)
{
	free(book->bucket);
	free(book->hash_next);
	free(book->slot_next);
	free(book->free_next);
	free(book->slot_first);
}

static uint32_t hash_row(uint32_t slot, uint32_t generation, const char *key, size_t key_len)
{
	uint64_t hash = (slot * 0x9e3779b97f4a7c15) ^ generation;

	for (size_t i = 0; i < key_len; i++)
		hash = (hash ^ (uint8_t)key[i]) * 0x100000001b3;
	return (uint32_t)(hash ^ hash >> 29);
}

static uint32_t *bucket_of(const struct pcf_row_book *book, const pcf_region_row *row)
{
	return &book->bucket[hash_row(row->slot, row->generation, row->key, row->key_len) & (book->buckets - 1)];
}

uint32_t pcf_row_book_find(const pcf_region *region, uint32_t slot, uint32_t generation, const char *key,
			   size_t key_len)
{
	const struct pcf_row_book *book = &region->writer->book;
	uint32_t row = book->bucket[hash_row(slot, generation, key, key_len) & (book->buckets - 1)];

	for (; row != PCF_NO_ROW; row = book->hash_next[row]) {
		const pcf_region_row *entry = &region->rows[row];

		if (entry->slot == slot && entry->generation == generation && entry->key_len == key_len &&
		    memcmp(entry->key, key, key_len) == 0)
			return row;
	}
	return PCF_NO_ROW;
}

static int grow_buckets(pcf_region *region)
{
	struct pcf_row_book *book = &region->writer->book;
	struct pcf_row_book wider = {.buckets = book->buckets * 2, .bucket = fresh_links(book->buckets * 2)};

	if (wider.bucket == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < book->buckets; i++) {
		uint32_t row = book->bucket[i];

		while (row != PCF_NO_ROW) {
			uint32_t next = book->hash_next[row];
			uint32_t *bucket = bucket_of(&wider, &region->rows[row]);

			book->hash_next[row] = *bucket;
			*bucket = row;
			row = next;
		}
	}
	free(book->bucket);
	book->bucket = wider.bucket;
	book->buckets = wider.buckets;
	return 0;
}

static int grow_slots(struct pcf_row_book *book, uint32_t slot)
{
	uint32_t count = slot + 1 + slot / 2;
	uint32_t *first = realloc(book->slot_first, (size_t)count * sizeof *first);

	if (first == NULL)
		return -ENOMEM;
	memset(first + book->slots, 0xff, (size_t)(count - book->slots) * sizeof *first);
	book->slot_first = first;
	book->slots = count;
	return 0;
}

int pcf_row_book_room(pcf_region *region, uint32_t slot)
{
	struct pcf_row_book *book = &region->writer->book;

	if (slot >= PCF_MOST_SLOTS)
		return -EINVAL;
	if (slot >= book->slots && grow_slots(book, slot) < 0)
		return -ENOMEM;
	return book->live >= book->buckets ? grow_buckets(region) : 0;
}

void pcf_row_book_add(pcf_region *region, uint32_t row)
{
	struct pcf_row_book *book = &region->writer->book;
	const pcf_region_row *entry = &region->rows[row];
	uint32_t *bucket = bucket_of(book, entry);

	book->hash_next[row] = *bucket;
	*bucket = row;
	book->slot_next[row] = book->slot_first[entry->slot];
	book->slot_first[entry->slot] = row;
	book->live++;
}

static void unlink_row(uint32_t *head, uint32_t *next, uint32_t row)
{
	while (*head != PCF_NO_ROW && *head != row)
		head = &next[*head];
	if (*head == row)
		*head = next[row];
}

void pcf_row_book_drop(pcf_region *region, uint32_t row)
{
	struct pcf_row_book *book = &region->writer->book;
	const pcf_region_row *entry = &region->rows[row];

	unlink_row(bucket_of(book, entry), book->hash_next, row);
	unlink_row(&book->slot_first[entry->slot], book->slot_next, row);
	book->live--;
}

void pcf_row_book_push_free(struct pcf_row_book *book, uint32_t row)
{
	book->free_next[row] = PCF_NO_ROW;
	if (book->free_first == PCF_NO_ROW)
		book->free_first = row;
	else
		book->free_next[book->free_last] = row;
	book->free_last = row;
}

uint32_t pcf_row_book_pop_free(struct pcf_row_book *book)
{
	uint32_t row = book->free_first;

	if (row != PCF_NO_ROW)
		book->free_first = book->free_next[row];
	return row;
}
