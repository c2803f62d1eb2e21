/* Reading the log, in any process, while it is written: look at a record's seq, copy, look again. */
#include <errno.h>
#include <linux/futex.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "event/log.h"
#include "ring/atomic.h"

typedef struct {
	uint64_t room;
	uint64_t first, end; /* numbers first .. end - 1 are still to be looked at */
	uint64_t seq;        /* of the next of them, 0: none */
} cursor;

typedef struct {
	const pcf_event_log *log;
	const pcf_events_query *query;
	uint64_t before, from_ns; /* effective bounds */
	cursor cursors[PCF_EVENT_KINDS];
} reading;

static uint64_t seq_at(const reading *in, int kind, uint64_t number)
{
	return pcf_load(&pcf_event_log_record(in->log, kind, number, in->cursors[kind].room)->seq);
}

static uint64_t oldest(const reading *in, int kind)
{
	uint64_t written = pcf_load(&in->log->head->rings[kind].written), room = in->cursors[kind].room;

	return written > room ? written - room : 0;
}

/* The first number whose seq is beyond the bound. What is overwritten meanwhile looks newer and is found out later. */
static uint64_t first_beyond(const reading *in, int kind, uint64_t low, uint64_t high, uint64_t bound)
{
	while (low < high) {
		uint64_t middle = low + (high - low) / 2, seq = seq_at(in, kind, middle);

		if (seq != 0 && seq <= bound)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Its seq, of the record that is next in the query's order; skips those that are being overwritten. */
static void advance(reading *in, int kind)
{
	cursor *at = &in->cursors[kind];

	at->seq = 0;
	while (at->first < at->end && at->seq == 0) {
		uint64_t low = oldest(in, kind), number;

		if (at->first < low)
			at->first = low;
		if (at->first >= at->end)
			break;
		number = in->query->is_newest_first ? at->end - 1 : at->first;
		at->seq = seq_at(in, kind, number);
		if (at->seq <= in->query->after_seq || at->seq >= in->before)
			at->seq = 0;
		if (at->seq == 0 && in->query->is_newest_first)
			at->end--;
		else if (at->seq == 0)
			at->first++;
	}
}

static void begin(reading *in, int kind)
{
	const pcf_log_ring *shape = &in->log->shape.rings[kind];
	pcf_log_ring *ring = &in->log->head->rings[kind];
	cursor *at = &in->cursors[kind];

	at->end = pcf_load(&ring->written);
	at->room = pcf_load(&ring->room);
	if (at->room == 0 || at->room > shape->capacity)
		at->room = shape->capacity; /* a damaged file stays inside its own bounds */
	at->first = at->end > at->room ? at->end - at->room : 0;
	at->first = first_beyond(in, kind, at->first, at->end, in->query->after_seq);
	if (in->query->is_newest_first && in->query->before_seq)
		at->end = first_beyond(in, kind, at->first, at->end, in->before - 1);
	advance(in, kind);
}

static int pick(const reading *in)
{
	int best = 0;

	for (int kind = 1; kind < PCF_EVENT_KINDS; kind++) {
		uint64_t seq = in->cursors[kind].seq;

		if (seq && (!best || (seq < in->cursors[best].seq) != (in->query->is_newest_first != 0)))
			best = kind;
	}
	return best;
}

static int is_path(const pcf_events_query *query, const pcf_event *event)
{
	size_t len = strlen(query->path);

	if (query->is_subtree && len > 0 && query->path[len - 1] == '/')
		len--; /* "/": all of them */
	if (strncmp(event->path, query->path, len) != 0)
		return 0;
	return event->path[len] == '\0' || (query->is_subtree && event->path[len] == '/');
}

static int is_asked_for(const reading *in, const pcf_event *event)
{
	const pcf_events_query *query = in->query;

	if (event->realtime_ns < in->from_ns || (query->to_ns && event->realtime_ns > query->to_ns))
		return 0;
	if (query->handle && event->handle != query->handle)
		return 0;
	return !query->path || is_path(query, event);
}

static void end_strings(pcf_event *event)
{
	event->runtime[sizeof event->runtime - 1] = event->id[sizeof event->id - 1] = '\0';
	event->name[sizeof event->name - 1] = event->path[sizeof event->path - 1] = '\0';
}

/* 1: copied whole and asked for. */
static int take(reading *in, int kind, pcf_event *out)
{
	cursor *at = &in->cursors[kind];
	uint64_t number = in->query->is_newest_first ? --at->end : at->first++, seq = at->seq;
	const pcf_event *from = pcf_event_log_record(in->log, kind, number, at->room);

	pcf_words_read(out, from, sizeof *out);
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	/* An amended record has the same seq at both ends of a change, and zero in between. */
	if (pcf_load_plain(&from->seq) != seq || out->seq != seq || out->kind != kind)
		return 0;
	end_strings(out);
	return is_asked_for(in, out);
}

/* Events that are too old count as gone, whether or not something newer took their place. */
static uint64_t youngest_allowed(const pcf_event_log *log, const pcf_events_query *query)
{
	uint64_t now = pcf_now_ns(CLOCK_REALTIME), age = log->head->age_ns, from = age && age < now ? now - age : 0;

	return from > query->from_ns ? from : query->from_ns;
}

int64_t pcf_event_log_read(const pcf_event_log *log, const pcf_events_query *query, pcf_event *out, uint32_t max)
{
	/* Newest first of all: what is complete up to there is found in every ring. */
	uint64_t end = pcf_load(&log->head->latest) + 1;
	reading in = {.log = log, .query = query, .from_ns = youngest_allowed(log, query)};
	uint32_t count = 0;

	in.before = query->before_seq && query->before_seq < end ? query->before_seq : end;
	for (int kind = 1; kind < PCF_EVENT_KINDS; kind++)
		if (!query->kinds || (query->kinds >> kind & 1))
			begin(&in, kind);
	while (count < max) {
		int kind = pick(&in);

		if (!kind)
			break;
		count += (uint32_t)take(&in, kind, &out[count]);
		advance(&in, kind);
	}
	return count;
}

static struct timespec deadline(int timeout_ms)
{
	uint64_t at = pcf_now_ns(CLOCK_MONOTONIC) + (uint64_t)timeout_ms * 1000000;

	return (struct timespec){.tv_sec = (time_t)(at / 1000000000), .tv_nsec = (long)(at % 1000000000)};
}

int pcf_event_log_wait(const pcf_event_log *log, uint64_t after, int timeout_ms, const int *stop, uint64_t *latest)
{
	struct timespec until = deadline(timeout_ms < 0 ? 0 : timeout_ms);
	int code = 0;

	for (;;) {
		uint32_t word = pcf_load(&log->head->wake);
		uint64_t newest = pcf_load(&log->head->latest);

		if (latest)
			*latest = newest;
		if (newest > after)
			return 0;
		if (stop && pcf_load(stop))
			return -ESHUTDOWN;
		if (code == -ETIMEDOUT)
			return code;
		/* Shared, not private: the writer may be another process; the page may be mapped read only. */
		if (syscall(SYS_futex, &log->head->wake, FUTEX_WAIT_BITSET, word, timeout_ms < 0 ? NULL : &until, NULL,
			    FUTEX_BITSET_MATCH_ANY) < 0 &&
		    errno == ETIMEDOUT)
			code = -ETIMEDOUT;
	}
}
