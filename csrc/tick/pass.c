/* One pass: every group that is due, one after the other, so that the time of each is known. */
#include <time.h>
#include <unistd.h>

#include "tick/collector.h"

typedef struct {
	uint64_t began_ns, realtime_ns;
	uint64_t done; /* groups sampled, by bit */
} pass_times;

static void sample(pcf_collector *collector, pcf_pass *pass)
{
	if (pass->group == PCF_GROUP_TICK) {
		pcf_self_sample(collector, pass);
		return;
	}
	for (int i = 0; i < collector->source_count; i++)
		if (collector->sources[i]->ops->groups >> pass->group & 1)
			collector->sources[i]->ops->sample(collector->sources[i], pass);
}

static void count(pcf_collector *collector, pcf_group_state *state, const pcf_pass *pass, uint64_t wall_ns, uint64_t cpu_ns)
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

static void run_group(pcf_collector *collector, int group, uint64_t tick, pass_times *times)
{
	pcf_pass pass = {.group = group, .tick = tick, .began_ns = times->began_ns};
	uint64_t wall = pcf_now_ns(CLOCK_MONOTONIC), cpu = pcf_now_ns(CLOCK_THREAD_CPUTIME_ID);

	pcf_region_begin(collector->regions[group], tick, times->began_ns, times->realtime_ns);
	sample(collector, &pass);
	wall = pcf_now_ns(CLOCK_MONOTONIC) - wall;
	cpu = pcf_now_ns(CLOCK_THREAD_CPUTIME_ID) - cpu;
	pcf_region_end(collector->regions[group], wall, cpu);
	count(collector, &collector->state[group], &pass, wall, cpu);
	collector->state[group].last_tick = tick;
	times->done |= 1ULL << group;
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
		uint64_t missed = state->skipped_from ? pcf_schedule_missed(collector->stride[g], state->skipped_from, tick) : 0;

		state->values[PCF_TICK_SKIPPED] += missed;
		if (tick - 1 > state->skipped_from)
			state->skipped_from = tick - 1;
		most = missed > most ? missed : most;
	}
	atomic_fetch_add(&collector->skipped, most);
}

void pcf_pass_scheduled(pcf_collector *collector, uint64_t tick, uint64_t now_ns)
{
	pass_times times = {.began_ns = now_ns, .realtime_ns = pcf_now_ns(CLOCK_REALTIME)};
	uint64_t due_ns = tick * collector->plan.base_ns, lateness = now_ns > due_ns ? now_ns - due_ns : 0;

	count_skipped(collector, tick);
	for (int g = 0; g < PCF_GROUP_COUNT; g++)
		if (collector->stride[g] && tick % collector->stride[g] == 0) {
			pcf_self_late(&collector->state[g], lateness);
			run_group(collector, g, tick, &times);
			collector->state[g].skipped_from = tick;
		}
	if (lateness > atomic_load(&collector->lateness_max_ns))
		atomic_store(&collector->lateness_max_ns, lateness);
	publish(collector, tick, &times);
}

void pcf_pass_extra(pcf_collector *collector, uint64_t now_ns)
{
	pass_times times = {.began_ns = now_ns, .realtime_ns = pcf_now_ns(CLOCK_REALTIME)};
	uint64_t latest = 0;

	for (int g = 0; g < PCF_GROUP_COUNT; g++) {
		uint64_t stride = collector->stride[g], tick = stride ? now_ns / collector->plan.base_ns / stride * stride : 0;

		/* The ring may have this tick from an earlier collector. */
		if (!stride || tick <= collector->state[g].last_tick || tick <= pcf_region_latest(collector->regions[g]))
			continue;
		run_group(collector, g, tick, &times);
		latest = tick > latest ? tick : latest;
	}
	if (times.done)
		publish(collector, latest, &times);
}
