/* Events: what happened on this host, beside the samples of what is. One log a ring directory ("<dir>/events.log"),
 * written by the collector, read by any process; it survives kill -9 and is gone on with after a restart. */

/* Kinds. */
#define PCF_EVENT_OOM_KILL        1  /* the kernel killed a process for want of memory; payload oom */
#define PCF_EVENT_OOM             2  /* a cgroup was out of memory and nobody was killed; payload oom, no victim */
#define PCF_EVENT_CGROUP_CREATED  3  /* once for a path, over all v1 hierarchies; payload cgroup */
#define PCF_EVENT_CGROUP_REMOVED  4  /* gone from all of them; payload cgroup */
#define PCF_EVENT_POPULATED       5  /* the first process is in it or below it; payload cgroup */
#define PCF_EVENT_EMPTY           6  /* the last one is gone; payload cgroup */
#define PCF_EVENT_FORK            7  /* a new process (threads are none); payload process */
#define PCF_EVENT_EXEC            8  /* payload process, filename */
#define PCF_EVENT_EXIT            9  /* of a process, when its last thread ends; payload process */
#define PCF_EVENT_THROTTLE_BEGIN  10 /* payload throttle */
#define PCF_EVENT_THROTTLE_END    11 /* payload throttle */
#define PCF_EVENT_CONTAINER_START 12 /* a cgroup got the first process of its own; payload container */
#define PCF_EVENT_CONTAINER_EXIT  13 /* its last numbers: at removal, or once it stayed empty; payload container */
#define PCF_EVENT_LOST            14 /* payload lost: so many of a kind could not be told */
#define PCF_EVENT_COLUMN_DEMOTED  15 /* a column differed from the kernel's text and is read from files; text */
#define PCF_EVENT_HEALTH_CHANGE   16 /* a container's health check has another result, as its runtime says; text */
#define PCF_EVENT_LIMIT_CHANGE    17 /* a limit of a container is another one; text */
#define PCF_EVENT_RESTART         18 /* a container runs again under the same id, as its runtime says; text */
#define PCF_EVENT_KINDS           19 /* numbers below this */
#define PCF_EVENT_KINDS_MAX       32 /* there is room for in the arrays below */

/* Who told. */
#define PCF_EVENT_SOURCE_NONE          0 /* nobody tells this kind on this host */
#define PCF_EVENT_SOURCE_BPF           1
#define PCF_EVENT_SOURCE_BCC           2
#define PCF_EVENT_SOURCE_CONNECTOR     3 /* netlink process connector */
#define PCF_EVENT_SOURCE_KMSG          4
#define PCF_EVENT_SOURCE_MEMORY_EVENTS 5 /* v2 memory.events, v1 memory.oom_control */
#define PCF_EVENT_SOURCE_WATCH         6 /* fanotify or inotify */
#define PCF_EVENT_SOURCE_RUNTIME       7
#define PCF_EVENT_SOURCE_DERIVED       8 /* worked out from other events */
#define PCF_EVENT_SOURCE_COLLECTOR     9
#define PCF_EVENT_SOURCES              10

/* flags: how good the record is. None set: exact. */
#define PCF_EVENT_PATH_CUT     1   /* path is longer than the field: its beginning is left out, behind "..." */
#define PCF_EVENT_LATE         2   /* the time is when it was noticed, not when it happened */
#define PCF_EVENT_GUESSED      4   /* the cgroup was inferred: it may be another one of the same moment */
#define PCF_EVENT_PARTIAL      8   /* fields that this source could give are missing this time */
#define PCF_EVENT_BEFORE_START 16  /* it began before the collector did: counts are from then on */
#define PCF_EVENT_CPU_OF_TASKS 32  /* container: cpu is the sum of the exited threads, not the cgroup's own count */
#define PCF_EVENT_IO_OF_TASKS  64  /* container: io is what exited threads had caused, not what the block layer did */
#define PCF_EVENT_WAS_DYING    128 /* OOM kill: the victim was exiting already; the kernel counts no kill */
#define PCF_EVENT_AMENDED      256 /* container: runtime_code came later, from the runtime */
#define PCF_EVENT_NO_CGROUP    512 /* the cgroup could not be told */

/* oom.constraint */
#define PCF_OOM_UNKNOWN   0
#define PCF_OOM_MEMCG     1 /* a cgroup's limit */
#define PCF_OOM_GLOBAL    2 /* the machine */
#define PCF_OOM_CPUSET    3
#define PCF_OOM_MEMPOLICY 4

#define PCF_EVENT_NO_CODE 0x7fffffff /* exit_code: not known, or it died of a signal */

/* In each: uint64_t that the source does not give is PCF_ABSENT. Bytes, ns; pids as the collector's namespace has them
 * not, but as the kernel's first one does. */
typedef struct {
	uint32_t pid, tgid, uid; /* the victim; pid 0: none (PCF_EVENT_OOM) */
	int32_t oom_score_adj;
	uint32_t trigger_pid; /* who asked for memory */
	uint32_t constraint;  /* PCF_OOM_* */
	/* The cgroup that was out of memory is this much of path, so many bytes: all of it (the victim's own), less (one
	 * above it), 1 ("/") or 0: not known. */
	uint32_t memcg_path_len;
	uint32_t spare;
	char comm[16], trigger_comm[16];
	uint64_t total_vm_bytes, anon_rss_bytes, file_rss_bytes, shmem_rss_bytes, page_table_bytes;
	uint64_t memcg_id;                 /* its cgroup id, 0: not known or the whole machine */
	uint64_t limit_bytes, usage_bytes; /* of the cgroup that was out of memory, at that moment */
} pcf_event_oom;

typedef struct {
	uint32_t level;       /* below its hierarchy's root */
	uint32_t hierarchies; /* in so many it is or was */
} pcf_event_cgroup;

typedef struct {
	uint32_t pid, parent_pid, uid, threads; /* threads: that the process has or had last */
	char comm[16];
	int32_t exit_code; /* EXIT: 0..255, or PCF_EVENT_NO_CODE when a signal ended it */
	int32_t signal;    /* EXIT: 0: none */
	uint32_t is_core_dumped, spare;
	uint64_t run_ns, cpu_ns, max_rss_bytes, read_bytes, write_bytes; /* EXIT, of the whole process */
	char filename[200];                                              /* EXEC */
} pcf_event_process;

typedef struct {
	uint64_t throttled_ns; /* END: for how long */
} pcf_event_throttle;

typedef struct {
	uint64_t created_ns, started_ns, emptied_ns, removed_ns; /* CLOCK_MONOTONIC; PCF_ABSENT: not seen */
	uint32_t pid;         /* of the process whose status this is: the init of its pid namespace, else the first */
	int32_t exit_code;    /* 0..255, PCF_EVENT_NO_CODE: died of a signal, or not seen */
	int32_t signal;       /* 0: none */
	int32_t runtime_code; /* as the runtime says, PCF_EVENT_NO_CODE: it has not */
	int32_t last_code;    /* wait status of the process that ended last, PCF_EVENT_NO_CODE: none seen */
	uint32_t is_core_dumped;
	char comm[16];
	uint64_t cpu_ns, cpu_user_ns, cpu_system_ns;
	uint64_t memory_usage_bytes, memory_peak_bytes, memory_limit_bytes; /* limit: PCF_UNLIMITED */
	uint64_t ooms, oom_kills;
	uint64_t pids_peak;
	uint64_t periods, throttled_periods, throttled_ns;
	uint64_t read_bytes, write_bytes, read_ops, write_ops;
	uint64_t processes; /* that were forked in it or moved into it */
	uint64_t threads, execs, exits;
} pcf_event_container;

typedef struct {
	uint32_t kind;
	uint32_t source; /* where the room was too small */
	uint64_t count;
	uint64_t total; /* of this kind since the collector started */
} pcf_event_lost;

typedef struct {
	uint64_t seq; /* 1, 2, 3, ...: grows by one with each record, over restarts of the collector within one boot */
	uint64_t monotonic_ns; /* when it happened, the clock of the ticks */
	uint64_t realtime_ns;  /* the same moment, wall clock */
	uint64_t logged_ns;    /* CLOCK_MONOTONIC, when it was written here */
	uint64_t handle;       /* generation << 32 | slot of the container; 0: not followed then */
	uint64_t cgroup_id;    /* inode of the directory; 0: not known */
	uint32_t hierarchy_id; /* in which hierarchy, 0: cgroup2 */
	uint32_t flags;        /* PCF_EVENT_* flags */
	uint16_t kind;
	uint16_t source;
	uint32_t nth; /* of its kind, over restarts too: a gap is what a reader missed.  0: not counted */
	char runtime[16], id[72], name[128]; /* as the runtime had said when it was written, "" when not (yet) */
	char path[448];                      /* of the cgroup, "/..."; "": not known */
	union {
		pcf_event_oom oom;
		pcf_event_cgroup cgroup;
		pcf_event_process process;
		pcf_event_throttle throttle;
		pcf_event_container container;
		pcf_event_lost lost;
		char text[296];
	} of;
} pcf_event; /* 1024 bytes */

/* What a kind comes from on this host, and what became of it. */
typedef struct {
	int source;       /* PCF_EVENT_SOURCE_* */
	uint32_t flags;   /* that its records carry from there at best */
	uint64_t seen;    /* by the source, since the collector started */
	uint64_t logged;  /* since it started */
	uint64_t lost;    /* between the source and the log */
	uint64_t kept;    /* records in the log */
	uint64_t limit;   /* at most */
	char reason[160]; /* why not a better source; "" when it is the best */
} pcf_event_kind_facts;

typedef struct {
	pcf_event_kind_facts kind[PCF_EVENT_KINDS_MAX];
	uint64_t wanted;    /* bits by kind: single process events that are told now */
	uint64_t load_ns;   /* load and attach, 0: nothing was loaded */
	uint64_t cpu_ns;    /* of the events thread */
	uint64_t log_bytes; /* tmpfs the log has reserved */
	char notes[1024];   /* lines: degradations, what became of an earlier log */
} pcf_events_facts;

typedef struct pcf_events pcf_events;

typedef struct {
	const char *dir;      /* ring directory */
	const pcf_host *host; /* mounts and layout; must outlive the object */
	uint32_t max_containers;
	uint64_t bytes;                      /* of tmpfs at most; 0: 64 MiB */
	uint64_t age_ns;                     /* readers are not given what is older; 0: 24 h */
	uint32_t limit[PCF_EVENT_KINDS_MAX]; /* records kept, by kind; 0: 100000, for FORK, EXEC and EXIT 10000 */
	uint32_t sources;                    /* bits by PCF_EVENT_SOURCE_* that may be used; 0: all */
	uint32_t linger_ms;                  /* a container that stays empty so long has exited; 0: 2000 */
} pcf_events_options;

void pcf_events_options_default(pcf_events_options *out);
const char *pcf_event_kind_name(int kind);     /* "oom_kill", ...; NULL: none has this number */
const char *pcf_event_source_name(int source); /* "bpf", ...; NULL */
int pcf_event_kind_find(const char *name);     /* -1: none */

/* ---- writing: the collector ----
 * Opens the log and the best sources there are; each that fails is a fact, not an error. -EBUSY: another collector
 * writes there. Nothing runs until the start; closing stops. */
int pcf_events_open(pcf_events **out, const pcf_events_options *options, pcf_error *err);
int pcf_events_start(pcf_events *events, pcf_error *err);
void pcf_events_stop(pcf_events *events); /* what the sources still hold is written first */
void pcf_events_close(pcf_events *events);
void pcf_events_facts_get(pcf_events *events, pcf_events_facts *out);
/* Single FORK, EXEC and EXIT events are told from now on for these kinds (bits), for no others; the counters always
 * run. Returns the bits that are served here. */
uint64_t pcf_events_want(pcf_events *events, uint64_t kinds);
/* Writes a record of the caller's: kind, source and payload as given; seq, logged_ns, times that are 0, and, when path
 * is given, identity that is missing are filled in. *seq may be NULL. -EINVAL: no such kind. */
int pcf_events_append(pcf_events *events, const pcf_event *event, uint64_t *seq);
/* What a source outside this library (bcc, in Python) saw: cgroup kinds go through the same merging over hierarchies and
 * make CONTAINER_START and CONTAINER_EXIT as if they came from here; all others are appended. */
int pcf_events_tell(pcf_events *events, const pcf_event *event);
void pcf_events_tell_lost(pcf_events *events, int kind, int source, uint64_t count);
/* That source serves these kinds (bits) from now on, with these flags at best; reason as in the facts. */
void pcf_events_serve(pcf_events *events, uint64_t kinds, int source, uint32_t flags, const char *reason);
/* Who a path is, for the records to come. handle 0 or a NULL leaves what is known. */
void pcf_events_identify(pcf_events *events, const char *path, uint64_t handle, const char *runtime, const char *id,
			 const char *name);
/* The runtime says how the container ended: goes into its CONTAINER_EXIT, also when that is written already (the newest
 * of that path). -ENOENT: there is none and no such container. */
int pcf_events_runtime_exit(pcf_events *events, const char *path, int code);

/* Counters of a cgroup since the collector started, kept in the kernel whether or not anybody listens. */
typedef struct {
	uint64_t cgroup_id; /* of the hierarchy that stands for the cgroup, as in slots.dir */
	uint32_t hierarchy_id;
	uint32_t spare;
	uint64_t forks;    /* processes forked in it */
	uint64_t moved_in; /* processes that came from elsewhere */
	uint64_t execs;
	uint64_t exits;                             /* processes that ended in it */
	uint64_t threads;                           /* threads started, leaders not counted */
	uint64_t exit_cpu_ns;                       /* CPU time of threads that ended */
	uint64_t exit_read_bytes, exit_write_bytes; /* what they had read from and written to disks; PCF_ABSENT */
	uint64_t oom_kills;
	uint64_t killed; /* processes ended by a signal */
	uint64_t failed; /* processes that ended with a code other than 0 */
} pcf_event_counters;

/* All cgroups that have counters, at most max of them, in one batch; returns how many, -ENOSYS: not kept on this host,
 * -ENOSPC: max is too small (take twice as many). Several threads may ask. */
int64_t pcf_events_counters(pcf_events *events, pcf_event_counters *out, uint32_t max);

/* ---- reading: the collector's own process, or any other with attach ---- */
int pcf_events_attach(pcf_events **out, const char *dir, pcf_error *err); /* read only; -ENOENT: no log there */
int pcf_events_replaced(const pcf_events *events); /* 1: another file has its name now, attach again; 0; -ENOENT */
int pcf_events_is_written(const pcf_events *events);
uint64_t pcf_events_latest(const pcf_events *events); /* seq, 0 = none yet */
uint64_t pcf_events_epoch(const pcf_events *events);  /* when the log began, wall clock: another's seqs mean others */

typedef struct {
	uint64_t after_seq;      /* newer than this */
	uint64_t before_seq;     /* older than this, 0: no bound */
	uint64_t kinds;          /* bits by kind, 0: all */
	uint64_t from_ns, to_ns; /* wall clock, both included, 0: no bound */
	uint64_t handle;         /* of this container, 0: any */
	const char *path;        /* of this cgroup, NULL: any */
	int is_subtree;          /* path: and of all below it */
	int is_newest_first;     /* begin at the newest */
} pcf_events_query;

/* Whole records in order of seq, at most max; returns how many, 0: none (any more), or negative errno. */
int64_t pcf_events_read(const pcf_events *events, const pcf_events_query *query, pcf_event *out, uint32_t max);
/* Until latest > after_seq; also in an attached process. -ETIMEDOUT, -ESHUTDOWN: stopped. timeout_ms < 0: for ever. */
int pcf_events_wait(const pcf_events *events, uint64_t after_seq, int timeout_ms, uint64_t *latest);
int pcf_events_fd(const pcf_events *events); /* eventfd, readable after new records; for one reader; attached: -1 */
