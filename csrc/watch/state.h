/* What the files of this room share: the watch, its mounts, its queue of events not yet handed out. */
#ifndef PCF_WATCH_STATE_H
#define PCF_WATCH_STATE_H
#include <stdbool.h>
#include <sys/types.h>
#include <sys/vfs.h>

#include "pcf.h"
#include "watch/dirs.h"

#define PCF_WATCH_MOUNTS 32 /* v1 has at most 16 controllers and a few named hierarchies */
/* Cached directories of fanotify: parents only matter, so this is far more than hosts have; about 100 bytes each. */
#define PCF_WATCH_CACHE  8192

struct pcf_watch_mount {
	int fd; /* its root directory, O_RDONLY: for open_by_handle_at and openat */
	fsid_t fsid;
	char *real;    /* mount point as /proc/self/fd shows it, symbolic links resolved */
	int mechanism; /* PCF_WATCH_FANOTIFY or PCF_WATCH_INOTIFY */
	bool overflow; /* an OVERFLOW is to be handed out */
	dev_t device;
	ino_t inode; /* of its root */
};

struct pcf_watch_note {
	int kind, mount;
	char *path;
};

struct pcf_watch {
	int wanted;               /* PCF_WATCH_* asked for */
	int epoll, wake, pending; /* pending: readable while notes wait, so that pcf_watch_fd tells of them */
	int fanotify, inotify;    /* -1 until needed */
	struct pcf_watch_mount mounts[PCF_WATCH_MOUNTS];
	int mount_count;
	struct pcf_dirs handles, watches;
	struct pcf_watch_note *notes;
	size_t note_first, note_count, note_room; /* a ring */
	bool is_pending;
	char reason[200], degraded[200];
};

/* Puts an event in the queue.  OVERFLOW (path "") is handed out once for a mount, after all that is in the queue, so
 * that the walk it asks for sees what came of them.  Out of memory becomes an OVERFLOW. */
void pcf_watch_note_add(pcf_watch *watch, int kind, int mount, const char *path);
void pcf_watch_degrade(pcf_watch *watch, const char *text);
/* parent + "/" + name; false when it does not fit. */
bool pcf_watch_join(char *out, size_t size, const char *parent, const char *name, size_t name_len);

int pcf_watch_fanotify_open(pcf_watch *watch);
int pcf_watch_fanotify_mark(pcf_watch *watch, int mount);
void pcf_watch_fanotify_read(pcf_watch *watch);
void pcf_watch_fanotify_decode(pcf_watch *watch, const char *buffer, size_t size);

int pcf_watch_inotify_open(pcf_watch *watch);
int pcf_watch_inotify_mark(pcf_watch *watch, int mount);
void pcf_watch_inotify_read(pcf_watch *watch);
void pcf_watch_inotify_decode(pcf_watch *watch, const char *buffer, size_t size);

/* Opens a directory of a mount however long its path is. */
int pcf_watch_open_dir(int mount_fd, const char *path);
/* Directories below path in the mount at mount_fd, path itself not.  again: whether one has children is looked up anew
 * after found has returned, for a caller that puts a watch on it. */
typedef void (*pcf_watch_found)(void *arg, const char *path, uint64_t inode, uint64_t mtime_ns, bool is_leaf);
int64_t pcf_watch_tree(int mount_fd, const char *path, pcf_watch_found found, void *arg, bool again);
#endif
