/* Which ticks are samples. The anchor is the group whose ticks they are; every other group gives its newest tick that is
 * not after the sample. */
#include "encode/cadvisor_json.h"

#include <errno.h>
#include <stdlib.h>

#include "ring/region.h"

/* A container's row may miss in a tick (it was being made, or a read failed): so many more ticks are looked at to find
 * the samples that are asked for. */
#define SPARE_TICKS   16
#define STEPS_BACK    4              /* ticks of a slower group that may be missing one after the other */
#define TICK_LASTS_NS 10000000000ull /* rows of a tick are later than the tick itself, by less than this */

/* What tables take from, the anchor first. */
static const uint8_t wanted_groups[] = {
	PCF_GROUP_CPU,
	PCF_GROUP_MEMORY,
	PCF_GROUP_MEMORY_STAT,
	PCF_GROUP_PIDS,
	PCF_GROUP_PRESSURE,
	PCF_GROUP_IO,
	PCF_GROUP_NETWORK,
	PCF_GROUP_CPU_PERCPU,
	PCF_GROUP_MEMORY_EVENTS,
	PCF_GROUP_IO_SCHEDULER,
	PCF_GROUP_NETWORK_ERRORS,
	PCF_GROUP_HUGETLB,
	PCF_GROUP_MEMORY_KERNEL,
	PCF_GROUP_LIMITS,
	PCF_GROUP_CPUSET,
	PCF_GROUP_MEMORY_NUMA,
	PCF_GROUP_TCP,
	PCF_GROUP_TCP6,
	PCF_GROUP_UDP,
	PCF_GROUP_UDP6,
	PCF_GROUP_TCP_ADVANCED,
	PCF_GROUP_TASKS,
	PCF_GROUP_SCHEDSTAT,
};
_Static_assert(sizeof wanted_groups <= PCF_JSON_GROUPS_MAX, "json->group is too short");

int pcf_json_groups_find(pcf_json *json)
{
	json->anchor = -1;
	for (size_t i = 0; i < sizeof wanted_groups; i++) {
		int g = wanted_groups[i];
		if (!json->regions[g])
			continue;
		json->group[json->groups++] = (uint8_t)g;
		json->is_scalar[g] = pcf_group_at(g)->key == PCF_KEY_NONE;
		if (json->anchor < 0 && json->is_scalar[g])
			json->anchor = g;
	}
	if (json->anchor < 0)
		return -EINVAL;
	for (uint32_t i = 0; i < json->groups; i++) {
		int g = json->group[i];
		json->is_base[g] =
			json->is_scalar[g] && json->regions[g]->stride == json->regions[json->anchor]->stride;
	}
	return 0;
}

/* The newest complete tick of a group that is not after `latest`; none where several in a row are missing. */
static struct pcf_json_tick tick_at(const pcf_region *region, uint64_t latest)
{
	uint64_t number = latest - latest % region->stride;

	for (int back = 0; back < STEPS_BACK && number; back++) {
		pcf_region_tick entry;
		if (pcf_region_tick_read(region, number, &entry) == 0)
			return (struct pcf_json_tick){number, pcf_region_cells(region, number)};
		number = number > region->stride ? number - region->stride : 0;
	}
	return (struct pcf_json_tick){0, NULL};
}

/* `newer`: the moment after this one, or NULL. Slow groups have the same tick in many moments. */
static void moment_fill(const pcf_json *json, struct pcf_json_moment *moment, const struct pcf_json_moment *newer)
{
	memset(moment->now, 0, sizeof moment->now);
	memset(moment->before, 0, sizeof moment->before);
	for (uint32_t i = 0; i < json->groups; i++) {
		int g = json->group[i];
		const pcf_region *region = json->regions[g];
		bool is_slower = region->stride > json->regions[json->anchor]->stride;

		if (newer && newer->now[g].number && newer->now[g].number <= moment->number) {
			moment->now[g] = newer->now[g];
			moment->before[g] = newer->before[g];
			continue;
		}
		moment->now[g] = tick_at(region, moment->number);
		if (is_slower && moment->now[g].number > region->stride)
			moment->before[g] = tick_at(region, moment->now[g].number - region->stride);
	}
}

static int room_for_one(pcf_json *json)
{
	if (json->moments < json->moments_capacity)
		return 0;
	uint32_t capacity = json->moments_capacity ? json->moments_capacity * 2 : 64;
	struct pcf_json_moment *moment = realloc(json->moment, capacity * sizeof *moment);
	if (moment == NULL)
		return -ENOMEM;
	json->moment = moment;
	json->moments_capacity = capacity;
	return 0;
}

static int moment_add(pcf_json *json, uint64_t number, const pcf_region_tick *entry)
{
	int rc = room_for_one(json);

	if (rc)
		return rc;
	struct pcf_json_moment *moment = &json->moment[json->moments++];
	moment->number = number;
	moment->unix_ns = entry->realtime_ns;
	moment->monotonic_ns = entry->monotonic_ns;
	moment_fill(json, moment, json->moments > 1 ? moment - 1 : NULL);
	return 0;
}

static struct pcf_json_span span_of(const pcf_json_wanted *wanted, uint32_t count)
{
	struct pcf_json_span span = {.start_ns = count ? UINT64_MAX : 0};

	for (uint32_t i = 0; i < count; i++) {
		uint64_t most = wanted[i].count < 0 ? UINT64_MAX : (uint64_t)wanted[i].count;
		uint64_t end = wanted[i].end_ns ? wanted[i].end_ns : UINT64_MAX;
		span.count = most > span.count ? most : span.count;
		span.end_ns = end > span.end_ns ? end : span.end_ns;
		span.start_ns = wanted[i].start_ns < span.start_ns ? wanted[i].start_ns : span.start_ns;
	}
	return span;
}

/* Whether the moments of the last call serve again: an answer is written in several calls. */
static bool is_known(pcf_json *json, const struct pcf_json_span *span)
{
	bool is_same = json->span.count == span->count && json->span.start_ns == span->start_ns &&
		       json->span.end_ns == span->end_ns;

	json->moments_used = 0;
	json->span = *span;
	for (uint32_t i = 0; i < json->groups; i++) {
		uint64_t latest = pcf_region_latest(json->regions[json->group[i]]);
		is_same = is_same && json->latest[json->group[i]] == latest;
		json->latest[json->group[i]] = latest;
	}
	return is_same;
}

int pcf_json_moments_find(pcf_json *json, const pcf_json_wanted *wanted, uint32_t count)
{
	const pcf_region *region = json->regions[json->anchor];
	struct pcf_json_span span = span_of(wanted, count);
	uint64_t number = pcf_region_latest(region);
	uint64_t most = span.count > UINT64_MAX - SPARE_TICKS ? UINT64_MAX : span.count + SPARE_TICKS;

	if (is_known(json, &span))
		return 0;
	json->moments = 0;
	if (span.count == 0)
		return 0;
	for (uint32_t left = region->shape.ring_len; left > 0 && number && json->moments < most; left--) {
		pcf_region_tick entry;
		if (pcf_region_tick_read(region, number, &entry) == 0) {
			if (entry.realtime_ns < UINT64_MAX - TICK_LASTS_NS &&
			    entry.realtime_ns + TICK_LASTS_NS < span.start_ns)
				break;
			int rc = entry.realtime_ns <= span.end_ns ? moment_add(json, number, &entry) : 0;
			if (rc) {
				json->span.count = json->moments = 0;
				return rc;
			}
		}
		number = number > region->stride ? number - region->stride : 0;
	}
	return 0;
}

static int outdated(pcf_json *json)
{
	json->span = (struct pcf_json_span){0}; /* not to be used again */
	return -ESTALE;
}

int pcf_json_moments_check(pcf_json *json)
{
	for (uint32_t m = 0; m < json->moments_used; m++) {
		const struct pcf_json_moment *moment = &json->moment[m];
		for (uint32_t i = 0; i < json->groups; i++) {
			int g = json->group[i];
			if (moment->now[g].number && pcf_region_check(json->regions[g], moment->now[g].number) != 0)
				return outdated(json);
			if (moment->before[g].number &&
			    pcf_region_check(json->regions[g], moment->before[g].number) != 0)
				return outdated(json);
		}
	}
	return 0;
}
