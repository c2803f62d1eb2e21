/* An encoder's life, and arrays of samples container by container. */
#include "encode/cadvisor_json.h"

#include <errno.h>
#include <stdlib.h>

#include "ring/region.h"

pcf_json *pcf_json_new(pcf_region *const *regions, int shape, uint32_t flags)
{
	pcf_json *json = shape >= 0 && shape < PCF_JSON_SHAPES ? calloc(1, sizeof *json) : NULL;

	if (json == NULL)
		return NULL;
	json->regions = regions;
	json->is_strict = flags & PCF_JSON_STRICT;
	if (pcf_json_groups_find(json) == 0 && pcf_json_compile(json, pcf_json_shapes[shape]) == 0)
		return json;
	pcf_json_free(json);
	return NULL;
}

void pcf_json_free(pcf_json *json)
{
	if (json == NULL)
		return;
	for (int g = 0; g < PCF_GROUP_COUNT; g++) {
		pcf_row_index_clear(&json->index[g]);
		free(json->rows[g].row);
	}
	free(json->program.op);
	free(json->program.text.data);
	free(json->out.data);
	free(json->heads.data);
	free(json->moment);
	free(json->pick);
	free(json);
}

static int samples_write(pcf_json *json)
{
	json->previous.moment = NULL;
	for (uint32_t i = json->picks; i-- > 0;) {
		int rc = pcf_json_room(&json->out, 2);
		if (rc)
			return rc;
		if (i + 1 < json->picks)
			*json->out.at++ = ',';
		if (i > 0)
			pcf_json_sample_fetch(json, &json->moment[json->pick[i - 1]]);
		pcf_json_sample_take(json, &json->moment[json->pick[i]]);
		rc = pcf_json_run(json);
		if (rc)
			return rc;
		json->previous = json->sample;
	}
	return 0;
}

static int array_write(pcf_json *json)
{
	int rc = pcf_json_room(&json->out, 2);

	if (rc)
		return rc;
	*json->out.at++ = '[';
	rc = samples_write(json);
	rc = rc ? rc : pcf_json_room(&json->out, 2);
	if (rc == 0)
		*json->out.at++ = ']';
	return rc;
}

/* The array as a member of the object that the caller began. */
static int object_write(pcf_json *json)
{
	const pcf_json_wanted *wanted = json->wanted;
	int rc = pcf_json_room(&json->out, wanted->head_len);

	if (rc)
		return rc;
	memcpy(json->out.at, wanted->head, wanted->head_len);
	json->out.at += wanted->head_len;
	if (json->picks) {
		json->out.at = PCF_JSON_PUT(json->out.at, ",\"stats\":");
		rc = array_write(json);
		rc = rc ? rc : pcf_json_room(&json->out, 2);
	}
	if (rc == 0)
		*json->out.at++ = '}';
	return rc;
}

static int container_write(pcf_json *json, const pcf_json_wanted *wanted)
{
	int rc;

	json->wanted = wanted;
	rc = pcf_json_rows_find(json);
	rc = rc ? rc : pcf_json_samples_pick(json);
	if (rc)
		return rc;
	return wanted->head_len ? object_write(json) : array_write(json);
}

static int indexes_refresh(pcf_json *json)
{
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && i < json->groups; i++)
		rc = pcf_row_index_refresh(&json->index[json->group[i]], json->regions[json->group[i]]);
	return rc;
}

int pcf_json_encode(pcf_json *json, const pcf_json_wanted *wanted, uint32_t count, const pcf_json_device *devices,
		    uint32_t device_count, size_t enough, size_t *ends, const char **data)
{
	uint32_t done = 0;
	int rc = indexes_refresh(json);

	*data = NULL;
	pcf_json_devices_set(json, devices, device_count);
	json->out.at = json->out.data;
	rc = rc ? rc : pcf_json_moments_find(json, wanted, count);
	for (; rc == 0 && done < count && done < INT32_MAX; done++) {
		rc = container_write(json, &wanted[done]);
		ends[done] = (size_t)(json->out.at - json->out.data);
		if (rc == 0 && ends[done] >= enough && ++done)
			break;
	}
	rc = rc ? rc : pcf_json_moments_check(json);
	if (rc)
		return rc;
	*data = json->out.data;
	return (int)done;
}
