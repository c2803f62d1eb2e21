/* Which columns the walk gives on this host, group by group, and what they are. */
#include <string.h>

#include "host/shared_btf.h"
#include "source/bpf/io.h"
#include "source/bpf/walk.h"

void pcf_walk_fill(const pcf_kernel_walk *walk, int group, const void *const *records, uint64_t *shown_user,
		   uint64_t *shown_system, uint64_t *row)
{
	const struct pcf_walk_memory *memory = PCF_PART(records, PCF_WALK_MEMORY);
	const struct pcf_walk_cpuacct *account = PCF_PART(records, PCF_WALK_CPUACCT);
	const struct pcf_walk_cfs *cfs = PCF_PART(records, PCF_WALK_CFS);
	const struct pcf_walk_pids *pids = PCF_PART(records, PCF_WALK_PIDS);
	const struct pcf_walk_base *base = PCF_PART(records, PCF_WALK_BASE);
	int cfs_is_v2 = walk->host->controllers[PCF_CTL_CPU].version == 2;

	if (group == PCF_GROUP_CPU && account)
		pcf_fill_cpu_v1(account, shown_user, shown_system, row);
	if (group == PCF_GROUP_CPU && base)
		pcf_fill_cpu_v2(base, shown_user, shown_system, row);
	if (group == PCF_GROUP_CPU && cfs)
		pcf_fill_throttling(cfs, cfs_is_v2, row);
	if (group == PCF_GROUP_MEMORY && memory)
		pcf_fill_memory(memory, walk->memory_is_v2, row);
	if (group == PCF_GROUP_MEMORY_EVENTS && memory)
		pcf_fill_memory_events(memory, &walk->facts, walk->memory_is_v2, row);
	if (group == PCF_GROUP_MEMORY_SWAP && memory)
		pcf_fill_memory_swap(memory, &walk->facts, walk->memory_is_v2, row);
	if (group == PCF_GROUP_MEMORY_KERNEL && memory)
		pcf_fill_memory_kernel(memory, row);
	if (group == PCF_GROUP_PIDS && pids)
		pcf_fill_pids(pids, row);
	if (group == PCF_GROUP_LIMITS && memory)
		pcf_fill_memory_limits(memory, walk->memory_is_v2, row);
	if (group == PCF_GROUP_LIMITS && cfs)
		pcf_fill_cpu_limits(cfs, cfs_is_v2, row);
	if (group == PCF_GROUP_LIMITS && pids)
		pcf_fill_pids_limits(pids, row);
}

/* What a row of zeros has set is what there is. */
static void list_columns(pcf_kernel_walk *walk, int group)
{
	static const union {
		struct pcf_walk_memory memory;
		struct pcf_walk_cpuacct account;
		struct pcf_walk_cfs cfs;
		struct pcf_walk_pids pids;
		struct pcf_walk_base base;
	} zero;
	const void *records[PCF_WALK_PARTS];
	uint64_t row[PCF_MAX_GROUP_COLUMNS], shown[2] = {0, 0};

	for (int p = 0; p < PCF_WALK_PARTS; p++)
		records[p] = walk->parts_of[group] >> p & 1 ? &zero : NULL;
	memset(row, 0xff, sizeof row);
	pcf_walk_fill(walk, group, records, &shown[0], &shown[1], row);
	for (int c = 0; c < pcf_group_at(group)->columns; c++)
		walk->gives[group][c] = row[c] != PCF_ABSENT;
}

static void list_memory_stat(pcf_kernel_walk *walk, const pcf_plan *plan)
{
	const pcf_group_plan *group = &plan->group[PCF_GROUP_MEMORY_STAT];
	const pcf_btf *btf;
	pcf_error err;

	if (pcf_shared_btf(&btf, &err) < 0)
		return;
	pcf_memory_stat_begin(&walk->memory_stat, group->present, walk->memory_is_v2 ? 2 : 1,
			      pcf_btf_array_length(btf, "memcg_vmstats", "state"),
			      pcf_btf_array_length(btf, "memcg_vmstats", "events"),
			      pcf_btf_has_member(btf, "memcg_vmstats", "events_local"));
	for (int c = 0; c < pcf_group_at(PCF_GROUP_MEMORY_STAT)->columns; c++)
		walk->gives[PCF_GROUP_MEMORY_STAT][c] = (uint8_t)pcf_memory_stat_gives(&walk->memory_stat, c);
}

/* Figures of a cost model are never given, they are known to be absent: where a disk has one the file is read. */
static void list_io(pcf_kernel_walk *walk)
{
	uint8_t *gives = walk->gives[PCF_GROUP_IO];
	uint64_t row[PCF_MAX_GROUP_COLUMNS];
	const pcf_btf *btf;
	pcf_error err;

	if (walk->parts_of[PCF_GROUP_IO] == PCF_WALK_IO_ANY) { /* that there is none is known of all alike */
		memset(gives, 1, (size_t)pcf_group_at(PCF_GROUP_IO)->columns);
		return;
	}
	memset(row, 0xff, sizeof row);
	pcf_io_fill(&(struct pcf_walk_device){0}, row);
	for (int c = 0; c < pcf_group_at(PCF_GROUP_IO)->columns; c++)
		gives[c] = row[c] != PCF_ABSENT;
	gives[PCF_IO_COST_USAGE_USEC] = gives[PCF_IO_COST_WAIT_USEC] = gives[PCF_IO_COST_INDEBT_USEC] =
		gives[PCF_IO_COST_INDELAY_USEC] = pcf_shared_btf(&btf, &err) == 0 && pcf_io_has_cost(btf);
}

/* A kernel without it has no such line in cpu.stat either. */
static void list_nice(pcf_kernel_walk *walk)
{
	const pcf_btf *btf;
	pcf_error err;

	if (pcf_shared_btf(&btf, &err) < 0 || !pcf_btf_has_member(btf, "cgroup_base_stat", "ntime"))
		walk->gives[PCF_GROUP_CPU][PCF_CPU_NICE_NS] = 0;
}

static uint32_t wanted_parts(const pcf_kernel_walk *walk, int group)
{
	uint32_t cpu_time = walk->cpu_is_v2 ? PCF_WALK_BASE : PCF_WALK_CPUACCT;

	switch (group) {
	case PCF_GROUP_CPU:
		return cpu_time | PCF_WALK_CFS;
	case PCF_GROUP_CPU_PERCPU:
		return walk->cpu_is_v2 ? 0 : PCF_WALK_CPUACCT | PCF_WALK_CORES;
	case PCF_GROUP_MEMORY:
	case PCF_GROUP_MEMORY_EVENTS:
	case PCF_GROUP_MEMORY_SWAP:
		return PCF_WALK_MEMORY;
	case PCF_GROUP_MEMORY_KERNEL:
		return walk->memory_is_v2 ? 0 : PCF_WALK_MEMORY;
	case PCF_GROUP_MEMORY_STAT:
		return PCF_WALK_STAT;
	case PCF_GROUP_IO:
		return walk->io_is_v2 ? PCF_WALK_IO : PCF_WALK_IO_ANY;
	case PCF_GROUP_PRESSURE:
		return walk->pressure ? PCF_WALK_PSI : 0;
	case PCF_GROUP_PIDS:
		return PCF_WALK_PIDS;
	case PCF_GROUP_LIMITS:
		return PCF_WALK_MEMORY | PCF_WALK_CFS | PCF_WALK_PIDS;
	default:
		return 0;
	}
}

void pcf_walk_columns_find(pcf_kernel_walk *walk, const pcf_plan *plan)
{
	uint32_t there = pcf_program_parts(walk->now->program);

	for (int g = 0; g < PCF_GROUP_COUNT; g++) {
		if (plan->group[g].source != PCF_SOURCE_BPF)
			continue;
		walk->parts_of[g] = wanted_parts(walk, g) & there;
		if (!walk->parts_of[g])
			continue;
		if (g == PCF_GROUP_MEMORY_STAT)
			list_memory_stat(walk, plan);
		else if (g == PCF_GROUP_CPU_PERCPU)
			walk->gives[g][PCF_CPU_PERCPU_USAGE_NS] = 1;
		else if (g == PCF_GROUP_IO)
			list_io(walk);
		else if (g == PCF_GROUP_PRESSURE)
			memset(walk->gives[g], 1, (size_t)pcf_group_at(g)->columns);
		else
			list_columns(walk, g);
		if (g == PCF_GROUP_CPU)
			list_nice(walk);
		for (int c = 0; c < PCF_MAX_GROUP_COLUMNS; c++)
			walk->gives[g][c] &= plan->group[g].present[c];
	}
}
