/* A writer starts: the directory is fit for it, nobody else writes there, and a new file is seen whole or not at all.
 *
 * One writer a file: it holds an open-file-description lock on it for as long as it lives, so the kernel knows
 * who writes even across pid namespaces and after kill -9.  A new file is built as "<name>.new" and renamed, so an
 * attacher never sees half a header; whoever holds the lock of "<name>.new" is the only one starting. */
#include "ring/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int make_dirs(const char *dir)
{
	char *copy = strdup(dir);
	int result = 0;

	if (copy == NULL)
		return -ENOMEM;
	for (char *at = copy + 1; *at != '\0' && result == 0; at++) {
		if (*at != '/')
			continue;
		*at = '\0';
		if (mkdir(copy, 0755) < 0 && errno != EEXIST)
			result = -errno;
		*at = '/';
	}
	if (result == 0 && mkdir(copy, 0755) < 0 && errno != EEXIST)
		result = -errno;
	free(copy);
	return result;
}

static int lock_now(int fd)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	return fcntl(fd, F_OFD_SETLK, &lock) < 0 ? -errno : 0;
}

static int is_named(int fd, const char *path)
{
	struct stat here, there;

	return fstat(fd, &here) == 0 && stat(path, &there) == 0 && here.st_ino == there.st_ino &&
	       here.st_dev == there.st_dev;
}

static int fail_busy(int fd, const char *path, size_t pid_offset, pcf_error *err)
{
	uint32_t pid = 0;

	if (pread(fd, &pid, sizeof pid, (off_t)pid_offset) != sizeof pid || pid == 0)
		return pcf_error_say(err, -EBUSY,
				     "%s: another collector is starting there: stop it or use another ring directory",
				     path);
	return pcf_error_say(err, -EBUSY,
			     "%s: the collector with pid %u writes there: stop it or use another ring directory", path,
			     pid);
}

/* Open and locked, or an error.  A file that lost its name between the two is tried again. */
static int open_locked(const char *path, int flags, size_t pid_offset, int *out, pcf_error *err)
{
	for (int attempt = 0; attempt < 100; attempt++) {
		int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | flags, 0644);
		int result;

		if (fd < 0 && errno == ENOENT && !(flags & O_CREAT))
			return -ENOENT;
		if (fd < 0)
			return pcf_error_say(err, -errno, "%s: cannot open for writing: %s", path, strerror(errno));
		result = lock_now(fd);
		if (result == 0 && is_named(fd, path)) {
			*out = fd;
			return 0;
		}
		if (result == -EAGAIN || result == -EACCES)
			result = fail_busy(fd, path, pid_offset, err);
		else if (result < 0)
			result = pcf_error_say(err, result, "%s: cannot lock: %s", path, strerror(-result));
		close(fd);
		if (result < 0)
			return result;
	}
	return pcf_error_say(err, -EBUSY, "%s: other collectors keep starting there: use another ring directory", path);
}

/* A file another user could cut short under us is never mapped for writing. */
static int is_trusted(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() && (st.st_mode & 022) == 0;
}

/* Whoever may rename files there could put a ring of his own in place of ours; /dev/shm is open to everybody. */
static int open_dir(const char *dir, pcf_error *err)
{
	int result = make_dirs(dir);
	struct stat st;

	if (result < 0)
		return pcf_error_say(err, result, "%s: cannot make the ring directory: %s: use another ring directory",
				     dir, strerror(-result));
	if (stat(dir, &st) < 0)
		return pcf_error_say(err, -errno, "%s: cannot look at the ring directory: %s", dir, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return pcf_error_say(err, -ENOTDIR, "%s: is no directory: use another ring directory", dir);
	if (st.st_uid != 0 && st.st_uid != geteuid())
		return pcf_error_say(
			err, -EPERM,
			"%s: belongs to user %u, who could replace the ring: remove it or use another ring directory",
			dir, st.st_uid);
	if ((st.st_mode & 022) != 0 && (st.st_mode & S_ISVTX) == 0)
		return pcf_error_say(
			err, -EPERM,
			"%s: others may write there and replace the ring: chmod go-w it or use another ring directory",
			dir);
	return 0;
}

int pcf_ring_start_open(struct pcf_ring_start *start, const char *dir, const char *name, size_t pid_offset,
			pcf_error *err)
{
	int result = open_dir(dir, err);

	*start = (struct pcf_ring_start){.old = -1, .fresh = -1};
	if (result < 0)
		return result;
	start->path = pcf_ring_path(dir, name, "");
	start->new_path = pcf_ring_path(dir, name, ".new");
	if (start->path == NULL || start->new_path == NULL)
		result = pcf_error_say(err, -ENOMEM, "%s/%s: no memory", dir, name);
	if (result == 0)
		result = open_locked(start->new_path, O_CREAT, pid_offset, &start->fresh, err);
	if (result == 0) {
		result = open_locked(start->path, 0, pid_offset, &start->old, err);
		if (result == -ENOENT)
			result = 0;
	}
	if (result == 0 && start->old >= 0 && !is_trusted(start->old)) {
		close(start->old);
		start->old = -1;
	}
	if (result < 0)
		pcf_ring_start_abandon(start);
	return result;
}

int pcf_ring_start_size(struct pcf_ring_start *start, uint64_t bytes, pcf_error *err)
{
	if (ftruncate(start->fresh, 0) == 0 && ftruncate(start->fresh, (off_t)bytes) == 0)
		return 0;
	return pcf_error_say(err, -errno, "%s: cannot make a file of %llu bytes: %s", start->new_path,
			     (unsigned long long)bytes, strerror(errno));
}

int pcf_ring_start_keep(struct pcf_ring_start *start, struct pcf_ring_file *file, pcf_error *err)
{
	int result = pcf_ring_file_identify(file, start->old, start->path, err);

	start->old = -1;
	start->path = NULL;
	pcf_ring_start_abandon(start);
	return result;
}

int pcf_ring_start_publish(struct pcf_ring_start *start, struct pcf_ring_file *file, pcf_error *err)
{
	int result;

	if (rename(start->new_path, start->path) < 0)
		return pcf_error_say(err, -errno, "%s: cannot put it in place: %s", start->path, strerror(errno));
	result = pcf_ring_file_identify(file, start->fresh, start->path, err);
	start->fresh = -1;
	start->path = NULL;
	pcf_ring_start_abandon(start);
	return result;
}

/* The name goes while the lock is held: a waiting writer then finds that its descriptor has no name. */
void pcf_ring_start_abandon(struct pcf_ring_start *start)
{
	if (start->fresh >= 0) {
		unlink(start->new_path);
		close(start->fresh);
	}
	if (start->old >= 0)
		close(start->old);
	free(start->path);
	free(start->new_path);
	*start = (struct pcf_ring_start){.old = -1, .fresh = -1};
}
