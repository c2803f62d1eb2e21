/* One group of all containers: reads collected, done, parsed, stored. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "schema/clock.h"
#include "schema/enums.h"
#include "source/file/file_source.h"

/* Reads collected and done together; else one by one, each parsed while its text is in the nearest cache. */
static int is_batched(const pcf_file_source *source)
{
	return pcf_reader_batch(source->reader) > 1;
}

/* cpuacct.usage is computed as the sum over the cores of cpuacct.usage_percpu (kernel/sched/cpuacct.c): where that is
 * read in the same pass, it need not be read as well. */
static int is_summed(const pcf_file_source *source, const pcf_file_slot *state, int unit)
{
	int cores = source->group_units[PCF_GROUP_CPU_PERCPU].first;

	return source->batch->sum_saves_a_read && unit == source->usage_unit &&
	       !pcf_walked_is_done(source, state, PCF_GROUP_CPU_PERCPU) && !pcf_file_slot_is_absent(state, cores) &&
	       (state->by_name || source->units[cores].kept < 0 || state->fds[source->units[cores].kept] >= 0);
}

static void collect(pcf_file_source *source, pcf_pass *pass, uint32_t slot, const pcf_file_slot *state)
{
	pcf_batch *batch = source->batch;
	pcf_batch_entry *entry = &batch->entries[batch->entry_count];
	int first = source->group_units[pass->group].first, end = first + source->group_units[pass->group].count;
	int is_part = pcf_walked_is_part(source, state, pass->group);

	if (pcf_walked_is_done(source, state, pass->group))
		return;
	*entry = (pcf_batch_entry){.slot = slot, .pass = pass, .first = batch->read_count};
	for (int u = first; u < end; u++) {
		const pcf_unit *unit = &source->units[u];
		int kept = unit->kept >= 0 && !state->by_name, fd = kept ? state->fds[unit->kept] : -1;
		const char *name = pcf_unit_name(unit, state->family);

		if (!(state->controllers >> unit->controller & 1) || (kept && fd < 0) || !name ||
		    pcf_file_slot_is_absent(state, u) || is_summed(source, state, u) || (is_part && unit->is_walked))
			continue;
		batch->units[batch->read_count] = (uint16_t)u;
		batch->reads[batch->read_count] = (pcf_read){
			.fd = fd,
			.directory = source->directories[unit->controller],
			.path = state->path,
			.name = name,
			.buffer =
				batch->buffers + (is_batched(source) ? (size_t)batch->read_count * PCF_READ_BYTES : 0),
			.size = PCF_READ_BYTES,
		};
		batch->read_count++;
	}
	entry->count = batch->read_count - entry->first;
	batch->entry_count += entry->count > 0 || is_part;
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

static void failed(pcf_file_source *source, pcf_pass *pass, uint32_t slot, pcf_file_slot *state, int unit,
		   const pcf_read *read)
{
	int error = (int)-read->result;

	/* ENOTDIR: a cgroup that is called as a file is, "tasks", in another hierarchy. */
	if (error == ENOENT || error == ENODEV || error == ENOTDIR) {
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

/* Closed since it was collected: the read before it found the cgroup gone, or went to the other family of files. The
 * number may be another file's by now. */
static int is_closed(const pcf_file_source *source, const pcf_file_slot *state, int unit, const pcf_read *read)
{
	return read->fd >= 0 && state->fds[source->units[unit].kept] != read->fd;
}

static int take(pcf_file_source *source, pcf_pass *pass, const pcf_batch_entry *entry, pcf_file_slot *state,
		unsigned index, uint64_t *row)
{
	pcf_batch *batch = source->batch;
	pcf_read *read = &batch->reads[index];
	int unit = batch->units[index], set;

	if (!is_batched(source)) {
		if (is_closed(source, state, unit, read))
			return 0;
		pcf_reader_run(source->reader, read, 1);
	}
	pass->reads++;
	if (read->result == read->size && !is_closed(source, state, unit, read))
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

/* Sums the cores of the container whose rows were just parsed. */
static uint64_t sum_cores(const pcf_keyed_rows *keyed)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < keyed->count; i++)
		sum += keyed->rows[i].values[PCF_CPU_PERCPU_USAGE_NS];
	return keyed->count && !keyed->dropped ? sum : PCF_ABSENT;
}

static void store_keyed(pcf_file_source *source, const pcf_batch_entry *entry, pcf_file_slot *state)
{
	uint64_t no_row[1];

	pcf_keyed_reset(source->keyed, pcf_group_at(entry->pass->group)->key == PCF_KEY_CORE);
	for (unsigned i = entry->first; i < entry->first + entry->count; i++) {
		(void)take(source, entry->pass, entry, state, i, no_row);
		/* Both files of a family list the same devices: none in the first, none in the other. */
		if (entry->pass->group == PCF_GROUP_IO && source->io_unit >= 0 && !source->keyed->count &&
		    !is_batched(source))
			break;
	}
	pcf_keyed_store(source, entry->pass, entry->slot, state, entry->offset);
	if (entry->pass->group == PCF_GROUP_CPU_PERCPU)
		source->batch->sum = sum_cores(source->keyed);
	if (entry->pass->group == PCF_GROUP_IO && source->io_unit >= 0) {
		state->has_io |= source->keyed->count > 0;
		pcf_blkio_follow(source, state);
	}
}

static void store_scalar(pcf_file_source *source, const pcf_batch_entry *entry, pcf_file_slot *state)
{
	uint64_t row[PCF_MAX_GROUP_COLUMNS];
	int set = 0;

	memset(row, 0xff, (size_t)pcf_group_at(entry->pass->group)->columns * sizeof row[0]);
	if (pcf_walked_is_part(source, state, entry->pass->group))
		set += pcf_walked_fill(source, state, entry->pass->group, row) == PCF_WALK_FOUND;
	if (entry->pass->group == PCF_GROUP_CPU && source->batch->sum != PCF_ABSENT) {
		row[PCF_CPU_USAGE_NS] = source->batch->sum;
		set++;
	}
	for (unsigned i = entry->first; i < entry->first + entry->count; i++)
		set += take(source, entry->pass, entry, state, i, row);
	if (set > 0)
		pcf_row_store(source, entry->pass, entry->slot, state, entry->offset, row);
}

static void store(pcf_file_source *source, pcf_batch_entry *entry, uint64_t at_ns)
{
	pcf_file_slot *state = source->slots[entry->slot];
	uint64_t offset = (at_ns - entry->pass->began_ns) / 1000;

	entry->offset = offset > UINT32_MAX ? UINT32_MAX : (uint32_t)offset;
	/* The cores come right before it, when they are read at all. */
	if (entry->pass->group != PCF_GROUP_CPU || source->batch->sum_slot != entry->slot)
		source->batch->sum = PCF_ABSENT;
	source->batch->sum_slot = entry->slot;
	if (pcf_group_at(entry->pass->group)->key == PCF_KEY_NONE)
		store_scalar(source, entry, state);
	else
		store_keyed(source, entry, state);
}

/* One after the other; the clock is asked once for each, for its offset and for what the one before took. */
static void flush_one_by_one(pcf_file_source *source)
{
	pcf_batch *batch = source->batch;
	uint64_t began = pcf_now_ns(CLOCK_MONOTONIC);

	for (unsigned i = 0; i < batch->entry_count; i++) {
		uint64_t ended;

		store(source, &batch->entries[i], began);
		ended = pcf_now_ns(CLOCK_MONOTONIC);
		batch->entries[i].pass->wall_ns += ended - began;
		began = ended;
	}
}

static void flush_together(pcf_file_source *source)
{
	pcf_batch *batch = source->batch;
	uint64_t began = pcf_now_ns(CLOCK_MONOTONIC), each;

	pcf_reader_run(source->reader, batch->reads, batch->read_count);
	for (unsigned i = 0; i < batch->entry_count; i++)
		store(source, &batch->entries[i], began);
	each = batch->read_count ? (pcf_now_ns(CLOCK_MONOTONIC) - began) / batch->read_count : 0;
	for (unsigned i = 0; i < batch->entry_count; i++)
		batch->entries[i].pass->wall_ns += each * batch->entries[i].count;
}

static void flush(pcf_file_source *source)
{
	if (is_batched(source))
		flush_together(source);
	else
		flush_one_by_one(source);
	source->batch->read_count = source->batch->entry_count = 0;
}

static void sample_root(pcf_file_source *source, pcf_pass **order, int count, uint32_t slot)
{
	for (int i = 0; i < count; i++) {
		uint64_t began = pcf_now_ns(CLOCK_MONOTONIC);

		pcf_root_sample(source, order[i], slot, source->slots[slot]);
		order[i]->wall_ns += pcf_now_ns(CLOCK_MONOTONIC) - began;
	}
}

/* Cores right before cpu, the rest as they are. Returns whether both are there. */
static int arrange(pcf_file_source *source, pcf_pass *passes, int count, pcf_pass **order)
{
	int cpu = -1, cores = -1;

	for (int i = 0; i < count; i++) {
		order[i] = &passes[i];
		cpu = passes[i].group == PCF_GROUP_CPU ? i : cpu;
		cores = passes[i].group == PCF_GROUP_CPU_PERCPU ? i : cores;
	}
	if (cpu < 0 || cores < 0 || cores - cpu != 1)
		return 0;
	order[cpu] = &passes[cores];
	order[cores] = &passes[cpu];
	return source->usage_unit >= 0 && source->group_units[PCF_GROUP_CPU_PERCPU].count == 1;
}

static int is_all_done(const pcf_file_source *source, const pcf_file_slot *state, pcf_pass **order, int count)
{
	for (int i = 0; i < count; i++)
		if (!pcf_walked_is_done(source, state, order[i]->group))
			return 0;
	return 1;
}

/* The root, and containers whose missing files are to be looked for. */
static void attend(pcf_file_source *source, pcf_pass **order, int count, uint64_t now_ns)
{
	for (uint32_t slot = 0; slot < source->slot_high; slot++) {
		pcf_file_slot *state = source->slots[slot];

		if (state && state->is_root)
			sample_root(source, order, count, slot);
		else if (state && now_ns >= state->look_ns)
			pcf_file_slot_look(source, state, now_ns);
	}
}

void pcf_file_sample(pcf_file_source *source, pcf_pass *passes, int count)
{
	pcf_batch *batch = source->batch;
	pcf_pass *order[PCF_GROUP_COUNT];
	unsigned most = 0;

	batch->read_count = batch->entry_count = 0;
	batch->sum_saves_a_read = arrange(source, passes, count, order);
	for (int i = 0; i < count; i++)
		most += (unsigned)source->group_units[passes[i].group].count;
	attend(source, order, count, passes[0].began_ns);
	if (source->walked)
		pcf_walked_sample(source, order, count);
	for (uint32_t slot = 0; slot < source->slot_high; slot++) {
		pcf_file_slot *state = source->slots[slot];

		if (!state || state->is_root || is_all_done(source, state, order, count))
			continue;
		for (int i = 0; i < count; i++)
			collect(source, order[i], slot, state);
		if (!is_batched(source) || batch->read_count + most > PCF_BATCH_READS)
			flush(source);
	}
	flush(source);
}
