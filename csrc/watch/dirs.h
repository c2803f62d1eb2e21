/* The directories a watch knows: (mount, id) <-> path, looked up either way.
 * fanotify: id = the 8 bytes of a kernfs file handle; a bounded cache, the oldest entry gives way.
 * inotify:  id = the watch descriptor; every watched directory, no bound of its own. */
#ifndef PCF_WATCH_DIRS_H
#define PCF_WATCH_DIRS_H
#include <stddef.h>
#include <stdint.h>

struct pcf_dir {
	uint64_t id;
	uint32_t mount;
	uint32_t next_id, next_path; /* chains, PCF_DIR_NONE ends them */
	uint32_t path_hash;
	char *path; /* NULL: entry not in use */
};

#define PCF_DIR_NONE 0xffffffffu

struct pcf_dirs {
	struct pcf_dir *entries;
	uint32_t *by_id, *by_path;
	uint32_t count, used, capacity; /* in use; entries ever handed out; allocated (a power of two) */
	uint32_t free;                  /* chain through next_id */
	uint32_t limit;                 /* 0 = none */
	uint32_t hand;                  /* next to give way */
};

void pcf_dirs_init(struct pcf_dirs *dirs, uint32_t limit);
void pcf_dirs_close(struct pcf_dirs *dirs);
/* Entries of the same id or the same path are replaced.  0 or -ENOMEM. */
int pcf_dirs_put(struct pcf_dirs *dirs, uint32_t mount, uint64_t id, const char *path);
const struct pcf_dir *pcf_dirs_find_id(const struct pcf_dirs *dirs, uint32_t mount, uint64_t id);
const struct pcf_dir *pcf_dirs_find_path(const struct pcf_dirs *dirs, uint32_t mount, const char *path);
void pcf_dirs_remove(struct pcf_dirs *dirs, const struct pcf_dir *dir);
/* Removes path and everything below it; calls removed (may be NULL) with each id first. */
typedef void (*pcf_dirs_removed)(void *arg, uint64_t id);
void pcf_dirs_remove_tree(struct pcf_dirs *dirs, uint32_t mount, const char *path, pcf_dirs_removed removed, void *arg);
#endif
