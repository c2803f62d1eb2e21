#include "host/kernel_files.h"

#include <stdio.h>
#include <string.h>

#include "host/probe.h"

static int has_prefix(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

static int has_suffix(const char *text, const char *suffix)
{
	size_t len = strlen(text), n = strlen(suffix);

	return len >= n && strcmp(text + len - n, suffix) == 0;
}

int pcf_file_controller(const char *file, int version)
{
	static const struct {
		const char *prefix;
		int controller;
	} prefixes[] = {
		{"cpuacct.", PCF_CTL_CPUACCT}, {"cpu.", PCF_CTL_CPU},         {"memory.", PCF_CTL_MEMORY},
		{"blkio.", PCF_CTL_IO},        {"io.", PCF_CTL_IO},           {"pids.", PCF_CTL_PIDS},
		{"cpuset.", PCF_CTL_CPUSET},   {"hugetlb.", PCF_CTL_HUGETLB}, {"rdma.", PCF_CTL_RDMA},
		{"misc.", PCF_CTL_MISC},
	};

	if (has_suffix(file, ".pressure"))
		return PCF_CTL_UNIFIED;
	/* cgroup2 gives CPU time in every cgroup, with or without the cpu controller. */
	if (version == 2 && strcmp(file, "cpu.stat") == 0)
		return PCF_CTL_CPUACCT;
	for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++)
		if (has_prefix(file, prefixes[i].prefix))
			return prefixes[i].controller;
	return -1;
}

/* Whether a file of columns.def's v1 or v2 source is the one to read on this host. */
static int serves(const pcf_host *host, const char *file, int version)
{
	int controller = pcf_file_controller(file, version);

	if (controller < 0)
		return 0;
	/* PSI of a v1 host comes from the cgroup2 mount beside it; columns.def lists it under both. */
	if (controller == PCF_CTL_UNIFIED)
		return host->controllers[controller].version && version == (host->layout == PCF_LAYOUT_V2 ? 2 : 1);
	return host->controllers[controller].version == version;
}

static const char *hierarchy_of(const pcf_host *host, int controller)
{
	return pcf_controller_name(host->controllers[controller].version == 2 ? PCF_CTL_UNIFIED : controller);
}

/* Found in some cgroup, or assumed because there was none to look at: "unified/io.*". */
static int file_exists(const pcf_host *host, const char *hierarchy, const char *file)
{
	char line[128];
	const char *dot = strchr(file, '.');
	int len;

	if (pcf_host_has_file(host, hierarchy, file))
		return 1;
	len = snprintf(line, sizeof line, "%s/*", hierarchy);
	if (pcf_host_has_line(host->files, line, (size_t)len))
		return 1;
	len = snprintf(line, sizeof line, "%s/%.*s*", hierarchy, dot ? (int)(dot - file) + 1 : 0, file);
	return dot && pcf_host_has_line(host->files, line, (size_t)len);
}

/* cAdvisor's order: what the scheduler counted for the whole subtree, then what the throttling layer counted. */
static void blkio_name(char *out, size_t size, int family, const char *what)
{
	static const char *const before[PCF_BLKIO_FAMILIES] = {"blkio.bfq.", "blkio.", "blkio.throttle.",
							       "blkio.throttle."};
	static const char *const after[PCF_BLKIO_FAMILIES] = {"_recursive", "_recursive", "_recursive", ""};

	snprintf(out, size, "%s%s%s", before[family], what, after[family]);
}

static int list_blkio(const pcf_host *host, const pcf_parser *parser, pcf_kernel_file *out, int max)
{
	const char *hierarchy = hierarchy_of(host, PCF_CTL_IO), *what = parser->file + strlen("blkio.");
	int count = 0;

	for (int family = 0; family < PCF_BLKIO_FAMILIES && count < max; family++) {
		pcf_kernel_file *file = &out[count];
		char name[72];

		blkio_name(name, sizeof name, family, what);
		/* Nobody could be asked: the throttling layer is the one every kernel has. */
		if (!pcf_host_has_file(host, hierarchy, name) && !(family == 2 && file_exists(host, hierarchy, name)))
			continue;
		*file = (pcf_kernel_file){.parser = parser, .controller = PCF_CTL_IO, .blkio_family = family};
		snprintf(file->name, sizeof file->name, "%s", name);
		count++;
	}
	return count;
}

/* parser->file "hugetlb.rsvd.current" is "hugetlb.2MB.rsvd.current" to the kernel: one file for each page size. */
static int list_hugetlb(const pcf_host *host, const pcf_parser *parser, pcf_kernel_file *out, int max)
{
	const char *what = parser->file + strlen("hugetlb");
	char prefix[32];
	int count = 0, prefix_len;

	prefix_len = snprintf(prefix, sizeof prefix, "%s/hugetlb.", hierarchy_of(host, PCF_CTL_HUGETLB));
	for (const char *line = host->files; *line && count < max;) {
		size_t len = strcspn(line, "\n");
		const char *size = line + prefix_len;
		size_t size_len = len > (size_t)prefix_len ? strcspn(size, ".\n") : 0;

		if (strncmp(line, prefix, (size_t)prefix_len) == 0 && size_len && size_len < sizeof out->key &&
		    len - (size_t)prefix_len - size_len == strlen(what) &&
		    strncmp(size + size_len, what, strlen(what)) == 0 &&
		    len - (size_t)prefix_len + 8 < sizeof out->name) {
			out[count] =
				(pcf_kernel_file){.parser = parser, .controller = PCF_CTL_HUGETLB, .blkio_family = -1};
			snprintf(out[count].name, sizeof out[count].name, "hugetlb.%.*s",
				 (int)(len - (size_t)prefix_len), size);
			snprintf(out[count].key, sizeof out[count].key, "%.*s", (int)size_len, size);
			count++;
		}
		line += len + (line[len] == '\n');
	}
	return count;
}

static int list_parser(const pcf_host *host, const pcf_parser *parser, pcf_kernel_file *out, int max)
{
	int controller;

	if (max < 1 || parser->version == PCF_VERSION_ROOT || !serves(host, parser->file, parser->version))
		return 0;
	if (has_prefix(parser->file, "blkio."))
		return list_blkio(host, parser, out, max);
	if (has_prefix(parser->file, "hugetlb."))
		return list_hugetlb(host, parser, out, max);
	controller = pcf_file_controller(parser->file, parser->version);
	if (!file_exists(host, hierarchy_of(host, controller), parser->file))
		return 0;
	*out = (pcf_kernel_file){.parser = parser, .controller = controller, .blkio_family = -1};
	snprintf(out->name, sizeof out->name, "%s", parser->file);
	return 1;
}

int pcf_container_files(const pcf_host *host, int group, pcf_kernel_file *out, int max)
{
	int count = 0;

	for (int i = 0; i < pcf_parser_count(); i++) {
		const pcf_parser *parser = pcf_parser_at(i);

		/* net/dev is below /proc/<pid>: the network source's */
		if (parser->group == group && strchr(parser->file, '.') && !strchr(parser->file, '/'))
			count += list_parser(host, parser, out + count, max - count);
	}
	return count;
}

int pcf_root_files(const pcf_host *host, int group, pcf_kernel_file *out, int max)
{
	int count = 0;

	for (int i = 0; i < pcf_parser_count() && count < max; i++) {
		const pcf_parser *parser = pcf_parser_at(i);

		if (parser->group != group || parser->version != PCF_VERSION_ROOT ||
		    !pcf_host_has_file(host, "proc", parser->file))
			continue;
		out[count] = (pcf_kernel_file){.parser = parser, .controller = -1, .blkio_family = -1};
		snprintf(out[count].name, sizeof out[count].name, "%s", parser->file);
		count++;
	}
	return count;
}

/* ---- columns ---- */

/* Splits "memory.stat:anon*1" into file and key. */
static void split_source(const char *source, char *file, size_t file_size, char *key, size_t key_size)
{
	size_t len = strcspn(source, ":*");

	snprintf(file, file_size, "%.*s", (int)len, source);
	key[0] = '\0';
	if (source[len] == ':')
		snprintf(key, key_size, "%.*s", (int)strcspn(source + len + 1, "*"), source + len + 1);
}

static int has_listed_keys(const pcf_host *host, const char *line, int len)
{
	const char *at = host->files;

	while ((at = strstr(at, line))) {
		if ((at == host->files || at[-1] == '\n') && at[len] == ':')
			return 1;
		at += len;
	}
	return 0;
}

/* Where the keys of a file are known, the key must be among them. */
static int key_exists(const pcf_host *host, const char *hierarchy, const char *file, const char *key)
{
	char line[160];
	int len, key_len = (int)(strchr(file, '/') || has_suffix(file, ".pressure") ? strcspn(key, ".") : strlen(key));

	if (!*key)
		return 1;
	if (strcmp(file, "memory.stat") == 0)
		return !host->memory_stat_keys[0] || pcf_host_has_line(host->memory_stat_keys, key, strlen(key));
	len = snprintf(line, sizeof line, "%s/%s", hierarchy, file);
	if (!has_listed_keys(host, line, len))
		return 1;
	len = snprintf(line, sizeof line, "%s/%s:%.*s", hierarchy, file, key_len, key);
	return pcf_host_has_line(host->files, line, (size_t)len);
}

static int column_listed(const pcf_host *host, const char *source, int version, const pcf_kernel_file *files, int count)
{
	char file[72], key[72];

	if (!*source)
		return 0;
	split_source(source, file, sizeof file, key, sizeof key);
	for (int i = 0; i < count; i++) {
		const pcf_kernel_file *f = &files[i];

		if (f->parser->version != version || strcmp(f->parser->file, file) != 0)
			continue;
		if (version == PCF_VERSION_ROOT)
			return key_exists(host, "proc", file, key);
		/* io.stat shows cost.* only for a device with a cost model, which only the root's io.cost.qos can set. */
		if (has_prefix(key, "cost.") && !pcf_host_has_file(host, "unified", "io.cost.qos"))
			return 0;
		return key_exists(host, hierarchy_of(host, f->controller), file, key);
	}
	return 0;
}

void pcf_group_columns(const pcf_host *host, int group, uint8_t *present, uint8_t *root)
{
	pcf_kernel_file files[PCF_KERNEL_FILES_MAX], root_files[16];
	int count = pcf_container_files(host, group, files, PCF_KERNEL_FILES_MAX);
	int root_count = pcf_root_files(host, group, root_files, 16);
	const pcf_group_def *def = pcf_group_at(group);

	for (int i = 0; i < def->columns; i++) {
		const pcf_column_def *column = pcf_column_at(def->first + i);

		present[i] = (uint8_t)(column_listed(host, column->v1, 1, files, count) ||
				       column_listed(host, column->v2, 2, files, count));
		root[i] = (uint8_t)column_listed(host, column->root, PCF_VERSION_ROOT, root_files, root_count);
	}
}
