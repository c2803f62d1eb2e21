/* Kernel text -> numbers.  Parsers are pure: no file is opened, nothing is allocated, no locale is asked, no byte
 * past buf + len is read and no NUL is expected, so that they can be fuzzed and can run in a tick.
 *
 * A pcf_parser is one (kernel file, interface version, group) that columns.def names; the table of them is made
 * from columns.def once.  The source room looks its parsers up when it makes its plan and calls them in ticks:
 *
 *	const pcf_parser *parser = pcf_parser_find("memory.stat", 2, PCF_GROUP_MEMORY_STAT);
 *	if (!parser->is_keyed)
 *		set = pcf_row_parse(parser, buf, len, row);
 *	else
 *		set = pcf_rows_parse(parser, buf, len, sink, arg);
 *
 * Rules that every parser keeps:
 *   - row: one cell for each column of the group in columns.def order, filled with PCF_ABSENT by the caller.  Several
 *     files may fill one row.  Cells of keys that the text does not have are left as they are.
 *   - Values are in the column's unit (the factor of columns.def is applied).  A number that does not fit 64 bits, is
 *     negative or is not a number leaves the cell as it is; it never wraps.
 *   - "max", and v1's two spellings of it (-1 and numbers from 4 EiB), are PCF_UNLIMITED in columns of kind LIMIT.
 *   - Truncated text never gives a wrong number: a number counts only when the byte after it is there too.
 *     Every file read here ends in a newline, one-number files included.
 *   - A key that comes twice: the last one counts.
 *   - Result: how many cells were set (0 when the text is fine and has none of our keys), or -EINVAL: this text cannot
 *     be that file.  Files that are empty in real life (io.stat, blkio.*, diskstats) give 0 for "". */
#ifndef PCF_PARSE_PARSE_H
#define PCF_PARSE_PARSE_H
#include "pcf.h"

#define PCF_VERSION_ROOT 0 /* the machine as a whole, from /proc */
#define PCF_VERSION_V1   1
#define PCF_VERSION_V2   2

typedef struct pcf_parser pcf_parser;
typedef struct pcf_key_table pcf_key_table;

/* The row of a key: prefilled with PCF_ABSENT, or with what another file of the group gave; NULL skips the key.
 * key is not NUL-terminated and lies in the caller's buffer or on the parser's stack: copy it to keep it.
 * "major:minor" for devices, the name for interfaces (at most 15 bytes, any byte but '/', ':' and white space),
 * decimal digits for cores and memory nodes, the kernel's name for RDMA adapters and miscellaneous resources.  One parse asks again for a key that comes again. */
typedef uint64_t *(*pcf_row_sink)(void *arg, const char *key, size_t key_len);

typedef int (*pcf_row_parse_fn)(const pcf_parser *parser, const char *buf, size_t len, uint64_t *row);
typedef int (*pcf_rows_parse_fn)(const pcf_parser *parser, const char *buf, size_t len, pcf_row_sink sink, void *arg);

struct pcf_parser {
	const char *file; /* as columns.def spells it: "memory.stat", "hugetlb.current" (the kernel puts the page size
			   * in between), "blkio.io_service_bytes" (whichever family of blkio files the host has), and
			   * for version 0 a path below /proc: "meminfo", "pressure/cpu" */
	int version;      /* PCF_VERSION_* */
	int group;        /* index into pcf_groups */
	int is_keyed;     /* 0: parse_row, one row a text; 1: parse_rows, rows through a sink */
	pcf_row_parse_fn parse_row;
	pcf_rows_parse_fn parse_rows;
	const pcf_key_table *keys; /* key text -> column and factor */
};

/* All parsers, sorted by group, then version.  The table is made by whoever asks first, from any thread. */
int pcf_parser_count(void);
const pcf_parser *pcf_parser_at(int index);                                  /* NULL when out of range */
const pcf_parser *pcf_parser_find(const char *file, int version, int group); /* NULL: columns.def has no such source */
/* Which columns of its group this file may fill: sets present[column] = 1 for each, returns how many. */
int pcf_parser_columns(const pcf_parser *parser, uint8_t *present);

static inline int pcf_row_parse(const pcf_parser *parser, const char *buf, size_t len, uint64_t *row)
{
	return parser->parse_row(parser, buf, len, row);
}

static inline int pcf_rows_parse(const pcf_parser *parser, const char *buf, size_t len, pcf_row_sink sink, void *arg)
{
	return parser->parse_rows(parser, buf, len, sink, arg);
}

/* ---- one file a kernel file (csrc/parse/<name>.c); reached through the table above ---- */
int pcf_single_value_parse(const pcf_parser *parser, const char *buf, size_t len, uint64_t *row);
int pcf_memory_stat_parse(const pcf_parser *parser, const char *buf, size_t len, uint64_t *row);
int pcf_memory_events_parse(const pcf_parser *parser, const char *buf, size_t len, uint64_t *row);
int pcf_memory_oom_control_parse(const pcf_parser *parser, const char *buf, size_t len, uint64_t *row);
int pcf_swap_events_parse(const pcf_parser *parser, const char *buf, size_t len, uint64_t *row);
int pcf_hugetlb_events_parse(const pcf_parser *parser, const char *buf, size_t len, uint64_t *row);
int pcf_pids_events_parse(const pcf_parser *parser, const char *buf, size_t len, uint64_t *row);
int pcf_cpu_stat_parse(const pcf_parser *parser, const char *buf, size_t len, uint64_t *row);
int pcf_cpu_max_parse(const pcf_parser *parser, const char *buf, size_t len, uint64_t *row);
int pcf_cpuacct_usage_parse(const pcf_parser *parser, const char *buf, size_t len, uint64_t *row);
int pcf_cpuacct_stat_parse(const pcf_parser *parser, const char *buf, size_t len, uint64_t *row);
int pcf_cpuset_list_parse(const pcf_parser *parser, const char *buf, size_t len, uint64_t *row);
int pcf_pressure_parse(const pcf_parser *parser, const char *buf, size_t len, uint64_t *row);
int pcf_proc_stat_parse(const pcf_parser *parser, const char *buf, size_t len, uint64_t *row);
int pcf_proc_meminfo_parse(const pcf_parser *parser, const char *buf, size_t len, uint64_t *row);
int pcf_proc_vmstat_parse(const pcf_parser *parser, const char *buf, size_t len, uint64_t *row);
int pcf_proc_loadavg_parse(const pcf_parser *parser, const char *buf, size_t len, uint64_t *row);
int pcf_net_sockets_parse(const pcf_parser *parser, const char *buf, size_t len, uint64_t *row);
int pcf_net_snmp_parse(const pcf_parser *parser, const char *buf, size_t len, uint64_t *row);

int pcf_cpuacct_usage_percpu_parse(const pcf_parser *parser, const char *buf, size_t len, pcf_row_sink sink, void *arg);
int pcf_proc_stat_cores_parse(const pcf_parser *parser, const char *buf, size_t len, pcf_row_sink sink, void *arg);
int pcf_io_stat_parse(const pcf_parser *parser, const char *buf, size_t len, pcf_row_sink sink, void *arg);
int pcf_blkio_parse(const pcf_parser *parser, const char *buf, size_t len, pcf_row_sink sink, void *arg);
int pcf_proc_diskstats_parse(const pcf_parser *parser, const char *buf, size_t len, pcf_row_sink sink, void *arg);
int pcf_numa_stat_parse(const pcf_parser *parser, const char *buf, size_t len, pcf_row_sink sink, void *arg);
int pcf_rdma_parse(const pcf_parser *parser, const char *buf, size_t len, pcf_row_sink sink, void *arg);
int pcf_misc_parse(const pcf_parser *parser, const char *buf, size_t len, pcf_row_sink sink, void *arg);
int pcf_misc_events_parse(const pcf_parser *parser, const char *buf, size_t len, pcf_row_sink sink, void *arg);
int pcf_net_dev_parse(const pcf_parser *parser, const char *buf, size_t len, pcf_row_sink sink, void *arg);
#endif
