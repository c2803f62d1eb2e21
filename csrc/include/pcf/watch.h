/* Cgroup directories coming and going: one fanotify mark a hierarchy, else inotify with a watch a directory. */
typedef struct pcf_watch pcf_watch;

#define PCF_WATCH_AUTO     0
#define PCF_WATCH_FANOTIFY 1
#define PCF_WATCH_INOTIFY  2

#define PCF_WATCH_CREATED  1
#define PCF_WATCH_DELETED  2 /* and whatever was below it; children may, but need not, be told of before it */
#define PCF_WATCH_OVERFLOW 3 /* events were lost: walk again */

typedef struct {
	int kind;  /* PCF_WATCH_* above */
	int mount; /* index of the hierarchy as given to pcf_watch_add_mount */
	char path
		[1024]; /* cgroup path inside the mount, "/..."; directories with longer paths are only found by a walk */
} pcf_watch_event;

int pcf_watch_open(pcf_watch **out, int mechanism, pcf_error *err);
int pcf_watch_mechanism(const pcf_watch *watch);
/* Why a mount is watched with inotify although fanotify comes first; "" when it is not. */
const char *pcf_watch_reason(const pcf_watch *watch);
/* "" while every directory is watched; else what is not and why (inotify's limit): the caller walks every so often. */
const char *pcf_watch_degraded(const pcf_watch *watch);
/* Readable while pcf_watch_read has something. */
int pcf_watch_fd(const pcf_watch *watch);
/* Watches a cgroup mount.  Events of directories made after this call returns are never missed; the caller
 * walks the mount once afterwards.  One thread at a time adds and reads; a hierarchy added twice keeps its index. */
int pcf_watch_add_mount(pcf_watch *watch, const char *mount, int *index, pcf_error *err);
/* Events of a hierarchy come in order.  A directory that came and went before it was read about may be told of as
 * DELETED alone, one that was replaced as DELETED and CREATED, and one may be told of as CREATED twice.
 * Up to max events, waiting at most timeout_ms (-1 = for ever, 0 = not at all).  Returns how many, or -errno. */
int pcf_watch_read(pcf_watch *watch, pcf_watch_event *events, int max, int timeout_ms);
void pcf_watch_wake(pcf_watch *watch); /* makes a waiting pcf_watch_read return 0; any thread */
void pcf_watch_close(pcf_watch *watch);

/* Every directory below mount: calls visit with the cgroup path, inode and mtime (ns), parents first. */
typedef void (*pcf_walk_visit)(void *arg, const char *path, uint64_t inode, uint64_t mtime_ns);
int64_t pcf_walk(const char *mount, pcf_walk_visit visit, void *arg, pcf_error *err);
/* The same into one buffer, for callers that want no callback: NUL-separated paths.  Returns bytes needed. */
int64_t pcf_walk_paths(const char *mount, char *buffer, size_t size, pcf_error *err);
