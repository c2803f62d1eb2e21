/* Files nobody should trust: whatever bytes the header, tables and cells hold, reading ends and stays inside. */
#include <errno.h>
#include <fcntl.h>

#include "fuzz/random.h"
#include "ring_scratch.h"

static char dir[64];

static uint64_t odd_value(void)
{
	static const uint64_t odd[] = {0,          1,          7,           8,         4095,       4096,
				       0x7fffffff, 0xffffffff, 0x100000000, INT64_MAX, UINT64_MAX, UINT64_MAX - 1};

	return random_next() % 4 == 0 ? random_next() : odd[random_next() % (sizeof odd / sizeof odd[0])];
}

/* Everything a reader can ask for. */
static void read_region(void)
{
	uint64_t values[PCF_MAX_GROUP_COLUMNS], tick;
	pcf_region *region;
	pcf_region_tick info;
	pcf_region_row owner;
	pcf_error err;
	int steps = 0;

	if (pcf_region_attach(&region, dir, "memory", &err) < 0) {
		CHECK(region == NULL && err.code < 0 && strlen(err.text) > 0);
		return;
	}
	(void)pcf_region_oldest(region);
	for (tick = pcf_region_next(region, 0); tick != 0 && steps++ < 20; tick = pcf_region_next(region, tick)) {
		(void)pcf_region_tick_read(region, tick, &info);
		for (uint32_t row = 0; row < 12; row++)
			(void)pcf_region_values(region, tick, row, values, NULL);
		(void)pcf_region_values(region, tick, UINT32_MAX, values, NULL);
	}
	CHECK(steps <= 20);
	for (uint32_t row = 0; row < 12; row++)
		(void)pcf_region_row_read(region, row, &owner);
	(void)pcf_region_row_read(region, UINT32_MAX, &owner);
	(void)pcf_region_values(region, odd_value(), 0, values, NULL);
	(void)pcf_region_next(region, odd_value());
	pcf_region_close(region);
}

static void read_slots(void)
{
	pcf_slot_record record;
	pcf_slots *slots;

	if (pcf_slots_attach(&slots, dir, NULL) < 0)
		return;
	for (uint32_t slot = 0; slot < 12; slot++)
		if (pcf_slots_read(slots, slot, &record) == 0)
			CHECK(strlen(record.path) < sizeof record.path && strlen(record.image) < sizeof record.image);
	(void)pcf_slots_read(slots, UINT32_MAX, &record);
	pcf_slots_close(slots);
}

/* A taken-over file is written to as well: no row may lie outside. */
static void write_region(void)
{
	pcf_region_spec spec = spec_of(dir, PCF_GROUP_MEMORY, 4, 8);
	pcf_region *region;
	uint32_t rows[8];
	int taken;

	if (pcf_region_create(&region, &spec, &taken, NULL) < 0)
		return;
	for (uint32_t slot = 0; slot < 8; slot++)
		CHECK_EQ(pcf_region_row_claim(region, slot, 9, NULL, 0, 1, &rows[slot]), 0);
	write_tick(region, pcf_region_latest(region) + 1, rows, 8, 4096);
	pcf_region_close(region);
}

static void write_slots(void)
{
	uint32_t slot, generation;
	pcf_slots *slots;

	if (pcf_slots_create(&slots, dir, 8, NULL, NULL) < 0)
		return;
	if (pcf_slots_claim(slots, "/hostile", 5, 1, &slot, &generation) == 0)
		CHECK_EQ(pcf_slots_release(slots, slot, generation, 2), 0);
	pcf_slots_close(slots);
}

static size_t load(const char *name, uint8_t *bytes, size_t most)
{
	char path[300];
	ssize_t got;
	int fd;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	fd = open(path, O_RDONLY);
	got = read(fd, bytes, most);
	close(fd);
	CHECK_OR_DIE(got > 0);
	return (size_t)got;
}

static void save(const char *name, const uint8_t *bytes, size_t size)
{
	char path[300];
	int fd;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	unlink(path);
	fd = open(path, O_RDWR | O_CREAT, 0644);
	CHECK_EQ(write(fd, bytes, size), (ssize_t)size);
	close(fd);
}

/* A few fields replaced by odd values, mostly in the header; sometimes the end is missing. */
static size_t mutate(uint8_t *bytes, size_t size, size_t header)
{
	int changes = 1 + (int)(random_next() % 3);

	for (int i = 0; i < changes; i++) {
		size_t width = (size_t[]){1, 2, 4, 8}[random_next() % 4];
		size_t span = random_next() % 3 != 0 ? header : size;
		size_t at = random_next() % ((span - 8) / width) * width;
		uint64_t value = odd_value();

		memcpy(bytes + at, &value, width);
	}
	return random_next() % 8 == 0 ? random_next() % size + 1 : size;
}

static void mutate_file(const char *name, size_t header, int rounds, void (*read_it)(void), void (*write_it)(void))
{
	static uint8_t good[1 << 20], bad[1 << 20];
	size_t size = load(name, good, sizeof good);

	for (int round = 0; round < rounds; round++) {
		memcpy(bad, good, size);
		save(name, bad, mutate(bad, size, header));
		read_it();
		write_it();
	}
	save(name, good, size);
}

static void build(void)
{
	pcf_region_spec spec = spec_of(dir, PCF_GROUP_MEMORY, 4, 8);
	pcf_region *region = region_open(&spec, PCF_TAKEN_NEW);
	uint32_t row, slot, generation;
	pcf_slots *slots;

	for (uint32_t i = 0; i < 5; i++)
		CHECK_EQ(pcf_region_row_claim(region, i, 1, NULL, 0, 1, &row), 0);
	for (uint64_t tick = 1; tick < 8; tick++)
		write_tick(region, tick, (uint32_t[]){0, 1, 2, 3, 4}, 5, 8192);
	pcf_region_close(region);
	CHECK_OR_DIE(pcf_slots_create(&slots, dir, 8, NULL, NULL) == 0);
	for (uint64_t i = 0; i < 5; i++)
		CHECK_EQ(pcf_slots_claim(slots, "/a", i, 1, &slot, &generation), 0);
	pcf_slots_close(slots);
}

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 2000; /* more rounds: test_ring_hostile 1000000 */

	scratch_make(dir);
	build();
	mutate_file("memory.ring", sizeof(pcf_region_header) + 8 * sizeof(pcf_region_column), rounds, read_region,
		    write_region);
	mutate_file("slots.dir", sizeof(pcf_slots_header), rounds, read_slots, write_slots);
	scratch_remove(dir);
	return check_result();
}
