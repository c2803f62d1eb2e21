/* Names of kinds and sources, as the command, gRPC and the log of the daemon write them. */
#include <string.h>

#include "pcf.h"

static const char *const kinds[PCF_EVENT_KINDS] = {
	[PCF_EVENT_OOM_KILL] = "oom_kill",
	[PCF_EVENT_OOM] = "oom",
	[PCF_EVENT_CGROUP_CREATED] = "cgroup_created",
	[PCF_EVENT_CGROUP_REMOVED] = "cgroup_removed",
	[PCF_EVENT_POPULATED] = "populated",
	[PCF_EVENT_EMPTY] = "empty",
	[PCF_EVENT_FORK] = "fork",
	[PCF_EVENT_EXEC] = "exec",
	[PCF_EVENT_EXIT] = "exit",
	[PCF_EVENT_THROTTLE_BEGIN] = "throttle_begin",
	[PCF_EVENT_THROTTLE_END] = "throttle_end",
	[PCF_EVENT_CONTAINER_START] = "container_start",
	[PCF_EVENT_CONTAINER_EXIT] = "container_exit",
	[PCF_EVENT_LOST] = "lost",
	[PCF_EVENT_COLUMN_DEMOTED] = "column_demoted",
	[PCF_EVENT_HEALTH_CHANGE] = "health_change",
	[PCF_EVENT_LIMIT_CHANGE] = "limit_change",
	[PCF_EVENT_RESTART] = "restart",
};

static const char *const sources[PCF_EVENT_SOURCES] = {
	[PCF_EVENT_SOURCE_NONE] = "none",       [PCF_EVENT_SOURCE_BPF] = "bpf",
	[PCF_EVENT_SOURCE_BCC] = "bcc",         [PCF_EVENT_SOURCE_CONNECTOR] = "connector",
	[PCF_EVENT_SOURCE_KMSG] = "kmsg",       [PCF_EVENT_SOURCE_MEMORY_EVENTS] = "memory_events",
	[PCF_EVENT_SOURCE_WATCH] = "watch",     [PCF_EVENT_SOURCE_RUNTIME] = "runtime",
	[PCF_EVENT_SOURCE_DERIVED] = "derived", [PCF_EVENT_SOURCE_COLLECTOR] = "collector",
};

const char *pcf_event_kind_name(int kind)
{
	return kind > 0 && kind < PCF_EVENT_KINDS ? kinds[kind] : NULL;
}

const char *pcf_event_source_name(int source)
{
	return source >= 0 && source < PCF_EVENT_SOURCES ? sources[source] : NULL;
}

int pcf_event_kind_find(const char *name)
{
	for (int kind = 1; kind < PCF_EVENT_KINDS; kind++)
		if (strcmp(kinds[kind], name) == 0)
			return kind;
	return -1;
}
