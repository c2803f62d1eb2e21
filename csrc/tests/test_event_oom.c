/* OOM kills as the kernel's log and the cgroups' counters tell them: real ones, in cgroups of a few MiB. */
#include "event/fallback.h"
#include "event_rig.h"

#define KILLS 10
#define CROWD 30

/* More memory than the cgroup may have, page by page. */
static void eat(void)
{
	size_t size = 64u << 20;
	volatile char *all = malloc(size);

	for (size_t i = 0; all && i < size; i += 4096)
		all[i] = 1;
	pause();
}

static uint32_t kill_some(const char *name, int times)
{
	uint32_t killed = 0;

	for (int i = 0; i < times; i++) {
		int status;
		pid_t pid = rig_spawn(name, eat);
		CHECK(waitpid(pid, &status, 0) == pid);
		killed += WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
	}
	return killed;
}

/* Each kill once, in the right cgroup, by the source given; whether printk left its header out or not. */
static void test_kills(const pcf_event_source_ops *ops, const char *name, int has_connector)
{
	void *fallback = NULL;
	pcf_event_source *sources[2];
	int count = 0;
	char path[128];

	rig_count = 0;
	cgroup_name(path, sizeof path, name);
	if (has_connector)
		sources[count++] = rig_open(&pcf_event_connector, &fallback);
	sources[count++] = rig_open(ops, &fallback);
	rig_make(name, "8388608");
	rig_make("other", NULL);
	rig_turn(sources, count, 10);
	CHECK_EQ(kill_some(name, KILLS), KILLS);
	CHECK_EQ(rig_await(sources, count, PCF_EVENT_OOM_KILL, path, KILLS), KILLS);
	rig_turn_for(sources, count, 1000); /* and none twice: the counters had time to complain */
	CHECK_EQ(rig_told(PCF_EVENT_OOM_KILL, path), KILLS);
	CHECK_EQ(rig_told(PCF_EVENT_OOM, ""), 0);
	CHECK_EQ(cgroup_each("other", 0) > 0, 1);
	for (int i = count - 1; i >= 0; i--)
		sources[i]->ops->close(sources[i]);
	CHECK(fallback == NULL);
	CHECK(cgroup_each(name, 0) > 0);
}

static void check_details(void)
{
	const pcf_event *whole = NULL;
	uint32_t bare = 0;

	for (uint32_t i = 0; i < rig_count; i++) {
		const pcf_event *event = &rig_events[i];
		if (event->kind != PCF_EVENT_OOM_KILL || !rig_is_at(event, ""))
			continue;
		CHECK_EQ(event->source, PCF_EVENT_SOURCE_KMSG);
		CHECK(event->of.oom.pid > 0);
		CHECK_EQ(event->of.oom.constraint, PCF_OOM_MEMCG);
		CHECK(event->of.oom.anon_rss_bytes > (1u << 20) && event->of.oom.anon_rss_bytes < (64u << 20));
		CHECK(event->monotonic_ns > 0 && event->monotonic_ns <= pcf_now_ns(CLOCK_MONOTONIC));
		CHECK(strncmp(event->of.oom.comm, "test_event_oom", 14) == 0);
		if (event->of.oom.usage_bytes != PCF_ABSENT)
			whole = event;
		bare += (event->flags & PCF_EVENT_PARTIAL) != 0;
	}
	fprintf(stderr, "%u of %u kills without a header in the log\n", bare, rig_told(PCF_EVENT_OOM_KILL, ""));
	if (whole) {
		CHECK_EQ(whole->of.oom.limit_bytes, 8388608);
		CHECK_EQ(whole->of.oom.memcg_path_len, strlen(whole->path));
		CHECK(whole->of.oom.trigger_pid > 0);
	}
}

/* All at once, each in a cgroup of its own that it went into by itself, while the log leaves out where: one event each,
 * and where it is not said to be a guess, of the right process. */
static void test_at_once(void)
{
	void *fallback = NULL;
	pcf_event_source *sources[2] = {rig_open(&pcf_event_connector, &fallback),
					rig_open(&pcf_event_kmsg, &fallback)};
	char name[32], path[128];
	pid_t pids[CROWD];
	uint32_t guessed = 0;

	rig_count = 0;
	for (int i = 0; i < CROWD; i++) {
		snprintf(name, sizeof name, "crowd%d", i);
		rig_make(name, "8388608");
	}
	rig_turn(sources, 2, 10);
	for (int i = 0; i < CROWD; i++) {
		snprintf(name, sizeof name, "crowd%d", i);
		pids[i] = rig_spawn(name, eat);
	}
	rig_await(sources, 2, PCF_EVENT_OOM_KILL, "", CROWD);
	rig_turn_for(sources, 2, 1000);
	CHECK_EQ(rig_told(PCF_EVENT_OOM_KILL, ""), CROWD);
	for (int i = 0; i < CROWD; i++) {
		snprintf(name, sizeof name, "crowd%d", i);
		CHECK_EQ(rig_told(PCF_EVENT_OOM_KILL, cgroup_name(path, sizeof path, name)), 1);
		const pcf_event *event = rig_find(PCF_EVENT_OOM_KILL, path);
		CHECK_OR_DIE(event);
		guessed += (event->flags & PCF_EVENT_GUESSED) != 0;
		CHECK(event->of.oom.pid == (uint32_t)pids[i] || (event->flags & PCF_EVENT_GUESSED));
		CHECK(waitpid(pids[i], &(int){0}, 0) == pids[i]);
		CHECK(cgroup_each(name, 0) > 0);
	}
	fprintf(stderr, "%u of %d places guessed\n", guessed, CROWD);
	sources[1]->ops->close(sources[1]);
	sources[0]->ops->close(sources[0]);
}

int main(void)
{
	rig_begin();
	test_kills(&pcf_event_kmsg, "logged", 1);
	check_details();
	test_kills(&pcf_event_kmsg, "unplaced", 0); /* by now without "oom-kill:" lines: by the counters alone */
	check_details();
	test_at_once();
	test_kills(&pcf_event_memory_events, "counted", 0);
	CHECK_EQ(rig_find(PCF_EVENT_OOM_KILL, "")->source, PCF_EVENT_SOURCE_MEMORY_EVENTS);
	CHECK_EQ(rig_find(PCF_EVENT_OOM_KILL, "")->of.oom.pid, 0);
	return check_result();
}
