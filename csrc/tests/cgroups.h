/* Cgroups of our own for the tests: "pcf-test-<pid>" in every v1 hierarchy and on cgroup2, removed at exit. */
#ifndef PCF_TESTS_CGROUPS_H
#define PCF_TESTS_CGROUPS_H
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pcf.h"

static const pcf_host *cgroups_host;
static char cgroups_top[64];

static inline void cgroup_path(char *out, size_t size, int controller, const char *name)
{
	snprintf(out, size, "%s/%s%s%s", cgroups_host->controllers[controller].mount, cgroups_top, *name ? "/" : "",
		 name);
}

/* Makes or removes it in every hierarchy; returns how many times that worked. */
static inline int cgroup_each(const char *name, int make)
{
	char path[512];
	int done = 0;

	for (int c = 0; c < PCF_CTL_NAMED; c++) {
		if (!cgroups_host->controllers[c].version ||
		    (cgroups_host->controllers[c].version == 2 && c != PCF_CTL_UNIFIED))
			continue;
		cgroup_path(path, sizeof path, c, name);
		done += (make ? mkdir(path, 0755) : rmdir(path)) == 0;
	}
	return done;
}

static inline void cgroup_remove_below(int parent, const char *name)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct dirent *entry;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	while (dir && (entry = readdir(dir)))
		if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
			cgroup_remove_below(fd, entry->d_name);
	if (dir)
		closedir(dir);
	unlinkat(parent, name, AT_REMOVEDIR);
}

/* With what a test that gave up left in them. */
static inline void cgroups_remove(void)
{
	for (int c = 0; c < PCF_CTL_NAMED; c++) {
		char path[512];

		cgroup_path(path, sizeof path, c, "");
		if (cgroups_host->controllers[c].version)
			cgroup_remove_below(AT_FDCWD, path);
	}
}

/* 0 when this process may make cgroups here. */
static inline int cgroups_begin(const pcf_host *host)
{
	cgroups_host = host;
	snprintf(cgroups_top, sizeof cgroups_top, "pcf-test-%ld", (long)getpid());
	if (cgroup_each("", 1) == 0)
		return -1;
	atexit(cgroups_remove);
	return 0;
}

/* "/pcf-test-1/name" */
static inline const char *cgroup_name(char *out, size_t size, const char *name)
{
	snprintf(out, size, "/%s/%s", cgroups_top, name);
	return out;
}

static inline int cgroup_enter(const char *name, int controller)
{
	char path[512], pid[32];
	int fd, n;

	cgroup_path(path, sizeof path, controller, name);
	strncat(path, "/cgroup.procs", sizeof path - strlen(path) - 1);
	fd = open(path, O_WRONLY);
	if (fd < 0)
		return -errno;
	n = snprintf(pid, sizeof pid, "%ld", (long)getpid());
	n = write(fd, pid, (size_t)n) == n ? 0 : -errno;
	close(fd);
	return n;
}

static inline void remove_ring(const char *dir)
{
	char path[600];

	for (int g = 0; g < pcf_group_count(); g++) {
		snprintf(path, sizeof path, "%s/%s.ring", dir, pcf_group_at(g)->name);
		unlink(path);
	}
	snprintf(path, sizeof path, "%s/slots.dir", dir);
	unlink(path);
	snprintf(path, sizeof path, "%s/events.log", dir);
	unlink(path);
	rmdir(dir);
}
#endif
