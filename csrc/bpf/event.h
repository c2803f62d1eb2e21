/* Records between events.bpf.c and libpcf; both compile this. Two ring buffers: "rare" wakes its reader, "processes" is
 * drained every so often. Numbers that could not be had are PCF_BPF_ABSENT. */
#ifndef PCF_BPF_EVENT_H
#define PCF_BPF_EVENT_H

#define PCF_BPF_ABSENT 0xffffffffffffffffULL

/* Hierarchies by what they hold; also bits, 1 << role. The first one, in this order, in which a task is not at the root
 * stands for its cgroup, as pcf_cgroup_look has it; on a pure cgroup2 host there is only the first. */
enum pcf_bpf_role {
	PCF_ROLE_UNIFIED,
	PCF_ROLE_MEMORY,
	PCF_ROLE_CPUACCT,
	PCF_ROLE_CPU,
	PCF_ROLE_IO,
	PCF_ROLE_PIDS,
	PCF_ROLE_CPUSET,
	PCF_ROLE_HUGETLB,
	PCF_ROLE_COUNT
};

#define PCF_BPF_NONE  255 /* a subsystem id that the kernel has not got */
#define PCF_BPF_NAME  256
#define PCF_BPF_NAMES 512

enum pcf_bpf_what {
	PCF_BPF_CREATED = 1,
	PCF_BPF_REMOVED,
	PCF_BPF_RENAMED,
	PCF_BPF_POPULATED,
	PCF_BPF_EMPTY,
	PCF_BPF_STARTED, /* the first process of its own */
	PCF_BPF_OOM_KILL,
	PCF_BPF_OOM,
	PCF_BPF_FORK,
	PCF_BPF_EXEC,
	PCF_BPF_EXIT,
	PCF_BPF_WHATS
};

struct pcf_bpf_head {
	unsigned int what;
	unsigned int hierarchy;
	unsigned long long ns; /* bpf_ktime_get_ns: CLOCK_MONOTONIC */
	unsigned long long id; /* of the cgroup */
};

/* Names from the cgroup up to below the root, each with its NUL. is_cut: nearer to the root there were more. */
struct pcf_bpf_path {
	unsigned int bytes;
	unsigned int is_cut;
	char names[PCF_BPF_NAMES + PCF_BPF_NAME];
};

/* Of a cgroup, since it was made or since the programs were attached. */
struct pcf_bpf_counters {
	unsigned long long forks, moved_in, execs, exits, threads;
	unsigned long long exit_cpu_ns, exit_read_bytes, exit_write_bytes;
	unsigned long long oom_kills, killed, failed;
	unsigned int first_pid; /* of this life; 0: nobody yet, PCF_BPF_OLDER: it was there before us */
	unsigned int init_pid;  /* the first to end that was init of its pid namespace, 0: none */
	unsigned int has_first; /* first_status is known */
	unsigned int has_last;
	int first_status, init_status, last_status; /* wait status */
	unsigned int spare;
	char first_comm[16], init_comm[16];
};

#define PCF_BPF_OLDER 0xffffffff

struct pcf_bpf_key {
	unsigned long long id;
	unsigned int hierarchy;
	unsigned int spare;
};

/* The kernel's own numbers of a cgroup, as far as its hierarchy has them. */
struct pcf_bpf_numbers {
	unsigned long long cpu_ns, user_ns, system_ns; /* user, system: as ticks saw it, not scaled to cpu_ns */
	unsigned long long memory_bytes, peak_bytes, limit_bytes, ooms, oom_kills;
	unsigned long long pids_peak;
	unsigned long long periods, throttled, throttled_ns;
	unsigned long long read_bytes, write_bytes, read_ops, write_ops;
};

struct pcf_bpf_cgroup {
	struct pcf_bpf_head head;
	unsigned int roles; /* of its hierarchy */
	unsigned int level;
	unsigned int pid;      /* STARTED */
	unsigned int children; /* cgroups below it, EMPTY and REMOVED */
	unsigned int has_counters, has_numbers;
	char comm[16];
	struct pcf_bpf_counters counters;
	struct pcf_bpf_numbers numbers;
	struct pcf_bpf_path path;
};

struct pcf_bpf_oom {
	struct pcf_bpf_head head; /* id: of the victim's memory cgroup */
	unsigned int pid, tgid, uid, trigger_pid;
	int oom_score_adj;
	unsigned int constraint; /* PCF_OOM_* */
	unsigned int levels_up;  /* from the victim's cgroup to the one that was out of memory */
	unsigned int is_guessed, was_dying, has_victim;
	char comm[16], trigger_comm[16];
	unsigned long long total_vm_bytes, anon_bytes, file_bytes, shmem_bytes, page_table_bytes;
	unsigned long long memcg_id, limit_bytes, usage_bytes;
	struct pcf_bpf_path path;
};

struct pcf_bpf_process {
	struct pcf_bpf_head head; /* id: of the cgroup that stands for its */
	unsigned int pid, parent_pid, uid, threads;
	char comm[16];
	int status; /* EXIT: wait status */
	unsigned int spare;
	unsigned long long run_ns, cpu_ns, max_rss_bytes, read_bytes, write_bytes;
};

struct pcf_bpf_exec {
	struct pcf_bpf_process process;
	char filename[200];
};

/* One a CPU. */
struct pcf_bpf_counts {
	unsigned long long seen[PCF_BPF_WHATS];  /* whether or not told */
	unsigned long long lost[PCF_BPF_WHATS];  /* no room in the ring buffer */
	unsigned long long again[PCF_BPF_WHATS]; /* done by a second program */
	unsigned long long uncounted;            /* no room for another cgroup's counters */
};
#endif
