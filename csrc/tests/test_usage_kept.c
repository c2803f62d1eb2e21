/* The sum of a project by both ways to ask for it: by an open directory, and by the device's name as kernels before 5.14
 * want it.  What the sums are worth is tested in tests/guest/inside/test_kept_sums.py. */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "check.h"
#include "pcf.h"
#include "usage/kept.h"

#define PROJECT 4711

static char top[] = "/dev/shm/pcf-kept-XXXXXX";

/* The command, with the directory of this test in the place of %s. */
static int run(const char *format)
{
	char command[512];

	snprintf(command, sizeof command, format, top, top);
	return system(command); /* NOLINT: words of this file alone */
}

/* A file that belongs to the project, in the directory that it begins with. */
static int project_directory(void)
{
	struct fsxattr attributes;
	char path[128];
	int fd, file;

	snprintf(path, sizeof path, "%s/on/project", top);
	CHECK_OR_DIE(mkdir(path, 0700) == 0);
	fd = open(path, O_RDONLY | O_DIRECTORY);
	CHECK_OR_DIE(fd >= 0 && ioctl(fd, FS_IOC_FSGETXATTR, &attributes) == 0);
	attributes.fsx_projid = PROJECT;
	attributes.fsx_xflags |= FS_XFLAG_PROJINHERIT;
	CHECK_OR_DIE(ioctl(fd, FS_IOC_FSSETXATTR, &attributes) == 0);
	file = openat(fd, "file", O_CREAT | O_WRONLY, 0600);
	CHECK_OR_DIE(file >= 0 && write(file, path, sizeof path) == (ssize_t)sizeof path);
	CHECK_OR_DIE(fsync(file) == 0);
	close(file);
	return fd;
}

/* udev makes these names; the guests have none.  1 = it was made here. */
static int make_device(int fd, char *name, size_t size)
{
	struct stat st;

	CHECK_OR_DIE(fstat(fd, &st) == 0);
	snprintf(name, size, "/dev/block/%u:%u", major(st.st_dev), minor(st.st_dev));
	(void)mkdir("/dev/block", 0755);
	return mknod(name, S_IFBLK | 0600, st.st_dev) == 0;
}

static void test_both_ways(void)
{
	pcf_usage_tree one = {0}, other = {0};
	char device[64];
	int fd = project_directory(), is_made = make_device(fd, device, sizeof device);

	CHECK_EQ(pcf_quota_read(fd, "/project", &one), 0);
	CHECK_EQ(pcf_quota_read_by_device(fd, "/project", &other), 0);
	CHECK_EQ(one.inodes, 2);
	CHECK(one.bytes > 0);
	CHECK_EQ(one.project, PROJECT);
	CHECK_EQ(one.source, PCF_USAGE_QUOTA);
	CHECK(memcmp(&one, &other, sizeof one) == 0);
	CHECK(!is_made || unlink(device) == 0);
	close(fd);
}

/* Where nothing is kept, nothing is filled. */
static void test_none(void)
{
	pcf_usage_tree tree = {0}, empty = {0};

	CHECK(pcf_kept_read(top, &tree) < 0);
	CHECK_EQ(pcf_kept_read("/nowhere", &tree), -ENOENT);
	CHECK_EQ(pcf_kept_read("/proc/self/stat", &tree), -ENOTDIR);
	CHECK(memcmp(&tree, &empty, sizeof tree) == 0);
}

int main(void)
{
	char on[128];

	CHECK_OR_DIE(mkdtemp(top));
	test_none();
	snprintf(on, sizeof on, "%s/on", top);
	CHECK_OR_DIE(mkdir(on, 0700) == 0);
	(void)run("modprobe -q loop; modprobe -q ext4; modprobe -q quota_v2; truncate -s 16M %s/image");
	if (run("mkfs.ext4 -q -O quota,project -E quotatype=prjquota %s/image >/dev/null 2>&1") == 0 &&
	    run("mount -t ext4 -o loop,prjquota %s/image %s/on 2>/dev/null") == 0) {
		test_both_ways();
		CHECK(umount(on) == 0);
	} else {
		fprintf(stderr, "project quotas are not tried: this kernel keeps none (those of the guests do)\n");
	}
	CHECK(run("rm -r %s") == 0);
	return check_result();
}
