/* A collector where callers come close to its edges, on a made-up v2 machine. */
#include <errno.h>
#include <pthread.h>
#include <time.h>

#include "cgroups.h"
#include "check.h"
#include "fake_tree.h"
#include "ring_values.h"
#include "schema/enums.h"
#include "tick/collector.h"

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
	options.max_containers = 4;
	options.history_ns = 200 * MS;
	options.reader = PCF_READER_PREAD;
	for (int g = 0; g < PCF_GROUP_COUNT; g++)
		options.interval_ns[g] = g == PCF_GROUP_NETWORK || g == PCF_GROUP_NETWORK_ERRORS ? 0 : 10 * MS;
}

static void open_collector(void)
{
	int code = pcf_collector_open(&collector, &options, &err);

	if (code < 0)
		fprintf(stderr, "%s\n", err.text);
	CHECK_OR_DIE(code == 0);
}

static void close_collector(void)
{
	pcf_collector_close(collector);
	remove_ring(ring_dir);
}

/* A container is followed whatever groups are on. */
static void test_only(int group)
{
	uint32_t slot, generation;

	set_options();
	for (int g = 0; g < PCF_GROUP_COUNT; g++)
		options.interval_ns[g] = g == group ? 10 * MS : 0;
	open_collector();
	CHECK_EQ(pcf_collector_add(collector, "/a", 0, &slot, &generation, &err), 0);
	CHECK_EQ(pcf_collector_refresh(collector, slot, generation), 0);
	CHECK_EQ(pcf_collector_start(collector, &err), 0);
	CHECK_EQ(pcf_collector_sample(collector, 0, NULL), 0);
	CHECK_EQ(pcf_collector_add(collector, "/nowhere", 0, NULL, NULL, &err), -ENOENT);
	CHECK_EQ(pcf_collector_remove(collector, slot, generation), 0);
	close_collector();
}

/* Discovery's walk finds "/" as well; here its directory has another inode than a whole hierarchy's, 1. */
static void test_root_again(void)
{
	uint32_t slot = 9, generation = 9;
	pcf_slot_record record;

	set_options();
	open_collector();
	CHECK_EQ(pcf_slots_read(pcf_collector_slots(collector), 0, &record), 0);
	CHECK_EQ(pcf_collector_add(collector, "/", 0, &slot, &generation, &err), 0);
	CHECK_EQ(slot, 0);
	CHECK_EQ(generation, record.generation);
	CHECK_EQ(pcf_collector_remove(collector, slot, generation), -EPERM);
	CHECK_EQ(pcf_collector_start(collector, &err), 0);
	CHECK_EQ(pcf_collector_sample(collector, 0, NULL), 0);
	CHECK(keyed_value(pcf_collector_region(collector, PCF_GROUP_TICK), slot, "cpu", PCF_TICK_TICKS) > 0);
	CHECK(row_value(pcf_collector_region(collector, PCF_GROUP_HOST), slot, PCF_HOST_FORKS) == 9);
	close_collector();
	options.disable_root = 1;
	options.interval_ns[PCF_GROUP_NETWORK] = 10 * MS;
	open_collector();
	CHECK_EQ(pcf_collector_add(collector, "/", 0, &slot, &generation, &err), -EPERM);
	close_collector();
}

/* Live rows of a container in a keyed group. */
static int live_rows(int group, uint32_t slot)
{
	pcf_region *region = pcf_collector_region(collector, group);
	pcf_region_row entry;
	int count = 0;

	for (uint32_t row = 0; row < pcf_region_head(region)->row_high; row++)
		count += pcf_region_row_read(region, row, &entry) == 0 && !entry.gone_tick && entry.slot == slot;
	return count;
}

/* A disk that is pulled out: its row goes while the container lives; one that comes back has a row again. */
static void test_gone_disk(void)
{
	uint32_t slot;

	fake_file("/sys/fs/cgroup/a/io.stat", "8:0 rbytes=1 wios=4\n9:1 rbytes=2 wios=3\n");
	set_options();
	open_collector();
	CHECK_EQ(pcf_collector_add(collector, "/a", 0, &slot, NULL, &err), 0);
	CHECK_EQ(pcf_collector_start(collector, &err), 0);
	CHECK_EQ(pcf_collector_sample(collector, 0, NULL), 0);
	CHECK_EQ(live_rows(PCF_GROUP_IO, slot), 2);
	fake_file("/sys/fs/cgroup/a/io.stat", "8:0 rbytes=1 wios=4\n");
	for (int i = 0; i < 1000 && live_rows(PCF_GROUP_IO, slot) == 2; i++)
		CHECK_EQ(pcf_collector_sample(collector, 1ULL << PCF_GROUP_IO, NULL), 0);
	CHECK_EQ(live_rows(PCF_GROUP_IO, slot), 1);
	CHECK_EQ(keyed_value(pcf_collector_region(collector, PCF_GROUP_IO), slot, "8:0", PCF_IO_WRITE_OPS), 4);
	fake_file("/sys/fs/cgroup/a/io.stat", "8:0 rbytes=1 wios=4\n9:1 rbytes=7 wios=3\n");
	CHECK_EQ(pcf_collector_sample(collector, 1ULL << PCF_GROUP_IO, NULL), 0);
	CHECK_EQ(keyed_value(pcf_collector_region(collector, PCF_GROUP_IO), slot, "9:1", PCF_IO_READ_BYTES), 7);
	close_collector();
}

static void *wait_for_ever(void *arg)
{
	return (void *)(intptr_t)pcf_collector_wait(arg, ~0ULL, -1, NULL);
}

static void *sample_slowly(void *arg)
{
	int code = 0;

	while (code == 0)
		code = pcf_collector_sample(arg, 0, NULL);
	return (void *)(intptr_t)code;
}

static void *verify_for_ever(void *arg)
{
	int64_t code = 0;

	while (code >= 0)
		code = pcf_collector_verify(arg, NULL, NULL, NULL);
	return (void *)(intptr_t)code;
}

/* Whoever waits is told and let out before the collector's memory goes (the sanitizers look at that). */
static void test_close_under_waiters(void)
{
	void *(*const calls[])(void *) = {wait_for_ever, sample_slowly, verify_for_ever};
	pthread_t threads[3];
	void *result;

	for (int round = 0; round < 20; round++) {
		set_options();
		open_collector();
		CHECK_EQ(pcf_collector_start(collector, &err), 0);
		for (int i = 0; i < 3; i++)
			CHECK_OR_DIE(pthread_create(&threads[i], NULL, calls[i], collector) == 0);
		nanosleep(&(struct timespec){.tv_nsec = 30 * MS}, NULL);
		CHECK_EQ(pcf_collector_stop(collector), 0);
		for (int i = 0; i < 3; i++) {
			CHECK_EQ(pthread_join(threads[i], &result), 0);
			CHECK_EQ((intptr_t)result, -ESHUTDOWN);
		}
		CHECK_EQ(pcf_collector_start(collector, &err), 0);
		CHECK_OR_DIE(pthread_create(&threads[0], NULL, wait_for_ever, collector) == 0);
		nanosleep(&(struct timespec){.tv_nsec = 30 * MS}, NULL);
		pcf_collector_close(collector);
		CHECK_EQ(pthread_join(threads[0], &result), 0);
		CHECK_EQ((intptr_t)result, -ESHUTDOWN);
	}
	remove_ring(ring_dir);
}

/* A pass as late as the ring is long would be written over the one tick that can be read; it is left out and counted. */
static void test_pause_of_a_whole_round(void)
{
	uint64_t round, tick = 1000;
	pcf_collector_stats stats;
	pcf_region *region;

	set_options();
	open_collector();
	region = pcf_collector_region(collector, PCF_GROUP_HOST);
	round = collector->plan.group[PCF_GROUP_HOST].ring_len;
	pcf_pass_scheduled(collector, tick, tick * 10 * MS);
	CHECK_EQ(pcf_region_latest(region), tick);
	pcf_pass_scheduled(collector, tick + round, (tick + round) * 10 * MS);
	pcf_pass_extra(collector, (tick + 2 * round) * 10 * MS);
	CHECK_EQ(pcf_region_latest(region), tick);
	CHECK(row_value(region, 0, PCF_HOST_FORKS) == 9);
	pcf_pass_scheduled(collector, tick + 2 * round + 1, (tick + 2 * round + 1) * 10 * MS);
	CHECK_EQ(pcf_region_latest(region), tick + 2 * round + 1);
	pcf_collector_stats_get(collector, &stats);
	CHECK_EQ(stats.skipped, 2 * round);
	close_collector();
}

static void test_too_many_containers(void)
{
	set_options();
	options.max_containers = UINT32_MAX;
	CHECK_EQ(pcf_collector_open(&collector, &options, &err), -EINVAL);
	CHECK(strstr(err.text, "containers"));
}

/* A v1 machine that could have six cores and has two: the others have no rows, a core that was taken out keeps its own. */
static void test_cores_that_never_come(void)
{
	pcf_region *cores;
	uint32_t slot, generation;

	fake_begin();
	fake_proc();
	fake_file("/proc/1/mountinfo", "30 23 0:26 / /sys/fs/cgroup/cpuacct rw - cgroup cgroup rw,cpuacct\n");
	fake_file("/sys/devices/system/cpu/possible", "0-5\n");
	fake_file("/sys/devices/system/cpu/present", "0-1\n");
	fake_file("/sys/fs/cgroup/cpuacct/a/cpuacct.usage_percpu", "7 0 0 9 0 0 \n");
	fake_file("/sys/fs/cgroup/cpuacct/a/cpuacct.usage", "16\n");
	fake_file("/sys/fs/cgroup/cpuacct/a/cpuacct.stat", "user 0\nsystem 0\n");
	set_options();
	open_collector();
	CHECK_EQ(pcf_collector_host(collector)->cores_present, 2);
	CHECK_EQ(pcf_collector_host(collector)->cores_possible, 6);
	CHECK_EQ(pcf_collector_add(collector, "/a", 0, &slot, &generation, &err), 0);
	CHECK_EQ(pcf_collector_start(collector, &err), 0);
	CHECK_EQ(pcf_collector_sample(collector, 0, NULL), 0);
	cores = pcf_collector_region(collector, PCF_GROUP_CPU_PERCPU);
	CHECK_EQ(keyed_value(cores, slot, "0", PCF_CPU_PERCPU_USAGE_NS), 7);
	CHECK_EQ(keyed_value(cores, slot, "1", PCF_CPU_PERCPU_USAGE_NS), 0);
	CHECK_EQ(keyed_value(cores, slot, "2", PCF_CPU_PERCPU_USAGE_NS), PCF_ABSENT);
	CHECK_EQ(keyed_value(cores, slot, "3", PCF_CPU_PERCPU_USAGE_NS), 9);
	CHECK_EQ(row_value(pcf_collector_region(collector, PCF_GROUP_CPU), slot, PCF_CPU_USAGE_NS), 16);
	close_collector();
}

int main(void)
{
	snprintf(ring_dir, sizeof ring_dir, "/dev/shm/pcf-test-edges-%ld", (long)getpid());
	fake_v2();
	test_only(PCF_GROUP_NETWORK);
	test_only(PCF_GROUP_HOST);
	test_only(PCF_GROUP_MEMORY);
	test_root_again();
	test_gone_disk();
	test_close_under_waiters();
	test_pause_of_a_whole_round();
	test_too_many_containers();
	test_cores_that_never_come();
	return check_result();
}
