/* A ring directory of a test's own, on tmpfs where there is one, and short ways to write a ring there. */
#ifndef PCF_TESTS_RING_SCRATCH_H
#define PCF_TESTS_RING_SCRATCH_H
#include <dirent.h>
#include <unistd.h>

#include "check.h"
#include "pcf.h"

#define MS 1000000ull

static inline void scratch_make(char dir[64])
{
	strcpy(dir, "/dev/shm/pcf-test-XXXXXX");
	if (mkdtemp(dir) == NULL) {
		strcpy(dir, "/tmp/pcf-test-XXXXXX");
		CHECK_OR_DIE(mkdtemp(dir) != NULL);
	}
}

static inline int scratch_count(const char *dir)
{
	DIR *list = opendir(dir);
	int count = 0;

	for (struct dirent *entry; list != NULL && (entry = readdir(list)) != NULL;)
		count += entry->d_name[0] != '.';
	if (list != NULL)
		closedir(list);
	return count;
}

static inline void scratch_remove(const char *dir)
{
	DIR *list = opendir(dir);
	char path[400];

	for (struct dirent *entry; list != NULL && (entry = readdir(list)) != NULL;) {
		snprintf(path, sizeof path, "%s/%s", dir, entry->d_name);
		unlink(path);
	}
	if (list != NULL)
		closedir(list);
	rmdir(dir);
}

static inline pcf_region_spec spec_of(const char *dir, int group, uint32_t ring_len, uint32_t rows)
{
	return (pcf_region_spec){.dir = dir,
				 .group = group,
				 .interval_ns = 10 * MS,
				 .base_ns = 10 * MS,
				 .ring_len = ring_len,
				 .row_capacity = rows};
}

static inline pcf_region *region_open(const pcf_region_spec *spec, int expected)
{
	pcf_region *region = NULL;
	pcf_error err;
	int taken = -1;

	if (pcf_region_create(&region, spec, &taken, &err) < 0)
		fprintf(stderr, "%s\n", err.text);
	CHECK_OR_DIE(region != NULL);
	CHECK_EQ(taken, expected);
	return region;
}

/* One tick in which the given rows hold value in every column. */
static inline void write_tick(pcf_region *region, uint64_t tick, const uint32_t *rows, int count, uint64_t value)
{
	uint64_t values[PCF_MAX_GROUP_COLUMNS];

	for (int i = 0; i < PCF_MAX_GROUP_COLUMNS; i++)
		values[i] = value;
	pcf_region_begin(region, tick, tick * 10 * MS, tick * 10 * MS + 5);
	for (int i = 0; i < count; i++)
		pcf_region_store(region, rows[i], (uint32_t)i, values);
	pcf_region_end(region, 1000, 500);
}
#endif
