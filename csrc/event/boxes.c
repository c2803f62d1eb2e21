/* Boxes: found by path and by id, made, forgotten. */
#include "event/boxes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "event/boxes_in.h"

static uint64_t hash_path(const char *path)
{
	uint64_t hash = 14695981039346656037ULL; /* FNV-1a */

	for (; *path; path++)
		hash = (hash ^ (uint8_t)*path) * 1099511628211ULL;
	return hash;
}

static uint64_t hash_id(uint32_t hierarchy_id, uint64_t cgroup_id)
{
	return (cgroup_id ^ (uint64_t)hierarchy_id << 56) * 0x9e3779b97f4a7c15ULL >> 20;
}

int pcf_boxes_new(pcf_boxes **out, pcf_hierarchies *hierarchies, uint64_t linger_ns, pcf_box_tell tell, void *arg)
{
	pcf_boxes *boxes = calloc(1, sizeof *boxes);

	*out = NULL;
	if (!boxes)
		return -ENOMEM;
	boxes->hierarchies = hierarchies;
	boxes->linger_ns = linger_ns;
	boxes->tell = tell;
	boxes->arg = arg;
	boxes->mask = 1023;
	boxes->paths = calloc(boxes->mask + 1, sizeof *boxes->paths);
	boxes->ids = calloc(boxes->mask + 1, sizeof *boxes->ids);
	boxes->gone_end = &boxes->gone;
	boxes->due_end = &boxes->due;
	if (!boxes->paths || !boxes->ids) {
		pcf_boxes_free(boxes);
		return -ENOMEM;
	}
	*out = boxes;
	return 0;
}

static void free_box(pcf_box *box)
{
	free(box->path);
	free(box->name);
	free(box);
}

void pcf_boxes_free(pcf_boxes *boxes)
{
	if (!boxes)
		return;
	/* Boxes that gave their path to a successor are in the list of the removed alone. */
	for (pcf_box *next, *box = boxes->gone; box; box = next) {
		next = box->next_gone;
		if (box->is_unlinked)
			free_box(box);
	}
	for (uint64_t b = 0; boxes->paths && b <= boxes->mask; b++)
		for (pcf_box *next, *box = boxes->paths[b]; box; box = next) {
			next = box->next_path;
			free_box(box);
		}
	for (uint64_t b = 0; boxes->ids && b <= boxes->mask; b++)
		for (pcf_box_id *next, *id = boxes->ids[b]; id; id = next) {
			next = id->next;
			free(id);
		}
	free(boxes->paths);
	free(boxes->ids);
	free(boxes);
}

/* Twice the buckets; without memory for them the chains grow. */
static void widen(pcf_boxes *boxes)
{
	uint64_t mask = boxes->mask * 2 + 1;
	pcf_box **paths = calloc(mask + 1, sizeof *paths);
	pcf_box_id **ids = calloc(mask + 1, sizeof *ids);

	if (!paths || !ids) {
		free(paths);
		free(ids);
		return;
	}
	for (uint64_t b = 0; b <= boxes->mask; b++) {
		for (pcf_box *next, *box = boxes->paths[b]; box; box = next) {
			pcf_box **to = &paths[hash_path(box->path) & mask];

			next = box->next_path;
			box->next_path = *to;
			*to = box;
		}
		for (pcf_box_id *next, *id = boxes->ids[b]; id; id = next) {
			pcf_box_id **to = &ids[hash_id(id->hierarchy_id, id->cgroup_id) & mask];

			next = id->next;
			id->next = *to;
			*to = id;
		}
	}
	free(boxes->paths);
	free(boxes->ids);
	boxes->paths = paths;
	boxes->ids = ids;
	boxes->mask = mask;
}

pcf_box *pcf_boxes_by_path(pcf_boxes *boxes, const char *path)
{
	pcf_box *box = boxes->paths[hash_path(path) & boxes->mask];

	while (box && strcmp(box->path, path) != 0)
		box = box->next_path;
	return box;
}

static pcf_box_id **find_id(pcf_boxes *boxes, uint32_t hierarchy_id, uint64_t cgroup_id)
{
	pcf_box_id **at = &boxes->ids[hash_id(hierarchy_id, cgroup_id) & boxes->mask];

	while (*at && ((*at)->cgroup_id != cgroup_id || (*at)->hierarchy_id != hierarchy_id))
		at = &(*at)->next;
	return at;
}

pcf_box *pcf_box_make(pcf_boxes *boxes, const char *path)
{
	pcf_box *box = calloc(1, sizeof *box), **to;

	if (!box || !(box->path = strdup(path))) {
		free(box);
		return NULL;
	}
	box->runtime_code = PCF_EVENT_NO_CODE;
	memset(&box->numbers, 0xff, sizeof box->numbers);
	if (++boxes->count > boxes->mask)
		widen(boxes);
	to = &boxes->paths[hash_path(path) & boxes->mask];
	box->next_path = *to;
	*to = box;
	return box;
}

static void drop_id(pcf_boxes *boxes, const pcf_box *box, const pcf_box_node *node)
{
	pcf_box_id **at = find_id(boxes, node->hierarchy_id, node->cgroup_id), *id = *at;

	if (!id || id->box != box)
		return;
	*at = id->next;
	free(id);
}

/* A number that is used again belongs to the newest. */
pcf_box_node *pcf_box_enter(pcf_boxes *boxes, pcf_box *box, uint32_t hierarchy_id, uint64_t cgroup_id)
{
	pcf_box_node *node = NULL;
	pcf_box_id **at;

	for (int i = 0; i < box->node_count; i++)
		if (box->nodes[i].hierarchy_id == hierarchy_id)
			node = &box->nodes[i];
	if (!node && box->node_count < PCF_ROLE_COUNT)
		node = &box->nodes[box->node_count++];
	if (!node)
		return NULL;
	if (node->cgroup_id != cgroup_id)
		drop_id(boxes, box, node);
	*node = (pcf_box_node){.cgroup_id = cgroup_id, .hierarchy_id = hierarchy_id, .is_there = 1};
	if (!cgroup_id)
		return node; /* the source tells none */
	at = find_id(boxes, hierarchy_id, cgroup_id);
	if (!*at)
		*at = calloc(1, sizeof **at);
	if (*at) {
		(*at)->cgroup_id = cgroup_id;
		(*at)->hierarchy_id = hierarchy_id;
		(*at)->box = box;
	}
	return node;
}

pcf_box_node *pcf_box_node_of(pcf_box *box, uint32_t hierarchy_id, uint64_t cgroup_id)
{
	for (int i = 0; i < box->node_count; i++)
		if (box->nodes[i].hierarchy_id == hierarchy_id && box->nodes[i].cgroup_id == cgroup_id)
			return &box->nodes[i];
	return NULL;
}

/* The ways to it are taken away; the box itself stays with the caller. */
void pcf_box_unlink(pcf_boxes *boxes, pcf_box *box)
{
	pcf_box **at = &boxes->paths[hash_path(box->path) & boxes->mask];

	while (*at && *at != box)
		at = &(*at)->next_path;
	if (*at) {
		*at = box->next_path;
		boxes->count--;
	}
	box->is_unlinked = 1;
}

void pcf_box_forget(pcf_boxes *boxes, pcf_box *box)
{
	if (!box->is_unlinked)
		pcf_box_unlink(boxes, box);
	for (int i = 0; i < box->node_count; i++)
		drop_id(boxes, box, &box->nodes[i]);
	free_box(box);
}

void pcf_boxes_drop(pcf_boxes *boxes, pcf_box *box)
{
	pcf_box_forget(boxes, box);
}

/* In which hierarchies a cgroup is that was there before we looked. */
pcf_box *pcf_boxes_make(pcf_boxes *boxes, const char *path)
{
	pcf_box *box = pcf_box_make(boxes, path);

	if (!box)
		return NULL;
	box->is_older = 1;
	for (int i = 0; i < boxes->hierarchies->count; i++) {
		const pcf_hierarchy *hierarchy = &boxes->hierarchies->at[i];
		uint64_t ino = pcf_hierarchy_look(hierarchy, path);
		pcf_box_node *node = ino ? pcf_box_enter(boxes, box, hierarchy->id, ino) : NULL;

		if (node)
			node->populated = PCF_UNKNOWN;
	}
	return box;
}

pcf_box *pcf_boxes_by_id(pcf_boxes *boxes, uint32_t hierarchy_id, uint64_t cgroup_id)
{
	pcf_box_id *id = *find_id(boxes, hierarchy_id, cgroup_id);
	pcf_hierarchy *hierarchy;
	char path[PCF_BOX_PATH];
	pcf_box *box;

	if (id)
		return id->box;
	hierarchy = pcf_hierarchies_of(boxes->hierarchies, hierarchy_id);
	if (!hierarchy || pcf_hierarchy_path(hierarchy, cgroup_id, path, sizeof path) < 0)
		return NULL;
	box = pcf_boxes_by_path(boxes, path);
	if (!box)
		return pcf_boxes_make(boxes, path);
	(void)pcf_box_enter(boxes, box, hierarchy_id, cgroup_id);
	return box;
}

pcf_box *pcf_box_known_id(pcf_boxes *boxes, uint32_t hierarchy_id, uint64_t cgroup_id)
{
	pcf_box_id *id = *find_id(boxes, hierarchy_id, cgroup_id);

	return id ? id->box : NULL;
}

static void set(char *field, size_t size, const char *value)
{
	if (value)
		snprintf(field, size, "%s", value);
}

void pcf_boxes_identify(pcf_box *box, uint64_t handle, const char *runtime, const char *id, const char *name)
{
	if (handle)
		box->handle = handle;
	set(box->runtime, sizeof box->runtime, runtime);
	set(box->id, sizeof box->id, id);
	if (name && (!box->name || strcmp(box->name, name) != 0)) {
		free(box->name);
		box->name = strdup(name);
	}
}
