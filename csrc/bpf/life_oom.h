/* Out of memory: who is killed, where, and at which limit. */
#ifndef PCF_BPF_LIFE_OOM_H
#define PCF_BPF_LIFE_OOM_H
#include "bpf/life_numbers.h"
#include "bpf/life_process.h"

#define CHARGE_BATCH 64 /* pages that the kernel charges at a time, MEMCG_CHARGE_BATCH */

/* Who is being chosen: the kernel's oom_lock lets one thread at a time come here. */
struct {
	__u32 tid;
	__u32 constraint;
	__u32 has_killed;
	__u32 was_dying;
	__u64 memcg;
	__u64 victim;
	__u64 total_bytes;
} oom;

static __always_inline u32 constraint_of(u32 kernel)
{
	return kernel == oom_by_memcg ? 1 : kernel == oom_by_cpuset ? 3 : kernel == oom_by_policy ? 4 : 2;
}

SEC("fentry/out_of_memory") int BPF_PROG(pcf_memory_out, struct oom_control *control)
{
	oom.tid = (u32)bpf_get_current_pid_tgid();
	oom.memcg = (u64)pcf_read(control, memcg);
	oom.constraint = oom.memcg ? 1 : 2;
	oom.victim = 0;
	oom.total_bytes = PCF_BPF_ABSENT;
	oom.has_killed = oom.was_dying = 0;
	return 0;
}

/* The constraint and who was chosen are known only here. */
SEC("fentry/oom_kill_process") int BPF_PROG(pcf_memory_kill, struct oom_control *control)
{
	struct task_struct *chosen = pcf_read(control, chosen);

	oom.tid = (u32)bpf_get_current_pid_tgid();
	oom.memcg = (u64)pcf_read(control, memcg);
	oom.constraint = constraint_of(pcf_read(control, constraint));
	oom.total_bytes = bytes_of(pcf_read(control, totalpages));
	oom.victim = (u64)chosen;
	oom.was_dying = (BPF_CORE_READ(chosen, signal, flags) & GROUP_EXIT) != 0;
	return 0;
}

static __always_inline bool is_ours(void)
{
	return oom.tid == (u32)bpf_get_current_pid_tgid();
}

static __always_inline u64 rss_of(struct mm_struct *mm, u32 which)
{
	struct mm_struct___old *old = (void *)mm;
	struct sum sum = {0};
	u64 at;

	if (bpf_core_type_exists(struct mm_rss_stat)) {
		at = (u64)old + bpf_core_field_offset(struct mm_struct___old, rss_stat) +
		     bpf_core_field_offset(struct mm_rss_stat, count) + 8 * which;
		ONLY_OLD(at);
		return bytes_of(read_u64(at));
	}
	at = (u64)mm + bpf_core_field_offset(struct mm_struct, rss_stat) +
	     which * bpf_core_type_size(struct percpu_counter);
	ONLY_NEW(at);
	sum.a = read_u64(at + bpf_core_field_offset(struct percpu_counter, count));
	sum.base = read_u64(at + bpf_core_field_offset(struct percpu_counter, counters));
	bpf_loop(cpus, add_counter, &sum, 0);
	return (s64)sum.a > 0 ? bytes_of(sum.a) : 0;
}

static __always_inline void fill_victim(struct pcf_bpf_oom *record, struct task_struct *victim)
{
	struct mm_struct *mm = pcf_read(victim, mm);

	record->has_victim = 1;
	record->pid = pcf_read(victim, pid);
	record->tgid = pcf_read(victim, tgid);
	record->uid = BPF_CORE_READ(victim, real_cred, uid.val);
	record->oom_score_adj = BPF_CORE_READ(victim, signal, oom_score_adj);
	bpf_core_read(record->comm, sizeof record->comm, &victim->comm);
	if (!mm)
		return;
	record->total_vm_bytes = bytes_of(pcf_read(mm, total_vm));
	record->page_table_bytes = pcf_read(mm, pgtables_bytes.counter);
	record->anon_bytes = rss_of(mm, counter_anon);
	record->file_bytes = rss_of(mm, counter_file);
	record->shmem_bytes = rss_of(mm, counter_shmem);
}

struct search {
	struct mem_cgroup *memcg, *locked, *full;
};

static long look_at(u32 depth, void *ctx)
{
	struct search *search = ctx;
	struct mem_cgroup *memcg = search->memcg;
	unsigned long usage;

	if (!memcg)
		return 1;
	usage = pcf_read(memcg, memory.usage.counter);
	if (bpf_core_field_exists(memcg->oom_lock) && pcf_read(memcg, oom_lock))
		search->locked = memcg;
	if (!search->full && usage + CHARGE_BATCH >= pcf_read(memcg, memory.max))
		search->full = memcg;
	search->memcg = (void *)pcf_read(memcg, css.parent); /* css is its first member */
	return 0;
}

/* The kernel locks all cgroups below the one that is out of memory, and itself, for as long as it looks for a victim: the
 * topmost one that is locked it is. Without such locks the nearest that is full is taken. */
static __always_inline struct mem_cgroup *find_full(struct cgroup *cgroup, u32 *is_guessed)
{
	struct search search = {.memcg = css_of(cgroup, PCF_ROLE_MEMORY)};
	bool has_locks = bpf_core_field_exists(((struct mem_cgroup *)0)->oom_lock);

	bpf_loop(MOST_LEVELS, look_at, &search, 0);
	*is_guessed = !has_locks;
	return has_locks ? search.locked : search.full;
}

static __always_inline void fill_full(struct pcf_bpf_oom *record, struct cgroup *cgroup)
{
	struct mem_cgroup *memcg = NULL;

	if (is_ours()) {
		memcg = (void *)oom.memcg;
		record->constraint = oom.constraint;
		record->was_dying = oom.was_dying;
		if (!memcg)
			record->limit_bytes = oom.total_bytes;
	} else {
		memcg = find_full(cgroup, &record->is_guessed);
		record->constraint = memcg ? 1 : 2;
	}
	if (!memcg) {
		record->levels_up = pcf_read(cgroup, level);
		return;
	}
	record->memcg_id = BPF_CORE_READ(memcg, css.cgroup, kn, id);
	record->limit_bytes = limit_of(pcf_read(memcg, memory.max));
	record->usage_bytes = bytes_of(pcf_read(memcg, memory.usage.counter));
	record->levels_up = pcf_read(cgroup, level) - BPF_CORE_READ(memcg, css.cgroup, level);
}

/* False: not visible from here. */
static __always_inline bool fill_oom(struct pcf_bpf_oom *record, struct cgroup *cgroup, u32 what)
{
	u32 hierarchy = BPF_CORE_READ(cgroup, root, hierarchy_id);
	struct task_struct *current = (void *)bpf_get_current_task();
	struct kernfs_node *node = pcf_read(cgroup, kn);

	__builtin_memset(record, 0, __builtin_offsetof(struct pcf_bpf_oom, path));
	record->total_vm_bytes = record->anon_bytes = record->file_bytes = record->shmem_bytes =
		record->page_table_bytes = record->limit_bytes = record->usage_bytes = PCF_BPF_ABSENT;
	head_of(&record->head, what, hierarchy, pcf_read(node, id));
	record->trigger_pid = pcf_read(current, tgid);
	bpf_core_read(record->trigger_comm, sizeof record->trigger_comm, &current->comm);
	return path_of(&record->path, node, hierarchy);
}

static __always_inline void count_kill(struct task_struct *victim)
{
	struct pcf_bpf_counters *of;
	struct place place;
	bool is_new;

	place_of(&place, victim);
	of = counters_of(&place.key, &is_new);
	if (of && is_new)
		of->first_pid = PCF_BPF_OLDER;
	if (of)
		__sync_fetch_and_add(&of->oom_kills, 1);
}

static __always_inline int tell_kill(struct task_struct *victim, u32 pid)
{
	struct cgroup *cgroup = cgroup_in(pcf_read(victim, cgroups), PCF_ROLE_MEMORY);
	bool was_dying = is_ours() && oom.was_dying && oom.victim == (u64)victim;
	struct pcf_bpf_oom *record;

	if (is_ours())
		oom.has_killed = 1;
	if (!was_dying)
		count_kill(victim);
	record = bpf_ringbuf_reserve(&rare, sizeof *record, 0);
	if (!record)
		return lost(PCF_BPF_OOM_KILL);
	if (!fill_oom(record, cgroup, PCF_BPF_OOM_KILL))
		return unseen(record);
	if (pcf_read(victim, pid) == pid) {
		fill_victim(record, victim);
	} else {
		record->pid = record->tgid =
			pid; /* an older kernel told only the number, and it is not whom it chose */
		record->is_guessed = 1;
	}
	fill_full(record, cgroup);
	record->was_dying = was_dying;
	return told(record, PCF_BPF_OOM_KILL);
}

SEC("tp_btf/mark_victim") int BPF_PROG(pcf_victim_task, struct task_struct *victim)
{
	return tell_kill(victim, pcf_read(victim, pid));
}

/* Before the tracepoint carried the task. */
SEC("tp_btf/mark_victim") int BPF_PROG(pcf_victim_pid, int pid)
{
	struct task_struct *victim = is_ours() ? (void *)oom.victim : NULL;

	return tell_kill(victim ? victim : (void *)bpf_get_current_task(), pid);
}

static __always_inline int tell_no_kill(struct mem_cgroup *memcg)
{
	struct cgroup *cgroup = pcf_read(memcg, css.cgroup);
	struct pcf_bpf_oom *record;

	if (!memcg)
		return 0;
	record = bpf_ringbuf_reserve(&rare, sizeof *record, 0);
	if (!record)
		return lost(PCF_BPF_OOM);
	if (!fill_oom(record, cgroup, PCF_BPF_OOM))
		return unseen(record);
	record->constraint = 1;
	record->memcg_id = record->head.id;
	record->limit_bytes = limit_of(pcf_read(memcg, memory.max));
	record->usage_bytes = bytes_of(pcf_read(memcg, memory.usage.counter));
	return told(record, PCF_BPF_OOM);
}

/* Nobody could be killed. Called while oom_lock is held, so what memory_out noted is this call's. */
SEC("fexit/out_of_memory") int BPF_PROG(pcf_memory_over, struct oom_control *control, bool is_done)
{
	if (is_ours() && !oom.has_killed && !is_done)
		tell_no_kill((void *)oom.memcg);
	oom.tid = 0;
	return 0;
}

/* v1, memory.oom_control: the kernel was told to let them wait instead. */
SEC("fentry/mem_cgroup_oom_notify") int BPF_PROG(pcf_memory_wait, struct mem_cgroup *memcg)
{
	if (bpf_core_field_exists(memcg->oom_kill_disable) && pcf_read(memcg, oom_kill_disable))
		tell_no_kill(memcg);
	return 0;
}
#endif
