#include "event/fallback.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "parse/proc_pid_cgroup.h"
#include "schema/clock.h"

pcf_fallback *pcf_fallback_use(const pcf_event_env *env)
{
	pcf_fallback *fallback = *env->fallback;

	if (!fallback) {
		fallback = calloc(1, sizeof *fallback);
		if (!fallback)
			return NULL;
		fallback->env = *env;
		fallback->home = env->fallback;
		fallback->has_memory_v1 = env->host->controllers[PCF_CTL_MEMORY].version == 1;
		pcf_processes_init(&fallback->processes);
		*fallback->home = fallback;
	}
	fallback->users++;
	return fallback;
}

void pcf_fallback_leave(pcf_fallback *fallback)
{
	if (--fallback->users)
		return;
	pcf_processes_close(&fallback->processes);
	*fallback->home = NULL;
	free(fallback);
}

pcf_tree *pcf_fallback_tree(pcf_fallback *fallback, pcf_error *err)
{
	if (!fallback->tree && pcf_tree_open(&fallback->tree, fallback->env.host, err))
		return NULL;
	fallback->tree_users++;
	return fallback->tree;
}

void pcf_fallback_tree_leave(pcf_fallback *fallback)
{
	if (--fallback->tree_users)
		return;
	pcf_tree_close(fallback->tree);
	fallback->tree = NULL;
}

long pcf_fallback_proc(const pcf_fallback *fallback, uint32_t tgid, const char *file, char *text, size_t size)
{
	char name[64];
	size_t used = 0;

	(void)fallback; /* the collector is in the first pid namespace, or the connector would not have opened */
	snprintf(name, sizeof name, "/proc/%u/%s", tgid, file);
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	while (used < size - 1) {
		ssize_t n = read(fd, text + used, size - 1 - used);
		if (n < 0) {
			int error = errno;
			close(fd);
			return -error;
		}
		if (n == 0)
			break;
		used += (size_t)n;
	}
	close(fd);
	text[used] = '\0';
	return (long)used;
}

/* From the moment it begins to end, long before it is a zombie: PF_EXITING (include/linux/sched.h) among the flags of
 * /proc/<pid>/stat, the seventh field behind the name, which may hold brackets and blanks itself (proc.rst, 1.1). */
static bool is_ending(const pcf_fallback *fallback, uint32_t tgid)
{
	char text[512];
	long len = pcf_fallback_proc(fallback, tgid, "stat", text, sizeof text);
	const char *fields = len > 0 ? strrchr(text, ')') : NULL;
	unsigned flags;

	if (!fields || sscanf(fields + 1, " %*c %*d %*d %*d %*d %*d %u", &flags) != 1)
		return true;
	return (flags & 0x4) != 0;
}

int pcf_fallback_look(const pcf_fallback *fallback, uint32_t tgid, char *path, size_t size)
{
	char text[8192];
	long len = pcf_fallback_proc(fallback, tgid, "cgroup", text, sizeof text);

	if (len <= 0 || pcf_proc_pid_cgroup_parse(text, (size_t)len, fallback->has_memory_v1, path, size) < 0)
		return 0;
	return strcmp(path, "/") != 0 || !fallback->has_memory_v1 || !is_ending(fallback, tgid);
}

int pcf_fallback_update(pcf_fallback *fallback, pcf_process *process)
{
	char path[4096];

	process->looked_ns = pcf_now_ns(CLOCK_MONOTONIC);
	return pcf_fallback_look(fallback, process->tgid, path, sizeof path) && pcf_process_move(process, path) == 0;
}

static void seed_one(pcf_fallback *fallback, uint32_t tgid)
{
	pcf_process *process = pcf_processes_find(&fallback->processes, tgid);
	char comm[32];

	if (process)
		return; /* the connector told of it meanwhile */
	process = pcf_processes_put(&fallback->processes, tgid);
	if (!process)
		return;
	pcf_fallback_update(fallback, process);
	if (pcf_fallback_proc(fallback, tgid, "comm", comm, sizeof comm) > 0)
		snprintf(process->comm, sizeof process->comm, "%.*s", (int)strcspn(comm, "\n"), comm);
}

void pcf_fallback_seed(pcf_fallback *fallback)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
			seed_one(fallback, (uint32_t)strtoul(entry->d_name, NULL, 10));
	if (dir)
		closedir(dir);
}

static void blank_process(pcf_event_process *process)
{
	process->uid = UINT32_MAX;
	process->run_ns = process->cpu_ns = process->max_rss_bytes = PCF_ABSENT;
	process->read_bytes = process->write_bytes = PCF_ABSENT;
}

static void blank_oom(pcf_event_oom *oom)
{
	oom->uid = UINT32_MAX;
	oom->total_vm_bytes = oom->anon_rss_bytes = oom->file_rss_bytes = oom->shmem_rss_bytes = PCF_ABSENT;
	oom->page_table_bytes = oom->limit_bytes = oom->usage_bytes = PCF_ABSENT;
}

void pcf_event_blank(pcf_event *event, int kind, int source, uint64_t monotonic_ns)
{
	memset(event, 0, sizeof *event);
	event->kind = (uint16_t)kind;
	event->source = (uint16_t)source;
	event->monotonic_ns = monotonic_ns;
	if (kind == PCF_EVENT_FORK || kind == PCF_EVENT_EXEC || kind == PCF_EVENT_EXIT)
		blank_process(&event->of.process);
	else if (kind == PCF_EVENT_OOM_KILL || kind == PCF_EVENT_OOM)
		blank_oom(&event->of.oom);
}

void pcf_event_place(pcf_event *event, const char *path)
{
	size_t len = path ? strlen(path) : 0, room = sizeof event->path - 1;

	if (len == 0) {
		event->flags |= PCF_EVENT_NO_CGROUP;
	} else if (len <= room) {
		memcpy(event->path, path, len + 1);
	} else {
		memcpy(event->path, "...", 3);
		memcpy(event->path + 3, path + len - (room - 3), room - 3 + 1);
		event->flags |= PCF_EVENT_PATH_CUT;
	}
}
