/* cpu.stat.  v1: nr_periods, nr_throttled, throttled_time, nr_bursts, burst_time (ns).  v2: usage_usec and its parts
 * always, and the same bandwidth keys in microseconds where the cpu controller is on. */
#include "parse/flat_keyed.h"

int pcf_cpu_stat_parse(const pcf_parser *parser, const char *buf, size_t len, uint64_t *row)
{
	return pcf_flat_keyed_scan(parser->keys, buf, len, row);
}
