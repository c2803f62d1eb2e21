/* A collector with the walk's groups alone, for tests of the walk, and a look inside it. */
#ifndef PCF_TESTS_WALK_RIG_H
#define PCF_TESTS_WALK_RIG_H
#include "check.h"
#include "source/bpf/walk.h"
#include "source/file/study.h"
#include "tick/collector.h"
#include "walk_load.h"

#define MS    1000000ULL
#define LOOKS 200 /* for the walk to be trusted with everything; psi's clocks take some seconds to learn */

static const int rig_groups[] = {PCF_GROUP_CPU,           PCF_GROUP_CPU_PERCPU,  PCF_GROUP_MEMORY,
				 PCF_GROUP_MEMORY_STAT,   PCF_GROUP_MEMORY_SWAP, PCF_GROUP_MEMORY_EVENTS,
				 PCF_GROUP_MEMORY_KERNEL, PCF_GROUP_PRESSURE,    PCF_GROUP_PIDS,
				 PCF_GROUP_LIMITS};

static inline void rig_options(pcf_options *options, const char *ring_dir, uint32_t containers)
{
	pcf_options_default(options);
	options->ring_dir = ring_dir;
	options->max_containers = containers;
	options->history_ns = 500 * MS;
	options->disable_events = 1;
	memset(options->interval_ns, 0, sizeof options->interval_ns);
	for (size_t i = 0; i < sizeof rig_groups / sizeof rig_groups[0]; i++)
		options->interval_ns[rig_groups[i]] = 100 * MS;
	if (load_is_v2())
		options->interval_ns[PCF_GROUP_IO] = 100 * MS;
}

static inline pcf_walked *rig_walked(const pcf_collector *collector)
{
	return ((pcf_file_source *)collector->sources[0])->walked;
}

/* Groups that the walk serves, or could. */
static inline uint64_t rig_served(const pcf_collector *collector)
{
	const pcf_walked *walked = rig_walked(collector);

	return walked ? walked->whole | walked->part : 0;
}

static inline int rig_is_trusted(const pcf_collector *collector)
{
	return rig_served(collector) && !(rig_served(collector) & ~rig_walked(collector)->trusted);
}

static inline uint64_t rig_misses(pcf_collector *collector)
{
	pcf_collector_stats stats;

	pcf_collector_stats_get(collector, &stats);
	return stats.walk_misses;
}

static inline void rig_tick(pcf_collector *collector, int times)
{
	for (int i = 0; i < times; i++)
		CHECK_OR_DIE(pcf_collector_sample(collector, 0, NULL) == 0);
}

static inline uint32_t rig_add(pcf_collector *collector, const char *name, uint32_t *generation)
{
	char path[128];
	uint32_t slot = 0, of;
	pcf_error err = {0};

	CHECK_EQ(pcf_collector_add(collector, cgroup_name(path, sizeof path, name), 0, &slot,
				   generation ? generation : &of, &err),
		 0);
	return slot;
}

static inline pcf_collector *rig_open(const pcf_options *options)
{
	pcf_collector *collector;
	pcf_error err = {0};

	if (pcf_collector_open(&collector, options, &err) < 0 || !collector->walk)
		fprintf(stderr, "no walk: %s\n%s\n", err.text, collector ? pcf_collector_notes(collector) : "");
	CHECK_OR_DIE(collector && collector->walk);
	CHECK_OR_DIE(pcf_collector_start(collector, &err) == 0);
	return collector;
}

static inline void rig_await_trust(pcf_collector *collector)
{
	for (int i = 0; i < LOOKS && !rig_is_trusted(collector); i++)
		CHECK_OR_DIE(pcf_collector_sample(collector, 0, NULL) == 0);
	if (!rig_is_trusted(collector))
		fprintf(stderr, "served %llx, trusted %llx\n", (unsigned long long)rig_served(collector),
			(unsigned long long)rig_walked(collector)->trusted);
	CHECK(rig_is_trusted(collector));
}

static inline void rig_report(void *arg, const char *group, const char *column, const char *container, const char *key,
			      uint64_t before, uint64_t sample, uint64_t after)
{
	(void)arg;
	fprintf(stderr, "outside: %s.%s of %s%s%s: %llu, %llu, %llu\n", group, column, container, *key ? " " : "", key,
		(unsigned long long)before, (unsigned long long)sample, (unsigned long long)after);
}

/* Nothing of the walk went wrong. */
static inline void rig_check(const pcf_collector *collector)
{
	pcf_collector_stats stats;

	pcf_collector_stats_get((pcf_collector *)collector, &stats);
	CHECK(stats.walks > 0);
	CHECK_EQ(stats.walk_errors, 0);
	CHECK_EQ(stats.columns_demoted, 0);
	CHECK_EQ(stats.read_errors, 0);
	if (stats.columns_demoted || stats.read_errors)
		fprintf(stderr, "%s\nlast error: %s\n", pcf_collector_notes(collector), stats.last_error);
}

/* Whether this host lets a walk be tried at all; where it does not, another does. */
static inline int rig_can(const pcf_host *host)
{
	if (host->btf.answer == PCF_YES && host->bpf.answer == PCF_YES &&
	    (host->css_iter.answer == PCF_YES || host->cgroup_iter.answer == PCF_YES))
		return 1;
	fprintf(stderr, "skipped: no eBPF for this user here: %s%s%s; CI has it as root\n", host->btf.reason,
		host->bpf.reason, host->cgroup_iter.reason);
	return 0;
}
#endif
