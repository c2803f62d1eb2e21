/* Records of the walk: what csrc/bpf/walk.bpf.c writes of each cgroup and csrc/source/bpf reads. Kernel units (pages,
 * nanoseconds, bytes); what they mean in columns stands in csrc/source/bpf/columns.c.
 *
 * A part is a set of numbers that live in one kernel object. Each part has an array of records, indexed by the cgroup's
 * position in the walk of its hierarchy; a record says whose it is, so that a cgroup that came or went is noticed. */
#ifndef PCF_BPF_WALK_H
#define PCF_BPF_WALK_H
#include <linux/types.h>

#include "bpf/psi_raw.h"

#define PCF_WALK_MEMORY  (1u << 0) /* page counters and memory events */
#define PCF_WALK_STAT    (1u << 1) /* memory.stat */
#define PCF_WALK_CPUACCT (1u << 2) /* v1 CPU time */
#define PCF_WALK_CORES   (1u << 3) /* v1 CPU time by core; with CPUACCT */
#define PCF_WALK_CFS     (1u << 4) /* bandwidth control */
#define PCF_WALK_PIDS    (1u << 5)
#define PCF_WALK_BASE    (1u << 6) /* cgroup2 CPU time */
#define PCF_WALK_PSI     (1u << 7)
#define PCF_WALK_IO      (1u << 8) /* cgroup2 block IO */
#define PCF_WALK_IO_ANY  (1u << 9) /* v1: whether there is any block IO to read */
#define PCF_WALK_PARTS   10
/* No part: with MEMORY, CFS and PIDS what seldom changes as well, limits and peaks. Without it those are not touched:
 * they lie in other cache lines, and fetching those is most of what a walk costs. */
#define PCF_WALK_WHOLE   (1u << 31)

#define PCF_WALK_HIERARCHIES 8  /* at most one for each part */
#define PCF_WALK_EVENTS      16 /* memory events; 6.19 has 10 */
#define PCF_WALK_DEVICES     8  /* of one cgroup; one that has more is left to its file */
#define PCF_WALK_IO_KINDS    3  /* read, write, discard: by blkg_iostat_type */
#define PCF_WALK_BY_FILE     0xffffffffu
#define PCF_WALK_ITEMS       64 /* items of memory.stat's two arrays: 40 and 31 in 6.18; a kernel with more keeps to files */

struct pcf_walk_counter {
	__u64 usage, watermark, failcnt, max;
};

/* has: the cgroup has this controller (cgroup2: it is enabled there). */
struct pcf_walk_memory {
	__u64 id;
	__u32 has, under_oom;
	struct pcf_walk_counter memory, swap, kmem, tcp; /* swap: memory and swap together on v1 */
	__u64 high, low, min, soft_limit;
	__u64 events[PCF_WALK_EVENTS]; /* by memcg_memory_event */
};

struct pcf_walk_stat {
	__u64 id;
	__u32 has, spare;
	__s64 state[PCF_WALK_ITEMS];
	__u64 events[PCF_WALK_ITEMS];
	__u64 events_local[PCF_WALK_ITEMS]; /* v1: of this cgroup alone */
};

struct pcf_walk_cputime {
	__u64 usage, user, system, nice;
	__u64 shown_user, shown_system; /* the split as it was last printed: it never runs backwards */
};

struct pcf_walk_cpuacct {
	__u64 id;
	__u32 has, spare;
	struct pcf_walk_cputime time;
};

struct pcf_walk_base {
	__u64 id;
	__u32 has, spare;
	struct pcf_walk_cputime time;
};

struct pcf_walk_cfs {
	__u64 id;
	__u32 has, periods, throttled, bursts;
	__u64 throttled_ns, burst_ns;
	__u64 quota, burst, shares;
	__s64 period;
	__s32 idle, spare;
};

struct pcf_walk_pids {
	__u64 id;
	__u32 has, spare;
	__s64 current, limit, watermark, max_events;
};

struct pcf_walk_psi {
	__u64 id;
	__u32 has, spare;
	struct pcf_psi_raw raw;
};

struct pcf_walk_device {
	__u32 major, minor;
	__u64 bytes[PCF_WALK_IO_KINDS], ios[PCF_WALK_IO_KINDS];
};

/* Devices that io.stat shows numbers of. */
struct pcf_walk_io {
	__u64 id;
	__u32 has, count; /* PCF_WALK_BY_FILE: too many, or one with a cost model */
	struct pcf_walk_device devices[PCF_WALK_DEVICES];
};

/* The numbers are with the io scheduler or the throttling layer: in files. Most containers have none. */
struct pcf_walk_io_any {
	__u64 id;
	__u32 has, is_any;
};

/* One hierarchy: what to take there in this pass, and how the pass went. */
struct pcf_walk_hierarchy {
	__u64 root;   /* cgroup2: id of the directory to begin at */
	__u32 number; /* v1 hierarchy id */
	__u32 is_v2;
	__u32 parts; /* written before a pass */
	__u32 count; /* cgroups seen */
	__s32 error; /* negative errno: the walk could not begin */
	__u32 spare;
};
#endif
