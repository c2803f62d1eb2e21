/* What processes did in each cgroup, from what the connector tells. */
#include <stdio.h>
#include <string.h>

#include "event/tree.h"

static void first(struct pcf_bpf_counters *counts, uint32_t pid)
{
	if (!counts->first_pid)
		counts->first_pid = pid;
}

static void ended(struct pcf_bpf_counters *counts, uint32_t pid, const char *comm, int status)
{
	int signal = status & 0x7f;

	counts->exits++;
	counts->killed += signal != 0;
	counts->failed += signal == 0 && (status >> 8 & 0xff) != 0;
	counts->has_last = 1;
	counts->last_status = status;
	if (pid != counts->first_pid)
		return;
	counts->has_first = 1;
	counts->first_status = status;
	snprintf(counts->first_comm, sizeof counts->first_comm, "%s", comm);
}

void pcf_tree_count(pcf_tree *tree, const char *path, int kind, uint32_t pid, const char *comm, int is_new, int status)
{
	uint32_t at = pcf_tree_find(tree, path);

	if (at == PCF_TREE_NONE)
		return;
	struct pcf_bpf_counters *counts = &tree->nodes[at].counts;
	/* What nobody tells here. */
	counts->threads = counts->exit_cpu_ns = counts->exit_read_bytes = counts->exit_write_bytes = PCF_BPF_ABSENT;
	counts->oom_kills = PCF_BPF_ABSENT;
	tree->nodes[at].has_counts = true;
	if (kind == PCF_EVENT_EXIT) {
		ended(counts, pid, comm, status);
		return;
	}
	counts->forks += kind == PCF_EVENT_FORK;
	counts->execs += kind == PCF_EVENT_EXEC;
	counts->moved_in += kind == PCF_EVENT_EXEC && is_new;
	if (kind == PCF_EVENT_FORK || is_new)
		first(counts, pid);
}

void pcf_tree_count_over(pcf_tree *tree, uint32_t node)
{
	struct pcf_bpf_counters *counts = &tree->nodes[node].counts;

	counts->first_pid = counts->has_first = counts->has_last = 0;
	counts->first_comm[0] = '\0';
}
