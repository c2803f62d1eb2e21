/* The life of a cgroup from notes of its directories: told once, whatever order the hierarchies come in. No kernel. */
#include "check.h"
#include "event/boxes.h"

#define MOST      64
#define LINGER_NS 2000000000ULL

static struct {
	int kind;
	uint64_t ns, id;
	char path[64];
	pcf_box box;
} told[MOST];
static int count, seen;      /* told; of those, looked at */
static pcf_hierarchies none; /* nothing can be looked up */
static pcf_boxes *boxes;

static uint64_t tell(void *arg, int kind, const pcf_box *box, const pcf_box_note *note)
{
	(void)arg;
	CHECK_OR_DIE(count < MOST);
	told[count].kind = kind;
	told[count].ns = note ? note->ns : 0;
	told[count].id = note ? note->cgroup_id : 0;
	snprintf(told[count].path, sizeof told[count].path, "%s", box->path);
	told[count].box = *box;
	return (uint64_t)++count;
}

static void begin(void)
{
	count = seen = 0;
	CHECK_OR_DIE(pcf_boxes_new(&boxes, &none, LINGER_NS, tell, NULL) == 0);
}

static void note_with(int what, uint32_t hierarchy, uint64_t id, uint64_t ns, const char *path,
		      const struct pcf_bpf_counters *counters, const struct pcf_bpf_numbers *numbers)
{
	pcf_box_note note = {.what = what,
			     .source = PCF_EVENT_SOURCE_BPF,
			     .hierarchy_id = hierarchy,
			     .cgroup_id = id,
			     .ns = ns,
			     .path = path,
			     .pid = 7,
			     .comm = "seven",
			     .counters = counters,
			     .numbers = numbers};

	pcf_boxes_note(boxes, &note);
}

static void note(int what, uint32_t hierarchy, uint64_t id, uint64_t ns)
{
	note_with(what, hierarchy, id, ns, "/a", NULL, NULL);
}

/* The kinds told since the last look, and nothing else. */
static void check_kinds(const int *kinds, int expected)
{
	CHECK_EQ(count - seen, expected);
	for (int i = 0; i < expected && seen + i < count; i++)
		CHECK_STR(pcf_event_kind_name(told[seen + i].kind), pcf_event_kind_name(kinds[i]));
	seen = count;
}

#define TOLD(...) check_kinds((const int[]){__VA_ARGS__}, (int)(sizeof((const int[]){__VA_ARGS__}) / sizeof(int)))
#define QUIET()   check_kinds(NULL, 0)

static void test_three_hierarchies(void)
{
	struct pcf_bpf_counters counters = {.moved_in = 1, .exits = 1, .first_pid = 7, .has_first = 1, .has_last = 1};
	struct pcf_bpf_numbers memory, cpu;

	begin();
	memset(&memory, 0xff, sizeof memory);
	cpu = memory;
	memory.peak_bytes = 4096;
	cpu.cpu_ns = 1000;
	counters.first_status = 3 << 8;
	note(PCF_BPF_CREATED, 1, 11, 1);
	TOLD(PCF_EVENT_CGROUP_CREATED);
	note(PCF_BPF_CREATED, 2, 12, 2);
	note(PCF_BPF_CREATED, 3, 13, 3);
	QUIET();
	note(PCF_BPF_POPULATED, 2, 12, 4);
	TOLD(PCF_EVENT_POPULATED);
	note(PCF_BPF_STARTED, 2, 12, 4);
	TOLD(PCF_EVENT_CONTAINER_START);
	note(PCF_BPF_POPULATED, 1, 11, 5);
	note(PCF_BPF_STARTED, 1, 11, 5);
	QUIET();
	note_with(PCF_BPF_EMPTY, 2, 12, 6, "/a", NULL, &cpu);
	QUIET();
	note_with(PCF_BPF_EMPTY, 1, 11, 7, "/a", &counters, &memory);
	TOLD(PCF_EVENT_EMPTY);
	note(PCF_BPF_REMOVED, 3, 13, 8);
	note(PCF_BPF_REMOVED, 1, 11, 9);
	QUIET();
	note(PCF_BPF_REMOVED, 2, 12, 10);
	TOLD(PCF_EVENT_CONTAINER_EXIT, PCF_EVENT_CGROUP_REMOVED);
	CHECK_EQ(told[count - 2].box.emptied_ns, 7);
	CHECK_EQ(told[count - 2].box.created_ns, 1);
	CHECK_EQ(told[count - 2].box.numbers.cpu_ns, 1000);
	CHECK_EQ(told[count - 2].box.numbers.peak_bytes, 4096);
	CHECK_EQ(told[count - 2].box.first.status, 3 << 8);
	CHECK_EQ(pcf_boxes_expire(boxes, 10) > 10, 1);
	CHECK(pcf_boxes_by_path(boxes, "/a") != NULL); /* can still be told of */
	CHECK_EQ(pcf_boxes_expire(boxes, 20000000000ULL), 0);
	CHECK(pcf_boxes_by_path(boxes, "/a") == NULL);
	QUIET();
	pcf_boxes_free(boxes);
}

static void test_lingers(void)
{
	begin();
	note(PCF_BPF_CREATED, 0, 11, 1);
	note(PCF_BPF_POPULATED, 0, 11, 2);
	note(PCF_BPF_STARTED, 0, 11, 2);
	note(PCF_BPF_EMPTY, 0, 11, 10);
	TOLD(PCF_EVENT_CGROUP_CREATED, PCF_EVENT_POPULATED, PCF_EVENT_CONTAINER_START, PCF_EVENT_EMPTY);
	CHECK_EQ(pcf_boxes_expire(boxes, 11), 10 + LINGER_NS);
	/* Populated again in time: it goes on. */
	note(PCF_BPF_POPULATED, 0, 11, 20);
	note(PCF_BPF_STARTED, 0, 11, 20);
	TOLD(PCF_EVENT_POPULATED);
	(void)pcf_boxes_expire(boxes, 10 + LINGER_NS);
	QUIET();
	note(PCF_BPF_EMPTY, 0, 11, 30 + LINGER_NS);
	TOLD(PCF_EVENT_EMPTY);
	(void)pcf_boxes_expire(boxes, 31 + LINGER_NS);
	QUIET();
	(void)pcf_boxes_expire(boxes, 30 + 2 * LINGER_NS);
	TOLD(PCF_EVENT_CONTAINER_EXIT);
	/* Later: another life in the same directory. */
	note(PCF_BPF_POPULATED, 0, 11, 40 + 2 * LINGER_NS);
	note(PCF_BPF_STARTED, 0, 11, 40 + 2 * LINGER_NS);
	note(PCF_BPF_REMOVED, 0, 11, 50 + 2 * LINGER_NS);
	TOLD(PCF_EVENT_POPULATED, PCF_EVENT_CONTAINER_START, PCF_EVENT_EMPTY, PCF_EVENT_CONTAINER_EXIT,
	     PCF_EVENT_CGROUP_REMOVED);
	/* Since 6.19 the last task may be gone after its cgroup. */
	note(PCF_BPF_EMPTY, 0, 11, 51 + 2 * LINGER_NS);
	QUIET();
	pcf_boxes_free(boxes);
}

static void test_made_again(void)
{
	begin();
	note(PCF_BPF_CREATED, 0, 11, 1);
	note(PCF_BPF_POPULATED, 0, 11, 2);
	note(PCF_BPF_STARTED, 0, 11, 2);
	note(PCF_BPF_REMOVED, 0, 11, 3);
	note(PCF_BPF_CREATED, 0, 21, 4);
	TOLD(PCF_EVENT_CGROUP_CREATED, PCF_EVENT_POPULATED, PCF_EVENT_CONTAINER_START, PCF_EVENT_EMPTY,
	     PCF_EVENT_CONTAINER_EXIT, PCF_EVENT_CGROUP_REMOVED, PCF_EVENT_CGROUP_CREATED);
	CHECK_EQ(pcf_boxes_by_path(boxes, "/a")->nodes[0].cgroup_id, 21);
	CHECK(pcf_boxes_by_id(boxes, 0, 11) != pcf_boxes_by_path(boxes, "/a"));
	/* Its removal was lost. */
	note(PCF_BPF_CREATED, 0, 31, 5);
	TOLD(PCF_EVENT_CGROUP_REMOVED, PCF_EVENT_CGROUP_CREATED);
	CHECK(pcf_boxes_by_id(boxes, 0, 31) == pcf_boxes_by_path(boxes, "/a"));
	/* What comes late of the one before does not touch it. */
	note(PCF_BPF_REMOVED, 0, 21, 6);
	QUIET();
	CHECK_EQ(pcf_boxes_expire(boxes, 30000000000ULL), 0);
	CHECK(pcf_boxes_by_path(boxes, "/a") != NULL);
	note(PCF_BPF_REMOVED, 0, 31, 7);
	TOLD(PCF_EVENT_CGROUP_REMOVED);
	pcf_boxes_free(boxes);
}

/* The kernel gives a number away again; the old owner is still remembered. */
static void test_number_used_again(void)
{
	begin();
	note(PCF_BPF_CREATED, 4, 11, 1);
	note(PCF_BPF_REMOVED, 4, 11, 2);
	note_with(PCF_BPF_CREATED, 4, 11, 3, "/b", NULL, NULL);
	TOLD(PCF_EVENT_CGROUP_CREATED, PCF_EVENT_CGROUP_REMOVED, PCF_EVENT_CGROUP_CREATED);
	CHECK_STR(pcf_boxes_by_id(boxes, 4, 11)->path, "/b");
	CHECK_EQ(pcf_boxes_expire(boxes, 30000000000ULL), 0); /* forgets the first */
	CHECK_STR(pcf_boxes_by_id(boxes, 4, 11)->path, "/b");
	/* The same number in another hierarchy is another cgroup. */
	note_with(PCF_BPF_CREATED, 5, 11, 4, "/c", NULL, NULL);
	CHECK_STR(pcf_boxes_by_id(boxes, 4, 11)->path, "/b");
	CHECK_STR(pcf_boxes_by_id(boxes, 5, 11)->path, "/c");
	TOLD(PCF_EVENT_CGROUP_CREATED);
	pcf_boxes_free(boxes);
}

static void test_there_before(void)
{
	struct pcf_bpf_counters counters = {.exits = 2, .forks = 1};

	begin();
	/* Processes come into a cgroup that had some: none of them is its first. */
	note(PCF_BPF_STARTED, 1, 11, 1);
	QUIET();
	note_with(PCF_BPF_EMPTY, 1, 11, 2, "/a", &counters, NULL);
	TOLD(PCF_EVENT_EMPTY);
	note_with(PCF_BPF_REMOVED, 1, 11, 3, "/a", &counters, NULL);
	TOLD(PCF_EVENT_CONTAINER_EXIT, PCF_EVENT_CGROUP_REMOVED);
	CHECK_EQ(told[count - 2].box.is_older, 1);
	/* A directory that never had a process is no container. */
	note_with(PCF_BPF_REMOVED, 1, 12, 4, "/empty", NULL, NULL);
	TOLD(PCF_EVENT_CGROUP_REMOVED);
	pcf_boxes_free(boxes);
}

static void test_renamed(void)
{
	begin();
	note(PCF_BPF_CREATED, 1, 11, 1);
	note(PCF_BPF_POPULATED, 1, 11, 2);
	note_with(PCF_BPF_RENAMED, 1, 11, 3, "/b", NULL, NULL);
	TOLD(PCF_EVENT_CGROUP_CREATED, PCF_EVENT_POPULATED, PCF_EVENT_CGROUP_REMOVED, PCF_EVENT_CGROUP_CREATED);
	CHECK_STR(pcf_boxes_by_id(boxes, 1, 11)->path, "/b");
	note_with(PCF_BPF_EMPTY, 1, 11, 4, "/b", NULL, NULL);
	TOLD(PCF_EVENT_EMPTY);
	pcf_boxes_free(boxes);
}

static void test_many(void)
{
	char path[32];

	begin();
	for (int round = 0; round < 3; round++)
		for (uint64_t i = 0; i < 5000; i++) {
			snprintf(path, sizeof path, "/many/%d", (int)i);
			note_with(PCF_BPF_CREATED, 1, i + 1, 1, path, NULL, NULL);
			count = 0;
		}
	for (uint64_t i = 0; i < 5000; i++) {
		pcf_box *box = pcf_boxes_by_id(boxes, 1, i + 1);

		snprintf(path, sizeof path, "/many/%d", (int)i);
		CHECK(box && strcmp(box->path, path) == 0);
		note_with(PCF_BPF_REMOVED, 1, i + 1, 2, path, NULL, NULL);
		count = 0;
	}
	CHECK_EQ(pcf_boxes_expire(boxes, 60000000000ULL), 0);
	for (uint64_t i = 0; i < 5000; i++)
		CHECK(pcf_boxes_by_id(boxes, 1, i + 1) == NULL);
	pcf_boxes_free(boxes);
}

int main(void)
{
	test_three_hierarchies();
	test_lingers();
	test_made_again();
	test_number_used_again();
	test_there_before();
	test_renamed();
	test_many();
	return check_result();
}
