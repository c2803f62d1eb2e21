/* The hierarchy that stands for a cgroup's identity: cgroup2 where it has the controllers, else the first v1 hierarchy
 * of the order that pcf_cgroup_look (tick/containers.c) asks in. Ids of one hierarchy do not collide. */
#ifndef PCF_SOURCE_IDENTITY_H
#define PCF_SOURCE_IDENTITY_H
#include "pcf.h"

int pcf_identity_controller(const pcf_host *host); /* PCF_CTL_*, -1: no cgroup hierarchy is mounted */
/* "memory_cgrp_id": its name in the kernel's enum cgroup_subsys_id; NULL: cgroup2 itself. */
const char *pcf_identity_enum(int controller);
/* Inode of the container's directory there; -ENOENT: it is not in this hierarchy. */
int pcf_identity_look(const pcf_host *host, int controller, const char *path, uint64_t *id);
/* The directory that stands for the container's cgroup, wherever it is: as pcf_cgroup_look has it. hierarchy_id: the
 * kernel's number of its hierarchy, 0: cgroup2.  -ENOENT. */
typedef struct {
	uint32_t hierarchy_ids[PCF_CTL_COUNT]; /* by controller */
} pcf_identities;

void pcf_identities_find(pcf_identities *out); /* of this process's /proc */
int pcf_identity_find(const pcf_identities *identities, const pcf_host *host, const char *path, uint32_t *hierarchy_id,
		      uint64_t *id);
#endif
