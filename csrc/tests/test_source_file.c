/* A collector on made-up v2 machines: every reader, big files, vanished cgroups, few descriptors, restarts. */
#include <errno.h>
#include <sys/resource.h>

#include "cgroups.h"
#include "check.h"
#include "fake_tree.h"
#include "open_descriptors.h"
#include "ring_values.h"
#include "schema/enums.h"

#define MS 1000000ULL

static char ring_dir[128];
static pcf_options options;
static pcf_collector *collector;
static pcf_error err;

static void set_options(void)
{
	pcf_options_default(&options);
	options.sysroot = fake_root;
	options.ring_dir = ring_dir;
	options.max_containers = 64;
	options.history_ns = 500 * MS;
	options.reader = PCF_READER_PREAD;
	for (int g = 0; g < PCF_GROUP_COUNT; g++)
		options.interval_ns[g] = g == PCF_GROUP_NETWORK || g == PCF_GROUP_NETWORK_ERRORS ? 0 : 20 * MS;
}

static void open_collector(void)
{
	int code = pcf_collector_open(&collector, &options, &err);

	if (code < 0)
		fprintf(stderr, "%s\n", err.text);
	CHECK_OR_DIE(code == 0);
}

static uint32_t add(const char *path, uint32_t *generation)
{
	uint32_t slot = 99, of;

	CHECK_EQ(pcf_collector_add(collector, path, 0, &slot, generation ? generation : &of, &err), 0);
	return slot;
}

static uint64_t value(int group, uint32_t slot, int column)
{
	return row_value(pcf_collector_region(collector, group), slot, column);
}

static void next_sample(void)
{
	CHECK_EQ(pcf_collector_sample(collector, 0, NULL), 0);
}

static void test_values(int reader)
{
	uint32_t slot;

	fake_v2();
	set_options();
	options.reader = reader;
	open_collector();
	slot = add("/a", NULL);
	CHECK_EQ(pcf_collector_start(collector, &err), 0);
	next_sample();
	CHECK_EQ(value(PCF_GROUP_CPU, slot, PCF_CPU_USAGE_NS), 5000);
	CHECK_EQ(value(PCF_GROUP_MEMORY, slot, PCF_MEMORY_USAGE_BYTES), 16384);
	CHECK_EQ(value(PCF_GROUP_MEMORY_STAT, slot, PCF_MEMORY_STAT_FILE_BYTES), 8192);
	CHECK_EQ(value(PCF_GROUP_MEMORY_EVENTS, slot, PCF_MEMORY_EVENTS_OOM_KILL), 3);
	CHECK_EQ(value(PCF_GROUP_LIMITS, slot, PCF_LIMITS_MEMORY_BYTES), PCF_UNLIMITED);
	CHECK_EQ(value(PCF_GROUP_LIMITS, slot, PCF_LIMITS_PIDS), 100);
	CHECK_EQ(value(PCF_GROUP_PRESSURE, slot, PCF_PRESSURE_CPU_SOME_AVG10), 150);
	CHECK_EQ(keyed_value(pcf_collector_region(collector, PCF_GROUP_IO), slot, "8:0", PCF_IO_WRITE_OPS), 4);
	CHECK_EQ(keyed_value(pcf_collector_region(collector, PCF_GROUP_IO), 0, "8:0", PCF_IO_READ_BYTES), 8 * 512);
	CHECK_EQ(value(PCF_GROUP_PIDS, 0, PCF_PIDS_CURRENT), 77);
	CHECK_EQ(keyed_value(pcf_collector_region(collector, PCF_GROUP_CPU_PERCPU), 0, "0", PCF_CPU_PERCPU_USAGE_NS),
		 17 * 10000000ULL);
	fake_file("/sys/fs/cgroup/a/memory.current", "20480\n");
	next_sample();
	CHECK_EQ(value(PCF_GROUP_MEMORY, slot, PCF_MEMORY_USAGE_BYTES), 20480);
	CHECK_EQ(pcf_collector_verify(collector, NULL, NULL, NULL), 0);
	pcf_collector_close(collector);
	remove_ring(ring_dir);
}

/* Longer than any buffer kept for a file, and longer than all of them. */
static void test_big_file(int reader)
{
	static char text[2 << 20];
	pcf_collector_stats stats;
	size_t used = 0;
	uint32_t slot;

	fake_v2();
	for (int i = 0; i < 300; i++)
		used += (size_t)sprintf(text + used, "9:%d rbytes=%d wbytes=2 rios=3 wios=4 dbytes=0 dios=0\n", i,
					i + 1);
	fake_file("/sys/fs/cgroup/a/io.stat", text);
	set_options();
	options.reader = reader;
	open_collector();
	slot = add("/a", NULL);
	pcf_collector_start(collector, &err);
	next_sample();
	for (int i = 0; i < 3; i++)
		CHECK_EQ(keyed_value(pcf_collector_region(collector, PCF_GROUP_IO), slot,
				     i == 0   ? "9:0"
				     : i == 1 ? "9:150"
					      : "9:299",
				     PCF_IO_READ_BYTES),
			 i * 150 + (i < 2));
	pcf_collector_stats_get(collector, &stats);
	CHECK_EQ(stats.truncated, 0);
	memset(text, 'x', sizeof text - 1);
	fake_file("/sys/fs/cgroup/a/io.stat", text);
	next_sample();
	pcf_collector_stats_get(collector, &stats);
	CHECK(stats.truncated > 0);
	pcf_collector_close(collector);
	remove_ring(ring_dir);
}

/* All of it at once, as the kernel does: moved away before anything in it is removed. */
static void remove_cgroup(const char *name)
{
	char command[300];

	snprintf(command, sizeof command, "mv %s/sys/fs/cgroup/%s %s/gone && rm -r %s/gone", fake_root, name, fake_root,
		 fake_root);
	CHECK_EQ(system(command), 0);
}

static void test_vanished(void)
{
	pcf_collector_stats stats;
	uint32_t slot, generation, slots[4], generations[4];

	fake_v2();
	set_options();
	options.reader = PCF_READER_OPENAT; /* removed by name: a kept descriptor of a plain file would go on */
	open_collector();
	slot = add("/a", &generation);
	pcf_collector_start(collector, &err);
	next_sample();
	CHECK_EQ(pcf_collector_vanished(collector, slots, generations, 4), 0);
	remove_cgroup("a");
	next_sample();
	CHECK_EQ(pcf_collector_vanished(collector, slots, generations, 4), 1);
	CHECK(slots[0] == slot && generations[0] == generation);
	CHECK_EQ(pcf_collector_vanished(collector, slots, generations, 4), 0);
	CHECK_EQ(value(PCF_GROUP_MEMORY, slot, PCF_MEMORY_USAGE_BYTES), PCF_ABSENT);
	pcf_collector_stats_get(collector, &stats);
	CHECK_EQ(stats.read_errors, 0);
	CHECK_EQ(pcf_collector_add(collector, "/a", 0, NULL, NULL, &err), -ENOENT);
	/* The same name again before anybody removed it: a new tenant. */
	fake_v2_cgroup("a");
	CHECK(add("/a", &generations[0]) != slot || generations[0] != generation);
	next_sample();
	pcf_collector_close(collector);
	remove_ring(ring_dir);
}

/* Files that come after their directory: found without anybody telling. */
static void test_late_files(void)
{
	uint32_t slot;

	fake_v2();
	fake_file("/sys/fs/cgroup/late/cgroup.procs", "");
	set_options();
	open_collector();
	slot = add("/late", NULL);
	pcf_collector_start(collector, &err);
	next_sample();
	CHECK_EQ(value(PCF_GROUP_MEMORY, slot, PCF_MEMORY_USAGE_BYTES), PCF_ABSENT);
	fake_v2_cgroup("late");
	for (int i = 0; i < 200 && value(PCF_GROUP_MEMORY, slot, PCF_MEMORY_USAGE_BYTES) == PCF_ABSENT; i++)
		next_sample();
	CHECK_EQ(value(PCF_GROUP_MEMORY, slot, PCF_MEMORY_USAGE_BYTES), 16384);
	pcf_collector_close(collector);
	remove_ring(ring_dir);
}

static void test_few_descriptors(void)
{
	pcf_collector_stats stats;
	uint32_t a, b, generation;

	fake_v2();
	set_options();
	options.max_descriptors = 12; /* one container's worth */
	open_collector();
	a = add("/a", &generation);
	b = add("/b", NULL);
	pcf_collector_start(collector, &err);
	next_sample();
	pcf_collector_stats_get(collector, &stats);
	CHECK_EQ(stats.slots_openat, 1);
	CHECK_EQ(value(PCF_GROUP_CPU, a, PCF_CPU_USAGE_NS), 5000);
	CHECK_EQ(value(PCF_GROUP_CPU, b, PCF_CPU_USAGE_NS), 5000);
	CHECK_EQ(pcf_collector_remove(collector, a, generation), 0);
	for (int i = 0; i < 400 && stats.slots_openat; i++) { /* what came free is used in the end */
		next_sample();
		pcf_collector_stats_get(collector, &stats);
	}
	CHECK_EQ(stats.slots_openat, 0);
	pcf_collector_close(collector);
	remove_ring(ring_dir);
}

static void test_restart(void)
{
	uint32_t before, after, generation, again;

	fake_v2();
	set_options();
	options.history_ns = 10000 * MS;
	open_collector();
	add("/b", NULL);
	before = add("/a", &generation);
	pcf_collector_start(collector, &err);
	next_sample();
	pcf_collector *second;
	CHECK_EQ(pcf_collector_open(&second, &options, &err), -EBUSY);
	CHECK(strstr(err.text, ring_dir));
	pcf_collector_close(collector);
	open_collector();
	CHECK(strstr(pcf_collector_notes(collector), "goes on"));
	after = add("/a", &again);
	CHECK(after == before && again == generation);
	CHECK_EQ(pcf_collector_settle(collector), 0);
	pcf_slot_record record;
	CHECK(pcf_slots_read(pcf_collector_slots(collector), 1, &record) == 0 && record.state == PCF_SLOT_GONE);
	CHECK(pcf_region_oldest(pcf_collector_region(collector, PCF_GROUP_CPU)) > 0);
	pcf_collector_close(collector);
	remove_ring(ring_dir);
}

static void test_failure_leaves_nothing(void)
{
	unsigned before;

	fake_v2();
	set_options();
	before = open_descriptors();
	options.ring_dir = "/proc/pcf-test-no-such";
	CHECK(pcf_collector_open(&collector, &options, &err) < 0);
	CHECK(strstr(err.text, "/proc/pcf-test-no-such"));
	options.ring_dir = ring_dir;
	options.interval_ns[0] = 1;
	CHECK_EQ(pcf_collector_open(&collector, &options, &err), -EINVAL);
	CHECK_EQ(open_descriptors(), before);
	CHECK(access(ring_dir, F_OK) < 0);
}

/* RLIMIT_NOFILE of 256: everything by name. */
static void test_small_limit(void)
{
	struct rlimit limit = {256, 256};
	pcf_collector_stats stats;
	uint32_t slot;

	fake_v2();
	set_options();
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	open_collector();
	if (pcf_collector_host(collector)->nofile_raised <= 256) {
		CHECK_EQ(pcf_collector_plan(collector)->reader, PCF_READER_OPENAT);
		slot = add("/a", NULL);
		pcf_collector_start(collector, &err);
		next_sample();
		CHECK_EQ(value(PCF_GROUP_CPU, slot, PCF_CPU_USAGE_NS), 5000);
		pcf_collector_stats_get(collector, &stats);
		CHECK(stats.slots_openat == 1 && stats.read_errors == 0);
	}
	pcf_collector_close(collector);
	remove_ring(ring_dir);
}

int main(void)
{
	unsigned before;

	snprintf(ring_dir, sizeof ring_dir, "/dev/shm/pcf-test-source-%ld", (long)getpid());
	before = open_descriptors();
	for (int reader = PCF_READER_PREAD; reader <= PCF_READER_URING; reader++) {
		test_values(reader);
		test_big_file(reader);
	}
	test_vanished();
	test_late_files();
	test_few_descriptors();
	test_restart();
	test_failure_leaves_nothing();
	CHECK_EQ(open_descriptors(), before);
	test_small_limit();
	return check_result();
}
