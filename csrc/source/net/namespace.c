#include "source/net/namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TRIED_PIDS  8 /* the first may be dying; a runtime's own short-lived ones come and go */
/* Text of cgroup.procs looked at; more processes than that need no look for a living one. */
#define PROCS_BYTES 4096

static int stat_of(int proc_fd, pid_t pid, const char *name, uint64_t *inode)
{
	char path[48];
	struct stat st;

	snprintf(path, sizeof path, "%d/%s", (int)pid, name);
	if (fstatat(proc_fd, path, &st, 0))
		return -errno;
	*inode = st.st_ino;
	return 0;
}

int pcf_netns_key(int proc_fd, pid_t pid, uint64_t *key)
{
	int rc = stat_of(proc_fd, pid, "ns/net", key);

	if (rc != -EACCES && rc != -EPERM)
		return rc;
	rc = stat_of(proc_fd, pid, "net/dev", key);
	*key |= PCF_NETNS_BY_TEXT;
	return rc;
}

int pcf_netns_open(int proc_fd, pid_t pid, uint64_t key)
{
	char path[48];
	struct stat st;

	if (key & PCF_NETNS_BY_TEXT)
		return -EPERM;
	snprintf(path, sizeof path, "%d/ns/net", (int)pid);
	int fd = openat(proc_fd, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) == 0 && st.st_ino == key)
		return fd;
	close(fd);
	return -ESTALE;
}

int pcf_net_dev_open(int proc_fd, pid_t pid)
{
	char path[48];

	snprintf(path, sizeof path, "%d/net/dev", (int)pid);
	int fd = openat(proc_fd, path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* seq_file hands out at most a page a read, and only whole lines: a short read well below a page was all there is. */
ssize_t pcf_net_dev_read(int fd, char *buffer, size_t size)
{
	size_t used = 0, page = (size_t)sysconf(_SC_PAGESIZE), line = 512;

	for (;;) {
		ssize_t got = pread(fd, buffer + used, size - used, (off_t)used);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		used += (size_t)got;
		if (used == size)
			return -EMSGSIZE;
		if (got == 0 || (size_t)got + line < page)
			return (ssize_t)used;
	}
}

int pcf_pidfd_open(pid_t pid)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0); /* Linux 5.3 */

	return fd < 0 ? -errno : fd;
}

bool pcf_pidfd_is_alive(int pidfd)
{
	struct pollfd poll_one = {.fd = pidfd, .events = POLLIN};

	return poll(&poll_one, 1, 0) == 0;
}

static int read_procs(int fd, pid_t *pids, int max)
{
	char text[PROCS_BYTES + 1];
	ssize_t size = pread(fd, text, PROCS_BYTES, 0);
	int count = 0;

	if (size < 0)
		return -errno;
	text[size] = '\0';
	for (char *line = text, *end; count < max && (end = strchr(line, '\n')) != NULL; line = end + 1) {
		long pid = strtol(line, NULL, 10);
		if (pid > 0) /* 0: of a pid namespace that is not ours */
			pids[count++] = (pid_t)pid;
	}
	return count;
}

/* A number read before may belong to another process by the time its namespace is looked at: the cgroup must still
 * list it afterwards. */
static bool is_listed(int fd, pid_t pid)
{
	pid_t pids[PROCS_BYTES / 2];
	int count = read_procs(fd, pids, PROCS_BYTES / 2);

	for (int i = 0; i < count; i++)
		if (pids[i] == pid)
			return true;
	return false;
}

int pcf_cgroup_netns(const char *mount, const char *path, int proc_fd, pid_t *pid, uint64_t *key)
{
	char name[4096];
	pid_t pids[TRIED_PIDS];
	int rc = -ESRCH;

	if (snprintf(name, sizeof name, "%s%s/cgroup.procs", mount, strcmp(path, "/") == 0 ? "" : path) >=
	    (int)sizeof name)
		return -ENAMETOOLONG;
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	int count = read_procs(fd, pids, TRIED_PIDS);
	if (count < 0)
		rc = count;
	for (int i = 0; i < count; i++) {
		int error = pcf_netns_key(proc_fd, pids[i], key);
		if (error == 0 && is_listed(fd, pids[i])) {
			*pid = pids[i];
			rc = 0;
			break;
		}
		if (error == -EACCES || error == -EPERM)
			rc = error;
	}
	close(fd);
	return rc;
}
