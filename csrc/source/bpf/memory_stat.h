/* Which of the kernel's raw numbers is which line of memory.stat.
 *
 * memory.stat is printed from two arrays (struct memcg_vmstats: state, events). Since 6.11 the order of their items is
 * known to nobody outside the kernel: the tables that map them have no symbol and no type. So it is learnt from text,
 * with nothing assumed: each line begins with every place as a candidate, and texts read beside walks strike out the
 * places that say something else: one text is enough for a counter; for a gauge, which may go up and come back between
 * two readings, several walks must, and the container that doubted last takes all doubts back by agreeing once (others may
 * agree because they cannot tell). So the true place stays.
 *
 * A line is certain long before one candidate is left: as soon as all its candidates hold the same number. A line that
 * was always 0 shares its candidates with the others of its kind, and while all of these are 0 so is the line. When they
 * differ, that container's text is read until one is struck out. What is served is never a guess. */
#ifndef PCF_SOURCE_BPF_MEMORY_STAT_H
#define PCF_SOURCE_BPF_MEMORY_STAT_H
#include "bpf/walk.h"
#include "pcf.h"

#define PCF_STAT_SCALES 3                                                   /* bytes (or a plain number), KiB, pages */
#define PCF_STAT_PLACES (PCF_WALK_ITEMS * PCF_STAT_SCALES + PCF_WALK_ITEMS) /* of state by scale, then of events */
#define PCF_STAT_WORDS  (PCF_STAT_PLACES / 64)
#define PCF_STAT_LINES  PCF_MAX_GROUP_COLUMNS
#define PCF_STAT_DOUBTS 5 /* walks that speak against a place of a gauge before it is struck out */

typedef enum {
	PCF_LINE_OFF,   /* not looked for */
	PCF_LINE_OPEN,  /* several candidates */
	PCF_LINE_KNOWN, /* one */
	PCF_LINE_SUM,   /* of other lines */
	PCF_LINE_LOST,  /* none: it is not in the arrays */
} pcf_line_state;

typedef struct {
	uint32_t who, walk; /* the cgroup that doubted last, and when */
	uint32_t count;
} pcf_stat_doubt;

typedef struct {
	pcf_line_state state;
	int is_local; /* v1, without total_: this cgroup alone */
	int is_gauge;
	int place;
	uint64_t candidates[PCF_STAT_WORDS];
} pcf_stat_line;

/* Lines that have the same candidates. */
typedef struct {
	int is_local, count;
	uint8_t lines[PCF_STAT_LINES];
	int place_count, raw_count;
	uint8_t raws[PCF_WALK_ITEMS * 2]; /* items of the arrays behind the candidates: state, then events */
	uint16_t places[PCF_STAT_PLACES];
} pcf_stat_class;

typedef struct {
	uint64_t page_bytes;
	unsigned states, events; /* items this kernel has */
	int has_local;
	pcf_stat_line lines[PCF_STAT_LINES];
	int known_count;
	struct {
		uint8_t line, is_local;
		uint16_t place;
	} known[PCF_STAT_LINES];
	int class_count;
	pcf_stat_class classes[PCF_STAT_LINES];
	uint64_t learnt; /* texts that struck out something */
	/* Of gauges; most of the memory, the last member, and most lines' is never touched. */
	pcf_stat_doubt doubts[PCF_STAT_LINES][PCF_STAT_PLACES];
} pcf_memory_stat;

/* columns: one byte a column of the group, those to look for. version: 1 or 2. */
void pcf_memory_stat_begin(pcf_memory_stat *stat, const uint8_t *columns, int version, unsigned states, unsigned events,
			   int has_local);
/* walk: which one the record is of. text_before, text_after: rows of the group as parsed; lines that did not stay the
 * same are not looked at. */
void pcf_memory_stat_learn(pcf_memory_stat *stat, const struct pcf_walk_stat *record, uint32_t walk,
			   const uint64_t *text_before, const uint64_t *text_after);
/* 1: every line that is not lost has its number in row; 0: some cannot be told apart here, read the text. */
int pcf_memory_stat_row(const pcf_memory_stat *stat, const struct pcf_walk_stat *record, uint64_t *row);
int pcf_memory_stat_gives(const pcf_memory_stat *stat, int column); /* 0: off or lost */
void pcf_memory_stat_drop(pcf_memory_stat *stat, int column);
#endif
