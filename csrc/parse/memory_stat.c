/* memory.stat: "anon 4096\n".  v1 lists a cgroup's own numbers first, then the same keys with total_ for the
 * subtree, v2 the subtree only; columns.def names what is taken. */
#include "parse/flat_keyed.h"

int pcf_memory_stat_parse(const pcf_parser *parser, const char *buf, size_t len, uint64_t *row)
{
	return pcf_flat_keyed_scan(parser->keys, buf, len, row);
}
