/* slots.dir as its reader and its writer hold it. */
#ifndef PCF_SLOT_DIRECTORY_H
#define PCF_SLOT_DIRECTORY_H
#include <pthread.h>

#include "ring/atomic.h"
#include "ring/file.h"

#define PCF_NO_SLOT UINT32_MAX

struct pcf_slots_writer {
	pthread_mutex_t lock;
	uint64_t reserved;   /* bytes of the file */
	uint32_t *bucket;    /* heads of chains by path, PCF_NO_SLOT = empty */
	uint32_t buckets;    /* power of two */
	uint32_t *hash_next; /* by slot: live slots */
	uint32_t *free_next; /* by slot: released ones, in the order of their release */
	uint32_t free_first, free_last;
	uint8_t *claimed; /* by slot: claimed by this collector */
};

struct pcf_slots {
	struct pcf_ring_file file;
	uint32_t capacity; /* checked */
	pcf_slots_header *head;
	pcf_slot_record *records;
	struct pcf_slots_writer *writer; /* NULL: attached */
};

int pcf_slots_bind(pcf_slots *slots, char *why, size_t size);
int pcf_slots_recover(pcf_slots *slots); /* the writer's book from the records of an earlier collector */
void pcf_slots_book_live(pcf_slots *slots, uint32_t slot);
void pcf_slots_book_free(struct pcf_slots_writer *writer, uint32_t slot);
int pcf_slots_reserve(pcf_slots *slots, uint32_t count);
#endif
