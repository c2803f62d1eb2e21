/* Which hierarchy is where, from /proc/<pid>/mountinfo (Documentation/filesystems/proc.rst, 3.5):
 *   36 35 98:0 /root /mount/point rw,noatime master:1 - fstype source superoptions */
#include <stdio.h>
#include <string.h>

#include "host/probe.h"

static const char *const v1_names[PCF_CTL_COUNT] = {
	[PCF_CTL_CPU] = "cpu",         [PCF_CTL_CPUACCT] = "cpuacct",    [PCF_CTL_MEMORY] = "memory",
	[PCF_CTL_IO] = "blkio",        [PCF_CTL_PIDS] = "pids",          [PCF_CTL_CPUSET] = "cpuset",
	[PCF_CTL_HUGETLB] = "hugetlb", [PCF_CTL_RDMA] = "rdma",          [PCF_CTL_MISC] = "misc",
	[PCF_CTL_UNIFIED] = "unified", [PCF_CTL_NAMED] = "name=systemd",
};

const char *pcf_controller_name(int controller)
{
	return v1_names[controller];
}

/* Copies a field, undoing the kernel's octal escapes for blank, tab, newline and backslash. Returns whether it fits. */
static int unescape(char *out, size_t size, const char *field, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		char c = field[i];

		if (c == '\\' && i + 3 < len) {
			c = (char)((field[i + 1] - '0') << 6 | (field[i + 2] - '0') << 3 | (field[i + 3] - '0'));
			i += 3;
		}
		if (n + 1 >= size)
			return 0;
		out[n++] = c;
	}
	out[n] = '\0';
	return 1;
}

/* Whether a comma-separated list holds word. */
static int list_has(const char *list, size_t len, const char *word)
{
	size_t word_len = strlen(word);

	for (size_t at = 0; at <= len;) {
		const char *comma = memchr(list + at, ',', len - at);
		size_t end = comma ? (size_t)(comma - list) : len;

		if (end - at == word_len && memcmp(list + at, word, word_len) == 0)
			return 1;
		at = end + 1;
	}
	return 0;
}

/* A hierarchy may be mounted several times; the mount that shows all of it is the one to read. */
static void take(pcf_controller_fact *fact, int version, const char *prefix, const char *mount, const char *root)
{
	size_t prefix_len = strcmp(prefix, "/") == 0 ? 0 : strlen(prefix);

	if (fact->version && (strcmp(fact->root, "/") == 0 || strcmp(root, "/") != 0))
		return;
	if (prefix_len + strlen(mount) >= sizeof fact->mount || strlen(root) >= sizeof fact->root)
		return;
	fact->version = version;
	memcpy(fact->mount, prefix, prefix_len);
	strcpy(fact->mount + prefix_len, mount);
	strcpy(fact->root, root);
}

struct field {
	const char *text;
	size_t len;
};

/* Splits a line at blanks; returns how many fields. */
static int split(const char *line, size_t len, struct field *fields, int max)
{
	int count = 0;

	for (size_t at = 0; at < len && count < max;) {
		const char *blank = memchr(line + at, ' ', len - at);
		size_t end = blank ? (size_t)(blank - line) : len;

		fields[count++] = (struct field){line + at, end - at};
		at = end + 1;
	}
	return count;
}

static int field_is(const struct field *field, const char *word)
{
	return field->len == strlen(word) && memcmp(field->text, word, field->len) == 0;
}

static void parse_line(pcf_host *host, const char *line, size_t len, const char *prefix)
{
	struct field f[32];
	int count = split(line, len, f, 32), dash = 6;
	char root[256], mount[256];

	while (dash < count && !field_is(&f[dash], "-"))
		dash++;
	if (dash + 3 >= count)
		return;
	if (!unescape(root, sizeof root, f[3].text, f[3].len) || !unescape(mount, sizeof mount, f[4].text, f[4].len))
		return;
	if (field_is(&f[dash + 1], "cgroup2"))
		take(&host->controllers[PCF_CTL_UNIFIED], 2, prefix, mount, root);
	if (!field_is(&f[dash + 1], "cgroup"))
		return;
	for (int c = 0; c < PCF_CTL_COUNT; c++)
		if (c != PCF_CTL_UNIFIED && list_has(f[dash + 3].text, f[dash + 3].len, v1_names[c]))
			take(&host->controllers[c], 1, prefix, mount, root);
}

void pcf_mounts_parse(pcf_host *host, const char *mountinfo, const char *prefix)
{
	memset(host->controllers, 0, sizeof host->controllers);
	while (*mountinfo) {
		size_t len = strcspn(mountinfo, "\n");

		parse_line(host, mountinfo, len, prefix);
		mountinfo += len + (mountinfo[len] == '\n');
	}
}

/* cgroup.controllers lists, separated by blanks, the controllers that live on cgroup2 (cgroup-v2.rst, "Enabling and
 * Disabling"). CPU time needs no controller there: cpu.stat of every cgroup has it. */
void pcf_mounts_unified(pcf_host *host, const char *cgroup_controllers)
{
	static const char *const v2_names[PCF_CTL_COUNT] = {
		[PCF_CTL_CPU] = "cpu",   [PCF_CTL_MEMORY] = "memory", [PCF_CTL_IO] = "io",
		[PCF_CTL_PIDS] = "pids", [PCF_CTL_CPUSET] = "cpuset", [PCF_CTL_HUGETLB] = "hugetlb",
		[PCF_CTL_RDMA] = "rdma", [PCF_CTL_MISC] = "misc",
	};
	const pcf_controller_fact *unified = &host->controllers[PCF_CTL_UNIFIED];
	int v1 = 0;
	char list[512];

	snprintf(list, sizeof list, "%s", cgroup_controllers);
	for (char *c = list; *c; c++)
		if (*c == ' ' || *c == '\n')
			*c = ',';
	for (int c = 0; c < PCF_CTL_UNIFIED; c++) {
		pcf_controller_fact *fact = &host->controllers[c];

		if (fact->version == 0 && unified->version &&
		    (c == PCF_CTL_CPUACCT || list_has(list, strlen(list), v2_names[c])))
			*fact = *unified;
		v1 += fact->version == 1;
	}
	if (v1)
		host->layout = unified->version ? PCF_LAYOUT_HYBRID : PCF_LAYOUT_V1;
	else
		host->layout = unified->version ? PCF_LAYOUT_V2 : PCF_LAYOUT_NONE;
}
