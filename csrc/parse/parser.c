/* The table of parsers: every "file:key*factor" of columns.def, gathered by file, version and group. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "parse/key_table.h"
#include "schema/enums.h"

/* Most sources there can be: three for each column.  Bounds the pools below. */
enum {
#define PCF_GROUP(ID, name, number, key, interval_ms, help)
#define PCF_COLUMN(GROUP, ID, name, number, cell, kind, v1, v2, root, help) +3
	SOURCES_MAX = 0
#include "columns.def"
#undef PCF_GROUP
#undef PCF_COLUMN
};

/* Files with a form of their own; a file that is not here and is named without a key holds a single value. */
static const struct {
	const char *file;
	pcf_row_parse_fn parse_row;
	pcf_rows_parse_fn parse_rows;
} forms[] = {
	{"memory.stat", pcf_memory_stat_parse, NULL},
	{"memory.events", pcf_memory_events_parse, NULL},
	{"memory.oom_control", pcf_memory_oom_control_parse, NULL},
	{"memory.swap.events", pcf_swap_events_parse, NULL},
	{"hugetlb.events", pcf_hugetlb_events_parse, NULL},
	{"pids.events", pcf_pids_events_parse, NULL},
	{"cpu.stat", pcf_cpu_stat_parse, NULL},
	{"cpu.max", pcf_cpu_max_parse, NULL},
	{"cpuacct.usage", pcf_cpuacct_usage_parse, NULL},
	{"cpuacct.stat", pcf_cpuacct_stat_parse, NULL},
	{"cpuset.effective_cpus", pcf_cpuset_list_parse, NULL},
	{"cpuset.effective_mems", pcf_cpuset_list_parse, NULL},
	{"cpuset.cpus.effective", pcf_cpuset_list_parse, NULL},
	{"cpuset.mems.effective", pcf_cpuset_list_parse, NULL},
	{"cpu.pressure", pcf_pressure_parse, NULL},
	{"memory.pressure", pcf_pressure_parse, NULL},
	{"io.pressure", pcf_pressure_parse, NULL},
	{"irq.pressure", pcf_pressure_parse, NULL},
	{"pressure/cpu", pcf_pressure_parse, NULL},
	{"pressure/memory", pcf_pressure_parse, NULL},
	{"pressure/io", pcf_pressure_parse, NULL},
	{"pressure/irq", pcf_pressure_parse, NULL},
	{"stat", pcf_proc_stat_parse, pcf_proc_stat_cores_parse}, /* keyed in the group that has a row a core */
	{"meminfo", pcf_proc_meminfo_parse, NULL},
	{"vmstat", pcf_proc_vmstat_parse, NULL},
	{"loadavg", pcf_proc_loadavg_parse, NULL},
	{"net/tcp", pcf_net_sockets_parse, NULL},
	{"net/tcp6", pcf_net_sockets_parse, NULL},
	{"net/udp", pcf_net_sockets_parse, NULL},
	{"net/udp6", pcf_net_sockets_parse, NULL},
	{"net/snmp", pcf_net_snmp_parse, NULL},
	{"net/netstat", pcf_net_snmp_parse, NULL},
	{"cpuacct.usage_percpu", NULL, pcf_cpuacct_usage_percpu_parse},
	{"io.stat", NULL, pcf_io_stat_parse},
	{"blkio.io_service_bytes", NULL, pcf_blkio_parse},
	{"blkio.io_serviced", NULL, pcf_blkio_parse},
	{"blkio.io_queued", NULL, pcf_blkio_parse},
	{"blkio.io_service_time", NULL, pcf_blkio_parse},
	{"blkio.io_wait_time", NULL, pcf_blkio_parse},
	{"blkio.io_merged", NULL, pcf_blkio_parse},
	{"blkio.time", NULL, pcf_blkio_parse},
	{"blkio.sectors", NULL, pcf_blkio_parse},
	{"diskstats", NULL, pcf_proc_diskstats_parse},
	{"memory.numa_stat", NULL, pcf_numa_stat_parse},
	{"rdma.current", NULL, pcf_rdma_parse},
	{"rdma.max", NULL, pcf_rdma_parse},
	{"misc.current", NULL, pcf_misc_parse},
	{"misc.max", NULL, pcf_misc_parse},
	{"misc.peak", NULL, pcf_misc_parse},
	{"misc.events", NULL, pcf_misc_events_parse},
	{"net/dev", NULL, pcf_net_dev_parse},
};

static pcf_parser parsers[SOURCES_MAX];
static pcf_key_table tables[SOURCES_MAX];
static pcf_key keys_pool[SOURCES_MAX];
static uint8_t slots_pool[SOURCES_MAX * 4];
static char files_pool[SOURCES_MAX * 32];
static int parser_count;
static size_t keys_used, slots_used, files_used;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* A source string that does not make sense is a mistake in columns.def: found by the first run of any test. */
static void mistake(const char *source, const char *what)
{
	fprintf(stderr, "pcf: columns.def: source \"%s\": %s\n", source, what);
	abort();
}

static const char *source_of(const pcf_column_def *column, int version)
{
	return version == PCF_VERSION_V1 ? column->v1 : version == PCF_VERSION_V2 ? column->v2 : column->root;
}

static size_t file_len(const char *source)
{
	return strcspn(source, ":");
}

static int is_same_file(const char *a, const char *b)
{
	size_t len = file_len(a);

	return len == file_len(b) && memcmp(a, b, len) == 0;
}

/* Nothing, or the collector's own numbers: no file to parse. */
static int is_no_file(const char *source)
{
	return !*source || strcmp(source, "self") == 0 || strcmp(source, "bpf") == 0;
}

static pcf_key key_of(const pcf_column_def *column, const char *source)
{
	pcf_key key = {.factor = 1, .column = (uint8_t)column->index, .is_limit = column->kind == PCF_KIND_LIMIT};
	const char *text = source + file_len(source), *star;

	if (*text == ':')
		text++;
	star = strchr(text, '*');
	key.text = text;
	key.len = (uint8_t)(star ? (size_t)(star - text) : strlen(text));
	if (star)
		key.factor = strtoull(star + 1, NULL, 10);
	if (!key.factor)
		mistake(source, "the factor must be a whole number from 1");
	return key;
}

static void form_set(pcf_parser *parser, const char *source)
{
	int is_core = pcf_group_at(parser->group)->key == PCF_KEY_CORE;

	parser->parse_row = pcf_single_value_parse;
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
		if (strcmp(forms[i].file, parser->file) != 0)
			continue;
		parser->is_keyed = forms[i].parse_rows && (!forms[i].parse_row || is_core);
		parser->parse_row = parser->is_keyed ? NULL : forms[i].parse_row;
		parser->parse_rows = parser->is_keyed ? forms[i].parse_rows : NULL;
		return;
	}
	if (source[file_len(source)])
		mistake(source, "has a key and no parser; write one in csrc/parse and name it in parser.c");
}

/* All keys of the group that come from this file. */
static void keys_fill(pcf_parser *parser, const pcf_group_def *group, const char *source)
{
	pcf_key_table *table = &tables[parser_count];
	unsigned count = 0, slots = 2;

	for (int i = group->first; i < group->first + group->columns; i++)
		count += is_same_file(source_of(pcf_column_at(i), parser->version), source);
	while (slots < 2 * count)
		slots *= 2;
	*table = (pcf_key_table){
		.keys = keys_pool + keys_used, .slots = slots_pool + slots_used, .slot_mask = slots - 1};
	keys_used += count;
	slots_used += slots;
	for (int i = group->first; i < group->first + group->columns; i++) {
		const char *other = source_of(pcf_column_at(i), parser->version);

		if (is_same_file(other, source) && pcf_key_add(table, key_of(pcf_column_at(i), other)) != 0)
			mistake(other, "feeds two columns of one group");
	}
	parser->keys = table;
}

static const char *file_text(const char *source)
{
	char *text = files_pool + files_used;
	size_t len = file_len(source);

	if (files_used + len + 1 > sizeof files_pool)
		mistake(source, "file names take more room than expected");
	memcpy(text, source, len);
	files_used += len + 1;
	return text;
}

static void parser_add(int group, int version, const char *source)
{
	pcf_parser *parser = &parsers[parser_count];

	*parser = (pcf_parser){.file = file_text(source), .version = version, .group = group};
	form_set(parser, source);
	keys_fill(parser, pcf_group_at(group), source);
	parser_count++;
}

static void table_make(void)
{
	for (int group = 0; group < pcf_group_count(); group++)
		for (int version = PCF_VERSION_ROOT; version <= PCF_VERSION_V2; version++) {
			const pcf_group_def *def = pcf_group_at(group);
			int first = parser_count;

			for (int i = def->first; i < def->first + def->columns; i++) {
				const char *source = source_of(pcf_column_at(i), version);
				int known = first;

				while (known < parser_count && !is_same_file(parsers[known].file, source))
					known++;
				if (known == parser_count && !is_no_file(source))
					parser_add(group, version, source);
			}
		}
}

int pcf_parser_count(void)
{
	pthread_once(&once, table_make);
	return parser_count;
}

const pcf_parser *pcf_parser_at(int index)
{
	return index >= 0 && index < pcf_parser_count() ? &parsers[index] : NULL;
}

const pcf_parser *pcf_parser_find(const char *file, int version, int group)
{
	for (int i = 0; i < pcf_parser_count(); i++)
		if (parsers[i].group == group && parsers[i].version == version && strcmp(parsers[i].file, file) == 0)
			return &parsers[i];
	return NULL;
}

int pcf_parser_columns(const pcf_parser *parser, uint8_t *present)
{
	for (unsigned i = 0; i < parser->keys->count; i++)
		present[parser->keys->keys[i].column] = 1;
	return (int)parser->keys->count;
}
