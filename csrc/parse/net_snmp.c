/* /proc/<pid>/net/snmp, /proc/<pid>/net/netstat (net/ipv4/proc.c): two lines a protocol, names and values,
 *	Tcp: RtoAlgorithm RtoMin ... / Tcp: 1 200 ...
 * Of the first file Tcp is read, of the second TcpExt. */
#include "parse/key_table.h"

#include <errno.h>

static const char *word_end(const char *p, const char *end)
{
	while (p < end && !pcf_is_blank(*p) && *p != '\n')
		p++;
	return p;
}

static int has_prefix(const char *p, const char *end, const char *prefix)
{
	size_t len = strlen(prefix);

	return (size_t)(end - p) > len && memcmp(p, prefix, len) == 0;
}

/* Names from p, values from v, both behind the protocol's name; returns how many cells were set. */
static int pairs_store(const pcf_parser *parser, const char *p, const char *v, const char *end, uint64_t *row)
{
	int set = 0;

	for (;;) {
		const char *name = pcf_skip_blanks(p, end), *value = pcf_skip_blanks(v, end);
		const pcf_key *key;

		p = word_end(name, end);
		v = word_end(value, end);
		if (p == name || v == value)
			return set;
		key = pcf_key_find(parser->keys, name, (size_t)(p - name));
		set += key ? pcf_key_store(key, value, end, row) : 0;
	}
}

int pcf_net_snmp_parse(const pcf_parser *parser, const char *buf, size_t len, uint64_t *row)
{
	const char *prefix = strcmp(parser->file, "net/snmp") == 0 ? "Tcp:" : "TcpExt:", *end = buf + len;
	size_t prefix_len = strlen(prefix);

	for (const char *p = buf; p < end; p = pcf_skip_line(p, end)) {
		const char *values = pcf_skip_line(p, end);

		if (has_prefix(p, end, prefix))
			return has_prefix(values, end, prefix)
				       ? pairs_store(parser, p + prefix_len, values + prefix_len, end, row)
				       : -EINVAL;
	}
	return -EINVAL;
}
