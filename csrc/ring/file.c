/* Finding, mapping and reserving a file of the ring directory. */
#include "ring/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define TMPFS_MAGIC_NUMBER 0x01021994 /* linux/magic.h */

char *pcf_ring_path(const char *dir, const char *name, const char *suffix)
{
	char *path;

	return asprintf(&path, "%s/%s%s", dir, name, suffix) < 0 ? NULL : path;
}

uint64_t pcf_page_round(uint64_t bytes)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

	return (bytes + page - 1) / page * page;
}

/* "" where /proc does not say: then only an equally ignorant writer takes a history over. */
void pcf_boot_id(char out[40])
{
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? 0 : read(fd, out, 39);

	if (fd >= 0)
		close(fd);
	if (got < 0)
		got = 0;
	memset(out + got, 0, (size_t)(40 - got));
	out[strcspn(out, "\n")] = '\0';
}

int pcf_ring_file_identify(struct pcf_ring_file *file, int fd, char *path, pcf_error *err)
{
	struct stat st;

	*file = (struct pcf_ring_file){.path = path, .fd = fd};
	if (fstat(fd, &st) < 0)
		return pcf_error_say(err, -errno, "%s: cannot look at it: %s", path, strerror(errno));
	file->device = st.st_dev;
	file->inode = st.st_ino;
	file->bytes = (uint64_t)st.st_size;
	return 0;
}

int pcf_ring_file_attach(struct pcf_ring_file *file, const char *dir, const char *name, size_t least, pcf_error *err)
{
	char *path = pcf_ring_path(dir, name, "");
	int fd, result;

	*file = (struct pcf_ring_file){.fd = -1};
	if (path == NULL)
		return pcf_error_say(err, -ENOMEM, "%s/%s: no memory", dir, name);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		result = pcf_error_say(err, -errno, "%s: cannot open: %s%s", path, strerror(errno),
				       errno == ENOENT ? " (has a collector run with this ring directory?)" : "");
		free(path);
		return result;
	}
	result = pcf_ring_file_identify(file, fd, path, err);
	if (result == 0 && file->bytes < least)
		result = pcf_error_say(err, -EINVAL, "%s: not a ring file: %llu bytes are too few", path,
				       (unsigned long long)file->bytes);
	if (result == 0)
		result = pcf_ring_file_map(file, 0, err);
	if (result < 0)
		pcf_ring_file_close(file);
	return result;
}

int pcf_ring_file_map(struct pcf_ring_file *file, int writable, pcf_error *err)
{
	int protection = writable ? PROT_READ | PROT_WRITE : PROT_READ;

	file->base = mmap(NULL, file->bytes, protection, MAP_SHARED | MAP_NORESERVE, file->fd, 0);
	if (file->base != MAP_FAILED) {
		madvise(file->base, file->bytes, MADV_DONTDUMP);
		return 0;
	}
	file->base = NULL;
	return pcf_error_say(err, -errno, "%s: cannot map %llu bytes: %s", file->path, (unsigned long long)file->bytes,
			     strerror(errno));
}

void pcf_ring_file_close(struct pcf_ring_file *file)
{
	if (file->base != NULL)
		munmap(file->base, file->bytes);
	if (file->fd >= 0)
		close(file->fd);
	free(file->path);
	*file = (struct pcf_ring_file){.fd = -1};
}

int pcf_ring_file_replaced(const struct pcf_ring_file *file)
{
	struct stat st;

	if (stat(file->path, &st) < 0)
		return -errno;
	return st.st_ino != file->inode || st.st_dev != file->device;
}

int pcf_ring_file_is_written(const struct pcf_ring_file *file)
{
	struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET};

	return fcntl(file->fd, F_OFD_GETLK, &lock) == 0 && lock.l_type == F_WRLCK;
}

/* A file system without fallocate is not tmpfs: its stores may then fail as any mapped file's do. */
int pcf_ring_reserve(int fd, uint64_t offset, uint64_t bytes)
{
	int result;

	do
		result = fallocate(fd, 0, (off_t)offset, (off_t)bytes);
	while (result < 0 && errno == EINTR);
	return result < 0 && errno != EOPNOTSUPP ? -errno : 0;
}

void pcf_ring_unreserve(int fd, uint64_t offset, uint64_t bytes)
{
	if (bytes > 0)
		(void)fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)offset, (off_t)bytes);
}

int pcf_ring_dir_is_tmpfs(const char *dir)
{
	struct statfs fs;

	if (statfs(dir, &fs) < 0)
		return -errno;
	return fs.f_type == TMPFS_MAGIC_NUMBER;
}
