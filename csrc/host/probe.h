/* The parts of pcf_host_probe: each fills its own fields of pcf_host and cannot fail, a fact it cannot get is UNKNOWN. */
#ifndef PCF_HOST_PROBE_H
#define PCF_HOST_PROBE_H
#include "pcf.h"

/* Name of a hierarchy in pcf_host.files: "cpu", "cpuacct", "memory", "blkio", "pids", "cpuset", "hugetlb", "unified"
 * (everything on cgroup2, and PSI), "proc". */
const char *pcf_controller_name(int controller);

/* mounts.c: pure functions of text */
void pcf_mounts_parse(pcf_host *host, const char *mountinfo, const char *prefix);
void pcf_mounts_unified(pcf_host *host,
			const char *cgroup_controllers); /* after parse: who is on cgroup2; sets layout */

/* cgroup_files.c */
void pcf_cgroup_files_probe(pcf_host *host, const char *sysroot);
int pcf_host_has_line(const char *lines, const char *line, size_t len); /* a whole line of pcf_host.files or keys */
int pcf_host_has_file(const pcf_host *host, const char *hierarchy, const char *file);

/* facts.c: found out by trying */
void pcf_fact_set(pcf_fact *fact, int answer, const char *format, ...) __attribute__((format(printf, 3, 4)));
void pcf_facts_probe(pcf_host *host, const char *sysroot);

/* limits.c */
void pcf_limits_probe(pcf_host *host);

/* text.c: a small file into a buffer, NUL-terminated; length or negative errno */
long pcf_text_read(const char *path, char *buffer, size_t size);
#endif
