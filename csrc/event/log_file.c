/* The log's file: made, taken over, attached. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "event/log.h"
#include "ring/atomic.h"

#define VERSION 1

static const char magic[8] = "PCFEVNT\n";

static int is_inside(const pcf_log_ring *ring, uint64_t file_bytes)
{
	uint64_t bytes;

	return ring->capacity > 0 && ring->room > 0 && ring->room <= ring->capacity && ring->offset % 8 == 0 &&
	       !__builtin_mul_overflow(ring->capacity, (uint64_t)sizeof(pcf_event), &bytes) &&
	       ring->offset <= file_bytes && bytes <= file_bytes - ring->offset;
}

static int check(const pcf_log_header *head, uint64_t file_bytes, char *why, size_t size)
{
	why[0] = '\0';
	if (memcmp(head->magic, magic, sizeof magic) != 0)
		snprintf(why, size, "it is no event log");
	else if (head->version != VERSION || head->header_bytes != sizeof *head ||
		 head->record_bytes != sizeof(pcf_event) || head->kinds != PCF_EVENT_KINDS)
		snprintf(why, size, "its layout is version %u, this library reads version %u", head->version, VERSION);
	else if (head->file_bytes > file_bytes || memchr(head->boot_id, 0, sizeof head->boot_id) == NULL)
		snprintf(why, size, "it is cut short");
	for (int kind = 1; kind < PCF_EVENT_KINDS && why[0] == '\0'; kind++)
		if (!is_inside(&head->rings[kind], head->file_bytes))
			snprintf(why, size, "its sizes are damaged");
	return why[0] == '\0' ? 0 : -EINVAL;
}

static void shape_make(pcf_log_header *want, const pcf_log_spec *spec)
{
	uint64_t offset = pcf_page_round(sizeof *want);

	memset(want, 0, sizeof *want);
	memcpy(want->magic, magic, sizeof magic);
	want->version = VERSION;
	want->header_bytes = sizeof *want;
	want->record_bytes = sizeof(pcf_event);
	want->kinds = PCF_EVENT_KINDS;
	pcf_boot_id(want->boot_id);
	want->most_bytes = spec->bytes;
	want->age_ns = spec->age_ns;
	want->created_ns = pcf_now_ns(CLOCK_REALTIME);
	for (int kind = 1; kind < PCF_EVENT_KINDS; kind++) {
		want->rings[kind].capacity = spec->limit[kind];
		want->rings[kind].offset = offset;
		offset = pcf_page_round(offset + spec->limit[kind] * sizeof(pcf_event));
	}
	want->file_bytes = offset;
}

/* Whether the log of an earlier collector can be gone on with. */
static int examine(int fd, const pcf_log_header *want, char *why, size_t size)
{
	pcf_log_header was;
	off_t bytes = lseek(fd, 0, SEEK_END);

	if (pread(fd, &was, sizeof was, 0) != sizeof was) {
		snprintf(why, size, "it is cut short");
		return -EINVAL;
	}
	if (check(&was, (uint64_t)bytes, why, size) < 0)
		return -EINVAL;
	if (strcmp(was.boot_id, want->boot_id) != 0)
		snprintf(why, size, "the machine was booted since");
	else if (was.most_bytes != want->most_bytes)
		snprintf(why, size, "it could take %llu bytes, may take %llu", (unsigned long long)was.most_bytes,
			 (unsigned long long)want->most_bytes);
	for (int kind = 1; kind < PCF_EVENT_KINDS && why[0] == '\0'; kind++)
		if (was.rings[kind].capacity != want->rings[kind].capacity ||
		    was.rings[kind].offset != want->rings[kind].offset)
			snprintf(why, size, "it kept %llu records of %s, shall keep %llu",
				 (unsigned long long)was.rings[kind].capacity, pcf_event_kind_name(kind),
				 (unsigned long long)want->rings[kind].capacity);
	return why[0] == '\0' ? 0 : -EINVAL;
}

static int build(pcf_event_log *log, struct pcf_ring_start *start, pcf_log_header *want, pcf_error *err)
{
	int result = pcf_ring_start_size(start, want->file_bytes, err);
	uint64_t page = pcf_page_round(1);

	if (result < 0)
		return result;
	result = pcf_ring_reserve(start->fresh, 0, pcf_page_round(sizeof *want));
	/* A page for each kind from the beginning: whatever the others take, each can be told of. */
	for (int kind = 1; kind < PCF_EVENT_KINDS && result == 0; kind++) {
		uint64_t records = page / sizeof(pcf_event), capacity = want->rings[kind].capacity;

		want->rings[kind].room = records < capacity ? records : capacity;
		result = pcf_ring_reserve(start->fresh, want->rings[kind].offset, page);
	}
	if (result == 0 && pwrite(start->fresh, want, sizeof *want, 0) != sizeof *want)
		result = -EIO;
	if (result < 0)
		return pcf_error_say(err, result,
				     "%s: cannot reserve memory for events: %s: free some there or use another ring "
				     "directory",
				     start->path, strerror(-result));
	return pcf_ring_start_publish(start, &log->file, err);
}

static int bind_log(pcf_event_log *log, pcf_error *err)
{
	char why[160];
	int result;

	memcpy(&log->shape, log->file.base, sizeof log->shape);
	result = check(&log->shape, log->file.bytes, why, sizeof why);
	if (result < 0)
		return pcf_error_say(err, result, "%s: cannot be trusted: %s", log->file.path, why);
	log->head = log->file.base;
	return 0;
}

static int create(pcf_event_log *log, struct pcf_ring_start *start, pcf_log_header *want, int *taken, char *why,
		  size_t size, pcf_error *err)
{
	int result;

	*taken = PCF_TAKEN_NEW;
	if (start->old >= 0)
		*taken = examine(start->old, want, why, size) == 0 ? PCF_TAKEN_OVER : PCF_TAKEN_REPLACED;
	result = *taken == PCF_TAKEN_OVER ? pcf_ring_start_keep(start, &log->file, err) : build(log, start, want, err);
	pcf_ring_start_abandon(start);
	if (result == 0)
		result = pcf_ring_file_map(&log->file, 1, err);
	return result < 0 ? result : bind_log(log, err);
}

static void begin_writing(pcf_event_log *log, const pcf_log_header *want)
{
	log->share = want->most_bytes / (2 * PCF_EVENT_KINDS);
	for (int kind = 1; kind < PCF_EVENT_KINDS; kind++)
		log->reserved += log->shape.rings[kind].room * sizeof(pcf_event);
	log->head->age_ns = log->shape.age_ns = want->age_ns;
	log->head->writer_start_ns = pcf_now_ns(CLOCK_MONOTONIC);
	pcf_store(&log->head->writer_pid, (uint32_t)getpid());
	pcf_event_log_recover(log);
}

int pcf_event_log_create(pcf_event_log *log, const pcf_log_spec *spec, int *taken, pcf_error *err)
{
	struct pcf_ring_start start;
	pcf_log_header want;
	char why[160] = "";
	int result;

	memset(log, 0, sizeof *log);
	log->file.fd = -1;
	shape_make(&want, spec);
	result = pcf_ring_start_open(&start, spec->dir, PCF_LOG_FILE, offsetof(pcf_log_header, writer_pid), err);
	if (result == 0)
		result = create(log, &start, &want, taken, why, sizeof why, err);
	if (result < 0) {
		pcf_event_log_close(log);
		return result;
	}
	begin_writing(log, &want);
	if (*taken == PCF_TAKEN_REPLACED)
		pcf_error_say(err, 0, "the events of an earlier collector are dropped: %s", why);
	return 0;
}

int pcf_event_log_attach(pcf_event_log *log, const char *dir, pcf_error *err)
{
	int result;

	memset(log, 0, sizeof *log);
	log->file.fd = -1;
	result = pcf_ring_file_attach(&log->file, dir, PCF_LOG_FILE, sizeof(pcf_log_header), err);
	if (result == 0)
		result = bind_log(log, err);
	if (result < 0)
		pcf_event_log_close(log);
	return result;
}

void pcf_event_log_close(pcf_event_log *log)
{
	pcf_ring_file_close(&log->file);
	log->head = NULL;
}
