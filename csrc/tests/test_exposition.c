/* Expositions of a ring made by the writer, byte for byte; under sanitizers this is where a bad length shows. */
#include <errno.h>

#include "check.h"
#include "pcf.h"
#include "ring_scratch.h"

#define NETWORK PCF_GROUP_NETWORK
#define CPU     PCF_GROUP_CPU
#define TICK    5

static char directory[64];

struct rig {
	pcf_region *writer[PCF_GROUP_COUNT], *reader[PCF_GROUP_COUNT];
	pcf_exposition *exposition;
	char *text; /* of the last answer, all pieces */
	size_t size;
	unsigned pieces;
};

static void group_open(struct rig *rig, int group, uint32_t ring_len)
{
	uint8_t present[PCF_MAX_GROUP_COLUMNS];
	pcf_error err;
	memset(present, 1, sizeof present);
	pcf_region_spec spec = spec_of(directory, group, ring_len, 64);
	spec.present = present;
	rig->writer[group] = region_open(&spec, PCF_TAKEN_NEW);
	CHECK_OR_DIE(pcf_region_attach(&rig->reader[group], directory, pcf_group_at(group)->name, &err) == 0);
}

static struct rig rig_open(void)
{
	struct rig rig = {.exposition = pcf_exposition_new()};
	CHECK_OR_DIE(rig.exposition != NULL);
	scratch_make(directory);
	group_open(&rig, CPU, 4);
	group_open(&rig, NETWORK, 4);
	return rig;
}

static void rig_close(struct rig *rig)
{
	for (int group = 0; group < PCF_GROUP_COUNT; group++) {
		pcf_region_close(rig->reader[group]);
		pcf_region_close(rig->writer[group]);
	}
	pcf_exposition_free(rig->exposition);
	free(rig->text);
	scratch_remove(directory);
}

static void tick_write(struct rig *rig, int group, uint64_t tick, const char *const *keys, int count, uint64_t value)
{
	uint32_t rows[8];
	for (int i = 0; i < count; i++)
		CHECK_EQ(pcf_region_row_claim(rig->writer[group], keys ? 0 : (uint32_t)i, 1, keys ? keys[i] : "",
					      keys ? strlen(keys[i]) : 0, tick, &rows[i]),
			 0);
	write_tick(rig->writer[group], tick, rows, count, value);
}

/* All pieces of an answer; the code of the last call. */
static int answer(struct rig *rig, const pcf_exposition_request *request)
{
	const uint8_t *data;
	size_t size;
	rig->size = rig->pieces = 0;
	int rc = pcf_exposition_begin(rig->exposition, rig->reader, request);
	while (rc == 0 && (rc = pcf_exposition_next(rig->exposition, &data, &size)) == 0 && size) {
		rig->text = realloc(rig->text, rig->size + size + 1);
		CHECK_OR_DIE(rig->text != NULL);
		memcpy(rig->text + rig->size, data, size);
		rig->size += size;
		rig->pieces++;
	}
	if (rig->text)
		rig->text[rig->size] = '\0';
	return rc;
}

static const pcf_exposition_container two[] = {
	{.slot = 0, .generation = 1, .labels = (const uint8_t *)"id=\"/\"", .labels_len = 6, .created_ns = 1500000000},
	{.slot = 1, .generation = 1, .labels = (const uint8_t *)"id=\"/a\"", .labels_len = 7, .flags = 4},
};

static pcf_exposition_series column(int group, int index)
{
	return (pcf_exposition_series){.group = group, .column = index, .else_group = -1, .less_group = -1};
}

static pcf_exposition_request request_of(const pcf_exposition_family *family, const pcf_exposition_series *series,
					 const pcf_encode_group *groups, uint32_t group_count, uint32_t format)
{
	return (pcf_exposition_request){
		.format = format,
		.families = family,
		.family_count = 1,
		.series = series,
		.containers = two,
		.container_count = 2,
		.groups = groups,
		.group_count = group_count,
		.labels = (const uint8_t *)"x=\"y\"",
		.labels_len = 5,
	};
}

static const pcf_encode_group of_cpu = {.group = CPU, .tick = TICK}, of_network = {.group = NETWORK, .tick = TICK};

static void test_text(void)
{
	struct rig rig = rig_open();
	pcf_exposition_family family = {"a_total", "a_total", "Help.", "", PCF_FAMILY_COUNTER, 1};
	pcf_exposition_series series = column(CPU, 0);
	series.decimals = 9;
	tick_write(&rig, CPU, TICK, NULL, 2, 1250000000);
	pcf_exposition_request request = request_of(&family, &series, &of_cpu, 1, PCF_EXPOSITION_TEXT);
	CHECK_EQ(answer(&rig, &request), 0);
	CHECK_STR(rig.text,
		  "# HELP a_total Help.\n# TYPE a_total counter\na_total{id=\"/\"} 1.25\na_total{id=\"/a\"} 1.25\n");

	series.needs = 4;
	series.labels = (const uint8_t *)"cpu=\"total\"";
	series.labels_len = 11;
	series.flags = PCF_SERIES_TIMED;
	request.flags = PCF_EXPOSITION_TIMESTAMPS;
	CHECK_EQ(answer(&rig, &request), 0);
	CHECK_STR(strstr(rig.text, "a_total{"), "a_total{id=\"/a\",cpu=\"total\"} 1.25 50\n");

	series.needs = 8;
	CHECK_EQ(answer(&rig, &request), 0);
	CHECK_EQ(rig.size, 0); /* a family without samples */
	rig_close(&rig);
}

static void test_openmetrics(void)
{
	struct rig rig = rig_open();
	pcf_exposition_family family = {"a_seconds", "a_seconds_total", "Help.", "seconds", PCF_FAMILY_COUNTER, 1};
	pcf_exposition_series series = column(CPU, 0);
	series.flags = PCF_SERIES_SINCE_BORN;
	tick_write(&rig, CPU, TICK, NULL, 2, 7);
	pcf_exposition_request request = request_of(&family, &series, &of_cpu, 1, PCF_EXPOSITION_OPENMETRICS);
	request.flags = PCF_EXPOSITION_CREATED;
	CHECK_EQ(answer(&rig, &request), 0);
	CHECK_STR(rig.text, "# HELP a_seconds Help.\n# TYPE a_seconds counter\n# UNIT a_seconds seconds\n"
			    "a_seconds_total{id=\"/\"} 7\na_seconds_created{id=\"/\"} 1.5\n"
			    "a_seconds_total{id=\"/a\"} 7\n# EOF\n");
	rig_close(&rig);
}

static void test_protobuf(void)
{
	static const uint8_t expected[] = {21,   0x0a, 1,    'a', 0x12, 1, 'h', 0x18, 1, 0x22, 11,
					   0x12, 9,    0x09, 0,   0,    0, 0,   0,    0, 8,    0x40};
	struct rig rig = rig_open();
	pcf_exposition_family family = {"a", "a", "h", "", PCF_FAMILY_GAUGE, 1};
	pcf_exposition_series series = column(CPU, 0);
	series.flags = PCF_SERIES_MACHINE;
	tick_write(&rig, CPU, TICK, NULL, 1, 3);
	pcf_exposition_request request = request_of(&family, &series, &of_cpu, 1, PCF_EXPOSITION_PROTOBUF);
	CHECK_EQ(answer(&rig, &request), 0);
	CHECK_EQ(rig.size, sizeof expected);
	CHECK(rig.size == sizeof expected && memcmp(rig.text, expected, rig.size) == 0);
	rig_close(&rig);
}

/* Keys of all lengths, with all that is to be escaped, in each format. */
static void test_keys(void)
{
	static const char *const keys[] = {"eth0", "a\"\\\nz",
					   "\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"", "\xff"};
	static const uint32_t styles[] = {PCF_LABEL_PLAIN, PCF_LABEL_CORE, PCF_LABEL_DEVICE, PCF_LABEL_NUMBERS};
	struct rig rig = rig_open();
	pcf_exposition_family family = {"n", "n", "", "", PCF_FAMILY_GAUGE, 1};
	pcf_exposition_series series = column(NETWORK, 0);
	series.key_label = "interface";
	tick_write(&rig, NETWORK, TICK, keys, 4, 1);
	pcf_exposition_request request = request_of(&family, &series, &of_network, 1, PCF_EXPOSITION_TEXT);
	for (request.format = 0; request.format <= PCF_EXPOSITION_PROTOBUF; request.format++)
		for (unsigned style = 0; style < 4; style++) {
			series.key = styles[style];
			CHECK_EQ(answer(&rig, &request), 0);
			CHECK(rig.size > 100);
		}
	request.format = PCF_EXPOSITION_TEXT;
	series.key = PCF_LABEL_PLAIN;
	CHECK_EQ(answer(&rig, &request), 0);
	CHECK(strstr(rig.text, "n{id=\"/\",interface=\"a\\\"\\\\\\nz\"} 1\n") != NULL);
	CHECK(strstr(rig.text, "n{id=\"/\",interface=\"?\"} 1\n") != NULL);

	pcf_exposition_name name = {.key = "eth0", .name = "/dev/eth", .name_len = 8};
	request.names = &name;
	request.name_count = 1;
	series.key = PCF_LABEL_NUMBERS;
	CHECK_EQ(answer(&rig, &request), 0);
	CHECK(strstr(rig.text, "n{id=\"/\",interface=\"/dev/eth\",major=\"eth0\",minor=\"\"} 1\n") != NULL);
	rig_close(&rig);
}

static uint64_t bits_of(double value)
{
	uint64_t bits;
	memcpy(&bits, &value, sizeof bits);
	return bits;
}

static void test_given(void)
{
	struct rig rig = rig_open();
	pcf_exposition_family family = {"g", "g", "", "", PCF_FAMILY_GAUGE, 1};
	pcf_exposition_series series = column(-1, 0);
	pcf_exposition_sample samples[] = {
		{.container = PCF_NO_CONTAINER, .labels_len = 5, .value = 7},
		{.container = 0, .value = bits_of(1.0 / 3), .is_double = 1},
		{.container = 1, .value = 9}, /* it has no row */
	};
	tick_write(&rig, CPU, TICK, NULL, 1, 1);
	pcf_exposition_request request = request_of(&family, &series, &of_cpu, 1, PCF_EXPOSITION_TEXT);
	request.samples = samples;
	request.sample_count = series.count = 3;
	CHECK_EQ(answer(&rig, &request), 0);
	CHECK_STR(strstr(rig.text, "g{"), "g{x=\"y\"} 7\ng{id=\"/\"} 0.3333333333333333\n");

	series.count = 4;
	CHECK_EQ(answer(&rig, &request), -EINVAL);
	series.count = 3;
	samples[0].labels_at = 1;
	CHECK_EQ(answer(&rig, &request), -EINVAL);
	samples[0] = (pcf_exposition_sample){.container = 2};
	CHECK_EQ(answer(&rig, &request), -EINVAL);
	rig_close(&rig);
}

static void test_instead_and_less(void)
{
	struct rig rig = rig_open();
	pcf_exposition_family family = {"g", "g", "", "", PCF_FAMILY_GAUGE, 1};
	pcf_exposition_series series = column(CPU, 0);
	tick_write(&rig, CPU, TICK, NULL, 1, 100);
	pcf_exposition_request request = request_of(&family, &series, &of_cpu, 1, PCF_EXPOSITION_TEXT);
	series.less_group = CPU;
	series.less_column = 1;
	CHECK_EQ(answer(&rig, &request), 0);
	CHECK_STR(strstr(rig.text, "g{"), "g{id=\"/\"} 0\n");
	series.less_group = PCF_GROUP_MEMORY; /* it is off */
	CHECK_EQ(answer(&rig, &request), 0);
	CHECK_EQ(rig.size, 0);
	series.less_group = -1;
	series.group = PCF_GROUP_MEMORY;
	series.else_group = CPU;
	CHECK_EQ(answer(&rig, &request), 0);
	CHECK_STR(strstr(rig.text, "g{"), "g{id=\"/\"} 100\n");
	series.group = PCF_GROUP_COUNT;
	CHECK_EQ(answer(&rig, &request), -EINVAL);
	rig_close(&rig);
}

/* Pieces: many families, each of them whole, and a tick that is overwritten between two of them. */
static void test_pieces(void)
{
	enum { FAMILIES = 200 };
	static char long_labels[8192];
	static pcf_exposition_family families[FAMILIES];
	static pcf_exposition_series series[FAMILIES];
	const uint8_t *data;
	size_t size;
	struct rig rig = rig_open();
	memset(long_labels, 'x', sizeof long_labels);
	memcpy(long_labels, "id=\"", 4);
	long_labels[sizeof long_labels - 1] = '"';
	pcf_exposition_container who = {
		.generation = 1, .labels = (const uint8_t *)long_labels, .labels_len = sizeof long_labels};
	for (int i = 0; i < FAMILIES; i++) {
		families[i] = (pcf_exposition_family){"g", "g", "", "", PCF_FAMILY_GAUGE, 1};
		series[i] = column(CPU, 0);
	}
	tick_write(&rig, CPU, TICK, NULL, 1, 1);
	pcf_exposition_request request = request_of(families, series, &of_cpu, 1, PCF_EXPOSITION_TEXT);
	request.family_count = FAMILIES;
	request.containers = &who;
	request.container_count = 1;
	for (request.format = 0; request.format <= PCF_EXPOSITION_PROTOBUF; request.format++) {
		CHECK_EQ(answer(&rig, &request), 0);
		CHECK(rig.size > FAMILIES * sizeof long_labels);
		CHECK(rig.pieces > 3);
	}
	request.format = PCF_EXPOSITION_TEXT;
	CHECK_EQ(pcf_exposition_begin(rig.exposition, rig.reader, &request), 0);
	CHECK_EQ(pcf_exposition_next(rig.exposition, &data, &size), 0);
	for (uint64_t tick = TICK + 1; tick < TICK + 6; tick++)
		tick_write(&rig, CPU, tick, NULL, 1, 2);
	int rc;
	while ((rc = pcf_exposition_next(rig.exposition, &data, &size)) == 0 && size)
		;
	CHECK_EQ(rc, -ESTALE);
	CHECK_EQ(pcf_exposition_next(rig.exposition, &data, &size), 0);
	CHECK_EQ(size, 0);
	CHECK_EQ(pcf_exposition_begin(rig.exposition, rig.reader, &request), -ESTALE);
	rig_close(&rig);
}

static void test_refused(void)
{
	struct rig rig = rig_open();
	pcf_exposition_family family = {"g", "g", "", "", PCF_FAMILY_GAUGE, 1};
	pcf_exposition_series series = column(CPU, 0);
	pcf_encode_group twice[] = {of_cpu, of_cpu}, off = {.group = PCF_GROUP_MEMORY, .tick = TICK};
	tick_write(&rig, CPU, TICK, NULL, 1, 1);
	pcf_exposition_request request = request_of(&family, &series, twice, 2, PCF_EXPOSITION_TEXT);
	CHECK_EQ(answer(&rig, &request), -EINVAL);
	request.groups = &off;
	request.group_count = 1;
	CHECK_EQ(answer(&rig, &request), -EINVAL);
	request.groups = &of_cpu;
	request.format = 3;
	CHECK_EQ(answer(&rig, &request), -EINVAL);
	request.format = PCF_EXPOSITION_TEXT;
	series.decimals = 19;
	CHECK_EQ(answer(&rig, &request), -EINVAL);
	series.decimals = 18;
	CHECK_EQ(answer(&rig, &request), 0);
	rig_close(&rig);
}

int main(void)
{
	test_text();
	test_openmetrics();
	test_protobuf();
	test_keys();
	test_given();
	test_instead_and_less();
	test_pieces();
	test_refused();
	return check_result();
}
