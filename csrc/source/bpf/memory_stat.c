#include "source/bpf/memory_stat.h"

#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "schema/enums.h"

/* mm/memcontrol.c prints these as sums of lines that it also prints, as many of them as the kernel has. */
static const struct {
	int sum;
	int parts[4];
} sums[] = {
	{PCF_MEMORY_STAT_PGSCAN,
	 {PCF_MEMORY_STAT_PGSCAN_KSWAPD, PCF_MEMORY_STAT_PGSCAN_DIRECT, PCF_MEMORY_STAT_PGSCAN_KHUGEPAGED,
	  PCF_MEMORY_STAT_PGSCAN_PROACTIVE}},
	{PCF_MEMORY_STAT_PGSTEAL,
	 {PCF_MEMORY_STAT_PGSTEAL_KSWAPD, PCF_MEMORY_STAT_PGSTEAL_DIRECT, PCF_MEMORY_STAT_PGSTEAL_KHUGEPAGED,
	  PCF_MEMORY_STAT_PGSTEAL_PROACTIVE}},
};

static const int *sum_of(int line)
{
	for (size_t i = 0; i < sizeof sums / sizeof sums[0]; i++)
		if (sums[i].sum == line)
			return sums[i].parts;
	return NULL;
}

/* ---- places ---- */
static int is_event(int place)
{
	return place >= PCF_WALK_ITEMS * PCF_STAT_SCALES;
}

static int raw_of(int place)
{
	return is_event(place) ? PCF_WALK_ITEMS + place - PCF_WALK_ITEMS * PCF_STAT_SCALES : place / PCF_STAT_SCALES;
}

static uint64_t raw_value(const struct pcf_walk_stat *record, int is_local, int raw)
{
	if (raw >= PCF_WALK_ITEMS)
		return is_local ? record->events_local[raw - PCF_WALK_ITEMS] : record->events[raw - PCF_WALK_ITEMS];
	/* CPUs add and subtract on their own; the text shows 0 for a sum below it. */
	return record->state[raw] < 0 ? 0 : (uint64_t)record->state[raw];
}

static uint64_t value_at(const pcf_memory_stat *stat, const struct pcf_walk_stat *record, int is_local, int place)
{
	const uint64_t scales[PCF_STAT_SCALES] = {1, 1024, stat->page_bytes};
	uint64_t value = raw_value(record, is_local, raw_of(place));

	return is_event(place) ? value : value * scales[place % PCF_STAT_SCALES];
}

static int has_place(const pcf_stat_line *line, int place)
{
	return (int)(line->candidates[place / 64] >> (place % 64) & 1);
}

/* ---- what is known, gathered for the tick ---- */
static void add_known(pcf_memory_stat *stat, int line)
{
	stat->known[stat->known_count].line = (uint8_t)line;
	stat->known[stat->known_count].is_local = (uint8_t)stat->lines[line].is_local;
	stat->known[stat->known_count++].place = (uint16_t)stat->lines[line].place;
}

static pcf_stat_class *class_of(pcf_memory_stat *stat, int line)
{
	const pcf_stat_line *wanted = &stat->lines[line];

	for (int i = 0; i < stat->class_count; i++) {
		const pcf_stat_line *first = &stat->lines[stat->classes[i].lines[0]];

		if (first->is_local == wanted->is_local &&
		    memcmp(first->candidates, wanted->candidates, sizeof first->candidates) == 0)
			return &stat->classes[i];
	}
	return NULL;
}

static void list_places(pcf_stat_class *class, const pcf_stat_line *line)
{
	uint8_t seen[PCF_WALK_ITEMS * 2] = {0};

	for (int place = 0; place < PCF_STAT_PLACES; place++) {
		int raw = raw_of(place);

		if (!has_place(line, place))
			continue;
		class->places[class->place_count++] = (uint16_t)place;
		if (!seen[raw])
			class->raws[class->raw_count++] = (uint8_t)raw;
		seen[raw] = 1;
	}
}

static void add_open(pcf_memory_stat *stat, int line)
{
	pcf_stat_class *class = class_of(stat, line);

	if (!class) {
		class = &stat->classes[stat->class_count++];
		*class = (pcf_stat_class){.is_local = stat->lines[line].is_local};
		list_places(class, &stat->lines[line]);
	}
	class->lines[class->count++] = (uint8_t)line;
}

/* A sum is right only with all its parts. */
static void lose_sums(pcf_memory_stat *stat)
{
	for (size_t i = 0; i < sizeof sums / sizeof sums[0]; i++)
		for (int part = 0; part < 4; part++)
			if (stat->lines[sums[i].parts[part]].state == PCF_LINE_LOST &&
			    stat->lines[sums[i].sum].state == PCF_LINE_SUM)
				stat->lines[sums[i].sum].state = PCF_LINE_LOST;
}

static void gather(pcf_memory_stat *stat)
{
	lose_sums(stat);
	stat->known_count = stat->class_count = 0;
	for (int line = 0; line < PCF_STAT_LINES; line++) {
		if (stat->lines[line].state == PCF_LINE_KNOWN)
			add_known(stat, line);
		else if (stat->lines[line].state == PCF_LINE_OPEN)
			add_open(stat, line);
	}
}

/* ---- learning ---- */
static int is_local_line(const pcf_column_def *column, int version)
{
	return version == 1 && strstr(column->v1, ":total_") == NULL;
}

static void allow(pcf_stat_line *line, int place)
{
	line->candidates[place / 64] |= 1ULL << (place % 64);
}

static void open_line(pcf_memory_stat *stat, int index, const pcf_column_def *column, int version)
{
	pcf_stat_line *line = &stat->lines[index];
	int is_local = is_local_line(column, version);

	line->state = PCF_LINE_OPEN;
	line->is_local = is_local;
	line->is_gauge = column->kind == PCF_KIND_GAUGE;
	if (line->is_gauge)
		memset(stat->doubts[index], 0, sizeof stat->doubts[index]);
	/* Of this cgroup alone only events are kept. */
	for (unsigned i = 0; i < stat->states && !is_local; i++)
		for (int scale = 0; scale < PCF_STAT_SCALES; scale++)
			allow(line, (int)i * PCF_STAT_SCALES + scale);
	for (unsigned i = 0; i < stat->events; i++)
		allow(line, PCF_WALK_ITEMS * PCF_STAT_SCALES + (int)i);
	if (is_local && !stat->has_local)
		line->state = PCF_LINE_LOST;
}

void pcf_memory_stat_begin(pcf_memory_stat *stat, const uint8_t *columns, int version, unsigned states, unsigned events,
			   int has_local)
{
	const pcf_group_def *group = pcf_group_at(PCF_GROUP_MEMORY_STAT);

	memset(stat, 0, offsetof(pcf_memory_stat, doubts));
	stat->page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
	stat->states = states;
	stat->events = events;
	stat->has_local = has_local;
	for (int i = 0; i < group->columns; i++) {
		if (!columns[i])
			continue;
		if (sum_of(i))
			stat->lines[i].state = PCF_LINE_SUM;
		else
			open_line(stat, i, pcf_column_at(group->first + i), version);
	}
	gather(stat);
}

typedef struct {
	const struct pcf_walk_stat *record;
	uint32_t walk;
} reading;

/* A burst is seen in a container and in all above it: a walk counts once. */
static int is_struck(pcf_stat_doubt *doubt, uint32_t who, uint32_t walk)
{
	if (doubt->count && doubt->walk == walk)
		return 0;
	doubt->who = who;
	doubt->walk = walk;
	return ++doubt->count >= PCF_STAT_DOUBTS;
}

/* Whether this text speaks against a place for good. A counter that did not move between two readings did not move at
 * all; a gauge may have gone up and come back, which must not cost the true place its candidacy. */
static int is_refuted(pcf_stat_doubt *doubt, int is_gauge, int is_equal, const reading *from)
{
	uint32_t who = (uint32_t)from->record->id;

	if (!is_gauge)
		return !is_equal;
	if (!is_equal)
		return is_struck(doubt, who, from->walk);
	if (doubt->who == who)
		doubt->count = 0;
	return 0;
}

/* Returns whether a candidate went. */
static int strike_out(pcf_memory_stat *stat, pcf_stat_line *line, const reading *from, uint64_t text)
{
	pcf_stat_doubt *doubts = stat->doubts[line - stat->lines];
	int left = 0, struck = 0;

	for (int place = 0; place < PCF_STAT_PLACES; place++) {
		if (!has_place(line, place))
			continue;
		if (!is_refuted(&doubts[place], line->is_gauge,
				value_at(stat, from->record, line->is_local, place) == text, from)) {
			line->place = place;
			left++;
		} else {
			line->candidates[place / 64] &= ~(1ULL << (place % 64));
			struck = 1;
		}
	}
	line->state = left == 0 ? PCF_LINE_LOST : left == 1 ? PCF_LINE_KNOWN : PCF_LINE_OPEN;
	return struck;
}

/* A place that is certainly one line's is nobody else's. */
static int exclude_known(pcf_memory_stat *stat)
{
	int struck = 0;

	for (int known = 0; known < PCF_STAT_LINES; known++) {
		if (stat->lines[known].state != PCF_LINE_KNOWN)
			continue;
		for (int i = 0; i < PCF_STAT_LINES; i++) {
			pcf_stat_line *line = &stat->lines[i];
			int left = 0;

			if (line->state != PCF_LINE_OPEN || line->is_local != stat->lines[known].is_local ||
			    !has_place(line, stat->lines[known].place))
				continue;
			line->candidates[stat->lines[known].place / 64] &= ~(1ULL << (stat->lines[known].place % 64));
			struck = 1;
			for (int place = 0; place < PCF_STAT_PLACES; place++)
				if (has_place(line, place)) {
					line->place = place;
					left++;
				}
			line->state = left == 0 ? PCF_LINE_LOST : left == 1 ? PCF_LINE_KNOWN : PCF_LINE_OPEN;
		}
	}
	return struck;
}

void pcf_memory_stat_learn(pcf_memory_stat *stat, const struct pcf_walk_stat *record, uint32_t walk,
			   const uint64_t *text_before, const uint64_t *text_after)
{
	const reading from = {record, walk};
	int struck = 0;

	for (int i = 0; i < PCF_STAT_LINES; i++) {
		pcf_stat_line *line = &stat->lines[i];

		if (line->state != PCF_LINE_OPEN || text_before[i] == PCF_ABSENT || text_before[i] != text_after[i])
			continue;
		struck |= strike_out(stat, line, &from, text_after[i]);
	}
	if (!struck)
		return;
	while (exclude_known(stat))
		;
	stat->learnt++;
	gather(stat);
}

/* ---- the tick ---- */
static int is_all_zero(const pcf_stat_class *class, const struct pcf_walk_stat *record)
{
	uint64_t any = 0;

	for (int i = 0; i < class->raw_count; i++)
		any |= raw_value(record, class->is_local, class->raws[i]);
	return any == 0;
}

static int agree(const pcf_memory_stat *stat, const pcf_stat_class *class, const struct pcf_walk_stat *record,
		 uint64_t *value)
{
	*value = 0;
	if (is_all_zero(class, record))
		return 1;
	*value = value_at(stat, record, class->is_local, class->places[0]);
	for (int i = 1; i < class->place_count; i++)
		if (value_at(stat, record, class->is_local, class->places[i]) != *value)
			return 0;
	return 1;
}

static void add_up(const pcf_memory_stat *stat, uint64_t *row)
{
	for (size_t i = 0; i < sizeof sums / sizeof sums[0]; i++) {
		uint64_t sum = 0;

		if (stat->lines[sums[i].sum].state != PCF_LINE_SUM)
			continue;
		for (int part = 0; part < 4; part++)
			if (pcf_memory_stat_gives(stat, sums[i].parts[part]))
				sum += row[sums[i].parts[part]];
		row[sums[i].sum] = sum;
	}
}

int pcf_memory_stat_row(const pcf_memory_stat *stat, const struct pcf_walk_stat *record, uint64_t *row)
{
	uint64_t value;

	for (int i = 0; i < stat->class_count; i++) {
		const pcf_stat_class *class = &stat->classes[i];

		if (!agree(stat, class, record, &value))
			return 0;
		for (int line = 0; line < class->count; line++)
			row[class->lines[line]] = value;
	}
	for (int i = 0; i < stat->known_count; i++)
		row[stat->known[i].line] = value_at(stat, record, stat->known[i].is_local, stat->known[i].place);
	add_up(stat, row);
	return 1;
}

int pcf_memory_stat_gives(const pcf_memory_stat *stat, int column)
{
	return stat->lines[column].state != PCF_LINE_OFF && stat->lines[column].state != PCF_LINE_LOST;
}

void pcf_memory_stat_drop(pcf_memory_stat *stat, int column)
{
	stat->lines[column].state = PCF_LINE_LOST;
	gather(stat);
}
