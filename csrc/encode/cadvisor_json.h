/* What the files that write cAdvisor's JSON share. An array is written container by container, sample by sample: a sample
 * runs a program, which was made once from a table that says which key takes which column. */
#ifndef PCF_ENCODE_CADVISOR_JSON_H
#define PCF_ENCODE_CADVISOR_JSON_H
#include <stdbool.h>

#include "encode/cadvisor_json_text.h"
#include "encode/cell.h"
#include "encode/row_index.h"
#include "schema/enums.h"

/* ---- tables (cadvisor_json_tables.c) ---- */
enum pcf_json_kind {
	PCF_JSON_END_OF_TABLE,
	PCF_JSON_OBJECT,  /* "key":{ */
	PCF_JSON_END,     /* } */
	PCF_JSON_NUMBER,  /* "key":value of the first source that gives one, else 0 */
	PCF_JSON_SIGNED,  /* the same; no limit is -1 */
	PCF_JSON_PERCENT, /* "key":value / 100 */
	PCF_JSON_LITERAL, /* "key":text */
	PCF_JSON_FLAG,    /* "key":true where the spec has it, else false */
	PCF_JSON_VALUE,   /* "key": and what `write` writes */
	PCF_JSON_ADDED,   /* `write` writes members, or none, each with a comma before it */
	PCF_JSON_LED,     /* the same at the beginning of an object: each with a comma behind it */
	PCF_JSON_PART,    /* another table; where `has` is given only in samples of containers whose spec has it */
	PCF_JSON_WIDE,    /* compiled: a number of one source that is 64 bits wide */
	PCF_JSON_PAGES,   /* compiled: one that is in pages */
	PCF_JSON_TEXT,    /* compiled: text alone */
	PCF_JSON_SKIP,    /* compiled: unless the spec has it, go on at `jump` */
};

typedef struct pcf_json pcf_json;
typedef int pcf_json_write(pcf_json *json); /* 0 or -ENOMEM */

struct pcf_json_source {
	int16_t group, column; /* PCF_GROUP_*, PCF_<GROUP>_<ID>; group < 0: none */
};

struct pcf_json_step {
	enum pcf_json_kind kind;
	const char *key;
	struct pcf_json_source source[2];
	const char *literal;
	pcf_json_write *write;
	const struct pcf_json_step *part;
	uint32_t has;  /* PCF_JSON_CPU, ... */
	int16_t needs; /* PART: left out unless this group is sampled; 0 = no such condition, else group + 1 */
};

extern const struct pcf_json_step *const pcf_json_shapes[PCF_JSON_SHAPES];

/* ---- programs (cadvisor_json_program.c) ---- */
struct pcf_json_cell {
	uint16_t offset;
	uint8_t cell; /* PCF_CELL_*; 0 = this host does not give it */
};

struct pcf_json_op {
	enum pcf_json_kind kind;
	uint32_t text, text_len; /* written first */
	uint8_t group[2];
	struct pcf_json_cell cell[2];
	pcf_json_write *write;
	uint32_t has, jump;
};

struct pcf_json_program {
	struct pcf_json_op *op;
	uint32_t count, capacity;
	struct pcf_json_text text; /* 32 readable bytes behind what is used */
};

/* ---- samples (cadvisor_json_ticks.c) ---- */
#define PCF_JSON_GROUPS_MAX 32 /* groups that any shape takes from */

struct pcf_json_tick {
	uint64_t number; /* 0 = none */
	const uint8_t *cells;
};

/* A tick of the base groups, with the newest of each other group that is not after it. */
struct pcf_json_moment {
	uint64_t number, unix_ns, monotonic_ns;
	struct pcf_json_tick now[PCF_GROUP_COUNT];
	struct pcf_json_tick before[PCF_GROUP_COUNT]; /* of slower groups: for rows that miss in the newest */
};

/* A row that was not sampled: absent in every cell. */
#define PCF_JSON_ROW_MAX 2048
extern const uint8_t *const pcf_json_no_row;

/* What any of some containers asks for. */
struct pcf_json_span {
	uint64_t count, start_ns, end_ns; /* end_ns: UINT64_MAX = open */
};

/* ---- containers (cadvisor_json_container.c) ---- */

/* A row of a keyed group. */
struct pcf_json_row {
	const struct pcf_row_entry *entry;
	const struct pcf_row_entry *twin; /* network: the same interface in network_errors, or NULL */
	uint32_t number[2];               /* device: major, minor; core: index */
	uint32_t head, head_len;          /* in json->heads; device: the beginning of its object; else the quoted key */
};

struct pcf_json_rows {
	struct pcf_json_row *row;
	uint32_t count, capacity;
};

/* The sample that is being written. */
struct pcf_json_sample {
	const struct pcf_json_moment *moment;
	uint64_t unix_ns, monotonic_ns;
	const uint8_t *row[PCF_GROUP_COUNT]; /* of groups without keys; absent in every cell where there is none */
};

struct pcf_json {
	pcf_region *const *regions;
	bool is_strict;
	bool is_io_v2; /* block IO as cgroup v2 has it */
	struct pcf_json_cell cell[PCF_GROUP_COUNT][PCF_MAX_GROUP_COLUMNS];
	struct pcf_json_program program;
	struct pcf_json_text out;
	struct pcf_json_clock clock;

	uint8_t group[PCF_JSON_GROUPS_MAX]; /* those that are sampled */
	bool is_scalar[PCF_GROUP_COUNT];    /* a container has one row */
	bool is_base[PCF_GROUP_COUNT];      /* and it is sampled as often as the anchor */
	uint32_t groups;
	int anchor;                     /* the group whose ticks are the samples */
	struct pcf_json_moment *moment; /* newest first */
	uint32_t moments, moments_capacity;
	uint32_t moments_used;            /* of them in what was written since the last check */
	struct pcf_json_span span;        /* what they were made for */
	uint64_t latest[PCF_GROUP_COUNT]; /* and of what: each group's newest tick */

	struct pcf_row_index index[PCF_GROUP_COUNT];
	const pcf_json_device *devices;
	uint32_t device_count;
	size_t name_max; /* length of the longest name of one */

	const pcf_json_wanted *wanted;                      /* the container that is being written */
	const struct pcf_row_entry *entry[PCF_GROUP_COUNT]; /* its row in groups without keys, or NULL */
	struct pcf_json_text heads;                         /* what its rows begin with, 32 readable bytes behind it */
	struct pcf_json_rows rows[PCF_GROUP_COUNT];         /* and its rows in those with keys */
	uint32_t *pick;                                     /* its samples: indexes of moments, newest first */
	uint32_t picks, picks_capacity;
	struct pcf_json_sample sample, previous; /* previous.moment NULL: this is the first */
};

/* Where the columns of this host lie, and the program of a shape.  0 or -ENOMEM. */
int pcf_json_compile(pcf_json *json, const struct pcf_json_step *table);
/* Writes the present sample. */
int pcf_json_run(pcf_json *json);

/* Which groups there are, and which of them are the base.  -EINVAL: none that could be the anchor. */
int pcf_json_groups_find(pcf_json *json);
/* json->moment for all of these containers.  0, -ESTALE, -ENOMEM. */
int pcf_json_moments_find(pcf_json *json, const pcf_json_wanted *wanted, uint32_t count);
/* 0, or -ESTALE: a tick that was read since the last check has been overwritten. */
int pcf_json_moments_check(pcf_json *json);

void pcf_json_devices_set(pcf_json *json, const pcf_json_device *devices, uint32_t count);
/* Finds the rows of json->wanted.  0 or -ENOMEM. */
int pcf_json_rows_find(pcf_json *json);
/* json->pick.  0 or -ENOMEM. */
int pcf_json_samples_pick(pcf_json *json);
/* Has the processor fetch what a sample needs, while the one before it is written: its cells are in as many places as it
 * has groups, and most of the time would go by waiting for them. */
void pcf_json_sample_fetch(const pcf_json *json, const struct pcf_json_moment *moment);
/* Makes a moment the present sample. */
void pcf_json_sample_take(pcf_json *json, const struct pcf_json_moment *moment);
/* The cells of a row at a moment; NULL: it was not sampled. */
const uint8_t *pcf_json_row_at(const pcf_json *json, const struct pcf_json_moment *moment, int group,
			       const struct pcf_row_entry *entry);

/* ---- what tables call (cadvisor_json_values.c, cadvisor_json_rows.c) ---- */
pcf_json_write pcf_json_timestamp, pcf_json_working_set, pcf_json_max_usage, pcf_json_cpu_instant, pcf_json_task_limits,
	pcf_json_oom_events, pcf_json_filesystem, pcf_json_accelerators, pcf_json_health;
pcf_json_write pcf_json_per_cpu, pcf_json_disk_lists, pcf_json_hugetlb, pcf_json_interface_first,
	pcf_json_interfaces_led, pcf_json_numa, pcf_json_numa_local;

static inline char *pcf_json_head_put(const pcf_json *json, const struct pcf_json_row *row, char *at)
{
	return pcf_json_copy(at, json->heads.data + row->head, row->head_len);
}

/* A column's value in the present sample, PCF_ABSENT where there is none. */
static inline uint64_t pcf_json_load(const uint8_t *row, struct pcf_json_cell cell)
{
	return cell.cell ? pcf_cell_value(row + cell.offset, cell.cell) : PCF_ABSENT;
}

static inline uint64_t pcf_json_value(const pcf_json *json, int group, int column)
{
	return pcf_json_load(json->sample.row[group], json->cell[group][column]);
}

/* As JSON has it: 0 for what is absent, 2^64 - 1 for "no limit". */
static inline uint64_t pcf_json_plain(uint64_t value)
{
	return value == PCF_ABSENT ? 0 : value == PCF_UNLIMITED ? UINT64_MAX : value;
}
#endif
