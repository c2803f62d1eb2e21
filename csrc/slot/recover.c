/* The writer's book of slots, from the records an earlier collector left. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "slot/directory.h"

static int open_book(pcf_slots *slots)
{
	struct pcf_slots_writer *writer = slots->writer;

	for (writer->buckets = 64; writer->buckets < slots->capacity; writer->buckets *= 2)
		;
	writer->bucket = malloc(writer->buckets * sizeof(uint32_t));
	writer->hash_next = malloc(slots->capacity * sizeof(uint32_t));
	writer->free_next = malloc(slots->capacity * sizeof(uint32_t));
	writer->claimed = calloc(slots->capacity, 1);
	writer->free_first = writer->free_last = PCF_NO_SLOT;
	if (!writer->bucket || !writer->hash_next || !writer->free_next || !writer->claimed)
		return -ENOMEM;
	memset(writer->bucket, 0xff, writer->buckets * sizeof(uint32_t));
	return 0;
}

static const pcf_slot_record *sorted_records; /* qsort has no argument; used under start_lock only */
static pthread_mutex_t start_lock = PTHREAD_MUTEX_INITIALIZER;

static int by_gone_tick(const void *a, const void *b)
{
	uint64_t x = sorted_records[*(const uint32_t *)a].gone_tick, y = sorted_records[*(const uint32_t *)b].gone_tick;

	return x < y ? -1 : x > y;
}

/* A record whose change was cut off by a kill names nobody. */
static void mend(pcf_slot_record *record)
{
	int is_whole = (record->seq & 1) == 0 && memchr(record->path, 0, sizeof record->path) != NULL;
	pcf_slot_record nobody = {.generation = record->generation, .gone_tick = 1};

	if (!is_whole || (record->state != PCF_SLOT_LIVE && record->state != PCF_SLOT_GONE) || record->generation == 0)
		pcf_record_replace(record, &nobody, sizeof nobody);
}

int pcf_slots_recover(pcf_slots *slots)
{
	uint32_t high = slots->head->high, count = 0;
	uint32_t *idle = malloc(((size_t)high + 1) * sizeof *idle);
	int result = idle == NULL ? -ENOMEM : open_book(slots);

	if (result == 0)
		result = pcf_slots_reserve(slots, high);
	for (uint32_t slot = 0; slot < high && result == 0; slot++) {
		mend(&slots->records[slot]);
		if (slots->records[slot].state == PCF_SLOT_LIVE)
			pcf_slots_book_live(slots, slot);
		else
			idle[count++] = slot;
	}
	if (result == 0) {
		pthread_mutex_lock(&start_lock);
		sorted_records = slots->records;
		qsort(idle, count, sizeof *idle, by_gone_tick);
		pthread_mutex_unlock(&start_lock);
		for (uint32_t i = 0; i < count; i++)
			pcf_slots_book_free(slots->writer, idle[i]);
	}
	free(idle);
	return result;
}
