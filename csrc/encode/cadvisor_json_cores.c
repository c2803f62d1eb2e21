/* CPU time by core, and rates of CPU time (cpu_inst). */
#include "encode/cadvisor_json.h"

#define CORES_MAX 8192 /* NR_CPUS of any kernel; a larger index is damage */

/* Appends the value of core `number` to a list that has those below *core; opens it for the first. */
static int core_put(pcf_json *json, uint32_t *core, uint32_t number, uint64_t value)
{
	if (number >= CORES_MAX || number < *core)
		return 0;
	int rc = pcf_json_room(&json->out, 32 + 2 * (size_t)(number - *core) + PCF_JSON_NUMBER_MAX);
	if (rc)
		return rc;
	if (*core == 0)
		json->out.at = PCF_JSON_PUT(json->out.at, ",\"per_cpu_usage\":[");
	for (; *core <= number; ++*core) { /* cores without a row have never run anything */
		if (*core)
			*json->out.at++ = ',';
		json->out.at = pcf_json_number(json->out.at, *core == number ? value : 0);
	}
	return 0;
}

int pcf_json_per_cpu(pcf_json *json)
{
	const struct pcf_json_rows *rows = &json->rows[PCF_GROUP_CPU_PERCPU];
	const struct pcf_json_cell cell = json->cell[PCF_GROUP_CPU_PERCPU][PCF_CPU_PERCPU_USAGE_NS];
	uint32_t core = 0;

	for (uint32_t i = 0; i < rows->count; i++) {
		const uint8_t *row =
			pcf_json_row_at(json, json->sample.moment, PCF_GROUP_CPU_PERCPU, rows->row[i].entry);
		uint64_t value = row ? pcf_json_load(row, cell) : PCF_ABSENT;
		int rc = value < PCF_UNLIMITED ? core_put(json, &core, rows->row[i].number[0], value) : 0;
		if (rc)
			return rc;
	}
	if (core)
		*json->out.at++ = ']';
	return 0;
}

struct change {
	double elapsed_ns;
	bool is_known;
};

/* Nanocores. */
static uint64_t rate_of(struct change *change, uint64_t now, uint64_t before)
{
	if (now >= PCF_UNLIMITED || before >= PCF_UNLIMITED) {
		return 0; /* this host does not say */
	} else if (now < before) {
		change->is_known = false;
		return 0;
	}
	double rate = (double)(now - before) / change->elapsed_ns * 1e9;
	return rate < 0x1p64 ? (uint64_t)rate : UINT64_MAX;
}

static uint64_t column_rate(const pcf_json *json, struct change *change, int column)
{
	struct pcf_json_cell cell = json->cell[PCF_GROUP_CPU][column];

	return rate_of(change, pcf_json_load(json->sample.row[PCF_GROUP_CPU], cell),
		       pcf_json_load(json->previous.row[PCF_GROUP_CPU], cell));
}

static uint64_t core_value(const pcf_json *json, const struct pcf_json_moment *moment, const struct pcf_json_row *row)
{
	const uint8_t *cells = pcf_json_row_at(json, moment, PCF_GROUP_CPU_PERCPU, row->entry);

	if (cells == NULL)
		return PCF_ABSENT;
	return pcf_json_load(cells, json->cell[PCF_GROUP_CPU_PERCPU][PCF_CPU_PERCPU_USAGE_NS]);
}

static int core_rates(pcf_json *json, struct change *change)
{
	const struct pcf_json_rows *rows = &json->rows[PCF_GROUP_CPU_PERCPU];
	struct pcf_json_text *out = &json->out;
	uint32_t core = 0;

	for (uint32_t i = 0; i < rows->count; i++) {
		uint64_t now = core_value(json, json->sample.moment, &rows->row[i]);
		uint64_t before = core_value(json, json->previous.moment, &rows->row[i]);
		if (now >= PCF_UNLIMITED && before >= PCF_UNLIMITED)
			continue;
		if (now >= PCF_UNLIMITED || before >= PCF_UNLIMITED)
			change->is_known = false; /* the number of cores is another one */
		int rc = core_put(json, &core, rows->row[i].number[0], rate_of(change, now, before));
		if (rc)
			return rc;
	}
	if (core)
		*out->at++ = ']';
	return 0;
}

static int instant_write(pcf_json *json, struct change *change)
{
	struct pcf_json_text *out = &json->out;
	int rc = pcf_json_room(out, 128);

	if (rc)
		return rc;
	out->at = PCF_JSON_PUT(out->at, ",\"cpu_inst\":{\"usage\":{\"total\":");
	out->at = pcf_json_number(out->at, column_rate(json, change, PCF_CPU_USAGE_NS));
	rc = core_rates(json, change);
	rc = rc ? rc : pcf_json_room(out, 128);
	if (rc)
		return rc;
	out->at = PCF_JSON_PUT(out->at, ",\"user\":");
	out->at = pcf_json_number(out->at, column_rate(json, change, PCF_CPU_USER_NS));
	out->at = PCF_JSON_PUT(out->at, ",\"system\":");
	out->at = pcf_json_number(out->at, column_rate(json, change, PCF_CPU_SYSTEM_NS));
	out->at = PCF_JSON_PUT(out->at, "}}");
	return 0;
}

/* Left out in the first sample, where no time has passed, where a counter began anew or a core came or went. */
int pcf_json_cpu_instant(pcf_json *json)
{
	struct pcf_json_sample *now = &json->sample, *before = &json->previous;
	struct change change = {.is_known = true};
	size_t begin = (size_t)(json->out.at - json->out.data);

	if (before->moment == NULL || now->monotonic_ns <= before->monotonic_ns)
		return 0;
	if (now->row[PCF_GROUP_CPU] == pcf_json_no_row || before->row[PCF_GROUP_CPU] == pcf_json_no_row)
		return 0;
	change.elapsed_ns = (double)(now->monotonic_ns - before->monotonic_ns);
	int rc = instant_write(json, &change);
	if (rc == 0 && !change.is_known)
		json->out.at = json->out.data + begin;
	return rc;
}
