/* The events object from open to close. */
#include "event/events.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "event/load.h"
#include "ring/atomic.h"
#include "schema/error.h"

#define DEFAULT_BYTES     (64ULL << 20)
#define DEFAULT_AGE_NS    (24ULL * 3600 * 1000000000)
#define DEFAULT_LIMIT     100000 /* as cAdvisor's --event_storage_event_limit */
#define DEFAULT_PROCESSES 10000
#define DEFAULT_LINGER_MS 2000
#define LEAST_BYTES       (1ULL << 20)

_Static_assert(sizeof(pcf_event) == 1024, "a record has a fixed size");

void pcf_events_options_default(pcf_events_options *out)
{
	memset(out, 0, sizeof *out);
	out->bytes = DEFAULT_BYTES;
	out->age_ns = DEFAULT_AGE_NS;
	out->linger_ms = DEFAULT_LINGER_MS;
	out->max_containers = 8192;
	for (int kind = 1; kind < PCF_EVENT_KINDS; kind++)
		out->limit[kind] = PCF_EVENT_PROCESSES >> kind & 1 ? DEFAULT_PROCESSES : DEFAULT_LIMIT;
}

static void fill_options(pcf_events_options *to, const pcf_events_options *from)
{
	pcf_events_options_default(to);
	to->dir = from->dir;
	to->host = from->host;
	to->sources = from->sources;
	if (from->bytes)
		to->bytes = from->bytes < LEAST_BYTES ? LEAST_BYTES : from->bytes;
	if (from->age_ns)
		to->age_ns = from->age_ns;
	if (from->max_containers)
		to->max_containers = from->max_containers;
	if (from->linger_ms)
		to->linger_ms = from->linger_ms;
	for (int kind = 1; kind < PCF_EVENT_KINDS; kind++)
		if (from->limit[kind])
			to->limit[kind] = from->limit[kind];
}

static int open_log(pcf_events *events, pcf_error *err)
{
	pcf_log_spec spec = {.dir = events->dir, .bytes = events->options.bytes, .age_ns = events->options.age_ns};
	pcf_error why = {0};
	int taken = PCF_TAKEN_NEW, code;

	memcpy(spec.limit, events->options.limit, sizeof spec.limit);
	code = pcf_event_log_create(&events->log, &spec, &taken, &why);
	if (code < 0) {
		if (err)
			*err = why;
		return code;
	}
	if (taken == PCF_TAKEN_REPLACED)
		pcf_events_note(events, "%s", why.text);
	if (taken == PCF_TAKEN_OVER)
		pcf_events_note(events, "events of an earlier collector go on after number %llu",
				(unsigned long long)events->log.head->latest);
	return 0;
}

static int watch_fd(pcf_events *events, int fd)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

	return epoll_ctl(events->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

static int open_descriptors(pcf_events *events, pcf_error *err)
{
	events->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	events->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	events->news_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (events->epoll_fd < 0 || events->wake_fd < 0 || events->news_fd < 0 || watch_fd(events, events->wake_fd) < 0)
		return pcf_error_say(err, -errno,
				     "cannot open what the events thread waits for: %s; raise the limit of open files",
				     strerror(errno));
	return 0;
}

static int load(pcf_events *events, const pcf_events_options *options, pcf_error *err)
{
	int code;

	fill_options(&events->options, options);
	events->dir = strdup(options->dir && *options->dir ? options->dir : "/dev/shm/pycadvisor-fast");
	if (!events->dir)
		return pcf_error_say(err, -ENOMEM, "no memory for events");
	events->options.dir = events->dir;
	code = open_descriptors(events, err);
	if (code < 0)
		return code;
	pcf_events_look_at_clock(events);
	pcf_hierarchies_find(&events->hierarchies, options->host);
	code = pcf_boxes_new(&events->boxes, &events->hierarchies, events->options.linger_ms * 1000000ULL,
			     pcf_event_tell_box, events);
	if (code < 0)
		return pcf_error_say(err, code, "no memory for events");
	pcf_events_open_sources(events);
	for (int i = 0; i < events->source_count; i++) {
		int fd = events->sources[i]->ops->fd(events->sources[i]);

		if (fd >= 0)
			(void)watch_fd(events, fd);
	}
	return 0;
}

static void destroy(pcf_events *events)
{
	int fds[] = {events->epoll_fd, events->wake_fd, events->news_fd};

	pcf_events_close_sources(events);
	pcf_boxes_free(events->boxes);
	pcf_hierarchies_close(&events->hierarchies);
	pcf_event_log_close(&events->log);
	for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	pthread_mutex_destroy(&events->lock);
	free(events->dir);
	free(events);
}

static pcf_events *new_events(void)
{
	pcf_events *events = calloc(1, sizeof *events);

	if (!events)
		return NULL;
	events->epoll_fd = events->wake_fd = events->news_fd = events->log.file.fd = -1;
	pthread_mutex_init(&events->lock, NULL);
	return events;
}

int pcf_events_load(pcf_events **out, const pcf_events_options *options, pcf_error *err)
{
	pcf_events *events = new_events();
	int code;

	*out = NULL;
	if (!events)
		return pcf_error_say(err, -ENOMEM, "no memory for events");
	code = load(events, options, err);
	if (code < 0) {
		destroy(events);
		return code;
	}
	*out = events;
	return 0;
}

int pcf_events_keep(pcf_events **events, pcf_error *err)
{
	int code = open_log(*events, err);

	if (code < 0)
		pcf_events_abandon(events);
	return code;
}

void pcf_events_abandon(pcf_events **events)
{
	if (*events)
		destroy(*events);
	*events = NULL;
}

int pcf_events_open(pcf_events **out, const pcf_events_options *options, pcf_error *err)
{
	int code = pcf_events_load(out, options, err);

	return code < 0 ? code : pcf_events_keep(out, err);
}

static void wake(pcf_events *events)
{
	uint64_t one = 1;
	ssize_t n = write(events->wake_fd, &one, sizeof one);

	(void)n;
}

int pcf_events_start(pcf_events *events, pcf_error *err)
{
	sigset_t all, before;
	int code = 0;

	pthread_mutex_lock(&events->lock);
	if (!events->is_running) {
		pcf_store(&events->stopping, 0);
		sigfillset(&all);
		pthread_sigmask(SIG_BLOCK, &all, &before); /* signals are the program's */
		code = -pthread_create(&events->thread, NULL, pcf_events_thread, events);
		pthread_sigmask(SIG_SETMASK, &before, NULL);
		events->is_running = code == 0;
	}
	pthread_mutex_unlock(&events->lock);
	return code < 0 ? pcf_error_say(err, code, "cannot start the events thread: %s", strerror(-code)) : 0;
}

void pcf_events_stop(pcf_events *events)
{
	int was_running;

	pthread_mutex_lock(&events->lock);
	was_running = events->is_running;
	events->is_running = 0;
	pthread_mutex_unlock(&events->lock);
	pcf_store(&events->stopping, 1);
	if (was_running) {
		wake(events);
		pthread_join(events->thread, NULL);
		pthread_mutex_lock(&events->lock);
		pcf_events_drain(events);
		pcf_events_publish(events);
		pthread_mutex_unlock(&events->lock);
	}
	pcf_event_log_wake(&events->log);
}

void pcf_events_close(pcf_events *events)
{
	if (!events)
		return;
	if (!events->is_reader)
		pcf_events_stop(events);
	pcf_store(&events->stopping, 1);
	/* Waiters look at stopping when they wake; a reader of another process's log cannot wake them itself. */
	while (pcf_load(&events->inside) > 0) {
		if (!events->is_reader)
			pcf_event_log_wake(&events->log);
		usleep(1000);
	}
	destroy(events);
}

uint64_t pcf_events_want(pcf_events *events, uint64_t kinds)
{
	uint64_t served = 0;

	kinds &= PCF_EVENT_PROCESSES;
	pthread_mutex_lock(&events->lock);
	for (int i = 0; i < events->source_count; i++) {
		pcf_event_source *source = events->sources[i];

		served |= source->serves;
		if (source->ops->want)
			source->ops->want(source, kinds & source->serves);
	}
	for (int kind = 1; kind < PCF_EVENT_KINDS; kind++)
		if (events->services[kind].source && !events->services[kind].from)
			served |= PCF_EVENT_BIT(kind);
	pcf_store(&events->wanted, kinds & served);
	pthread_mutex_unlock(&events->lock);
	wake(events);
	return kinds & served;
}
