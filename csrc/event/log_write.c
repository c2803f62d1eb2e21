/* Writing into the log: one thread at a time. */
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "event/log.h"
#include "ring/atomic.h"

#define GROW_LEAST 16 /* records */
#define GROW_MOST  4096

/* What the others are still owed. */
static uint64_t owed(const pcf_event_log *log, int except)
{
	uint64_t bytes = 0;

	for (int kind = 1; kind < PCF_EVENT_KINDS; kind++) {
		uint64_t has = log->shape.rings[kind].room * sizeof(pcf_event);
		uint64_t most = log->shape.rings[kind].capacity * sizeof(pcf_event);
		uint64_t share = log->share < most ? log->share : most;

		if (kind != except && has < share)
			bytes += share - has;
	}
	return bytes;
}

/* More records for a ring that was not overwritten yet; -ENOSPC: it goes round in what it has from now on. */
int pcf_event_log_grow(pcf_event_log *log, int kind)
{
	pcf_log_ring *ring = &log->shape.rings[kind];
	uint64_t most = log->shape.most_bytes, more = ring->room, bytes, left = owed(log, kind);
	int code;

	more = more < GROW_LEAST ? GROW_LEAST : more > GROW_MOST ? GROW_MOST : more;
	if (more > ring->capacity - ring->room)
		more = ring->capacity - ring->room;
	left = log->reserved + left < most ? most - log->reserved - left : 0;
	if (more > left / sizeof(pcf_event))
		more = left / sizeof(pcf_event);
	if (more == 0)
		return -ENOSPC;
	bytes = more * sizeof(pcf_event);
	code = pcf_ring_reserve(log->file.fd, ring->offset + ring->room * sizeof(pcf_event), bytes);
	if (code < 0)
		return code;
	log->reserved += bytes;
	ring->room += more;
	pcf_store(&log->head->rings[kind].room, ring->room);
	return 0;
}

/* seq 0 while the rest changes: a reader that finds another seq afterwards has read two records mixed. */
static void store(pcf_event *to, const pcf_event *from)
{
	pcf_store_plain(&to->seq, 0);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	pcf_words_write((char *)to + 8, (const char *)from + 8, sizeof *from - 8);
	pcf_store(&to->seq, from->seq);
}

uint64_t pcf_event_log_write(pcf_event_log *log, pcf_event *event)
{
	int kind = event->kind;
	pcf_log_ring *ring = &log->shape.rings[kind];
	pcf_log_header *head = log->head;
	uint64_t number = ring->written;

	if (number == ring->room)
		(void)pcf_event_log_grow(log, kind);
	event->seq = head->latest + 1;
	event->nth = (uint32_t)(number + 1);
	event->logged_ns = pcf_now_ns(CLOCK_MONOTONIC);
	store(pcf_event_log_record(log, kind, number, ring->room), event);
	ring->written = number + 1;
	pcf_store(&head->rings[kind].written, ring->written);
	pcf_store(&head->latest, event->seq);
	return event->seq;
}

void pcf_event_log_wake(pcf_event_log *log)
{
	__atomic_fetch_add(&log->head->wake, 1, __ATOMIC_ACQ_REL);
	(void)syscall(SYS_futex, &log->head->wake, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

int pcf_event_log_amend(pcf_event_log *log, uint64_t seq, int kind, int runtime_code)
{
	const pcf_log_ring *ring = &log->shape.rings[kind];
	uint64_t oldest = ring->written > ring->room ? ring->written - ring->room : 0;

	for (uint64_t number = ring->written; number > oldest; number--) {
		pcf_event *at = pcf_event_log_record(log, kind, number - 1, ring->room), event;

		if (at->seq != seq)
			continue;
		event = *at;
		event.of.container.runtime_code = runtime_code;
		event.flags |= PCF_EVENT_AMENDED;
		store(at, &event);
		return 0;
	}
	return -ENOENT;
}

/* A writer may have been killed between a record and the words that count it. */
void pcf_event_log_recover(pcf_event_log *log)
{
	uint64_t latest = log->head->latest;

	for (int kind = 1; kind < PCF_EVENT_KINDS; kind++) {
		pcf_log_ring *ring = &log->shape.rings[kind];
		const pcf_event *next;

		if (ring->written == ring->room && ring->room < ring->capacity)
			continue; /* that one would lie in memory that is not there yet */
		next = pcf_event_log_record(log, kind, ring->written, ring->room);
		if (next->seq <= log->head->latest || next->kind != kind)
			continue;
		if (next->seq > latest)
			latest = next->seq;
		ring->written++;
		pcf_store(&log->head->rings[kind].written, ring->written);
	}
	pcf_store(&log->head->latest, latest);
}
