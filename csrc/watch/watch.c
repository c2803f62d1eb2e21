/* The watch itself: its mounts, what mechanism each is watched with, and the queue between reading and handing out. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "schema/clock.h"
#include "watch/state.h"

static int fail(pcf_error *err, int code, const char *what, const char *mend)
{
	if (err) {
		err->code = code;
		snprintf(err->text, sizeof err->text, "cannot %s: %s; %s", what, strerror(-code), mend);
	}
	return code;
}

bool pcf_watch_join(char *out, size_t size, const char *parent, const char *name, size_t name_len)
{
	size_t parent_len = strcmp(parent, "/") == 0 ? 0 : strlen(parent);

	if (name_len == 0 || parent_len + 1 + name_len + 1 > size)
		return false;
	memcpy(out, parent, parent_len);
	out[parent_len] = '/';
	memcpy(out + parent_len + 1, name, name_len);
	out[parent_len + 1 + name_len] = '\0';
	return true;
}

void pcf_watch_degrade(pcf_watch *watch, const char *text)
{
	if (!watch->degraded[0])
		snprintf(watch->degraded, sizeof watch->degraded, "%s", text);
}

static int grow_notes(pcf_watch *watch)
{
	size_t room = watch->note_room ? watch->note_room * 2 : 64;
	struct pcf_watch_note *notes = malloc(room * sizeof *notes);

	if (!notes)
		return -ENOMEM;
	for (size_t i = 0; i < watch->note_count; i++)
		notes[i] = watch->notes[(watch->note_first + i) % watch->note_room];
	free(watch->notes);
	watch->notes = notes;
	watch->note_room = room;
	watch->note_first = 0;
	return 0;
}

void pcf_watch_note_add(pcf_watch *watch, int kind, int mount, const char *path)
{
	char *copy = NULL;

	if (kind != PCF_WATCH_OVERFLOW && (watch->note_count < watch->note_room || grow_notes(watch) == 0))
		copy = strdup(path);
	if (!copy) {
		watch->mounts[mount].overflow = true;
		return;
	}
	watch->notes[(watch->note_first + watch->note_count++) % watch->note_room] =
		(struct pcf_watch_note){kind, mount, copy};
}

static int add_to_epoll(pcf_watch *watch, int fd)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

	if (epoll_ctl(watch->epoll, EPOLL_CTL_ADD, fd, &event) && errno != EEXIST)
		return -errno;
	return 0;
}

static int open_parts(pcf_watch *watch)
{
	watch->epoll = epoll_create1(EPOLL_CLOEXEC);
	watch->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	watch->pending = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (watch->epoll < 0 || watch->wake < 0 || watch->pending < 0)
		return -errno;
	int rc = add_to_epoll(watch, watch->wake);
	return rc ? rc : add_to_epoll(watch, watch->pending);
}

int pcf_watch_open(pcf_watch **out, int mechanism, pcf_error *err)
{
	if (mechanism < PCF_WATCH_AUTO || mechanism > PCF_WATCH_INOTIFY)
		return fail(err, -EINVAL, "watch cgroups", "the mechanism must be auto, fanotify or inotify");
	pcf_watch *watch = calloc(1, sizeof *watch);
	if (!watch)
		return fail(err, -ENOMEM, "watch cgroups", "free some memory");
	watch->wanted = mechanism;
	watch->epoll = watch->wake = watch->pending = watch->fanotify = watch->inotify = -1;
	pcf_dirs_init(&watch->handles, PCF_WATCH_CACHE);
	pcf_dirs_init(&watch->watches, 0);
	int rc = open_parts(watch);
	if (rc) {
		pcf_watch_close(watch);
		return fail(err, rc, "open descriptors to watch cgroups", "raise the limit of open files (ulimit -n)");
	}
	if (mechanism == PCF_WATCH_FANOTIFY && (rc = pcf_watch_fanotify_open(watch)) != 0) {
		pcf_watch_close(watch);
		return fail(err, rc, "open fanotify", "it needs CAP_SYS_ADMIN; use inotify or auto");
	}
	*out = watch;
	return 0;
}

int pcf_watch_mechanism(const pcf_watch *watch)
{
	for (int i = 0; i < watch->mount_count; i++)
		if (watch->mounts[i].mechanism == PCF_WATCH_INOTIFY)
			return PCF_WATCH_INOTIFY;
	return watch->mount_count ? PCF_WATCH_FANOTIFY : watch->wanted;
}

const char *pcf_watch_reason(const pcf_watch *watch)
{
	return watch->reason;
}

const char *pcf_watch_degraded(const pcf_watch *watch)
{
	return watch->degraded;
}

int pcf_watch_fd(const pcf_watch *watch)
{
	return watch->epoll;
}

static int open_mount(struct pcf_watch_mount *at, const char *mount)
{
	char link[64], real[4096];
	struct statfs fs;
	struct stat st;

	at->fd = open(mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (at->fd < 0)
		return -errno;
	snprintf(link, sizeof link, "/proc/self/fd/%d", at->fd);
	ssize_t len = readlink(link, real, sizeof real - 1);
	if (len < 0 || fstatfs(at->fd, &fs) || fstat(at->fd, &st))
		return -errno;
	real[len] = '\0';
	at->fsid = fs.f_fsid;
	at->device = st.st_dev;
	at->inode = st.st_ino;
	at->real = strdup(real);
	return at->real ? 0 : -ENOMEM;
}

static void close_mount(struct pcf_watch_mount *at)
{
	if (at->fd >= 0)
		close(at->fd);
	free(at->real);
}

static int find_mount(const pcf_watch *watch, const struct pcf_watch_mount *wanted)
{
	for (int i = 0; i < watch->mount_count; i++)
		if (watch->mounts[i].device == wanted->device && watch->mounts[i].inode == wanted->inode)
			return i;
	return -1;
}

/* The mechanism asked for, or with AUTO fanotify and then inotify. */
static int mark(pcf_watch *watch, int mount)
{
	int rc = -EINVAL;

	if (watch->wanted != PCF_WATCH_INOTIFY) {
		rc = pcf_watch_fanotify_mark(watch, mount);
		if (rc == 0)
			return add_to_epoll(watch, watch->fanotify);
		if (watch->wanted == PCF_WATCH_FANOTIFY)
			return rc;
		snprintf(watch->reason, sizeof watch->reason, "fanotify cannot watch %.100s: %s",
			 watch->mounts[mount].real, strerror(-rc));
	}
	rc = pcf_watch_inotify_mark(watch, mount);
	return rc ? rc : add_to_epoll(watch, watch->inotify);
}

int pcf_watch_add_mount(pcf_watch *watch, const char *mount, int *index, pcf_error *err)
{
	char what[300];
	struct pcf_watch_mount *at = &watch->mounts[watch->mount_count];

	snprintf(what, sizeof what, "watch the cgroup mount %.250s", mount);
	if (watch->mount_count == PCF_WATCH_MOUNTS)
		return fail(err, -ENOSPC, what, "there are more hierarchies than a kernel has");
	*at = (struct pcf_watch_mount){.fd = -1};
	int rc = open_mount(at, mount), same = rc ? -1 : find_mount(watch, at);
	if (rc || same >= 0) {
		close_mount(at);
		*index = same;
		return rc ? fail(err, rc, what, "check that it is mounted and readable") : 0;
	}
	watch->mount_count++;
	rc = mark(watch, watch->mount_count - 1);
	if (rc) {
		watch->mount_count--;
		close_mount(at);
		return fail(err, rc, what,
			    "fanotify needs CAP_SYS_ADMIN and file handles on cgroupfs (Linux 6.8), inotify a free "
			    "instance (fs.inotify.max_user_instances)");
	}
	*index = watch->mount_count - 1;
	return 0;
}

static int64_t now_ms(void)
{
	return (int64_t)(pcf_now_ns(CLOCK_MONOTONIC) / 1000000);
}

/* Waits, and reads one portion from each descriptor that has something. */
static int wait_and_read(pcf_watch *watch, int timeout_ms, bool *woken)
{
	struct epoll_event events[4];
	uint64_t count;
	int ready = epoll_wait(watch->epoll, events, 4, timeout_ms);

	for (int i = 0; i < ready; i++) {
		if (events[i].data.fd == watch->wake)
			*woken = read(watch->wake, &count, sizeof count) == sizeof count;
		else if (events[i].data.fd == watch->fanotify)
			pcf_watch_fanotify_read(watch);
		else if (events[i].data.fd == watch->inotify)
			pcf_watch_inotify_read(watch);
	}
	return ready < 0 && errno != EINTR ? -errno : 0;
}

static bool has_overflow(const pcf_watch *watch)
{
	for (int i = 0; i < watch->mount_count; i++)
		if (watch->mounts[i].overflow)
			return true;
	return false;
}

static int hand_out(pcf_watch *watch, pcf_watch_event *events, int max)
{
	int count = 0;

	for (; count < max && watch->note_count; count++) {
		struct pcf_watch_note *note = &watch->notes[watch->note_first];
		events[count].kind = note->kind;
		events[count].mount = note->mount;
		snprintf(events[count].path, sizeof events[count].path, "%s", note->path);
		free(note->path);
		watch->note_first = (watch->note_first + 1) % watch->note_room;
		watch->note_count--;
	}
	for (int i = 0; i < watch->mount_count && count < max && !watch->note_count; i++) {
		if (!watch->mounts[i].overflow)
			continue;
		watch->mounts[i].overflow = false;
		events[count++] = (pcf_watch_event){.kind = PCF_WATCH_OVERFLOW, .mount = i};
	}
	return count;
}

/* Keeps the watch's descriptor readable exactly while something waits in the queue. */
static void show_pending(pcf_watch *watch)
{
	uint64_t count = 1;
	bool is_pending = watch->note_count > 0 || has_overflow(watch);

	if (is_pending == watch->is_pending)
		return;
	ssize_t done =
		is_pending ? write(watch->pending, &count, sizeof count) : read(watch->pending, &count, sizeof count);
	if (done == sizeof count)
		watch->is_pending = is_pending;
}

int pcf_watch_read(pcf_watch *watch, pcf_watch_event *events, int max, int timeout_ms)
{
	int64_t deadline = timeout_ms < 0 ? INT64_MAX : now_ms() + timeout_ms;
	bool woken = false;

	if (max <= 0)
		return -EINVAL;
	while (!watch->note_count && !has_overflow(watch) && !woken) {
		int64_t left = timeout_ms < 0 ? -1 : deadline - now_ms();
		if (timeout_ms > 0 && left <= 0)
			break;
		int rc = wait_and_read(watch, timeout_ms == 0 ? 0 : (int)left, &woken);
		if (rc)
			return rc;
		if (timeout_ms == 0)
			break;
	}
	int count = hand_out(watch, events, max);
	show_pending(watch);
	return count;
}

void pcf_watch_wake(pcf_watch *watch)
{
	uint64_t one = 1;
	ssize_t done = write(watch->wake, &one, sizeof one); /* full: it is readable anyway */

	(void)done;
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

void pcf_watch_close(pcf_watch *watch)
{
	if (!watch)
		return;
	close_fd(watch->fanotify);
	close_fd(watch->inotify);
	close_fd(watch->pending);
	close_fd(watch->wake);
	close_fd(watch->epoll);
	for (int i = 0; i < watch->mount_count; i++)
		close_mount(&watch->mounts[i]);
	for (size_t i = 0; i < watch->note_count; i++)
		free(watch->notes[(watch->note_first + i) % watch->note_room].path);
	free(watch->notes);
	pcf_dirs_close(&watch->handles);
	pcf_dirs_close(&watch->watches);
	free(watch);
}
