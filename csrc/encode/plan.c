/* Columns, tags and ticks of a call, worked out once for all rows. */
#include "encode/plan.h"
#include "ring/region.h"

static int tick_open(const pcf_region *region, uint64_t tick, struct pcf_plan_tick *out)
{
	pcf_region_tick entry;
	*out = (struct pcf_plan_tick){0};
	if (tick == 0 || pcf_region_tick_read(region, tick, &entry) != 0)
		return -ESTALE;
	*out = (struct pcf_plan_tick){
		.number = tick,
		.monotonic_ns = entry.monotonic_ns,
		.realtime_ns = entry.realtime_ns,
		.cells = pcf_region_cells(region, tick),
	};
	return 0;
}

static struct pcf_plan_column column_make(const pcf_region_column *from)
{
	return (struct pcf_plan_column){
		.number = from->number,
		.offset = from->offset,
		.cell = from->cell,
		.is_counter = from->kind == PCF_KIND_COUNTER,
		.tag = pcf_wire_tag_make(from->number, from->cell == PCF_CELL_C16 ? PCF_WIRE_FIXED64 : PCF_WIRE_VARINT),
		.rate_tag = pcf_wire_tag_make(from->number, PCF_WIRE_FIXED64),
	};
}

/* Protobuf writes fields in the order of their numbers, columns.def need not. */
static void columns_take(struct pcf_row_plan *plan, const uint8_t *wanted)
{
	const pcf_region_header *head = &plan->region->shape;
	const pcf_region_column *columns = pcf_region_columns(plan->region);
	for (uint32_t i = 0; i < head->column_count && i < PCF_MAX_GROUP_COLUMNS; i++) {
		if (wanted && (columns[i].index >= plan->group->columns || !wanted[columns[i].index]))
			continue;
		struct pcf_plan_column column = column_make(&columns[i]);
		uint32_t at = plan->columns++;
		for (; at > 0 && plan->column[at - 1].number > column.number; at--)
			plan->column[at] = plan->column[at - 1];
		plan->column[at] = column;
		plan->has_counters |= column.is_counter;
	}
	/* tag and length of the message; columns; offset_usec; key */
	plan->row_max = 2 + 5 + (size_t)plan->columns * (2 + PCF_WIRE_MAX_VARINT) + 2 + 5 + 2 + 1 + PCF_KEY_BYTES;
}

static int group_plan(pcf_encoder *encoder, const pcf_region *region, const pcf_encode_group *wanted,
		      struct pcf_row_plan *plan)
{
	const pcf_region_header *head = &region->shape; /* checked; what the file says now need not be true */
	memset(plan, 0, offsetof(struct pcf_row_plan, column));
	plan->region = region;
	plan->group = pcf_group_at(wanted->group);
	plan->row_bytes = head->row_bytes;
	plan->row_capacity = head->row_capacity;
	plan->is_whole = wanted->flags & PCF_ENCODE_WHOLE;
	plan->has_key = plan->group->key != PCF_KEY_NONE;
	plan->tag = pcf_wire_tag_make((unsigned)plan->group->number, PCF_WIRE_BYTES);
	plan->rates_tag = pcf_wire_tag_make((unsigned)plan->group->number + PCF_RATES_OFFSET, PCF_WIRE_BYTES);
	columns_take(plan, wanted->columns);

	int rc = tick_open(region, wanted->tick, &plan->now);
	if (rc)
		return rc;
	(void)tick_open(region, wanted->previous_tick,
			&plan->before); /* gone: everything counts as changed, no rates */
	plan->index = &encoder->index[wanted->group];
	plan->guess = encoder->row_guess[wanted->group];
	return pcf_row_index_refresh(&encoder->index[wanted->group], region);
}

int pcf_encode_plan(pcf_encoder *encoder, pcf_region *const *regions, const pcf_encode_group *groups, uint32_t count)
{
	bool seen[PCF_GROUP_COUNT] = {false};
	uint8_t order[PCF_GROUP_COUNT];
	encoder->plans = 0;
	for (uint32_t i = 0; i < count; i++) {
		if (groups[i].tick == 0)
			continue;
		const pcf_group_def *group = pcf_group_at(groups[i].group);
		if (!group || seen[groups[i].group] || !regions[groups[i].group])
			return -EINVAL;
		seen[groups[i].group] = true;
		uint32_t at = encoder->plans++;
		for (; at > 0 && pcf_group_at(groups[order[at - 1]].group)->number > group->number; at--)
			order[at] = order[at - 1];
		order[at] = (uint8_t)i;
	}
	for (uint32_t p = 0; p < encoder->plans; p++) {
		const pcf_encode_group *wanted = &groups[order[p]];
		int rc = group_plan(encoder, regions[wanted->group], wanted, &encoder->plan[p]);
		if (rc)
			return rc;
	}
	return 0;
}

int pcf_encode_plan_check(const pcf_encoder *encoder)
{
	for (uint32_t p = 0; p < encoder->plans; p++) {
		const struct pcf_row_plan *plan = &encoder->plan[p];
		if (pcf_region_check(plan->region, plan->now.number) != 0)
			return -ESTALE;
		if (plan->before.number && pcf_region_check(plan->region, plan->before.number) != 0)
			return -ESTALE;
	}
	return 0;
}

static bool is_same(const struct pcf_row_plan *plan, const uint8_t *now, const uint8_t *before)
{
	for (uint32_t i = 0; i < plan->columns; i++) {
		const struct pcf_plan_column *column = &plan->column[i];
		if (pcf_cell_value(now + column->offset, column->cell) !=
		    pcf_cell_value(before + column->offset, column->cell))
			return false;
	}
	return true;
}

bool pcf_plan_pick(const struct pcf_row_plan *plan, const pcf_encode_container *container,
		   const struct pcf_row_entry *entry, uint32_t flags, struct pcf_row_pick *pick)
{
	if (entry->generation != container->generation)
		return false;
	const uint8_t *now = pcf_plan_row(plan, &plan->now, entry);
	if (!now)
		return false;
	const uint8_t *before = pcf_plan_row(plan, &plan->before, entry);
	bool is_whole = plan->is_whole || (container->flags & PCF_ENCODE_WHOLE) || !(flags & PCF_ENCODE_CHANGED);
	if (!is_whole && before && is_same(plan, now, before))
		return false;
	*pick = (struct pcf_row_pick){now, before, entry, (uint64_t)container->generation << 32 | container->slot};
	return true;
}

uint64_t pcf_plan_elapsed(const struct pcf_row_plan *plan, const struct pcf_row_pick *pick)
{
	if (!pick->before)
		return 0;
	uint64_t now = plan->now.monotonic_ns + pcf_row_offset_usec(pick->now) * 1000ull;
	uint64_t before = plan->before.monotonic_ns + pcf_row_offset_usec(pick->before) * 1000ull;
	return now > before ? now - before : 0;
}

bool pcf_plan_rate(const struct pcf_plan_column *column, const struct pcf_row_pick *pick, uint64_t elapsed_ns,
		   double *rate)
{
	uint64_t now = pcf_cell_value(pick->now + column->offset, column->cell);
	uint64_t before = pcf_cell_value(pick->before + column->offset, column->cell);
	if (now >= PCF_UNLIMITED || before >= PCF_UNLIMITED || now < before)
		return false;
	*rate = (double)(now - before) / ((double)elapsed_ns / 1e9);
	return true;
}
