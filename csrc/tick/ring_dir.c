/* The ring of a collector: directory, list of containers, one region for each group the plan serves. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "schema/error.h"
#include "tick/collector.h"

/* Keyed rows a container may have on average; room that is not used costs nothing but addresses. */
#define DEVICES    16
#define INTERFACES 8
#define PAGE_SIZES 4
#define NODES      8 /* memory nodes, RDMA adapters, misc resources of a container */
#define MOST_ROWS  (1u << 20)

void pcf_note(pcf_collector *collector, const char *format, ...)
{
	size_t used = strlen(collector->notes);
	va_list list;

	va_start(list, format);
	(void)vsnprintf(collector->notes + used, sizeof collector->notes - used, format, list);
	va_end(list);
	used = strlen(collector->notes);
	if (used + 1 < sizeof collector->notes)
		memcpy(collector->notes + used, "\n", 2);
}

static uint32_t row_capacity(const pcf_collector *collector, int group)
{
	uint64_t slots = collector->env.max_slots, rows = slots;
	/* Where only the root has rows. */
	int root_only = collector->plan.group[group].source == PCF_SOURCE_PROC && group != PCF_GROUP_NETWORK &&
			group != PCF_GROUP_NETWORK_ERRORS;

	switch (pcf_group_at(group)->key) {
	case PCF_KEY_DEVICE:
		rows = (root_only ? 64 : slots) * DEVICES;
		break;
	case PCF_KEY_INTERFACE:
		rows = slots * INTERFACES + 1024;
		break;
	case PCF_KEY_CORE:
		rows = (root_only ? 1 : slots) * (uint64_t)collector->host.cores_possible;
		break;
	case PCF_KEY_PAGESIZE:
		rows = slots * PAGE_SIZES;
		break;
	case PCF_KEY_NODE:
	case PCF_KEY_ADAPTER:
	case PCF_KEY_RESOURCE:
		rows = slots * NODES;
		break;
	case PCF_KEY_GROUP:
		rows = PCF_GROUP_COUNT;
		break;
	default:
		break;
	}
	return rows > MOST_ROWS ? MOST_ROWS : (uint32_t)rows;
}

static void note_taken(pcf_collector *collector, int taken, const pcf_error *err)
{
	if (taken == PCF_TAKEN_REPLACED)
		pcf_note(collector, "%s", err->text);
}

static int is_over_budget(const pcf_collector *collector)
{
	uint64_t bound = collector->options.ring_bytes;

	return bound > 0 && pcf_budget_used(collector->budget) > bound;
}

static int create_region(pcf_collector *collector, int group, int *is_taken_over, pcf_error *err)
{
	const pcf_group_plan *plan = &collector->plan.group[group];
	pcf_region_spec spec = {
		.dir = collector->ring_dir,
		.group = group,
		.interval_ns = plan->interval_ns,
		.base_ns = collector->plan.base_ns,
		.ring_len = plan->ring_len,
		.row_capacity = row_capacity(collector, group),
		.present = plan->present,
	};
	pcf_error why = {0};
	int taken = PCF_TAKEN_NEW, code = pcf_region_create(&collector->regions[group], &spec, &taken, &why);

	if (code < 0) {
		if (err)
			*err = why;
		return code;
	}
	pcf_region_set_budget(collector->regions[group], collector->budget);
	collector->is_new_file[group] = taken == PCF_TAKEN_NEW;
	*is_taken_over = taken == PCF_TAKEN_OVER;
	note_taken(collector, taken, &why);
	return 0;
}

/* What an earlier collector was allowed is not what this one is: its files would stay as large as they are, and leave
 * nothing for new containers. */
static int drop_histories(pcf_collector *collector, const int *is_taken_over, pcf_error *err)
{
	char path[600];
	int ignored, code = 0;

	for (int g = 0; g < PCF_GROUP_COUNT; g++) {
		if (!is_taken_over[g])
			continue;
		pcf_region_close(collector->regions[g]);
		collector->regions[g] = NULL;
		snprintf(path, sizeof path, "%s/%s.ring", collector->ring_dir, pcf_group_at(g)->name);
		(void)unlink(path);
	}
	for (int g = 0; code == 0 && g < PCF_GROUP_COUNT; g++)
		if (is_taken_over[g])
			code = create_region(collector, g, &ignored, err);
	return code;
}

static int make_directory(pcf_collector *collector, const char *path, pcf_error *err)
{
	char parent[512];

	snprintf(parent, sizeof parent, "%s", path);
	for (char *slash = strchr(parent + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		(void)mkdir(parent, 0755);
		*slash = '/';
	}
	collector->is_new_dir = mkdir(path, 0755) == 0;
	if (!collector->is_new_dir && errno != EEXIST)
		return pcf_error_say(
			err, -errno,
			"ring directory %s cannot be made: %s; give a directory on a tmpfs that this user may write",
			path, strerror(errno));
	return 0;
}

/* What a container takes in the ring, group by group, as far as it is known before there is one. */
static void note_row_bytes(pcf_collector *collector)
{
	double scalar = 0;
	char keyed[256] = "";
	size_t used = 0;

	for (int g = 0; g < PCF_GROUP_COUNT; g++) {
		const pcf_group_def *def = pcf_group_at(g);
		double bytes;

		if (!collector->regions[g] || g == PCF_GROUP_TICK || g == PCF_GROUP_HOST)
			continue;
		bytes = (double)pcf_region_head(collector->regions[g])->row_bytes * 1e9 /
			(double)collector->plan.group[g].interval_ns;
		if (def->key == PCF_KEY_NONE)
			scalar += bytes;
		else if (used < sizeof keyed)
			used += (size_t)snprintf(keyed + used, sizeof keyed - used, ", %s %.0f a row", def->name,
						 bytes);
	}
	pcf_note(collector, "history of a container takes %.0f bytes a second%s", scalar, keyed);
}

/* A group that is off now leaves no ring behind that somebody could take for news. */
static void remove_stale(pcf_collector *collector)
{
	char path[600];

	for (int g = 0; g < PCF_GROUP_COUNT; g++) {
		snprintf(path, sizeof path, "%s/%s.ring", collector->ring_dir, pcf_group_at(g)->name);
		if (!collector->regions[g] && unlink(path) == 0)
			pcf_note(collector, "history of %s is dropped: the group is off", pcf_group_at(g)->name);
	}
}

int pcf_ring_dir_open(pcf_collector *collector, pcf_error *err)
{
	pcf_error why = {0};
	int is_taken_over[PCF_GROUP_COUNT] = {0}, taken_over = 0;
	int taken = PCF_TAKEN_NEW, groups = 0, code = make_directory(collector, collector->ring_dir, err);

	if (code < 0)
		return code;
	if (pcf_ring_dir_is_tmpfs(collector->ring_dir) == 0)
		pcf_note(collector, "ring directory %s is not on a tmpfs: every tick will be written to its disk",
			 collector->ring_dir);
	collector->budget = pcf_budget_new(collector->options.ring_bytes);
	if (!collector->budget)
		return pcf_error_say(err, -ENOMEM, "no memory for the ring's budget");
	code = pcf_slots_create(&collector->slots, collector->ring_dir, collector->env.max_slots, &taken, &why);
	if (code < 0) {
		if (err)
			*err = why;
		return code;
	}
	collector->is_new_slots = taken == PCF_TAKEN_NEW;
	note_taken(collector, taken, &why);
	for (int g = 0; g < PCF_GROUP_COUNT; g++) {
		if (!collector->plan.group[g].interval_ns)
			continue;
		code = create_region(collector, g, &is_taken_over[g], err);
		if (code < 0)
			return code;
		taken_over += is_taken_over[g];
		groups++;
	}
	remove_stale(collector);
	if (taken_over && is_over_budget(collector)) {
		code = drop_histories(collector, is_taken_over, err);
		if (code < 0)
			return code;
		pcf_note(collector, "history of an earlier collector is dropped: it is larger than ring_memory allows");
	} else if (taken_over) {
		pcf_note(collector, "history of an earlier collector goes on in %d of %d groups", taken_over, groups);
	}
	note_row_bytes(collector);
	return 0;
}

void pcf_ring_dir_close(pcf_collector *collector, int failed)
{
	char path[600];

	for (int g = 0; g < PCF_GROUP_COUNT; g++) {
		if (!collector->regions[g])
			continue;
		pcf_region_close(collector->regions[g]);
		snprintf(path, sizeof path, "%s/%s.ring", collector->ring_dir, pcf_group_at(g)->name);
		if (failed && collector->is_new_file[g])
			(void)unlink(path);
	}
	pcf_slots_close(collector->slots);
	snprintf(path, sizeof path, "%s/slots.dir", collector->ring_dir ? collector->ring_dir : "");
	if (failed && collector->is_new_slots)
		(void)unlink(path);
	if (failed && collector->is_new_dir)
		(void)rmdir(collector->ring_dir);
	pcf_budget_free(collector->budget);
}
