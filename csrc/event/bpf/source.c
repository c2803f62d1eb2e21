/* Events by eBPF: tracepoints of the kernel itself, exact and at the moment. */
#include "event/bpf/source.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "schema/error.h"

#define DRAIN_MS 100 /* single process events wait so long at most */

#define SERVES                                                                                                         \
	(PCF_EVENT_BIT(PCF_EVENT_CGROUP_CREATED) | PCF_EVENT_BIT(PCF_EVENT_CGROUP_REMOVED) |                           \
	 PCF_EVENT_BIT(PCF_EVENT_POPULATED) | PCF_EVENT_BIT(PCF_EVENT_EMPTY) | PCF_EVENT_PROCESSES |                   \
	 PCF_EVENT_BIT(PCF_EVENT_OOM_KILL) | PCF_EVENT_BIT(PCF_EVENT_OOM))

static pcf_event_bpf_source *of(pcf_event_source *base)
{
	return (pcf_event_bpf_source *)base;
}

static int event_fd(pcf_event_source *base)
{
	return of(base)->epoll_fd;
}

static int timeout_ms(pcf_event_source *base)
{
	return of(base)->is_wanted ? DRAIN_MS : -1;
}

/* What happened to cgroups first: processes are found in them. */
static void drain(pcf_event_source *base)
{
	pcf_event_bpf_source *source = of(base);

	(void)ring_buffer__consume(source->rare);
	(void)ring_buffer__consume(source->processes);
	pcf_event_counts_look(source);
}

static void want(pcf_event_source *base, uint64_t kinds)
{
	of(base)->is_wanted = kinds != 0;
	pcf_event_object_want(of(base), kinds);
}

static uint64_t seen(pcf_event_source *base, int kind)
{
	pcf_event_bpf_source *source = of(base);
	uint64_t count = 0;

	pcf_event_counts_look(source);
	for (int what = 1; what < PCF_BPF_WHATS; what++)
		if (pcf_event_kind_of(what) == kind)
			count += source->seen[what];
	return count;
}

static void close_source(pcf_event_source *base)
{
	pcf_event_object_close(of(base));
	free(of(base)->counts);
	free(base);
}

static void set_reasons(pcf_event_bpf_source *source, const pcf_event_kernel *kernel)
{
	if (!kernel->has_oom_hooks)
		snprintf(source->base.reason, sizeof source->base.reason, "%s", kernel->no_oom_hooks);
	if (!kernel->has_victim_task)
		source->base.flags[PCF_EVENT_OOM_KILL] |= PCF_EVENT_PARTIAL;
}

static int open_source(pcf_event_source **out, const pcf_event_env *env, uint64_t kinds, pcf_error *err)
{
	uint64_t begun = pcf_now_ns(CLOCK_MONOTONIC);
	pcf_event_bpf_source *source;
	pcf_event_kernel kernel;
	int code = pcf_event_kernel_ask(&kernel, err);

	*out = NULL;
	if (code < 0)
		return code;
	source = calloc(1, sizeof *source);
	if (!source)
		return pcf_error_say(err, -ENOMEM, "no memory");
	source->base.ops = &pcf_event_bpf;
	source->events = env->events;
	source->epoll_fd = -1;
	source->cpus = libbpf_num_possible_cpus();
	source->counts = source->cpus > 0 ? calloc((size_t)source->cpus, sizeof *source->counts) : NULL;
	code = source->counts ? pcf_event_object_open(source, env, &kernel, kinds, err)
			      : pcf_error_say(err, -ENOMEM, "no memory for the counts of %d CPUs", source->cpus);
	if (code < 0) {
		close_source(&source->base);
		return code;
	}
	set_reasons(source, &kernel);
	source->base.load_ns = pcf_now_ns(CLOCK_MONOTONIC) - begun;
	*out = &source->base;
	return 0;
}

const pcf_event_source_ops pcf_event_bpf = {
	.source = PCF_EVENT_SOURCE_BPF,
	.kinds = SERVES,
	.open = open_source,
	.fd = event_fd,
	.timeout_ms = timeout_ms,
	.drain = drain,
	.want = want,
	.seen = seen,
	.counters = pcf_event_counters_read,
	.close = close_source,
};
