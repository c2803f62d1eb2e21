/* io.prometheus.client.MetricFamily (prometheus/client_model, metrics.proto), each preceded by its length. */
#include "encode/exposition.h"

enum { FAMILY_NAME = 1, FAMILY_HELP, FAMILY_TYPE, FAMILY_METRIC, FAMILY_UNIT };
enum { METRIC_LABEL = 1, METRIC_GAUGE = 2, METRIC_COUNTER = 3, METRIC_UNTYPED = 5, METRIC_TIMESTAMP_MS = 6 };
enum { LABEL_NAME = 1, LABEL_VALUE = 2 };
enum { VALUE = 1, COUNTER_CREATED = 3 };
enum { TIMESTAMP_SECONDS = 1, TIMESTAMP_NANOS = 2 };

#define HEAD_BYTES 48 /* tags, lengths and numbers of a family's head, texts not counted */

static uint8_t *tag_put(uint8_t *out, unsigned number, unsigned type)
{
	*out = (uint8_t)(number << 3 | type); /* all field numbers here are below 16 */
	return out + 1;
}

static uint8_t *bytes_put(uint8_t *out, unsigned number, const void *from, size_t length)
{
	out = pcf_varint_put(tag_put(out, number, PCF_WIRE_BYTES), length);
	if (length)
		memcpy(out, from, length);
	return out + length;
}

/* The length of the family comes last, in the place that is left for it here. */
static int family_open(pcf_exposition *exposition, const pcf_exposition_family *family)
{
	size_t texts = strlen(family->name) + strlen(family->help) + strlen(family->unit);
	int rc = pcf_wire_reserve(&exposition->out, texts + HEAD_BYTES);
	if (rc)
		return rc;
	uint8_t *out = exposition->out.data + exposition->out.size + exposition->family_guess;
	out = bytes_put(out, FAMILY_NAME, family->name, strlen(family->name));
	out = bytes_put(out, FAMILY_HELP, family->help, strlen(family->help));
	out = pcf_varint_put(tag_put(out, FAMILY_TYPE, PCF_WIRE_VARINT), family->type);
	if (family->unit[0])
		out = bytes_put(out, FAMILY_UNIT, family->unit, strlen(family->unit));
	exposition->out.size = (size_t)(out - exposition->out.data);
	return 0;
}

static int family_close(pcf_exposition *exposition, size_t begin, bool is_empty)
{
	if (is_empty) {
		exposition->out.size = begin;
		return 0;
	}
	int rc = pcf_wire_reserve(&exposition->out, PCF_WIRE_MAX_VARINT); /* a longer length moves all of it */
	if (rc)
		return rc;
	uint8_t *data = exposition->out.data;
	uint8_t *end = pcf_wire_length_close(data + begin, data + exposition->out.size, &exposition->family_guess);
	exposition->out.size = (size_t)(end - data);
	return 0;
}

static uint8_t *key_put(uint8_t *out, const struct pcf_sample_out *sample)
{
	struct pcf_key_label labels[PCF_KEY_LABELS];
	char room[PCF_KEY_TEXT];
	unsigned count = pcf_key_labels(sample, labels, room);
	for (unsigned i = 0; i < count; i++) {
		size_t name = strlen(labels[i].name), value = labels[i].value_len;
		size_t length = 1 + pcf_varint_size(name) + name + 1 + pcf_varint_size(value) + value;
		out = pcf_varint_put(tag_put(out, METRIC_LABEL, PCF_WIRE_BYTES), length);
		out = bytes_put(out, LABEL_NAME, labels[i].name, name);
		out = bytes_put(out, LABEL_VALUE, labels[i].value, value);
	}
	return out;
}

static uint8_t *blocks_put(uint8_t *out, const struct pcf_sample_out *sample)
{
	const pcf_exposition_series *series = sample->series;
	if (sample->labels_len)
		memcpy(out, sample->labels, sample->labels_len);
	out += sample->labels_len;
	if (sample->own_labels_len)
		memcpy(out, sample->own_labels, sample->own_labels_len);
	out += sample->own_labels_len;
	if (sample->entry)
		out = key_put(out, sample);
	if (series->labels_len)
		memcpy(out, series->labels, series->labels_len);
	return out + series->labels_len;
}

/* Timestamp of google.protobuf: seconds and the nanoseconds beyond them. */
static uint8_t *created_put(uint8_t *out, uint64_t ns)
{
	uint64_t seconds = ns / 1000000000, rest = ns % 1000000000;
	size_t length = 1 + pcf_varint_size(seconds) + (rest ? 1 + pcf_varint_size(rest) : 0);
	out = pcf_varint_put(tag_put(out, COUNTER_CREATED, PCF_WIRE_BYTES), length);
	out = pcf_varint_put(tag_put(out, TIMESTAMP_SECONDS, PCF_WIRE_VARINT), seconds);
	return rest ? pcf_varint_put(tag_put(out, TIMESTAMP_NANOS, PCF_WIRE_VARINT), rest) : out;
}

static uint8_t *value_put(uint8_t *out, const struct pcf_sample_out *sample)
{
	bool is_counter = sample->family->type == PCF_FAMILY_COUNTER;
	unsigned field = is_counter                                 ? METRIC_COUNTER
			 : sample->family->type == PCF_FAMILY_GAUGE ? METRIC_GAUGE
								    : METRIC_UNTYPED;
	uint8_t *at = tag_put(out, field, PCF_WIRE_BYTES); /* shorter than 128 bytes: one byte of length */
	uint64_t bits = pcf_double_bits(pcf_value_double(&sample->value));
	uint8_t *end = pcf_wire_fixed64_put(tag_put(at + 1, VALUE, PCF_WIRE_FIXED64), bits);
	if (is_counter && sample->created_ns)
		end = created_put(end, sample->created_ns);
	*at = (uint8_t)(end - at - 1);
	if (sample->timestamp_ms > 0)
		end = pcf_varint_put(tag_put(end, METRIC_TIMESTAMP_MS, PCF_WIRE_VARINT),
				     (uint64_t)sample->timestamp_ms);
	return end;
}

static int metric_put(pcf_exposition *exposition, const struct pcf_sample_out *sample)
{
	size_t need = sample->line_max + sample->labels_len + sample->own_labels_len;
	if (sample->device_name)
		need += sample->device_name->name_len;
	int rc = pcf_wire_reserve(&exposition->out, need);
	if (rc)
		return rc;
	uint8_t *at = tag_put(exposition->out.data + exposition->out.size, FAMILY_METRIC, PCF_WIRE_BYTES);
	uint8_t *end = value_put(blocks_put(at + exposition->metric_guess, sample), sample);
	end = pcf_wire_length_close(at, end, &exposition->metric_guess);
	exposition->out.size = (size_t)(end - exposition->out.data);
	return 0;
}

static int families_end(pcf_exposition *exposition)
{
	(void)exposition;
	return 0;
}

const struct pcf_format pcf_format_protobuf = {family_open, metric_put, family_close, families_end};
