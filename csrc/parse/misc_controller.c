/* misc.current, misc.max, misc.peak: "sev 3", a line a resource; misc.events: "sev.max 0" (cgroup-v2.rst, Misc). */
#include "parse/key_table.h"

#include <errno.h>

static const char *name_end(const char *p, const char *end)
{
	while (p < end && (unsigned char)*p > ' ')
		p++;
	return p;
}

int pcf_misc_parse(const pcf_parser *parser, const char *buf, size_t len, pcf_row_sink sink, void *arg)
{
	const pcf_key *key = &parser->keys->keys[0];
	const char *p = buf, *end = buf + len;
	int set = 0, lines = 0;

	for (; p < end; p = pcf_skip_line(p, end)) {
		const char *stop = name_end(p, end), *value = pcf_skip_blanks(stop, end);
		uint64_t *row;

		if (stop == p || value == stop || value >= end || *value == '\n')
			continue;
		lines++;
		row = sink(arg, p, (size_t)(stop - p));
		set += row ? pcf_key_store(key, value, end, row) : 0;
	}
	return lines || !len ? set : -EINVAL;
}

/* The name may have dots of its own: the key is what stands behind the last. */
int pcf_misc_events_parse(const pcf_parser *parser, const char *buf, size_t len, pcf_row_sink sink, void *arg)
{
	const char *p = buf, *end = buf + len;
	int set = 0, lines = 0;

	for (; p < end; p = pcf_skip_line(p, end)) {
		const char *stop = name_end(p, end), *value = pcf_skip_blanks(stop, end), *dot = stop;
		const pcf_key *key;
		uint64_t *row;

		while (dot > p && dot[-1] != '.')
			dot--;
		if (dot < p + 2 || value == stop || value >= end || *value == '\n')
			continue;
		lines++;
		key = pcf_key_find(parser->keys, dot, (size_t)(stop - dot));
		row = key ? sink(arg, p, (size_t)(dot - 1 - p)) : NULL;
		set += row ? pcf_key_store(key, value, end, row) : 0;
	}
	return lines || !len ? set : -EINVAL;
}
