/* Inside the events object. One lock: whoever writes records or touches boxes and sources holds it. Reading the log takes
 * none. */
#ifndef PCF_EVENT_EVENTS_H
#define PCF_EVENT_EVENTS_H
#include <pthread.h>

#include "event/boxes.h"
#include "event/log.h"
#include "event/source.h"

#define PCF_EVENT_SOURCES_MAX 8
#define PCF_EVENT_PROCESSES                                                                                            \
	(PCF_EVENT_BIT(PCF_EVENT_FORK) | PCF_EVENT_BIT(PCF_EVENT_EXEC) | PCF_EVENT_BIT(PCF_EVENT_EXIT))

typedef struct {
	int source;
	uint32_t flags;
	pcf_event_source *from; /* NULL: nobody, or somebody outside */
	uint64_t logged, lost;
	uint64_t told; /* by a source outside */
	char reason[160];
} pcf_event_service;

struct pcf_events {
	pcf_event_log log;
	int is_reader; /* attached: nothing below is used */
	char *dir;
	pcf_events_options options;
	pcf_hierarchies hierarchies;
	pcf_boxes *boxes;
	pcf_event_source *sources[PCF_EVENT_SOURCES_MAX];
	int source_count;
	void *fallback;
	pcf_event_service services[PCF_EVENT_KINDS];
	char notes[1024];
	pthread_mutex_t lock;
	pthread_t thread;
	int is_running; /* under lock */
	int stopping;   /* atomic: waiters look at it too */
	int inside;     /* atomic: waiters in this process */
	int epoll_fd, wake_fd, news_fd;
	uint64_t wanted;  /* atomic */
	uint64_t wall_ns; /* wall clock less CLOCK_MONOTONIC, as of the last look */
	uint64_t cpu_ns;  /* atomic */
	uint64_t load_ns;
	int has_news;        /* written, and nobody woken yet */
	int has_lost_cgroup; /* some notes on cgroups were lost */
};

/* told.c: with the lock held */
uint64_t pcf_event_write(pcf_events *events, pcf_event *event);
void pcf_events_publish(pcf_events *events); /* wakes whoever waits for what was written */
void pcf_events_look_at_clock(pcf_events *events);
/* Who and where, from the box. */
void pcf_event_of_box(pcf_event *event, const pcf_box *box);
void pcf_event_note_cgroup(pcf_events *events, const pcf_box_note *note);
/* Fills in the box of the record's path or id, as far as there is one. */
void pcf_event_find_box(pcf_events *events, pcf_event *event);

/* container.c: what boxes tell, as records */
uint64_t pcf_event_tell_box(void *events, int kind, const pcf_box *box, const pcf_box_note *note);

/* serve.c */
void pcf_events_open_sources(pcf_events *events);
void pcf_events_close_sources(pcf_events *events);
void pcf_events_note(pcf_events *events, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* thread.c */
void *pcf_events_thread(void *events);
void pcf_events_drain(pcf_events *events); /* with the lock held */
#endif
