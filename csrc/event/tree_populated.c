/* Which cgroups have processes, in them or below them. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "event/tree.h"
#include "schema/clock.h"

#define MS          UINT64_C(1000000)
#define YOUNG_NS    (1000 * MS) /* a runtime moves the first process in soon after it has made the cgroup */
#define YOUNG_EACH  (50 * MS)
/* Without anybody who tells of processes, all are looked at: about 10 us each, so a five hundredth of a core. */
#define SWEEP_NS    (1000 * MS)
#define SWEEP_EACH  (5 * MS)
#define TOLD_FACTOR 10 /* somebody tells: looking is for what was missed */
#define OWED_NS     (500 * MS)
#define OWED_EACH   (20 * MS)

static void set(pcf_tree *tree, uint32_t at, bool is_populated, bool is_late)
{
	pcf_tree_node *node = &tree->nodes[at];

	if (node->is_populated == is_populated)
		return;
	node->is_populated = is_populated;
	for (int i = 0; i < PCF_TREE_LISTENERS; i++)
		if (tree->listeners[i] && tree->listeners[i]->populated)
			tree->listeners[i]->populated(tree->listeners[i]->arg, at, is_late);
}

/* ---- cgroup2 ---- */

/* "populated 1" in cgroup.events; -1: it cannot be read (any more). The read also arms the next notification. */
static int read_populated(int fd)
{
	char text[128];
	ssize_t len = pread(fd, text, sizeof text - 1, 0);
	const char *at;

	if (len < 0)
		return -1;
	text[len] = '\0';
	at = strstr(text, "populated ");
	return at ? at[10] == '1' : -1;
}

/* Whether the end of the first process is still to be told. */
static bool is_owed(const pcf_tree *tree, const pcf_tree_node *node)
{
	return tree->is_told && node->has_counts && node->counts.first_pid && !node->counts.has_first;
}

static void set_unified(pcf_tree *tree, uint32_t at, bool is_populated, bool is_late)
{
	pcf_tree_node *node = &tree->nodes[at];
	uint64_t now = pcf_now_ns(CLOCK_MONOTONIC);

	if (!is_populated && node->is_populated && is_owed(tree, node)) {
		if (!node->owed_until_ns)
			node->owed_until_ns = now + OWED_NS;
		if (now < node->owed_until_ns) {
			node->look_ns = now + OWED_EACH;
			if (node->look_ns < tree->next_sweep_ns)
				tree->next_sweep_ns = node->look_ns;
			return;
		}
		is_late = true;
	}
	node->owed_until_ns = 0;
	set(tree, at, is_populated, is_late);
}

void pcf_tree_populated_told(pcf_tree *tree, uint32_t at)
{
	pcf_tree_node *node = &tree->nodes[at];
	int populated = node->path && node->events_fd >= 0 ? read_populated(node->events_fd) : -1;

	if (populated >= 0)
		set_unified(tree, at, populated, false);
}

static int open_events(const pcf_tree *tree, uint32_t at)
{
	char name[4400];
	int len = snprintf(name, sizeof name, "%s%s/cgroup.events", tree->mounts[tree->unified].path,
			   tree->nodes[at].path);

	return len < (int)sizeof name ? open(name, O_RDONLY | O_CLOEXEC) : -1;
}

static void keep_events(pcf_tree *tree, uint32_t at)
{
	struct epoll_event event = {.events = EPOLLPRI, .data.u64 = at};
	pcf_tree_node *node = &tree->nodes[at];

	if (node->events_fd >= 0 || pcf_tree_take_descriptor(tree))
		return;
	node->events_fd = open_events(tree, at);
	if (node->events_fd >= 0 && epoll_ctl(tree->epoll, EPOLL_CTL_ADD, node->events_fd, &event)) {
		close(node->events_fd);
		node->events_fd = -1;
	}
	if (node->events_fd < 0)
		pcf_tree_give_descriptor(tree);
}

/* ---- v1 ---- */

/* Whether there is a first process; -1: it cannot be told. */
static int read_own(const pcf_tree *tree, uint32_t at)
{
	int mount = 0;
	char name[4400], byte;

	while (mount < tree->mount_count && !(tree->nodes[at].mounts & 1u << mount))
		mount++;
	if (mount == tree->mount_count || snprintf(name, sizeof name, "%s%s/cgroup.procs", tree->mounts[mount].path,
						   tree->nodes[at].path) >= (int)sizeof name)
		return -1;
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	ssize_t len = read(fd, &byte, 1);
	close(fd);
	return len < 0 ? -1 : len > 0;
}

/* One without children had them itself, however short. */
bool pcf_tree_has_own(const pcf_tree *tree, uint32_t at)
{
	bool has_children = false;

	for (uint32_t i = 0; i < tree->used && !has_children; i++)
		has_children = tree->nodes[i].path && tree->nodes[i].parent == at;
	return !has_children || read_own(tree, at) == 1;
}

/* A cgroup is populated when it has processes or a child is: a change goes upward until it changes nothing. */
static void set_own(pcf_tree *tree, uint32_t at, bool has_own, bool is_late)
{
	tree->nodes[at].has_own = has_own;
	while (at != PCF_TREE_NONE) {
		pcf_tree_node *node = &tree->nodes[at];
		bool is_populated = node->has_own || node->populated_children;
		uint32_t parent = node->parent;
		if (is_populated == node->is_populated)
			return;
		set(tree, at, is_populated, is_late);
		if (parent != PCF_TREE_NONE)
			tree->nodes[parent].populated_children += is_populated ? 1u : -1u;
		at = parent;
	}
}

/* ---- both ---- */

static void look(pcf_tree *tree, uint32_t at, bool is_late)
{
	if (tree->unified < 0) {
		int own = read_own(tree, at);
		if (own >= 0)
			set_own(tree, at, own, is_late);
		return;
	}
	int fd = tree->nodes[at].events_fd, kept = fd;
	if (fd < 0)
		fd = open_events(tree, at);
	int populated = fd < 0 ? -1 : read_populated(fd);
	if (fd >= 0 && fd != kept)
		close(fd);
	if (populated >= 0)
		set_unified(tree, at, populated, is_late);
}

static void plan_look(pcf_tree *tree, uint32_t at, uint64_t now)
{
	pcf_tree_node *node = &tree->nodes[at];
	uint64_t each = tree->count * SWEEP_EACH;

	each = each < SWEEP_NS ? SWEEP_NS : each;
	if (node->owed_until_ns)
		node->look_ns = now + OWED_EACH;
	else if (node->events_fd >= 0)
		node->look_ns = UINT64_MAX;
	else if (now - node->found_ns < YOUNG_NS)
		node->look_ns = now + YOUNG_EACH;
	else
		node->look_ns = now + each * (tree->is_told ? TOLD_FACTOR : 1);
	if (node->look_ns < tree->next_sweep_ns)
		tree->next_sweep_ns = node->look_ns;
}

void pcf_tree_populated_begin(pcf_tree *tree, uint32_t at)
{
	if (tree->unified >= 0)
		keep_events(tree, at);
	look(tree, at, true);
	plan_look(tree, at, pcf_now_ns(CLOCK_MONOTONIC));
}

/* The kernel removes only what has no processes: what seemed to have some was looked at too long ago. */
void pcf_tree_populated_end(pcf_tree *tree, uint32_t at)
{
	pcf_tree_node *node = &tree->nodes[at];

	if (tree->unified < 0) {
		node->populated_children = 0;
		set_own(tree, at, false, true);
	} else {
		set(tree, at, false, true);
	}
	if (node->events_fd >= 0) {
		close(node->events_fd);
		node->events_fd = -1;
		pcf_tree_give_descriptor(tree);
	}
}

void pcf_tree_populated_sweep(pcf_tree *tree, uint64_t now)
{
	tree->next_sweep_ns = UINT64_MAX;
	for (uint32_t at = 0; at < tree->used; at++) {
		if (!tree->nodes[at].path)
			continue;
		if (tree->nodes[at].look_ns <= now) {
			look(tree, at, now - tree->nodes[at].found_ns >= YOUNG_NS);
			plan_look(tree, at, now);
		} else if (tree->nodes[at].look_ns < tree->next_sweep_ns) {
			tree->next_sweep_ns = tree->nodes[at].look_ns;
		}
	}
}

void pcf_tree_touch(pcf_tree *tree, const char *path)
{
	uint32_t at = pcf_tree_find(tree, path);

	if (at == PCF_TREE_NONE || (tree->unified >= 0 && !tree->nodes[at].owed_until_ns))
		return;
	tree->nodes[at].is_touched = true;
	tree->has_touched = true;
}

void pcf_tree_settle(pcf_tree *tree)
{
	if (!tree->has_touched)
		return;
	tree->has_touched = false;
	for (uint32_t at = 0; at < tree->used; at++)
		if (tree->nodes[at].path && tree->nodes[at].is_touched) {
			tree->nodes[at].is_touched = false;
			look(tree, at, false);
		}
}
