/* Inside the OOM sources: what the log told (oom_told.c; oom_unplaced.c: without where) against what the counters count
 * (oom.c). */
#ifndef PCF_EVENT_OOM_H
#define PCF_EVENT_OOM_H
#include "event/fallback.h"
#include "event/kmsg.h"
#include "event/memory_events.h"

typedef struct {
	uint64_t kills, ooms; /* counted and not told of */
	uint64_t kills_since_ns, kills_due_ns, ooms_due_ns, ooms_since_ns;
	uint64_t last_kill_ns; /* in it or below it */
} pcf_oom_debt;

#define PCF_OOM_UNPLACED 128

typedef struct {
	pcf_kmsg_oom told;
	uint64_t moment_ns, due_ns;
	bool is_tried;            /* to be matched before its time */
	char path[PCF_KMSG_PATH]; /* where it, or its parent, was last known to be; "": not known */
} pcf_oom_unplaced;

typedef struct {
	pcf_event_source base;
	pcf_fallback *fallback;
	pcf_tree *tree; /* NULL: no counters */
	pcf_memory_events counters;
	pcf_tree_listener listener;
	pcf_oom_debt *debts; /* by node */
	uint32_t capacity;
	pcf_kmsg kmsg;
	int epoll;
	uint64_t seen[PCF_EVENT_KINDS];
	uint64_t gaps; /* of the log, as told already */
	uint64_t next_due_ns;
	pcf_oom_unplaced *unplaced; /* in the order of the log */
	uint32_t unplaced_count;
} pcf_oom;

pcf_oom_debt *pcf_oom_debt_of(pcf_oom *oom, uint32_t node); /* NULL: none is kept */
/* A process of it was killed: its own and all above have a reason to have run out of memory. */
void pcf_oom_note_kill(pcf_oom *oom, uint32_t node);
/* One kill, or OOM without, as the log tells it: which cgroup it was, paid, told. */
void pcf_oom_take(pcf_oom *oom, const pcf_kmsg_oom *told, uint64_t monotonic_ns);
void pcf_oom_tell_kill(pcf_oom *oom, const pcf_kmsg_oom *told, const char *path, uint64_t monotonic_ns, uint32_t flags);

/* Kept until it can be matched with a cgroup's count. Only with counters. */
void pcf_oom_put_unplaced(pcf_oom *oom, const pcf_kmsg_oom *told, const char *path, uint64_t monotonic_ns);
void pcf_oom_match_due(pcf_oom *oom, uint64_t now); /* those that need not, or may not, wait any more */
void pcf_oom_match(pcf_oom *oom);                   /* all, now */
#endif
