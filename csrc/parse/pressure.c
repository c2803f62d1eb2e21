/* cpu.pressure, memory.pressure, io.pressure, irq.pressure and /proc/pressure/<resource>; Documentation/accounting/psi:
 *
 *	some avg10=0.00 avg60=0.00 avg300=0.00 total=0
 *	full avg10=0.00 avg60=0.00 avg300=0.00 total=0
 *
 * irq has no some line.  Averages become hundredths of a percent, totals stay microseconds; columns.def names the keys
 * "some.avg10" and so on. */
#include "parse/key_table.h"

#include <errno.h>

/* One "avg10=1.25" or "total=7" at p, after the kind of its line ("some" or "full"). */
static int field_store(const pcf_parser *parser, const char *kind, const char *p, const char *equals, const char *end,
		       uint64_t *row)
{
	char name[16];
	size_t len = (size_t)(equals - p);
	uint64_t value;
	const char *stop;

	if (len > sizeof name - 5)
		return 0;
	memcpy(name, kind, 4);
	name[4] = '.';
	memcpy(name + 5, p, len);
	stop = *p == 'a' ? pcf_scan_hundredths(equals + 1, end, &value) : pcf_scan_number(equals + 1, end, &value);
	if (!stop || !pcf_is_stop(stop, end))
		return 0;
	return pcf_key_set(pcf_key_find(parser->keys, name, len + 5), value, row);
}

/* The fields of one line, which stops at its newline or, cut off, at the end. */
static int line_store(const pcf_parser *parser, const char *p, const char *end, uint64_t *row)
{
	const char *kind = p;
	int set = 0;

	for (p += 4; p < end && pcf_is_blank(*p);) {
		const char *field = pcf_skip_blanks(p, end), *equals = NULL;

		for (p = field; p < end && !pcf_is_blank(*p) && *p != '\n'; p++)
			if (*p == '=' && !equals)
				equals = p;
		if (equals)
			set += field_store(parser, kind, field, equals, end, row);
	}
	return set;
}

int pcf_pressure_parse(const pcf_parser *parser, const char *buf, size_t len, uint64_t *row)
{
	const char *p = buf, *end = buf + len;
	int set = 0, lines = 0;

	for (; p < end; p = pcf_skip_line(p, end)) {
		if (end - p < 5 || p[4] != ' ' || (memcmp(p, "some", 4) != 0 && memcmp(p, "full", 4) != 0))
			continue;
		lines++;
		set += line_store(parser, p, end, row);
	}
	return lines ? set : -EINVAL;
}
