/* Which hierarchies are walked for what: mounted one by one, together, as cgroup2, and with odd /proc/self/cgroup. */
#include <sys/stat.h>

#include "check.h"
#include "source/bpf/hierarchies.h"

static pcf_host host;
static pcf_walk_hierarchies found;

static void mount(int controller, int version, const char *where)
{
	host.controllers[controller].version = version;
	strcpy(host.controllers[controller].mount, where);
}

static void v1(void)
{
	memset(&host, 0, sizeof host);
	mount(PCF_CTL_CPU, 1, "/c/cpu");
	mount(PCF_CTL_CPUACCT, 1, "/c/cpuacct");
	mount(PCF_CTL_MEMORY, 1, "/c/memory");
	mount(PCF_CTL_PIDS, 1, "/c/pids");
}

static void find(const char *groups)
{
	memset(&found, 0xa5, sizeof found);
	pcf_walk_hierarchies_find(&found, &host, groups);
}

static void check(int index, int controller, uint32_t number, uint32_t parts)
{
	CHECK_EQ(found.controller[index], controller);
	CHECK_EQ(found.of[index].number, number);
	CHECK_EQ(found.parts[index], parts);
	CHECK_EQ(found.of[index].is_v2, number == 0);
}

static void test_one_by_one(void)
{
	v1();
	find("5:pids:/a\n4:memory:/docker\n3:cpuacct:/\n2:cpu:/\n1:name=systemd:/\n");
	CHECK_EQ(found.count, 4);
	check(0, PCF_CTL_MEMORY, 4, PCF_WALK_MEMORY | PCF_WALK_STAT);
	check(1, PCF_CTL_CPUACCT, 3, PCF_WALK_CPUACCT | PCF_WALK_CORES);
	check(2, PCF_CTL_CPU, 2, PCF_WALK_CFS);
	check(3, PCF_CTL_PIDS, 5, PCF_WALK_PIDS);
}

static void test_mounted_together(void)
{
	v1();
	find("12:pids:/\n7:cpu,cpuacct:/user.slice\n4:net_cls,memory,net_prio:/\n0::/user.slice\n");
	CHECK_EQ(found.count, 3);
	check(0, PCF_CTL_MEMORY, 4, PCF_WALK_MEMORY | PCF_WALK_STAT);
	check(1, PCF_CTL_CPUACCT, 7, PCF_WALK_CPUACCT | PCF_WALK_CORES | PCF_WALK_CFS);
	check(2, PCF_CTL_PIDS, 12, PCF_WALK_PIDS);
}

/* "cpu" is no part of "cpuset" or "cpuacct"; a path may say anything. */
static void test_names_alike(void)
{
	v1();
	find("9:cpuset:/\n8:cpuacct:/cpu\n6:devices:/:cpu:\n3:freezer:/a,cpu,b\n2:hugetlb:/pids\n");
	CHECK_EQ(found.count, 1);
	check(0, PCF_CTL_CPUACCT, 8, PCF_WALK_CPUACCT | PCF_WALK_CORES);
	find("1:name=cpu:/\n");
	CHECK_EQ(found.count, 0);
}

static void test_odd_text(void)
{
	static const char *const texts[] = {
		"",           "\n",           "\n\n\n",    ":",          "::",          ":::",
		"4",          "4:",           "4:memory",  "x:memory:/", ":memory:/",   "0:memory:/",
		"4 memory /", "4;memory:/\n", ",,,:::\n,", "4:,:/\n",    "4::memory\n", "99999999999999999999:x:/\n",
	};

	v1();
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		find(texts[i]);
		CHECK(found.count == 0 || (found.count == 1 && found.of[0].number == 4));
	}
	find("\n\n4:memory:/"); /* no line end */
	CHECK_EQ(found.count, 1);
	check(0, PCF_CTL_MEMORY, 4, PCF_WALK_MEMORY | PCF_WALK_STAT);
}

static void test_v2(void)
{
	struct stat st;

	CHECK_EQ(stat("/", &st), 0);
	memset(&host, 0, sizeof host);
	for (int c = 0; c <= PCF_CTL_UNIFIED; c++)
		mount(c, 2, "/");
	find("0::/system.slice\n");
	CHECK_EQ(found.count, 1);
	check(0, PCF_CTL_UNIFIED, 0,
	      PCF_WALK_MEMORY | PCF_WALK_STAT | PCF_WALK_CFS | PCF_WALK_PIDS | PCF_WALK_BASE | PCF_WALK_PSI |
		      PCF_WALK_IO);
	CHECK_EQ(found.of[0].root, st.st_ino);
	strcpy(host.controllers[PCF_CTL_UNIFIED].mount, "/nowhere");
	find("0::/\n");
	CHECK_EQ(found.count, 0);
}

static void test_hybrid(void)
{
	v1();
	mount(PCF_CTL_UNIFIED, 2, "/");
	find("4:memory:/\n0::/\n");
	CHECK_EQ(found.count, 2);
	check(0, PCF_CTL_MEMORY, 4, PCF_WALK_MEMORY | PCF_WALK_STAT);
	check(1, PCF_CTL_UNIFIED, 0, PCF_WALK_BASE | PCF_WALK_PSI);
	/* A controller without v1 hierarchy may be cgroup2's here. */
	host.controllers[PCF_CTL_PIDS].version = 2;
	find("4:memory:/\n0::/\n");
	CHECK_EQ(found.count, 2);
	check(1, PCF_CTL_UNIFIED, 0, PCF_WALK_PIDS | PCF_WALK_BASE | PCF_WALK_PSI);
}

int main(void)
{
	test_one_by_one();
	test_mounted_together();
	test_names_alike();
	test_odd_text();
	test_v2();
	test_hybrid();
	return check_result();
}
