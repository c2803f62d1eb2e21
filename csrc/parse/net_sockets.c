/* /proc/<pid>/net/{tcp,tcp6}, /proc/<pid>/net/{udp,udp6} (net/ipv4/tcp_ipv4.c, udp.c and their IPv6 twins): a heading,
 * then a line a socket,
 *	   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4242 1 ...
 * number, local, remote, state, tx_queue:rx_queue (hexadecimal), ...; of UDP the 13th word is how many packets the
 * socket dropped.  Lines are counted, so the text must be whole: the caller sees to that, a line that is cut off is
 * refused. */
#include "parse/net_sockets.h"

#include <errno.h>

#define WORDS      13
#define WORD_STATE 3
#define WORD_QUEUE 4
#define WORD_DROPS 12

struct word {
	const char *text;
	size_t len;
};

/* The words of the line at p, which ends before stop; returns how many. */
static int split(const char *p, const char *stop, struct word words[static WORDS])
{
	int count = 0;

	while (count < WORDS && (p = pcf_skip_blanks(p, stop)) < stop) {
		words[count].text = p;
		while (p < stop && !pcf_is_blank(*p))
			p++;
		words[count].len = (size_t)(p - words[count].text);
		count++;
	}
	return count;
}

/* "12:", as each line of a socket begins and a heading does not. */
static int is_number(const struct word *word)
{
	for (size_t i = 0; i + 1 < word->len; i++)
		if (!pcf_is_digit(word->text[i]))
			return 0;
	return word->len > 1 && word->text[word->len - 1] == ':';
}

/* Whole word as a hexadecimal number, up to 32 bits as the kernel prints them. */
static int scan_hex(const char *p, size_t len, uint64_t *number)
{
	*number = 0;
	for (size_t i = 0; i < len; i++) {
		unsigned digit = pcf_is_digit(p[i])           ? (unsigned)(p[i] - '0')
				 : p[i] >= 'A' && p[i] <= 'F' ? (unsigned)(p[i] - 'A' + 10)
				 : p[i] >= 'a' && p[i] <= 'f' ? (unsigned)(p[i] - 'a' + 10)
							      : 16;

		if (digit == 16)
			return 0;
		*number = *number << 4 | digit;
	}
	return len > 0 && len <= 8;
}

static void add(uint64_t *row, const pcf_key *key, uint64_t number)
{
	if (key)
		row[key->column] = row[key->column] >= PCF_UNLIMITED ? number : row[key->column] + number;
}

static int is_tcp(const pcf_parser *parser)
{
	return memcmp(parser->file, "net/tcp", 7) == 0;
}

static int line_add(const pcf_parser *parser, const char *p, const char *stop, uint64_t *row)
{
	struct word words[WORDS];
	int count = split(p, stop, words);
	const char *colon;
	uint64_t tx, rx, drops;

	if (count <= WORD_QUEUE || !is_number(&words[0]))
		return 0;
	if (is_tcp(parser)) {
		add(row, pcf_key_find(parser->keys, words[WORD_STATE].text, words[WORD_STATE].len), 1);
		return 1;
	}
	colon = memchr(words[WORD_QUEUE].text, ':', words[WORD_QUEUE].len);
	if (!colon || !scan_hex(words[WORD_QUEUE].text, (size_t)(colon - words[WORD_QUEUE].text), &tx) ||
	    !scan_hex(colon + 1, words[WORD_QUEUE].len - (size_t)(colon + 1 - words[WORD_QUEUE].text), &rx))
		return 0;
	add(row, pcf_key_named(parser->keys, "sockets"), 1);
	add(row, pcf_key_named(parser->keys, "tx_queue"), tx);
	add(row, pcf_key_named(parser->keys, "rx_queue"), rx);
	if (count > WORD_DROPS && pcf_scan_number(words[WORD_DROPS].text, stop, &drops) && drops < PCF_UNLIMITED)
		add(row, pcf_key_named(parser->keys, "drops"), drops);
	return 1;
}

static int is_heading(const char *p, const char *stop)
{
	p = pcf_skip_blanks(p, stop);
	return stop - p > 2 && memcmp(p, "sl ", 3) == 0;
}

int pcf_net_sockets_begin(const pcf_parser *parser, const char *buf, size_t len, uint64_t *row)
{
	const char *stop = pcf_line_end(buf, buf + len);

	if (!stop || !is_heading(buf, stop))
		return -EINVAL;
	for (unsigned i = 0; i < parser->keys->count; i++)
		row[parser->keys->keys[i].column] = 0;
	return (int)parser->keys->count;
}

int pcf_net_sockets_add(const pcf_parser *parser, const char *buf, size_t len, uint64_t *row)
{
	int lines = 0;

	for (const char *p = buf, *end = buf + len, *stop; (stop = pcf_line_end(p, end)) != NULL; p = stop + 1)
		lines += line_add(parser, p, stop, row);
	return lines;
}

int pcf_net_sockets_parse(const pcf_parser *parser, const char *buf, size_t len, uint64_t *row)
{
	int set;

	if (!len || buf[len - 1] != '\n')
		return -EINVAL;
	set = pcf_net_sockets_begin(parser, buf, len, row);
	if (set >= 0)
		(void)pcf_net_sockets_add(parser, buf, len, row);
	return set;
}
