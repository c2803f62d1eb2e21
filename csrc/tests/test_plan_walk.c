/* Which groups the walk serves, for every capability that may be missing and every option. Hosts are made by hand. */
#include "check.h"
#include "host/walk_plan.h"
#include "schema/enums.h"

static pcf_host host;
static pcf_options options;
static pcf_group_plan plan;

static void say(pcf_fact *fact, int answer, const char *reason)
{
	fact->answer = answer;
	strcpy(fact->reason, reason);
}

/* v: of every controller; unified: of the cgroup2 mount, 0 = none. */
static void host_of(int v, int unified)
{
	memset(&host, 0, sizeof host);
	pcf_options_default(&options);
	for (int c = 0; c < PCF_CTL_UNIFIED; c++)
		host.controllers[c].version = v;
	host.controllers[PCF_CTL_UNIFIED].version = unified;
	say(&host.btf, PCF_YES, "");
	say(&host.bpf, PCF_YES, "");
	say(&host.css_iter, PCF_YES, "");
	say(&host.cgroup_iter, PCF_YES, "");
}

static int source_of(int group)
{
	memset(&plan, 0, sizeof plan);
	plan.source = PCF_SOURCE_FILE;
	strcpy(plan.reason, "cgroup files (v1)");
	pcf_walk_plan(&host, &options, group, &plan);
	return plan.source;
}

static uint64_t served(void)
{
	uint64_t groups = 0;

	for (int g = 0; g < PCF_GROUP_COUNT; g++)
		groups |= (uint64_t)(source_of(g) == PCF_SOURCE_BPF) << g;
	return groups;
}

#define BIT(group) (1ULL << PCF_GROUP_##group)
#define ON_BOTH                                                                                                        \
	(BIT(CPU) | BIT(MEMORY) | BIT(MEMORY_STAT) | BIT(MEMORY_EVENTS) | BIT(MEMORY_SWAP) | BIT(LIMITS) | BIT(PIDS))
#define ON_V1_ONLY (BIT(CPU_PERCPU) | BIT(MEMORY_KERNEL) | BIT(IO))

static void test_layouts(void)
{
	host_of(1, 0);
	CHECK_EQ(served(), ON_BOTH | ON_V1_ONLY);
	host_of(1, 2); /* hybrid: pressure alone is cgroup2's */
	CHECK_EQ(served(), ON_BOTH | ON_V1_ONLY | BIT(PRESSURE));
	host_of(2, 2);
	CHECK_EQ(served(), ON_BOTH | BIT(PRESSURE) | BIT(IO));
	host_of(0, 0);
	CHECK_EQ(served(), 0);
}

static void test_missing_controllers(void)
{
	host_of(1, 0);
	host.controllers[PCF_CTL_MEMORY].version = 0;
	CHECK_EQ(served(), BIT(CPU) | BIT(CPU_PERCPU) | BIT(PIDS) | BIT(IO));
	host_of(1, 0);
	host.controllers[PCF_CTL_CPUACCT].version = 0;
	CHECK_EQ(served() & (BIT(CPU) | BIT(CPU_PERCPU)), 0);
	host_of(2, 2);
	host.controllers[PCF_CTL_PIDS].version = 0;
	CHECK_EQ(served() & BIT(PIDS), 0);
}

static void check_files(int group, const char *words)
{
	CHECK_EQ(source_of(group), PCF_SOURCE_FILE);
	CHECK(strncmp(plan.reason, "cgroup files (v1)", 17) == 0);
	if (!strstr(plan.reason, words))
		fprintf(stderr, "no \"%s\" in: %s\n", words, plan.reason);
	CHECK(strstr(plan.reason, words));
}

static void test_missing_capabilities(void)
{
	host_of(1, 0);
	say(&host.btf, PCF_NO, "/sys/kernel/btf/vmlinux is not there");
	check_files(PCF_GROUP_MEMORY, "; no eBPF: /sys/kernel/btf/vmlinux is not there");
	CHECK_EQ(served(), 0);
	host_of(1, 0);
	say(&host.bpf, PCF_NO, "CAP_BPF is missing");
	check_files(PCF_GROUP_CPU, "; no eBPF: CAP_BPF is missing");
	say(&host.btf, PCF_NO, "no BTF"); /* what comes first is said */
	check_files(PCF_GROUP_CPU, "; no eBPF: no BTF");
	host_of(1, 0);
	say(&host.css_iter, PCF_NO, "no css iterators");
	CHECK_EQ(served(), ON_BOTH | ON_V1_ONLY); /* by the other iterator */
	CHECK_EQ(source_of(PCF_GROUP_PIDS), PCF_SOURCE_BPF);
	CHECK(strstr(plan.reason, "cgroup iterator"));
	say(&host.cgroup_iter, PCF_NO, "no cgroup iterator");
	check_files(PCF_GROUP_PIDS, "; no eBPF: no cgroup iterator");
	say(&host.css_iter, PCF_YES, "");
	CHECK_EQ(source_of(PCF_GROUP_PIDS), PCF_SOURCE_BPF);
	CHECK(strstr(plan.reason, "css iterators") && strstr(plan.reason, "cgroup files (v1)"));
	/* Could not be found out is not yes. */
	say(&host.bpf, PCF_UNKNOWN, "nobody knows");
	check_files(PCF_GROUP_PIDS, "nobody knows");
}

static void test_options(void)
{
	host_of(1, 0);
	options.source = PCF_SOURCE_FILE;
	CHECK_EQ(served(), 0);
	CHECK_STR(plan.reason, "cgroup files (v1)"); /* nothing to add: it was wished */
	options.source_of[PCF_GROUP_PIDS] = PCF_SOURCE_BPF;
	CHECK_EQ(served(), BIT(PIDS));
	host_of(1, 0);
	options.source_of[PCF_GROUP_CPU] = PCF_SOURCE_FILE;
	CHECK_EQ(served(), (ON_BOTH | ON_V1_ONLY) & ~BIT(CPU));
	options.source = PCF_SOURCE_BPF;
	CHECK_EQ(served(), (ON_BOTH | ON_V1_ONLY) & ~BIT(CPU));
	options.source_of[PCF_GROUP_CPU] = PCF_SOURCE_AUTO; /* as source says */
	CHECK_EQ(served(), ON_BOTH | ON_V1_ONLY);
	say(&host.bpf, PCF_NO, "locked down");
	check_files(PCF_GROUP_CPU, "; bpf was asked for and is not there: locked down");
}

static void test_no_such_numbers(void)
{
	host_of(1, 0);
	options.source = PCF_SOURCE_BPF;
	CHECK_EQ(source_of(PCF_GROUP_HUGETLB), PCF_SOURCE_FILE);
	CHECK_STR(plan.reason, "cgroup files (v1)");       /* for all groups: no reproach for each that has none */
	CHECK_EQ(source_of(PCF_GROUP_IO), PCF_SOURCE_BPF); /* not the numbers, but whether there are any */
	CHECK(strstr(plan.reason, "cgroup files (v1)"));
	options.source_of[PCF_GROUP_HUGETLB] = PCF_SOURCE_BPF;
	check_files(PCF_GROUP_HUGETLB, "; bpf was asked for and the walk has no such numbers here");
	options.source_of[PCF_GROUP_PRESSURE] = PCF_SOURCE_BPF;
	check_files(PCF_GROUP_PRESSURE, "no such numbers here");
	host_of(2, 2);
	options.source_of[PCF_GROUP_CPU_PERCPU] = options.source_of[PCF_GROUP_MEMORY_KERNEL] = PCF_SOURCE_BPF;
	check_files(PCF_GROUP_CPU_PERCPU, "no such numbers here");
	check_files(PCF_GROUP_MEMORY_KERNEL, "no such numbers here");
}

/* Only what cgroup files would serve is the walk's to take. */
static void test_others_stay(void)
{
	static const int others[] = {PCF_SOURCE_PROC, PCF_SOURCE_NETLINK, PCF_SOURCE_NONE, PCF_SOURCE_SELF};

	host_of(1, 0);
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
		memset(&plan, 0, sizeof plan);
		plan.source = others[i];
		pcf_walk_plan(&host, &options, PCF_GROUP_MEMORY, &plan);
		CHECK_EQ(plan.source, others[i]);
		CHECK_STR(plan.reason, "");
	}
}

/* Reasons are cut, never written past the end. */
static void test_long_reasons(void)
{
	host_of(1, 0);
	memset(host.btf.reason, 'x', sizeof host.btf.reason - 1);
	host.btf.answer = PCF_NO;
	memset(&plan, 0, sizeof plan);
	plan.source = PCF_SOURCE_FILE;
	memset(plan.reason, 'y', sizeof plan.reason - 10);
	pcf_walk_plan(&host, &options, PCF_GROUP_MEMORY, &plan);
	CHECK_EQ(strlen(plan.reason), sizeof plan.reason - 1);
	pcf_walk_plan_undo(&plan, host.btf.reason);
	CHECK_EQ(plan.source, PCF_SOURCE_FILE);
	CHECK(strncmp(plan.reason, "cgroup files; no walk: xxx", 26) == 0);
}

int main(void)
{
	test_layouts();
	test_missing_controllers();
	test_missing_capabilities();
	test_options();
	test_no_such_numbers();
	test_others_stay();
	test_long_reasons();
	return check_result();
}
