/* Mount tables and made-up machines -> host facts. */
#include <errno.h>

#include "check.h"
#include "fake_tree.h"
#include "host/kernel_files.h"
#include "host/probe.h"
#include "pcf.h"
#include "schema/enums.h"

static pcf_host host;

static void parse(const char *mountinfo, const char *prefix, const char *controllers)
{
	memset(&host, 0, sizeof host);
	pcf_mounts_parse(&host, mountinfo, prefix);
	pcf_mounts_unified(&host, controllers);
}

static void test_v1(void)
{
	parse("31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n"
	      "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:3 - cgroup cgroup rw,cpu,cpuacct\n"
	      "35 31 0:32 / /sys/fs/cgroup/memory rw shared:9 master:1 - cgroup cgroup rw,memory\n"
	      "40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd\n",
	      "", "");
	CHECK_EQ(host.layout, PCF_LAYOUT_V1);
	CHECK_STR(host.controllers[PCF_CTL_CPU].mount, "/sys/fs/cgroup/cpu,cpuacct");
	CHECK_STR(host.controllers[PCF_CTL_CPUACCT].mount, "/sys/fs/cgroup/cpu,cpuacct");
	CHECK_EQ(host.controllers[PCF_CTL_MEMORY].version, 1);
	CHECK_EQ(host.controllers[PCF_CTL_IO].version, 0);
	CHECK_EQ(host.controllers[PCF_CTL_NAMED].version, 1);
}

static void test_hybrid(void)
{
	parse("35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
	      "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n",
	      "", "io hugetlb\n");
	CHECK_EQ(host.layout, PCF_LAYOUT_HYBRID);
	CHECK_EQ(host.controllers[PCF_CTL_MEMORY].version, 1);
	CHECK_EQ(host.controllers[PCF_CTL_IO].version, 2);
	CHECK_EQ(host.controllers[PCF_CTL_PIDS].version, 0);
	CHECK_EQ(host.controllers[PCF_CTL_CPUACCT].version, 2); /* cpu.stat needs no controller */
	CHECK_STR(host.controllers[PCF_CTL_IO].mount, "/sys/fs/cgroup/unified");
}

static void test_v2_and_none(void)
{
	parse("30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n", "/rootfs", "cpuset cpu io memory pids\n");
	CHECK_EQ(host.layout, PCF_LAYOUT_V2);
	CHECK_STR(host.controllers[PCF_CTL_MEMORY].mount, "/rootfs/sys/fs/cgroup");
	CHECK_EQ(host.controllers[PCF_CTL_CPU].version, 2);
	parse("22 1 8:1 / / rw - ext4 /dev/sda1 rw\n", "", "");
	CHECK_EQ(host.layout, PCF_LAYOUT_NONE);
}

static void test_several_mounts(void)
{
	parse("50 1 0:32 /docker/x /inner rw - cgroup cgroup rw,memory\n"
	      "51 1 0:32 / /sys/fs/cgroup/mem\\040ory rw - cgroup cgroup rw,memory\n"
	      "52 1 0:32 / /later rw - cgroup cgroup rw,memory\n",
	      "", "");
	CHECK_STR(host.controllers[PCF_CTL_MEMORY].mount, "/sys/fs/cgroup/mem ory");
	CHECK_STR(host.controllers[PCF_CTL_MEMORY].root, "/");
}

static void test_bad_lines(void)
{
	parse("\n - - -\n1 2 3\n36 35 98:0 / /x rw - cgroup\n36 35 98:0 / /y rw nothing cgroup cgroup rw,memory", "",
	      "");
	CHECK_EQ(host.layout, PCF_LAYOUT_NONE);
}

static void test_probe_v2(void)
{
	pcf_error err = {0};
	uint8_t present[PCF_MAX_GROUP_COLUMNS] = {0}, root[PCF_MAX_GROUP_COLUMNS] = {0};

	fake_v2();
	CHECK_EQ(pcf_host_probe(&host, fake_root, &err), 0);
	CHECK_EQ(host.layout, PCF_LAYOUT_V2);
	CHECK_EQ(host.memory_bytes, 1024 * 1024);
	CHECK(pcf_host_has_file(&host, "unified", "memory.stat"));
	CHECK(!pcf_host_has_file(&host, "unified", "memory.swap.current"));
	CHECK(pcf_host_has_file(&host, "proc", "loadavg"));
	CHECK_EQ(host.psi.answer, PCF_NO);
	pcf_group_columns(&host, PCF_GROUP_MEMORY_STAT, present, root);
	CHECK(present[PCF_MEMORY_STAT_KERNEL_STACK_BYTES]);
	CHECK(!present[PCF_MEMORY_STAT_ZSWAP_BYTES]);
	pcf_group_columns(&host, PCF_GROUP_MEMORY_EVENTS, present, root);
	CHECK(present[PCF_MEMORY_EVENTS_OOM_KILL] && !present[PCF_MEMORY_EVENTS_SOCK_THROTTLED]);
	memset(present, 0, sizeof present);
	pcf_group_columns(&host, PCF_GROUP_IO, present, root);
	CHECK(present[PCF_IO_READ_BYTES] && !present[PCF_IO_COST_USAGE_USEC]);
	CHECK(root[PCF_IO_READ_BYTES]);
	memset(present, 0, sizeof present);
	pcf_group_columns(&host, PCF_GROUP_PRESSURE, present, root);
	CHECK(present[PCF_PRESSURE_CPU_SOME_USEC] && !present[PCF_PRESSURE_IO_SOME_USEC]);
}

/* No cgroup to look at and none may be made: what every kernel may have is assumed. */
static void test_probe_empty(void)
{
	pcf_error err = {0};
	pcf_kernel_file files[PCF_KERNEL_FILES_MAX];

	fake_begin();
	fake_proc();
	fake_file("/proc/1/mountinfo",
		  "35 31 0:32 / /none rw - cgroup cgroup rw,memory\n30 23 0:26 / /two rw - cgroup2 cgroup2 rw\n");
	fake_file("/two/cgroup.controllers", "io\n");
	fake_file("/none/tasks", "");
	CHECK_EQ(pcf_host_probe(&host, fake_root, &err), 0);
	CHECK_EQ(host.layout, PCF_LAYOUT_HYBRID);
	/* Here a directory can be made and stays empty: nothing is there. cgroup2: io may be enabled later. */
	CHECK(pcf_container_files(&host, PCF_GROUP_IO, files, PCF_KERNEL_FILES_MAX) > 0);
	CHECK_EQ(pcf_host_probe(&host, "/nowhere-at-all", &err), -ENOENT);
	CHECK(strstr(err.text, "/nowhere-at-all/proc/self/mountinfo"));
}

int main(void)
{
	test_v1();
	test_hybrid();
	test_v2_and_none();
	test_several_mounts();
	test_bad_lines();
	test_probe_v2();
	test_probe_empty();
	return check_result();
}
