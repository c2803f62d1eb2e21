/* When a sample lies between two readings of the text, and when it does not. */
#include "check.h"
#include "schema/bracket.h"
#include "schema/enums.h"

static int outside(int column, uint64_t before, uint64_t sample, uint64_t after, uint64_t slack)
{
	return pcf_bracket_outside(pcf_column_at(column), before, sample, after, slack);
}

static void test_between(void)
{
	const int counter = PCF_AT_CPU_PERIODS;

	CHECK_EQ(outside(counter, 10, 10, 10, 0), 0);
	CHECK_EQ(outside(counter, 10, 12, 15, 0), 0);
	CHECK_EQ(outside(counter, 10, 9, 15, 0), 1);
	CHECK_EQ(outside(counter, 10, 16, 15, 0), 1);
	CHECK_EQ(outside(PCF_AT_PIDS_CURRENT, 15, 12, 10, 0), 0); /* a gauge that fell */
	CHECK_EQ(outside(PCF_AT_PIDS_CURRENT, 15, 16, 10, 0), 1);
	CHECK_EQ(outside(counter, 0, 0, 0, 0), 0);
}

static void test_slack(void)
{
	CHECK_EQ(outside(PCF_AT_CPU_USER_NS, 100, 93, 200, 7), 0);
	CHECK_EQ(outside(PCF_AT_CPU_USER_NS, 100, 92, 200, 7), 1);
	CHECK_EQ(outside(PCF_AT_CPU_USER_NS, 100, 207, 200, 7), 0);
	CHECK_EQ(outside(PCF_AT_CPU_USER_NS, 100, 208, 200, 7), 1);
	CHECK_EQ(outside(PCF_AT_CPU_USER_NS, 3, 0, 5, 7), 0); /* nothing below 0 */
}

static void test_absent(void)
{
	CHECK_EQ(outside(PCF_AT_PIDS_CURRENT, PCF_ABSENT, PCF_ABSENT, PCF_ABSENT, 0), -1);
	CHECK_EQ(outside(PCF_AT_PIDS_CURRENT, PCF_ABSENT, 0, PCF_ABSENT, 0), 1); /* made up */
	CHECK_EQ(outside(PCF_AT_PIDS_CURRENT, 5, PCF_ABSENT, 5, 0), 1);          /* kept from us */
	CHECK_EQ(outside(PCF_AT_PIDS_CURRENT, PCF_ABSENT, 5, 5, 0), -1);         /* it came in between */
	CHECK_EQ(outside(PCF_AT_PIDS_CURRENT, 5, PCF_ABSENT, PCF_ABSENT, 0), -1);
}

/* The kernel changes a limit at once: there is no value between two. */
static void test_limits(void)
{
	CHECK_EQ(outside(PCF_AT_LIMITS_PIDS, 10, 10, 20, 0), 0);
	CHECK_EQ(outside(PCF_AT_LIMITS_PIDS, 10, 20, 20, 0), 0);
	CHECK_EQ(outside(PCF_AT_LIMITS_PIDS, 10, 15, 20, 0), 1);
	CHECK_EQ(outside(PCF_AT_LIMITS_PIDS, PCF_UNLIMITED, PCF_UNLIMITED, PCF_UNLIMITED, 0), 0);
	CHECK_EQ(outside(PCF_AT_LIMITS_PIDS, PCF_UNLIMITED, 4194304, PCF_UNLIMITED, 0), 1);
	CHECK_EQ(outside(PCF_AT_LIMITS_PIDS, PCF_UNLIMITED, 10, 10, 0), 0);
	CHECK_EQ(outside(PCF_AT_LIMITS_PIDS, PCF_UNLIMITED, 11, 10, 0), 1);
}

/* The ring keeps pages and KiB: what is below is no difference. */
static void test_cells(void)
{
	CHECK_EQ(pcf_column_at(PCF_AT_MEMORY_USAGE_BYTES)->cell, PCF_CELL_P32);
	CHECK_EQ(outside(PCF_AT_MEMORY_USAGE_BYTES, 4096, 8191, 4096, 0), 0);
	CHECK_EQ(outside(PCF_AT_MEMORY_USAGE_BYTES, 4096, 8192, 4096, 0), 1);
	CHECK_EQ(pcf_column_at(PCF_AT_MEMORY_STAT_KERNEL_STACK_BYTES)->cell, PCF_CELL_K32);
	CHECK_EQ(outside(PCF_AT_MEMORY_STAT_KERNEL_STACK_BYTES, 1024, 2047, 1024, 0), 0);
	CHECK_EQ(outside(PCF_AT_MEMORY_STAT_KERNEL_STACK_BYTES, 1024, 2048, 1024, 0), 1);
	CHECK_EQ(outside(PCF_AT_CPU_USAGE_NS, 4096, 4097, 4096, 0), 1);
}

/* Only the split of CPU time is an estimate, and only it has room for one. */
static void test_split_slack(void)
{
	for (int c = 0; c < pcf_column_count(); c++) {
		int is_split = c == PCF_AT_CPU_USER_NS || c == PCF_AT_CPU_SYSTEM_NS;

		CHECK_EQ(pcf_bracket_split_slack(pcf_column_at(c), 3, 500), is_split ? 60000010 : 0);
	}
	CHECK_EQ(pcf_bracket_split_slack(pcf_column_at(PCF_AT_CPU_USER_NS), 0, PCF_ABSENT), 20000000);
	CHECK_EQ(pcf_bracket_walk_slack(pcf_column_at(PCF_AT_CPU_USER_NS), 3, 0), 60000000);
	CHECK_EQ(pcf_bracket_walk_slack(pcf_column_at(PCF_AT_PRESSURE_IO_FULL_USEC), 3, 0), 2000000);
	CHECK_EQ(pcf_bracket_walk_slack(pcf_column_at(PCF_AT_PRESSURE_IO_FULL_AVG10), 3, 500), 0);
	CHECK_EQ(pcf_bracket_walk_slack(pcf_column_at(PCF_AT_MEMORY_USAGE_BYTES), 3, 500), 0);
}

int main(void)
{
	test_between();
	test_slack();
	test_absent();
	test_limits();
	test_cells();
	test_split_slack();
	return check_result();
}
