/* The collector's events. Their programs take as long to load as the walk's: they are loaded beside it, by a thread that is
 * gone when the collector is open. */
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "event/load.h"
#include "tick/collector.h"

static void *load(void *arg)
{
	pcf_events_opening *opening = arg;

	opening->code = pcf_events_load(&opening->events, &opening->wanted, &opening->error);
	return NULL;
}

void pcf_events_opening_begin(pcf_collector *collector, pcf_events_opening *opening)
{
	const pcf_options *options = &collector->options;
	sigset_t all, before;

	memset(opening, 0, sizeof *opening);
	if (options->disable_events)
		return;
	opening->wanted = (pcf_events_options){
		.dir = collector->ring_dir,
		.host = &collector->host,
		.max_containers = options->max_containers,
		.bytes = options->event_bytes,
		.age_ns = options->event_age_ns,
		.sources = options->event_sources,
	};
	memcpy(opening->wanted.limit, options->event_limit, sizeof opening->wanted.limit);
	opening->is_begun = 1;
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before); /* signals are the program's */
	opening->has_thread = pthread_create(&opening->thread, NULL, load, opening) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!opening->has_thread)
		(void)load(opening);
}

static void await(pcf_events_opening *opening)
{
	if (opening->has_thread)
		pthread_join(opening->thread, NULL);
	opening->has_thread = 0;
}

/* The counters of group process are those of the events' eBPF programs: other sources of events keep none. */
static void note_process(pcf_collector *collector)
{
	pcf_events_facts facts;

	if (!collector->plan.group[PCF_GROUP_PROCESS].interval_ns || !collector->events)
		return;
	pcf_events_facts_get(collector->events, &facts);
	if (facts.kind[PCF_EVENT_FORK].source != PCF_EVENT_SOURCE_BPF)
		pcf_note(collector, "process has no rows: %s", facts.kind[PCF_EVENT_FORK].reason);
}

/* A collector without events still samples: what keeps it from having them is a note. */
void pcf_events_opening_end(pcf_collector *collector, pcf_events_opening *opening)
{
	await(opening);
	if (!opening->is_begun)
		return;
	if (opening->code == 0)
		opening->code = pcf_events_keep(&opening->events, &opening->error);
	collector->events = opening->events;
	if (opening->code < 0)
		pcf_note(collector, "no events: %s", opening->error.text);
	else if (collector->root_slot != PCF_NO_INDEX)
		pcf_events_identify(collector->events, "/",
				    (uint64_t)collector->root_generation << 32 | collector->root_slot, NULL, NULL,
				    NULL);
	note_process(collector);
}

void pcf_events_opening_abandon(pcf_events_opening *opening)
{
	await(opening);
	pcf_events_abandon(&opening->events);
}
