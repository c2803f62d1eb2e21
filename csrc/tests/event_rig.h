/* One source of events by itself: opened, drained, and what it told in a list. */
#ifndef PCF_TESTS_EVENT_RIG_H
#define PCF_TESTS_EVENT_RIG_H
#include <poll.h>
#include <sys/wait.h>

#include "cgroups.h"
#include "check.h"
#include "event/source.h"
#include "schema/clock.h"

#define RIG_EVENTS 100000 /* of the whole host, whatever else runs on it */

static pcf_host rig_host;
static pcf_event *rig_events;
static uint32_t rig_count;
static uint64_t rig_lost;
static struct pcf_bpf_numbers rig_more; /* the last that were told with a cgroup */
static struct pcf_bpf_counters rig_counters;

/* What the events object would do with what sources tell it. */
void pcf_event_tell(pcf_events *events, const pcf_event *event)
{
	(void)events;
	CHECK_OR_DIE(rig_count < RIG_EVENTS);
	rig_events[rig_count++] = *event;
}

void pcf_event_tell_cgroup(pcf_events *events, const pcf_event *event, const pcf_event_more *more)
{
	pcf_event_tell(events, event);
	rig_more = more->numbers ? *more->numbers : rig_more;
	rig_counters = more->counters ? *more->counters : rig_counters;
}

void pcf_event_lose(pcf_events *events, int kind, int source, uint64_t count)
{
	(void)events;
	(void)kind;
	(void)source;
	rig_lost += count;
}

static inline void rig_begin(void)
{
	pcf_error err = {0};

	rig_events = calloc(RIG_EVENTS, sizeof *rig_events);
	CHECK_OR_DIE(rig_events && pcf_host_probe(&rig_host, "", &err) == 0);
	CHECK_OR_DIE(cgroups_begin(&rig_host) == 0);
}

static inline pcf_event_source *rig_open(const pcf_event_source_ops *ops, void **fallback)
{
	static pcf_events_options options;
	pcf_event_env env = {.host = &rig_host, .options = &options, .fallback = fallback};
	pcf_event_source *source;
	pcf_error err = {0};
	int rc = ops->open(&source, &env, ops->kinds, &err);

	if (rc)
		fprintf(stderr, "not opened: %s\n", err.text);
	CHECK_OR_DIE(rc == 0);
	return source;
}

/* Drains as the events thread does. */
static inline void rig_turn(pcf_event_source **sources, int count, int most_ms)
{
	struct pollfd polls[4];

	for (int i = 0; i < count; i++) {
		int ms = sources[i]->ops->timeout_ms ? sources[i]->ops->timeout_ms(sources[i]) : -1;
		polls[i] = (struct pollfd){.fd = sources[i]->ops->fd(sources[i]), .events = POLLIN};
		most_ms = ms >= 0 && ms < most_ms ? ms : most_ms;
	}
	poll(polls, (nfds_t)count, most_ms);
	for (int i = 0; i < count; i++)
		sources[i]->ops->drain(sources[i]);
}

static inline void rig_turn_for(pcf_event_source **sources, int count, int ms)
{
	uint64_t until = pcf_now_ns(CLOCK_MONOTONIC) + (uint64_t)ms * 1000000;

	while (pcf_now_ns(CLOCK_MONOTONIC) < until)
		rig_turn(sources, count, 50);
}

/* path "": any of this test's own cgroups, whatever else happens on the host. */
static inline int rig_is_at(const pcf_event *event, const char *path)
{
	char top[80];

	if (*path)
		return strcmp(event->path, path) == 0;
	snprintf(top, sizeof top, "/%s/", cgroups_top);
	return strncmp(event->path, top, strlen(top)) == 0;
}

/* How many of a kind were told of path. */
static inline uint32_t rig_told(int kind, const char *path)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < rig_count; i++)
		count += rig_events[i].kind == kind && rig_is_at(&rig_events[i], path);
	return count;
}

/* Until so many were, or some seconds are over: a test that waits in vain fails by its check. */
static inline uint32_t rig_await(pcf_event_source **sources, int count, int kind, const char *path, uint32_t wanted)
{
	uint64_t until = pcf_now_ns(CLOCK_MONOTONIC) + UINT64_C(20000000000);

	while (rig_told(kind, path) < wanted && pcf_now_ns(CLOCK_MONOTONIC) < until)
		rig_turn(sources, count, 50);
	return rig_told(kind, path);
}

static inline const pcf_event *rig_find(int kind, const char *path)
{
	for (uint32_t i = 0; i < rig_count; i++)
		if (rig_events[i].kind == kind && rig_is_at(&rig_events[i], path))
			return &rig_events[i];
	return NULL;
}

static inline void cgroup_write(int controller, const char *name, const char *file, const char *text)
{
	char path[600];

	cgroup_path(path, sizeof path, controller, name);
	snprintf(path + strlen(path), sizeof path - strlen(path), "/%s", file);
	FILE *out = fopen(path, "w");
	CHECK_OR_DIE(out);
	CHECK(fputs(text, out) >= 0);
	CHECK(fclose(out) == 0);
}

/* A cgroup "/pcf-test-<pid>/name" that may have so much memory, and hands its controllers down. */
static inline void rig_make(const char *name, const char *limit)
{
	int memory = rig_host.controllers[PCF_CTL_MEMORY].version;

	if (memory == 2) { /* top down: what the parent has not, its children get not */
		char path[300];
		snprintf(path, sizeof path, "%s/cgroup.subtree_control", rig_host.controllers[PCF_CTL_MEMORY].mount);
		FILE *out = fopen(path, "w");
		if (out) {
			fputs("+memory", out);
			fclose(out);
		}
		cgroup_write(PCF_CTL_MEMORY, "", "cgroup.subtree_control", "+memory");
	}
	CHECK(cgroup_each(name, 1) > 0);
	if (limit)
		cgroup_write(PCF_CTL_MEMORY, name, memory == 2 ? "memory.max" : "memory.limit_in_bytes", limit);
	if (limit && memory == 2 && access("/proc/swaps", F_OK) == 0)
		cgroup_write(PCF_CTL_MEMORY, name, "memory.swap.max", "0");
}

/* A child that joins the cgroup in its memory hierarchy (and cgroup2), then runs. */
static inline pid_t rig_spawn(const char *name, void (*run)(void))
{
	pid_t pid = fork();

	if (pid == 0) {
		if (cgroup_enter(name, PCF_CTL_MEMORY))
			_exit(99);
		run();
		_exit(0);
	}
	CHECK_OR_DIE(pid > 0);
	return pid;
}
#endif
