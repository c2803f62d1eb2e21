/* One pass: every group that is due. */
#include <time.h>
#include <unistd.h>

#include "tick/collector.h"

typedef struct {
	uint64_t began_ns, realtime_ns;
	uint64_t done; /* groups sampled, by bit */
} pass_times;

static void count(pcf_collector *collector, pcf_group_state *state, const pcf_pass *pass, uint64_t wall_ns,
		  uint64_t cpu_ns)
{
	state->values[PCF_TICK_TICKS]++;
	state->values[PCF_TICK_WALL_NS] += wall_ns;
	state->values[PCF_TICK_CPU_NS] += cpu_ns;
	state->values[PCF_TICK_ROWS] += pass->rows;
	state->values[PCF_TICK_READS] += pass->reads;
	state->values[PCF_TICK_READ_ERRORS] += pass->read_errors;
	state->values[PCF_TICK_UNREPRESENTABLE] += pass->unrepresentable;
	atomic_fetch_add_explicit(&collector->rows, pass->rows, memory_order_relaxed);
	atomic_fetch_add_explicit(&collector->reads, pass->reads, memory_order_relaxed);
	atomic_fetch_add_explicit(&collector->read_errors, pass->read_errors, memory_order_relaxed);
	atomic_fetch_add_explicit(&collector->unrepresentable, pass->unrepresentable, memory_order_relaxed);
	atomic_fetch_add_explicit(&collector->rows_refused, pass->rows_refused, memory_order_relaxed);
	atomic_fetch_add_explicit(&collector->truncated, pass->truncated, memory_order_relaxed);
}

static void sample_one(pcf_source *source, pcf_pass *pass)
{
	uint64_t began = pcf_now_ns(CLOCK_MONOTONIC);

	source->ops->sample(source, pass);
	pass->wall_ns = pcf_now_ns(CLOCK_MONOTONIC) - began;
}

/* Its groups among the passes; each gets the share of the CPU time that it had of the time. */
static void run_source(pcf_collector *collector, pcf_source *source, pcf_pass *passes, int count_of)
{
	uint64_t cpu = pcf_now_ns(CLOCK_THREAD_CPUTIME_ID), wall = 0;

	if (source->ops->sample_groups)
		source->ops->sample_groups(source, passes, count_of);
	else
		for (int i = 0; i < count_of; i++)
			sample_one(source, &passes[i]);
	cpu = pcf_now_ns(CLOCK_THREAD_CPUTIME_ID) - cpu;
	for (int i = 0; i < count_of; i++)
		wall += passes[i].wall_ns;
	for (int i = 0; i < count_of; i++) {
		pcf_pass *pass = &passes[i];
		uint64_t share = wall ? (uint64_t)((double)cpu * (double)pass->wall_ns / (double)wall) : 0;

		pcf_region_end(collector->regions[pass->group], pass->wall_ns, share);
		if (source->ops->is_claiming)
			pcf_region_idle_release(collector->regions[pass->group]);
		count(collector, &collector->state[pass->group], pass, pass->wall_ns, share);
	}
}

static void run_self(pcf_collector *collector, pcf_pass *pass)
{
	uint64_t wall = pcf_now_ns(CLOCK_MONOTONIC), cpu = pcf_now_ns(CLOCK_THREAD_CPUTIME_ID);

	pcf_self_sample(collector, pass);
	wall = pcf_now_ns(CLOCK_MONOTONIC) - wall;
	cpu = pcf_now_ns(CLOCK_THREAD_CPUTIME_ID) - cpu;
	pcf_region_end(collector->regions[PCF_GROUP_TICK], wall, cpu);
	count(collector, &collector->state[PCF_GROUP_TICK], pass, wall, cpu);
}

static pcf_pass begin(pcf_collector *collector, int group, uint64_t tick, pass_times *times)
{
	pcf_region_begin(collector->regions[group], tick, times->began_ns, times->realtime_ns);
	collector->state[group].last_tick = tick;
	times->done |= 1ULL << group;
	return (pcf_pass){.group = group, .tick = tick, .began_ns = times->began_ns};
}

/* A group that no source has anything for still has its ticks, empty: whoever waits for them must not wait for ever. */
static void run_orphans(pcf_collector *collector, const uint64_t *ticks, pass_times *times)
{
	for (int g = 0; g < PCF_GROUP_COUNT; g++) {
		pcf_pass pass;

		if (!ticks[g] || g == PCF_GROUP_TICK || (times->done >> g & 1))
			continue;
		pass = begin(collector, g, ticks[g], times);
		pcf_region_end(collector->regions[g], 0, 0);
		count(collector, &collector->state[g], &pass, 0, 0);
	}
}

/* ticks: by group, 0 = not now. The group about the ticks comes last, to tell of the others. */
static void run(pcf_collector *collector, const uint64_t *ticks, pass_times *times)
{
	pcf_pass passes[PCF_GROUP_COUNT], self;

	for (int i = 0; i < collector->source_count; i++) {
		int due = 0;

		for (int g = 0; g < PCF_GROUP_COUNT; g++)
			if (ticks[g] && g != PCF_GROUP_TICK && (collector->sources[i]->ops->groups >> g & 1))
				passes[due++] = begin(collector, g, ticks[g], times);
		if (due)
			run_source(collector, collector->sources[i], passes, due);
	}
	run_orphans(collector, ticks, times);
	if (ticks[PCF_GROUP_TICK]) {
		self = begin(collector, PCF_GROUP_TICK, ticks[PCF_GROUP_TICK], times);
		run_self(collector, &self);
	}
}

static void publish(pcf_collector *collector, uint64_t tick, const pass_times *times)
{
	uint64_t one = 1;
	ssize_t n;

	if (tick > atomic_load(&collector->latest_tick))
		atomic_store(&collector->latest_tick, tick);
	atomic_fetch_add(&collector->ticks, 1);
	atomic_store(&collector->cpu_ns, pcf_now_ns(CLOCK_THREAD_CPUTIME_ID));
	pthread_mutex_lock(&collector->done_lock);
	collector->passes_tick = atomic_load(&collector->latest_tick);
	for (int g = 0; g < PCF_GROUP_COUNT; g++)
		if (times->done >> g & 1)
			collector->state[g].begun_ns = times->began_ns;
	pthread_cond_broadcast(&collector->done);
	pthread_mutex_unlock(&collector->done_lock);
	n = write(collector->tick_fd, &one, sizeof one);
	(void)n; /* full means that nobody reads it */
}

/* Ticks between the last one of a group and this pass that will never be done. */
static void count_skipped(pcf_collector *collector, uint64_t tick)
{
	uint64_t most = 0;

	for (int g = 0; g < PCF_GROUP_COUNT; g++) {
		pcf_group_state *state = &collector->state[g];
		uint64_t missed =
			state->skipped_from ? pcf_schedule_missed(collector->stride[g], state->skipped_from, tick) : 0;

		state->values[PCF_TICK_SKIPPED] += missed;
		if (tick - 1 > state->skipped_from)
			state->skipped_from = tick - 1;
		most = missed > most ? missed : most;
	}
	atomic_fetch_add(&collector->skipped, most);
}

/* By a pass that was asked for before its deadline came, or by an earlier collector: the ring takes no tick twice, and
 * whoever waits for a pass that begins from now on must not be told of this one. */
static int is_past(const pcf_collector *collector, int group, uint64_t tick)
{
	return tick <= collector->state[group].last_tick || tick <= pcf_region_latest(collector->regions[group]);
}

/* After a pause of a whole round of the ring a tick would be written over the only one that can still be read. It is left
 * out, as those before it were; the next one lies elsewhere. */
static int is_over_latest(const pcf_collector *collector, int group, uint64_t tick)
{
	uint64_t latest = pcf_region_latest(collector->regions[group]);

	return latest && tick > latest &&
	       (tick - latest) % (collector->stride[group] * collector->plan.group[group].ring_len) == 0;
}

void pcf_pass_scheduled(pcf_collector *collector, uint64_t tick, uint64_t now_ns)
{
	pass_times times = {.began_ns = now_ns, .realtime_ns = pcf_now_ns(CLOCK_REALTIME)};
	uint64_t due_ns = tick * collector->plan.base_ns, lateness = now_ns > due_ns ? now_ns - due_ns : 0;
	uint64_t ticks[PCF_GROUP_COUNT] = {0};

	count_skipped(collector, tick);
	for (int g = 0; g < PCF_GROUP_COUNT; g++)
		if (collector->stride[g] && tick % collector->stride[g] == 0 && !is_over_latest(collector, g, tick)) {
			ticks[g] = is_past(collector, g, tick) ? 0 : tick;
			pcf_self_late(&collector->state[g], lateness);
			collector->state[g].skipped_from = tick;
		}
	run(collector, ticks, &times);
	if (lateness > atomic_load(&collector->lateness_max_ns))
		atomic_store(&collector->lateness_max_ns, lateness);
	publish(collector, tick, &times);
}

void pcf_pass_extra(pcf_collector *collector, uint64_t now_ns)
{
	pass_times times = {.began_ns = now_ns, .realtime_ns = pcf_now_ns(CLOCK_REALTIME)};
	uint64_t ticks[PCF_GROUP_COUNT] = {0}, latest = 0;

	for (int g = 0; g < PCF_GROUP_COUNT; g++) {
		uint64_t stride = collector->stride[g],
			 tick = stride ? now_ns / collector->plan.base_ns / stride * stride : 0;

		if (!stride || is_past(collector, g, tick) || is_over_latest(collector, g, tick))
			continue;
		ticks[g] = tick;
		latest = tick > latest ? tick : latest;
	}
	if (!latest)
		return;
	run(collector, ticks, &times);
	publish(collector, latest, &times);
}
