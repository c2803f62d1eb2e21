/* Containers by path. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "source/tasks/tasks.h"

static uint32_t hash(const char *path, size_t len)
{
	uint64_t value = 0xcbf29ce484222325u;

	for (size_t i = 0; i < len; i++)
		value = (value ^ (unsigned char)path[i]) * 0x100000001b3u;
	return (uint32_t)(value >> 32);
}

void pcf_tasks_nodes_free(struct pcf_tasks_nodes *nodes)
{
	for (uint32_t i = 0; i < nodes->count; i++)
		free(nodes->list[i]);
	free(nodes->list);
	free(nodes->buckets);
	*nodes = (struct pcf_tasks_nodes){0};
}

int pcf_tasks_nodes_add(struct pcf_tasks_nodes *nodes, struct pcf_tasks_node *node)
{
	if (nodes->count == nodes->room) {
		uint32_t room = nodes->room ? nodes->room * 2 : 64;
		struct pcf_tasks_node **more = realloc(nodes->list, room * sizeof(*more));

		if (!more)
			return -ENOMEM;
		nodes->list = more;
		nodes->room = room;
	}
	nodes->list[nodes->count++] = node;
	return 0;
}

void pcf_tasks_nodes_remove(struct pcf_tasks_nodes *nodes, uint32_t slot, uint32_t generation)
{
	for (uint32_t i = 0; i < nodes->count; i++) {
		if (nodes->list[i]->slot != slot || nodes->list[i]->generation != generation)
			continue;
		free(nodes->list[i]);
		nodes->list[i] = nodes->list[--nodes->count];
		return;
	}
}

static struct pcf_tasks_node *look_up(const struct pcf_tasks_nodes *nodes, const char *path, size_t len)
{
	for (uint32_t at = hash(path, len) & nodes->mask; nodes->buckets[at]; at = (at + 1) & nodes->mask)
		if (nodes->buckets[at]->len == len && memcmp(nodes->buckets[at]->path, path, len) == 0)
			return nodes->buckets[at];
	return NULL;
}

/* The nearest at or above a path. */
static struct pcf_tasks_node *find_above(const struct pcf_tasks_nodes *nodes, const char *path, size_t len)
{
	while (len > 1) {
		struct pcf_tasks_node *node = look_up(nodes, path, len);

		if (node)
			return node;
		while (len > 1 && path[--len] != '/')
			;
	}
	return look_up(nodes, "/", 1);
}

static size_t parent_len(const struct pcf_tasks_node *node)
{
	size_t len = node->len;

	while (len > 1 && node->path[--len] != '/')
		;
	return len ? len : 1;
}

int pcf_tasks_nodes_arrange(struct pcf_tasks_nodes *nodes)
{
	uint32_t size = 64;
	struct pcf_tasks_node **buckets;

	while (size < 2 * nodes->count)
		size *= 2;
	buckets = calloc(size, sizeof(*buckets));
	if (!buckets)
		return -ENOMEM;
	free(nodes->buckets);
	nodes->buckets = buckets;
	nodes->mask = size - 1;
	for (uint32_t i = 0; i < nodes->count; i++) {
		struct pcf_tasks_node *node = nodes->list[i];
		uint32_t at = hash(node->path, node->len) & nodes->mask;

		while (buckets[at])
			at = (at + 1) & nodes->mask;
		buckets[at] = node;
	}
	for (uint32_t i = 0; i < nodes->count; i++) {
		struct pcf_tasks_node *node = nodes->list[i];

		node->parent = node->len > 1 ? find_above(nodes, node->path, parent_len(node)) : NULL;
	}
	return 0;
}

struct pcf_tasks_node *pcf_tasks_nodes_find(const struct pcf_tasks_nodes *nodes, const char *text, size_t len)
{
	struct pcf_tasks_node *best = NULL;
	const char *end = text + len, *newline;

	for (; text < end && (newline = memchr(text, '\n', (size_t)(end - text))); text = newline + 1) {
		const char *path = memchr(text, ':', (size_t)(newline - text));
		struct pcf_tasks_node *node;

		path = path ? memchr(path + 1, ':', (size_t)(newline - path - 1)) : NULL;
		if (!path || path[1] != '/')
			continue;
		node = find_above(nodes, path + 1, (size_t)(newline - path - 1));
		if (node && (!best || node->len > best->len))
			best = node;
	}
	return best;
}
