/* How often each cgroup was out of memory and had a process killed: v2 memory.events.local (5.2; else memory.events, which
 * counts what is below as well), v1 memory.oom_control. Exact counts; who it was they do not tell. */
#ifndef PCF_EVENT_MEMORY_EVENTS_H
#define PCF_EVENT_MEMORY_EVENTS_H
#include "event/tree.h"

typedef struct {
	uint64_t ooms, kills; /* as read last; PCF_ABSENT: this kernel does not count it, or it could not be read yet */
	int fd;               /* v2: the file, POLLPRI; v1: an eventfd; -1: read now and then */
	uint64_t again_until_ns; /* v1: the notice comes before the kill */
	bool is_stalled;         /* v1: its tasks wait, as nobody may be killed */
} pcf_memory_count;

/* What a read found: so many more than at the read before. */
typedef void (*pcf_memory_counted)(void *arg, uint32_t node, uint64_t ooms, uint64_t kills);

typedef struct {
	pcf_tree *tree;
	pcf_tree_listener listener;
	pcf_memory_count *counts; /* by node */
	uint32_t capacity;
	int version, epoll;
	bool is_local;
	uint64_t next_sweep_ns, next_again_ns;
	uint64_t unwatched; /* cgroups without a descriptor */
	pcf_memory_counted counted;
	void *arg;
} pcf_memory_events;

/* -ENODEV: no memory controller, or a kernel whose files count no kills (before 4.13). */
int pcf_memory_events_open(pcf_memory_events *events, pcf_tree *tree, pcf_memory_counted counted, void *arg,
			   pcf_error *err);
void pcf_memory_events_close(pcf_memory_events *events);
int pcf_memory_events_timeout_ms(const pcf_memory_events *events);
void pcf_memory_events_drain(pcf_memory_events *events);               /* its epoll is readable, or its time has come */
void pcf_memory_events_read(pcf_memory_events *events, uint32_t node); /* one, now */
/* What has been noticed by now, and whether what was announced before has come. */
void pcf_memory_events_catch_up(pcf_memory_events *events);
void pcf_memory_events_sweep(pcf_memory_events *events); /* all, now */
#endif
