/* OOM kills without BPF. The kernel's log tells who was killed, and only of some which cgroup it was in (printk's rate
 * limit); the counters of each cgroup tell exactly how many, and not who. Put together: a kill that the log tells of is
 * told at once and taken off what its cgroup has counted; what is counted and not told of in time is told without a
 * victim. */
#include "event/oom.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "schema/clock.h"
#include "schema/error.h"

#define SERVES  (PCF_EVENT_BIT(PCF_EVENT_OOM_KILL) | PCF_EVENT_BIT(PCF_EVENT_OOM))
/* The counter grows just before the log has the line, which a slow console may hold up. */
#define WAIT_NS UINT64_C(500000000)

/* ---- debts ---- */

pcf_oom_debt *pcf_oom_debt_of(pcf_oom *oom, uint32_t node)
{
	return node < oom->capacity ? &oom->debts[node] : NULL;
}

void pcf_oom_note_kill(pcf_oom *oom, uint32_t node)
{
	uint64_t now = pcf_now_ns(CLOCK_MONOTONIC);

	for (; node != PCF_TREE_NONE; node = oom->tree->nodes[node].parent) {
		pcf_oom_debt *owed = pcf_oom_debt_of(oom, node);
		if (owed)
			owed->last_kill_ns = now;
	}
}

static void on_counted(void *arg, uint32_t node, uint64_t ooms, uint64_t kills)
{
	pcf_oom *oom = arg;
	uint64_t now = pcf_now_ns(CLOCK_MONOTONIC), due = now + WAIT_NS;
	pcf_oom_debt *owed = pcf_oom_debt_of(oom, node);

	if (!owed)
		return;
	if (kills) {
		pcf_oom_note_kill(oom, node);
		owed->kills_since_ns = owed->kills ? owed->kills_since_ns : now;
		owed->kills += kills;
		owed->kills_due_ns = oom->kmsg.fd >= 0 ? due : now;
	}
	if (ooms) {
		owed->ooms_since_ns = owed->ooms ? owed->ooms_since_ns : now;
		owed->ooms += ooms;
		owed->ooms_due_ns = due;
	}
	if (oom->next_due_ns > now)
		oom->next_due_ns = owed->kills && owed->kills_due_ns == now ? now
				   : due < oom->next_due_ns                 ? due
									    : oom->next_due_ns;
}

static void tell_counted(pcf_oom *oom, uint32_t node, int kind)
{
	pcf_event event;

	oom->seen[kind]++;
	pcf_event_blank(&event, kind, PCF_EVENT_SOURCE_MEMORY_EVENTS, pcf_now_ns(CLOCK_MONOTONIC));
	event.flags = PCF_EVENT_LATE | PCF_EVENT_PARTIAL;
	pcf_event_place(&event, oom->tree->nodes[node].path);
	if (kind == PCF_EVENT_OOM) {
		event.of.oom.constraint = PCF_OOM_MEMCG;
		event.of.oom.memcg_path_len = (uint32_t)strlen(event.path);
	}
	if (oom->base.serves & PCF_EVENT_BIT(event.kind))
		pcf_event_tell(oom->fallback->env.events, &event);
}

static void settle(pcf_oom *oom, uint32_t node, uint64_t now)
{
	pcf_oom_debt *owed = &oom->debts[node];

	if (owed->kills && owed->kills_due_ns <= now)
		for (; owed->kills; owed->kills--)
			tell_counted(oom, node, PCF_EVENT_OOM_KILL);
	if (owed->ooms && owed->ooms_due_ns <= now) {
		/* Several tasks may run into the limit for one kill, and each counts. */
		if (owed->last_kill_ns + WAIT_NS < owed->ooms_since_ns)
			tell_counted(oom, node, PCF_EVENT_OOM);
		owed->ooms = 0;
	}
}

static void settle_due(pcf_oom *oom, uint64_t now)
{
	pcf_oom_match(oom);
	oom->next_due_ns = UINT64_MAX;
	for (uint32_t i = 0; i < oom->capacity; i++) {
		pcf_oom_debt *owed = &oom->debts[i];
		if (!owed->kills && !owed->ooms)
			continue;
		settle(oom, i, now);
		if (owed->kills && owed->kills_due_ns < oom->next_due_ns)
			oom->next_due_ns = owed->kills_due_ns;
		if (owed->ooms && owed->ooms_due_ns < oom->next_due_ns)
			oom->next_due_ns = owed->ooms_due_ns;
	}
}

static void on_added(void *arg, uint32_t node, bool is_new)
{
	pcf_oom *oom = arg;

	(void)is_new;
	if (node >= oom->capacity) {
		pcf_oom_debt *debts = realloc(oom->debts, oom->tree->capacity * sizeof *debts);
		if (!debts)
			return;
		memset(debts + oom->capacity, 0, (oom->tree->capacity - oom->capacity) * sizeof *debts);
		oom->debts = debts;
		oom->capacity = oom->tree->capacity;
	}
	oom->debts[node] = (pcf_oom_debt){0};
}

/* It will be told of no more: the log has had its time, or has lost it. */
static void on_removed(void *arg, uint32_t node)
{
	pcf_oom *oom = arg;

	if (!pcf_oom_debt_of(oom, node))
		return;
	if (oom->debts[node].kills)
		pcf_oom_match(oom);
	settle(oom, node, UINT64_MAX);
}

static void read_log(pcf_oom *oom)
{
	pcf_kmsg_oom told;
	uint64_t moment;

	while (pcf_kmsg_next(&oom->kmsg, &told, &moment))
		pcf_oom_take(oom, &told, moment);
	if (oom->kmsg.gaps == oom->gaps)
		return;
	/* Kills may have been among what was overwritten: the counters know; without them it is one at least. */
	if (oom->tree)
		pcf_memory_events_sweep(&oom->counters);
	else
		pcf_event_lose(oom->fallback->env.events, PCF_EVENT_OOM_KILL, PCF_EVENT_SOURCE_KMSG,
			       oom->kmsg.gaps - oom->gaps);
	oom->gaps = oom->kmsg.gaps;
}

/* ---- the source ---- */

static void drain(pcf_event_source *source)
{
	pcf_oom *oom = (pcf_oom *)source;

	/* The log first: it has who it was, and pays what the counters are about to ask for. */
	if (oom->kmsg.fd >= 0)
		read_log(oom);
	if (!oom->tree)
		return;
	pcf_memory_events_drain(&oom->counters);
	pcf_tree_drain(oom->tree);
	if (oom->kmsg.fd >= 0)
		read_log(oom);
	uint64_t now = pcf_now_ns(CLOCK_MONOTONIC);
	pcf_oom_match_due(oom, now);
	if (now >= oom->next_due_ns)
		settle_due(oom, now);
}

static int event_fd(pcf_event_source *source)
{
	return ((pcf_oom *)source)->epoll;
}

static int timeout_ms(pcf_event_source *source)
{
	pcf_oom *oom = (pcf_oom *)source;
	uint64_t now = pcf_now_ns(CLOCK_MONOTONIC), next = oom->next_due_ns;
	int due, counters, tree;

	if (!oom->tree)
		return -1;
	if (oom->unplaced_count && oom->unplaced[0].due_ns < next)
		next = oom->unplaced[0].due_ns;
	due = next == UINT64_MAX ? 60000 : next <= now ? 0 : (int)((next - now) / 1000000) + 1;
	counters = pcf_memory_events_timeout_ms(&oom->counters);
	tree = pcf_tree_timeout_ms(oom->tree);
	due = due < counters ? due : counters;
	return due < tree ? due : tree;
}

static uint64_t seen(pcf_event_source *source, int kind)
{
	return ((pcf_oom *)source)->seen[kind];
}

static void close_source(pcf_event_source *source)
{
	pcf_oom *oom = (pcf_oom *)source;

	if (oom->tree) {
		pcf_oom_match(oom);
		pcf_memory_events_close(&oom->counters);
		pcf_tree_leave(oom->tree, &oom->listener);
		pcf_fallback_tree_leave(oom->fallback);
	}
	pcf_kmsg_close(&oom->kmsg);
	if (oom->epoll >= 0)
		close(oom->epoll);
	if (oom->fallback)
		pcf_fallback_leave(oom->fallback);
	free(oom->debts);
	free(oom->unplaced);
	free(oom);
}

static int poll_for(pcf_oom *oom, int fd)
{
	struct epoll_event event = {.events = EPOLLIN};

	return epoll_ctl(oom->epoll, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

static int open_counters(pcf_oom *oom, pcf_error *err)
{
	oom->tree = pcf_fallback_tree(oom->fallback, err);
	if (!oom->tree)
		return err->code;
	oom->listener = (pcf_tree_listener){.added = on_added, .removed = on_removed, .arg = oom};
	pcf_tree_listen(oom->tree, &oom->listener);
	int rc = pcf_memory_events_open(&oom->counters, oom->tree, on_counted, oom, err);
	if (rc == 0)
		rc = poll_for(oom, oom->counters.epoll);
	if (rc == 0)
		rc = poll_for(oom, pcf_tree_fd(oom->tree));
	if (rc == 0)
		return 0;
	pcf_memory_events_close(&oom->counters);
	pcf_tree_leave(oom->tree, &oom->listener);
	pcf_fallback_tree_leave(oom->fallback);
	oom->tree = NULL;
	return rc;
}

static pcf_oom *make(const pcf_event_env *env, const pcf_event_source_ops *ops, uint64_t kinds)
{
	pcf_oom *oom = calloc(1, sizeof *oom);

	if (!oom)
		return NULL;
	oom->base.ops = ops;
	oom->base.serves = kinds & SERVES;
	oom->kmsg.fd = oom->counters.epoll = -1;
	oom->next_due_ns = UINT64_MAX;
	oom->epoll = epoll_create1(EPOLL_CLOEXEC);
	oom->fallback = oom->epoll < 0 ? NULL : pcf_fallback_use(env);
	if (oom->fallback)
		return oom;
	close_source(&oom->base);
	return NULL;
}

static int open_kmsg(pcf_event_source **out, const pcf_event_env *env, uint64_t kinds, pcf_error *err)
{
	pcf_oom *oom = make(env, &pcf_event_kmsg, kinds);
	pcf_error why = {0};

	*out = NULL;
	if (!oom)
		return pcf_error_say(err, -ENOMEM, "/dev/kmsg: out of memory");
	int rc = pcf_kmsg_open(&oom->kmsg, err);
	if (rc == 0)
		rc = poll_for(oom, oom->kmsg.fd);
	if (rc) {
		close_source(&oom->base);
		return rc;
	}
	/* Counters are for kills; of an OOM that killed nobody the log tells by itself. */
	if ((oom->base.serves & PCF_EVENT_BIT(PCF_EVENT_OOM_KILL)) && open_counters(oom, &why))
		snprintf(oom->base.reason, sizeof oom->base.reason, "not checked against counters: %.120s", why.text);
	*out = &oom->base;
	return 0;
}

static int open_memory_events(pcf_event_source **out, const pcf_event_env *env, uint64_t kinds, pcf_error *err)
{
	pcf_oom *oom = make(env, &pcf_event_memory_events, kinds);

	*out = NULL;
	if (!oom)
		return pcf_error_say(err, -ENOMEM, "memory.events: out of memory");
	int rc = open_counters(oom, err);
	if (rc) {
		close_source(&oom->base);
		return rc;
	}
	oom->base.flags[PCF_EVENT_OOM_KILL] = PCF_EVENT_LATE | PCF_EVENT_PARTIAL;
	oom->base.flags[PCF_EVENT_OOM] = PCF_EVENT_LATE | PCF_EVENT_PARTIAL;
	*out = &oom->base;
	return 0;
}

const pcf_event_source_ops pcf_event_kmsg = {
	.source = PCF_EVENT_SOURCE_KMSG,
	.kinds = SERVES,
	.open = open_kmsg,
	.fd = event_fd,
	.timeout_ms = timeout_ms,
	.drain = drain,
	.seen = seen,
	.close = close_source,
};

const pcf_event_source_ops pcf_event_memory_events = {
	.source = PCF_EVENT_SOURCE_MEMORY_EVENTS,
	.kinds = SERVES,
	.open = open_memory_events,
	.fd = event_fd,
	.timeout_ms = timeout_ms,
	.drain = drain,
	.seen = seen,
	.close = close_source,
};
