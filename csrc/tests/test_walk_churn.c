/* The walk while cgroups come and go: nobody's row is missing, nobody gets another one's numbers. */
#include "open_descriptors.h"
#include "ring_values.h"
#include "walk_rig.h"

#define CYCLES  300
#define AT_ONCE 10
#define STEADY  12

static pcf_host host;
static char ring_dir[64];
static pcf_options options;

static int has(int group)
{
	int controller = group == PCF_GROUP_PIDS     ? PCF_CTL_PIDS
			 : group == PCF_GROUP_MEMORY ? PCF_CTL_MEMORY
						     : PCF_CTL_CPUACCT;

	return host.controllers[controller].version != 0;
}

static uint64_t value(pcf_collector *collector, int group, uint32_t slot, int column)
{
	pcf_region *region = pcf_collector_region(collector, group);

	return region ? row_value(region, slot, column) : PCF_ABSENT;
}

/* Runs load_once in a cgroup, in a child that then ends. */
static void work_in(const char *name, int times)
{
	pid_t pid = fork();
	int fd;

	if (pid == 0) {
		if (!load_enter(name))
			_exit(1);
		fd = open(load_file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		for (int i = 0; i < times; i++)
			load_once(i, fd);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

static void remove_soon(const char *name)
{
	char path[512];

	for (int c = 0; c < PCF_CTL_NAMED; c++) {
		cgroup_path(path, sizeof path, c, name);
		for (int i = 0; i < 200 && host.controllers[c].version && rmdir(path) < 0 && errno == EBUSY; i++)
			usleep(5000); /* who has ended leaves a little later */
	}
}

static void verify(pcf_collector *collector, uint64_t least)
{
	uint64_t checked = 0;

	CHECK_EQ(pcf_collector_verify(collector, rig_report, NULL, &checked), 0);
	CHECK(checked > least);
	rig_check(collector);
}

/* Ten come, are sampled, go, again and again, beside some that stay and whose place in the walk shifts each time. */
static void test_come_and_go(pcf_collector *collector)
{
	uint32_t slots[AT_ONCE], generations[AT_ONCE];
	unsigned descriptors = kept_descriptors();
	char name[32];

	for (int cycle = 0; cycle < CYCLES; cycle += AT_ONCE) {
		for (int i = 0; i < AT_ONCE; i++) {
			snprintf(name, sizeof name, "c%d", cycle + i);
			CHECK(cgroup_each(name, 1) > 0);
			slots[i] = rig_add(collector, name, &generations[i]);
		}
		rig_tick(collector, 1);
		for (int i = 0; i < AT_ONCE; i++) {
			CHECK(!has(PCF_GROUP_CPU) ||
			      value(collector, PCF_GROUP_CPU, slots[i], PCF_CPU_USAGE_NS) != PCF_ABSENT);
			CHECK(!has(PCF_GROUP_PIDS) ||
			      value(collector, PCF_GROUP_PIDS, slots[i], PCF_PIDS_CURRENT) == 0);
			CHECK(!has(PCF_GROUP_MEMORY) ||
			      value(collector, PCF_GROUP_MEMORY, slots[i], PCF_MEMORY_USAGE_BYTES) != PCF_ABSENT);
		}
		for (int i = 0; i < AT_ONCE; i++) { /* the cgroup goes first, as in life */
			snprintf(name, sizeof name, "c%d", cycle + i);
			CHECK(cgroup_each(name, 0) > 0);
			CHECK_EQ(pcf_collector_remove(collector, slots[i], generations[i]), 0);
		}
	}
	rig_tick(collector, 1);
	CHECK(kept_descriptors() <= descriptors);
	verify(collector, STEADY * 30);
}

/* Some are misses because memory.stat is still being learnt; and a cgroup that was found to be gone is looked for again
 * only after a while. */
static int comes_without_misses(pcf_collector *collector, uint32_t slot)
{
	uint64_t until = pcf_now_ns(CLOCK_MONOTONIC) + 30000 * MS;

	while (pcf_now_ns(CLOCK_MONOTONIC) < until) {
		uint64_t misses = rig_misses(collector);

		rig_tick(collector, 1);
		if (rig_misses(collector) == misses &&
		    value(collector, PCF_GROUP_CPU, slot, PCF_CPU_USAGE_NS) != PCF_ABSENT &&
		    (!has(PCF_GROUP_MEMORY) ||
		     value(collector, PCF_GROUP_MEMORY, slot, PCF_MEMORY_USAGE_BYTES) != PCF_ABSENT))
			return 1;
	}
	return 0;
}

/* Another cgroup under the same path, and nobody told: its numbers, not the old one's, and from the walk again. */
static void test_made_again_unseen(pcf_collector *collector)
{
	uint32_t generation, slot;
	uint64_t old_usage, user, usage;

	cgroup_each("again", 1);
	slot = rig_add(collector, "again", &generation);
	work_in("again", 300);
	rig_tick(collector, 2);
	old_usage = value(collector, PCF_GROUP_CPU, slot, PCF_CPU_USAGE_NS);
	CHECK(old_usage > 0 && old_usage != PCF_ABSENT);
	remove_soon("again");
	CHECK(cgroup_each("again", 1) > 0);
	CHECK(comes_without_misses(collector, slot));
	user = value(collector, PCF_GROUP_CPU, slot, PCF_CPU_USER_NS);
	usage = value(collector, PCF_GROUP_CPU, slot, PCF_CPU_USAGE_NS);
	CHECK(user <= usage && usage < old_usage);
	verify(collector, 0);
	CHECK_EQ(pcf_collector_remove(collector, slot, generation), 0);
	remove_soon("again");
}

/* Removed, and still there in the kernel for what is charged to it: not walked, and no hindrance to its successor. */
static void test_dying(pcf_collector *collector)
{
	uint32_t generation, slot;
	unsigned before, after;

	cgroup_each("dying", 1);
	slot = rig_add(collector, "dying", &generation);
	rig_tick(collector, 1);
	before = collector->walk->counts[0];
	work_in("dying", 50); /* leaves pages in a file on tmpfs */
	remove_soon("dying");
	CHECK_EQ(pcf_collector_remove(collector, slot, generation), 0);
	rig_tick(collector, 1);
	after = collector->walk->counts[0];
	CHECK(after < before || host.layout == PCF_LAYOUT_NONE);
	cgroup_each("dying", 1);
	slot = rig_add(collector, "dying", &generation);
	rig_tick(collector, 1);
	if (has(PCF_GROUP_MEMORY))
		CHECK(value(collector, PCF_GROUP_MEMORY, slot, PCF_MEMORY_USAGE_BYTES) < 50 * 4096);
	verify(collector, 0);
	CHECK_EQ(pcf_collector_remove(collector, slot, generation), 0);
	remove_soon("dying");
}

/* A container in a container in a container: each has its own numbers and its children's where the kernel says so. */
static void test_nested(pcf_collector *collector)
{
	static const char *const names[] = {"n", "n/n", "n/n/n"};
	uint32_t slots[3], generations[3];
	uint64_t usage[3];

	for (int i = 0; i < 3; i++) {
		cgroup_each(names[i], 1);
		slots[i] = rig_add(collector, names[i], &generations[i]);
	}
	work_in(names[2], 50);
	rig_tick(collector, 2);
	for (int i = 0; i < 3; i++)
		usage[i] = value(collector, PCF_GROUP_CPU, slots[i], PCF_CPU_USAGE_NS);
	CHECK(usage[2] > 0 && usage[2] != PCF_ABSENT);
	CHECK(usage[0] >= usage[1] && usage[1] >= usage[2]);
	verify(collector, 0);
	for (int i = 2; i >= 0; i--) {
		remove_soon(names[i]);
		CHECK_EQ(pcf_collector_remove(collector, slots[i], generations[i]), 0);
	}
}

static void test_two_at_once(pcf_collector *collector)
{
	pcf_options other = options;
	pcf_collector *second;
	char dir[80], name[32];

	snprintf(dir, sizeof dir, "%s-2", ring_dir);
	other.ring_dir = dir;
	second = rig_open(&other);
	for (int i = 0; i < STEADY; i++)
		(void)rig_add(second, load_name(name, sizeof name, i), NULL);
	rig_await_trust(second);
	verify(second, STEADY * 30);
	verify(collector, STEADY * 30);
	pcf_collector_close(second);
	remove_ring(dir);
	rig_tick(collector, 2);
	verify(collector, STEADY * 30);
}

int main(void)
{
	pcf_collector *collector;
	pcf_error err;
	char name[32];

	CHECK_OR_DIE(pcf_host_probe(&host, "", &err) == 0);
	if (!rig_can(&host) || cgroups_begin(&host) < 0)
		return 0;
	snprintf(ring_dir, sizeof ring_dir, "/dev/shm/pcf-test-walk-churn-%ld", (long)getpid());
	rig_options(&options, ring_dir, 64);
	CHECK_OR_DIE(load_make(STEADY) == STEADY);
	load_start(STEADY);
	atexit(load_end);
	collector = rig_open(&options);
	for (int i = 0; i < STEADY; i++)
		(void)rig_add(collector, load_name(name, sizeof name, i), NULL);
	rig_await_trust(collector);
	test_come_and_go(collector);
	test_made_again_unseen(collector);
	test_dying(collector);
	test_nested(collector);
	test_two_at_once(collector);
	pcf_collector_close(collector);
	load_end();
	remove_ring(ring_dir);
	return check_result();
}
