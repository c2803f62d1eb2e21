/* inotify: a watch on every directory.  A directory may be filled before its watch exists, so it is watched first and
 * then read: what is found there is reported as made, once (watching a directory again gives the same descriptor). */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "watch/state.h"

#define EVENTS (IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ONLYDIR | IN_DONT_FOLLOW)

int pcf_watch_inotify_open(pcf_watch *watch)
{
	if (watch->inotify < 0)
		watch->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	return watch->inotify < 0 ? -errno : 0;
}

/* Through the mount's own descriptor, so that a mount put over the path later, or a chroot, changes nothing. */
static int add_watch(pcf_watch *watch, int mount, const char *path)
{
	char link[64];
	int fd = pcf_watch_open_dir(watch->mounts[mount].fd, path);

	if (fd < 0)
		return fd;
	snprintf(link, sizeof link, "/proc/self/fd/%d/.", fd);
	int wd = inotify_add_watch(watch->inotify, link, EVENTS);
	int error = errno;
	close(fd);
	return wd < 0 ? -error : wd;
}

static void degrade(pcf_watch *watch, int mount, const char *path, int error)
{
	char text[sizeof watch->degraded];

	if (error == -ENOSPC)
		snprintf(text, sizeof text,
			 "the inotify watch limit is reached: new cgroups below %.60s are only found by walking; raise "
			 "fs.inotify.max_user_watches",
			 path);
	else
		snprintf(text, sizeof text, "cannot watch %.60s: %.40s; new cgroups below it are only found by walking",
			 path, strerror(-error));
	pcf_watch_degrade(watch, text);
	pcf_watch_note_add(watch, PCF_WATCH_OVERFLOW, mount, "");
}

static bool is_gone(int error)
{
	return error == -ENOENT || error == -ENODEV || error == -ENOTDIR;
}

/* 1: watched now, 0: was before, negative: not watched. */
static int watch_dir(pcf_watch *watch, int mount, const char *path)
{
	int wd = add_watch(watch, mount, path);

	if (is_gone(wd))
		return wd;
	if (wd < 0) {
		degrade(watch, mount, path, wd);
		return wd;
	}
	const struct pcf_dir *known = pcf_dirs_find_id(&watch->watches, (uint32_t)mount, (uint64_t)wd);
	if (known && strcmp(known->path, path) == 0)
		return 0;
	int rc = pcf_dirs_put(&watch->watches, (uint32_t)mount, (uint64_t)wd, path);
	if (rc)
		degrade(watch, mount, path, rc);
	return rc ? rc : 1;
}

static void remove_watch(void *arg, uint64_t wd)
{
	const pcf_watch *watch = arg;

	inotify_rm_watch(watch->inotify, (int)wd); /* kernfs never says IN_DELETE_SELF: the watch would stay for ever */
}

struct scan {
	pcf_watch *watch;
	int mount;
	bool is_start; /* the first scan of a mount: nothing is reported */
};

/* The walk looks at a directory's children only after this has watched it, so none is missed between the two. */
static void scan_found(void *arg, const char *path, uint64_t inode, uint64_t mtime_ns, bool is_leaf)
{
	const struct scan *scan = arg;

	(void)inode;
	(void)mtime_ns;
	(void)is_leaf;
	int fresh = watch_dir(scan->watch, scan->mount, path);
	if (fresh == 0 || is_gone(fresh) || scan->is_start)
		return;
	pcf_watch_note_add(scan->watch, PCF_WATCH_CREATED, scan->mount, path);
}

static void watch_new(pcf_watch *watch, int mount, const char *path)
{
	struct scan scan = {watch, mount, false};
	int fresh = watch_dir(watch, mount, path);

	if (fresh == 0)
		return; /* found by the scan of its parent already */
	pcf_watch_note_add(watch, PCF_WATCH_CREATED, mount, path);
	if (fresh > 0)
		pcf_watch_tree(watch->mounts[mount].fd, path, scan_found, &scan, true);
}

int pcf_watch_inotify_mark(pcf_watch *watch, int mount)
{
	struct scan scan = {watch, mount, true};
	int rc = pcf_watch_inotify_open(watch);

	if (rc)
		return rc;
	int wd = add_watch(watch, mount, "/");
	if (wd < 0)
		return wd;
	watch->mounts[mount].mechanism = PCF_WATCH_INOTIFY;
	rc = pcf_dirs_put(&watch->watches, (uint32_t)mount, (uint64_t)wd, "/");
	if (rc)
		return rc;
	pcf_watch_tree(watch->mounts[mount].fd, "/", scan_found, &scan, true);
	return 0;
}

static void forget_tree(pcf_watch *watch, int mount, const char *path)
{
	pcf_dirs_remove_tree(&watch->watches, (uint32_t)mount, path, remove_watch, watch);
}

/* Events were lost, and with them directories that want a watch and watches that want to go. The caller walks once it
 * has read OVERFLOW, that is after the new watches stand. */
static void start_again(pcf_watch *watch)
{
	for (int i = 0; i < watch->mount_count; i++) {
		if (watch->mounts[i].mechanism != PCF_WATCH_INOTIFY)
			continue;
		forget_tree(watch, i, "/");
		int rc = pcf_watch_inotify_mark(watch, i);
		if (rc)
			degrade(watch, i, "/", rc);
		pcf_watch_note_add(watch, PCF_WATCH_OVERFLOW, i, "");
	}
}

static const struct pcf_dir *dir_of(const pcf_watch *watch, int wd)
{
	for (int i = 0; i < watch->mount_count; i++) {
		const struct pcf_dir *dir = pcf_dirs_find_id(&watch->watches, (uint32_t)i, (uint64_t)wd);
		if (dir)
			return dir;
	}
	return NULL;
}

static void decode_event(pcf_watch *watch, const struct inotify_event *event, const char *name)
{
	char path[1024];

	if (event->mask & IN_Q_OVERFLOW) {
		start_again(watch);
		return;
	}
	const struct pcf_dir *dir = dir_of(watch, event->wd);
	if (!dir)
		return; /* told before its watch was removed */
	int mount = (int)dir->mount;
	if (event->mask & (IN_IGNORED | IN_UNMOUNT)) {
		pcf_dirs_remove(&watch->watches, dir);
		return;
	}
	if (!(event->mask & IN_ISDIR) || !pcf_watch_join(path, sizeof path, dir->path, name, strnlen(name, event->len)))
		return;
	if (event->mask & (IN_DELETE | IN_MOVED_FROM)) {
		forget_tree(watch, mount, path);
		pcf_watch_note_add(watch, PCF_WATCH_DELETED, mount, path);
	} else if (event->mask & (IN_CREATE | IN_MOVED_TO)) {
		watch_new(watch, mount, path);
	}
}

void pcf_watch_inotify_decode(pcf_watch *watch, const char *buffer, size_t size)
{
	for (size_t at = 0; at + sizeof(struct inotify_event) <= size;) {
		struct inotify_event event;
		memcpy(&event, buffer + at, sizeof event);
		if (event.len > size - at - sizeof event)
			return;
		decode_event(watch, &event, buffer + at + sizeof event);
		at += sizeof event + event.len;
	}
}

void pcf_watch_inotify_read(pcf_watch *watch)
{
	_Alignas(struct inotify_event) char buffer[16384];
	ssize_t size = read(watch->inotify, buffer, sizeof buffer);

	if (size > 0)
		pcf_watch_inotify_decode(watch, buffer, (size_t)size);
}
