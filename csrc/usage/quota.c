/* Project quota: each file carries the number of its project, a directory hands its own down to what is made in it, and the
 * filesystem keeps the sums.  Docker (overlay2 with a size) and podman give each layer a project of its own.
 *
 * A sum is a directory's only if the project begins there and nowhere else.  That it does not begin further up is looked
 * at here; that no other directory was given the same number cannot be, so project and device are told to the caller. */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/quota.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "usage/kept.h"

#ifndef SYS_quotactl_fd
#define SYS_quotactl_fd 443 /* one number on all architectures, as of every call since 424 */
#endif

typedef int (*ask)(int fd, uint32_t project, struct if_dqblk *quota);

/* The project that a directory hands down; 0 = none. */
static uint32_t project_of(int fd)
{
	struct fsxattr attributes;

	if (ioctl(fd, FS_IOC_FSGETXATTR, &attributes) < 0 || !(attributes.fsx_xflags & FS_XFLAG_PROJINHERIT))
		return 0;
	return attributes.fsx_projid;
}

/* The directory above on the same filesystem; -1 = there is none. */
static int above(int fd)
{
	int up = openat(fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK);
	struct stat here, there;

	if (up < 0)
		return -1;
	if (fstat(fd, &here) == 0 && fstat(up, &there) == 0 && here.st_dev == there.st_dev &&
	    here.st_ino != there.st_ino)
		return up;
	close(up);
	return -1;
}

/* Directories that their makers put alone (but for a few small files) into one that carries the project. */
static int is_alone_in_its_parent(const char *path)
{
	const char *name = strrchr(path, '/');

	name = name ? name + 1 : path;
	return !strcmp(name, "diff") || !strcmp(name, "_data");
}

/* Whether the project begins with this directory, or with the one that is there for this one alone. */
static int is_whole(int fd, const char *path, uint32_t project)
{
	int up = above(fd), is = up < 0 || project_of(up) != project;

	if (!is && is_alone_in_its_parent(path)) {
		int higher = above(up);

		is = higher < 0 || project_of(higher) != project;
		if (higher >= 0)
			close(higher);
	}
	if (up >= 0)
		close(up);
	return is;
}

static int ask_fd(int fd, uint32_t project, struct if_dqblk *quota)
{
	return (int)syscall(SYS_quotactl_fd, fd, QCMD(Q_GETQUOTA, PRJQUOTA), project, quota);
}

static int ask_device(int fd, uint32_t project, struct if_dqblk *quota)
{
	char device[64];
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -1;
	snprintf(device, sizeof device, "/dev/block/%u:%u", major(st.st_dev), minor(st.st_dev));
	return (int)syscall(SYS_quotactl, QCMD(Q_GETQUOTA, PRJQUOTA), device, project, quota);
}

static int read_by(ask ask_it, int fd, const char *path, pcf_usage_tree *tree)
{
	uint32_t project = project_of(fd);
	struct if_dqblk quota = {0};
	struct stat st;

	if (!project || !is_whole(fd, path, project))
		return -ENODATA;
	if (ask_it(fd, project, &quota) < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!(quota.dqb_valid & QIF_SPACE) || !(quota.dqb_valid & QIF_INODES) || !quota.dqb_curinodes)
		return -ENODATA; /* the directory itself is one: nothing has been counted */
	tree->bytes = quota.dqb_curspace;
	tree->inodes = quota.dqb_curinodes;
	tree->project = project;
	tree->device = (uint64_t)st.st_dev;
	tree->source = PCF_USAGE_QUOTA;
	return 0;
}

int pcf_quota_read(int fd, const char *path, pcf_usage_tree *tree)
{
	int rc = read_by(ask_fd, fd, path, tree);

	return rc == -ENOSYS ? pcf_quota_read_by_device(fd, path, tree) : rc;
}

int pcf_quota_read_by_device(int fd, const char *path, pcf_usage_tree *tree)
{
	return read_by(ask_device, fd, path, tree);
}
