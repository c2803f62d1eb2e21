/* Pressure stall information of one cgroup as kernel memory has it: filled by eBPF (bpf/psi.h), turned into what
 * cpu.pressure and its siblings would print by source/bpf/psi.c. Both include this file; it names nothing else. */
#ifndef PCF_BPF_PSI_RAW_H
#define PCF_BPF_PSI_RAW_H
#include <linux/types.h>

#define PCF_PSI_STATES 8 /* kinds of pressure there is room for; kernels have 6, or 7 with interrupts */

#define PCF_PSI_PRESENT  1 /* there is a group, and the numbers below are its */
#define PCF_PSI_DISABLED 2 /* cgroup.pressure is 0: no text would be there */
#define PCF_PSI_BUSY     4 /* the kernel was adding it up at this moment: half of it may be old */

/* What the program must know of the kernel; rodata, from BTF (pcf_psi_find). */
struct pcf_psi_layout {
	__u32 states;  /* kinds of pressure: psi_states below PSI_NONIDLE */
	__u32 nonidle; /* bit and place of PSI_NONIDLE */
	__u32 hz;      /* jiffies in a second: the kernel weighs CPUs by whole jiffies */
	__u32 cpus;    /* CPUs that are or were there, highest number plus one */
};

struct pcf_psi_raw {
	__u64 flags;
	__u64 now;                              /* cpu_clock() at which the part not yet collected ends */
	__u64 avg_last_update, avg_next_update; /* sched_clock() */
	__u64 nonidle;                          /* jiffies since the last collection, summed over CPUs */
	__u64 total[PCF_PSI_STATES];            /* ns, up to the last collection; by psi_states, as all below */
	__u64 avg_total[PCF_PSI_STATES];        /* ns, total at the last update of the averages */
	__u64 avg[PCF_PSI_STATES][3];           /* percent, fixed point of calc_load(); 10, 60, 300 s */
	__u64 weighted[PCF_PSI_STATES]; /* ns since the last collection times non-idle jiffies, summed over CPUs */
};
#endif
