/* Is what the ring says what the kernel says? Text before, one fresh sample, text after; a column must lie between. */
#include "tick/verify.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The text before and after is read file by file, the sample in between: only what is outside each time counts.
 * A gauge of a busy machine (runnable tasks) goes up and comes back between two looks more often than not; it is outside
 * only where it is farther from all texts of this verification than they are from each other. */
#define TRIES            3
#define GAUGE_TRIES      12
/* The ring takes no tick twice, so a fresh sample of a group that is read every ten seconds is waited for: text is read right
 * before it is due, less often, and only where the sample that is there is not what the text says now. */
#define SLOW_NS          1000000000ULL
#define SLOW_GAUGE_TRIES 4
#define LEAD_NS          20000000ULL
#define NAP_NS           50000000ULL

typedef struct {
	char *path;
	uint32_t slot, generation;
	int group;
	int is_done;
	uint64_t outside[2]; /* columns outside in every try so far */
	pcf_verify_rows before, sample, after;
	pcf_verify_rows least, most; /* of gauges that were outside: what all texts so far said */
} job;

typedef struct {
	pcf_collector *collector;
	job *jobs;
	size_t count;
	char *text;
	pcf_verify_report report;
	void *arg;
	uint64_t mask;       /* groups that are looked at now */
	uint64_t reading_ns; /* what reading their text took the last time */
	int is_fresh;        /* the sample was taken since the text before it was read */
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
		free(v->jobs[i].least.rows);
		free(v->jobs[i].most.rows);
	}
	free(v->jobs);
}

static int is_pending(const verification *v, const job *j)
{
	return !j->is_done && (v->mask >> j->group & 1);
}

static void read_all(verification *v, int is_after)
{
	uint64_t began = pcf_now_ns(CLOCK_MONOTONIC);

	for (size_t i = 0; i < v->count; i++)
		if (is_pending(v, &v->jobs[i]))
			pcf_verify_read(v->collector, v->jobs[i].path, v->jobs[i].group, v->text,
					is_after ? &v->jobs[i].after : &v->jobs[i].before);
	v->reading_ns = pcf_now_ns(CLOCK_MONOTONIC) - began;
}

static uint64_t pending_groups(const verification *v)
{
	uint64_t mask = 0;

	for (size_t i = 0; i < v->count; i++)
		mask |= is_pending(v, &v->jobs[i]) ? 1ULL << v->jobs[i].group : 0;
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
	return is_pending(v, &v->jobs[low]) ? &v->jobs[low] : NULL;
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

/* Interfaces and sockets of a namespace that several share are in one container's rows only. Of an old sample it says
 * nothing: the container may be younger. */
static int may_lack_row(const verification *v, const job *j)
{
	return v->is_fresh && pcf_verify_is_network(j->group);
}

static int is_kept(pcf_region *region, int column)
{
	const pcf_region_column *columns = pcf_region_columns(region);

	for (uint32_t c = 0; c < pcf_region_head(region)->column_count; c++)
		if (columns[c].index == column)
			return 1;
	return 0;
}

/* The span of a gauge in all texts so far, this try's included, which begins as before and after. Returns how far outside
 * of it the gauge may be after that: as far as the texts are from each other. */
static uint64_t span_of(job *j, const char *key, int column, uint64_t *low, uint64_t *high)
{
	const pcf_verify_row *least = pcf_verify_row_at(&j->least, key), *most = pcf_verify_row_at(&j->most, key);

	if (!least || !most || least->values[column] == PCF_ABSENT || *low == PCF_ABSENT || *high == PCF_ABSENT)
		return 0;
	if (*low > *high) {
		uint64_t swapped = *low;

		*low = *high;
		*high = swapped;
	}
	*low = *low < least->values[column] ? *low : least->values[column];
	*high = *high > most->values[column] ? *high : most->values[column];
	return *high < PCF_UNLIMITED ? *high - *low : 0;
}

static void keep_span(job *j, const char *key, int column, uint64_t before, uint64_t after)
{
	uint64_t *least = pcf_verify_row_find(&j->least, key, strlen(key)),
		 *most = pcf_verify_row_find(&j->most, key, strlen(key));

	if (!least || !most || before == PCF_ABSENT || after == PCF_ABSENT)
		return;
	least[column] = before < after ? before : after;
	most[column] = before < after ? after : before;
}

/* One row; marks columns to look at again, tells of those that were outside each time they were looked at. */
static void compare_row(verification *v, job *j, const pcf_verify_row *before, uint64_t *outside, int try,
			int gauge_tries)
{
	const pcf_verify_row *after = pcf_verify_row_at(&j->after, before->key),
			     *sample = pcf_verify_row_at(&j->sample, before->key);
	const pcf_group_def *group = pcf_group_at(j->group);

	if (!after || (!sample && may_lack_row(v, j)))
		return;
	for (int c = 0; c < group->columns; c++) {
		const pcf_column_def *column = pcf_column_at(group->first + c);
		uint64_t value = sample ? sample->values[c] : PCF_ABSENT;
		uint64_t low = before->values[c], high = after->values[c], slack = 0;
		int is_outside;

		if (!is_kept(v->collector->regions[j->group], c))
			continue;
		if (column->kind == PCF_KIND_GAUGE)
			slack = span_of(j, before->key, c, &low, &high);
		is_outside = pcf_verify_outside(
			column, low > slack ? low - slack : 0, value, high + slack,
			v->collector->plan.group[j->group].walked[c] ? v->collector->host.cores_online : 0,
			j->group == PCF_GROUP_CPU ? after->values[PCF_CPU_USAGE_NS] : PCF_ABSENT);
		if (is_outside < 0)
			continue;
		v->checked++;
		if (!is_outside)
			continue;
		if (!(j->outside[c / 64] >> (c % 64) & 1))
			continue;
		if (column->kind == PCF_KIND_GAUGE)
			keep_span(j, before->key, c, low, high);
		if (try + 1 < (column->kind == PCF_KIND_GAUGE ? gauge_tries : TRIES)) {
			outside[c / 64] |= 1ULL << (c % 64);
			continue;
		}
		v->found++;
		if (v->report)
			v->report(v->arg, group->name, column->name, j->path, before->key, low, value, high);
	}
}

static void compare(verification *v, job *j, int try, int gauge_tries)
{
	uint64_t outside[2] = {0, 0};

	for (unsigned i = 0; i < j->before.count; i++)
		compare_row(v, j, &j->before.rows[i], outside, try, gauge_tries);
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

static void compare_all(verification *v, int try, int gauge_tries)
{
	for (size_t i = 0; i < v->count; i++) {
		if (!is_pending(v, &v->jobs[i]))
			continue;
		if (is_alive(v->collector, &v->jobs[i]))
			compare(v, &v->jobs[i], try, gauge_tries);
		else
			v->jobs[i].is_done = 1;
	}
}

static int try_once(verification *v, int try, int gauge_tries)
{
	uint64_t mask = pending_groups(v);
	int code;

	if (!mask)
		return 0;
	read_all(v, 0);
	code = pcf_collector_sample(v->collector, mask, NULL);
	if (code < 0)
		return code;
	take_samples(v);
	read_all(v, 1);
	v->is_fresh = 1;
	compare_all(v, try, gauge_tries);
	return 0;
}

/* ---- groups that are read now and then ---- */

static uint64_t interval_of(const verification *v, int group)
{
	return v->collector->stride[group] * v->collector->plan.base_ns;
}

static uint64_t slow_groups(const verification *v)
{
	uint64_t mask = 0;

	for (int g = 0; g < PCF_GROUP_COUNT; g++)
		mask |= (uint64_t)(interval_of(v, g) > SLOW_NS) << g;
	return mask;
}

/* Is done with what the last sample says just as the text does now: most of it changes seldom. */
static void look_at_latest(verification *v)
{
	read_all(v, 0);
	read_all(v, 1);
	take_samples(v);
	v->is_fresh = 0;
	compare_all(v, 0, SLOW_GAUGE_TRIES);
}

/* Until all that is pending is about to be sampled. */
static int await_deadline(const verification *v)
{
	uint64_t mask = pending_groups(v), now = pcf_now_ns(CLOCK_MONOTONIC), at = 0;

	for (int g = 0; g < PCF_GROUP_COUNT; g++)
		if (mask >> g & 1) {
			uint64_t next = (now / interval_of(v, g) + 1) * interval_of(v, g);

			at = next > at ? next : at;
		}
	at -= 2 * v->reading_ns + LEAD_NS;
	for (; now < at; now = pcf_now_ns(CLOCK_MONOTONIC)) {
		uint64_t left = at - now < NAP_NS ? at - now : NAP_NS;

		if (!atomic_load(&v->collector->running))
			return -ESHUTDOWN;
		nanosleep(&(struct timespec){.tv_nsec = (long)left}, NULL);
	}
	return 0;
}

static int verify_slow(verification *v)
{
	int code = 0;

	v->mask = slow_groups(v);
	look_at_latest(v);
	for (int i = 1; i < SLOW_GAUGE_TRIES && code == 0 && pending_groups(v); i++) {
		code = await_deadline(v);
		if (code == 0)
			code = try_once(v, i, SLOW_GAUGE_TRIES);
	}
	return code;
}

static int verify_quick(verification *v)
{
	int code = 0;

	v->mask = ~slow_groups(v);
	for (int i = 0; i < GAUGE_TRIES && code == 0; i++)
		code = try_once(v, i, GAUGE_TRIES);
	return code;
}

int64_t pcf_collector_verify(pcf_collector *collector, pcf_verify_report report, void *arg, uint64_t *checked)
{
	verification v = {.collector = collector, .report = report, .arg = arg, .text = malloc(PCF_VERIFY_TEXT_BYTES)};
	int code;

	pcf_collector_enter(collector);
	code = v.text ? list_jobs(&v) : -ENOMEM;
	if (code == 0)
		code = verify_quick(&v);
	if (code == 0)
		code = verify_slow(&v);
	free_jobs(&v);
	free(v.text);
	if (checked)
		*checked = v.checked;
	pcf_collector_leave(collector);
	return code < 0 ? code : (int64_t)v.found;
}
