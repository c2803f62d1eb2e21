/* Whether a group is served by the walk through kernel memory. Pure. */
#ifndef PCF_HOST_WALK_PLAN_H
#define PCF_HOST_WALK_PLAN_H
#include "pcf.h"

/* plan is what files would do; turns it into a plan for the walk where facts and options allow, and says why or why
 * not in its reason. */
void pcf_walk_plan(const pcf_host *host, const pcf_options *options, int group, pcf_group_plan *plan);
/* It could not be done after all: the files serve it. */
void pcf_walk_plan_undo(pcf_group_plan *plan, const char *why);
#endif
