/* Whether a sample is what the kernel says: it must lie between two readings of the text, one before and one after it. */
#ifndef PCF_SCHEMA_BRACKET_H
#define PCF_SCHEMA_BRACKET_H
#include "pcf.h"

/* 1: it lies outside, 0: it does not, -1: nothing to compare. In the column's unit, as a cell of the ring keeps it.
 * slack: so much outside still counts as between. */
int pcf_bracket_outside(const pcf_column_def *column, uint64_t before, uint64_t sample, uint64_t after, uint64_t slack);
/* What the walk's and the text's user and system time may differ by: both are the exact run time divided in the
 * proportion of ticks (10 ms at most) counted so far, never less than what was told before, and the two were not told
 * at the same moments. A machine that is held up loses ticks, and each that was counted weighs more: a fiftieth of the
 * run time (usage_ns, or PCF_ABSENT) on top. 0 for every other column. */
uint64_t pcf_bracket_split_slack(const pcf_column_def *column, int cores, uint64_t usage_ns);
/* The same for any column of the walk that a reader finds in the ring. A total of pressure depends on when it is added
 * up (each CPU is weighed by how long it had something to do until then), which the kernel does every two seconds, and
 * who read it before it was added up was told at most as much more. */
uint64_t pcf_bracket_walk_slack(const pcf_column_def *column, int cores, uint64_t usage_ns);
#endif
