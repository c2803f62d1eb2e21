/* Real OOM kills: each is told, with its victim, its cgroup and its limit. */
#include <sys/mman.h>

#include "event_live.h"

#define KILLS   40
#define LIMIT   (8ULL << 20)
#define RECORDS 1000

static pcf_event records[RECORDS];
static pid_t pids[KILLS];

static void set_limit(const char *name, const char *bytes)
{
	int is_v2 = live_host.controllers[PCF_CTL_MEMORY].version == 2;

	live_write(PCF_CTL_MEMORY, name, is_v2 ? "memory.max" : "memory.limit_in_bytes", bytes);
	/* Where there is swap, it would be filled first. */
	live_write(PCF_CTL_MEMORY, name, is_v2 ? "memory.swap.max" : "memory.memsw.limit_in_bytes",
		   is_v2 ? "0" : bytes);
}

static void eat(const char *name)
{
	live_enter(name);
	for (;;) {
		char *more = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (more != MAP_FAILED)
			memset(more, 1, 1 << 20);
	}
}

static pid_t kill_in(const char *name)
{
	pid_t pid = fork();

	if (pid == 0)
		eat(name);
	CHECK_OR_DIE(pid > 0);
	return pid;
}

static void check_kill(const pcf_event *event, int number)
{
	const pcf_event_oom *oom = &event->of.oom;
	char name[32], path[200];

	snprintf(name, sizeof name, "kill-%d", number);
	CHECK_STR(event->path, cgroup_name(path, sizeof path, name));
	CHECK_EQ(oom->tgid, pids[number]);
	CHECK_EQ(oom->trigger_pid, pids[number]);
	CHECK_EQ(oom->constraint, PCF_OOM_MEMCG);
	CHECK_EQ(oom->memcg_path_len, strlen(event->path));
	CHECK_EQ(oom->memcg_id, event->cgroup_id);
	CHECK_EQ(oom->limit_bytes, LIMIT);
	CHECK(oom->usage_bytes > LIMIT / 2 && oom->usage_bytes <= LIMIT);
	CHECK(oom->anon_rss_bytes > LIMIT / 2); /* and pages that it shares with its parent, charged there */
	CHECK(oom->total_vm_bytes > oom->anon_rss_bytes);
	CHECK(oom->page_table_bytes > 0 && oom->page_table_bytes != PCF_ABSENT);
	CHECK_EQ(oom->oom_score_adj, 0);
	CHECK_EQ(oom->uid, getuid());
	CHECK(strncmp(oom->comm, "test_event_kill", 15) == 0);
	CHECK_EQ(event->flags, 0);
}

static const pcf_event *kill_of(int64_t count, pid_t pid)
{
	for (int64_t i = 0; i < count; i++)
		if (records[i].of.oom.tgid == (uint32_t)pid)
			return &records[i];
	return NULL;
}

static void test_storm(pcf_events *events)
{
	char name[32];
	int64_t count;
	int status;

	for (int i = 0; i < KILLS; i++) {
		snprintf(name, sizeof name, "kill-%d", i);
		CHECK(cgroup_each(name, 1) > 0);
		set_limit(name, "8388608");
	}
	for (int i = 0; i < KILLS; i++) {
		snprintf(name, sizeof name, "kill-%d", i);
		pids[i] = kill_in(name);
	}
	for (int i = 0; i < KILLS; i++) {
		CHECK(waitpid(pids[i], &status, 0) == pids[i]);
		CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
		snprintf(name, sizeof name, "kill-%d", i);
		CHECK(cgroup_each(name, 0) > 0); /* at once: nobody can look afterwards */
	}
	count = live_await(events, 1ULL << PCF_EVENT_OOM_KILL, 0, records, RECORDS, KILLS);
	CHECK_EQ(count, KILLS);
	for (int i = 0; i < KILLS; i++) {
		const pcf_event *event = kill_of(count, pids[i]);

		CHECK(event != NULL);
		if (event)
			check_kill(event, i);
	}
	count = live_await(events, 1ULL << PCF_EVENT_CONTAINER_EXIT, 0, records, RECORDS, KILLS);
	CHECK_EQ(count, KILLS);
	for (int64_t i = 0; i < count; i++) {
		CHECK_EQ(records[i].of.container.oom_kills, 1);
		CHECK_EQ(records[i].of.container.signal, SIGKILL);
		CHECK_EQ(records[i].of.container.memory_limit_bytes, LIMIT);
		CHECK_EQ(records[i].of.container.memory_peak_bytes, LIMIT);
	}
}

/* The limit is the outer one's, the victim is in the inner one. */
static void test_nested(pcf_events *events)
{
	uint64_t after = pcf_events_latest(events);
	char path[200];
	pid_t pid;
	int status;

	CHECK(cgroup_each("outer", 1) > 0);
	set_limit("outer", "8388608");
	live_hand_down("outer");
	CHECK(cgroup_each("outer/inner", 1) > 0);
	pid = kill_in("outer/inner");
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK_EQ(live_await(events, 1ULL << PCF_EVENT_OOM_KILL, after, records, RECORDS, 1), 1);
	CHECK_STR(records[0].path, cgroup_name(path, sizeof path, "outer/inner"));
	CHECK_EQ(records[0].of.oom.memcg_path_len, strlen(records[0].path) - strlen("/inner"));
	CHECK_EQ(records[0].of.oom.limit_bytes, LIMIT);
	CHECK_EQ(records[0].of.oom.constraint, PCF_OOM_MEMCG);
	CHECK(records[0].of.oom.memcg_id != records[0].cgroup_id);
	CHECK(cgroup_each("outer/inner", 0) > 0);
	CHECK(cgroup_each("outer", 0) > 0);
}

static void test_counters(pcf_events *events)
{
	static pcf_event_counters all[4096];
	uint64_t before = pcf_events_latest(events), found = 0;
	char path[400];
	struct stat st;
	int64_t count;
	pid_t pid;

	CHECK(cgroup_each("counted", 1) > 0);
	set_limit("counted", "8388608");
	cgroup_path(path, sizeof path, PCF_CTL_MEMORY, "counted");
	CHECK(stat(path, &st) == 0);
	pid = kill_in("counted");
	CHECK(waitpid(pid, NULL, 0) == pid);
	CHECK_EQ(live_await(events, 1ULL << PCF_EVENT_OOM_KILL, before, records, RECORDS, 1), 1);
	count = pcf_events_counters(events, all, 4096);
	CHECK(count > 0);
	for (int64_t i = 0; i < count; i++) {
		if (all[i].cgroup_id != st.st_ino)
			continue;
		found++;
		CHECK_EQ(all[i].oom_kills, 1);
		CHECK_EQ(all[i].killed, 1);
		CHECK_EQ(all[i].exits, 1);
		CHECK_EQ(all[i].moved_in, 1);
	}
	CHECK_EQ(found, 1);
	CHECK_EQ(pcf_events_counters(events, all, 0), -ENOSPC);
	CHECK(cgroup_each("counted", 0) > 0);
}

int main(void)
{
	pcf_events *events;

	live_begin();
	live_hand_down("");
	events = live_open(0);
	if (live_has(events, PCF_EVENT_OOM_KILL, PCF_EVENT_SOURCE_BPF)) {
		test_storm(events);
		test_nested(events);
		test_counters(events);
	}
	pcf_events_close(events);
	return check_result();
}
