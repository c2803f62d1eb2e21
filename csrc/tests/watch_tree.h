/* Directories of our own, "pcf-test-<pid>", on two of the host's cgroup mounts; removed by clean. */
#ifndef PCF_TESTS_WATCH_TREE_H
#define PCF_TESTS_WATCH_TREE_H
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"

static char mounts[8][256];
static int mount_count;
static char top[64]; /* "/pcf-test-<pid>" */

/* Two hierarchies if the host has them: a v1 controller and the cgroup2 mount. */
static inline void find_mounts(void)
{
	FILE *file = fopen("/proc/self/mounts", "r");
	char line[1024], where[256], type[64], options[512];
	bool has_v1 = false, has_v2 = false;

	CHECK_OR_DIE(file);
	while (fgets(line, sizeof line, file)) {
		if (sscanf(line, "%*s %255s %63s %511s", where, type, options) != 3)
			continue;
		bool is_v1 = strcmp(type, "cgroup") == 0 && strstr(options, "memory"),
		     is_v2 = strcmp(type, "cgroup2") == 0;
		if ((is_v1 && !has_v1) || (is_v2 && !has_v2))
			strcpy(mounts[mount_count++], where);
		has_v1 |= is_v1;
		has_v2 |= is_v2;
	}
	fclose(file);
	CHECK_OR_DIE(mount_count > 0);
}

static inline char *at(int mount, const char *path)
{
	static char out[4096];

	snprintf(out, sizeof out, "%s%s%s", mounts[mount], top, path);
	return out;
}

static inline void make(int mount, const char *path)
{
	if (mkdir(at(mount, path), 0755) && errno != EEXIST)
		CHECK_EQ(-errno, 0);
}

static inline void away(int mount, const char *path)
{
	if (rmdir(at(mount, path)) && errno != ENOENT)
		CHECK_EQ(-errno, 0);
}

static inline void remove_tree(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	char below[4096];

	while (dir && (entry = readdir(dir)) != NULL) {
		if (entry->d_type != DT_DIR || strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (snprintf(below, sizeof below, "%s/%s", path, entry->d_name) < (int)sizeof below)
			remove_tree(below);
	}
	if (dir)
		closedir(dir);
	rmdir(path);
}

static inline void clean(void)
{
	for (int i = 0; i < mount_count; i++)
		remove_tree(at(i, ""));
}

struct builder {
	int mount;
	int depth;
};

static inline void *build(void *arg)
{
	struct builder *builder = arg;
	char path[1024] = "";

	for (int i = 0; i < builder->depth; i++) {
		snprintf(path + strlen(path), sizeof path - strlen(path), "/%d", i);
		make(builder->mount, path);
	}
	return NULL;
}

static inline void begin(void)
{
	snprintf(top, sizeof top, "/pcf-test-%d", getpid());
	find_mounts();
	atexit(clean);
}
#endif
