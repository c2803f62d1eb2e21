/* cAdvisor's JSON of rings that hold anything: under sanitizers this is where a bad length shows. Values that are right
 * are the business of tests/unit/test_cadvisor_json.py. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>

#include "fuzz/random.h"
#include "json_shape.h"
#include "ring_scratch.h"

#define SLOTS  6
#define TICKS  7
#define ROUNDS 30

static char dir[64];
static pcf_region *writer[PCF_GROUP_COUNT], *reader[PCF_GROUP_COUNT];

static uint64_t odd_value(void)
{
	static const uint64_t odd[] = {0, 1, 4096, 0xffffffff, PCF_ABSENT, PCF_UNLIMITED, UINT64_MAX - 2};

	return random_next() % 3 ? random_next() >> random_below(64) : odd[random_below(sizeof odd / sizeof odd[0])];
}

/* A key as the kernel may have it, or one it never would. */
static size_t key_make(int kind, char key[PCF_KEY_BYTES])
{
	static const char *const likely[] = {"8:0", "259:4294967295", "eth0", "lo", "17", "2MB", "0", "docker0"};
	size_t len = random_below(PCF_KEY_BYTES + 1);

	if (kind == PCF_KEY_NONE)
		return 0;
	if (random_next() % 2)
		return (size_t)snprintf(key, PCF_KEY_BYTES, "%s", likely[random_below(8)]);
	for (size_t i = 0; i < len; i++)
		key[i] = (char)(random_next() % 4 ? random_next() : (uint64_t) "\"\\<&\n\xe2\x80\xa8"[random_below(8)]);
	return len;
}

static void group_open(int group)
{
	pcf_region_spec spec = spec_of(dir, group, TICKS, 64);
	uint8_t present[PCF_MAX_GROUP_COLUMNS];

	for (int i = 0; i < PCF_MAX_GROUP_COLUMNS; i++)
		present[i] = random_next() % 4 != 0;
	present[0] = 1;
	spec.present = present;
	spec.interval_ns = random_next() % 3 ? 10 * MS : 30 * MS;
	writer[group] = region_open(&spec, PCF_TAKEN_NEW);
	CHECK_OR_DIE(pcf_region_attach(&reader[group], dir, pcf_group_at(group)->name, NULL) == 0);
}

static void group_close(int group)
{
	pcf_region_close(reader[group]);
	pcf_region_close(writer[group]);
	reader[group] = writer[group] = NULL;
}

static void tick_write(int group, uint64_t tick)
{
	uint64_t values[PCF_MAX_GROUP_COLUMNS];
	uint32_t rows[64];
	int count = 0;

	if (tick * 10 * MS % pcf_region_head(writer[group])->interval_ns)
		return;
	for (uint32_t slot = 0; slot < SLOTS; slot++)
		for (int k = 0; k < (pcf_group_at(group)->key == PCF_KEY_NONE ? 1 : 3); k++) {
			char key[PCF_KEY_BYTES];
			size_t len = key_make(pcf_group_at(group)->key, key);
			if (pcf_region_row_claim(writer[group], slot, 1, key, len, tick, &rows[count]) == 0)
				count++;
		}
	pcf_region_begin(writer[group], tick, tick * 10 * MS, random_next() >> random_below(64));
	for (int row = 0; row < count; row++) {
		for (int i = 0; i < PCF_MAX_GROUP_COLUMNS; i++)
			values[i] = odd_value();
		pcf_region_store(writer[group], rows[row], (uint32_t)random_next(), values);
	}
	pcf_region_end(writer[group], 1, 1);
}

/* All shapes of all containers; returns how many samples' worth of text came. */
static size_t encode_all(uint32_t flags)
{
	static const pcf_json_device devices[] = {{8, 0, "\"/dev/sda\"", 10, 0}, {259, UINT32_MAX, "\"x\"", 3, 0}};
	pcf_json_wanted wanted[SLOTS + 1];
	size_t ends[SLOTS + 1], written = 0;

	for (int shape = 0; shape < PCF_JSON_SHAPES; shape++) {
		pcf_json *json = pcf_json_new(reader, shape, flags);
		const char *data;
		CHECK_OR_DIE(json != NULL);
		for (uint32_t i = 0; i <= SLOTS; i++)
			wanted[i] = (pcf_json_wanted){.slot = i == SLOTS ? UINT32_MAX : i,
						      .generation = 1,
						      .count = (int64_t)random_below(9) - 1,
						      .start_ns = random_next() % 4 ? 0 : odd_value(),
						      .end_ns = random_next() % 4 ? 0 : odd_value(),
						      .has = (uint32_t)random_next(),
						      .is_host = random_next() & 1,
						      .filesystem = "[]",
						      .filesystem_len = 2 * (random_next() & 1),
						      .head = "{\"a\":1",
						      .head_len = 6 * (random_next() & 1)};
		for (int again = 0; again < 2; again++) {
			size_t enough = random_next() % 2 ? 1 : SIZE_MAX;
			int done = pcf_json_encode(json, wanted, SLOTS + 1, devices, 2, enough, ends, &data);
			CHECK(done == -ESTALE || (done > 0 && done <= SLOTS + 1));
			for (int i = 0; i < done; i++) {
				size_t begin = i ? ends[i - 1] : 0;
				CHECK(json_is_whole(data + begin, ends[i] - begin));
				written += ends[i] - begin;
			}
		}
		pcf_json_free(json);
	}
	return written;
}

/* Bytes of the tables and cells become others; the header, which is checked when it is attached, stays. */
static void damage(int group)
{
	const pcf_region_header *head = pcf_region_head(writer[group]);
	const uint64_t tables[] = {head->rows_offset, head->ticks_offset, head->cells_offset};
	char path[128];

	snprintf(path, sizeof path, "%s/%s.ring", dir, pcf_group_at(group)->name);
	int fd = open(path, O_WRONLY);
	CHECK_OR_DIE(fd >= 0);
	for (int i = 0; i < 40; i++) {
		uint64_t value = odd_value(), at = tables[i % 3] + random_below(i % 3 == 2 ? 8192 : 64 * TICKS);
		CHECK(pwrite(fd, &value, 1 + random_below(8), (off_t)at) > 0);
	}
	uint64_t seq = random_next(); /* so that the row table is read again */
	CHECK(pwrite(fd, &seq, sizeof seq, offsetof(pcf_region_header, rows_seq)) == sizeof seq);
	uint64_t latest = random_next() % 2 ? head->latest_tick : odd_value();
	CHECK(pwrite(fd, &latest, sizeof latest, offsetof(pcf_region_header, latest_tick)) == sizeof latest);
	close(fd);
}

static void test_round(bool is_damaged)
{
	bool is_on[PCF_GROUP_COUNT];
	size_t written;

	for (int group = 0; group < PCF_GROUP_COUNT; group++) {
		is_on[group] = group == PCF_GROUP_CPU || random_next() % 4;
		if (is_on[group])
			group_open(group);
	}
	for (uint64_t tick = 1; tick < 12; tick++)
		for (int group = 0; group < PCF_GROUP_COUNT; group++)
			if (is_on[group])
				tick_write(group, tick);
	for (int group = 0; is_damaged && group < PCF_GROUP_COUNT; group++)
		if (is_on[group])
			damage(group);
	written = encode_all(random_next() & PCF_JSON_STRICT);
	CHECK(is_damaged || written > 1000);
	for (int group = 0; group < PCF_GROUP_COUNT; group++)
		if (is_on[group])
			group_close(group);
	scratch_remove(dir);
}

static void test_refusals(void)
{
	CHECK(pcf_json_new(reader, -1, 0) == NULL);
	CHECK(pcf_json_new(reader, PCF_JSON_SHAPES, 0) == NULL);
	CHECK(pcf_json_new(reader, PCF_JSON_V1, 0) == NULL); /* no group is sampled */
	pcf_json_free(NULL);
}

int main(void)
{
	test_refusals();
	for (int round = 0; round < ROUNDS; round++) {
		scratch_make(dir);
		test_round(round % 2);
	}
	return check_result();
}
