/* cpuacct.usage_percpu (v1): nanoseconds by core on one line, "123 456 \n", possible cores in order (a core that
 * is offline keeps its place). */
#include "parse/key_table.h"

#include <errno.h>

/* Decimal digits of a core number, right-aligned in text; returns where they begin. */
static const char *core_text(char text[static 8], unsigned core)
{
	char *p = text + 8;

	do
		*--p = (char)('0' + core % 10);
	while ((core /= 10) && p > text);
	return p;
}

int pcf_cpuacct_usage_percpu_parse(const pcf_parser *parser, const char *buf, size_t len, pcf_row_sink sink, void *arg)
{
	const char *p = pcf_skip_blanks(buf, buf + len), *end = buf + len;
	unsigned core = 0;
	int set = 0;

	for (; p < end && *p != '\n'; p = pcf_skip_blanks(p, end), core++) {
		char text[8];
		const char *name = core_text(text, core);
		uint64_t number, *row;

		p = pcf_scan_number(p, end, &number);
		if (!p || (p < end && !pcf_is_stop(p, end)))
			return core ? set : -EINVAL;
		if (p == end)
			break;
		row = sink(arg, name, (size_t)(text + 8 - name));
		if (row)
			set += pcf_key_set(&parser->keys->keys[0], number, row);
	}
	return core ? set : -EINVAL;
}
