/* The rows of a scrape: each group is gone through once, before its series are. */
#include "encode/exposition.h"

static int rows_reserve(pcf_exposition *exposition, size_t containers)
{
	if (containers <= exposition->room)
		return 0;
	bool *sampled = realloc(exposition->is_sampled, containers * sizeof *sampled);
	if (!sampled)
		return -ENOMEM;
	exposition->is_sampled = sampled;
	for (int group = 0; group < PCF_GROUP_COUNT; group++) {
		free(exposition->rows[group].by_container);
		exposition->rows[group].by_container = NULL;
	}
	exposition->room = containers;
	return 0;
}

static int keyed_add(struct pcf_scrape_rows *rows, const struct pcf_keyed_row *row)
{
	if (rows->keyed_count == rows->keyed_capacity) {
		size_t capacity = rows->keyed_capacity ? 2 * rows->keyed_capacity : 64;
		struct pcf_keyed_row *keyed = realloc(rows->keyed, capacity * sizeof *keyed);
		if (!keyed)
			return -ENOMEM;
		rows->keyed = keyed;
		rows->keyed_capacity = capacity;
	}
	rows->keyed[rows->keyed_count++] = *row;
	return 0;
}

/* Rows of one container in a group. */
static int container_find(pcf_exposition *exposition, struct pcf_scrape_rows *rows,
			  const pcf_exposition_container *container, uint32_t at)
{
	uint32_t count;
	const struct pcf_row_entry *entry = pcf_row_index_find(rows->plan->index, container->slot, &count);
	for (uint32_t i = 0; i < count; i++) {
		if (entry[i].generation != container->generation)
			continue;
		const uint8_t *cells = pcf_plan_row(rows->plan, &rows->plan->now, &entry[i]);
		if (!cells)
			continue;
		exposition->is_sampled[at] = true;
		if (!rows->plan->has_key) {
			rows->by_container[at] = cells;
			continue;
		}
		int rc = keyed_add(rows, &(struct pcf_keyed_row){at, cells, &entry[i]});
		if (rc)
			return rc;
	}
	return 0;
}

static int group_find(pcf_exposition *exposition, const struct pcf_row_plan *plan,
		      const pcf_exposition_request *request)
{
	struct pcf_scrape_rows *rows = &exposition->rows[plan->group - pcf_group_at(0)];
	rows->plan = plan;
	rows->keyed_count = 0;
	if (!plan->has_key) {
		if (!rows->by_container)
			rows->by_container = malloc((exposition->room + 1) * sizeof *rows->by_container);
		if (!rows->by_container)
			return -ENOMEM;
		memset(rows->by_container, 0, request->container_count * sizeof *rows->by_container);
	}
	int rc = 0;
	for (uint32_t i = 0; rc == 0 && i < request->container_count; i++)
		rc = container_find(exposition, rows, &request->containers[i], i);
	return rc;
}

int pcf_scrape_rows_find(pcf_exposition *exposition, pcf_region *const *regions, const pcf_exposition_request *request)
{
	for (int group = 0; group < PCF_GROUP_COUNT; group++)
		exposition->rows[group].plan = NULL;
	int rc = pcf_encode_plan(exposition->encoder, regions, request->groups, request->group_count);
	if (rc == 0)
		rc = rows_reserve(exposition, request->container_count);
	if (rc)
		return rc;
	if (request->container_count)
		memset(exposition->is_sampled, 0, request->container_count * sizeof *exposition->is_sampled);
	for (uint32_t p = 0; rc == 0 && p < exposition->encoder->plans; p++)
		rc = group_find(exposition, &exposition->encoder->plan[p], request);
	return rc;
}

void pcf_scrape_rows_free(pcf_exposition *exposition)
{
	for (int group = 0; exposition->rows && group < PCF_GROUP_COUNT; group++) {
		free(exposition->rows[group].by_container);
		free(exposition->rows[group].keyed);
	}
	free(exposition->rows);
	free(exposition->is_sampled);
}
