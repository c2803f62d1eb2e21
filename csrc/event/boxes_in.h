/* Inside the boxes: boxes.c keeps them, box_life.c lets them live. */
#ifndef PCF_EVENT_BOXES_IN_H
#define PCF_EVENT_BOXES_IN_H
#include <stdio.h>

#include "event/boxes.h"

typedef struct pcf_box_id {
	struct pcf_box_id *next;
	pcf_box *box;
	uint64_t cgroup_id;
	uint32_t hierarchy_id;
} pcf_box_id;

struct pcf_boxes {
	pcf_hierarchies *hierarchies;
	uint64_t linger_ns;
	pcf_box_tell tell;
	void *arg;
	pcf_box **paths;
	pcf_box_id **ids;
	uint64_t mask, count;
	pcf_box *gone, **gone_end; /* in the order of their removal */
	pcf_box *due, **due_end;   /* in the order of their emptying */
};

pcf_box *pcf_box_make(pcf_boxes *boxes, const char *path);
pcf_box_node *pcf_box_enter(pcf_boxes *boxes, pcf_box *box, uint32_t hierarchy_id, uint64_t cgroup_id);
pcf_box_node *pcf_box_node_of(pcf_box *box, uint32_t hierarchy_id, uint64_t cgroup_id);
pcf_box *pcf_box_known_id(pcf_boxes *boxes, uint32_t hierarchy_id, uint64_t cgroup_id);
void pcf_box_unlink(pcf_boxes *boxes, pcf_box *box);
void pcf_box_forget(pcf_boxes *boxes, pcf_box *box);
#endif
