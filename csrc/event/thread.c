/* The events thread: sleeps until a source has something, a container has been empty long enough, or somebody calls. */
#include <errno.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "event/events.h"
#include "ring/atomic.h"

static int shorter(int a, int b)
{
	return a < 0 ? b : b < 0 || a < b ? a : b;
}

static int until(uint64_t at_ns, uint64_t now_ns)
{
	if (!at_ns)
		return -1;
	return at_ns <= now_ns ? 0
			       : (int)((at_ns - now_ns) / 1000000 + 1 < 60000 ? (at_ns - now_ns) / 1000000 + 1 : 60000);
}

void pcf_events_drain(pcf_events *events)
{
	pcf_events_look_at_clock(events);
	for (int i = 0; i < events->source_count; i++)
		events->sources[i]->ops->drain(events->sources[i]);
	if (events->has_lost_cgroup) {
		events->has_lost_cgroup = 0;
		pcf_boxes_check(events->boxes, pcf_now_ns(CLOCK_MONOTONIC));
	}
}

/* How long the thread may sleep. */
static int turn(pcf_events *events)
{
	int timeout = -1;
	uint64_t now, next;

	pthread_mutex_lock(&events->lock);
	pcf_events_drain(events);
	now = pcf_now_ns(CLOCK_MONOTONIC);
	next = pcf_boxes_expire(events->boxes, now);
	pcf_events_publish(events);
	timeout = until(next, now);
	for (int i = 0; i < events->source_count; i++)
		if (events->sources[i]->ops->timeout_ms)
			timeout = shorter(timeout, events->sources[i]->ops->timeout_ms(events->sources[i]));
	pthread_mutex_unlock(&events->lock);
	return timeout;
}

static void forget_wake(int fd)
{
	uint64_t count;
	ssize_t n = read(fd, &count, sizeof count);

	(void)n;
}

void *pcf_events_thread(void *arg)
{
	pcf_events *events = arg;
	struct epoll_event ready[8];

	(void)prctl(PR_SET_NAME, "pcf-events");
	while (!pcf_load(&events->stopping)) {
		int timeout = turn(events), n;

		pcf_store(&events->cpu_ns, pcf_now_ns(CLOCK_THREAD_CPUTIME_ID));
		n = epoll_wait(events->epoll_fd, ready, 8, timeout);
		if (n < 0 && errno != EINTR)
			break;
		for (int i = 0; i < n; i++)
			if (ready[i].data.fd == events->wake_fd)
				forget_wake(events->wake_fd);
	}
	return NULL;
}
