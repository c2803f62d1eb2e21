/* rdma.current, rdma.max: "mlx5_0 hca_handle=2 hca_object=max", a line an adapter (cgroup-v2.rst, RDMA); v1 and v2. */
#include "parse/key_table.h"

#include <errno.h>

static const char *word_end(const char *p, const char *end, char also)
{
	while (p < end && (unsigned char)*p > ' ' && *p != also)
		p++;
	return p;
}

/* "hca_handle=2": stored when the number is whole; *pairs counts what looks right. */
static int pair_store(const pcf_parser *parser, const char *p, const char *stop, const char *end, uint64_t *row,
		      int *pairs)
{
	const char *equals = word_end(p, stop, '=');
	const pcf_key *key;

	if (equals == stop)
		return 0;
	(*pairs)++;
	key = pcf_key_find(parser->keys, p, (size_t)(equals - p));
	return key && row ? pcf_key_store(key, equals + 1, end, row) : 0;
}

int pcf_rdma_parse(const pcf_parser *parser, const char *buf, size_t len, pcf_row_sink sink, void *arg)
{
	const char *p = buf, *end = buf + len;
	int set = 0, pairs = 0;

	while (p < end) {
		const char *stop = word_end(p, end, '=');
		uint64_t *row = NULL;

		if (stop > p && stop < end && pcf_is_blank(*stop))
			row = sink(arg, p, (size_t)(stop - p));
		for (p = pcf_skip_blanks(stop, end); row && p < end && *p != '\n'; p = pcf_skip_blanks(stop, end)) {
			stop = word_end(p, end, '\n');
			if (stop == p) /* a control character: no word */
				break;
			set += pair_store(parser, p, stop, end, row, &pairs);
		}
		p = pcf_skip_line(p, end);
	}
	return pairs || !len ? set : -EINVAL;
}
