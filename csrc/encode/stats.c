/* StatsBatch.containers: one nested message a row. */
#include "encode/plan.h"

static uint8_t *value_put(uint8_t *out, const struct pcf_plan_column *column, uint64_t value)
{
	if (column->cell == PCF_CELL_C16) {
		if (value >= PCF_UNLIMITED)
			return out;
		return pcf_wire_fixed64_put(pcf_wire_tag_put(out, &column->tag),
					    pcf_double_bits((double)value / 100.0));
	}
	if (value >= PCF_UNLIMITED) {
		if (value == PCF_ABSENT)
			return out;
		value = UINT64_MAX; /* "no limit" in stats.proto */
	}
	return pcf_varint_put(pcf_wire_tag_put(out, &column->tag), value);
}

static uint8_t *key_put(uint8_t *out, const struct pcf_row_entry *entry)
{
	const struct pcf_wire_tag tag = pcf_wire_tag_make(PCF_FIELD_KEY, PCF_WIRE_BYTES);
	if (entry->key_len == 0)
		return out;
	out = pcf_wire_tag_put(out, &tag);
	*out++ = (uint8_t)entry->key_len;
	memcpy(out, entry->key, PCF_KEY_BYTES);
	return out + entry->key_len;
}

static uint8_t *row_put(uint8_t *out, const struct pcf_row_plan *plan, const struct pcf_row_pick *pick)
{
	const struct pcf_wire_tag offset_tag = pcf_wire_tag_make(PCF_FIELD_OFFSET_USEC, PCF_WIRE_VARINT);
	for (uint32_t i = 0; i < plan->columns; i++) {
		const struct pcf_plan_column *column = &plan->column[i];
		out = value_put(out, column, pcf_cell_value(pick->now + column->offset, column->cell));
	}
	uint32_t offset_usec = pcf_row_offset_usec(pick->now);
	if (offset_usec)
		out = pcf_varint_put(pcf_wire_tag_put(out, &offset_tag), offset_usec);
	return plan->has_key ? key_put(out, pick->entry) : out;
}

/* NULL: no counter has a rate. */
static uint8_t *rates_put(uint8_t *out, const struct pcf_row_plan *plan, const struct pcf_row_pick *pick)
{
	uint64_t elapsed_ns = pcf_plan_elapsed(plan, pick);
	uint8_t *begin = out;
	double rate;
	for (uint32_t i = 0; elapsed_ns && i < plan->columns; i++) {
		const struct pcf_plan_column *column = &plan->column[i];
		if (column->is_counter && pcf_plan_rate(column, pick, elapsed_ns, &rate))
			out = pcf_wire_fixed64_put(pcf_wire_tag_put(out, &column->rate_tag), pcf_double_bits(rate));
	}
	if (out == begin)
		return NULL;
	return plan->has_key ? key_put(out, pick->entry) : out;
}

static int message_put(pcf_encoder *encoder, const struct pcf_row_plan *plan, const struct pcf_row_pick *pick,
		       bool is_rates)
{
	int rc = pcf_wire_reserve(&encoder->wire, plan->row_max);
	if (rc)
		return rc;
	unsigned *guess = &plan->guess[is_rates];
	uint8_t *at =
		pcf_wire_tag_put(encoder->wire.data + encoder->wire.size, is_rates ? &plan->rates_tag : &plan->tag);
	uint8_t *end = is_rates ? rates_put(at + *guess, plan, pick) : row_put(at + *guess, plan, pick);
	if (end)
		encoder->wire.size = (size_t)(pcf_wire_length_close(at, end, guess) - encoder->wire.data);
	return 0;
}

static int group_put(pcf_encoder *encoder, const struct pcf_row_plan *plan, const pcf_encode_container *container,
		     uint32_t flags, bool is_rates)
{
	uint32_t count;
	struct pcf_row_pick pick;
	const struct pcf_row_entry *entry = pcf_row_index_find(plan->index, container->slot, &count);
	for (uint32_t i = 0; i < count; i++) {
		if (!pcf_plan_pick(plan, container, &entry[i], flags, &pick))
			continue;
		int rc = message_put(encoder, plan, &pick, is_rates);
		if (rc)
			return rc;
	}
	return 0;
}

static int groups_put(pcf_encoder *encoder, const pcf_encode_container *container, uint32_t flags)
{
	int rc = 0;
	for (uint32_t p = 0; rc == 0 && p < encoder->plans; p++)
		rc = group_put(encoder, &encoder->plan[p], container, flags, false);
	for (uint32_t p = 0; rc == 0 && (flags & PCF_ENCODE_RATES) && p < encoder->plans; p++)
		if (encoder->plan[p].has_counters && encoder->plan[p].before.number)
			rc = group_put(encoder, &encoder->plan[p], container, flags, true);
	return rc;
}

/* A container without a row leaves nothing. */
static int container_put(pcf_encoder *encoder, const pcf_encode_container *container, uint32_t flags)
{
	struct pcf_wire *wire = &encoder->wire;
	const struct pcf_wire_tag tag = pcf_wire_tag_make(PCF_FIELD_CONTAINERS, PCF_WIRE_BYTES);
	size_t begin = wire->size;
	int rc = pcf_wire_reserve(wire, 2 + 5 + container->identity_len);
	if (rc)
		return rc;
	uint8_t *out = pcf_wire_tag_put(wire->data + begin, &tag) + encoder->container_guess;
	if (container->identity_len)
		memcpy(out, container->identity, container->identity_len);
	size_t empty = wire->size = (size_t)(out - wire->data) + container->identity_len;

	rc = groups_put(encoder, container, flags);
	if (rc || wire->size == empty) {
		wire->size = begin;
		return rc;
	}
	uint8_t *end =
		pcf_wire_length_close(wire->data + begin + tag.len, wire->data + wire->size, &encoder->container_guess);
	wire->size = (size_t)(end - wire->data);
	return 0;
}

int pcf_encode_containers(pcf_encoder *encoder, pcf_region *const *regions, const pcf_encode_container *containers,
			  uint32_t container_count, const pcf_encode_group *groups, uint32_t group_count,
			  uint32_t flags, const uint8_t **data, size_t *size)
{
	*data = NULL;
	*size = 0;
	int rc = pcf_encode_plan(encoder, regions, groups, group_count);
	encoder->wire.size = 0;
	for (uint32_t i = 0; rc == 0 && i < container_count; i++)
		rc = container_put(encoder, &containers[i], flags);
	if (rc == 0)
		rc = pcf_encode_plan_check(encoder);
	if (rc)
		return rc;
	*data = encoder->wire.data;
	*size = encoder->wire.size;
	return 0;
}
