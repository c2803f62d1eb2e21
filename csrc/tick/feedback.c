/* What sources tell the collector, from whatever thread they are in. */
#include <errno.h>
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

static void note(void *owner, const char *text)
{
	pcf_note(owner, "%s", text);
}

/* In the ring's own log of events too: whoever watches the host hears of it. */
static void tell_demoted(pcf_collector *collector, const char *path, uint64_t handle, const char *text)
{
	pcf_event event = {.kind = PCF_EVENT_COLUMN_DEMOTED, .source = PCF_EVENT_SOURCE_COLLECTOR, .handle = handle};

	if (!collector->events)
		return;
	snprintf(event.path, sizeof event.path, "%s", path);
	snprintf(event.of.text, sizeof event.of.text, "%s", text);
	(void)pcf_events_append(collector->events, &event, NULL);
}

static void demote(void *owner, int group, int column, uint32_t slot, uint64_t before, uint64_t sample, uint64_t after)
{
	const pcf_column_def *def = pcf_column_at(pcf_group_at(group)->first + column);
	pcf_collector *collector = owner;
	char path[sizeof((pcf_event *)NULL)->path] = "", text[200];
	uint64_t handle = 0;

	snprintf(text, sizeof text,
		 "%s.%s: the walk said %llu, the text %llu before and %llu after it: read from files now",
		 pcf_group_at(group)->name, def->name, (unsigned long long)sample, (unsigned long long)before,
		 (unsigned long long)after);
	pthread_mutex_lock(&collector->lock);
	if (slot < collector->env.max_slots && collector->tenants[slot].path) {
		snprintf(path, sizeof path, "%s", collector->tenants[slot].path);
		handle = (uint64_t)collector->tenants[slot].generation << 32 | slot;
	}
	collector->plan.group[group].walked[column] = 0;
	pcf_note(collector, "%s of %.200s", text, path);
	pthread_mutex_unlock(&collector->lock);
	tell_demoted(collector, path, handle, text);
	atomic_fetch_add(&collector->columns_demoted, 1);
}

static int64_t counters(void *owner, pcf_event_counters *out, uint32_t max)
{
	pcf_collector *collector = owner;

	return collector->events ? pcf_events_counters(collector->events, out, max) : -ENODEV;
}

void pcf_feedback_bind(pcf_collector *collector)
{
	collector->env.owner = collector;
	collector->env.annotate = annotate;
	collector->env.fail = fail;
	collector->env.vanish = vanish;
	collector->env.note = note;
	collector->env.demote = demote;
	collector->env.counters = counters;
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
