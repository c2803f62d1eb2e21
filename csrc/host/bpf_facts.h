/* What eBPF can do here, asked by loading programs of a few instructions: no version is compared. */
#ifndef PCF_HOST_BPF_FACTS_H
#define PCF_HOST_BPF_FACTS_H
#include "host/probe.h"

/* bpf_facts_bpf.c: the facts btf, bpf, bpf_tracing, css_iter, memcg_kfuncs, cgroup_iter */
void pcf_bpf_facts_probe(pcf_host *host);

/* bpf_refusal_bpf.c: why bpf() said code (a negative errno) to a program that a kernel with eBPF accepts from who may;
 * what: where nothing else explains it. */
void pcf_bpf_refusal(int code, const char *what, char *reason, size_t size);

/* bpf_trials_bpf.c: each loads one program and forgets it; 0, or a negative errno with the verifier's last word.
 * Ids are those of the kernel's BTF. */
typedef struct {
	int code;
	char said[100];
} pcf_trial;

typedef struct {
	int rcu_lock, rcu_unlock, from_id, of_task, ancestor, release; /* ids of bpf_rcu_read_lock, ..., 0 = absent */
	int css_new, css_next, css_destroy;
	int memcg_get, memcg_put;
} pcf_kfunc_ids;

pcf_trial pcf_trial_array(void);       /* a memory-mapped array map */
pcf_trial pcf_trial_kernel_read(void); /* a program that reads kernel memory, as all of ours do */
pcf_trial pcf_trial_tracepoint(int typedef_id);
pcf_trial pcf_trial_cgroup_iterator(int function_id);
pcf_trial pcf_trial_css_walk(const pcf_kfunc_ids *ids, int is_v1); /* is_v1: begins at this task's cgroup */
pcf_trial pcf_trial_memcg(const pcf_kfunc_ids *ids);
#endif
