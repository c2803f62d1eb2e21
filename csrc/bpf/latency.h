/* How long tasks waited, by container: filled by bpf/latency.bpf.c, read by source/scheduling. */
#ifndef PCF_BPF_LATENCY_H
#define PCF_BPF_LATENCY_H
#include <linux/types.h>

/* Bucket b counts waits of at most 2^b us (and more than the bucket before it holds); the last one all that are
 * longer: 1 us, 2 us, ... 16.8 s, longer. */
#define PCF_LATENCY_BUCKETS 26

struct pcf_latency_waits {
	__u64 buckets[PCF_LATENCY_BUCKETS];
	__u64 ns;
};

/* One container's. A wait is counted when it is over. */
struct pcf_latency_counts {
	struct pcf_latency_waits run_queue; /* able to run, until it ran */
	struct pcf_latency_waits blocked;   /* off the CPU until something woke it */
};

#define PCF_LATENCY_NO_SLOT 0xffffffffu
#endif
