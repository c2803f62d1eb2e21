/* memory.*, cpuset.*, pids.*, /proc/meminfo, and the form "key value" in general. */
#include <errno.h>

#include "parse_text.h"

#define STAT(text) parse("memory.stat", PCF_VERSION_V2, PCF_GROUP_MEMORY_STAT, text)

static void test_flat_keyed(void)
{
	STAT("anon 4096\nfile 8192\nnot_a_key 7\npgfault 12\n");
	CHECK_EQ(parsed_set, 3);
	CHECK_EQ(value("", PCF_MEMORY_STAT_ANON_BYTES), 4096);
	CHECK_EQ(value("", PCF_MEMORY_STAT_FILE_BYTES), 8192);
	CHECK_EQ(value("", PCF_MEMORY_STAT_PGFAULT), 12);
	CHECK_EQ(value("", PCF_MEMORY_STAT_KERNEL_BYTES), PCF_ABSENT);
	STAT("some_new_key_of_linux_9 1\n");
	CHECK_EQ(parsed_set, 0);
}

static void test_the_last_of_a_key_counts(void)
{
	STAT("anon 1\nfile 2\nanon 3\n");
	CHECK_EQ(value("", PCF_MEMORY_STAT_ANON_BYTES), 3);
}

static void test_keys_are_whole_words(void)
{
	STAT("ano 1\nanonx 2\nanon_ 3\nAnon 4\n anon 5\nactive_ano 6\n");
	CHECK_EQ(parsed_set, 0);
	STAT("workingset_refault_anon 1\nworkingset_refault_file 2\nworkingset_restore_anon 3\nworkingset_refault_amon "
	     "4\n");
	CHECK_EQ(parsed_set, 3);
	CHECK_EQ(value("", PCF_MEMORY_STAT_WORKINGSET_REFAULT_ANON), 1);
}

static void test_what_is_no_number_is_absent(void)
{
	STAT("anon -1\nfile 12x\nkernel \nsock\nshmem 0x10\nvmalloc 1.5\npgfault max\npgmajfault 7\n");
	CHECK_EQ(parsed_set, 1);
	CHECK_EQ(value("", PCF_MEMORY_STAT_PGMAJFAULT), 7);
}

static void test_huge_numbers_are_absent(void)
{
	STAT("anon 18446744073709551613\nfile 18446744073709551614\nkernel 18446744073709551615\nsock "
	     "18446744073709551616\n"
	     "shmem 99999999999999999999999999999999999\npgfault 00000000000000000000000000000042\n");
	CHECK_EQ(value("", PCF_MEMORY_STAT_ANON_BYTES), 18446744073709551613u);
	CHECK_EQ(value("", PCF_MEMORY_STAT_FILE_BYTES), PCF_ABSENT);
	CHECK_EQ(value("", PCF_MEMORY_STAT_KERNEL_BYTES), PCF_ABSENT);
	CHECK_EQ(value("", PCF_MEMORY_STAT_SOCK_BYTES), PCF_ABSENT);
	CHECK_EQ(value("", PCF_MEMORY_STAT_SHMEM_BYTES), PCF_ABSENT);
	CHECK_EQ(value("", PCF_MEMORY_STAT_PGFAULT), 42);
	CHECK_EQ(parsed_set, 2);
}

static void test_a_number_cut_off_is_absent(void)
{
	STAT("anon 4096\nfile 81");
	CHECK_EQ(parsed_set, 1);
	CHECK_EQ(value("", PCF_MEMORY_STAT_FILE_BYTES), PCF_ABSENT);
	STAT("anon 4");
	CHECK_EQ(value("", PCF_MEMORY_STAT_ANON_BYTES), PCF_ABSENT);
}

static void test_text_of_another_file(void)
{
	STAT("");
	CHECK_EQ(parsed_set, -EINVAL);
	STAT("\n\n\n");
	CHECK_EQ(parsed_set, -EINVAL);
	STAT("12345\n");
	CHECK_EQ(parsed_set, -EINVAL);
	parse_bytes("memory.stat", PCF_VERSION_V2, PCF_GROUP_MEMORY_STAT, "\0\0\0anon\0 5\n\xff\xfe", 14);
	CHECK(parsed_set == -EINVAL || parsed_set == 0);
	parse_bytes("memory.stat", PCF_VERSION_V2, PCF_GROUP_MEMORY_STAT, "anon 1\n\0\0\0\nfile 2\n", 18);
	CHECK_EQ(parsed_set, 2);
}

static void test_v1_takes_the_subtree(void)
{
	parse("memory.stat", PCF_VERSION_V1, PCF_GROUP_MEMORY_STAT,
	      "cache 1\nrss 2\npgfault 3\nhierarchical_memory_limit 9223372036854771712\ntotal_cache 10\ntotal_rss "
	      "20\ntotal_pgfault 30\n");
	CHECK_EQ(value("", PCF_MEMORY_STAT_FILE_BYTES), 10);
	CHECK_EQ(value("", PCF_MEMORY_STAT_ANON_BYTES), 20);
	CHECK_EQ(value("", PCF_MEMORY_STAT_PGFAULT), 30);
	CHECK_EQ(value("", PCF_MEMORY_STAT_LOCAL_PGFAULT), 3);
}

static void test_single_value(void)
{
#define CURRENT(text) single("memory.current", PCF_VERSION_V2, PCF_GROUP_MEMORY, PCF_MEMORY_USAGE_BYTES, text)
	static const char *const wrong[] = {"",      "\n",    "12",    "12\n13\n", "x\n", "12 13\n",
					    "1.5\n", " 12\n", "--1\n", "max",      "-\n"};

	CHECK_EQ(CURRENT("12288\n"), 12288);
	CHECK_EQ(parsed_set, 1);
	CHECK_EQ(CURRENT("0\n"), 0);
	CHECK_EQ(CURRENT("-4096\n"), PCF_ABSENT);
	CHECK_EQ(parsed_set, 0);
	CHECK_EQ(CURRENT("max\n"), PCF_ABSENT);
	CHECK_EQ(CURRENT("18446744073709551615\n"), PCF_ABSENT);
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		CHECK_EQ(CURRENT(wrong[i]), PCF_ABSENT);
		CHECK_EQ(parsed_set, -EINVAL);
	}
}

static void test_limits_that_are_not_set(void)
{
	CHECK_EQ(single("memory.max", PCF_VERSION_V2, PCF_GROUP_LIMITS, PCF_LIMITS_MEMORY_BYTES, "max\n"),
		 PCF_UNLIMITED);
	CHECK_EQ(single("memory.max", PCF_VERSION_V2, PCF_GROUP_LIMITS, PCF_LIMITS_MEMORY_BYTES, "1048576\n"), 1048576);
	/* LONG_MAX in whole pages of 4, 64 KiB, 2 MiB and 1 GiB */
	CHECK_EQ(single("memory.limit_in_bytes", 1, PCF_GROUP_LIMITS, PCF_LIMITS_MEMORY_BYTES, "9223372036854771712\n"),
		 PCF_UNLIMITED);
	CHECK_EQ(single("memory.limit_in_bytes", 1, PCF_GROUP_LIMITS, PCF_LIMITS_MEMORY_BYTES, "9223372036854710272\n"),
		 PCF_UNLIMITED);
	CHECK_EQ(single("hugetlb.limit_in_bytes", 1, PCF_GROUP_HUGETLB, PCF_HUGETLB_LIMIT_BYTES,
			"9223372036852678656\n"),
		 PCF_UNLIMITED);
	CHECK_EQ(single("hugetlb.max", 2, PCF_GROUP_HUGETLB, PCF_HUGETLB_LIMIT_BYTES, "9223372035781033984\n"),
		 PCF_UNLIMITED);
	CHECK_EQ(single("cpu.cfs_quota_us", 1, PCF_GROUP_LIMITS, PCF_LIMITS_CPU_QUOTA_USEC, "-1\n"), PCF_UNLIMITED);
	CHECK_EQ(single("cpu.cfs_quota_us", 1, PCF_GROUP_LIMITS, PCF_LIMITS_CPU_QUOTA_USEC, "-2\n"), PCF_ABSENT);
	CHECK_EQ(single("cpu.cfs_quota_us", 1, PCF_GROUP_LIMITS, PCF_LIMITS_CPU_QUOTA_USEC, "50000\n"), 50000);
	CHECK_EQ(single("pids.max", 2, PCF_GROUP_LIMITS, PCF_LIMITS_PIDS, "max\n"), PCF_UNLIMITED);
	CHECK_EQ(single("pids.max", 2, PCF_GROUP_LIMITS, PCF_LIMITS_PIDS, "maximum\n"), PCF_ABSENT);
	CHECK_EQ(single("memory.usage_in_bytes", 1, PCF_GROUP_MEMORY, PCF_MEMORY_USAGE_BYTES, "9223372036854771712\n"),
		 9223372036854771712u);
}

static void test_events(void)
{
	parse("memory.events", 2, PCF_GROUP_MEMORY_EVENTS,
	      "low 1\nhigh 2\nmax 3\noom 4\noom_kill 5\noom_group_kill 6\nsock_throttled 7\n");
	CHECK_EQ(parsed_set, 7);
	CHECK_EQ(value("", PCF_MEMORY_EVENTS_OOM), 4);
	CHECK_EQ(value("", PCF_MEMORY_EVENTS_OOM_KILL), 5);
	parse("memory.oom_control", 1, PCF_GROUP_MEMORY_EVENTS, "oom_kill_disable 0\nunder_oom 1\noom_kill 9\n");
	CHECK_EQ(value("", PCF_MEMORY_EVENTS_UNDER_OOM), 1);
	CHECK_EQ(value("", PCF_MEMORY_EVENTS_OOM_KILL), 9);
	parse("pids.events", 2, PCF_GROUP_LIMITS, "max 8\n");
	CHECK_EQ(value("", PCF_LIMITS_PIDS_MAX_EVENTS), 8);
	parse("memory.swap.events", 2, PCF_GROUP_MEMORY_SWAP, "high 1\nmax 2\nfail 3\n");
	CHECK_EQ(value("", PCF_MEMORY_SWAP_FAIL_EVENTS), 3);
	parse("hugetlb.events", 2, PCF_GROUP_HUGETLB, "max 4\n");
	CHECK_EQ(value("", PCF_HUGETLB_FAILCNT), 4);
	parse("vmstat", 0, PCF_GROUP_MEMORY_EVENTS, "nr_free_pages 1\noom_kill 2\n");
	CHECK_EQ(value("", PCF_MEMORY_EVENTS_OOM_KILL), 2);
}

static const char meminfo[] =
	"MemTotal:       16384 kB\nMemFree:         4096 kB\nMemAvailable:    8192 kB\nBuffers:            1 kB\n"
	"Cached:            10 kB\nSwapCached:       100 kB\nInactive(anon):     7 kB\nAnonPages:       1000 kB\n"
	"SwapTotal:       2000 kB\nSwapFree:         500 kB\nHugePages_Total:    3\n";

static void test_meminfo(void)
{
	parse("meminfo", 0, PCF_GROUP_HOST, meminfo);
	CHECK_EQ(parsed_set, 3);
	CHECK_EQ(value("", PCF_HOST_MEMORY_TOTAL_BYTES), 16384 * 1024);
	CHECK_EQ(value("", PCF_HOST_MEMORY_AVAILABLE_BYTES), 8192 * 1024);
	parse("meminfo", 0, PCF_GROUP_MEMORY, meminfo);
	CHECK_EQ(value("", PCF_MEMORY_USAGE_BYTES), 1111 * 1024);
	CHECK_EQ(value("", PCF_MEMORY_SWAP_BYTES), 1500 * 1024);
	parse("meminfo", 0, PCF_GROUP_MEMORY_STAT, meminfo);
	CHECK_EQ(value("", PCF_MEMORY_STAT_FILE_BYTES), 111 * 1024);
	CHECK_EQ(value("", PCF_MEMORY_STAT_INACTIVE_ANON_BYTES), 7 * 1024);
	CHECK_EQ(value("", PCF_MEMORY_STAT_SWAPCACHED_BYTES), 100 * 1024);
	parse("meminfo", 0, PCF_GROUP_LIMITS, meminfo);
	CHECK_EQ(value("", PCF_LIMITS_SWAP_BYTES), 2000 * 1024);
}

static void test_meminfo_sums_need_all_parts(void)
{
	parse("meminfo", 0, PCF_GROUP_MEMORY, "AnonPages: 1 kB\nCached: 2 kB\nBuffers: 3 kB\nSwapTotal: 4 kB\n");
	CHECK_EQ(parsed_set, 0);
	parse("meminfo", 0, PCF_GROUP_MEMORY, "SwapTotal: 4 kB\nSwapFree: 5 kB\n");
	CHECK_EQ(value("", PCF_MEMORY_SWAP_BYTES), PCF_ABSENT);
	parse("meminfo", 0, PCF_GROUP_MEMORY,
	      "AnonPages: 18446744073709551615 kB\nCached: 2 kB\nBuffers: 3 kB\nSwapCached: 0 kB\n");
	CHECK_EQ(value("", PCF_MEMORY_USAGE_BYTES), PCF_ABSENT);
	parse("meminfo", 0, PCF_GROUP_HOST, "MemTotal: 18014398509481984 kB\n"); /* 2^54 KiB = 2^64 bytes */
	CHECK_EQ(value("", PCF_HOST_MEMORY_TOTAL_BYTES), PCF_ABSENT);
}

static uint64_t cpus(const char *text)
{
	return single("cpuset.cpus.effective", 2, PCF_GROUP_CPUSET, PCF_CPUSET_CPUS, text);
}

static void test_cpuset_list(void)
{
	static const char *const wrong[] = {"",
					    "0-3",
					    "0-\n",
					    "-3\n",
					    "3-1\n",
					    "0,,1\n",
					    "0,\n",
					    ",0\n",
					    "a\n",
					    "0-3 5\n",
					    "0-99999999999999999999\n",
					    "0-3\n0-3\n"};

	CHECK_EQ(cpus("0\n"), 1);
	CHECK_EQ(cpus("0-3,7\n"), 5);
	CHECK_EQ(cpus("0,2,4,6-127\n"), 125);
	CHECK_EQ(cpus("\n"), 0);
	CHECK_EQ(parsed_set, 1);
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		CHECK_EQ(cpus(wrong[i]), PCF_ABSENT);
		CHECK_EQ(parsed_set, -EINVAL);
	}
}

int main(void)
{
	test_flat_keyed();
	test_the_last_of_a_key_counts();
	test_keys_are_whole_words();
	test_what_is_no_number_is_absent();
	test_huge_numbers_are_absent();
	test_a_number_cut_off_is_absent();
	test_text_of_another_file();
	test_v1_takes_the_subtree();
	test_single_value();
	test_limits_that_are_not_set();
	test_events();
	test_meminfo();
	test_meminfo_sums_need_all_parts();
	test_cpuset_list();
	return check_result();
}
