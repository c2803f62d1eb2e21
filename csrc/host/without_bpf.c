/* Stands in for the *_bpf.c files of this room in a libpcf that was built without eBPF. */
#include <errno.h>
#include <unistd.h>

#include "host/bpf_facts.h"
#include "host/shared_btf.h"
#include "schema/error.h"

void pcf_bpf_facts_probe(pcf_host *host)
{
	pcf_fact *const facts[] = {&host->bpf, &host->bpf_tracing, &host->css_iter, &host->memcg_kfuncs,
				   &host->cgroup_iter};

	if (access("/sys/kernel/btf/vmlinux", R_OK) == 0)
		pcf_fact_set(&host->btf, PCF_YES, "%s", "");
	else
		pcf_fact_set(&host->btf, PCF_NO, "/sys/kernel/btf/vmlinux is not there, or not readable");
	for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++)
		pcf_fact_set(facts[i], PCF_NO, "libpcf was built without eBPF: %s", PCF_BPF_MISSING);
}

void pcf_shared_btf_begin(void)
{
}

void pcf_shared_btf_end(void)
{
}

int pcf_shared_btf(const pcf_btf **out, pcf_error *err)
{
	*out = NULL;
	return pcf_error_say(err, -ENOSYS, "libpcf was built without eBPF: %s", PCF_BPF_MISSING);
}
