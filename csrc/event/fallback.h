/* What the sources without BPF know together: where processes are, and which cgroups there are. Made by the first of them
 * that opens, freed by the last; only used by the events thread. */
#ifndef PCF_EVENT_FALLBACK_H
#define PCF_EVENT_FALLBACK_H
#include "event/processes.h"
#include "event/source.h"
#include "event/tree.h"

typedef struct {
	unsigned users;
	void **home; /* where the events object keeps it */
	pcf_event_env env;
	bool has_memory_v1;
	bool is_told_of_processes; /* the connector runs: processes is kept true */
	pcf_processes processes;
	pcf_tree *tree; /* NULL: nobody needs it */
	unsigned tree_users;
} pcf_fallback;

/* NULL: no memory. */
pcf_fallback *pcf_fallback_use(const pcf_event_env *env);
void pcf_fallback_leave(pcf_fallback *fallback);
/* The tree of cgroups, walked and watched. NULL and err: it can be neither. */
pcf_tree *pcf_fallback_tree(pcf_fallback *fallback, pcf_error *err);
void pcf_fallback_tree_leave(pcf_fallback *fallback);

/* The cgroup of a process as the kernel tells it now: 1; 0: it cannot be told (any more). v1 shows "/" for a process that
 * is about to end, so "/" is believed only of one that runs. */
int pcf_fallback_look(const pcf_fallback *fallback, uint32_t tgid, char *path, size_t size);
/* The same into its entry. */
int pcf_fallback_update(pcf_fallback *fallback, pcf_process *process);
/* One file of /proc/<tgid>, with a NUL behind it; its length, or a negative errno. */
long pcf_fallback_proc(const pcf_fallback *fallback, uint32_t tgid, const char *file, char *text, size_t size);
/* An entry for each process that runs. */
void pcf_fallback_seed(pcf_fallback *fallback);

/* A record of this kind from this source, all numbers absent. */
void pcf_event_blank(pcf_event *event, int kind, int source, uint64_t monotonic_ns);
/* Writes the path into the record; one that does not fit loses its beginning. NULL or "": not known. */
void pcf_event_place(pcf_event *event, const char *path);
#endif
