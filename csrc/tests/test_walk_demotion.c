/* A column of the walk that says something else than the text goes back to the files, and nothing else changes. What
 * the walk has learnt is spoilt from within, while no tick runs. */
#include "ring_values.h"
#include "walk_rig.h"

#define STEADY 6

static pcf_host host;
static char ring_dir[64];

static void verify(pcf_collector *collector)
{
	uint64_t checked = 0;

	int64_t outside = 1;

	/* A gauge that never rests may be missed by each of a verification's tries on a loaded machine; twice it is not. */
	for (int i = 0; i < 4 && outside; i++)
		outside = pcf_collector_verify(collector, rig_report, NULL, &checked);
	CHECK_EQ(outside, 0);
	CHECK(checked > STEADY * 30);
}

static uint64_t demoted(pcf_collector *collector)
{
	pcf_collector_stats stats;

	pcf_collector_stats_get(collector, &stats);
	return stats.columns_demoted;
}

static void stop(pcf_collector *collector)
{
	CHECK_OR_DIE(pcf_collector_stop(collector) == 0);
}

static void go_on(pcf_collector *collector)
{
	pcf_error err;

	CHECK_OR_DIE(pcf_collector_start(collector, &err) == 0);
}

static pcf_collector *open_with_load(void)
{
	pcf_collector *collector;
	pcf_options options;
	char name[32];

	rig_options(&options, ring_dir, 64);
	options.disable_events = 0;
	options.event_bytes = 1 << 20;
	for (int g = 0; g < PCF_GROUP_COUNT; g++)
		options.interval_ns[g] = options.interval_ns[g] ? 20 * MS : 0;
	collector = rig_open(&options);
	for (int i = 0; i < STEADY; i++)
		(void)rig_add(collector, load_name(name, sizeof name, i), NULL);
	rig_await_trust(collector);
	return collector;
}

/* ---- a wrong number is noticed ---- */
static int known_place(const pcf_kernel_walk *walk, int line)
{
	for (int i = 0; i < walk->memory_stat.known_count; i++)
		if (walk->memory_stat.known[i].line == line)
			return i;
	return -1;
}

static void check_told(pcf_collector *collector, const char *column)
{
	pcf_events_query query = {.kinds = 1ULL << PCF_EVENT_COLUMN_DEMOTED};
	pcf_event events[8];
	int64_t count = pcf_events_read(pcf_collector_events(collector), &query, events, 8);

	CHECK_EQ(count, 1);
	CHECK(count > 0 && strncmp(events[0].of.text, column, strlen(column)) == 0);
	CHECK(count > 0 && strstr(events[0].path, "/pcf-test-"));
	CHECK(strstr(pcf_collector_notes(collector), column));
}

/* So many pages of its own for each of the containers in turn: their counts differ, so that a line is told from others. */
static void fault_pages(int turn)
{
	char name[32];
	pid_t pid = fork();

	if (pid == 0) {
		volatile char *pages = malloc(100 * 4096);

		if (!load_enter(load_name(name, sizeof name, turn % STEADY)) || !pages)
			_exit(1);
		for (int i = 0; i < 10 + turn * 7 % 50; i++)
			pages[i * 4096] = 1;
		for (int i = 60; i < 60 + turn * 3 % 40; i++) /* the page of zeros: a fault, and nothing charged */
			(void)pages[i * 4096];
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

/* As many texts as it takes. Leaves the collector stopped. */
static int learn_place(pcf_collector *collector, int line)
{
	for (int i = 0; i < 40; i++) {
		fault_pages(i);
		rig_tick(collector, 10);
		stop(collector);
		if (known_place(collector->walk, line) >= 0)
			return 1;
		rig_walked(collector)->next_study_ns = 0;
		go_on(collector);
	}
	return 0;
}

/* A line is read from another one's place. What is known is gathered anew from the lines whenever one more is learnt. */
static void spoil(pcf_kernel_walk *walk, int line, int place)
{
	int at = known_place(walk, line);

	walk->memory_stat.lines[line].place = place;
	if (at >= 0)
		walk->memory_stat.known[at].place = (uint16_t)place;
}

/* Whom a study takes is its own business: in an empty container both places may say the same. */
static int is_noticed(pcf_collector *collector, uint64_t before)
{
	for (int i = 0; i < 12; i++) {
		fault_pages(i);
		rig_tick(collector, 5);
		if (demoted(collector) > before)
			return 1;
		stop(collector);
		rig_walked(collector)->next_study_ns = 0;
		go_on(collector);
	}
	return 0;
}

/* As many bytes as there were faults: the first item of the other array. Which lines are told apart by then, and whether
 * both places say the same of a container, depends on what the load happened to do: then once more, from the start. */
static pcf_collector *open_spoilt(int line, uint64_t *whole, uint64_t *part)
{
	for (int i = 0; i < 8; i++) {
		pcf_collector *collector = open_with_load();

		if (learn_place(collector, line)) {
			*whole = rig_walked(collector)->whole;
			*part = rig_walked(collector)->part;
			CHECK_EQ(demoted(collector), 0);
			if (demoted(collector))
				fprintf(stderr, "before anything was spoilt: %s\n", pcf_collector_notes(collector));
			spoil(collector->walk, line,
			      collector->walk->memory_stat.lines[PCF_MEMORY_STAT_ANON_BYTES].place);
			rig_walked(collector)->next_study_ns = 0;
			go_on(collector);
			if (is_noticed(collector, 0))
				return collector;
		}
		pcf_collector_close(collector);
		remove_ring(ring_dir);
	}
	return NULL;
}

static pcf_collector *test_wrong_place(void)
{
	const int line = PCF_MEMORY_STAT_PGFAULT;
	uint64_t whole, part;
	pcf_collector *collector = open_spoilt(line, &whole, &part);

	CHECK_OR_DIE(collector);
	CHECK_EQ(demoted(collector), 1);
	if (demoted(collector) > 1)
		fprintf(stderr, "more than what was spoilt: %s\n", pcf_collector_notes(collector));
	CHECK_EQ(collector->plan.group[PCF_GROUP_MEMORY_STAT].walked[line], 0);
	CHECK_EQ(collector->plan.group[PCF_GROUP_MEMORY_STAT].walked[PCF_MEMORY_STAT_ANON_BYTES], 1);
	check_told(collector, "memory_stat.pgfault: the walk said ");
	verify(collector);
	/* memory.stat is read again; whatever has another file is not. */
	CHECK_EQ(rig_walked(collector)->whole, whole & ~(1ULL << PCF_GROUP_MEMORY_STAT));
	CHECK_EQ(rig_walked(collector)->part, part & ~(1ULL << PCF_GROUP_MEMORY_STAT));
	rig_walked(collector)->next_study_ns = 0;
	rig_tick(collector, 5);
	CHECK_EQ(demoted(collector), 1);
	return collector;
}

/* ---- what is left is right, whichever column is missing ---- */
static void drop(pcf_collector *collector, int group, int column)
{
	stop(collector);
	pcf_kernel_walk_drop(collector->walk, group, column);
	pcf_walked_arrange((pcf_file_source *)collector->sources[0]);
	go_on(collector);
}

/* A group that comes from both: what the walk gives still is in its row, beside what was read. */
static void test_part_of_cpu(pcf_collector *collector)
{
	const int column = PCF_CPU_THROTTLED_NS;
	uint64_t bit = 1ULL << PCF_GROUP_CPU;

	if (!collector->plan.group[PCF_GROUP_CPU].walked[column] || load_is_v2())
		return; /* cgroup2 has all of it in one file: nothing of the group is the walk's then */
	drop(collector, PCF_GROUP_CPU, column);
	CHECK(rig_walked(collector)->part & bit);
	CHECK(!(rig_walked(collector)->whole & bit));
	rig_tick(collector, 2);
	verify(collector);
	for (uint32_t slot = 1; slot <= STEADY; slot++)
		CHECK(row_value(pcf_collector_region(collector, PCF_GROUP_CPU), slot, PCF_CPU_USAGE_NS) + 1 > 1);
}

/* Another column after each look, until nothing comes from the walk. */
static void test_one_after_the_other(pcf_collector *collector)
{
	for (size_t i = 0; i < sizeof rig_groups / sizeof rig_groups[0]; i++) {
		int group = rig_groups[i], tried = 0;

		for (int c = 0; c < pcf_group_at(group)->columns; c++) {
			if (!collector->plan.group[group].walked[c])
				continue;
			drop(collector, group, c);
			if (++tried <= 3)
				verify(collector);
		}
		CHECK(!(rig_served(collector) >> group & 1));
	}
	verify(collector);
}

int main(void)
{
	pcf_collector *collector;
	pcf_error err;

	CHECK_OR_DIE(pcf_host_probe(&host, "", &err) == 0);
	if (!rig_can(&host) || cgroups_begin(&host) < 0)
		return 0;
	snprintf(ring_dir, sizeof ring_dir, "/dev/shm/pcf-test-demotion-%ld", (long)getpid());
	CHECK_OR_DIE(load_make(STEADY) == STEADY);
	load_start(STEADY);
	atexit(load_end);
	collector = test_wrong_place();
	test_part_of_cpu(collector);
	test_one_after_the_other(collector);
	pcf_collector_close(collector);
	load_end();
	remove_ring(ring_dir);
	return check_result();
}
