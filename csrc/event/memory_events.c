#include "event/memory_events.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "parse/parse.h"
#include "schema/clock.h"
#include "schema/enums.h"
#include "schema/error.h"

#define MS            UINT64_C(1000000)
#define AGAIN_MS      10   /* v1: how often it is looked whether the kill has been counted */
#define AGAIN_FOR_MS  1000 /* and for how long; a slow console can hold the kill up */
#define SWEEP_EACH_NS (5 * MS)
#define SWEEP_NS      (1000 * MS)

static const char *file_of(const pcf_memory_events *events)
{
	if (events->version == 1)
		return "memory.oom_control";
	return events->is_local ? "memory.events.local" : "memory.events";
}

static int read_text(const pcf_memory_events *events, uint32_t node, char *text, size_t size)
{
	char name[4400];
	const pcf_memory_count *count = &events->counts[node];
	bool is_kept = events->version == 2 && count->fd >= 0;
	int fd = count->fd;

	if (!is_kept) {
		if (!pcf_tree_file(events->tree, node, PCF_CTL_MEMORY, file_of(events), name, sizeof name))
			return -ENAMETOOLONG;
		fd = open(name, O_RDONLY | O_CLOEXEC);
	}
	if (fd < 0)
		return -errno;
	ssize_t len = pread(fd, text, size, 0);
	int error = errno;
	if (!is_kept)
		close(fd);
	return len < 0 ? -error : (int)len;
}

static void read_row(const pcf_memory_events *events, uint32_t node, uint64_t *row, size_t size)
{
	const pcf_parser *parser = pcf_parser_find(events->version == 1 ? "memory.oom_control" : "memory.events",
						   events->version, PCF_GROUP_MEMORY_EVENTS);
	char text[1024];
	int len = read_text(events, node, text, sizeof text);

	memset(row, 0xff, size);
	if (parser && len > 0)
		pcf_row_parse(parser, text, (size_t)len, row);
}

static uint64_t grown(uint64_t before, uint64_t now)
{
	return before == PCF_ABSENT || now == PCF_ABSENT || now < before ? 0 : now - before;
}

/* v1 tells of an OOM that kills nobody by a state: its tasks wait (oom_kill_disable). It shows in all below, too; the
 * topmost is the one. */
static bool has_stalled(pcf_memory_events *events, uint32_t node, uint64_t under_oom)
{
	pcf_memory_count *count = &events->counts[node];
	uint32_t parent = events->tree->nodes[node].parent;
	char text[256];

	if (under_oom != 1) {
		count->is_stalled = false;
		return false;
	}
	int len = read_text(events, node, text, sizeof text - 1);
	text[len > 0 ? len : 0] = '\0';
	if (count->is_stalled || !strstr(text, "oom_kill_disable 1"))
		return false;
	count->is_stalled = true;
	return parent == PCF_TREE_NONE || !events->counts[parent].is_stalled;
}

void pcf_memory_events_read(pcf_memory_events *events, uint32_t node)
{
	pcf_memory_count *count = &events->counts[node];
	uint64_t row[PCF_MAX_GROUP_COLUMNS], ooms, kills;

	read_row(events, node, row, sizeof row);
	ooms = grown(count->ooms, row[PCF_MEMORY_EVENTS_OOM]);
	kills = grown(count->kills, row[PCF_MEMORY_EVENTS_OOM_KILL]);
	if (row[PCF_MEMORY_EVENTS_OOM] != PCF_ABSENT)
		count->ooms = row[PCF_MEMORY_EVENTS_OOM];
	if (row[PCF_MEMORY_EVENTS_OOM_KILL] != PCF_ABSENT)
		count->kills = row[PCF_MEMORY_EVENTS_OOM_KILL];
	if (events->version == 1 && has_stalled(events, node, row[PCF_MEMORY_EVENTS_UNDER_OOM]))
		ooms++;
	if (kills)
		count->again_until_ns = 0;
	if (ooms || kills)
		events->counted(events->arg, node, ooms, kills);
}

void pcf_memory_events_sweep(pcf_memory_events *events)
{
	for (uint32_t i = 0; i < events->tree->used && i < events->capacity; i++)
		if (events->tree->nodes[i].path)
			pcf_memory_events_read(events, i);
}

/* ---- following a cgroup ---- */

static int open_v2(const pcf_memory_events *events, uint32_t node)
{
	char name[4400];

	if (!pcf_tree_file(events->tree, node, PCF_CTL_MEMORY, file_of(events), name, sizeof name))
		return -1;
	return open(name, O_RDONLY | O_CLOEXEC);
}

/* cgroup-v1/memory.rst, 10: "<event_fd> <fd of memory.oom_control>" into cgroup.event_control. */
static int open_v1(const pcf_memory_events *events, uint32_t node)
{
	char name[4400], line[32];
	int control = open_v2(events, node), registry = -1, notice = -1, len;

	if (control >= 0 &&
	    pcf_tree_file(events->tree, node, PCF_CTL_MEMORY, "cgroup.event_control", name, sizeof name))
		registry = open(name, O_WRONLY | O_CLOEXEC);
	if (registry >= 0)
		notice = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	len = snprintf(line, sizeof line, "%d %d", notice, control);
	if (notice >= 0 && write(registry, line, (size_t)len) != len) {
		close(notice);
		notice = -1;
	}
	if (registry >= 0)
		close(registry);
	if (control >= 0)
		close(control);
	return notice;
}

static void follow(pcf_memory_events *events, uint32_t node)
{
	pcf_memory_count *count = &events->counts[node];
	struct epoll_event event = {.events = events->version == 1 ? EPOLLIN : EPOLLPRI, .data.u64 = node};

	if (pcf_tree_take_descriptor(events->tree)) {
		events->unwatched++;
		return;
	}
	count->fd = events->version == 1 ? open_v1(events, node) : open_v2(events, node);
	if (count->fd >= 0 && epoll_ctl(events->epoll, EPOLL_CTL_ADD, count->fd, &event)) {
		close(count->fd);
		count->fd = -1;
	}
	if (count->fd < 0) {
		pcf_tree_give_descriptor(events->tree);
		events->unwatched++;
	}
}

static int reserve(pcf_memory_events *events, uint32_t node)
{
	if (node < events->capacity)
		return 0;
	uint32_t capacity = events->tree->capacity;
	pcf_memory_count *counts = realloc(events->counts, capacity * sizeof *counts);
	if (!counts)
		return -ENOMEM;
	for (uint32_t i = events->capacity; i < capacity; i++)
		counts[i] = (pcf_memory_count){.ooms = PCF_ABSENT, .kills = PCF_ABSENT, .fd = -1};
	events->counts = counts;
	events->capacity = capacity;
	return 0;
}

/* A cgroup that has just appeared began at nothing, whatever it has counted by the time of the first read; its files
 * may not be there yet (v2: the controller is enabled later): it is tried again in the sweeps. */
static void on_added(void *arg, uint32_t node, bool is_new)
{
	pcf_memory_events *events = arg;

	if (reserve(events, node))
		return;
	events->counts[node] =
		(pcf_memory_count){.ooms = is_new ? 0 : PCF_ABSENT, .kills = is_new ? 0 : PCF_ABSENT, .fd = -1};
	follow(events, node);
	pcf_memory_events_read(events, node);
}

static void on_removed(void *arg, uint32_t node)
{
	pcf_memory_events *events = arg;

	if (node >= events->capacity)
		return;
	if (events->counts[node].fd >= 0) {
		close(events->counts[node].fd);
		pcf_tree_give_descriptor(events->tree);
	} else {
		events->unwatched--;
	}
	events->counts[node] = (pcf_memory_count){.ooms = PCF_ABSENT, .kills = PCF_ABSENT, .fd = -1};
}

/* ---- life ---- */

/* Any cgroup's file will do; the root has none. */
static int probe(pcf_memory_events *events, pcf_error *err)
{
	char name[4400];

	events->version = events->tree->host->controllers[PCF_CTL_MEMORY].version;
	if (!events->version)
		return pcf_error_say(err, -ENODEV, "memory.events: no memory controller");
	if (events->version == 1)
		return 0;
	for (uint32_t i = 0; i < events->tree->used; i++)
		if (events->tree->nodes[i].path &&
		    pcf_tree_file(events->tree, i, PCF_CTL_MEMORY, "memory.events", name, sizeof name) &&
		    access(name, F_OK) == 0) {
			pcf_tree_file(events->tree, i, PCF_CTL_MEMORY, "memory.events.local", name, sizeof name);
			events->is_local = access(name, F_OK) == 0;
			return 0;
		}
	events->is_local = true; /* no cgroup to ask yet: since 5.2 */
	return 0;
}

int pcf_memory_events_open(pcf_memory_events *events, pcf_tree *tree, pcf_memory_counted counted, void *arg,
			   pcf_error *err)
{
	*events = (pcf_memory_events){.tree = tree, .counted = counted, .arg = arg, .epoll = -1};
	events->listener = (pcf_tree_listener){.added = on_added, .removed = on_removed, .arg = events};
	int rc = probe(events, err);
	if (rc)
		return rc;
	events->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (events->epoll < 0)
		return pcf_error_say(err, -errno, "memory.events: epoll: %s", strerror(errno));
	pcf_tree_listen(tree, &events->listener);
	events->next_sweep_ns = pcf_now_ns(CLOCK_MONOTONIC) + SWEEP_NS;
	events->next_again_ns = UINT64_MAX;
	return 0;
}

void pcf_memory_events_close(pcf_memory_events *events)
{
	if (events->epoll < 0)
		return;
	pcf_tree_leave(events->tree, &events->listener);
	for (uint32_t i = 0; i < events->capacity; i++)
		if (events->counts[i].fd >= 0) {
			close(events->counts[i].fd);
			pcf_tree_give_descriptor(events->tree);
		}
	free(events->counts);
	close(events->epoll);
	events->epoll = -1;
}

int pcf_memory_events_timeout_ms(const pcf_memory_events *events)
{
	uint64_t now = pcf_now_ns(CLOCK_MONOTONIC);
	uint64_t due = events->next_sweep_ns < events->next_again_ns ? events->next_sweep_ns : events->next_again_ns;

	return due <= now ? 0 : (int)((due - now) / MS) + 1;
}

static void on_notice(pcf_memory_events *events, uint32_t node, uint64_t now)
{
	pcf_memory_count *count = node < events->capacity ? &events->counts[node] : NULL;
	uint64_t times;

	if (!count || count->fd < 0)
		return;
	if (events->version == 1) {
		if (read(count->fd, &times, sizeof times) != sizeof times)
			return;
		count->again_until_ns = now + AGAIN_FOR_MS * MS;
		events->next_again_ns = now + AGAIN_MS * MS;
	}
	pcf_memory_events_read(events, node);
}

static void look_again(pcf_memory_events *events, uint64_t now)
{
	bool is_any = false;

	for (uint32_t i = 0; i < events->capacity; i++)
		if (events->counts[i].again_until_ns > now) {
			is_any = true;
			pcf_memory_events_read(events, i);
		}
	events->next_again_ns = is_any ? now + AGAIN_MS * MS : UINT64_MAX;
}

/* Those without a descriptor, and on v1 all: of a kill that the whole machine's want of memory caused, v1 gives no
 * notice. */
static void sweep_rest(pcf_memory_events *events, uint64_t now)
{
	uint64_t each = events->tree->count * SWEEP_EACH_NS;

	for (uint32_t i = 0; i < events->capacity && i < events->tree->used; i++)
		if (events->tree->nodes[i].path && (events->version == 1 || events->counts[i].fd < 0)) {
			if (events->counts[i].fd < 0 && pcf_tree_take_descriptor(events->tree) == 0) {
				pcf_tree_give_descriptor(events->tree);
				events->unwatched--;
				follow(events, i);
			}
			pcf_memory_events_read(events, i);
		}
	events->next_sweep_ns = now + (each < SWEEP_NS ? SWEEP_NS : each);
}

static void take_notices(pcf_memory_events *events, uint64_t now)
{
	struct epoll_event ready[64];
	int count = epoll_wait(events->epoll, ready, 64, 0);

	for (int i = 0; i < count; i++)
		on_notice(events, (uint32_t)ready[i].data.u64, now);
}

void pcf_memory_events_catch_up(pcf_memory_events *events)
{
	uint64_t now = pcf_now_ns(CLOCK_MONOTONIC);

	take_notices(events, now);
	if (events->next_again_ns != UINT64_MAX)
		look_again(events, now);
}

void pcf_memory_events_drain(pcf_memory_events *events)
{
	uint64_t now = pcf_now_ns(CLOCK_MONOTONIC);

	take_notices(events, now);
	if (now >= events->next_again_ns)
		look_again(events, now);
	if (now >= events->next_sweep_ns)
		sweep_rest(events, now);
}
