/* Inside pcf_collector_verify: rows of one container and group, once from the kernel's text and once from the ring. */
#ifndef PCF_TICK_VERIFY_H
#define PCF_TICK_VERIFY_H
#include "tick/collector.h"

typedef struct {
	char key[PCF_KEY_BYTES + 1];
	uint64_t values[PCF_MAX_GROUP_COLUMNS];
} pcf_verify_row;

typedef struct {
	unsigned count, capacity;
	pcf_verify_row *rows;
} pcf_verify_rows;

/* net/tcp with 100 000 sockets. Memory that is never touched costs nothing; one buffer for all of a verification, because
 * what it takes and gives back between two readings is memory of the root cgroup. */
#define PCF_VERIFY_TEXT_BYTES (16u << 20)
/* verify_text.c: with open, read and close of its own, nothing of the tick's. What is not there leaves no row.
 * text: PCF_VERIFY_TEXT_BYTES to read into. */
void pcf_verify_read(const pcf_collector *collector, const char *path, int group, char *text, pcf_verify_rows *rows);
int pcf_verify_is_network(int group); /* its numbers are a network namespace's, from files of /proc/<pid>/net */
/* verify_rows.c */
uint64_t *pcf_verify_row_find(void *rows, const char *key, size_t key_len); /* a pcf_row_sink; NULL: no memory */
const pcf_verify_row *pcf_verify_row_at(const pcf_verify_rows *rows, const char *key);
void pcf_verify_rows_clear(pcf_verify_rows *rows);
/* Which cells lie outside; 1, 0, or -1: nothing to compare. cores: 0 where the split of CPU time is the text's own;
 * usage_ns: what is split, or PCF_ABSENT. */
int pcf_verify_outside(const pcf_column_def *column, uint64_t before, uint64_t sample, uint64_t after, int cores,
		       uint64_t usage_ns);
#endif
