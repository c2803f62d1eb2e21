/* /proc/<pid>/cgroup (Documentation/admin-guide/cgroup-v2.rst, cgroup-v1/cgroups.rst): "4:memory:/docker/9f\n" for each
 * v1 hierarchy, "0::/path\n" for cgroup2. Pure. */
#ifndef PCF_PARSE_PROC_PID_CGROUP_H
#define PCF_PARSE_PROC_PID_CGROUP_H
#include "pcf.h"

/* The path a process has as a container: in the memory hierarchy, which whatever runs containers uses; where that says
 * "/" or is not there, the first of pids, cpu, cpuacct, blkio, cgroup2, name=systemd that says something else.
 * has_memory_v1: whether a "memory" line is the memory controller's; else cgroup2's comes first.
 * Writes a path of at most size - 1 bytes, without the " (deleted)" of a cgroup that is gone, and returns its length;
 * -EINVAL: this is no such file; -ENAMETOOLONG. */
int pcf_proc_pid_cgroup_parse(const char *buf, size_t len, int has_memory_v1, char *path, size_t size);
#endif
