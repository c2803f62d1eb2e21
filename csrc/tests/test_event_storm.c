/* A storm of processes: what is told, what is counted and what is lost add up to what was started. */
#include <spawn.h>

#include "event_live.h"

#define MOST    3000
#define FLOOD   2600 /* some 220 bytes each: more than the buffer of a machine with up to four CPUs holds */
#define RECORDS 40000

static pcf_event *records;
static int spawns; /* as many as this machine can start in a dozen seconds */

static void start(int count)
{
	char *const arguments[] = {"true", NULL}, *const environment[] = {NULL};

	for (int i = 0; i < count; i++) {
		pid_t pid;

		CHECK_OR_DIE(posix_spawn(&pid, "/bin/true", NULL, NULL, arguments, environment) == 0);
		CHECK(waitpid(pid, NULL, 0) == pid);
	}
}

/* CPU time of all children so far, and of theirs. */
static uint64_t waited(void)
{
	struct rusage usage;

	CHECK(getrusage(RUSAGE_CHILDREN, &usage) == 0);
	return ((uint64_t)usage.ru_utime.tv_sec + (uint64_t)usage.ru_stime.tv_sec) * 1000000000 +
	       ((uint64_t)usage.ru_utime.tv_usec + (uint64_t)usage.ru_stime.tv_usec) * 1000;
}

/* In a cgroup of its own, so that nobody else's processes are in the way. */
static void storm_in(const char *name, int count)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		live_enter(name);
		start(count);
		_exit(check_failures ? 1 : 0);
	}
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK_EQ(status, 0);
}

/* Processes that only come and go: as many as fill the kernel's buffer. */
static void flood_in(const char *name, int count)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		live_enter(name);
		for (int i = 0; i < count; i++) {
			pid_t child = fork();

			if (child == 0)
				_exit(0);
			if (child < 0 || waitpid(child, NULL, 0) != child)
				_exit(1);
		}
		_exit(0);
	}
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK_EQ(status, 0);
}

static pcf_event_counters counters_of(pcf_events *events, const char *name)
{
	static pcf_event_counters all[8192];
	int64_t count = pcf_events_counters(events, all, 8192);
	pcf_event_counters found = {0};
	uint64_t ids[PCF_CTL_COUNT] = {0};

	for (int c = 0; c < PCF_CTL_NAMED; c++) {
		char path[600];
		struct stat st;

		cgroup_path(path, sizeof path, c, name);
		if (live_host.controllers[c].version && stat(path, &st) == 0)
			ids[c] = st.st_ino;
	}
	CHECK(count > 0);
	/* While it came into one hierarchy after another, others stood for its cgroup. */
	for (int64_t i = 0; i < count; i++)
		for (int c = 0; c < PCF_CTL_NAMED; c++)
			if (all[i].cgroup_id == ids[c] && all[i].forks > found.forks)
				found = all[i];
	return found;
}

static void check_counters(pcf_events *events, const char *name, uint64_t count, uint64_t execs)
{
	pcf_event_counters of = counters_of(events, name);

	CHECK_EQ(of.forks, count);
	CHECK_EQ(of.execs, execs);
	CHECK_EQ(of.exits, count + 1);
	CHECK_EQ(of.failed, 0);
	CHECK_EQ(of.killed, 0);
	CHECK(of.exit_cpu_ns > count * 1000);
}

static void test_nobody_listens(pcf_events *events)
{
	CHECK(cgroup_each("quiet", 1) > 0);
	storm_in("quiet", 100);
	check_counters(events, "quiet", 100, 100);
	CHECK_EQ(live_read(events, 1ULL << PCF_EVENT_FORK | 1ULL << PCF_EVENT_EXEC | 1ULL << PCF_EVENT_EXIT, 0, records,
			   RECORDS),
		 0);
	CHECK(cgroup_each("quiet", 0) > 0);
}

static void check_told(pcf_events *events, const char *name, uint64_t waited_ns)
{
	uint64_t cpu_ns = 0;
	const int kinds[] = {PCF_EVENT_FORK, PCF_EVENT_EXEC, PCF_EVENT_EXIT};
	char path[200];
	int64_t count = live_await(events, 1ULL << PCF_EVENT_EXIT, 0, records, RECORDS, spawns + 1);

	CHECK_EQ(count + live_lost(events, PCF_EVENT_EXIT), spawns + 1);
	for (int k = 0; k < 3; k++) {
		count = live_read(events, 1ULL << kinds[k], 0, records, RECORDS);
		CHECK_EQ(count + live_lost(events, kinds[k]), spawns + (kinds[k] == PCF_EVENT_EXIT));
		for (int64_t i = 0; i < count; i++) {
			CHECK_STR(records[i].path, cgroup_name(path, sizeof path, name));
			CHECK(records[i].of.process.pid > 0);
		}
	}
	for (int64_t i = 0; i < count; i++) {
		CHECK_EQ(records[i].of.process.exit_code, 0);
		cpu_ns += records[i].of.process.cpu_ns;
		CHECK(records[i].of.process.max_rss_bytes > 65536);
		CHECK(records[i].of.process.run_ns < 60000000000ULL);
	}
	/* Ending costs a process of this size about as much again as living does, and comes after. */
	fprintf(stderr, "cpu of %d: %llu us told, %llu us by wait4\n", spawns, (unsigned long long)cpu_ns / 1000,
		(unsigned long long)waited_ns / 1000);
	CHECK(cpu_ns > waited_ns / 3 && cpu_ns < waited_ns / 20 * 21);
	CHECK(live_read(events, 1ULL << PCF_EVENT_EXEC, 0, records, RECORDS) > 0);
	CHECK_STR(records[0].of.process.filename, "/bin/true");
}

static void test_everybody_listens(pcf_events *events)
{
	const uint64_t kinds = 1ULL << PCF_EVENT_FORK | 1ULL << PCF_EVENT_EXEC | 1ULL << PCF_EVENT_EXIT;

	uint64_t waited_ns;

	CHECK(cgroup_each("storm", 1) > 0);
	CHECK_EQ(pcf_events_want(events, kinds), kinds);
	waited_ns = waited();
	storm_in("storm", spawns);
	waited_ns = waited() - waited_ns;
	check_counters(events, "storm", (uint64_t)spawns, (uint64_t)spawns);
	CHECK(cgroup_each("storm", 0) > 0); /* gone before the last of them were drained */
	check_told(events, "storm", waited_ns);
	CHECK_EQ(pcf_events_want(events, 0), 0);
}

static void test_signals(pcf_events *events)
{
	uint64_t after = pcf_events_latest(events);
	pid_t pid;
	int status;

	CHECK(pcf_events_want(events, 1ULL << PCF_EVENT_EXIT) != 0);
	CHECK(cgroup_each("killed", 1) > 0);
	pid = fork();
	if (pid == 0) {
		live_enter("killed");
		raise(SIGKILL);
	}
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK_EQ(live_await(events, 1ULL << PCF_EVENT_EXIT, after, records, RECORDS, 1), 1);
	CHECK_EQ(records[0].of.process.pid, pid);
	CHECK_EQ(records[0].of.process.signal, SIGKILL);
	CHECK_EQ(records[0].of.process.exit_code, PCF_EVENT_NO_CODE);
	CHECK_EQ(pcf_events_want(events, 0), 0);
	CHECK(cgroup_each("killed", 0) > 0);
}

/* The sum over the records that tell of losses. */
static int64_t told_lost(pcf_events *events, uint64_t after, uint32_t kind)
{
	pcf_events_query query = {.after_seq = after, .kinds = 1ULL << PCF_EVENT_LOST};
	int64_t count = pcf_events_read(events, &query, records, RECORDS), sum = 0;

	for (int64_t i = 0; i < count; i++)
		if (records[i].of.lost.kind == kind)
			sum += (int64_t)records[i].of.lost.count;
	return sum;
}

/* Nobody drains: the kernel's buffer fills, what does not fit is counted, and told as soon as somebody does. */
static void test_overflow(void)
{
	const uint64_t kinds = 1ULL << PCF_EVENT_FORK | 1ULL << PCF_EVENT_EXIT;
	pcf_events_options options = {.dir = live_dir, .host = &live_host};
	int64_t forks, exits, lost_forks, lost_exits;
	pcf_events *events = NULL;
	pcf_error err = {0};
	uint64_t after;

	CHECK_OR_DIE(pcf_events_open(&events, &options, &err) == 0);
	after = pcf_events_latest(events);
	CHECK_EQ(pcf_events_want(events, kinds), kinds);
	CHECK(cgroup_each("flood", 1) > 0);
	flood_in("flood", FLOOD);
	check_counters(events, "flood", FLOOD, 0);
	CHECK_EQ(pcf_events_start(events, &err), 0);
	CHECK(live_await(events, 1ULL << PCF_EVENT_EXIT, after, records, RECORDS, 1) > 0);
	pcf_events_stop(events);
	forks = live_read(events, 1ULL << PCF_EVENT_FORK, after, records, RECORDS);
	exits = live_read(events, 1ULL << PCF_EVENT_EXIT, after, records, RECORDS);
	lost_forks = live_lost(events, PCF_EVENT_FORK);
	lost_exits = live_lost(events, PCF_EVENT_EXIT);
	CHECK(forks < FLOOD && lost_forks > 0 && lost_exits > 0);
	/* Other processes of this machine may be among the lost. */
	CHECK(forks + lost_forks >= FLOOD);
	CHECK(exits + lost_exits >= FLOOD + 1);
	CHECK_EQ(told_lost(events, after, PCF_EVENT_FORK), lost_forks);
	CHECK_EQ(told_lost(events, after, PCF_EVENT_EXIT), lost_exits);
	pcf_events_close(events);
	CHECK(cgroup_each("flood", 0) > 0);
}

static void choose_spawns(void)
{
	uint64_t begun = pcf_now_ns(CLOCK_MONOTONIC);

	start(20);
	spawns = (int)(12000000000ULL * 20 / (pcf_now_ns(CLOCK_MONOTONIC) - begun));
	spawns = spawns > MOST ? MOST : spawns < 100 ? 100 : spawns;
}

int main(void)
{
	pcf_events *events;

	records = calloc(RECORDS, sizeof *records);
	CHECK_OR_DIE(records != NULL);
	choose_spawns();
	live_begin();
	events = live_open(0);
	if (live_has(events, PCF_EVENT_EXIT, PCF_EVENT_SOURCE_BPF)) {
		test_nobody_listens(events);
		test_everybody_listens(events);
		test_signals(events);
		pcf_events_close(events);
		test_overflow();
	} else {
		pcf_events_close(events);
	}
	return check_result();
}
