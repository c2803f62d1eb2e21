/* Records of /dev/kmsg (Documentation/ABI/testing/dev-kmsg): what the OOM killer says in them. Pure.
 *
 * A kill is told in up to six records (mm/oom_kill.c); those before the last are left out when many come at once:
 *	worker invoked oom-killer: gfp_mask=...
 *	CPU: 1 UID: 0 PID: 77 Comm: worker ...
 *	memory: usage 16384kB, limit 16384kB, failcnt 19
 *	Memory cgroup stats for /a:
 *	oom-kill:constraint=CONSTRAINT_MEMCG,...,oom_memcg=/a,task_memcg=/a/b,task=worker,pid=77,uid=0
 *	Memory cgroup out of memory: Killed process 77 (worker) total-vm:9kB, anon-rss:8kB, ... */
#ifndef PCF_PARSE_KMSG_H
#define PCF_PARSE_KMSG_H
#include "pcf.h"

#define PCF_KMSG_PATH 1024 /* of a cgroup, with its NUL; longer ones count as not told */

typedef struct {
	uint64_t sequence;
	uint64_t time_usec; /* printk's clock: near CLOCK_MONOTONIC at boot, not steered with it */
	int is_kernel;      /* facility 0: programs that write into /dev/kmsg cannot claim it */
	const char *text;   /* in the caller's buffer, escapes as they came, no newline */
	size_t len;
} pcf_kmsg_record;

/* 0, or -EINVAL: this is no record. */
int pcf_kmsg_record_parse(const char *buf, size_t len, pcf_kmsg_record *out);

#define PCF_KMSG_OTHER     0
#define PCF_KMSG_INVOKED   1 /* comm: who ran into the limit */
#define PCF_KMSG_CPU       2 /* pid: the same one's */
#define PCF_KMSG_USAGE     3 /* usage, limit of the cgroup that ran into it */
#define PCF_KMSG_STATS     4 /* oom_memcg: the same cgroup */
#define PCF_KMSG_CHOSEN    5 /* pid, uid, comm, is_memcg, oom_memcg, task_memcg: "oom-kill:" */
#define PCF_KMSG_KILLED    6 /* pid, comm, is_memcg, sizes, uid, oom_score_adj */
#define PCF_KMSG_NO_VICTIM 7 /* out of memory, nobody to kill; of a pair: oom_memcg */

typedef struct {
	int kind;                                                               /* PCF_KMSG_* */
	uint64_t pid, uid;                                                      /* PCF_ABSENT: not told, as below */
	uint64_t total_vm_bytes, anon_bytes, file_bytes, shmem_bytes, pgtables; /* of the victim; pgtables in bytes */
	uint64_t usage_bytes, limit_bytes;
	int64_t oom_score_adj; /* INT64_MIN: not told */
	int is_memcg;          /* 1: a cgroup's limit, 0: the machine's memory, -1: not told */
	char comm[16];
	char oom_memcg[PCF_KMSG_PATH], task_memcg[PCF_KMSG_PATH]; /* "": not told */
} pcf_kmsg_line;

/* Always fills all of out. */
void pcf_kmsg_line_parse(const char *text, size_t len, pcf_kmsg_line *out);

/* One kill (or one OOM without a victim), put together from its records. */
typedef struct {
	int is_kill;       /* 0: nobody could be killed */
	pcf_kmsg_line all; /* of the last record, with what earlier ones told */
	uint64_t trigger_pid;
	char trigger_comm[16]; /* "": not told */
} pcf_kmsg_oom;

/* What was told since the last kill. All zero at first. */
typedef struct {
	int has_header, has_chosen;
	uint64_t trigger_pid, usage_bytes, limit_bytes;
	char trigger_comm[16], oom_memcg[PCF_KMSG_PATH];
	pcf_kmsg_line chosen;
} pcf_kmsg_pairing;

/* Returns 1 and fills out when the line completes a kill. */
int pcf_kmsg_pair(pcf_kmsg_pairing *pairing, const pcf_kmsg_line *line, pcf_kmsg_oom *out);
#endif
