/* What sources call. Alone in its file: tests of one source put their own in its place. */
#include <string.h>

#include "event/events.h"

static const int cgroup_notes[PCF_EVENT_KINDS] = {
	[PCF_EVENT_CGROUP_CREATED] = PCF_BPF_CREATED,
	[PCF_EVENT_CGROUP_REMOVED] = PCF_BPF_REMOVED,
	[PCF_EVENT_POPULATED] = PCF_BPF_POPULATED,
	[PCF_EVENT_EMPTY] = PCF_BPF_EMPTY,
};

/* Without a note of the first process the cgroup starts when it is populated. */
static void note_cgroup(pcf_events *events, const pcf_event *event, const pcf_event_more *more)
{
	pcf_box_note note = {
		.what = cgroup_notes[event->kind],
		.source = event->source,
		.flags = event->flags,
		.hierarchy_id = event->hierarchy_id,
		.cgroup_id = event->cgroup_id,
		.ns = event->monotonic_ns ? event->monotonic_ns : pcf_now_ns(CLOCK_MONOTONIC),
		.path = event->path,
		.is_whole = event->of.cgroup.hierarchies != 0,
		.level = event->of.cgroup.level,
		.counters = more->counters,
		.numbers = more->numbers,
	};

	pcf_event_note_cgroup(events, &note);
	if (event->kind != PCF_EVENT_POPULATED || more->is_of_children)
		return;
	note.what = PCF_BPF_STARTED;
	if (more->counters) {
		note.pid = more->counters->first_pid;
		note.comm = more->counters->first_comm;
	}
	pcf_event_note_cgroup(events, &note);
}

void pcf_event_tell(pcf_events *events, const pcf_event *event)
{
	pcf_event copy = *event;

	/* One that looks at more than it serves must not tell what a better one tells already. */
	if (events->services[event->kind].source != event->source)
		return;
	if (cgroup_notes[event->kind]) {
		note_cgroup(events, event, &(pcf_event_more){0});
		return;
	}
	pcf_event_find_box(events, &copy);
	(void)pcf_event_write(events, &copy);
}

void pcf_event_tell_cgroup(pcf_events *events, const pcf_event *event, const pcf_event_more *more)
{
	note_cgroup(events, event, more);
}

void pcf_event_lose(pcf_events *events, int kind, int source, uint64_t count)
{
	pcf_event event = {.kind = PCF_EVENT_LOST, .source = (uint16_t)source};

	if (!count)
		return;
	events->services[kind].lost += count;
	event.of.lost = (pcf_event_lost){.kind = (uint32_t)kind,
					 .source = (uint32_t)source,
					 .count = count,
					 .total = events->services[kind].lost};
	if (cgroup_notes[kind] || kind == PCF_EVENT_CONTAINER_START)
		events->has_lost_cgroup = 1;
	(void)pcf_event_write(events, &event);
}
