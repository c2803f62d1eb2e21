/* Inside the file source. Who may touch what: units, directories and reader's kind are fixed once the source is open;
 * slots, batch, keyed rows and root texts belong to the tick thread. */
#ifndef PCF_SOURCE_FILE_FILE_SOURCE_H
#define PCF_SOURCE_FILE_FILE_SOURCE_H
#include <stdatomic.h>

#include "host/kernel_files.h"
#include "source/file/reader.h"
#include "source/source.h"
#include "source/walk.h"

#define PCF_UNITS_MAX     192
#define PCF_BATCH_READS   512
#define PCF_READ_BYTES    4096       /* what nearly every file fits in */
#define PCF_SCRATCH_BYTES (1u << 20) /* for the others; memory that is never touched costs nothing */
#define PCF_KEYED_ROWS    1024       /* devices, cores, page sizes of one container */
#define PCF_KEYED_COLUMNS 16
#define PCF_ROOT_TEXTS    16

/* One file a container has, for one group. */
typedef struct {
	const pcf_parser *parser;
	int group;
	int controller;
	int kept;         /* index of its descriptor in the slot, -1: read by name */
	int is_walked;    /* the walk gives all it has: read only when the walk cannot say */
	int has_families; /* names by blkio family, "" = this host has not got it; else names[0] */
	char names[PCF_BLKIO_FAMILIES][72];
	char key[20];
} pcf_unit;

#define PCF_KEYED_KINDS 16 /* more than there are PCF_KEY_* */

typedef struct {
	uint32_t generation;
	uint16_t controllers; /* bits: its directory is there */
	uint8_t is_root;
	uint8_t by_name;                     /* no descriptors are kept for want of them */
	uint8_t family;                      /* blkio family that is read */
	uint8_t has_io;                      /* it has counted something */
	uint8_t looks;                       /* how often what is missing was looked for */
	uint64_t look_ns;                    /* CLOCK_MONOTONIC: when to look again */
	uint64_t claimed;                    /* groups whose row is claimed in the ring */
	uint32_t first_row[PCF_KEYED_KINDS]; /* by kind of key: where its rows were in the last tick */
	uint64_t by_file;                    /* groups that the walk could not give in this pass */
	pcf_walker walker;
	uint64_t absent[PCF_UNITS_MAX / 64];
	unsigned fd_count;
	char *path; /* relative to the mounts, "" = root */
	int fds[];  /* by pcf_unit.kept, -1: none */
} pcf_file_slot;

typedef struct {
	char key[PCF_KEY_BYTES];
	size_t key_len;
	uint64_t values[PCF_KEYED_COLUMNS];
} pcf_keyed_row;

typedef struct {
	unsigned count, last, dropped;
	int once;
	pcf_keyed_row rows[PCF_KEYED_ROWS];
} pcf_keyed_rows;

/* A file below /proc; read once a pass though several groups want it. */
typedef struct {
	char name[72];
	int fd;
	uint64_t tick;   /* of which text is */
	uint32_t offset; /* when it was read */
	ssize_t len;
	size_t size;
	char *text;
} pcf_root_text;

typedef struct {
	uint32_t slot;
	pcf_pass *pass;
	unsigned first, count; /* reads */
	uint32_t offset;
} pcf_batch_entry;

typedef struct {
	pcf_read reads[PCF_BATCH_READS];
	uint16_t units[PCF_BATCH_READS];
	pcf_batch_entry entries[PCF_BATCH_READS];
	unsigned read_count, entry_count;
	char *buffers;
	/* cpuacct.usage is the sum of what cpuacct.usage_percpu prints; with both due, one is read */
	int sum_saves_a_read;
	uint32_t sum_slot; /* whose sum it is */
	uint64_t sum;
} pcf_batch;

typedef struct {
	pcf_source source;
	pcf_source_env env;
	pcf_reader *reader;
	pcf_unit units[PCF_UNITS_MAX];
	struct {
		int first, count;
	} group_units[PCF_GROUP_COUNT];
	struct pcf_walked *walked; /* NULL: no walk */
	int unit_count;
	int io_unit;    /* the first with families, -1: none */
	int usage_unit; /* cpuacct.usage, -1: none */
	unsigned kept_count;
	unsigned wanted; /* controllers that have units */
	int directories[PCF_CTL_COUNT];
	_Atomic uint8_t family; /* blkio family new containers start with */
	pcf_file_slot **slots;
	uint32_t slot_high;
	_Atomic uint64_t slots_by_name, descriptors;
	pcf_batch *batch;
	pcf_keyed_rows *keyed;
	char *scratch;
	pcf_root_text root[PCF_ROOT_TEXTS];
	int root_count;
	struct {
		const pcf_parser *parser;
		int text;
		int group;
	} root_units[32];
	int root_unit_count;
} pcf_file_source;

/* units.c */
void pcf_units_make(pcf_file_source *source);
void pcf_units_keep(pcf_file_source *source); /* once it is known what the walk gives: whose descriptors are kept */
const char *pcf_unit_name(const pcf_unit *unit, int family); /* NULL: not on this host */

/* slot.c */
pcf_file_slot *pcf_file_slot_new(pcf_file_source *source, uint32_t generation, const char *path);
int pcf_file_slot_open(pcf_file_source *source, pcf_file_slot *slot);                   /* -ENOENT: it is nowhere */
void pcf_file_slot_look(pcf_file_source *source, pcf_file_slot *slot, uint64_t now_ns); /* for what is missing */
void pcf_file_slot_lose(pcf_file_source *source, pcf_file_slot *slot, int controller); /* its directory there is gone */
void pcf_file_slot_refresh(pcf_file_source *source, pcf_file_slot *slot);              /* at once, and soon again */
void pcf_file_slot_place(pcf_file_source *source, pcf_file_slot *slot); /* the walk: which directories it has now */
void pcf_file_slot_free(pcf_file_source *source, pcf_file_slot *slot);
void pcf_file_slot_switch(pcf_file_source *source, pcf_file_slot *slot, int family);
int pcf_file_slot_is_absent(const pcf_file_slot *slot, int unit);
void pcf_file_slot_set_absent(pcf_file_slot *slot, int unit);

/* blkio.c */
void pcf_blkio_choose(pcf_file_source *source);                      /* of the host, when the source opens */
void pcf_blkio_look(pcf_file_source *source, pcf_file_slot *slot);   /* for a family that counts something */
void pcf_blkio_follow(pcf_file_source *source, pcf_file_slot *slot); /* others have found one */

/* walked.c: groups that the walk through kernel memory gives */
int pcf_walked_open(pcf_file_source *source); /* -ENOMEM */
void pcf_walked_close(pcf_file_source *source);
/* Walks, and stores the rows of the groups that need nothing else. Returns how many containers need files after all. */
unsigned pcf_walked_sample(pcf_file_source *source, pcf_pass **order, int count);
/* Whether a group of this container is done (whole), or has its columns of the walk ready (part). */
int pcf_walked_is_done(const pcf_file_source *source, const pcf_file_slot *state, int group);
int pcf_walked_is_part(const pcf_file_source *source, const pcf_file_slot *state, int group);
int pcf_walked_fill(pcf_file_source *source, pcf_file_slot *state, int group, uint64_t *row);
uint64_t pcf_walked_misses(const pcf_file_source *source); /* any thread */

/* keyed.c */
void pcf_keyed_reset(pcf_keyed_rows *rows, int once);                               /* once: each key comes once */
uint64_t *pcf_keyed_row_find(void *rows, const char *key, size_t key_len);          /* a pcf_row_sink */
int pcf_keyed_row_has(pcf_keyed_rows *rows, const pcf_keyed_row *like);             /* a row with the same key */
const uint64_t *pcf_keyed_row_get(pcf_keyed_rows *rows, const pcf_keyed_row *like); /* its values; all absent: none */

/* root.c */
int pcf_root_open(pcf_file_source *source, pcf_error *err);
void pcf_root_close(pcf_file_source *source);
void pcf_root_sample(pcf_file_source *source, pcf_pass *pass, uint32_t slot, pcf_file_slot *state);

/* sample.c */
void pcf_file_sample(pcf_file_source *source, pcf_pass *passes, int count);

/* store.c */
void pcf_row_store(pcf_file_source *source, pcf_pass *pass, uint32_t slot, pcf_file_slot *state, uint32_t offset,
		   const uint64_t *row);
int pcf_keyed_is_no_core(const pcf_file_source *source, int group, const pcf_keyed_row *row); /* not to be stored */
void pcf_keyed_store(pcf_file_source *source, pcf_pass *pass, uint32_t slot, pcf_file_slot *state, uint32_t offset);
#endif
