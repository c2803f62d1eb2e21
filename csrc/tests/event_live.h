/* The events object at work on this host, in a ring directory of its own. */
#ifndef PCF_TESTS_EVENT_LIVE_H
#define PCF_TESTS_EVENT_LIVE_H
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "cgroups.h"
#include "check.h"
#include "schema/clock.h"

static pcf_host live_host;
static char live_dir[200];

static inline void live_remove(void)
{
	char path[300];

	snprintf(path, sizeof path, "%s/events.log", live_dir);
	unlink(path);
	rmdir(live_dir);
}

static inline pcf_events *live_open(uint32_t linger_ms)
{
	pcf_events_options options = {.dir = live_dir, .host = &live_host, .linger_ms = linger_ms};
	pcf_events *events = NULL;
	pcf_error err = {0};

	if (pcf_events_open(&events, &options, &err) < 0)
		fprintf(stderr, "%s\n", err.text);
	CHECK_OR_DIE(events != NULL);
	CHECK_OR_DIE(pcf_events_start(events, &err) == 0);
	return events;
}

static inline void live_begin(void)
{
	pcf_error err = {0};

	CHECK_OR_DIE(pcf_host_probe(&live_host, "", &err) == 0);
	CHECK_OR_DIE(cgroups_begin(&live_host) == 0);
	snprintf(live_dir, sizeof live_dir, "/dev/shm/pcf-test-events-%ld", (long)getpid());
	atexit(live_remove);
}

static inline int live_has(pcf_events *events, int kind, int source)
{
	pcf_events_facts facts;

	pcf_events_facts_get(events, &facts);
	if (facts.kind[kind].source != source)
		fprintf(stderr, "%s comes from %s: %s\n", pcf_event_kind_name(kind),
			pcf_event_source_name(facts.kind[kind].source), facts.kind[kind].reason);
	return facts.kind[kind].source == source;
}

/* On a machine that is busy enough the kernel's buffer may overflow: what was lost is counted, and told. */
static inline int64_t live_lost(pcf_events *events, int kind)
{
	pcf_events_facts facts;

	pcf_events_facts_get(events, &facts);
	if (facts.kind[kind].lost)
		fprintf(stderr, "%llu of %s were lost\n", (unsigned long long)facts.kind[kind].lost,
			pcf_event_kind_name(kind));
	return (int64_t)facts.kind[kind].lost;
}

/* All events of these kinds below the test's own cgroup, oldest first. */
static inline int64_t live_read(pcf_events *events, uint64_t kinds, uint64_t after, pcf_event *out, uint32_t max)
{
	char top[80];
	pcf_events_query query = {
		.after_seq = after, .kinds = kinds, .path = cgroup_name(top, sizeof top, ""), .is_subtree = 1};

	return pcf_events_read(events, &query, out, max);
}

/* Until so many are there; a test that waits in vain fails by its check. */
static inline int64_t live_await(pcf_events *events, uint64_t kinds, uint64_t after, pcf_event *out, uint32_t max,
				 int64_t wanted)
{
	uint64_t until = pcf_now_ns(CLOCK_MONOTONIC) + 60000000000ULL, latest = 0;
	int64_t count = live_read(events, kinds, after, out, max);

	while (count < wanted && pcf_now_ns(CLOCK_MONOTONIC) < until) {
		(void)pcf_events_wait(events, pcf_events_latest(events), 50, &latest);
		count = live_read(events, kinds, after, out, max);
	}
	return count;
}

static inline void live_write(int controller, const char *name, const char *file, const char *text)
{
	char path[600];
	int fd;

	cgroup_path(path, sizeof path, controller, name);
	snprintf(path + strlen(path), sizeof path - strlen(path), "/%s", file);
	fd = open(path, O_WRONLY);
	if (fd >= 0) {
		ssize_t n = write(fd, text, strlen(text));

		(void)n;
		close(fd);
	}
}

/* On cgroup2 a controller is had by those whose parents hand it down. */
static inline void live_hand_down(const char *name)
{
	char path[300];
	int fd;

	if (live_host.layout != PCF_LAYOUT_V2)
		return;
	snprintf(path, sizeof path, "%s/cgroup.subtree_control", live_host.controllers[PCF_CTL_UNIFIED].mount);
	fd = open(path, O_WRONLY);
	if (fd >= 0) {
		ssize_t n = write(fd, "+memory +cpu +pids +io", 22);

		(void)n;
		close(fd);
	}
	live_write(PCF_CTL_UNIFIED, name, "cgroup.subtree_control", "+memory +cpu +pids +io");
}

/* The calling process into every hierarchy that has the cgroup. */
static inline void live_enter(const char *name)
{
	for (int c = 0; c < PCF_CTL_NAMED; c++)
		if (live_host.controllers[c].version == 1 || (c == PCF_CTL_UNIFIED && live_host.controllers[c].version))
			(void)cgroup_enter(name, c);
}

static inline void live_burn(uint64_t ns)
{
	uint64_t until = pcf_now_ns(CLOCK_PROCESS_CPUTIME_ID) + ns;

	while (pcf_now_ns(CLOCK_PROCESS_CPUTIME_ID) < until)
		for (volatile int i = 0; i < 1000; i++)
			;
}
#endif
