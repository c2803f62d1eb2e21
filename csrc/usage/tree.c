/* A tree is walked depth first, each directory read to its end before those in it, and by descriptors alone: a name is
 * only ever looked up in the open directory that holds it, so that a tree of any depth is reached, and a link put in the
 * place of a directory leads nowhere.  Far up, descriptors are closed and found again by ".." when the walk comes back;
 * a directory that was moved meanwhile is noticed by its inode. */
#include "usage/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define KEPT        32 /* directories kept open, from the deepest up */
#define PACE_EVERY  32 /* names */
#define BUFFER_SIZE 32768
#define ENTER_FLAGS (O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK)
/* Network filesystems answer from what they know: that is as old as this figure may be. */
#define STAT_FLAGS  (AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC)
#define STAT_MASK   (STATX_TYPE | STATX_NLINK | STATX_INO | STATX_SIZE | STATX_BLOCKS)

typedef struct {
	int fd; /* -1 = closed, too far up */
	uint64_t inode;
	char *names; /* of directories still to be entered, each with its NUL; taken from the end */
	size_t used, size;
} level;

typedef struct {
	pcf_usage_tree *tree;
	pcf_tree_pace pace;
	void *arg;
	pcf_links links;
	uint64_t device;
	level *levels;
	size_t depth, room;
	unsigned since_pace;
	char buffer[BUFFER_SIZE] __attribute__((aligned(8)));
} walk;

static int open_directory(int at, const char *name, int flags)
{
	int fd = openat(at, name, ENTER_FLAGS | O_NOATIME | flags);

	return fd < 0 && errno == EPERM ? openat(at, name, ENTER_FLAGS | flags)
					: fd; /* another's: the time is touched */
}

static uint64_t device_of(const struct statx *st)
{
	return (uint64_t)makedev(st->stx_dev_major, st->stx_dev_minor);
}

static int is_elsewhere(const walk *w, const struct statx *st)
{
	return device_of(st) != w->device ||
	       (st->stx_attributes & st->stx_attributes_mask & STATX_ATTR_MOUNT_ROOT) != 0;
}

static int is_gone(int error)
{
	return error == ENOENT || error == ENOTDIR || error == ELOOP || error == ESTALE;
}

static void count(walk *w, const struct statx *st)
{
	w->tree->inodes++;
	w->tree->bytes += st->stx_blocks * 512;
	if (!S_ISDIR(st->stx_mode))
		w->tree->apparent_bytes += st->stx_size;
}

/* ---- levels ---- */

static int remember(level *in, const char *name)
{
	size_t length = strlen(name) + 1;

	if (in->used + length > in->size) {
		size_t size = in->size ? in->size * 2 : 256;
		char *names;

		while (size < in->used + length)
			size *= 2;
		names = realloc(in->names, size);
		if (!names)
			return -ENOMEM;
		in->names = names;
		in->size = size;
	}
	memcpy(in->names + in->used, name, length);
	in->used += length;
	return 0;
}

/* The last name, which stays readable until the next is remembered; NULL = none is left. */
static const char *take_name(level *in)
{
	if (!in->used)
		return NULL;
	in->used--;
	while (in->used && in->names[in->used - 1])
		in->used--;
	return in->names + in->used;
}

static int push(walk *w, int fd, uint64_t inode)
{
	if (w->depth == w->room) {
		size_t room = w->room ? w->room * 2 : 64;
		level *levels = realloc(w->levels, room * sizeof *levels);

		if (!levels)
			return -ENOMEM;
		w->levels = levels;
		w->room = room;
	}
	if (w->depth >= KEPT) {
		level *far = &w->levels[w->depth - KEPT];

		if (far->fd >= 0)
			close(far->fd);
		far->fd = -1;
	}
	w->levels[w->depth++] = (level){.fd = fd, .inode = inode};
	return 0;
}

/* Opens a level again from the one below it. */
static void reopen(walk *w, level *up, int below)
{
	struct statx st;
	int fd = below >= 0 ? open_directory(below, "..", 0) : -1;

	if (fd >= 0 && (statx(fd, "", AT_EMPTY_PATH | STAT_FLAGS, STAT_MASK, &st) < 0 || st.stx_ino != up->inode ||
			device_of(&st) != w->device)) {
		close(fd);
		fd = -1;
	}
	up->fd = fd;
	if (fd < 0) { /* it was moved, or removed: what was to come of it is not this tree's any more */
		w->tree->skipped += up->used > 0;
		up->used = 0;
	}
}

static void pop(walk *w)
{
	level *last = &w->levels[--w->depth];

	if (w->depth && w->levels[w->depth - 1].fd < 0)
		reopen(w, &w->levels[w->depth - 1], last->fd);
	if (last->fd >= 0)
		close(last->fd);
	free(last->names);
}

/* ---- reading ---- */

static int look(walk *w, int fd, const char *name)
{
	struct statx st;

	w->tree->entries++;
	if (statx(fd, name, STAT_FLAGS, STAT_MASK, &st) < 0) {
		w->tree->skipped += !is_gone(errno);
		return 0;
	}
	if (is_elsewhere(w, &st)) {
		w->tree->skipped++;
		return 0;
	}
	if (!S_ISDIR(st.stx_mode) && st.stx_nlink > 1) {
		int seen = pcf_links_see(&w->links, st.stx_ino);

		if (seen)
			return seen < 0 ? seen : 0;
	}
	count(w, &st);
	return S_ISDIR(st.stx_mode) ? remember(&w->levels[w->depth - 1], name) : 0;
}

static int is_dot(const char *name)
{
	return name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2]));
}

static int take_breath(walk *w)
{
	if (++w->since_pace < PACE_EVERY)
		return 0;
	w->since_pace = 0;
	return -w->pace(w->arg, w->tree);
}

/* The deepest level to its end. */
static int read_directory(walk *w)
{
	int fd = w->levels[w->depth - 1].fd, rc = 0;

	for (;;) {
		long got = syscall(SYS_getdents64, fd, w->buffer, sizeof w->buffer);

		if (got < 0)
			w->tree->skipped += !is_gone(errno);
		if (got <= 0)
			return take_breath(w);
		for (long at = 0; at < got && !rc;) {
			const struct dirent64 *entry = (const struct dirent64 *)(w->buffer + at);

			if (!is_dot(entry->d_name))
				rc = look(w, fd, entry->d_name);
			if (!rc)
				rc = take_breath(w);
			at += entry->d_reclen;
		}
		if (rc)
			return rc;
	}
}

/* Into one of the directories of the deepest level. */
static int enter(walk *w, const char *name)
{
	struct statx st;
	int fd = open_directory(w->levels[w->depth - 1].fd, name, O_NOFOLLOW), rc;

	if (fd < 0) {
		w->tree->skipped += !is_gone(errno);
		return take_breath(w);
	}
	if (statx(fd, "", AT_EMPTY_PATH | STAT_FLAGS, STAT_MASK, &st) < 0 || is_elsewhere(w, &st)) {
		w->tree->skipped++;
		close(fd);
		return 0;
	}
	rc = push(w, fd, st.stx_ino);
	if (rc < 0) {
		close(fd);
		return rc;
	}
	return read_directory(w);
}

static int walk_below(walk *w)
{
	int rc = read_directory(w);

	while (!rc && w->depth) {
		level *last = &w->levels[w->depth - 1];
		const char *name = take_name(last);

		if (name)
			rc = enter(w, name);
		else
			pop(w);
	}
	return rc;
}

/* The root may be a link: whoever named it meant where it leads. */
static int begin(walk *w, const char *path)
{
	struct statx st;
	int fd;

	if (statx(AT_FDCWD, path, AT_NO_AUTOMOUNT, STAT_MASK, &st) < 0)
		return -errno;
	w->device = device_of(&st);
	if (!S_ISDIR(st.stx_mode)) {
		count(w, &st);
		return 0;
	}
	fd = open_directory(AT_FDCWD, path, 0);
	if (fd < 0)
		return -errno;
	if (statx(fd, "", AT_EMPTY_PATH, STAT_MASK, &st) < 0 || push(w, fd, st.stx_ino) < 0) {
		close(fd);
		return -ENOMEM;
	}
	w->device = device_of(&st);
	count(w, &st);
	return walk_below(w);
}

void pcf_tree_walk(const char *path, pcf_usage_tree *tree, pcf_tree_pace pace, void *arg)
{
	walk *w = calloc(1, sizeof *w);

	if (!w) {
		tree->error = ENOMEM;
		return;
	}
	w->tree = tree;
	w->pace = pace;
	w->arg = arg;
	tree->error = -begin(w, path);
	while (w->depth) {
		level *last = &w->levels[--w->depth];

		if (last->fd >= 0)
			close(last->fd);
		free(last->names);
	}
	free(w->levels);
	pcf_links_clear(&w->links);
	free(w);
}
