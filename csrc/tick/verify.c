/* Is what the ring says what the kernel says? Text before, one fresh sample, text after; a column must lie between. */
#include "tick/verify.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The text before and after is read file by file, the sample in between: only what is outside each time counts.
 * A gauge of a busy machine (runnable tasks) goes up and comes back between two looks more often than not. */
#define TRIES       3
#define GAUGE_TRIES 12

typedef struct {
	char *path;
	uint32_t slot, generation;
	int group;
	int is_done;
	uint64_t outside[2]; /* columns outside in every try so far */
	pcf_verify_rows before, sample, after;
} job;

typedef struct {
	pcf_collector *collector;
	job *jobs;
	size_t count;
	pcf_verify_report report;
	void *arg;
	uint64_t checked, found;
} verification;

static int is_verifiable(const pcf_collector *collector, const char *path, int group)
{
	if (!collector->regions[group] || group == PCF_GROUP_TICK)
		return 0;
	return group != PCF_GROUP_HOST || strcmp(path, "/") == 0;
}

static int list_jobs(verification *v)
{
	pcf_collector *collector = v->collector;
	int code = 0;

	pthread_mutex_lock(&collector->lock);
	v->jobs = calloc(collector->live * PCF_GROUP_COUNT + 1, sizeof *v->jobs);
	for (uint32_t slot = 0; v->jobs && slot < collector->env.max_slots; slot++) {
		const pcf_tenant *tenant = &collector->tenants[slot];

		for (int g = 0; tenant->path && g < PCF_GROUP_COUNT; g++) {
			if (!is_verifiable(collector, tenant->path, g))
				continue;
			v->jobs[v->count] = (job){.path = strdup(tenant->path),
						  .slot = slot,
						  .generation = tenant->generation,
						  .group = g,
						  .outside = {~0ULL, ~0ULL}};
			code = v->jobs[v->count++].path ? code : -ENOMEM;
		}
	}
	pthread_mutex_unlock(&collector->lock);
	return v->jobs ? code : -ENOMEM;
}

static void free_jobs(verification *v)
{
	for (size_t i = 0; v->jobs && i < v->count; i++) {
		free(v->jobs[i].path);
		free(v->jobs[i].before.rows);
		free(v->jobs[i].sample.rows);
		free(v->jobs[i].after.rows);
	}
	free(v->jobs);
}

static int read_all(verification *v, int is_after)
{
	int code = 0;

	for (size_t i = 0; i < v->count && code == 0; i++)
		if (!v->jobs[i].is_done)
			code = pcf_verify_read(v->collector, v->jobs[i].path, v->jobs[i].group,
					       is_after ? &v->jobs[i].after : &v->jobs[i].before);
	return code;
}

static uint64_t pending_groups(const verification *v)
{
	uint64_t mask = 0;

	for (size_t i = 0; i < v->count; i++)
		mask |= v->jobs[i].is_done ? 0 : 1ULL << v->jobs[i].group;
	return mask;
}

/* The sampled row of the ring into rows of the group's full width. */
static void take_row(pcf_region *region, uint64_t tick, uint32_t number, const pcf_region_row *entry,
		     pcf_verify_rows *rows)
{
	const pcf_region_column *columns = pcf_region_columns(region);
	uint64_t cells[PCF_MAX_GROUP_COLUMNS], *values;

	if (pcf_region_values(region, tick, number, cells, NULL) < 0)
		return;
	values = pcf_verify_row_find(rows, entry->key, entry->key_len);
	for (uint32_t c = 0; values && c < pcf_region_head(region)->column_count; c++)
		values[columns[c].index] = cells[c];
}

/* Jobs are sorted by slot, so the one of a row is found by its place. */
static job *job_of(verification *v, const pcf_region_row *entry, int group)
{
	size_t low = 0, high = v->count;

	while (low < high) {
		size_t middle = (low + high) / 2;
		const job *at = &v->jobs[middle];

		if (at->slot < entry->slot || (at->slot == entry->slot && at->group < group))
			low = middle + 1;
		else
			high = middle;
	}
	if (low == v->count || v->jobs[low].slot != entry->slot || v->jobs[low].group != group ||
	    v->jobs[low].generation != entry->generation)
		return NULL;
	return v->jobs[low].is_done ? NULL : &v->jobs[low];
}

static void take_samples(verification *v)
{
	uint64_t mask = pending_groups(v);

	for (size_t i = 0; i < v->count; i++)
		pcf_verify_rows_clear(&v->jobs[i].sample);
	for (int g = 0; g < PCF_GROUP_COUNT; g++) {
		pcf_region *region = mask >> g & 1 ? v->collector->regions[g] : NULL;
		uint64_t tick = region ? pcf_region_latest(region) : 0;
		pcf_region_row entry;

		for (uint32_t row = 0; region && row < pcf_region_head(region)->row_high; row++) {
			job *j = pcf_region_row_read(region, row, &entry) == 0 && !entry.gone_tick
					 ? job_of(v, &entry, g)
					 : NULL;

			if (j)
				take_row(region, tick, row, &entry, &j->sample);
		}
	}
}

/* Interfaces of a namespace that several share are in one container's rows only. */
static int may_lack_row(const job *j)
{
	return j->group == PCF_GROUP_NETWORK || j->group == PCF_GROUP_NETWORK_ERRORS;
}

static int is_kept(pcf_region *region, int column)
{
	const pcf_region_column *columns = pcf_region_columns(region);

	for (uint32_t c = 0; c < pcf_region_head(region)->column_count; c++)
		if (columns[c].index == column)
			return 1;
	return 0;
}

/* One row; marks columns to look at again, tells of those that were outside each time they were looked at. */
static void compare_row(verification *v, job *j, const pcf_verify_row *before, uint64_t *outside, int try)
{
	const pcf_verify_row *after = pcf_verify_row_at(&j->after, before->key),
			     *sample = pcf_verify_row_at(&j->sample, before->key);
	const pcf_group_def *group = pcf_group_at(j->group);

	if (!after || (!sample && may_lack_row(j)))
		return;
	for (int c = 0; c < group->columns; c++) {
		const pcf_column_def *column = pcf_column_at(group->first + c);
		uint64_t value = sample ? sample->values[c] : PCF_ABSENT;
		int is_outside;

		if (!is_kept(v->collector->regions[j->group], c))
			continue;
		is_outside = pcf_verify_outside(column, before->values[c], value, after->values[c]);
		if (is_outside < 0)
			continue;
		v->checked++;
		if (!is_outside)
			continue;
		if (!(j->outside[c / 64] >> (c % 64) & 1))
			continue;
		if (try + 1 < (column->kind == PCF_KIND_GAUGE ? GAUGE_TRIES : TRIES)) {
			outside[c / 64] |= 1ULL << (c % 64);
			continue;
		}
		v->found++;
		if (v->report)
			v->report(v->arg, group->name, column->name, j->path, before->key, before->values[c], value,
				  after->values[c]);
	}
}

static void compare(verification *v, job *j, int try)
{
	uint64_t outside[2] = {0, 0};

	for (unsigned i = 0; i < j->before.count; i++)
		compare_row(v, j, &j->before.rows[i], outside, try);
	j->outside[0] &= outside[0];
	j->outside[1] &= outside[1];
	j->is_done = !j->outside[0] && !j->outside[1];
}

static int is_alive(pcf_collector *collector, const job *j)
{
	int alive;

	pthread_mutex_lock(&collector->lock);
	alive = pcf_tenant_is(collector, j->slot, j->generation);
	pthread_mutex_unlock(&collector->lock);
	return alive;
}

static int try_once(verification *v, int try)
{
	uint64_t mask = pending_groups(v);
	int code;

	if (!mask)
		return 0;
	code = read_all(v, 0);
	if (code == 0)
		code = pcf_collector_sample(v->collector, mask, NULL);
	if (code < 0)
		return code;
	take_samples(v);
	code = read_all(v, 1);
	for (size_t i = 0; i < v->count && code == 0; i++) {
		if (v->jobs[i].is_done)
			continue;
		if (is_alive(v->collector, &v->jobs[i]))
			compare(v, &v->jobs[i], try);
		else
			v->jobs[i].is_done = 1;
	}
	return code;
}

int64_t pcf_collector_verify(pcf_collector *collector, pcf_verify_report report, void *arg, uint64_t *checked)
{
	verification v = {.collector = collector, .report = report, .arg = arg};
	int code;

	pcf_collector_enter(collector);
	code = list_jobs(&v);

	for (int i = 0; i < GAUGE_TRIES && code == 0; i++)
		code = try_once(&v, i);
	free_jobs(&v);
	if (checked)
		*checked = v.checked;
	pcf_collector_leave(collector);
	return code < 0 ? code : (int64_t)v.found;
}
