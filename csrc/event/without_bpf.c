/* Stands in for the folder bpf/ in a libpcf that was built without eBPF. */
#include <errno.h>

#include "event/source.h"
#include "schema/error.h"

static int open_source(pcf_event_source **out, const pcf_event_env *env, uint64_t kinds, pcf_error *err)
{
	(void)env;
	(void)kinds;
	*out = NULL;
	return pcf_error_say(err, -ENOSYS, "libpcf was built without eBPF: %s", PCF_BPF_MISSING);
}

const pcf_event_source_ops pcf_event_bpf = {
	.source = PCF_EVENT_SOURCE_BPF,
	.kinds = ~0ULL,
	.open = open_source,
};
