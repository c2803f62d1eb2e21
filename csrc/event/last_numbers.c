#include "event/last_numbers.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/kernel_files.h"
#include "schema/enums.h"

static const int groups[] = {PCF_GROUP_CPU, PCF_GROUP_MEMORY, PCF_GROUP_MEMORY_EVENTS, PCF_GROUP_LIMITS, PCF_GROUP_IO};
#define GROUPS (sizeof groups / sizeof groups[0])

struct pcf_last_files {
	const pcf_host *host;
	int count[GROUPS];
	pcf_kernel_file file[GROUPS][PCF_KERNEL_FILES_MAX];
};

/* Where a column of a group goes. */
static const struct {
	int group, column;
	size_t offset;
} wanted[] = {
	{PCF_GROUP_CPU, PCF_CPU_USAGE_NS, offsetof(struct pcf_bpf_numbers, cpu_ns)},
	{PCF_GROUP_CPU, PCF_CPU_USER_NS, offsetof(struct pcf_bpf_numbers, user_ns)},
	{PCF_GROUP_CPU, PCF_CPU_SYSTEM_NS, offsetof(struct pcf_bpf_numbers, system_ns)},
	{PCF_GROUP_CPU, PCF_CPU_PERIODS, offsetof(struct pcf_bpf_numbers, periods)},
	{PCF_GROUP_CPU, PCF_CPU_THROTTLED_PERIODS, offsetof(struct pcf_bpf_numbers, throttled)},
	{PCF_GROUP_CPU, PCF_CPU_THROTTLED_NS, offsetof(struct pcf_bpf_numbers, throttled_ns)},
	{PCF_GROUP_MEMORY, PCF_MEMORY_USAGE_BYTES, offsetof(struct pcf_bpf_numbers, memory_bytes)},
	{PCF_GROUP_MEMORY_EVENTS, PCF_MEMORY_EVENTS_OOM, offsetof(struct pcf_bpf_numbers, ooms)},
	{PCF_GROUP_MEMORY_EVENTS, PCF_MEMORY_EVENTS_OOM_KILL, offsetof(struct pcf_bpf_numbers, oom_kills)},
	{PCF_GROUP_LIMITS, PCF_LIMITS_MEMORY_PEAK_BYTES, offsetof(struct pcf_bpf_numbers, peak_bytes)},
	{PCF_GROUP_LIMITS, PCF_LIMITS_MEMORY_BYTES, offsetof(struct pcf_bpf_numbers, limit_bytes)},
	{PCF_GROUP_LIMITS, PCF_LIMITS_PIDS_PEAK, offsetof(struct pcf_bpf_numbers, pids_peak)},
	{PCF_GROUP_IO, PCF_IO_READ_BYTES, offsetof(struct pcf_bpf_numbers, read_bytes)},
	{PCF_GROUP_IO, PCF_IO_WRITE_BYTES, offsetof(struct pcf_bpf_numbers, write_bytes)},
	{PCF_GROUP_IO, PCF_IO_READ_OPS, offsetof(struct pcf_bpf_numbers, read_ops)},
	{PCF_GROUP_IO, PCF_IO_WRITE_OPS, offsetof(struct pcf_bpf_numbers, write_ops)},
};

int pcf_last_files_new(pcf_last_files **out, const pcf_host *host)
{
	pcf_last_files *files = calloc(1, sizeof *files);

	*out = files;
	if (!files)
		return -ENOMEM;
	files->host = host;
	for (size_t g = 0; g < GROUPS; g++)
		files->count[g] = pcf_container_files(host, groups[g], files->file[g], PCF_KERNEL_FILES_MAX);
	return 0;
}

void pcf_last_files_free(pcf_last_files *files)
{
	free(files);
}

static bool is_wanted(const pcf_kernel_file *file, int group)
{
	uint8_t present[PCF_MAX_GROUP_COLUMNS] = {0};

	pcf_parser_columns(file->parser, present);
	for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
		if (wanted[i].group == group && present[wanted[i].column])
			return true;
	return false;
}

static long read_file(const pcf_last_files *files, const pcf_kernel_file *file, const char *path, char *text,
		      size_t size)
{
	char name[4400];
	const char *mount = files->host->controllers[file->controller].mount;

	if (snprintf(name, sizeof name, "%s%s/%s", mount, path, file->name) >= (int)sizeof name)
		return -ENAMETOOLONG;
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ssize_t len = read(fd, text, size);
	close(fd);
	return len;
}

struct device_rows {
	uint64_t *row;
	uint64_t sum[PCF_MAX_GROUP_COLUMNS];
	bool is_begun;
};

static void add_row(struct device_rows *rows)
{
	for (int i = 0; rows->is_begun && i < PCF_MAX_GROUP_COLUMNS; i++)
		if (rows->row[i] != PCF_ABSENT)
			rows->sum[i] = rows->sum[i] == PCF_ABSENT ? rows->row[i] : rows->sum[i] + rows->row[i];
}

/* Each device's row goes onto the sum when the next one begins. */
static uint64_t *next_row(void *arg, const char *key, size_t key_len)
{
	struct device_rows *rows = arg;

	(void)key;
	(void)key_len;
	add_row(rows);
	rows->is_begun = true;
	memset(rows->row, 0xff, PCF_MAX_GROUP_COLUMNS * sizeof *rows->row);
	return rows->row;
}

static void parse(const pcf_kernel_file *file, const char *text, size_t len, uint64_t *row)
{
	uint64_t one[PCF_MAX_GROUP_COLUMNS];
	struct device_rows rows = {.row = one};

	if (!file->parser->is_keyed) {
		pcf_row_parse(file->parser, text, len, row);
		return;
	}
	memset(rows.sum, 0xff, sizeof rows.sum);
	if (pcf_rows_parse(file->parser, text, len, next_row, &rows) < 0)
		return;
	add_row(&rows);
	for (int i = 0; i < PCF_MAX_GROUP_COLUMNS; i++)
		if (rows.sum[i] != PCF_ABSENT)
			row[i] = rows.sum[i];
}

/* Of the families of blkio files (blkio.c) the first that has something. */
static bool is_choice_made(const pcf_kernel_file *file, const uint64_t *row)
{
	uint8_t present[PCF_MAX_GROUP_COLUMNS] = {0};

	if (file->blkio_family < 0)
		return false;
	pcf_parser_columns(file->parser, present);
	for (int i = 0; i < PCF_MAX_GROUP_COLUMNS; i++)
		if (present[i] && row[i] != PCF_ABSENT && row[i])
			return true;
	return false;
}

static int read_group(const pcf_last_files *files, size_t g, const char *path, uint64_t *row)
{
	static _Thread_local char text[16384];
	int read_count = 0;

	for (int i = 0; i < files->count[g]; i++) {
		const pcf_kernel_file *file = &files->file[g][i];
		if (!is_wanted(file, groups[g]) || is_choice_made(file, row))
			continue;
		long len = read_file(files, file, path, text, sizeof text);
		if (len <= 0)
			continue;
		read_count++;
		parse(file, text, (size_t)len, row);
	}
	return read_count;
}

int pcf_last_numbers_read(const pcf_last_files *files, const char *path, struct pcf_bpf_numbers *out)
{
	uint64_t row[PCF_MAX_GROUP_COLUMNS];
	int read_count = 0;

	memset(out, 0xff, sizeof *out); /* PCF_BPF_ABSENT */
	for (size_t g = 0; g < GROUPS; g++) {
		memset(row, 0xff, sizeof row);
		read_count += read_group(files, g, path, row);
		for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
			if (wanted[i].group == groups[g])
				memcpy((char *)out + wanted[i].offset, &row[wanted[i].column], sizeof(uint64_t));
	}
	return read_count;
}
