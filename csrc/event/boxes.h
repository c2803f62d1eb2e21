/* Cgroups as events know them: a box for each path, over all hierarchies, from its creation until a while after its end.
 * What a source notes of one hierarchy's directory comes in; what happened to the cgroup goes out, once. */
#ifndef PCF_EVENT_BOXES_H
#define PCF_EVENT_BOXES_H
#include "event/hierarchies.h"

#define PCF_BOX_PATH 1024

/* One hierarchy's directory of a cgroup. */
typedef struct {
	uint64_t cgroup_id;
	uint32_t hierarchy_id;
	uint8_t is_there;
	uint8_t populated; /* PCF_NO, PCF_YES, PCF_UNKNOWN: it was there before us */
	uint8_t has_counters;
	struct pcf_bpf_counters counters;
} pcf_box_node;

/* How a process ended. */
typedef struct {
	uint32_t pid; /* 0: none seen */
	int status;   /* wait status */
	char comm[16];
} pcf_box_end;

typedef struct pcf_box {
	struct pcf_box *next_path, *next_gone, *next_due; /* chains: same bucket, lately removed, empty for a while */
	char *path;
	pcf_box_node nodes[PCF_ROLE_COUNT];
	int node_count;
	/* who, as discovery says */
	uint64_t handle;
	char runtime[16], id[72];
	char *name; /* NULL: none */
	/* life; 0: not seen */
	uint64_t created_ns, started_ns, emptied_ns, removed_ns;
	uint32_t level, pid;
	char comm[16];
	uint8_t is_older;          /* it was there before we looked */
	uint8_t was_populated;     /* seen by us */
	uint8_t is_started;        /* a process of its own is or was in it, in this life */
	uint8_t has_exited;        /* and that was told */
	uint8_t is_due, is_queued; /* empty for now; in the list of those */
	uint8_t is_gone;           /* removed from all hierarchies; in the list of those */
	uint8_t is_unlinked;       /* its path belongs to a successor */
	int runtime_code;
	uint64_t exit_seq; /* of its newest CONTAINER_EXIT */
	pcf_box_end init, first;
	int has_last, last_status;
	struct pcf_bpf_numbers numbers;
} pcf_box;

/* What a source noted of one directory. */
typedef struct {
	int what;       /* PCF_BPF_CREATED .. PCF_BPF_STARTED */
	int source;     /* PCF_EVENT_SOURCE_* */
	uint32_t flags; /* of the events that come of it */
	uint32_t hierarchy_id;
	uint64_t cgroup_id;
	uint64_t ns; /* CLOCK_MONOTONIC */
	const char *path;
	int is_whole; /* of all hierarchies together: the source has merged them */
	uint32_t level, pid;
	const char *comm;
	const struct pcf_bpf_counters *counters; /* NULL: none */
	const struct pcf_bpf_numbers *numbers;
} pcf_box_note;

typedef struct pcf_boxes pcf_boxes;

/* kind: what to tell of the box; fills and writes the record, returns its seq. */
typedef uint64_t (*pcf_box_tell)(void *arg, int kind, const pcf_box *box, const pcf_box_note *note);

int pcf_boxes_new(pcf_boxes **out, pcf_hierarchies *hierarchies, uint64_t linger_ns, pcf_box_tell tell, void *arg);
void pcf_boxes_free(pcf_boxes *boxes);
void pcf_boxes_note(pcf_boxes *boxes, const pcf_box_note *note);
/* Containers that stayed empty have exited, what was removed long ago is forgotten; returns when to be called next, 0:
 * no need. */
uint64_t pcf_boxes_expire(pcf_boxes *boxes, uint64_t now_ns);
/* Of a live or lately removed cgroup; NULL. */
pcf_box *pcf_boxes_by_path(pcf_boxes *boxes, const char *path);
pcf_box *pcf_boxes_by_id(pcf_boxes *boxes, uint32_t hierarchy_id, uint64_t cgroup_id); /* asks the kernel too */
pcf_box *pcf_boxes_make(pcf_boxes *boxes, const char *path); /* one that is there already; NULL: no memory */
void pcf_boxes_drop(pcf_boxes *boxes, pcf_box *box);         /* one that was just made */
void pcf_boxes_identify(pcf_box *box, uint64_t handle, const char *runtime, const char *id, const char *name);
/* Notes were lost: those whose directories are gone are told of now. */
void pcf_boxes_check(pcf_boxes *boxes, uint64_t now_ns);
#endif
