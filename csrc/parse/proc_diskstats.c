/* /proc/diskstats (Documentation/admin-guide/iostats.rst), for the root container: major, minor, name, then
 *
 *	reads merged sectors ms  writes merged sectors ms  flying ms ms  [discards merged sectors ms  [flushes ms]]
 *
 * Every disk counts, whatever its name; sectors are 512 bytes on every device.  Left out: partitions, which their disk
 * has counted already and which a cgroup's io.stat does not list either, and devices that never did any IO (ram*,
 * loop* wait there by the dozen). */
#include "parse/key_table.h"

#include <errno.h>

enum {
	READS = 0,
	READ_SECTORS = 2,
	WRITES = 4,
	WRITE_SECTORS = 6,
	FIELDS_OLD = 11,
	DISCARDS = 11,
	DISCARD_SECTORS = 13,
	FIELDS = 15
};

#define DEVICE_MAX 24 /* "4095:1048575": 12 bits of major, 20 of minor, and room */

typedef struct {
	const char *name;
	size_t name_len;
	char device[DEVICE_MAX];
	size_t device_len;
	uint64_t fields[FIELDS];
	int count;
} disk_line;

/* The word at p, at most as long as room for it; returns where it stops or NULL. */
static const char *digits_copy(const char *p, const char *end, disk_line *line)
{
	const char *start = p;

	while (p < end && pcf_is_digit(*p) && line->device_len < DEVICE_MAX - 1)
		line->device[line->device_len++] = *p++;
	return p > start && p < end && *p == ' ' ? pcf_skip_blanks(p, end) : NULL;
}

/* A whole line: 0, or -EINVAL. */
static int line_scan(const char *p, const char *end, disk_line *line)
{
	line->device_len = 0;
	p = digits_copy(pcf_skip_blanks(p, end), end, line);
	if (!p)
		return -EINVAL;
	line->device[line->device_len++] = ':';
	p = line->device_len < DEVICE_MAX - 1 ? digits_copy(p, end, line) : NULL;
	if (!p)
		return -EINVAL;
	line->name = p;
	while (p < end && !pcf_is_blank(*p) && *p != '\n')
		p++;
	line->name_len = (size_t)(p - line->name);
	line->count = pcf_scan_numbers(p, end, line->fields, FIELDS);
	return line->name_len && line->count >= FIELDS_OLD ? 0 : -EINVAL;
}

/* Partitions follow their disk: its name and a number, with a p between when the name ends in a digit
 * (add_partition, block/partitions/core.c). */
static int is_partition(const char *name, size_t len, const char *disk, size_t disk_len)
{
	size_t i = disk_len;

	if (!disk_len || len <= disk_len || memcmp(name, disk, disk_len) != 0)
		return 0;
	if (pcf_is_digit(disk[disk_len - 1]) && name[i++] != 'p')
		return 0;
	for (size_t first = i; i < len; i++)
		if (!pcf_is_digit(name[i]) || (i == first && name[i] == '0'))
			return 0;
	return i > disk_len + (size_t)pcf_is_digit(disk[disk_len - 1]);
}

static int fields_store(const pcf_parser *parser, const disk_line *line, uint64_t *row)
{
	static const struct {
		const char *key;
		int field;
	} fields[] = {
		{"reads", READS},       {"read_sectors", READ_SECTORS},
		{"writes", WRITES},     {"write_sectors", WRITE_SECTORS},
		{"discards", DISCARDS}, {"discard_sectors", DISCARD_SECTORS},
	};
	int set = 0;

	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
		if (fields[i].field < line->count)
			set += pcf_key_set(pcf_key_named(parser->keys, fields[i].key), line->fields[fields[i].field],
					   row);
	return set;
}

int pcf_proc_diskstats_parse(const pcf_parser *parser, const char *buf, size_t len, pcf_row_sink sink, void *arg)
{
	const char *p = buf, *end = buf + len, *disk = NULL;
	size_t disk_len = 0;
	int set = 0, lines = 0;

	for (; p < end; p = pcf_skip_line(p, end)) {
		disk_line line;
		uint64_t *row;

		if (line_scan(p, end, &line) != 0)
			continue;
		lines++;
		if (is_partition(line.name, line.name_len, disk, disk_len))
			continue;
		disk = line.name;
		disk_len = line.name_len;
		if (!(line.fields[READS] | line.fields[WRITES] | (line.count > DISCARDS ? line.fields[DISCARDS] : 0)))
			continue;
		row = sink(arg, line.device, line.device_len);
		if (row)
			set += fields_store(parser, &line, row);
	}
	return lines || !len ? set : -EINVAL;
}
