/* Group scheduling: what bpf/latency.bpf.c counts, as rows. */
#ifndef PCF_SOURCE_SCHEDULING_H
#define PCF_SOURCE_SCHEDULING_H
#include "bpf/latency.h"
#include "source/source.h"
#include "source/subtree.h"

/* The loaded programs. */
typedef struct pcf_latency_program pcf_latency_program;

/* controller: PCF_CTL_* whose hierarchy tells containers apart. Nothing counts yet. */
int pcf_latency_program_open(pcf_latency_program **out, int controller, uint32_t slots, pcf_error *err);
int pcf_latency_program_attach(pcf_latency_program *program, pcf_error *err);
void pcf_latency_program_close(pcf_latency_program *program);
/* Tasks of this cgroup, and of those below it that are not followed themselves, count there from now on, from 0. */
int pcf_latency_program_follow(pcf_latency_program *program, uint32_t slot, uint64_t cgroup_id);
void pcf_latency_program_forget(pcf_latency_program *program, uint64_t cgroup_id);
const struct pcf_latency_counts *pcf_latency_program_counts(const pcf_latency_program *program, uint32_t slot);
/* What a context switch costs now, with the wake-ups that belong to it: by running some thousand of them, for at most
 * 20 ms. 0: could not be found out. */
double pcf_latency_program_measure(pcf_latency_program *program);
#endif
