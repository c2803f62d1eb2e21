/* The blkio files of v1 (block/blk-cgroup.c, blk-throttle.c, bfq-cgroup.c).  By operation, with a sum at the end:
 *	8:0 Read 4096
 *	8:0 Total 4096
 *	Total 4096
 * or one number a device, blkio.time and blkio.sectors:
 *	8:0 123
 * columns.def names the operation as the key, or none. */
#include "parse/key_table.h"

#include <errno.h>

/* What follows the device on its line: an operation and a number, or just the number. */
static int value_store(const pcf_parser *parser, const char *device, const char *p, const char *end, pcf_row_sink sink,
		       void *arg)
{
	size_t device_len = (size_t)(p - device);
	const pcf_key *key;
	const char *stop;
	uint64_t number, *row;

	p = stop = pcf_skip_blanks(p, end);
	while (stop < end && !pcf_is_blank(*stop) && *stop != '\n' && !pcf_is_digit(*stop))
		stop++;
	key = pcf_key_find(parser->keys, p, (size_t)(stop - p));
	p = pcf_scan_number(pcf_skip_blanks(stop, end), end, &number);
	if (!key || !p || p == end || *p != '\n')
		return 0;
	row = sink(arg, device, device_len);
	return row ? pcf_key_set(key, number, row) : 0;
}

int pcf_blkio_parse(const pcf_parser *parser, const char *buf, size_t len, pcf_row_sink sink, void *arg)
{
	const char *p = buf, *end = buf + len;
	int set = 0, lines = 0;

	for (; p < end; p = pcf_skip_line(p, end)) {
		const char *stop = pcf_scan_device(p, end);

		if (stop)
			set += value_store(parser, p, stop, end, sink, arg);
		lines += stop || (end - p > 6 && memcmp(p, "Total ", 6) == 0);
	}
	return lines || !len ? set : -EINVAL;
}
