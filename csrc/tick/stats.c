/* What can be asked of a collector at any time. */
#include <string.h>

#include "tick/collector.h"

const pcf_host *pcf_collector_host(const pcf_collector *collector)
{
	return &collector->host;
}

const pcf_plan *pcf_collector_plan(const pcf_collector *collector)
{
	return &collector->plan;
}

const char *pcf_collector_notes(const pcf_collector *collector)
{
	return collector->notes;
}

pcf_region *pcf_collector_region(pcf_collector *collector, int group)
{
	return group >= 0 && group < PCF_GROUP_COUNT ? collector->regions[group] : NULL;
}

pcf_slots *pcf_collector_slots(pcf_collector *collector)
{
	return collector->slots;
}

static void add_sources(pcf_collector *collector, pcf_collector_stats *out)
{
	pcf_source_stats sum = {0};

	for (int i = 0; i < collector->source_count; i++)
		if (collector->sources[i]->ops->stats)
			collector->sources[i]->ops->stats(collector->sources[i], &sum);
	out->descriptors = sum.descriptors;
	out->slots_openat = sum.slots_openat;
	out->netns = sum.netns;
	out->walk_misses = sum.walk_misses;
}

void pcf_collector_stats_get(pcf_collector *collector, pcf_collector_stats *out)
{
	memset(out, 0, sizeof *out);
	out->ticks = atomic_load(&collector->ticks);
	out->skipped = atomic_load(&collector->skipped);
	out->latest_tick = atomic_load(&collector->latest_tick);
	out->lateness_max_ns = atomic_load(&collector->lateness_max_ns);
	out->cpu_ns = atomic_load(&collector->cpu_ns);
	out->rows = atomic_load(&collector->rows);
	out->reads = atomic_load(&collector->reads);
	out->read_errors = atomic_load(&collector->read_errors);
	out->unrepresentable = atomic_load(&collector->unrepresentable);
	out->rows_refused = atomic_load(&collector->rows_refused);
	out->truncated = atomic_load(&collector->truncated);
	out->columns_demoted = atomic_load(&collector->columns_demoted);
	if (collector->walk) {
		pcf_walk_stats walk;

		pcf_kernel_walk_stats(collector->walk, &walk);
		out->walks = walk.walks;
		out->walk_ns = walk.walk_ns;
		out->flushes = walk.flushes;
		out->flush_ns = walk.flush_ns;
		out->walk_errors = walk.errors;
	}
	out->running = atomic_load(&collector->running);
	add_sources(collector, out);
	for (int g = 0; g < PCF_GROUP_COUNT; g++)
		if (collector->regions[g])
			out->ring_bytes += pcf_region_memory(collector->regions[g]);
	pthread_mutex_lock(&collector->lock);
	out->slots_live = collector->live;
	out->slots_refused = collector->refused;
	memcpy(out->last_error, collector->last_error, sizeof out->last_error);
	pthread_mutex_unlock(&collector->lock);
}
