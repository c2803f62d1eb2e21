/* io.stat (v2): a line a device,
 *	254:0 rbytes=4096 wbytes=0 rios=1 wios=0 dbytes=0 dios=0 cost.usage=12 cost.wait=0
 * Some kernels print a device that had no IO alone on its line, and some of 5.x forget the newline behind it
 * ("254:0 8:0 rbytes=..."): a word with a colon begins a new device wherever it stands.  A device without a value
 * of ours gets no row. */
#include "parse/key_table.h"

#include <errno.h>

typedef struct {
	const pcf_parser *parser;
	pcf_row_sink sink;
	void *arg;
	const char *device;
	size_t device_len;
	uint64_t *row;
	int is_asked; /* the sink was asked for this device */
} io_line;

/* "rbytes=4096" at p with its '=' at equals. */
static int pair_store(io_line *line, const char *p, const char *equals, const char *end)
{
	const pcf_key *key = pcf_key_find(line->parser->keys, p, (size_t)(equals - p));
	uint64_t number;
	const char *stop;

	if (!key || !line->device)
		return 0;
	stop = pcf_scan_number(equals + 1, end, &number);
	if (!stop || !pcf_is_stop(stop, end))
		return 0;
	if (!line->is_asked) {
		line->row = line->sink(line->arg, line->device, line->device_len);
		line->is_asked = 1;
	}
	return line->row ? pcf_key_set(key, number, line->row) : 0;
}

static void device_begin(io_line *line, const char *p, const char *stop)
{
	line->device = stop ? p : NULL;
	line->device_len = stop ? (size_t)(stop - p) : 0;
	line->is_asked = 0;
}

int pcf_io_stat_parse(const pcf_parser *parser, const char *buf, size_t len, pcf_row_sink sink, void *arg)
{
	io_line line = {.parser = parser, .sink = sink, .arg = arg};
	const char *p = buf, *end = buf + len;
	int set = 0, devices = 0;

	while (p < end) {
		const char *word, *equals = NULL, *colon = NULL;

		if (*p == '\n') {
			device_begin(&line, p++, NULL);
			continue;
		}
		word = p = pcf_skip_blanks(p, end);
		for (; p < end && !pcf_is_blank(*p) && *p != '\n'; p++) {
			equals = *p == '=' && !equals ? p : equals;
			colon = *p == ':' ? p : colon;
		}
		if (equals) {
			set += pair_store(&line, word, equals, end);
		} else if (colon) {
			const char *stop = pcf_scan_device(word, end);

			device_begin(&line, word, stop == p ? stop : NULL);
			devices += stop == p;
		}
	}
	return devices || !len ? set : -EINVAL;
}
