/* What sources tell the collector, from whatever thread they are in. */
#include <stdio.h>
#include <string.h>

#include "tick/collector.h"

static void annotate(void *owner, uint32_t slot, uint32_t generation, unsigned mask, const pcf_slot_record *fields)
{
	const uint32_t flags = PCF_SLOT_FLAG_HOST_NETWORK | PCF_SLOT_FLAG_SHARED_NETWORK;
	pcf_collector *collector = owner;
	pcf_slot_record record;

	pthread_mutex_lock(&collector->lock);
	if (pcf_tenant_is(collector, slot, generation) && pcf_slots_read(collector->slots, slot, &record) == 0 &&
	    record.generation == generation) {
		if (mask & PCF_ANNOTATE_NETNS)
			record.netns = fields->netns;
		if (mask & PCF_ANNOTATE_OWNER)
			record.netns_owner = fields->netns_owner;
		if (mask & PCF_ANNOTATE_FLAGS)
			record.flags = (record.flags & ~flags) | (fields->flags & flags);
		(void)pcf_slots_write(collector->slots, slot, &record);
	}
	pthread_mutex_unlock(&collector->lock);
}

static void fail(void *owner, uint32_t slot, const char *file, int error)
{
	pcf_collector *collector = owner;
	const char *path = "?";

	pthread_mutex_lock(&collector->lock);
	if (slot < collector->env.max_slots && collector->tenants[slot].path)
		path = collector->tenants[slot].path;
	snprintf(collector->last_error, sizeof collector->last_error, "%.60s of %.90s: %.40s", file, path,
		 strerror(error));
	pthread_mutex_unlock(&collector->lock);
}

static void vanish(void *owner, uint32_t slot, uint32_t generation)
{
	pcf_collector *collector = owner;
	uint64_t bit = 1ULL << (slot % 64);

	(void)generation;
	if (!(atomic_fetch_or(&collector->vanished[slot / 64], bit) & bit))
		atomic_fetch_add(&collector->vanished_count, 1);
}

void pcf_feedback_bind(pcf_collector *collector)
{
	collector->env.owner = collector;
	collector->env.annotate = annotate;
	collector->env.fail = fail;
	collector->env.vanish = vanish;
}

int pcf_collector_vanished(pcf_collector *collector, uint32_t *slots, uint32_t *generations, int max)
{
	int count = 0;

	if (atomic_load(&collector->vanished_count) == 0)
		return 0;
	pthread_mutex_lock(&collector->lock);
	for (uint32_t slot = 0; slot < collector->env.max_slots && count < max; slot++) {
		uint64_t bit = 1ULL << (slot % 64);

		if (slot % 64 == 0 && atomic_load(&collector->vanished[slot / 64]) == 0) {
			slot += 63;
			continue;
		}
		if (!(atomic_load(&collector->vanished[slot / 64]) & bit))
			continue;
		atomic_fetch_and(&collector->vanished[slot / 64], ~bit);
		atomic_fetch_sub(&collector->vanished_count, 1);
		if (!collector->tenants[slot].path)
			continue;
		slots[count] = slot;
		generations[count++] = collector->tenants[slot].generation;
	}
	pthread_mutex_unlock(&collector->lock);
	return count;
}
