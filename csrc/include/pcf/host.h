/* Host facts -> plan. Facts are probed, never guessed from a version; the plan is a pure function of facts
 * and options, and nothing is opened before it is made. */
#define PCF_NO      0
#define PCF_YES     1
#define PCF_UNKNOWN 2

#define PCF_LAYOUT_NONE   0
#define PCF_LAYOUT_V1     1 /* controllers on v1 mounts, no cgroup2 mount */
#define PCF_LAYOUT_HYBRID 2 /* controllers on v1 mounts and a cgroup2 mount beside them */
#define PCF_LAYOUT_V2     3 /* one cgroup2 mount with the controllers */

#define PCF_CTL_CPU     0
#define PCF_CTL_CPUACCT 1
#define PCF_CTL_MEMORY  2
#define PCF_CTL_IO      3 /* v1: blkio */
#define PCF_CTL_PIDS    4
#define PCF_CTL_CPUSET  5
#define PCF_CTL_HUGETLB 6
#define PCF_CTL_RDMA    7
#define PCF_CTL_MISC    8
#define PCF_CTL_UNIFIED 9  /* the cgroup2 mount itself: cpu.stat and PSI need no controller */
#define PCF_CTL_NAMED   10 /* v1 name=systemd: for discovery only */
#define PCF_CTL_COUNT   11

typedef struct {
	int version;     /* 0 not there, 1, 2 */
	char mount[256]; /* mount point of its hierarchy */
	char root
		[256]; /* part of the hierarchy that is mounted there ("/" unless inside a cgroup namespace or bind mount) */
} pcf_controller_fact;

typedef struct {
	int answer;       /* PCF_YES, PCF_NO, PCF_UNKNOWN */
	char reason[160]; /* why not, "" when yes */
} pcf_fact;

typedef struct {
	char kernel[80]; /* uname -r, shown only */
	char boot_id[40];
	int layout; /* PCF_LAYOUT_* */
	pcf_controller_fact controllers[11];
	int cores_online;
	int cores_present;  /* plugged in, whether online or not */
	int cores_possible; /* the kernel counts for so many; a virtual machine often has many that never come */
	uint64_t memory_bytes;
	uint64_t page_bytes;
	uint64_t nofile_soft, nofile_hard, nofile_raised; /* limit found, its bound, what we got after raising */
	int is_root;
	pcf_fact psi, irq_psi, fanotify, inotify, io_uring, netlink_stats, setns, pidfd, procfs, rlimit_raise;
	/* eBPF: the kernel's types can be read; this process may load programs; tracepoint programs attach; a syscall
	 * program can walk every hierarchy; memory figures by kernel function; BPF iterators over cgroups */
	pcf_fact btf, bpf, bpf_tracing, css_iter, memcg_kfuncs, cgroup_iter;
	uint8_t v1_keys[16]; /* spare for facts about v1 memory.stat etc. */
	/* kernel files found in at least one cgroup of the right hierarchy: "controller/file" lines */
	char files[8192];
	char memory_stat_keys[4096]; /* keys this kernel's memory.stat shows, one a line */
} pcf_host;

int pcf_host_probe(pcf_host *out, const char *sysroot, pcf_error *err); /* sysroot: "" or a prefix such as "/rootfs" */

#define PCF_READER_AUTO   0
#define PCF_READER_PREAD  1 /* kept descriptors, pread */
#define PCF_READER_OPENAT 2 /* openat on a kept directory descriptor, read, close */
#define PCF_READER_URING  3 /* kept descriptors, io_uring batches */

#define PCF_SOURCE_AUTO    0
#define PCF_SOURCE_FILE    1
#define PCF_SOURCE_NETLINK 2
#define PCF_SOURCE_PROC    3
#define PCF_SOURCE_SELF    4
#define PCF_SOURCE_BPF     5 /* a walk through kernel memory; what it does not give comes from files */
#define PCF_SOURCE_TRACE   6 /* eBPF programs on tracepoints count it */
#define PCF_SOURCE_NONE    9

#define PCF_DESCRIPTOR_BYTES 5120 /* kernel memory of a kept descriptor: 4.8 KiB measured, 4 of them seq_file's */

typedef struct {
	const char *ring_dir;     /* NULL: /dev/shm/pycadvisor-fast */
	const char *sysroot;      /* "" or "/rootfs" */
	uint64_t interval_ns[64]; /* by group index; 0 = off, PCF_ABSENT = the group's default */
	uint64_t history_ns;      /* ring length in time; at least 2 ticks are kept */
	uint64_t ring_bytes;      /* bound on the ring's memory, 0 = none */
	uint32_t max_containers;  /* 0 = 8192 */
	int reader;               /* PCF_READER_* */
	int source;        /* PCF_SOURCE_AUTO, PCF_SOURCE_FILE or PCF_SOURCE_BPF (AUTO takes what this host has) */
	int source_of[64]; /* the same for one group, by group index; PCF_SOURCE_AUTO: as source says */
	uint64_t flush_ns; /* least time between two flushes of kernel statistics, 0 = with each tick */
	uint64_t max_descriptors;  /* kept descriptors at most; 0 = from the limit, less a reserve */
	uint64_t descriptor_bytes; /* kernel memory that kept descriptors may cost at most; 0 = no bound */
	int disable_root;          /* no samples for "/" */
	int disable_events;        /* no events, no event log */
	uint64_t event_bytes;      /* tmpfs that the event log may take, 0 = 64 MiB */
	uint64_t event_age_ns;     /* 0 = 24 h */
	uint32_t event_limit[32];  /* PCF_EVENT_KINDS_MAX; records kept, by kind; 0 = the kind's default */
	uint32_t event_sources;    /* bits by PCF_EVENT_SOURCE_* that may be used; 0 = all */
} pcf_options;

void pcf_options_default(pcf_options *out);

typedef struct {
	int source; /* PCF_SOURCE_* */
	uint64_t interval_ns;
	uint32_t ring_len;
	int keep_open;        /* descriptors kept between ticks */
	int files;            /* kernel files read per container and tick */
	uint8_t present[128]; /* by column index: this host can give it */
	uint8_t walked[128];  /* of those: given by the walk through kernel memory, not by a file */
	char reason[200];     /* why this source, or why none */
	char file_names[512]; /* files read, space separated */
} pcf_group_plan;

typedef struct {
	int reader;
	char reader_reason[200];
	uint64_t descriptors; /* kept open at most */
	uint64_t base_ns;     /* greatest common divisor of the intervals */
	double reader_ns[4];  /* measured ns per container and tick by PCF_READER_*, 0 = not measured */
	int groups;
	pcf_group_plan group[64];
} pcf_plan;

int pcf_plan_make(const pcf_host *host, const pcf_options *options, pcf_plan *out, pcf_error *err);
/* Reads some real cgroups of this host with each reader and fills reader_ns and, when options ask for AUTO,
 * reader and reader_reason.  Bounded: about 50 ms. */
int pcf_plan_measure(const pcf_host *host, const pcf_options *options, pcf_plan *plan, pcf_error *err);
