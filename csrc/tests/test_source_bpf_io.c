/* Block IO of cgroup2 by the walk, on disks of the null_blk module: bytes and requests to the last one, though nobody has
 * read a text; whole disks, several queues, a partition; cgroups below cgroups; what only the file can tell; a disk
 * that is taken away. On a host with v1 IO: that it stays on its files. */
#include "cgroups.h"
#include "check.h"
#include "keyed_rows.h"
#include "schema/enums.h"

#if !PCF_HAVE_BPF
int main(void)
{
	CHECK(*PCF_BPF_MISSING);
	return check_result();
}
#else
#include <linux/blkpg.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#include "source/walk.h"

#define DISKS 10 /* more than the walk has room for */
#define BLOCK 65536

static pcf_host host;
static pcf_options options;
static pcf_plan plan;
static pcf_error err;
static pcf_kernel_walk *walk;

/* ---- the walk ---- */
static int rows_of(const char *name, keyed_rows *rows)
{
	static pcf_walker walker;
	char path[512];
	struct stat st;

	cgroup_path(path, sizeof path, PCF_CTL_UNIFIED, name);
	CHECK_OR_DIE(stat(path, &st) == 0);
	memset(&walker, 0, sizeof walker);
	memset(rows, 0, sizeof *rows);
	pcf_kernel_walk_place(walk, &walker, PCF_CTL_IO, st.st_ino);
	CHECK_EQ(pcf_kernel_walk_begin(walk, 1ULL << PCF_GROUP_IO), 0);
	return pcf_kernel_walk_rows(walk, &walker, PCF_GROUP_IO, keyed_rows_sink, rows);
}

static uint64_t value(const char *name, const char *disk, int column)
{
	keyed_rows rows;
	const uint64_t *row;

	if (rows_of(name, &rows) != PCF_WALK_FOUND)
		return PCF_ABSENT - 1;
	row = keyed_rows_find(&rows, disk);
	return row ? row[column] : PCF_ABSENT;
}

/* Both say the same now that nothing happens. */
static void check_text(const char *name)
{
	char path[512], text[4096] = "";
	keyed_rows rows, texts = {0};
	int fd;

	CHECK_EQ(rows_of(name, &rows), PCF_WALK_FOUND);
	cgroup_path(path, sizeof path, PCF_CTL_UNIFIED, name);
	strncat(path, "/io.stat", sizeof path - strlen(path) - 1);
	fd = open(path, O_RDONLY);
	CHECK_OR_DIE(fd >= 0 && read(fd, text, sizeof text - 1) >= 0);
	close(fd);
	(void)keyed_rows_parse(&texts, pcf_parser_find("io.stat", 2, PCF_GROUP_IO), text, strlen(text));
	CHECK_EQ(rows.count, texts.count);
	for (int i = 0; i < texts.count; i++) {
		const uint64_t *row = keyed_rows_find(&rows, texts.keys[i]);

		CHECK_OR_DIE(row);
		for (int c = 0; c < pcf_group_at(PCF_GROUP_IO)->columns; c++)
			CHECK_EQ(row[c], texts.rows[i][c]);
	}
}

/* ---- cgroups and disks ---- */
static void hand_down(const char *name)
{
	char path[512];
	int fd;

	cgroup_path(path, sizeof path, PCF_CTL_UNIFIED, name);
	strncat(path, "/cgroup.subtree_control", sizeof path - strlen(path) - 1);
	fd = open(path, O_WRONLY);
	CHECK_OR_DIE(fd >= 0 && write(fd, "+io", 3) == 3);
	close(fd);
}

static void disk_key(const char *disk, char *out, size_t size)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof path, "/dev/%s", disk);
	CHECK_OR_DIE(stat(path, &st) == 0);
	snprintf(out, size, "%u:%u", major(st.st_rdev), minor(st.st_rdev));
}

/* From a process of the cgroup, past the page cache. */
static void do_io(const char *name, const char *disk, int writes, int reads)
{
	pid_t pid = fork();
	int status = 1;

	if (pid == 0) {
		static _Alignas(4096) char block[BLOCK];
		char path[64];
		int fd, left = 0;

		snprintf(path, sizeof path, "/dev/%s", disk);
		if (cgroup_enter(name, PCF_CTL_UNIFIED) < 0)
			_exit(3);
		fd = open(path, O_RDWR | O_DIRECT);
		for (int i = 0; i < writes; i++)
			left += pwrite(fd, block, BLOCK, (off_t)i * BLOCK) != BLOCK;
		for (int i = 0; i < reads; i++)
			left += pread(fd, block, 4096, (off_t)i * BLOCK) != 4096;
		_exit(fd < 0 || left);
	}
	CHECK_OR_DIE(pid > 0 && waitpid(pid, &status, 0) == pid);
	CHECK_EQ(status, 0);
}

static int run(const char *command)
{
	return system(command); /* NOLINT: words of this file alone */
}

static void begin_disks(void)
{
	char command[128];

	(void)run("rmmod null_blk 2>/dev/null"); /* another test's disks */
	snprintf(command, sizeof command, "modprobe null_blk nr_devices=%d gb=1 queue_mode=2 submit_queues=2", DISKS);
	CHECK_OR_DIE(run(command) == 0);
}

/* ---- what is tested ---- */
static void test_counts(void)
{
	char key[24];
	uint64_t parent;

	disk_key("nullb0", key, sizeof key);
	CHECK_EQ(value("a", key, PCF_IO_WRITE_BYTES), PCF_ABSENT);
	do_io("a", "nullb0", 10, 3);
	CHECK_EQ(value("a", key, PCF_IO_WRITE_BYTES), 10 * BLOCK);
	CHECK_EQ(value("a", key, PCF_IO_WRITE_OPS), 10);
	CHECK_EQ(value("a", key, PCF_IO_READ_BYTES), 3 * 4096);
	CHECK_EQ(value("a", key, PCF_IO_READ_OPS), 3);
	CHECK_EQ(value("a", key, PCF_IO_DISCARD_OPS), 0);
	CHECK_EQ(value("a", key, PCF_IO_COST_USAGE_USEC), PCF_ABSENT);
	check_text("a");
	/* A cgroup below another: no text was read since. */
	parent = value("", key, PCF_IO_WRITE_BYTES);
	do_io("b/c", "nullb0", 7, 0);
	CHECK_EQ(value("b", key, PCF_IO_WRITE_BYTES), 7 * BLOCK);
	CHECK_EQ(value("b/c", key, PCF_IO_WRITE_BYTES), 7 * BLOCK);
	CHECK_EQ(value("", key, PCF_IO_WRITE_BYTES), parent + 7 * BLOCK);
	check_text("b");
	check_text("b/c");
}

static void test_partition(void)
{
	struct blkpg_partition part = {.start = 1 << 20, .length = 64 << 20, .pno = 1};
	struct blkpg_ioctl_arg add = {.op = BLKPG_ADD_PARTITION, .datalen = sizeof part, .data = &part};
	int fd = open("/dev/nullb1", O_RDWR);
	char key[24];
	keyed_rows rows;

	CHECK_OR_DIE(fd >= 0);
	CHECK_OR_DIE(ioctl(fd, BLKPG, &add) == 0 || (perror("BLKPG"), 0));
	disk_key("nullb1", key, sizeof key);
	do_io("part", "nullb1p1", 5, 0);
	CHECK_EQ(value("part", key, PCF_IO_WRITE_BYTES), 5 * BLOCK);
	CHECK_EQ(rows_of("part", &rows), PCF_WALK_FOUND);
	CHECK_EQ(rows.count, 1);
	check_text("part");
	add.op = BLKPG_DEL_PARTITION;
	CHECK_EQ(ioctl(fd, BLKPG, &add), 0);
	close(fd);
}

static void test_many(void)
{
	char disk[16];
	keyed_rows rows;

	for (int i = 0; i < DISKS; i++) {
		snprintf(disk, sizeof disk, "nullb%d", i);
		do_io("many", disk, 1, 0);
		CHECK_EQ(rows_of("many", &rows), i < 8 ? PCF_WALK_FOUND : PCF_WALK_UNKNOWN);
		CHECK_EQ(rows.count, i < 8 ? i + 1 : 0);
		if (i < 8)
			check_text("many");
	}
}

static void test_cost_model(void)
{
	char key[24], path[512], text[64];
	keyed_rows rows;
	int fd, n;

	snprintf(path, sizeof path, "%s/io.cost.qos", host.controllers[PCF_CTL_UNIFIED].mount);
	fd = open(path, O_WRONLY);
	CHECK_OR_DIE(fd >= 0);
	disk_key("nullb2", key, sizeof key);
	do_io("cost", "nullb2", 2, 0);
	CHECK_EQ(rows_of("cost", &rows), PCF_WALK_FOUND);
	n = snprintf(text, sizeof text, "%s enable=1\n", key);
	CHECK_EQ(pwrite(fd, text, (size_t)n, 0), n);
	CHECK_EQ(rows_of("cost", &rows), PCF_WALK_UNKNOWN);
	CHECK_EQ(rows_of("part", &rows), PCF_WALK_FOUND); /* has nothing on that disk */
	n = snprintf(text, sizeof text, "%s enable=0\n", key);
	CHECK_EQ(pwrite(fd, text, (size_t)n, 0), n);
	CHECK_EQ(rows_of("cost", &rows), PCF_WALK_FOUND);
	check_text("cost");
	close(fd);
}

static void test_no_controller(void)
{
	keyed_rows rows;

	CHECK_EQ(rows_of("b/c/none", &rows), PCF_WALK_NOTHING);
	CHECK_EQ(rows_of("a", &rows), PCF_WALK_FOUND);
}

/* Side by side below the root, more than are worth a look each: the numbers are old then, and the file is read. */
static void test_too_many_trees(void)
{
	keyed_rows rows;
	char path[600];
	int found;

	for (int i = 0; i < 80; i++) {
		snprintf(path, sizeof path, "%s/%s-%d", host.controllers[PCF_CTL_UNIFIED].mount, cgroups_top, i);
		CHECK_EQ(mkdir(path, 0755), 0);
	}
	found = rows_of("a", &rows);
	/* Where one flush adds up everything it does not matter. */
	CHECK(found == PCF_WALK_FOUND || found == PCF_WALK_UNKNOWN);
	if (found == PCF_WALK_FOUND)
		check_text("a");
	for (int i = 0; i < 80; i++) {
		snprintf(path, sizeof path, "%s/%s-%d", host.controllers[PCF_CTL_UNIFIED].mount, cgroups_top, i);
		CHECK_EQ(rmdir(path), 0);
	}
	CHECK_EQ(rows_of("a", &rows), PCF_WALK_FOUND);
}

static void test_disk_taken_away(void)
{
	char key[24];

	disk_key("nullb0", key, sizeof key);
	CHECK_EQ(value("a", key, PCF_IO_WRITE_OPS), 10);
	CHECK_EQ(run("rmmod null_blk"), 0);
	CHECK_EQ(value("a", key, PCF_IO_WRITE_OPS), PCF_ABSENT);
	check_text("a");
}

int main(void)
{
	static const char *const names[] = {"a", "b", "b/c", "b/c/none", "part", "many", "cost"};
	const int count = sizeof names / sizeof names[0];

	CHECK_OR_DIE(pcf_host_probe(&host, "", &err) == 0);
	pcf_options_default(&options);
	options.flush_ns = 0;
	CHECK_OR_DIE(pcf_plan_make(&host, &options, &plan, &err) == 0);
	if (host.controllers[PCF_CTL_IO].version != 2) {
		CHECK(!host.controllers[PCF_CTL_IO].version || strstr(plan.group[PCF_GROUP_IO].reason, "files"));
		return check_result();
	}
	CHECK_EQ(plan.group[PCF_GROUP_IO].source, PCF_SOURCE_BPF);
	CHECK_OR_DIE(cgroups_begin(&host) == 0);
	hand_down("");
	for (int i = 0; i < count; i++) {
		CHECK_OR_DIE(cgroup_each(names[i], 1) == 1);
		if (strcmp(names[i], "b") == 0)
			hand_down("b");
	}
	if (pcf_kernel_walk_open(&walk, &host, &options, &plan, &err) < 0)
		fprintf(stderr, "%s\n", err.text);
	CHECK_OR_DIE(walk);
	begin_disks();
	test_counts();
	test_partition();
	test_many();
	test_cost_model();
	test_no_controller();
	test_too_many_trees();
	test_disk_taken_away();
	pcf_kernel_walk_close(walk);
	for (int i = count; i-- > 0;)
		(void)cgroup_each(names[i], 0);
	return check_result();
}
#endif
