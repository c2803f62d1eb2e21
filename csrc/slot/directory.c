/* slots.dir: who the containers are.  Opened for writing by one collector, attached by any process. */
#include "slot/directory.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char magic[8] = "PCFSLOT\n";
static const char file_name[] = "slots.dir";

#define FIRST_RECORD 4096 /* the header has a page to itself */

static int check(const pcf_slots_header *head, uint64_t file_bytes, char *why, size_t size)
{
	uint64_t records;

	why[0] = '\0';
	if (memcmp(head->magic, magic, sizeof magic) != 0)
		snprintf(why, size, "it is no list of containers");
	else if (head->version != PCF_REGION_VERSION || head->header_bytes != sizeof *head ||
		 head->record_bytes != sizeof(pcf_slot_record))
		snprintf(why, size, "its layout is version %u, this library reads version %u", head->version,
			 PCF_REGION_VERSION);
	else if (head->file_bytes > file_bytes)
		snprintf(why, size, "it is cut short");
	else if (head->capacity == 0 || head->records_offset < sizeof *head || head->records_offset % 8 != 0 ||
		 __builtin_mul_overflow((uint64_t)head->capacity, sizeof(pcf_slot_record), &records) ||
		 head->records_offset > head->file_bytes || records > head->file_bytes - head->records_offset ||
		 memchr(head->boot_id, 0, sizeof head->boot_id) == NULL)
		snprintf(why, size, "its sizes are damaged");
	return why[0] == '\0' ? 0 : -EINVAL;
}

int pcf_slots_bind(pcf_slots *slots, char *why, size_t size)
{
	pcf_slots_header shape;
	int result;

	memcpy(&shape, slots->file.base, sizeof shape);
	result = check(&shape, slots->file.bytes, why, size);
	if (result < 0)
		return result;
	slots->capacity = shape.capacity;
	slots->head = slots->file.base;
	slots->records = (pcf_slot_record *)(void *)((char *)slots->file.base + shape.records_offset);
	return 0;
}

int pcf_slots_attach(pcf_slots **out, const char *dir, pcf_error *err)
{
	pcf_slots *slots = calloc(1, sizeof *slots);
	char why[160];
	int result;

	*out = NULL;
	if (slots == NULL)
		return pcf_error_say(err, -ENOMEM, "%s/%s: no memory", dir, file_name);
	result = pcf_ring_file_attach(&slots->file, dir, file_name, sizeof(pcf_slots_header), err);
	if (result == 0) {
		result = pcf_slots_bind(slots, why, sizeof why);
		if (result < 0)
			pcf_error_say(err, result, "%s: cannot be trusted: %s", slots->file.path, why);
	}
	if (result < 0) {
		pcf_slots_close(slots);
		return result;
	}
	*out = slots;
	return 0;
}

void pcf_slots_close(pcf_slots *slots)
{
	if (slots == NULL)
		return;
	if (slots->writer != NULL) {
		pthread_mutex_destroy(&slots->writer->lock);
		free(slots->writer->bucket);
		free(slots->writer->hash_next);
		free(slots->writer->free_next);
		free(slots->writer->claimed);
		free(slots->writer);
	}
	pcf_ring_file_close(&slots->file);
	free(slots);
}

const pcf_slots_header *pcf_slots_head(const pcf_slots *slots)
{
	return slots->head;
}

int pcf_slots_replaced(const pcf_slots *slots)
{
	return pcf_ring_file_replaced(&slots->file);
}

int pcf_slots_is_written(const pcf_slots *slots)
{
	return slots->writer != NULL || pcf_ring_file_is_written(&slots->file);
}

int pcf_slots_read(const pcf_slots *slots, uint32_t slot, pcf_slot_record *out)
{
	int result;

	if (slot >= slots->capacity || slot >= pcf_load(&slots->head->high))
		return -ENOENT;
	result = pcf_record_copy(out, &slots->records[slot], sizeof *out);
	if (result < 0)
		return result;
	out->runtime[sizeof out->runtime - 1] = out->id[sizeof out->id - 1] = out->name[sizeof out->name - 1] = '\0';
	out->image[sizeof out->image - 1] = out->path[sizeof out->path - 1] = '\0';
	return out->generation == 0 || out->state == PCF_SLOT_FREE ? -ENOENT : 0;
}

int pcf_slots_reserve(pcf_slots *slots, uint32_t count)
{
	uint64_t bytes = pcf_page_round(FIRST_RECORD + (uint64_t)count * sizeof(pcf_slot_record));
	int result;

	if (bytes <= slots->writer->reserved)
		return 0;
	result = pcf_ring_reserve(slots->file.fd, slots->writer->reserved, bytes - slots->writer->reserved);
	if (result == 0)
		slots->writer->reserved = bytes;
	return result;
}

static int examine(int fd, const pcf_slots_header *want, char *why, size_t size)
{
	pcf_slots_header was;
	off_t bytes = lseek(fd, 0, SEEK_END);

	if (pread(fd, &was, sizeof was, 0) != sizeof was) {
		snprintf(why, size, "it is cut short");
		return -EINVAL;
	}
	if (check(&was, (uint64_t)bytes, why, size) < 0)
		return -EINVAL;
	if (strcmp(was.boot_id, want->boot_id) != 0)
		snprintf(why, size, "the machine was booted since");
	else if (was.capacity != want->capacity)
		snprintf(why, size, "capacity was %u containers, is %u", was.capacity, want->capacity);
	else if (was.records_offset != want->records_offset || was.file_bytes != want->file_bytes ||
		 was.high > was.capacity)
		snprintf(why, size, "its records lie elsewhere");
	return why[0] == '\0' ? 0 : -EINVAL;
}

static void shape_make(pcf_slots_header *want, uint32_t capacity)
{
	memset(want, 0, sizeof *want);
	memcpy(want->magic, magic, sizeof magic);
	want->version = PCF_REGION_VERSION;
	want->header_bytes = sizeof *want;
	pcf_boot_id(want->boot_id);
	want->capacity = capacity;
	want->record_bytes = sizeof(pcf_slot_record);
	want->records_offset = FIRST_RECORD;
	want->file_bytes = pcf_page_round(FIRST_RECORD + (uint64_t)capacity * sizeof(pcf_slot_record));
	want->epoch = pcf_now_ns(CLOCK_REALTIME);
}

static int build(pcf_slots *slots, struct pcf_ring_start *start, const pcf_slots_header *want, pcf_error *err)
{
	int result = pcf_ring_start_size(start, want->file_bytes, err);

	if (result < 0)
		return result;
	result = pcf_ring_reserve(start->fresh, 0, FIRST_RECORD);
	if (result == 0 && pwrite(start->fresh, want, sizeof *want, 0) != sizeof *want)
		result = -EIO;
	if (result < 0)
		return pcf_error_say(err, result,
				     "%s: cannot reserve memory: %s: free some there or use another ring directory",
				     start->path, strerror(-result));
	return pcf_ring_start_publish(start, &slots->file, err);
}

static int open_writer(pcf_slots *slots)
{
	struct pcf_slots_writer *writer = calloc(1, sizeof *writer);
	int result;

	slots->writer = writer;
	if (writer == NULL)
		return -ENOMEM;
	pthread_mutex_init(&writer->lock, NULL);
	result = pcf_slots_recover(slots);
	slots->head->writer_start_ns = pcf_now_ns(CLOCK_MONOTONIC);
	pcf_store(&slots->head->writer_pid, (uint32_t)getpid());
	return result;
}

/* The records of an earlier collector, or new ones in their place; mapped and ready. */
static int create(pcf_slots *slots, struct pcf_ring_start *start, const pcf_slots_header *want, int *taken, char *why,
		  size_t size, pcf_error *err)
{
	int result;

	*taken = PCF_TAKEN_NEW;
	if (start->old >= 0)
		*taken = examine(start->old, want, why, size) == 0 ? PCF_TAKEN_OVER : PCF_TAKEN_REPLACED;
	result = *taken == PCF_TAKEN_OVER ? pcf_ring_start_keep(start, &slots->file, err)
					  : build(slots, start, want, err);
	pcf_ring_start_abandon(start);
	if (result == 0)
		result = pcf_ring_file_map(&slots->file, 1, err);
	if (result == 0)
		result = pcf_slots_bind(slots, (char[160]){0}, 160);
	return result < 0 ? result : open_writer(slots);
}

int pcf_slots_create(pcf_slots **out, const char *dir, uint32_t capacity, int *taken, pcf_error *err)
{
	struct pcf_ring_start start;
	char why[160] = "";
	pcf_slots_header want;
	pcf_slots *slots;
	int how = PCF_TAKEN_NEW, result;

	*out = NULL;
	if (err != NULL)
		*err = (pcf_error){0};
	if (capacity == 0 || capacity > 1u << 24)
		return pcf_error_say(err, -EINVAL, "%s: a list of %u containers is none", dir, capacity);
	shape_make(&want, capacity);
	slots = calloc(1, sizeof *slots);
	if (slots == NULL)
		return pcf_error_say(err, -ENOMEM, "%s/%s: no memory", dir, file_name);
	slots->file.fd = -1;
	result = pcf_ring_start_open(&start, dir, file_name, offsetof(pcf_slots_header, writer_pid), err);
	if (result == 0)
		result = create(slots, &start, &want, &how, why, sizeof why, err);
	if (result < 0) {
		if (err != NULL && err->code == 0)
			pcf_error_say(err, result, "%s/%s: cannot be written: %s", dir, file_name, strerror(-result));
		pcf_slots_close(slots);
		return result;
	}
	if (how == PCF_TAKEN_REPLACED)
		pcf_error_say(err, 0, "the list of containers of an earlier collector was replaced: %s", why);
	if (taken != NULL)
		*taken = how;
	*out = slots;
	return 0;
}
