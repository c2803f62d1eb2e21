/* Interfaces, huge pages and memory nodes. */
#include "encode/cadvisor_json.h"

#define PAGE_BYTES      4096 /* unit of the columns, see columns.def */
#define INTERFACE_BYTES (PCF_KEY_BYTES * PCF_JSON_QUOTED_MAX + 384)

/* ---- interfaces ---- */
static bool has_prefix(const struct pcf_row_entry *entry, const char *prefix)
{
	size_t len = strlen(prefix);

	return entry->key_len >= len && memcmp(entry->key, prefix, len) == 0;
}

/* On the host cAdvisor leaves out whose traffic other interfaces show as well, by the beginning of the name; inside a
 * container only loopback is left out, so that docker_gwbridge or lowpan0 are seen there. */
static bool is_shown(const pcf_json *json, const struct pcf_row_entry *entry)
{
	if (entry->key_len == 2 && memcmp(entry->key, "lo", 2) == 0)
		return false;
	return !json->wanted->is_host ||
	       !(has_prefix(entry, "veth") || has_prefix(entry, "docker") || has_prefix(entry, "nerdctl"));
}

/* `key` is a literal. */
#define COLUMN_PUT(at, key, row, cell) pcf_json_number(PCF_JSON_PUT(at, key), pcf_json_plain(pcf_json_load(row, cell)))

/* The members of an InterfaceStats; `row` NULL: all of them 0. */
static char *interface_put(const pcf_json *json, const struct pcf_json_row *row, char *at)
{
	const struct pcf_json_cell *cell = json->cell[PCF_GROUP_NETWORK];
	const struct pcf_json_cell *error = json->cell[PCF_GROUP_NETWORK_ERRORS];
	const uint8_t *now = NULL, *errors = NULL;

	if (row)
		now = pcf_json_row_at(json, json->sample.moment, PCF_GROUP_NETWORK, row->entry);
	if (row && row->twin)
		errors = pcf_json_row_at(json, json->sample.moment, PCF_GROUP_NETWORK_ERRORS, row->twin);
	now = now ? now : pcf_json_no_row;
	errors = errors ? errors : pcf_json_no_row;
	at = PCF_JSON_PUT(at, "\"name\":");
	at = row ? pcf_json_head_put(json, row, at) : PCF_JSON_PUT(at, "\"\"");
	at = COLUMN_PUT(at, ",\"rx_bytes\":", now, cell[PCF_NETWORK_RX_BYTES]);
	at = COLUMN_PUT(at, ",\"rx_packets\":", now, cell[PCF_NETWORK_RX_PACKETS]);
	at = COLUMN_PUT(at, ",\"rx_errors\":", errors, error[PCF_NETWORK_ERRORS_RX_ERRORS]);
	at = COLUMN_PUT(at, ",\"rx_dropped\":", errors, error[PCF_NETWORK_ERRORS_RX_DROPPED]);
	at = COLUMN_PUT(at, ",\"tx_bytes\":", now, cell[PCF_NETWORK_TX_BYTES]);
	at = COLUMN_PUT(at, ",\"tx_packets\":", now, cell[PCF_NETWORK_TX_PACKETS]);
	at = COLUMN_PUT(at, ",\"tx_errors\":", errors, error[PCF_NETWORK_ERRORS_TX_ERRORS]);
	return COLUMN_PUT(at, ",\"tx_dropped\":", errors, error[PCF_NETWORK_ERRORS_TX_DROPPED]);
}

static const struct pcf_json_row *shown_at(const pcf_json *json, uint32_t i)
{
	const struct pcf_json_row *row = &json->rows[PCF_GROUP_NETWORK].row[i];

	if (!is_shown(json, row->entry))
		return NULL;
	return pcf_json_row_at(json, json->sample.moment, PCF_GROUP_NETWORK, row->entry) ? row : NULL;
}

/* "interfaces":[...], or nothing. */
int pcf_json_interfaces_led(pcf_json *json)
{
	struct pcf_json_text *out = &json->out;
	bool is_open = false;

	for (uint32_t i = 0; i < json->rows[PCF_GROUP_NETWORK].count; i++) {
		const struct pcf_json_row *row = shown_at(json, i);
		if (row == NULL)
			continue;
		int rc = pcf_json_room(out, INTERFACE_BYTES);
		if (rc)
			return rc;
		out->at = is_open ? PCF_JSON_PUT(out->at, ",{") : PCF_JSON_PUT(out->at, "\"interfaces\":[{");
		out->at = interface_put(json, row, out->at);
		*out->at++ = '}';
		is_open = true;
	}
	if (is_open)
		out->at = PCF_JSON_PUT(out->at, "],");
	return 0;
}

/* v1: the members of the first interface stand in NetworkStats itself, before the list. */
int pcf_json_interface_first(pcf_json *json)
{
	const struct pcf_json_row *row = NULL;
	int rc = pcf_json_room(&json->out, INTERFACE_BYTES);

	if (rc)
		return rc;
	for (uint32_t i = 0; row == NULL && i < json->rows[PCF_GROUP_NETWORK].count; i++)
		row = shown_at(json, i);
	json->out.at = interface_put(json, row, json->out.at);
	*json->out.at++ = ',';
	return pcf_json_interfaces_led(json);
}

/* ---- huge pages ---- */
/* Usage and peak are left out when they are 0: both are omitempty in cAdvisor's struct, failcnt is not. */
static char *hugetlb_put(const uint8_t *row, const struct pcf_json_cell *cell, char *at)
{
	uint64_t usage = pcf_json_plain(pcf_json_load(row, cell[PCF_HUGETLB_USAGE_BYTES]));
	uint64_t peak = pcf_json_plain(pcf_json_load(row, cell[PCF_HUGETLB_PEAK_BYTES]));

	at = PCF_JSON_PUT(at, ":{");
	if (usage) {
		at = pcf_json_number(PCF_JSON_PUT(at, "\"usage\":"), usage);
		*at++ = ',';
	}
	if (peak) {
		at = pcf_json_number(PCF_JSON_PUT(at, "\"max_usage\":"), peak);
		*at++ = ',';
	}
	at = COLUMN_PUT(at, "\"failcnt\":", row, cell[PCF_HUGETLB_FAILCNT]);
	*at++ = '}';
	return at;
}

int pcf_json_hugetlb(pcf_json *json)
{
	const struct pcf_json_rows *rows = &json->rows[PCF_GROUP_HUGETLB];
	const struct pcf_json_cell *cell = json->cell[PCF_GROUP_HUGETLB];
	struct pcf_json_text *out = &json->out;
	bool is_open = false;

	for (uint32_t i = 0; i < rows->count; i++) {
		const struct pcf_row_entry *entry = rows->row[i].entry;
		const uint8_t *row = pcf_json_row_at(json, json->sample.moment, PCF_GROUP_HUGETLB, entry);
		if (row == NULL)
			continue;
		int rc = pcf_json_room(out, INTERFACE_BYTES);
		if (rc)
			return rc;
		out->at = is_open ? PCF_JSON_PUT(out->at, ",") : PCF_JSON_PUT(out->at, ",\"hugetlb\":{");
		out->at = pcf_json_head_put(json, &rows->row[i], out->at);
		out->at = hugetlb_put(row, cell, out->at);
		is_open = true;
	}
	if (is_open)
		*out->at++ = '}';
	return 0;
}

/* ---- memory nodes ---- */
static int node_map_put(pcf_json *json, const char *key, int column, bool *has_any)
{
	const struct pcf_json_rows *rows = &json->rows[PCF_GROUP_MEMORY_NUMA];
	struct pcf_json_text *out = &json->out;
	bool is_open = false;

	for (uint32_t i = 0; i < rows->count; i++) {
		const struct pcf_row_entry *entry = rows->row[i].entry;
		const uint8_t *row = pcf_json_row_at(json, json->sample.moment, PCF_GROUP_MEMORY_NUMA, entry);
		uint64_t bytes = row ? pcf_json_load(row, json->cell[PCF_GROUP_MEMORY_NUMA][column]) : PCF_ABSENT;
		if (bytes >= PCF_UNLIMITED)
			continue;
		int rc = pcf_json_room(out, INTERFACE_BYTES);
		if (rc)
			return rc;
		if (*has_any)
			*out->at++ = ',';
		if (!is_open) {
			out->at = pcf_json_words(out->at, key);
			out->at = PCF_JSON_PUT(out->at, ":{");
		}
		out->at = pcf_json_head_put(json, &rows->row[i], out->at);
		*out->at++ = ':';
		out->at = pcf_json_number(out->at, bytes / PAGE_BYTES);
		is_open = *has_any = true;
	}
	if (is_open)
		*out->at++ = '}';
	return 0;
}

/* Pages by node, nested cgroups included. */
int pcf_json_numa(pcf_json *json)
{
	bool has_any = false;
	int rc = pcf_json_room(&json->out, 2);

	if (rc)
		return rc;
	*json->out.at++ = '{';
	rc = node_map_put(json, "\"file\"", PCF_MEMORY_NUMA_FILE_BYTES, &has_any);
	rc = rc ? rc : node_map_put(json, "\"anon\"", PCF_MEMORY_NUMA_ANON_BYTES, &has_any);
	rc = rc ? rc : node_map_put(json, "\"unevictable\"", PCF_MEMORY_NUMA_UNEVICTABLE_BYTES, &has_any);
	rc = rc ? rc : pcf_json_room(&json->out, 2);
	if (rc == 0)
		*json->out.at++ = '}';
	return rc;
}

/* v1 tells the cgroup alone apart from its children, and what is sampled is both together. */
int pcf_json_numa_local(pcf_json *json)
{
	if (!json->cell[PCF_GROUP_MEMORY_STAT][PCF_MEMORY_STAT_LOCAL_PGFAULT].cell)
		return pcf_json_numa(json);
	json->out.at = PCF_JSON_PUT(json->out.at, "{}");
	return 0;
}
