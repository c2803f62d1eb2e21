/* One pass over /proc for all containers.  A process that goes away on the way is passed over. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "parse/scan.h"
#include "source/tasks/tasks.h"

#define CGROUP_BYTES 8192 /* a dozen hierarchies of paths of some hundred bytes */

int pcf_tasks_scan_open(struct pcf_tasks_scan *scan, const char *proc)
{
	struct stat st;

	*scan = (struct pcf_tasks_scan){.proc_fd = open(proc, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
					.links_most = PCF_TASKS_LINKS};
	if (scan->proc_fd < 0)
		return -errno;
	/* Ours has at least the one that was just opened. */
	scan->has_fd_size = stat("/proc/self/fd", &st) == 0 && st.st_size > 0;
	return 0;
}

void pcf_tasks_scan_close(struct pcf_tasks_scan *scan)
{
	if (scan->proc_fd >= 0)
		close(scan->proc_fd);
	free(scan->pids);
	pcf_thread_table_free(&scan->threads);
}

static ssize_t read_file(const struct pcf_tasks_scan *scan, const char *path, char *text, size_t size)
{
	int fd = openat(scan->proc_fd, path, O_RDONLY | O_CLOEXEC);
	ssize_t len;

	if (fd < 0)
		return -errno;
	len = read(fd, text, size);
	int error = errno;
	close(fd);
	return len < 0 ? -error : len;
}

static DIR *open_directory(const struct pcf_tasks_scan *scan, const char *path)
{
	int fd = openat(scan->proc_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (fd >= 0 && !dir)
		close(fd);
	return dir;
}

static int list_pids(struct pcf_tasks_scan *scan)
{
	DIR *dir = open_directory(scan, ".");
	const struct dirent *entry;

	scan->pid_count = 0;
	if (!dir)
		return -errno;
	while ((entry = readdir(dir))) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		if (scan->pid_count == scan->pid_room) {
			uint32_t room = scan->pid_room ? 2 * scan->pid_room : 1024;
			pid_t *more = realloc(scan->pids, room * sizeof *more);

			if (!more)
				break;
			scan->pids = more;
			scan->pid_room = room;
		}
		scan->pids[scan->pid_count++] = (pid_t)strtol(entry->d_name, NULL, 10);
	}
	closedir(dir);
	return 0;
}

/* ---- one process ---- */

static struct pcf_tasks_node *node_of(const struct pcf_tasks_scan *scan, const struct pcf_tasks_nodes *nodes, pid_t pid)
{
	char path[32], text[CGROUP_BYTES];
	ssize_t len;

	snprintf(path, sizeof path, "%d/cgroup", (int)pid);
	len = read_file(scan, path, text, sizeof text);
	return len > 0 ? pcf_tasks_nodes_find(nodes, text, (size_t)len) : NULL;
}

/* Every thread is a directory of task/: two links besides . and .. (proc_task_getattr). */
static bool count_threads(const struct pcf_tasks_scan *scan, pid_t pid, uint64_t *threads)
{
	char path[32];
	struct stat st;

	snprintf(path, sizeof path, "%d/task", (int)pid);
	if (fstatat(scan->proc_fd, path, &st, 0) || st.st_nlink < 3)
		return false;
	*threads = st.st_nlink - 2;
	return true;
}

static uint64_t fd_size(const struct pcf_tasks_scan *scan, pid_t pid)
{
	char path[32];
	struct stat st;

	snprintf(path, sizeof path, "%d/fd", (int)pid);
	return scan->has_fd_size && fstatat(scan->proc_fd, path, &st, 0) == 0 ? (uint64_t)st.st_size : PCF_ABSENT;
}

static bool is_socket(int directory, const char *name)
{
	char link[8];

	return readlinkat(directory, name, link, sizeof link) == sizeof link && memcmp(link, "socket:[", 8) == 0;
}

/* Open files by listing them, sockets by where each leads: who may not look (another user's process) knows neither. */
static void list_fds(struct pcf_tasks_scan *scan, pid_t pid, bool wants_sockets, uint64_t *fds, uint64_t *sockets)
{
	char path[32];
	const struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof path, "%d/fd", (int)pid);
	dir = open_directory(scan, path);
	if (!dir)
		return;
	*fds = 0;
	*sockets = wants_sockets ? 0 : PCF_ABSENT;
	while ((entry = readdir(dir))) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		++*fds;
		if (wants_sockets && ++scan->links)
			*sockets += is_socket(dirfd(dir), entry->d_name);
	}
	closedir(dir);
}

/* Within the round's budget. The first that does not fit is where the next round begins. */
static bool may_follow(struct pcf_tasks_scan *scan, pid_t pid, uint64_t fds, bool *is_spent)
{
	if (*is_spent)
		return false;
	if (scan->links == 0 || fds == PCF_ABSENT ? scan->links < scan->links_most
						  : scan->links + fds <= scan->links_most)
		return true;
	*is_spent = true;
	scan->resume = pid;
	return false;
}

static void add(uint64_t *to, uint64_t number)
{
	*to = *to == PCF_ABSENT || number == PCF_ABSENT ? PCF_ABSENT : *to + number;
}

static void count_process(struct pcf_tasks_scan *scan, pid_t pid, struct pcf_tasks_node *node, bool *is_spent)
{
	uint64_t threads, fds, sockets = PCF_ABSENT;

	if (!count_threads(scan, pid, &threads))
		return;
	fds = fd_size(scan, pid);
	bool follows = may_follow(scan, pid, fds, is_spent);
	if (fds == 0)
		sockets = 0;
	else if (follows || fds == PCF_ABSENT)
		list_fds(scan, pid, follows, &fds, &sockets);
	for (; node; node = node->parent) {
		add(&node->counts[PCF_TASKS_PROCESSES], 1);
		add(&node->counts[PCF_TASKS_THREADS], threads);
		add(&node->counts[PCF_TASKS_FDS], fds);
		add(&node->counts[PCF_TASKS_SOCKETS], sockets);
		if (!node->first || pid < node->first)
			node->first = pid;
	}
}

/* ---- scheduling ---- */

static void see_thread(struct pcf_tasks_scan *scan, const char *path, uint32_t tid, struct pcf_tasks_node *node)
{
	uint64_t now[PCF_SCHEDSTAT_COUNT], since[PCF_SCHEDSTAT_COUNT];
	char text[96];
	ssize_t len = read_file(scan, path, text, sizeof text);

	if (len <= 0 || !pcf_schedstat_scan(text, (size_t)len, now) ||
	    pcf_thread_table_see(&scan->threads, tid, scan->round, now, since) < 0)
		return;
	for (; node; node = node->parent)
		for (int i = 0; i < PCF_SCHEDSTAT_COUNT; i++)
			node->schedstat[i] += since[i];
}

/* /proc/<pid>/schedstat is of the first thread alone. */
static void see_process(struct pcf_tasks_scan *scan, pid_t pid, struct pcf_tasks_node *node)
{
	const struct dirent *entry;
	uint64_t threads = 0;
	char path[64];
	DIR *dir;

	if (count_threads(scan, pid, &threads) && threads == 1) {
		snprintf(path, sizeof path, "%d/schedstat", (int)pid);
		see_thread(scan, path, (uint32_t)pid, node);
		return;
	}
	snprintf(path, sizeof path, "%d/task", (int)pid);
	dir = open_directory(scan, path);
	while (dir && (entry = readdir(dir))) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		snprintf(path, sizeof path, "%d/task/%.12s/schedstat", (int)pid, entry->d_name);
		see_thread(scan, path, (uint32_t)strtoul(entry->d_name, NULL, 10), node);
	}
	if (dir)
		closedir(dir);
}

/* ---- a round ---- */

/* "Max open files            1024                 1048576              files"; "unlimited". */
static uint64_t scan_limit(const char **p, const char *end)
{
	const char *word = pcf_skip_blanks(*p, end), *stop;
	uint64_t number;

	stop = pcf_scan_number(word, end, &number);
	if (!stop)
		for (stop = word, number = PCF_UNLIMITED; stop < end && !pcf_is_blank(*stop) && *stop != '\n'; stop++)
			;
	*p = stop;
	return number;
}

static void read_limits(const struct pcf_tasks_scan *scan, struct pcf_tasks_node *node)
{
	char path[32], text[4096];
	const char *line;
	ssize_t len;

	snprintf(path, sizeof path, "%d/limits", (int)node->first);
	len = read_file(scan, path, text, sizeof text - 1);
	text[len > 0 ? len : 0] = '\0';
	line = strstr(text, "Max open files");
	if (!line)
		return;
	line += strlen("Max open files");
	node->counts[PCF_TASKS_OPEN_FILES_SOFT] = scan_limit(&line, text + len);
	node->counts[PCF_TASKS_OPEN_FILES_HARD] = scan_limit(&line, text + len);
}

static void clear(const struct pcf_tasks_nodes *nodes)
{
	for (uint32_t i = 0; i < nodes->count; i++) {
		struct pcf_tasks_node *node = nodes->list[i];

		memset(node->counts, 0, sizeof node->counts);
		node->counts[PCF_TASKS_OPEN_FILES_SOFT] = node->counts[PCF_TASKS_OPEN_FILES_HARD] = PCF_ABSENT;
		node->first = 0;
	}
}

/* Where the round before stopped following file descriptors. */
static uint32_t first_of(const struct pcf_tasks_scan *scan)
{
	for (uint32_t i = 0; scan->resume && i < scan->pid_count; i++)
		if (scan->pids[i] >= scan->resume)
			return i;
	return 0;
}

int pcf_tasks_scan_run(struct pcf_tasks_scan *scan, const struct pcf_tasks_nodes *nodes, unsigned kinds,
		       const atomic_bool *stop)
{
	int rc = list_pids(scan);
	uint32_t first = first_of(scan);
	bool is_spent = false;

	if (rc < 0)
		return rc;
	clear(nodes);
	scan->links = 0;
	scan->resume = 0;
	scan->round += scan->round + 1 ? 1 : 2; /* 0 means any */
	for (uint32_t i = 0; i < scan->pid_count && !atomic_load(stop); i++) {
		pid_t pid = scan->pids[(first + i) % scan->pid_count];
		struct pcf_tasks_node *node = node_of(scan, nodes, pid);

		if (node && (kinds >> PCF_TASKS_COUNTS & 1))
			count_process(scan, pid, node, &is_spent);
		if (node && (kinds >> PCF_TASKS_SCHEDSTAT & 1))
			see_process(scan, pid, node);
	}
	for (uint32_t i = 0; (kinds >> PCF_TASKS_COUNTS & 1) && i < nodes->count; i++)
		if (nodes->list[i]->first)
			read_limits(scan, nodes->list[i]);
	if (kinds >> PCF_TASKS_SCHEDSTAT & 1)
		pcf_thread_table_purge(&scan->threads, scan->round);
	return 0;
}
