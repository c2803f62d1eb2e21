/* Inside the file source: what belongs to the groups of the walk, and the comparing of the walk with the text.
 *
 * A study is one container in one pass: its files are read right before the walk and right after it, and each column of
 * the walk must lie between. The first studies decide whether a group is trusted at all; later ones go on for ever, a
 * few containers a minute, and a column that differs again and again is given back to the files. The same texts tell
 * which of the kernel's raw numbers is which line of memory.stat. */
#ifndef PCF_SOURCE_FILE_STUDY_H
#define PCF_SOURCE_FILE_STUDY_H
#include <stdatomic.h>

#include "source/file/file_source.h"

#define PCF_STUDIES     16 /* in one pass, at most */
#define PCF_STUDY_KEYED 2  /* groups with keys: cores, devices */

typedef struct {
	uint32_t slot, generation;
	uint64_t began_ns; /* when its first text was read */
	uint64_t before[PCF_GROUP_COUNT][PCF_MAX_GROUP_COLUMNS];
	pcf_keyed_rows rows[PCF_STUDY_KEYED]; /* before, too; memory that is never touched costs nothing */
} pcf_study;

/* Of a column: the container in which it was outside pass after pass. A burst of a gauge is outside in a container and in
 * all above it at once, and not again when it is looked at next; what is wrong goes on being wrong. */
typedef struct {
	uint32_t slot, generation, pass;
	unsigned count;
} pcf_strikes;

typedef struct pcf_walked {
	uint64_t whole, part; /* groups: the walk gives all that is sampled, or some of it */
	uint64_t trusted;     /* groups that a study has found right */
	uint64_t confirmed;   /* by a number: a container that did no IO has no row in either */
	uint64_t studied;     /* groups that are looked at in this pass */
	uint64_t begun;       /* groups of this pass that come from the walk */
	unsigned by_file;     /* containers that need files in this pass after all */
	_Atomic uint64_t misses;
	unsigned wish_count, study_count;
	struct {
		uint32_t slot, generation;
	} wishes[PCF_STUDIES];
	uint32_t next_slot;     /* looked at next, one after the other */
	uint64_t next_study_ns; /* when */
	unsigned eager_passes;  /* in which groups that are not trusted were looked at */
	pcf_strikes strikes[PCF_GROUP_COUNT][PCF_MAX_GROUP_COLUMNS];
	uint32_t passes; /* with studies */
	pcf_study studies[PCF_STUDIES];
	pcf_keyed_rows sample; /* the walk's rows of one container while they are compared */
} pcf_walked;

/* walked.c */
void pcf_walked_arrange(pcf_file_source *source);
/* study.c, the tick thread */
void pcf_study_wish(pcf_file_source *source, uint32_t slot, const pcf_file_slot *state); /* look at this one next */
void pcf_study_before(pcf_file_source *source, uint64_t groups); /* reads the text; the walk comes next */
void pcf_study_after(pcf_file_source *source);                   /* reads it again, compares, learns */
#endif
