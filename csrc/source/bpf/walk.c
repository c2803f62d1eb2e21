/* A pass of the walk as the file source sees it: groups instead of parts, containers instead of positions. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "schema/clock.h"
#include "source/bpf/io.h"
#include "source/bpf/walk.h"

void pcf_walk_take_next(pcf_kernel_walk *walk)
{
	pcf_walk_loaded *it = atomic_exchange(&walk->next, NULL);

	if (!it)
		return;
	/* Closing takes long; whoever makes the next one does it. */
	walk->now->before = atomic_load(&walk->retired);
	while (!atomic_compare_exchange_weak(&walk->retired, &walk->now->before, walk->now))
		;
	walk->now = it;
}

/* Groups with columns that are there only in a whole record. */
static const uint64_t whole_groups =
	1ULL << PCF_GROUP_LIMITS | 1ULL << PCF_GROUP_MEMORY_SWAP | 1ULL << PCF_GROUP_MEMORY_KERNEL;

/* Each kind at its own rate: a fast group must not use up the turn of a slow one. */
static uint32_t due_for_flush(pcf_kernel_walk *walk, uint32_t parts, uint64_t now_ns)
{
	uint64_t least = walk->options->flush_ns;
	uint32_t needs = 0;

	if ((parts & PCF_WALK_STAT) && now_ns - walk->flushed_stat_ns >= least) {
		walk->flushed_stat_ns = now_ns;
		needs |= PCF_WALK_STAT;
	}
	if ((parts & PCF_WALK_BASE) && walk->cpu_is_v2 && now_ns - walk->flushed_base_ns >= least) {
		walk->flushed_base_ns = now_ns;
		needs |= PCF_WALK_BASE;
	}
	if ((parts & PCF_WALK_IO) && now_ns - walk->flushed_io_ns >= least) {
		walk->flushed_io_ns = now_ns;
		needs |= PCF_WALK_IO;
	}
	return needs;
}

static void flush(pcf_kernel_walk *walk, uint32_t parts, uint64_t now_ns)
{
	uint32_t needs = due_for_flush(walk, parts, now_ns);
	uint64_t cpu;

	if (!needs)
		return;
	cpu = pcf_now_ns(CLOCK_THREAD_CPUTIME_ID);
	if (pcf_program_flush(walk->now->program, needs) < 0)
		atomic_fetch_add(&walk->errors, 1);
	atomic_fetch_add(&walk->flushes, 1);
	atomic_fetch_add(&walk->flush_ns, pcf_now_ns(CLOCK_THREAD_CPUTIME_ID) - cpu);
}

int pcf_kernel_walk_begin(pcf_kernel_walk *walk, uint64_t groups)
{
	uint64_t cpu;
	uint32_t parts = 0;
	int code;

	pcf_walk_take_next(walk);
	for (int g = 0; g < PCF_GROUP_COUNT; g++)
		if (groups >> g & 1)
			parts |= walk->parts_of[g];
	walk->begun = 0;
	if (parts & PCF_WALK_PSI) {
		walk->has_psi_clock = pcf_pressure_clock(walk->pressure, &walk->psi_clock);
		pcf_program_set_psi_clock(walk->now->program, pcf_psi_clock_offset(&walk->psi_clock));
	}
	flush(walk, parts, pcf_now_ns(CLOCK_MONOTONIC));
	cpu = pcf_now_ns(CLOCK_THREAD_CPUTIME_ID);
	code = pcf_program_run(walk->now->program, parts | (groups & whole_groups ? PCF_WALK_WHOLE : 0));
	for (int h = 0; h < PCF_WALK_HIERARCHIES; h++) {
		unsigned count =
			h < pcf_program_hierarchies(walk->now->program) ? pcf_program_count(walk->now->program, h) : 0;

		if (count > atomic_load_explicit(&walk->seen, memory_order_relaxed))
			atomic_store_explicit(&walk->seen, count, memory_order_relaxed);
		walk->counts[h] = count < pcf_program_capacity(walk->now->program)
					  ? count
					  : pcf_program_capacity(walk->now->program);
		walk->now->match[h].is_made = 0;
	}
	walk->done_ns = pcf_now_ns(CLOCK_MONOTONIC);
	atomic_fetch_add(&walk->walks, 1);
	atomic_fetch_add(&walk->walk_ns, pcf_now_ns(CLOCK_THREAD_CPUTIME_ID) - cpu);
	if (code < 0)
		atomic_fetch_add(&walk->errors, 1);
	else
		walk->begun = 1;
	return code;
}

uint64_t pcf_kernel_walk_time_ns(const pcf_kernel_walk *walk)
{
	return walk->done_ns;
}

/* The container's record of a part; NULL with *is_known: it has no such controller; NULL without: not seen. */
static const void *record_of(pcf_kernel_walk *walk, pcf_walker *walker, int p, unsigned *is_known)
{
	int h = walk->hierarchy_of_part[p];
	uint32_t key = 1u << p == PCF_WALK_CORES ? PCF_WALK_CPUACCT : 1u << p;
	const struct pcf_walk_pids *head; /* every record begins alike */

	*is_known = 1;
	if (!walker->id[h])
		return NULL;
	if (!pcf_match_find(&walk->now->match[h], walk->now->program, key, walk->counts[h], walker->id[h],
			    &walker->position[h])) {
		*is_known = 0;
		return NULL;
	}
	head = pcf_program_record(walk->now->program, key, walker->position[h]);
	if (!head->has)
		return NULL;
	return pcf_program_record(walk->now->program, 1u << p, walker->position[h]);
}

/* Columns that the walk does not give (any more) are the files'. */
static void clear_dropped(const uint8_t *gives, int columns, uint64_t *row)
{
	for (int c = 0; c < columns; c++)
		if (!gives[c])
			row[c] = PCF_ABSENT;
}

static int fill_pressure(pcf_kernel_walk *walk, pcf_walker *walker, const struct pcf_walk_psi *record, uint64_t *row)
{
	_Static_assert(sizeof(pcf_psi_state) <= sizeof walker->psi, "a walker has room for psi's state");

	if (!walk->has_psi_clock)
		return PCF_WALK_UNKNOWN;
	if (!(record->raw.flags & PCF_PSI_PRESENT))
		return PCF_WALK_NOTHING;
	if (!pcf_psi_values(pcf_pressure_facts(walk->pressure), &walk->psi_clock, &record->raw, 0,
			    (pcf_psi_state *)walker->psi, row))
		return PCF_WALK_UNKNOWN;
	clear_dropped(walk->gives[PCF_GROUP_PRESSURE], pcf_group_at(PCF_GROUP_PRESSURE)->columns, row);
	return PCF_WALK_FOUND;
}

/* cpu.idle: cpu.weight shows 0 for such a group or 1, and nothing but the text tells which this kernel does. */
static int is_idle_group(const pcf_kernel_walk *walk, const struct pcf_walk_cfs *cfs)
{
	return walk->host->controllers[PCF_CTL_CPU].version == 2 && cfs && cfs->idle;
}

int pcf_kernel_walk_row(pcf_kernel_walk *walk, pcf_walker *walker, int group, uint64_t *row)
{
	const void *records[PCF_WALK_PARTS] = {0};
	unsigned is_known, found = 0;

	if (!walk->begun)
		return PCF_WALK_UNKNOWN;
	for (uint32_t left = walk->parts_of[group]; left; left &= left - 1) {
		int p = __builtin_ctz(left);

		records[p] = record_of(walk, walker, p, &is_known);
		if (!is_known)
			return PCF_WALK_UNSEEN;
		found += records[p] != NULL;
	}
	if (!found)
		return PCF_WALK_NOTHING;
	if (group == PCF_GROUP_MEMORY_STAT)
		return pcf_memory_stat_row(&walk->memory_stat, PCF_PART(records, PCF_WALK_STAT), row)
			       ? PCF_WALK_FOUND
			       : PCF_WALK_UNKNOWN;
	if (group == PCF_GROUP_PRESSURE)
		return fill_pressure(walk, walker, PCF_PART(records, PCF_WALK_PSI), row);
	if (group == PCF_GROUP_LIMITS && is_idle_group(walk, PCF_PART(records, PCF_WALK_CFS)))
		return PCF_WALK_UNKNOWN;
	pcf_walk_fill(walk, group, records, &walker->user_ns, &walker->system_ns, row);
	clear_dropped(walk->gives[group], pcf_group_at(group)->columns, row);
	return PCF_WALK_FOUND;
}

uint64_t pcf_kernel_walk_held(const pcf_kernel_walk *walk, const pcf_walker *walker, int group, int column)
{
	if (group != PCF_GROUP_PRESSURE || !walk->pressure)
		return 0;
	return pcf_psi_held(pcf_pressure_facts(walk->pressure), (const pcf_psi_state *)walker->psi, column);
}

/* Decimal, as the files have it. Returns its length. */
static size_t write_core(char *key, unsigned core)
{
	size_t len = 1;

	for (unsigned rest = core; rest >= 10; rest /= 10)
		len++;
	for (size_t i = len; i > 0; i--, core /= 10)
		key[i - 1] = (char)('0' + core % 10);
	return len;
}

static int give_cores(const pcf_kernel_walk *walk, const uint64_t *cores, pcf_row_sink sink, void *arg)
{
	char key[12];

	for (unsigned i = 0; i < pcf_program_cores(walk->now->program); i++) {
		uint64_t *row = sink(arg, key, write_core(key, i));

		if (row)
			row[PCF_CPU_PERCPU_USAGE_NS] = cores[i];
	}
	return PCF_WALK_FOUND;
}

static int give_devices(const pcf_kernel_walk *walk, const struct pcf_walk_io *record, pcf_row_sink sink, void *arg)
{
	char key[24];

	if (record->count > PCF_WALK_DEVICES || pcf_program_io_is_partial(walk->now->program))
		return PCF_WALK_UNKNOWN;
	for (unsigned i = 0; i < record->count; i++) {
		const struct pcf_walk_device *device = &record->devices[i];
		uint64_t *row =
			sink(arg, key, (size_t)snprintf(key, sizeof key, "%u:%u", device->major, device->minor));

		if (row)
			pcf_io_fill(device, row);
	}
	return PCF_WALK_FOUND;
}

int pcf_kernel_walk_rows(pcf_kernel_walk *walk, pcf_walker *walker, int group, pcf_row_sink sink, void *arg)
{
	uint32_t part = group == PCF_GROUP_IO ? walk->parts_of[group] : PCF_WALK_CORES;
	unsigned is_known = 0;
	const void *record = walk->begun ? record_of(walk, walker, __builtin_ctz(part), &is_known) : NULL;

	if (!is_known)
		return walk->begun ? PCF_WALK_UNSEEN : PCF_WALK_UNKNOWN;
	if (!record)
		return PCF_WALK_NOTHING;
	if (part == PCF_WALK_IO_ANY)
		return ((const struct pcf_walk_io_any *)record)->is_any ? PCF_WALK_UNKNOWN : PCF_WALK_FOUND;
	return part == PCF_WALK_IO ? give_devices(walk, record, sink, arg) : give_cores(walk, record, sink, arg);
}

void pcf_kernel_walk_learn(pcf_kernel_walk *walk, pcf_walker *walker, const uint64_t *before, const uint64_t *after)
{
	unsigned is_known;
	const struct pcf_walk_stat *record = walk->begun && walk->parts_of[PCF_GROUP_MEMORY_STAT]
						     ? record_of(walk, walker, __builtin_ctz(PCF_WALK_STAT), &is_known)
						     : NULL;

	if (!record)
		return;
	pcf_memory_stat_learn(&walk->memory_stat, record, (uint32_t)atomic_load(&walk->walks), before, after);
	for (int c = 0; c < pcf_group_at(PCF_GROUP_MEMORY_STAT)->columns; c++)
		walk->gives[PCF_GROUP_MEMORY_STAT][c] &= (uint8_t)pcf_memory_stat_gives(&walk->memory_stat, c);
}

void pcf_kernel_walk_stats(const pcf_kernel_walk *walk, pcf_walk_stats *out)
{
	*out = (pcf_walk_stats){
		.walks = atomic_load(&walk->walks),
		.walk_ns = atomic_load(&walk->walk_ns),
		.flushes = atomic_load(&walk->flushes),
		.flush_ns = atomic_load(&walk->flush_ns),
		.errors = atomic_load(&walk->errors),
	};
}
