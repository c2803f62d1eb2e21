/* Parsed rows into the ring. */
#include "source/file/file_source.h"

/* A refused row stays refused for a while only: memory may come free, so it is asked for again. */
static int claim(pcf_file_source *source, pcf_pass *pass, uint32_t slot, uint32_t generation, const char *key,
		 size_t key_len, uint32_t *row)
{
	int code =
		pcf_region_row_claim(source->env.regions[pass->group], slot, generation, key, key_len, pass->tick, row);

	pass->rows_refused += code < 0;
	return code;
}

void pcf_row_store(pcf_file_source *source, pcf_pass *pass, uint32_t slot, pcf_file_slot *state, uint32_t offset,
		   const uint64_t *row)
{
	uint32_t number = slot;

	if (!(state->claimed >> pass->group & 1)) {
		if (claim(source, pass, slot, state->generation, NULL, 0, &number) < 0)
			return;
		state->claimed |= 1ULL << pass->group;
	}
	pass->unrepresentable += (uint64_t)pcf_region_store(source->env.regions[pass->group], number, offset, row);
	pass->rows++;
}

/* cpuacct.usage_percpu lists every core that could ever be plugged in. One that is not there has nothing to count. */
int pcf_keyed_is_no_core(const pcf_file_source *source, int group, const pcf_keyed_row *row)
{
	long core = 0;

	if (group != PCF_GROUP_CPU_PERCPU || row->values[0])
		return 0;
	for (size_t i = 0; i < row->key_len; i++)
		core = core * 10 + (row->key[i] - '0');
	return core >= source->env.host->cores_present;
}

/* Rows of one container mostly lie side by side: they were claimed in one tick, in this order. */
static int find_row(pcf_file_source *source, pcf_pass *pass, uint32_t slot, const pcf_file_slot *state,
		    const pcf_keyed_row *row, uint32_t *number)
{
	if (pcf_region_row_is(source->env.regions[pass->group], *number, slot, state->generation, row->key,
			      row->key_len))
		return 0;
	return claim(source, pass, slot, state->generation, row->key, row->key_len, number);
}

void pcf_keyed_store(pcf_file_source *source, pcf_pass *pass, uint32_t slot, pcf_file_slot *state, uint32_t offset)
{
	pcf_keyed_rows *keyed = source->keyed;
	uint32_t *first = &state->first_row[pcf_group_at(pass->group)->key], number = *first, stored = 0;

	pass->rows_refused += keyed->dropped;
	for (unsigned i = 0; i < keyed->count; i++) {
		const pcf_keyed_row *row = &keyed->rows[i];

		if (pcf_keyed_is_no_core(source, pass->group, row) ||
		    find_row(source, pass, slot, state, row, &number) < 0)
			continue;
		if (!stored++)
			*first = number;
		pass->unrepresentable +=
			(uint64_t)pcf_region_store(source->env.regions[pass->group], number, offset, row->values);
		pass->rows++;
		number++;
	}
}
