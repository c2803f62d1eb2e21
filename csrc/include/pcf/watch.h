/* Cgroup directories coming and going: one fanotify mark a hierarchy, else inotify with a watch a directory. */
typedef struct pcf_watch pcf_watch;

#define PCF_WATCH_AUTO 0
#define PCF_WATCH_FANOTIFY 1
#define PCF_WATCH_INOTIFY 2

#define PCF_WATCH_CREATED 1
#define PCF_WATCH_DELETED 2
#define PCF_WATCH_OVERFLOW 3 /* events were lost: walk again */

typedef struct {
	int kind;       /* PCF_WATCH_* above */
	int mount;      /* index of the hierarchy as given to pcf_watch_add_mount */
	char path[1024];/* cgroup path inside the mount, "/..." */
} pcf_watch_event;

int pcf_watch_open(pcf_watch **out, int mechanism, pcf_error *err);
int pcf_watch_mechanism(const pcf_watch *watch);
int pcf_watch_fd(const pcf_watch *watch);
/* Watches a cgroup mount.  Events of directories made after this call returns are never missed; the caller
 * walks the mount once afterwards. */
int pcf_watch_add_mount(pcf_watch *watch, const char *mount, int *index, pcf_error *err);
/* Up to max events, waiting at most timeout_ms (-1 = for ever, 0 = not at all).  Returns how many, or -errno. */
int pcf_watch_read(pcf_watch *watch, pcf_watch_event *events, int max, int timeout_ms);
void pcf_watch_wake(pcf_watch *watch); /* makes a waiting pcf_watch_read return 0; any thread */
void pcf_watch_close(pcf_watch *watch);

/* Every directory below mount: calls visit with the cgroup path, inode and mtime (ns), parents first. */
typedef void (*pcf_walk_visit)(void *arg, const char *path, uint64_t inode, uint64_t mtime_ns);
int64_t pcf_walk(const char *mount, pcf_walk_visit visit, void *arg, pcf_error *err);
/* The same into one buffer, for callers that want no callback: NUL-separated paths.  Returns bytes needed. */
int64_t pcf_walk_paths(const char *mount, char *buffer, size_t size, pcf_error *err);
