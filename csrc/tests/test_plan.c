/* Host facts and options -> plan, for every capability that may be missing. Hosts are made by hand. */
#include <errno.h>

#include "check.h"
#include "pcf.h"
#include "schema/enums.h"

#define MS 1000000ULL

static pcf_host host;
static pcf_options options;
static pcf_plan plan;
static pcf_error err;

static void controller(int which, int version, const char *mount)
{
	host.controllers[which].version = version;
	strcpy(host.controllers[which].mount, mount);
	strcpy(host.controllers[which].root, "/");
}

static void files(const char *lines)
{
	strcat(host.files, lines);
}

static void bare_host(void)
{
	memset(&host, 0, sizeof host);
	pcf_options_default(&options);
	host.cores_online = host.cores_possible = 2;
	host.page_bytes = 4096;
	host.nofile_soft = host.nofile_hard = host.nofile_raised = 20000;
	host.is_root = 1;
	host.psi.answer = host.netlink_stats.answer = host.procfs.answer = host.io_uring.answer = PCF_YES;
	files("proc/stat\nproc/meminfo\nproc/vmstat\nproc/loadavg\nproc/diskstats\n");
}

static void v1_host(void)
{
	bare_host();
	host.layout = PCF_LAYOUT_V1;
	controller(PCF_CTL_CPU, 1, "/c/cpu");
	controller(PCF_CTL_CPUACCT, 1, "/c/cpuacct");
	controller(PCF_CTL_MEMORY, 1, "/c/memory");
	controller(PCF_CTL_IO, 1, "/c/blkio");
	controller(PCF_CTL_PIDS, 1, "/c/pids");
	files("cpuacct/cpuacct.usage\ncpuacct/cpuacct.stat\ncpuacct/cpuacct.usage_percpu\n"
	      "cpu/cpu.stat\ncpu/cpu.stat:nr_periods\ncpu/cpu.stat:nr_throttled\ncpu/cpu.stat:throttled_time\n"
	      "memory/memory.stat\nmemory/memory.usage_in_bytes\nmemory/memory.max_usage_in_bytes\nmemory/"
	      "memory.failcnt\n"
	      "memory/memory.oom_control\nmemory/memory.limit_in_bytes\npids/pids.current\npids/pids.max\n"
	      "blkio/blkio.throttle.io_service_bytes\nblkio/blkio.throttle.io_serviced\n");
	strcpy(host.memory_stat_keys, "cache\nrss\ntotal_cache\ntotal_rss\ntotal_pgfault\n");
}

static void v2_host(void)
{
	bare_host();
	host.layout = PCF_LAYOUT_V2;
	for (int c = 0; c <= PCF_CTL_UNIFIED; c++)
		controller(c, 2, "/c");
	files("unified/cpu.stat\nunified/memory.stat\nunified/memory.current\nunified/memory.peak\nunified/"
	      "memory.swap.current\n"
	      "unified/memory.events\nunified/io.stat\nunified/pids.current\nunified/cpu.pressure\nunified/"
	      "memory.pressure\nunified/io.pressure\n"
	      "unified/memory.max\nunified/hugetlb.2MB.current\nunified/hugetlb.1GB.current\nunified/"
	      "hugetlb.2MB.rsvd.current\n");
}

static const pcf_group_plan *make(int group)
{
	memset(&err, 0, sizeof err);
	CHECK_EQ(pcf_plan_make(&host, &options, &plan, &err), 0);
	return &plan.group[group];
}

static void test_v1(void)
{
	const pcf_group_plan *group;

	v1_host();
	group = make(PCF_GROUP_CPU);
	CHECK_EQ(group->source, PCF_SOURCE_FILE);
	CHECK_EQ(group->files, 3);
	CHECK_EQ(group->ring_len, 121);
	CHECK(group->keep_open && group->present[PCF_CPU_THROTTLED_NS] && !group->present[PCF_CPU_BURSTS]);
	CHECK(plan.group[PCF_GROUP_LIMITS].interval_ns == 10000 * MS && !plan.group[PCF_GROUP_LIMITS].keep_open);
	CHECK_EQ(plan.base_ns, 1000 * MS);
	group = &plan.group[PCF_GROUP_MEMORY_STAT];
	CHECK(group->present[PCF_MEMORY_STAT_ANON_BYTES] && !group->present[PCF_MEMORY_STAT_SHMEM_BYTES]);
	CHECK(strstr(group->reason, "only the root could fill"));
	group = &plan.group[PCF_GROUP_IO];
	CHECK(group->files == 2 && strstr(group->file_names, "blkio.throttle.io_service_bytes"));
	CHECK_EQ(plan.group[PCF_GROUP_PRESSURE].source, PCF_SOURCE_NONE); /* no cgroup2 mount, no /proc/pressure file */
	CHECK_EQ(plan.group[PCF_GROUP_CPUSET].source, PCF_SOURCE_NONE);
	CHECK(plan.group[PCF_GROUP_CPUSET].reason[0]);
	CHECK_EQ(plan.group[PCF_GROUP_CPU_PERCPU].source, PCF_SOURCE_FILE);
	CHECK_EQ(plan.group[PCF_GROUP_HOST].source, PCF_SOURCE_PROC);
	CHECK_EQ(plan.group[PCF_GROUP_TICK].source, PCF_SOURCE_SELF);
	CHECK_EQ(plan.descriptors, 20000 - 2500);
}

static void test_hybrid_pressure(void)
{
	v1_host();
	host.layout = PCF_LAYOUT_HYBRID;
	controller(PCF_CTL_UNIFIED, 2, "/c/unified");
	files("unified/cpu.pressure\nunified/cpu.pressure:some\nunified/memory.pressure\n");
	const pcf_group_plan *group = make(PCF_GROUP_PRESSURE);

	CHECK_EQ(group->source, PCF_SOURCE_FILE);
	CHECK_EQ(group->files, 2);
	CHECK(group->present[PCF_PRESSURE_CPU_SOME_USEC] &&
	      !group->present[PCF_PRESSURE_CPU_FULL_USEC]); /* an older kernel */
	CHECK(group->present[PCF_PRESSURE_MEMORY_FULL_USEC] && !group->present[PCF_PRESSURE_IRQ_FULL_USEC]);
	CHECK_EQ(plan.group[PCF_GROUP_CPU].files, 3); /* v1's, not the cpu.stat of cgroup2 */
}

static void test_v2(void)
{
	v2_host();
	const pcf_group_plan *group = make(PCF_GROUP_MEMORY);

	CHECK_EQ(group->source, PCF_SOURCE_FILE);
	CHECK_EQ(group->files, 2);
	CHECK(group->present[PCF_MEMORY_SWAP_BYTES] &&
	      !plan.group[PCF_GROUP_LIMITS].present[PCF_LIMITS_MEMORY_FAILCNT]);
	CHECK_EQ(plan.group[PCF_GROUP_CPU_PERCPU].source, PCF_SOURCE_PROC); /* the root's only */
	CHECK_EQ(plan.group[PCF_GROUP_HUGETLB].files, 3);
	CHECK(plan.group[PCF_GROUP_HUGETLB].present[PCF_HUGETLB_RESERVED_BYTES] &&
	      !plan.group[PCF_GROUP_HUGETLB].present[PCF_HUGETLB_PEAK_BYTES]);
	CHECK_EQ(plan.group[PCF_GROUP_MEMORY_KERNEL].source, PCF_SOURCE_NONE);
	CHECK_EQ(plan.group[PCF_GROUP_IO_SCHEDULER].source, PCF_SOURCE_NONE);
}

static void test_nothing(void)
{
	bare_host();
	const pcf_group_plan *group = make(PCF_GROUP_MEMORY);

	CHECK_EQ(group->source, PCF_SOURCE_PROC); /* the machine itself can still be sampled */
	CHECK(strstr(group->reason, "no cgroup filesystem"));
	host.files[0] = '\0';
	host.procfs.answer = host.netlink_stats.answer = PCF_NO;
	options.disable_root = 1;
	CHECK_EQ(pcf_plan_make(&host, &options, &plan, &err), -ENOENT);
	CHECK(strstr(err.text, "nothing to sample"));
}

static void test_no_psi(void)
{
	v2_host();
	char *at = strstr(host.files, "unified/cpu.pressure");

	memset(at, 'x', strstr(at, "unified/memory.max") - at - 1);
	host.psi.answer = PCF_NO;
	CHECK_EQ(make(PCF_GROUP_PRESSURE)->source, PCF_SOURCE_NONE);
	CHECK(strstr(plan.group[PCF_GROUP_PRESSURE].reason, "psi=1"));
}

static void test_network(void)
{
	v1_host();
	CHECK_EQ(make(PCF_GROUP_NETWORK)->source, PCF_SOURCE_NETLINK);
	CHECK_EQ(plan.group[PCF_GROUP_NETWORK_ERRORS].source, PCF_SOURCE_PROC);
	options.source = PCF_SOURCE_FILE;
	CHECK_EQ(make(PCF_GROUP_NETWORK)->source, PCF_SOURCE_PROC);
	options.source = PCF_SOURCE_AUTO;
	host.netlink_stats.answer = PCF_NO;
	strcpy(host.netlink_stats.reason, "RTM_GETSTATS: Operation not supported");
	CHECK_EQ(make(PCF_GROUP_NETWORK)->source, PCF_SOURCE_PROC);
	CHECK_STR(plan.group[PCF_GROUP_NETWORK].reason, "RTM_GETSTATS: Operation not supported");
	host.procfs.answer = PCF_NO;
	CHECK_EQ(make(PCF_GROUP_NETWORK)->source, PCF_SOURCE_NONE);
}

static void test_descriptors(void)
{
	v1_host();
	host.nofile_soft = host.nofile_hard = host.nofile_raised = 256;
	make(0);
	CHECK_EQ(plan.descriptors, 0);
	CHECK_EQ(plan.reader, PCF_READER_OPENAT);
	CHECK(strstr(plan.reader_reason, "256"));
	host.nofile_raised = 20000;
	options.descriptor_bytes = 100 * PCF_DESCRIPTOR_BYTES;
	make(0);
	CHECK_EQ(plan.descriptors, 100);
	CHECK_EQ(plan.reader, PCF_READER_PREAD);
	options.max_descriptors = 7;
	make(0);
	CHECK_EQ(plan.descriptors, 7);
}

static void test_reader(void)
{
	v1_host();
	options.reader = PCF_READER_URING;
	make(0);
	CHECK_EQ(plan.reader, PCF_READER_URING);
	host.io_uring.answer = PCF_NO;
	strcpy(host.io_uring.reason, "io_uring_setup: Operation not permitted");
	make(0);
	CHECK_EQ(plan.reader, PCF_READER_PREAD);
	CHECK(strstr(plan.reader_reason, "not permitted"));
	options.reader = PCF_READER_OPENAT;
	make(0);
	CHECK_EQ(plan.reader, PCF_READER_OPENAT);
}

static void test_intervals(void)
{
	v1_host();
	options.interval_ns[PCF_GROUP_CPU] = 250 * MS;
	options.interval_ns[PCF_GROUP_PIDS] = 0;
	options.interval_ns[PCF_GROUP_LIMITS] = 1500 * MS;
	options.history_ns = 1000 * MS;
	make(0);
	CHECK_EQ(plan.base_ns, 250 * MS);
	CHECK_EQ(plan.group[PCF_GROUP_CPU].ring_len, 5);
	CHECK_EQ(plan.group[PCF_GROUP_LIMITS].ring_len, 2);
	CHECK(plan.group[PCF_GROUP_LIMITS].keep_open);
	CHECK_EQ(plan.group[PCF_GROUP_PIDS].source, PCF_SOURCE_NONE);
	options.interval_ns[PCF_GROUP_CPU] = 9 * MS;
	CHECK_EQ(pcf_plan_make(&host, &options, &plan, &err), -EINVAL);
	CHECK(strstr(err.text, "group cpu") && strstr(err.text, "10 ms"));
	options.interval_ns[PCF_GROUP_CPU] = 1000 * MS;
	options.interval_ns[PCF_GROUP_MEMORY] = 1000 * MS + 1;
	CHECK_EQ(pcf_plan_make(&host, &options, &plan, &err), -EINVAL);
	CHECK(strstr(err.text, "group memory") && strstr(err.text, "millisecond"));
}

static void test_disable_root(void)
{
	v1_host();
	options.disable_root = 1;
	make(0);
	CHECK_EQ(plan.group[PCF_GROUP_TICK].source, PCF_SOURCE_NONE);
	CHECK_EQ(plan.group[PCF_GROUP_HOST].source, PCF_SOURCE_NONE);
	CHECK_EQ(plan.group[PCF_GROUP_CPU].source, PCF_SOURCE_FILE);
	CHECK(!plan.group[PCF_GROUP_CPU].present[PCF_CPU_NICE_NS]); /* v1 has it for the root only */
}

/* The same facts and options make the same plan, to the last byte. */
static void test_pure(void)
{
	static pcf_plan again;

	v2_host();
	make(0);
	memset(&again, 0xa5, sizeof again);
	CHECK_EQ(pcf_plan_make(&host, &options, &again, &err), 0);
	CHECK(memcmp(&plan, &again, sizeof plan) == 0);
}

int main(void)
{
	test_v1();
	test_hybrid_pressure();
	test_v2();
	test_nothing();
	test_no_psi();
	test_network();
	test_descriptors();
	test_reader();
	test_intervals();
	test_disable_root();
	test_pure();
	return check_result();
}
