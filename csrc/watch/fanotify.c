/* fanotify: one mark on the superblock of each hierarchy tells of every directory made or removed in it, with the
 * parent's file handle and the name (FAN_REPORT_DFID_NAME, Linux 5.9).  kernfs needs file handles and a
 * file system id for that (6.8 has both, 6.1 has not): without either the mark fails and the mount is watched with inotify. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "watch/state.h"

#define EVENTS (FAN_CREATE | FAN_DELETE | FAN_MOVED_FROM | FAN_MOVED_TO | FAN_ONDIR)

/* Room for a handle of any file system (MAX_HANDLE_SZ 128); those of kernfs have 8 bytes. */
struct handle {
	unsigned int bytes; /* as struct file_handle */
	int type;
	unsigned char data[MAX_HANDLE_SZ];
};

int pcf_watch_fanotify_open(pcf_watch *watch)
{
	unsigned flags = FAN_CLASS_NOTIF | FAN_REPORT_DFID_NAME | FAN_CLOEXEC | FAN_NONBLOCK;

	if (watch->fanotify >= 0)
		return 0;
	watch->fanotify = fanotify_init(flags | FAN_UNLIMITED_QUEUE, O_RDONLY);
	if (watch->fanotify < 0)
		watch->fanotify = fanotify_init(flags, O_RDONLY);
	return watch->fanotify < 0 ? -errno : 0;
}

/* The id a directory has in the cache; 0: none (gone, or not the 8 bytes of kernfs). */
static uint64_t handle_id(const struct handle *handle)
{
	uint64_t id;

	if (handle->bytes != sizeof id)
		return 0;
	memcpy(&id, handle->data, sizeof id);
	return id;
}

static int handle_of(int mount_fd, const char *path, struct handle *out)
{
	int mount_id;

	out->bytes = sizeof out->data;
	while (*path == '/')
		path++;
	if (name_to_handle_at(mount_fd, path, (struct file_handle *)out, &mount_id, *path ? 0 : AT_EMPTY_PATH))
		return -errno;
	return 0;
}

static int handle_open(int mount_fd, struct handle *handle)
{
	int fd = open_by_handle_at(mount_fd, (struct file_handle *)handle, O_PATH | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static void remember(pcf_watch *watch, int mount, const char *path)
{
	struct handle handle;

	if (handle_of(watch->mounts[mount].fd, path, &handle) == 0 && handle_id(&handle))
		pcf_dirs_put(&watch->handles, (uint32_t)mount, handle_id(&handle), path);
}

struct seed {
	pcf_watch *watch;
	int mount;
};

/* Parents only: a removal names its parent, and the parent of the last one may be gone before we look. */
static void remember_parent(void *arg, const char *path, uint64_t inode, uint64_t mtime_ns, bool is_leaf)
{
	struct seed *seed = arg;

	(void)inode;
	(void)mtime_ns;
	if (!is_leaf)
		remember(seed->watch, seed->mount, path);
}

/* Two hierarchies that show one id could not be told apart (older kernels have none at all). */
static bool is_fsid_taken(const pcf_watch *watch, int mount)
{
	for (int i = 0; i < watch->mount_count; i++)
		if (i != mount && watch->mounts[i].mechanism == PCF_WATCH_FANOTIFY &&
		    memcmp(&watch->mounts[i].fsid, &watch->mounts[mount].fsid, sizeof(fsid_t)) == 0)
			return true;
	return false;
}

/* Opening by handle needs CAP_DAC_READ_SEARCH: tried on the root, so that it does not fail at the first event. */
static int try_handle(int mount_fd)
{
	struct handle handle;
	int fd = handle_of(mount_fd, "/", &handle);

	if (fd == 0)
		fd = handle_open(mount_fd, &handle);
	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

int pcf_watch_fanotify_mark(pcf_watch *watch, int mount)
{
	struct pcf_watch_mount *at = &watch->mounts[mount];
	int rc = pcf_watch_fanotify_open(watch);

	if (rc)
		return rc;
	if (is_fsid_taken(watch, mount))
		return -EXDEV;
	rc = try_handle(at->fd);
	if (rc)
		return rc;
	if (fanotify_mark(watch->fanotify, FAN_MARK_ADD | FAN_MARK_FILESYSTEM, EVENTS, at->fd, "."))
		return -errno;
	at->mechanism = PCF_WATCH_FANOTIFY;
	remember(watch, mount, "/");
	struct seed seed = {watch, mount};
	pcf_watch_tree(at->fd, "/", remember_parent, &seed, false);
	return 0;
}

/* What /proc/self/fd shows, cut to the path inside the mount.  A directory that went away between the two calls is
 * shown with " (deleted)", which is also a name a cgroup may have: then the path must lead back to the same inode. */
static int path_of(const struct pcf_watch_mount *mount, int fd, char *out, size_t size)
{
	char link[64], real[4096];
	size_t prefix = strcmp(mount->real, "/") == 0 ? 0 : strlen(mount->real);

	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	ssize_t len = readlink(link, real, sizeof real - 1);
	if (len < 0 || len == sizeof real - 1)
		return len < 0 ? -errno : -ENAMETOOLONG;
	real[len] = '\0';
	if (strncmp(real, mount->real, prefix) != 0 || (real[prefix] != '/' && real[prefix] != '\0'))
		return -ENOENT; /* outside the part that is mounted here */
	const char *path = real[prefix] ? real + prefix : "/";
	static const char deleted[] = " (deleted)";
	if (len >= (ssize_t)sizeof deleted && strcmp(real + len - (sizeof deleted - 1), deleted) == 0) {
		struct stat by_fd, by_path;
		if (fstat(fd, &by_fd) || fstatat(mount->fd, path + 1, &by_path, AT_SYMLINK_NOFOLLOW) ||
		    by_fd.st_ino != by_path.st_ino)
			return -ENOENT;
	}
	if (strlen(path) >= size)
		return -ENAMETOOLONG;
	strcpy(out, path);
	return 0;
}

/* Path of the parent directory an event names: from the cache, else from the kernel. */
static int parent_path(pcf_watch *watch, int mount, struct handle *handle, char *out, size_t size)
{
	uint64_t id = handle_id(handle);
	const struct pcf_dir *known = id ? pcf_dirs_find_id(&watch->handles, (uint32_t)mount, id) : NULL;

	if (known) {
		if (strlen(known->path) >= size)
			return -ENAMETOOLONG;
		strcpy(out, known->path);
		return 0;
	}
	int fd = handle_open(watch->mounts[mount].fd, handle);
	if (fd < 0)
		return fd; /* -ESTALE: it is gone */
	int rc = path_of(&watch->mounts[mount], fd, out, size);
	close(fd);
	if (rc == 0 && id)
		pcf_dirs_put(&watch->handles, (uint32_t)mount, id, out);
	return rc;
}

static void note_found(void *arg, const char *path, uint64_t inode, uint64_t mtime_ns, bool is_leaf)
{
	struct seed *seed = arg;

	(void)inode;
	(void)mtime_ns;
	(void)is_leaf;
	pcf_watch_note_add(seed->watch, PCF_WATCH_CREATED, seed->mount, path);
}

/* The kernel merges what happened to one name while nobody read: both bits do not tell the order, looking does.
 * A renamed directory (v1 only) brings everything below it along. */
static void report(pcf_watch *watch, int mount, uint64_t mask, const char *path)
{
	struct handle handle;
	uint64_t gone = mask & (FAN_DELETE | FAN_MOVED_FROM), made = mask & (FAN_CREATE | FAN_MOVED_TO);

	if (mask & FAN_MOVED_FROM)
		pcf_dirs_remove_tree(&watch->handles, (uint32_t)mount, path, NULL, NULL);
	if (gone) {
		pcf_dirs_remove(&watch->handles, pcf_dirs_find_path(&watch->handles, (uint32_t)mount, path));
		pcf_watch_note_add(watch, PCF_WATCH_DELETED, mount, path);
	}
	if (!made)
		return;
	bool is_there = handle_of(watch->mounts[mount].fd, path, &handle) == 0;
	if (gone && !is_there)
		return;
	if (is_there && handle_id(&handle))
		pcf_dirs_put(&watch->handles, (uint32_t)mount, handle_id(&handle), path);
	pcf_watch_note_add(watch, PCF_WATCH_CREATED, mount, path);
	struct seed seed = {watch, mount};
	if (mask & FAN_MOVED_TO)
		pcf_watch_tree(watch->mounts[mount].fd, path, note_found, &seed, false);
}

static int mount_of(const pcf_watch *watch, const void *fsid)
{
	for (int i = 0; i < watch->mount_count; i++)
		if (watch->mounts[i].mechanism == PCF_WATCH_FANOTIFY &&
		    memcmp(&watch->mounts[i].fsid, fsid, sizeof(fsid_t)) == 0)
			return i;
	return -1;
}

/* struct fanotify_event_info_fid: a header, the file system id, a file handle, the name. */
static void decode_info(pcf_watch *watch, uint64_t mask, const char *info, size_t size)
{
	struct fanotify_event_info_fid fid;
	struct handle handle;
	char parent[1024], path[1024];
	size_t at = offsetof(struct fanotify_event_info_fid, handle);

	if (size < at + 8)
		return;
	memcpy(&fid, info, at);
	memcpy(&handle, info + at, 8);
	int mount = mount_of(watch, &fid.fsid);
	if (mount < 0 || handle.bytes > sizeof handle.data || size < at + 8 + handle.bytes + 2)
		return;
	memcpy(handle.data, info + at + 8, handle.bytes);
	const char *name = info + at + 8 + handle.bytes;
	size_t len = strnlen(name, size - at - 8 - handle.bytes);
	if (parent_path(watch, mount, &handle, parent, sizeof parent))
		return;
	if (pcf_watch_join(path, sizeof path, parent, name, len))
		report(watch, mount, mask, path);
}

static void decode_event(pcf_watch *watch, const struct fanotify_event_metadata *event, const char *at)
{
	if (event->fd >= 0)
		close(event->fd);
	if (event->mask & FAN_Q_OVERFLOW) {
		for (int i = 0; i < watch->mount_count; i++)
			if (watch->mounts[i].mechanism == PCF_WATCH_FANOTIFY)
				pcf_watch_note_add(watch, PCF_WATCH_OVERFLOW, i, "");
		return;
	}
	if (!(event->mask & FAN_ONDIR))
		return;
	for (size_t offset = event->metadata_len;
	     offset + sizeof(struct fanotify_event_info_header) <= event->event_len;) {
		struct fanotify_event_info_header header;
		memcpy(&header, at + offset, sizeof header);
		if (header.len < sizeof header || header.len > event->event_len - offset)
			return;
		if (header.info_type == FAN_EVENT_INFO_TYPE_DFID_NAME)
			decode_info(watch, event->mask, at + offset, header.len);
		offset += header.len;
	}
}

void pcf_watch_fanotify_decode(pcf_watch *watch, const char *buffer, size_t size)
{
	for (size_t at = 0; at + sizeof(struct fanotify_event_metadata) <= size;) {
		struct fanotify_event_metadata event;
		memcpy(&event, buffer + at, sizeof event);
		if (event.event_len < sizeof event || event.event_len > size - at ||
		    event.vers != FANOTIFY_METADATA_VERSION)
			return;
		decode_event(watch, &event, buffer + at);
		at += event.event_len;
	}
}

void pcf_watch_fanotify_read(pcf_watch *watch)
{
	_Alignas(struct fanotify_event_metadata) char buffer[16384];
	ssize_t size = read(watch->fanotify, buffer, sizeof buffer);

	if (size > 0)
		pcf_watch_fanotify_decode(watch, buffer, (size_t)size);
}
