/* /proc/<pid>/net/dev (net/core/net-procfs.c): two lines of headings, then the name of an interface, a colon and 16
 * numbers, in the order of field_names below.  A name has 1 to 15 bytes, any but '/', ':' and white space
 * (dev_valid_name); old kernels put no blank behind the colon ("eth0:123").  A line without exactly 16 numbers is
 * left out: it is cut off or of another kernel. */
#include "parse/key_table.h"

#include <errno.h>

#define FIELDS       16
#define NAME_MAX_LEN 15

static const char *const field_names[FIELDS] = {
	"rx_bytes", "rx_packets", "rx_errs", "rx_drop", "rx_fifo", "rx_frame", "rx_compressed", "rx_multicast",
	"tx_bytes", "tx_packets", "tx_errs", "tx_drop", "tx_fifo", "tx_colls", "tx_carrier",    "tx_compressed",
};

/* Which field goes to which column, looked up once a text rather than once a line. */
static void fields_find(const pcf_parser *parser, const pcf_key *keys[static FIELDS])
{
	for (int i = 0; i < FIELDS; i++)
		keys[i] = pcf_key_named(parser->keys, field_names[i]);
}

/* The name at p: returns its colon, or NULL when this is no line of an interface. */
static const char *name_end(const char *p, const char *end)
{
	const char *stop = p;

	while (stop < end && *stop != ':' && *stop != '\n' && !pcf_is_blank(*stop) && *stop != '/')
		stop++;
	return stop > p && stop - p <= NAME_MAX_LEN && stop < end && *stop == ':' ? stop : NULL;
}

int pcf_net_dev_parse(const pcf_parser *parser, const char *buf, size_t len, pcf_row_sink sink, void *arg)
{
	const char *p = buf, *end = buf + len;
	const pcf_key *keys[FIELDS];
	int set = 0, lines = 0, headings = 0;

	fields_find(parser, keys);
	for (; p < end; p = pcf_skip_line(p, end)) {
		const char *name = pcf_skip_blanks(p, end), *stop = name_end(name, end);
		uint64_t numbers[FIELDS], *row;

		headings += end - p > 6 && memcmp(p, "Inter-|", 7) == 0;
		if (!stop || pcf_scan_numbers(stop + 1, end, numbers, FIELDS) != FIELDS)
			continue;
		lines++;
		row = sink(arg, name, (size_t)(stop - name));
		for (int i = 0; row && i < FIELDS; i++)
			set += pcf_key_set(keys[i], numbers[i], row);
	}
	return lines || headings ? set : -EINVAL;
}
