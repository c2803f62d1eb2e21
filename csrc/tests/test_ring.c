/* The ring in one process: what is stored is read, wraps around, belongs to its tenant. */
#include <errno.h>

#include "ring_scratch.h"

static char dir[64];

static void test_wrap_around(void)
{
	pcf_region_spec spec = spec_of(dir, PCF_GROUP_PIDS, 4, 8);
	pcf_region *region = region_open(&spec, PCF_TAKEN_NEW), *reader;
	uint64_t value;
	uint32_t row;

	CHECK_OR_DIE(pcf_region_attach(&reader, dir, "pids", NULL) == 0);
	CHECK_EQ(pcf_region_latest(reader), 0);
	CHECK_EQ(pcf_region_oldest(reader), 0);
	CHECK_EQ(pcf_region_row_claim(region, 0, 1, NULL, 0, 1, &row), 0);
	CHECK_EQ(row, 0);
	for (uint64_t tick = 1; tick <= 11; tick++) {
		write_tick(region, tick, &row, 1, tick);
		CHECK_EQ(pcf_region_latest(reader), tick);
		CHECK_EQ(pcf_region_oldest(reader), tick > 4 ? tick - 3 : 1);
	}
	for (uint64_t tick = 8; tick <= 11; tick++) {
		CHECK_EQ(pcf_region_values(reader, tick, row, &value, NULL), 0);
		CHECK_EQ(value, tick);
		CHECK_EQ(pcf_region_next(reader, tick - 1), tick);
	}
	CHECK_EQ(pcf_region_values(reader, 7, row, &value, NULL), -ESTALE);
	CHECK_EQ(pcf_region_next(reader, 11), 0);
	CHECK_EQ(pcf_region_next(reader, UINT64_MAX), 0);
	CHECK_EQ(pcf_region_next(reader, 2), 8);
	pcf_region_close(reader);
	pcf_region_close(region);
}

static void test_skipped_ticks_and_stride(void)
{
	pcf_region_spec spec = spec_of(dir, PCF_GROUP_MEMORY_EVENTS, 5, 4);
	pcf_region *region;
	pcf_region_tick info;
	uint32_t row;

	spec.interval_ns = 30 * MS;
	region = region_open(&spec, PCF_TAKEN_NEW);
	CHECK_EQ(pcf_region_row_claim(region, 2, 1, NULL, 0, 3, &row), 0);
	CHECK_EQ(row, 2);
	write_tick(region, 30, &row, 1, 1);
	write_tick(region, 31, &row, 1, 1); /* not a tick of this group: dropped */
	write_tick(region, 39, &row, 1, 2); /* 33 and 36 were skipped */
	CHECK_EQ(pcf_region_latest(region), 39);
	CHECK_EQ(pcf_region_oldest(region), 30);
	CHECK_EQ(pcf_region_next(region, 30), 39);
	CHECK_EQ(pcf_region_tick_read(region, 36, &info), -ENOENT);
	CHECK_EQ(pcf_region_tick_read(region, 31, &info), -ENOENT);
	CHECK(pcf_region_cells(region, 31) == NULL);
	CHECK_EQ(pcf_region_tick_read(region, 39, &info), 0);
	CHECK_EQ(info.tick, 39);
	CHECK_EQ(info.rows, 1);
	CHECK_EQ(info.row_high, 3);
	CHECK_EQ(info.duration_ns, 1000);
	CHECK_EQ(info.realtime_ns, info.monotonic_ns + 5);
	write_tick(region, 39, &row, 1, 9); /* not newer: dropped whole */
	write_tick(region, 36, &row, 1, 9);
	CHECK_EQ(pcf_region_latest(region), 39);
	CHECK_EQ(pcf_region_tick_read(region, 39, &info), 0);
	pcf_region_close(region);
}

static const pcf_region_column *column_of(const pcf_region *region, int index, uint32_t *position)
{
	for (uint32_t i = 0; i < pcf_region_head(region)->column_count; i++) {
		if (pcf_region_columns(region)[i].index != index)
			continue;
		*position = i;
		return &pcf_region_columns(region)[i];
	}
	return NULL;
}

static void check_cell(pcf_region *region, int index, uint64_t in, uint64_t out, int lost)
{
	uint64_t values[PCF_MAX_GROUP_COLUMNS], got[PCF_MAX_GROUP_COLUMNS], tick = pcf_region_latest(region) + 1;
	uint32_t position = 0;

	for (int i = 0; i < PCF_MAX_GROUP_COLUMNS; i++)
		values[i] = PCF_ABSENT;
	values[index] = in;
	pcf_region_begin(region, tick, 1, 1);
	CHECK_EQ(pcf_region_store(region, 0, 7, values), lost);
	pcf_region_end(region, 1, 1);
	CHECK(column_of(region, index, &position) != NULL);
	CHECK_EQ(pcf_region_values(region, tick, 0, got, NULL), 0);
	CHECK_EQ(got[position], out);
	for (uint32_t i = 0; i < pcf_region_head(region)->column_count; i++)
		CHECK(i == position || got[i] == PCF_ABSENT);
}

static int index_of(int group, const char *name)
{
	const pcf_group_def *def = pcf_group_at(group);

	for (int i = 0; i < def->columns; i++)
		if (strcmp(pcf_column_at(def->first + i)->name, name) == 0)
			return i;
	return -1;
}

static void test_cells_of_every_width(void)
{
	static const int groups[] = {PCF_GROUP_MEMORY_STAT, PCF_GROUP_PRESSURE, PCF_GROUP_PIDS};
	static const struct {
		int group;
		const char *name;
		uint64_t in, out;
		int lost;
	} cases[] = {
		{0, "anon_bytes", 0, 0, 0},
		{0, "anon_bytes", 4096, 4096, 0},
		{0, "anon_bytes", 4097, PCF_ABSENT, 1},
		{0, "anon_bytes", 4096ull * 0xfffffffd, 4096ull * 0xfffffffd, 0},
		{0, "anon_bytes", 4096ull * 0xfffffffe, PCF_ABSENT, 1},
		{0, "anon_bytes", PCF_UNLIMITED, PCF_UNLIMITED, 0},
		{0, "anon_bytes", PCF_ABSENT, PCF_ABSENT, 0},
		{0, "kernel_stack_bytes", 16384, 16384, 0},
		{0, "kernel_stack_bytes", 16385, PCF_ABSENT, 1},
		{0, "pgfault", 0xfffffffffffffffd, 0xfffffffffffffffd, 0},
		{0, "pgfault", PCF_UNLIMITED, PCF_UNLIMITED, 0},
		{1, "cpu_some_avg10", 10000, 10000, 0},
		{1, "cpu_some_avg10", 65533, 65533, 0},
		{1, "cpu_some_avg10", 65534, PCF_ABSENT, 1},
		{1, "cpu_some_usec", 12345, 12345, 0},
		{2, "current", 0xfffffffd, 0xfffffffd, 0},
		{2, "current", 0xffffffff, PCF_ABSENT, 1},
	};
	pcf_region *region[3];
	uint32_t row;

	for (int i = 0; i < 3; i++) {
		pcf_region_spec spec = spec_of(dir, groups[i], 7, 4);

		region[i] = region_open(&spec, groups[i] == PCF_GROUP_PIDS ? PCF_TAKEN_REPLACED : PCF_TAKEN_NEW);
		CHECK_EQ(pcf_region_row_claim(region[i], 0, 1, NULL, 0, 1, &row), 0);
	}
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		check_cell(region[cases[i].group], index_of(groups[cases[i].group], cases[i].name), cases[i].in,
			   cases[i].out, cases[i].lost);
	for (int i = 0; i < 3; i++)
		pcf_region_close(region[i]);
}

static void test_absent_columns_have_no_cell(void)
{
	uint8_t present[PCF_MAX_GROUP_COLUMNS] = {0};
	pcf_region_spec spec = spec_of(dir, PCF_GROUP_CPU, 2, 4);
	pcf_region *region;

	present[0] = present[5] = 1;
	spec.present = present;
	region = region_open(&spec, PCF_TAKEN_NEW);
	CHECK_EQ(pcf_region_head(region)->column_count, 2);
	CHECK_EQ(pcf_region_head(region)->row_bytes, 24);
	CHECK_STR(pcf_region_columns(region)[1].name, "throttled_periods");
	CHECK_EQ(pcf_region_columns(region)[1].offset, 16);
	pcf_region_close(region);
}

/* Torn reads are seen without any race: the writer comes between the reading and the check. */
static void test_check_sees_the_writer(void)
{
	pcf_region_spec spec = spec_of(dir, PCF_GROUP_CPUSET, 2, 4);
	pcf_region *region = region_open(&spec, PCF_TAKEN_NEW);
	uint64_t values[PCF_MAX_GROUP_COLUMNS] = {0};
	uint32_t row;

	CHECK_EQ(pcf_region_row_claim(region, 0, 1, NULL, 0, 1, &row), 0);
	write_tick(region, 1, &row, 1, 1);
	write_tick(region, 2, &row, 1, 2);
	CHECK_EQ(pcf_region_check(region, 1), 0);
	pcf_region_begin(region, 3, 1, 1);
	CHECK_EQ(pcf_region_check(region, 1), -ESTALE);
	CHECK_EQ(pcf_region_check(region, 3), -ESTALE);
	CHECK_EQ(pcf_region_values(region, 3, row, values, NULL), -ESTALE);
	CHECK_EQ(pcf_region_latest(region), 2);
	CHECK_EQ(pcf_region_oldest(region), 2);
	pcf_region_end(region, 1, 1);
	CHECK_EQ(pcf_region_check(region, 3), 0);
	CHECK_EQ(pcf_region_values(region, 3, row, values, NULL), -ENOENT); /* complete, but the row was not sampled */
	pcf_region_close(region);
}

static void test_keyed_rows(void)
{
	pcf_region_spec spec = spec_of(dir, PCF_GROUP_IO, 3, 40);
	pcf_region *region = region_open(&spec, PCF_TAKEN_NEW);
	uint64_t values[PCF_MAX_GROUP_COLUMNS];
	uint32_t a, b, again, other, reused;
	pcf_region_row owner;

	CHECK_EQ(pcf_region_row_claim(region, 5, 1, "8:0", 3, 1, &a), 0);
	CHECK_EQ(pcf_region_row_claim(region, 5, 1, "8:16", 4, 1, &b), 0);
	CHECK_EQ(pcf_region_row_claim(region, 5, 1, "8:0", 3, 2, &again), 0);
	CHECK_EQ(pcf_region_row_claim(region, 6, 1, "8:0", 3, 2, &other), 0);
	CHECK(a != b && a == again && other != a && other != b);
	CHECK_EQ(pcf_region_row_claim(region, 5, 1, NULL, 0, 1, &again), -EINVAL);
	CHECK_EQ(pcf_region_row_claim(region, 5, 0, "8:0", 3, 1, &again), -EINVAL);
	write_tick(region, 2, (uint32_t[]){a, b, other}, 3, 77);
	pcf_region_slot_release(region, 5, 2, 3); /* not that tenant */
	CHECK_EQ(pcf_region_row_read(region, a, &owner), 0);
	CHECK_EQ(owner.gone_tick, 0);
	pcf_region_slot_release(region, 5, 1, 3);
	CHECK_EQ(pcf_region_row_read(region, a, &owner), 0);
	CHECK_EQ(owner.gone_tick, 3);
	CHECK_EQ(owner.generation, 1);
	CHECK(memcmp(owner.key, "8:0", 4) == 0 && owner.key_len == 3);
	CHECK_EQ(pcf_region_values(region, 2, a, values, NULL), 0); /* gone, still readable */
	CHECK_EQ(pcf_region_row_claim(region, 9, 4, "253:0", 5, 2, &reused), 0);
	CHECK(reused == a || reused == b);
	CHECK_EQ(pcf_region_row_read(region, reused, &owner), 0);
	CHECK_EQ(owner.born_tick, 3); /* tick 2 is the earlier tenant's, though the claim said 2 */
	CHECK_EQ(pcf_region_values(region, 2, reused, values, NULL), -ENOENT);
	CHECK_EQ(pcf_region_values(region, 2, other, values, NULL), 0);
	/* Claimed in the middle of a pass, not sampled in it yet: this very tick is the new tenant's. */
	pcf_region_begin(region, 4, 1, 1);
	CHECK_EQ(pcf_region_row_claim(region, 10, 1, "253:0", 5, 4, &again), 0);
	CHECK(again == a || again == b);
	memset(values, 0, sizeof values);
	pcf_region_store(region, again, 0, values);
	pcf_region_end(region, 1, 1);
	CHECK_EQ(pcf_region_values(region, 4, again, values, NULL), 0);
	CHECK_EQ(pcf_region_values(region, 2, again, values, NULL), -ENOENT);
	pcf_region_row_release(region, other, 4);
	CHECK_EQ(pcf_region_row_read(region, other, &owner), 0);
	CHECK_EQ(owner.gone_tick, 4);
	pcf_region_close(region);
}

/* Many come and go: rows, memory and private book return to where they were. */
static void test_churn_reuses_rows(void)
{
	pcf_region_spec spec = spec_of(dir, PCF_GROUP_NETWORK, 3, 400);
	pcf_region *region = region_open(&spec, PCF_TAKEN_NEW);
	uint64_t memory = 0;
	uint32_t row;
	char key[16];

	for (uint32_t round = 1; round <= 50; round++) {
		for (uint32_t i = 0; i < 300; i++) {
			int length = snprintf(key, sizeof key, "eth%u", i % 3);

			CHECK_EQ(pcf_region_row_claim(region, i / 3, round, key, (size_t)length, round, &row), 0);
		}
		CHECK_EQ(pcf_region_head(region)->row_high, 300);
		for (uint32_t slot = 0; slot < 100; slot++)
			pcf_region_slot_release(region, slot, round, round);
		if (round == 1)
			memory = pcf_region_memory(region);
		CHECK_EQ(pcf_region_memory(region), memory);
	}
	for (uint32_t i = 0; i < 400; i++)
		CHECK_EQ(pcf_region_row_claim(region, i, 99, "lo", 2, 99, &row), 0);
	CHECK_EQ(pcf_region_row_claim(region, 400, 99, "lo", 2, 99, &row), -ENOSPC);
	pcf_region_slot_release(region, 17, 99, 100);
	CHECK_EQ(pcf_region_row_claim(region, 400, 99, "lo", 2, 100, &row), 0);
	pcf_region_close(region);
}

static void test_bad_specs(void)
{
	pcf_region_spec spec = spec_of(dir, 9999, 3, 40);
	pcf_region *region;
	pcf_error err;

	CHECK_EQ(pcf_region_create(&region, &spec, NULL, &err), -EINVAL);
	CHECK(region == NULL && err.text[0] != '\0');
	spec = spec_of(dir, PCF_GROUP_CPU, 0, 40);
	CHECK_EQ(pcf_region_create(&region, &spec, NULL, &err), -EINVAL);
	spec = spec_of(dir, PCF_GROUP_CPU, 0xfffffff0, 0xfffffff0);
	CHECK_EQ(pcf_region_create(&region, &spec, NULL, &err), -EOVERFLOW);
	spec = spec_of(dir, PCF_GROUP_CPU, 3, 40);
	spec.interval_ns = 15 * MS;
	CHECK_EQ(pcf_region_create(&region, &spec, NULL, &err), -EINVAL);
	CHECK(strstr(err.text, "cpu") != NULL);
	spec = spec_of("/proc/nowhere", PCF_GROUP_CPU, 3, 40);
	CHECK(pcf_region_create(&region, &spec, NULL, &err) < 0);
	CHECK(strstr(err.text, "/proc/nowhere") != NULL);
	CHECK_EQ(pcf_region_attach(&region, dir, "nothing", &err), -ENOENT);
	CHECK(strstr(err.text, "nothing.ring") != NULL);
}

int main(void)
{
	scratch_make(dir);
	test_wrap_around();
	test_skipped_ticks_and_stride();
	test_cells_of_every_width();
	test_absent_columns_have_no_cell();
	test_check_sees_the_writer();
	test_keyed_rows();
	test_churn_reuses_rows();
	test_bad_specs();
	scratch_remove(dir);
	return check_result();
}
