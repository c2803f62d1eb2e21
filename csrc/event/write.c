/* A record on its way into the log: its times, who and where it is. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "event/events.h"
#include "event/fallback.h"
#include "ring/atomic.h"

void pcf_events_look_at_clock(pcf_events *events)
{
	uint64_t before = pcf_now_ns(CLOCK_MONOTONIC), wall = pcf_now_ns(CLOCK_REALTIME),
		 after = pcf_now_ns(CLOCK_MONOTONIC);

	events->wall_ns = wall - (before + (after - before) / 2);
}

uint64_t pcf_event_write(pcf_events *events, pcf_event *event)
{
	if (!event->monotonic_ns)
		event->monotonic_ns = pcf_now_ns(CLOCK_MONOTONIC);
	if (!event->realtime_ns)
		event->realtime_ns = event->monotonic_ns + events->wall_ns;
	events->services[event->kind].logged++;
	events->has_news = 1;
	return pcf_event_log_write(&events->log, event);
}

void pcf_events_publish(pcf_events *events)
{
	uint64_t one = 1;
	ssize_t n;

	if (!events->has_news)
		return;
	events->has_news = 0;
	pcf_event_log_wake(&events->log);
	n = write(events->news_fd, &one, sizeof one);
	(void)n;
}

void pcf_event_of_box(pcf_event *event, const pcf_box *box)
{
	if (!event->handle)
		event->handle = box->handle;
	if (!event->runtime[0])
		memcpy(event->runtime, box->runtime, sizeof event->runtime);
	if (!event->id[0])
		memcpy(event->id, box->id, sizeof event->id);
	if (!event->name[0] && box->name)
		snprintf(event->name, sizeof event->name, "%s", box->name);
	if (!event->path[0])
		pcf_event_place(event, box->path);
	if (!event->cgroup_id && box->node_count) {
		event->cgroup_id = box->nodes[0].cgroup_id;
		event->hierarchy_id = box->nodes[0].hierarchy_id;
	}
}

void pcf_event_find_box(pcf_events *events, pcf_event *event)
{
	pcf_box *box = NULL;

	if (event->path[0] && !(event->flags & PCF_EVENT_PATH_CUT))
		box = pcf_boxes_by_path(events->boxes, event->path);
	if (!box && event->cgroup_id)
		box = pcf_boxes_by_id(events->boxes, event->hierarchy_id, event->cgroup_id);
	if (box)
		pcf_event_of_box(event, box);
	else if (!event->path[0])
		event->flags |= PCF_EVENT_NO_CGROUP;
}

void pcf_event_note_cgroup(pcf_events *events, const pcf_box_note *note)
{
	pcf_boxes_note(events->boxes, note);
}

int pcf_event_path(pcf_events *events, uint32_t hierarchy_id, uint64_t cgroup_id, char *path, size_t size)
{
	const pcf_box *box = pcf_boxes_by_id(events->boxes, hierarchy_id, cgroup_id);

	return box && (size_t)snprintf(path, size, "%s", box->path) < size ? 0 : -ENOENT;
}
