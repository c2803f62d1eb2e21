/* ColumnsBatch.groups: packed little-endian columns, one element a row. */
#include "encode/plan.h"

/* Field numbers of GroupColumns and ColumnValues in service.proto. */
enum { GROUP = 1, TICK, UNIX_NS, MONOTONIC_NS, ROWS, HANDLES, OFFSETS, KEYS, COLUMNS, RATES };
enum { NUMBER = 1, VALUES };

#define NAN_BITS 0x7ff8000000000000 /* what numpy's nan is */

static uint8_t *field_open(uint8_t *out, unsigned number, size_t length)
{
	struct pcf_wire_tag tag = pcf_wire_tag_make(number, PCF_WIRE_BYTES);
	return pcf_varint_put(pcf_wire_tag_put(out, &tag), length);
}

static uint8_t *number_put(uint8_t *out, unsigned number, uint64_t value)
{
	struct pcf_wire_tag tag = pcf_wire_tag_make(number, PCF_WIRE_VARINT);
	return value ? pcf_varint_put(pcf_wire_tag_put(out, &tag), value) : out;
}

static uint8_t *fixed64_put(uint8_t *out, unsigned number, uint64_t value)
{
	struct pcf_wire_tag tag = pcf_wire_tag_make(number, PCF_WIRE_FIXED64);
	return value ? pcf_wire_fixed64_put(pcf_wire_tag_put(out, &tag), value) : out;
}

static int picks_reserve(pcf_encoder *encoder, size_t count)
{
	if (count <= encoder->picks_capacity)
		return 0;
	size_t capacity = encoder->picks_capacity ? encoder->picks_capacity : 1024;
	while (capacity < count)
		capacity *= 2;
	struct pcf_row_pick *picks = realloc(encoder->picks, capacity * sizeof *picks);
	if (!picks)
		return -ENOMEM;
	encoder->picks = picks;
	encoder->picks_capacity = capacity;
	return 0;
}

/* All rows of a group that are to be encoded; returns how many, or -ENOMEM. */
static int64_t rows_pick(pcf_encoder *encoder, const struct pcf_row_plan *plan, const pcf_encode_container *containers,
			 uint32_t container_count, uint32_t flags)
{
	size_t rows = 0;
	for (uint32_t c = 0; c < container_count; c++) {
		uint32_t count;
		const struct pcf_row_entry *entry = pcf_row_index_find(plan->index, containers[c].slot, &count);
		if (picks_reserve(encoder, rows + count) != 0)
			return -ENOMEM;
		for (uint32_t i = 0; i < count; i++)
			rows += pcf_plan_pick(plan, &containers[c], &entry[i], flags, &encoder->picks[rows]);
	}
	return (int64_t)rows;
}

static size_t group_size_max(const struct pcf_row_plan *plan, size_t rows)
{
	size_t fixed = 128 + strlen(plan->group->name);
	size_t keys = plan->has_key ? 2 + PCF_KEY_BYTES : 0;
	return fixed + rows * (8 + 4 + keys) + (size_t)plan->columns * 2 * (rows * 8 + 32);
}

static uint8_t *header_put(uint8_t *out, const struct pcf_row_plan *plan, size_t rows)
{
	size_t length = strlen(plan->group->name);
	out = field_open(out, GROUP, length);
	memcpy(out, plan->group->name, length);
	out = number_put(out + length, TICK, plan->now.number);
	out = fixed64_put(out, UNIX_NS, plan->now.realtime_ns);
	out = fixed64_put(out, MONOTONIC_NS, plan->now.monotonic_ns);
	return number_put(out, ROWS, rows);
}

static uint8_t *identity_put(uint8_t *out, const struct pcf_row_plan *plan, const struct pcf_row_pick *picks,
			     size_t rows)
{
	out = field_open(out, HANDLES, rows * 8);
	for (size_t r = 0; r < rows; r++)
		out = pcf_wire_fixed64_put(out, picks[r].handle);
	out = field_open(out, OFFSETS, rows * 4);
	for (size_t r = 0; r < rows; r++, out += 4) {
		uint32_t offset = htole32(pcf_row_offset_usec(picks[r].now));
		memcpy(out, &offset, sizeof offset);
	}
	for (size_t r = 0; plan->has_key && r < rows; r++) {
		out = field_open(out, KEYS, picks[r].entry->key_len);
		memcpy(out, picks[r].entry->key, PCF_KEY_BYTES);
		out += picks[r].entry->key_len;
	}
	return out;
}

static uint8_t *column_open(uint8_t *out, unsigned field, const struct pcf_plan_column *column, size_t rows)
{
	size_t values = 1 + pcf_varint_size(rows * 8) + rows * 8;
	out = field_open(out, field, 1 + pcf_varint_size(column->number) + values);
	out = number_put(out, NUMBER, column->number);
	return field_open(out, VALUES, rows * 8);
}

static uint8_t *column_put(uint8_t *out, const struct pcf_plan_column *column, const struct pcf_row_pick *picks,
			   size_t rows)
{
	out = column_open(out, COLUMNS, column, rows);
	for (size_t r = 0; r < rows; r++) {
		uint64_t value = pcf_cell_value(picks[r].now + column->offset, column->cell);
		if (column->cell == PCF_CELL_C16)
			value = value >= PCF_UNLIMITED ? NAN_BITS : pcf_double_bits((double)value / 100.0);
		out = pcf_wire_fixed64_put(out, value);
	}
	return out;
}

static uint8_t *rate_put(uint8_t *out, const struct pcf_row_plan *plan, const struct pcf_plan_column *column,
			 const struct pcf_row_pick *picks, size_t rows)
{
	out = column_open(out, RATES, column, rows);
	for (size_t r = 0; r < rows; r++) {
		double rate;
		uint64_t elapsed_ns = pcf_plan_elapsed(plan, &picks[r]);
		bool is_known = elapsed_ns && pcf_plan_rate(column, &picks[r], elapsed_ns, &rate);
		out = pcf_wire_fixed64_put(out, is_known ? pcf_double_bits(rate) : NAN_BITS);
	}
	return out;
}

static uint8_t *body_put(uint8_t *out, const struct pcf_row_plan *plan, const struct pcf_row_pick *picks, size_t rows,
			 uint32_t flags)
{
	out = header_put(out, plan, rows);
	if (rows == 0)
		return out;
	out = identity_put(out, plan, picks, rows);
	for (uint32_t i = 0; i < plan->columns; i++)
		out = column_put(out, &plan->column[i], picks, rows);
	for (uint32_t i = 0; (flags & PCF_ENCODE_RATES) && plan->before.number && i < plan->columns; i++)
		if (plan->column[i].is_counter)
			out = rate_put(out, plan, &plan->column[i], picks, rows);
	return out;
}

static int group_put(pcf_encoder *encoder, const struct pcf_row_plan *plan, const pcf_encode_container *containers,
		     uint32_t container_count, uint32_t flags)
{
	struct pcf_wire *wire = &encoder->wire;
	const struct pcf_wire_tag tag = pcf_wire_tag_make(PCF_FIELD_GROUPS, PCF_WIRE_BYTES);
	int64_t rows = rows_pick(encoder, plan, containers, container_count, flags);
	if (rows < 0)
		return (int)rows;
	int rc = pcf_wire_reserve(wire, group_size_max(plan, (size_t)rows));
	if (rc)
		return rc;
	uint8_t *at = pcf_wire_tag_put(wire->data + wire->size, &tag);
	uint8_t *end = body_put(at + encoder->group_guess, plan, encoder->picks, (size_t)rows, flags);
	wire->size = (size_t)(pcf_wire_length_close(at, end, &encoder->group_guess) - wire->data);
	return 0;
}

int pcf_encode_columns(pcf_encoder *encoder, pcf_region *const *regions, const pcf_encode_container *containers,
		       uint32_t container_count, const pcf_encode_group *groups, uint32_t group_count, uint32_t flags,
		       const uint8_t **data, size_t *size)
{
	*data = NULL;
	*size = 0;
	int rc = pcf_encode_plan(encoder, regions, groups, group_count);
	encoder->wire.size = 0;
	for (uint32_t p = 0; rc == 0 && p < encoder->plans; p++)
		rc = group_put(encoder, &encoder->plan[p], containers, container_count, flags);
	if (rc == 0)
		rc = pcf_encode_plan_check(encoder);
	if (rc)
		return rc;
	*data = encoder->wire.data;
	*size = encoder->wire.size;
	return 0;
}
