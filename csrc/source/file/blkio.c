/* Which family of v1 blkio files counts anything: what the io scheduler (bfq, cfq) counted, or the throttling layer.
 * It depends on the disks' schedulers, and some kernels begin to count in the throttling layer only when the first
 * rule is written, so an empty family is left as soon as another one has numbers. One that has numbers is kept:
 * families do not agree with each other and a counter must not jump. */
#include <string.h>

#include "source/file/file_source.h"

static uint64_t *count_row(void *arg, const char *key, size_t key_len)
{
	static _Thread_local uint64_t values[PCF_KEYED_COLUMNS];

	(void)key;
	(void)key_len;
	memset(values, 0xff, sizeof values);
	++*(unsigned *)arg;
	return values;
}

static int has_numbers(const pcf_file_source *source, const char *path, int family, char *buffer)
{
	const pcf_unit *unit = &source->units[source->io_unit];
	pcf_read read = {.fd = -1,
			 .directory = source->directories[unit->controller],
			 .path = path,
			 .buffer = buffer,
			 .size = PCF_READ_BYTES};
	unsigned rows = 0;
	ssize_t n;

	read.name = pcf_unit_name(unit, family);
	if (!read.name)
		return 0;
	n = pcf_read_once(&read);
	return n > 0 && pcf_rows_parse(unit->parser, buffer, (size_t)n, count_row, &rows) >= 0 && rows > 0;
}

static int first_with_numbers(const pcf_file_source *source, const char *path)
{
	char buffer[PCF_READ_BYTES];

	for (int family = 0; family < PCF_BLKIO_FAMILIES; family++)
		if (has_numbers(source, path, family, buffer))
			return family;
	return -1;
}

void pcf_blkio_choose(pcf_file_source *source)
{
	int family = -1;

	if (source->io_unit < 0)
		return;
	family = first_with_numbers(source, "");
	for (int i = 0; family < 0 && i < PCF_BLKIO_FAMILIES; i++)
		if (pcf_unit_name(&source->units[source->io_unit], i))
			family = i;
	atomic_store_explicit(&source->family, (uint8_t)family, memory_order_relaxed);
}

void pcf_blkio_look(pcf_file_source *source, pcf_file_slot *slot)
{
	int family;

	if (source->io_unit < 0 || slot->has_io || slot->is_root)
		return;
	family = first_with_numbers(source, slot->path);
	if (family < 0 || family == slot->family)
		return;
	atomic_store_explicit(&source->family, (uint8_t)family, memory_order_relaxed);
	pcf_file_slot_switch(source, slot, family);
}

void pcf_blkio_follow(pcf_file_source *source, pcf_file_slot *slot)
{
	int family = atomic_load_explicit(&source->family, memory_order_relaxed);

	if (!slot->has_io && slot->family != family)
		pcf_file_slot_switch(source, slot, family);
}
