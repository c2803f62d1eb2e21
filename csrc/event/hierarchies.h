/* The hierarchies that may stand for a cgroup: where they are mounted and what number the kernel gives them. */
#ifndef PCF_EVENT_HIERARCHIES_H
#define PCF_EVENT_HIERARCHIES_H
#include "bpf/event.h"
#include "pcf.h"

typedef struct {
	uint32_t id;    /* as /proc/self/cgroup has it; 0: cgroup2 */
	uint32_t roles; /* bits by pcf_bpf_role */
	const char *mount;
	uint64_t root_ino; /* of the mount: 1 unless only part of the hierarchy is shown */
	int fd;            /* of the mount, opened when first needed; -1 */
} pcf_hierarchy;

typedef struct {
	pcf_hierarchy at[PCF_ROLE_COUNT];
	int count;
	uint32_t identity[PCF_ROLE_COUNT + 1]; /* roles in the order of pcf_cgroup_look, ended by PCF_ROLE_COUNT */
} pcf_hierarchies;

void pcf_hierarchies_find(pcf_hierarchies *out, const pcf_host *host);
void pcf_hierarchies_close(pcf_hierarchies *hierarchies);
pcf_hierarchy *pcf_hierarchies_of(pcf_hierarchies *hierarchies, uint32_t id); /* NULL */
/* Inode of a path there, 0: it has none. */
uint64_t pcf_hierarchy_look(const pcf_hierarchy *hierarchy, const char *path);
/* Whether a process is in it: by cgroup.events, v1: cgroup.procs, which tells only of its own. */
int pcf_hierarchy_is_populated(const pcf_hierarchy *hierarchy, const char *path);
/* Path of a cgroup that is there, by its id alone; -ENOENT. */
int pcf_hierarchy_path(pcf_hierarchy *hierarchy, uint64_t cgroup_id, char *path, size_t size);
#endif
