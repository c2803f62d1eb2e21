/* One writer as fast as it can, several readers: nothing read is ever half of one tick and half of another. */
#include <pthread.h>

#include "ring_scratch.h"

#define ROWS    64
#define TICKS   30000
#define READERS 3

static char dir[64];
static int done;

struct tally {
	uint64_t whole, torn, wrong;
};

/* Row r of tick t holds t * 1000 + r in every column. */
static void *write_all(void *arg)
{
	pcf_region *region = arg;
	uint64_t values[PCF_MAX_GROUP_COLUMNS];

	for (uint64_t tick = 1; tick <= TICKS; tick++) {
		pcf_region_begin(region, tick, tick, tick);
		for (uint32_t row = 0; row < ROWS; row++) {
			for (int i = 0; i < PCF_MAX_GROUP_COLUMNS; i++)
				values[i] = tick * 1000 + row;
			pcf_region_store(region, row, 0, values);
		}
		pcf_region_end(region, 1, 1);
	}
	__atomic_store_n(&done, 1, __ATOMIC_RELEASE);
	return NULL;
}

static int is_right(const uint64_t *values, uint32_t count, uint64_t expected)
{
	for (uint32_t i = 0; i < count; i++)
		if (values[i] != expected)
			return 0;
	return 1;
}

/* A whole tick as numpy copies it: all cells first, one check after. */
static void read_tick(pcf_region *region, uint64_t tick, struct tally *tally)
{
	uint32_t row_bytes = pcf_region_head(region)->row_bytes, count = pcf_region_head(region)->column_count;
	uint64_t sums[ROWS];
	const char *cells = pcf_region_cells(region, tick);

	if (pcf_region_check(region, tick) < 0) {
		tally->torn++;
		return;
	}
	for (uint32_t row = 0; row < ROWS; row++) {
		sums[row] = 0;
		for (uint32_t i = 0; i < count; i++)
			sums[row] += pcf_cell_load(cells + row * row_bytes, &pcf_region_columns(region)[i]);
	}
	if (pcf_region_check(region, tick) < 0) {
		tally->torn++;
		return;
	}
	tally->whole++;
	for (uint32_t row = 0; row < ROWS; row++)
		tally->wrong += sums[row] != count * (tick * 1000 + row);
}

static void *read_all(void *arg)
{
	struct tally *tally = arg;
	uint64_t values[PCF_MAX_GROUP_COLUMNS];
	pcf_region *region;
	uint32_t count;

	CHECK_OR_DIE(pcf_region_attach(&region, dir, "cpu", NULL) == 0);
	count = pcf_region_head(region)->column_count;
	while (!__atomic_load_n(&done, __ATOMIC_ACQUIRE)) {
		uint64_t tick = pcf_region_oldest(region);

		for (uint32_t row = 0; tick != 0 && row < ROWS; row++) {
			if (pcf_region_values(region, tick, row, values, NULL) < 0) {
				tally->torn++;
				continue;
			}
			tally->whole++;
			tally->wrong += !is_right(values, count, tick * 1000 + row);
		}
		if (tick != 0)
			read_tick(region, tick, tally);
	}
	pcf_region_close(region);
	return NULL;
}

int main(void)
{
	pcf_region_spec spec;
	pcf_region *region;
	pthread_t writer, readers[READERS];
	struct tally tally[READERS] = {{0}};
	uint64_t values[PCF_MAX_GROUP_COLUMNS];
	uint32_t row;

	scratch_make(dir);
	spec = spec_of(dir, PCF_GROUP_CPU, 2, ROWS);
	region = region_open(&spec, PCF_TAKEN_NEW);
	for (uint32_t slot = 0; slot < ROWS; slot++)
		CHECK_EQ(pcf_region_row_claim(region, slot, 1, NULL, 0, 1, &row), 0);
	for (int i = 0; i < READERS; i++)
		pthread_create(&readers[i], NULL, read_all, &tally[i]);
	pthread_create(&writer, NULL, write_all, region);
	pthread_join(writer, NULL);
	for (int i = 0; i < READERS; i++) {
		pthread_join(readers[i], NULL);
		printf("reader %d: %" PRIu64 " whole, %" PRIu64 " torn and refused\n", i, tally[i].whole,
		       tally[i].torn);
		CHECK_EQ(tally[i].wrong, 0);
	}
	CHECK_EQ(pcf_region_values(region, TICKS, ROWS - 1, values, NULL), 0);
	CHECK_EQ(values[0], TICKS * 1000ull + ROWS - 1);
	pcf_region_close(region);
	scratch_remove(dir);
	return check_result();
}
