/* A collector on this host: the root and a cgroup of our own, three ticks of 100 ms. */
#include "cgroups.h"
#include "check.h"
#include "ring_values.h"
#include "schema/enums.h"

#define MS 1000000ULL

static char ring_dir[128];

static void options_for(pcf_options *options, uint64_t interval_ns)
{
	pcf_options_default(options);
	options->ring_dir = ring_dir;
	options->max_containers = 64;
	options->history_ns = 2000 * MS;
	for (int g = 0; g < PCF_GROUP_COUNT; g++)
		options->interval_ns[g] = interval_ns;
}

static int value_of(pcf_region *region, uint32_t row, int column, uint64_t *value)
{
	const pcf_region_header *head = pcf_region_head(region);
	const pcf_region_column *columns = pcf_region_columns(region);
	uint64_t values[PCF_MAX_GROUP_COLUMNS];
	int code = latest_values(region, row, values);

	*value = PCF_ABSENT;
	for (uint32_t c = 0; code == 0 && c < head->column_count; c++)
		if (columns[c].index == column)
			*value = values[c];
	return code;
}

static void check_root(pcf_collector *collector)
{
	uint64_t value;

	CHECK_EQ(value_of(pcf_collector_region(collector, PCF_GROUP_CPU), 0, PCF_CPU_USAGE_NS, &value), 0);
	CHECK(value > 0 && value != PCF_ABSENT);
	CHECK_EQ(value_of(pcf_collector_region(collector, PCF_GROUP_HOST), 0, PCF_HOST_MEMORY_TOTAL_BYTES, &value), 0);
	CHECK_EQ(value, pcf_collector_host(collector)->memory_bytes);
	CHECK_EQ(value_of(pcf_collector_region(collector, PCF_GROUP_PIDS), 0, PCF_PIDS_CURRENT, &value), 0);
	CHECK(value > 1 && value < 1000000);
	CHECK_EQ(value_of(pcf_collector_region(collector, PCF_GROUP_TICK), 0, PCF_TICK_TICKS, &value), 0);
	CHECK(value >= 2);
}

static void check_container(pcf_collector *collector, uint32_t slot)
{
	const pcf_host *host = pcf_collector_host(collector);
	uint64_t value;

	if (host->controllers[PCF_CTL_CPUACCT].version) {
		CHECK_EQ(value_of(pcf_collector_region(collector, PCF_GROUP_CPU), slot, PCF_CPU_USAGE_NS, &value), 0);
		CHECK(value != PCF_ABSENT);
	}
	if (host->controllers[PCF_CTL_MEMORY].version == 1) {
		CHECK_EQ(value_of(pcf_collector_region(collector, PCF_GROUP_MEMORY_STAT), slot,
				  PCF_MEMORY_STAT_ANON_BYTES, &value),
			 0);
		CHECK(value != PCF_ABSENT);
		CHECK_EQ(value_of(pcf_collector_region(collector, PCF_GROUP_LIMITS), slot, PCF_LIMITS_MEMORY_BYTES,
				  &value),
			 0);
		CHECK_EQ(value, PCF_UNLIMITED);
	}
	if (host->controllers[PCF_CTL_PIDS].version == 1) {
		CHECK_EQ(value_of(pcf_collector_region(collector, PCF_GROUP_PIDS), slot, PCF_PIDS_CURRENT, &value), 0);
		CHECK_EQ(value, 0);
	}
	CHECK_EQ(value_of(pcf_collector_region(collector, PCF_GROUP_HOST), slot, PCF_HOST_IDLE_NS, &value), -ENOENT);
}

static void report(void *arg, const char *group, const char *column, const char *container, const char *key,
		   uint64_t before, uint64_t sample, uint64_t after)
{
	(void)arg;
	fprintf(stderr, "outside: %s %s of %s%s%s: %llu, %llu, %llu\n", group, column, container, *key ? " " : "", key,
		(unsigned long long)before, (unsigned long long)sample, (unsigned long long)after);
}

static void test_three_ticks(int reader)
{
	pcf_options options;
	pcf_collector *collector;
	pcf_collector_stats stats;
	pcf_error err = {0};
	uint32_t slot, generation, again, again_generation;
	uint64_t latest = 0, checked = 0;
	char path[128];

	options_for(&options, 100 * MS);
	options.reader = reader;
	CHECK_OR_DIE(pcf_collector_open(&collector, &options, &err) == 0);
	cgroup_each("a", 1);
	CHECK_EQ(pcf_collector_add(collector, cgroup_name(path, sizeof path, "a"), 0, &slot, &generation, &err), 0);
	CHECK(slot != 0);
	CHECK_EQ(pcf_collector_add(collector, path, 0, &again, &again_generation, &err), 0);
	CHECK(again == slot && again_generation == generation);
	CHECK_EQ(pcf_collector_add(collector, "/pcf-test-nowhere", 0, &again, &again_generation, &err), -ENOENT);
	CHECK_EQ(pcf_collector_sample(collector, 0, NULL), -ESHUTDOWN);
	CHECK_EQ(pcf_collector_start(collector, &err), 0);
	CHECK_EQ(pcf_collector_settle(collector), 0);
	for (int i = 0; i < 3; i++)
		CHECK_EQ(pcf_collector_wait(collector, latest, 5000, &latest), 0);
	check_root(collector);
	check_container(collector, slot);
	CHECK_EQ(pcf_collector_verify(collector, report, NULL, &checked), 0);
	CHECK(checked > 50);
	pcf_collector_stats_get(collector, &stats);
	CHECK_EQ(stats.slots_live, 2);
	CHECK_EQ(stats.read_errors, 0);
	CHECK(stats.descriptors > 5 || reader == PCF_READER_OPENAT);
	CHECK_EQ(stats.slots_openat, reader == PCF_READER_OPENAT);
	if (stats.read_errors)
		fprintf(stderr, "last error: %s\n", stats.last_error);
	CHECK_EQ(pcf_collector_remove(collector, slot, generation), 0);
	CHECK_EQ(pcf_collector_remove(collector, slot, generation), -ESTALE);
	CHECK_EQ(cgroup_each("a", 0) > 0, 1);
	CHECK_EQ(pcf_collector_stop(collector), 0);
	CHECK_EQ(pcf_collector_wait(collector, ~0ULL, 1000, NULL), -ESHUTDOWN);
	pcf_collector_close(collector);
}

int main(void)
{
	static pcf_host host;
	pcf_error err;

	CHECK_OR_DIE(pcf_host_probe(&host, "", &err) == 0);
	if (cgroups_begin(&host) < 0) {
		fprintf(stderr, "skipped: this user may make no cgroup here\n");
		return 0;
	}
	snprintf(ring_dir, sizeof ring_dir, "/dev/shm/pcf-test-%ld", (long)getpid());
	for (int reader = PCF_READER_AUTO; reader <= PCF_READER_URING; reader++)
		test_three_ticks(reader);
	remove_ring(ring_dir);
	return check_result();
}
