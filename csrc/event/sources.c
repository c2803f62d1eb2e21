/* Which sources there are, best first. */
#include "event/source.h"

const pcf_event_source_ops *const pcf_event_sources[] = {
	&pcf_event_bpf, &pcf_event_connector, &pcf_event_watch, &pcf_event_kmsg, &pcf_event_memory_events, NULL,
};
