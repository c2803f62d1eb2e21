/* Cgroups that come, fill, empty and go, without BPF. */
#include "event/fallback.h"
#include "event_rig.h"

static void wait_long(void)
{
	pause();
}

static uint32_t index_of(int kind, const char *path)
{
	const pcf_event *found = rig_find(kind, path);

	CHECK_OR_DIE(found);
	return (uint32_t)(found - rig_events);
}

/* One life: made, filled, emptied, removed; each told once, in this order, over all hierarchies. */
static void test_life(pcf_event_source **sources, int count)
{
	char path[128], below[128];
	pid_t pid;

	rig_count = 0;
	cgroup_name(path, sizeof path, "life");
	cgroup_name(below, sizeof below, "life/below");
	rig_make("life", NULL);
	rig_make("life/below", NULL);
	CHECK_EQ(rig_await(sources, count, PCF_EVENT_CGROUP_CREATED, below, 1), 1);
	pid = rig_spawn("life/below", wait_long);
	CHECK_EQ(rig_await(sources, count, PCF_EVENT_POPULATED, path, 1), 1);
	CHECK_EQ(rig_await(sources, count, PCF_EVENT_POPULATED, below, 1), 1);
	kill(pid, SIGKILL);
	waitpid(pid, &(int){0}, 0);
	CHECK_EQ(rig_await(sources, count, PCF_EVENT_EMPTY, path, 1), 1);
	CHECK(cgroup_each("life/below", 0) > 0);
	CHECK(cgroup_each("life", 0) > 0);
	CHECK_EQ(rig_await(sources, count, PCF_EVENT_CGROUP_REMOVED, path, 1), 1);
	for (int i = 0; i < 10; i++)
		rig_turn(sources, count, 20);
	for (int kind = PCF_EVENT_CGROUP_CREATED; kind <= PCF_EVENT_EMPTY; kind++) {
		CHECK_EQ(rig_told(kind, path), 1);
		CHECK_EQ(rig_told(kind, below), 1);
	}
	CHECK(index_of(PCF_EVENT_CGROUP_CREATED, path) < index_of(PCF_EVENT_CGROUP_CREATED, below));
	CHECK(index_of(PCF_EVENT_CGROUP_CREATED, path) < index_of(PCF_EVENT_POPULATED, path));
	CHECK(index_of(PCF_EVENT_POPULATED, below) < index_of(PCF_EVENT_EMPTY, below));
	CHECK(index_of(PCF_EVENT_EMPTY, path) < index_of(PCF_EVENT_CGROUP_REMOVED, path));
	CHECK(index_of(PCF_EVENT_CGROUP_REMOVED, below) < index_of(PCF_EVENT_CGROUP_REMOVED, path));
}

/* Removed before anybody looked whether it was empty. */
static void test_sudden(pcf_event_source **sources, int count)
{
	char path[128];
	pid_t pid;

	rig_count = 0;
	cgroup_name(path, sizeof path, "sudden");
	rig_make("sudden", NULL);
	pid = rig_spawn("sudden", wait_long);
	CHECK_EQ(rig_await(sources, count, PCF_EVENT_POPULATED, path, 1), 1);
	kill(pid, SIGKILL);
	waitpid(pid, &(int){0}, 0);
	CHECK(cgroup_each("sudden", 0) > 0);
	CHECK_EQ(rig_await(sources, count, PCF_EVENT_CGROUP_REMOVED, path, 1), 1);
	CHECK_EQ(rig_told(PCF_EVENT_EMPTY, path), 1);
	CHECK(index_of(PCF_EVENT_EMPTY, path) < index_of(PCF_EVENT_CGROUP_REMOVED, path));
}

/* What is there at the start is no news, and its end is. */
static void test_there_before(void)
{
	void *fallback = NULL;
	char path[128];
	pcf_event_source *source;

	rig_count = 0;
	cgroup_name(path, sizeof path, "before");
	rig_make("before", NULL);
	pid_t pid = rig_spawn("before", wait_long);
	source = rig_open(&pcf_event_watch, &fallback);
	rig_turn(&source, 1, 100);
	CHECK_EQ(rig_told(PCF_EVENT_CGROUP_CREATED, path), 0);
	kill(pid, SIGKILL);
	waitpid(pid, &(int){0}, 0);
	CHECK(cgroup_each("before", 0) > 0);
	CHECK_EQ(rig_await(&source, 1, PCF_EVENT_CGROUP_REMOVED, path, 1), 1);
	source->ops->close(source);
	CHECK(fallback == NULL);
}

/* cgroup2 says "empty" before the end of the process is told: what is known of it goes into the same life. */
static void test_end_told_late(void)
{
	void *fallback = NULL;
	pcf_event_source *source = rig_open(&pcf_event_watch, &fallback);
	pcf_tree *tree = ((pcf_fallback *)fallback)->tree;
	char path[128];

	if (tree->unified >= 0) {
		rig_count = 0;
		((pcf_fallback *)fallback)->is_told_of_processes = true;
		cgroup_name(path, sizeof path, "owed");
		rig_make("owed", NULL);
		pid_t pid = rig_spawn("owed", wait_long);
		CHECK_EQ(rig_await(&source, 1, PCF_EVENT_POPULATED, path, 1), 1);
		pcf_tree_count(tree, path, PCF_EVENT_EXEC, (uint32_t)pid, "worker", 1, 0);
		kill(pid, SIGKILL);
		waitpid(pid, &(int){0}, 0);
		rig_turn_for(&source, 1, 200);
		CHECK_EQ(rig_told(PCF_EVENT_EMPTY, path), 0);
		pcf_tree_count(tree, path, PCF_EVENT_EXIT, (uint32_t)pid, "worker", 0, SIGKILL);
		pcf_tree_touch(tree, path);
		pcf_tree_settle(tree);
		CHECK_EQ(rig_told(PCF_EVENT_EMPTY, path), 1);
		CHECK_EQ(rig_counters.first_status, SIGKILL);
		CHECK_EQ(rig_find(PCF_EVENT_EMPTY, path)->flags & PCF_EVENT_LATE, 0);

		pid = rig_spawn("owed", wait_long); /* and one whose end nobody tells */
		CHECK_EQ(rig_await(&source, 1, PCF_EVENT_POPULATED, path, 2), 2);
		pcf_tree_count(tree, path, PCF_EVENT_EXEC, (uint32_t)pid, "worker", 1, 0);
		kill(pid, SIGKILL);
		waitpid(pid, &(int){0}, 0);
		CHECK_EQ(rig_await(&source, 1, PCF_EVENT_EMPTY, path, 2), 2);
		CHECK(rig_events[rig_count - 1].flags & PCF_EVENT_LATE);
		CHECK(cgroup_each("owed", 0) > 0);
	}
	source->ops->close(source);
}

/* Many at once, and no descriptor left behind. */
static void test_many(pcf_event_source **sources, int count)
{
	char name[64];

	rig_count = 0;
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof name, "many%d", i);
		rig_make(name, NULL);
	}
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof name, "many%d", i);
		CHECK(cgroup_each(name, 0) > 0);
	}
	for (int i = 0; i < 20; i++)
		rig_turn(sources, count, 20);
	CHECK_EQ(rig_told(PCF_EVENT_CGROUP_CREATED, ""), rig_told(PCF_EVENT_CGROUP_REMOVED, ""));
}

int main(void)
{
	void *fallback = NULL;
	pcf_event_source *sources[2];

	rig_begin();
	sources[0] = rig_open(&pcf_event_connector, &fallback);
	sources[1] = rig_open(&pcf_event_watch, &fallback);
	test_life(sources, 2);
	test_sudden(sources, 2);
	test_many(sources, 2);
	sources[0]->ops->close(sources[0]); /* without the connector, by looking now and then */
	test_life(&sources[1], 1);
	sources[1]->ops->close(sources[1]);
	CHECK(fallback == NULL);
	test_there_before();
	test_end_told_late();
	return check_result();
}
