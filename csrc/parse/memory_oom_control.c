/* memory.oom_control (v1): "oom_kill_disable 0\nunder_oom 0\noom_kill 0\n"; oom_kill since 4.13. */
#include "parse/flat_keyed.h"

int pcf_memory_oom_control_parse(const pcf_parser *parser, const char *buf, size_t len, uint64_t *row)
{
	return pcf_flat_keyed_scan(parser->keys, buf, len, row);
}
