/* Group process on this kernel: as many forks, programs and ends as there were, with nested cgroups and after them. */
#include <signal.h>
#include <sys/wait.h>

#include "cgroups.h"
#include "check.h"
#include "ring_values.h"
#include "schema/enums.h"

#define MS     1000000ULL
#define SPAWNS 97
#define KILLED 5

static char ring_dir[128];
static pcf_host host;
static pcf_options options;
static pcf_collector *collector;
static pcf_error err;
static pcf_events_facts facts;

static void only_process(void)
{
	pcf_options_default(&options);
	snprintf(ring_dir, sizeof ring_dir, "/dev/shm/pcf-test-process-%ld", (long)getpid());
	options.ring_dir = ring_dir;
	options.max_containers = 64;
	options.history_ns = 2000 * MS;
	for (int g = 0; g < PCF_GROUP_COUNT; g++)
		options.interval_ns[g] = g == PCF_GROUP_PROCESS ? 50 * MS : g == PCF_GROUP_PIDS ? 1000 * MS : 0;
}

static uint64_t value(uint32_t slot, int column)
{
	return row_value(pcf_collector_region(collector, PCF_GROUP_PROCESS), slot, column);
}

static void next_sample(void)
{
	CHECK_EQ(pcf_collector_sample(collector, 1ULL << PCF_GROUP_PROCESS, NULL), 0);
}

static uint32_t add(const char *name, uint32_t *generation)
{
	char path[160];
	uint32_t slot = 0;

	snprintf(path, sizeof path, "/%s%s", cgroups_top, name);
	CHECK_EQ(pcf_collector_add(collector, path, 0, &slot, generation, &err), 0);
	return slot;
}

static void enter_everywhere(const char *name)
{
	for (int c = 0; c < PCF_CTL_NAMED; c++)
		if (host.controllers[c].version && (host.controllers[c].version == 1 || c == PCF_CTL_UNIFIED))
			(void)cgroup_enter(name, c);
}

/* A process that enters the cgroup, then forks children: each runs a program, some fail, some are killed. */
static void spawn_in(const char *name)
{
	pid_t parent = fork(), child;

	if (parent == 0) {
		enter_everywhere(name);
		for (int i = 0; i < SPAWNS; i++) {
			child = fork();
			if (child == 0 && i < KILLED) {
				kill(getpid(), SIGKILL);
				pause();
			}
			if (child == 0) {
				execl("/bin/sh", "sh", "-c", i % 2 ? "exit 3" : "exit 0", (char *)NULL);
				_exit(127);
			}
			waitpid(child, NULL, 0);
		}
		_exit(0);
	}
	waitpid(parent, NULL, 0);
}

static void check_counts(uint32_t slot)
{
	int failing = 0;

	for (int i = KILLED; i < SPAWNS; i++)
		failing += i % 2;
	CHECK_EQ(value(slot, PCF_PROCESS_MOVED_IN), 1);
	CHECK_EQ(value(slot, PCF_PROCESS_FORKS), SPAWNS);
	CHECK_EQ(value(slot, PCF_PROCESS_EXECS), SPAWNS - KILLED);
	CHECK_EQ(value(slot, PCF_PROCESS_EXITS), SPAWNS + 1);
	CHECK_EQ(value(slot, PCF_PROCESS_KILLED), KILLED);
	CHECK_EQ(value(slot, PCF_PROCESS_FAILED), failing);
	CHECK_EQ(value(slot, PCF_PROCESS_THREADS), 0);
	CHECK_EQ(value(slot, PCF_PROCESS_OOM_KILLS), 0);
	CHECK(value(slot, PCF_PROCESS_EXITED_CPU_NS) > 0);
}

static void test_counts(void)
{
	uint32_t top, box, idle, generation;

	cgroup_each("box", 1);
	cgroup_each("idle", 1);
	top = add("", &generation);
	idle = add("/idle", &generation);
	box = add("/box", &generation);
	next_sample();
	CHECK_EQ(value(box, PCF_PROCESS_FORKS), 0);
	spawn_in("box");
	next_sample();
	check_counts(box);
	CHECK_EQ(value(idle, PCF_PROCESS_FORKS), 0);
	CHECK_EQ(value(top, PCF_PROCESS_EXITS), SPAWNS + 1);
	CHECK(value(0, PCF_PROCESS_FORKS) >= SPAWNS);
	cgroup_each("box", 0);
	CHECK_EQ(pcf_collector_remove(collector, box, generation), 0);
	next_sample();
	CHECK_EQ(value(top, PCF_PROCESS_EXITS), SPAWNS + 1); /* kept by what lies above */
}

static void test_off(void)
{
	options.disable_events = 1;
	CHECK_OR_DIE(pcf_collector_open(&collector, &options, &err) == 0);
	CHECK_EQ(pcf_collector_plan(collector)->group[PCF_GROUP_PROCESS].source, PCF_SOURCE_NONE);
	CHECK(*pcf_collector_plan(collector)->group[PCF_GROUP_PROCESS].reason);
	pcf_collector_close(collector);
	remove_ring(ring_dir);
	options.disable_events = 0;
}

int main(void)
{
	CHECK_OR_DIE(pcf_host_probe(&host, "", &err) == 0);
	only_process();
	options.interval_ns[PCF_GROUP_TICK] = 1000 * MS; /* something that is on anyway */
	test_off();
	CHECK_OR_DIE(pcf_collector_open(&collector, &options, &err) == 0);
	if (host.bpf_tracing.answer != PCF_YES) {
		fprintf(stderr, "nothing to count with: %s\n", host.bpf_tracing.reason);
		CHECK_STR(pcf_collector_plan(collector)->group[PCF_GROUP_PROCESS].reason, host.bpf_tracing.reason);
	} else {
		fprintf(stderr, "%s\n", pcf_collector_notes(collector));
		pcf_events_facts_get(pcf_collector_events(collector), &facts);
		fprintf(stderr, "forks are told by %s %s\n%s\n",
			pcf_event_source_name(facts.kind[PCF_EVENT_FORK].source), facts.kind[PCF_EVENT_FORK].reason,
			facts.notes);
		CHECK_OR_DIE(cgroups_begin(&host) == 0);
		CHECK_OR_DIE(pcf_collector_start(collector, &err) == 0);
		if (facts.kind[PCF_EVENT_FORK].source == PCF_EVENT_SOURCE_BPF)
			test_counts();
		else
			CHECK(strstr(pcf_collector_notes(collector), "process has no rows: "));
	}
	pcf_collector_close(collector);
	remove_ring(ring_dir);
	return check_result();
}
