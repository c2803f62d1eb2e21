/* The shape of a ring: made from what the plan wants, checked when found in a file, compared with another. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ring/region.h"

static const char magic[8] = "PCFRING\n";

unsigned pcf_cell_bytes(int cell)
{
	switch (cell) {
	case PCF_CELL_U64:
		return 8;
	case PCF_CELL_U32:
	case PCF_CELL_P32:
	case PCF_CELL_K32:
		return 4;
	case PCF_CELL_C16:
		return 2;
	default:
		return 0;
	}
}

static uint64_t hash_bytes(uint64_t hash, const void *data, size_t size)
{
	const uint8_t *at = data;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ at[i]) * 0x100000001b3; /* FNV-1a */
	return hash;
}

/* All that decides where a cell lies and what it means. */
static uint64_t schema_hash(const pcf_region_header *shape, const pcf_region_column *columns)
{
	uint32_t words[] = {PCF_REGION_VERSION, shape->header_bytes, shape->group_number,    shape->key,
			    shape->row_bytes,   shape->column_count, sizeof(pcf_region_row), sizeof(pcf_region_tick)};
	uint64_t hash = hash_bytes(0xcbf29ce484222325, words, sizeof words);

	hash = hash_bytes(hash, shape->group, sizeof shape->group);
	return hash_bytes(hash, columns, shape->column_count * sizeof *columns);
}

/* Widest cells first and each type together: no padding, and a store is a few plain loops. */
static void place_columns(const pcf_region_spec *spec, pcf_region_header *shape, pcf_region_column *columns)
{
	static const int order[] = {PCF_CELL_U64, PCF_CELL_P32, PCF_CELL_K32, PCF_CELL_U32, PCF_CELL_C16};
	const pcf_group_def *group = pcf_group_at(spec->group);
	uint32_t offset = 8, count = 0;

	for (size_t type = 0; type < sizeof order / sizeof order[0]; type++) {
		for (int i = 0; i < group->columns; i++) {
			const pcf_column_def *def = pcf_column_at(group->first + i);
			pcf_region_column *column = &columns[count];

			if (def->cell != order[type] || (spec->present != NULL && !spec->present[i]))
				continue;
			memset(column, 0, sizeof *column);
			snprintf(column->name, sizeof column->name, "%s", def->name);
			column->index = (uint16_t)def->index;
			column->number = (uint16_t)def->number;
			column->offset = (uint16_t)offset;
			column->cell = (uint8_t)def->cell;
			column->kind = (uint8_t)def->kind;
			offset += pcf_cell_bytes(def->cell);
			count++;
		}
	}
	shape->column_count = count;
	shape->row_bytes = (offset + 7) / 8 * 8;
}

static int place_tables(pcf_region_header *shape)
{
	uint64_t rows, ticks, cells;

	shape->columns_offset = sizeof *shape;
	shape->rows_offset = pcf_page_round(shape->columns_offset + shape->column_count * sizeof(pcf_region_column));
	rows = pcf_page_round((uint64_t)shape->row_capacity * sizeof(pcf_region_row));
	shape->ticks_offset = shape->rows_offset + rows;
	ticks = pcf_page_round((uint64_t)shape->ring_len * sizeof(pcf_region_tick));
	shape->cells_offset = shape->ticks_offset + ticks;
	shape->tick_bytes = pcf_page_round((uint64_t)shape->row_capacity * shape->row_bytes);
	if (__builtin_mul_overflow(shape->tick_bytes, shape->ring_len, &cells) ||
	    cells > INT64_MAX - shape->cells_offset)
		return -EOVERFLOW;
	shape->file_bytes = shape->cells_offset + cells;
	return 0;
}

int pcf_region_shape_make(const pcf_region_spec *spec, pcf_region_header *shape, pcf_region_column *columns,
			  pcf_error *err)
{
	const pcf_group_def *group = pcf_group_at(spec->group);

	memset(shape, 0, sizeof *shape);
	if (group == NULL || group->columns > PCF_MAX_GROUP_COLUMNS)
		return pcf_error_say(err, -EINVAL, "there is no group number %d", spec->group);
	if (spec->base_ns == 0 || spec->interval_ns == 0 || spec->interval_ns % spec->base_ns != 0)
		return pcf_error_say(err, -EINVAL,
				     "%s: an interval of %" PRIu64 " ns is no multiple of the base interval of %" PRIu64
				     " ns",
				     group->name, spec->interval_ns, spec->base_ns);
	if (spec->ring_len == 0 || spec->row_capacity == 0 || spec->row_capacity == PCF_NO_ROW)
		return pcf_error_say(err, -EINVAL, "%s: a ring of %u ticks and %u rows is none", group->name,
				     spec->ring_len, spec->row_capacity);
	memcpy(shape->magic, magic, sizeof magic);
	shape->version = PCF_REGION_VERSION;
	shape->header_bytes = sizeof *shape;
	pcf_boot_id(shape->boot_id);
	snprintf(shape->group, sizeof shape->group, "%s", group->name);
	shape->group_number = (uint32_t)group->number;
	shape->key = (uint32_t)group->key;
	shape->interval_ns = spec->interval_ns;
	shape->base_ns = spec->base_ns;
	shape->ring_len = spec->ring_len;
	shape->row_capacity = spec->row_capacity;
	place_columns(spec, shape, columns);
	if (place_tables(shape) < 0)
		return pcf_error_say(err, -EOVERFLOW,
				     "%s: a ring of %u ticks and %u rows is too large: lower the history or the number "
				     "of containers",
				     group->name, spec->ring_len, spec->row_capacity);
	shape->schema_hash = schema_hash(shape, columns);
	return 0;
}

#define REFUSE(...)                                                                                                    \
	do {                                                                                                           \
		snprintf(why, size, __VA_ARGS__);                                                                      \
		return -EINVAL;                                                                                        \
	} while (0)

/* offset + count * each lies within bytes */
static int fits(uint64_t offset, uint64_t count, uint64_t each, uint64_t bytes)
{
	uint64_t length;

	return !__builtin_mul_overflow(count, each, &length) && offset <= bytes && length <= bytes - offset &&
	       offset % 8 == 0;
}

static int check_columns(const pcf_region_header *shape, const pcf_region_column *columns, char *why, size_t size)
{
	for (uint32_t i = 0; i < shape->column_count; i++) {
		const pcf_region_column *column = &columns[i];
		unsigned width = pcf_cell_bytes(column->cell);

		if (width == 0 || column->offset < 8 || column->offset % width != 0 ||
		    column->offset + width > shape->row_bytes)
			REFUSE("column %u lies outside its row", i);
		if (column->index >= PCF_MAX_GROUP_COLUMNS || memchr(column->name, 0, sizeof column->name) == NULL ||
		    column->name[0] == 0)
			REFUSE("column %u has no name or number", i);
	}
	return 0;
}

int pcf_region_shape_check(const pcf_region_header *shape, const pcf_region_column *columns, uint64_t file_bytes,
			   char *why, size_t size)
{
	if (memcmp(shape->magic, magic, sizeof magic) != 0)
		REFUSE("it is no ring file");
	if (shape->version != PCF_REGION_VERSION || shape->header_bytes != sizeof *shape)
		REFUSE("its layout is version %u, this library reads version %u", shape->version, PCF_REGION_VERSION);
	if (shape->file_bytes > file_bytes)
		REFUSE("it is cut short: %" PRIu64 " of %" PRIu64 " bytes", file_bytes, shape->file_bytes);
	if (memchr(shape->boot_id, 0, sizeof shape->boot_id) == NULL ||
	    memchr(shape->group, 0, sizeof shape->group) == NULL)
		REFUSE("its header is damaged");
	if (shape->base_ns == 0 || shape->interval_ns == 0 || shape->interval_ns % shape->base_ns != 0)
		REFUSE("its interval is damaged");
	if (shape->ring_len == 0 || shape->row_capacity == 0 || shape->row_capacity == PCF_NO_ROW ||
	    shape->column_count > PCF_MAX_GROUP_COLUMNS || shape->row_bytes < 8 || shape->row_bytes % 8 != 0 ||
	    shape->tick_bytes % 8 != 0)
		REFUSE("its sizes are damaged");
	if (shape->columns_offset < sizeof *shape ||
	    !fits(shape->columns_offset, shape->column_count, sizeof *columns, shape->file_bytes) ||
	    !fits(shape->rows_offset, shape->row_capacity, sizeof(pcf_region_row), shape->file_bytes) ||
	    !fits(shape->ticks_offset, shape->ring_len, sizeof(pcf_region_tick), shape->file_bytes) ||
	    !fits(shape->cells_offset, shape->ring_len, shape->tick_bytes, shape->file_bytes) ||
	    !fits(0, shape->row_capacity, shape->row_bytes, shape->tick_bytes))
		REFUSE("its tables lie outside the file");
	return columns == NULL ? 0 : check_columns(shape, columns, why, size);
}

static void show_ns(char *out, size_t size, uint64_t ns)
{
	if (ns % 1000000000 == 0)
		snprintf(out, size, "%" PRIu64 "s", ns / 1000000000);
	else if (ns % 1000000 == 0)
		snprintf(out, size, "%" PRIu64 "ms", ns / 1000000);
	else
		snprintf(out, size, "%" PRIu64 "ns", ns);
}

static void differ_ns(const char *what, uint64_t was, uint64_t is, char *why, size_t size)
{
	char before[32], after[32];

	show_ns(before, sizeof before, was);
	show_ns(after, sizeof after, is);
	snprintf(why, size, "%s was %s, is %s", what, before, after);
}

void pcf_region_shape_difference(const pcf_region_header *was, const pcf_region_header *is, char *why, size_t size)
{
	uint64_t now = pcf_now_ns(CLOCK_MONOTONIC);

	why[0] = '\0';
	if (strcmp(was->boot_id, is->boot_id) != 0)
		snprintf(why, size, "the machine was booted since");
	else if (was->interval_ns != is->interval_ns)
		differ_ns("interval", was->interval_ns, is->interval_ns, why, size);
	else if (was->base_ns != is->base_ns)
		differ_ns("base interval", was->base_ns, is->base_ns, why, size);
	else if (was->schema_hash != is->schema_hash)
		snprintf(why, size, "its columns are others (%u columns, were %u)", is->column_count,
			 was->column_count);
	else if (was->ring_len != is->ring_len)
		snprintf(why, size, "history was %u ticks, is %u", was->ring_len, is->ring_len);
	else if (was->row_capacity != is->row_capacity)
		snprintf(why, size, "capacity was %u rows, is %u", was->row_capacity, is->row_capacity);
	else if (was->file_bytes != is->file_bytes || was->cells_offset != is->cells_offset ||
		 was->tick_bytes != is->tick_bytes || was->rows_offset != is->rows_offset ||
		 was->ticks_offset != is->ticks_offset)
		snprintf(why, size, "its tables lie elsewhere");
	else if (was->slots_epoch != is->slots_epoch)
		snprintf(why, size, "the list of containers it refers to is gone");
	else if (was->latest_tick > now / was->base_ns + 1)
		snprintf(why, size, "its clock is ahead of this one (another time namespace?)");
}
