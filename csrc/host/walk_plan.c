#include "host/walk_plan.h"

#include <stdio.h>
#include <string.h>

/* The controller whose kernel object has the group's numbers, -1: the walk has no part for it. */
static int controller_of(const pcf_host *host, int group)
{
	switch (group) {
	case PCF_GROUP_CPU:
		return PCF_CTL_CPUACCT;
	case PCF_GROUP_CPU_PERCPU:
		return host->controllers[PCF_CTL_CPUACCT].version == 1 ? PCF_CTL_CPUACCT : -1;
	case PCF_GROUP_MEMORY:
	case PCF_GROUP_MEMORY_STAT:
	case PCF_GROUP_MEMORY_EVENTS:
	case PCF_GROUP_MEMORY_SWAP:
	case PCF_GROUP_LIMITS:
		return PCF_CTL_MEMORY;
	case PCF_GROUP_MEMORY_KERNEL:
		return host->controllers[PCF_CTL_MEMORY].version == 1 ? PCF_CTL_MEMORY : -1;
	case PCF_GROUP_PIDS:
		return PCF_CTL_PIDS;
	case PCF_GROUP_PRESSURE:
		return PCF_CTL_UNIFIED;
	case PCF_GROUP_IO:
		return PCF_CTL_IO;
	default:
		return -1;
	}
}

/* NULL: it can be done. */
static const char *why_not(const pcf_host *host)
{
	if (host->btf.answer != PCF_YES)
		return host->btf.reason;
	if (host->bpf.answer != PCF_YES)
		return host->bpf.reason;
	if (host->css_iter.answer == PCF_YES || host->cgroup_iter.answer == PCF_YES)
		return NULL;
	return host->cgroup_iter.reason;
}

static void add_reason(pcf_group_plan *plan, const char *words, const char *reason)
{
	size_t used = strlen(plan->reason);

	snprintf(plan->reason + used, sizeof plan->reason - used, "; %s%s", words, reason);
}

void pcf_walk_plan(const pcf_host *host, const pcf_options *options, int group, pcf_group_plan *plan)
{
	int wanted = options->source_of[group] ? options->source_of[group] : options->source;
	int controller = controller_of(host, group);
	char reason[sizeof plan->reason];

	if (plan->source != PCF_SOURCE_FILE)
		return;
	if (wanted == PCF_SOURCE_FILE)
		return;
	if (controller < 0 || !host->controllers[controller].version) {
		if (options->source_of[group] == PCF_SOURCE_BPF)
			add_reason(plan, "bpf was asked for and the walk has no such numbers here", "");
		return;
	}
	if (why_not(host)) {
		add_reason(plan, wanted == PCF_SOURCE_BPF ? "bpf was asked for and is not there: " : "no eBPF: ",
			   why_not(host));
		return;
	}
	plan->source = PCF_SOURCE_BPF;
	if (group == PCF_GROUP_IO && host->controllers[PCF_CTL_IO].version == 1) {
		snprintf(reason, sizeof reason, "%s", plan->reason);
		snprintf(plan->reason, sizeof plan->reason,
			 "kernel memory tells which containers have any; of these %.140s", reason);
		return;
	}
	snprintf(reason, sizeof reason, "%s", plan->reason);
	snprintf(plan->reason, sizeof plan->reason, "kernel memory by %s, all containers in one pass; else %.100s",
		 host->css_iter.answer == PCF_YES ? "css iterators" : "cgroup iterator", reason);
}

void pcf_walk_plan_undo(pcf_group_plan *plan, const char *why)
{
	plan->source = PCF_SOURCE_FILE;
	snprintf(plan->reason, sizeof plan->reason, "cgroup files; no walk: %.150s", why);
}
