/* Kills that the log tells of without saying where: matched with the cgroups that counted a kill which nobody was named
 * for. They wait for each other a moment, since a match made alone takes the count of a cgroup whose own line has not
 * been read yet, and that one would be told twice. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "event/oom.h"
#include "schema/clock.h"

/* Lines of one burst are written within milliseconds of each other, and of the counts before them. */
#define WAIT_NS UINT64_C(100000000)

/* Whether the process is in the cgroup's list still: it leaves the list late in its end. */
static bool has_process(const pcf_oom *oom, uint32_t node, uint64_t pid)
{
	char name[4400], line[32];
	bool is_found = false;

	if (!pcf_tree_file(oom->tree, node, PCF_CTL_MEMORY, "cgroup.procs", name, sizeof name))
		return false;
	FILE *file = fopen(name, "re");
	while (file && !is_found && fgets(line, sizeof line, file))
		is_found = strtoull(line, NULL, 10) == pid;
	if (file)
		fclose(file);
	return is_found;
}

static uint64_t all_owed(const pcf_oom *oom)
{
	uint64_t kills = 0;

	for (uint32_t i = 0; i < oom->capacity; i++)
		kills += oom->debts[i].kills;
	return kills;
}

static uint32_t longest_owing(const pcf_oom *oom)
{
	uint32_t found = PCF_TREE_NONE;

	for (uint32_t i = 0; i < oom->capacity; i++)
		if (oom->debts[i].kills &&
		    (found == PCF_TREE_NONE || oom->debts[i].kills_since_ns < oom->debts[found].kills_since_ns))
			found = i;
	return found;
}

static void tell(pcf_oom *oom, uint32_t at, const char *path, uint32_t flags)
{
	pcf_oom_unplaced *kill = &oom->unplaced[at];

	pcf_oom_tell_kill(oom, &kill->told, path, kill->moment_ns, flags);
	oom->unplaced_count--;
	memmove(kill, kill + 1, (oom->unplaced_count - at) * sizeof *kill);
}

/* Those that a cgroup which owes still lists. */
static void tell_listed(pcf_oom *oom)
{
	for (uint32_t i = 0; i < oom->capacity; i++)
		for (uint32_t at = 0; at < oom->unplaced_count && oom->debts[i].kills;) {
			if (has_process(oom, i, (uint64_t)oom->unplaced[at].told.all.pid))
				tell(oom, at, oom->tree->nodes[i].path, 0);
			else
				at++;
		}
}

/* Those of which it was known where they, or their parents, were; if that cgroup owes. */
static void tell_known(pcf_oom *oom, uint32_t flags)
{
	for (uint32_t at = 0; at < oom->unplaced_count;) {
		const char *path = oom->unplaced[at].path;
		uint32_t node = *path ? pcf_tree_find(oom->tree, path) : PCF_TREE_NONE;

		if (node != PCF_TREE_NONE && pcf_oom_debt_of(oom, node) && oom->debts[node].kills)
			tell(oom, at, oom->tree->nodes[node].path, flags);
		else
			at++;
	}
}

/* What is left, in the order of the log, to the cgroups in the order in which they counted; one and one is sure. */
void pcf_oom_match(pcf_oom *oom)
{
	uint32_t flags, node;

	if (!oom->unplaced_count)
		return;
	pcf_memory_events_sweep(&oom->counters);
	if (oom->unplaced_count > 1 || all_owed(oom) > 1)
		tell_listed(oom);
	flags = oom->unplaced_count == 1 && all_owed(oom) == 1 ? 0 : PCF_EVENT_GUESSED;
	tell_known(oom, flags);
	while (oom->unplaced_count && (node = longest_owing(oom)) != PCF_TREE_NONE)
		tell(oom, 0, oom->tree->nodes[node].path, flags);
	while (oom->unplaced_count) {
		char path[sizeof oom->unplaced->path];
		memcpy(path, oom->unplaced[0].path, sizeof path);
		tell(oom, 0, path, *path ? PCF_EVENT_GUESSED : 0);
	}
}

/* Alone, with one cgroup that owes one kill, there is nothing to wait for. */
void pcf_oom_match_due(pcf_oom *oom, uint64_t now)
{
	if (!oom->unplaced_count)
		return;
	if (oom->unplaced[0].due_ns > now && !oom->unplaced[0].is_tried && oom->unplaced_count == 1) {
		oom->unplaced[0].is_tried = true;
		pcf_memory_events_sweep(&oom->counters); /* a kill is counted before it is logged */
		if (all_owed(oom) == 1)
			pcf_oom_match(oom);
	} else if (oom->unplaced[0].due_ns <= now) {
		pcf_oom_match(oom);
	}
}

void pcf_oom_put_unplaced(pcf_oom *oom, const pcf_kmsg_oom *told, const char *path, uint64_t moment_ns)
{
	pcf_oom_unplaced *kill;

	if (!oom->unplaced)
		oom->unplaced = malloc(PCF_OOM_UNPLACED * sizeof *oom->unplaced);
	if (oom->unplaced_count == PCF_OOM_UNPLACED)
		pcf_oom_match(oom);
	if (!oom->unplaced) {
		pcf_oom_tell_kill(oom, told, path, moment_ns, *path ? PCF_EVENT_GUESSED : 0);
		return;
	}
	kill = &oom->unplaced[oom->unplaced_count++];
	kill->told = *told;
	kill->moment_ns = moment_ns;
	kill->is_tried = false;
	kill->due_ns = pcf_now_ns(CLOCK_MONOTONIC) + WAIT_NS;
	snprintf(kill->path, sizeof kill->path, "%s", path);
}
