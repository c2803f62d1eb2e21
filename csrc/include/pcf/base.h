/* Values, errors and the schema. Files in this folder are plain declarations: cffi reads them as
 * they are (only "#define NAME integer" lines and comments besides C declarations). */

/* A row is an array of uint64_t, one for each column of its group, in the column's unit. */
#define PCF_ABSENT    0xffffffffffffffff /* the kernel gave no value */
#define PCF_UNLIMITED 0xfffffffffffffffe /* "max": a limit that is not set */

/* Cells: how a column is stored in the ring. All ones = absent, all ones - 1 = unlimited. */
#define PCF_CELL_U64 1 /* 8 bytes, the value */
#define PCF_CELL_U32 2 /* 4 bytes, the value */
#define PCF_CELL_P32 3 /* 4 bytes, value / 4096: the kernel counts these in pages */
#define PCF_CELL_K32 4 /* 4 bytes, value / 1024 */
#define PCF_CELL_C16 5 /* 2 bytes, hundredths; shown as value / 100.0 */

#define PCF_KIND_COUNTER 1
#define PCF_KIND_GAUGE   2
#define PCF_KIND_LIMIT   3

#define PCF_KEY_NONE      0
#define PCF_KEY_DEVICE    1
#define PCF_KEY_INTERFACE 2
#define PCF_KEY_CORE      3
#define PCF_KEY_PAGESIZE  4
#define PCF_KEY_GROUP     5
#define PCF_KEY_NODE      6
#define PCF_KEY_ADAPTER   7
#define PCF_KEY_RESOURCE  8

#define PCF_MAX_GROUP_COLUMNS 128 /* most columns a group may have; checked when the schema is built */

/* Every function that can fail returns 0 or a negative errno and, where given an error, fills text:
 * what failed, on what, and what to do. */
typedef struct {
	int code; /* negative errno, 0 = no error */
	char text[508];
} pcf_error;

typedef struct {
	const char *name;
	int number;      /* protobuf field in ContainerStats */
	int key;         /* PCF_KEY_* */
	int interval_ms; /* default interval */
	int first;       /* index of its first column in pcf_columns */
	int columns;     /* number of columns */
	const char *help;
} pcf_group_def;

typedef struct {
	int group;  /* index into pcf_groups */
	int index;  /* index in a row of its group */
	int number; /* protobuf field in the group's message */
	int cell;   /* PCF_CELL_* */
	int kind;   /* PCF_KIND_* */
	const char *name;
	const char *v1, *v2, *root; /* sources as written in columns.def */
	const char *help;
} pcf_column_def;

const char *pcf_version(void);
int pcf_group_count(void);
int pcf_column_count(void);
const pcf_group_def *pcf_group_at(int index);   /* NULL when out of range */
const pcf_column_def *pcf_column_at(int index); /* NULL when out of range */
int pcf_group_find(const char *name);           /* index, or -1 */
