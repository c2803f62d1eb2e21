/* cpuacct.stat (v1): "user 123\nsystem 45\n", in USER_HZ, which is 100 on every architecture we run on. */
#include "parse/flat_keyed.h"

int pcf_cpuacct_stat_parse(const pcf_parser *parser, const char *buf, size_t len, uint64_t *row)
{
	return pcf_flat_keyed_scan(parser->keys, buf, len, row);
}
