/* Two collectors at once, cgroups below cgroups, a collector in a cgroup namespace, a log that outlives its writer. */
#include <sched.h>
#include <sys/mount.h>

#include "event_live.h"

#define RECORDS 2000

static pcf_event records[RECORDS];

static void run_in(const char *name)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		live_enter(name);
		_exit(5);
	}
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK_EQ(WEXITSTATUS(status), 5);
}

static int64_t of_path(int64_t count, const char *name, int kind)
{
	char path[200];
	int64_t found = 0;

	cgroup_name(path, sizeof path, name);
	for (int64_t i = 0; i < count; i++)
		found += records[i].kind == kind && strcmp(records[i].path, path) == 0;
	return found;
}

static void check_life(pcf_events *events, uint64_t after, const char *name)
{
	const uint64_t removed = 1ULL << PCF_EVENT_CGROUP_REMOVED;
	int64_t count = live_await(events, removed, after, records, RECORDS, 1);

	CHECK(count > 0);
	count = live_read(events, 0, after, records, RECORDS);
	CHECK_EQ(of_path(count, name, PCF_EVENT_CGROUP_CREATED), 1);
	CHECK_EQ(of_path(count, name, PCF_EVENT_POPULATED), 1);
	CHECK_EQ(of_path(count, name, PCF_EVENT_CONTAINER_START), 1);
	CHECK_EQ(of_path(count, name, PCF_EVENT_CONTAINER_EXIT), 1);
	CHECK_EQ(of_path(count, name, PCF_EVENT_CGROUP_REMOVED), 1);
	for (int64_t i = 0; i < count; i++)
		if (records[i].kind == PCF_EVENT_CONTAINER_EXIT)
			CHECK_EQ(records[i].of.container.exit_code, 5);
}

/* Each sees all; neither is in the other's way. */
static void test_two_at_once(pcf_events *first)
{
	pcf_events_options options = {.host = &live_host};
	char dir[210], file[230];
	uint64_t after = pcf_events_latest(first);
	pcf_events *second = NULL;
	pcf_error err = {0};

	snprintf(dir, sizeof dir, "%s-second", live_dir);
	options.dir = dir;
	CHECK_OR_DIE(pcf_events_open(&second, &options, &err) == 0);
	CHECK(pcf_events_start(second, &err) == 0);
	CHECK(live_has(second, PCF_EVENT_EMPTY, PCF_EVENT_SOURCE_BPF));
	CHECK(cgroup_each("both", 1) > 0);
	run_in("both");
	CHECK(cgroup_each("both", 0) > 0);
	check_life(first, after, "both");
	check_life(second, 0, "both");
	pcf_events_close(second);
	after = pcf_events_latest(first);
	CHECK(cgroup_each("one", 1) > 0);
	run_in("one");
	CHECK(cgroup_each("one", 0) > 0);
	check_life(first, after, "one");
	snprintf(file, sizeof file, "%s/events.log", dir);
	unlink(file);
	rmdir(dir);
}

/* A container that starts containers: each has its own record, the outer one lives as long as what is in it. */
static void test_nested(pcf_events *events)
{
	uint64_t after = pcf_events_latest(events);
	int64_t count;
	pid_t outer;
	int gate[2];

	CHECK_OR_DIE(pipe(gate) == 0);
	CHECK(cgroup_each("nest", 1) > 0);
	CHECK(cgroup_each("nest/egg", 1) > 0);
	outer = fork();
	if (outer == 0) {
		char byte;

		live_enter("nest");
		close(gate[1]);
		_exit(read(gate[0], &byte, 1) == 0 ? 6 : 1);
	}
	close(gate[0]);
	CHECK(live_await(events, 1ULL << PCF_EVENT_CONTAINER_START, after, records, RECORDS, 1) == 1);
	run_in("nest/egg");
	CHECK(cgroup_each("nest/egg", 0) > 0);
	CHECK_EQ(live_await(events, 1ULL << PCF_EVENT_CONTAINER_EXIT, after, records, RECORDS, 1), 1);
	CHECK(strstr(records[0].path, "/nest/egg") != NULL);
	CHECK_EQ(records[0].of.container.exit_code, 5);
	close(gate[1]);
	CHECK(waitpid(outer, NULL, 0) == outer);
	CHECK(cgroup_each("nest", 0) > 0);
	CHECK_EQ(live_await(events, 1ULL << PCF_EVENT_CONTAINER_EXIT, after, records, RECORDS, 2), 2);
	CHECK_EQ(records[1].of.container.exit_code, 6);
	CHECK_EQ(records[1].of.container.processes, 1);
	count = live_read(events, 0, after, records, RECORDS);
	CHECK_EQ(of_path(count, "nest", PCF_EVENT_EMPTY), 1);
	CHECK_EQ(of_path(count, "nest/egg", PCF_EVENT_EMPTY), 1);
}

/* A cgroup is known by who was told: names for the records to come, and for those that come after its end. */
static void test_names(pcf_events *events)
{
	uint64_t after = pcf_events_latest(events), seq;
	char path[200];
	int64_t count;

	CHECK(cgroup_each("named", 1) > 0);
	cgroup_name(path, sizeof path, "named");
	pcf_events_identify(events, path, 3ULL << 32 | 9, "docker", "0123", "web");
	run_in("named");
	CHECK(cgroup_each("named", 0) > 0);
	count = live_await(events, 1ULL << PCF_EVENT_CONTAINER_EXIT, after, records, RECORDS, 1);
	CHECK_EQ(count, 1);
	CHECK_EQ(records[0].handle, 3ULL << 32 | 9);
	CHECK_STR(records[0].name, "web");
	CHECK_STR(records[0].id, "0123");
	CHECK_STR(records[0].runtime, "docker");
	CHECK_EQ(records[0].of.container.runtime_code, PCF_EVENT_NO_CODE);
	seq = records[0].seq;
	CHECK_EQ(pcf_events_runtime_exit(events, path, 42), 0);
	CHECK_EQ(live_read(events, 1ULL << PCF_EVENT_CONTAINER_EXIT, seq - 1, records, RECORDS), 1);
	CHECK_EQ(records[0].of.container.runtime_code, 42);
	CHECK(records[0].flags & PCF_EVENT_AMENDED);
	CHECK_EQ(pcf_events_runtime_exit(events, "/pcf-test-nobody", 1), -ENOENT);
}

/* ---- in a cgroup namespace ---- */

static int mount_view(void)
{
	int v2 = live_host.layout == PCF_LAYOUT_V2;

	if (unshare(CLONE_NEWNS | CLONE_NEWCGROUP) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return -errno;
	if (umount2("/sys/fs/cgroup", MNT_DETACH) < 0)
		return -errno;
	if (v2)
		return mount("none", "/sys/fs/cgroup", "cgroup2", 0, NULL) < 0 ? -errno : 0;
	if (mount("none", "/sys/fs/cgroup", "tmpfs", 0, NULL) < 0 || mkdir("/sys/fs/cgroup/memory", 0755) < 0)
		return -errno;
	return mount("none", "/sys/fs/cgroup/memory", "cgroup", 0, "memory") < 0 ? -errno : 0;
}

/* Only what is below the namespace's root, by names that begin there. */
static void watch_from_inside(void)
{
	const char *mount_point = live_host.layout == PCF_LAYOUT_V2 ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory";
	pcf_events_query removed = {.kinds = 1ULL << PCF_EVENT_CGROUP_REMOVED};
	static pcf_host inside;
	char dir[210], path[300];
	pcf_events *events = NULL;
	pcf_error err = {0};
	uint64_t latest;

	snprintf(dir, sizeof dir, "%s-inside", live_dir);
	CHECK_OR_DIE(pcf_host_probe(&inside, "", &err) == 0);
	CHECK_OR_DIE(pcf_events_open(&events, &(pcf_events_options){.dir = dir, .host = &inside}, &err) == 0);
	CHECK(pcf_events_start(events, &err) == 0);
	CHECK(live_has(events, PCF_EVENT_EMPTY, PCF_EVENT_SOURCE_BPF));
	CHECK(kill(getppid(), SIGUSR1) == 0); /* it makes one outside */
	for (int i = 0; i < 20; i++)
		usleep(10000);
	snprintf(path, sizeof path, "%s/mine", mount_point);
	CHECK(mkdir(path, 0755) == 0);
	CHECK(rmdir(path) == 0);
	for (int i = 0; i < 600 && pcf_events_read(events, &removed, records, RECORDS) < 1; i++)
		(void)pcf_events_wait(events, pcf_events_latest(events), 100, &latest);
	CHECK_EQ(pcf_events_read(events, &removed, records, RECORDS), 1);
	CHECK_STR(records[0].path, "/mine");
	pcf_events_close(events);
	snprintf(path, sizeof path, "%s/events.log", dir);
	unlink(path);
	rmdir(dir);
}

static volatile sig_atomic_t is_asked;

static void on_asked(int signal)
{
	(void)signal;
	is_asked = 1;
}

static void test_namespace(void)
{
	int status = 0, code;
	pid_t pid;

	signal(SIGUSR1, on_asked);
	CHECK(cgroup_each("space", 1) > 0);
	pid = fork();
	if (pid == 0) {
		live_enter("space");
		code = mount_view();
		if (code < 0) {
			fprintf(stderr, "no cgroup namespace here: %s (CI runs as root)\n", strerror(-code));
			_exit(code == -EPERM ? 77 : 1);
		}
		check_count = check_failures = 0;
		watch_from_inside();
		_exit(check_failures ? 1 : 0);
	}
	while (!is_asked && waitpid(pid, &status, WNOHANG) == 0)
		usleep(1000);
	if (is_asked) {
		CHECK(cgroup_each("outside", 1) > 0);
		CHECK(cgroup_each("outside", 0) > 0);
		CHECK(waitpid(pid, &status, 0) == pid);
	}
	CHECK(WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 77));
	CHECK(cgroup_each("space", 0) > 0);
}

/* ---- killed, and another goes on ---- */

static void test_killed(void)
{
	pcf_events_query exits = {.kinds = 1ULL << PCF_EVENT_CONTAINER_EXIT};
	pcf_events *events;
	pcf_error err = {0};
	uint64_t latest;
	pid_t pid = fork();

	if (pid == 0) {
		events = live_open(0);
		CHECK(cgroup_each("before", 1) > 0);
		run_in("before");
		CHECK(cgroup_each("before", 0) > 0);
		if (live_await(events, exits.kinds, 0, records, RECORDS, 1) == 1)
			raise(SIGKILL);
		_exit(1);
	}
	CHECK_OR_DIE(pid > 0);
	{
		int status;

		CHECK(waitpid(pid, &status, 0) == pid);
		CHECK(WIFSIGNALED(status));
	}
	CHECK_OR_DIE(pcf_events_attach(&events, live_dir, &err) == 0); /* nobody writes it now */
	CHECK_EQ(pcf_events_is_written(events), 0);
	latest = pcf_events_latest(events);
	CHECK_EQ(live_read(events, exits.kinds, 0, records, RECORDS), 1);
	pcf_events_close(events);
	events = live_open(0);
	CHECK_EQ(live_read(events, exits.kinds, 0, records, RECORDS), 1);
	CHECK(cgroup_each("after", 1) > 0);
	CHECK(live_await(events, 1ULL << PCF_EVENT_CGROUP_CREATED, latest, records, RECORDS, 1) >= 1);
	CHECK(records[0].seq > latest);
	CHECK(cgroup_each("after", 0) > 0);
	pcf_events_close(events);
}

int main(void)
{
	pcf_events *events;

	live_begin();
	live_hand_down("");
	events = live_open(0);
	if (live_has(events, PCF_EVENT_EMPTY, PCF_EVENT_SOURCE_BPF)) {
		test_two_at_once(events);
		test_nested(events);
		test_names(events);
		test_namespace();
		pcf_events_close(events);
		live_remove();
		test_killed();
	} else {
		pcf_events_close(events);
	}
	return check_result();
}
