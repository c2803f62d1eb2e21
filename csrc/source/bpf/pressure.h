/* Pressure for the walk: what psi.h needs to know beforehand. Its clocks are learnt in a thread of their own ("pcf-psi"),
 * which may have to wait two seconds for a cgroup to learn them from, and read again once a minute. */
#ifndef PCF_SOURCE_BPF_PRESSURE_H
#define PCF_SOURCE_BPF_PRESSURE_H
#include "source/bpf/psi.h"

typedef struct pcf_pressure pcf_pressure;

/* mount: of cgroup2.  Fails with what this kernel lacks. */
int pcf_pressure_open(pcf_pressure **out, const pcf_btf *btf, unsigned cpus, const char *mount, pcf_error *err);
void pcf_pressure_close(pcf_pressure *pressure);
const pcf_psi_facts *pcf_pressure_facts(const pcf_pressure *pressure);
/* 1, or 0: not learnt yet. The tick thread's; *clock stays the same until it is asked again. */
int pcf_pressure_clock(pcf_pressure *pressure, pcf_psi_clock *clock);
#endif
