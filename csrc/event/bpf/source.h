/* Inside the BPF source: the object, its two ring buffers, and what of it this kernel takes. */
#ifndef PCF_EVENT_BPF_SOURCE_H
#define PCF_EVENT_BPF_SOURCE_H
#include "bpf/event.h"
#include "event/events.h"

struct pcf_life;
struct ring_buffer;

/* What the kernel's BTF says about what the programs hook and read. */
typedef struct {
	uint32_t subsystem[PCF_ROLE_COUNT];
	uint32_t memcg_oom, memcg_oom_kill, oom_by_memcg, oom_by_cpuset, oom_by_policy;
	uint32_t counter_file, counter_anon, counter_shmem;
	uint32_t time_user, time_nice, time_system, time_softirq, time_irq;
	int has_victim_task; /* mark_victim tells the task, not only its number */
	int has_victim;
	int has_cgroups, has_rename, has_processes; /* all the tracepoints of these kinds */
	int has_preemptible;                        /* tracepoints' programs may be preempted */
	int has_oom_hooks, has_notify;              /* functions that can be hooked */
	char no_oom_hooks[120];
} pcf_event_kernel;

typedef struct {
	pcf_event_source base;
	pcf_events *events;
	struct pcf_life *object;
	struct ring_buffer *rare, *processes;
	int epoll_fd;
	int cpus, is_wanted;
	uint64_t seen[PCF_BPF_WHATS], lost[PCF_BPF_WHATS]; /* as of the last look; lost: what was told of */
	uint64_t uncounted;
	struct pcf_bpf_counts *counts; /* room for one a CPU */
} pcf_event_bpf_source;

/* kernel.c: -errno with its reason when the BTF cannot be read */
int pcf_event_kernel_ask(pcf_event_kernel *out, pcf_error *err);
/* object.c: loaded and attached; kinds that could be served */
int pcf_event_object_open(pcf_event_bpf_source *source, const pcf_event_env *env, const pcf_event_kernel *kernel,
			  uint64_t kinds, pcf_error *err);
void pcf_event_object_close(pcf_event_bpf_source *source);
void pcf_event_object_want(pcf_event_bpf_source *source, uint64_t kinds);
int pcf_event_map_fd(const pcf_event_bpf_source *source, int is_counters); /* else: of what was seen and lost */
/* Adds how often each kind's program was not run. */
void pcf_event_object_misses(const pcf_event_bpf_source *source, uint64_t misses[PCF_BPF_WHATS]);
/* records.c: callbacks of the ring buffers */
int pcf_event_rare_record(void *source, void *data, size_t size);
int pcf_event_process_record(void *source, void *data, size_t size);
int pcf_event_kind_of(int what); /* PCF_EVENT_* */
/* counts.c */
void pcf_event_counts_look(pcf_event_bpf_source *source); /* tells what was lost since the last look */
int64_t pcf_event_counters_read(pcf_event_source *source, pcf_event_counters *out, uint32_t max);
#endif
