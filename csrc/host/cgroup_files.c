/* Which kernel files, and which keys in them, a cgroup that is not the root has on this host. They depend on kernel
 * version, configuration, boot options and on which controllers are enabled where, so they are looked at. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/probe.h"

/* In cgroup2 each directory has its own set of controllers, so several are looked at. */
#define LOOK_AT_MOST 64

int pcf_host_has_line(const char *lines, const char *line, size_t len)
{
	while (*lines) {
		size_t n = strcspn(lines, "\n");

		if (n == len && memcmp(lines, line, len) == 0)
			return 1;
		lines += n + (lines[n] == '\n');
	}
	return 0;
}

int pcf_host_has_file(const pcf_host *host, const char *hierarchy, const char *file)
{
	char line[256];
	int len = snprintf(line, sizeof line, "%s/%s", hierarchy, file);

	return pcf_host_has_line(host->files, line, (size_t)len);
}

static void add_line(char *lines, size_t size, const char *line, size_t len)
{
	size_t used = strlen(lines);

	if (pcf_host_has_line(lines, line, len) || used + len + 2 > size)
		return;
	memcpy(lines + used, line, len);
	lines[used + len] = '\n';
	lines[used + len + 1] = '\0';
}

static void add_file(pcf_host *host, const char *hierarchy, const char *file, const char *key, size_t key_len)
{
	char line[300];
	int len = snprintf(line, sizeof line, "%s/%s%s%.*s", hierarchy, file, key_len ? ":" : "", (int)key_len, key);

	if (len > 0 && (size_t)len < sizeof line)
		add_line(host->files, sizeof host->files, line, (size_t)len);
}

/* Files whose keys differ between kernels. The first word of a line is the key. */
static int has_keys(const char *file)
{
	static const char *const keyed[] = {
		"cpu.stat",        "memory.events", "memory.swap.events", "memory.oom_control", "pids.events",
		"memory.pressure", "cpu.pressure",  "io.pressure",        "irq.pressure",       "memory.stat"};

	for (size_t i = 0; i < sizeof keyed / sizeof keyed[0]; i++)
		if (strcmp(file, keyed[i]) == 0)
			return 1;
	return 0;
}

static void add_keys(pcf_host *host, const char *directory, const char *hierarchy, const char *file)
{
	char path[1024], text[8192];
	int is_memory_stat = strcmp(file, "memory.stat") == 0;

	snprintf(path, sizeof path, "%s/%s", directory, file);
	if (pcf_text_read(path, text, sizeof text) <= 0)
		return;
	for (const char *line = text; *line;) {
		size_t len = strcspn(line, "\n"), key = strcspn(line, " \n");

		if (is_memory_stat)
			add_line(host->memory_stat_keys, sizeof host->memory_stat_keys, line, key);
		else
			add_file(host, hierarchy, file, line, key);
		line += len + (line[len] == '\n');
	}
}

/* v1: only files of that controller (several may be mounted together); cgroup2: those of all controllers. */
static int is_wanted(int controller, const char *file)
{
	const char *name = pcf_controller_name(controller);
	size_t len = strlen(name);

	if (!strchr(file, '.') || file[0] == '.' || strncmp(file, "cgroup.", 7) == 0)
		return 0;
	return controller == PCF_CTL_UNIFIED || (strncmp(file, name, len) == 0 && file[len] == '.');
}

static void look_at(pcf_host *host, int controller, const char *directory)
{
	const char *hierarchy = pcf_controller_name(controller);
	DIR *dir = opendir(directory);
	struct dirent *entry;

	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		if (entry->d_type == DT_DIR || !is_wanted(controller, entry->d_name))
			continue;
		add_file(host, hierarchy, entry->d_name, "", 0);
		if (has_keys(entry->d_name))
			add_keys(host, directory, hierarchy, entry->d_name);
	}
	closedir(dir);
}

/* Looks at directories below this one, nearest first within each directory. Returns how many may still be looked at. */
static int look_below(pcf_host *host, int controller, const char *directory, int left)
{
	DIR *dir = opendir(directory);
	struct dirent *entry;
	char path[1024];

	if (!dir)
		return left;
	while (left > 0 && (entry = readdir(dir))) {
		int len;

		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		len = snprintf(path, sizeof path, "%s/%s", directory, entry->d_name);
		if (len < 0 || (size_t)len >= sizeof path)
			continue;
		look_at(host, controller, path);
		left = look_below(host, controller, path, left - 1);
	}
	closedir(dir);
	return left;
}

/* No cgroup below the root yet: one of our own for the blink of an eye shows what the next one will have. */
static int look_at_own(pcf_host *host, int controller, const char *mount)
{
	static _Atomic unsigned number; /* several threads may probe */
	char path[320];

	snprintf(path, sizeof path, "%s/pcf-probe-%ld-%u", mount, (long)getpid(), number++);
	if (mkdir(path, 0755) < 0)
		return -errno;
	look_at(host, controller, path);
	rmdir(path);
	return 0;
}

/* "hierarchy/prefix*": nobody could be asked, each known file of it may appear. */
static void assume(pcf_host *host, const char *hierarchy, const char *prefix)
{
	char line[64];
	int len = snprintf(line, sizeof line, "%s/%s*", hierarchy, prefix);

	add_line(host->files, sizeof host->files, line, (size_t)len);
}

static void probe_hierarchy(pcf_host *host, int controller)
{
	const pcf_controller_fact *fact = &host->controllers[controller];
	int most = controller == PCF_CTL_UNIFIED ? LOOK_AT_MOST : 4;

	if (look_below(host, controller, fact->mount, most) < most)
		return;
	if (look_at_own(host, controller, fact->mount) < 0)
		assume(host, pcf_controller_name(controller), "");
}

/* A cgroup2 controller that is there and enabled nowhere yet may be enabled later. */
static void assume_enabled_later(pcf_host *host)
{
	static const struct {
		int controller;
		const char *prefix, *file;
	} known[] = {
		{PCF_CTL_CPU, "cpu.", "cpu.max"},
		{PCF_CTL_MEMORY, "memory.", "memory.current"},
		{PCF_CTL_IO, "io.", "io.stat"},
		{PCF_CTL_PIDS, "pids.", "pids.current"},
		{PCF_CTL_CPUSET, "cpuset.", "cpuset.cpus"},
		{PCF_CTL_RDMA, "rdma.", "rdma.current"},
		{PCF_CTL_MISC, "misc.", "misc.current"},
	};

	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (host->controllers[known[i].controller].version == 2 &&
		    !pcf_host_has_file(host, "unified", known[i].file))
			assume(host, "unified", known[i].prefix);
}

static void probe_proc(pcf_host *host, const char *sysroot)
{
	static const char *const files[] = {"stat",        "meminfo",      "vmstat",          "loadavg",
					    "diskstats",   "pressure/cpu", "pressure/memory", "pressure/io",
					    "pressure/irq"};
	char path[512], byte[2];

	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		snprintf(path, sizeof path, "%s/proc/%s", sysroot, files[i]);
		/* Reading tells more than looking: without PSI at boot the files are there and give EOPNOTSUPP. */
		if (pcf_text_read(path, byte, sizeof byte) >= 0)
			add_file(host, "proc", files[i], "", 0);
	}
}

void pcf_cgroup_files_probe(pcf_host *host, const char *sysroot)
{
	for (int c = 0; c < PCF_CTL_UNIFIED; c++)
		if (host->controllers[c].version == 1)
			probe_hierarchy(host, c);
	if (host->controllers[PCF_CTL_UNIFIED].version) {
		look_at(host, PCF_CTL_UNIFIED, host->controllers[PCF_CTL_UNIFIED].mount); /* io.cost.* are there only */
		probe_hierarchy(host, PCF_CTL_UNIFIED);
		assume_enabled_later(host);
	}
	probe_proc(host, sysroot);
}
