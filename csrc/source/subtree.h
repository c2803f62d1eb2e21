/* Counters of cgroups, each counted for itself, added up to what a container's cgroup and all below it did: the
 * kernel's own files are so. What a cgroup that went had counted stays with the nearest one above it. One thread. */
#ifndef PCF_SOURCE_SUBTREE_H
#define PCF_SOURCE_SUBTREE_H
#include <stdint.h>

#define PCF_SUBTREE_NONE UINT32_MAX

typedef struct {
	uint64_t id; /* of its cgroup, for the caller */
	uint32_t generation;
	uint32_t parent; /* slot of the nearest cgroup above it that is followed */
	int is_claimed;  /* for the caller: it has its row */
	char path[];     /* "/": the root */
} pcf_subtree_node;

typedef struct {
	uint32_t width, slots, high; /* counters a cgroup; slots are below high */
	pcf_subtree_node **nodes;    /* by slot, NULL: not followed */
	uint64_t *gone, *totals;     /* slots * width */
} pcf_subtree;

int pcf_subtree_open(pcf_subtree *tree, uint32_t width, uint32_t slots);
void pcf_subtree_close(pcf_subtree *tree);
pcf_subtree_node *pcf_subtree_node_new(const char *path, uint32_t generation, uint64_t id); /* NULL: no memory */
/* Takes node over; the slot must be free. */
void pcf_subtree_enter(pcf_subtree *tree, uint32_t slot, pcf_subtree_node *node);
/* own: the last it counted for itself; frees the node. */
void pcf_subtree_leave(pcf_subtree *tree, uint32_t slot, const uint64_t *own);
/* One round: begin, add for each node that is followed, then totals are whole. */
void pcf_subtree_begin(pcf_subtree *tree);
void pcf_subtree_add(pcf_subtree *tree, uint32_t slot, const uint64_t *own);
const uint64_t *pcf_subtree_total(const pcf_subtree *tree, uint32_t slot);
#endif
