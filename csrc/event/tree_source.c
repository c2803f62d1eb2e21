/* Cgroups made, removed, with and without processes, as the tree (tree.h) sees them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "event/fallback.h"
#include "event/last_numbers.h"
#include "schema/clock.h"
#include "schema/error.h"

#define SERVES                                                                                                         \
	(PCF_EVENT_BIT(PCF_EVENT_CGROUP_CREATED) | PCF_EVENT_BIT(PCF_EVENT_CGROUP_REMOVED) |                           \
	 PCF_EVENT_BIT(PCF_EVENT_POPULATED) | PCF_EVENT_BIT(PCF_EVENT_EMPTY))

struct tree_source {
	pcf_event_source base;
	pcf_fallback *fallback;
	pcf_tree *tree;
	pcf_tree_listener listener;
	pcf_last_files *files;
	uint64_t seen[PCF_EVENT_KINDS];
};

static uint32_t level_of(const char *path)
{
	uint32_t level = 0;

	for (; *path; path++)
		level += *path == '/';
	return level;
}

/* Its numbers are read while its files are there: when it empties. By the time it is removed they are gone. */
static void tell_more(struct tree_source *source, uint32_t node, const pcf_event *event)
{
	const pcf_tree_node *it = &source->tree->nodes[node];
	struct pcf_bpf_numbers numbers;
	pcf_event_more more = {.counters = it->has_counts ? &it->counts : NULL};

	if (event->kind == PCF_EVENT_EMPTY && pcf_last_numbers_read(source->files, it->path, &numbers))
		more.numbers = &numbers;
	if (event->kind == PCF_EVENT_POPULATED)
		more.is_of_children = !pcf_tree_has_own(source->tree, node);
	pcf_event_tell_cgroup(source->fallback->env.events, event, &more);
	if (event->kind == PCF_EVENT_EMPTY)
		pcf_tree_count_over(source->tree, node);
}

static void tell(struct tree_source *source, uint32_t node, int kind, uint32_t flags)
{
	const pcf_tree *tree = source->tree;
	const char *path = tree->nodes[node].path;
	pcf_event event;

	source->seen[kind]++;
	if (!(source->base.serves & PCF_EVENT_BIT(kind)))
		return;
	pcf_event_blank(&event, kind, PCF_EVENT_SOURCE_WATCH, pcf_now_ns(CLOCK_MONOTONIC));
	event.flags = flags;
	pcf_event_place(&event, path);
	event.of.cgroup.level = level_of(path);
	event.of.cgroup.hierarchies = (uint32_t)__builtin_popcount(tree->nodes[node].mounts);
	event.hierarchy_id = tree->nodes[node].hierarchy_id;
	event.cgroup_id = tree->nodes[node].cgroup_id;
	tell_more(source, node, &event);
}

static void on_added(void *arg, uint32_t node, bool is_new)
{
	struct tree_source *source = arg;

	if (is_new)
		tell(source, node, PCF_EVENT_CGROUP_CREATED, 0);
}

static void on_removed(void *arg, uint32_t node)
{
	tell(arg, node, PCF_EVENT_CGROUP_REMOVED, 0);
}

static void on_populated(void *arg, uint32_t node, bool is_late)
{
	struct tree_source *source = arg;

	tell(source, node, source->tree->nodes[node].is_populated ? PCF_EVENT_POPULATED : PCF_EVENT_EMPTY,
	     is_late ? PCF_EVENT_LATE : 0);
}

static void drain(pcf_event_source *base)
{
	struct tree_source *source = (struct tree_source *)base;

	source->tree->is_told = source->fallback->is_told_of_processes;
	pcf_tree_drain(source->tree);
}

static int event_fd(pcf_event_source *base)
{
	return pcf_tree_fd(((struct tree_source *)base)->tree);
}

static int timeout_ms(pcf_event_source *base)
{
	return pcf_tree_timeout_ms(((struct tree_source *)base)->tree);
}

static uint64_t seen(pcf_event_source *base, int kind)
{
	return ((struct tree_source *)base)->seen[kind];
}

static void close_source(pcf_event_source *base)
{
	struct tree_source *source = (struct tree_source *)base;

	if (source->tree) {
		pcf_tree_leave(source->tree, &source->listener);
		pcf_fallback_tree_leave(source->fallback);
	}
	if (source->fallback)
		pcf_fallback_leave(source->fallback);
	pcf_last_files_free(source->files);
	free(source);
}

static int open_source(pcf_event_source **out, const pcf_event_env *env, uint64_t kinds, pcf_error *err)
{
	struct tree_source *source = calloc(1, sizeof *source);

	*out = NULL;
	if (!source)
		return pcf_error_say(err, -ENOMEM, "cgroup tree: out of memory");
	source->base.ops = &pcf_event_watch;
	source->base.serves = kinds & SERVES;
	source->fallback = pcf_fallback_use(env);
	if (source->fallback && pcf_last_files_new(&source->files, env->host) == 0)
		source->tree = pcf_fallback_tree(source->fallback, err);
	else
		pcf_error_say(err, -ENOMEM, "cgroup tree: out of memory");
	if (!source->tree) {
		int rc = err->code;
		close_source(&source->base);
		return rc;
	}
	if (source->tree->unified < 0)
		source->base.flags[PCF_EVENT_POPULATED] = source->base.flags[PCF_EVENT_EMPTY] = PCF_EVENT_LATE;
	snprintf(source->base.reason, sizeof source->base.reason, "%s", source->tree->reason);
	source->listener =
		(pcf_tree_listener){.added = on_added, .removed = on_removed, .populated = on_populated, .arg = source};
	pcf_tree_listen(source->tree, &source->listener);
	*out = &source->base;
	return 0;
}

const pcf_event_source_ops pcf_event_watch = {
	.source = PCF_EVENT_SOURCE_WATCH,
	.kinds = SERVES,
	.open = open_source,
	.fd = event_fd,
	.timeout_ms = timeout_ms,
	.drain = drain,
	.seen = seen,
	.close = close_source,
};
