/* A container's last block IO: on cgroup2 what the block layer counted, also when nobody has read it and the directory
 * goes at once; elsewhere what its threads caused, marked as such. The disks are null_blk's, which the guests have. */
#include "event_live.h"

#define BLOCK  65536
#define WRITES 5
#define READS  3

static pcf_event records[16];

static void do_io(const char *name, const char *disk)
{
	static _Alignas(4096) char block[BLOCK];
	int fd, left = 0;

	live_enter(name);
	fd = open(disk, O_RDWR | O_DIRECT);
	for (int i = 0; i < WRITES; i++)
		left += pwrite(fd, block, BLOCK, (off_t)i * BLOCK) != BLOCK;
	for (int i = 0; i < READS; i++)
		left += pread(fd, block, 4096, (off_t)i * BLOCK) != 4096;
	_exit(fd < 0 || left);
}

static void test_disk(pcf_events *events, const char *disk)
{
	const pcf_event_container *of = &records[0].of.container;
	int status, is_v2 = live_host.layout == PCF_LAYOUT_V2;
	pid_t pid;

	CHECK(cgroup_each("io", 1) > 0);
	pid = fork();
	if (pid == 0)
		do_io("io", disk);
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK_EQ(status, 0);
	CHECK(cgroup_each("io", 0) > 0);
	CHECK_EQ(live_await(events, 1ULL << PCF_EVENT_CONTAINER_EXIT, 0, records, 16, 1), 1);
	CHECK_EQ(of->write_bytes, WRITES * BLOCK);
	CHECK_EQ(of->read_bytes, READS * 4096);
	CHECK_EQ(of->write_ops, is_v2 ? WRITES : PCF_ABSENT);
	CHECK_EQ(of->read_ops, is_v2 ? READS : PCF_ABSENT);
	CHECK_EQ(records[0].flags & PCF_EVENT_IO_OF_TASKS, is_v2 ? 0 : PCF_EVENT_IO_OF_TASKS);
}

int main(void)
{
	const char *disk = "/dev/nullb0";
	pcf_events *events;

	live_begin();
	live_hand_down("");
	if (access(disk, R_OK | W_OK) < 0)
		(void)!system("modprobe null_blk nr_devices=1 gb=1 2>/dev/null"); /* NOLINT: words of this file alone */
	events = live_open(0);
	if (access(disk, R_OK | W_OK) < 0)
		fprintf(stderr, "no disk to write to: the kernel has no module null_blk (the guests have)\n");
	else if (live_has(events, PCF_EVENT_EMPTY, PCF_EVENT_SOURCE_BPF))
		test_disk(events, disk);
	pcf_events_close(events);
	return check_result();
}
