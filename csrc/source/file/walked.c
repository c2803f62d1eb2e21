/* Groups that the walk through kernel memory gives: group by group for all containers, since nothing but memory is
 * touched. What it cannot say of a container in this pass is left to the files. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "schema/clock.h"
#include "source/file/study.h"

static uint64_t bit(int group)
{
	return 1ULL << group;
}

int pcf_walked_open(pcf_file_source *source)
{
	pcf_walked *walked;

	if (!source->env.walk)
		return 0;
	walked = calloc(1, sizeof *walked);
	if (!walked)
		return -ENOMEM;
	source->walked = walked;
	pcf_walked_arrange(source);
	return 0;
}

void pcf_walked_close(pcf_file_source *source)
{
	free(source->walked);
	source->walked = NULL;
}

static int has_all(const pcf_file_source *source, int group, const uint8_t *gives, const pcf_parser *parser)
{
	uint8_t columns[PCF_MAX_GROUP_COLUMNS] = {0};

	(void)pcf_parser_columns(parser, columns);
	for (int c = 0; c < PCF_MAX_GROUP_COLUMNS; c++)
		if (columns[c] && source->env.plan->group[group].present[c] && !gives[c])
			return 0;
	return 1;
}

/* Which files are not needed any more; a group that needs none is whole. */
void pcf_walked_arrange(pcf_file_source *source)
{
	pcf_walked *walked = source->walked;

	walked->whole = walked->part = 0;
	for (int g = 0; g < PCF_GROUP_COUNT; g++) {
		const uint8_t *gives = pcf_kernel_walk_columns(source->env.walk, g);
		int first = source->group_units[g].first, count = source->group_units[g].count, covered = 0;

		for (int u = first; u < first + count; u++) {
			source->units[u].is_walked = gives && has_all(source, g, gives, source->units[u].parser);
			covered += source->units[u].is_walked;
		}
		if (count && covered == count)
			walked->whole |= bit(g);
		else if (covered && pcf_group_at(g)->key == PCF_KEY_NONE)
			walked->part |= bit(g);
	}
}

int pcf_walked_is_done(const pcf_file_source *source, const pcf_file_slot *state, int group)
{
	const pcf_walked *walked = source->walked;

	return walked && (walked->begun & walked->whole & ~state->by_file) >> group & 1;
}

int pcf_walked_is_part(const pcf_file_source *source, const pcf_file_slot *state, int group)
{
	const pcf_walked *walked = source->walked;

	return walked && (walked->begun & walked->part & ~state->by_file) >> group & 1;
}

int pcf_walked_fill(pcf_file_source *source, pcf_file_slot *state, int group, uint64_t *row)
{
	return pcf_kernel_walk_row(source->env.walk, &state->walker, group, row);
}

static unsigned miss(pcf_file_source *source, pcf_file_slot *state, uint32_t slot, int group, int found)
{
	int is_first = !state->by_file;

	state->by_file |= bit(group);
	atomic_fetch_add_explicit(&source->walked->misses, 1, memory_order_relaxed);
	/* Its text may tell what the walk could not; which rows there are is never learnt. */
	if (found == PCF_WALK_UNKNOWN && pcf_group_at(group)->key == PCF_KEY_NONE)
		pcf_study_wish(source, slot, state);
	else if (found == PCF_WALK_UNSEEN && is_first)
		pcf_file_slot_place(source, state);
	return is_first;
}

static unsigned store_rows(pcf_file_source *source, pcf_pass *pass, uint32_t slot, pcf_file_slot *state,
			   uint32_t offset)
{
	int found;

	pcf_keyed_reset(source->keyed, pcf_group_at(pass->group)->key == PCF_KEY_CORE);
	found = pcf_kernel_walk_rows(source->env.walk, &state->walker, pass->group, pcf_keyed_row_find, source->keyed);
	if (found == PCF_WALK_UNKNOWN || found == PCF_WALK_UNSEEN)
		return miss(source, state, slot, pass->group, found);
	pcf_keyed_store(source, pass, slot, state, offset);
	return 0;
}

static unsigned store_row(pcf_file_source *source, pcf_pass *pass, uint32_t slot, pcf_file_slot *state, uint32_t offset)
{
	uint64_t row[PCF_MAX_GROUP_COLUMNS];
	int found;

	memset(row, 0xff, (size_t)pcf_group_at(pass->group)->columns * sizeof row[0]);
	found = pcf_kernel_walk_row(source->env.walk, &state->walker, pass->group, row);
	if (found == PCF_WALK_UNKNOWN || found == PCF_WALK_UNSEEN)
		return miss(source, state, slot, pass->group, found);
	if (found == PCF_WALK_FOUND && (source->walked->whole >> pass->group & 1))
		pcf_row_store(source, pass, slot, state, offset, row);
	return 0;
}

/* Rows carry the moment of the walk, not of the copying. */
static uint32_t offset_of(const pcf_file_source *source, const pcf_pass *pass)
{
	uint64_t at = pcf_kernel_walk_time_ns(source->env.walk),
		 us = at > pass->began_ns ? (at - pass->began_ns) / 1000 : 0;

	return us > UINT32_MAX ? UINT32_MAX : (uint32_t)us;
}

static unsigned store_group(pcf_file_source *source, pcf_pass *pass)
{
	int is_keyed = pcf_group_at(pass->group)->key != PCF_KEY_NONE;
	uint32_t offset = offset_of(source, pass);
	unsigned by_file = 0;

	for (uint32_t slot = 0; slot < source->slot_high; slot++) {
		pcf_file_slot *state = source->slots[slot];

		if (!state || state->is_root)
			continue;
		by_file += is_keyed ? store_rows(source, pass, slot, state, offset)
				    : store_row(source, pass, slot, state, offset);
	}
	return by_file;
}

static void forget(pcf_file_source *source)
{
	for (uint32_t slot = 0; slot < source->slot_high; slot++)
		if (source->slots[slot])
			source->slots[slot]->by_file = 0;
	source->walked->by_file = 0;
}

unsigned pcf_walked_sample(pcf_file_source *source, pcf_pass **order, int count)
{
	pcf_walked *walked = source->walked;
	uint64_t due = 0, began = pcf_now_ns(CLOCK_MONOTONIC), walk_ns;
	int groups = 0;

	walked->begun = 0;
	for (int i = 0; i < count; i++)
		due |= bit(order[i]->group) & (walked->whole | walked->part);
	if (walked->by_file)
		forget(source);
	if (!due)
		return 0;
	pcf_study_before(source, due);
	if (pcf_kernel_walk_begin(source->env.walk, due) < 0)
		return 0;
	pcf_study_after(source);
	walked->begun = due & walked->trusted & (walked->whole | walked->part);
	walk_ns = pcf_now_ns(CLOCK_MONOTONIC) - began;
	for (int i = 0; i < count; i++)
		groups += (int)(walked->begun >> order[i]->group & 1);
	for (int i = 0; i < count; i++) {
		if (!(walked->begun >> order[i]->group & 1))
			continue;
		began = pcf_now_ns(CLOCK_MONOTONIC);
		walked->by_file += store_group(source, order[i]);
		order[i]->wall_ns += pcf_now_ns(CLOCK_MONOTONIC) - began + walk_ns / (uint64_t)groups;
	}
	return walked->by_file;
}

uint64_t pcf_walked_misses(const pcf_file_source *source)
{
	return source->walked ? atomic_load_explicit(&source->walked->misses, memory_order_relaxed) : 0;
}
