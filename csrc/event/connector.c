/* The netlink process connector: every fork, exec and exit of the host (drivers/connector/cn_proc.c). It tells no cgroup:
 * that is looked up in /proc while the process lives and kept for when it does not (processes.c). */
#include <errno.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "event/connector_socket.h"
#include "event/fallback.h"
#include "parse/proc_event.h"
#include "schema/clock.h"
#include "schema/error.h"

#define SERVES        (PCF_EVENT_BIT(PCF_EVENT_FORK) | PCF_EVENT_BIT(PCF_EVENT_EXEC) | PCF_EVENT_BIT(PCF_EVENT_EXIT))
/* Waking up costs 12 us an event, looking every 100 ms a tenth of that (measured), but by then a process of a few
 * milliseconds is gone and its cgroup only inferred: wake up while events are few. */
#define BUSY_MS       100
#define BUSY_MESSAGES 60
/* Who was moved and runs no other program is not told of: whoever forks is asked where it is now so often at most. */
#define PARENT_NS     UINT64_C(100000000)

struct connector {
	pcf_event_source base;
	pcf_fallback *fallback;
	int socket, epoll;
	bool is_busy;
	uint64_t wanted, seen[PCF_EVENT_KINDS];
	uint64_t window_ns, window_messages;
	uint32_t drops; /* of the socket, as told already */
};

/* ---- what is told ---- */

static void tell(struct connector *connector, pcf_event *event, const pcf_process *process)
{
	if (process && process->is_inherited)
		event->flags |= PCF_EVENT_GUESSED;
	pcf_event_place(event, process && process->place ? process->place->path : NULL);
	pcf_event_tell(connector->fallback->env.events, event);
}

static void count(struct connector *connector, const pcf_process *process, int kind, bool is_new, uint32_t status)
{
	if (process && process->place && connector->fallback->tree)
		pcf_tree_count(connector->fallback->tree, process->place->path, kind, process->tgid, process->comm,
			       is_new, (int)status);
}

static bool is_wanted(const struct connector *connector, int kind)
{
	return (connector->wanted & connector->base.serves & PCF_EVENT_BIT(kind)) != 0;
}

static void on_fork(struct connector *connector, const pcf_proc_event *told)
{
	pcf_processes *all = &connector->fallback->processes;
	pcf_process *child = pcf_processes_put(all, told->tgid), *parent = pcf_processes_find(all, told->parent);
	pcf_event event;

	if (parent && pcf_now_ns(CLOCK_MONOTONIC) - parent->looked_ns > PARENT_NS)
		pcf_fallback_update(connector->fallback, parent);
	if (child) {
		child->born_ns = told->time_ns;
		child->is_inherited = true;
		if (parent) {
			pcf_process_share(child, parent->place);
			memcpy(child->comm, parent->comm, sizeof child->comm);
		}
		if (!child->place)
			pcf_fallback_update(connector->fallback, child);
	}
	count(connector, child, PCF_EVENT_FORK, false, 0);
	if (!is_wanted(connector, PCF_EVENT_FORK))
		return;
	pcf_event_blank(&event, PCF_EVENT_FORK, PCF_EVENT_SOURCE_CONNECTOR, told->time_ns);
	event.of.process.pid = told->tgid;
	event.of.process.parent_pid = told->parent;
	event.of.process.threads = 1;
	if (child)
		memcpy(event.of.process.comm, child->comm, sizeof child->comm);
	tell(connector, &event, child);
}

/* The kernel's name of the file that runs, not what exec was called with. Empty when the process is gone. */
static void take_filename(uint32_t tgid, pcf_event *event)
{
	char link[64], *name = event->of.process.filename;

	snprintf(link, sizeof link, "/proc/%u/exe", tgid);
	ssize_t len = readlink(link, name, sizeof event->of.process.filename - 1);
	name[len < 0 ? 0 : len] = '\0';
	if (len <= 0)
		event->flags |= PCF_EVENT_PARTIAL;
}

static void on_exec(struct connector *connector, const pcf_proc_event *told)
{
	pcf_fallback *fallback = connector->fallback;
	pcf_process *process = pcf_processes_find(&fallback->processes, told->tgid);
	char comm[32];
	pcf_event event;

	if (!process)
		process = pcf_processes_put(&fallback->processes, told->tgid);
	if (!process)
		return;
	uint32_t moves = process->moves;
	pcf_fallback_update(fallback, process);
	bool is_new = process->moves != moves;
	long len = pcf_fallback_proc(fallback, told->tgid, "comm", comm, sizeof comm);
	snprintf(process->comm, sizeof process->comm, "%.*s", len > 0 ? (int)strcspn(comm, "\n") : 0, comm);
	count(connector, process, PCF_EVENT_EXEC, is_new, 0);
	if (is_new && process->place && fallback->tree)
		pcf_tree_touch(fallback->tree, process->place->path);
	if (!is_wanted(connector, PCF_EVENT_EXEC))
		return;
	pcf_event_blank(&event, PCF_EVENT_EXEC, PCF_EVENT_SOURCE_CONNECTOR, told->time_ns);
	event.of.process.pid = told->tgid;
	memcpy(event.of.process.comm, process->comm, sizeof process->comm);
	take_filename(told->tgid, &event);
	tell(connector, &event, process);
}

/* As wait(2) decodes it. */
static void take_status(pcf_event_process *process, uint32_t status)
{
	process->signal = (int32_t)(status & 0x7f);
	process->is_core_dumped = (status & 0x80) != 0;
	process->exit_code = process->signal ? PCF_EVENT_NO_CODE : (int32_t)(status >> 8 & 0xff);
}

static void on_exit_of(struct connector *connector, const pcf_proc_event *told)
{
	pcf_fallback *fallback = connector->fallback;
	pcf_process *process = pcf_processes_find(&fallback->processes, told->tgid);
	pcf_event event;

	if (!process)
		process = pcf_processes_put(&fallback->processes, told->tgid);
	if (process && (!process->place || process->is_inherited))
		pcf_fallback_update(fallback, process); /* cgroup2 still tells of a process that waits to be reaped */
	count(connector, process, PCF_EVENT_EXIT, false, told->wait_status);
	if (is_wanted(connector, PCF_EVENT_EXIT)) {
		pcf_event_blank(&event, PCF_EVENT_EXIT, PCF_EVENT_SOURCE_CONNECTOR, told->time_ns);
		event.of.process.pid = told->tgid;
		event.of.process.parent_pid = told->parent;
		take_status(&event.of.process, told->wait_status);
		if (process && process->born_ns)
			event.of.process.run_ns = told->time_ns - process->born_ns;
		if (process)
			memcpy(event.of.process.comm, process->comm, sizeof process->comm);
		tell(connector, &event, process);
	}
	if (process && fallback->tree && process->place)
		pcf_tree_touch(fallback->tree, process->place->path);
	if (process)
		pcf_processes_end(&fallback->processes, process);
}

static void take(struct connector *connector, const pcf_proc_event *told)
{
	pcf_process *process;

	if (told->pid != told->tgid)
		return; /* a thread */
	switch (told->kind) {
	case PCF_PROC_FORK:
		connector->seen[PCF_EVENT_FORK]++;
		on_fork(connector, told);
		break;
	case PCF_PROC_EXEC:
		connector->seen[PCF_EVENT_EXEC]++;
		on_exec(connector, told);
		break;
	case PCF_PROC_EXIT:
		connector->seen[PCF_EVENT_EXIT]++;
		on_exit_of(connector, told);
		break;
	case PCF_PROC_COMM:
		process = pcf_processes_find(&connector->fallback->processes, told->tgid);
		if (process)
			memcpy(process->comm, told->comm, sizeof process->comm);
		break;
	default:
		break;
	}
}

/* ---- what did not come ---- */

/* Processes whose end was among what was lost. */
static void sweep(pcf_fallback *fallback)
{
	for (uint32_t i = 0; i < fallback->processes.used; i++) {
		pcf_process *process = &fallback->processes.entries[i];
		if (process->tgid && !process->has_ended && kill((pid_t)process->tgid, 0) && errno == ESRCH)
			pcf_processes_end(&fallback->processes, process);
	}
}

/* The socket counts the messages it had no room for, not their kinds: a spawn makes one of each. */
static void account_drops(struct connector *connector)
{
	static const int kinds[] = {PCF_EVENT_FORK, PCF_EVENT_EXEC, PCF_EVENT_EXIT};
	uint32_t info[SK_MEMINFO_VARS] = {0};
	socklen_t size = sizeof info;

	if (getsockopt(connector->socket, SOL_SOCKET, SO_MEMINFO, info, &size) ||
	    info[SK_MEMINFO_DROPS] == connector->drops)
		return;
	uint32_t lost = info[SK_MEMINFO_DROPS] - connector->drops;
	connector->drops = info[SK_MEMINFO_DROPS];
	for (int i = 0; i < 3; i++)
		if ((lost + (uint32_t)i) / 3)
			pcf_event_lose(connector->fallback->env.events, kinds[i], PCF_EVENT_SOURCE_CONNECTOR,
				       (lost + (uint32_t)i) / 3);
	sweep(connector->fallback);
}

/* ---- the source ---- */

static void set_busy(struct connector *connector, bool is_busy)
{
	struct epoll_event event = {.events = is_busy ? 0 : EPOLLIN};

	if (connector->is_busy != is_busy && epoll_ctl(connector->epoll, EPOLL_CTL_MOD, connector->socket, &event) == 0)
		connector->is_busy = is_busy;
}

static void watch_pace(struct connector *connector, uint64_t messages)
{
	uint64_t now = pcf_now_ns(CLOCK_MONOTONIC);

	connector->window_messages += messages;
	if (connector->window_messages >= BUSY_MESSAGES)
		set_busy(connector, true);
	if (now - connector->window_ns < BUSY_MS * UINT64_C(1000000))
		return;
	if (connector->window_messages < BUSY_MESSAGES / 2)
		set_busy(connector, false);
	connector->window_ns = now;
	connector->window_messages = 0;
}

static void drain(pcf_event_source *source)
{
	struct connector *connector = (struct connector *)source;
	char buf[8192];
	uint64_t messages = 0;
	bool has_overrun = false;

	for (;;) {
		struct sockaddr_nl from;
		socklen_t from_len = sizeof from;
		ssize_t len =
			recvfrom(connector->socket, buf, sizeof buf, MSG_DONTWAIT, (struct sockaddr *)&from, &from_len);
		if (len < 0 && errno == ENOBUFS)
			has_overrun = true;
		else if (len < 0 && errno != EINTR)
			break;
		if (len < 0 || from.nl_pid != 0)
			continue; /* not from the kernel */
		pcf_proc_event event;
		size_t at = 0;
		while (pcf_proc_event_next(buf, (size_t)len, &at, &event) == 1)
			take(connector, &event);
		messages++;
	}
	if (has_overrun)
		account_drops(connector);
	if (connector->fallback->tree)
		pcf_tree_settle(connector->fallback->tree);
	watch_pace(connector, messages);
}

static int event_fd(pcf_event_source *source)
{
	return ((struct connector *)source)->epoll;
}

static int timeout_ms(pcf_event_source *source)
{
	return ((struct connector *)source)->is_busy ? BUSY_MS : -1;
}

static void want(pcf_event_source *source, uint64_t kinds)
{
	((struct connector *)source)->wanted = kinds;
}

static uint64_t seen(pcf_event_source *source, int kind)
{
	return ((struct connector *)source)->seen[kind];
}

static void close_source(pcf_event_source *source)
{
	struct connector *connector = (struct connector *)source;

	if (connector->socket >= 0) {
		pcf_connector_socket_close(connector->socket);
	}
	if (connector->epoll >= 0)
		close(connector->epoll);
	if (connector->fallback) {
		connector->fallback->is_told_of_processes = false;
		pcf_fallback_leave(connector->fallback);
	}
	free(connector);
}

static int open_parts(struct connector *connector, const pcf_event_env *env, pcf_error *err)
{
	struct epoll_event event = {.events = EPOLLIN};

	connector->socket = pcf_connector_socket_open(err);
	if (connector->socket < 0)
		return connector->socket;
	connector->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (connector->epoll < 0 || epoll_ctl(connector->epoll, EPOLL_CTL_ADD, connector->socket, &event))
		return pcf_error_say(err, -errno, "process connector: epoll: %s", strerror(errno));
	connector->fallback = pcf_fallback_use(env);
	if (!connector->fallback)
		return pcf_error_say(err, -ENOMEM, "process connector: out of memory");
	connector->fallback->is_told_of_processes = true;
	pcf_fallback_seed(connector->fallback);
	return 0;
}

static int open_source(pcf_event_source **out, const pcf_event_env *env, uint64_t kinds, pcf_error *err)
{
	struct connector *connector = calloc(1, sizeof *connector);

	*out = NULL;
	if (!connector)
		return pcf_error_say(err, -ENOMEM, "process connector: out of memory");
	connector->base.ops = &pcf_event_connector;
	connector->base.serves = kinds & SERVES;
	connector->base.flags[PCF_EVENT_FORK] = PCF_EVENT_GUESSED;
	connector->base.flags[PCF_EVENT_EXEC] = 0;
	connector->base.flags[PCF_EVENT_EXIT] = 0;
	connector->socket = connector->epoll = -1;
	int rc = open_parts(connector, env, err);
	if (rc) {
		close_source(&connector->base);
		return rc;
	}
	*out = &connector->base;
	return 0;
}

const pcf_event_source_ops pcf_event_connector = {
	.source = PCF_EVENT_SOURCE_CONNECTOR,
	.kinds = SERVES,
	.open = open_source,
	.fd = event_fd,
	.timeout_ms = timeout_ms,
	.drain = drain,
	.want = want,
	.seen = seen,
	.close = close_source,
};
