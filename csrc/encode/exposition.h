/* What the parts of the exposition share: rows of a scrape by group, and a sample on its way to the buffer. */
#ifndef PCF_ENCODE_EXPOSITION_H
#define PCF_ENCODE_EXPOSITION_H
#include <stdbool.h>

#include "encode/plan.h"

/* A row of a keyed group that belongs to a container of the request. */
struct pcf_keyed_row {
	uint32_t container;
	const uint8_t *cells;
	const struct pcf_row_entry *entry;
};

/* The rows of one group in its tick. */
struct pcf_scrape_rows {
	const struct pcf_row_plan *plan; /* NULL: the group is not in the request */
	const uint8_t **by_container;    /* scalar groups: a cell row or NULL for each container */
	struct pcf_keyed_row *keyed;     /* keyed groups, by container */
	size_t keyed_count, keyed_capacity;
};

struct pcf_format;

struct pcf_exposition {
	pcf_encoder *encoder; /* its plan and row indexes; its buffer stays empty */
	struct pcf_scrape_rows *rows;
	bool *is_sampled;    /* by container: some group has a row of it */
	size_t room;         /* containers that by_container and is_sampled have room for */
	struct pcf_wire out; /* of the piece at hand */
	pcf_exposition_request request;
	const struct pcf_format *format;
	const pcf_exposition_series *series; /* of the family that comes next */
	uint32_t family;                     /* which one that is */
	bool is_ended;
	unsigned family_guess, metric_guess; /* see pcf_wire_length_close */
	bool with_created;
};

/* Fills exposition->rows and is_sampled for a request.  0, -EINVAL, -ESTALE, -ENOMEM. */
int pcf_scrape_rows_find(pcf_exposition *exposition, pcf_region *const *regions, const pcf_exposition_request *request);
void pcf_scrape_rows_free(pcf_exposition *exposition);

struct pcf_sample_value {
	enum { PCF_VALUE_DECIMAL, PCF_VALUE_DOUBLE } kind;
	uint64_t whole;
	unsigned decimals;
	double number;
};

/* One sample: everything that makes its line or message. */
struct pcf_sample_out {
	const pcf_exposition_family *family;
	const pcf_exposition_series *series;
	const uint8_t *labels, *own_labels; /* of the container; of this sample alone */
	size_t labels_len, own_labels_len;
	size_t name_len;                   /* of family->sample */
	size_t line_max;                   /* bytes that a line can need beside labels of the container and its own */
	const struct pcf_row_entry *entry; /* whose key becomes labels; NULL: none */
	const pcf_exposition_name *device_name; /* NULL: a device nobody has named */
	struct pcf_sample_value value;
	uint64_t created_ns;
	int64_t timestamp_ms;
};

/* What a format does.  open: before the first sample of a family; close: after its last, or to take back what open wrote
 * when there was none.  Each has made sure of room in the buffer itself.  0 or -ENOMEM. */
struct pcf_format {
	int (*open)(pcf_exposition *exposition, const pcf_exposition_family *family);
	int (*sample)(pcf_exposition *exposition, const struct pcf_sample_out *sample);
	int (*close)(pcf_exposition *exposition, size_t begin, bool is_empty);
	int (*end)(pcf_exposition *exposition);
};
extern const struct pcf_format pcf_format_text, pcf_format_openmetrics, pcf_format_protobuf;

/* A label made of a row's key: at most two after the first one. */
struct pcf_key_label {
	const char *name, *value;
	size_t value_len;
};
#define PCF_KEY_LABELS 3
#define PCF_KEY_TEXT   48

/* Fills labels[] with those of the sample's key and returns how many; `room` holds texts made for it. */
unsigned pcf_key_labels(const struct pcf_sample_out *sample, struct pcf_key_label labels[PCF_KEY_LABELS],
			char room[PCF_KEY_TEXT]);
/* What a device is called; NULL: nobody said. */
const pcf_exposition_name *pcf_device_name(const pcf_exposition_request *request, const struct pcf_row_entry *entry);

static inline double pcf_value_double(const struct pcf_sample_value *value)
{
	static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8, 1e9,
					1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18};
	return value->kind == PCF_VALUE_DOUBLE ? value->number : (double)value->whole / powers[value->decimals];
}
#endif
