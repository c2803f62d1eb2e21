/* A collector from open to close. */
#include "tick/collector.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "host/shared_btf.h"
#include "host/walk_plan.h"
#include "schema/error.h"

#define DEFAULT_CONTAINERS 8192
#define MOST_CONTAINERS    (1u << 24) /* as pcf_slots_create has it */

static int copy_options(pcf_collector *collector, const pcf_options *options)
{
	collector->options = *options;
	collector->ring_dir =
		strdup(options->ring_dir && *options->ring_dir ? options->ring_dir : "/dev/shm/pycadvisor-fast");
	collector->sysroot = strdup(options->sysroot && strcmp(options->sysroot, "/") != 0 ? options->sysroot : "");
	collector->options.ring_dir = collector->ring_dir;
	collector->options.sysroot = collector->sysroot;
	if (!collector->options.max_containers)
		collector->options.max_containers = DEFAULT_CONTAINERS;
	return collector->ring_dir && collector->sysroot ? 0 : -ENOMEM;
}

static int allocate(pcf_collector *collector)
{
	uint32_t slots = collector->options.max_containers, buckets = 64;

	while (buckets < slots)
		buckets *= 2;
	collector->bucket_mask = buckets - 1;
	collector->tenants = calloc(slots, sizeof *collector->tenants);
	collector->buckets = malloc(buckets * sizeof *collector->buckets);
	collector->vanished = calloc(slots / 64 + 1, sizeof *collector->vanished);
	if (!collector->tenants || !collector->buckets || !collector->vanished)
		return -ENOMEM;
	memset(collector->buckets, 0xff, buckets * sizeof *collector->buckets);
	return 0;
}

static void init_locks(pcf_collector *collector)
{
	pthread_condattr_t attributes;

	pthread_mutex_init(&collector->doing, NULL);
	pthread_mutex_init(&collector->lock, NULL);
	pthread_mutex_init(&collector->done_lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC); /* a step of the wall clock is no time-out */
	pthread_cond_init(&collector->done, &attributes);
	pthread_condattr_destroy(&attributes);
	collector->commands_end = &collector->commands;
}

static int poll_fd(pcf_collector *collector, int fd, int name)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = name};

	return epoll_ctl(collector->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

static int open_descriptors(pcf_collector *collector, pcf_error *err)
{
	collector->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	collector->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	collector->tick_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	collector->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (collector->timer_fd < 0 || collector->wake_fd < 0 || collector->tick_fd < 0 || collector->epoll_fd < 0 ||
	    poll_fd(collector, collector->timer_fd, collector->timer_fd) < 0 ||
	    poll_fd(collector, collector->wake_fd, collector->wake_fd) < 0)
		return pcf_error_say(
			err, -errno,
			"cannot open the tick thread's timer and events: %s; raise the limit of open files",
			strerror(errno));
	return 0;
}

static int open_source(pcf_collector *collector, int (*open)(pcf_source **, const pcf_source_env *, pcf_error *),
		       pcf_error *err)
{
	pcf_source *source = NULL;
	int code = open(&source, &collector->env, err), fd;

	if (code < 0 || !source)
		return code;
	collector->sources[collector->source_count] = source;
	fd = source->ops->event_fd ? source->ops->event_fd(source) : -1;
	if (fd >= 0)
		(void)poll_fd(collector, fd, -2 - collector->source_count);
	collector->source_count++;
	return 0;
}

static int open_sources(pcf_collector *collector, pcf_error *err)
{
	static int (*const opens[])(pcf_source **, const pcf_source_env *, pcf_error *) = {
		pcf_file_source_open,    pcf_net_source_open,   pcf_scheduling_source_open,
		pcf_process_source_open, pcf_tasks_source_open,
	};
	int code = 0;

	_Static_assert(sizeof opens / sizeof opens[0] <= PCF_SOURCES_MAX, "a collector has room for every source");
	for (size_t i = 0; i < sizeof opens / sizeof opens[0] && code == 0; i++)
		code = open_source(collector, opens[i], err);
	return code;
}

/* What this process may not do, and what that takes from the samples or adds to their cost. */
static void note_shortages(pcf_collector *collector)
{
	const pcf_host *host = &collector->host;
	const pcf_plan *plan = &collector->plan;

	if (plan->descriptors == 0 && collector->options.reader != PCF_READER_OPENAT)
		pcf_note(collector, "%s: each file is opened anew in each tick; raise it (LimitNOFILE= of a service)",
			 plan->reader_reason);
	if (!host->is_root)
		pcf_note(collector, "not root: files that are closed to this user are absent%s%s%s%s",
			 host->fanotify.answer == PCF_NO ? ", " : "", host->fanotify.reason,
			 host->setns.answer == PCF_NO ? ", " : "", host->setns.reason);
}

/* Without it everything still comes from files: said, and no reason to fail. */
static void open_walk(pcf_collector *collector)
{
	pcf_plan *plan = &collector->plan;
	pcf_error err = {0};
	int code = pcf_kernel_walk_open(&collector->walk, &collector->host, &collector->options, plan, &err);

	for (int g = 0; g < PCF_GROUP_COUNT; g++) {
		const uint8_t *gives = collector->walk ? pcf_kernel_walk_columns(collector->walk, g) : NULL;

		if (plan->group[g].source != PCF_SOURCE_BPF)
			continue;
		if (gives)
			memcpy(plan->group[g].walked, gives, sizeof plan->group[g].walked);
		else
			pcf_walk_plan_undo(&plan->group[g], code < 0 ? err.text : "the kernel has no such numbers");
	}
	if (code < 0)
		pcf_note(collector, "everything is read from files: %.400s", err.text);
	collector->env.walk = collector->walk;
}

static int make_plan(pcf_collector *collector, pcf_error *err)
{
	int code = pcf_plan_make(&collector->host, &collector->options, &collector->plan, err);

	if (code == 0)
		open_walk(collector);
	if (code == 0)
		code = pcf_plan_measure(&collector->host, &collector->options, &collector->plan, err);
	for (int g = 0; g < PCF_GROUP_COUNT && code == 0; g++) {
		collector->stride[g] = collector->plan.group[g].interval_ns / collector->plan.base_ns;
		collector->self_rows[g] = PCF_NO_INDEX;
	}
	collector->descriptors.most = collector->plan.descriptors;
	if (code == 0)
		note_shortages(collector);
	return code;
}

static int build(pcf_collector *collector, const pcf_options *options, pcf_error *err)
{
	pcf_events_opening events;
	int code = copy_options(collector, options);

	if (collector->options.max_containers > MOST_CONTAINERS)
		return pcf_error_say(err, -EINVAL, "room for %u containers is more than a ring has: at most %u",
				     options->max_containers, MOST_CONTAINERS);
	if (code == 0)
		code = allocate(collector);
	if (code < 0)
		return pcf_error_say(err, code, "no memory for a collector of %u containers", options->max_containers);
	collector->env = (pcf_source_env){
		.host = &collector->host,
		.options = &collector->options,
		.plan = &collector->plan,
		.max_slots = collector->options.max_containers,
		.regions = collector->regions,
		.descriptors = &collector->descriptors,
	};
	pcf_feedback_bind(collector);
	code = pcf_host_probe(&collector->host, collector->sysroot, err);
	if (code < 0)
		return code;
	pcf_events_opening_begin(collector, &events);
	code = make_plan(collector, err);
	if (code == 0)
		code = open_descriptors(collector, err);
	if (code == 0)
		code = pcf_ring_dir_open(collector, err);
	if (code == 0)
		code = open_sources(collector, err);
	if (code == 0)
		code = pcf_containers_add_root(collector, err);
	if (code == 0)
		pcf_events_opening_end(collector, &events);
	else
		pcf_events_opening_abandon(&events);
	return code;
}

static void destroy(pcf_collector *collector, int failed)
{
	int fds[] = {collector->timer_fd, collector->wake_fd, collector->epoll_fd, collector->tick_fd};

	for (pcf_command *next, *command = collector->commands; command; command = next) {
		next = command->next;
		pcf_commands_discard(collector, command);
	}
	pcf_events_close(collector->events);
	for (int i = 0; i < collector->source_count; i++)
		collector->sources[i]->ops->close(collector->sources[i]);
	pcf_kernel_walk_close(collector->walk);
	pcf_ring_dir_close(collector, failed);
	for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	for (uint32_t slot = 0; collector->tenants && slot < collector->env.max_slots; slot++)
		free(collector->tenants[slot].path);
	pthread_mutex_destroy(&collector->doing);
	pthread_mutex_destroy(&collector->lock);
	pthread_mutex_destroy(&collector->done_lock);
	pthread_cond_destroy(&collector->done);
	free(collector->tenants);
	free(collector->buckets);
	free(collector->vanished);
	free(collector->ring_dir);
	free(collector->sysroot);
	free(collector);
}

pcf_events *pcf_collector_events(pcf_collector *collector)
{
	return collector->events;
}

int pcf_collector_open(pcf_collector **out, const pcf_options *options, pcf_error *err)
{
	pcf_collector *collector = calloc(1, sizeof *collector);
	int code;

	*out = NULL;
	if (!collector)
		return pcf_error_say(err, -ENOMEM, "no memory for a collector");
	collector->timer_fd = collector->wake_fd = collector->epoll_fd = collector->tick_fd = -1;
	init_locks(collector);
	pcf_shared_btf_begin(); /* probing and the sources ask the same BTF; nobody needs it afterwards */
	code = build(collector, options, err);
	pcf_shared_btf_end();
	if (code < 0) {
		destroy(collector, 1);
		return code;
	}
	*out = collector;
	return 0;
}

/* Signals are the program's; its handlers must not run here. */
static int start_thread(pcf_collector *collector)
{
	sigset_t all, before;
	int code;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	code = pthread_create(&collector->thread, NULL, pcf_tick_thread, collector);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -code;
}

static void start_events(pcf_collector *collector)
{
	pcf_error err = {0};

	if (collector->events && pcf_events_start(collector->events, &err) < 0)
		pcf_note(collector, "no events: %s", err.text);
}

int pcf_collector_start(pcf_collector *collector, pcf_error *err)
{
	int code = 0;

	pthread_mutex_lock(&collector->doing);
	if (!atomic_load(&collector->running)) {
		atomic_store(&collector->stopping, 0);
		atomic_store(&collector->running, 1);
		start_events(collector);
		code = start_thread(collector);
		if (code < 0)
			atomic_store(&collector->running, 0);
	}
	pthread_mutex_unlock(&collector->doing);
	return code < 0 ? pcf_error_say(err, code, "cannot start the tick thread: %s", strerror(-code)) : 0;
}

int pcf_collector_stop(pcf_collector *collector)
{
	pthread_mutex_lock(&collector->doing);
	if (atomic_load(&collector->running)) {
		atomic_store(&collector->stopping, 1);
		pcf_collector_wake(collector);
		pthread_join(collector->thread, NULL);
		if (collector->events)
			pcf_events_stop(collector->events);
		pthread_mutex_lock(&collector->done_lock);
		atomic_store(&collector->running, 0);
		pthread_cond_broadcast(&collector->done);
		pthread_mutex_unlock(&collector->done_lock);
		pcf_commands_do(collector);
		for (int g = 0; g < PCF_GROUP_COUNT; g++)
			collector->state[g].skipped_from = 0; /* a pause that was asked for is no skipping */
	}
	pthread_mutex_unlock(&collector->doing);
	return 0;
}

void pcf_collector_close(pcf_collector *collector)
{
	if (!collector)
		return;
	pcf_collector_stop(collector);
	pcf_collector_await_empty(collector);
	destroy(collector, 0);
}
