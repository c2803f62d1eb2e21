/* One group of all containers: reads collected, done, parsed, stored. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "source/file/file_source.h"

static void collect(pcf_file_source *source, const pcf_pass *pass, uint32_t slot, const pcf_file_slot *state)
{
	pcf_batch *batch = source->batch;
	pcf_batch_entry *entry = &batch->entries[batch->entry_count];
	int first = source->group_units[pass->group].first, end = first + source->group_units[pass->group].count;

	*entry = (pcf_batch_entry){.slot = slot, .first = batch->read_count};
	for (int u = first; u < end; u++) {
		const pcf_unit *unit = &source->units[u];
		int kept = unit->kept >= 0 && !state->by_name, fd = kept ? state->fds[unit->kept] : -1;
		const char *name = pcf_unit_name(unit, state->family);

		if (!(state->controllers >> unit->controller & 1) || (kept && fd < 0) || !name || pcf_file_slot_is_absent(state, u))
			continue;
		batch->units[batch->read_count] = (uint16_t)u;
		batch->reads[batch->read_count] = (pcf_read){
			.fd = fd,
			.directory = source->directories[unit->controller],
			.path = state->path,
			.name = name,
			.buffer = batch->buffers + (size_t)batch->read_count * PCF_READ_BYTES,
			.size = PCF_READ_BYTES,
		};
		batch->read_count++;
	}
	entry->count = batch->read_count - entry->first;
	batch->entry_count += entry->count > 0;
}

/* The kernel's words for "this cgroup has been removed": ENOENT by name, ENODEV on a kept descriptor. It may also
 * be that only this file went (a controller or PSI was turned off there). */
static void lost(pcf_file_source *source, uint32_t slot, pcf_file_slot *state, int unit, const pcf_read *read)
{
	if (read->fd < 0 && faccessat(read->directory, *read->path ? read->path : ".", F_OK, 0) == 0) {
		pcf_file_slot_set_absent(state, unit);
		return;
	}
	if (!(state->controllers >> source->units[unit].controller & 1))
		return;
	pcf_file_slot_lose(source, state, source->units[unit].controller);
	source->env.vanish(source->env.owner, slot, state->generation);
}

static void failed(pcf_file_source *source, pcf_pass *pass, uint32_t slot, pcf_file_slot *state, int unit, const pcf_read *read)
{
	int error = (int)-read->result;

	if (error == ENOENT || error == ENODEV) {
		lost(source, slot, state, unit, read);
	} else if (error == EOPNOTSUPP) {
		pcf_file_slot_set_absent(state, unit);
	} else {
		/* What this user may not read now it may not read in the next tick either. */
		if (error == EACCES || error == EPERM)
			pcf_file_slot_set_absent(state, unit);
		pass->read_errors++;
		source->env.fail(source->env.owner, slot, read->name, error);
	}
}

/* Longer than a buffer: once more, into the big one. */
static void read_big(pcf_file_source *source, pcf_pass *pass, pcf_read *read)
{
	read->buffer = source->scratch;
	read->size = PCF_SCRATCH_BYTES;
	read->result = pcf_read_once(read);
	pass->reads++;
	pass->truncated += read->result == PCF_SCRATCH_BYTES;
}

static int parse(pcf_file_source *source, const pcf_unit *unit, const pcf_read *read, uint64_t *row)
{
	size_t len = (size_t)read->result;

	if (unit->parser->is_keyed)
		return pcf_rows_parse(unit->parser, read->buffer, len, pcf_keyed_row_find, source->keyed);
	if (*unit->key)
		row = pcf_keyed_row_find(source->keyed, unit->key, strlen(unit->key));
	return row ? pcf_row_parse(unit->parser, read->buffer, len, row) : 0;
}

static int take(pcf_file_source *source, pcf_pass *pass, const pcf_batch_entry *entry, pcf_file_slot *state, unsigned index, uint64_t *row)
{
	pcf_batch *batch = source->batch;
	pcf_read *read = &batch->reads[index];
	int unit = batch->units[index], set;

	pass->reads++;
	if (read->result == read->size)
		read_big(source, pass, read);
	if (read->result < 0) {
		failed(source, pass, entry->slot, state, unit, read);
		return 0;
	}
	set = parse(source, &source->units[unit], read, row);
	if (set >= 0)
		return set;
	pass->read_errors++;
	source->env.fail(source->env.owner, entry->slot, read->name, -set);
	return 0;
}

static void store(pcf_file_source *source, pcf_pass *pass, const pcf_batch_entry *entry)
{
	pcf_file_slot *state = source->slots[entry->slot];
	const pcf_group_def *group = pcf_group_at(pass->group);
	uint64_t row[PCF_MAX_GROUP_COLUMNS];
	int set = 0;

	if (group->key == PCF_KEY_NONE)
		memset(row, 0xff, (size_t)group->columns * sizeof row[0]);
	else
		pcf_keyed_reset(source->keyed, group->key == PCF_KEY_CORE);
	for (unsigned i = entry->first; i < entry->first + entry->count; i++)
		set += take(source, pass, entry, state, i, row);
	if (group->key != PCF_KEY_NONE)
		pcf_keyed_store(source, pass, entry->slot, state, entry->offset);
	else if (set > 0)
		pcf_row_store(source, pass, entry->slot, state, entry->offset, row);
	if (pass->group == PCF_GROUP_IO) {
		state->has_io |= source->keyed->count > 0;
		if (source->io_unit >= 0)
			pcf_blkio_follow(source, state);
	}
}

static void flush(pcf_file_source *source, pcf_pass *pass)
{
	pcf_batch *batch = source->batch;
	uint32_t offset = pcf_pass_offset(pass);

	pcf_reader_run(source->reader, batch->reads, batch->read_count);
	for (unsigned i = 0; i < batch->entry_count; i++) {
		batch->entries[i].offset = offset;
		store(source, pass, &batch->entries[i]);
	}
	batch->read_count = batch->entry_count = 0;
}

void pcf_file_sample(pcf_file_source *source, pcf_pass *pass)
{
	unsigned most = (unsigned)source->group_units[pass->group].count, enough = pcf_reader_batch(source->reader);

	source->batch->read_count = source->batch->entry_count = 0;
	for (uint32_t slot = 0; slot < source->slot_high; slot++) {
		pcf_file_slot *state = source->slots[slot];

		if (!state)
			continue;
		if (state->is_root) {
			pcf_root_sample(source, pass, slot, state);
			continue;
		}
		if (pass->began_ns >= state->look_ns)
			pcf_file_slot_look(source, state, pass->began_ns);
		collect(source, pass, slot, state);
		if (source->batch->read_count >= enough || source->batch->read_count + most > PCF_BATCH_READS)
			flush(source, pass);
	}
	flush(source, pass);
}
