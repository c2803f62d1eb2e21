/* Opening a ring for writing: the history of an earlier collector goes on, or a new file takes its place. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ring/region.h"

/* Slot numbers mean something only together with the slots.dir they were given out by. */
static uint64_t slots_epoch(const char *dir)
{
	pcf_slots *slots;
	uint64_t epoch = 0;

	if (pcf_slots_attach(&slots, dir, NULL) == 0) {
		epoch = pcf_slots_head(slots)->epoch;
		pcf_slots_close(slots);
	}
	return epoch;
}

/* Rows whose container the list does not know (a kill between the two files) have no tenant. */
static void release_strangers(pcf_region *region, const char *dir)
{
	pcf_slot_record record;
	pcf_slots *slots;

	if (pcf_slots_attach(&slots, dir, NULL) < 0)
		return;
	for (uint32_t row = 0; row < region->head->row_high; row++) {
		const pcf_region_row *entry = &region->rows[row];

		if (entry->generation == 0 || entry->gone_tick != 0)
			continue;
		if (pcf_slots_read(slots, entry->slot, &record) < 0 || record.generation != entry->generation ||
		    record.state != PCF_SLOT_LIVE)
			pcf_region_row_release(region, row, region->head->latest_tick);
	}
	pcf_slots_close(slots);
}

static void plan_runs(pcf_region *region)
{
	struct pcf_region_writer *writer = region->writer;

	for (uint32_t i = 0; i < region->shape.column_count; i++) {
		const pcf_region_column *column = &region->columns[i];
		struct pcf_cell_run *run = &writer->run[writer->runs > 0 ? writer->runs - 1 : 0];

		writer->source[i] = column->index;
		if (writer->runs == 0 || run->cell != column->cell) {
			run = &writer->run[writer->runs++];
			*run = (struct pcf_cell_run){.cell = column->cell, .offset = column->offset, .from = (int)i};
		}
		run->count++;
	}
}

/* Rows of a tick that was being written when its collector was killed: should the same tick be written again,
 * they must not look sampled. */
static void forget_unfinished(pcf_region *region)
{
	for (uint32_t i = 0; i < region->shape.ring_len; i++) {
		pcf_region_tick *entry = &region->ticks[i];

		if ((entry->state & 1) == 0)
			continue;
		for (uint32_t row = 0; row < region->head->row_high; row++)
			pcf_store_plain((uint32_t *)(void *)(region->cells + i * region->shape.tick_bytes +
							     (uint64_t)row * region->shape.row_bytes),
					0);
		pcf_store(&entry->state, 0);
	}
}

static int open_writer(pcf_region *region, char *why, size_t size)
{
	struct pcf_region_writer *writer = calloc(1, sizeof *writer);
	int result;

	region->writer = writer;
	if (writer == NULL)
		return -ENOMEM;
	pthread_mutex_init(&writer->lock, NULL);
	if (pcf_row_book_open(&writer->book, region->shape.row_capacity) < 0)
		return -ENOMEM;
	writer->memory = region->shape.rows_offset + region->shape.cells_offset - region->shape.ticks_offset;
	plan_runs(region);
	if (region->head->row_high > region->shape.row_capacity) {
		snprintf(why, size, "its rows are damaged");
		return -EINVAL;
	}
	writer->newest = region->head->latest_tick;
	result = pcf_region_reserve_rows(region, region->head->row_high);
	if (result == 0)
		result = pcf_region_rows_recover(region);
	if (result == 0)
		forget_unfinished(region);
	region->head->writer_start_ns = pcf_now_ns(CLOCK_MONOTONIC);
	pcf_store(&region->head->writer_pid, (uint32_t)getpid());
	return result;
}

/* 0, or why the file that is there cannot be gone on with. */
static int examine(int fd, const pcf_region_header *want, char *why, size_t size)
{
	pcf_region_header was;
	off_t bytes = lseek(fd, 0, SEEK_END);

	if (pread(fd, &was, sizeof was, 0) != sizeof was) {
		snprintf(why, size, "it is cut short");
		return -EINVAL;
	}
	if (pcf_region_shape_check(&was, NULL, (uint64_t)bytes, why, size) < 0)
		return -EINVAL;
	pcf_region_shape_difference(&was, want, why, size);
	return why[0] == '\0' ? 0 : -EINVAL;
}

static int take_over(pcf_region *region, struct pcf_ring_start *start, char *why, size_t size, pcf_error *err)
{
	int result = pcf_ring_start_keep(start, &region->file, err);

	if (result == 0)
		result = pcf_region_reserve_head(region->file.fd, &region->shape);
	if (result == 0)
		result = pcf_ring_file_map(&region->file, 1, err);
	if (result == 0)
		result = pcf_region_bind(region, why, size);
	return result;
}

static int build(pcf_region *region, struct pcf_ring_start *start, const pcf_region_header *want,
		 const pcf_region_column *columns, pcf_error *err)
{
	size_t column_bytes = want->column_count * sizeof *columns;
	int result = pcf_ring_start_size(start, want->file_bytes, err);

	if (result < 0)
		return result;
	result = pcf_region_reserve_head(start->fresh, want);
	if (result == 0 &&
	    (pwrite(start->fresh, want, sizeof *want, 0) != sizeof *want ||
	     pwrite(start->fresh, columns, column_bytes, (off_t)want->columns_offset) != (ssize_t)column_bytes))
		result = -EIO;
	if (result < 0)
		return pcf_error_say(
			err, result, "%s: cannot reserve %llu bytes: %s: free some memory there or shorten the history",
			start->path, (unsigned long long)(want->rows_offset + want->cells_offset - want->ticks_offset),
			strerror(-result));
	result = pcf_ring_start_publish(start, &region->file, err);
	return result < 0 ? result : pcf_ring_file_map(&region->file, 1, err);
}

static int create(pcf_region *region, struct pcf_ring_start *start, const pcf_region_header *want,
		  const pcf_region_column *columns, int *taken, char *why, size_t size, pcf_error *err)
{
	int result;

	*taken = PCF_TAKEN_NEW;
	region->shape = *want;
	if (start->old >= 0)
		*taken = examine(start->old, want, why, size) == 0 ? PCF_TAKEN_OVER : PCF_TAKEN_REPLACED;
	if (*taken == PCF_TAKEN_OVER)
		return take_over(region, start, why, size, err);
	result = build(region, start, want, columns, err);
	return result < 0 ? result : pcf_region_bind(region, (char[160]){0}, 160);
}

int pcf_region_create(pcf_region **out, const pcf_region_spec *spec, int *taken, pcf_error *err)
{
	pcf_region_column columns[PCF_MAX_GROUP_COLUMNS];
	pcf_region_header want;
	struct pcf_ring_start start;
	char name[64], why[160] = "";
	pcf_region *region;
	int how = PCF_TAKEN_NEW, result;

	*out = NULL;
	if (err != NULL)
		*err = (pcf_error){0};
	result = pcf_region_shape_make(spec, &want, columns, err);
	if (result < 0)
		return result;
	want.slots_epoch = slots_epoch(spec->dir);
	snprintf(name, sizeof name, "%s.ring", want.group);
	region = calloc(1, sizeof *region);
	if (region == NULL)
		return pcf_error_say(err, -ENOMEM, "%s/%s: no memory", spec->dir, name);
	region->file.fd = -1;
	result = pcf_ring_start_open(&start, spec->dir, name, offsetof(pcf_region_header, writer_pid), err);
	if (result == 0) {
		result = create(region, &start, &want, columns, &how, why, sizeof why, err);
		pcf_ring_start_abandon(&start);
	}
	if (result == 0)
		result = open_writer(region, why, sizeof why);
	if (result == 0 && how == PCF_TAKEN_OVER && want.slots_epoch != 0)
		release_strangers(region, spec->dir);
	if (result < 0) {
		if (err != NULL && err->code == 0)
			pcf_error_say(err, result, "%s/%s: cannot be written: %s", spec->dir, name,
				      why[0] != '\0' ? why : strerror(-result));
		pcf_region_close(region);
		return result;
	}
	if (how == PCF_TAKEN_REPLACED)
		pcf_error_say(err, 0, "%s: the ring of an earlier collector was replaced: %s", want.group, why);
	if (taken != NULL)
		*taken = how;
	*out = region;
	return 0;
}
