/* Files of one number: memory.current, pids.max ("max"), cpu.cfs_quota_us ("-1"), memory.limit_in_bytes, ... */
#include "parse/key_table.h"

#include <errno.h>

/* "123\n", "max\n" or "-1\n", nothing after. */
static int is_single_value(const char *p, const char *end)
{
	uint64_t number;
	const char *stop = p;

	if (end - p > 3 && memcmp(p, "max", 3) == 0) {
		stop = p + 3;
	} else {
		if (stop < end && *stop == '-')
			stop++;
		stop = pcf_scan_number(stop, end, &number);
	}
	if (!stop)
		return 0;
	stop = pcf_skip_blanks(stop, end);
	return end - stop == 1 && *stop == '\n';
}

int pcf_single_value_parse(const pcf_parser *parser, const char *buf, size_t len, uint64_t *row)
{
	const char *end = buf + len;

	if (!len || !is_single_value(buf, end))
		return -EINVAL;
	return pcf_key_store(&parser->keys->keys[0], buf, end, row);
}
