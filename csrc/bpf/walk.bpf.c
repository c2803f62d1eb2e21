/* A whole tick in one system call: walks every hierarchy and writes the numbers of each cgroup into arrays that user
 * space has mapped. Nothing is formatted, nothing copied twice.
 *
 * Two ways in: walk() by css iterators (one call for all hierarchies, under RCU), and walk_one() as a cgroup iterator,
 * for kernels without them (one read for each hierarchy, under cgroup_mutex). Needs BTF and the right to trace. */
#include "bpf/kernel.h"
#include "bpf/peek.h"
#include "bpf/percpu.h"
#include "bpf/psi.h"
#include "bpf/walk.h"

char LICENSE[] SEC("license") = "GPL";

#define PCF_ARRAY(name, record)                                                                                        \
	struct {                                                                                                       \
		__uint(type, BPF_MAP_TYPE_ARRAY);                                                                      \
		__uint(max_entries, 1); /* as many as user space says, before loading */                               \
		__uint(map_flags, BPF_F_MMAPABLE);                                                                     \
		__type(key, u32);                                                                                      \
		__type(value, record);                                                                                 \
	} name SEC(".maps")

PCF_ARRAY(memory, struct pcf_walk_memory);
PCF_ARRAY(stat, struct pcf_walk_stat);
PCF_ARRAY(cpuacct, struct pcf_walk_cpuacct);
PCF_ARRAY(cores, u64); /* as many values as there are CPUs, set before loading */
PCF_ARRAY(cfs, struct pcf_walk_cfs);
PCF_ARRAY(pids, struct pcf_walk_pids);
PCF_ARRAY(base, struct pcf_walk_base);
PCF_ARRAY(psi, struct pcf_walk_psi);
PCF_ARRAY(io, struct pcf_walk_io);
PCF_ARRAY(io_any, struct pcf_walk_io_any);

/* From BTF and the host, before loading. */
const volatile __u32 cpus = 1;
const volatile __u32 memory_id, cpuacct_id, cpu_id, pids_id, io_id; /* places in cgroup.subsys */
const volatile __u32 css_online, css_visible;                       /* CSS_ONLINE, CSS_VISIBLE, 0: not known */
const volatile __u32 pids_max_event;                                /* place in pids_cgroup.events */
const volatile __u8 pids_event_is_local, pids_has_limit_events;
const volatile __u8 wants_local;      /* v1: memory.stat's lines without total_ */
const volatile __u8 has_io, has_cost; /* this kernel has block IO as walk_io.h reads it; and cost models */
const volatile __u32 cost_policy;     /* RQ_QOS_COST */
const volatile __u32 hierarchy_count;

struct pcf_walk_hierarchy hierarchies[PCF_WALK_HIERARCHIES];
__u32 current_hierarchy; /* for walk_one */

struct bpf_iter_css {
	u64 opaque[3];
} __attribute__((aligned(8)));

#define PCF_CSS_PRE 2 /* BPF_CGROUP_ITER_DESCENDANTS_PRE: a parent before its children, the same order each time */

/* Weak: one object for every kernel; a program whose functions a kernel has not got is not loaded there. */
extern int bpf_iter_css_new(struct bpf_iter_css *it, struct cgroup_subsys_state *start,
			    unsigned int flags) __weak __ksym;
extern struct cgroup_subsys_state *bpf_iter_css_next(struct bpf_iter_css *it) __weak __ksym;
extern void bpf_iter_css_destroy(struct bpf_iter_css *it) __weak __ksym;
extern void bpf_rcu_read_lock(void) __weak __ksym;
extern void bpf_rcu_read_unlock(void) __weak __ksym;
extern struct cgroup *bpf_task_get_cgroup1(struct task_struct *task, int hierarchy_id) __weak __ksym;
extern struct cgroup *bpf_cgroup_ancestor(struct cgroup *cgrp, int level) __weak __ksym;
extern struct cgroup *bpf_cgroup_from_id(u64 id) __weak __ksym;
extern void bpf_cgroup_release(struct cgroup *cgrp) __weak __ksym;

/* NULL also for a controller that only another one needs there (io needs memory): it counts, but has no files. */
static __always_inline void *css_of(struct cgroup *cgrp, u32 id)
{
	struct cgroup_subsys_state *css = NULL;

	bpf_probe_read_kernel(&css, sizeof css, (void *)cgrp + bpf_core_field_offset(struct cgroup, subsys) + id * 8);
	if (css && css_visible && !(pcf_peek(css, flags) & css_visible))
		return NULL;
	return css;
}

/* ---- memory ---- */
static __always_inline void fill_counter(struct pcf_walk_counter *out, struct page_counter *counter)
{
	out->usage = pcf_peek(counter, usage.counter);
	out->watermark = pcf_peek(counter, watermark);
	out->failcnt = pcf_peek(counter, failcnt);
	out->max = pcf_peek(counter, max);
}

#define PCF_COUNTER(memcg, member) __builtin_preserve_access_index(&(memcg)->member)

static __always_inline void fill_memory_limits(struct pcf_walk_memory *out, struct mem_cgroup *memcg)
{
	fill_counter(&out->memory, PCF_COUNTER(memcg, memory));
	fill_counter(&out->swap, PCF_COUNTER(memcg, swap));
	if (bpf_core_field_exists(memcg->kmem))
		fill_counter(&out->kmem, PCF_COUNTER(memcg, kmem));
	if (bpf_core_field_exists(memcg->tcpmem))
		fill_counter(&out->tcp, PCF_COUNTER(memcg, tcpmem));
	out->high = pcf_peek(memcg, memory.high);
	out->low = pcf_peek(memcg, memory.low);
	out->min = pcf_peek(memcg, memory.min);
	if (bpf_core_field_exists(memcg->soft_limit))
		out->soft_limit = pcf_peek(memcg, soft_limit);
}

static __always_inline void fill_memory(struct cgroup *cgrp, u32 index, u64 id, bool is_whole)
{
	struct pcf_walk_memory *out = bpf_map_lookup_elem(&memory, &index);
	struct mem_cgroup *memcg = css_of(cgrp, memory_id);
	u32 size;

	if (!out)
		return;
	out->id = id;
	out->has = memcg != NULL;
	if (!memcg)
		return;
	out->memory.usage = pcf_peek(memcg, memory.usage.counter);
	/* A union with memsw: the same place on either version. */
	out->swap.usage = pcf_peek(memcg, swap.usage.counter);
	if (is_whole)
		fill_memory_limits(out, memcg);
	if (bpf_core_field_exists(memcg->under_oom))
		out->under_oom = pcf_peek(memcg, under_oom);
	size = bpf_core_field_size(memcg->memory_events);
	if (size > sizeof out->events)
		size = sizeof out->events;
	bpf_probe_read_kernel(out->events, size, PCF_COUNTER(memcg, memory_events));
}

#define PCF_COPY(to, vmstats, member)                                                                                  \
	({                                                                                                             \
		u32 pcf_size = bpf_core_field_size((vmstats)->member);                                                 \
		if (pcf_size > sizeof(to))                                                                             \
			pcf_size = sizeof(to);                                                                         \
		bpf_probe_read_kernel(to, pcf_size, __builtin_preserve_access_index(&(vmstats)->member));              \
	})

static __always_inline void fill_stat(struct cgroup *cgrp, u32 index, u64 id)
{
	struct pcf_walk_stat *out = bpf_map_lookup_elem(&stat, &index);
	struct mem_cgroup *memcg = css_of(cgrp, memory_id);
	struct memcg_vmstats *vmstats;

	if (!out)
		return;
	out->id = id;
	out->has = memcg != NULL;
	if (!memcg)
		return;
	vmstats = pcf_peek(memcg, vmstats);
	PCF_COPY(out->state, vmstats, state);
	PCF_COPY(out->events, vmstats, events);
	if (wants_local && bpf_core_field_exists(vmstats->events_local))
		PCF_COPY(out->events_local, vmstats, events_local);
}

/* ---- CPU time ---- */
/* cpuacct charges a cgroup and its ancestors at once, so each CPU's share is complete: nothing to flush. */
static __always_inline void add_cpu(u32 cpu, u64 usage_of, u64 stat_of, u64 *by_core, struct pcf_walk_cputime *time)
{
	u64 at = pcf_percpu(usage_of, cpu), usage = pcf_peek((struct kernel_cpustat *)at, cpustat[0]); /* any u64 */
	struct kernel_cpustat *stat = (void *)(at - usage_of + stat_of);

	time->usage += usage;
	time->user += pcf_peek(stat, cpustat[0]) + pcf_peek(stat, cpustat[1]); /* CPUTIME_USER, CPUTIME_NICE */
	/* CPUTIME_SYSTEM, _SOFTIRQ, _IRQ */
	time->system += pcf_peek(stat, cpustat[2]) + pcf_peek(stat, cpustat[3]) + pcf_peek(stat, cpustat[4]);
	if (by_core && cpu < cpus)
		by_core[cpu] = usage;
}

static __always_inline void fill_cpuacct(struct cgroup *cgrp, u32 index, u64 id, bool with_cores)
{
	struct pcf_walk_cpuacct *out = bpf_map_lookup_elem(&cpuacct, &index);
	u64 *by_core = with_cores ? bpf_map_lookup_elem(&cores, &index) : NULL;
	struct cpuacct *account = css_of(cgrp, cpuacct_id);
	struct pcf_walk_cputime time = {0};
	u64 usage_of, stat_of;

	if (!out)
		return;
	out->id = id;
	out->has = account != NULL;
	if (!account)
		return;
	/* Per-CPU addresses, as numbers: the verifier adds nothing unknown to a pointer. */
	usage_of = (u64)pcf_read(account, cpuusage);
	stat_of = (u64)pcf_read(account, cpustat);
	for (u32 cpu = 0; cpu < cpus; cpu++)
		add_cpu(cpu, usage_of, stat_of, by_core, &time);
	time.shown_user = pcf_peek(cgrp, prev_cputime.utime);
	time.shown_system = pcf_peek(cgrp, prev_cputime.stime);
	out->time = time;
}

/* cgroup2: complete once it was flushed. */
static __always_inline void fill_base(struct cgroup *cgrp, u32 index, u64 id)
{
	struct pcf_walk_base *out = bpf_map_lookup_elem(&base, &index);

	if (!out)
		return;
	out->id = id;
	out->has = 1;
	out->time.usage = pcf_peek(cgrp, bstat.cputime.sum_exec_runtime);
	out->time.user = pcf_peek(cgrp, bstat.cputime.utime);
	out->time.system = pcf_peek(cgrp, bstat.cputime.stime);
	out->time.shown_user = pcf_peek(cgrp, prev_cputime.utime);
	out->time.shown_system = pcf_peek(cgrp, prev_cputime.stime);
	if (bpf_core_field_exists(cgrp->bstat.ntime))
		out->time.nice = pcf_peek(cgrp, bstat.ntime);
}

static __always_inline void fill_psi(struct cgroup *cgrp, u32 index, u64 id)
{
	struct pcf_walk_psi *out = bpf_map_lookup_elem(&psi, &index);

	if (!out)
		return;
	out->id = id;
	out->has = 1;
	pcf_psi_read(&out->raw, pcf_peek(cgrp, psi));
}

/* ---- the small ones ---- */
static __always_inline void fill_cfs(struct cgroup *cgrp, u32 index, u64 id, bool is_whole)
{
	struct pcf_walk_cfs *out = bpf_map_lookup_elem(&cfs, &index);
	struct task_group *group = css_of(cgrp, cpu_id);

	if (!out)
		return;
	out->id = id;
	out->has = group != NULL;
	if (!group)
		return;
	out->periods = pcf_peek(group, cfs_bandwidth.nr_periods);
	out->throttled = pcf_peek(group, cfs_bandwidth.nr_throttled);
	out->throttled_ns = pcf_peek(group, cfs_bandwidth.throttled_time);
	if (is_whole) {
		out->shares = pcf_peek(group, shares);
		out->idle = bpf_core_field_exists(group->idle) ? pcf_peek(group, idle) : 0;
		out->quota = pcf_peek(group, cfs_bandwidth.quota);
		out->period = pcf_peek(group, cfs_bandwidth.period);
		if (bpf_core_field_exists(group->cfs_bandwidth.burst))
			out->burst = pcf_peek(group, cfs_bandwidth.burst);
	}
	if (bpf_core_field_exists(group->cfs_bandwidth.burst)) {
		out->bursts = pcf_peek(group, cfs_bandwidth.nr_burst);
		out->burst_ns = pcf_peek(group, cfs_bandwidth.burst_time);
	}
}

static __always_inline void fill_pids_limits(struct pcf_walk_pids *out, struct pids_cgroup *group)
{
	out->limit = pcf_peek(group, limit.counter);
	if (bpf_core_field_exists(group->watermark))
		out->watermark = pcf_peek(group, watermark);
	if (pids_has_limit_events)
		out->max_events = pcf_peek(group, events_limit.counter);
	else if (pids_event_is_local)
		bpf_probe_read_kernel(&out->max_events, 8,
				      (void *)group + bpf_core_field_offset(struct pids_cgroup, events_local) +
					      pids_max_event * 8);
	else
		bpf_probe_read_kernel(&out->max_events, 8,
				      (void *)group + bpf_core_field_offset(struct pids_cgroup, events) +
					      pids_max_event * 8);
}

static __always_inline void fill_pids(struct cgroup *cgrp, u32 index, u64 id, bool is_whole)
{
	struct pcf_walk_pids *out = bpf_map_lookup_elem(&pids, &index);
	struct pids_cgroup *group = css_of(cgrp, pids_id);

	if (!out)
		return;
	out->id = id;
	out->has = group != NULL;
	if (!group)
		return;
	out->current = pcf_peek(group, counter.counter);
	if (is_whole)
		fill_pids_limits(out, group);
}

#include "bpf/walk_io.h"

/* ---- the walk ---- */
static __always_inline void visit(struct cgroup *cgrp, u64 id, struct pcf_walk_hierarchy *hierarchy)
{
	u32 parts = hierarchy->parts, index = hierarchy->count;
	bool is_whole = parts & PCF_WALK_WHOLE;

	hierarchy->count = index + 1;
	if (parts & PCF_WALK_MEMORY)
		fill_memory(cgrp, index, id, is_whole);
	if (parts & PCF_WALK_STAT)
		fill_stat(cgrp, index, id);
	if (parts & PCF_WALK_CPUACCT)
		fill_cpuacct(cgrp, index, id, parts & PCF_WALK_CORES);
	if (parts & PCF_WALK_CFS)
		fill_cfs(cgrp, index, id, is_whole);
	if (parts & PCF_WALK_PIDS)
		fill_pids(cgrp, index, id, is_whole);
	if (parts & PCF_WALK_BASE)
		fill_base(cgrp, index, id);
	if (parts & PCF_WALK_PSI)
		fill_psi(cgrp, index, id);
	if (parts & PCF_WALK_IO)
		fill_io((u64)cgrp, index, id);
	if (parts & PCF_WALK_IO_ANY)
		fill_io_any(cgrp, index, id);
}

/* Global, and the cgroup a mere number: so it is verified once and by itself. Inside the loop of an iterator the
 * verifier would go through every combination of parts. */
__attribute__((noinline)) int visit_cgroup(u64 address, u64 id, u32 number)
{
	if (number < PCF_WALK_HIERARCHIES)
		visit((struct cgroup *)address, id, &hierarchies[number]);
	return 0;
}

/* Of an iterator's cgroup: the verifier knows the type, so that these are plain loads. */
static __always_inline void meet(struct cgroup *cgrp, u32 number)
{
	/* Removed, and kept only by what it is still charged for. */
	if (css_online && cgrp->level && !(cgrp->self.flags & css_online))
		return;
	visit_cgroup(pcf_percpu_number(cgrp), cgrp->kn->id, number);
}

static __always_inline struct cgroup *root_of(const struct pcf_walk_hierarchy *hierarchy)
{
	struct cgroup *own, *root;

	if (hierarchy->is_v2)
		return bpf_cgroup_from_id(hierarchy->root);
	/* Naming a member makes clang describe the whole type; a mere forward declaration does not match the kernel's. */
	if (!bpf_core_field_exists(struct task_struct, tgid))
		return NULL;
	own = bpf_task_get_cgroup1(bpf_get_current_task_btf(), hierarchy->number);
	if (!own)
		return NULL;
	root = bpf_cgroup_ancestor(own, 0);
	bpf_cgroup_release(own);
	return root;
}

__attribute__((noinline)) int walk_hierarchy(u32 number)
{
	struct pcf_walk_hierarchy *hierarchy;
	struct cgroup_subsys_state *css;
	struct bpf_iter_css it;
	struct cgroup *root;

	if (number >= PCF_WALK_HIERARCHIES)
		return 0;
	hierarchy = &hierarchies[number];
	hierarchy->count = 0;
	hierarchy->error = 0;
	if (!hierarchy->parts)
		return 0;
	root = root_of(hierarchy);
	if (!root) {
		hierarchy->error = -2; /* ENOENT */
		return 0;
	}
	bpf_rcu_read_lock();
	bpf_iter_css_new(&it, &root->self, PCF_CSS_PRE);
	while ((css = bpf_iter_css_next(&it))) {
		struct cgroup *cgrp = css->cgroup;

		if (cgrp)
			meet(cgrp, number);
	}
	bpf_iter_css_destroy(&it);
	bpf_rcu_read_unlock();
	bpf_cgroup_release(root);
	return 0;
}

SEC("syscall") int pcf_walk(void *ctx)
{
	for (u32 i = 0; i < PCF_WALK_HIERARCHIES; i++)
		if (i < hierarchy_count)
			walk_hierarchy(i);
	return 0;
}

SEC("iter/cgroup") int pcf_walk_one(struct bpf_iter__cgroup *ctx)
{
	struct cgroup *cgrp = ctx->cgroup;
	u32 number = current_hierarchy;

	if (cgrp)
		meet(cgrp, number);
	return 0;
}

SEC("syscall") int pcf_learn_cpus(void *ctx)
{
	pcf_percpu_learn(cpus);
	return 0;
}
