/* Containers that live 50 ms: each is accounted for, also when its directory goes with its last process. */
#include <sys/mman.h>

#include "event_live.h"

#define CONTAINERS 200
#define BATCH      20
#define RECORDS    1000
#define AFTERWARDS 4000000   /* ns, a tick of HZ=250 */
#define TOUCHED    (1 << 20) /* bytes of memory */

static pcf_event records[RECORDS];
static uint64_t cpu_told[CONTAINERS]; /* by wait4 */
/* Shared with the children: what each had used just before it was in its cgroup, and just after. */
static struct {
	uint64_t before, after;
} *entered;
static pid_t pids[CONTAINERS];

static uint64_t usage_ns(const struct rusage *usage)
{
	return ((uint64_t)usage->ru_utime.tv_sec + (uint64_t)usage->ru_stime.tv_sec) * 1000000000 +
	       ((uint64_t)usage->ru_utime.tv_usec + (uint64_t)usage->ru_stime.tv_usec) * 1000;
}

static void run_child(const char *name, int number)
{
	char *memory;

	entered[number].before = pcf_now_ns(CLOCK_PROCESS_CPUTIME_ID);
	live_enter(name);
	entered[number].after = pcf_now_ns(CLOCK_PROCESS_CPUTIME_ID);
	memory = mmap(NULL, TOUCHED, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory != MAP_FAILED)
		memset(memory, 1, TOUCHED);
	live_burn(40000000);
	_exit(number % 100);
}

static void live_and_die(int number)
{
	char name[32];

	snprintf(name, sizeof name, "short-%d", number);
	CHECK(cgroup_each(name, 1) > 0);
	pids[number] = fork();
	if (pids[number] == 0)
		run_child(name, number);
	CHECK_OR_DIE(pids[number] > 0);
}

static void reap(int number)
{
	struct rusage usage;
	char name[32];
	int status;

	CHECK(wait4(pids[number], &status, 0, &usage) == pids[number]);
	snprintf(name, sizeof name, "short-%d", number);
	CHECK(cgroup_each(name, 0) > 0);
	cpu_told[number] = usage_ns(&usage);
}

static int number_of(const pcf_event *event)
{
	const char *at = strstr(event->path, "/short-");

	return at ? atoi(at + 7) : -1;
}

static void check_one(const pcf_event *event, uint8_t *has)
{
	const pcf_event_container *of = &event->of.container;
	int number = number_of(event);
	uint64_t least, most;

	CHECK_OR_DIE(number >= 0 && number < CONTAINERS);
	CHECK_EQ(has[number], 0);
	has[number] = 1;
	/* Within 5 % of what wait4 told of its time in there; a task runs on for a moment after its parent was told. */
	least = (cpu_told[number] - entered[number].after) / 20 * 19;
	most = (cpu_told[number] - entered[number].before) / 20 * 21 + AFTERWARDS;
	if (of->cpu_ns < least || of->cpu_ns > most)
		fprintf(stderr, "short-%d: %llu ns, wait4 told %llu, before %llu to %llu, flags %x\n", number,
			(unsigned long long)of->cpu_ns, (unsigned long long)cpu_told[number],
			(unsigned long long)entered[number].before, (unsigned long long)entered[number].after,
			event->flags);
	CHECK(of->cpu_ns >= least && of->cpu_ns <= most);
	CHECK_EQ(of->exit_code, number % 100);
	CHECK_EQ(of->signal, 0);
	CHECK_EQ(of->pid, pids[number]);
	CHECK_EQ(of->processes, 1);
	CHECK_EQ(of->exits, 1);
	CHECK(of->created_ns < of->started_ns || of->created_ns == PCF_ABSENT);
	CHECK(of->started_ns < of->removed_ns);
	/* Since 6.19 it may be removed while its last task is still on its way out: it was empty by then (end_empty). */
	CHECK(of->emptied_ns == PCF_ABSENT || (of->started_ns < of->emptied_ns && of->emptied_ns <= of->removed_ns));
	CHECK(of->memory_peak_bytes == PCF_ABSENT || of->memory_peak_bytes >= TOUCHED);
}

static void test_short_lives(pcf_events *events)
{
	uint8_t has[CONTAINERS] = {0};
	const uint64_t exits = 1ULL << PCF_EVENT_CONTAINER_EXIT, starts = 1ULL << PCF_EVENT_CONTAINER_START;
	int64_t count;

	for (int first = 0; first < CONTAINERS; first += BATCH) {
		for (int i = 0; i < BATCH; i++)
			live_and_die(first + i);
		for (int i = 0; i < BATCH; i++)
			reap(first + i);
	}
	count = live_await(events, exits, 0, records, RECORDS, CONTAINERS);
	CHECK_EQ(count, CONTAINERS);
	for (int64_t i = 0; i < count; i++)
		check_one(&records[i], has);
	CHECK_EQ(live_read(events, starts, 0, records, RECORDS), CONTAINERS);
	CHECK(live_read(events, 1ULL << PCF_EVENT_CGROUP_CREATED, 0, records, RECORDS) +
		      live_lost(events, PCF_EVENT_CGROUP_CREATED) >=
	      CONTAINERS);
	CHECK_EQ(live_read(events, 1ULL << PCF_EVENT_CGROUP_REMOVED, 0, records, RECORDS), CONTAINERS);
	/* The cgroup above them is populated and empty by turns, as their batches come and go. */
	CHECK(live_read(events, 1ULL << PCF_EVENT_POPULATED, 0, records, RECORDS) > CONTAINERS);
}

int main(void)
{
	pcf_events *events;

	entered = mmap(NULL, CONTAINERS * sizeof *entered, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK_OR_DIE(entered != MAP_FAILED);
	live_begin();
	live_hand_down("");
	events = live_open(0);
	if (live_has(events, PCF_EVENT_CONTAINER_EXIT, PCF_EVENT_SOURCE_DERIVED) &&
	    live_has(events, PCF_EVENT_EMPTY, PCF_EVENT_SOURCE_BPF))
		test_short_lives(events);
	pcf_events_close(events);
	return check_result();
}
