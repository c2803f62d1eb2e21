/* How many descriptors this process may have: the soft limit is raised to the hard one, the hard one to
 * fs.nr_open where the kernel lets us (CAP_SYS_RESOURCE). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "host/probe.h"

/* Some systems have a billion; programs started by us would inherit it, and there are ones that close every number up
 * to their limit. */
#define MOST (1ULL << 20)

static uint64_t limit_value(rlim_t limit)
{
	return limit == RLIM_INFINITY ? UINT64_MAX : (uint64_t)limit;
}

static uint64_t nr_open(void)
{
	char text[32];

	uint64_t value = pcf_text_read("/proc/sys/fs/nr_open", text, sizeof text) > 0 ? strtoull(text, NULL, 10) : 0;

	return value < MOST ? value : MOST;
}

void pcf_limits_probe(pcf_host *host)
{
	struct rlimit limit, wanted;
	uint64_t ceiling = nr_open();

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0) {
		pcf_fact_set(&host->rlimit_raise, PCF_UNKNOWN, "getrlimit: %s", strerror(errno));
		return;
	}
	host->nofile_soft = limit_value(limit.rlim_cur);
	host->nofile_hard = limit_value(limit.rlim_max);
	host->nofile_raised = host->nofile_soft;
	if (host->nofile_hard < ceiling) {
		wanted = (struct rlimit){ceiling, ceiling};
		if (setrlimit(RLIMIT_NOFILE, &wanted) == 0) {
			host->nofile_raised = ceiling;
			pcf_fact_set(&host->rlimit_raise, PCF_YES, "%s", "");
			return;
		}
		pcf_fact_set(&host->rlimit_raise, PCF_NO, "the hard limit %llu cannot be raised to fs.nr_open %llu: %s",
			     (unsigned long long)host->nofile_hard, (unsigned long long)ceiling, strerror(errno));
	} else {
		pcf_fact_set(&host->rlimit_raise, PCF_YES, "%s", "");
	}
	wanted = (struct rlimit){limit.rlim_max, limit.rlim_max};
	if (limit.rlim_cur != limit.rlim_max && setrlimit(RLIMIT_NOFILE, &wanted) == 0)
		host->nofile_raised = host->nofile_hard;
}
