/* Which source serves which kind, and why no better one. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "event/events.h"
#include "ring/atomic.h"

#define CGROUP_KINDS                                                                                                   \
	(PCF_EVENT_BIT(PCF_EVENT_CGROUP_CREATED) | PCF_EVENT_BIT(PCF_EVENT_CGROUP_REMOVED) |                           \
	 PCF_EVENT_BIT(PCF_EVENT_POPULATED) | PCF_EVENT_BIT(PCF_EVENT_EMPTY))
#define SOURCE_KINDS                                                                                                   \
	(CGROUP_KINDS | PCF_EVENT_PROCESSES | PCF_EVENT_BIT(PCF_EVENT_OOM_KILL) | PCF_EVENT_BIT(PCF_EVENT_OOM))

void pcf_events_note(pcf_events *events, const char *format, ...)
{
	size_t used = strlen(events->notes);
	va_list list;

	va_start(list, format);
	(void)vsnprintf(events->notes + used, sizeof events->notes - used, format, list);
	va_end(list);
	used = strlen(events->notes);
	if (used + 1 < sizeof events->notes)
		memcpy(events->notes + used, "\n", 2);
}

static void add_reason(pcf_events *events, uint64_t kinds, int source, const char *text)
{
	for (int kind = 1; kind < PCF_EVENT_KINDS; kind++) {
		char *reason = events->services[kind].reason;
		size_t used = strlen(reason), size = sizeof events->services[kind].reason;

		if (kinds >> kind & 1)
			snprintf(reason + used, size - used, "%s%s: %s", used ? "; " : "",
				 pcf_event_source_name(source), text);
	}
}

/* Containers are told of when cgroups are. */
static void derive(pcf_events *events)
{
	const int derived[] = {PCF_EVENT_CONTAINER_START, PCF_EVENT_CONTAINER_EXIT};
	const pcf_event_service *of = &events->services[PCF_EVENT_EMPTY];

	for (size_t i = 0; i < sizeof derived / sizeof derived[0]; i++) {
		pcf_event_service *service = &events->services[derived[i]];

		service->source = of->source ? PCF_EVENT_SOURCE_DERIVED : PCF_EVENT_SOURCE_NONE;
		service->flags = of->flags;
		memcpy(service->reason, of->reason, sizeof service->reason);
	}
}

static void serve(pcf_events *events, pcf_event_source *source)
{
	for (int kind = 1; kind < PCF_EVENT_KINDS; kind++) {
		if (!(source->serves >> kind & 1))
			continue;
		events->services[kind].source = source->ops->source;
		events->services[kind].flags = source->flags[kind];
		events->services[kind].from = source;
	}
	events->load_ns += source->load_ns;
	events->sources[events->source_count++] = source;
}

static int is_allowed(const pcf_events *events, int source)
{
	return !events->options.sources || (events->options.sources >> source & 1);
}

static uint64_t open_one(pcf_events *events, const pcf_event_source_ops *ops, uint64_t unserved)
{
	pcf_event_env env = {.events = events,
			     .host = events->options.host,
			     .options = &events->options,
			     .fallback = &events->fallback};
	pcf_event_source *source = NULL;
	uint64_t kinds = ops->kinds & unserved;
	pcf_error err = {0};

	if (!kinds)
		return unserved;
	if (!is_allowed(events, ops->source)) {
		add_reason(events, kinds, ops->source, "switched off");
		return unserved;
	}
	if (ops->open(&source, &env, kinds, &err) < 0 || !source) {
		add_reason(events, kinds, ops->source, err.text);
		return unserved;
	}
	if ((kinds & ~source->serves) && source->reason[0])
		add_reason(events, kinds & ~source->serves, ops->source, source->reason);
	serve(events, source);
	return unserved & ~source->serves;
}

void pcf_events_open_sources(pcf_events *events)
{
	uint64_t unserved = SOURCE_KINDS;

	for (int i = 0; pcf_event_sources[i] && events->source_count < PCF_EVENT_SOURCES_MAX; i++)
		unserved = open_one(events, pcf_event_sources[i], unserved);
	derive(events);
	events->services[PCF_EVENT_LOST].source = events->services[PCF_EVENT_COLUMN_DEMOTED].source =
		events->services[PCF_EVENT_LIMIT_CHANGE].source = PCF_EVENT_SOURCE_COLLECTOR;
	events->services[PCF_EVENT_HEALTH_CHANGE].source = events->services[PCF_EVENT_RESTART].source =
		PCF_EVENT_SOURCE_RUNTIME;
	for (int kind = PCF_EVENT_THROTTLE_BEGIN; kind <= PCF_EVENT_THROTTLE_END; kind++)
		snprintf(events->services[kind].reason, sizeof events->services[kind].reason,
			 "the kernel throttles each CPU by itself, up to ten times a second: the cpu group counts it");
}

void pcf_events_close_sources(pcf_events *events)
{
	for (int i = events->source_count - 1; i >= 0; i--)
		events->sources[i]->ops->close(events->sources[i]);
	events->source_count = 0;
}

/* Sources in here fall silent about these kinds; one that has no other is closed. The thread looks at them under the
 * lock, and what it waits for goes with its descriptor. */
static void take_over(pcf_events *events, uint64_t kinds)
{
	int kept = 0;

	for (int i = 0; i < events->source_count; i++) {
		pcf_event_source *source = events->sources[i];

		source->serves &= ~kinds;
		if (source->serves)
			events->sources[kept++] = source;
		else
			source->ops->close(source);
	}
	events->source_count = kept;
}

void pcf_events_serve(pcf_events *events, uint64_t kinds, int source, uint32_t flags, const char *reason)
{
	pthread_mutex_lock(&events->lock);
	take_over(events, kinds);
	for (int kind = 1; kind < PCF_EVENT_KINDS; kind++) {
		pcf_event_service *service = &events->services[kind];

		if (!(kinds >> kind & 1))
			continue;
		service->source = source;
		service->flags = flags;
		service->from = NULL;
		snprintf(service->reason, sizeof service->reason, "%s", reason ? reason : "");
	}
	derive(events);
	pthread_mutex_unlock(&events->lock);
}

void pcf_events_facts_get(pcf_events *events, pcf_events_facts *out)
{
	memset(out, 0, sizeof *out);
	if (events->is_reader)
		return;
	pthread_mutex_lock(&events->lock);
	for (int kind = 1; kind < PCF_EVENT_KINDS; kind++) {
		const pcf_event_service *service = &events->services[kind];
		const pcf_log_ring *ring = &events->log.shape.rings[kind];
		pcf_event_kind_facts *to = &out->kind[kind];

		to->source = service->source;
		to->flags = service->flags;
		to->seen = service->from   ? service->from->ops->seen(service->from, kind)
			   : service->told ? service->told
					   : service->logged;
		to->logged = service->logged;
		to->lost = service->lost;
		to->kept = ring->written < ring->room ? ring->written : ring->room;
		to->limit = ring->capacity;
		memcpy(to->reason, service->reason, sizeof to->reason);
	}
	out->wanted = pcf_load(&events->wanted);
	out->load_ns = events->load_ns;
	out->cpu_ns = pcf_load(&events->cpu_ns);
	out->log_bytes = events->log.reserved;
	memcpy(out->notes, events->notes, sizeof out->notes);
	pthread_mutex_unlock(&events->lock);
}
