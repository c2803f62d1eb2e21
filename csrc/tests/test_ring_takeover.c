/* A collector goes, another comes: by design, by kill -9, with other options, at the same time. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "ring_scratch.h"

static char dir[64];

static void test_history_goes_on(void)
{
	pcf_region_spec spec = spec_of(dir, PCF_GROUP_IO, 4, 20);
	pcf_region *region = region_open(&spec, PCF_TAKEN_NEW), *reader;
	uint64_t values[PCF_MAX_GROUP_COLUMNS], memory;
	uint32_t sda, sdb, gone, again;

	CHECK_EQ(pcf_region_row_claim(region, 1, 7, "8:0", 3, 1, &sda), 0);
	CHECK_EQ(pcf_region_row_claim(region, 1, 7, "8:16", 4, 1, &sdb), 0);
	CHECK_EQ(pcf_region_row_claim(region, 2, 3, "8:0", 3, 1, &gone), 0);
	write_tick(region, 5, (uint32_t[]){sda, sdb, gone}, 3, 11);
	pcf_region_slot_release(region, 2, 3, 6);
	memory = pcf_region_memory(region);
	CHECK_EQ(pcf_region_attach(&reader, dir, "io", NULL), 0);
	CHECK_EQ(pcf_region_is_written(reader), 1);
	pcf_region_close(region);
	CHECK_EQ(pcf_region_is_written(reader), 0);
	CHECK_EQ(pcf_region_values(reader, 5, sda, values, NULL), 0);
	region = region_open(&spec, PCF_TAKEN_OVER);
	CHECK_EQ(pcf_region_replaced(reader), 0);
	CHECK_EQ(pcf_region_is_written(reader), 1);
	CHECK_EQ(pcf_region_memory(region), memory);
	CHECK_EQ(pcf_region_row_claim(region, 1, 7, "8:16", 4, 9, &again), 0);
	CHECK_EQ(again, sdb);
	CHECK_EQ(pcf_region_row_claim(region, 4, 1, "8:0", 3, 9, &again), 0);
	CHECK_EQ(again, gone); /* freed before the restart, found again */
	write_tick(region, 6, &sda, 1, 12);
	CHECK_EQ(pcf_region_values(reader, 5, sdb, values, NULL), 0);
	CHECK_EQ(values[0], 11);
	CHECK_EQ(pcf_region_values(reader, 6, sda, values, NULL), 0);
	pcf_region_slot_release(region, 1, 7, 7); /* both rows of the slot were known again */
	CHECK_EQ(pcf_region_row_claim(region, 1, 7, "8:0", 3, 9, &again), 0);
	CHECK_EQ(again == sda || again == sdb, 1);
	pcf_region_close(reader);
	pcf_region_close(region);
}

static void replaced_because(const pcf_region_spec *spec, const char *why)
{
	pcf_region *region = NULL, *reader;
	pcf_error err;
	int taken = -1;

	CHECK_OR_DIE(pcf_region_attach(&reader, spec->dir, pcf_group_at(spec->group)->name, NULL) == 0);
	CHECK_EQ(pcf_region_create(&region, spec, &taken, &err), 0);
	CHECK_EQ(taken, PCF_TAKEN_REPLACED);
	CHECK_EQ(err.code, 0);
	if (strstr(err.text, why) == NULL)
		fprintf(stderr, "%s\n", err.text);
	CHECK(strstr(err.text, why) != NULL);
	CHECK_EQ(pcf_region_replaced(reader), 1);
	CHECK_EQ(pcf_region_latest(region), 0);
	pcf_region_close(reader);
	pcf_region_close(region);
}

static void change_byte(const char *name, off_t offset, char byte)
{
	char path[300];
	int fd;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	fd = open(path, O_RDWR);
	CHECK_EQ(pwrite(fd, &byte, 1, offset), 1);
	close(fd);
}

static void test_reasons_for_replacing(void)
{
	uint8_t present[PCF_MAX_GROUP_COLUMNS] = {1, 1};
	pcf_region_spec spec = spec_of(dir, PCF_GROUP_CPU, 4, 20);
	pcf_slots *slots;

	pcf_region_close(region_open(&spec, PCF_TAKEN_NEW));
	spec.interval_ns = 1000 * MS;
	replaced_because(&spec, "cpu: the ring of an earlier collector was replaced: interval was 10ms, is 1s");
	spec.base_ns = 500 * MS;
	replaced_because(&spec, "base interval was 10ms, is 500ms");
	spec.ring_len = 5;
	replaced_because(&spec, "history was 4 ticks, is 5");
	spec.row_capacity = 30;
	replaced_because(&spec, "capacity was 20 rows, is 30");
	spec.present = present;
	replaced_because(&spec, "its columns are others (2 columns, were 9)");
	CHECK_EQ(pcf_slots_create(&slots, dir, 10, NULL, NULL), 0);
	replaced_because(&spec, "the list of containers it refers to is gone");
	pcf_slots_close(slots);
	change_byte("cpu.ring", offsetof(pcf_region_header, boot_id), 'x');
	replaced_because(&spec, "the machine was booted since");
	change_byte("cpu.ring", offsetof(pcf_region_header, latest_tick) + 7, 1);
	replaced_because(&spec, "its clock is ahead");
}

static void test_damaged_or_foreign_files(void)
{
	pcf_region_spec spec = spec_of(dir, PCF_GROUP_CPU_PERCPU, 4, 20);
	pcf_region *region;
	char path[300];
	pcf_error err;
	int taken = -1;

	pcf_region_close(region_open(&spec, PCF_TAKEN_NEW));
	snprintf(path, sizeof path, "%s/cpu_percpu.ring", dir);
	CHECK_EQ(truncate(path, 100), 0);
	CHECK_EQ(pcf_region_attach(&region, dir, "cpu_percpu", &err), -EINVAL);
	CHECK_EQ(pcf_region_create(&region, &spec, &taken, &err), 0);
	CHECK_EQ(taken, PCF_TAKEN_REPLACED);
	CHECK(strstr(err.text, "cut short") != NULL);
	pcf_region_close(region);
	CHECK_EQ(truncate(path, 8192), 0);
	CHECK_EQ(pcf_region_attach(&region, dir, "cpu_percpu", &err), -EINVAL);
	CHECK(strstr(err.text, "cut short: 8192 of") != NULL);
	CHECK_EQ(chmod(path, 0666), 0); /* anybody could cut it under the writer: not taken over */
	CHECK_EQ(pcf_region_create(&region, &spec, &taken, &err), 0);
	CHECK(taken != PCF_TAKEN_OVER);
	pcf_region_close(region);
}

/* Somebody who could put a ring of his own in place of ours. */
static void test_directories_of_others(void)
{
	pcf_region_spec spec = spec_of(dir, PCF_GROUP_PIDS, 4, 20);
	pcf_region *region;
	pcf_error err;
	char path[100];

	CHECK_EQ(chmod(dir, 0777), 0);
	CHECK_EQ(pcf_region_create(&region, &spec, NULL, &err), -EPERM);
	CHECK(strstr(err.text, "others may write there") != NULL);
	CHECK_EQ(chmod(dir, 01777), 0);
	pcf_region_close(region_open(&spec, PCF_TAKEN_NEW));
	CHECK_EQ(chmod(dir, 0755), 0);
	if (geteuid() == 0) {
		CHECK_EQ(chown(dir, 12345, 12345), 0);
		CHECK_EQ(pcf_region_create(&region, &spec, NULL, &err), -EPERM);
		CHECK(strstr(err.text, "belongs to user 12345") != NULL);
		CHECK_EQ(chown(dir, 0, 0), 0);
	}
	snprintf(path, sizeof path, "%s/pids.ring", dir);
	spec.dir = path;
	CHECK_EQ(pcf_region_create(&region, &spec, NULL, &err), -ENOTDIR);
	CHECK_EQ(unlink(path), 0);
}

static void test_two_writers(void)
{
	pcf_region_spec spec = spec_of(dir, PCF_GROUP_PIDS, 4, 20);
	pcf_region *region = region_open(&spec, PCF_TAKEN_NEW), *second;
	char pid[32];
	pcf_error err;
	int files = scratch_count(dir), status;
	pid_t child;

	snprintf(pid, sizeof pid, "pid %d ", getpid());
	CHECK_EQ(pcf_region_create(&second, &spec, NULL, &err), -EBUSY);
	CHECK(second == NULL && strstr(err.text, pid) != NULL);
	child = fork();
	if (child == 0)
		_exit(pcf_region_create(&second, &spec, NULL, &err) == -EBUSY && strstr(err.text, pid) != NULL ? 0 : 1);
	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK_EQ(status, 0);
	CHECK_EQ(scratch_count(dir), files); /* nothing half-built is left */
	pcf_region_close(region);
	pcf_region_close(region_open(&spec, PCF_TAKEN_OVER));
}

/* Writes until it is killed; tells through the pipe when it is well under way. */
static void write_for_ever(int pipe_fd, const pcf_region_spec *spec)
{
	uint64_t values[PCF_MAX_GROUP_COLUMNS];
	pcf_region *region;
	uint32_t row;

	if (pcf_region_create(&region, spec, NULL, NULL) < 0)
		_exit(1);
	for (uint32_t slot = 0; slot < 200; slot++)
		if (pcf_region_row_claim(region, slot, 1, NULL, 0, 1, &row) < 0)
			_exit(2);
	for (uint64_t tick = pcf_region_latest(region) + 1;; tick++) {
		pcf_region_begin(region, tick, tick, tick);
		for (row = 0; row < 200; row++) {
			for (int i = 0; i < PCF_MAX_GROUP_COLUMNS; i++)
				values[i] = tick * 4096;
			pcf_region_store(region, row, 0, values);
			if (tick > 5 && row == 100 && write(pipe_fd, "x", 1) != 1) /* mid-tick, known to the killer */
				_exit(3);
		}
		pcf_region_end(region, 1, 1);
	}
}

/* Every row of every tick that reads as complete is whole. */
static void check_all_whole(pcf_region *region, uint32_t rows)
{
	uint64_t values[PCF_MAX_GROUP_COLUMNS];

	for (uint64_t tick = pcf_region_oldest(region); tick != 0; tick = pcf_region_next(region, tick)) {
		for (uint32_t row = 0; row < rows; row++) {
			CHECK_EQ(pcf_region_values(region, tick, row, values, NULL), 0);
			for (uint32_t i = 0; i < pcf_region_head(region)->column_count; i++)
				CHECK(values[i] == tick * 4096);
		}
	}
}

static void test_kill_during_a_tick(void)
{
	pcf_region_spec spec = spec_of(dir, PCF_GROUP_MEMORY, 5, 300);
	uint64_t values[PCF_MAX_GROUP_COLUMNS], latest;
	int pipe_fd[2], status;
	pcf_region *region;
	pcf_region_tick info;
	uint32_t row;

	spec.interval_ns = spec.base_ns = MS; /* ticks must stay below the clock, see create.c */
	for (int round = 0; round < 10; round++) {
		char byte;
		pid_t child;

		CHECK_OR_DIE(pipe(pipe_fd) == 0);
		child = fork();
		if (child == 0)
			write_for_ever(pipe_fd[1], &spec);
		close(pipe_fd[1]);
		CHECK_EQ(read(pipe_fd[0], &byte, 1), 1);
		kill(child, SIGKILL);
		CHECK_EQ(waitpid(child, &status, 0), child);
		close(pipe_fd[0]);
		region = region_open(&spec, PCF_TAKEN_OVER);
		latest = pcf_region_latest(region);
		CHECK(latest >= 5);
		CHECK(pcf_region_oldest(region) + 4 >= latest);
		check_all_whole(region, 200);
		/* The very tick it died in, begun again: rows it had written do not show through. */
		CHECK_EQ(pcf_region_row_claim(region, 150, 1, NULL, 0, 1, &row), 0);
		write_tick(region, latest + 1, &row, 1, (latest + 1) * 4096);
		CHECK_EQ(pcf_region_tick_read(region, latest + 1, &info), 0);
		CHECK_EQ(pcf_region_values(region, latest + 1, 150, values, NULL), 0);
		CHECK_EQ(pcf_region_values(region, latest + 1, 20, values, NULL), -ENOENT);
		for (uint32_t slot = 0; slot < 200; slot++)
			CHECK_EQ(pcf_region_row_claim(region, slot, 1, NULL, 0, 1, &row), 0);
		for (uint64_t tick = latest + 2; tick < latest + 8; tick++) {
			uint32_t rows[200];

			for (uint32_t i = 0; i < 200; i++)
				rows[i] = i;
			write_tick(region, tick, rows, 200, tick * 4096);
		}
		check_all_whole(region, 200);
		pcf_region_close(region);
	}
}

int main(void)
{
	scratch_make(dir);
	test_history_goes_on();
	test_reasons_for_replacing();
	test_damaged_or_foreign_files();
	scratch_remove(dir);
	scratch_make(dir);
	test_directories_of_others();
	test_two_writers();
	test_kill_during_a_tick();
	scratch_remove(dir);
	return check_result();
}
