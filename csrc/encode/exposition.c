/* A scrape: family by family, so that each is one block whatever groups its series come from. */
#include "encode/exposition.h"

#include "ring/region.h"

#define PIECE_BYTES (256u << 10) /* of an answer at a time: it is still in the cache when it is compressed */
#define KEPT_BYTES  (4u << 20)   /* of the buffer between two answers */

#define LINE_BYTES 160 /* of a line or message without its texts: numbers, punctuation, tags, lengths */
#define KEY_BYTES  256 /* of a key made into three labels, escaped */

/* A column of a group; rows is NULL where the group is off or this host has no such number. */
struct column_place {
	const struct pcf_scrape_rows *rows;
	uint16_t offset;
	uint8_t cell;
};

static int column_find(const pcf_exposition *exposition, int32_t group, int32_t index, struct column_place *out)
{
	*out = (struct column_place){NULL, 0, 0};
	if (group < 0)
		return 0;
	if (group >= PCF_GROUP_COUNT)
		return -EINVAL;
	const struct pcf_scrape_rows *rows = &exposition->rows[group];
	if (!rows->plan)
		return 0;
	const pcf_region_column *columns = pcf_region_columns(rows->plan->region);
	uint32_t count = rows->plan->region->shape.column_count; /* checked; what the file says now need not be true */
	for (uint32_t i = 0; i < count && i < PCF_MAX_GROUP_COLUMNS; i++)
		if (columns[i].index == index)
			*out = (struct column_place){rows, columns[i].offset, columns[i].cell};
	return 0;
}

static uint64_t cell_read(const struct column_place *place, const uint8_t *cells)
{
	return pcf_cell_value(cells + place->offset, place->cell);
}

/* Of the container's only row; PCF_ABSENT: it has none. */
static uint64_t scalar_read(const struct column_place *place, uint32_t container, const uint8_t **cells)
{
	if (!place->rows || place->rows->plan->has_key || !place->rows->by_container[container])
		return PCF_ABSENT;
	*cells = place->rows->by_container[container];
	return cell_read(place, *cells);
}

/* What one series needs while its rows are gone through. */
struct series_walk {
	pcf_exposition *exposition;
	const pcf_exposition_request *request;
	const struct pcf_format *format;
	struct column_place main, instead, less;
	struct pcf_sample_out out;
	size_t *samples;
};

/* The number of a cell as the series tells it; false: there is none. */
static bool value_read(const pcf_exposition_series *series, uint64_t value, struct pcf_sample_value *out)
{
	*out = (struct pcf_sample_value){.kind = PCF_VALUE_DECIMAL, .decimals = series->decimals};
	if (value == PCF_UNLIMITED && series->unlimited == PCF_UNLIMITED_MINUS)
		*out = (struct pcf_sample_value){.kind = PCF_VALUE_DOUBLE, .number = -1};
	else if (value == PCF_UNLIMITED && series->unlimited == PCF_UNLIMITED_ZERO)
		out->whole = 0;
	else if (value >= PCF_UNLIMITED || (value == 0 && (series->flags & PCF_SERIES_NOT_ZERO)))
		return false;
	else
		out->whole = series->divisor > 1 ? value / series->divisor : value;
	return true;
}

static bool is_wanted(const struct series_walk *walk, const pcf_exposition_container *container)
{
	const pcf_exposition_series *series = walk->out.series;
	if ((container->flags & PCF_CONTAINER_HIDDEN) && !(series->flags & PCF_SERIES_MACHINE))
		return false;
	return (container->flags & series->needs) == series->needs;
}

static void container_take(struct series_walk *walk, const pcf_exposition_container *container)
{
	bool is_own = !(walk->out.series->flags & PCF_SERIES_MACHINE);
	walk->out.labels = is_own ? container->labels : NULL;
	walk->out.labels_len = is_own ? container->labels_len : 0;
	walk->out.created_ns = walk->out.series->flags & PCF_SERIES_SINCE_BORN ? container->created_ns : 0;
}

static int sample_put(struct series_walk *walk)
{
	++*walk->samples;
	return walk->format->sample(walk->exposition, &walk->out);
}

static int64_t row_time(const struct series_walk *walk, const struct column_place *place, const uint8_t *cells)
{
	if (!(walk->request->flags & PCF_EXPOSITION_TIMESTAMPS) || !(walk->out.series->flags & PCF_SERIES_TIMED))
		return 0;
	uint64_t ns = place->rows->plan->now.realtime_ns + pcf_row_offset_usec(cells) * 1000ull;
	return (int64_t)(ns / 1000000);
}

/* A container's value, with the place it was found in; PCF_ABSENT: none. */
static uint64_t scalar_find(const struct series_walk *walk, uint32_t at, const struct column_place **place,
			    const uint8_t **cells)
{
	const uint8_t *less_cells;
	*place = &walk->main;
	uint64_t value = scalar_read(&walk->main, at, cells);
	if (value == PCF_ABSENT) {
		*place = &walk->instead;
		value = scalar_read(&walk->instead, at, cells);
	}
	if (walk->out.series->less_group < 0 || value >= PCF_UNLIMITED)
		return value;
	uint64_t part = scalar_read(&walk->less, at, &less_cells);
	if (part >= PCF_UNLIMITED)
		return PCF_ABSENT;
	return value > part ? value - part : 0;
}

static int scalars_put(struct series_walk *walk)
{
	int rc = 0;
	for (uint32_t i = 0; rc == 0 && i < walk->request->container_count; i++) {
		const pcf_exposition_container *container = &walk->request->containers[i];
		const struct column_place *place;
		const uint8_t *cells = NULL;
		if (!is_wanted(walk, container))
			continue;
		uint64_t value = scalar_find(walk, i, &place, &cells);
		if (!value_read(walk->out.series, value, &walk->out.value))
			continue;
		container_take(walk, container);
		walk->out.timestamp_ms = row_time(walk, place, cells);
		rc = sample_put(walk);
	}
	return rc;
}

static int keyed_put(struct series_walk *walk)
{
	int rc = 0;
	const struct pcf_scrape_rows *rows = walk->main.rows;
	bool has_name = walk->out.series->key == PCF_LABEL_DEVICE || walk->out.series->key == PCF_LABEL_NUMBERS;
	for (size_t i = 0; rc == 0 && i < rows->keyed_count; i++) {
		const struct pcf_keyed_row *row = &rows->keyed[i];
		const pcf_exposition_container *container = &walk->request->containers[row->container];
		if (!is_wanted(walk, container) ||
		    !value_read(walk->out.series, cell_read(&walk->main, row->cells), &walk->out.value))
			continue;
		container_take(walk, container);
		walk->out.timestamp_ms = row_time(walk, &walk->main, row->cells);
		walk->out.entry = row->entry;
		walk->out.device_name = has_name ? pcf_device_name(walk->request, row->entry) : NULL;
		rc = sample_put(walk);
	}
	walk->out.entry = NULL;
	walk->out.device_name = NULL;
	return rc;
}

static int rows_put(struct series_walk *walk)
{
	const pcf_exposition_series *series = walk->out.series;
	const pcf_exposition *exposition = walk->exposition;
	int rc = column_find(exposition, series->group, series->column, &walk->main);
	if (rc == 0)
		rc = column_find(exposition, series->else_group, series->else_column, &walk->instead);
	if (rc == 0)
		rc = column_find(exposition, series->less_group, series->less_column, &walk->less);
	if (rc || (!walk->main.rows && !walk->instead.rows))
		return rc;
	return walk->main.rows && walk->main.rows->plan->has_key ? keyed_put(walk) : scalars_put(walk);
}

static int given_put(struct series_walk *walk, const pcf_exposition_sample *sample)
{
	const pcf_exposition_request *request = walk->request;
	if (sample->labels_at > request->labels_len || sample->labels_len > request->labels_len - sample->labels_at)
		return -EINVAL;
	walk->out.labels_len = 0;
	walk->out.created_ns = 0;
	if (sample->container != PCF_NO_CONTAINER) {
		if (sample->container >= request->container_count)
			return -EINVAL;
		const pcf_exposition_container *container = &request->containers[sample->container];
		bool is_there = walk->exposition->is_sampled[sample->container] || !request->group_count;
		if (!is_there || !is_wanted(walk, container))
			return 0;
		container_take(walk, container);
	}
	walk->out.own_labels = request->labels + sample->labels_at;
	walk->out.own_labels_len = sample->labels_len;
	walk->out.value = (struct pcf_sample_value){.kind = PCF_VALUE_DOUBLE};
	if (sample->is_double)
		memcpy(&walk->out.value.number, &sample->value, sizeof sample->value);
	else if (!value_read(walk->out.series, sample->value, &walk->out.value))
		return 0;
	bool is_timed = request->flags & PCF_EXPOSITION_TIMESTAMPS && walk->out.series->flags & PCF_SERIES_TIMED;
	walk->out.timestamp_ms = is_timed ? walk->out.series->timestamp_ms : 0;
	return sample_put(walk);
}

static int series_put(struct series_walk *walk, const pcf_exposition_series *series)
{
	walk->out.series = series;
	walk->out.own_labels_len = 0;
	walk->out.line_max = walk->out.name_len + series->labels_len + LINE_BYTES;
	if (series->key != PCF_LABEL_NONE)
		walk->out.line_max += strlen(series->key_label) + KEY_BYTES;
	if (series->decimals > 18)
		return -EINVAL;
	if (series->group >= 0)
		return rows_put(walk);
	if (series->first > walk->request->sample_count || series->count > walk->request->sample_count - series->first)
		return -EINVAL;
	int rc = 0;
	for (uint32_t i = 0; rc == 0 && i < series->count; i++)
		rc = given_put(walk, &walk->request->samples[series->first + i]);
	return rc;
}

static int family_put(struct series_walk *walk, const pcf_exposition_family *family,
		      const pcf_exposition_series *series)
{
	size_t begin = walk->exposition->out.size, samples = 0;
	walk->out = (struct pcf_sample_out){.family = family, .name_len = strlen(family->sample)};
	walk->samples = &samples;
	int rc = walk->format->open(walk->exposition, family);
	for (uint32_t i = 0; rc == 0 && i < family->series; i++)
		rc = series_put(walk, &series[i]);
	return rc ? rc : walk->format->close(walk->exposition, begin, samples == 0);
}

static const struct pcf_format *format_find(uint32_t format)
{
	switch (format) {
	case PCF_EXPOSITION_TEXT:
		return &pcf_format_text;
	case PCF_EXPOSITION_OPENMETRICS:
		return &pcf_format_openmetrics;
	case PCF_EXPOSITION_PROTOBUF:
		return &pcf_format_protobuf;
	default:
		return NULL;
	}
}

int pcf_exposition_begin(pcf_exposition *exposition, pcf_region *const *regions, const pcf_exposition_request *request)
{
	exposition->request = *request;
	exposition->series = request->series;
	exposition->family = 0;
	exposition->is_ended = true;
	exposition->out.size = 0;
	exposition->with_created = request->flags & PCF_EXPOSITION_CREATED;
	exposition->format = format_find(request->format);
	int rc = exposition->format ? pcf_scrape_rows_find(exposition, regions, request) : -EINVAL;
	exposition->is_ended = rc != 0;
	return rc;
}

/* Families until there are enough bytes for a piece. */
static int families_put(pcf_exposition *exposition)
{
	const pcf_exposition_request *request = &exposition->request;
	struct series_walk walk = {.exposition = exposition, .request = request, .format = exposition->format};
	int rc = 0;
	while (rc == 0 && exposition->family < request->family_count && exposition->out.size < PIECE_BYTES) {
		const pcf_exposition_family *family = &request->families[exposition->family++];
		rc = family_put(&walk, family, exposition->series);
		exposition->series += family->series;
	}
	return rc;
}

int pcf_exposition_next(pcf_exposition *exposition, const uint8_t **data, size_t *size)
{
	*data = NULL;
	*size = 0;
	exposition->out.size = 0;
	int rc = exposition->is_ended ? 0 : families_put(exposition);
	if (rc == 0 && !exposition->is_ended && exposition->family == exposition->request.family_count) {
		exposition->is_ended = true;
		rc = exposition->format->end(exposition);
		if (rc == 0)
			rc = pcf_encode_plan_check(exposition->encoder);
	}
	if (rc) {
		exposition->is_ended = true;
		return rc;
	}
	*data = exposition->out.data;
	*size = exposition->out.size;
	if (exposition->out.size == 0 && exposition->out.capacity > KEPT_BYTES) {
		free(exposition->out.data);
		exposition->out = (struct pcf_wire){0};
	}
	return 0;
}

pcf_exposition *pcf_exposition_new(void)
{
	pcf_exposition *exposition = calloc(1, sizeof *exposition);
	if (!exposition)
		return NULL;
	exposition->encoder = pcf_encoder_new();
	exposition->rows = calloc(PCF_GROUP_COUNT, sizeof *exposition->rows);
	exposition->family_guess = 3;
	exposition->metric_guess = 2;
	if (exposition->encoder && exposition->rows)
		return exposition;
	pcf_exposition_free(exposition);
	return NULL;
}

void pcf_exposition_free(pcf_exposition *exposition)
{
	if (!exposition)
		return;
	pcf_scrape_rows_free(exposition);
	pcf_encoder_free(exposition->encoder);
	free(exposition->out.data);
	free(exposition);
}
