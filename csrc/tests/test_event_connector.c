/* The process connector: its messages byte by byte, and 200 processes that come and go. */
#include <errno.h>
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/netlink.h>
#include <pthread.h>
#include <spawn.h>
#include <sys/prctl.h>

#include "event/fallback.h"
#include "event_rig.h"
#include "parse/proc_event.h"

#define SPAWNS 200

/* ---- the bytes ---- */

static size_t message(char *buf, const struct proc_event *event, uint16_t len)
{
	struct nlmsghdr head = {.nlmsg_len = (uint32_t)(NLMSG_HDRLEN + sizeof(struct cn_msg) + len)};
	struct cn_msg inner = {.id = {.idx = CN_IDX_PROC, .val = CN_VAL_PROC}, .ack = 8, .len = len};

	memcpy(buf, &head, sizeof head);
	memcpy(buf + NLMSG_HDRLEN, &inner, sizeof inner);
	memcpy(buf + NLMSG_HDRLEN + sizeof inner, event, len);
	return NLMSG_ALIGN(head.nlmsg_len);
}

static void test_messages(void)
{
	struct proc_event fork_event = {.what = PROC_EVENT_FORK, .timestamp_ns = 5};
	struct proc_event exit_event = {.what = PROC_EVENT_EXIT, .timestamp_ns = 6};
	char buf[512] = {0};
	pcf_proc_event out;
	size_t at = 0, len;

	fork_event.event_data.fork.parent_tgid = 1;
	fork_event.event_data.fork.child_pid = fork_event.event_data.fork.child_tgid = 2;
	exit_event.event_data.exit.process_pid = 3;
	exit_event.event_data.exit.process_tgid = 4;
	exit_event.event_data.exit.exit_code = 0x8b;
	len = message(buf, &fork_event, sizeof fork_event);
	len += message(buf + len, &exit_event, sizeof exit_event);
	CHECK_EQ(pcf_proc_event_next(buf, len, &at, &out), 1);
	CHECK_EQ(out.kind, PCF_PROC_FORK);
	CHECK_EQ(out.tgid, 2);
	CHECK_EQ(out.parent, 1);
	CHECK_EQ(out.time_ns, 5);
	CHECK_EQ(pcf_proc_event_next(buf, len, &at, &out), 1);
	CHECK_EQ(out.kind, PCF_PROC_EXIT);
	CHECK(out.pid == 3 && out.tgid == 4 && out.wait_status == 0x8b);
	CHECK_EQ(pcf_proc_event_next(buf, len, &at, &out), 0);
	at = 0;
	CHECK_EQ(pcf_proc_event_next(buf, len / 2 - 1, &at, &out), -EINVAL); /* longer than what came */
	CHECK_EQ(at, len / 2 - 1);
}

/* An older kernel's exit has no parent: 8 bytes less. */
static void test_short_message(void)
{
	struct proc_event exit_event = {.what = PROC_EVENT_EXIT};
	char buf[256] = {0};
	pcf_proc_event out;
	size_t at = 0;

	exit_event.event_data.exit.process_tgid = 7;
	exit_event.event_data.exit.parent_tgid = 9;
	size_t len = message(buf, &exit_event,
			     offsetof(struct proc_event, event_data) + offsetof(struct exit_proc_event, parent_pid));
	CHECK_EQ(pcf_proc_event_next(buf, len, &at, &out), 1);
	CHECK(out.kind == PCF_PROC_EXIT && out.tgid == 7 && out.parent == 0);
}

/* ---- the kernel ---- */

static pid_t spawn_true(void)
{
	char *const arguments[] = {"true", NULL};
	pid_t pid;

	CHECK_OR_DIE(posix_spawn(&pid, "/bin/true", NULL, NULL, arguments, NULL) == 0);
	return pid;
}

static const pcf_event *of_pid(int kind, pid_t pid)
{
	for (uint32_t i = 0; i < rig_count; i++)
		if (rig_events[i].kind == kind && rig_events[i].of.process.pid == (uint32_t)pid)
			return &rig_events[i];
	return NULL;
}

static void await_exit(pcf_event_source *source, pid_t pid)
{
	uint64_t until = pcf_now_ns(CLOCK_MONOTONIC) + UINT64_C(20000000000);

	while (!of_pid(PCF_EVENT_EXIT, pid) && pcf_now_ns(CLOCK_MONOTONIC) < until)
		rig_turn(&source, 1, 50);
}

/* Each of a burst, once of each kind, in order; nothing lost. */
static void test_burst(pcf_event_source *source)
{
	static pid_t pids[SPAWNS];
	uint64_t began = pcf_now_ns(CLOCK_MONOTONIC);
	int status;

	for (int i = 0; i < SPAWNS; i++) {
		pids[i] = spawn_true();
		CHECK(waitpid(pids[i], &status, 0) == pids[i]);
	}
	await_exit(source, pids[SPAWNS - 1]);
	for (int i = 0; i < SPAWNS; i++) {
		const pcf_event *fork_event = of_pid(PCF_EVENT_FORK, pids[i]);
		const pcf_event *exec_event = of_pid(PCF_EVENT_EXEC, pids[i]);
		const pcf_event *exit_event = of_pid(PCF_EVENT_EXIT, pids[i]);
		CHECK_OR_DIE(fork_event && exec_event && exit_event);
		CHECK(fork_event < exec_event && exec_event < exit_event);
		CHECK_EQ(fork_event->of.process.parent_pid, getpid());
		CHECK_STR(fork_event->of.process.comm, "test_event_conn");
		CHECK_EQ(exit_event->of.process.exit_code, 0);
		CHECK_EQ(exit_event->of.process.signal, 0);
		CHECK(fork_event->monotonic_ns >= began && exit_event->monotonic_ns > fork_event->monotonic_ns);
		CHECK_EQ(exit_event->of.process.run_ns, exit_event->monotonic_ns - fork_event->monotonic_ns);
		CHECK_EQ(exit_event->of.process.cpu_ns, PCF_ABSENT);
		CHECK(exit_event->path[0] == '/');
	}
	CHECK_EQ(rig_lost, 0);
}

/* In its cgroup it runs another program, so that it is looked at there; which fails by code 7. */
static void exec_false(void)
{
	execl("/bin/sh", "sh", "-c", "sleep 0.2; exit 7", NULL);
}

static void abort_now(void)
{
	prctl(PR_SET_NAME, "named itself");
	abort();
}

static void *do_nothing(void *arg)
{
	return arg;
}

static void have_threads(void)
{
	pthread_t threads[3];

	for (int i = 0; i < 3; i++)
		if (pthread_create(&threads[i], NULL, do_nothing, NULL))
			_exit(98);
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	_exit(5);
}

static const pcf_event *run_in(pcf_event_source *source, void (*run)(void))
{
	pid_t pid = rig_spawn("box", run);

	while (waitpid(pid, &(int){0}, WNOHANG) == 0) /* as the daemon does: while it runs */
		rig_turn(&source, 1, 20);
	await_exit(source, pid);
	const pcf_event *found = of_pid(PCF_EVENT_EXIT, pid);
	CHECK_OR_DIE(found);
	return found;
}

static void test_places_and_ends(pcf_event_source *source)
{
	char path[128];
	const pcf_event *found;

	cgroup_name(path, sizeof path, "box");
	rig_make("box", NULL);
	found = run_in(source, exec_false);
	CHECK_STR(found->path, path);
	CHECK_EQ(found->of.process.exit_code, 7);
	CHECK_STR(found->of.process.comm, "sh");
	CHECK_STR(rig_find(PCF_EVENT_EXEC, path)->of.process.comm, "sh");
	CHECK(strstr(rig_find(PCF_EVENT_EXEC, path)->of.process.filename, "sh") != NULL);
	found = run_in(source, abort_now);
	CHECK_EQ(found->of.process.signal, SIGABRT);
	CHECK_EQ(found->of.process.exit_code, PCF_EVENT_NO_CODE);
	CHECK_STR(found->of.process.comm, "named itself");
	uint64_t forks = source->ops->seen(source, PCF_EVENT_FORK), exits = source->ops->seen(source, PCF_EVENT_EXIT);
	found = run_in(source, have_threads);
	CHECK_EQ(found->of.process.exit_code, 5);
	for (uint32_t i = 0; i < rig_count; i++) /* its threads are none */
		CHECK(rig_events[i].kind != PCF_EVENT_EXIT || &rig_events[i] == found ||
		      rig_events[i].of.process.pid != found->of.process.pid);
	fprintf(stderr, "%llu forks, %llu exits around one with threads\n",
		(unsigned long long)(source->ops->seen(source, PCF_EVENT_FORK) - forks),
		(unsigned long long)(source->ops->seen(source, PCF_EVENT_EXIT) - exits));
	CHECK(cgroup_each("box", 0) > 0);
}

/* Kinds that nobody wants are counted and not told. */
static void test_unwanted(pcf_event_source *source)
{
	uint64_t before = source->ops->seen(source, PCF_EVENT_FORK);
	pid_t pid;

	rig_count = 0;
	source->ops->want(source, PCF_EVENT_BIT(PCF_EVENT_EXIT));
	pid = spawn_true();
	CHECK(waitpid(pid, &(int){0}, 0) == pid);
	await_exit(source, pid);
	CHECK(of_pid(PCF_EVENT_EXIT, pid));
	for (uint32_t i = 0; i < rig_count; i++)
		CHECK_EQ(rig_events[i].kind, PCF_EVENT_EXIT);
	CHECK(source->ops->seen(source, PCF_EVENT_FORK) > before);
}

int main(void)
{
	void *fallback = NULL;

	test_messages();
	test_short_message();
	rig_begin();
	pcf_event_source *source = rig_open(&pcf_event_connector, &fallback);
	source->ops->want(source, source->serves);
	test_burst(source);
	test_places_and_ends(source);
	test_unwanted(source);
	source->ops->close(source);
	CHECK(fallback == NULL);
	return check_result();
}
