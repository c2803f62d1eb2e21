/* A scrape: the newest tick as Prometheus text, OpenMetrics text or delimited protobuf, straight from the ring. The
 * caller says which families there are, where their values come from and which labels each container has; labels come
 * encoded in the format asked for. The caller may be any thread; one exposition is used by one at a time. */
typedef struct pcf_exposition pcf_exposition;

#define PCF_EXPOSITION_TEXT        0 /* text format 0.0.4; labels as written between the braces */
#define PCF_EXPOSITION_OPENMETRICS 1 /* OpenMetrics 1.0.0; labels the same */
#define PCF_EXPOSITION_PROTOBUF    2 /* io.prometheus.client.MetricFamily, delimited; labels as Metric.label fields */

#define PCF_EXPOSITION_CREATED    1 /* OpenMetrics: a _created line for each counter whose beginning is known */
#define PCF_EXPOSITION_TIMESTAMPS 2 /* samples carry the time they were taken */

/* The numbers of io.prometheus.client.MetricType. */
#define PCF_FAMILY_COUNTER 0
#define PCF_FAMILY_GAUGE   1
#define PCF_FAMILY_UNKNOWN 3

typedef struct {
	const char *name;   /* of the family as the format wants it: OpenMetrics without _total for counters */
	const char *sample; /* name of its samples */
	const char *help;   /* escaped as the format wants it */
	const char *unit;   /* "" = none; only OpenMetrics and protobuf tell it */
	uint32_t type;      /* PCF_FAMILY_* */
	uint32_t series;    /* how many of the series, in their order, are its own */
} pcf_exposition_family;

#define PCF_UNLIMITED_LEFT_OUT 0
#define PCF_UNLIMITED_ZERO     1
#define PCF_UNLIMITED_MINUS    2 /* -1 */

/* What a row's key becomes. */
#define PCF_LABEL_NONE    0
#define PCF_LABEL_PLAIN   1 /* name="key" */
#define PCF_LABEL_CORE    2 /* name="cpu07" */
#define PCF_LABEL_DEVICE  3 /* name="<what names[] calls the device, else its numbers>" */
#define PCF_LABEL_NUMBERS 4 /* the same, and major="8",minor="0" */

#define PCF_SERIES_NOT_ZERO   1 /* samples that are 0 are left out */
#define PCF_SERIES_MACHINE    2 /* of the machine: no labels of a container, and from hidden ones as well */
#define PCF_SERIES_SINCE_BORN 4 /* it began at 0 when its container was created */
#define PCF_SERIES_TIMED      8 /* samples have timestamps when timestamps are asked for */

typedef struct {
	int32_t group;  /* index into pcf_groups; -1: its samples are given */
	int32_t column; /* index in columns.def order */
	/* -1, or a scalar group and its column: what stands in where the first has no value, */
	int32_t else_group, else_column;
	/* and what is subtracted, down to 0; no value without it.  Both for scalar groups only. */
	int32_t less_group, less_column;
	uint32_t divisor;      /* whole numbers: 4096 makes pages of bytes; 1 = as it is */
	uint32_t decimals;     /* the value is in units of 10 to the minus this: 9 = ns of a second; at most 18 */
	uint32_t unlimited;    /* PCF_UNLIMITED_* */
	uint32_t key;          /* PCF_LABEL_* */
	uint32_t flags;        /* PCF_SERIES_* */
	uint32_t needs;        /* a container must have all these flags */
	const char *key_label; /* name of the label that the key becomes */
	const uint8_t *labels; /* of all its samples, encoded */
	uint32_t labels_len;
	uint32_t first, count; /* its samples, when they are given */
	int64_t timestamp_ms;  /* of given samples, 0 = none */
} pcf_exposition_series;

typedef struct {
	uint32_t slot;
	uint32_t generation;
	const uint8_t *labels; /* encoded */
	uint32_t labels_len;
	uint32_t flags;      /* bits that series may need, the lowest excepted: */
	uint64_t created_ns; /* wall clock; 0 = unknown */
} pcf_exposition_container;

#define PCF_CONTAINER_HIDDEN 1 /* there for the series of the machine only */
#define PCF_NO_CONTAINER     0xffffffff

typedef struct {
	uint32_t container; /* index of the container it is of; PCF_NO_CONTAINER: of none */
	uint32_t labels_len;
	uint64_t labels_at; /* its own labels: offset in request.labels */
	uint64_t value;     /* in units of decimals; or the bits of a double */
	uint64_t is_double;
} pcf_exposition_sample;

typedef struct {
	char key[32]; /* padded with zeros; entries sorted by these bytes */
	const char *name;
	uint32_t name_len;
} pcf_exposition_name;

typedef struct {
	uint32_t format; /* PCF_EXPOSITION_* */
	uint32_t flags;
	const pcf_exposition_family *families;
	const pcf_exposition_series *series;
	const pcf_exposition_container *containers; /* ascending slot */
	const pcf_encode_group *groups;             /* ticks to take; columns, previous tick and flags do not count */
	const pcf_exposition_sample *samples;
	const uint8_t *labels;
	const pcf_exposition_name *names; /* of devices by "major:minor" */
	uint32_t family_count, container_count, group_count, sample_count, name_count;
	uint64_t labels_len;
} pcf_exposition_request;

pcf_exposition *pcf_exposition_new(void);
void pcf_exposition_free(pcf_exposition *exposition);
/* Begins an answer; what the request points to must stay until its end.  A container without a row in any of the groups
 * is left out, its given samples as well; a family without samples too.  0; -ESTALE: a tick is gone (take a newer one);
 * -EINVAL: a group that is off, unknown or given twice. */
int pcf_exposition_begin(pcf_exposition *exposition, pcf_region *const *regions, const pcf_exposition_request *request);
/* The next piece of it: whole families, in the exposition's own buffer, good until the next call.  *size 0: that was all
 * of it.  -ESTALE: a tick was overwritten meanwhile, and nothing of the answer counts; -EINVAL: given samples or columns
 * that are not there. */
int pcf_exposition_next(pcf_exposition *exposition, const uint8_t **data, size_t *size);
/* The numbers of the text formats: value / 10^decimals, exactly; a double in the shortest form that reads back as it.
 * Write at most 40 bytes and return how many. */
size_t pcf_exposition_decimal(char *out, uint64_t value, uint32_t decimals);
size_t pcf_exposition_double(char *out, double value);
