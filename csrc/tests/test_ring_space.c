/* No space: claims fail, nothing crashes, what was there goes on.  Mounts a small tmpfs when root; else a byte budget
 * only. */
#include <errno.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "ring_scratch.h"

static char dir[64];

static uint64_t file_blocks(const char *name)
{
	char path[300];
	struct stat st;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	return stat(path, &st) == 0 ? (uint64_t)st.st_blocks * 512 : 0;
}

static uint32_t claim_until_full(pcf_region *region, uint32_t most)
{
	uint32_t row, slot;

	for (slot = 0; slot < most; slot++) {
		int result = pcf_region_row_claim(region, slot, 1, NULL, 0, 1, &row);

		if (result < 0) {
			CHECK_EQ(result, -ENOSPC);
			break;
		}
	}
	return slot;
}

/* Every claimed row of every ring position can be stored into: a SIGBUS would end the test. */
static void fill(pcf_region *region, uint32_t rows)
{
	uint64_t values[PCF_MAX_GROUP_COLUMNS] = {0};

	for (uint64_t tick = 1; tick <= 2 * pcf_region_head(region)->ring_len; tick++) {
		pcf_region_begin(region, tick, 1, 1);
		for (uint32_t row = 0; row < rows; row++)
			pcf_region_store(region, row, 0, values);
		pcf_region_end(region, 1, 1);
	}
}

static void test_budget(void)
{
	pcf_region_spec spec = spec_of(dir, PCF_GROUP_CPU, 10, 100000), keyed = spec_of(dir, PCF_GROUP_IO, 10, 100000);
	pcf_budget *budget = pcf_budget_new(2 << 20);
	pcf_region *region = region_open(&spec, PCF_TAKEN_NEW), *other = region_open(&keyed, PCF_TAKEN_NEW);
	uint32_t rows, row;

	CHECK_EQ(pcf_budget_used(budget), 0);
	pcf_region_set_budget(region, budget);
	pcf_region_set_budget(other, budget);
	CHECK_EQ(pcf_budget_used(budget), pcf_region_memory(region) + pcf_region_memory(other));
	rows = claim_until_full(region, 100000);
	CHECK(rows > 1000 && rows < 10000);
	CHECK(pcf_budget_used(budget) <= 2 << 20);
	CHECK(pcf_budget_used(budget) > (2 << 20) - 50 * 4096); /* nearly all of it is put to use */
	CHECK_EQ(pcf_region_row_claim(other, 1, 1, "8:0", 3, 1, &row), -ENOSPC);
	CHECK_EQ(pcf_budget_used(budget), pcf_region_memory(region) + pcf_region_memory(other));
	CHECK_EQ(pcf_region_memory(region), file_blocks("cpu.ring"));
	fill(region, rows);
	CHECK_EQ(pcf_region_memory(region), file_blocks("cpu.ring")); /* a tick takes no memory */
	pcf_region_close(region);
	CHECK_EQ(pcf_budget_used(budget), pcf_region_memory(other));
	CHECK_EQ(pcf_region_row_claim(other, 1, 1, "8:0", 3, 1, &row), 0);
	pcf_region_close(other);
	CHECK_EQ(pcf_budget_used(budget), 0);
	pcf_budget_free(budget);
}

static void test_untouched_rows_cost_nothing(void)
{
	pcf_region_spec spec = spec_of(dir, PCF_GROUP_MEMORY_STAT, 10, 100000);
	pcf_region *region = region_open(&spec, PCF_TAKEN_NEW), *reader;
	uint64_t values[PCF_MAX_GROUP_COLUMNS];

	CHECK(file_blocks("memory_stat.ring") < 64 << 10);
	CHECK(claim_until_full(region, 100) == 100);
	write_tick(region, 1, (uint32_t[]){1}, 1, 1);
	CHECK_OR_DIE(pcf_region_attach(&reader, dir, "memory_stat", NULL) == 0);
	for (uint32_t row = 0; row < 100000; row += 7) /* reading what was never used allocates nothing either */
		CHECK(pcf_region_values(reader, 1, row, values, NULL) == (row == 1 ? 0 : -ENOENT));
	CHECK_EQ(pcf_region_memory(region), file_blocks("memory_stat.ring"));
	CHECK(pcf_region_memory(region) < 100 * 10 * 700 * 5 / 4 + (64 << 10));
	pcf_region_close(reader);
	pcf_region_close(region);
}

static void test_full_tmpfs(void)
{
	pcf_region_spec spec = spec_of(dir, PCF_GROUP_CPU, 10, 100000);
	uint64_t values[PCF_MAX_GROUP_COLUMNS], memory;
	uint32_t rows, slot, generation;
	pcf_region *region, *second;
	pcf_slots *slots;
	pcf_error err;

	CHECK_EQ(pcf_ring_dir_is_tmpfs(dir), 1);
	CHECK_OR_DIE(pcf_slots_create(&slots, dir, 100000, NULL, NULL) == 0);
	region = region_open(&spec, PCF_TAKEN_NEW);
	rows = claim_until_full(region, 100000);
	CHECK(rows > 500 && rows < 100000);
	memory = pcf_region_memory(region);
	for (slot = 0; slot < 100000; slot++) /* refused again without asking the kernel a hundred thousand times */
		CHECK(pcf_region_row_claim(region, rows, 1, NULL, 0, 1, &generation) == -ENOSPC);
	CHECK_EQ(memory, file_blocks("cpu.ring")); /* what a failed claim reserved is given back */
	fill(region, rows);
	CHECK_EQ(pcf_region_values(region, pcf_region_latest(region), rows - 1, values, NULL), 0);
	spec.group = PCF_GROUP_MEMORY_STAT;
	spec.ring_len = 2000;
	CHECK_EQ(pcf_region_create(&second, &spec, NULL, &err), -ENOSPC);
	CHECK(strstr(err.text, "memory_stat.ring") != NULL && strstr(err.text, "shorten the history") != NULL);
	CHECK_EQ(scratch_count(dir), 2);
	for (slot = 0; pcf_slots_claim(slots, "/x", 1000 + slot, 1, &slot, &generation) == 0;)
		slot++;
	CHECK(slot < 100000);
	pcf_region_slot_release(region, 3, 1, 50);
	CHECK_EQ(pcf_region_row_claim(region, 3, 2, NULL, 0, 51, &slot), 0); /* a freed row needs no new memory */
	pcf_region_close(region);
	pcf_slots_close(slots);
}

int main(void)
{
	scratch_make(dir);
	test_budget();
	test_untouched_rows_cost_nothing();
	/* A mount namespace of its own: the mount goes when the test does, however it ends. */
	if (unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	    mount("tmpfs", dir, "tmpfs", 0, "size=1m") == 0) {
		test_full_tmpfs();
		umount(dir);
	} else {
		printf("not root: no small tmpfs of its own; CI runs this as root\n");
	}
	scratch_remove(dir);
	return check_result();
}
