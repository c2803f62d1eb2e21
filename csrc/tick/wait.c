/* Waiting for passes. */
#include <errno.h>
#include <time.h>

#include "tick/collector.h"

static struct timespec deadline(int timeout_ms)
{
	uint64_t at = pcf_now_ns(CLOCK_MONOTONIC) + (uint64_t)timeout_ms * 1000000;

	return (struct timespec){.tv_sec = (time_t)(at / 1000000000), .tv_nsec = (long)(at % 1000000000)};
}

void pcf_collector_enter(pcf_collector *collector)
{
	pthread_mutex_lock(&collector->done_lock);
	collector->inside++;
	pthread_mutex_unlock(&collector->done_lock);
}

void pcf_collector_leave(pcf_collector *collector)
{
	pthread_mutex_lock(&collector->done_lock);
	if (--collector->inside == 0)
		pthread_cond_broadcast(&collector->done);
	pthread_mutex_unlock(&collector->done_lock);
}

void pcf_collector_await_empty(pcf_collector *collector)
{
	pthread_mutex_lock(&collector->done_lock);
	while (collector->inside > 0)
		pthread_cond_wait(&collector->done, &collector->done_lock);
	pthread_mutex_unlock(&collector->done_lock);
}

int pcf_collector_wait(pcf_collector *collector, uint64_t tick, int timeout_ms, uint64_t *latest)
{
	struct timespec until = deadline(timeout_ms < 0 ? 0 : timeout_ms);
	int code = 0;

	pcf_collector_enter(collector);
	pthread_mutex_lock(&collector->done_lock);
	while (collector->passes_tick <= tick && code == 0) {
		if (!atomic_load(&collector->running))
			code = -ESHUTDOWN;
		else if (timeout_ms < 0)
			pthread_cond_wait(&collector->done, &collector->done_lock);
		else if (pthread_cond_timedwait(&collector->done, &collector->done_lock, &until) == ETIMEDOUT &&
			 collector->passes_tick <= tick)
			code = -ETIMEDOUT;
	}
	if (latest)
		*latest = collector->passes_tick;
	pthread_mutex_unlock(&collector->done_lock);
	pcf_collector_leave(collector);
	return code;
}

/* Under done_lock: whether every group of mask began a sample after since_ns. */
static int all_since(const pcf_collector *collector, uint64_t mask, uint64_t since_ns)
{
	for (int g = 0; g < PCF_GROUP_COUNT; g++)
		if ((mask >> g & 1) && collector->state[g].begun_ns <= since_ns)
			return 0;
	return 1;
}

int pcf_collector_sample(pcf_collector *collector, uint64_t groups_mask, uint64_t *tick)
{
	uint64_t on = 0, since;
	int code = 0;

	pcf_collector_enter(collector);
	for (int g = 0; g < PCF_GROUP_COUNT; g++)
		on |= (uint64_t)(collector->stride[g] > 0) << g;
	on &= groups_mask ? groups_mask : on;
	for (int i = 0; i < collector->source_count; i++)
		if (collector->sources[i]->ops->gather)
			collector->sources[i]->ops->gather(collector->sources[i], on);
	since = pcf_now_ns(CLOCK_MONOTONIC);
	atomic_store(&collector->wants_pass, 1);
	pcf_collector_wake(collector);
	pthread_mutex_lock(&collector->done_lock);
	while (code == 0 && !all_since(collector, on, since)) {
		if (!atomic_load(&collector->running))
			code = -ESHUTDOWN;
		else
			pthread_cond_wait(&collector->done, &collector->done_lock);
	}
	if (tick)
		*tick = collector->passes_tick;
	pthread_mutex_unlock(&collector->done_lock);
	pcf_collector_leave(collector);
	return code;
}

int pcf_collector_tick_fd(pcf_collector *collector)
{
	return collector->tick_fd;
}
