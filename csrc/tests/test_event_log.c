/* The event log alone: rings of each kind, readers, a writer that is killed, a tmpfs that is full. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "event/log.h"
#include "ring/atomic.h"

#define SMALL     20 /* records of a kind */
#define PROCESSES (1ULL << PCF_EVENT_FORK | 1ULL << PCF_EVENT_EXEC | 1ULL << PCF_EVENT_EXIT)

static char dir[64];
static pcf_event got[200];

static pcf_log_spec spec_of(uint32_t limit, uint64_t bytes)
{
	pcf_log_spec spec = {.dir = dir, .bytes = bytes, .age_ns = 3600000000000ULL};

	for (int kind = 1; kind < PCF_EVENT_KINDS; kind++)
		spec.limit[kind] = limit;
	return spec;
}

static int open_log(pcf_event_log *log, uint32_t limit, int *taken)
{
	pcf_log_spec spec = spec_of(limit, 64 << 20);
	pcf_error err = {0};
	int code = pcf_event_log_create(log, &spec, taken, &err);

	if (code < 0)
		fprintf(stderr, "%s\n", err.text);
	return code;
}

static uint64_t write_one(pcf_event_log *log, int kind, const char *path)
{
	pcf_event event = {.kind = (uint16_t)kind,
			   .monotonic_ns = pcf_now_ns(CLOCK_MONOTONIC),
			   .realtime_ns = pcf_now_ns(CLOCK_REALTIME)};

	snprintf(event.path, sizeof event.path, "%s", path);
	return pcf_event_log_write(log, &event);
}

static void remove_log(void)
{
	char path[100];

	snprintf(path, sizeof path, "%s/%s", dir, PCF_LOG_FILE);
	unlink(path);
}

static int64_t read_all(const pcf_event_log *log, const pcf_events_query *query)
{
	return pcf_event_log_read(log, query, got, 200);
}

static void test_rings(void)
{
	pcf_events_query all = {0}, kills = {.kinds = 1ULL << PCF_EVENT_OOM_KILL}, newest = {.is_newest_first = 1};
	pcf_event_log log;
	int taken;

	CHECK_OR_DIE(open_log(&log, SMALL, &taken) == 0);
	CHECK_EQ(taken, PCF_TAKEN_NEW);
	CHECK_EQ(read_all(&log, &all), 0);
	/* A storm of one kind takes no room of another. */
	CHECK_EQ(write_one(&log, PCF_EVENT_OOM_KILL, "/a"), 1);
	for (int i = 0; i < 3 * SMALL; i++)
		CHECK_EQ(write_one(&log, PCF_EVENT_FORK, "/a/b"), (uint64_t)i + 2);
	CHECK_EQ(read_all(&log, &all), SMALL + 1);
	CHECK_EQ(got[0].seq, 1);
	CHECK_EQ(got[0].kind, PCF_EVENT_OOM_KILL);
	for (int i = 1; i <= SMALL; i++) {
		CHECK_EQ(got[i].seq, 2 * SMALL + 1 + i);
		CHECK_EQ(got[i].nth, 2 * SMALL + i);
	}
	CHECK_EQ(read_all(&log, &kills), 1);
	CHECK_EQ(read_all(&log, &newest), SMALL + 1);
	CHECK_EQ(got[0].seq, 3 * SMALL + 1);
	CHECK_EQ(got[SMALL].seq, 1);
	pcf_event_log_close(&log);
	remove_log();
}

static void test_queries(void)
{
	pcf_event_log log;
	uint64_t middle, from;
	int taken;

	CHECK_OR_DIE(open_log(&log, 100, &taken) == 0);
	for (int i = 0; i < 10; i++) {
		write_one(&log, PCF_EVENT_EXEC, "/a");
		write_one(&log, PCF_EVENT_FORK, "/a/b");
		write_one(&log, PCF_EVENT_EXIT, "/ab");
	}
	CHECK_EQ(read_all(&log, &(pcf_events_query){.path = "/a"}), 10);
	CHECK_EQ(read_all(&log, &(pcf_events_query){.path = "/a", .is_subtree = 1}), 20);
	CHECK_EQ(read_all(&log, &(pcf_events_query){.path = "/", .is_subtree = 1}), 30);
	CHECK_EQ(read_all(&log, &(pcf_events_query){.after_seq = 12}), 18);
	CHECK_EQ(got[0].seq, 13);
	CHECK_EQ(read_all(&log, &(pcf_events_query){.before_seq = 12}), 11);
	CHECK_EQ(read_all(&log, &(pcf_events_query){.before_seq = 12, .after_seq = 5, .is_newest_first = 1}), 6);
	CHECK_EQ(got[0].seq, 11);
	CHECK_EQ(got[5].seq, 6);
	CHECK_EQ(read_all(&log, &(pcf_events_query){.after_seq = 30}), 0);
	CHECK_EQ(pcf_event_log_read(&log, &(pcf_events_query){.after_seq = 3}, got, 5), 5);
	CHECK_EQ(got[4].seq, 8);
	middle = got[2].realtime_ns;
	CHECK(read_all(&log, &(pcf_events_query){.from_ns = middle}) >= 25);
	CHECK_EQ(read_all(&log, &(pcf_events_query){.to_ns = middle - 3600000000000ULL}), 0);
	/* What is older than the log's age counts as gone. */
	from = log.head->age_ns;
	log.head->age_ns = 1;
	CHECK_EQ(read_all(&log, &(pcf_events_query){0}), 0);
	log.head->age_ns = from;
	pcf_event_log_close(&log);
	remove_log();
}

static void test_takeover(void)
{
	pcf_event_log log, reader;
	pcf_error err = {0};
	uint64_t latest = 0;
	int taken;

	CHECK_OR_DIE(open_log(&log, 100, &taken) == 0);
	for (int i = 0; i < 50; i++)
		write_one(&log, PCF_EVENT_EMPTY, "/a");
	CHECK(open_log(&reader, 100, &taken) == -EBUSY);
	pcf_event_log_close(&log);
	CHECK_OR_DIE(open_log(&log, 100, &taken) == 0);
	CHECK_EQ(taken, PCF_TAKEN_OVER);
	CHECK_EQ(read_all(&log, &(pcf_events_query){0}), 50);
	CHECK_EQ(write_one(&log, PCF_EVENT_OOM_KILL, "/a"), 51);
	CHECK_OR_DIE(pcf_event_log_attach(&reader, dir, &err) == 0);
	CHECK_EQ(pcf_event_log_read(&reader, &(pcf_events_query){.after_seq = 49}, got, 200), 2);
	CHECK_EQ(pcf_event_log_wait(&reader, 51, 10, NULL, &latest), -ETIMEDOUT);
	CHECK_EQ(latest, 51);
	CHECK_EQ(pcf_event_log_wait(&reader, 50, 10, NULL, &latest), 0);
	pcf_event_log_close(&log);
	/* Other limits: another log, and whoever is attached is told. */
	CHECK_OR_DIE(open_log(&log, 60, &taken) == 0);
	CHECK_EQ(taken, PCF_TAKEN_REPLACED);
	CHECK_EQ(pcf_ring_file_replaced(&reader.file), 1);
	CHECK_EQ(pcf_event_log_read(&reader, &(pcf_events_query){0}, got, 200), 51);
	pcf_event_log_close(&reader);
	pcf_event_log_close(&log);
	remove_log();
}

/* Between a record and the words that count it, and in the middle of a record. */
static void test_torn(void)
{
	pcf_event_log log;
	pcf_event *at;
	int taken;

	CHECK_OR_DIE(open_log(&log, 100, &taken) == 0);
	for (int i = 0; i < 3; i++)
		write_one(&log, PCF_EVENT_EMPTY, "/a");
	log.head->rings[PCF_EVENT_EMPTY].written = 2; /* killed before it was counted */
	log.head->latest = 2;
	pcf_event_log_close(&log);
	CHECK_OR_DIE(open_log(&log, 100, &taken) == 0);
	CHECK_EQ(read_all(&log, &(pcf_events_query){0}), 3);
	CHECK_EQ(write_one(&log, PCF_EVENT_FORK, "/a"), 4);
	at = pcf_event_log_record(&log, PCF_EVENT_EMPTY, 1, log.shape.rings[PCF_EVENT_EMPTY].room);
	at->seq = 0; /* half written */
	CHECK_EQ(read_all(&log, &(pcf_events_query){0}), 3);
	CHECK_EQ(got[1].seq, 3);
	CHECK_EQ(read_all(&log, &(pcf_events_query){.is_newest_first = 1}), 3);
	CHECK_EQ(got[0].seq, 4);
	CHECK_EQ(got[2].seq, 1);
	pcf_event_log_close(&log);
	remove_log();
}

static void write_for_ever(int ready)
{
	pcf_event_log log;
	int taken;

	if (open_log(&log, 1000, &taken) < 0)
		_exit(1);
	for (uint64_t i = 0;; i++) {
		pcf_event event = {.kind = (uint16_t)(PCF_EVENT_FORK + i % 3), .of.process.pid = (uint32_t)i};

		event.realtime_ns = pcf_now_ns(CLOCK_REALTIME);
		event.of.process.run_ns = event.of.process.cpu_ns = ~(uint64_t)event.of.process.pid;
		pcf_event_log_write(&log, &event);
		if (i == 5000 && write(ready, "", 1) != 1)
			_exit(2);
	}
}

static void check_whole(int64_t count, int is_newest_first)
{
	for (int64_t i = 0; i < count; i++) {
		CHECK_EQ(got[i].of.process.run_ns, ~(uint64_t)got[i].of.process.pid);
		CHECK_EQ(got[i].of.process.cpu_ns, ~(uint64_t)got[i].of.process.pid);
		if (i > 0)
			CHECK((got[i].seq < got[i - 1].seq) == is_newest_first);
	}
}

/* Killed while it writes, read while it writes: what is read is whole, and numbers go on. */
static void test_kill(void)
{
	uint64_t last = 0;
	pcf_error err = {0};

	for (int round = 0; round < 5; round++) {
		pcf_event_log log;
		int ready[2], taken;
		char byte;
		pid_t pid;

		CHECK_OR_DIE(pipe(ready) == 0);
		pid = fork();
		if (pid == 0)
			write_for_ever(ready[1]);
		CHECK(read(ready[0], &byte, 1) == 1);
		CHECK_OR_DIE(pcf_event_log_attach(&log, dir, &err) == 0);
		for (int i = 0; i < 50; i++) {
			pcf_events_query query = {.after_seq = last, .kinds = PROCESSES, .is_newest_first = i % 2};

			/* None at all is right too, where the writer goes round before a record is copied. */
			check_whole(read_all(&log, &query), query.is_newest_first);
		}
		CHECK(kill(pid, SIGKILL) == 0 && waitpid(pid, NULL, 0) == pid);
		last = pcf_load(&log.head->latest);
		pcf_event_log_close(&log);
		CHECK_OR_DIE(open_log(&log, 1000, &taken) == 0);
		CHECK_EQ(taken, PCF_TAKEN_OVER);
		CHECK(log.head->latest >= last && log.head->latest <= last + 1);
		CHECK_EQ(write_one(&log, PCF_EVENT_OOM_KILL, "/"), log.head->latest);
		pcf_event_log_close(&log);
		close(ready[0]);
		close(ready[1]);
	}
	remove_log();
}

static void test_budget(void)
{
	const uint64_t bytes = 1 << 20;
	pcf_log_spec spec = spec_of(100000, bytes);
	pcf_error err = {0};
	pcf_event_log log;
	int taken;

	CHECK_OR_DIE(pcf_event_log_create(&log, &spec, &taken, &err) == 0);
	for (int kind = 1; kind < PCF_EVENT_KINDS; kind++)
		for (int i = 0; i < 2000; i++)
			write_one(&log, kind, "/a");
	CHECK(log.reserved <= bytes);
	/* The first took what it could, the last still got its share. */
	CHECK(log.shape.rings[1].room > log.shape.rings[PCF_EVENT_KINDS - 1].room);
	CHECK(log.shape.rings[PCF_EVENT_KINDS - 1].room * sizeof(pcf_event) >= bytes / (2 * PCF_EVENT_KINDS) - 4096);
	pcf_event_log_close(&log);
	remove_log();
}

/* A full tmpfs is an error while the log is made, and later the end of its growth; never a signal. */
static void test_full(void)
{
	char path[100];
	pcf_event_log log;
	int taken, fd;

	if (mount("pcf-test", dir, "tmpfs", 0, "size=1m") < 0) {
		fprintf(stderr, "a full tmpfs is not tested: this process may mount none (CI runs as root)\n");
		return;
	}
	CHECK_OR_DIE(open_log(&log, 100000, &taken) == 0);
	for (int i = 0; i < 3000; i++)
		write_one(&log, PCF_EVENT_EMPTY, "/a");
	CHECK(log.shape.rings[PCF_EVENT_EMPTY].room < 1024);
	CHECK_EQ(pcf_event_log_read(&log, &(pcf_events_query){.after_seq = 2990}, got, 200), 10);
	pcf_event_log_close(&log);
	remove_log();
	snprintf(path, sizeof path, "%s/filler", dir);
	fd = open(path, O_RDWR | O_CREAT, 0600);
	CHECK(fd >= 0);
	for (off_t at = 0; fallocate(fd, 0, at, 4096) == 0; at += 4096)
		;
	CHECK_EQ(open_log(&log, 100000, &taken), -ENOSPC);
	close(fd);
	CHECK(umount(dir) == 0);
}

/* A file that is no log, or was cut short, or lies about itself, is not read past its end. */
static void test_hostile(void)
{
	pcf_log_header head;
	pcf_event_log log;
	pcf_error err = {0};
	char path[100];
	int taken, fd;

	CHECK_OR_DIE(open_log(&log, 100, &taken) == 0);
	write_one(&log, PCF_EVENT_EMPTY, "/a");
	pcf_event_log_close(&log);
	snprintf(path, sizeof path, "%s/%s", dir, PCF_LOG_FILE);
	fd = open(path, O_RDWR);
	CHECK_OR_DIE(fd >= 0 && pread(fd, &head, sizeof head, 0) == sizeof head);
	srand(1);
	for (int i = 0; i < 300; i++) {
		size_t at = (size_t)rand() % sizeof head;
		uint8_t was = ((uint8_t *)&head)[at], now = (uint8_t)rand();

		CHECK(pwrite(fd, &now, 1, (off_t)at) == 1);
		if (pcf_event_log_attach(&log, dir, &err) == 0) {
			CHECK(read_all(&log, &(pcf_events_query){0}) <= 200);
			CHECK(read_all(&log, &(pcf_events_query){.is_newest_first = 1}) <= 200);
			pcf_event_log_close(&log);
		}
		CHECK(pwrite(fd, &was, 1, (off_t)at) == 1);
	}
	CHECK(ftruncate(fd, 5000) == 0);
	CHECK(pcf_event_log_attach(&log, dir, &err) < 0);
	close(fd);
	remove_log();
}

int main(void)
{
	snprintf(dir, sizeof dir, "/dev/shm/pcf-test-log-%ld", (long)getpid());
	CHECK_OR_DIE(mkdir(dir, 0755) == 0);
	test_rings();
	test_queries();
	test_takeover();
	test_torn();
	test_kill();
	test_budget();
	test_full();
	test_hostile();
	rmdir(dir);
	return check_result();
}
