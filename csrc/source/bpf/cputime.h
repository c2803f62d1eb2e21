/* How the kernel splits CPU time into user and system. Pure. */
#ifndef PCF_SOURCE_BPF_CPUTIME_H
#define PCF_SOURCE_BPF_CPUTIME_H
#include <stdint.h>

/* The run time is exact, user and system are counted in ticks: the text (cpuacct.stat, cpu.stat) shows the run time in
 * the proportion of the ticks, each part never less than it was shown before (kernel/sched/cputime.c, cputime_adjust).
 * user, system: ticks' time in, what to show out; shown_*: what was shown last, in and out. */
void pcf_cputime_split(uint64_t run_ns, uint64_t *user_ns, uint64_t *system_ns, uint64_t *shown_user_ns,
		       uint64_t *shown_system_ns);
#endif
