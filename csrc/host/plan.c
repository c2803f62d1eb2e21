/* Host facts and options -> plan. Pure: two calls with the same arguments give the same plan. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "host/kernel_files.h"
#include "host/probe.h"
#include "host/walk_plan.h"
#include "schema/error.h"

#define MS              1000000ULL
#define LEAST_INTERVAL  (10 * MS)
/* A slower group does not keep its files open: 5 KiB of kernel memory each for ever costs more than a few
 * microseconds now and then. */
#define KEEP_OPEN_BELOW (10000 * MS)
#define MOST_TICKS      (1u << 24)

static uint64_t gcd(uint64_t a, uint64_t b)
{
	while (b) {
		uint64_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

static uint64_t interval_of(const pcf_options *options, int group)
{
	uint64_t interval = options->interval_ns[group];

	return interval == PCF_ABSENT ? (uint64_t)pcf_group_at(group)->interval_ms * MS : interval;
}

static int check_interval(int group, uint64_t interval, pcf_error *err)
{
	const char *name = pcf_group_at(group)->name;

	if (interval % MS)
		return pcf_error_say(
			err, -EINVAL,
			"interval of group %s: %llu ns is not a whole number of milliseconds; give e.g. %llums", name,
			(unsigned long long)interval, (unsigned long long)(interval / MS + 1));
	if (interval < LEAST_INTERVAL)
		return pcf_error_say(
			err, -EINVAL,
			"interval of group %s: %llu ms is too short; give at least 10 ms, or 0 to turn the group off",
			name, (unsigned long long)(interval / MS));
	return 0;
}

static void off(pcf_group_plan *plan, const char *reason)
{
	plan->source = PCF_SOURCE_NONE;
	plan->interval_ns = 0;
	snprintf(plan->reason, sizeof plan->reason, "%s", reason);
}

static void name_files(pcf_group_plan *plan, const pcf_kernel_file *files, int count)
{
	size_t used = strlen(plan->file_names);

	for (int i = 0; i < count; i++) {
		int n = snprintf(plan->file_names + used, sizeof plan->file_names - used, "%s%s%s", used ? " " : "",
				 files[i].controller < 0 ? "/proc/" : "", files[i].name);

		if (n < 0 || (size_t)n >= sizeof plan->file_names - used) {
			plan->file_names[used] = '\0';
			return;
		}
		used += (size_t)n;
	}
}

/* One file of each choice is read. */
static int count_read(const pcf_kernel_file *files, int count)
{
	int read = 0;

	for (int i = 0; i < count; i++)
		read += i == 0 || files[i].parser != files[i - 1].parser || files[i].blkio_family < 0;
	return read;
}

static const char *why_no_files(const pcf_host *host, int group)
{
	if (host->layout == PCF_LAYOUT_NONE)
		return "no cgroup filesystem is mounted; mount one, or give the right system root";
	if (group == PCF_GROUP_PRESSURE)
		return host->psi.answer == PCF_YES
			       ? "no cgroup2 mount shows pressure files"
			       : "this kernel gives no pressure stall information: boot with psi=1 (CONFIG_PSI)";
	return "no cgroup of this host has these files: the controller is not there, or the kernel is built without it";
}

/* Columns only the root can give would cost their cells in the row of every container: in a wide group they go. */
static void choose_columns(pcf_group_plan *plan, int group, const uint8_t *containers, const uint8_t *root,
			   int with_root)
{
	int columns = pcf_group_at(group)->columns, given = 0, dropped = 0;

	for (int i = 0; i < columns; i++)
		given += containers[i];
	for (int i = 0; i < columns; i++) {
		int only_root = with_root && root[i] && !containers[i];
		int keep = only_root && (given == 0 || columns <= 32);

		plan->present[i] = containers[i] || keep;
		dropped += only_root && !keep;
	}
	if (dropped)
		snprintf(plan->reason + strlen(plan->reason), sizeof plan->reason - strlen(plan->reason),
			 "; %d columns only the root could fill are left out", dropped);
}

static void plan_files(const pcf_host *host, const pcf_options *options, int group, pcf_group_plan *plan)
{
	pcf_kernel_file files[PCF_KERNEL_FILES_MAX], root_files[16];
	uint8_t present[PCF_MAX_GROUP_COLUMNS] = {0}, root[PCF_MAX_GROUP_COLUMNS] = {0};
	int count = pcf_container_files(host, group, files, PCF_KERNEL_FILES_MAX);
	int root_count = options->disable_root ? 0 : pcf_root_files(host, group, root_files, 16);

	if (!count && !root_count) {
		off(plan, options->disable_root && group == PCF_GROUP_HOST ? "the root container is off"
									   : why_no_files(host, group));
		return;
	}
	plan->source = count ? PCF_SOURCE_FILE : PCF_SOURCE_PROC;
	plan->files = count_read(files, count);
	plan->keep_open = plan->interval_ns < KEEP_OPEN_BELOW;
	name_files(plan, files, count);
	if (!count)
		name_files(plan, root_files, root_count);
	if (count)
		snprintf(plan->reason, sizeof plan->reason, "cgroup files (%s)%s",
			 host->layout == PCF_LAYOUT_V2       ? "v2"
			 : host->layout == PCF_LAYOUT_HYBRID ? "v1, PSI from cgroup2"
							     : "v1",
			 root_count ? ", /proc for the root" : "");
	else
		snprintf(plan->reason, sizeof plan->reason, "/proc, for the root only%s%s",
			 group == PCF_GROUP_HOST ? "" : ": ", group == PCF_GROUP_HOST ? "" : why_no_files(host, group));
	pcf_group_columns(host, group, present, root);
	choose_columns(plan, group, present, root, root_count > 0);
	pcf_walk_plan(host, options, group, plan);
}

static void plan_network(const pcf_host *host, const pcf_options *options, int group, pcf_group_plan *plan)
{
	int netlink = group == PCF_GROUP_NETWORK && host->netlink_stats.answer == PCF_YES &&
		      options->source != PCF_SOURCE_FILE;

	if (host->procfs.answer == PCF_NO && !netlink) {
		off(plan, host->procfs.reason);
		return;
	}
	plan->source = netlink ? PCF_SOURCE_NETLINK : PCF_SOURCE_PROC;
	plan->files = 1;
	plan->keep_open = plan->interval_ns < KEEP_OPEN_BELOW;
	memset(plan->present, 1, (size_t)pcf_group_at(group)->columns);
	snprintf(plan->file_names, sizeof plan->file_names,
		 netlink ? "RTM_GETSTATS /proc/<pid>/net/dev" : "/proc/<pid>/net/dev");
	snprintf(plan->reason, sizeof plan->reason, "%s",
		 netlink ? "one dump of all veth counters from the host side, /proc/<pid>/net/dev for the rest"
		 : group == PCF_GROUP_NETWORK_ERRORS  ? "a veth's host end does not mirror errors and drops"
		 : options->source == PCF_SOURCE_FILE ? "asked for by the source option"
						      : host->netlink_stats.reason);
}

/* Every namespace is entered or its files are read, by the thread that looks after namespaces. */
static void plan_sockets(const pcf_host *host, int group, pcf_group_plan *plan)
{
	int is_advanced = group == PCF_GROUP_TCP_ADVANCED, is_udp = group == PCF_GROUP_UDP || group == PCF_GROUP_UDP6;
	int netlink = !is_advanced && host->setns.answer != PCF_NO;

	if (host->procfs.answer == PCF_NO) {
		off(plan, host->procfs.reason);
		return;
	}
	plan->source = netlink ? PCF_SOURCE_NETLINK : PCF_SOURCE_PROC;
	plan->files = is_advanced ? 2 : 1;
	memset(plan->present, 1, (size_t)pcf_group_at(group)->columns);
	snprintf(plan->file_names, sizeof plan->file_names, "%s%s",
		 netlink       ? "SOCK_DIAG /proc/<pid>/net/sockstat"
		 : is_advanced ? "/proc/<pid>/net/snmp /proc/<pid>/net/netstat"
		 : is_udp      ? "/proc/<pid>/net/udp"
			       : "/proc/<pid>/net/tcp",
		 !netlink && (group == PCF_GROUP_TCP6 || group == PCF_GROUP_UDP6) ? "6" : "");
	snprintf(plan->reason, sizeof plan->reason, "%s%.120s",
		 netlink       ? "counted by sock_diag inside each namespace, shortly before the tick"
		 : is_advanced ? "read of each namespace shortly before the tick"
			       : "the sockets are read line by line: ",
		 netlink || is_advanced ? "" : host->setns.reason);
}

static void plan_tasks(const pcf_host *host, int group, pcf_group_plan *plan)
{
	if (host->procfs.answer == PCF_NO) {
		off(plan, host->procfs.reason);
		return;
	}
	plan->source = PCF_SOURCE_PROC;
	plan->files = 1;
	memset(plan->present, 1, (size_t)pcf_group_at(group)->columns);
	snprintf(plan->file_names, sizeof plan->file_names, "/proc/<pid>/cgroup %s",
		 group == PCF_GROUP_TASKS ? "/proc/<pid>/fd /proc/<pid>/limits" : "/proc/<pid>/task/<tid>/schedstat");
	snprintf(plan->reason, sizeof plan->reason, "one pass over all processes, shortly before the tick");
}

static int is_of_sockets(int group)
{
	return group == PCF_GROUP_TCP || group == PCF_GROUP_TCP6 || group == PCF_GROUP_UDP || group == PCF_GROUP_UDP6 ||
	       group == PCF_GROUP_TCP_ADVANCED;
}

static void plan_tick(const pcf_options *options, pcf_group_plan *plan)
{
	if (options->disable_root) {
		off(plan, "its rows belong to the root container, which is off");
		return;
	}
	plan->source = PCF_SOURCE_SELF;
	memset(plan->present, 1, PCF_MAX_GROUP_COLUMNS);
	snprintf(plan->reason, sizeof plan->reason, "counted by the tick thread");
}

static void plan_trace(const pcf_host *host, const pcf_options *options, int group, pcf_group_plan *plan)
{
	if (group == PCF_GROUP_PROCESS && options->disable_events) {
		off(plan, "events are off, whose programs count it");
		return;
	}
	if (host->bpf_tracing.answer != PCF_YES) {
		off(plan, host->bpf_tracing.reason);
		return;
	}
	plan->source = PCF_SOURCE_TRACE;
	memset(plan->present, 1, (size_t)pcf_group_at(group)->columns);
	snprintf(plan->reason, sizeof plan->reason, "%s",
		 group == PCF_GROUP_PROCESS ? "counted by the eBPF programs that tell of events"
					    : "counted by eBPF programs at the scheduler's tracepoints");
}

static void plan_group(const pcf_host *host, const pcf_options *options, int group, pcf_group_plan *plan)
{
	plan->interval_ns = interval_of(options, group);
	if (plan->interval_ns == 0)
		off(plan, pcf_group_at(group)->interval_ms ? "off: its interval is 0"
							   : "off unless it is given an interval by its name");
	else if (group == PCF_GROUP_NETWORK || group == PCF_GROUP_NETWORK_ERRORS)
		plan_network(host, options, group, plan);
	else if (is_of_sockets(group))
		plan_sockets(host, group, plan);
	else if (group == PCF_GROUP_TASKS || group == PCF_GROUP_SCHEDSTAT)
		plan_tasks(host, group, plan);
	else if (group == PCF_GROUP_TICK)
		plan_tick(options, plan);
	else if (group == PCF_GROUP_SCHEDULING || group == PCF_GROUP_PROCESS)
		plan_trace(host, options, group, plan);
	else
		plan_files(host, options, group, plan);
}

static uint32_t ring_length(uint64_t history, uint64_t interval)
{
	uint64_t ticks = history / interval + 1;

	return ticks < 2 ? 2 : ticks > MOST_TICKS ? MOST_TICKS : (uint32_t)ticks;
}

/* The rest of the process (sockets, Python's files, rings of others) needs descriptors too. */
static uint64_t descriptor_bound(const pcf_host *host, const pcf_options *options)
{
	uint64_t limit = host->nofile_raised, reserve = limit / 8 > 256 ? limit / 8 : 256;
	uint64_t bound = limit > reserve ? limit - reserve : 0;

	if (options->max_descriptors && options->max_descriptors < bound)
		bound = options->max_descriptors;
	if (options->descriptor_bytes && options->descriptor_bytes / PCF_DESCRIPTOR_BYTES < bound)
		bound = options->descriptor_bytes / PCF_DESCRIPTOR_BYTES;
	return bound;
}

static void choose_reader(const pcf_host *host, const pcf_options *options, pcf_plan *plan)
{
	plan->reader = options->reader == PCF_READER_AUTO ? PCF_READER_PREAD : options->reader;
	if (plan->reader == PCF_READER_URING && host->io_uring.answer != PCF_YES) {
		plan->reader = PCF_READER_PREAD;
		snprintf(plan->reader_reason, sizeof plan->reader_reason,
			 "io_uring was asked for and is not there: %.140s", host->io_uring.reason);
	} else if (plan->reader != PCF_READER_OPENAT && plan->descriptors == 0) {
		plan->reader = PCF_READER_OPENAT;
		snprintf(
			plan->reader_reason, sizeof plan->reader_reason,
			"no descriptors to keep: the limit is %llu (RLIMIT_NOFILE, max descriptors, descriptor memory)",
			(unsigned long long)host->nofile_raised);
	} else {
		snprintf(plan->reader_reason, sizeof plan->reader_reason, "%s",
			 options->reader == PCF_READER_AUTO ? "usual choice, not measured yet"
							    : "asked for by the reader option");
	}
}

int pcf_plan_make(const pcf_host *host, const pcf_options *options, pcf_plan *out, pcf_error *err)
{
	uint64_t base = 0;
	int code;

	memset(out, 0, sizeof *out);
	out->groups = PCF_GROUP_COUNT;
	for (int g = 0; g < PCF_GROUP_COUNT; g++) {
		uint64_t interval = interval_of(options, g);

		code = interval ? check_interval(g, interval, err) : 0;
		if (code < 0)
			return code;
		plan_group(host, options, g, &out->group[g]);
		base = gcd(out->group[g].interval_ns, base);
	}
	if (base == 0)
		return pcf_error_say(err, -ENOENT,
				     "there is nothing to sample: every group is off, or this host gives none; see the "
				     "reasons of the plan");
	out->base_ns = base;
	for (int g = 0; g < PCF_GROUP_COUNT; g++)
		if (out->group[g].interval_ns)
			out->group[g].ring_len = ring_length(options->history_ns, out->group[g].interval_ns);
	out->descriptors = descriptor_bound(host, options);
	choose_reader(host, options, out);
	return 0;
}
