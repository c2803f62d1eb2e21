/* In the place of csrc/source/bpf where libpcf is built without eBPF. */
#include <errno.h>

#include "schema/error.h"
#include "source/walk.h"

int pcf_kernel_walk_open(pcf_kernel_walk **out, const pcf_host *host, const pcf_options *options, const pcf_plan *plan,
			 pcf_error *err)
{
	(void)host;
	(void)options;
	*out = NULL;
	for (int g = 0; g < PCF_GROUP_COUNT; g++)
		if (plan->group[g].source == PCF_SOURCE_BPF)
			return pcf_error_say(err, -ENOSYS, "libpcf was built without eBPF: %s", PCF_BPF_MISSING);
	return 0;
}

/* The rest is never reached: there is no walk to ask. */
void pcf_kernel_walk_close(pcf_kernel_walk *walk)
{
	(void)walk;
}

const uint8_t *pcf_kernel_walk_columns(const pcf_kernel_walk *walk, int group)
{
	(void)walk;
	(void)group;
	return NULL;
}

const char *pcf_kernel_walk_name(const pcf_kernel_walk *walk)
{
	(void)walk;
	return "";
}

void pcf_kernel_walk_drop(pcf_kernel_walk *walk, int group, int column)
{
	(void)walk;
	(void)group;
	(void)column;
}

void pcf_kernel_walk_place(const pcf_kernel_walk *walk, pcf_walker *walker, int controller, uint64_t inode)
{
	(void)walk;
	(void)walker;
	(void)controller;
	(void)inode;
}

void pcf_kernel_walk_reserve(pcf_kernel_walk *walk, unsigned cgroups)
{
	(void)walk;
	(void)cgroups;
}

int pcf_kernel_walk_begin(pcf_kernel_walk *walk, uint64_t groups)
{
	(void)walk;
	(void)groups;
	return -ENOSYS;
}

uint64_t pcf_kernel_walk_time_ns(const pcf_kernel_walk *walk)
{
	(void)walk;
	return 0;
}

int pcf_kernel_walk_row(pcf_kernel_walk *walk, pcf_walker *walker, int group, uint64_t *row)
{
	(void)walk;
	(void)walker;
	(void)group;
	(void)row;
	return PCF_WALK_UNKNOWN;
}

uint64_t pcf_kernel_walk_held(const pcf_kernel_walk *walk, const pcf_walker *walker, int group, int column)
{
	(void)walk;
	(void)walker;
	(void)group;
	(void)column;
	return 0;
}

int pcf_kernel_walk_rows(pcf_kernel_walk *walk, pcf_walker *walker, int group, pcf_row_sink sink, void *arg)
{
	(void)walk;
	(void)walker;
	(void)group;
	(void)sink;
	(void)arg;
	return PCF_WALK_UNKNOWN;
}

void pcf_kernel_walk_learn(pcf_kernel_walk *walk, pcf_walker *walker, const uint64_t *before, const uint64_t *after)
{
	(void)walk;
	(void)walker;
	(void)before;
	(void)after;
}

void pcf_kernel_walk_stats(const pcf_kernel_walk *walk, pcf_walk_stats *out)
{
	(void)walk;
	*out = (pcf_walk_stats){0};
}
