#include "watch/dirs.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static uint32_t hash_path(const char *path)
{
	uint32_t hash = 2166136261u; /* FNV-1a */

	while (*path)
		hash = (hash ^ (unsigned char)*path++) * 16777619u;
	return hash;
}

static uint32_t hash_id(uint32_t mount, uint64_t id)
{
	uint64_t mixed = (id ^ ((uint64_t)mount << 56)) * 0x9e3779b97f4a7c15u;

	return (uint32_t)(mixed >> 32);
}

void pcf_dirs_init(struct pcf_dirs *dirs, uint32_t limit)
{
	*dirs = (struct pcf_dirs){.free = PCF_DIR_NONE, .limit = limit};
}

void pcf_dirs_close(struct pcf_dirs *dirs)
{
	for (uint32_t i = 0; i < dirs->used; i++)
		free(dirs->entries[i].path);
	free(dirs->entries);
	free(dirs->by_id);
	free(dirs->by_path);
	pcf_dirs_init(dirs, dirs->limit);
}

static void link_entry(struct pcf_dirs *dirs, uint32_t at)
{
	struct pcf_dir *dir = &dirs->entries[at];
	uint32_t *id_head = &dirs->by_id[hash_id(dir->mount, dir->id) & (dirs->capacity - 1)];
	uint32_t *path_head = &dirs->by_path[dir->path_hash & (dirs->capacity - 1)];

	dir->next_id = *id_head;
	*id_head = at;
	dir->next_path = *path_head;
	*path_head = at;
}

static int grow(struct pcf_dirs *dirs)
{
	uint32_t capacity = dirs->capacity ? dirs->capacity * 2 : 64;
	struct pcf_dir *entries = realloc(dirs->entries, capacity * sizeof *entries);

	if (!entries)
		return -ENOMEM;
	dirs->entries = entries;
	uint32_t *by_id = malloc(capacity * sizeof *by_id), *by_path = malloc(capacity * sizeof *by_path);
	if (!by_id || !by_path) {
		free(by_id);
		free(by_path);
		return -ENOMEM;
	}
	free(dirs->by_id);
	free(dirs->by_path);
	dirs->by_id = by_id;
	dirs->by_path = by_path;
	dirs->capacity = capacity;
	memset(by_id, 0xff, capacity * sizeof *by_id); /* PCF_DIR_NONE */
	memset(by_path, 0xff, capacity * sizeof *by_path);
	for (uint32_t i = 0; i < dirs->used; i++)
		link_entry(dirs, i); /* only called with no free entries: all are in use */
	return 0;
}

static void unlink_chain(struct pcf_dirs *dirs, uint32_t *at, uint32_t target, bool by_id)
{
	while (*at != target)
		at = by_id ? &dirs->entries[*at].next_id : &dirs->entries[*at].next_path;
	*at = by_id ? dirs->entries[target].next_id : dirs->entries[target].next_path;
}

static void remove_at(struct pcf_dirs *dirs, uint32_t at)
{
	struct pcf_dir *dir = &dirs->entries[at];
	uint32_t mask = dirs->capacity - 1;

	unlink_chain(dirs, &dirs->by_id[hash_id(dir->mount, dir->id) & mask], at, true);
	unlink_chain(dirs, &dirs->by_path[dir->path_hash & mask], at, false);
	free(dir->path);
	dir->path = NULL;
	dir->next_id = dirs->free;
	dirs->free = at;
	dirs->count--;
}

void pcf_dirs_remove(struct pcf_dirs *dirs, const struct pcf_dir *dir)
{
	if (dir)
		remove_at(dirs, (uint32_t)(dir - dirs->entries));
}

/* Round robin instead of least recently used: what gives way is only looked up again at the price of a few
 * system calls, and an entry that is in use comes straight back. */
static void give_way(struct pcf_dirs *dirs)
{
	for (;;) {
		uint32_t at = dirs->hand++ % dirs->used;
		if (dirs->entries[at].path) {
			remove_at(dirs, at);
			return;
		}
	}
}

static int take_entry(struct pcf_dirs *dirs, uint32_t *at)
{
	if (dirs->limit && dirs->count >= dirs->limit)
		give_way(dirs);
	if (dirs->free != PCF_DIR_NONE) {
		*at = dirs->free;
		dirs->free = dirs->entries[*at].next_id;
		return 0;
	}
	if (dirs->used == dirs->capacity) {
		int rc = grow(dirs);
		if (rc)
			return rc;
	}
	*at = dirs->used++;
	return 0;
}

const struct pcf_dir *pcf_dirs_find_id(const struct pcf_dirs *dirs, uint32_t mount, uint64_t id)
{
	if (!dirs->capacity)
		return NULL;
	uint32_t at = dirs->by_id[hash_id(mount, id) & (dirs->capacity - 1)];
	while (at != PCF_DIR_NONE && (dirs->entries[at].id != id || dirs->entries[at].mount != mount))
		at = dirs->entries[at].next_id;
	return at == PCF_DIR_NONE ? NULL : &dirs->entries[at];
}

const struct pcf_dir *pcf_dirs_find_path(const struct pcf_dirs *dirs, uint32_t mount, const char *path)
{
	uint32_t hash = hash_path(path);

	if (!dirs->capacity)
		return NULL;
	for (uint32_t at = dirs->by_path[hash & (dirs->capacity - 1)]; at != PCF_DIR_NONE;
	     at = dirs->entries[at].next_path) {
		const struct pcf_dir *dir = &dirs->entries[at];
		if (dir->path_hash == hash && dir->mount == mount && strcmp(dir->path, path) == 0)
			return dir;
	}
	return NULL;
}

int pcf_dirs_put(struct pcf_dirs *dirs, uint32_t mount, uint64_t id, const char *path)
{
	char *copy = strdup(path); /* first: path may belong to an entry that is replaced */
	uint32_t at;

	if (!copy)
		return -ENOMEM;
	pcf_dirs_remove(dirs, pcf_dirs_find_id(dirs, mount, id));
	pcf_dirs_remove(dirs, pcf_dirs_find_path(dirs, mount, copy));
	int rc = take_entry(dirs, &at);
	if (rc) {
		free(copy);
		return rc;
	}
	dirs->entries[at] = (struct pcf_dir){.id = id, .mount = mount, .path = copy, .path_hash = hash_path(copy)};
	link_entry(dirs, at);
	dirs->count++;
	return 0;
}

static bool is_below(const char *path, const char *top, size_t top_len)
{
	return strncmp(path, top, top_len) == 0 && (path[top_len] == '\0' || path[top_len] == '/');
}

void pcf_dirs_remove_tree(struct pcf_dirs *dirs, uint32_t mount, const char *path, pcf_dirs_removed removed, void *arg)
{
	size_t len = strcmp(path, "/") == 0 ? 0 : strlen(path);

	for (uint32_t i = 0; i < dirs->used; i++) {
		struct pcf_dir *dir = &dirs->entries[i];
		if (!dir->path || dir->mount != mount || !is_below(dir->path, path, len))
			continue;
		if (removed)
			removed(arg, dir->id);
		remove_at(dirs, i);
	}
}
