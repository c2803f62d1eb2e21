/* The cgroups there are, without BPF: one walk, then what fanotify or inotify tells (csrc/watch), and which of them have
 * processes. Paths are as in the mounts; "/" is not among them. One thread uses it.
 *
 * Populated: cgroup2 tells at once (cgroup.events, POLLPRI) while descriptors last. v1 tells nobody: it is looked at when a
 * process is known to have come or gone (pcf_tree_touch), more often while a cgroup is young, and now and then.
 *
 * A process leaves its cgroup before the kernel tells of its end (do_exit: cgroup_exit, proc_exit_connector), so cgroup2 may
 * say "empty" first: then it is empty for us when its first process's end was told too, or after half a second. */
#ifndef PCF_EVENT_TREE_H
#define PCF_EVENT_TREE_H
#include <stdbool.h>

#include "bpf/event.h"
#include "pcf.h"

#define PCF_TREE_NONE UINT32_MAX

typedef struct {
	char *path;                 /* NULL: a free entry */
	uint32_t parent;            /* PCF_TREE_NONE: right below the root */
	uint32_t next;              /* in its bucket, or among the free */
	uint32_t mounts;            /* bit by index of the mount: in which hierarchies it is */
	uint32_t unseen;            /* during a walk */
	uint64_t found_ns, look_ns; /* look_ns: when it is looked at next */
	bool has_own;               /* v1: processes of its own */
	bool is_populated, is_touched;
	uint64_t owed_until_ns; /* cgroup2: empty, and its first process's end is waited for so long; 0: it is not */
	uint32_t populated_children;
	int events_fd;         /* cgroup.events, -1: none */
	uint32_t hierarchy_id; /* of the first hierarchy it was found in, and its inode there */
	uint64_t cgroup_id;
	bool has_counts;
	struct pcf_bpf_counters counts; /* as far as processes were told of */
} pcf_tree_node;

typedef struct {
	/* is_new: it appeared just now, and was not found by a walk at the start. */
	void (*added)(void *arg, uint32_t node, bool is_new);
	void (*removed)(void *arg, uint32_t node); /* its entry is still there */
	void (*populated)(void *arg, uint32_t node, bool is_late);
	void *arg;
} pcf_tree_listener;

#define PCF_TREE_LISTENERS 3
#define PCF_TREE_MOUNTS    16

typedef struct {
	const pcf_host *host;
	pcf_watch *watch; /* NULL: walked every second */
	char reason[160]; /* why it is not watched, "" */
	struct {
		const char *path;
		int watch; /* index there, -1: not watched */
		uint32_t hierarchy_id;
	} mounts[PCF_TREE_MOUNTS];
	int mount_count, main_mount;
	int unified; /* index of the mount that tells who is populated, -1: v1 */
	pcf_tree_node *nodes;
	uint32_t *buckets;
	uint32_t capacity, used, free, count;
	pcf_tree_listener *listeners[PCF_TREE_LISTENERS];
	int epoll;
	uint64_t next_walk_ns, next_sweep_ns, young_until_ns;
	uint64_t descriptors, descriptors_max; /* kept by the tree and by its listeners */
	bool is_told;                          /* somebody touches: sweeps may be rare */
	bool has_touched;
} pcf_tree;

int pcf_tree_open(pcf_tree **out, const pcf_host *host, pcf_error *err);
void pcf_tree_close(pcf_tree *tree);
int pcf_tree_fd(const pcf_tree *tree);
int pcf_tree_timeout_ms(const pcf_tree *tree); /* drain at least so often */
void pcf_tree_drain(pcf_tree *tree);
/* What is there already is told of at once, with is_new false. */
void pcf_tree_listen(pcf_tree *tree, pcf_tree_listener *listener);
void pcf_tree_leave(pcf_tree *tree, pcf_tree_listener *listener);
/* PCF_TREE_NONE: there is none. */
uint32_t pcf_tree_find(const pcf_tree *tree, const char *path);
/* "<mount>/path/file" in the best hierarchy of a list of controllers, or where the node is at all; 0: it does not fit. */
int pcf_tree_file(const pcf_tree *tree, uint32_t node, int controller, const char *file, char *out, size_t size);
/* A process came to or went from path: it is looked at in the next settle (or drain). */
void pcf_tree_touch(pcf_tree *tree, const char *path);
void pcf_tree_settle(pcf_tree *tree);
/* Whether it has processes of its own, and not only below it. */
bool pcf_tree_has_own(const pcf_tree *tree, uint32_t node);
/* What a process did in path: PCF_EVENT_FORK, EXEC (is_new: it was elsewhere before), EXIT with its wait status. */
void pcf_tree_count(pcf_tree *tree, const char *path, int kind, uint32_t pid, const char *comm, int is_new, int status);
/* Its life is over: the next process is the first of another. */
void pcf_tree_count_over(pcf_tree *tree, uint32_t node);
/* Kept descriptors come out of a sixteenth of the limit: 0 or -EMFILE. */
int pcf_tree_take_descriptor(pcf_tree *tree);
void pcf_tree_give_descriptor(pcf_tree *tree);

/* tree_populated.c */
void pcf_tree_populated_begin(pcf_tree *tree, uint32_t node);
void pcf_tree_populated_end(pcf_tree *tree, uint32_t node);
void pcf_tree_populated_told(pcf_tree *tree, uint32_t node); /* its cgroup.events changed */
void pcf_tree_populated_sweep(pcf_tree *tree, uint64_t now_ns);
#endif
