/* Records of the walk to columns: units, limits, what is not set. The records are made by hand. */
#include <unistd.h>

#include "check.h"
#include "source/bpf/fill.h"

#define PAGE_MAX (INT64_MAX / 4096) /* the kernel's PAGE_COUNTER_MAX with pages of 4 KiB */

static uint64_t row[PCF_MAX_GROUP_COLUMNS], page;

static void clear(void)
{
	memset(row, 0xff, sizeof row);
}

/* Exactly these columns of the row are set. */
static void check_set(uint64_t columns)
{
	for (int c = 0; c < PCF_MAX_GROUP_COLUMNS; c++)
		CHECK_EQ(row[c] != PCF_ABSENT, c < 64 && (columns >> c & 1));
}

static void test_memory(void)
{
	struct pcf_walk_memory memory = {.memory = {.usage = 7, .watermark = 9, .failcnt = 3, .max = PAGE_MAX},
					 .swap = {.usage = 11, .watermark = 13, .failcnt = 5, .max = 21}};

	clear();
	pcf_fill_memory(&memory, 0, row);
	CHECK_EQ(row[PCF_MEMORY_USAGE_BYTES], 7 * page);
	check_set(1ULL << PCF_MEMORY_USAGE_BYTES); /* v1 has swap in memory.stat */
	pcf_fill_memory(&memory, 1, row);
	CHECK_EQ(row[PCF_MEMORY_SWAP_BYTES], 11 * page);
}

static void test_memory_limits(void)
{
	struct pcf_walk_memory memory = {.memory = {.watermark = 9, .failcnt = 3, .max = PAGE_MAX},
					 .swap = {.max = 21},
					 .high = PAGE_MAX,
					 .low = 4,
					 .soft_limit = 5};

	clear();
	pcf_fill_memory_limits(&memory, 0, row);
	CHECK_EQ(row[PCF_LIMITS_MEMORY_BYTES], PCF_UNLIMITED);
	CHECK_EQ(row[PCF_LIMITS_MEMORY_PEAK_BYTES], 9 * page);
	CHECK_EQ(row[PCF_LIMITS_MEMORY_SOFT_BYTES], 5 * page);
	CHECK_EQ(row[PCF_LIMITS_MEMSW_BYTES], 21 * page);
	CHECK_EQ(row[PCF_LIMITS_MEMORY_FAILCNT], 3);
	CHECK(row[PCF_LIMITS_SWAP_BYTES] == PCF_ABSENT && row[PCF_LIMITS_MEMORY_LOW_BYTES] == PCF_ABSENT);
	clear();
	memory.memory.max = 0;
	pcf_fill_memory_limits(&memory, 1, row);
	CHECK_EQ(row[PCF_LIMITS_MEMORY_BYTES], 0); /* a limit of nothing is a limit */
	CHECK_EQ(row[PCF_LIMITS_MEMORY_SOFT_BYTES], PCF_UNLIMITED);
	CHECK_EQ(row[PCF_LIMITS_MEMORY_LOW_BYTES], 4 * page);
	CHECK_EQ(row[PCF_LIMITS_MEMORY_MIN_BYTES], 0);
	CHECK_EQ(row[PCF_LIMITS_SWAP_BYTES], 21 * page);
	CHECK(row[PCF_LIMITS_MEMSW_BYTES] == PCF_ABSENT && row[PCF_LIMITS_MEMORY_FAILCNT] == PCF_ABSENT);
}

static void test_memory_kernel(void)
{
	struct pcf_walk_memory memory = {.kmem = {.usage = 2, .watermark = 3, .failcnt = 4, .max = PAGE_MAX},
					 .tcp = {.usage = 5, .watermark = 6, .failcnt = 7, .max = 8}};

	clear();
	pcf_fill_memory_kernel(&memory, row);
	CHECK_EQ(row[PCF_MEMORY_KERNEL_USAGE_BYTES], 2 * page);
	CHECK_EQ(row[PCF_MEMORY_KERNEL_LIMIT_BYTES], PCF_UNLIMITED);
	CHECK_EQ(row[PCF_MEMORY_KERNEL_TCP_PEAK_BYTES], 6 * page);
	CHECK_EQ(row[PCF_MEMORY_KERNEL_TCP_FAILCNT], 7);
	CHECK_EQ(row[PCF_MEMORY_KERNEL_TCP_LIMIT_BYTES], 8 * page);
	check_set((1ULL << PCF_MEMORY_KERNEL_COUNT) - 1);
}

/* The places of events are this kernel's; an event that it has not got is absent, not 0. */
static void test_memory_events(void)
{
	struct pcf_walk_memory memory = {.under_oom = 2, .events = {10, 11, 12, 13, 14, 15, 16}};
	pcf_fill_facts facts = {.low = 3, .high = 2, .max = 1, .oom = 0, .oom_kill = 4, .oom_group_kill = -1};

	facts.sock_throttled = -1;
	clear();
	pcf_fill_memory_events(&memory, &facts, 1, row);
	CHECK_EQ(row[PCF_MEMORY_EVENTS_LOW], 13);
	CHECK_EQ(row[PCF_MEMORY_EVENTS_OOM], 10);
	CHECK_EQ(row[PCF_MEMORY_EVENTS_OOM_KILL], 14);
	CHECK_EQ(row[PCF_MEMORY_EVENTS_OOM_GROUP_KILL], PCF_ABSENT);
	CHECK_EQ(row[PCF_MEMORY_EVENTS_SOCK_THROTTLED], PCF_ABSENT);
	CHECK_EQ(row[PCF_MEMORY_EVENTS_UNDER_OOM], PCF_ABSENT);
	clear();
	pcf_fill_memory_events(&memory, &facts, 0, row);
	CHECK_EQ(row[PCF_MEMORY_EVENTS_UNDER_OOM], 1);
	check_set(1ULL << PCF_MEMORY_EVENTS_UNDER_OOM | 1ULL << PCF_MEMORY_EVENTS_OOM_KILL);
}

static void test_memory_swap(void)
{
	struct pcf_walk_memory memory = {.swap = {.usage = 1, .watermark = 2, .failcnt = 3}, .events = {10, 11, 12}};
	pcf_fill_facts facts = {.swap_high = 2, .swap_max = 0, .swap_fail = -1};

	clear();
	pcf_fill_memory_swap(&memory, &facts, 0, row);
	CHECK_EQ(row[PCF_MEMORY_SWAP_MEMSW_USAGE_BYTES], page);
	CHECK_EQ(row[PCF_MEMORY_SWAP_MEMSW_FAILCNT], 3);
	CHECK_EQ(row[PCF_MEMORY_SWAP_PEAK_BYTES], PCF_ABSENT);
	clear();
	pcf_fill_memory_swap(&memory, &facts, 1, row);
	CHECK_EQ(row[PCF_MEMORY_SWAP_PEAK_BYTES], 2 * page);
	CHECK_EQ(row[PCF_MEMORY_SWAP_HIGH_EVENTS], 12);
	CHECK_EQ(row[PCF_MEMORY_SWAP_MAX_EVENTS], 10);
	CHECK_EQ(row[PCF_MEMORY_SWAP_FAIL_EVENTS], PCF_ABSENT);
	CHECK_EQ(row[PCF_MEMORY_SWAP_MEMSW_USAGE_BYTES], PCF_ABSENT);
}

/* Each version's text drops what is below its unit. */
static void test_cpu_units(void)
{
	struct pcf_walk_cpuacct account = {.time = {.usage = 1234567891, .user = 1234567891, .system = 0}};
	struct pcf_walk_base base = {.time = {.usage = 1234567891, .user = 0, .system = 77, .nice = 5999}};
	uint64_t user = 0, system = 0;

	clear();
	pcf_fill_cpu_v1(&account, &user, &system, row);
	CHECK_EQ(row[PCF_CPU_USAGE_NS], 1234567891);
	CHECK_EQ(row[PCF_CPU_USER_NS], 1230000000); /* hundredths of a second */
	CHECK_EQ(row[PCF_CPU_SYSTEM_NS], 0);
	CHECK_EQ(row[PCF_CPU_NICE_NS], PCF_ABSENT);
	user = system = 0;
	pcf_fill_cpu_v2(&base, &user, &system, row);
	CHECK_EQ(row[PCF_CPU_USAGE_NS], 1234567000);
	CHECK_EQ(row[PCF_CPU_USER_NS], 0);
	CHECK_EQ(row[PCF_CPU_SYSTEM_NS], 1234567000);
	CHECK_EQ(row[PCF_CPU_NICE_NS], 5000);
}

static void test_throttling(void)
{
	struct pcf_walk_cfs cfs = {
		.periods = 4, .throttled = 3, .throttled_ns = 1234567, .bursts = 2, .burst_ns = 7654321};

	clear();
	pcf_fill_throttling(&cfs, 0, row);
	CHECK_EQ(row[PCF_CPU_THROTTLED_NS], 1234567);
	CHECK_EQ(row[PCF_CPU_BURST_NS], 7654321);
	pcf_fill_throttling(&cfs, 1, row);
	CHECK_EQ(row[PCF_CPU_THROTTLED_NS], 1234000);
	CHECK_EQ(row[PCF_CPU_BURST_NS], 7654000);
	CHECK(row[PCF_CPU_PERIODS] == 4 && row[PCF_CPU_THROTTLED_PERIODS] == 3 && row[PCF_CPU_BURSTS] == 2);
}

static uint64_t weight(uint64_t shares)
{
	struct pcf_walk_cfs cfs = {.shares = shares << 10, .quota = UINT64_MAX, .period = 100000000};

	clear();
	pcf_fill_cpu_limits(&cfs, 1, row);
	CHECK_EQ(row[PCF_LIMITS_CPU_SHARES], PCF_ABSENT);
	return row[PCF_LIMITS_CPU_WEIGHT];
}

/* The kernel keeps a weight as shares, rounded; it shows the weight that was written. */
static void test_weights(void)
{
	for (uint64_t written = 1; written <= 10000; written++)
		CHECK_EQ(weight((written * 1024 + 50) / 100), written);
	CHECK_EQ(weight(2), 1);          /* the fewest there are */
	CHECK_EQ(weight(262144), 10000); /* the most, from v1 */
}

static void test_cpu_limits(void)
{
	struct pcf_walk_cfs cfs = {.shares = 512 << 10, .quota = UINT64_MAX, .period = 100000000, .burst = 1999};

	clear();
	pcf_fill_cpu_limits(&cfs, 0, row);
	CHECK_EQ(row[PCF_LIMITS_CPU_SHARES], 512);
	CHECK_EQ(row[PCF_LIMITS_CPU_WEIGHT], PCF_ABSENT);
	CHECK_EQ(row[PCF_LIMITS_CPU_QUOTA_USEC], PCF_UNLIMITED);
	CHECK_EQ(row[PCF_LIMITS_CPU_PERIOD_USEC], 100000);
	CHECK_EQ(row[PCF_LIMITS_CPU_BURST_USEC], 1);
	cfs.quota = 20000999;
	pcf_fill_cpu_limits(&cfs, 0, row);
	CHECK_EQ(row[PCF_LIMITS_CPU_QUOTA_USEC], 20000);
}

static void test_pids(void)
{
	struct pcf_walk_pids pids = {.current = 5, .limit = 4194305, .watermark = 9, .max_events = 2};

	clear();
	pcf_fill_pids(&pids, row);
	CHECK_EQ(row[PCF_PIDS_CURRENT], 5);
	clear();
	pcf_fill_pids_limits(&pids, row);
	CHECK_EQ(row[PCF_LIMITS_PIDS], PCF_UNLIMITED);
	CHECK(row[PCF_LIMITS_PIDS_PEAK] == 9 && row[PCF_LIMITS_PIDS_MAX_EVENTS] == 2);
	pids.limit = 4194304; /* the largest that can be written */
	pcf_fill_pids_limits(&pids, row);
	CHECK_EQ(row[PCF_LIMITS_PIDS], 4194304);
	pids.limit = 0;
	pcf_fill_pids_limits(&pids, row);
	CHECK_EQ(row[PCF_LIMITS_PIDS], 0);
}

int main(void)
{
	page = (uint64_t)sysconf(_SC_PAGESIZE);
	test_memory();
	test_memory_limits();
	test_memory_kernel();
	test_memory_events();
	test_memory_swap();
	test_cpu_units();
	test_throttling();
	test_weights();
	test_cpu_limits();
	test_pids();
	return check_result();
}
