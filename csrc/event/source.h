/* A source of events: told what to serve, polled by the events thread, tells what it saw. All calls but open and close
 * come from that thread, with the object's lock held. */
#ifndef PCF_EVENT_SOURCE_H
#define PCF_EVENT_SOURCE_H
#include "bpf/event.h"
#include "pcf.h"

#define PCF_EVENT_BIT(kind) (1ULL << (kind))

typedef struct pcf_event_source pcf_event_source;

typedef struct {
	pcf_events *events;
	const pcf_host *host;
	const pcf_events_options *options;
	void **fallback; /* what the sources without BPF share, theirs to make and to free; *fallback is NULL at first */
} pcf_event_env;

typedef struct {
	int source;     /* PCF_EVENT_SOURCE_* */
	uint64_t kinds; /* that it can serve at best */
	/* Opens what it takes to serve kinds, or as many of them as go: out->serves. *out NULL and a negative errno with
	 * its reason: none of them. */
	int (*open)(pcf_event_source **out, const pcf_event_env *env, uint64_t kinds, pcf_error *err);
	int (*fd)(pcf_event_source *source);         /* readable when there is something to drain; -1: none */
	int (*timeout_ms)(pcf_event_source *source); /* drain at least so often, -1: only when fd says; may be NULL */
	void (*drain)(pcf_event_source *source);
	void (*want)(pcf_event_source *source, uint64_t kinds); /* single process events; may be NULL */
	uint64_t (*seen)(pcf_event_source *source, int kind);
	/* As pcf_events_counters; may be NULL, and may be called from any thread. */
	int64_t (*counters)(pcf_event_source *source, pcf_event_counters *out, uint32_t max);
	void (*close)(pcf_event_source *source);
} pcf_event_source_ops;

struct pcf_event_source {
	const pcf_event_source_ops *ops;
	uint64_t serves;
	uint32_t flags[PCF_EVENT_KINDS]; /* that its records of a kind carry at best */
	char reason[160];                /* why it serves fewer than it was asked for, "" */
	uint64_t load_ns;                /* what opening took, where that is worth telling */
};

/* In order of preference; each serves the kinds that none before it could (sources.c). */
extern const pcf_event_source_ops *const pcf_event_sources[];
extern const pcf_event_source_ops pcf_event_bpf;
/* Without BPF, in this order; the last two serve the same kinds. */
extern const pcf_event_source_ops pcf_event_connector, pcf_event_watch, pcf_event_kmsg, pcf_event_memory_events;

/* ---- what a source calls ----
 * The record's kind, source, flags, times and payload are the source's; path, or cgroup_id and hierarchy_id, as far as
 * it has them. Cgroup kinds are merged over hierarchies here and make the container kinds. */
void pcf_event_tell(pcf_events *events, const pcf_event *event);
/* What a source may know of a cgroup beside its event; NULL: nothing. */
typedef struct {
	const struct pcf_bpf_counters *counters;
	const struct pcf_bpf_numbers *numbers; /* its last, EMPTY and REMOVED */
	int is_of_children;                    /* POPULATED: the processes are below it, it has none of its own */
} pcf_event_more;
/* A cgroup kind. hierarchies of the payload 0: of one directory; else of all together, merged by the source. */
void pcf_event_tell_cgroup(pcf_events *events, const pcf_event *event, const pcf_event_more *more);
void pcf_event_lose(pcf_events *events, int kind, int source, uint64_t count); /* that many more could not be told */
/* Path of a live or lately removed cgroup; -ENOENT. */
int pcf_event_path(pcf_events *events, uint32_t hierarchy_id, uint64_t cgroup_id, char *path, size_t size);
#endif
