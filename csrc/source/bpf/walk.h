/* Inside the walk: what walk_open.c makes once, walk.c uses in each pass, and walk_columns.c knows of groups. */
#ifndef PCF_SOURCE_BPF_WALK_H
#define PCF_SOURCE_BPF_WALK_H
#include <pthread.h>
#include <stdatomic.h>

#include "source/bpf/fill.h"
#include "source/bpf/match.h"
#include "source/bpf/memory_stat.h"
#include "source/bpf/pressure.h"
#include "source/bpf/program.h"
#include "source/walk.h"

/* A loaded program and what belongs to its size. */
typedef struct pcf_walk_loaded {
	pcf_program *program;
	pcf_match match[PCF_WALK_HIERARCHIES];
	struct pcf_walk_loaded *before; /* retired as well */
} pcf_walk_loaded;

struct pcf_kernel_walk {
	const pcf_host *host;
	const pcf_options *options;
	int is_v2, cpu_is_v2, memory_is_v2, io_is_v2;
	int hierarchy_of_part[PCF_WALK_PARTS], hierarchy_of_controller[PCF_CTL_COUNT];
	pcf_fill_facts facts;
	uint32_t parts_of[PCF_GROUP_COUNT];
	uint8_t gives[PCF_GROUP_COUNT][PCF_MAX_GROUP_COLUMNS];
	pcf_memory_stat memory_stat;
	pcf_pressure *pressure; /* NULL: from files */
	pcf_psi_clock psi_clock;
	int has_psi_clock;
	pcf_error pressure_error;
	pcf_program_spec spec;
	pcf_walk_loaded *now; /* the tick thread's */
	/* Made by whoever adds containers, taken over by the tick thread, which leaves the old ones to be closed. */
	pthread_mutex_t growing;
	_Atomic(pcf_walk_loaded *) next, retired;
	_Atomic unsigned capacity, seen; /* seen: cgroups that one hierarchy had at most, followed or not */
	unsigned counts[PCF_WALK_HIERARCHIES];
	uint64_t begun, done_ns, flushed_stat_ns, flushed_base_ns, flushed_io_ns;
	_Atomic uint64_t walks, walk_ns, flushes, flush_ns, errors;
};

/* Of an array by part. */
#define PCF_PART(array, part) ((array)[__builtin_ctz(part)])

/* walk_open.c */
void pcf_walk_unload(pcf_walk_loaded *it); /* and those retired before it */
/* walk.c */
void pcf_walk_take_next(pcf_kernel_walk *walk); /* the one that reserve made */

/* walk_columns.c: which columns the walk gives, and what they are. records: by part, NULL = not there. */
void pcf_walk_columns_find(pcf_kernel_walk *walk, const pcf_plan *plan);
void pcf_walk_fill(const pcf_kernel_walk *walk, int group, const void *const *records, uint64_t *shown_user,
		   uint64_t *shown_system, uint64_t *row);
#endif
