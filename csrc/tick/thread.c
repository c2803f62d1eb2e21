/* The tick thread: sleeps until the next deadline, a command, or something a source wants to know. */
#include <errno.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "tick/collector.h"

static void arm(pcf_collector *collector, uint64_t tick)
{
	uint64_t at = tick * collector->plan.base_ns;
	struct itimerspec when = {
		.it_value = {.tv_sec = (time_t)(at / 1000000000), .tv_nsec = (long)(at % 1000000000)}};

	timerfd_settime(collector->timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
}

static void drain(int fd)
{
	uint64_t count;
	ssize_t n = read(fd, &count, sizeof count);

	(void)n;
}

/* Deadlines that passed while an earlier pass ran are not made up for; after too long a sleep the latest one counts. */
static void on_deadline(pcf_collector *collector, uint64_t *next)
{
	uint64_t now = pcf_now_ns(CLOCK_MONOTONIC), base = collector->plan.base_ns, tick;

	drain(collector->timer_fd);
	if (now / base < *next)
		return;
	/* Whoever adds a container and then waits for a pass finds it there. */
	pcf_commands_do(collector);
	tick = pcf_schedule_last(collector->stride, PCF_GROUP_COUNT, now / base);
	if (tick < *next)
		tick = *next;
	pcf_pass_scheduled(collector, tick, now);
	now = pcf_now_ns(CLOCK_MONOTONIC);
	*next = pcf_schedule_next(collector->stride, PCF_GROUP_COUNT, now / base > tick ? now / base : tick);
	arm(collector, *next);
}

/* In this order: a pass that was asked for has everything that was added before, and counts as begun only then. */
static void on_wake(pcf_collector *collector)
{
	uint64_t now;
	int is_wanted;

	drain(collector->wake_fd);
	is_wanted = atomic_exchange(&collector->wants_pass, 0);
	now = pcf_now_ns(CLOCK_MONOTONIC);
	pcf_commands_do(collector);
	if (is_wanted)
		pcf_pass_extra(collector, now);
}

static void on_source(pcf_collector *collector, int index)
{
	if (index >= 0 && index < collector->source_count)
		collector->sources[index]->ops->event(collector->sources[index]);
}

void *pcf_tick_thread(void *arg)
{
	pcf_collector *collector = arg;
	struct epoll_event events[4];
	uint64_t next = pcf_schedule_next(collector->stride, PCF_GROUP_COUNT,
					  pcf_now_ns(CLOCK_MONOTONIC) / collector->plan.base_ns);

	(void)prctl(PR_SET_NAME, "pcf-tick");
	arm(collector, next);
	while (!atomic_load(&collector->stopping)) {
		int n = epoll_wait(collector->epoll_fd, events, 4, -1), is_due = 0;

		if (n < 0 && errno != EINTR)
			break;
		/* Removals first: what is gone is not read. */
		for (int i = 0; i < n; i++) {
			if (events[i].data.fd == collector->wake_fd)
				on_wake(collector);
			else if (events[i].data.fd == collector->timer_fd)
				is_due = 1;
			else
				on_source(collector, -2 - events[i].data.fd);
		}
		if (is_due && !atomic_load(&collector->stopping))
			on_deadline(collector, &next);
	}
	return NULL;
}
