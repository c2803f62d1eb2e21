/* memory.events: "low 0\nhigh 12\n...", counted over the subtree (memory.events.local: the cgroup alone). */
#include "parse/flat_keyed.h"

int pcf_memory_events_parse(const pcf_parser *parser, const char *buf, size_t len, uint64_t *row)
{
	return pcf_flat_keyed_scan(parser->keys, buf, len, row);
}
