/* Processes of containers: how many, their threads, open files and sockets (group tasks), and how long they ran and
 * waited (group schedstat).  Nested cgroups are included.
 *
 *	tick thread                            helper thread ("pcf-tasks")
 *	adopt, drop         ──box──▶           nodes: who is followed, by path
 *	stores what is ready ◀──source/ahead── one pass over /proc a round, for all containers
 *
 * One pass over /proc rather than one over each cgroup.procs: nested containers would list the same processes again and
 * again, and what is nested and not followed has to be counted, too. */
#ifndef PCF_SOURCE_TASKS_TASKS_H
#define PCF_SOURCE_TASKS_TASKS_H
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>

#include "schema/enums.h"
#include "source/ahead.h"

enum { PCF_TASKS_COUNTS, PCF_TASKS_SCHEDSTAT, PCF_TASKS_KINDS }; /* places in source/ahead */

/* A container.  The helper's, once it has taken it out of the box. */
struct pcf_tasks_node {
	uint32_t slot, generation;
	struct pcf_tasks_node *next;   /* in the box */
	struct pcf_tasks_node *parent; /* the nearest followed cgroup above */
	pid_t first;                   /* this round: the process with the lowest number */
	bool is_partial;               /* this round: sockets of some process are not known */
	uint64_t counts[PCF_TASKS_COUNT], schedstat[PCF_SCHEDSTAT_COUNT];
	size_t len;
	char path[]; /* "/" the machine */
};

/* Containers by path; made anew when they came or went. */
struct pcf_tasks_nodes {
	struct pcf_tasks_node **list, **buckets;
	uint32_t count, room, mask;
};

void pcf_tasks_nodes_free(struct pcf_tasks_nodes *nodes);
int pcf_tasks_nodes_add(struct pcf_tasks_nodes *nodes, struct pcf_tasks_node *node); /* 0 or -ENOMEM */
void pcf_tasks_nodes_remove(struct pcf_tasks_nodes *nodes, uint32_t slot, uint32_t generation);
int pcf_tasks_nodes_arrange(struct pcf_tasks_nodes *nodes);
/* The deepest one that the text of /proc/<pid>/cgroup is in, in whatever hierarchy; NULL: none. */
struct pcf_tasks_node *pcf_tasks_nodes_find(const struct pcf_tasks_nodes *nodes, const char *text, size_t len);

/* What threads had when they were seen last. */
struct pcf_thread_times {
	uint32_t tid, round;
	uint64_t values[PCF_SCHEDSTAT_COUNT];
};

struct pcf_thread_table {
	struct pcf_thread_times *list; /* open addressing; tid 0: empty */
	uint32_t mask, count;
};

void pcf_thread_table_free(struct pcf_thread_table *table);
/* What a thread has used since it was seen last, all of it when it is new.  -ENOMEM: it could not be kept. */
int pcf_thread_table_see(struct pcf_thread_table *table, uint32_t tid, uint32_t round, const uint64_t *now,
			 uint64_t *since);
/* Forgets whom this round did not see. */
void pcf_thread_table_purge(struct pcf_thread_table *table, uint32_t round);
/* "102582 625526 2\n"; false: it is no such text. */
bool pcf_schedstat_scan(const char *text, size_t len, uint64_t *values);

/* One pass over /proc. */
struct pcf_tasks_scan {
	int proc_fd;
	bool has_fd_size; /* stat of /proc/<pid>/fd says how many (Linux 6.2) */
	pid_t *pids;
	uint32_t pid_count, pid_room;
	pid_t resume; /* whose sockets come first, so that everybody's are counted in turn */
	uint32_t links,
		links_most; /* of a round: file descriptors looked at one by one, to know the sockets among them */
	uint32_t round;
	struct pcf_thread_table threads;
};

#define PCF_TASKS_LINKS 10000 /* of a round: 40 ms of CPU time, measured at 4 us each */

int pcf_tasks_scan_open(struct pcf_tasks_scan *scan, const char *proc);
void pcf_tasks_scan_close(struct pcf_tasks_scan *scan);
/* Fills counts and adds to schedstat of all nodes.  kinds: bits.  0, or -errno: /proc cannot be listed. */
int pcf_tasks_scan_run(struct pcf_tasks_scan *scan, const struct pcf_tasks_nodes *nodes, unsigned kinds,
		       const atomic_bool *stop);
#endif
