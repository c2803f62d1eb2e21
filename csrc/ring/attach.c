/* Mapping a ring read-only, from any process. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ring/region.h"

/* The header is copied before it is checked: what is checked cannot change afterwards. */
int pcf_region_bind(pcf_region *region, char *why, size_t size)
{
	uint8_t *base = region->file.base;
	pcf_region_header *shape = &region->shape;
	int result;

	memcpy(shape, base, sizeof *shape);
	result = pcf_region_shape_check(shape, NULL, region->file.bytes, why, size);
	if (result < 0)
		return result;
	region->columns = calloc(shape->column_count + 1, sizeof *region->columns);
	if (region->columns == NULL) {
		snprintf(why, size, "no memory");
		return -ENOMEM;
	}
	memcpy(region->columns, base + shape->columns_offset, shape->column_count * sizeof *region->columns);
	result = pcf_region_shape_check(shape, region->columns, region->file.bytes, why, size);
	region->stride = shape->interval_ns / shape->base_ns;
	region->head = (pcf_region_header *)base;
	region->rows = (pcf_region_row *)(base + shape->rows_offset);
	region->ticks = (pcf_region_tick *)(base + shape->ticks_offset);
	region->cells = base + shape->cells_offset;
	return result;
}

int pcf_region_attach(pcf_region **out, const char *dir, const char *group, pcf_error *err)
{
	pcf_region *region = calloc(1, sizeof *region);
	char name[64], why[160];
	int result;

	*out = NULL;
	if (region == NULL)
		return pcf_error_say(err, -ENOMEM, "%s/%s.ring: no memory", dir, group);
	snprintf(name, sizeof name, "%s.ring", group);
	result = pcf_ring_file_attach(&region->file, dir, name, sizeof(pcf_region_header), err);
	if (result == 0) {
		result = pcf_region_bind(region, why, sizeof why);
		if (result < 0)
			pcf_error_say(err, result, "%s: cannot be trusted: %s", region->file.path, why);
	}
	if (result < 0) {
		pcf_region_close(region);
		return result;
	}
	*out = region;
	return 0;
}

void pcf_region_close(pcf_region *region)
{
	if (region == NULL)
		return;
	if (region->writer != NULL) {
		pcf_budget_give(region->writer->budget, region->writer->memory);
		pcf_row_book_close(&region->writer->book);
		pthread_mutex_destroy(&region->writer->lock);
		free(region->writer);
	}
	pcf_ring_file_close(&region->file);
	free(region->columns);
	free(region);
}

int pcf_region_replaced(const pcf_region *region)
{
	return pcf_ring_file_replaced(&region->file);
}

int pcf_region_is_written(const pcf_region *region)
{
	return region->writer != NULL || pcf_ring_file_is_written(&region->file);
}

const pcf_region_header *pcf_region_head(const pcf_region *region)
{
	return region->head;
}

const pcf_region_column *pcf_region_columns(const pcf_region *region)
{
	return region->columns;
}
