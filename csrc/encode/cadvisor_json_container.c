/* A container's rows and which moments are samples of it. Once a container, not once a sample. */
#include "encode/cadvisor_json.h"

#include <errno.h>
#include <stdlib.h>

#include "ring/region.h"

#define CACHE_LINE   64
#define HEAD_BYTES   (PCF_KEY_BYTES * PCF_JSON_QUOTED_MAX + 128)
#define KEYS_FETCHED 4 /* a machine with hundreds of cores has other worries */

static const uint8_t absent[PCF_JSON_ROW_MAX] = {[0 ... PCF_JSON_ROW_MAX - 1] = 0xff};
const uint8_t *const pcf_json_no_row = absent;

const uint8_t *pcf_json_row_at(const pcf_json *json, const struct pcf_json_moment *moment, int group,
			       const struct pcf_row_entry *entry)
{
	const pcf_region *region = json->regions[group];

	if (entry->row >= region->shape.row_capacity)
		return NULL;
	for (int i = 0; i < 2; i++) {
		const struct pcf_json_tick *tick = i ? &moment->before[group] : &moment->now[group];
		uint32_t stamp;
		if (tick->number == 0 || entry->born_tick > tick->number)
			continue;
		const uint8_t *row = tick->cells + (size_t)entry->row * region->shape.row_bytes;
		memcpy(&stamp, row, sizeof stamp);
		if (stamp == (uint32_t)tick->number)
			return row;
	}
	return NULL;
}

static uint32_t digits_read(const char **at, const char *end)
{
	uint32_t number = 0;

	for (; *at < end && **at >= '0' && **at <= '9' && number < UINT32_MAX / 10 - 1; ++*at)
		number = number * 10 + (uint32_t)(**at - '0');
	return number;
}

static int compare_devices(const void *left, const void *right)
{
	const pcf_json_device *a = left, *b = right;

	if (a->major != b->major)
		return a->major < b->major ? -1 : 1;
	return a->minor < b->minor ? -1 : a->minor > b->minor;
}

static char *device_open(const pcf_json *json, const struct pcf_json_row *row, char *at)
{
	const pcf_json_device wanted = {.major = row->number[0], .minor = row->number[1]};
	const pcf_json_device *found = NULL;

	if (json->device_count)
		found = bsearch(&wanted, json->devices, json->device_count, sizeof wanted, compare_devices);
	at = PCF_JSON_PUT(at, "{\"device\":");
	if (found) {
		memcpy(at, found->name, found->name_len);
		at += found->name_len;
	} else {
		at = PCF_JSON_PUT(at, "\"\"");
	}
	at = PCF_JSON_PUT(at, ",\"major\":");
	at = pcf_json_number(at, row->number[0]);
	at = PCF_JSON_PUT(at, ",\"minor\":");
	at = pcf_json_number(at, row->number[1]);
	return PCF_JSON_PUT(at, ",\"stats\":{");
}

static size_t name_max(const pcf_json *json)
{
	size_t most = 0;

	for (uint32_t i = 0; i < json->device_count; i++)
		most = json->devices[i].name_len > most ? json->devices[i].name_len : most;
	return most;
}

/* The key as numbers ("8:0", "3"), and what the row begins with. */
static int row_name(pcf_json *json, struct pcf_json_row *row, int key)
{
	const char *at = row->entry->key, *end = at + row->entry->key_len;
	size_t most = key == PCF_KEY_DEVICE ? HEAD_BYTES + json->name_max : HEAD_BYTES;
	int rc = pcf_json_room(&json->heads, most);

	if (rc)
		return rc;
	row->number[0] = digits_read(&at, end);
	if (at < end && *at == ':')
		at++;
	row->number[1] = digits_read(&at, end);
	char *begin = json->heads.at;
	json->heads.at = key == PCF_KEY_DEVICE ? device_open(json, row, begin)
					       : pcf_json_quote(begin, row->entry->key, row->entry->key_len);
	row->head = (uint32_t)(begin - json->heads.data);
	row->head_len = (uint32_t)(json->heads.at - begin);
	return 0;
}

void pcf_json_devices_set(pcf_json *json, const pcf_json_device *devices, uint32_t count)
{
	json->devices = devices;
	json->device_count = count;
	json->name_max = name_max(json);
}

static int compare_texts(const struct pcf_row_entry *a, const struct pcf_row_entry *b)
{
	size_t len = a->key_len < b->key_len ? a->key_len : b->key_len;
	int order = memcmp(a->key, b->key, len);

	return order ? order : (int)a->key_len - (int)b->key_len;
}

/* Devices and cores by number; interfaces as they stand; the rest by text, as Go sorts the keys of a map. */
static bool is_before(const struct pcf_json_row *a, const struct pcf_json_row *b, int key)
{
	if (key == PCF_KEY_INTERFACE)
		return false;
	if (key != PCF_KEY_DEVICE && key != PCF_KEY_CORE)
		return compare_texts(a->entry, b->entry) < 0;
	return a->number[0] != b->number[0] ? a->number[0] < b->number[0] : a->number[1] < b->number[1];
}

static int row_add(pcf_json *json, struct pcf_json_rows *rows, int key, const struct pcf_row_entry *entry)
{
	struct pcf_json_row row = {.entry = entry};
	uint32_t at = rows->count;

	if (rows->count == rows->capacity) {
		uint32_t capacity = rows->capacity ? rows->capacity * 2 : 8;
		struct pcf_json_row *more = realloc(rows->row, capacity * sizeof *more);
		if (more == NULL)
			return -ENOMEM;
		rows->row = more;
		rows->capacity = capacity;
	}
	int rc = row_name(json, &row, key);
	if (rc)
		return rc;
	for (; at > 0 && is_before(&row, &rows->row[at - 1], key); at--)
		rows->row[at] = rows->row[at - 1];
	rows->row[at] = row;
	rows->count++;
	return 0;
}

static int group_find(pcf_json *json, int group)
{
	uint32_t count;
	int key = pcf_group_at(group)->key;
	const struct pcf_row_entry *entry = pcf_row_index_find(&json->index[group], json->wanted->slot, &count);

	json->entry[group] = NULL;
	json->rows[group].count = 0;
	for (uint32_t i = 0; i < count; i++) {
		if (entry[i].generation != json->wanted->generation)
			continue;
		json->entry[group] = &entry[i];
		int rc = key == PCF_KEY_NONE ? 0 : row_add(json, &json->rows[group], key, &entry[i]);
		if (rc)
			return rc;
	}
	return 0;
}

/* The row of the same interface in network_errors, which is read more slowly. */
static void twins_find(pcf_json *json)
{
	const struct pcf_json_rows *errors = &json->rows[PCF_GROUP_NETWORK_ERRORS];

	for (uint32_t i = 0; i < json->rows[PCF_GROUP_NETWORK].count; i++) {
		struct pcf_json_row *row = &json->rows[PCF_GROUP_NETWORK].row[i];
		for (uint32_t e = 0; e < errors->count; e++)
			if (compare_texts(row->entry, errors->row[e].entry) == 0)
				row->twin = errors->row[e].entry;
	}
}

int pcf_json_rows_find(pcf_json *json)
{
	int rc = 0;

	json->heads.at = json->heads.data;
	for (uint32_t i = 0; rc == 0 && i < json->groups; i++)
		rc = group_find(json, json->group[i]);
	twins_find(json);
	return rc;
}

/* The row that says when the sample was taken: that of the first base group that has one in this very tick. */
static const uint8_t *time_row(const pcf_json *json, const struct pcf_json_moment *moment)
{
	for (uint32_t i = 0; i < json->groups; i++) {
		int g = json->group[i];
		if (!json->is_base[g] || !json->entry[g] || moment->now[g].number != moment->number)
			continue;
		const uint8_t *row = pcf_json_row_at(json, moment, g, json->entry[g]);
		if (row)
			return row;
	}
	return NULL;
}

static uint64_t offset_ns(const uint8_t *row)
{
	uint32_t usec;

	memcpy(&usec, row + 4, sizeof usec);
	return usec * 1000ull;
}

static int pick_add(pcf_json *json, uint32_t moment)
{
	if (json->picks == json->picks_capacity) {
		uint32_t capacity = json->picks_capacity ? json->picks_capacity * 2 : 64;
		uint32_t *pick = realloc(json->pick, capacity * sizeof *pick);
		if (pick == NULL)
			return -ENOMEM;
		json->pick = pick;
		json->picks_capacity = capacity;
	}
	json->pick[json->picks++] = moment;
	return 0;
}

int pcf_json_samples_pick(pcf_json *json)
{
	const pcf_json_wanted *wanted = json->wanted;
	uint64_t most = wanted->count < 0 ? UINT64_MAX : (uint64_t)wanted->count;
	uint64_t end_ns = wanted->end_ns ? wanted->end_ns : UINT64_MAX;

	json->picks = 0;
	for (uint32_t m = 0; m < json->moments && json->picks < most; m++) {
		const uint8_t *row = time_row(json, &json->moment[m]);
		json->moments_used = m >= json->moments_used ? m + 1 : json->moments_used;
		if (row == NULL)
			continue;
		uint64_t unix_ns = json->moment[m].unix_ns + offset_ns(row);
		if (unix_ns < wanted->start_ns || unix_ns > end_ns)
			continue;
		int rc = pick_add(json, m);
		if (rc)
			return rc;
	}
	return 0;
}

static void row_fetch(const pcf_json *json, const struct pcf_json_moment *moment, int group,
		      const struct pcf_row_entry *entry)
{
	const pcf_region *region = json->regions[group];
	const struct pcf_json_tick *tick = &moment->now[group];

	if (tick->number == 0 || entry->row >= region->shape.row_capacity)
		return;
	const uint8_t *row = tick->cells + (size_t)entry->row * region->shape.row_bytes;
	for (uint32_t line = 0; line < region->shape.row_bytes; line += CACHE_LINE)
		__builtin_prefetch(row + line);
}

void pcf_json_sample_fetch(const pcf_json *json, const struct pcf_json_moment *moment)
{
	for (uint32_t i = 0; i < json->groups; i++) {
		int g = json->group[i];
		if (json->is_scalar[g] && json->entry[g])
			row_fetch(json, moment, g, json->entry[g]);
		for (uint32_t r = 0; r < json->rows[g].count && r < KEYS_FETCHED; r++)
			row_fetch(json, moment, g, json->rows[g].row[r].entry);
	}
}

void pcf_json_sample_take(pcf_json *json, const struct pcf_json_moment *moment)
{
	struct pcf_json_sample *sample = &json->sample;
	const uint8_t *timed = time_row(json, moment);
	uint64_t offset = timed ? offset_ns(timed) : 0;

	sample->moment = moment;
	sample->unix_ns = moment->unix_ns + offset;
	sample->monotonic_ns = moment->monotonic_ns + offset;
	for (uint32_t i = 0; i < json->groups; i++) {
		int g = json->group[i];
		const uint8_t *row =
			json->entry[g] && json->is_scalar[g] ? pcf_json_row_at(json, moment, g, json->entry[g]) : NULL;
		sample->row[g] = row ? row : pcf_json_no_row;
	}
}
