/* DiskIoStats: a list for each kind of number, in it a map of operations for each device. */
#include "encode/cadvisor_json.h"

#define DEVICE_BYTES 512 /* a PerDiskStats, its head apart */
#define OPERATIONS   6
#define TOTAL        (-2) /* reads, writes and discards together */

struct disk_list {
	const char *key; /* as it opens the list */
	int group;
	struct {
		const char *name; /* as it stands before the number; NULL: no more */
		uint32_t name_len;
		int column;
	} operation[OPERATIONS];
};

/* clang-format off */
/* Ascending in each list, as Go sorts the keys of a map. 16 bytes of a name are copied. */
#define NAMED(n)       "\"" n "\":\0\0\0\0\0\0\0\0", sizeof(n) + 2
#define TOTAL_OF(G, C) PCF_GROUP_##G, {{NAMED("Total"), PCF_##G##_##C}}
#define COUNT_OF(G, C) PCF_GROUP_##G, {{NAMED("Count"), PCF_##G##_##C}}
#define ALL_OPERATIONS(S)                                                                                              \
	{{NAMED("Async"), PCF_IO_ASYNC_##S}, {NAMED("Discard"), PCF_IO_DISCARD_##S},                                   \
	 {NAMED("Read"), PCF_IO_READ_##S},   {NAMED("Sync"), PCF_IO_SYNC_##S},                                         \
	 {NAMED("Total"), TOTAL},            {NAMED("Write"), PCF_IO_WRITE_##S}}

static const struct disk_list disk_lists[] = {
	{"\"io_service_bytes\":[", PCF_GROUP_IO, ALL_OPERATIONS(BYTES)},
	{"\"io_serviced\":[", PCF_GROUP_IO, ALL_OPERATIONS(OPS)},
	{"\"io_queued\":[", TOTAL_OF(IO_SCHEDULER, QUEUED)},
	{"\"sectors\":[", COUNT_OF(IO_SCHEDULER, SECTORS)},
	{"\"io_service_time\":[", TOTAL_OF(IO_SCHEDULER, SERVICE_TIME_NS)},
	{"\"io_wait_time\":[", TOTAL_OF(IO_SCHEDULER, WAIT_TIME_NS)},
	{"\"io_merged\":[", TOTAL_OF(IO_SCHEDULER, MERGED)},
	{"\"io_time\":[", COUNT_OF(IO_SCHEDULER, TIME_MS)},
	{"\"io_cost_usage\":[", COUNT_OF(IO, COST_USAGE_USEC)},
	{"\"io_cost_wait\":[", COUNT_OF(IO, COST_WAIT_USEC)},
	{"\"io_cost_indebt\":[", COUNT_OF(IO, COST_INDEBT_USEC)},
	{"\"io_cost_indelay\":[", COUNT_OF(IO, COST_INDELAY_USEC)},
};
/* clang-format on */

static bool is_strict_v2(const pcf_json *json)
{
	return json->is_strict && json->is_io_v2;
}

/* Reads, writes and discards. Synchronous and asynchronous IO count the same again. */
static uint64_t total_of(const pcf_json *json, const struct disk_list *list, const uint8_t *row)
{
	static const int parts[] = {1, 2, 5}; /* places in ALL_OPERATIONS */
	uint64_t total = 0;
	bool is_known = false;

	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		uint64_t value = pcf_json_load(row, json->cell[list->group][list->operation[parts[i]].column]);
		if (value >= PCF_UNLIMITED)
			continue;
		is_known = true;
		total += value;
	}
	return is_known && !is_strict_v2(json) ? total : PCF_ABSENT;
}

static uint64_t operation_value(const pcf_json *json, const struct disk_list *list, int o, const uint8_t *row)
{
	int column = list->operation[o].column;

	if (column == TOTAL)
		return total_of(json, list, row);
	if (is_strict_v2(json) && (column == PCF_IO_DISCARD_BYTES || column == PCF_IO_DISCARD_OPS) &&
	    list->group == PCF_GROUP_IO)
		return PCF_ABSENT;
	return pcf_json_load(row, json->cell[list->group][column]);
}

/* Returns `at` unchanged where the device has none of the list's numbers. */
static char *device_put(const pcf_json *json, const struct disk_list *list, const struct pcf_json_row *row,
			const uint8_t *cells, char *at)
{
	char *begin = at;
	bool has_any = false;

	for (int o = 0; o < OPERATIONS && list->operation[o].name; o++) {
		uint64_t value = operation_value(json, list, o, cells);
		if (value >= PCF_UNLIMITED)
			continue;
		if (has_any)
			*at++ = ',';
		else
			at = pcf_json_head_put(json, row, at);
		has_any = true;
		memcpy(at, list->operation[o].name, 16);
		at += list->operation[o].name_len;
		at = pcf_json_number(at, value);
	}
	return has_any ? PCF_JSON_PUT(at, "}}") : begin;
}

static bool is_given(const pcf_json *json, const struct disk_list *list)
{
	for (int o = 0; o < OPERATIONS && list->operation[o].name; o++)
		if (list->operation[o].column >= 0 && json->cell[list->group][list->operation[o].column].cell)
			return true;
	return false;
}

static int disk_list_put(pcf_json *json, const struct disk_list *list)
{
	const struct pcf_json_rows *rows = &json->rows[list->group];
	struct pcf_json_text *out = &json->out;
	bool is_open = false;

	for (uint32_t i = 0; i < rows->count; i++) {
		const struct pcf_json_row *row = &rows->row[i];
		const uint8_t *cells = pcf_json_row_at(json, json->sample.moment, list->group, row->entry);
		if (cells == NULL)
			continue;
		int rc = pcf_json_room(out, DEVICE_BYTES + row->head_len);
		if (rc)
			return rc;
		char *begin = out->at;
		char *at = is_open ? PCF_JSON_PUT(begin, ",") : pcf_json_words(begin, list->key);
		char *end = device_put(json, list, row, cells, at);
		out->at = end == at ? begin : end;
		is_open = is_open || end != at;
	}
	if (is_open)
		out->at = PCF_JSON_PUT(out->at, "],");
	return 0;
}

int pcf_json_disk_lists(pcf_json *json)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < sizeof disk_lists / sizeof *disk_lists; i++)
		if (json->rows[disk_lists[i].group].count && is_given(json, &disk_lists[i]))
			rc = disk_list_put(json, &disk_lists[i]);
	return rc;
}
