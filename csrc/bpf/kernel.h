/* The part of the kernel's types that our eBPF programs read, cut by hand: only members that are used, in any order.
 * CO-RE finds each by its name in the running kernel's BTF, so nothing here depends on a version; a member or type
 * that some kernels have not got is asked for first (bpf_core_field_exists, bpf_core_type_exists). A type that
 * changed its shape has a second declaration with three underscores and a word behind its name: struct x___old. */
#ifndef PCF_BPF_KERNEL_H
#define PCF_BPF_KERNEL_H
/* clang-format off: the order of these matters */
#include <linux/bpf.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
/* clang-format on */

typedef __u8 u8;
typedef __u32 u32;
typedef __u64 u64;
typedef __s64 s64;

#ifndef NULL
#define NULL ((void *)0)
#endif

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

typedef struct {
	int counter;
} atomic_t;

typedef struct {
	s64 counter;
} atomic64_t;

typedef struct {
	long counter;
} atomic_long_t;

struct list_head {
	struct list_head *next, *prev;
};

struct hlist_node {
	struct hlist_node *next;
};

struct hlist_head {
	struct hlist_node *first;
};

/* ---- cgroups ---- */
struct kernfs_node {
	struct kernfs_node *__parent; /* 6.15 and later; kernfs_node___old before */
	const char *name;
	u64 id; /* inode number of the directory */
};

struct kernfs_node___old {
	struct kernfs_node *parent;
};

struct cgroup_subsys_state {
	struct cgroup *cgroup;
	struct cgroup_subsys_state *parent;
	unsigned int flags;
	int id;
};

struct task_cputime {
	u64 stime, utime;
	unsigned long long sum_exec_runtime;
};

struct cgroup_base_stat {
	struct task_cputime cputime;
	u64 ntime;
};

struct prev_cputime {
	u64 utime, stime;
};

struct cgroup_rstat_base_cpu {
	struct cgroup_base_stat bstat, last_bstat;
};

/* Before cgroup_rstat_base_cpu was split off it. */
struct cgroup_rstat_cpu {
	struct cgroup_base_stat bstat, last_bstat;
};

struct cgroup_root {
	int hierarchy_id;
};

struct cgroup {
	struct cgroup_subsys_state self;
	int level;
	int nr_populated_csets, nr_descendants;
	struct kernfs_node *kn;
	struct cgroup_subsys_state *subsys[1]; /* by cgroup_subsys_id; as long as the kernel has controllers */
	struct cgroup_root *root;
	struct cgroup_rstat_base_cpu *rstat_base_cpu;
	struct cgroup_base_stat last_bstat, bstat;
	struct prev_cputime prev_cputime;
	struct psi_group *psi;
};

struct cgroup___old {
	struct cgroup_rstat_cpu *rstat_cpu;
};

struct css_set {
	struct cgroup_subsys_state *subsys[1];
	struct cgroup *dfl_cgrp;
};

/* ---- controllers ---- */
struct page_counter {
	atomic_long_t usage;
	unsigned long failcnt, watermark, min, low, high, max;
};

struct memcg_vmstats {
	long state[1]; /* as long as the kernel has it */
	unsigned long events[1];
	unsigned long events_local[1]; /* 6.6 and later */
};

struct mem_cgroup {
	struct cgroup_subsys_state css;
	struct page_counter memory, swap, memsw, kmem, tcpmem;
	struct memcg_vmstats *vmstats;
	atomic_long_t memory_events[1]; /* by memcg_memory_event */
	unsigned long soft_limit;
	int under_oom;
	bool oom_lock, oom_kill_disable;
};

struct cpuacct {
	struct cgroup_subsys_state css;
	u64 *cpuusage;                  /* per CPU */
	struct kernel_cpustat *cpustat; /* per CPU */
};

struct kernel_cpustat {
	u64 cpustat[10]; /* by cpu_usage_stat */
};

struct cfs_bandwidth {
	s64 period;
	u64 quota, burst;
	int nr_periods, nr_throttled, nr_burst;
	u64 throttled_time, burst_time;
};

struct task_group {
	struct cgroup_subsys_state css;
	int idle;
	unsigned long shares;
	struct cfs_bandwidth cfs_bandwidth;
};

struct pids_cgroup {
	struct cgroup_subsys_state css;
	atomic64_t counter, limit;
	s64 watermark;
	atomic64_t events[1], events_local[1]; /* by pidcg_event; before that: events_limit */
	atomic64_t events_limit;
};

/* ---- block IO ---- */
struct backing_dev_info {
	void *dev; /* NULL: the disk is not shown (any more) */
};

struct gendisk {
	int major, first_minor;
	struct backing_dev_info *bdi;
};

enum rq_qos_id { RQ_QOS_WBT };

struct rq_qos {
	enum rq_qos_id id;
	struct rq_qos *next;
};

struct ioc { /* the cost model of a disk */
	struct rq_qos rqos;
	bool enabled;
};

struct request_queue {
	struct gendisk *disk;
	struct rq_qos *rq_qos;
};

struct blkg_iostat {
	u64 bytes[1], ios[1]; /* by blkg_iostat_type */
};

struct blkg_iostat_set {
	struct blkg_iostat cur, last;
};

struct blkcg_gq { /* one cgroup on one disk */
	struct request_queue *q;
	struct hlist_node blkcg_node;
	bool online;
	struct blkg_iostat_set *iostat_cpu; /* per CPU; last: as of the last flush */
	struct blkg_iostat_set iostat;      /* with its children's, as far as it was flushed */
};

struct blkcg {
	struct cgroup_subsys_state css;
	struct hlist_head blkg_list;
};

struct mutex {
	atomic_long_t owner;
};

struct rt_mutex_base {
	struct task_struct *owner;
};

struct mutex___rt { /* PREEMPT_RT */
	struct rt_mutex_base rtmutex;
};

struct psi_group_cpu {
	u32 state_mask;
	u32 times[1]; /* by psi_states */
	u64 state_start;
	u32 times_prev[1]; /* by psi_aggregators, then psi_states; the kernel's [2][NR_PSI_STATES] */
};

struct psi_group {
	struct psi_group *parent;
	struct mutex avgs_lock;
	struct psi_group_cpu *pcpu; /* per CPU */
	u64 avg_total[1], avg_last_update, avg_next_update;
	u64 total[1];         /* by psi_aggregators, then psi_states */
	unsigned long avg[1]; /* by psi_states, then 10, 60, 300 s */
	bool enabled;
};

struct psi_group___rt {
	struct mutex___rt avgs_lock;
};

/* ---- tasks ---- */
struct rq {
	u64 clock, clock_task;
};

struct cfs_rq {
	struct rq *rq;
};

struct sched_entity {
	u64 exec_start; /* on the clock of rq.clock_task, when sum_exec_runtime was brought up to date */
	u64 sum_exec_runtime;
	struct cfs_rq *cfs_rq;
};

struct percpu_counter {
	s64 count;
	int *counters; /* per CPU */
};

struct mm_struct {
	unsigned long total_vm;
	unsigned long hiwater_rss;
	atomic_long_t pgtables_bytes;
	struct percpu_counter rss_stat[4]; /* 6.2 and later; mm_struct___old before */
};

struct mm_rss_stat {
	atomic_long_t count[4];
};

struct mm_struct___old {
	struct mm_rss_stat rss_stat;
};

struct task_io_accounting {
	u64 read_bytes, write_bytes;
};

struct signal_struct {
	atomic_t live;
	int nr_threads;
	int group_exit_code;
	unsigned int flags;
	unsigned long maxrss;
	struct task_io_accounting ioac;
	unsigned long long sum_sched_runtime;
	short oom_score_adj;
};

struct upid {
	int nr;
};

struct pid {
	unsigned int level;
	struct upid numbers[1]; /* by level of the pid namespace */
};

typedef struct {
	u32 val;
} kuid_t;

struct cred {
	kuid_t uid;
};

struct task_struct {
	int pid, tgid;
	int exit_code;
	char comm[16];
	struct task_struct *group_leader, *real_parent;
	struct mm_struct *mm;
	struct signal_struct *signal;
	struct css_set *cgroups;
	struct sched_entity se;
	struct task_io_accounting ioac;
	struct pid *thread_pid;
	struct cred *real_cred;
	u64 start_time;
};

struct linux_binprm {
	const char *filename;
};

enum oom_constraint { CONSTRAINT_NONE };

struct oom_control {
	struct mem_cgroup *memcg;
	unsigned long totalpages;
	struct task_struct *chosen;
	enum oom_constraint constraint;
};

/* ---- eBPF itself ---- */
struct bpf_iter__cgroup {
	struct cgroup *cgroup; /* NULL: the walk is over */
};

struct bpf_iter__task {
	struct task_struct *task; /* NULL: the walk is over */
};

struct bpf_array {
	void *pptrs[1]; /* of a per-CPU array: one per-CPU pointer an element */
};

#pragma clang attribute pop

/* Reads through BTF-less pointers (kernfs nodes, controllers): any address, zero when it cannot be read. */
#define pcf_read(ptr, field)                                                                                           \
	({                                                                                                             \
		typeof((ptr)->field) pcf_value = (typeof((ptr)->field))0;                                              \
		bpf_core_read(&pcf_value, sizeof pcf_value, &(ptr)->field);                                            \
		pcf_value;                                                                                             \
	})

#endif
