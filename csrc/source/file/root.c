/* The root container: the machine as /proc shows it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "schema/error.h"
#include "source/file/file_source.h"

/* Lists (diskstats, vmstat) come a page at a time; until 0 they are not complete. */
static ssize_t read_all(int fd, char *text, size_t size)
{
	size_t len = 0;

	while (len < size) {
		ssize_t n = pread(fd, text + len, size - len, (off_t)len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		len += (size_t)n;
	}
	return (ssize_t)len;
}

/* Twice what it takes now: disks, cores and interrupts may be added while we run. */
static int size_text(pcf_root_text *text, char *scratch)
{
	ssize_t n = read_all(text->fd, scratch, PCF_SCRATCH_BYTES);

	text->size = n > 0 ? (size_t)n * 2 + 16384 : 16384;
	text->text = malloc(text->size);
	return text->text ? 0 : -ENOMEM;
}

static int text_for(pcf_file_source *source, const char *name)
{
	char path[512];
	pcf_root_text *text;

	for (int i = 0; i < source->root_count; i++)
		if (strcmp(source->root[i].name, name) == 0)
			return i;
	if (source->root_count == PCF_ROOT_TEXTS)
		return -ENOSPC;
	text = &source->root[source->root_count];
	snprintf(text->name, sizeof text->name, "%s", name);
	snprintf(path, sizeof path, "%s/proc/%s", source->env.options->sysroot ? source->env.options->sysroot : "",
		 name);
	/* The machine's own numbers come first when descriptors are short: a handful, outside the budget. */
	text->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (text->fd < 0)
		return -errno;
	if (size_text(text, source->scratch) < 0) {
		close(text->fd);
		return -ENOMEM;
	}
	atomic_fetch_add_explicit(&source->descriptors, 1, memory_order_relaxed);
	return source->root_count++;
}

int pcf_root_open(pcf_file_source *source, pcf_error *err)
{
	pcf_kernel_file files[16];

	for (int g = 0; g < PCF_GROUP_COUNT && !source->env.options->disable_root; g++) {
		int count = source->env.plan->group[g].interval_ns ? pcf_root_files(source->env.host, g, files, 16) : 0;

		for (int i = 0; i < count && source->root_unit_count < 32; i++) {
			int text = text_for(source, files[i].name);

			if (text < 0)
				return pcf_error_say(err, text, "cannot open /proc/%s for the root container: %s",
						     files[i].name, strerror(-text));
			source->root_units[source->root_unit_count].parser = files[i].parser;
			source->root_units[source->root_unit_count].text = text;
			source->root_units[source->root_unit_count++].group = g;
		}
	}
	return 0;
}

void pcf_root_close(pcf_file_source *source)
{
	for (int i = 0; i < source->root_count; i++) {
		close(source->root[i].fd);
		free(source->root[i].text);
	}
	source->root_count = source->root_unit_count = 0;
}

static const pcf_root_text *text_of(pcf_file_source *source, pcf_pass *pass, uint32_t slot, int index)
{
	pcf_root_text *text = &source->root[index];

	if (text->tick == pass->tick)
		return text;
	text->tick = pass->tick;
	text->offset = pcf_pass_offset(pass);
	text->len = read_all(text->fd, text->text, text->size);
	pass->reads++;
	pass->truncated += text->len == (ssize_t)text->size;
	if (text->len < 0) {
		pass->read_errors++;
		source->env.fail(source->env.owner, slot, text->name, (int)-text->len);
	}
	return text;
}

void pcf_root_sample(pcf_file_source *source, pcf_pass *pass, uint32_t slot, pcf_file_slot *state)
{
	uint64_t row[PCF_MAX_GROUP_COLUMNS];
	uint32_t offset = UINT32_MAX;
	int set = 0;

	memset(row, 0xff, sizeof row);
	pcf_keyed_reset(source->keyed, 1);
	for (int i = 0; i < source->root_unit_count; i++) {
		const pcf_parser *parser = source->root_units[i].parser;
		const pcf_root_text *text;
		int n;

		if (source->root_units[i].group != pass->group)
			continue;
		text = text_of(source, pass, slot, source->root_units[i].text);
		if (text->len < 0)
			continue;
		if (parser->is_keyed)
			n = pcf_rows_parse(parser, text->text, (size_t)text->len, pcf_keyed_row_find, source->keyed);
		else
			n = pcf_row_parse(parser, text->text, (size_t)text->len, row);
		if (n < 0) {
			pass->read_errors++;
			source->env.fail(source->env.owner, slot, text->name, -n);
			continue;
		}
		set += n;
		offset = text->offset < offset ? text->offset : offset;
	}
	if (pcf_group_at(pass->group)->key != PCF_KEY_NONE)
		pcf_keyed_store(source, pass, slot, state, offset);
	else if (set > 0)
		pcf_row_store(source, pass, slot, state, offset, row);
}
