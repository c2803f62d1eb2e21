/* Encoding of rings made by the writer: whole, torn, reused; under sanitizers this is where a bad length shows. */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "pcf.h"

#define CAPACITY 64

static char directory[64];

struct rig {
	pcf_region *writer[PCF_GROUP_COUNT];
	pcf_region *reader[PCF_GROUP_COUNT];
	pcf_encoder *encoder;
};

static void group_open(struct rig *rig, int group, uint32_t ring_len)
{
	uint8_t present[PCF_MAX_GROUP_COLUMNS];
	pcf_error err = {0};
	int taken;
	pcf_region_spec spec = {
		.dir = directory,
		.group = group,
		.interval_ns = 1000000000,
		.base_ns = 1000000000,
		.ring_len = ring_len,
		.row_capacity = CAPACITY,
		.present = present,
	};
	memset(present, 1, sizeof present);
	CHECK_OR_DIE(pcf_region_create(&rig->writer[group], &spec, &taken, &err) == 0);
	CHECK_OR_DIE(pcf_region_attach(&rig->reader[group], directory, pcf_group_at(group)->name, &err) == 0);
}

static void rig_close(struct rig *rig)
{
	for (int group = 0; group < PCF_GROUP_COUNT; group++) {
		char path[128];
		if (!rig->writer[group])
			continue;
		pcf_region_close(rig->reader[group]);
		pcf_region_close(rig->writer[group]);
		snprintf(path, sizeof path, "%s/%s.ring", directory, pcf_group_at(group)->name);
		unlink(path);
	}
	pcf_encoder_free(rig->encoder);
	*rig = (struct rig){0};
}

static void row_write(struct rig *rig, int group, uint32_t slot, uint32_t generation, const char *key, uint64_t tick,
		      uint64_t first)
{
	uint64_t values[PCF_MAX_GROUP_COLUMNS];
	uint32_t row;
	for (int i = 0; i < pcf_group_at(group)->columns; i++)
		values[i] = i == 0 ? first : PCF_ABSENT;
	CHECK_OR_DIE(pcf_region_row_claim(rig->writer[group], slot, generation, key, strlen(key), tick, &row) == 0);
	pcf_region_store(rig->writer[group], row, 0, values);
}

static int encode(struct rig *rig, const pcf_encode_container *containers, uint32_t count,
		  const pcf_encode_group *groups, uint32_t group_count, uint32_t flags, const uint8_t **data,
		  size_t *size)
{
	return pcf_encode_containers(rig->encoder, rig->reader, containers, count, groups, group_count, flags, data,
				     size);
}

/* The bytes of one container with one cpu column, by hand. */
static void test_bytes(void)
{
	static const uint8_t identity[] = {0x08, 0x83, 0x80, 0x80, 0x80, 0x10}; /* handle = 1 << 32 | 3 */
	static const uint8_t expected[] = {0x2a, 0x0c, 0x08, 0x83, 0x80, 0x80, 0x80,
					   0x10, 0xa2, 0x01, 0x03, 0x08, 0xac, 0x02};
	struct rig rig = {.encoder = pcf_encoder_new()};
	const uint8_t *data;
	size_t size;
	group_open(&rig, PCF_GROUP_CPU, 4);
	pcf_region_begin(rig.writer[PCF_GROUP_CPU], 5, 1, 2);
	row_write(&rig, PCF_GROUP_CPU, 3, 1, "", 5, 300);
	pcf_region_end(rig.writer[PCF_GROUP_CPU], 1, 1);

	pcf_encode_container who[] = {
		{.slot = 3, .generation = 1, .identity = identity, .identity_len = sizeof identity}};
	pcf_encode_group what = {.group = PCF_GROUP_CPU, .tick = 5};
	CHECK_EQ(encode(&rig, who, 1, &what, 1, 0, &data, &size), 0);
	CHECK_EQ(size, sizeof expected);
	CHECK(size == sizeof expected && memcmp(data, expected, size) == 0);

	who[0].generation = 2; /* another tenant */
	CHECK_EQ(encode(&rig, who, 1, &what, 1, 0, &data, &size), 0);
	CHECK_EQ(size, 0);
	rig_close(&rig);
}

/* The file's owner changes its header under a reader: encoding stays inside what was checked when it was attached. */
static void test_changed_header(void)
{
	struct rig rig = {.encoder = pcf_encoder_new()};
	const uint8_t *data;
	size_t size;
	pcf_encode_container who = {.slot = 3, .generation = 1};
	pcf_encode_group what = {.group = PCF_GROUP_CPU, .tick = 5};
	group_open(&rig, PCF_GROUP_CPU, 4);
	pcf_region_begin(rig.writer[PCF_GROUP_CPU], 5, 1, 2);
	row_write(&rig, PCF_GROUP_CPU, 3, 1, "", 5, 300);
	pcf_region_end(rig.writer[PCF_GROUP_CPU], 1, 1);
	pcf_region_header *head = (pcf_region_header *)pcf_region_head(rig.writer[PCF_GROUP_CPU]);
	pcf_region_header before = *head;
	head->row_bytes = 0x7ffffff8;
	head->row_capacity = UINT32_MAX;
	head->column_count = UINT32_MAX;
	head->row_high = 1 << 20;
	head->rows_seq++;
	CHECK_EQ(encode(&rig, &who, 1, &what, 1, 0, &data, &size), 0);
	CHECK(size > 0);
	CHECK_EQ(pcf_encode_columns(rig.encoder, rig.reader, &who, 1, &what, 1, 0, &data, &size), 0);
	*head = before;
	rig_close(&rig);
}

static void test_refusals(void)
{
	struct rig rig = {.encoder = pcf_encoder_new()};
	const uint8_t *data;
	size_t size;
	pcf_encode_container who = {.slot = 0, .generation = 1};
	group_open(&rig, PCF_GROUP_CPU, 4);
	for (uint64_t tick = 1; tick <= 6; tick++) {
		pcf_region_begin(rig.writer[PCF_GROUP_CPU], tick, tick, tick);
		row_write(&rig, PCF_GROUP_CPU, 0, 1, "", tick, tick);
		pcf_region_end(rig.writer[PCF_GROUP_CPU], 1, 1);
	}
	pcf_encode_group what[] = {{.group = PCF_GROUP_CPU, .tick = 2}, {.group = PCF_GROUP_CPU, .tick = 6}};
	CHECK_EQ(encode(&rig, &who, 1, &what[0], 1, 0, &data, &size), (uint64_t)-ESTALE);
	CHECK_EQ(encode(&rig, &who, 1, what, 2, 0, &data, &size), (uint64_t)-EINVAL);
	what[0].tick = 0; /* left out */
	CHECK_EQ(encode(&rig, &who, 1, what, 2, 0, &data, &size), 0);
	CHECK(size > 0);
	what[1].group = PCF_GROUP_MEMORY; /* off */
	CHECK_EQ(encode(&rig, &who, 1, what, 2, 0, &data, &size), (uint64_t)-EINVAL);
	what[1].group = PCF_GROUP_COUNT;
	CHECK_EQ(encode(&rig, &who, 1, what, 2, 0, &data, &size), (uint64_t)-EINVAL);
	what[1] = (pcf_encode_group){
		.group = PCF_GROUP_CPU, .tick = 6, .previous_tick = 1}; /* gone: no rates, and no error */
	CHECK_EQ(encode(&rig, &who, 1, &what[1], 1, PCF_ENCODE_RATES | PCF_ENCODE_CHANGED, &data, &size), 0);
	who.slot = 1u << 30; /* nobody */
	CHECK_EQ(encode(&rig, &who, 1, &what[1], 1, 0, &data, &size), 0);
	CHECK_EQ(size, 0);
	rig_close(&rig);
}

/* Rows of several devices come in row order, and the index follows rows that come and go. */
static void test_keyed_rows_come_and_go(void)
{
	struct rig rig = {.encoder = pcf_encoder_new()};
	const uint8_t *data;
	size_t size, two;
	pcf_encode_container who = {.slot = 7, .generation = 3};
	group_open(&rig, PCF_GROUP_IO, 8);
	pcf_encode_group what = {.group = PCF_GROUP_IO, .tick = 1};
	pcf_region_begin(rig.writer[PCF_GROUP_IO], 1, 1, 1);
	row_write(&rig, PCF_GROUP_IO, 7, 3, "8:0", 1, 1);
	row_write(&rig, PCF_GROUP_IO, 2, 1, "8:0", 1, 1);
	row_write(&rig, PCF_GROUP_IO, 7, 3, "8:16", 1, 2);
	pcf_region_end(rig.writer[PCF_GROUP_IO], 1, 1);
	CHECK_EQ(encode(&rig, &who, 1, &what, 1, 0, &data, &two), 0);
	CHECK(two > 20);
	CHECK(memmem(data, two, "8:0", 3) < memmem(data, two, "8:16", 4));

	pcf_region_slot_release(rig.writer[PCF_GROUP_IO], 7, 3, 2);
	pcf_region_begin(rig.writer[PCF_GROUP_IO], 2, 2, 2);
	row_write(&rig, PCF_GROUP_IO, 9, 1, "8:32", 2, 5);
	pcf_region_end(rig.writer[PCF_GROUP_IO], 1, 1);
	what.tick = 2;
	CHECK_EQ(encode(&rig, &who, 1, &what, 1, 0, &data, &size), 0);
	CHECK_EQ(size, 0);
	who = (pcf_encode_container){.slot = 9, .generation = 1};
	CHECK_EQ(encode(&rig, &who, 1, &what, 1, 0, &data, &size), 0);
	CHECK(size > 0 && memmem(data, size, "8:32", 4));
	what.tick = 1; /* before it was born */
	CHECK_EQ(encode(&rig, &who, 1, &what, 1, 0, &data, &size), 0);
	CHECK_EQ(size, 0);
	rig_close(&rig);
}

static void test_columns(void)
{
	struct rig rig = {.encoder = pcf_encoder_new()};
	const uint8_t *data;
	size_t size;
	pcf_encode_container who[CAPACITY];
	for (uint32_t slot = 0; slot < CAPACITY; slot++)
		who[slot] = (pcf_encode_container){.slot = slot, .generation = 1};
	group_open(&rig, PCF_GROUP_CPU, 4);
	group_open(&rig, PCF_GROUP_IO, 4);
	for (uint64_t tick = 1; tick <= 2; tick++)
		for (int g = 0; g < 2; g++) {
			int group = g ? PCF_GROUP_IO : PCF_GROUP_CPU;
			pcf_region_begin(rig.writer[group], tick, tick * 1000000000, tick);
			for (uint32_t slot = 0; slot < CAPACITY; slot++)
				row_write(&rig, group, slot, 1, g ? "253:0" : "", tick, tick * slot);
			pcf_region_end(rig.writer[group], 1, 1);
		}
	pcf_encode_group what[] = {{.group = PCF_GROUP_IO, .tick = 2, .previous_tick = 1},
				   {.group = PCF_GROUP_CPU, .tick = 2, .previous_tick = 1}};
	CHECK_EQ(pcf_encode_columns(rig.encoder, rig.reader, who, CAPACITY, what, 2, PCF_ENCODE_RATES, &data, &size),
		 0);
	CHECK(size > CAPACITY * (pcf_group_at(PCF_GROUP_CPU)->columns + pcf_group_at(PCF_GROUP_IO)->columns) * 8u);
	CHECK(memmem(data, size, "cpu", 3) < memmem(data, size, "io", 2));
	rig_close(&rig);
}

struct race {
	struct rig *rig;
	int stop;
};

static void *write_quickly(void *arg)
{
	struct race *race = arg;
	for (uint64_t tick = 1; !__atomic_load_n(&race->stop, __ATOMIC_RELAXED); tick++) {
		pcf_region_begin(race->rig->writer[PCF_GROUP_CPU], tick, tick, tick);
		for (uint32_t slot = 0; slot < CAPACITY; slot++)
			row_write(race->rig, PCF_GROUP_CPU, slot, 1, "", tick, tick);
		pcf_region_end(race->rig->writer[PCF_GROUP_CPU], 1, 1);
		if (tick % 4 == 0)
			usleep(100); /* so that some encodings come through, under sanitizers too */
	}
	return NULL;
}

/* A writer laps the encoder in a ring of two ticks: what comes out is one tick's values only, or nothing. */
static void test_never_torn(void)
{
	struct rig rig = {.encoder = pcf_encoder_new()};
	struct race race = {.rig = &rig};
	pcf_encode_container who[CAPACITY];
	pthread_t writer;
	int whole = 0;
	for (uint32_t slot = 0; slot < CAPACITY; slot++)
		who[slot] = (pcf_encode_container){.slot = slot, .generation = 1};
	group_open(&rig, PCF_GROUP_CPU, 2);
	CHECK_OR_DIE(pthread_create(&writer, NULL, write_quickly, &race) == 0);
	for (int i = 0; whole < 1000 && i < 100000000; i++) {
		const uint8_t *data;
		size_t size;
		pcf_encode_group what = {.group = PCF_GROUP_CPU, .tick = pcf_region_latest(rig.reader[PCF_GROUP_CPU])};
		if (what.tick == 0)
			sched_yield(); /* it has not begun */
		if (what.tick == 0 || encode(&rig, who, CAPACITY, &what, 1, 0, &data, &size) != 0)
			continue;
		whole++;
		/* Equal values make equal messages: each container's bytes repeat those of the first. */
		size_t one = size / CAPACITY;
		int is_same = size % CAPACITY == 0;
		for (size_t c = 1; is_same && c < CAPACITY; c++)
			is_same = memcmp(data, data + c * one, one) == 0;
		CHECK(is_same);
	}
	__atomic_store_n(&race.stop, 1, __ATOMIC_RELAXED);
	pthread_join(writer, NULL);
	CHECK(whole > 0);
	rig_close(&rig);
}

/* What the encoder takes for granted about the numbers in columns.def. */
static void test_field_numbers(void)
{
	for (int group = 0; group < pcf_group_count(); group++) {
		int number = pcf_group_at(group)->number;
		CHECK(number >= 20 &&
		      number < 120); /* after the identity; all <group>_rates (+ 100) come after all groups */
	}
	for (int column = 0; column < pcf_column_count(); column++)
		CHECK(pcf_column_at(column)->number > 0 && pcf_column_at(column)->number < 1000);
}

int main(void)
{
	snprintf(directory, sizeof directory, "/dev/shm/pcf-test-encode-%d", (int)getpid());
	CHECK_OR_DIE(mkdir(directory, 0700) == 0);
	test_field_numbers();
	test_bytes();
	test_changed_header();
	test_refusals();
	test_keyed_rows_come_and_go();
	test_columns();
	test_never_torn();
	rmdir(directory);
	return check_result();
}
