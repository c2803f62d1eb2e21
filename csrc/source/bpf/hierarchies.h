/* Which hierarchies the walk goes through on this host, and for which parts. */
#ifndef PCF_SOURCE_BPF_HIERARCHIES_H
#define PCF_SOURCE_BPF_HIERARCHIES_H
#include "bpf/walk.h"
#include "pcf.h"

typedef struct {
	struct pcf_walk_hierarchy of[PCF_WALK_HIERARCHIES];
	int controller[PCF_WALK_HIERARCHIES]; /* PCF_CTL_*: below whose mount its directories are */
	uint32_t parts[PCF_WALK_HIERARCHIES]; /* all it can give */
	int count;
} pcf_walk_hierarchies;

/* groups: the text of /proc/self/cgroup ("4:memory:/docker"), where v1 hierarchies have their numbers. Pure but for a
 * stat of the cgroup2 mount. */
void pcf_walk_hierarchies_find(pcf_walk_hierarchies *out, const pcf_host *host, const char *groups);
#endif
