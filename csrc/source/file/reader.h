/* Reading many small kernel files. Three ways behind one interface: pread on kept descriptors, open + read + close by
 * name, io_uring batches on kept descriptors. A read without a descriptor is done by name whatever the reader is. */
#ifndef PCF_SOURCE_FILE_READER_H
#define PCF_SOURCE_FILE_READER_H
#include <sys/types.h>

#include "pcf.h"

typedef struct {
	int fd;           /* kept descriptor, or -1: by name */
	int directory;    /* by name: of the hierarchy's mount */
	const char *path; /* by name: cgroup path relative to directory, "" = directory itself */
	const char *name; /* by name: the file */
	char *buffer;
	uint32_t size;
	ssize_t result; /* bytes read, or negative errno */
} pcf_read;

typedef struct pcf_reader pcf_reader;

/* kind: PCF_READER_PREAD, _OPENAT (never uses kept descriptors) or _URING (-ENOSYS and others: not to be had). */
int pcf_reader_open(pcf_reader **out, int kind);
void pcf_reader_close(pcf_reader *reader);
/* How many reads at a time serve this reader best: 1 = no use in collecting them. */
unsigned pcf_reader_batch(const pcf_reader *reader);
/* Whether it makes use of kept descriptors. */
int pcf_reader_keeps(const pcf_reader *reader);
/* Does them all; results are in the reads. Allocates nothing. */
void pcf_reader_run(pcf_reader *reader, pcf_read *reads, unsigned count);
/* One read by name, or by descriptor when it has one. */
ssize_t pcf_read_once(const pcf_read *read);
#endif
