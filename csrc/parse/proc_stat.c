/* /proc/stat, for the root container and the machine:
 *	cpu  user nice system idle iowait irq softirq steal guest guest_nice	(USER_HZ, which is 100)
 *	cpu0 ...
 *	ctxt 123	processes 45	procs_running 1	procs_blocked 0
 * The kernel counts guest inside user and guest_nice inside nice (kernel/sched/cputime.c), so they are not added again.
 * busy = user + nice + system + irq + softirq.  Steal is time the machine did not have: it is a column of the host
 * group and no part of the root's usage; so are idle and iowait. */
#include "parse/flat_keyed.h"

#include <errno.h>

enum { USER, NICE, SYSTEM, IDLE, IOWAIT, IRQ, SOFTIRQ, STEAL, FIELDS };

/* The fields of a whole "cpu..." line from behind its name: 0, or -EINVAL.  steal came with 2.6.11: all are there. */
static int fields_scan(const char *p, const char *end, uint64_t fields[static FIELDS])
{
	return pcf_scan_numbers(p, end, fields, FIELDS) >= FIELDS ? 0 : -EINVAL;
}

/* PCF_ABSENT when one of them is not there. */
static uint64_t sum(const uint64_t *fields, unsigned mask)
{
	uint64_t total = 0;

	for (unsigned i = 0; i < FIELDS; i++)
		if (mask & 1u << i && __builtin_add_overflow(total, fields[i], &total))
			return PCF_ABSENT;
	return total;
}

#define USER_MASK   (1u << USER | 1u << NICE)
#define SYSTEM_MASK (1u << SYSTEM | 1u << IRQ | 1u << SOFTIRQ)

static int is_cpu_line(const char *p, const char *end)
{
	return end - p > 4 && memcmp(p, "cpu", 3) == 0 && (p[3] == ' ' || pcf_is_digit(p[3]));
}

int pcf_proc_stat_parse(const pcf_parser *parser, const char *buf, size_t len, uint64_t *row)
{
	static const struct {
		const char *key;
		unsigned mask;
	} sums[] = {
		{"busy", USER_MASK | SYSTEM_MASK},
		{"user", USER_MASK},
		{"system", SYSTEM_MASK},
		{"nice", 1u << NICE},
		{"idle", 1u << IDLE},
		{"iowait", 1u << IOWAIT},
		{"steal", 1u << STEAL},
	};
	const char *end = buf + len;
	uint64_t fields[FIELDS];
	int set = 0, lines;

	if (!is_cpu_line(buf, end) || buf[3] != ' ')
		return -EINVAL;
	if (fields_scan(buf + 4, end, fields) == 0)
		for (size_t i = 0; i < sizeof sums / sizeof sums[0]; i++)
			set += pcf_key_set(pcf_key_named(parser->keys, sums[i].key), sum(fields, sums[i].mask), row);
	lines = pcf_flat_keyed_scan(parser->keys, buf, len, row);
	return lines > 0 ? set + lines : set;
}

int pcf_proc_stat_cores_parse(const pcf_parser *parser, const char *buf, size_t len, pcf_row_sink sink, void *arg)
{
	const char *p = buf, *end = buf + len;
	uint64_t fields[FIELDS];
	int set = 0;

	if (!is_cpu_line(buf, end))
		return -EINVAL;
	for (; is_cpu_line(p, end); p = pcf_skip_line(p, end)) {
		const char *core = p + 3, *stop = core;
		uint64_t *row;

		while (stop < end && pcf_is_digit(*stop))
			stop++;
		if (stop == core || stop == end || fields_scan(stop, end, fields) != 0)
			continue;
		row = sink(arg, core, (size_t)(stop - core));
		if (row)
			set += pcf_key_set(&parser->keys->keys[0], sum(fields, USER_MASK | SYSTEM_MASK), row);
	}
	return set;
}
