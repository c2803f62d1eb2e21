/* What eBPF can do on this kernel and in this process. Each fact rests on the ones before it: without rights nothing is
 * tried, without BTF there is nothing to name. */
#include <bpf/btf.h>
#include <errno.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "host/bpf_facts.h"
#include "host/shared_btf.h"

#define BTF_FOLDER "/sys/kernel/btf"

/* Ids of what the facts ask for, by one pass over the BTF: a look-up by name is such a pass each time. */
typedef struct {
	pcf_kfunc_ids kfunc;
	int memcg_usage, memcg_page_state, memcg_vm_events, memcg_memory_events, memcg_flush;
	int iter_cgroup;   /* function bpf_iter_cgroup: the target "cgroup" of BPF iterators */
	int bpf_trace_oom; /* typedef btf_trace_mark_victim: rare, and in every kernel */
} ids;

static void find_ids(const struct btf *btf, ids *found)
{
	const struct {
		const char *name;
		int *id;
	} wanted[] = {
		{"bpf_rcu_read_lock", &found->kfunc.rcu_lock},
		{"bpf_rcu_read_unlock", &found->kfunc.rcu_unlock},
		{"bpf_cgroup_from_id", &found->kfunc.from_id},
		{"bpf_task_get_cgroup1", &found->kfunc.of_task},
		{"bpf_cgroup_ancestor", &found->kfunc.ancestor},
		{"bpf_cgroup_release", &found->kfunc.release},
		{"bpf_iter_css_new", &found->kfunc.css_new},
		{"bpf_iter_css_next", &found->kfunc.css_next},
		{"bpf_iter_css_destroy", &found->kfunc.css_destroy},
		{"bpf_get_mem_cgroup", &found->kfunc.memcg_get},
		{"bpf_put_mem_cgroup", &found->kfunc.memcg_put},
		{"bpf_mem_cgroup_usage", &found->memcg_usage},
		{"bpf_mem_cgroup_page_state", &found->memcg_page_state},
		{"bpf_mem_cgroup_vm_events", &found->memcg_vm_events},
		{"bpf_mem_cgroup_memory_events", &found->memcg_memory_events},
		{"bpf_mem_cgroup_flush_stats", &found->memcg_flush},
		{"bpf_iter_cgroup", &found->iter_cgroup},
		{"btf_trace_mark_victim", &found->bpf_trace_oom},
	};
	unsigned count = btf__type_cnt(btf);

	for (unsigned id = 1; id < count; id++) {
		const struct btf_type *type = btf__type_by_id(btf, id);
		const char *name;

		if (!btf_is_func(type) && !btf_is_typedef(type))
			continue;
		name = btf__name_by_offset(btf, type->name_off);
		if (name[0] != 'b' || (name[1] != 'p' && name[1] != 't'))
			continue;
		for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
			if (strcmp(name, wanted[i].name) == 0)
				*wanted[i].id = (int)id;
	}
}

/* A kernel built without BTF has no folder; one that is there and not sysfs's, or empty, was put in front of it. */
static void why_no_btf(pcf_fact *fact, int code)
{
	struct statfs folder;

	if (access(BTF_FOLDER "/vmlinux", F_OK) == 0)
		pcf_fact_set(fact, PCF_NO, BTF_FOLDER "/vmlinux cannot be read: %s", strerror(-code));
	else if (statfs("/sys", &folder) < 0 || folder.f_type != SYSFS_MAGIC)
		pcf_fact_set(fact, PCF_NO, "hidden: no sysfs is mounted at /sys");
	else if (statfs(BTF_FOLDER, &folder) == 0)
		pcf_fact_set(fact, PCF_NO, "hidden: %s",
			     folder.f_type == SYSFS_MAGIC ? BTF_FOLDER " has no vmlinux"
							  : "something else is mounted over " BTF_FOLDER);
	else
		pcf_fact_set(fact, PCF_NO, "the kernel has none (CONFIG_DEBUG_INFO_BTF)");
}

static void set_by_trial(pcf_fact *fact, pcf_trial trial, const char *what)
{
	char reason[sizeof fact->reason];

	if (trial.code == 0) {
		pcf_fact_set(fact, PCF_YES, "%s", "");
		return;
	}
	if (trial.said[0] && trial.code != -EPERM)
		pcf_fact_set(fact, PCF_NO, "%s: %.110s", what, trial.said);
	else {
		pcf_bpf_refusal(trial.code, what, reason, sizeof reason);
		pcf_fact_set(fact, PCF_NO, "%s", reason);
	}
}

static void probe_bpf(pcf_fact *fact)
{
	pcf_trial trial = pcf_trial_array();

	if (trial.code == 0)
		trial = pcf_trial_kernel_read();
	trial.said[0] = '\0'; /* "unknown func" is how a lockdown or a missing capability looks from inside */
	set_by_trial(fact, trial, "loading a program");
}

static int is_mounted(const pcf_host *host, int version)
{
	for (int c = 0; c < PCF_CTL_NAMED; c++)
		if (host->controllers[c].version == version)
			return 1;
	return 0;
}

/* The first of what a walk needs that the kernel has not got. */
static const char *walk_lacks(const pcf_host *host, const pcf_kfunc_ids *kfunc)
{
	if (!kfunc->css_new || !kfunc->css_next || !kfunc->css_destroy)
		return "bpf_iter_css_new";
	if (!kfunc->rcu_lock || !kfunc->rcu_unlock)
		return "bpf_rcu_read_lock";
	if (!kfunc->release || (is_mounted(host, 2) && !kfunc->from_id))
		return "bpf_cgroup_from_id";
	if (is_mounted(host, 1) && !kfunc->of_task)
		return "bpf_task_get_cgroup1";
	return is_mounted(host, 1) && !kfunc->ancestor ? "bpf_cgroup_ancestor" : NULL;
}

static const char *memcg_lacks(const ids *found)
{
	const struct {
		int id;
		const char *name;
	} needed[] = {
		{found->kfunc.memcg_get, "bpf_get_mem_cgroup"},
		{found->kfunc.memcg_put, "bpf_put_mem_cgroup"},
		{found->memcg_usage, "bpf_mem_cgroup_usage"},
		{found->memcg_page_state, "bpf_mem_cgroup_page_state"},
		{found->memcg_vm_events, "bpf_mem_cgroup_vm_events"},
		{found->memcg_memory_events, "bpf_mem_cgroup_memory_events"},
		{found->memcg_flush, "bpf_mem_cgroup_flush_stats"},
		{found->kfunc.from_id, "bpf_cgroup_from_id"},
	};

	for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++)
		if (!needed[i].id)
			return needed[i].name;
	return NULL;
}

static int lacking(pcf_fact *fact, const char *lacks)
{
	if (lacks)
		pcf_fact_set(fact, PCF_NO, "the kernel has no %s", lacks);
	return lacks != NULL;
}

static int not_tried(pcf_fact *fact, const pcf_fact *bpf)
{
	if (bpf->answer == PCF_YES)
		return 0;
	pcf_fact_set(fact, PCF_UNKNOWN, "the kernel has it; not tried, because no program can be loaded");
	return 1;
}

static void probe_walk(pcf_host *host, const pcf_kfunc_ids *kfunc)
{
	pcf_trial trial = {0};

	if (lacking(&host->css_iter, walk_lacks(host, kfunc)) || not_tried(&host->css_iter, &host->bpf))
		return;
	if (is_mounted(host, 2))
		trial = pcf_trial_css_walk(kfunc, 0);
	if (trial.code == 0 && is_mounted(host, 1))
		trial = pcf_trial_css_walk(kfunc, 1);
	set_by_trial(&host->css_iter, trial, "walking cgroups from a syscall program");
}

static void probe_kernel(pcf_host *host, const ids *found)
{
	probe_walk(host, &found->kfunc);
	if (!lacking(&host->memcg_kfuncs, memcg_lacks(found)) && !not_tried(&host->memcg_kfuncs, &host->bpf))
		set_by_trial(&host->memcg_kfuncs, pcf_trial_memcg(&found->kfunc), "reading a memory controller");
	if (!lacking(&host->cgroup_iter, found->iter_cgroup ? NULL : "BPF iterator over cgroups") &&
	    !not_tried(&host->cgroup_iter, &host->bpf))
		set_by_trial(&host->cgroup_iter, pcf_trial_cgroup_iterator(found->iter_cgroup), "a cgroup iterator");
	if (!lacking(&host->bpf_tracing, found->bpf_trace_oom ? NULL : "tracepoint mark_victim in its BTF") &&
	    !not_tried(&host->bpf_tracing, &host->bpf))
		set_by_trial(&host->bpf_tracing, pcf_trial_tracepoint(found->bpf_trace_oom), "a tracepoint program");
}

void pcf_bpf_facts_probe(pcf_host *host)
{
	pcf_fact *const need_btf[] = {&host->bpf_tracing, &host->css_iter, &host->memcg_kfuncs, &host->cgroup_iter};
	const pcf_btf *btf;
	ids found = {0};
	int code;

	pcf_shared_btf_begin();
	code = pcf_shared_btf(&btf, NULL);
	probe_bpf(&host->bpf);
	if (code == 0) {
		pcf_fact_set(&host->btf, PCF_YES, "%s", "");
		find_ids(pcf_btf_raw(btf), &found);
		probe_kernel(host, &found);
	} else {
		why_no_btf(&host->btf, code);
		for (size_t i = 0; i < sizeof need_btf / sizeof need_btf[0]; i++)
			pcf_fact_set(need_btf[i], PCF_NO, "needs the kernel's BTF");
	}
	pcf_shared_btf_end();
}
