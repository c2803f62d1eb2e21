/* Pressure of one cgroup: for the calibration of psi's clock at start, and for tests. The tick has it from the walk. */
#include "bpf/psi.h"

char LICENSE[] SEC("license") = "GPL";

struct pcf_psi_raw raw; /* psi_one: of the cgroup that was visited last */
__u64 oldest_update;    /* psi_oldest: whose averages were updated longest ago, and when */
__u64 oldest_id;        /* 0: no cgroup has a group */
long cpus_known;        /* psi_cpus: CPUs whose per-CPU offset is known */

SEC("iter/cgroup") int pcf_psi_cpus(struct bpf_iter__cgroup *ctx)
{
	if (ctx->cgroup)
		cpus_known = pcf_percpu_learn(pcf_psi.cpus);
	return 0;
}

SEC("iter/cgroup") int pcf_psi_one(struct bpf_iter__cgroup *ctx)
{
	struct cgroup *cgroup = ctx->cgroup;

	if (cgroup)
		pcf_psi_read(&raw, cgroup->psi);
	return 0;
}

SEC("iter/cgroup") int pcf_psi_oldest(struct bpf_iter__cgroup *ctx)
{
	struct cgroup *cgroup = ctx->cgroup;
	struct psi_group *group = cgroup ? cgroup->psi : NULL;
	u64 updated;

	if (!group || !cgroup->level || !pcf_psi_is_enabled(group))
		return 0;
	updated = group->avg_last_update;
	if (!oldest_id || updated < oldest_update) {
		oldest_update = updated;
		oldest_id = cgroup->kn->id;
	}
	return 0;
}
