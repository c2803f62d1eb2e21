/* Rows change hands while readers look: no reader is ever shown one tenant's numbers as another's. */
#include <pthread.h>

#include "ring_scratch.h"

#define SLOTS   24
#define KEYS    2
#define PASSES  20000
#define READERS 2

static char dir[64];
static int done;

struct tenant {
	uint32_t generation; /* 0: nobody */
	uint32_t rows[KEYS];
};

struct tally {
	uint64_t right, wrong, handed_over;
};

static uint64_t value_of(uint32_t slot, uint32_t generation)
{
	return (uint64_t)generation * 1000 + slot;
}

/* As the tick thread does: releases between passes, claims of new tenants inside them, right before their first store.
 */
static void pass(pcf_region *region, struct tenant *tenants, uint64_t tick)
{
	uint64_t values[PCF_MAX_GROUP_COLUMNS];
	char key[8];

	pcf_region_begin(region, tick, tick, tick);
	for (uint32_t slot = 0; slot < SLOTS; slot++) {
		for (int i = 0; tenants[slot].generation != 0 && i < KEYS; i++) {
			int length = snprintf(key, sizeof key, "8:%d", i);

			CHECK_OR_DIE(pcf_region_row_claim(region, slot, tenants[slot].generation, key, (size_t)length,
							  tick, &tenants[slot].rows[i]) == 0);
			for (int c = 0; c < PCF_MAX_GROUP_COLUMNS; c++)
				values[c] = value_of(slot, tenants[slot].generation);
			pcf_region_store(region, tenants[slot].rows[i], 0, values);
		}
	}
	pcf_region_end(region, 1, 1);
}

static void *write_all(void *arg)
{
	pcf_region *region = arg;
	struct tenant tenants[SLOTS] = {{0}};
	uint32_t next[SLOTS] = {0};
	uint64_t state = 12345;

	for (uint64_t tick = 1; tick <= PASSES; tick++) {
		for (int i = 0; i < 3; i++) {
			uint32_t slot;

			state = state * 6364136223846793005 + 1442695040888963407;
			slot = (uint32_t)(state >> 33) % SLOTS;
			if (tenants[slot].generation != 0) {
				pcf_region_slot_release(region, slot, tenants[slot].generation, tick);
				tenants[slot].generation = 0;
			}
			if (state >> 60 != 0) /* most come back at once, in the same tick */
				tenants[slot].generation = ++next[slot];
		}
		pass(region, tenants, tick);
	}
	__atomic_store_n(&done, 1, __ATOMIC_RELEASE);
	return NULL;
}

static void look(const pcf_region *region, uint64_t tick, uint32_t row, struct tally *tally)
{
	uint64_t values[PCF_MAX_GROUP_COLUMNS];
	pcf_region_row before, after;

	if (pcf_region_row_read(region, row, &before) < 0 || pcf_region_values(region, tick, row, values, NULL) < 0)
		return;
	if (pcf_region_row_read(region, row, &after) < 0)
		abort();
	if (before.slot != after.slot || before.generation != after.generation) {
		tally->handed_over++; /* whose the values are cannot be known: that is what the second look is for */
		return;
	}
	for (uint32_t i = 0; i < pcf_region_head(region)->column_count; i++)
		tally->wrong += values[i] != value_of(before.slot, before.generation);
	tally->right++;
}

static void *read_all(void *arg)
{
	struct tally *tally = arg;
	pcf_region *region;

	CHECK_OR_DIE(pcf_region_attach(&region, dir, "io", NULL) == 0);
	while (!__atomic_load_n(&done, __ATOMIC_ACQUIRE)) {
		for (uint64_t tick = pcf_region_oldest(region); tick != 0; tick = pcf_region_next(region, tick))
			for (uint32_t row = 0; row < SLOTS * KEYS; row++)
				look(region, tick, row, tally);
	}
	pcf_region_close(region);
	return NULL;
}

/* A key that no tick has any more loses its row, the one in use keeps it; and there is room for any number in turn. */
static void test_idle(void)
{
	pcf_region_spec spec = spec_of(dir, PCF_GROUP_IO, 100, 8);
	pcf_region *region = region_open(&spec, PCF_TAKEN_NEW);
	uint32_t rows[2], before;
	pcf_region_row entry;
	char key[8];
	uint64_t tick = 1;

	CHECK_EQ(pcf_region_row_claim(region, 3, 1, "8:0", 3, tick, &rows[0]), 0);
	before = rows[0];
	for (int disk = 0; disk < 50; disk++) {
		int length = snprintf(key, sizeof key, "9:%d", disk);

		CHECK_EQ(pcf_region_row_claim(region, 3, 1, key, (size_t)length, tick, &rows[1]), 0);
		for (int i = 0; i < 20; i++, tick++) {
			CHECK_EQ(pcf_region_row_claim(region, 3, 1, "8:0", 3, tick, &rows[0]), 0);
			write_tick(region, tick, rows, 2, 7);
			pcf_region_idle_release(region);
		}
	}
	CHECK_EQ(rows[0], before);
	CHECK_EQ(pcf_region_row_read(region, rows[0], &entry), 0);
	CHECK_EQ(entry.gone_tick, 0);
	CHECK_EQ(entry.born_tick, 1);
	pcf_region_close(region);
	/* What an earlier collector sampled is not silent because nobody wrote for a while. */
	region = region_open(&spec, PCF_TAKEN_OVER);
	tick += 500;
	write_tick(region, tick, rows, 0, 7);
	pcf_region_idle_release(region);
	CHECK(pcf_region_row_read(region, rows[0], &entry) == 0 && entry.gone_tick == 0);
	pcf_region_close(region);
}

int main(void)
{
	pthread_t writer, readers[READERS];
	struct tally tally[READERS] = {{0}};
	pcf_region_spec spec;
	pcf_region *region;

	scratch_make(dir);
	spec = spec_of(dir, PCF_GROUP_IO, 4, SLOTS * KEYS);
	region = region_open(&spec, PCF_TAKEN_NEW);
	for (int i = 0; i < READERS; i++)
		pthread_create(&readers[i], NULL, read_all, &tally[i]);
	pthread_create(&writer, NULL, write_all, region);
	pthread_join(writer, NULL);
	for (int i = 0; i < READERS; i++) {
		pthread_join(readers[i], NULL);
		printf("reader %d: %" PRIu64 " right, %" PRIu64 " handed over meanwhile\n", i, tally[i].right,
		       tally[i].handed_over);
		CHECK_EQ(tally[i].wrong, 0);
	}
	CHECK(pcf_region_head(region)->row_high <= SLOTS * KEYS);
	pcf_region_close(region);
	scratch_remove(dir);
	scratch_make(dir);
	test_idle();
	scratch_remove(dir);
	return check_result();
}
