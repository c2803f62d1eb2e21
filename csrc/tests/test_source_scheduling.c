/* Group scheduling on this kernel: loops that share a CPU wait for it, a sleeper is blocked, nested cgroups count. */
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include "cgroups.h"
#include "check.h"
#include "ring_values.h"
#include "schema/clock.h"
#include "schema/enums.h"
#include "source/subtree.h"

#define MS     1000000ULL
#define LOOPS  4
#define SLEEPS 20

static char ring_dir[128];
static pcf_host host;
static pcf_options options;
static pcf_collector *collector;
static pcf_error err;

static void only_scheduling(void)
{
	pcf_options_default(&options);
	snprintf(ring_dir, sizeof ring_dir, "/dev/shm/pcf-test-scheduling-%ld", (long)getpid());
	options.ring_dir = ring_dir;
	options.max_containers = 64;
	options.history_ns = 2000 * MS;
	for (int g = 0; g < PCF_GROUP_COUNT; g++)
		options.interval_ns[g] = g == PCF_GROUP_PIDS ? 1000 * MS : 0;
}

static uint64_t value(uint32_t slot, int column)
{
	return row_value(pcf_collector_region(collector, PCF_GROUP_SCHEDULING), slot, column);
}

static void enter_everywhere(const char *name)
{
	for (int c = 0; c < PCF_CTL_NAMED; c++)
		if (host.controllers[c].version && (host.controllers[c].version == 1 || c == PCF_CTL_UNIFIED))
			(void)cgroup_enter(name, c);
}

static void pin(void)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(0, &cpus);
	sched_setaffinity(0, sizeof cpus, &cpus);
}

static pid_t spawn_loop(const char *name)
{
	pid_t pid = fork();

	if (pid == 0) {
		pin();
		enter_everywhere(name);
		for (;;)
			;
	}
	return pid;
}

static void run_sleeper(const char *name)
{
	pid_t pid = fork();

	if (pid == 0) {
		enter_everywhere(name);
		for (int i = 0; i < SLEEPS; i++)
			usleep(20000);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

/* Cumulative, up to the count. */
static void check_histogram(uint32_t slot, int count, int first, int last)
{
	uint64_t before = 0;

	for (int c = first; c <= last; c++) {
		CHECK(value(slot, c) >= before && value(slot, c) != PCF_ABSENT);
		before = value(slot, c);
	}
	CHECK(value(slot, count) >= before);
}

static void test_off_by_default(void)
{
	const pcf_group_plan *plan;

	CHECK_OR_DIE(pcf_collector_open(&collector, &options, &err) == 0);
	plan = &pcf_collector_plan(collector)->group[PCF_GROUP_SCHEDULING];
	CHECK(plan->source == PCF_SOURCE_NONE && plan->interval_ns == 0);
	CHECK(strstr(plan->reason, "off"));
	CHECK(!strstr(pcf_collector_notes(collector), "scheduling"));
	pcf_collector_close(collector);
	remove_ring(ring_dir);
	options.interval_ns[PCF_GROUP_SCHEDULING] = PCF_ABSENT; /* the default is off as well */
	CHECK_OR_DIE(pcf_collector_open(&collector, &options, &err) == 0);
	CHECK_EQ(pcf_collector_plan(collector)->group[PCF_GROUP_SCHEDULING].interval_ns, 0);
	pcf_collector_close(collector);
	remove_ring(ring_dir);
}

static uint32_t add(const char *name)
{
	char path[160];
	uint32_t slot = 0, generation;

	snprintf(path, sizeof path, "/%s%s", cgroups_top, name);
	CHECK_EQ(pcf_collector_add(collector, path, 0, &slot, &generation, &err), 0);
	return slot;
}

/* Four share one CPU: three wait at any time, so their waits grow faster than time goes, once those under way are over;
 * and never faster than four can wait. */
static int waits_grow(uint32_t slot, uint64_t began, uint64_t before)
{
	for (int i = 0; i < 300; i++) {
		uint64_t grown, passed;

		CHECK_EQ(pcf_collector_sample(collector, 0, NULL), 0);
		grown = value(slot, PCF_SCHEDULING_RUN_QUEUE_NS) - before;
		passed = pcf_now_ns(CLOCK_MONOTONIC) - began;
		if (grown > passed)
			return grown < (LOOPS + 1) * passed;
		usleep(20000);
	}
	return 0;
}

/* What is measured depends on the machine; what must be so does not: four loops on one CPU wait longer than they run. */
static void test_waits(void)
{
	uint64_t began, before[PCF_SCHEDULING_COUNT];
	uint32_t loops, sleeper, top;
	pid_t pids[LOOPS];

	cgroup_each("loops", 1);
	cgroup_each("sleeper", 1);
	top = add("");
	loops = add("/loops");
	sleeper = add("/sleeper");
	for (int i = 0; i < LOOPS; i++)
		pids[i] = spawn_loop("loops");
	usleep(200000);
	CHECK_EQ(pcf_collector_sample(collector, 0, NULL), 0);
	began = pcf_now_ns(CLOCK_MONOTONIC);
	for (int c = 0; c < PCF_SCHEDULING_COUNT; c++)
		before[c] = value(loops, c);
	run_sleeper("sleeper");
	CHECK(waits_grow(loops, began, before[PCF_SCHEDULING_RUN_QUEUE_NS]));
	CHECK(value(loops, PCF_SCHEDULING_RUN_QUEUE_COUNT) > before[PCF_SCHEDULING_RUN_QUEUE_COUNT]);
	/* Half of them: one that loses its CPU on its way into a sleep is late for it. */
	CHECK(value(sleeper, PCF_SCHEDULING_BLOCKED_COUNT) >= SLEEPS / 2);
	CHECK(value(sleeper, PCF_SCHEDULING_BLOCKED_NS) >= SLEEPS / 2 * 16 * MS);
	CHECK(value(sleeper, PCF_SCHEDULING_BLOCKED_COUNT) - value(sleeper, PCF_SCHEDULING_BLOCKED_LE_16384US) >=
	      SLEEPS / 2);
	check_histogram(loops, PCF_SCHEDULING_RUN_QUEUE_COUNT, PCF_SCHEDULING_RUN_QUEUE_LE_1US,
			PCF_SCHEDULING_RUN_QUEUE_LE_16777216US);
	check_histogram(sleeper, PCF_SCHEDULING_BLOCKED_COUNT, PCF_SCHEDULING_BLOCKED_LE_1US,
			PCF_SCHEDULING_BLOCKED_LE_16777216US);
	/* What lies above them has it too, and keeps it when they are gone. */
	CHECK(value(top, PCF_SCHEDULING_BLOCKED_COUNT) >= value(sleeper, PCF_SCHEDULING_BLOCKED_COUNT));
	for (int i = 0; i < LOOPS; i++)
		kill(pids[i], SIGKILL);
	while (wait(NULL) > 0)
		;
	before[0] = value(top, PCF_SCHEDULING_BLOCKED_COUNT);
	pcf_slot_record record;
	CHECK_EQ(pcf_slots_read(pcf_collector_slots(collector), sleeper, &record), 0);
	CHECK_EQ(pcf_collector_remove(collector, sleeper, record.generation), 0);
	CHECK_EQ(pcf_collector_sample(collector, 0, NULL), 0);
	CHECK(value(top, PCF_SCHEDULING_BLOCKED_COUNT) >= before[0]);
	CHECK(value(0, PCF_SCHEDULING_RUN_QUEUE_NS) >= value(top, PCF_SCHEDULING_RUN_QUEUE_NS));
}

static void test_subtree(void)
{
	uint64_t one[2] = {1, 10}, two[2] = {2, 20}, three[2] = {4, 40};
	pcf_subtree tree;

	CHECK_OR_DIE(pcf_subtree_open(&tree, 2, 8) == 0);
	pcf_subtree_enter(&tree, 5, pcf_subtree_node_new("/a/b/c", 1, 3));
	pcf_subtree_enter(&tree, 0, pcf_subtree_node_new("/", 1, 1));
	pcf_subtree_enter(&tree, 2, pcf_subtree_node_new("/a", 1, 2)); /* comes between */
	pcf_subtree_enter(&tree, 3, pcf_subtree_node_new("/ab", 1, 4));
	CHECK(tree.nodes[5]->parent == 2 && tree.nodes[2]->parent == 0 && tree.nodes[3]->parent == 0);
	pcf_subtree_begin(&tree);
	pcf_subtree_add(&tree, 0, one);
	pcf_subtree_add(&tree, 2, two);
	pcf_subtree_add(&tree, 5, three);
	CHECK(pcf_subtree_total(&tree, 0)[0] == 7 && pcf_subtree_total(&tree, 2)[1] == 60);
	pcf_subtree_leave(&tree, 2, two);
	CHECK_EQ(tree.nodes[5]->parent, 0);
	pcf_subtree_leave(&tree, 5, three);
	pcf_subtree_begin(&tree);
	pcf_subtree_add(&tree, 0, one);
	CHECK(pcf_subtree_total(&tree, 0)[0] == 7 && pcf_subtree_total(&tree, 0)[1] == 70);
	pcf_subtree_close(&tree);
}

int main(void)
{
	test_subtree();
	CHECK_OR_DIE(pcf_host_probe(&host, "", &err) == 0);
	only_scheduling();
	options.interval_ns[PCF_GROUP_SCHEDULING] = 50 * MS;
	if (host.bpf_tracing.answer != PCF_YES) {
		fprintf(stderr, "nothing to count with: %s\n", host.bpf_tracing.reason);
		CHECK_OR_DIE(pcf_collector_open(&collector, &options, &err) == 0);
		CHECK_STR(pcf_collector_plan(collector)->group[PCF_GROUP_SCHEDULING].reason, host.bpf_tracing.reason);
		pcf_collector_close(collector);
		remove_ring(ring_dir);
		return check_result();
	}
	CHECK_OR_DIE(cgroups_begin(&host) == 0);
	options.interval_ns[PCF_GROUP_SCHEDULING] = 0;
	test_off_by_default();
	options.interval_ns[PCF_GROUP_SCHEDULING] = 50 * MS;
	CHECK_OR_DIE(pcf_collector_open(&collector, &options, &err) == 0);
	fprintf(stderr, "%s\n", pcf_collector_notes(collector));
	CHECK_OR_DIE(pcf_collector_start(collector, &err) == 0);
	CHECK(strstr(pcf_collector_notes(collector), "ns a context switch"));
	test_waits();
	pcf_collector_close(collector);
	remove_ring(ring_dir);
	return check_result();
}
