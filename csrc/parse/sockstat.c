/* /proc/<pid>/net/sockstat, sockstat6 (net/ipv4/proc.c): "TCP: inuse 51 orphan 0 tw 0 alloc 60 mem 0".  inuse, tw are
 * of the network namespace, alloc and mem of the machine. */
#include "parse/sockstat.h"

#include "parse/scan.h"

static const char *word_end(const char *p, const char *end)
{
	while (p < end && !pcf_is_blank(*p) && *p != '\n')
		p++;
	return p;
}

uint64_t pcf_sockstat_find(const char *buf, size_t len, const char *protocol, const char *name)
{
	const char *end = buf + len;
	size_t protocol_len = strlen(protocol), name_len = strlen(name);

	for (const char *p = buf, *stop; (stop = pcf_line_end(p, end)) != NULL; p = stop + 1) {
		if ((size_t)(stop - p) <= protocol_len || memcmp(p, protocol, protocol_len) != 0 ||
		    p[protocol_len] != ':')
			continue;
		for (p += protocol_len + 1; p < stop;) {
			const char *word = pcf_skip_blanks(p, stop), *after = word_end(word, stop), *value;
			uint64_t number;

			value = pcf_skip_blanks(after, stop);
			p = word_end(value, stop);
			if ((size_t)(after - word) != name_len || memcmp(word, name, name_len) != 0)
				continue;
			value = pcf_scan_number(value, stop + 1, &number);
			return value == p ? number : PCF_ABSENT;
		}
	}
	return PCF_ABSENT;
}
