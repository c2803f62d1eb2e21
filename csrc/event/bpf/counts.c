/* What the programs count: seen and lost by kind, and the counters of each cgroup. */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "event/bpf/source.h"

#define MOST_REFUSALS 100 /* in one reading of all cgroups */

void pcf_event_counts_look(pcf_event_bpf_source *source)
{
	uint32_t zero = 0;
	uint64_t uncounted = 0, misses[PCF_BPF_WHATS] = {0};

	pcf_event_object_misses(source, misses);
	if (bpf_map_lookup_elem(pcf_event_map_fd(source, 0), &zero, source->counts) < 0)
		return;
	for (int what = 1; what < PCF_BPF_WHATS; what++) {
		uint64_t seen = 0, lost = misses[what];

		/* Looked at after the misses: what was made up for is never more than was missed. */
		for (int cpu = 0; cpu < source->cpus; cpu++)
			lost -= source->counts[cpu].again[what] < lost ? source->counts[cpu].again[what] : lost;
		for (int cpu = 0; cpu < source->cpus; cpu++) {
			seen += source->counts[cpu].seen[what];
			lost += source->counts[cpu].lost[what];
		}
		source->seen[what] = seen;
		if (lost > source->lost[what])
			pcf_event_lose(source->events, pcf_event_kind_of(what), PCF_EVENT_SOURCE_BPF,
				       lost - source->lost[what]);
		source->lost[what] = lost;
	}
	for (int cpu = 0; cpu < source->cpus; cpu++)
		uncounted += source->counts[cpu].uncounted;
	if (uncounted && !source->uncounted)
		pcf_events_note(source->events,
				"more cgroups with processes than there is room to count for: raise max_containers");
	source->uncounted = uncounted;
}

static void convert(pcf_event_counters *to, const struct pcf_bpf_key *key, const struct pcf_bpf_counters *from)
{
	*to = (pcf_event_counters){
		.cgroup_id = key->id,
		.hierarchy_id = key->hierarchy,
		.forks = from->forks,
		.moved_in = from->moved_in,
		.execs = from->execs,
		.exits = from->exits,
		.threads = from->threads,
		.exit_cpu_ns = from->exit_cpu_ns,
		.exit_read_bytes = from->exit_read_bytes,
		.exit_write_bytes = from->exit_write_bytes,
		.oom_kills = from->oom_kills,
		.killed = from->killed,
		.failed = from->failed,
	};
}

/* A bucket that a program on another CPU writes into is refused rather than waited for long (the map's spin locks give up;
 * kernel/bpf/hashtab.c): nothing of that batch was taken, and it can be asked for again. */
static int is_passing(int error)
{
	return error == EBUSY || error == EAGAIN || error == EINTR || error == EDEADLK || error == ETIMEDOUT;
}

int64_t pcf_event_counters_read(pcf_event_source *base, pcf_event_counters *out, uint32_t max)
{
	pcf_event_bpf_source *source = (pcf_event_bpf_source *)base;
	struct pcf_bpf_key *keys = calloc(max ? max : 1, sizeof *keys);
	struct pcf_bpf_counters *values = calloc(max ? max : 1, sizeof *values);
	uint32_t at = 0, next = 0, used = 0;
	int64_t code = keys && values ? 0 : -ENOMEM;
	int is_first = 1, refusals = 0;

	while (code == 0) {
		uint32_t count = max - used;
		int result;

		if (count == 0) {
			code = -ENOSPC;
			break;
		}
		result = bpf_map_lookup_batch(pcf_event_map_fd(source, 1), is_first ? NULL : &at, &next, keys + used,
					      values + used, &count, NULL);
		if (result < 0 && is_passing(errno) && refusals++ < MOST_REFUSALS)
			continue;
		if (result < 0 && errno != ENOENT)
			code = -errno;
		else
			used += count;
		if (result < 0)
			break;
		at = next;
		is_first = 0;
	}
	for (uint32_t i = 0; i < used && code == 0; i++)
		convert(&out[i], &keys[i], &values[i]);
	free(keys);
	free(values);
	return code < 0 ? code : used;
}
