/* What the programs of life.bpf.c share: what libpcf sets, ring buffers, counters, and how a record is sent. */
#ifndef PCF_BPF_LIFE_MAPS_H
#define PCF_BPF_LIFE_MAPS_H
#include "bpf/kernel.h"
#include "bpf/event.h"
#include "bpf/percpu.h"

#define MOST_LEVELS 32

/* Set before loading, from the kernel's BTF and the host's mounts. */
const volatile __u32 subsystem[PCF_ROLE_COUNT];    /* cgroup_subsys_id by role, PCF_BPF_NONE */
const volatile __u32 identity[PCF_ROLE_COUNT + 1]; /* roles whose hierarchy may stand for a cgroup, in order */
const volatile __u32 page_bytes = 4096;
const volatile __u32 cpus = 1; /* highest possible number + 1 */
const volatile __u32 memcg_oom = 3, memcg_oom_kill = 4, oom_by_memcg = 3, oom_by_cpuset = 1, oom_by_policy = 2;
const volatile __u32 counter_file, counter_anon = 1, counter_shmem = 3; /* mm_struct.rss_stat */
const volatile __u32 time_user, time_nice = 1, time_system = 2, time_softirq = 3, time_irq = 4;
const volatile __u32 has_seconds;             /* the programs *_again run too */
const volatile __u32 process_half = 1u << 31; /* bytes in the ring buffer from which its reader is woken at once */

/* Written by libpcf while the programs run. */
__u64 wanted; /* bit by pcf_bpf_what: single process records */

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
} rare SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 19);
} processes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1024);
	__type(key, struct pcf_bpf_key);
	__type(value, struct pcf_bpf_counters);
} counters SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct pcf_bpf_counts);
} counts SEC(".maps");

/* A hierarchy's root as its mount shows it, where that is not the real one: in a cgroup namespace, below a bind mount. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, u32);
	__type(value, u64);
} roots SEC(".maps");

/* A group that ends with a process that several of its threads think they are the last of. */
struct ending {
	u64 signal, start_time;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, struct ending);
	__type(value, u32);
} endings SEC(".maps");

static const struct pcf_bpf_counters nothing;

/* Behind what reads a member that only some kernels have, different operands in each branch: clang would otherwise read
 * once, at an address chosen before, and libbpf finds no member for one of the two. */
#define ONLY_NEW(value) asm volatile("" : "+r"(value))
#define ONLY_OLD(value) asm volatile("" : "+r"(value) : "i"(1))

static __always_inline void count_seen(u32 what)
{
	u32 zero = 0;
	struct pcf_bpf_counts *mine = bpf_map_lookup_elem(&counts, &zero);

	if (mine)
		__sync_fetch_and_add(&mine->seen[what], 1);
}

static __always_inline void count_lost(u32 what)
{
	u32 zero = 0;
	struct pcf_bpf_counts *mine = bpf_map_lookup_elem(&counts, &zero);

	if (mine)
		__sync_fetch_and_add(&mine->lost[what], 1);
}

static __always_inline void count_again(u32 what)
{
	u32 zero = 0;
	struct pcf_bpf_counts *mine = bpf_map_lookup_elem(&counts, &zero);

	if (mine)
		__sync_fetch_and_add(&mine->again[what], 1);
}

static __always_inline void count_uncounted(void)
{
	u32 zero = 0;
	struct pcf_bpf_counts *mine = bpf_map_lookup_elem(&counts, &zero);

	if (mine)
		__sync_fetch_and_add(&mine->uncounted, 1);
}

/* A record is asked for whether it is there once, right behind the reservation: older verifiers believe that one which
 * was found to be there may be missing at the next question. */
static __always_inline int lost(u32 what)
{
	count_lost(what);
	return 0;
}

static __always_inline int unseen(void *record)
{
	bpf_ringbuf_discard(record, 0);
	return 0;
}

static __always_inline int told(void *record, u32 what)
{
	count_seen(what);
	bpf_ringbuf_submit(record, 0);
	return 0;
}
#endif
