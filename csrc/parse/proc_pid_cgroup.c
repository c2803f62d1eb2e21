#include "parse/proc_pid_cgroup.h"

#include <errno.h>
#include <string.h>

#include "parse/scan.h"

/* Best first; cgroup2's line has no controllers. */
static const char *const order_v1[] = {"memory", "pids", "cpu", "cpuacct", "blkio", "", "name=systemd"};
static const char *const order_v2[] = {"", "memory", "pids", "cpu", "cpuacct", "blkio", "name=systemd"};
#define ORDER_LEN (sizeof order_v1 / sizeof order_v1[0])

static int list_has(const char *list, const char *end, const char *word)
{
	size_t len = strlen(word);

	if (len == 0 || list == end)
		return len == 0 && list == end;
	while (list < end) {
		const char *comma = memchr(list, ',', (size_t)(end - list)), *stop = comma ? comma : end;

		if ((size_t)(stop - list) == len && memcmp(list, word, len) == 0)
			return 1;
		list = stop + 1;
	}
	return 0;
}

struct line {
	const char *list, *path, *end; /* list ends one byte before path */
};

/* The line at *p, which is moved on. Returns 0 when it is not one of this file, or cut off. */
static int take_line(const char **p, const char *end, struct line *out)
{
	const char *newline = pcf_line_end(*p, end), *colon;
	uint64_t hierarchy;

	if (!newline)
		return 0;
	out->list = pcf_scan_number(*p, newline, &hierarchy);
	if (!out->list || *out->list != ':')
		return 0;
	out->list++;
	colon = memchr(out->list, ':', (size_t)(newline - out->list));
	if (!colon || colon[1] != '/')
		return 0;
	out->path = colon + 1;
	out->end = newline;
	*p = newline + 1;
	return 1;
}

static int rank_of(const struct line *line, const char *const *order)
{
	for (unsigned i = 0; i < ORDER_LEN; i++)
		if (list_has(line->list, line->path - 1, order[i]))
			return (int)i;
	return (int)ORDER_LEN;
}

static int copy_path(const struct line *line, char *path, size_t size)
{
	static const char deleted[] = " (deleted)";
	size_t len = (size_t)(line->end - line->path), cut = sizeof deleted - 1;

	if (len > cut && memcmp(line->end - cut, deleted, cut) == 0)
		len -= cut;
	if (len >= size)
		return -ENAMETOOLONG;
	memcpy(path, line->path, len);
	path[len] = '\0';
	return (int)len;
}

int pcf_proc_pid_cgroup_parse(const char *buf, size_t len, int has_memory_v1, char *path, size_t size)
{
	const char *p = buf, *end = buf + len, *const *order = has_memory_v1 ? order_v1 : order_v2;
	struct line line, best = {0};
	int best_rank = 0;

	while (p < end && take_line(&p, end, &line)) {
		int rank = rank_of(&line, order);
		rank += line.end - line.path == 1 ? (int)ORDER_LEN + 1 : 0; /* "/": only when no other says more */
		if (!best.path || rank < best_rank) {
			best = line;
			best_rank = rank;
		}
	}
	return best.path ? copy_path(&best, path, size) : -EINVAL;
}
