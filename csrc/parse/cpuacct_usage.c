/* cpuacct.usage (v1): CPU time of the subtree in nanoseconds, one number. */
#include "parse/parse.h"

int pcf_cpuacct_usage_parse(const pcf_parser *parser, const char *buf, size_t len, uint64_t *row)
{
	return pcf_single_value_parse(parser, buf, len, row);
}
