#include "source/subtree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int pcf_subtree_open(pcf_subtree *tree, uint32_t width, uint32_t slots)
{
	*tree = (pcf_subtree){.width = width, .slots = slots};
	tree->nodes = calloc(slots, sizeof *tree->nodes);
	tree->gone = calloc((size_t)slots * width, sizeof *tree->gone); /* untouched memory costs nothing */
	tree->totals = calloc((size_t)slots * width, sizeof *tree->totals);
	if (tree->nodes && tree->gone && tree->totals)
		return 0;
	pcf_subtree_close(tree);
	return -ENOMEM;
}

void pcf_subtree_close(pcf_subtree *tree)
{
	for (uint32_t slot = 0; tree->nodes && slot < tree->high; slot++)
		free(tree->nodes[slot]);
	free(tree->nodes);
	free(tree->gone);
	free(tree->totals);
	*tree = (pcf_subtree){0};
}

pcf_subtree_node *pcf_subtree_node_new(const char *path, uint32_t generation, uint64_t id)
{
	size_t len = strlen(path) + 1;
	pcf_subtree_node *node = calloc(1, sizeof *node + len);

	if (!node)
		return NULL;
	memcpy(node->path, path, len);
	node->generation = generation;
	node->id = id;
	node->parent = PCF_SUBTREE_NONE;
	return node;
}

static int is_above(const char *above, const char *path)
{
	size_t len = strlen(above);

	if (strcmp(above, "/") == 0)
		return strcmp(path, "/") != 0;
	return strncmp(above, path, len) == 0 && path[len] == '/';
}

static uint64_t *row(uint64_t *rows, const pcf_subtree *tree, uint32_t slot)
{
	return rows + (size_t)slot * tree->width;
}

static void add(const pcf_subtree *tree, uint64_t *to, const uint64_t *from)
{
	for (uint32_t i = 0; i < tree->width; i++)
		to[i] += from[i];
}

void pcf_subtree_enter(pcf_subtree *tree, uint32_t slot, pcf_subtree_node *node)
{
	size_t nearest = 0;

	for (uint32_t s = 0; s < tree->high; s++) {
		const pcf_subtree_node *other = tree->nodes[s];

		if (!other || !is_above(other->path, node->path) || strlen(other->path) < nearest)
			continue;
		nearest = strlen(other->path);
		node->parent = s;
	}
	for (uint32_t s = 0; s < tree->high; s++)
		if (tree->nodes[s] && tree->nodes[s]->parent == node->parent &&
		    is_above(node->path, tree->nodes[s]->path))
			tree->nodes[s]->parent = slot;
	tree->nodes[slot] = node;
	memset(row(tree->gone, tree, slot), 0, tree->width * sizeof *tree->gone);
	if (slot >= tree->high)
		tree->high = slot + 1;
}

void pcf_subtree_leave(pcf_subtree *tree, uint32_t slot, const uint64_t *own)
{
	pcf_subtree_node *node = tree->nodes[slot];

	tree->nodes[slot] = NULL;
	for (uint32_t s = 0; s < tree->high; s++)
		if (tree->nodes[s] && tree->nodes[s]->parent == slot)
			tree->nodes[s]->parent = node->parent;
	if (node->parent != PCF_SUBTREE_NONE) {
		add(tree, row(tree->gone, tree, node->parent), own);
		add(tree, row(tree->gone, tree, node->parent), row(tree->gone, tree, slot));
	}
	free(node);
}

void pcf_subtree_begin(pcf_subtree *tree)
{
	memset(tree->totals, 0, (size_t)tree->high * tree->width * sizeof *tree->totals);
}

void pcf_subtree_add(pcf_subtree *tree, uint32_t slot, const uint64_t *own)
{
	for (uint32_t s = slot; s != PCF_SUBTREE_NONE; s = tree->nodes[s]->parent) {
		add(tree, row(tree->totals, tree, s), own);
		add(tree, row(tree->totals, tree, s), row(tree->gone, tree, slot));
	}
}

const uint64_t *pcf_subtree_total(const pcf_subtree *tree, uint32_t slot)
{
	return tree->totals + (size_t)slot * tree->width;
}
