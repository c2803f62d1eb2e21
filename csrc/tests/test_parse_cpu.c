/* cpu.stat, cpu.max, cpuacct.*, pressure, /proc/stat, /proc/loadavg. */
#include <errno.h>

#include "parse_text.h"

static void test_cpu_stat(void)
{
	parse("cpu.stat", 2, PCF_GROUP_CPU,
	      "usage_usec 7\nuser_usec 4\nsystem_usec 3\nnr_periods 5\nnr_throttled 2\nthrottled_usec 9\nnr_bursts "
	      "1\nburst_usec 6\n");
	CHECK_EQ(value("", PCF_CPU_USAGE_NS), 7000);
	CHECK_EQ(value("", PCF_CPU_THROTTLED_NS), 9000);
	CHECK_EQ(value("", PCF_CPU_PERIODS), 5);
	CHECK_EQ(value("", PCF_CPU_NICE_NS), PCF_ABSENT);
	parse("cpu.stat", 1, PCF_GROUP_CPU, "nr_periods 5\nnr_throttled 2\nthrottled_time 9\n");
	CHECK_EQ(parsed_set, 3);
	CHECK_EQ(value("", PCF_CPU_THROTTLED_NS), 9);
	parse("cpu.stat", 2, PCF_GROUP_CPU, "usage_usec 18446744073709551\nuser_usec 18446744073709552\n");
	CHECK_EQ(value("", PCF_CPU_USAGE_NS), 18446744073709551000u);
	CHECK_EQ(value("", PCF_CPU_USER_NS), PCF_ABSENT);
}

static void test_cpuacct(void)
{
	CHECK_EQ(single("cpuacct.usage", 1, PCF_GROUP_CPU, PCF_CPU_USAGE_NS, "123456789\n"), 123456789);
	parse("cpuacct.stat", 1, PCF_GROUP_CPU, "user 3\nsystem 4\n");
	CHECK_EQ(value("", PCF_CPU_USER_NS), 30000000);
	CHECK_EQ(value("", PCF_CPU_SYSTEM_NS), 40000000);
}

static void percpu(const char *text)
{
	parse("cpuacct.usage_percpu", 1, PCF_GROUP_CPU_PERCPU, text);
}

static void test_cpuacct_usage_percpu(void)
{
	char many[128 * 4 + 2] = "";

	percpu("5 6 0 18446744073709551615 8 \n");
	CHECK_EQ(parsed.count, 5);
	CHECK_EQ(parsed_set, 4);
	CHECK_EQ(value("0", 0), 5);
	CHECK_EQ(value("2", 0), 0);
	CHECK_EQ(value("3", 0), PCF_ABSENT);
	CHECK_EQ(value("4", 0), 8);
	percpu("5 6 7");
	CHECK_EQ(parsed.count, 2);
	percpu("5 x 7\n");
	CHECK_EQ(parsed.count, 1);
	percpu("5\n6\n");
	CHECK_EQ(parsed.count, 1);
	percpu("\n");
	CHECK_EQ(parsed_set, -EINVAL);
	percpu("");
	CHECK_EQ(parsed_set, -EINVAL);
	for (int i = 0; i < 40; i++)
		sprintf(many + strlen(many), "%d ", i + 1);
	strcat(many, "\n");
	percpu(many);
	CHECK_EQ(parsed.count, 40);
	CHECK_EQ(value("39", 0), 40);
}

static void test_cpu_max(void)
{
	static const char *const wrong[] = {"",      "max\n", "max",     "100000\n", "max 100000",
					    "x 1\n", "1 x\n", "1 2 3\n", "maxi 5\n"};

	parse("cpu.max", 2, PCF_GROUP_LIMITS, "max 100000\n");
	CHECK_EQ(value("", PCF_LIMITS_CPU_QUOTA_USEC), PCF_UNLIMITED);
	CHECK_EQ(value("", PCF_LIMITS_CPU_PERIOD_USEC), 100000);
	parse("cpu.max", 2, PCF_GROUP_LIMITS, "25000 50000\n");
	CHECK_EQ(parsed_set, 2);
	CHECK_EQ(value("", PCF_LIMITS_CPU_QUOTA_USEC), 25000);
	CHECK_EQ(value("", PCF_LIMITS_CPU_PERIOD_USEC), 50000);
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		parse("cpu.max", 2, PCF_GROUP_LIMITS, wrong[i]);
		CHECK_EQ(parsed_set, -EINVAL);
		CHECK_EQ(value("", PCF_LIMITS_CPU_QUOTA_USEC), PCF_ABSENT);
		CHECK_EQ(value("", PCF_LIMITS_CPU_PERIOD_USEC), PCF_ABSENT);
	}
}

static void test_pressure(void)
{
	const char *text = "some avg10=1.23 avg60=0.05 avg300=100.00 total=4567\nfull avg10=0.00 avg60=12.00 "
			   "avg300=0.70 total=89\n";

	parse("memory.pressure", 2, PCF_GROUP_PRESSURE, text);
	CHECK_EQ(parsed_set, 8);
	CHECK_EQ(value("", PCF_PRESSURE_MEMORY_SOME_AVG10), 123);
	CHECK_EQ(value("", PCF_PRESSURE_MEMORY_SOME_AVG60), 5);
	CHECK_EQ(value("", PCF_PRESSURE_MEMORY_SOME_AVG300), 10000);
	CHECK_EQ(value("", PCF_PRESSURE_MEMORY_SOME_USEC), 4567);
	CHECK_EQ(value("", PCF_PRESSURE_MEMORY_FULL_AVG60), 1200);
	CHECK_EQ(value("", PCF_PRESSURE_MEMORY_FULL_USEC), 89);
	CHECK_EQ(value("", PCF_PRESSURE_CPU_SOME_USEC), PCF_ABSENT);
	parse("pressure/io", 0, PCF_GROUP_PRESSURE, text);
	CHECK_EQ(value("", PCF_PRESSURE_IO_FULL_AVG300), 70);
	parse("irq.pressure", 2, PCF_GROUP_PRESSURE, "full avg10=0.10 avg60=0.20 avg300=0.30 total=4\n");
	CHECK_EQ(parsed_set, 4);
	CHECK_EQ(value("", PCF_PRESSURE_IRQ_FULL_USEC), 4);
}

static void test_pressure_of_other_kernels(void)
{
	/* Before 5.13 cpu.pressure has no full line. */
	parse("cpu.pressure", 2, PCF_GROUP_PRESSURE, "some avg10=0.00 avg60=0.00 avg300=0.00 total=5\n");
	CHECK_EQ(parsed_set, 4);
	CHECK_EQ(value("", PCF_PRESSURE_CPU_FULL_USEC), PCF_ABSENT);
	parse("cpu.pressure", 2, PCF_GROUP_PRESSURE, "some avg10=1 avg60=2.5 avg300=3.999 avg900=7.00 extra total=5\n");
	CHECK_EQ(value("", PCF_PRESSURE_CPU_SOME_AVG10), 100);
	CHECK_EQ(value("", PCF_PRESSURE_CPU_SOME_AVG60), 250);
	CHECK_EQ(value("", PCF_PRESSURE_CPU_SOME_AVG300), 399);
	CHECK_EQ(value("", PCF_PRESSURE_CPU_SOME_USEC), 5);
	parse("cpu.pressure", 2, PCF_GROUP_PRESSURE, "some avg10=x avg60=-1.00 avg300=18446744073709551615.00 total=5");
	CHECK_EQ(parsed_set, 0);
	parse("cpu.pressure", 2, PCF_GROUP_PRESSURE, "somewhat avg10=1.00\n");
	CHECK_EQ(parsed_set, -EINVAL);
	parse("cpu.pressure", 2, PCF_GROUP_PRESSURE, "some");
	CHECK_EQ(parsed_set, -EINVAL);
}

static const char proc_stat[] = "cpu  10 20 30 400 50 6 7 8 9 1\ncpu0 1 2 3 40 5 1 2 3 4 5\ncpu11 6 5 4 3 2 1 0 9 0 "
				"0\nintr 5 0 0 1 2\nctxt 77\nbtime 1\n"
				"processes 66\nprocs_running 2\nprocs_blocked 1\nsoftirq 1 2 3\n";

static void test_proc_stat(void)
{
	parse("stat", 0, PCF_GROUP_CPU, proc_stat);
	CHECK_EQ(parsed_set, 4);
	CHECK_EQ(value("", PCF_CPU_USER_NS), 30 * 10000000);
	CHECK_EQ(value("", PCF_CPU_SYSTEM_NS), 43 * 10000000);
	CHECK_EQ(value("", PCF_CPU_USAGE_NS), 73 * 10000000);
	CHECK_EQ(value("", PCF_CPU_NICE_NS), 20 * 10000000);
	parse("stat", 0, PCF_GROUP_HOST, proc_stat);
	CHECK_EQ(parsed_set, 7);
	CHECK_EQ(value("", PCF_HOST_IDLE_NS), 4000000000u);
	CHECK_EQ(value("", PCF_HOST_IOWAIT_NS), 500000000);
	CHECK_EQ(value("", PCF_HOST_STEAL_NS), 80000000);
	CHECK_EQ(value("", PCF_HOST_CONTEXT_SWITCHES), 77);
	CHECK_EQ(value("", PCF_HOST_FORKS), 66);
	CHECK_EQ(value("", PCF_HOST_BLOCKED), 1);
	parse("stat", 0, PCF_GROUP_CPU, "intr 5\ncpu  1 2 3 4 5 6 7 8\n");
	CHECK_EQ(parsed_set, -EINVAL);
	parse("stat", 0, PCF_GROUP_CPU, "cpu  1 2 3 4 5 6 7\nctxt 5\n");
	CHECK_EQ(parsed_set, 0);
	parse("stat", 0, PCF_GROUP_CPU, "cpu  1 2 3 4 5 6 7 18446744073709551615\n");
	CHECK_EQ(value("", PCF_CPU_USAGE_NS), 19 * 10000000);
	parse("stat", 0, PCF_GROUP_CPU, "cpu  18446744073709551615 2 3 4 5 6 7 8\n");
	CHECK_EQ(value("", PCF_CPU_USAGE_NS), PCF_ABSENT);
	CHECK_EQ(value("", PCF_CPU_SYSTEM_NS), 16 * 10000000);
}

static void test_proc_stat_cores(void)
{
	parse("stat", 0, PCF_GROUP_CPU_PERCPU, proc_stat);
	CHECK_EQ(parsed.count, 2);
	CHECK_EQ(value("0", 0), 9 * 10000000);
	CHECK_EQ(value("11", 0), 16 * 10000000);
	parse("stat", 0, PCF_GROUP_CPU_PERCPU, "cpu  1 2 3 4 5 6 7 8\ncpu0 1 2 3 4 5 6 7 8\ncpu1 1 2 3 4 5 6 7 8");
	CHECK_EQ(parsed.count, 1);
}

static void test_loadavg(void)
{
	parse("loadavg", 0, PCF_GROUP_HOST, "0.07 12.50 1234.99 2/345 6789\n");
	CHECK_EQ(parsed_set, 3);
	CHECK_EQ(value("", PCF_HOST_LOAD1_HUNDREDTHS), 7);
	CHECK_EQ(value("", PCF_HOST_LOAD5_HUNDREDTHS), 1250);
	CHECK_EQ(value("", PCF_HOST_LOAD15_HUNDREDTHS), 123499);
	parse("loadavg", 0, PCF_GROUP_PIDS, "0.07 12.50 1234.99 2/345 6789\n");
	CHECK_EQ(value("", PCF_PIDS_CURRENT), 345);
	parse("loadavg", 0, PCF_GROUP_PIDS, "0.07 12.50 1234.99 2/34");
	CHECK_EQ(parsed_set, 0);
	parse("loadavg", 0, PCF_GROUP_PIDS, "nan 1 2\n");
	CHECK_EQ(parsed_set, -EINVAL);
}

int main(void)
{
	test_cpu_stat();
	test_cpuacct();
	test_cpuacct_usage_percpu();
	test_cpu_max();
	test_pressure();
	test_pressure_of_other_kernels();
	test_proc_stat();
	test_proc_stat_cores();
	test_loadavg();
	return check_result();
}
