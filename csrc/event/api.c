/* What a program asks of the events object while it runs, and what a reader of the log may ask. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "event/events.h"
#include "ring/atomic.h"
#include "schema/error.h"

int pcf_events_append(pcf_events *events, const pcf_event *event, uint64_t *seq)
{
	pcf_event copy = *event;
	uint64_t written;

	if (events->is_reader || event->kind == 0 || event->kind >= PCF_EVENT_KINDS)
		return -EINVAL;
	pthread_mutex_lock(&events->lock);
	pcf_events_look_at_clock(events);
	if (copy.path[0])
		pcf_event_find_box(events, &copy);
	written = pcf_event_write(events, &copy);
	pcf_events_publish(events);
	pthread_mutex_unlock(&events->lock);
	if (seq)
		*seq = written;
	return 0;
}

int pcf_events_tell(pcf_events *events, const pcf_event *event)
{
	if (events->is_reader || event->kind == 0 || event->kind >= PCF_EVENT_KINDS)
		return -EINVAL;
	pthread_mutex_lock(&events->lock);
	pcf_events_look_at_clock(events);
	events->services[event->kind].told++;
	pcf_event_tell(events, event);
	pcf_events_publish(events);
	pthread_mutex_unlock(&events->lock);
	return 0;
}

void pcf_events_tell_lost(pcf_events *events, int kind, int source, uint64_t count)
{
	if (events->is_reader || kind <= 0 || kind >= PCF_EVENT_KINDS)
		return;
	pthread_mutex_lock(&events->lock);
	pcf_event_lose(events, kind, source, count);
	pcf_events_publish(events);
	pthread_mutex_unlock(&events->lock);
}

void pcf_events_identify(pcf_events *events, const char *path, uint64_t handle, const char *runtime, const char *id,
			 const char *name)
{
	pcf_box *box, *made;

	if (events->is_reader)
		return;
	pthread_mutex_lock(&events->lock);
	box = pcf_boxes_by_path(events->boxes, path);
	if (!box || box->is_gone) {
		made = pcf_boxes_make(events->boxes, path);
		if (made && made->node_count == 0)
			pcf_boxes_drop(events->boxes, made); /* gone already: who told is late */
		else
			box = made;
	}
	if (box)
		pcf_boxes_identify(box, handle, runtime, id, name);
	pthread_mutex_unlock(&events->lock);
}

/* The newest of that path, when its box is forgotten already. */
static int amend_by_search(pcf_events *events, const char *path, int code)
{
	pcf_events_query query = {.kinds = PCF_EVENT_BIT(PCF_EVENT_CONTAINER_EXIT), .path = path, .is_newest_first = 1};
	pcf_event event;

	if (pcf_event_log_read(&events->log, &query, &event, 1) != 1)
		return -ENOENT;
	return pcf_event_log_amend(&events->log, event.seq, PCF_EVENT_CONTAINER_EXIT, code);
}

int pcf_events_runtime_exit(pcf_events *events, const char *path, int code)
{
	pcf_box *box;
	int result = 0;

	if (events->is_reader)
		return -EINVAL;
	pthread_mutex_lock(&events->lock);
	box = pcf_boxes_by_path(events->boxes, path);
	if (box && !box->has_exited && !box->is_gone)
		box->runtime_code = code;
	else if (box && box->exit_seq)
		result = pcf_event_log_amend(&events->log, box->exit_seq, PCF_EVENT_CONTAINER_EXIT, code);
	else
		result = amend_by_search(events, path, code);
	pthread_mutex_unlock(&events->lock);
	return result;
}

int64_t pcf_events_counters(pcf_events *events, pcf_event_counters *out, uint32_t max)
{
	for (int i = 0; !events->is_reader && i < events->source_count; i++)
		if (events->sources[i]->ops->counters)
			return events->sources[i]->ops->counters(events->sources[i], out, max);
	return -ENOSYS;
}

int pcf_events_attach(pcf_events **out, const char *dir, pcf_error *err)
{
	pcf_events *events = calloc(1, sizeof *events);
	int code;

	*out = NULL;
	if (!events)
		return pcf_error_say(err, -ENOMEM, "%s: no memory", dir);
	events->is_reader = 1;
	events->epoll_fd = events->wake_fd = events->news_fd = -1;
	pthread_mutex_init(&events->lock, NULL);
	code = pcf_event_log_attach(&events->log, dir, err);
	if (code < 0) {
		free(events);
		return code;
	}
	*out = events;
	return 0;
}

int pcf_events_replaced(const pcf_events *events)
{
	return pcf_ring_file_replaced(&events->log.file);
}

int pcf_events_is_written(const pcf_events *events)
{
	return !events->is_reader || pcf_ring_file_is_written(&events->log.file);
}

uint64_t pcf_events_latest(const pcf_events *events)
{
	return pcf_load(&events->log.head->latest);
}

uint64_t pcf_events_epoch(const pcf_events *events)
{
	return events->log.shape.created_ns;
}

int64_t pcf_events_read(const pcf_events *events, const pcf_events_query *query, pcf_event *out, uint32_t max)
{
	return pcf_event_log_read(&events->log, query, out, max);
}

/* One that waits for another process's records looks up now and then whether it is being closed. */
static int wait_attached(const pcf_events *events, uint64_t after, int timeout_ms, uint64_t *latest)
{
	const int step = 200;
	int code;

	do {
		int now = timeout_ms < 0 || timeout_ms > step ? step : timeout_ms;

		code = pcf_event_log_wait(&events->log, after, now, &events->stopping, latest);
		if (timeout_ms >= 0)
			timeout_ms -= now;
	} while (code == -ETIMEDOUT && timeout_ms != 0);
	return code;
}

int pcf_events_wait(const pcf_events *events, uint64_t after_seq, int timeout_ms, uint64_t *latest)
{
	int *inside = (int *)(uintptr_t)&events->inside; /* the one thing a reader changes */
	int code;

	__atomic_fetch_add(inside, 1, __ATOMIC_ACQ_REL);
	code = events->is_reader ? wait_attached(events, after_seq, timeout_ms, latest)
				 : pcf_event_log_wait(&events->log, after_seq, timeout_ms, &events->stopping, latest);
	__atomic_fetch_sub(inside, 1, __ATOMIC_ACQ_REL);
	return code;
}

int pcf_events_fd(const pcf_events *events)
{
	return events->news_fd;
}
