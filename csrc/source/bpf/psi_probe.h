/* Pressure of single cgroups, read by a program of its own: to learn psi's clocks at start. */
#ifndef PCF_SOURCE_BPF_PSI_PROBE_H
#define PCF_SOURCE_BPF_PSI_PROBE_H
#include "source/bpf/psi.h"

typedef struct pcf_psi_probe pcf_psi_probe;

/* mount: of the cgroup2 hierarchy. Loads a program, some 20 ms. */
int pcf_psi_probe_open(pcf_psi_probe **out, const pcf_psi_facts *facts, const char *mount, pcf_error *err);
void pcf_psi_probe_close(pcf_psi_probe *probe);
/* Of the cgroup whose directory is open as cgroup_fd. */
int pcf_psi_probe_read(pcf_psi_probe *probe, const pcf_psi_clock *clock, int cgroup_fd, struct pcf_psi_raw *out);
/* sched_clock(): reading the text of a cgroup whose averages are due makes the kernel note the time. Takes the cgroup
 * that has been idle for longest; waits at most 2.1 s where none is idle, or until *stop.  -EAGAIN: not found, try
 * later. stop may be NULL. */
int pcf_psi_probe_learn(pcf_psi_probe *probe, pcf_psi_clock *clock, const _Atomic int *stop, pcf_error *err);
#endif
