/* Stands in for this room in a libpcf without eBPF: the plan has the group off, with the reason. */
#include "source/source.h"

int pcf_scheduling_source_open(pcf_source **out, const pcf_source_env *env, pcf_error *err)
{
	(void)env;
	(void)err;
	*out = NULL;
	return 0;
}
