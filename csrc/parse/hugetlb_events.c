/* hugetlb.<size>.events: "max 0\n". */
#include "parse/flat_keyed.h"

int pcf_hugetlb_events_parse(const pcf_parser *parser, const char *buf, size_t len, uint64_t *row)
{
	return pcf_flat_keyed_scan(parser->keys, buf, len, row);
}
