/* /proc/loadavg: "0.12 0.34 0.56 1/234 5678\n": three load averages (kept as hundredths), runnable/all tasks, and the
 * last pid. */
#include "parse/key_table.h"

#include <errno.h>

int pcf_proc_loadavg_parse(const pcf_parser *parser, const char *buf, size_t len, uint64_t *row)
{
	static const char *const names[] = {"load1", "load5", "load15"};
	const char *p = buf, *end = buf + len;
	uint64_t number;
	int set = 0;

	for (int i = 0; i < 3; i++) {
		p = pcf_scan_hundredths(p, end, &number);
		if (!p || !pcf_is_stop(p, end))
			return i ? set : -EINVAL;
		set += pcf_key_set(pcf_key_named(parser->keys, names[i]), number, row);
		p = pcf_skip_blanks(p, end);
	}
	p = pcf_scan_number(p, end, &number);
	if (!p || p == end || *p != '/')
		return set;
	p = pcf_scan_number(p + 1, end, &number);
	if (p && pcf_is_stop(p, end))
		set += pcf_key_set(pcf_key_named(parser->keys, "threads"), number, row);
	return set;
}
