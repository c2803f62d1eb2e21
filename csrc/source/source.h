/* What a source of rows is. These plug in: source/file (cgroup files, /proc), source/net (network by interface, sockets),
 * source/scheduling (waits, counted by eBPF), source/process (what the events' programs
 * count), source/tasks (processes, from /proc).
 *
 * Life of a container in a source:
 *   prepare   the thread that adds the container: opens what it wants, may block, no lock is held
 *   adopt     the tick thread, before a pass: takes what prepare made; claims nothing in the ring yet
 *   refresh   the tick thread: looks for what was not there before (sources without it: prepare and adopt once more,
 *             and the newer takes the place of the older)
 *   sample    the tick thread, for each of the source's groups that is due; stores rows
 *   drop      the tick thread, at once after a removal: closes everything of the container
 *   discard   what prepare made is not wanted after all (any thread)
 * adopt, refresh, sample, drop and event never run at the same time; while no tick thread runs, the thread that asks stands in
 * for it. In sample nothing is allocated on the heap, nothing blocks, nothing is logged. */
#ifndef PCF_SOURCE_SOURCE_H
#define PCF_SOURCE_SOURCE_H

#include "pcf.h"

/* How many descriptors may be kept open; shared by all sources of a collector. Safe from any thread. */
typedef struct pcf_descriptors pcf_descriptors;
int pcf_descriptors_take(pcf_descriptors *budget, unsigned count); /* 0 or -EMFILE: do without */
void pcf_descriptors_give(pcf_descriptors *budget, unsigned count);

/* Lent by the collector for as long as the source lives. */
typedef struct {
	const pcf_host *host;
	const pcf_options *options;
	const pcf_plan *plan;
	uint32_t max_slots;         /* slot numbers are below this */
	pcf_region *const *regions; /* by group, NULL = off; for the tick thread only */
	pcf_descriptors *descriptors;
	struct pcf_kernel_walk *walk; /* NULL: every number comes from files; see source/walk.h */
	void *owner;
	/* Writes what the source found out about a container into its slot record: fields with their bit in mask.
	 * Safe from any thread, quietly nothing when the container has gone meanwhile. */
	void (*annotate)(void *owner, uint32_t slot, uint32_t generation, unsigned mask, const pcf_slot_record *fields);
	/* A read that failed: kept as last_error. Vanished cgroups and processes are no failure. No allocation. */
	void (*fail)(void *owner, uint32_t slot, const char *file, int error);
	/* The container is not there any more (all its files are gone): discovery is told to look. */
	void (*vanish)(void *owner, uint32_t slot, uint32_t generation);
	/* A line for whoever asks why something is so on this host; while the source is opened only. */
	void (*note)(void *owner, const char *text);
	/* A column of the walk said something else than the text before and after it: it comes from files from now on. */
	void (*demote)(void *owner, int group, int column, uint32_t slot, uint64_t before, uint64_t sample,
		       uint64_t after);
	/* pcf_events_counters of the collector's events; -ENODEV: it has none. The tick thread. */
	int64_t (*counters)(void *owner, pcf_event_counters *out, uint32_t max);
} pcf_source_env;

#define PCF_ANNOTATE_NETNS 1 /* fields->netns */
#define PCF_ANNOTATE_OWNER 2 /* fields->netns_owner */
#define PCF_ANNOTATE_FLAGS 4 /* fields->flags: PCF_SLOT_FLAG_HOST_NETWORK and PCF_SLOT_FLAG_SHARED_NETWORK only */

/* One group in one pass. The caller has begun the tick in the region and ends it. */
typedef struct {
	int group;
	uint64_t tick;
	uint64_t began_ns; /* CLOCK_MONOTONIC when the tick of this group began; offsets of rows count from it */
	/* counted by the source */
	uint64_t wall_ns; /* only by sample_groups: time spent on this group */
	uint64_t rows, reads, read_errors, unrepresentable, rows_refused, truncated;
} pcf_pass;

uint32_t pcf_pass_offset(const pcf_pass *pass); /* microseconds since began_ns, now */

typedef struct {
	uint64_t descriptors;  /* kept open now */
	uint64_t slots_openat; /* live slots read by name for want of descriptors */
	uint64_t netns;        /* network namespaces followed */
	uint64_t walk_misses;  /* rows that the walk could not give and files did */
} pcf_source_stats;

typedef struct pcf_source pcf_source;

typedef struct {
	const char *name;
	uint64_t groups; /* bit by group index: those it samples when the plan has them on */
	int is_claiming; /* it claims a row before each store: rows that fell silent may be released under it */
	int (*prepare)(pcf_source *source, uint32_t slot, uint32_t generation, const char *path, void **prepared);
	void (*discard)(pcf_source *source, void *prepared);
	void (*adopt)(pcf_source *source, uint32_t slot, uint32_t generation, void *prepared);
	void (*drop)(pcf_source *source, uint32_t slot, uint32_t generation);
	/* The tick thread: more of the container may be there now. NULL: prepare and adopt are called again instead. */
	void (*refresh)(pcf_source *source, uint32_t slot, uint32_t generation);
	void (*sample)(pcf_source *source, pcf_pass *pass); /* NULL when it has sample_groups */
	/* All its groups that are due, container by container: what the kernel fetched for one file of a cgroup serves
	 * the next (measured at 1000 containers: a fifth less than group by group). */
	void (*sample_groups)(pcf_source *source, pcf_pass *passes, int count);
	/* The thread that asks for a pass outside the timeline, before it: what a helper counts ahead of its tick is counted
	 * anew; may wait. NULL: nothing is. */
	void (*gather)(pcf_source *source, uint64_t groups);
	int (*event_fd)(pcf_source *source); /* NULL or -1: none; else the tick thread polls it between passes */
	void (*event)(pcf_source *source);   /* it is readable */
	void (*stats)(pcf_source *source, pcf_source_stats *add); /* adds to it; any thread */
	void (*close)(pcf_source *source); /* after the tick thread has ended; drops every container */
} pcf_source_ops;

struct pcf_source {
	const pcf_source_ops *ops; /* first member of each source */
};

int pcf_file_source_open(pcf_source **out, const pcf_source_env *env, pcf_error *err);
/* *out stays NULL when this host or plan leaves it nothing to do (returns 0). */
int pcf_net_source_open(pcf_source **out, const pcf_source_env *env, pcf_error *err);
int pcf_scheduling_source_open(pcf_source **out, const pcf_source_env *env, pcf_error *err);
int pcf_process_source_open(pcf_source **out, const pcf_source_env *env, pcf_error *err);
int pcf_tasks_source_open(pcf_source **out, const pcf_source_env *env, pcf_error *err);

#endif
