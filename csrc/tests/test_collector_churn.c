/* A thousand containers come and go on this host while ticks run: descriptors, slots and rows return to their start. */
#include "cgroups.h"
#include "check.h"
#include "open_descriptors.h"

#define MS      1000000ULL
#define CYCLES  1000
#define AT_ONCE 8

typedef struct {
	char name[32];
	uint32_t slot, generation;
	int is_here;
} member;

static void come(pcf_collector *collector, member *m, int cycle)
{
	char path[128];
	pcf_error err;

	snprintf(m->name, sizeof m->name, "c%d", cycle);
	cgroup_each(m->name, 1);
	m->is_here = pcf_collector_add(collector, cgroup_name(path, sizeof path, m->name), 0, &m->slot, &m->generation,
				       &err) == 0;
	CHECK(m->is_here);
	/* The events of the other hierarchies. */
	if (cycle % 3 == 0)
		CHECK_EQ(pcf_collector_refresh(collector, m->slot, m->generation), 0);
}

/* The cgroup goes first, as in life; ticks meet it half gone. */
static void go(pcf_collector *collector, member *m)
{
	if (!m->is_here)
		return;
	CHECK(cgroup_each(m->name, 0) > 0);
	CHECK_EQ(pcf_collector_remove(collector, m->slot, m->generation), 0);
	m->is_here = 0;
}

/* Helpers that read /proc have some file open at any moment, which is no leak and would look like one. */
static int is_of_helpers(int group)
{
	return group >= PCF_GROUP_TCP && group <= PCF_GROUP_SCHEDSTAT;
}

int main(void)
{
	static pcf_host host;
	static member members[AT_ONCE];
	pcf_collector *collector;
	pcf_collector_stats before, after;
	pcf_options options;
	pcf_error err = {0};
	char ring_dir[128];
	unsigned descriptors;

	CHECK_OR_DIE(pcf_host_probe(&host, "", &err) == 0);
	if (cgroups_begin(&host) < 0) {
		fprintf(stderr, "skipped: this user may make no cgroup here\n");
		return 0;
	}
	snprintf(ring_dir, sizeof ring_dir, "/dev/shm/pcf-test-churn-%ld", (long)getpid());
	pcf_options_default(&options);
	options.ring_dir = ring_dir;
	options.max_containers = 32;
	options.history_ns = 100 * MS;
	for (int g = 0; g < PCF_GROUP_COUNT; g++)
		options.interval_ns[g] = is_of_helpers(g) ? 0 : 10 * MS;
	CHECK_OR_DIE(pcf_collector_open(&collector, &options, &err) == 0);
	CHECK_EQ(pcf_collector_start(collector, &err), 0);
	CHECK_EQ(pcf_collector_sample(collector, 0, NULL), 0);
	pcf_collector_stats_get(collector, &before);
	descriptors = kept_descriptors();
	for (int cycle = 0; cycle < CYCLES; cycle++) {
		go(collector, &members[cycle % AT_ONCE]);
		come(collector, &members[cycle % AT_ONCE], cycle);
	}
	for (int i = 0; i < AT_ONCE; i++)
		go(collector, &members[i]);
	CHECK_EQ(pcf_collector_sample(collector, 0, NULL), 0);
	pcf_collector_stats_get(collector, &after);
	CHECK(kept_descriptors() <= descriptors); /* fewer: what only the start needs is closed a moment later */
	CHECK_EQ(after.descriptors, before.descriptors);
	CHECK_EQ(after.slots_live, before.slots_live);
	CHECK_EQ(after.slots_refused, 0);
	CHECK_EQ(after.read_errors, 0);
	CHECK(after.ticks > before.ticks);
	if (after.read_errors)
		fprintf(stderr, "last error: %s\n", after.last_error);
	pcf_collector_close(collector);
	remove_ring(ring_dir);
	return check_result();
}
