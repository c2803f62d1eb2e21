/* The kernel's own numbers of a cgroup, taken while it is still there. */
#ifndef PCF_BPF_LIFE_NUMBERS_H
#define PCF_BPF_LIFE_NUMBERS_H
#include "bpf/life_cgroup.h"

struct sum {
	u64 base; /* address of the per-CPU data */
	u64 a, b, c;
};

static long add_counter(u32 cpu, void *ctx)
{
	struct sum *sum = ctx;
	u64 at = pcf_percpu(sum->base, cpu);
	int value = 0;

	if (at)
		bpf_probe_read_kernel(&value, sizeof value, (void *)at);
	sum->a += (s64)value;
	return 0;
}

static long add_usage(u32 cpu, void *ctx)
{
	struct sum *sum = ctx;
	u64 at = pcf_percpu(sum->base, cpu);

	if (at)
		sum->a += read_u64(at);
	return 0;
}

static long add_cpustat(u32 cpu, void *ctx)
{
	struct sum *sum = ctx;
	u64 at = pcf_percpu(sum->base, cpu);

	if (!at)
		return 0;
	sum->b += read_u64(at + 8 * time_user) + read_u64(at + 8 * time_nice);
	sum->c += read_u64(at + 8 * time_system) + read_u64(at + 8 * time_irq) + read_u64(at + 8 * time_softirq);
	return 0;
}

/* What the last flush has not seen yet. */
static long add_unflushed(u32 cpu, void *ctx)
{
	struct sum *sum = ctx;
	struct cgroup_base_stat *now, *seen;
	u64 at = pcf_percpu(sum->base, cpu), now_at, seen_at;

	if (!at)
		return 0;
	if (bpf_core_type_exists(struct cgroup_rstat_base_cpu)) {
		now_at = at + bpf_core_field_offset(struct cgroup_rstat_base_cpu, bstat);
		seen_at = at + bpf_core_field_offset(struct cgroup_rstat_base_cpu, last_bstat);
		ONLY_NEW(seen_at);
	} else {
		now_at = at + bpf_core_field_offset(struct cgroup_rstat_cpu, bstat);
		seen_at = at + bpf_core_field_offset(struct cgroup_rstat_cpu, last_bstat);
		ONLY_OLD(seen_at);
	}
	now = (void *)now_at;
	seen = (void *)seen_at;
	sum->a += pcf_read(now, cputime.sum_exec_runtime) - pcf_read(seen, cputime.sum_exec_runtime);
	sum->b += pcf_read(now, cputime.utime) - pcf_read(seen, cputime.utime);
	sum->c += pcf_read(now, cputime.stime) - pcf_read(seen, cputime.stime);
	return 0;
}

static __always_inline u64 bytes_of(unsigned long pages)
{
	return (u64)pages * page_bytes;
}

/* page_counter.max of a cgroup without a limit is LONG_MAX / page: told as the largest number but one. */
static __always_inline u64 limit_of(unsigned long pages)
{
	return pages >= (~0UL >> 1) / page_bytes ? PCF_BPF_ABSENT - 1 : bytes_of(pages);
}

static __always_inline void take_cpu_v1(struct pcf_bpf_numbers *to, struct cpuacct *cpuacct)
{
	struct sum sum = {.base = (u64)pcf_read(cpuacct, cpuusage)};

	bpf_loop(cpus, add_usage, &sum, 0);
	to->cpu_ns = sum.a;
	sum.base = (u64)pcf_read(cpuacct, cpustat);
	bpf_loop(cpus, add_cpustat, &sum, 0);
	to->user_ns = sum.b;
	to->system_ns = sum.c;
}

static __always_inline u64 rstat_of(struct cgroup *cgroup)
{
	struct cgroup___old *old = (void *)cgroup;
	u64 base;

	if (bpf_core_field_exists(cgroup->rstat_base_cpu)) {
		base = (u64)pcf_read(cgroup, rstat_base_cpu);
		ONLY_NEW(base);
	} else {
		base = (u64)pcf_read(old, rstat_cpu);
		ONLY_OLD(base);
	}
	return base;
}

/* A flush moves what it finds from a CPU's part to the sum; when it passed by in between, once more. */
static __always_inline void take_cpu_v2(struct pcf_bpf_numbers *to, struct cgroup *cgroup)
{
	u64 base = rstat_of(cgroup);

	for (u32 attempt = 0; attempt < 3; attempt++) {
		struct sum sum = {.base = base};
		u64 flushed = pcf_read(cgroup, bstat.cputime.sum_exec_runtime);
		u64 user = pcf_read(cgroup, bstat.cputime.utime), system = pcf_read(cgroup, bstat.cputime.stime);

		bpf_loop(cpus, add_unflushed, &sum, 0);
		to->cpu_ns = flushed + sum.a;
		to->user_ns = user + sum.b;
		to->system_ns = system + sum.c;
		if (pcf_read(cgroup, bstat.cputime.sum_exec_runtime) == flushed)
			break;
	}
}

static __always_inline u64 memory_event(struct mem_cgroup *memcg, u32 event)
{
	return read_u64((u64)memcg + bpf_core_field_offset(struct mem_cgroup, memory_events) + 8 * event);
}

static __always_inline void take_memory(struct pcf_bpf_numbers *to, struct mem_cgroup *memcg)
{
	to->memory_bytes = bytes_of(pcf_read(memcg, memory.usage.counter));
	to->peak_bytes = bytes_of(pcf_read(memcg, memory.watermark));
	to->limit_bytes = limit_of(pcf_read(memcg, memory.max));
	to->ooms = memory_event(memcg, memcg_oom);
	to->oom_kills = memory_event(memcg, memcg_oom_kill);
}

static __always_inline void take_throttling(struct pcf_bpf_numbers *to, struct task_group *group)
{
	if (!bpf_core_field_exists(group->cfs_bandwidth))
		return;
	to->periods = (u32)pcf_read(group, cfs_bandwidth.nr_periods);
	to->throttled = (u32)pcf_read(group, cfs_bandwidth.nr_throttled);
	to->throttled_ns = pcf_read(group, cfs_bandwidth.throttled_time);
}

struct io_sum {
	u64 node, base;
	u64 read_bytes, write_bytes, read_ops, write_ops;
};

#define MOST_DISKS 64

/* What a set counted, and, per CPU, no flush has moved on yet. */
static __always_inline void add_io(struct io_sum *sum, u64 set, u64 seen)
{
	u64 bytes = bpf_core_field_offset(struct blkg_iostat, bytes),
	    ops = bpf_core_field_offset(struct blkg_iostat, ios);

	sum->read_bytes += read_u64(set + bytes) - (seen ? read_u64(seen + bytes) : 0);
	sum->write_bytes += read_u64(set + bytes + 8) - (seen ? read_u64(seen + bytes + 8) : 0);
	sum->read_ops += read_u64(set + ops) - (seen ? read_u64(seen + ops) : 0);
	sum->write_ops += read_u64(set + ops + 8) - (seen ? read_u64(seen + ops + 8) : 0);
}

static long add_io_of_cpu(u32 cpu, void *ctx)
{
	struct io_sum *sum = ctx;
	u64 at = pcf_percpu(sum->base, cpu);

	if (at)
		add_io(sum, at + bpf_core_field_offset(struct blkg_iostat_set, cur),
		       at + bpf_core_field_offset(struct blkg_iostat_set, last));
	return 0;
}

static long add_disk(u32 number, void *ctx)
{
	struct io_sum *sum = ctx;
	struct blkcg_gq *disk = (void *)(sum->node - bpf_core_field_offset(struct blkcg_gq, blkcg_node));

	if (!sum->node)
		return 1;
	add_io(sum,
	       (u64)disk + bpf_core_field_offset(struct blkcg_gq, iostat) +
		       bpf_core_field_offset(struct blkg_iostat_set, cur),
	       0);
	sum->base = (u64)pcf_read(disk, iostat_cpu);
	bpf_loop(cpus, add_io_of_cpu, sum, 0);
	sum->node = read_u64(sum->node + bpf_core_field_offset(struct hlist_node, next));
	return 0;
}

static __always_inline void take_io_v2(struct pcf_bpf_numbers *to, struct blkcg *group)
{
	struct io_sum sum = {.node = (u64)pcf_read(group, blkg_list.first)};

	bpf_loop(MOST_DISKS, add_disk, &sum, 0);
	to->read_bytes = sum.read_bytes;
	to->write_bytes = sum.write_bytes;
	to->read_ops = sum.read_ops;
	to->write_ops = sum.write_ops;
}

static __always_inline void take_numbers(struct pcf_bpf_numbers *to, struct cgroup *cgroup, u32 roles)
{
	struct pids_cgroup *pids = css_of(cgroup, PCF_ROLE_PIDS);

	__builtin_memset(to, 0xff, sizeof *to);
	if (roles & 1u << PCF_ROLE_UNIFIED)
		take_cpu_v2(to, cgroup);
	else if (roles & 1u << PCF_ROLE_CPUACCT)
		take_cpu_v1(to, css_of(cgroup, PCF_ROLE_CPUACCT));
	if (roles & 1u << PCF_ROLE_MEMORY)
		take_memory(to, css_of(cgroup, PCF_ROLE_MEMORY));
	if (roles & 1u << PCF_ROLE_CPU)
		take_throttling(to, css_of(cgroup, PCF_ROLE_CPU));
	if ((roles & 1u << PCF_ROLE_PIDS) && bpf_core_field_exists(pids->watermark))
		to->pids_peak = (u64)pcf_read(pids, watermark);
	/* v1 counts only where a throttle was set once: what threads caused is told there. */
	if ((roles & 1u << PCF_ROLE_UNIFIED) && (roles & 1u << PCF_ROLE_IO) &&
	    bpf_core_type_exists(struct blkg_iostat_set))
		take_io_v2(to, css_of(cgroup, PCF_ROLE_IO));
}
#endif
