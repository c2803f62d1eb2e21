/* Which cgroup a task is in, the counters of that cgroup, and the first process of it. */
#ifndef PCF_BPF_LIFE_PROCESS_H
#define PCF_BPF_LIFE_PROCESS_H
#include "bpf/life_cgroup.h"

struct place {
	struct cgroup *cgroup;
	struct pcf_bpf_key key;
};

static __always_inline struct cgroup *cgroup_in(struct css_set *set, u32 role)
{
	struct cgroup_subsys_state *css = NULL;

	if (role == PCF_ROLE_UNIFIED)
		return pcf_read(set, dfl_cgrp);
	if (subsystem[role] == PCF_BPF_NONE)
		return NULL;
	bpf_probe_read_kernel(&css, sizeof css,
			      (void *)set + bpf_core_field_offset(struct css_set, subsys) + 8 * subsystem[role]);
	return pcf_read(css, cgroup);
}

static __always_inline void place_of(struct place *place, struct task_struct *task)
{
	struct css_set *set = pcf_read(task, cgroups);
	struct cgroup *first = NULL, *cgroup = NULL;

	for (u32 i = 0; i < PCF_ROLE_COUNT; i++) {
		if (identity[i] >= PCF_ROLE_COUNT)
			break;
		cgroup = cgroup_in(set, identity[i]);
		if (!first)
			first = cgroup;
		if (pcf_read(cgroup, level) > 0)
			break;
		cgroup = NULL;
	}
	if (!cgroup)
		cgroup = first; /* at the root of all */
	place->cgroup = cgroup;
	place->key.id = BPF_CORE_READ(cgroup, kn, id);
	place->key.hierarchy = BPF_CORE_READ(cgroup, root, hierarchy_id);
	place->key.spare = 0;
}

static __always_inline struct pcf_bpf_counters *counters_of(struct pcf_bpf_key *key, bool *is_new)
{
	struct pcf_bpf_counters *of = bpf_map_lookup_elem(&counters, key);

	*is_new = false;
	if (of)
		return of;
	*is_new = bpf_map_update_elem(&counters, key, &nothing, BPF_NOEXIST) == 0;
	of = bpf_map_lookup_elem(&counters, key);
	if (!of)
		count_uncounted();
	return of;
}

static __always_inline int tell_started(struct cgroup *cgroup, u32 pid, const char *comm)
{
	struct pcf_bpf_cgroup *record = bpf_ringbuf_reserve(&rare, sizeof *record, 0);

	if (!record)
		return lost(PCF_BPF_STARTED);
	if (!fill_cgroup(record, cgroup, PCF_BPF_STARTED))
		return unseen(record);
	record->pid = pid;
	__builtin_memcpy(record->comm, comm, sizeof record->comm);
	return told(record, PCF_BPF_STARTED);
}

static __always_inline void enter(struct place *place, struct pcf_bpf_counters *of, struct task_struct *task)
{
	u32 pid = pcf_read(task, tgid);

	if (place->key.id <= 1 || __sync_val_compare_and_swap(&of->first_pid, 0, pid) != 0)
		return;
	bpf_core_read(of->first_comm, sizeof of->first_comm, &task->comm);
	tell_started(place->cgroup, pid, of->first_comm);
}
/* The scheduler adds up a task's time when it looks at its CPU's clock; between two looks a task may begin and end. How
 * far the clock is behind CLOCK_MONOTONIC when it was just looked at is the least distance seen lately, CPU by CPU: the
 * two drift apart slowly. */
#define LAG_EPOCH_NS 10000000000ULL

struct lag {
	u64 begun_ns, least, next_least;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct lag);
} lags SEC(".maps");

static __always_inline u64 since_look(u64 clock)
{
	u32 zero = 0;
	struct lag *lag = bpf_map_lookup_elem(&lags, &zero);
	u64 now = bpf_ktime_get_ns(), distance = now - clock;

	if (!lag)
		return 0;
	if (now - lag->begun_ns > LAG_EPOCH_NS) {
		lag->least = lag->begun_ns ? lag->next_least : distance;
		lag->next_least = distance;
		lag->begun_ns = now;
	}
	if ((s64)(distance - lag->next_least) < 0)
		lag->next_least = distance;
	if ((s64)(distance - lag->least) < 0)
		lag->least = distance;
	return distance - lag->least;
}

/* CPU time of the running task up to now. */
static __always_inline u64 cpu_of(struct task_struct *task)
{
	struct rq *rq = BPF_CORE_READ(task, se.cfs_rq, rq);
	u64 time = pcf_read(task, se.sum_exec_runtime), more;

	if (!rq)
		return time;
	more = since_look(pcf_read(rq, clock)) + pcf_read(rq, clock_task) - pcf_read(task, se.exec_start);
	return more < LAG_EPOCH_NS ? time + more : time;
}
#endif
