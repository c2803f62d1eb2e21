/* What happens to cgroups and processes. One object, because most of what loading costs is the kernel's BTF, which
 * libbpf parses once an object; each program fills a record or a counter and nothing else. */
#include "bpf/life_single.h"
/* clang-format off: in the order of what they stand on */
#include "bpf/life_oom.h"
/* clang-format on */

char LICENSE[] SEC("license") = "GPL";

/* Run once after loading. */
SEC("syscall") int pcf_measure_cpus(void *ctx)
{
	return pcf_percpu_learn(cpus);
}

static __always_inline void take_final(struct pcf_bpf_cgroup *record, struct cgroup *cgroup)
{
	struct pcf_bpf_key key = {.id = record->head.id, .hierarchy = record->head.hierarchy};
	struct pcf_bpf_counters *of = bpf_map_lookup_elem(&counters, &key);

	take_numbers(&record->numbers, cgroup, record->roles);
	record->has_numbers = 1;
	if (!of)
		return;
	__builtin_memcpy(&record->counters, of, sizeof *of);
	record->has_counters = 1;
}

static __always_inline int tell_cgroup(struct cgroup *cgroup, u32 what, bool is_final)
{
	struct pcf_bpf_cgroup *record = bpf_ringbuf_reserve(&rare, sizeof *record, 0);

	if (!record)
		return lost(what);
	if (!fill_cgroup(record, cgroup, what))
		return unseen(record);
	if (is_final)
		take_final(record, cgroup);
	return told(record, what);
}

SEC("tp_btf/cgroup_mkdir") int BPF_PROG(pcf_cgroup_made, struct cgroup *cgroup)
{
	return tell_cgroup(cgroup, PCF_BPF_CREATED, false);
}

SEC("tp_btf/cgroup_rmdir") int BPF_PROG(pcf_cgroup_gone, struct cgroup *cgroup)
{
	struct pcf_bpf_key key = {.id = BPF_CORE_READ(cgroup, kn, id),
				  .hierarchy = BPF_CORE_READ(cgroup, root, hierarchy_id)};

	tell_cgroup(cgroup, PCF_BPF_REMOVED, true);
	bpf_map_delete_elem(&counters, &key);
	return 0;
}

SEC("tp_btf/cgroup_rename") int BPF_PROG(pcf_cgroup_renamed, struct cgroup *cgroup)
{
	return tell_cgroup(cgroup, PCF_BPF_RENAMED, false);
}

/* The process that comes next begins another life. Not when it empties: from 7.x on a cgroup may be removed while its
 * last task is still on its way out, and both want to tell how that ended. */
static __always_inline void begin_life(struct cgroup *cgroup)
{
	struct pcf_bpf_key key = {.id = BPF_CORE_READ(cgroup, kn, id),
				  .hierarchy = BPF_CORE_READ(cgroup, root, hierarchy_id)};
	struct pcf_bpf_counters *of = bpf_map_lookup_elem(&counters, &key);

	if (of)
		of->first_pid = of->init_pid = of->has_first = of->has_last = 0;
}

SEC("tp_btf/cgroup_notify_populated")
int BPF_PROG(pcf_cgroup_populated, struct cgroup *cgroup, const char *path, int is_populated)
{
	if (is_populated)
		begin_life(cgroup);
	return tell_cgroup(cgroup, is_populated ? PCF_BPF_POPULATED : PCF_BPF_EMPTY, !is_populated);
}
