/* /proc/vmstat: "pgfault 123\n", for the root container. */
#include "parse/flat_keyed.h"

int pcf_proc_vmstat_parse(const pcf_parser *parser, const char *buf, size_t len, uint64_t *row)
{
	return pcf_flat_keyed_scan(parser->keys, buf, len, row);
}
