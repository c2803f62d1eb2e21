#include "source/identity.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const struct {
	int controller;
	const char *name, *listed; /* in enum cgroup_subsys_id; in /proc/self/cgroup */
} order[] = {
	{PCF_CTL_MEMORY, "memory_cgrp_id", "memory"},
	{PCF_CTL_CPUACCT, "cpuacct_cgrp_id", "cpuacct"},
	{PCF_CTL_CPU, "cpu_cgrp_id", "cpu"},
	{PCF_CTL_IO, "io_cgrp_id", "blkio"},
	{PCF_CTL_PIDS, "pids_cgrp_id", "pids"},
	{PCF_CTL_CPUSET, "cpuset_cgrp_id", "cpuset"},
	{PCF_CTL_HUGETLB, "hugetlb_cgrp_id", "hugetlb"},
};

int pcf_identity_controller(const pcf_host *host)
{
	if (host->layout == PCF_LAYOUT_V2)
		return PCF_CTL_UNIFIED;
	for (size_t i = 0; i < sizeof order / sizeof order[0]; i++)
		if (host->controllers[order[i].controller].version == 1)
			return order[i].controller;
	return host->controllers[PCF_CTL_UNIFIED].version ? PCF_CTL_UNIFIED : -1;
}

const char *pcf_identity_enum(int controller)
{
	for (size_t i = 0; i < sizeof order / sizeof order[0]; i++)
		if (order[i].controller == controller)
			return order[i].name;
	return NULL;
}

int pcf_identity_look(const pcf_host *host, int controller, const char *path, uint64_t *id)
{
	char full[4400];
	struct stat st;

	snprintf(full, sizeof full, "%s%s", host->controllers[controller].mount, path);
	if (stat(full, &st) < 0)
		return -errno;
	*id = st.st_ino;
	return 0;
}

/* "4:cpu,cpuacct:/path": whether the list in the middle holds the name. */
static int line_lists(const char *line, const char *name)
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

void pcf_identities_find(pcf_identities *out)
{
	char line[4400];
	FILE *file = fopen("/proc/self/cgroup", "re");

	memset(out, 0, sizeof *out);
	while (file && fgets(line, sizeof line, file))
		for (size_t i = 0; i < sizeof order / sizeof order[0]; i++)
			if (line_lists(line, order[i].listed))
				out->hierarchy_ids[order[i].controller] = (uint32_t)strtoul(line, NULL, 10);
	if (file)
		fclose(file);
}

int pcf_identity_find(const pcf_identities *identities, const pcf_host *host, const char *path, uint32_t *hierarchy_id,
		      uint64_t *id)
{
	const pcf_controller_fact *unified = &host->controllers[PCF_CTL_UNIFIED];

	for (size_t i = 0; i < sizeof order / sizeof order[0] && host->layout != PCF_LAYOUT_V2; i++) {
		int controller = order[i].controller;

		if (host->controllers[controller].version != 1 || pcf_identity_look(host, controller, path, id) < 0)
			continue;
		*hierarchy_id = identities->hierarchy_ids[controller];
		return 0;
	}
	*hierarchy_id = 0;
	return unified->version ? pcf_identity_look(host, PCF_CTL_UNIFIED, path, id) : -ENOENT;
}
