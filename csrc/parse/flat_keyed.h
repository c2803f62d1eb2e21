/* The scan of files that are nothing but "key value" lines: memory.stat, cpu.stat, *.events, /proc/vmstat; and,
 * with a colon after the key and a unit after the value, /proc/meminfo. */
#ifndef PCF_PARSE_FLAT_KEYED_H
#define PCF_PARSE_FLAT_KEYED_H
#include "parse/key_table.h"

/* Fills the row from the keys that the table has; returns how many cells were set, -EINVAL when no line looks so. */
int pcf_flat_keyed_scan(const pcf_key_table *table, const char *buf, size_t len, uint64_t *row);
#endif
