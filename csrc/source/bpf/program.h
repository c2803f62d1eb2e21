/* The walk's program, loaded: its maps, and how to run it. Knows hierarchies and parts, no columns and no containers. */
#ifndef PCF_SOURCE_BPF_PROGRAM_H
#define PCF_SOURCE_BPF_PROGRAM_H
#include "bpf/walk.h"
#include "btf/btf.h"
#include "pcf.h"

typedef struct pcf_program pcf_program;

/* What of the program's memory is mapped here. A record of part p, position i: pcf_program_record. */
typedef struct {
	int controller; /* PCF_CTL_* whose mount is looked at for ids */
	int hierarchy;  /* index, -1: this host has not got the part */
} pcf_program_part;

typedef struct {
	const pcf_host *host;
	unsigned capacity;                /* cgroups of one hierarchy */
	const struct pcf_psi_layout *psi; /* NULL: no pressure */
	int by_iterator;                  /* cgroup iterator even where css iterators are there */
	unsigned cores;                   /* possible CPUs; 0: as many as the kernel says */
} pcf_program_spec;

/* Loads it for this kernel.  -ENOENT, -EPERM, ...: err names what the kernel refused.  Some 40 ms. */
int pcf_program_open(pcf_program **out, const pcf_program_spec *spec, const pcf_btf *btf, pcf_error *err);
void pcf_program_close(pcf_program *program);

/* CPUs that are plugged in, the highest number plus one. A virtual machine often has a hundred more that could come and
 * never do: looking at those would be most of the work. One that does come later makes sums that the text shows to be
 * wrong, and they go back to the files. */
unsigned pcf_program_cores_of_host(void);
unsigned pcf_program_capacity(const pcf_program *program);
unsigned pcf_program_cores(const pcf_program *program); /* values of one record of PCF_WALK_CORES */
/* Parts this kernel and host have, PCF_WALK_* bits. */
uint32_t pcf_program_parts(const pcf_program *program);
int pcf_program_hierarchies(const pcf_program *program);
/* Hierarchy of a part (one bit); -1. */
int pcf_program_hierarchy_of(const pcf_program *program, uint32_t part);
/* Controller whose mount shows the directories of that hierarchy: PCF_CTL_*. */
int pcf_program_controller(const pcf_program *program, int hierarchy);
int pcf_program_is_iterator(const pcf_program *program);
/* Why flushing is not possible, "" when it is or is not needed. */
const char *pcf_program_flush_reason(const pcf_program *program);

/* ---- the tick thread; allocates nothing ---- */
/* Adds up what the CPUs have counted since the last flush: cgroup2 CPU time and IO, and memory.stat, as parts ask. */
int pcf_program_flush(pcf_program *program, uint32_t parts);
int pcf_program_io_is_partial(const pcf_program *program); /* 1: not all IO could be added up, its records are old */
void pcf_program_set_psi_clock(pcf_program *program, int64_t offset); /* psi's clock less CLOCK_MONOTONIC, now */
/* One walk of the hierarchies that have one of the parts, whole with PCF_WALK_WHOLE.  0, or the first negative errno. */
int pcf_program_run(pcf_program *program, uint32_t parts);
unsigned pcf_program_count(const pcf_program *program, int hierarchy); /* cgroups seen by the last run */
int pcf_program_error(const pcf_program *program, int hierarchy);
/* Record of a part (one bit) at a position below capacity.  Every record but those of CORES begins with the id. */
const void *pcf_program_record(const pcf_program *program, uint32_t part, unsigned position);
#endif
