/* Waiting by container: for a CPU, and for whatever else a task sleeps for.
 *
 * Each task has a note of when it went off its CPU and when it became able to run; what it waited for is counted when
 * it runs again. Notes are made where allocating is safe: for new tasks as they are made, for those that were there
 * before by an iterator. The scheduler's tracepoints, which run with its locks held, only look them up. */
#include "bpf/kernel.h"
#include "bpf/latency.h"

char LICENSE[] SEC("license") = "GPL";

struct note {
	u64 off_at;   /* it went to sleep; 0: it did not, or runs */
	u64 woken_at; /* it could run again; 0: not yet, or runs */
	u64 cgroup;   /* whose slot this is, as of pcf_latency_epoch */
	u32 slot, epoch;
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct note);
} notes SEC(".maps");

/* Slots of the containers that are followed, by cgroup id. User space sizes both maps. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, u64);
	__type(value, u32);
} slots SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, u32);
	__type(value, struct pcf_latency_counts);
} counts SEC(".maps");

const volatile int pcf_latency_subsys = -1; /* controller whose hierarchy tells containers apart, -1: cgroup2 */
__u32 pcf_latency_epoch = 0;                /* raised after each change of slots */

#define ANCESTORS_MOST 32 /* of a cgroup that is not followed itself: as deep as anybody nests */

static __always_inline struct cgroup *cgroup_of(struct task_struct *task)
{
	struct css_set *set = task->cgroups;
	struct cgroup_subsys_state **subsys;

	if (pcf_latency_subsys < 0)
		return set->dfl_cgrp;
	subsys = (void *)set + bpf_core_field_offset(set->subsys) + pcf_latency_subsys * sizeof(void *);
	return (*subsys)->cgroup;
}

/* That of the cgroup or of its nearest ancestor that is followed. */
static __always_inline u32 find_slot(struct cgroup *cgroup)
{
	for (int i = 0; cgroup && i < ANCESTORS_MOST; i++) {
		u64 id = cgroup->kn->id;
		u32 *slot = bpf_map_lookup_elem(&slots, &id);
		struct cgroup_subsys_state *above;

		if (slot)
			return *slot;
		above = cgroup->self.parent;
		cgroup = above ? above->cgroup : NULL;
	}
	return PCF_LATENCY_NO_SLOT;
}

static __always_inline u32 slot_of(struct task_struct *task, struct note *note)
{
	struct cgroup *cgroup = cgroup_of(task);

	if (note->cgroup != (u64)cgroup || note->epoch != pcf_latency_epoch) {
		note->epoch = pcf_latency_epoch;
		note->cgroup = (u64)cgroup;
		note->slot = find_slot(cgroup);
	}
	return note->slot;
}

/* The smallest b for which ns <= 1000 << b. */
static __always_inline u32 bucket_of(u64 ns)
{
	u64 us = ns ? (ns - 1) / 1000 : 0; /* whole us below ns: 0 for up to 1 us */
	u32 b = 0;

	if (us >> 16) {
		us >>= 16;
		b = 16;
	}
	if (us >> 16)
		return PCF_LATENCY_BUCKETS - 1;
	for (u32 step = 8; step; step >>= 1)
		if (us >> step) {
			us >>= step;
			b += step;
		}
	b += us != 0;
	return b < PCF_LATENCY_BUCKETS ? b : PCF_LATENCY_BUCKETS - 1;
}

static __always_inline void count(struct pcf_latency_waits *waits, u64 ns)
{
	u32 b = bucket_of(ns);

	if (b < PCF_LATENCY_BUCKETS)
		__sync_fetch_and_add(&waits->buckets[b], 1);
	__sync_fetch_and_add(&waits->ns, ns);
}

static __always_inline void stops(struct task_struct *task, bool is_runnable, u64 now)
{
	struct note *note = bpf_task_storage_get(&notes, task, 0, 0);

	if (!note)
		return;
	note->off_at = is_runnable ? 0 : now;
	note->woken_at = is_runnable ? now : 0;
}

static __always_inline void runs(struct task_struct *task, u64 now)
{
	struct note *note = bpf_task_storage_get(&notes, task, 0, 0);
	struct pcf_latency_counts *of;
	u64 off_at, woken_at;
	u32 slot;

	if (!note)
		return;
	off_at = note->off_at;
	woken_at = note->woken_at ? note->woken_at : off_at; /* a signal kept it from sleeping after all */
	note->off_at = note->woken_at = 0;
	if (!woken_at)
		return;
	slot = slot_of(task, note);
	of = bpf_map_lookup_elem(&counts, &slot);
	if (!of)
		return;
	if ((s64)(now - woken_at) >= 0)
		count(&of->run_queue, now - woken_at);
	if (off_at && woken_at > off_at)
		count(&of->blocked, woken_at - off_at);
}

/* prev_state is that at the moment it was decided, which the task's own need not be any more. */
SEC("tp_btf/sched_switch")
int BPF_PROG(pcf_latency_switch, bool is_preempted, struct task_struct *prev, struct task_struct *next,
	     unsigned int prev_state)
{
	u64 now = bpf_ktime_get_ns();

	if (prev->pid)
		stops(prev, is_preempted || !prev_state, now);
	if (next->pid)
		runs(next, now);
	return 0;
}

SEC("tp_btf/sched_wakeup")
int BPF_PROG(pcf_latency_wakeup, struct task_struct *task)
{
	struct note *note = bpf_task_storage_get(&notes, task, 0, 0);

	if (note && note->off_at && !note->woken_at) /* else it runs or waits for a CPU already */
		note->woken_at = bpf_ktime_get_ns();
	return 0;
}

SEC("tp_btf/sched_wakeup_new")
int BPF_PROG(pcf_latency_wakeup_new, struct task_struct *task)
{
	struct note *note = bpf_task_storage_get(&notes, task, 0, 0);

	if (note)
		note->woken_at = bpf_ktime_get_ns();
	return 0;
}

SEC("tp_btf/task_newtask")
int BPF_PROG(pcf_latency_newtask, struct task_struct *task)
{
	bpf_task_storage_get(&notes, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	return 0;
}

SEC("iter/task")
int pcf_latency_tasks(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;

	if (task)
		bpf_task_storage_get(&notes, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	return 0;
}
