/* A kill as the log tells it: which cgroup it was in. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "event/oom.h"

/* Paths in the log begin at the hierarchy's root, ours at what is mounted of it. */
static const char *inside_mount(const pcf_oom *oom, const char *path)
{
	const char *root = oom->fallback->env.host->controllers[PCF_CTL_MEMORY].root;
	size_t len = strcmp(root, "/") == 0 ? 0 : strlen(root);

	if (strncmp(path, root, len) != 0)
		return path;
	return path[len] ? path + len : "/";
}

/* What was known of the process, when that cgroup has counted a kill that nobody was named for. */
static bool is_borne_out(pcf_oom *oom, const char *path)
{
	uint32_t node = oom->tree ? pcf_tree_find(oom->tree, path) : PCF_TREE_NONE;

	if (node == PCF_TREE_NONE || !pcf_oom_debt_of(oom, node))
		return false;
	pcf_memory_events_read(&oom->counters, node);
	return oom->debts[node].kills > 0;
}

/* Where the victim was, best answer first: the log; /proc, while it has not ended; what was known of it, if that cgroup
 * has counted a kill. False: path is at best a hint. */
static bool find_victim(pcf_oom *oom, const pcf_kmsg_oom *told, char *path, size_t size)
{
	pcf_process *process;

	if (told->all.task_memcg[0]) {
		snprintf(path, size, "%s", inside_mount(oom, told->all.task_memcg));
		return true;
	}
	if (pcf_fallback_look(oom->fallback, (uint32_t)told->all.pid, path, size))
		return true;
	process = pcf_processes_find(&oom->fallback->processes, (uint32_t)told->all.pid);
	snprintf(path, size, "%s", process && process->place ? process->place->path : "");
	return process && process->place && !process->is_inherited && is_borne_out(oom, path);
}

static void pay(pcf_oom *oom, const char *path)
{
	uint32_t node = oom->tree ? pcf_tree_find(oom->tree, path) : PCF_TREE_NONE;
	pcf_oom_debt *owed = node == PCF_TREE_NONE ? NULL : pcf_oom_debt_of(oom, node);

	if (!owed)
		return;
	pcf_oom_note_kill(oom, node);
	if (!owed->kills) /* it is counted before it is logged: it must be there by now */
		pcf_memory_events_read(&oom->counters, node);
	if (owed->kills)
		owed->kills--;
}

static void take_sizes(const pcf_kmsg_line *line, pcf_event_oom *out)
{
	out->total_vm_bytes = line->total_vm_bytes;
	out->anon_rss_bytes = line->anon_bytes;
	out->file_rss_bytes = line->file_bytes;
	out->shmem_rss_bytes = line->shmem_bytes;
	out->page_table_bytes = line->pgtables;
	out->limit_bytes = line->limit_bytes;
	out->usage_bytes = line->usage_bytes;
}

/* Which part of the victim's path was out of memory. */
static uint32_t memcg_len(const pcf_oom *oom, const pcf_event *event, const pcf_kmsg_line *line)
{
	const char *memcg = line->oom_memcg[0] ? inside_mount(oom, line->oom_memcg) : "";
	size_t len = strlen(memcg);

	if (line->is_memcg == 0)
		return 1;
	return event->flags & PCF_EVENT_PATH_CUT || strncmp(event->path, memcg, len) != 0 ? 0 : (uint32_t)len;
}

static void tell_logged(pcf_oom *oom, const pcf_kmsg_oom *told, const char *path, uint64_t moment, uint32_t flags)
{
	static const uint32_t constraints[] = {PCF_OOM_UNKNOWN, PCF_OOM_GLOBAL, PCF_OOM_MEMCG};
	const pcf_kmsg_line *line = &told->all;
	pcf_event event;

	pcf_event_blank(&event, told->is_kill ? PCF_EVENT_OOM_KILL : PCF_EVENT_OOM, PCF_EVENT_SOURCE_KMSG, moment);
	oom->seen[event.kind]++;
	event.flags = flags | (line->usage_bytes == PCF_ABSENT ? PCF_EVENT_PARTIAL : 0u);
	pcf_event_place(&event, path);
	if (told->is_kill)
		event.of.oom.pid = event.of.oom.tgid = (uint32_t)line->pid;
	event.of.oom.uid = line->uid == PCF_ABSENT ? UINT32_MAX : (uint32_t)line->uid;
	event.of.oom.oom_score_adj = line->oom_score_adj == INT64_MIN ? 0 : (int32_t)line->oom_score_adj;
	event.of.oom.trigger_pid = told->trigger_pid == PCF_ABSENT ? 0 : (uint32_t)told->trigger_pid;
	event.of.oom.constraint = constraints[line->is_memcg + 1];
	event.of.oom.memcg_path_len = memcg_len(oom, &event, line);
	memcpy(event.of.oom.comm, line->comm, sizeof event.of.oom.comm);
	memcpy(event.of.oom.trigger_comm, told->trigger_comm, sizeof event.of.oom.trigger_comm);
	take_sizes(line, &event.of.oom);
	if (oom->base.serves & PCF_EVENT_BIT(event.kind))
		pcf_event_tell(oom->fallback->env.events, &event);
}

void pcf_oom_tell_kill(pcf_oom *oom, const pcf_kmsg_oom *told, const char *path, uint64_t moment, uint32_t flags)
{
	pay(oom, path);
	tell_logged(oom, told, path, moment, flags);
}

void pcf_oom_take(pcf_oom *oom, const pcf_kmsg_oom *told, uint64_t moment)
{
	char path[4096] = "";

	if (!told->is_kill) {
		uint32_t node = oom->tree && told->all.oom_memcg[0]
					? pcf_tree_find(oom->tree, inside_mount(oom, told->all.oom_memcg))
					: PCF_TREE_NONE;
		if (node != PCF_TREE_NONE)
			pcf_oom_note_kill(oom, node); /* told of here: the counter need not be */
		tell_logged(oom, told, inside_mount(oom, told->all.oom_memcg), moment, 0);
		return;
	}
	if (find_victim(oom, told, path, sizeof path))
		pcf_oom_tell_kill(oom, told, path, moment, 0);
	else if (oom->tree)
		pcf_oom_put_unplaced(oom, told, path, moment);
	else
		pcf_oom_tell_kill(oom, told, path, moment, *path ? PCF_EVENT_GUESSED : 0);
}
