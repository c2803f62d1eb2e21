/* The two text formats: a line a sample. OpenMetrics differs in # UNIT, _created, timestamps in seconds and # EOF. */
#include "encode/exposition.h"
#include "encode/exposition_number.h"

#define PUNCTUATION 32 /* braces, commas, quotes, blanks and the newline of a line */

static uint8_t *bytes_put(uint8_t *out, const void *from, size_t length)
{
	if (length)
		memcpy(out, from, length);
	return out + length;
}

static uint8_t *text_put(uint8_t *out, const char *text)
{
	return bytes_put(out, text, strlen(text));
}

/* A label value that C makes: backslash, quote and newline escaped. */
static uint8_t *escaped_put(uint8_t *out, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '\\' || text[i] == '"' || text[i] == '\n')
			*out++ = '\\';
		*out++ = (uint8_t)(text[i] == '\n' ? 'n' : text[i]);
	}
	return out;
}

/* A name somebody gave is escaped already, as all texts that come from outside are. */
static uint8_t *key_put(uint8_t *out, const struct pcf_sample_out *sample, uint8_t *begin)
{
	struct pcf_key_label labels[PCF_KEY_LABELS];
	char room[PCF_KEY_TEXT];
	unsigned count = pcf_key_labels(sample, labels, room);
	for (unsigned i = 0; i < count; i++) {
		if (out != begin)
			*out++ = ',';
		out = text_put(out, labels[i].name);
		*out++ = '=';
		*out++ = '"';
		if (i == 0 && sample->device_name)
			out = bytes_put(out, labels[i].value, labels[i].value_len);
		else
			out = escaped_put(out, labels[i].value, labels[i].value_len);
		*out++ = '"';
	}
	return out;
}

static uint8_t *block_put(uint8_t *out, uint8_t *begin, const uint8_t *block, size_t length)
{
	if (!length)
		return out;
	if (out != begin)
		*out++ = ',';
	return bytes_put(out, block, length);
}

static uint8_t *labels_put(uint8_t *out, const struct pcf_sample_out *sample)
{
	uint8_t *begin = out + 1;
	*out++ = '{';
	out = bytes_put(out, sample->labels, sample->labels_len);
	out = block_put(out, begin, sample->own_labels, sample->own_labels_len);
	if (sample->entry)
		out = key_put(out, sample, begin);
	out = block_put(out, begin, sample->series->labels, sample->series->labels_len);
	if (out == begin)
		return begin - 1; /* no labels, no braces */
	*out++ = '}';
	return out;
}

/* Bytes that a line can need. */
static size_t line_size(const struct pcf_sample_out *sample)
{
	size_t size = sample->line_max + sample->labels_len + sample->own_labels_len;
	return sample->device_name ? size + sample->device_name->name_len : size;
}

static uint8_t *value_put(uint8_t *out, const struct pcf_sample_value *value)
{
	if (value->kind == PCF_VALUE_DOUBLE)
		return pcf_number_double(out, value->number);
	if (value->decimals == 0)
		return pcf_number_whole(out, value->whole);
	return pcf_number_decimal(out, value->whole, value->decimals);
}

static int sample_line(pcf_exposition *exposition, const struct pcf_sample_out *sample, unsigned time_decimals)
{
	int rc = pcf_wire_reserve(&exposition->out, line_size(sample));
	if (rc)
		return rc;
	uint8_t *out = exposition->out.data + exposition->out.size;
	out = bytes_put(out, sample->family->sample, sample->name_len);
	out = labels_put(out, sample);
	*out++ = ' ';
	out = value_put(out, &sample->value);
	if (sample->timestamp_ms > 0) {
		*out++ = ' ';
		out = pcf_number_decimal(out, (uint64_t)sample->timestamp_ms, time_decimals);
	}
	*out++ = '\n';
	exposition->out.size = (size_t)(out - exposition->out.data);
	return 0;
}

static int text_sample(pcf_exposition *exposition, const struct pcf_sample_out *sample)
{
	return sample_line(exposition, sample, 0);
}

static int created_line(pcf_exposition *exposition, const struct pcf_sample_out *sample)
{
	const char *name = sample->family->name;
	int rc = pcf_wire_reserve(&exposition->out, line_size(sample) + strlen(name) + sizeof "_created");
	if (rc)
		return rc;
	uint8_t *out = text_put(exposition->out.data + exposition->out.size, name);
	out = labels_put(text_put(out, "_created"), sample);
	*out++ = ' ';
	out = pcf_number_decimal(out, sample->created_ns, 9);
	*out++ = '\n';
	exposition->out.size = (size_t)(out - exposition->out.data);
	return 0;
}

static int openmetrics_sample(pcf_exposition *exposition, const struct pcf_sample_out *sample)
{
	int rc = sample_line(exposition, sample, 3);
	bool has_created = exposition->with_created && sample->created_ns && sample->family->type == PCF_FAMILY_COUNTER;
	return rc || !has_created ? rc : created_line(exposition, sample);
}

static uint8_t *comment_put(uint8_t *out, const char *keyword, const char *name, const char *text)
{
	out = text_put(text_put(out, "# "), keyword);
	*out++ = ' ';
	out = text_put(out, name);
	*out++ = ' ';
	out = text_put(out, text);
	*out++ = '\n';
	return out;
}

static int head_put(pcf_exposition *exposition, const pcf_exposition_family *family, const char *unknown, bool has_unit)
{
	size_t need = 3 * (strlen(family->name) + PUNCTUATION) + strlen(family->help) + strlen(family->unit);
	int rc = pcf_wire_reserve(&exposition->out, need);
	if (rc)
		return rc;
	const char *type = family->type == PCF_FAMILY_COUNTER ? "counter"
			   : family->type == PCF_FAMILY_GAUGE ? "gauge"
							      : unknown;
	uint8_t *out = exposition->out.data + exposition->out.size;
	out = comment_put(out, "HELP", family->name, family->help);
	out = comment_put(out, "TYPE", family->name, type);
	if (has_unit && family->unit[0])
		out = comment_put(out, "UNIT", family->name, family->unit);
	exposition->out.size = (size_t)(out - exposition->out.data);
	return 0;
}

static int text_open(pcf_exposition *exposition, const pcf_exposition_family *family)
{
	return head_put(exposition, family, "untyped", false);
}

static int openmetrics_open(pcf_exposition *exposition, const pcf_exposition_family *family)
{
	return head_put(exposition, family, "unknown", true);
}

static int lines_close(pcf_exposition *exposition, size_t begin, bool is_empty)
{
	if (is_empty)
		exposition->out.size = begin;
	return 0;
}

static int text_end(pcf_exposition *exposition)
{
	(void)exposition;
	return 0;
}

static int openmetrics_end(pcf_exposition *exposition)
{
	int rc = pcf_wire_reserve(&exposition->out, PUNCTUATION);
	if (rc)
		return rc;
	text_put(exposition->out.data + exposition->out.size, "# EOF\n");
	exposition->out.size += strlen("# EOF\n");
	return 0;
}

const struct pcf_format pcf_format_text = {text_open, text_sample, lines_close, text_end};
const struct pcf_format pcf_format_openmetrics = {openmetrics_open, openmetrics_sample, lines_close, openmetrics_end};
