/* /proc/meminfo: "MemTotal:       16384 kB\n" (Documentation/filesystems/proc.rst), for the root container, which has
 * no memory.current.  Besides the kernel's own keys columns.def names three that are worked out here, each only when
 * all its parts are there:
 *
 *	file = Cached + Buffers + SwapCached (Cached is NR_FILE_PAGES less the other two, fs/proc/meminfo.c, so this
 *	       is NR_FILE_PAGES again, which is what memory.stat calls file)
 *	usage = AnonPages + file (what memory.current of a root would count, kernel memory left out)
 *	swap = SwapTotal - SwapFree */
#include "parse/flat_keyed.h"

#include <errno.h>

enum { ANON, CACHED, BUFFERS, SWAP_CACHED, SWAP_TOTAL, SWAP_FREE, PARTS };

static const char *const part_names[PARTS] = {
	"AnonPages:", "Cached:", "Buffers:", "SwapCached:", "SwapTotal:", "SwapFree:"};

/* Fills parts in from the line at p if it is one of them. */
static void part_scan(const char *p, const char *end, uint64_t *parts)
{
	for (int i = 0; i < PARTS; i++) {
		size_t len = strlen(part_names[i]);
		const char *stop;
		uint64_t number;

		if ((size_t)(end - p) <= len || memcmp(p, part_names[i], len) != 0)
			continue;
		stop = pcf_scan_number(pcf_skip_blanks(p + len, end), end, &number);
		if (stop && pcf_is_stop(stop, end))
			parts[i] = number;
		return;
	}
}

static uint64_t add(uint64_t a, uint64_t b)
{
	uint64_t total;

	return a == PCF_ABSENT || b == PCF_ABSENT || __builtin_add_overflow(a, b, &total) ? PCF_ABSENT : total;
}

static int sums_store(const pcf_key_table *keys, const uint64_t *parts, uint64_t *row)
{
	uint64_t file = add(add(parts[CACHED], parts[BUFFERS]), parts[SWAP_CACHED]), swap = PCF_ABSENT;

	/* The two are read one after the other by the kernel; swapoff between them must not give a huge number. */
	if (parts[SWAP_TOTAL] != PCF_ABSENT && parts[SWAP_FREE] <= parts[SWAP_TOTAL])
		swap = parts[SWAP_TOTAL] - parts[SWAP_FREE];
	return pcf_key_set(pcf_key_named(keys, "usage"), add(file, parts[ANON]), row) +
	       pcf_key_set(pcf_key_named(keys, "file"), file, row) +
	       pcf_key_set(pcf_key_named(keys, "swap"), swap, row);
}

int pcf_proc_meminfo_parse(const pcf_parser *parser, const char *buf, size_t len, uint64_t *row)
{
	uint64_t parts[PARTS];
	const char *end = buf + len;
	int set = pcf_flat_keyed_scan(parser->keys, buf, len, row);

	if (set < 0)
		return set;
	for (int i = 0; i < PARTS; i++)
		parts[i] = PCF_ABSENT;
	for (const char *p = buf; p < end; p = pcf_skip_line(p, end))
		part_scan(p, end, parts);
	return set + sums_store(parser->keys, parts, row);
}
