#include "event/tree.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "schema/clock.h"
#include "schema/error.h"

#define SECOND        UINT64_C(1000000000)
#define WALK_NS       (60 * SECOND) /* in case something was missed */
#define UNWATCHED_NS  SECOND
#define WATCH_TAG     UINT64_MAX
#define EVENTS_A_READ 32

/* ---- the table ---- */

static uint32_t hash_path(const char *path)
{
	uint32_t hash = 2166136261u; /* FNV-1a */

	while (*path)
		hash = (hash ^ (unsigned char)*path++) * 16777619u;
	return hash;
}

static void chain(pcf_tree *tree, uint32_t at)
{
	uint32_t *bucket = &tree->buckets[hash_path(tree->nodes[at].path) & (tree->capacity - 1)];

	tree->nodes[at].next = *bucket;
	*bucket = at;
}

static int grow(pcf_tree *tree)
{
	uint32_t capacity = tree->capacity ? tree->capacity * 2 : 64;
	pcf_tree_node *nodes = realloc(tree->nodes, capacity * sizeof *nodes);

	if (!nodes)
		return -ENOMEM;
	tree->nodes = nodes;
	uint32_t *buckets = realloc(tree->buckets, capacity * sizeof *buckets);
	if (!buckets)
		return -ENOMEM;
	tree->buckets = buckets;
	tree->capacity = capacity;
	memset(buckets, 0xff, capacity * sizeof *buckets); /* PCF_TREE_NONE */
	for (uint32_t i = 0; i < tree->used; i++)
		chain(tree, i); /* only called with no free entries: all are in use */
	return 0;
}

uint32_t pcf_tree_find(const pcf_tree *tree, const char *path)
{
	if (!tree->capacity)
		return PCF_TREE_NONE;
	uint32_t at = tree->buckets[hash_path(path) & (tree->capacity - 1)];
	while (at != PCF_TREE_NONE && strcmp(tree->nodes[at].path, path) != 0)
		at = tree->nodes[at].next;
	return at;
}

static uint32_t take_node(pcf_tree *tree)
{
	uint32_t at = tree->free;

	if (at != PCF_TREE_NONE) {
		tree->free = tree->nodes[at].next;
		return at;
	}
	if (tree->used == tree->capacity && grow(tree))
		return PCF_TREE_NONE;
	return tree->used++;
}

static uint32_t parent_of(const pcf_tree *tree, const char *path)
{
	char parent[4096];
	const char *slash = strrchr(path, '/');
	size_t len = slash ? (size_t)(slash - path) : 0;

	if (len == 0 || len >= sizeof parent)
		return PCF_TREE_NONE;
	memcpy(parent, path, len);
	parent[len] = '\0';
	return pcf_tree_find(tree, parent);
}

/* ---- coming and going ---- */

static void node_add(pcf_tree *tree, int mount, const char *path, bool is_new)
{
	uint32_t at = pcf_tree_find(tree, path);
	uint64_t now = pcf_now_ns(CLOCK_MONOTONIC);

	if (at != PCF_TREE_NONE) {
		tree->nodes[at].mounts |= 1u << mount;
		tree->nodes[at].unseen &= ~(1u << mount);
		return;
	}
	char *copy = strdup(path);
	at = copy ? take_node(tree) : PCF_TREE_NONE;
	if (at == PCF_TREE_NONE) {
		free(copy);
		return; /* no memory: the next walk finds it */
	}
	char directory[4400];
	struct stat st = {0};
	if (snprintf(directory, sizeof directory, "%s%s", tree->mounts[mount].path, path) < (int)sizeof directory)
		(void)stat(directory, &st); /* gone again: its id stays 0, not known */
	tree->nodes[at] = (pcf_tree_node){.path = copy,
					  .hierarchy_id = tree->mounts[mount].hierarchy_id,
					  .cgroup_id = st.st_ino,
					  .parent = parent_of(tree, path),
					  .mounts = 1u << mount,
					  .found_ns = now,
					  .look_ns = now,
					  .events_fd = -1};
	chain(tree, at);
	tree->count++;
	if (is_new)
		tree->young_until_ns = now + SECOND;
	for (int i = 0; i < PCF_TREE_LISTENERS; i++)
		if (tree->listeners[i])
			tree->listeners[i]->added(tree->listeners[i]->arg, at, is_new);
	pcf_tree_populated_begin(tree, at);
}

static void node_forget(pcf_tree *tree, uint32_t at)
{
	uint32_t *from = &tree->buckets[hash_path(tree->nodes[at].path) & (tree->capacity - 1)];

	while (*from != at)
		from = &tree->nodes[*from].next;
	*from = tree->nodes[at].next;
	free(tree->nodes[at].path);
	tree->nodes[at] = (pcf_tree_node){.next = tree->free, .events_fd = -1};
	tree->free = at;
	tree->count--;
}

static void node_gone(pcf_tree *tree, uint32_t at)
{
	pcf_tree_populated_end(tree, at);
	for (int i = 0; i < PCF_TREE_LISTENERS; i++)
		if (tree->listeners[i])
			tree->listeners[i]->removed(tree->listeners[i]->arg, at);
	node_forget(tree, at);
}

/* Only a directory without children goes; when several went at once, the deepest first. */
static void mount_lost(pcf_tree *tree, uint32_t at, int mount)
{
	for (uint32_t i = 0; i < tree->used; i++)
		if (tree->nodes[i].path && tree->nodes[i].parent == at && (tree->nodes[i].mounts & 1u << mount))
			mount_lost(tree, i, mount);
	tree->nodes[at].mounts &= ~(1u << mount);
	if (!tree->nodes[at].mounts)
		node_gone(tree, at);
}

/* ---- walks ---- */

struct walk {
	pcf_tree *tree;
	int mount;
	bool is_new;
};

static void visit(void *arg, const char *path, uint64_t inode, uint64_t mtime_ns)
{
	struct walk *walk = arg;

	(void)inode;
	(void)mtime_ns;
	if (strcmp(path, "/") != 0)
		node_add(walk->tree, walk->mount, path, walk->is_new);
}

static int walk_mount(pcf_tree *tree, int mount, bool is_new, pcf_error *err)
{
	struct walk walk = {tree, mount, is_new};
	uint32_t bit = 1u << mount;

	for (uint32_t i = 0; i < tree->used; i++)
		tree->nodes[i].unseen |= tree->nodes[i].path ? tree->nodes[i].mounts & bit : 0;
	int64_t rc = pcf_walk(tree->mounts[mount].path, visit, &walk, err);
	for (uint32_t i = 0; i < tree->used; i++)
		if (tree->nodes[i].path && (tree->nodes[i].unseen & bit)) {
			tree->nodes[i].unseen &= ~bit;
			if (rc >= 0)
				mount_lost(tree, i, mount);
		}
	return rc < 0 ? (int)rc : 0;
}

static void walk_all(pcf_tree *tree, uint64_t now)
{
	bool is_watched = true;

	for (int i = 0; i < tree->mount_count; i++) {
		(void)walk_mount(tree, i, true, NULL); /* a mount that went away keeps what it had */
		is_watched &= tree->mounts[i].watch >= 0;
	}
	tree->next_walk_ns = now + (is_watched ? WALK_NS : UNWATCHED_NS);
}

/* ---- opening ---- */

/* A v1 hierarchy's number: the line of /proc/self/cgroup that names one of its controllers. */
static uint32_t hierarchy_of(const char *text, const char *controller)
{
	size_t len = strlen(controller);

	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		const char *list = strchr(line, ':'), *end = list ? strchr(list + 1, ':') : NULL;
		while (list && end && list < end) {
			size_t word = strcspn(++list, ",:");
			if (word == len && memcmp(list, controller, len) == 0)
				return (uint32_t)strtoul(line, NULL, 10);
			list += word;
		}
	}
	return 0;
}

static const char *const names[PCF_CTL_COUNT] = {
	[PCF_CTL_CPU] = "cpu",         [PCF_CTL_CPUACCT] = "cpuacct",
	[PCF_CTL_MEMORY] = "memory",   [PCF_CTL_IO] = "blkio",
	[PCF_CTL_PIDS] = "pids",       [PCF_CTL_CPUSET] = "cpuset",
	[PCF_CTL_HUGETLB] = "hugetlb", [PCF_CTL_RDMA] = "rdma",
	[PCF_CTL_MISC] = "misc",       [PCF_CTL_NAMED] = "name=systemd",
};

/* Each hierarchy once; memory first, as everything that runs containers uses it. */
static void find_mounts(pcf_tree *tree)
{
	static const int order[] = {PCF_CTL_MEMORY, PCF_CTL_UNIFIED, PCF_CTL_PIDS,    PCF_CTL_CPU,  PCF_CTL_CPUACCT,
				    PCF_CTL_IO,     PCF_CTL_CPUSET,  PCF_CTL_HUGETLB, PCF_CTL_NAMED};
	char text[4096] = "";
	FILE *file = fopen("/proc/self/cgroup", "re");

	if (file) {
		text[fread(text, 1, sizeof text - 1, file)] = '\0';
		fclose(file);
	}
	for (unsigned i = 0; i < sizeof order / sizeof order[0]; i++) {
		const pcf_controller_fact *fact = &tree->host->controllers[order[i]];
		bool is_new = fact->version != 0 && fact->mount[0] && tree->mount_count < PCF_TREE_MOUNTS;
		for (int j = 0; is_new && j < tree->mount_count; j++)
			is_new = strcmp(tree->mounts[j].path, fact->mount) != 0;
		if (!is_new)
			continue;
		tree->mounts[tree->mount_count].path = fact->mount;
		tree->mounts[tree->mount_count].watch = -1;
		tree->mounts[tree->mount_count].hierarchy_id =
			fact->version == 1 ? hierarchy_of(text, names[order[i]]) : 0;
		if (fact->version == 2 && tree->host->layout == PCF_LAYOUT_V2)
			tree->unified = tree->mount_count;
		tree->mount_count++;
	}
}

static int watch_mounts(pcf_tree *tree)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u64 = WATCH_TAG};
	pcf_error err = {0};

	if (pcf_watch_open(&tree->watch, PCF_WATCH_AUTO, &err)) {
		snprintf(tree->reason, sizeof tree->reason, "%.140s", err.text);
		return 0; /* walked instead */
	}
	for (int i = 0; i < tree->mount_count; i++)
		if (pcf_watch_add_mount(tree->watch, tree->mounts[i].path, &tree->mounts[i].watch, &err)) {
			tree->mounts[i].watch = -1;
			snprintf(tree->reason, sizeof tree->reason, "%.140s", err.text);
		}
	return epoll_ctl(tree->epoll, EPOLL_CTL_ADD, pcf_watch_fd(tree->watch), &event) ? -errno : 0;
}

static int begin(pcf_tree *tree, pcf_error *err)
{
	struct rlimit files = {0};
	int rc;

	find_mounts(tree);
	if (!tree->mount_count)
		return pcf_error_say(err, -ENODEV, "no cgroup filesystem is mounted");
	getrlimit(RLIMIT_NOFILE, &files);
	tree->descriptors_max = files.rlim_cur / 16;
	tree->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (tree->epoll < 0)
		return pcf_error_say(err, -errno, "epoll: %s", strerror(errno));
	rc = watch_mounts(tree);
	if (rc)
		return pcf_error_say(err, rc, "epoll: %s", strerror(-rc));
	for (int i = 0; i < tree->mount_count; i++)
		if ((rc = walk_mount(tree, i, false, err)))
			return rc;
	uint64_t now = pcf_now_ns(CLOCK_MONOTONIC);
	tree->next_walk_ns = now + (tree->reason[0] ? UNWATCHED_NS : WALK_NS);
	pcf_tree_populated_sweep(tree, now);
	return 0;
}

int pcf_tree_open(pcf_tree **out, const pcf_host *host, pcf_error *err)
{
	pcf_tree *tree = calloc(1, sizeof *tree);

	*out = NULL;
	if (!tree)
		return pcf_error_say(err, -ENOMEM, "cgroup tree: out of memory");
	tree->host = host;
	tree->free = PCF_TREE_NONE;
	tree->unified = tree->epoll = -1;
	int rc = begin(tree, err);
	if (rc) {
		pcf_tree_close(tree);
		return rc;
	}
	*out = tree;
	return 0;
}

void pcf_tree_close(pcf_tree *tree)
{
	for (uint32_t i = 0; i < tree->used; i++) {
		if (tree->nodes[i].events_fd >= 0)
			close(tree->nodes[i].events_fd);
		free(tree->nodes[i].path);
	}
	free(tree->nodes);
	free(tree->buckets);
	if (tree->watch)
		pcf_watch_close(tree->watch);
	if (tree->epoll >= 0)
		close(tree->epoll);
	free(tree);
}

void pcf_tree_listen(pcf_tree *tree, pcf_tree_listener *listener)
{
	int i = 0;

	while (i < PCF_TREE_LISTENERS - 1 && tree->listeners[i])
		i++;
	tree->listeners[i] = listener;
	for (uint32_t at = 0; at < tree->used; at++)
		if (tree->nodes[at].path)
			listener->added(listener->arg, at, false);
}

void pcf_tree_leave(pcf_tree *tree, pcf_tree_listener *listener)
{
	for (int i = 0; i < PCF_TREE_LISTENERS; i++)
		if (tree->listeners[i] == listener)
			tree->listeners[i] = NULL;
}

int pcf_tree_file(const pcf_tree *tree, uint32_t node, int controller, const char *file, char *out, size_t size)
{
	const pcf_controller_fact *fact = &tree->host->controllers[controller];
	int len;

	if (!fact->version)
		return 0;
	len = snprintf(out, size, "%s%s/%s", fact->mount, tree->nodes[node].path, file);
	return len > 0 && (size_t)len < size;
}

int pcf_tree_take_descriptor(pcf_tree *tree)
{
	if (tree->descriptors >= tree->descriptors_max)
		return -EMFILE;
	tree->descriptors++;
	return 0;
}

void pcf_tree_give_descriptor(pcf_tree *tree)
{
	tree->descriptors--;
}

/* ---- draining ---- */

int pcf_tree_fd(const pcf_tree *tree)
{
	return tree->epoll;
}

int pcf_tree_timeout_ms(const pcf_tree *tree)
{
	uint64_t now = pcf_now_ns(CLOCK_MONOTONIC);
	uint64_t due = tree->next_walk_ns < tree->next_sweep_ns ? tree->next_walk_ns : tree->next_sweep_ns;

	return due <= now ? 0 : (int)((due - now) / 1000000) + 1;
}

static int mount_of(const pcf_tree *tree, int watch_index)
{
	for (int i = 0; i < tree->mount_count; i++)
		if (tree->mounts[i].watch == watch_index)
			return i;
	return -1;
}

static void apply(pcf_tree *tree, const pcf_watch_event *event)
{
	int mount = mount_of(tree, event->mount);

	if (event->kind == PCF_WATCH_OVERFLOW || mount < 0) {
		tree->next_walk_ns = 0;
		return;
	}
	if (event->kind == PCF_WATCH_CREATED) {
		node_add(tree, mount, event->path, true);
		return;
	}
	uint32_t at = pcf_tree_find(tree, event->path);
	if (at != PCF_TREE_NONE && (tree->nodes[at].mounts & 1u << mount))
		mount_lost(tree, at, mount);
}

static void read_watch(pcf_tree *tree)
{
	static _Thread_local pcf_watch_event events[EVENTS_A_READ];
	int count;

	while (tree->watch && (count = pcf_watch_read(tree->watch, events, EVENTS_A_READ, 0)) > 0)
		for (int i = 0; i < count; i++)
			apply(tree, &events[i]);
}

void pcf_tree_drain(pcf_tree *tree)
{
	struct epoll_event events[64];
	int count = epoll_wait(tree->epoll, events, 64, 0);

	/* Who is populated first: a cgroup empties before it goes. */
	for (int i = 0; i < count; i++)
		if (events[i].data.u64 != WATCH_TAG)
			pcf_tree_populated_told(tree, (uint32_t)events[i].data.u64);
	read_watch(tree);
	uint64_t now = pcf_now_ns(CLOCK_MONOTONIC);
	if (now >= tree->next_walk_ns)
		walk_all(tree, now);
	pcf_tree_settle(tree);
	if (now >= tree->next_sweep_ns)
		pcf_tree_populated_sweep(tree, now);
}
