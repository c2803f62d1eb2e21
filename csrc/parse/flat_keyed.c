/* "key value\n", the form most kernel files have. */
#include "parse/flat_keyed.h"

#include <errno.h>

static inline const char *key_end(const char *p, const char *end)
{
	while (p < end && (unsigned char)*p > ' ' && *p != ':')
		p++;
	return p;
}

int pcf_flat_keyed_scan(const pcf_key_table *table, const char *buf, size_t len, uint64_t *row)
{
	const char *p = buf, *end = buf + len;
	int set = 0, lines = 0;

	while (p < end) {
		const char *stop = key_end(p, end), *value;
		const pcf_key *key;

		value = stop < end && *stop == ':' ? stop + 1 : stop;
		if (stop > p && value < end && pcf_is_blank(*value)) {
			value = pcf_skip_blanks(value, end);
			lines += value < end && *value != '\n';
			key = pcf_key_find(table, p, (size_t)(stop - p));
			if (key)
				set += pcf_key_store(key, value, end, row);
		}
		p = pcf_skip_line(value, end);
	}
	return lines ? set : -EINVAL;
}
