/* Memory and tasks: page counters, events, limits. Page counters count pages of the machine's size. */
#include <unistd.h>

#include "source/bpf/fill.h"

#define UNLIMITED_FROM (1ULL << 62) /* as the parser of the text has it; PAGE_COUNTER_MAX is 2^63 less a page */
#define PIDS_MAX       4194304      /* include/linux/threads.h, PID_MAX_LIMIT: "max" stands for one more */

static uint64_t bytes(uint64_t pages)
{
	static uint64_t page;

	if (!page)
		page = (uint64_t)sysconf(_SC_PAGESIZE);
	return pages * page;
}

/* "max", or v1's number for it. */
static uint64_t limit(uint64_t pages)
{
	return pages >= UNLIMITED_FROM / bytes(1) ? PCF_UNLIMITED : bytes(pages);
}

static int place(const pcf_btf *btf, const char *name)
{
	int64_t value = pcf_btf_enum(btf, "memcg_memory_event", name);

	return value >= 0 && value < PCF_WALK_EVENTS ? (int)value : -1;
}

void pcf_fill_facts_find(pcf_fill_facts *out, const pcf_btf *btf)
{
	*out = (pcf_fill_facts){
		.low = place(btf, "MEMCG_LOW"),
		.high = place(btf, "MEMCG_HIGH"),
		.max = place(btf, "MEMCG_MAX"),
		.oom = place(btf, "MEMCG_OOM"),
		.oom_kill = place(btf, "MEMCG_OOM_KILL"),
		.oom_group_kill = place(btf, "MEMCG_OOM_GROUP_KILL"),
		.sock_throttled = place(btf, "MEMCG_SOCK_THROTTLED"),
		.swap_high = place(btf, "MEMCG_SWAP_HIGH"),
		.swap_max = place(btf, "MEMCG_SWAP_MAX"),
		.swap_fail = place(btf, "MEMCG_SWAP_FAIL"),
	};
}

static void set_event(uint64_t *cell, const struct pcf_walk_memory *memory, int at)
{
	if (at >= 0)
		*cell = memory->events[at];
}

void pcf_fill_memory(const struct pcf_walk_memory *memory, int is_v2, uint64_t *row)
{
	row[PCF_MEMORY_USAGE_BYTES] = bytes(memory->memory.usage);
	if (is_v2)
		row[PCF_MEMORY_SWAP_BYTES] = bytes(memory->swap.usage);
}

void pcf_fill_memory_events(const struct pcf_walk_memory *memory, const pcf_fill_facts *facts, int is_v2, uint64_t *row)
{
	set_event(&row[PCF_MEMORY_EVENTS_OOM_KILL], memory, facts->oom_kill);
	if (!is_v2) {
		row[PCF_MEMORY_EVENTS_UNDER_OOM] = memory->under_oom != 0;
		return;
	}
	set_event(&row[PCF_MEMORY_EVENTS_LOW], memory, facts->low);
	set_event(&row[PCF_MEMORY_EVENTS_HIGH], memory, facts->high);
	set_event(&row[PCF_MEMORY_EVENTS_MAX], memory, facts->max);
	set_event(&row[PCF_MEMORY_EVENTS_OOM], memory, facts->oom);
	set_event(&row[PCF_MEMORY_EVENTS_OOM_GROUP_KILL], memory, facts->oom_group_kill);
	set_event(&row[PCF_MEMORY_EVENTS_SOCK_THROTTLED], memory, facts->sock_throttled);
}

void pcf_fill_memory_swap(const struct pcf_walk_memory *memory, const pcf_fill_facts *facts, int is_v2, uint64_t *row)
{
	if (is_v2) {
		row[PCF_MEMORY_SWAP_PEAK_BYTES] = bytes(memory->swap.watermark);
		set_event(&row[PCF_MEMORY_SWAP_HIGH_EVENTS], memory, facts->swap_high);
		set_event(&row[PCF_MEMORY_SWAP_MAX_EVENTS], memory, facts->swap_max);
		set_event(&row[PCF_MEMORY_SWAP_FAIL_EVENTS], memory, facts->swap_fail);
		return;
	}
	row[PCF_MEMORY_SWAP_MEMSW_USAGE_BYTES] = bytes(memory->swap.usage);
	row[PCF_MEMORY_SWAP_MEMSW_PEAK_BYTES] = bytes(memory->swap.watermark);
	row[PCF_MEMORY_SWAP_MEMSW_FAILCNT] = memory->swap.failcnt;
}

void pcf_fill_memory_kernel(const struct pcf_walk_memory *memory, uint64_t *row)
{
	row[PCF_MEMORY_KERNEL_USAGE_BYTES] = bytes(memory->kmem.usage);
	row[PCF_MEMORY_KERNEL_PEAK_BYTES] = bytes(memory->kmem.watermark);
	row[PCF_MEMORY_KERNEL_FAILCNT] = memory->kmem.failcnt;
	row[PCF_MEMORY_KERNEL_LIMIT_BYTES] = limit(memory->kmem.max);
	row[PCF_MEMORY_KERNEL_TCP_USAGE_BYTES] = bytes(memory->tcp.usage);
	row[PCF_MEMORY_KERNEL_TCP_PEAK_BYTES] = bytes(memory->tcp.watermark);
	row[PCF_MEMORY_KERNEL_TCP_FAILCNT] = memory->tcp.failcnt;
	row[PCF_MEMORY_KERNEL_TCP_LIMIT_BYTES] = limit(memory->tcp.max);
}

void pcf_fill_memory_limits(const struct pcf_walk_memory *memory, int is_v2, uint64_t *row)
{
	row[PCF_LIMITS_MEMORY_BYTES] = limit(memory->memory.max);
	row[PCF_LIMITS_MEMORY_PEAK_BYTES] = bytes(memory->memory.watermark);
	if (is_v2) {
		row[PCF_LIMITS_MEMORY_SOFT_BYTES] = limit(memory->high);
		row[PCF_LIMITS_MEMORY_LOW_BYTES] = limit(memory->low);
		row[PCF_LIMITS_MEMORY_MIN_BYTES] = limit(memory->min);
		row[PCF_LIMITS_SWAP_BYTES] = limit(memory->swap.max);
		return;
	}
	row[PCF_LIMITS_MEMORY_SOFT_BYTES] = limit(memory->soft_limit);
	row[PCF_LIMITS_MEMSW_BYTES] = limit(memory->swap.max);
	row[PCF_LIMITS_MEMORY_FAILCNT] = memory->memory.failcnt;
}

void pcf_fill_pids(const struct pcf_walk_pids *pids, uint64_t *row)
{
	row[PCF_PIDS_CURRENT] = (uint64_t)pids->current;
}

void pcf_fill_pids_limits(const struct pcf_walk_pids *pids, uint64_t *row)
{
	row[PCF_LIMITS_PIDS] = pids->limit > PIDS_MAX ? PCF_UNLIMITED : (uint64_t)pids->limit;
	row[PCF_LIMITS_PIDS_PEAK] = (uint64_t)pids->watermark;
	row[PCF_LIMITS_PIDS_MAX_EVENTS] = (uint64_t)pids->max_events;
}
