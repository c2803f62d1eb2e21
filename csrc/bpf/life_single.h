/* Processes that begin, execute and end: counted always, told one by one while somebody wants them. */
#ifndef PCF_BPF_LIFE_SINGLE_H
#define PCF_BPF_LIFE_SINGLE_H
#include "bpf/life_numbers.h"
#include "bpf/life_process.h"

/* Where tracepoints can be preempted, a program that is still at work on a CPU is not begun there a second time. A second
 * program behind it does the work then: the first one marks each task it was run for. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 16384);
	__type(key, u64);
	__type(value, u8);
} marks SEC(".maps");

static __always_inline void mark(struct task_struct *task, u32 what)
{
	u64 key = (u64)task + what;
	u8 one = 1;

	if (has_seconds)
		bpf_map_update_elem(&marks, &key, &one, BPF_ANY);
}

static __always_inline bool was_missed(struct task_struct *task, u32 what)
{
	u64 key = (u64)task + what;

	if (bpf_map_delete_elem(&marks, &key) == 0)
		return false;
	count_again(what);
	return true;
}

/* A task is in each hierarchy by turns; only the one that stands for its cgroup counts. */
SEC("tp_btf/cgroup_attach_task")
int BPF_PROG(pcf_process_moved, struct cgroup *to, const char *path, struct task_struct *task, bool is_group)
{
	struct place place;
	struct pcf_bpf_counters *of;
	bool is_new;

	place_of(&place, task);
	if (place.cgroup != to || (!is_group && pcf_read(task, pid) != pcf_read(task, tgid)))
		return 0;
	of = counters_of(&place.key, &is_new);
	/* Its first process, moved to where it is: two v1 controllers on one mount are written to twice. */
	if (!of || of->first_pid == pcf_read(task, tgid))
		return 0;
	__sync_fetch_and_add(&of->moved_in, 1);
	enter(&place, of, task);
	return 0;
}

static __always_inline void submit_process(void *record)
{
	bpf_ringbuf_submit(record, bpf_ringbuf_query(&processes, BPF_RB_AVAIL_DATA) > process_half ? BPF_RB_FORCE_WAKEUP
												   : BPF_RB_NO_WAKEUP);
}

static __always_inline bool is_wanted(u32 what)
{
	return wanted >> what & 1;
}

static __always_inline void fill_process(struct pcf_bpf_process *record, u32 what, struct place *place,
					 struct task_struct *task)
{
	head_of(&record->head, what, place->key.hierarchy, place->key.id);
	record->pid = pcf_read(task, tgid);
	record->parent_pid = BPF_CORE_READ(task, real_parent, tgid);
	record->uid = BPF_CORE_READ(task, real_cred, uid.val);
	record->threads = BPF_CORE_READ(task, signal, nr_threads);
	bpf_core_read(record->comm, sizeof record->comm, &task->comm);
	record->status = 0;
	record->spare = 0;
	record->run_ns = record->cpu_ns = record->max_rss_bytes = record->read_bytes = record->write_bytes =
		PCF_BPF_ABSENT;
}

static __always_inline int on_fork(struct task_struct *parent, struct task_struct *child)
{
	bool is_thread = pcf_read(child, pid) != pcf_read(child, tgid), is_new;
	struct pcf_bpf_counters *of;
	struct place place, from;
	struct pcf_bpf_process *record;

	place_of(&place, child);
	of = counters_of(&place.key, &is_new);
	if (of)
		__sync_fetch_and_add(is_thread ? &of->threads : &of->forks, 1);
	if (is_thread)
		return 0;
	/* Straight into another cgroup (CLONE_INTO_CGROUP), or the first we hear of one that has processes. */
	if (of && !of->first_pid) {
		place_of(&from, parent);
		if (from.cgroup != place.cgroup)
			enter(&place, of, child);
		else
			of->first_pid = PCF_BPF_OLDER;
	}
	count_seen(PCF_BPF_FORK);
	if (!is_wanted(PCF_BPF_FORK))
		return 0;
	record = bpf_ringbuf_reserve(&processes, sizeof *record, 0);
	if (!record)
		return lost(PCF_BPF_FORK);
	fill_process(record, PCF_BPF_FORK, &place, child);
	record->parent_pid = pcf_read(parent, tgid);
	submit_process(record);
	return 0;
}

static __always_inline int on_exec(struct task_struct *task, struct linux_binprm *bprm)
{
	struct place place;
	struct pcf_bpf_counters *of;
	struct pcf_bpf_exec *record;
	bool is_new;

	place_of(&place, task);
	(void)cpu_of(task); /* one look more at the clock */
	of = counters_of(&place.key, &is_new);
	if (of)
		__sync_fetch_and_add(&of->execs, 1);
	if (is_new && of)
		of->first_pid = PCF_BPF_OLDER;
	count_seen(PCF_BPF_EXEC);
	if (!is_wanted(PCF_BPF_EXEC))
		return 0;
	record = bpf_ringbuf_reserve(&processes, sizeof *record, 0);
	if (!record)
		return lost(PCF_BPF_EXEC);
	fill_process(&record->process, PCF_BPF_EXEC, &place, task);
	record->filename[0] = 0;
	bpf_probe_read_kernel_str(record->filename, sizeof record->filename, pcf_read(bprm, filename));
	submit_process(record);
	return 0;
}

#define GROUP_EXIT 0x00000004 /* SIGNAL_GROUP_EXIT, linux/sched/signal.h */

/* What wait() will tell: the group's code when one thread ended all, else the leader's. */
static __always_inline int status_of(struct task_struct *task)
{
	if (BPF_CORE_READ(task, signal, flags) & GROUP_EXIT)
		return BPF_CORE_READ(task, signal, group_exit_code);
	return BPF_CORE_READ(task, group_leader, exit_code);
}

/* Threads end side by side, and several may find that nobody is left alive: the first of them is the last. */
static __always_inline bool is_last(struct task_struct *task)
{
	struct ending ending = {.signal = (u64)pcf_read(task, signal),
				.start_time = BPF_CORE_READ(task, group_leader, start_time)};
	u32 one = 1;

	if (BPF_CORE_READ(task, signal, live.counter) != 0)
		return false;
	if (BPF_CORE_READ(task, signal, nr_threads) <= 1)
		return true;
	return bpf_map_update_elem(&endings, &ending, &one, BPF_NOEXIST) == 0;
}

static __always_inline bool is_namespace_init(struct task_struct *task)
{
	struct pid *pid = BPF_CORE_READ(task, group_leader, thread_pid);
	u32 level = pcf_read(pid, level);
	int number = 0;

	if (!level || level > 32)
		return false;
	bpf_probe_read_kernel(&number, sizeof number,
			      (void *)pid + bpf_core_field_offset(struct pid, numbers) +
				      level * bpf_core_type_size(struct upid) + bpf_core_field_offset(struct upid, nr));
	return number == 1;
}

static __always_inline void count_end(struct pcf_bpf_counters *of, struct task_struct *task, int status)
{
	u32 pid = pcf_read(task, tgid);

	__sync_fetch_and_add(&of->exits, 1);
	if (status & 0x7f)
		__sync_fetch_and_add(&of->killed, 1);
	else if (status)
		__sync_fetch_and_add(&of->failed, 1);
	of->last_status = status;
	of->has_last = 1;
	if (pid == of->first_pid) {
		of->first_status = status;
		of->has_first = 1;
		bpf_core_read(of->first_comm, sizeof of->first_comm, &task->group_leader->comm);
	}
	if (!of->init_pid && is_namespace_init(task)) {
		of->init_pid = pid;
		of->init_status = status;
		bpf_core_read(of->init_comm, sizeof of->init_comm, &task->group_leader->comm);
	}
}

/* Threads that were let go are in signal's sums; this one, and a leader that ended before it, are not yet. */
static __always_inline void fill_end(struct pcf_bpf_process *record, struct task_struct *task, int status, u64 cpu_ns)
{
	struct task_struct *leader = pcf_read(task, group_leader);
	bool has_leader = leader != task;

	record->status = status;
	record->run_ns = record->head.ns - BPF_CORE_READ(task, group_leader, start_time);
	record->cpu_ns = BPF_CORE_READ(task, signal, sum_sched_runtime) + cpu_ns +
			 (has_leader ? pcf_read(leader, se.sum_exec_runtime) : 0);
	record->max_rss_bytes = bytes_of(BPF_CORE_READ(task, signal, maxrss));
	if (!bpf_core_field_exists(task->ioac.read_bytes))
		return;
	record->read_bytes = BPF_CORE_READ(task, signal, ioac.read_bytes) + pcf_read(task, ioac.read_bytes) +
			     (has_leader ? pcf_read(leader, ioac.read_bytes) : 0);
	record->write_bytes = BPF_CORE_READ(task, signal, ioac.write_bytes) + pcf_read(task, ioac.write_bytes) +
			      (has_leader ? pcf_read(leader, ioac.write_bytes) : 0);
}

static __always_inline int on_exit(struct task_struct *task)
{
	struct place place;
	struct pcf_bpf_counters *of;
	struct pcf_bpf_process *record;
	bool is_new, is_end = is_last(task);
	int status = is_end ? status_of(task) : 0;
	u64 cpu_ns = cpu_of(task);

	place_of(&place, task);
	of = counters_of(&place.key, &is_new);
	if (of) {
		if (is_new)
			of->first_pid = PCF_BPF_OLDER;
		__sync_fetch_and_add(&of->exit_cpu_ns, cpu_ns);
		if (bpf_core_field_exists(task->ioac.read_bytes)) {
			__sync_fetch_and_add(&of->exit_read_bytes, pcf_read(task, ioac.read_bytes));
			__sync_fetch_and_add(&of->exit_write_bytes, pcf_read(task, ioac.write_bytes));
		}
		if (is_end)
			count_end(of, task, status);
	}
	if (!is_end)
		return 0;
	count_seen(PCF_BPF_EXIT);
	if (!is_wanted(PCF_BPF_EXIT))
		return 0;
	record = bpf_ringbuf_reserve(&processes, sizeof *record, 0);
	if (!record)
		return lost(PCF_BPF_EXIT);
	fill_process(record, PCF_BPF_EXIT, &place, task);
	fill_end(record, task, status, cpu_ns);
	submit_process(record);
	return 0;
}

SEC("tp_btf/sched_process_fork") int BPF_PROG(pcf_process_forked, struct task_struct *parent, struct task_struct *child)
{
	mark(child, PCF_BPF_FORK);
	return on_fork(parent, child);
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(pcf_process_began, struct task_struct *task, int old_pid, struct linux_binprm *bprm)
{
	mark(task, PCF_BPF_EXEC);
	return on_exec(task, bprm);
}

SEC("tp_btf/sched_process_exit") int BPF_PROG(pcf_process_ended, struct task_struct *task)
{
	mark(task, PCF_BPF_EXIT);
	return on_exit(task);
}

/* The same once more, for those that the programs above were not run for. */
SEC("tp_btf/sched_process_fork")
int BPF_PROG(pcf_process_forked_again, struct task_struct *parent, struct task_struct *child)
{
	return was_missed(child, PCF_BPF_FORK) ? on_fork(parent, child) : 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(pcf_process_began_again, struct task_struct *task, int old_pid, struct linux_binprm *bprm)
{
	return was_missed(task, PCF_BPF_EXEC) ? on_exec(task, bprm) : 0;
}

SEC("tp_btf/sched_process_exit") int BPF_PROG(pcf_process_ended_again, struct task_struct *task)
{
	return was_missed(task, PCF_BPF_EXIT) ? on_exit(task) : 0;
}
#endif
