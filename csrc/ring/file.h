/* A file of the ring directory: found, locked, made anew, reserved.  Rings and slots.dir use it alike. */
#ifndef PCF_RING_FILE_H
#define PCF_RING_FILE_H
#include <sys/types.h>

#include "pcf.h"
#include "schema/clock.h"
#include "schema/error.h"

struct pcf_ring_file {
	char *path;
	int fd;
	dev_t device;
	ino_t inode;
	uint64_t bytes; /* size as mapped */
	void *base;
};

/* What a starting writer holds: the file that is there (old, -1 = none or not to be trusted) and the name under
 * which a new one is built.  Holding the latter's lock makes it the only starting writer. */
struct pcf_ring_start {
	char *path, *new_path;
	int old, fresh;
};

char *pcf_ring_path(const char *dir, const char *name, const char *suffix); /* malloc'ed, NULL: no memory */
uint64_t pcf_page_round(uint64_t bytes);
void pcf_boot_id(char out[40]);

int pcf_ring_start_open(struct pcf_ring_start *start, const char *dir, const char *name, size_t pid_offset,
			pcf_error *err);
/* Of the new file; empties it first. */
int pcf_ring_start_size(struct pcf_ring_start *start, uint64_t bytes, pcf_error *err);
int pcf_ring_start_keep(struct pcf_ring_start *start, struct pcf_ring_file *file, pcf_error *err);    /* the old one */
int pcf_ring_start_publish(struct pcf_ring_start *start, struct pcf_ring_file *file, pcf_error *err); /* the new one */
void pcf_ring_start_abandon(struct pcf_ring_start *start);

/* Takes fd and path over; -errno. */
int pcf_ring_file_identify(struct pcf_ring_file *file, int fd, char *path, pcf_error *err);
int pcf_ring_file_attach(struct pcf_ring_file *file, const char *dir, const char *name, size_t least, pcf_error *err);
int pcf_ring_file_map(struct pcf_ring_file *file, int writable, pcf_error *err);
void pcf_ring_file_close(struct pcf_ring_file *file);
int pcf_ring_file_replaced(const struct pcf_ring_file *file);
int pcf_ring_file_is_written(const struct pcf_ring_file *file);

/* Memory for a range, so that a store into it cannot fail; free is its opposite. */
int pcf_ring_reserve(int fd, uint64_t offset, uint64_t bytes);
void pcf_ring_unreserve(int fd, uint64_t offset, uint64_t bytes);
#endif
