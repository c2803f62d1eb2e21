/* The event log: one file on tmpfs, a ring of records for each kind. The file is as large as all rings could become and
 * mostly holes: memory of a ring is reserved some records ahead, so that a full tmpfs ends its growth and is never a
 * SIGBUS. One writer at a time in the process; readers anywhere, without locks. */
#ifndef PCF_EVENT_LOG_H
#define PCF_EVENT_LOG_H
#include "pcf.h"
#include "ring/file.h"

#define PCF_LOG_FILE "events.log"

typedef struct {
	uint64_t capacity; /* records */
	uint64_t offset;   /* of the first, in the file */
	uint64_t room;     /* atomic: records that have memory; number n lies at n % room.  Grows only while none was
			    * overwritten, so that no record moves */
	uint64_t written;  /* atomic: records so far */
} pcf_log_ring;

typedef struct {
	char magic[8]; /* "PCFEVNT\n" */
	uint32_t version;
	uint32_t header_bytes;
	uint32_t record_bytes;
	uint32_t kinds;
	char boot_id[40];
	uint64_t file_bytes;
	uint64_t most_bytes; /* of tmpfs that records may take */
	uint64_t age_ns;
	uint64_t created_ns; /* wall clock: another log has numbers of its own */
	uint64_t writer_start_ns;
	uint32_t writer_pid;
	uint32_t wake;   /* atomic: a futex, changes when there is something new */
	uint64_t latest; /* atomic: newest seq */
	pcf_log_ring rings[PCF_EVENT_KINDS];
} pcf_log_header;

typedef struct {
	struct pcf_ring_file file;
	pcf_log_header *head;
	pcf_log_header shape; /* checked copy: what is not atomic is used from here */
	uint64_t reserved;    /* bytes of records; the writer's */
	uint64_t share;       /* of every ring, whatever the others take */
} pcf_event_log;

typedef struct {
	const char *dir;
	uint64_t bytes, age_ns;
	uint32_t limit[PCF_EVENT_KINDS];
} pcf_log_spec;

/* log_file.c. taken as pcf_slots_create has it; PCF_TAKEN_REPLACED: err->text says why. */
int pcf_event_log_create(pcf_event_log *log, const pcf_log_spec *spec, int *taken, pcf_error *err);
int pcf_event_log_attach(pcf_event_log *log, const char *dir, pcf_error *err);
void pcf_event_log_close(pcf_event_log *log);

/* log_write.c: fills seq and returns it */
uint64_t pcf_event_log_write(pcf_event_log *log, pcf_event *event);
int pcf_event_log_amend(pcf_event_log *log, uint64_t seq, int kind, int runtime_code); /* -ENOENT */
void pcf_event_log_wake(pcf_event_log *log);
void pcf_event_log_recover(pcf_event_log *log); /* after a writer that was killed */
int pcf_event_log_grow(pcf_event_log *log, int kind);

/* log_read.c */
int64_t pcf_event_log_read(const pcf_event_log *log, const pcf_events_query *query, pcf_event *out, uint32_t max);
/* Until latest > after, or *stop. */
int pcf_event_log_wait(const pcf_event_log *log, uint64_t after, int timeout_ms, const int *stop, uint64_t *latest);

static inline pcf_event *pcf_event_log_record(const pcf_event_log *log, int kind, uint64_t number, uint64_t room)
{
	char *base = log->file.base;

	return (pcf_event *)(void *)(base + log->shape.rings[kind].offset + number % room * sizeof(pcf_event));
}
#endif
