/* Path -> slot of the containers that are followed. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tick/collector.h"

static uint32_t *bucket_of(const pcf_collector *collector, const char *path)
{
	uint64_t hash = 0xcbf29ce484222325; /* FNV-1a */

	for (; *path; path++)
		hash = (hash ^ (unsigned char)*path) * 0x100000001b3;
	return &collector->buckets[(hash ^ hash >> 32) & collector->bucket_mask];
}

uint32_t pcf_tenant_find(const pcf_collector *collector, const char *path)
{
	uint32_t slot = *bucket_of(collector, path);

	while (slot != PCF_NO_INDEX && strcmp(collector->tenants[slot].path, path) != 0)
		slot = collector->tenants[slot].next;
	return slot;
}

int pcf_tenant_enter(pcf_collector *collector, uint32_t slot, uint32_t generation, const char *path, uint64_t cgroup_id)
{
	pcf_tenant *tenant = &collector->tenants[slot];
	uint32_t *bucket = bucket_of(collector, path);

	tenant->path = strdup(path);
	if (!tenant->path)
		return -ENOMEM;
	tenant->generation = generation;
	tenant->cgroup_id = cgroup_id;
	tenant->next = *bucket;
	*bucket = slot;
	collector->live++;
	return 0;
}

void pcf_tenant_leave(pcf_collector *collector, uint32_t slot)
{
	pcf_tenant *tenant = &collector->tenants[slot];
	uint32_t *link = bucket_of(collector, tenant->path);

	while (*link != slot)
		link = &collector->tenants[*link].next;
	*link = tenant->next;
	free(tenant->path);
	tenant->path = NULL;
	collector->live--;
}

int pcf_tenant_is(const pcf_collector *collector, uint32_t slot, uint32_t generation)
{
	return slot < collector->env.max_slots && collector->tenants[slot].path &&
	       collector->tenants[slot].generation == generation;
}
