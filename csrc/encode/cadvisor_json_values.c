/* Values that are worked out, and fields that may be missing. */
#include "encode/cadvisor_json.h"

static int number_put(pcf_json *json, uint64_t value)
{
	json->out.at = pcf_json_number(json->out.at, value);
	return 0;
}

int pcf_json_timestamp(pcf_json *json)
{
	int rc = pcf_json_room(&json->out, PCF_JSON_TIME_MAX);

	if (rc == 0)
		json->out.at = pcf_json_time(json->out.at, json->sample.unix_ns, &json->clock);
	return rc;
}

/* What cannot be dropped at once: cAdvisor's formula, on both cgroup interfaces. */
int pcf_json_working_set(pcf_json *json)
{
	uint64_t usage = pcf_json_plain(pcf_json_value(json, PCF_GROUP_MEMORY, PCF_MEMORY_USAGE_BYTES));
	uint64_t inactive =
		pcf_json_plain(pcf_json_value(json, PCF_GROUP_MEMORY_STAT, PCF_MEMORY_STAT_INACTIVE_FILE_BYTES));

	return number_put(json, usage > inactive ? usage - inactive : 0);
}

/* The peak is read more slowly than usage, which may have passed it since. */
int pcf_json_max_usage(pcf_json *json)
{
	uint64_t usage = pcf_json_plain(pcf_json_value(json, PCF_GROUP_MEMORY, PCF_MEMORY_USAGE_BYTES));
	uint64_t peak = pcf_json_value(json, PCF_GROUP_LIMITS, PCF_LIMITS_MEMORY_PEAK_BYTES);

	if (peak >= PCF_UNLIMITED)
		return number_put(json, 0);
	return number_put(json, peak > usage ? peak : usage);
}

/* ---- fields that may be missing ---- */
int pcf_json_task_limits(pcf_json *json)
{
	uint64_t threads = pcf_json_value(json, PCF_GROUP_PIDS, PCF_PIDS_CURRENT);
	uint64_t most = pcf_json_value(json, PCF_GROUP_LIMITS, PCF_LIMITS_PIDS);
	uint64_t soft = pcf_json_value(json, PCF_GROUP_TASKS, PCF_TASKS_OPEN_FILES_SOFT);
	uint64_t hard = pcf_json_value(json, PCF_GROUP_TASKS, PCF_TASKS_OPEN_FILES_HARD);
	struct pcf_json_text *out = &json->out;
	int rc = pcf_json_room(out, 256);

	if (rc)
		return rc;
	if (threads && threads < PCF_UNLIMITED) {
		out->at = PCF_JSON_PUT(out->at, ",\"threads_current\":");
		out->at = pcf_json_number(out->at, threads);
	}
	if (most && most < PCF_UNLIMITED) { /* no limit: cAdvisor has 0 there, and so leaves it out */
		out->at = PCF_JSON_PUT(out->at, ",\"threads_max\":");
		out->at = pcf_json_number(out->at, most);
	}
	if (soft == PCF_ABSENT)
		return 0;
	out->at = PCF_JSON_PUT(out->at, ",\"ulimits\":[{\"name\":\"max_open_files\",\"soft_limit\":");
	out->at = soft == PCF_UNLIMITED ? PCF_JSON_PUT(out->at, "-1") : pcf_json_number(out->at, soft);
	out->at = PCF_JSON_PUT(out->at, ",\"hard_limit\":");
	out->at = hard >= PCF_UNLIMITED ? PCF_JSON_PUT(out->at, "-1") : pcf_json_number(out->at, hard);
	out->at = PCF_JSON_PUT(out->at, "}]");
	return 0;
}

int pcf_json_oom_events(pcf_json *json)
{
	uint64_t kills = pcf_json_plain(pcf_json_value(json, PCF_GROUP_MEMORY_EVENTS, PCF_MEMORY_EVENTS_OOM_KILL));
	int rc = pcf_json_room(&json->out, 64);

	if (rc || kills == 0)
		return rc;
	json->out.at = PCF_JSON_PUT(json->out.at, ",\"oom_events\":");
	return number_put(json, kills);
}

static int fragment_put(pcf_json *json, const char *key, const char *value, uint32_t len)
{
	size_t key_len = strlen(key);
	int rc = pcf_json_room(&json->out, key_len + len);

	if (rc || len == 0)
		return rc;
	memcpy(json->out.at, key, key_len);
	memcpy(json->out.at + key_len, value, len);
	json->out.at += key_len + len;
	return 0;
}

int pcf_json_filesystem(pcf_json *json)
{
	return fragment_put(json, ",\"filesystem\":", json->wanted->filesystem, json->wanted->filesystem_len);
}

int pcf_json_accelerators(pcf_json *json)
{
	return fragment_put(json, ",\"accelerators\":", json->wanted->accelerators, json->wanted->accelerators_len);
}

int pcf_json_health(pcf_json *json)
{
	const pcf_json_wanted *wanted = json->wanted;

	return wanted->health_len ? fragment_put(json, "", wanted->health, wanted->health_len)
				  : fragment_put(json, "", "\"\"", 2);
}
