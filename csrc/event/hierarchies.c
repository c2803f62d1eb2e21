#include "event/hierarchies.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/probe.h"

#define KERNFS_HANDLE 0xfe /* FILEID_KERNFS: 8 bytes, the id (fs/kernfs/mount.c) */

static const struct {
	enum pcf_bpf_role role;
	int controller;
	const char *name; /* in /proc/self/cgroup */
} controllers[] = {
	{PCF_ROLE_MEMORY, PCF_CTL_MEMORY, "memory"},
	{PCF_ROLE_CPUACCT, PCF_CTL_CPUACCT, "cpuacct"},
	{PCF_ROLE_CPU, PCF_CTL_CPU, "cpu"},
	{PCF_ROLE_IO, PCF_CTL_IO, "blkio"},
	{PCF_ROLE_PIDS, PCF_CTL_PIDS, "pids"},
	{PCF_ROLE_CPUSET, PCF_CTL_CPUSET, "cpuset"},
	{PCF_ROLE_HUGETLB, PCF_CTL_HUGETLB, "hugetlb"},
};

/* "4:cpu,cpuacct:/path": whether the list in the middle holds the name. */
static int line_has(const char *line, const char *name)
{
	const char *at = strchr(line, ':');
	size_t len = strlen(name);

	while (at && *at != '\0') {
		at++;
		if (strncmp(at, name, len) == 0 && (at[len] == ',' || at[len] == ':'))
			return 1;
		at += strcspn(at, ",:\n");
		if (*at != ',')
			break;
	}
	return 0;
}

static long hierarchy_id(const char *text, const char *name)
{
	for (const char *line = text; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (line_has(line, name))
			return strtol(line, NULL, 10);
	}
	return -1;
}

static void add(pcf_hierarchies *out, uint32_t id, enum pcf_bpf_role role, const char *mount)
{
	pcf_hierarchy *at = pcf_hierarchies_of(out, id);
	struct stat st;

	if (!at) {
		at = &out->at[out->count++];
		*at = (pcf_hierarchy){.id = id, .mount = mount, .fd = -1, .root_ino = 1};
		if (stat(mount, &st) == 0)
			at->root_ino = st.st_ino;
	}
	at->roles |= 1u << role;
}

void pcf_hierarchies_find(pcf_hierarchies *out, const pcf_host *host)
{
	const pcf_controller_fact *unified = &host->controllers[PCF_CTL_UNIFIED];
	char text[4096] = "";
	int order = 0;

	memset(out, 0, sizeof *out);
	(void)pcf_text_read("/proc/self/cgroup", text, sizeof text);
	for (size_t i = 0; i < sizeof controllers / sizeof controllers[0]; i++) {
		const pcf_controller_fact *fact = &host->controllers[controllers[i].controller];
		long id = fact->version == 1 ? hierarchy_id(text, controllers[i].name) : -1;

		if (id <= 0)
			continue;
		add(out, (uint32_t)id, controllers[i].role, fact->mount);
		out->identity[order++] = controllers[i].role;
	}
	if (unified->version) {
		add(out, 0, PCF_ROLE_UNIFIED, unified->mount);
		out->identity[order++] = PCF_ROLE_UNIFIED;
	}
	while (order <= PCF_ROLE_COUNT)
		out->identity[order++] = PCF_ROLE_COUNT;
}

void pcf_hierarchies_close(pcf_hierarchies *hierarchies)
{
	for (int i = 0; i < hierarchies->count; i++)
		if (hierarchies->at[i].fd >= 0)
			close(hierarchies->at[i].fd);
	hierarchies->count = 0;
}

pcf_hierarchy *pcf_hierarchies_of(pcf_hierarchies *hierarchies, uint32_t id)
{
	for (int i = 0; i < hierarchies->count; i++)
		if (hierarchies->at[i].id == id)
			return &hierarchies->at[i];
	return NULL;
}

uint64_t pcf_hierarchy_look(const pcf_hierarchy *hierarchy, const char *path)
{
	char full[4096];
	struct stat st;

	snprintf(full, sizeof full, "%s%s", hierarchy->mount, path);
	return stat(full, &st) == 0 ? st.st_ino : 0;
}

int pcf_hierarchy_is_populated(const pcf_hierarchy *hierarchy, const char *path)
{
	char full[4096], text[256];
	int is_v1 = hierarchy->id != 0;

	snprintf(full, sizeof full, "%s%s/%s", hierarchy->mount, path, is_v1 ? "cgroup.procs" : "cgroup.events");
	if (pcf_text_read(full, text, sizeof text) <= 0)
		return 0;
	return is_v1 || strstr(text, "populated 1") != NULL;
}

int pcf_hierarchy_path(pcf_hierarchy *hierarchy, uint64_t cgroup_id, char *path, size_t size)
{
	struct {
		struct file_handle head;
		uint64_t id;
	} handle = {.head = {.handle_bytes = 8, .handle_type = KERNFS_HANDLE}};
	char link[64], full[4096];
	size_t skip = strlen(hierarchy->mount);
	ssize_t n;
	int fd;

	if (cgroup_id == hierarchy->root_ino)
		return snprintf(path, size, "/") < (int)size ? 0 : -ENOENT;
	if (hierarchy->fd < 0)
		hierarchy->fd = open(hierarchy->mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	memcpy(handle.head.f_handle, &cgroup_id, sizeof cgroup_id);
	fd = hierarchy->fd < 0 ? -1 : open_by_handle_at(hierarchy->fd, &handle.head, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return -ENOENT;
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	n = readlink(link, full, sizeof full - 1);
	close(fd);
	full[n > 0 ? n : 0] = '\0';
	if (n <= 0 || strncmp(full, hierarchy->mount, skip) != 0 || full[skip] != '/' || strstr(full, " (deleted)") ||
	    (size_t)snprintf(path, size, "%s", full + skip) >= size)
		return -ENOENT;
	return 0;
}
