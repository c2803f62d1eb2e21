/* Slots and their tenants. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "slot/directory.h"

static uint32_t *bucket_of(struct pcf_slots_writer *writer, const char *path)
{
	uint64_t hash = 0xcbf29ce484222325;

	for (; *path != '\0'; path++)
		hash = (hash ^ (uint8_t)*path) * 0x100000001b3;
	return &writer->bucket[(hash ^ hash >> 32) & (writer->buckets - 1)];
}

void pcf_slots_book_live(pcf_slots *slots, uint32_t slot)
{
	uint32_t *bucket = bucket_of(slots->writer, slots->records[slot].path);

	slots->writer->hash_next[slot] = *bucket;
	*bucket = slot;
}

static void drop_live(pcf_slots *slots, uint32_t slot)
{
	uint32_t *link = bucket_of(slots->writer, slots->records[slot].path);

	while (*link != PCF_NO_SLOT && *link != slot)
		link = &slots->writer->hash_next[*link];
	if (*link == slot)
		*link = slots->writer->hash_next[slot];
}

void pcf_slots_book_free(struct pcf_slots_writer *writer, uint32_t slot)
{
	writer->free_next[slot] = PCF_NO_SLOT;
	if (writer->free_first == PCF_NO_SLOT)
		writer->free_first = slot;
	else
		writer->free_next[writer->free_last] = slot;
	writer->free_last = slot;
}

static uint32_t find_live(pcf_slots *slots, const char *path, uint64_t cgroup_id)
{
	uint32_t slot = *bucket_of(slots->writer, path);

	while (slot != PCF_NO_SLOT &&
	       (slots->records[slot].cgroup_id != cgroup_id || strcmp(slots->records[slot].path, path) != 0))
		slot = slots->writer->hash_next[slot];
	return slot;
}

static void changed(pcf_slots *slots)
{
	pcf_store(&slots->head->seq, slots->head->seq + 1);
}

/* The one freed longest ago, whose history is the least missed, else a fresh one. */
static int choose(pcf_slots *slots, uint32_t *slot)
{
	struct pcf_slots_writer *writer = slots->writer;
	int result;

	if (writer->free_first != PCF_NO_SLOT) {
		*slot = writer->free_first;
		writer->free_first = writer->free_next[*slot];
		return 0;
	}
	*slot = slots->head->high;
	if (*slot >= slots->capacity)
		return -ENOSPC;
	result = pcf_slots_reserve(slots, *slot + 1);
	if (result == 0)
		pcf_store(&slots->head->high, *slot + 1);
	return result;
}

/* Never 0: that says "never used". */
static uint32_t next_generation(uint32_t generation)
{
	return generation == UINT32_MAX ? 1 : generation + 1;
}

static void enter(pcf_slots *slots, uint32_t slot, const char *path, int is_cut, uint64_t cgroup_id, uint64_t tick)
{
	pcf_slot_record record = {.generation = next_generation(slots->records[slot].generation),
				  .state = PCF_SLOT_LIVE};

	record.flags = is_cut ? PCF_SLOT_FLAG_PATH_CUT : 0;
	record.born_tick = tick;
	record.cgroup_id = cgroup_id;
	record.netns_owner = slot;
	snprintf(record.path, sizeof record.path, "%s", path);
	pcf_record_replace(&slots->records[slot], &record, sizeof record);
	pcf_slots_book_live(slots, slot);
}

int pcf_slots_claim(pcf_slots *slots, const char *path, uint64_t cgroup_id, uint64_t tick, uint32_t *slot,
		    uint32_t *generation)
{
	char kept[sizeof slots->records->path];
	int is_cut = snprintf(kept, sizeof kept, "%s", path) >= (int)sizeof kept;
	int result = 0;

	if (slots->writer == NULL)
		return -EINVAL;
	pthread_mutex_lock(&slots->writer->lock);
	*slot = find_live(slots, kept, cgroup_id);
	if (*slot == PCF_NO_SLOT) {
		result = choose(slots, slot);
		if (result == 0) {
			enter(slots, *slot, kept, is_cut, cgroup_id, tick);
			changed(slots);
		}
	}
	if (result == 0) {
		slots->writer->claimed[*slot] = 1;
		*generation = slots->records[*slot].generation;
	}
	pthread_mutex_unlock(&slots->writer->lock);
	return result;
}

int pcf_slots_write(pcf_slots *slots, uint32_t slot, const pcf_slot_record *record)
{
	pcf_slot_record now;
	int result = -ENOENT;

	if (slots->writer == NULL)
		return -EINVAL;
	pthread_mutex_lock(&slots->writer->lock);
	if (slot < slots->head->high && slots->records[slot].state == PCF_SLOT_LIVE) {
		now = slots->records[slot];
		now.flags = (record->flags & ~(uint32_t)PCF_SLOT_FLAG_PATH_CUT) | (now.flags & PCF_SLOT_FLAG_PATH_CUT);
		now.created_ns = record->created_ns;
		now.cgroup_id = record->cgroup_id;
		now.netns = record->netns;
		now.netns_owner = record->netns_owner;
		snprintf(now.runtime, sizeof now.runtime, "%s", record->runtime);
		snprintf(now.id, sizeof now.id, "%s", record->id);
		snprintf(now.name, sizeof now.name, "%s", record->name);
		snprintf(now.image, sizeof now.image, "%s", record->image);
		pcf_record_replace(&slots->records[slot], &now, sizeof now);
		changed(slots);
		result = 0;
	}
	pthread_mutex_unlock(&slots->writer->lock);
	return result;
}

int pcf_slots_release(pcf_slots *slots, uint32_t slot, uint32_t generation, uint64_t tick)
{
	pcf_slot_record now;
	int result = -ESTALE;

	if (slots->writer == NULL)
		return -EINVAL;
	pthread_mutex_lock(&slots->writer->lock);
	if (slot < slots->head->high && slots->records[slot].state == PCF_SLOT_LIVE &&
	    slots->records[slot].generation == generation) {
		drop_live(slots, slot);
		now = slots->records[slot];
		now.state = PCF_SLOT_GONE;
		now.gone_tick = tick > 0 ? tick : 1;
		pcf_record_replace(&slots->records[slot], &now, sizeof now);
		pcf_slots_book_free(slots->writer, slot);
		changed(slots);
		result = 0;
	}
	pthread_mutex_unlock(&slots->writer->lock);
	return result;
}

int pcf_slots_unclaimed(pcf_slots *slots, uint32_t *slot, uint32_t *generation)
{
	int result = -ENOENT;

	if (slots->writer == NULL)
		return -EINVAL;
	pthread_mutex_lock(&slots->writer->lock);
	while (*slot < slots->head->high &&
	       (slots->records[*slot].state != PCF_SLOT_LIVE || slots->writer->claimed[*slot]))
		++*slot;
	if (*slot < slots->head->high) {
		*generation = slots->records[*slot].generation;
		result = 0;
	}
	pthread_mutex_unlock(&slots->writer->lock);
	return result;
}
