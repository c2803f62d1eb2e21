/* cpu.max (v2): "max 100000\n" or "50000 100000\n": quota and period in microseconds. */
#include "parse/key_table.h"

#include <errno.h>

int pcf_cpu_max_parse(const pcf_parser *parser, const char *buf, size_t len, uint64_t *row)
{
	const char *end = buf + len, *period;
	const pcf_key *key;
	uint64_t number = 0;
	int set = 0;

	period = len > 3 && memcmp(buf, "max", 3) == 0 ? buf + 3 : pcf_scan_number(buf, end, &number);
	if (!period || period == end || *period != ' ' || pcf_scan_numbers(period, end, &number, 1) != 1)
		return -EINVAL;
	key = pcf_key_named(parser->keys, "quota");
	if (key)
		set += pcf_key_store(key, buf, end, row);
	return set + pcf_key_set(pcf_key_named(parser->keys, "period"), number, row);
}
