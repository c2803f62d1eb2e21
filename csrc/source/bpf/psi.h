/* Pressure from kernel memory: struct pcf_psi_raw -> the values that cpu.pressure, memory.pressure, io.pressure and
 * irq.pressure would have printed at that moment, as the ring's group "pressure" wants them.
 *
 *	pcf_psi_find          at load: what BTF says, or why not          -> rodata pcf_psi of the program
 *	pcf_psi_clock_read    at load and about once a minute: psi's clock
 *	pcf_psi_probe_learn   at load: its other clock (csrc/source/bpf/psi_probe.h)
 *	pcf_psi_clock_offset  before each walk                            -> bss pcf_psi_clock of the program
 *	pcf_psi_values        for each container after it
 *
 * Source of the arithmetic: kernel/sched/psi.c (psi_show, collect_percpu_times, update_averages, calc_avgs) and
 * include/linux/sched/loadavg.h. */
#ifndef PCF_SOURCE_BPF_PSI_H
#define PCF_SOURCE_BPF_PSI_H
#include "bpf/psi_raw.h"
#include "btf/btf.h"
#include "pcf.h"

#define PCF_PSI_SERIES 7 /* some and full of cpu, memory and io; full of irq: four columns each */

typedef struct {
	struct pcf_psi_layout kernel; /* for the program's rodata */
	int state[PCF_PSI_SERIES];    /* number in psi_states, -1: this kernel has not got it */
	uint64_t period_ns;           /* of the averages: 2 s and a jiffy */
} pcf_psi_facts;

/* cpus: possible CPUs that ever were online, the highest number plus one.  -ENOTSUP: this kernel's BTF lacks
 * something, which err names. */
int pcf_psi_find(const pcf_btf *btf, unsigned cpus, pcf_psi_facts *out, pcf_error *err);

/* psi measures states with cpu_clock() and ages averages with sched_clock(). Neither is CLOCK_MONOTONIC: that one is
 * slewed by NTP. CLOCK_MONOTONIC_RAW runs at their rate, so an offset to it holds for a long time. */
typedef struct {
	int64_t cpu_minus_raw, cpu_minus_sched; /* ns */
	uint64_t cpu_error_ns, sched_error_ns;  /* half the time the narrowest look took */
	int has_cpu, has_sched; /* without the first nothing can be said, without the second no averages */
} pcf_psi_clock;

/* Finds cpu_minus_raw from the time stamp of a perf event that this thread causes. About 0.1 ms; fails with the
 * reason where perf_event_open is not allowed, and leaves the clock as it was. */
int pcf_psi_clock_read(pcf_psi_clock *clock, pcf_error *err);
int64_t pcf_psi_clock_offset(const pcf_psi_clock *clock); /* cpu_clock() less CLOCK_MONOTONIC, now */

/* Of one container, zeroed when it is new: so that no total runs backwards when CPUs without pressure add their weight
 * to what was not collected yet, and so that there is an answer while the kernel is adding up. */
typedef struct {
	uint64_t usec[PCF_PSI_STATES];
	uint64_t held[PCF_PSI_STATES];   /* of usec: told once, and now more than the kernel would say */
	uint16_t avg[PCF_PSI_STATES][3]; /* hundredths of a percent */
	uint8_t has_values;
} pcf_psi_state;

/* values: of group PRESSURE (28), all set, PCF_ABSENT where there is none. is_system: the whole machine, whose
 * cpu "full" the kernel defines as 0.  Returns how many are there; 0 when the cgroup has no pressure. */
int pcf_psi_values(const pcf_psi_facts *facts, const pcf_psi_clock *clock, const struct pcf_psi_raw *raw, int is_system,
		   pcf_psi_state *state, uint64_t *values);
/* By how much the total in this column of the last values is above what the kernel would have printed. How long a CPU
 * had nothing to do is known only when it is added up: until then a total may be too high, and it is not taken back. */
uint64_t pcf_psi_held(const pcf_psi_facts *facts, const pcf_psi_state *state, int column);
/* The counter of a container that files served before: totals go on from values (PCF_ABSENT: unknown). */
void pcf_psi_seed(const pcf_psi_facts *facts, const uint64_t *values, pcf_psi_state *state);

#endif
