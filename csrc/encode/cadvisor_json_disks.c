/* DiskIoStats: a list for each kind of number, in it a map of operations for each device. */
#include "encode/cadvisor_json.h"

#define DEVICE_BYTES 512 /* a PerDiskStats, its name apart */
#define OPERATIONS   6
#define TOTAL        (-2) /* reads, writes and discards together */

struct disk_list {
	const char *key;
	int group;
	struct {
		const char *name; /* ascending, as Go sorts the keys of a map */
		int column;
	} operation[OPERATIONS];
};

#define ALL_OPERATIONS(S)                                                                                              \
	{                                                                                                              \
		{"Async", PCF_IO_ASYNC_##S}, {"Discard", PCF_IO_DISCARD_##S}, {"Read", PCF_IO_READ_##S},               \
			{"Sync", PCF_IO_SYNC_##S}, {"Total", TOTAL},                                                   \
		{                                                                                                      \
			"Write", PCF_IO_WRITE_##S                                                                      \
		}                                                                                                      \
	}

/* clang-format off */
static const struct disk_list disk_lists[] = {
	{"io_service_bytes", PCF_GROUP_IO, ALL_OPERATIONS(BYTES)},
	{"io_serviced", PCF_GROUP_IO, ALL_OPERATIONS(OPS)},
	{"io_queued", PCF_GROUP_IO_SCHEDULER, {{"Total", PCF_IO_SCHEDULER_QUEUED}}},
	{"sectors", PCF_GROUP_IO_SCHEDULER, {{"Count", PCF_IO_SCHEDULER_SECTORS}}},
	{"io_service_time", PCF_GROUP_IO_SCHEDULER, {{"Total", PCF_IO_SCHEDULER_SERVICE_TIME_NS}}},
	{"io_wait_time", PCF_GROUP_IO_SCHEDULER, {{"Total", PCF_IO_SCHEDULER_WAIT_TIME_NS}}},
	{"io_merged", PCF_GROUP_IO_SCHEDULER, {{"Total", PCF_IO_SCHEDULER_MERGED}}},
	{"io_time", PCF_GROUP_IO_SCHEDULER, {{"Count", PCF_IO_SCHEDULER_TIME_MS}}},
	{"io_cost_usage", PCF_GROUP_IO, {{"Count", PCF_IO_COST_USAGE_USEC}}},
	{"io_cost_wait", PCF_GROUP_IO, {{"Count", PCF_IO_COST_WAIT_USEC}}},
	{"io_cost_indebt", PCF_GROUP_IO, {{"Count", PCF_IO_COST_INDEBT_USEC}}},
	{"io_cost_indelay", PCF_GROUP_IO, {{"Count", PCF_IO_COST_INDELAY_USEC}}},
};
/* clang-format on */

static uint64_t operation_value(const pcf_json *json, const struct disk_list *list, int o, const uint8_t *row)
{
	const struct pcf_json_cell *cell = json->cell[list->group];
	uint64_t total = 0;
	bool is_known = false;

	if (list->operation[o].column != TOTAL)
		return pcf_json_load(row, cell[list->operation[o].column]);
	if (json->is_strict && json->is_io_v2)
		return PCF_ABSENT;
	for (int other = 0; other < OPERATIONS; other++) {
		const char *name = list->operation[other].name;
		if (*name == 'A' || *name == 'S' || *name == 'T') /* Sync and Async count the same again */
			continue;
		uint64_t value = pcf_json_load(row, cell[list->operation[other].column]);
		if (value >= PCF_UNLIMITED)
			continue;
		is_known = true;
		total += value;
	}
	return is_known ? total : PCF_ABSENT;
}

static char *device_open(char *at, const struct pcf_json_row *row)
{
	at = PCF_JSON_PUT(at, "{\"device\":");
	if (row->name) {
		memcpy(at, row->name, row->name_len);
		at += row->name_len;
	} else {
		at = PCF_JSON_PUT(at, "\"\"");
	}
	at = PCF_JSON_PUT(at, ",\"major\":");
	at = pcf_json_number(at, row->number[0]);
	at = PCF_JSON_PUT(at, ",\"minor\":");
	at = pcf_json_number(at, row->number[1]);
	return PCF_JSON_PUT(at, ",\"stats\":{");
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
		if (json->is_strict && json->is_io_v2 && *list->operation[o].name == 'D')
			continue;
		at = has_any ? at : device_open(begin, row);
		if (has_any)
			*at++ = ',';
		has_any = true;
		*at++ = '"';
		at = pcf_json_words(at, list->operation[o].name);
		at = PCF_JSON_PUT(at, "\":");
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
		int rc = pcf_json_room(out, DEVICE_BYTES + row->name_len);
		if (rc)
			return rc;
		char *begin = out->at, *at = begin;
		if (is_open) {
			*at++ = ',';
		} else {
			*at++ = '"';
			at = pcf_json_words(at, list->key);
			at = PCF_JSON_PUT(at, "\":[");
		}
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
