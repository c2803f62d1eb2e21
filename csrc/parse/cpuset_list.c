/* cpuset.cpus.effective and its kin: "0-3,7\n" -> 5, the number of cores or nodes.  An empty list is a real 0. */
#include "parse/key_table.h"

#include <errno.h>

#define NUMBER_MAX (1u << 20) /* far above any NR_CPUS: keeps the sum from wrapping */

/* "3" or "0-3" at p: adds how many that are; returns where it stops, NULL when it is neither. */
static const char *range_count(const char *p, const char *end, uint64_t *count)
{
	uint64_t first, last;

	p = pcf_scan_number(p, end, &first);
	last = first;
	if (p && p < end && *p == '-')
		p = pcf_scan_number(p + 1, end, &last);
	if (!p || last < first || last > NUMBER_MAX)
		return NULL;
	*count += last - first + 1;
	return p;
}

int pcf_cpuset_list_parse(const pcf_parser *parser, const char *buf, size_t len, uint64_t *row)
{
	const char *p = buf, *end = buf + len;
	uint64_t count = 0;

	if (len && *p != '\n') {
		while ((p = range_count(p, end, &count)) && p < end && *p == ',')
			p++;
		if (!p)
			return -EINVAL;
	}
	if (end - p != 1 || *p != '\n')
		return -EINVAL;
	return pcf_key_set(&parser->keys->keys[0], count, row);
}
