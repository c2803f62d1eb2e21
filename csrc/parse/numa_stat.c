/* memory.numa_stat.  v2, bytes: "anon N0=4096 N1=0"; v1, pages: "hierarchical_anon=12 N0=12 N1=0".  A row a node. */
#include "parse/key_table.h"

#include <errno.h>
#include <unistd.h>

/* "N12=" at p: the digits; NULL: no node. */
static const char *node_end(const char *p, const char *end)
{
	const char *digits = p + 1;

	if (p >= end || *p != 'N')
		return NULL;
	for (p = digits; p < end && pcf_is_digit(*p); p++)
		;
	return p > digits && p < end && *p == '=' ? p : NULL;
}

/* The nodes of one key, from behind it; returns how many cells were set. *nodes counts those that look right. */
static int nodes_store(const pcf_key *key, uint64_t unit, const char *p, const char *end, pcf_row_sink sink, void *arg,
		       int *nodes)
{
	int set = 0;

	while (p < end && *p != '\n') {
		const char *equals = node_end(p = pcf_skip_blanks(p, end), end), *stop;
		uint64_t number, *row;

		stop = equals ? pcf_scan_number(equals + 1, end, &number) : NULL;
		if (!stop || !pcf_is_stop(stop, end)) {
			while (p < end && !pcf_is_blank(*p) && *p != '\n')
				p++;
			continue;
		}
		(*nodes)++;
		row = key ? sink(arg, p + 1, (size_t)(equals - p - 1)) : NULL;
		if (row)
			set += pcf_key_set(key, pcf_scale(number, unit), row);
		p = stop;
	}
	return set;
}

int pcf_numa_stat_parse(const pcf_parser *parser, const char *buf, size_t len, pcf_row_sink sink, void *arg)
{
	uint64_t unit = parser->version == PCF_VERSION_V1 ? (uint64_t)sysconf(_SC_PAGESIZE) : 1;
	const char *p = buf, *end = buf + len;
	int set = 0, nodes = 0;

	while (p < end) {
		const char *stop = p;

		while (stop < end && (unsigned char)*stop > ' ' && *stop != '=')
			stop++;
		if (stop > p && stop < end && *stop != '\n')
			set += nodes_store(pcf_key_find(parser->keys, p, (size_t)(stop - p)), unit, stop, end, sink,
					   arg, &nodes);
		p = pcf_skip_line(stop, end);
	}
	return nodes ? set : -EINVAL;
}
