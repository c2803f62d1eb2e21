/* The numbers of all cgroups from one walk through kernel memory, in place of their files: what the file source asks
 * before it reads. csrc/source/bpf does it; without eBPF csrc/source/without_bpf.c says that it cannot be done.
 *
 * The walk gives whole columns. The kernel's text stays the truth: a column is served only after it was found equal to
 * the text, it is compared again and again, and one that ever differs goes back to the files for good. */
#ifndef PCF_SOURCE_WALK_H
#define PCF_SOURCE_WALK_H
#include "parse/parse.h"
#include "pcf.h"

#define PCF_WALKER_HIERARCHIES 8

/* A container's place in the walk; belongs to the file source's slot. Zeroed: nowhere. */
typedef struct {
	uint64_t id[PCF_WALKER_HIERARCHIES]; /* of its directory, 0: not there */
	uint32_t position[PCF_WALKER_HIERARCHIES];
	uint64_t user_ns, system_ns; /* the split as we told it last */
	uint64_t psi[24];            /* pcf_psi_state */
} pcf_walker;

typedef struct pcf_kernel_walk pcf_kernel_walk;

typedef struct {
	uint64_t walks, walk_ns, flushes, flush_ns; /* CPU time of the tick thread */
	uint64_t errors;
} pcf_walk_stats;

/* Loads the program for the groups that the plan has on PCF_SOURCE_BPF.  Fails with the reason in err; *out stays NULL,
 * with 0, when the plan has none. */
int pcf_kernel_walk_open(pcf_kernel_walk **out, const pcf_host *host, const pcf_options *options, const pcf_plan *plan,
			 pcf_error *err);
void pcf_kernel_walk_close(pcf_kernel_walk *walk);
/* One byte a column: 1 = the walk gives it. NULL: nothing of that group. The tick thread's, once it runs. */
const uint8_t *pcf_kernel_walk_columns(const pcf_kernel_walk *walk, int group);
const char *pcf_kernel_walk_name(const pcf_kernel_walk *walk); /* "css iterators" or "cgroup iterator" */
/* Not this column any more. */
void pcf_kernel_walk_drop(pcf_kernel_walk *walk, int group, int column);

/* The directory of a container below the mount of a controller has this inode number; 0: it is gone there.  Any thread,
 * for a walker that the tick thread has not got (yet). */
void pcf_kernel_walk_place(const pcf_kernel_walk *walk, pcf_walker *walker, int controller, uint64_t inode);
/* So many containers will come: makes room in a thread that may take its time.  Any thread but the tick thread's. */
void pcf_kernel_walk_reserve(pcf_kernel_walk *walk, unsigned cgroups);

/* ---- the tick thread ---- */
/* Walks for the groups of the mask.  0, or negative errno: every row comes from files this time. */
int pcf_kernel_walk_begin(pcf_kernel_walk *walk, uint64_t groups);
uint64_t pcf_kernel_walk_time_ns(const pcf_kernel_walk *walk); /* CLOCK_MONOTONIC when the last one was done */
#define PCF_WALK_UNKNOWN 0                                     /* cannot say this time: read the files */
#define PCF_WALK_FOUND   1
#define PCF_WALK_NOTHING 2 /* the container has no such controller */
#define PCF_WALK_UNSEEN  3 /* the walk did not come by it: read the files, and look whether its directory is another */
/* Sets the columns it gives. */
int pcf_kernel_walk_row(pcf_kernel_walk *walk, pcf_walker *walker, int group, uint64_t *row);
/* By how much a column of the last row may be above the text: a counter never takes back what it told. */
uint64_t pcf_kernel_walk_held(const pcf_kernel_walk *walk, const pcf_walker *walker, int group, int column);
/* The same for a group with a key: each of its rows into a sink, whose columns are absent so far. */
int pcf_kernel_walk_rows(pcf_kernel_walk *walk, pcf_walker *walker, int group, pcf_row_sink sink, void *arg);
/* What memory.stat said before and after the last walk: learns from it which number is which.  Rows in columns.def
 * order. */
void pcf_kernel_walk_learn(pcf_kernel_walk *walk, pcf_walker *walker, const uint64_t *before, const uint64_t *after);
void pcf_kernel_walk_stats(const pcf_kernel_walk *walk, pcf_walk_stats *out); /* any thread */
#endif
