/* Pressure stall information as of now, from kernel memory.
 *
 * The kernel adds pressure up when somebody reads cpu.pressure or one of its siblings, else every 2 s
 * (kernel/sched/psi.c: psi_show and psi_avgs_work call collect_percpu_times, which reads get_recent_times of every CPU).
 * pcf_psi_read takes what has been added up, and adds up the rest the way the kernel would, changing nothing.
 *
 * Whoever includes this sets before the load, in rodata, pcf_psi (pcf_psi_find); sizes and fills
 * pcf_cpu_offsets (bpf/percpu.h) to pcf_psi.cpus; and sets pcf_psi_clock, in bss, before each walk
 * (pcf_psi_clock_offset). */
#ifndef PCF_BPF_PSI_H
#define PCF_BPF_PSI_H
#include "bpf/kernel.h"
#include "bpf/peek.h"
#include "bpf/percpu.h"
#include "bpf/psi_raw.h"

#define PCF_PSI_NS_IN_S    1000000000ULL
#define PCF_PSI_SPAN_BYTES 144 /* room for psi_group_cpu from state_mask to times_prev; pcf_psi_find checks it */

/* One CPU even when no pressure is asked for: a loop of no rounds leaves its function unverified, and 6.18 then removes
 * it while it is still named ("verifier bug: No program to jit"). */
const volatile struct pcf_psi_layout pcf_psi = {.cpus = 1};
__s64 pcf_psi_clock = 0; /* cpu_clock() less CLOCK_MONOTONIC */

struct pcf_psi_sum {
	struct pcf_psi_raw *out;
	u64 cpus; /* psi_group.pcpu, a per-CPU pointer */
};

/* Time in a state since the last collection. A collection in between leaves times_prev a little ahead of the times
 * that were read before: nothing, then; what is lost is in total. */
static __always_inline u32 pcf_psi_delta(u32 times, u32 prev)
{
	u32 delta = times - prev;

	return delta > 0xff000000u ? 0 : delta;
}

/* One CPU's part. The CPU may change it at this moment: it stores state_start before the times, which are read in
 * ascending order, so that a state is at worst not counted yet, and never twice. */
static long pcf_psi_add_cpu(u32 cpu, struct pcf_psi_sum *sum)
{
	struct pcf_psi_raw *out = sum->out;
	const u32 begin = bpf_core_field_offset(struct psi_group_cpu, state_mask) & ~7u; /* stack reads are aligned */
	u32 mask_at = bpf_core_field_offset(struct psi_group_cpu, state_mask) - begin;
	const u32 times_at = bpf_core_field_offset(struct psi_group_cpu, times) - begin;
	const u32 start_at = bpf_core_field_offset(struct psi_group_cpu, state_start) - begin;
	const u32 prev_at = bpf_core_field_offset(struct psi_group_cpu, times_prev) - begin;
	const u32 bytes = (pcf_psi.states + 1) * sizeof(u32);
	u64 at = pcf_percpu(sum->cpus, cpu), nonidle;
	char span[PCF_PSI_SPAN_BYTES] __attribute__((aligned(8)));
	u32 mask, running = 0, *times, *prev;
	s64 since;

	if (!at || mask_at > 4 || times_at + bytes > PCF_PSI_SPAN_BYTES || start_at + 8 > PCF_PSI_SPAN_BYTES ||
	    prev_at + bytes > PCF_PSI_SPAN_BYTES)
		return 1;
	if (bpf_probe_read_kernel(span, prev_at + bytes, (void *)(at + begin)))
		return 0;
	barrier_var(mask_at); /* else the compiler joins it to the aligned pointer by |, which the verifier refuses */
	mask = *(u32 *)(span + mask_at);
	times = (u32 *)(span + times_at);
	prev = (u32 *)(span + prev_at);
	since = (s64)(out->now - *(u64 *)(span + start_at));
	if (since > 0)
		running = (u32)since;
	nonidle = pcf_psi_delta(times[pcf_psi.nonidle] + (mask >> pcf_psi.nonidle & 1 ? running : 0),
				prev[pcf_psi.nonidle]);
	nonidle = nonidle * pcf_psi.hz / PCF_PSI_NS_IN_S;
	if (!nonidle) /* weighs nothing */
		return 0;
	out->nonidle += nonidle;
	for (u32 s = 0; s < PCF_PSI_STATES; s++) {
		if (s >= pcf_psi.states)
			break;
		out->weighted[s] += pcf_psi_delta(times[s] + (mask >> s & 1 ? running : 0), prev[s]) * nonidle;
	}
	return 0;
}

/* avgs_lock is held by whoever collects. Low bits of a mutex's owner are flags (kernel/locking/mutex.h). */
static __always_inline bool pcf_psi_is_locked(struct psi_group *group)
{
	if (bpf_core_field_exists(group->avgs_lock.owner))
		return (pcf_peek(group, avgs_lock.owner.counter) & ~7UL) != 0;
	/* PREEMPT_RT */
	return ((u64)pcf_peek((struct psi_group___rt *)group, avgs_lock.rtmutex.owner) & ~1UL) != 0;
}

static __always_inline bool pcf_psi_is_enabled(struct psi_group *group)
{
	return !bpf_core_field_exists(group->enabled) || pcf_peek(group, enabled);
}

/* Fills *out, a map's element; group as read from a cgroup (cgroup->psi, its parent), or 0.
 * 0.3 us with 2 CPUs; 180 bytes of stack with pcf_psi_add_cpu's, 512 being all there is for both. */
static __always_inline void pcf_psi_read(struct pcf_psi_raw *out, struct psi_group *group)
{
	struct pcf_psi_sum sum = {.out = out};
	u32 bytes = pcf_psi.states * sizeof(u64);
	u64 again[PCF_PSI_STATES], changed = 0;
	bool is_busy;

	out->flags = 0;
	if (!group || bytes > sizeof out->total)
		return;
	if (!pcf_psi_is_enabled(group)) {
		out->flags = PCF_PSI_DISABLED;
		return;
	}
	is_busy = pcf_psi_is_locked(group);
	out->avg_last_update = pcf_peek(group, avg_last_update);
	out->avg_next_update = pcf_peek(group, avg_next_update);
	bpf_probe_read_kernel(out->total, bytes, &group->total);
	bpf_probe_read_kernel(out->avg_total, bytes, &group->avg_total);
	bpf_probe_read_kernel(out->avg, 3 * bytes, &group->avg);
	sum.cpus = (u64)pcf_read(group, pcpu); /* as a number: the verifier adds nothing unknown to a pointer */
	__builtin_memset(out->weighted, 0, sizeof out->weighted);
	out->nonidle = 0;
	out->now = bpf_ktime_get_ns() + pcf_psi_clock;
	bpf_loop(pcf_psi.cpus, pcf_psi_add_cpu, &sum, 0);
	bpf_probe_read_kernel(again, bytes, &group->total);
	for (u32 s = 0; s < PCF_PSI_STATES; s++) {
		if (s >= pcf_psi.states)
			break;
		changed |= again[s] ^ out->total[s];
	}
	is_busy = is_busy || changed || pcf_psi_is_locked(group);
	out->flags = PCF_PSI_PRESENT | (is_busy ? PCF_PSI_BUSY : 0);
}
#endif
