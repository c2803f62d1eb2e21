#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/kernel_files.h"
#include "tick/verify.h"

/* A whole file, however many reads it takes. Returns its length or negative errno. */
static long read_text(const char *path, char *text)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	long len = 0, n = 1;

	if (fd < 0)
		return -errno;
	while (n > 0 && len < (long)PCF_VERIFY_TEXT_BYTES) {
		n = read(fd, text + len, PCF_VERIFY_TEXT_BYTES - (size_t)len);
		if (n < 0 && errno == EINTR)
			n = 1;
		else if (n > 0)
			len += n;
	}
	if (n < 0)
		len = -errno;
	close(fd);
	return len;
}

/* Returns how many values it gave, or negative errno: not there. */
static int parse_file(const pcf_kernel_file *file, const char *path, char *text, pcf_verify_rows *rows)
{
	uint64_t *row;
	long len = read_text(path, text);

	if (len < 0)
		return (int)len;
	if (file->parser->is_keyed)
		return pcf_rows_parse(file->parser, text, (size_t)len, pcf_verify_row_find, rows);
	row = pcf_verify_row_find(rows, file->key, strlen(file->key));
	return row ? pcf_row_parse(file->parser, text, (size_t)len, row) : -ENOMEM;
}

/* The family of blkio files that has numbers for this cgroup, -1: none has. */
static int find_family(const pcf_collector *collector, const char *path, const pcf_kernel_file *files, int count,
		       char *text)
{
	pcf_verify_rows rows = {0};
	char full[4200];
	int family = -1;

	for (int i = 0; i < count && family < 0 && files[i].parser == files[0].parser; i++) {
		snprintf(full, sizeof full, "%s%s/%s", collector->host.controllers[files[i].controller].mount, path,
			 files[i].name);
		if (parse_file(&files[i], full, text, &rows) >= 0 && rows.count)
			family = files[i].blkio_family;
	}
	free(rows.rows);
	return family;
}

static void read_cgroup(const pcf_collector *collector, const char *path, int group, char *text, pcf_verify_rows *rows)
{
	pcf_kernel_file *files = calloc(PCF_KERNEL_FILES_MAX, sizeof *files);
	int count = files ? pcf_container_files(&collector->host, group, files, PCF_KERNEL_FILES_MAX) : 0, family;
	char full[4200];

	family = group == PCF_GROUP_IO && count ? find_family(collector, path, files, count, text) : -1;
	for (int i = 0; i < count; i++) {
		if (files[i].blkio_family >= 0 && group == PCF_GROUP_IO && files[i].blkio_family != family)
			continue;
		snprintf(full, sizeof full, "%s%s/%s", collector->host.controllers[files[i].controller].mount, path,
			 files[i].name);
		(void)parse_file(&files[i], full, text, rows);
	}
	free(files);
}

static void read_root(const pcf_collector *collector, int group, char *text, pcf_verify_rows *rows)
{
	pcf_kernel_file files[16];
	int count = pcf_root_files(&collector->host, group, files, 16);
	char full[600];

	for (int i = 0; i < count; i++) {
		snprintf(full, sizeof full, "%s/proc/%s", collector->sysroot, files[i].name);
		(void)parse_file(&files[i], full, text, rows);
	}
}

/* Some process of the cgroup; 0: it has none. */
static long first_pid(const pcf_collector *collector, const char *path, char *text)
{
	char full[4200];

	for (int c = 0; c < PCF_CTL_COUNT; c++) {
		if (!collector->host.controllers[c].version)
			continue;
		snprintf(full, sizeof full, "%s%s/cgroup.procs", collector->host.controllers[c].mount, path);
		long len = read_text(full, text);

		if (len > 0 && len < (long)PCF_VERIFY_TEXT_BYTES) {
			text[len] = '\0';
			return strtol(text, NULL, 10);
		}
	}
	return 0;
}

int pcf_verify_is_network(int group)
{
	return strncmp(pcf_column_at(pcf_group_at(group)->first)->root, "net/", 4) == 0;
}

static void read_network(const pcf_collector *collector, const char *path, int group, char *text, pcf_verify_rows *rows)
{
	int is_root = strcmp(path, "/") == 0;
	long pid = is_root ? 1 : first_pid(collector, path, text);
	char full[600];

	for (int i = 0; pid && i < pcf_parser_count(); i++) {
		pcf_kernel_file file = {.parser = pcf_parser_at(i)};

		if (file.parser->group != group || file.parser->version != PCF_VERSION_V1)
			continue;
		snprintf(full, sizeof full, "%s/proc/%ld/%s", collector->sysroot, pid, file.parser->file);
		(void)parse_file(&file, full, text, rows);
	}
}

void pcf_verify_read(const pcf_collector *collector, const char *path, int group, char *text, pcf_verify_rows *rows)
{
	pcf_verify_rows_clear(rows);
	if (pcf_verify_is_network(group))
		read_network(collector, path, group, text, rows);
	else if (strcmp(path, "/") == 0)
		read_root(collector, group, text, rows);
	else
		read_cgroup(collector, path, group, text, rows);
}
